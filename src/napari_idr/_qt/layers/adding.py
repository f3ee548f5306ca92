"""Layers that go into a viewer one by one, so that the window lives in between."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image, Layer, Points, Vectors
from napari.utils.transforms import Affine
from qtpy.QtCore import QObject, QTimer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari.viewer import Viewer

    from napari_idr.cancel import CancelToken

PAUSE_MS = 15
"""Between two layers: time for the frame that shows the one before to begin."""


class LayerQueue(QObject):
    """Adds layers in turns of the event loop of their own.

    napari takes 50 to 100 ms for each, most of it for its controls; four at once
    would freeze the window for as long as a person needs to notice.
    """

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._waiting: deque[Layer | Callable[[], None]] = deque()
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.setInterval(PAUSE_MS)
        self._turn.timeout.connect(self._next)

    def add(self, layers: Iterable[Layer], *then: Callable[[], None]) -> None:
        """Add layers soon, after those that wait already; then call these.

        Each layer and each call has a turn of its own.
        """
        self._waiting.extend([*layers, *then])
        self._turn.start()

    def forget(self, layers: Iterable[Layer]) -> None:
        """Don't add these layers, if they still wait."""
        for layer in layers:
            if layer in self._waiting:
                self._waiting.remove(layer)

    def _next(self) -> None:
        if not self._waiting:
            return
        what = self._waiting.popleft()
        if isinstance(what, Layer):
            self._viewer.add_layer(what)
        else:
            what()
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
