"""What is held of removed layers, by OpenGL and by the system, and how it is freed."""

from __future__ import annotations

import ctypes
import logging
import os
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QObject, QTimer

from napari_idr._qt.layers.canvas import canvas_of
from napari_idr.threads import in_background

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


AT_REST_MS = 3000
"""After the last layer has gone: by then its pixels have, and what comes next came."""


M_ARENA_MAX: Final = -8
"""What `mallopt` is to set, by `malloc.h` of glibc."""

ARENAS: Final = 2
"""That of the GUI thread, and one of all others."""


def share_arenas() -> None:
    """Have all threads but the first allocate from one arena, unless a person chose.

    The allocator of Linux (glibc) has an arena for each thread at a time, up to eight
    a processor (`mallopt(3)`), and what stays of one thread in a page keeps all of it:
    a process grew for as long as threads decoded pictures.
    """
    chosen = "MALLOC_ARENA_MAX" in os.environ
    if chosen or "arena_max" in os.environ.get("GLIBC_TUNABLES", ""):
        return
    libc = _glibc()
    if libc is not None:
        libc.mallopt(M_ARENA_MAX, ARENAS)


def give_back_memory() -> None:
    """Have the allocator give the system the pages that nothing lies in any more.

    That of Linux (glibc) keeps them for later: see `malloc_trim(3)`.
    """
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    """Return the C library of Linux; None on another system, or with another one."""
    try:
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018 - others have none
    except (AttributeError, OSError, TypeError):  # Windows raises the last
        return None
    return libc


class MemoryReturn(QTimer):
    """Gives memory back, in a thread, once layers have gone and others came."""

    def __init__(
        self,
        parent: QObject | None = None,
        *,
        give_back: Callable[[], None] = give_back_memory,
    ) -> None:
        super().__init__(parent)
        self.setSingleShot(True)
        self.setInterval(AT_REST_MS)
        self.timeout.connect(partial(in_background, give_back))
