"""Repaints layers as their pixels come, and tells their arrays what is shown."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QObject, QTimer, Signal

from napari_idr._qt.jobs import QueuedSignal
from napari_idr._qt.layers.plane_mark import PlaneMark
from napari_idr._qt.layers.read_only import keep_from_edits
from napari_idr._qt.layers.sight import is_in_sight
from napari_idr._qt.settings import viewing_settings
from napari_idr.tiles import LayerKey, TiledArray, TiledImage, TileViewing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_idr.errors import IDRError
    from napari_idr.tiles.image import TileReader

GATHER_MS = 30
"""From the first arrival to its repaint: the other channels come meanwhile."""

REFRESH_MS = 150
"""Between two repaints while pixels come in. One takes 60 to 100 ms in software, and
the window must stay usable in between."""

STILL_MS = 150
"""A camera or slider that was moved so recently is moving, and napari repaints with
each move: one repaint more is a gap twice as long. Its own repaints show what came."""

MOVING_MS = 50
"""Between two layers that are brought up to date by a moving camera."""

FINISH_MS = 600
"""After the last arrival: longer than the pause between two answers."""

NEXT_MS = 15
"""Between two layers that are repainted in turns of their own."""

BEHIND_MS = 300
"""A plane that is late by less isn't worth a message: people would see it flicker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    layer: Layer
    tiled: TiledImage
    c: int
    server: str
    follows: bool  # its axes are those of the image, so the sliders tell its plane


class LayerRefresher(QObject):
    """Tells arrays where the sliders are, and repaints layers when pixels come.

    Pixels are read in the threads of `viewing`. The layers of an image are repainted
    together, so that what is seen of it is of one plane.

    Layers that napari makes of others (Duplicate, Split, Convert) hold arrays of ours
    too, and are served as soon as they are in the viewer. Pixels are let go when no
    layer of any kind shows them.

    Parameters
    ----------
    viewer
        Whose layers they are.
    is_ours
        Tells of the move of the camera that is under way whether it is one of ours:
        after such a one nobody goes on moving it, and nothing has to wait.
    """

    failed = Signal(object)  # IDRError: a part of an image didn't come
    recovered = Signal()  # all that had failed came after all
    behind = Signal(str)  # which plane is on its way, "" once it is shown

    def __init__(
        self,
        viewer: Viewer,
        parent: QObject | None = None,
        *,
        is_ours: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._is_ours = is_ours
        self._watched: dict[LayerKey, _Watched] = {}
        self._aside: dict[LayerKey, _Watched] = {}
        self._closing: list[tuple[TileReader, Callable[[], None]]] = []
        self._stale: dict[LayerKey, None] = {}  # those that wait longest first
        self._unfinished: set[LayerKey] = set()
        self._unseen: set[LayerKey] = set()  # out of sight or of the viewer: not asked
        self._coming: set[LayerKey] = set()  # not in the viewer yet
        self._mark = PlaneMark(viewer)
        self._behind = ""
        self._failing = False
        self._moved = 0.0
        self._refreshed = 0.0
        self._refresh = self._timer(self._refresh_now)
        # Once no more comes, the thumbnails in the list of layers are made anew.
        self._finish = self._timer(self._finish_now)
        self._late = self._timer(self._on_late)
        self._gone = self._timer(self._forget_gone)
        self._rest = self._timer(self._on_rest)
        arrivals, failures = QueuedSignal(self.refresh_soon), QueuedSignal(self._fail)
        self.destroyed.connect(arrivals.close)
        self.destroyed.connect(failures.close)
        self.viewing = TileViewing(
            viewing_settings(),
            on_arrival=arrivals.emit,
            on_failure=lambda _, error: failures.emit(error),
        )
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.dims.events.current_step.connect(self._on_step)
        viewer.scene.camera.events.connect(self._on_moved)

    @property
    def servers(self) -> set[str]:
        """The servers that layers still read from."""
        return {watched.server for watched in self._all_watched()}

    def _all_watched(self) -> Iterator[_Watched]:
        yield from self._watched.values()
        yield from self._aside.values()

    def watch(
        self,
        layer: Layer,
        tiled: TiledImage,
        c: int = 0,
        *,
        server: str,
        close: Callable[[], None] | None = None,
    ) -> None:
        """Serve a layer until it is removed; it may be yet to come into the viewer.

        With the last layer that shows these pixels `close` is called, by default the
        image's own.
        """
        self._serve(layer, tiled, c, server=server, follows=True)
        if layer not in self._viewer.layers:
            self._coming.add(tiled.key(c))
        close = close or tiled.close
        if all(known != close for _, known in self._closing):
            self._closing.append((tiled.reader, close))

    def _serve(
        self, layer: Layer, tiled: TiledImage, c: int, *, server: str, follows: bool
    ) -> None:
        self._watched[tiled.key(c)] = _Watched(
            layer=layer, tiled=tiled, c=c, server=server, follows=follows
        )
        layer.events.visible.connect(self._on_visible)

    def unwatch(self, *layers: Layer) -> None:
        """Serve layers no longer: they were removed, or show something else."""
        for key, watched in tuple(self._watched.items()):
            if any(watched.layer is layer for layer in layers):
                del self._watched[key]
                self._unseen.discard(key)
                self._coming.discard(key)
                watched.layer.events.visible.disconnect(self._on_visible)
                watched.tiled.hide(watched.c)
        used = [watched.tiled.reader for watched in self._all_watched()]
        closing, self._closing = self._closing, []
        for reader, close in closing:
            if any(reader is one for one in used):
                self._closing.append((reader, close))
            else:
                close()

    def give_up(self, layer: Layer) -> None:
        """Serve a layer no longer that hasn't come into the viewer, and won't."""
        if any(self._watched[key].layer is layer for key in self._coming):
            self.unwatch(layer)

    # Aside: out of the viewer, and kept for whoever wants them back.

    def put_aside(self, layers: Iterable[Layer]) -> None:
        """Ask nothing for layers that are about to go, and keep what they show."""
        gone = set(map(id, layers))
        for key, watched in tuple(self._watched.items()):
            if id(watched.layer) in gone:
                self._aside[key] = self._watched.pop(key)
                watched.layer.events.visible.disconnect(self._on_visible)
                watched.tiled.hide(watched.c)

    def put_back(self, layer: Layer) -> None:
        """Serve a layer again that was put aside; it is about to come."""
        for key, watched in tuple(self._aside.items()):
            if watched.layer is layer:
                self._watched[key] = self._aside.pop(key)
                watched.layer.events.visible.connect(self._on_visible)

    def drop_aside(self) -> None:
        """Let go of the pixels of layers that were put aside."""
        self._aside.clear()
        self.unwatch()

    def refresh_soon(self, key: LayerKey, *, gather_ms: int = GATHER_MS) -> None:
        """Repaint a layer that can show more, together with others, when it's time.

        `gather_ms` is how long others are waited for.
        """
        self._stale.setdefault(key)
        if not self._refresh.isActive():
            self._refresh.start(gather_ms)

    def retry(self) -> None:
        """Ask again for what failed."""
        for watched in self._watched.values():
            watched.tiled.retry()

    def close(self) -> None:
        """Stop listening to the viewer and reading pixels; touches nothing of Qt's."""
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.dims.events.current_step.disconnect(self._on_step)
        self._viewer.scene.camera.events.disconnect(self._on_moved)
        self.viewing.close(timeout_s=0.0)  # the window isn't kept waiting

    def _timer(self, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(slot)
        return timer

    def _fail(self, error: IDRError) -> None:
        self._failing = True
        self.failed.emit(error)
        self._check_lag()

    def _refresh_now(self) -> None:
        still = self._moved + STILL_MS / 1000
        rested = self._refreshed + REFRESH_MS / 1000
        wait = max(still, rested) - time.monotonic()
        if wait > 0:
            self._refresh.start(math.ceil(1000 * wait))
        else:
            self._bring_up_to_date(list(self._stale))

    def _bring_up_to_date(self, keys: list[LayerKey]) -> None:
        """Refresh layers, and with one whose image changes its plane all of that."""
        found = (self._watched.get(key) for key in keys)
        changed = {
            tiled
            for tiled in {watched.tiled for watched in found if watched is not None}
            if tiled.advance()
        }
        keys += [k for k, w in self._watched.items() if w.tiled in changed]
        # Those that are yet to come stay stale.
        keys = [key for key in dict.fromkeys(keys) if key not in self._coming]
        for key in keys:
            self._stale.pop(key, None)
        for layer in self._visible(keys):
            layer.refresh(thumbnail=False, highlight=False, extent=False)
        self._unfinished.update(keys)
        self._refreshed = time.monotonic()
        self._finish.start(FINISH_MS)
        self._check_lag()
        self._check_failures()

    def _check_failures(self) -> None:
        """Tell once nothing is lacking any more of what had failed."""
        if self._failing and not any(w.tiled.failures for w in self._watched.values()):
            self._failing = False
            self.recovered.emit()

    def _finish_now(self) -> None:
        """Draw one thumbnail anew; the next has a turn of its own."""
        if time.monotonic() - self._moved < STILL_MS / 1000:
            self._finish.start(FINISH_MS)
            return
        if self._unfinished:
            for layer in self._visible([self._unfinished.pop()]):
                layer.refresh(data_displayed=False, highlight=False, extent=False)
        if self._unfinished:
            self._finish.start(NEXT_MS)

    def _visible(self, keys: list[LayerKey]) -> list[Layer]:
        seen = [key for key in keys if key in self._watched.keys() - self._unseen]
        layers = [self._watched[key].layer for key in seen]
        return [layer for layer in layers if layer.visible]

    def _on_moved(self, _: Any = None) -> None:
        """Let the repaint that follows a move show what has come for one image."""
        self._rest.start(STILL_MS)
        if self._is_ours():
            return
        self._moved = time.monotonic()
        if self._stale and self._moved - self._refreshed > MOVING_MS / 1000:
            self._bring_up_to_date([next(iter(self._stale))])

    def _on_rest(self) -> None:
        """Ask for nothing of layers that are out of sight, until they are in it again.

        napari leaves such a layer at the part and the level that were seen of it last:
        all of a plate at a fine one, after a picture of the whole scene was exported.
        """
        there = self._there()
        for key, watched in self._watched.items():
            if not watched.layer.visible or id(watched.layer) not in there:
                continue
            if is_in_sight(self._viewer, watched.layer):
                if key in self._unseen:
                    self._unseen.discard(key)
                    self.refresh_soon(key)
            elif watched.tiled.awaits(watched.c):
                self._unseen.add(key)
                watched.tiled.hide(watched.c)

    def _on_step(self, _: Any = None) -> None:
        """Tell the arrays of visible layers which plane is shown."""
        self._moved = time.monotonic()
        shown = {
            w.tiled: w.layer
            for w in self._watched.values()
            if w.layer.visible and w.follows
        }
        for tiled, layer in shown.items():
            at = self._plane(tiled, layer)
            tiled.set_current(at["t"], at["z"])
        self._check_lag()

    def _plane(self, tiled: TiledImage, layer: Layer) -> dict[str, int]:
        """Return which plane of a layer the sliders are at.

        They count in steps of the finest layer of all, so it is found in the world,
        and rounded as napari does.
        """
        at = layer.world_to_data(self._viewer.dims.point)
        sizes = dict(zip(tiled.axes, layer.data.shape, strict=False))
        planes = {"t": 0, "z": 0}
        for index, axis in enumerate(tiled.axes[:-2]):
            planes[axis] = int(np.clip(np.round(at[index]), 0, sizes[axis] - 1))
        return planes

    def _on_visible(self, event: Any) -> None:
        """Ask for nothing that a hidden layer would show."""
        for watched in self._watched.values():
            if watched.layer is event.source and not event.source.visible:
                watched.tiled.hide(watched.c)
        self._check_lag()

    def _on_inserted(self, event: Any) -> None:
        """Serve a layer that napari, or somebody, has made of one of ours.

        It may show another plane, or a part: so it gets arrays with wants of their own.
        """
        layer = event.value
        arrays = _levels(layer)
        mine = next((one for one in arrays if isinstance(one, TiledArray)), None)
        if mine is not None and isinstance(layer, Labels):
            keep_from_edits(layer)
        for key, watched in self._watched.items():
            if watched.layer is layer:
                self._unseen.discard(key)
                self._coming.discard(key)
                if key in self._stale:
                    self.refresh_soon(key)
                return
        if mine is None:
            return
        found = (w for w in self._watched.values() if w.tiled is mine.source)
        if (origin := next(found, None)) is None:
            return  # drawn at once, wherever it is looked at
        tiled = self.viewing.twin(origin.tiled)
        taken = [
            one.of(tiled) if isinstance(one, TiledArray) else one for one in arrays
        ]
        follows = mine.ndim == len(origin.layer.data.shape)
        self._serve(layer, tiled, mine.c, server=origin.server, follows=follows)
        self._closing.append((tiled.reader, tiled.close))
        layer.data = taken if layer.multiscale else taken[0]
        self._on_step()  # as it was made, it looked at other planes

    def _on_removed(self, event: Any) -> None:
        """Ask for no more at once; what it shows is let go of a turn later.

        napari may be making another layer of it, or putting it elsewhere: then it asks
        again.
        """
        for key, watched in self._watched.items():
            if watched.layer is event.value:
                self._unseen.add(key)
                watched.tiled.remove(watched.c)
        self._gone.start()

    def _forget_gone(self) -> None:
        there = self._there()
        gone = [
            watched.layer
            for key, watched in self._watched.items()
            if id(watched.layer) not in there and key not in self._coming
        ]
        self.unwatch(*gone)
        self._check_lag()

    def _there(self) -> set[int]:
        return set(map(id, self._viewer.layers))

    # What is shown while the plane of the sliders is on its way.

    def _check_lag(self) -> None:
        """Say how far what is shown is behind, if it has been for a while."""
        message = self._lag_message()
        if not message:
            self._late.stop()
            self._say_behind("")
        elif self._behind:
            self._say_behind(message)
        elif not self._late.isActive():
            self._late.start(BEHIND_MS)

    def _on_late(self) -> None:
        self._say_behind(self._lag_message())

    def _lag_message(self) -> str:
        """Return which plane is on its way and which is shown, "" for the same.

        Counted from 0, as napari's sliders do.
        """
        for watched in self._watched.values():
            if not watched.layer.visible or (lag := watched.tiled.lag) is None:
                continue
            wanted, shown = lag
            differ = [
                axis
                for axis in ("t", "z")
                if getattr(wanted, axis) != getattr(shown, axis)
            ]
            coming = ", ".join(f"{axis} = {getattr(wanted, axis)}" for axis in differ)
            there = ", ".join(f"{axis} = {getattr(shown, axis)}" for axis in differ)
            return f"{coming} is on its way; {there} is shown."
        return ""

    def _say_behind(self, message: str) -> None:
        if message != self._behind:
            self._behind = message
            self._mark.set_message(message)
            self.behind.emit(message)


def _levels(layer: Layer) -> list[Any]:
    """Return the arrays of an image or labels layer, the largest first."""
    if not hasattr(layer, "multiscale"):
        return []
    return list(layer.data) if layer.multiscale else [layer.data]
