"""An opened image as arrays for napari, its tiles, and what its layers want."""

from __future__ import annotations

import itertools
import math
import threading
from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_idr.api import PixelRegion
from napari_idr.cancel import CancelToken
from napari_idr.errors import Cancelled, IDRError, PixelDataError
from napari_idr.tiles.array import AXES, Pick, TiledArray, Window
from napari_idr.tiles.compositor import Compositor
from napari_idr.tiles.grid import Rect, TileKey, tile_rect, tiles_in
from napari_idr.tiles.prefetch import Plane
from napari_idr.tiles.scheduler import Job
from napari_idr.tiles.settings import ViewingSettings
from napari_idr.tiles.wants import Demand, LayerKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from napari_idr.api import Level
    from napari_idr.model import Image
    from napari_idr.tiles.cache import TileCache
    from napari_idr.tiles.scheduler import TileScheduler


class TiledImage:
    """An opened image as arrays for napari. Thread-safe.

    Parameters
    ----------
    reader
        Its pixels; read in the workers of `queue` alone.
    store, queue
        The memory and the workers, shared with the other images.
    settings
        See `ViewingSettings`.
    on_arrival
        Called in a worker when something came that a layer shows.
    on_failure
        Called in a worker when something didn't; it isn't asked for again until
        `retry`.
    overview
        The coarsest level of an RGB image with one plane, (y, x, 3), that somebody
        else fills; None to load it.
    thumbnail
        (y, x, 3), shown where an RGB image has nothing better; None without.
    """

    def __init__(
        self,
        reader: TileReader,
        *,
        store: TileCache,
        queue: TileScheduler,
        settings: ViewingSettings | None = None,
        on_arrival: Callable[[LayerKey], None] | None = None,
        on_failure: Callable[[LayerKey, IDRError], None] | None = None,
        overview: NDArray[np.generic] | None = None,
        thumbnail: NDArray[np.generic] | None = None,
    ) -> None:
        self.reader = reader
        self._settings = settings or ViewingSettings()
        self._queue = queue
        self._on_arrival = on_arrival
        self._on_failure = on_failure
        self._loader = TileLoader(reader, store)
        self.number = self._loader.image
        self._levels = reader.levels
        self._demand = Demand(self._loader, queue, self._settings, self._job)
        self._overviews = {} if overview is None else {0: overview}
        self._painter = Compositor(
            self._loader, self._overviews, thumbnail if reader.rgb else None
        )
        self._lock = threading.RLock()

    @property
    def channels(self) -> int:
        """How many layers it makes: one for each channel, one for an RGB image."""
        return 1 if self.reader.rgb else self.reader.image.size_c

    @property
    def multiscale(self) -> bool:
        """Whether `levels` has several."""
        return len(self._levels) > 1

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes of the arrays where `levels` isn't told others.

        T and Z if they are long; Z also where T is, see `image_axes`.
        """
        image = self.reader.image
        sizes = (image.size_t, max(image.size_z, image.size_t), 2, 2)
        return tuple(a for a, size in zip(AXES, sizes, strict=True) if size > 1)

    @property
    def closed(self) -> bool:
        """Whether `close` has been called."""
        return self._loader.cancel.cancelled

    @property
    def failures(self) -> dict[TileKey, IDRError]:
        """What didn't come, and why."""
        return self._demand.failures

    def key(self, c: int) -> LayerKey:
        """Return what names the layer of a channel in the callbacks."""
        return self._demand.key(c)

    def levels(self, c: int = 0, axes: Iterable[str] | None = None) -> list[TiledArray]:
        """Return the arrays of a channel, the largest first; one without a pyramid.

        Parameters
        ----------
        c
            The channel; 0 for an RGB image, whose arrays end with the colours.
        axes
            Some of "t", "z", "y", "x" in this order; only axes of length 1 can be
            left out. None for those that `axes` names.
        """
        if not 0 <= c < self.channels:
            raise ValueError(f"there is no channel {c}, only {self.channels}")
        wanted = self.axes if axes is None else tuple(axes)
        if tuple(a for a in AXES if a in wanted) != wanted or set(self.axes) - {
            *wanted
        }:
            raise ValueError(f"{wanted} doesn't hold {self.axes} in this order")
        return [
            TiledArray(
                self, index, level, c, self._picks(level.shape, wanted), self._dtype
            )
            for index, level in enumerate(self._levels)
        ]

    def set_current(self, t: int, z: int) -> None:
        """Say which plane the sliders are at.

        It is asked for when it has stayed for a moment, and then those ahead. Once
        this has been called, a plane that it didn't name is asked for much later.
        Sliders reach as far as the longest layer; the last plane stands for those
        beyond it.
        """
        image = self.reader.image
        plane = Plane(min(t, image.size_t - 1), min(z, image.size_z - 1))
        self._demand.set_current(plane)

    def advance(self) -> bool:
        """Tell whether another plane is shown from now on."""
        return False

    @property
    def lag(self) -> tuple[Plane, Plane] | None:
        """The plane wanted and the one shown, None if they are the same."""
        return None

    def look_away(self, c: int) -> None:
        """Drop what a channel wants: its layer is hidden, removed or out of sight."""
        self._demand.look_away(c)

    def retry(self) -> None:
        """Ask again for what failed."""
        self._demand.retry()

    def close(self) -> None:
        """Stop everything and forget the tiles; it doesn't wait.

        What napari reads from now on is empty; code that waits for values gets a
        `PixelDataError`.
        """
        self._loader.close()
        self._demand.stop()

    def read(self, window: Window) -> NDArray[np.generic]:
        """Wait for a window and return it; never call it in a worker of the queue.

        Raises
        ------
        PixelDataError
            It is larger than `ViewingSettings.read_bytes`, or the image was closed.
        IDRError
            A tile didn't come.
        """
        count = math.prod(window.shape) * (3 if self.reader.rgb else 1)
        size, allowed = count * self._dtype.itemsize, self._settings.read_bytes
        if size > allowed:
            raise PixelDataError(
                f"this array takes {size / 1e9:.1f} GB, more than the "
                f"{allowed / 1e9:.1f} GB that are read at once; take a part of it "
                "or a coarser level"
            )
        if self.closed:
            raise PixelDataError("the image was closed")
        return Reading(window, self._loader, self._painter).run(self._queue)

    def look(self, window: Window, *, peek: bool) -> NDArray[np.generic]:
        """Return what is there of a window, at once; ask for the rest.

        Parameters
        ----------
        window
            What is shown.
        glance
            Whether to ask for nothing.
        """
        if self._is_live_overview(window):
            seen = self._overview(window.c)[np.newaxis, np.newaxis]
        else:
            seen = self._paint(window)
        if not peek:
            self._demand.look(window)
        return seen

    def _paint(self, window: Window) -> NDArray[np.generic]:
        colours = (3,) if self.reader.rgb else ()
        out = np.zeros((*window.shape, *colours), self._dtype)
        like = self._demand.last_complete(window.c)
        complete = True
        for i, t in enumerate(window.ts):
            for j, z in enumerate(window.zs):
                complete &= self._painter.paint(
                    out[i, j],
                    window.level,
                    window.c,
                    Plane(t, z),
                    window.rect,
                    like=like,
                )
        if complete:
            self._demand.completed(window)
        return out

    def _job(self, key: TileKey) -> Job:
        def run() -> None:
            tile = self._loader.load(key)
            self._fill_overview(key, tile)
            if self._demand.is_shown(key) and self._on_arrival is not None:
                self._on_arrival(self.key(key.c))

        def failed(error: Exception) -> None:
            self._note(key, error)

        return Job(key, run, failed)

    def _fill_overview(self, key: TileKey, tile: NDArray[np.generic]) -> None:
        with self._lock:
            overview = self._overviews.get(key.c)
            if overview is None or key.level != len(self._levels) - 1:
                return
            rect = tile_rect(self._levels[key.level], key.row, key.col)
            overview[rect.y0 : rect.y1, rect.x0 : rect.x1] = tile
        self._demand.settle(key)

    def _note(self, key: TileKey, error: Exception) -> None:
        """Keep a failure as a value, so that the rest goes on."""
        if isinstance(error, Cancelled):
            return
        if isinstance(error, NothingFiner):
            self._demand.settle(key)
            return
        if not isinstance(error, IDRError):
            kind = type(error).__name__
            reason = PixelDataError(f"the pixels can't be read: {kind}: {error}")
            reason.__cause__ = error
            error = reason
        self._demand.fail(key, error)
        if self._on_failure is not None:
            self._on_failure(self.key(key.c), error)

    def _is_live_overview(self, window: Window) -> bool:
        """Whether napari reads the array that it keeps for thumbnails.

        It reads the coarsest level of an image without sliders once, and then shows
        that array for ever: it has to be one that we fill later.
        """
        last = len(self._levels) - 1
        height, width = self._levels[last].shape
        image = self.reader.image
        return (
            self.multiscale
            and window.level == last
            and window.rect == Rect(0, height, 0, width)
            and image.size_t == image.size_z == 1
        )

    def _overview(self, c: int) -> NDArray[np.generic]:
        with self._lock:
            if c not in self._overviews:
                last = len(self._levels) - 1
                shape = self._levels[last].shape
                whole = Rect(0, shape[0], 0, shape[1])
                window = Window(level=last, c=c, ts=(0,), zs=(0,), rect=whole)
                self._overviews[c] = self._paint(window)[0, 0]
            return self._overviews[c]

    @property
    def _dtype(self) -> np.dtype[np.generic]:
        dtype: np.dtype[np.generic] = self.reader.dtype
        return dtype

    def _picks(self, shape: tuple[int, int], axes: Sequence[str]) -> tuple[Pick, ...]:
        image = self.reader.image
        sizes = (image.size_t, image.size_z, *shape)
        picks: tuple[Pick, ...] = tuple(
            range(size) if axis in axes else 0
            for axis, size in zip(AXES, sizes, strict=True)
        )
        return (*picks, range(3)) if self.reader.rgb else picks


_numbers = itertools.count(1)


class NothingFiner(Exception):  # noqa: N818 - not a failure
    """There is no such tile, and never will be: what is coarser is all there is."""


class TileReader(Protocol):
    """What is needed of a `PixelReader`."""

    @property
    def image(self) -> Image:
        """The sizes along T, Z and C."""
        ...

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of the numbers."""
        ...

    @property
    def rgb(self) -> bool:
        """Whether reads give (y, x, 3)."""
        ...

    @property
    def levels(self) -> tuple[Level, ...]:
        """The resolutions, the largest first."""
        ...

    def read(self, region: PixelRegion, *, cancel: CancelToken) -> NDArray[np.generic]:
        """Return a rectangle; it waits. May raise `NothingFiner` as well."""
        ...


class TileLoader:
    """Loads the tiles of one image.

    Parameters
    ----------
    reader
        Its pixels.
    store
        Where tiles are kept.

    Attributes
    ----------
    image
        The number of the image in the keys of its tiles; no two have the same.
    cancel
        The token that the reader gets.
    """

    def __init__(self, reader: TileReader, store: TileCache) -> None:
        self.image = next(_numbers)
        self.reader = reader
        self.store = store
        self.levels = reader.levels
        self.cancel = CancelToken()

    def key(self, level: int, c: int, t: int, z: int, tile: tuple[int, int]) -> TileKey:
        """Return the key of a tile of this image."""
        return TileKey(self.image, level, c, z, t, *tile)

    def tile_bytes(self, key: TileKey) -> int:
        """Return what a tile takes in memory."""
        height, width = tile_rect(self.levels[key.level], key.row, key.col).shape
        itemsize: int = self.reader.dtype.itemsize
        return height * width * (3 if self.reader.rgb else 1) * itemsize

    def load(self, key: TileKey, *, keep: bool = True) -> NDArray[np.generic]:
        """Return a tile; wait for it if it isn't in memory.

        Raises
        ------
        IDRError
            It didn't come, or has the wrong size.
        Cancelled
            The image was closed.
        NothingFiner
            There is no such tile.
        """
        self.cancel.check()
        if (kept := self.store.get(key)) is not None:
            return kept
        rect = tile_rect(self.levels[key.level], key.row, key.col)
        region = PixelRegion(
            level=key.level, c=key.c, z=key.z, t=key.t, **rect._asdict()
        )
        tile = self.reader.read(region, cancel=self.cancel)
        expected = (*rect.shape, 3) if self.reader.rgb else rect.shape
        if tile.shape != expected:
            raise PixelDataError(f"a tile came as {tile.shape}, not as {expected}")
        self.cancel.check()
        return self.store.put(key, tile) if keep else tile

    def close(self) -> None:
        """Stop what is being loaded, and forget what was."""
        self.cancel.cancel()
        self.store.drop(self.image)


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

    def __init__(self, window: Window, loader: TileLoader, painter: Compositor) -> None:
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

    def run(self, queue: TileScheduler) -> NDArray[np.generic]:
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
