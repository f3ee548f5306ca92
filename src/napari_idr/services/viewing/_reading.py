"""Reading all of a window: it waits, and what it returns is true."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from napari_idr.errors import Cancelled, PixelDataError
from napari_idr.services.viewing._grid import TileKey, tile_rect, tiles_in
from napari_idr.services.viewing._loader import NothingFiner
from napari_idr.services.viewing._queue import Job
from napari_idr.services.viewing._travel import Plane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_idr.services.viewing._array import Window
    from napari_idr.services.viewing._loader import TileLoader
    from napari_idr.services.viewing._painter import Painter
    from napari_idr.services.viewing._queue import TileQueue

MEMORY_SHARE = 4
"""A reading that would fill more than this part of the memory isn't kept there, so
that an export doesn't push out what is on the screen."""


class Reading:
    """One reading of a window: its tiles come in the workers, and it waits for them.

    Parameters
    ----------
    window
        What is read.
    loader, painter
        Where its tiles come from; what stands in for those that don't exist.
    """

    def __init__(self, window: Window, loader: TileLoader, painter: Painter) -> None:
        self._window = window
        self._loader = loader
        self._painter = painter
        colours = (3,) if loader.reader.rgb else ()
        self.array: NDArray[np.generic] = np.zeros(
            (*window.shape, *colours), loader.reader.dtype
        )
        self._keep = self.array.nbytes * MEMORY_SHARE <= loader.store.max_bytes
        self._lock = threading.Lock()
        self._left = 0
        self._error: Exception | None = None
        self._done = threading.Event()

    def run(self, queue: TileQueue) -> NDArray[np.generic]:
        """Return the window, (T, Z, Y, X) or (T, Z, Y, X, 3), when all of it came.

        Raises
        ------
        IDRError
            A tile didn't come, or the image was closed.
        """
        jobs = self._jobs()
        self._left = len(jobs)
        if jobs:
            queue.order(jobs)
            try:
                self._done.wait()
            finally:
                queue.withdraw(jobs)
        if isinstance(self._error, Cancelled):
            raise PixelDataError("the image was closed") from self._error
        if self._error is not None:
            raise self._error
        return self.array

    def _jobs(self) -> list[Job]:
        """Paint the tiles that are in memory; return a job for each other one."""
        window = self._window
        level = self._loader.levels[window.level]
        jobs: list[Job] = []
        for i, t in enumerate(window.ts):
            for j, z in enumerate(window.zs):
                for tile in tiles_in(level, window.rect):
                    key = self._loader.key(window.level, window.c, t, z, tile)
                    if (kept := self._loader.store.get(key)) is not None:
                        self._paint(key, (i, j), kept)
                    else:
                        jobs.append(self._job(key, (i, j)))
        return jobs

    def _job(self, key: TileKey, place: tuple[int, int]) -> Job:
        def run() -> None:
            try:
                tile = self._loader.load(key, keep=self._keep)
            except NothingFiner:
                tile = None
            self._paint(key, place, tile)
            self._count(None)

        return Job(key, run, self._count)

    def _paint(
        self, key: TileKey, place: tuple[int, int], tile: NDArray[np.generic] | None
    ) -> None:
        there = tile_rect(self._loader.levels[key.level], key.row, key.col)
        shared = there.shared(self._window.rect)
        target = self.array[place][shared.within(self._window.rect)]
        if tile is None:
            plane = Plane(key.t, key.z)
            self._painter.stand_in(target, key.level, key.c, plane, shared)
        else:
            target[...] = tile[shared.within(there)]

    def _count(self, error: Exception | None) -> None:
        with self._lock:
            self._left -= 1
            self._error = self._error or error
            if self._error is not None or not self._left:
                self._done.set()
