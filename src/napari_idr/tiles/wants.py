"""What the layers of an image show, and so what is wanted of the scheduler."""

from __future__ import annotations

import itertools
import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.tiles.grid import (
    ALL,
    LayerKey,
    Plane,
    TileKey,
    coarser,
    tile_rect,
    tiles_from_the_middle,
    tiles_in,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from napari_idr.errors import IDRError
    from napari_idr.tiles.array import Window
    from napari_idr.tiles.image import TileLoader
    from napari_idr.tiles.scheduler import Job, TileScheduler
    from napari_idr.tiles.viewing import ViewingSettings

UNANNOUNCED_S = 0.5
"""How long a plane that nobody announced has to be looked at before it is asked for:
napari slices a new layer at index 0 before it slices it where the sliders are."""

QUICK_S = 0.25
"""Two views that follow each other sooner than this are stages of a movement."""

ASK_AGAIN_S = 60.0
"""How long a tile that failed for a moment isn't asked for by itself: an outage takes
minutes, and each try of an absent host takes seconds."""

TILES_AHEAD = 4
"""Planes of more tiles than this aren't asked for ahead: of a large image only what
is visible is."""

VIEW_SHARE = 0.75
"""The part of the memory that a view may want: what it wants has to stay once it
came, or it would be asked for again, for ever."""

PINNED_SHARE = 0.25
"""The part of the memory that overviews may hold on to."""

STILL = Plane(0, 0)
"""The heading of somebody who hasn't moved."""


@dataclass(slots=True)
class Prefetch:
    """The plane that is looked at, since when, and which ones come next.

    `due` is when the plane may be asked for, as told by `time.monotonic`: the first at
    once, the others when they have stayed for `settle_s`.
    """

    settle_s: float
    plane: Plane | None = None
    heading: Plane = STILL
    due: float = 0.0

    def move(self, plane: Plane, now: float) -> None:
        """Go to a plane; nothing changes if that is where one is.

        >>> prefetch = Prefetch(settle_s=0.05)
        >>> prefetch.move(Plane(0, 4), now=10.0)
        >>> prefetch.due, prefetch.ahead(2, size_t=1, size_z=9)
        (10.0, [])
        >>> prefetch.move(Plane(0, 5), now=11.0)
        >>> prefetch.due, prefetch.ahead(2, size_t=1, size_z=9)
        (11.05, [Plane(t=0, z=6), Plane(t=0, z=7)])
        """
        if plane == self.plane:
            return
        if self.plane is None:
            self.due = now
        else:
            step = Plane(plane.t - self.plane.t, plane.z - self.plane.z)
            self.heading = Plane(_sign(step.t), _sign(step.z))
            self.due = now + self.settle_s
        self.plane = plane

    def ahead(self, count: int, *, size_t: int, size_z: int) -> list[Plane]:
        """Return the planes that come next, the nearest first.

        There are none before the first move, beyond the ends, in volumes, and after
        a jump along both axes.
        """
        if self.plane is None or ALL in self.plane or all(self.heading):
            return []
        if not any(self.heading):
            return []
        next_ones = [
            Plane(
                self.plane.t + step * self.heading.t,
                self.plane.z + step * self.heading.z,
            )
            for step in range(1, count + 1)
        ]
        return [p for p in next_ones if 0 <= p.t < size_t and 0 <= p.z < size_z]


@dataclass(slots=True)
class View:
    """What napari asked for last in one channel.

    `overview` is at the coarsest level of several, `detail` at another one; None
    where it isn't shown. `due` is when what is shown may be asked for, as told by
    `time.monotonic`: at once, or when it has stayed for `settle_s`, if somebody zooms
    or pans quickly.
    """

    settle_s: float = 0.0
    due: float = 0.0
    detail: Window | None = None
    overview: Window | None = None
    _overview_was_last: bool = False
    _moved: float = -math.inf

    def show(self, window: Window, *, coarsest: bool, now: float) -> None:
        """Remember what is shown.

        After a detail napari asks for the overview, for the thumbnail. Two requests of
        the overview running mean that the detail is no longer shown.
        """
        if not coarsest:
            if self.detail is None or window.area != self.detail.area:
                quick = now - self._moved < QUICK_S
                self.due = now + self.settle_s if quick else now
                self._moved = now
            self.detail = window
        else:
            self.overview = window
            if self._overview_was_last:
                self.detail = None
        self._overview_was_last = coarsest

    def clear(self) -> None:
        """Show nothing: other axes are shown from now on."""
        self.detail = self.overview = None

    @property
    def windows(self) -> list[Window]:
        """What is shown; the overview first, it is small and stands in for more."""
        return [w for w in (self.overview, self.detail) if w is not None]


class ImageWants:
    """Which plane of an image is shown, and which tiles its layers want. Thread-safe.

    The layers of an image belong together: another plane is shown in all of them at
    once, when each has something to show of it. Until then they show the former one.

    Parameters
    ----------
    loader
        The tiles of the image.
    scheduler
        The workers.
    settings
        See `ViewingSettings`.
    job
        Makes the job that fetches a tile.
    """

    def __init__(
        self,
        loader: TileLoader,
        scheduler: TileScheduler,
        settings: ViewingSettings,
        job: Callable[[TileKey], Job],
    ) -> None:
        self._loader = loader
        self._levels = loader.levels
        self._scheduler = scheduler
        self._settings = settings
        self._job = job
        self._lock = threading.RLock()
        self._views: dict[int, View] = {}
        self._awaited: dict[int, set[TileKey]] = {}
        self._prefetch = Prefetch(settings.settle_s)
        self._announced = False
        self._stopped = False
        self._since = 0.0  # when the wanted plane was wanted first
        self._wanted: Plane | None = None
        self._shown: Plane | None = None
        self._complete: Plane | None = None
        self._failures: dict[TileKey, IDRError] = {}
        # Until when a tile isn't wanted, as told by `time.monotonic`.
        self._unwanted: dict[TileKey, float] = {}

    @property
    def wanted(self) -> Plane | None:
        """The plane that was requested last, or that the sliders were said to be at."""
        return self._wanted

    @property
    def shown(self) -> Plane | None:
        """The plane that the layers show."""
        return self._shown

    @property
    def lag(self) -> tuple[Plane, Plane] | None:
        """The plane that is wanted and the one that is shown, while they differ."""
        with self._lock:
            wanted, shown = self._wanted, self._shown
        if wanted is None or shown is None or wanted == shown:
            return None
        return wanted, shown

    @property
    def complete(self) -> Plane | None:
        """The plane that was shown as a whole last, if any was."""
        return self._complete

    @property
    def failures(self) -> dict[TileKey, IDRError]:
        """What didn't come, and why."""
        with self._lock:
            return dict(self._failures)

    def key(self, c: int) -> LayerKey:
        """Return what names the layer of a channel."""
        return LayerKey(self._loader.image, c)

    def request(self, window: Window) -> Plane:
        """Want what is missing of a window, in place of what its channel wanted.

        Returns
        -------
        Plane
            The one that its layer shall show.
        """
        plane = plane_of(window)
        with self._lock:
            if self._stopped:
                return plane
            now = time.monotonic()
            self._note_complete()
            if self._wanted is None or (ALL in plane) != (ALL in self._wanted):
                for other in self._views.values():
                    other.clear()
            view = self._views.setdefault(window.c, View(self._settings.settle_s))
            coarsest = window.level == len(self._levels) - 1 > 0
            view.show(window, coarsest=coarsest, now=now)
            if plane == self._wanted:
                self._want(window.c, view)
                self._pin()
            else:
                if not self._announced:
                    self._prefetch.move(plane, now)
                self._go_to(plane)
            return self._shown or plane

    def peek(self, window: Window) -> Plane:
        """Return the plane that a request of a window would be shown."""
        plane = plane_of(window)
        with self._lock:
            viewed = window.c in self._views and ALL not in plane
            return self._shown or plane if viewed else plane

    def set_current(self, plane: Plane) -> None:
        """Say which plane the sliders are at."""
        with self._lock:
            self._note_complete()
            self._announced = True
            self._prefetch.move(plane, time.monotonic())
            if self._wanted is None or ALL not in self._wanted:
                self._go_to(plane)
            else:
                self._want_all()

    def advance(self) -> bool:
        """Show the wanted plane if all layers can; return whether another is shown."""
        with self._lock:
            self._note_complete()
            return self._decide()

    def hide(self, c: int) -> list[int]:
        """Drop what a channel wants; return the channels that can show more now."""
        with self._lock:
            if self._views.pop(c, None) is None:
                return []
            self._awaited.pop(c, None)
            self._scheduler.forget(self.key(c))
            self._pin()
            if not self._views:
                self._complete = None
            return self._ready()

    def awaits(self, c: int) -> bool:
        """Whether a channel waits for tiles that it shows."""
        with self._lock:
            return bool(self._awaited.get(c))

    def retry(self, is_lacking: Callable[[TileKey], bool] | None = None) -> None:
        """Want again what failed, and tiles that came and lack something."""
        with self._lock:
            for key in list(self._unwanted):
                if key in self._failures or (is_lacking and is_lacking(key)):
                    del self._unwanted[key]
            self._failures.clear()
            self._want_all()

    def stop(self) -> None:
        """Drop what all channels want, and want nothing any more."""
        with self._lock:
            self._stopped = True
            for c in list(self._views):
                self.hide(c)

    def came(self, key: TileKey) -> list[int]:
        """Note that a tile is there; return the channels that can show more now."""
        with self._lock:
            self._failures.pop(key, None)
            awaited = self._no_longer_await(key)
            if key.c in self._views and self._is_shown(key):
                return [key.c]
            return self._ready() if awaited else []

    def failed(self, key: TileKey, error: IDRError | None) -> list[int]:
        """Note that a tile won't come; if it failed, it isn't wanted until `retry`.

        What failed in a way that may pass is wanted again after `ASK_AGAIN_S`.

        Returns
        -------
        list of int
            The channels that can show more now: what they waited for doesn't come.
        """
        with self._lock:
            if error is not None:
                self._failures[key] = error
                pause_s = ASK_AGAIN_S if error.may_pass else math.inf
                self._unwanted[key] = time.monotonic() + pause_s
            return self._ready() if self._no_longer_await(key) else []

    def settle(self, key: TileKey, *, for_s: float = math.inf) -> None:
        """Don't want a tile for so long: it is held elsewhere, or doesn't exist."""
        with self._lock:
            self._unwanted[key] = time.monotonic() + for_s
            self._no_longer_await(key)

    def _go_to(self, plane: Plane) -> None:
        if plane != self._wanted:
            self._wanted, self._since = plane, time.monotonic()
        self._want_all()
        self._decide()

    def _decide(self) -> bool:
        """Show the wanted plane if there is nothing better; tell whether it changed."""
        if self._wanted == self._shown or not self._can_be_shown():
            return False
        self._shown = self._wanted
        self._note_complete()
        return True

    def _can_be_shown(self) -> bool:
        """Whether the wanted plane is there in all layers, or no other one is."""
        shown = self._shown
        return (
            shown is None
            or self._complete is None
            or self._wanted is None
            or ALL in shown
            or ALL in self._wanted
            or self._is_covered()
        )

    def _is_covered(self) -> bool:
        """Whether each layer has something to show all over the wanted plane.

        That is what was awaited of it and came, or something coarser.
        """
        awaited = itertools.chain.from_iterable(self._awaited.values())
        return bool(self._views) and all(map(self._has_coarser, awaited))

    def _has_coarser(self, key: TileKey) -> bool:
        rect = tile_rect(self._levels[key.level], key.row, key.col)
        shape = self._levels[key.level].shape
        for below in range(key.level + 1, len(self._levels)):
            level = self._levels[below]
            covering = coarser(rect, shape=shape, coarse=level.shape)
            if all(
                self._loader.key(below, key.c, key.t, key.z, tile) in self._loader.cache
                for tile in tiles_in(level, covering)
            ):
                return True
        return False

    def _note_complete(self) -> None:
        """Remember that the shown plane was there as a whole."""
        shown = self._shown
        if (
            shown is not None
            and shown == self._wanted != self._complete
            and ALL not in shown
            and self._is_covered()
        ):
            self._complete = shown

    def _ready(self) -> list[int]:
        """Return all channels if the wanted plane could be shown and isn't."""
        if self._wanted == self._shown or not self._can_be_shown():
            return []
        return list(self._views)

    def _is_shown(self, key: TileKey) -> bool:
        if self._shown is None:
            return False
        if ALL in self._shown:
            return any(
                key.t in window.ts and key.z in window.zs
                for window in self._views[key.c].windows
            )
        return self._shown == Plane(key.t, key.z)

    def _no_longer_await(self, key: TileKey) -> bool:
        """Note that a tile came or won't; return whether a layer waited for it."""
        awaited = self._awaited.get(key.c, set())
        if key not in awaited:
            return False
        awaited.discard(key)
        return True

    def _want_all(self) -> None:
        for c, view in self._views.items():
            self._want(c, view)
        self._pin()

    def _want(self, c: int, view: View) -> None:
        """Tell the scheduler what a channel shows, and what it may show next."""
        wanted = self._wanted
        if wanted is None:
            return
        shown = self._missing(view.windows, wanted)
        ahead: list[TileKey] = []
        if wanted == self._prefetch.plane:
            due = max(self._prefetch.due, view.due)
            small = [w for w in view.windows if self._tile_count(w) <= TILES_AHEAD]
            for plane in self._planes_ahead():
                ahead += self._missing(small, plane)
        else:
            due = self._since + UNANNOUNCED_S
        self._awaited[c] = set(shown)
        self._scheduler.want(
            self.key(c), map(self._job, shown), map(self._job, ahead), due=due
        )

    def _planes_ahead(self) -> list[Plane]:
        image = self._loader.reader.image
        count = self._settings.planes_ahead
        return self._prefetch.ahead(count, size_t=image.size_t, size_z=image.size_z)

    def _missing(self, windows: list[Window], plane: Plane) -> list[TileKey]:
        """Return the tiles of windows that aren't there, at most what fits."""
        room = VIEW_SHARE * self._loader.cache.max_bytes / max(1, len(self._views))
        missing: list[TileKey] = []
        now = time.monotonic()
        for place, key in enumerate(self._keys(windows, plane)):
            room -= self._loader.tile_bytes(key)
            if room < 0 and place:
                break
            if key not in self._loader.cache and now >= self._unwanted.get(key, 0.0):
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
        wanted = self._wanted
        keys = [
            key
            for view in self._views.values()
            if view.overview is not None and wanted is not None
            for key in self._keys([view.overview], wanted)
            if key in self._failures or key not in self._unwanted
        ]
        cache = self._loader.cache
        if sum(map(self._loader.tile_bytes, keys)) <= PINNED_SHARE * cache.max_bytes:
            cache.pin(self._loader.image, keys)

    def _tile_count(self, window: Window) -> int:
        return sum(1 for _ in tiles_in(self._levels[window.level], window.rect))


def plane_of(window: Window) -> Plane:
    """Return the plane of a window, `ALL` along an axis where it has several."""
    t = window.ts[0] if len(window.ts) == 1 else ALL
    z = window.zs[0] if len(window.zs) == 1 else ALL
    return Plane(t, z)


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
