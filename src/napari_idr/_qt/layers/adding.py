"""Layers that go into a viewer, one in each turn of the event loop."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING
from weakref import WeakSet

import numpy as np
from napari.layers import Image, Layer, Points, Vectors
from napari.utils.transforms import Affine
from qtpy.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from napari.viewer import Viewer

    from napari_idr.cancel import CancelToken

logger = logging.getLogger(__name__)

PAUSE_MS = 15
"""Between two layers: time for the frame that shows the one before to begin."""


_closed: WeakSet[Viewer] = WeakSet()
"""Viewers whose windows are closed, and live on until Qt deletes them."""


def add_no_more(viewer: Viewer) -> None:
    """Take no more layers for a viewer: its window was closed.

    napari makes the controls of a layer, and one of them is a window for a moment.
    Qt takes any new window for a reason not to quit: the process would stay.
    """
    _closed.add(viewer)


def add_layer(viewer: Viewer, layer: Layer) -> str | None:
    """Add a layer to a viewer; return why that failed, as a sentence, or None.

    Whoever listens to the viewer is called, other plugins too, and may raise. Then
    the layer is taken out again: what else should have heard of it may not have.
    """
    if viewer in _closed:
        return f"{layer.name} can't be shown: the window was closed."
    try:
        viewer.add_layer(layer)
    except Exception as error:
        logger.exception("the layer %s can't be added", layer.name)
        remove_layers(viewer, [layer])
        return (
            f"{layer.name} can't be shown: something else that follows the layers "
            f"of this viewer failed ({type(error).__name__}: {error})."
        )
    return None


def remove_layers(viewer: Viewer, layers: Iterable[Layer]) -> None:
    """Take out those of the layers that are in a viewer, whoever raises at that."""
    for layer in layers:
        if layer not in viewer.layers:
            continue
        try:
            viewer.layers.remove(layer)
        except Exception:
            logger.exception("somebody who heard that a layer was removed failed")


def make_active(viewer: Viewer, layer: Layer) -> None:
    """Make a layer the active one, if it is in the viewer: on its way it isn't yet.

    napari raises for others, and has nothing selected any more by then.
    """
    if layer in viewer.layers:
        viewer.layers.selection.active = layer


class TurnQueue(QObject):
    """Calls that have a turn of the event loop each, so that the window lives on.

    napari takes 50 to 100 ms to add a layer, most of it for its controls; four at
    once would freeze the window for as long as a person needs to notice.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[tuple[Hashable, Callable[[], None]]] = deque()
        self._in_turn = False
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.setInterval(PAUSE_MS)
        self._turn.timeout.connect(self._next)

    def add(self, key: Hashable, *calls: Callable[[], None]) -> None:
        """Call these soon, after those that wait already."""
        self._waiting.extend((key, call) for call in calls)
        self._turn.start()

    def forget(self, key: Hashable) -> bool:
        """Don't make the calls of a key; tell whether any were still to be made."""
        kept = deque(entry for entry in self._waiting if entry[0] != key)
        forgotten = len(kept) < len(self._waiting)
        self._waiting = kept
        return forgotten

    def waits(self, key: Hashable) -> bool:
        """Whether a call of a key is still to be made, or any is being made."""
        return self._in_turn or any(entry[0] == key for entry in self._waiting)

    def _next(self) -> None:
        if self._in_turn or not self._waiting:
            return
        _, call = self._waiting.popleft()
        self._in_turn = True
        try:
            call()
        finally:
            self._in_turn = False
            if self._waiting:
                self._turn.start()


def load_units() -> None:
    """Let napari read the definitions of all units, once a process: 0.3 s.

    Only the GUI thread may do so: others would see half of them meanwhile.
    """
    Affine(ndim=2)


def warm_up(*, cancel: CancelToken) -> None:
    """Load what the first layer of each kind needs, in a thread: 0.5 s.

    `load_units` must have been called. The layers made here are never shown.
    """
    cancel.check()
    zeros = np.zeros((2, 2), np.uint8)
    Image(zeros, multiscale=False)
    Vectors(zeros[np.newaxis])
    Points(zeros, features={"label": ["a", "b"]}, text="{label}")
