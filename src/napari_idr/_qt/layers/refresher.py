"""Keeps layers and the arrays that serve them told of each other."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_idr._qt.mailbox import Mailbox
from napari_idr._qt.settings import viewing_settings
from napari_idr.tiles import LayerKey, TiledImage, TileViewing

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_idr.errors import IDRError

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    layer: Layer
    tiled: TiledImage
    c: int
    close: Callable[[], None]


class LayerRefresher(QObject):
    """Tells arrays where the sliders are, and repaints layers when pixels come.

    Pixels are read in the threads of `viewing`; their news come by mail.
    """

    failed = Signal(object)  # IDRError: a part of an image didn't come

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._watched: dict[LayerKey, _Watched] = {}
        self._stale: dict[LayerKey, None] = {}  # those that wait longest first
        self._unfinished: set[LayerKey] = set()
        self._moved = 0.0
        self._refreshed = 0.0
        self._refresh = self._timer(self._refresh_now)
        # Once no more comes, the thumbnails in the list of layers are made anew.
        self._finish = self._timer(self._finish_now)
        arrivals, failures = Mailbox(self.refresh_soon), Mailbox(self._on_failure)
        self.destroyed.connect(arrivals.close)
        self.destroyed.connect(failures.close)
        self.viewing = TileViewing(
            viewing_settings(), on_arrival=arrivals.send, on_failure=failures.send
        )
        viewer.layers.events.removed.connect(self._on_removed)
        viewer.dims.events.current_step.connect(self._on_step)
        viewer.scene.camera.events.connect(self._on_moved)

    def watch(
        self,
        layer: Layer,
        tiled: TiledImage,
        c: int = 0,
        *,
        close: Callable[[], None] | None = None,
    ) -> None:
        """Serve a layer until it is removed.

        With the last layer of an image `close` is called, by default the image's own.
        """
        self._watched[tiled.key(c)] = _Watched(
            layer=layer, tiled=tiled, c=c, close=close or tiled.close
        )
        layer.events.visible.connect(self._on_visible)

    def unwatch(self, layer: Layer) -> None:
        """Serve a layer no longer: it was removed, or shows something else."""
        for key, watched in tuple(self._watched.items()):
            if watched.layer is layer:
                del self._watched[key]
                watched.tiled.hide(watched.c)
                if all(w.tiled is not watched.tiled for w in self._watched.values()):
                    watched.close()

    def refresh_soon(self, key: LayerKey) -> None:
        """Repaint a layer that can show more, together with others, when it's time."""
        self._stale.setdefault(key)
        if not self._refresh.isActive():
            self._refresh.start(GATHER_MS)

    def retry(self) -> None:
        """Ask again for what failed."""
        for watched in self._watched.values():
            watched.tiled.retry()

    def close(self) -> None:
        """Stop listening to the viewer and reading pixels; touches nothing of Qt's."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._viewer.dims.events.current_step.disconnect(self._on_step)
        self._viewer.scene.camera.events.disconnect(self._on_moved)
        self.viewing.close()

    def _timer(self, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(slot)
        return timer

    def _on_failure(self, _: LayerKey, error: IDRError) -> None:
        self.failed.emit(error)

    def _refresh_now(self) -> None:
        still = self._moved + STILL_MS / 1000
        rested = self._refreshed + REFRESH_MS / 1000
        wait = max(still, rested) - time.monotonic()
        if wait > 0:
            self._refresh.start(math.ceil(1000 * wait))
        else:
            self._bring_up_to_date(list(self._stale))

    def _bring_up_to_date(self, keys: list[LayerKey]) -> None:
        # The layers of an image change to another plane together.
        for tiled in {w.tiled for w in map(self._watched.get, keys) if w is not None}:
            if tiled.advance():
                keys += [
                    key
                    for key, watched in self._watched.items()
                    if watched.tiled is tiled and key not in keys
                ]
        for key in keys:
            self._stale.pop(key, None)
        for layer in self._visible(keys):
            layer.refresh(thumbnail=False, highlight=False, extent=False)
        self._unfinished.update(keys)
        self._refreshed = time.monotonic()
        self._finish.start(FINISH_MS)

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
        watched = [self._watched[key] for key in keys if key in self._watched]
        return [one.layer for one in watched if one.layer.visible]

    def _on_moved(self, _: Any = None) -> None:
        """Let the repaint that follows a move show what has come for one layer."""
        self._moved = time.monotonic()
        if self._stale and self._moved - self._refreshed > MOVING_MS / 1000:
            self._bring_up_to_date([next(iter(self._stale))])

    def _on_step(self, _: Any = None) -> None:
        """Tell the arrays of visible layers which plane is shown."""
        self._moved = time.monotonic()
        dims = self._viewer.dims
        shown = {w.tiled for w in self._watched.values() if w.layer.visible}
        for tiled in shown:
            at = {"t": 0, "z": 0}
            for place, axis in enumerate(tiled.axes[:-2]):
                step = dims.current_step[dims.ndim - len(tiled.axes) + place]
                at[axis] = int(step)
            tiled.set_current(at["t"], at["z"])

    def _on_visible(self, event: Any) -> None:
        """Ask for nothing that a hidden layer would show."""
        for watched in self._watched.values():
            if watched.layer is event.source and not event.source.visible:
                watched.tiled.hide(watched.c)

    def _on_removed(self, event: Any) -> None:
        self.unwatch(event.value)
