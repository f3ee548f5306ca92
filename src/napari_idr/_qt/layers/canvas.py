"""The canvas that a viewer draws on, for which napari has private names only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.viewer import Viewer


def canvas_of(viewer: Viewer) -> Any:
    """Return the canvas of a viewer; its `native` is the widget that is seen.

    Another napari may name it otherwise, and some viewers draw nothing: then this
    raises an AttributeError.
    """
    return viewer.window._qt_viewer.canvas
