"""Layers far from what is seen: not drawn, and drawn as soon as they are near."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_idr import demo
    from support.window import Window

SIZE_PX = 100


@pytest.fixture
def columns(window: Window, classic: demo.Archive) -> list[Layer]:
    """White squares of the archive one far from the other, the first in the view."""
    window.browse(classic.url).until_idle()
    viewer = window.viewer
    layers = [
        viewer.add_image(
            np.full((SIZE_PX, SIZE_PX), 255, np.uint8),
            translate=(0, 10_000 * place),
            contrast_limits=(0, 255),
            metadata={"idr": {}},
        )
        for place in range(3)
    ]
    look_at(window, layers[0])
    return layers


def look_at(window: Window, layer: Layer) -> None:
    camera = window.viewer.scene.camera
    camera.center = layer.data_to_world((SIZE_PX / 2, SIZE_PX / 2))
    camera.zoom = 2


def drawn(window: Window) -> np.ndarray:
    """Return the grey values at the middle of the canvas, as it is drawn now."""
    picture = window.viewer.screenshot(canvas_only=True, flash=False)
    middle = picture.shape[0] // 2, picture.shape[1] // 2
    return picture[middle][:3]


def visible(window: Window, layers: list[Layer]) -> list[bool]:
    visuals = window.viewer.window._qt_viewer.canvas.layer_to_visual
    return [visuals[layer].node.visible for layer in layers]


def test_only_what_is_near_is_drawn(window: Window, columns: list[Layer]) -> None:
    assert drawn(window).min() == 255
    assert visible(window, columns) == [True, False, False]

    for layer in columns[1:]:
        look_at(window, layer)
        assert drawn(window).min() == 255

    assert visible(window, columns) == [False, False, True]
    assert all(layer.visible for layer in columns)


def test_what_a_person_hides_stays_so(window: Window, columns: list[Layer]) -> None:
    drawn(window)
    columns[1].visible = False

    look_at(window, columns[1])

    assert drawn(window).max() == 0
    columns[1].visible = True
    assert drawn(window).min() == 255


def test_what_is_moved_into_the_view_is_drawn(
    window: Window, columns: list[Layer]
) -> None:
    columns[0].visible = False
    assert drawn(window).max() == 0

    columns[2].translate = (0, 0)

    assert drawn(window).min() == 255


def test_all_layers_are_drawn_in_a_figure_of_all_and_in_3d(
    window: Window, columns: list[Layer]
) -> None:
    drawn(window)

    whole = window.viewer.export_figure(scale_factor=0.05, flash=False)

    bright = np.flatnonzero((whole[..., :3].min(axis=2) > 100).any(axis=0))
    assert np.count_nonzero(np.diff(bright) > 1) == len(columns) - 1
    window.viewer.dims.ndisplay = 3
    drawn(window)
    assert visible(window, columns) == [True] * 3


def test_layers_of_all_kinds_are_drawn_again(
    window: Window, columns: list[Layer]
) -> None:
    far = {"translate": (0, 10_000), "metadata": {"idr": {}}}
    viewer, square = window.viewer, [[0, 0], [0, 9], [9, 9], [9, 0]]
    layers = [
        viewer.add_points(square, text={"string": list("ABCD")}, **far),
        viewer.add_vectors([[[0, 0], [9, 9]]], **far),
        viewer.add_shapes([square], **far),
        viewer.add_labels(np.ones((9, 9), int), **far),
    ]
    drawn(window)
    assert not any(visible(window, layers))

    look_at(window, columns[1])
    drawn(window)

    assert all(visible(window, layers))


def test_only_what_is_near_follows_the_canvas(
    window: Window, columns: list[Layer]
) -> None:
    camera, mine = window.viewer.scene.camera, window.viewer.add_points([[0, 50_000]])
    drawn(window)
    before = columns[1].scale_factor

    camera.zoom = 4
    drawn(window)
    followed = [layer.scale_factor for layer in (*columns[:2], mine)]
    look_at(window, columns[1])
    drawn(window)

    assert followed == [1 / 4, before, 1 / 4]
    assert columns[1].scale_factor == 1 / 2
    window.viewer.layers.remove(columns[0])  # it is far now
    assert "_update_draw" not in vars(columns[0])


def test_layers_of_others_are_left_alone(window: Window, columns: list[Layer]) -> None:
    mine = window.viewer.add_points([[0, 50_000]])
    drawn(window)

    assert visible(window, [mine, columns[1]]) == [True, False]
