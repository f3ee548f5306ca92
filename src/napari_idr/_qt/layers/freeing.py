"""What is held of removed layers, by OpenGL and by the system, and how it is freed."""

from __future__ import annotations

import ctypes
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer

from napari_idr._qt.layers.canvas import canvas_of
from napari_idr.threads import IDLE_S, in_background

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer

logger = logging.getLogger(__name__)


class OwnContext:
    """Makes the context of a viewer's canvas current before layers are removed.

    napari frees what OpenGL holds of a removed layer at once, in whatever context is
    current, and once the window was composed that is Qt's (napari 0.9,
    `VispyCanvas._clean_and_update_scenegraph`). A program that is freed in another
    context than it was drawn in leaves the next one without a vertex shader in Mesa
    22.3, and the process dies as it draws.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        viewer.layers.events.removing.connect(self._on_removing)

    def close(self) -> None:
        """Leave the context to napari again."""
        self._viewer.layers.events.removing.disconnect(self._on_removing)

    def _on_removing(self, _: Any = None) -> None:
        try:
            canvas_of(self._viewer).native.makeCurrent()
        except (AttributeError, RuntimeError):  # another napari, or Qt has deleted it
            logger.debug("the canvas has no context", exc_info=True)


AT_REST_MS = 1000 * (IDLE_S + 1)
"""After the last job and the last layer: by then threads without work have ended."""


def give_back_memory() -> None:
    """Have the allocator give the system the pages that nothing lies in any more.

    That of Linux (glibc) keeps them for later, apart for each thread that once was, so
    that a process grows for as long as threads come and go: see `malloc_trim(3)`.
    Others have no such call, and nothing is done.
    """
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # Windows raises the last
        return
    trim(0)


class MemoryReturn(QTimer):
    """Gives memory back, in a thread, once nothing has come or gone for a while."""

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        give_back: Callable[[], None] = give_back_memory,
    ) -> None:
        super().__init__(parent)
        self.setSingleShot(True)
        self.setInterval(int(AT_REST_MS))
        self.timeout.connect(partial(in_background, give_back))
