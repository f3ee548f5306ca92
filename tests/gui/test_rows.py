"""Rows of layers that change while nobody sees the layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Points, Vectors

from napari_idr._qt.layers.rows import set_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer


def test_a_hidden_layer_that_has_fewer_rows_can_be_added(
    make_napari_viewer: Callable[[], Viewer],
) -> None:
    viewer = make_napari_viewer()
    labels = {"label": np.array(["a"] * 80, dtype=object)}
    headings = Points(np.zeros((80, 2)), features=labels, text="{label}")
    marks = Vectors(np.zeros((80, 2, 2)))
    for layer, shape in ((headings, (79, 2)), (marks, (79, 2, 2))):
        layer.visible = False

        set_rows(layer, np.ones(shape))

        viewer.add_layer(layer)
        layer.visible = True
        assert len(layer.data) == 79
