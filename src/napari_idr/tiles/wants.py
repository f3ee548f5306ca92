"""What the layers of an image show, and so what is asked for."""

from __future__ import annotations

import itertools
import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from napari_idr.tiles.grid import (
    TileKey,
    tiles_from_the_middle,
    tiles_in,
)
from napari_idr.tiles.prefetch import ALL, Plane, Prefetch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from napari_idr.errors import IDRError
    from napari_idr.tiles.array import Window
    from napari_idr.tiles.image import TileLoader
    from napari_idr.tiles.scheduler import Job, TileScheduler
    from napari_idr.tiles.settings import ViewingSettings

UNANNOUNCED_S = 0.5
"""How long a plane that nobody announced has to be looked at before it is asked for:
napari slices a new layer at index 0 before it slices it where the sliders are."""

QUICK_S = 0.25
"""Two views that follow each other sooner than this are stages of a movement."""

TILES_AHEAD = 4
"""Planes of more tiles than this aren't asked for ahead: of a large image only what
is visible is."""

VIEW_SHARE = 0.75
"""The part of the memory that a view may want: what it wants has to stay once it
came, or it would be asked for again, for ever."""

PINNED_SHARE = 0.25
"""The part of the memory that overviews may hold on to."""


class LayerKey(NamedTuple):
    """Names a layer: `image` is `TiledImage.number`, `c` its channel."""

    image: int
    c: int


@dataclass(slots=True)
class View:
    """What napari looked at last in one channel.

    `overview` is at the coarsest level of several, `detail` at another one; None
    where it isn't shown. `complete` is the last plane that was there as a whole.
    `due` is when what is shown may be asked for, as told by `time.monotonic`: at
    once, or when it has stayed for `settle_s`, if somebody zooms or pans quickly.
    """

    plane: Plane
    settle_s: float = 0.0
    due: float = 0.0
    detail: Window | None = None
    overview: Window | None = None
    complete: Plane | None = None
    _overview_was_last: bool = False
    _moved: float = -math.inf

    def look(self, window: Window, plane: Plane, *, coarsest: bool, now: float) -> None:
        """Remember a look.

        After a detail napari looks at the overview, for the thumbnail. Two looks at
        the overview running mean that the detail is no longer shown.
        """
        if plane != self.plane:
            self.plane, self.detail, self.overview = plane, None, None
        if not coarsest:
            if window != self.detail:
                quick = now - self._moved < QUICK_S
                self.due = now + self.settle_s if quick else now
                self._moved = now
            self.detail = window
        else:
            self.overview = window
            if self._overview_was_last:
                self.detail = None
        self._overview_was_last = coarsest

    @property
    def windows(self) -> list[Window]:
        """What is shown; the overview first, it is small and stands in for more."""
        return [w for w in (self.overview, self.detail) if w is not None]


class Demand:
    """What the layers of one image want of the queue. Thread-safe.

    Parameters
    ----------
    loader
        The tiles of the image.
    queue
        The workers.
    settings
        See `ViewingSettings`.
    job
        Makes the job that fetches a tile.
    """

    def __init__(
        self,
        loader: TileLoader,
        queue: TileScheduler,
        settings: ViewingSettings,
        job: Callable[[TileKey], Job],
    ) -> None:
        self._loader = loader
        self._levels = loader.levels
        self._queue = queue
        self._settings = settings
        self._job = job
        self._lock = threading.RLock()
        self._views: dict[int, View] = {}
        self._travel = Prefetch(settings.settle_s)
        self._announced = False
        self._failures: dict[TileKey, IDRError] = {}
        self._settled: set[TileKey] = set()

    @property
    def failures(self) -> dict[TileKey, IDRError]:
        """What didn't come, and why."""
        with self._lock:
            return dict(self._failures)

    def key(self, c: int) -> LayerKey:
        """Return what names the layer of a channel."""
        return LayerKey(self._loader.image, c)

    def look(self, window: Window) -> None:
        """Want what is missing of a window, in place of what its channel wanted."""
        plane = plane_of(window)
        last = len(self._levels) - 1
        with self._lock:
            if self._loader.cancel.cancelled:
                return
            now = time.monotonic()
            view = self._views.setdefault(
                window.c, View(plane, self._settings.settle_s)
            )
            view.look(window, plane, coarsest=window.level == last > 0, now=now)
            if not self._announced:
                self._travel.move(plane, now)
            self._want(window.c, view)

    def set_current(self, plane: Plane) -> None:
        """Say which plane the sliders are at."""
        with self._lock:
            self._announced = True
            self._travel.move(plane, time.monotonic())
            self._want_all()

    def look_away(self, c: int) -> None:
        """Drop what a channel wants."""
        with self._lock:
            self._views.pop(c, None)
            self._queue.forget(self.key(c))
            self._pin()

    def retry(self) -> None:
        """Want again what failed."""
        with self._lock:
            self._failures.clear()
            self._want_all()

    def stop(self) -> None:
        """Drop what all channels want."""
        with self._lock:
            for c in list(self._views):
                self.look_away(c)

    def fail(self, key: TileKey, error: IDRError) -> None:
        """Keep a failure as a value: the tile isn't wanted until `retry`."""
        with self._lock:
            self._failures[key] = error

    def settle(self, key: TileKey) -> None:
        """Never want a tile again: it is held elsewhere, or doesn't exist."""
        with self._lock:
            self._settled.add(key)

    def is_shown(self, key: TileKey) -> bool:
        """Whether a tile belongs to a plane that its channel shows."""
        with self._lock:
            view = self._views.get(key.c)
            return view is not None and any(
                key.t in window.ts and key.z in window.zs for window in view.windows
            )

    def last_complete(self, c: int) -> Plane | None:
        """Return the plane that a channel last showed as a whole, if any."""
        with self._lock:
            view = self._views.get(c)
            return None if view is None else view.complete

    def completed(self, window: Window) -> None:
        """Note that all of a window was there."""
        plane = plane_of(window)
        with self._lock:
            view = self._views.get(window.c)
            if view is not None and ALL not in plane:
                view.complete = plane

    def _want_all(self) -> None:
        for c, view in self._views.items():
            self._want(c, view)

    def _want(self, c: int, view: View) -> None:
        """Say to the queue what a channel shows, and what it may show next."""
        shown = self._missing(view.windows, view.plane)
        ahead: list[TileKey] = []
        if view.plane == self._travel.plane:
            due = max(self._travel.due, view.due)
            small = [w for w in view.windows if self._tile_count(w) <= TILES_AHEAD]
            for plane in self._planes_ahead():
                ahead += self._missing(small, plane)
        else:
            due = time.monotonic() + UNANNOUNCED_S
        self._pin()
        self._queue.want(
            self.key(c), map(self._job, shown), map(self._job, ahead), due=due
        )

    def _planes_ahead(self) -> list[Plane]:
        image = self._loader.reader.image
        count = self._settings.planes_ahead
        return self._travel.ahead(count, size_t=image.size_t, size_z=image.size_z)

    def _missing(self, windows: list[Window], plane: Plane) -> list[TileKey]:
        """Return the tiles of windows that aren't there, at most what fits."""
        room = VIEW_SHARE * self._loader.store.max_bytes / max(1, len(self._views))
        missing: list[TileKey] = []
        for place, key in enumerate(self._keys(windows, plane)):
            room -= self._loader.tile_bytes(key)
            if room < 0 and place:
                break
            if not (
                key in self._loader.store
                or key in self._settled
                or key in self._failures
            ):
                missing.append(key)
        return missing

    def _keys(self, windows: Iterable[Window], plane: Plane) -> Iterator[TileKey]:
        """Yield the tiles of windows, at a plane in place of their own."""
        for window in windows:
            tiles = tiles_from_the_middle(self._levels[window.level], window.rect)
            ts = window.ts if plane.t == ALL else (plane.t,)
            zs = window.zs if plane.z == ALL else (plane.z,)
            for t, z, tile in itertools.product(ts, zs, tiles):
                yield self._loader.key(window.level, window.c, t, z, tile)

    def _pin(self) -> None:
        """Keep the overviews that are shown, where that is little."""
        keys = [
            key
            for view in self._views.values()
            if view.overview is not None
            for key in self._keys([view.overview], view.plane)
            if key not in self._settled
        ]
        store = self._loader.store
        if sum(map(self._loader.tile_bytes, keys)) <= PINNED_SHARE * store.max_bytes:
            store.pin(self._loader.image, keys)

    def _tile_count(self, window: Window) -> int:
        return sum(1 for _ in tiles_in(self._levels[window.level], window.rect))


def plane_of(window: Window) -> Plane:
    """Return the plane of a window, `ALL` along an axis where it has several."""
    t = window.ts[0] if len(window.ts) == 1 else ALL
    z = window.zs[0] if len(window.zs) == 1 else ALL
    return Plane(t, z)
