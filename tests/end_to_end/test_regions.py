"""Regions lie over their image, thousands of them too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.layers import Labels

from support.pixels import open_image

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_idr import demo
    from support.person import Person
    from support.window import Window

TISSUE = "idr0904-demo-tissue/experimentA"
CROWDED = ("kinds of image [8 bit, float & RGB]", "thousands of regions")
CROWDED_ID = 9208
MANY = 4000


def add_regions(window: Window, person: Person) -> Layer:
    """Show the regions of the opened image; return their layer."""
    count = len(window.names)
    person.click("idr_regions")
    person.until(lambda: len(window.names) > count and person.is_idle)
    (layer,) = window.viewer.layers[count:]
    return layer


@pytest.mark.parametrize("face", ["classic", "idr"])
def test_each_region_lies_on_its_cell(
    window: Window, request: pytest.FixtureRequest, face: str
) -> None:
    # What the one face draws in full, the other has a preview of, and no more.
    archive: demo.Archive = request.getfixturevalue(face)
    person = window.browse(archive.url)
    image = open_image(window, person, TISSUE, *CROWDED)[0]

    layer = add_regions(window, person)

    whole = archive.world.images[CROWDED_ID]
    part = np.array(image.data.shape[:2]) / (whole.size_y, whole.size_x)
    rois = archive.world.rois[CROWDED_ID]
    assert isinstance(layer, Labels)
    assert len(rois) == len(layer.features) > MANY
    ids = dict(zip(layer.features["index"], layer.features["roi_id"], strict=True))
    for roi in rois[:: len(rois) // 50]:
        shown = roi.shapes[0].geometry
        center = np.array([shown["Y"], shown["X"]]) * part - 0.5
        assert ids[layer.get_value(image.data_to_world(center), world=True)] == roi.id
