"""What OpenGL holds of removed layers, which is freed in the canvas's own context."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from napari_idr._qt.layers.canvas import canvas_of

if TYPE_CHECKING:
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
