"""An opened image as arrays for napari, and the tiles that it is read in."""

from __future__ import annotations

import itertools
import math
import threading
from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_idr.api import PixelRegion, ask_again
from napari_idr.cancel import NEVER, CancelToken, Priority, wait_for
from napari_idr.errors import Cancelled, IDRError, PixelDataError
from napari_idr.tiles.array import AXES, Pick, TiledArray, Window
from napari_idr.tiles.compositor import Compositor
from napari_idr.tiles.grid import ALL, Plane, Rect, TileKey, tile_rect, tiles_in
from napari_idr.tiles.scheduler import Job
from napari_idr.tiles.wants import ImageWants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from napari_idr.api import Level
    from napari_idr.model import Image
    from napari_idr.tiles.cache import TileCache
    from napari_idr.tiles.grid import LayerKey
    from napari_idr.tiles.scheduler import TileScheduler
    from napari_idr.tiles.viewing import ViewingSettings


class TiledImage:
    """An opened image as arrays for napari. Thread-safe.

    Parameters
    ----------
    reader
        Its pixels; read in the workers of `scheduler` alone.
    cache, scheduler
        The memory and the workers, shared with the other images.
    settings
        See `ViewingSettings`.
    on_arrival
        Called in a worker, or in the thread that hides a layer, when a layer can show
        more than it does; for each layer when `advance` would show another plane.
    on_failure
        Called in a worker when something didn't; it isn't asked for again until
        `retry`, or for a while if it may pass.
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
        cache: TileCache,
        scheduler: TileScheduler,
        settings: ViewingSettings,
        on_arrival: Callable[[LayerKey], None] | None = None,
        on_failure: Callable[[LayerKey, IDRError], None] | None = None,
        overview: NDArray[np.generic] | None = None,
        thumbnail: NDArray[np.generic] | None = None,
    ) -> None:
        self.reader = reader
        self._settings = settings
        self._scheduler = scheduler
        self._on_arrival = on_arrival
        self._on_failure = on_failure
        self._loader = TileLoader(reader, cache)
        self.number = self._loader.image
        self._levels = reader.levels
        self._wants = ImageWants(self._loader, scheduler, settings, self._job)
        self._given = overview
        self._thumbnail = thumbnail
        self._overviews = {} if overview is None else {0: overview}
        self._painter = Compositor(
            self._loader, self._overviews, thumbnail if reader.rgb else None
        )
        self._lock = threading.RLock()  # of the overviews

    @property
    def stand_ins(self) -> dict[str, NDArray[np.generic] | None]:
        """The `overview` and the `thumbnail` that it was given."""
        return {"overview": self._given, "thumbnail": self._thumbnail}

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
    def wanted_plane(self) -> Plane | None:
        """The plane that napari requested last, or that the sliders are at."""
        return self._wants.wanted

    @property
    def shown_plane(self) -> Plane | None:
        """The plane that all layers show; another one than is wanted until it came."""
        return self._wants.shown

    @property
    def lag(self) -> tuple[Plane, Plane] | None:
        """The plane that is wanted and the one that is shown, while they differ."""
        return self._wants.lag

    @property
    def failures(self) -> dict[TileKey, IDRError]:
        """What didn't come, and why."""
        return self._wants.failures

    def key(self, c: int) -> LayerKey:
        """Return what names the layer of a channel in the callbacks."""
        return self._wants.key(c)

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
        self._wants.set_current(plane)

    def advance(self) -> bool:
        """Show the wanted plane if all layers can; return whether another is shown.

        To be called just before the layers are refreshed, so that all of them change
        at once.
        """
        return self._wants.advance()

    def hide(self, c: int) -> None:
        """Drop what a channel wants: its layer is hidden or out of sight.

        The others don't wait for it either. What is being fetched goes on: it is shown
        when the layer is seen again.
        """
        self._tell(self._wants.hide(c))

    def remove(self, c: int) -> None:
        """Drop what a channel wants, and cancel what is being fetched for it alone.

        Its layer was removed. It may come back: what it shows is asked for then.
        """
        self.hide(c)
        self._scheduler.withdraw(self.key(c))

    def awaits(self, c: int) -> bool:
        """Whether tiles that a channel shows are still to come."""
        return self._wants.awaits(c)

    def retry(self) -> None:
        """Ask again for what failed, and for what is empty because it was denied."""
        self._wants.retry(self._loader.ask_again())

    def close(self) -> None:
        """Stop everything and forget the tiles; it doesn't wait.

        What napari reads from now on is empty; code that waits for values gets a
        `PixelDataError`.
        """
        # First what waits: it would begin as soon as what runs makes room.
        self._wants.stop()
        self._loader.close()

    def read(
        self,
        window: Window,
        *,
        cancel: CancelToken = NEVER,
        priority: Priority = Priority.READING,
    ) -> NDArray[np.generic]:
        """Wait for a window and return it, (T, Z, Y, X) or (T, Z, Y, X, 3).

        Never call it in a worker of the scheduler.

        Raises
        ------
        PixelDataError
            It is larger than `ViewingSettings.read_bytes`, or the image was closed.
        IDRError
            A tile didn't come.
        Cancelled
            The token was cancelled.
        """
        count = math.prod(window.shape) * (3 if self.reader.rgb else 1)
        size, allowed = count * self._dtype.itemsize, self._settings.read_bytes
        if size > allowed:
            raise PixelDataError(
                f"this array takes {size / 1e9:.1f} GB, more than the "
                f"{allowed / 1e9:.1f} GB that are read at once; take a part of it "
                "or a coarser level"
            )
        cancel.check()
        reading = Reading(window, self._loader, self._painter)
        return reading.run(self._scheduler, cancel=cancel, priority=priority)

    def sample(
        self, c: int = 0, *, cancel: CancelToken, max_px: int
    ) -> NDArray[np.generic]:
        """Wait for a part of what a layer shows first, and return it.

        It is the middle of the coarsest level of the default plane.

        Parameters
        ----------
        c
            The channel.
        cancel
            Ends the wait, and what is asked for.
        max_px
            The longest side of the part.

        Returns
        -------
        array
            (y, x), or (y, x, 3) of an RGB image.

        Raises
        ------
        PixelDataError
            The image was closed.
        IDRError
            A tile didn't come.
        Cancelled
            The token was cancelled.
        """
        image = self.reader.image
        last = len(self._levels) - 1
        (y0, y1), (x0, x1) = (_middle(n, max_px) for n in self._levels[last].shape)
        window = Window(
            level=last,
            c=c,
            ts=(min(image.default_t, image.size_t - 1),),
            zs=(min(image.default_z, image.size_z - 1),),
            rect=Rect(y0, y1, x0, x1),
        )
        read = self.read(window, cancel=cancel, priority=Priority.OPENING)
        sample: NDArray[np.generic] = read[0, 0]
        return sample

    def request(self, window: Window) -> NDArray[np.generic]:
        """Return what is shown of a window, at once, and ask for what is missing.

        It may be of the plane that was shown before, see `shown_plane`.
        """
        if self._is_live_overview(window):
            shown = self._overview(window.c)[np.newaxis, np.newaxis]
            self._wants.request(window)
            return shown
        return self._paint(window, self._wants.request(window))

    def peek(self, window: Window) -> NDArray[np.generic]:
        """Return what is shown of a window, at once, and ask for nothing."""
        if self._is_live_overview(window):
            return self._overview(window.c)[np.newaxis, np.newaxis]
        return self._paint(window, self._wants.peek(window))

    def _paint(self, window: Window, plane: Plane) -> NDArray[np.generic]:
        """Return what is there of a window, at a plane in place of its own."""
        colours = (3,) if self.reader.rgb else ()
        out = np.zeros((*window.shape, *colours), self._dtype)
        ts = window.ts if plane.t == ALL else (plane.t,)
        zs = window.zs if plane.z == ALL else (plane.z,)
        like = self._wants.complete if ALL in plane else None
        for i, t in enumerate(ts):
            for j, z in enumerate(zs):
                self._painter.paint(
                    out[i, j],
                    window.level,
                    window.c,
                    Plane(t, z),
                    window.rect,
                    like=like,
                )
        return out

    def _job(self, key: TileKey) -> Job:
        """Return the job that fetches a tile for the layers."""

        def done(tile: NDArray[np.generic]) -> None:
            self._fill_overview(key, self._loader.keep(key, tile))
            self._tell(self._wants.came(key))

        def failed(error: BaseException) -> None:
            self._note(key, error)

        return self._loader.job(key, done, failed)

    def _tell(self, channels: Iterable[int]) -> None:
        if self._on_arrival is not None:
            for c in channels:
                self._on_arrival(self.key(c))

    def _fill_overview(self, key: TileKey, tile: NDArray[np.generic]) -> None:
        with self._lock:
            overview = self._overviews.get(key.c)
            if overview is None or key.level != len(self._levels) - 1:
                return
            rect = tile_rect(self._levels[key.level], key.row, key.col)
            overview[rect.y0 : rect.y1, rect.x0 : rect.x1] = tile
        self._wants.settle(key)

    def _note(self, key: TileKey, error: BaseException) -> None:
        """Keep a failure as a value, so that the rest goes on."""
        if isinstance(error, Cancelled):
            self._tell(self._wants.failed(key, None))
            return
        if isinstance(error, NothingFiner):
            self._wants.settle(key, for_s=error.for_s)
            return
        if not isinstance(error, IDRError):
            kind = type(error).__name__
            reason = PixelDataError(f"the pixels can't be read ({kind})")
            reason.__cause__ = error
            error = reason
        self._tell(self._wants.failed(key, error))
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
                self._overviews[c] = self._paint(window, Plane(0, 0))[0, 0]
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
    """There is no such tile: what is coarser is all there is, for so many seconds."""

    def __init__(self, for_s: float = math.inf) -> None:
        super().__init__()
        self.for_s = for_s


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
    cache
        Where tiles are kept.

    Attributes
    ----------
    image
        The number of the image in the keys of its tiles; no two have the same.
    cancel
        Cancelled when the image is closed.
    """

    def __init__(self, reader: TileReader, cache: TileCache) -> None:
        self.image = next(_numbers)
        self.reader = reader
        self.cache = cache
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

    def job(
        self,
        key: TileKey,
        done: Callable[[NDArray[np.generic]], None],
        failed: Callable[[BaseException], None],
    ) -> Job:
        """Return the job that fetches a tile, with the callbacks of who wants it."""
        return Job(
            key, lambda cancel: self.fetch(key, cancel), done, failed, self.cancel
        )

    def fetch(self, key: TileKey, cancel: CancelToken) -> NDArray[np.generic]:
        """Return a tile; wait for it if it isn't in memory.

        Raises
        ------
        IDRError
            It didn't come, or has the wrong size.
        Cancelled
            The token was cancelled.
        NothingFiner
            There is no such tile.
        """
        if (kept := self.cache.get(key)) is not None:
            return kept
        tile = self.reader.read(self._region(key), cancel=cancel)
        shape = tile_rect(self.levels[key.level], key.row, key.col).shape
        expected = (*shape, 3) if self.reader.rgb else shape
        if tile.shape != expected:
            raise PixelDataError(f"a tile came as {tile.shape}, not as {expected}")
        cancel.check()
        return tile

    def keep(self, key: TileKey, tile: NDArray[np.generic]) -> NDArray[np.generic]:
        """Keep a tile in memory, unless the image was closed; return it read-only."""
        kept = self.cache.put(key, tile)
        if self.cancel.cancelled:
            self.cache.drop(self.image)
        return kept

    def ask_again(self) -> Callable[[TileKey], bool] | None:
        """Let the reader ask again for what was denied, and forget tiles without it.

        Return which tiles those are, None where there are none.
        """
        lacks = ask_again(self.reader)
        if lacks is None:
            return None

        def is_lacking(key: TileKey) -> bool:
            return lacks(self._region(key))

        self.cache.drop_those(self.image, is_lacking)
        return is_lacking

    def _region(self, key: TileKey) -> PixelRegion:
        rect = tile_rect(self.levels[key.level], key.row, key.col)
        return PixelRegion(level=key.level, c=key.c, z=key.z, t=key.t, **rect._asdict())

    def close(self) -> None:
        """Stop what is being fetched, and forget what was."""
        self.cancel.cancel()
        self.cache.drop(self.image)


MEMORY_SHARE = 4
"""A reading that would fill more than this part of the memory isn't kept there, so
that an export doesn't push out what is on the screen."""


class Reading:
    """A window that is read: its tiles come in the workers, and it waits for them.

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
        self._keep = self.array.nbytes * MEMORY_SHARE <= loader.cache.max_bytes
        self._changed = threading.Condition()
        self._left = 0
        self._error: BaseException | None = None

    def run(
        self, scheduler: TileScheduler, *, cancel: CancelToken, priority: Priority
    ) -> NDArray[np.generic]:
        """Return the window, (T, Z, Y, X) or (T, Z, Y, X, 3), when all of it came.

        Raises
        ------
        IDRError
            A tile didn't come, or the image was closed.
        Cancelled
            The token was cancelled.
        """
        jobs = self._jobs()
        self._left = len(jobs)
        try:
            scheduler.order(self, jobs, priority=priority)
            with self._loader.cancel.on_cancel(self._wake), self._changed:
                wait_for(self._changed, self._is_over, cancel=cancel)
        finally:
            scheduler.withdraw(self)
        if self._loader.cancel.cancelled or isinstance(self._error, Cancelled):
            raise PixelDataError("the image was closed") from self._error
        if self._error is not None:
            raise self._error
        return self.array

    def _is_over(self) -> bool:
        closed = self._loader.cancel.cancelled
        return not self._left or closed or self._error is not None

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _jobs(self) -> list[Job]:
        """Paint the tiles that are in memory; return a job for each other one."""
        window = self._window
        level = self._loader.levels[window.level]
        jobs: list[Job] = []
        for i, t in enumerate(window.ts):
            for j, z in enumerate(window.zs):
                for tile in tiles_in(level, window.rect):
                    key = self._loader.key(window.level, window.c, t, z, tile)
                    if (kept := self._loader.cache.get(key)) is not None:
                        self._paint(key, (i, j), kept)
                    else:
                        jobs.append(self._job(key, (i, j)))
        return jobs

    def _job(self, key: TileKey, place: tuple[int, int]) -> Job:
        def done(tile: NDArray[np.generic]) -> None:
            if self._keep:
                tile = self._loader.keep(key, tile)
            self._paint(key, place, tile)
            self._count(None)

        def failed(error: BaseException) -> None:
            if isinstance(error, NothingFiner):
                self._paint(key, place, None)
                self._count(None)
            else:
                self._count(error)

        return self._loader.job(key, done, failed)

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

    def _count(self, error: BaseException | None) -> None:
        with self._changed:
            self._left -= 1
            self._error = self._error or error
            if self._error is not None or not self._left:
                self._changed.notify_all()


def _middle(size: int, max_px: int) -> tuple[int, int]:
    """Return the middle of a side, at most so much of it.

    >>> _middle(500, 1024), _middle(5000, 1024)
    ((0, 500), (1988, 3012))
    """
    start = max(0, (size - max_px) // 2)
    return start, min(size, start + max_px)
