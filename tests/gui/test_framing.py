"""What fills the canvas still does when the canvas changes its size."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_idr._qt.layers.framing import FILLED, Framing

BOX = np.array([0.0, 0.0]), np.array([100.0, 200.0])


@pytest.fixture
def viewer() -> ViewerModel:
    viewer = ViewerModel()
    viewer.canvas.size = (800, 1000)
    return viewer


def test_it_fills_the_tighter_side(viewer: ViewerModel) -> None:
    framing = Framing(viewer)
    framing.fit(lambda: BOX)

    assert viewer.scene.camera.zoom == pytest.approx(FILLED * 1000 / 200)
    assert viewer.scene.camera.center[-2:] == (50, 100)


def test_it_is_fitted_again_to_a_narrower_canvas(viewer: ViewerModel) -> None:
    framing = Framing(viewer)
    framing.fit(lambda: BOX)

    viewer.canvas.size = (800, 600)

    assert viewer.scene.camera.zoom == pytest.approx(FILLED * 600 / 200)


@pytest.mark.parametrize("moved", ["zoom", "center"])
def test_a_camera_that_somebody_has_moved_is_left_alone(
    viewer: ViewerModel, moved: str
) -> None:
    framing, camera = Framing(viewer), viewer.scene.camera
    framing.fit(lambda: BOX)

    if moved == "zoom":
        camera.zoom = 2.0
    else:
        camera.center = (0, 10, 20)
    there = camera.zoom, camera.center
    viewer.canvas.size = (800, 600)

    assert (camera.zoom, camera.center) == there


def test_what_is_gone_is_not_looked_at(viewer: ViewerModel) -> None:
    boxes = [BOX]
    framing = Framing(viewer)
    framing.fit(lambda: boxes[0] if boxes else None)
    zoom = viewer.scene.camera.zoom
    boxes.clear()

    viewer.canvas.size = (800, 600)

    assert viewer.scene.camera.zoom == zoom
