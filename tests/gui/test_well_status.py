"""What napari's status bar says of a mosaic is told by us, as long as napari asks."""

from __future__ import annotations

import numpy as np
from napari.layers import Image

from napari_idr._qt.layers.well_status import is_replaceable, set_status
from support.canvasless import CanvaslessViewer


def test_napari_still_asks_a_layer_for_its_status(warm: None) -> None:
    assert is_replaceable(), "napari has changed Layer.get_status"
    viewer = CanvaslessViewer()
    layer = viewer.add_layer(Image(np.zeros((4, 4), np.uint8), multiscale=False))
    viewer.layers.selection.active = layer
    set_status(layer, lambda position: "" if position is None else "well A1")

    viewer.cursor.position = (1.0, 1.0)
    viewer.mouse_over_canvas = True
    status, _ = viewer._calc_status_from_cursor()

    assert isinstance(status, dict)
    assert status["coordinates"] == "well A1"
    assert set(status) == set(Image(np.zeros((4, 4))).get_status((0, 0)))
    viewer.window._qt_window.close()
