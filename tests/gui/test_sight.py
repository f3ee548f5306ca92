"""What the canvas shows of layers, wherever they lie and however they are turned."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_idr._qt.layers.sight import is_in_sight


@pytest.fixture
def viewer() -> ViewerModel:
    """Return a viewer of 10 x 10 of the world, and a layer below its origin."""
    viewer = ViewerModel()
    viewer.add_image(np.zeros((3, 10, 10)), translate=(0, 100, 0))
    viewer.canvas.size = (100, 100)
    viewer.scene.camera.zoom = 10
    return viewer


@pytest.mark.parametrize(
    ("center", "seen"),
    [((105, 5), True), ((96, 5), True), ((90, 5), False), ((105, 17), False)],
)
def test_a_layer_is_in_sight_where_the_canvas_shows_it(
    viewer: ViewerModel, center: tuple[float, float], seen: bool
) -> None:
    viewer.scene.camera.center = (0, *center)

    assert is_in_sight(viewer, viewer.layers[0]) == seen


def test_so_is_one_whose_axes_are_transposed(viewer: ViewerModel) -> None:
    viewer.dims.order = (0, 2, 1)
    viewer.scene.camera.center = (0, 5, 105)

    assert is_in_sight(viewer, viewer.layers[0])
    viewer.scene.camera.center = (0, 105, 5)
    assert not is_in_sight(viewer, viewer.layers[0])


def test_in_3d_and_in_the_grid_all_layers_are(viewer: ViewerModel) -> None:
    viewer.scene.camera.center = (0, 0, 0)
    assert not is_in_sight(viewer, viewer.layers[0])

    viewer.canvas.grid.enabled = True
    assert is_in_sight(viewer, viewer.layers[0])
    viewer.canvas.grid.enabled = False
    viewer.dims.ndisplay = 3
    assert is_in_sight(viewer, viewer.layers[0])
