"""Regions lie over their image, thousands of them too, and don't hold up the window."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.layers import Labels

from support.guards import settle
from support.heartbeat import calm
from support.pixels import look, open_image, quiet

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_idr import demo
    from support.person import Person
    from support.window import Window

TISSUE = "idr0904-demo-tissue/experimentA"
CROWDED = ("kinds of image [8 bit, float & RGB]", "thousands of regions")
CROWDED_ID = 9208
MANY = 4000

ROUNDS = 5
WORST = 1.5
"""How many times what a repaint takes without regions it may take with them."""


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


def test_thousands_of_regions_leave_the_window_fluent(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    images = open_image(window, person, TISSUE, *CROWDED)
    regions = add_regions(window, person)
    assert len(regions.features) > MANY

    taken: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * ROUNDS + 2):
        regions.visible = number % 2 == 0
        settle()
        quiet(window, person)
        took = tour_ms(window, images[0])
        if number > 1:  # the first draw with code that napari hasn't loaded before
            taken[regions.visible].append(took)

    with_them, without = (statistics.median(taken[shown]) for shown in (True, False))
    assert with_them <= WORST * without, taken


def tour_ms(window: Window, layer: Layer) -> float:
    """Return what a repaint takes on average while one zooms in, pans and zooms out."""
    center = np.array(layer.data.shape[-2:]) / 2
    zooms = np.geomspace(0.25, 4, 4)
    views = [(center, zoom) for zoom in zooms]
    views += [(center + step, 4.0) for step in (40, 80, 120)]
    views += [(center, zoom) for zoom in zooms[::-1]]
    with calm():
        began = time.perf_counter()
        for place, zoom in views:
            look(window, layer, tuple(place), zoom)
            window.canvas.repaint()
            settle()
        return 1000 * (time.perf_counter() - began) / len(views)
