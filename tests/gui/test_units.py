"""All layers of a viewer can be compared, and nobody's own layer is changed."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_idr._qt.layers.units import SceneUnits
from support.guards import settle


@pytest.fixture
def viewer(qapp: object) -> ViewerModel:
    return ViewerModel()


def add_ours(viewer: ViewerModel, units: SceneUnits, unit: str = "um") -> Image:
    layer = Image(np.zeros((4, 4)), scale=(0.5, 0.5), units=(unit, unit))
    units.set(layer, layer.units)
    viewer.add_layer(layer)
    return layer


def unit_of(layer: Image) -> str:
    return str(layer.units[-1])


@pytest.mark.parametrize("theirs_first", [True, False])
def test_beside_a_layer_in_px_ours_is_in_px_as_well(
    viewer: ViewerModel, theirs_first: bool
) -> None:
    units = SceneUnits(viewer)
    if theirs_first:
        viewer.add_image(np.zeros((4, 4)), name="mine")
    ours = add_ours(viewer, units)
    if not theirs_first:
        viewer.add_image(np.zeros((4, 4)), name="mine")

    assert unit_of(ours) == unit_of(viewer.layers["mine"]) == "pixel"
    assert viewer.layers.extent.units is not None
    np.testing.assert_allclose(ours.scale, 0.5)


def test_it_is_in_um_again_when_the_other_is_gone(viewer: ViewerModel) -> None:
    units = SceneUnits(viewer)
    ours = add_ours(viewer, units)
    viewer.add_image(np.zeros((4, 4)), name="mine")

    viewer.layers.remove("mine")
    settle()

    assert unit_of(ours) == "micrometer"


def test_lengths_of_others_can_be_compared(viewer: ViewerModel) -> None:
    units = SceneUnits(viewer)
    ours = add_ours(viewer, units)

    viewer.add_image(np.zeros((4, 4)), units=("nm", "nm"))

    assert unit_of(ours) == "micrometer"


def test_a_layer_that_gets_its_size_later_brings_um_back(viewer: ViewerModel) -> None:
    units = SceneUnits(viewer)
    ours = add_ours(viewer, units)
    mine = viewer.add_image(np.zeros((4, 4)))

    mine.units = ("um", "um")

    assert unit_of(ours) == "micrometer"


def test_two_of_ours_of_which_one_has_no_size_are_both_in_px(
    viewer: ViewerModel,
) -> None:
    units = SceneUnits(viewer)
    ours, other = add_ours(viewer, units), add_ours(viewer, units, "pixel")
    assert unit_of(ours) == unit_of(other) == "pixel"

    viewer.layers.remove(other)
    settle()

    assert unit_of(ours) == "micrometer"
