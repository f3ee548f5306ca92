"""What is held of removed layers, by OpenGL and by the system, and how it is freed."""

from __future__ import annotations

import ctypes
import logging
import os
from functools import partial
from typing import TYPE_CHECKING, Any, Final

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


M_TRIM_THRESHOLD: Final = -1
M_MMAP_THRESHOLD: Final = -3
"""What `mallopt` is to set, by `malloc.h` of glibc."""

CHOSEN: Final = {"MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"}
"""How a person sets them, in the environment."""

LARGE_BYTES: Final = 4 << 20
"""A block that is asked of the system by itself, and goes back to it as it is freed."""

SPARE_BYTES: Final = 2 << 20
"""What is kept free behind the last block of each thread's heap."""


def keep_little_memory() -> None:
    """Have the allocator keep little of what is freed, unless a person has chosen.

    That of Linux (glibc) raises both limits by itself, to 32 and 64 MB, with each large
    block that is freed, and from then on keeps as much behind the last block of each
    heap. There are as many as there were threads at a time, up to eight a processor,
    and `malloc_trim` doesn't touch their ends: see `mallopt(3)` and `mtrim` in
    `malloc/malloc.c`.
    """
    libc = _glibc()
    if libc is not None and not CHOSEN & os.environ.keys():
        libc.mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)
        libc.mallopt(M_TRIM_THRESHOLD, SPARE_BYTES)


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
