"""What OpenGL holds of removed layers goes where it was drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtGui import QOffscreenSurface, QOpenGLContext
from vispy.gloo.glir import GlirProgram, GlirTexture2D

from support.guards import settle

if TYPE_CHECKING:
    import pytest

    from napari_idr import demo
    from support.window import Window


def test_what_is_drawn_of_removed_layers_is_freed_in_the_context_of_the_canvas(
    window: Window, classic: demo.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.browse(classic.url).until_idle()
    canvas = window.viewer.window._qt_viewer.canvas.native
    freed_in: list[bool] = []
    for kind in (GlirProgram, GlirTexture2D):

        def delete(self: object, before: object = kind.delete) -> None:
            freed_in.append(QOpenGLContext.currentContext() is canvas.context())
            before(self)

        monkeypatch.setattr(kind, "delete", delete)
    surface, other = QOffscreenSurface(), QOpenGLContext()
    surface.create()
    assert other.create()
    layers = [window.viewer.add_image(np.ones((8, 8))) for _ in range(4)]
    window.paint()

    for remove in (
        lambda: window.viewer.layers.remove(layers[1]),
        lambda: window.viewer.layers.remove_selected(),
        lambda: window.viewer.layers.clear(),
    ):
        # As Qt's own is that composes the window.
        assert other.makeCurrent(surface)
        before = len(freed_in)
        remove()
        settle()
        window.paint()
        assert len(freed_in) > before

    assert all(freed_in)
