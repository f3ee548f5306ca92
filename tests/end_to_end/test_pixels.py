"""What is seen of an image is true, named for what it is, and asked for once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.layers import Image, Labels, Points, Shapes

from napari_idr.demo import pixels
from support.guards import settle
from support.pixels import look, open_image, quiet

if TYPE_CHECKING:
    from napari_idr import demo
    from support.window import Window

MITOSIS, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
TISSUE = "idr0904-demo-tissue/experimentA"
STACKS, STACK = "stacks/z and t", "stack c3 z5 t7.ome.tiff"
HIT = (2, 3)  # well C4 carries CDC20
PLATE_LAYERS, WELLS = 4, 96


def test_zooming_into_a_plate_shows_the_images_in_sight_and_no_others(
    window: Window, idr: demo.Archive
) -> None:
    person = window.browse(idr.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    marks = window.layer(f"{PLATE}, field 1 hits")
    mosaic = window.layer(f"{PLATE}, field 1")
    height, width = (73 + 4, 96 + 4)
    center = (HIT[0] * height + 36.0, HIT[1] * width + 47.5)
    idr.requests.clear()

    look(window, marks, center, zoom=12.0)
    person.until(lambda: mosaic.data_level == 0 and len(idr.requests) > 0)
    quiet(window, person)

    assert len(images_asked(idr)) == 1
    count = len(idr.requests)

    look(window, marks, center, zoom=2.0)
    quiet(window, person)
    look(window, marks, center, zoom=12.0)
    quiet(window, person)

    assert len(idr.requests) == count


def test_a_picture_of_all_that_is_shown_leaves_nothing_to_ask_for_out_of_sight(
    window: Window, idr: demo.Archive
) -> None:
    person = window.browse(idr.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    mosaic = window.layer(f"{PLATE}, field 1")
    window.double_click(window.well_point(mosaic, "C4"))
    person.until(lambda: len(window.names) > PLATE_LAYERS)
    quiet(window, person)
    idr.requests.clear()

    window.viewer.export_figure()
    quiet(window, person)

    assert len(images_asked(idr)) < WELLS / 3
    # In sight again what had not come does.
    marks = window.layer(f"{PLATE}, field 1 hits")
    idr.requests.clear()
    look(window, marks, (7 * (73 + 4) + 36.0, 11 * (96 + 4) + 47.5), zoom=4.0)
    person.until(lambda: bool(images_asked(idr)))
    quiet(window, person)
    assert mosaic.data_level < len(mosaic.data) - 1


def images_asked(archive: demo.Archive) -> set[str]:
    paths = (request.path for request in archive.requests)
    return {path for path in paths if path.startswith("/api/v0/m/images/")}


def test_a_stack_holds_the_numbers_of_the_archive(
    window: Window, idr: demo.Archive
) -> None:
    person = window.browse(idr.url)
    layers = open_image(window, person, TISSUE, STACKS, STACK)
    image = next(i for i in idr.world.images.values() if i.name == STACK)

    for c, layer in enumerate(layers):
        assert layer.name.endswith("[raw]")
        assert layer.data.shape == (7, 5, 200, 256)
        for t, z in [(0, 2), (6, 4)]:
            seen = np.asarray(layer.data[t, z])
            np.testing.assert_array_equal(seen, pixels.plane(image, c, z, t))


def test_the_maximum_over_z_is_that_of_all_planes(
    window: Window, idr: demo.Archive
) -> None:
    person = window.browse(idr.url)
    planes = open_image(window, person, TISSUE, STACKS, STACK)
    image = next(i for i in idr.world.images.values() if i.name == STACK)

    person.click("idr_projection")
    person.until(lambda: len(window.viewer.layers) == 2 * len(planes))
    person.until_idle()

    for c, layer in enumerate(window.viewer.layers[len(planes) :]):
        assert layer.name.endswith("[raw, max z]")
        expected = np.max([pixels.plane(image, c, z, 0) for z in range(5)], axis=0)
        np.testing.assert_array_equal(np.asarray(layer.data[0]).squeeze(), expected)
    assert [layer.visible for layer in planes] == [False] * len(planes)


def test_regions_lie_over_their_image(window: Window, idr: demo.Archive) -> None:
    person = window.browse(idr.url)
    planes = open_image(window, person, TISSUE, STACKS, STACK)

    person.click("idr_regions")
    person.until(lambda: len(window.viewer.layers) > len(planes) and person.is_idle)

    added = window.viewer.layers[len(planes) :]
    assert {type(layer) for layer in added} <= {Shapes, Points, Labels}
    shapes = next(layer for layer in added if isinstance(layer, Shapes))
    assert {"roi_id", "shape_id", "kind", "name", "text"} <= set(shapes.features)
    np.testing.assert_allclose(shapes.scale[-2:], planes[0].scale[-2:])


@pytest.mark.parametrize("face", ["classic", "idr"])
def test_a_mask_covers_what_it_covers_and_no_more(
    window: Window, request: pytest.FixtureRequest, face: str
) -> None:
    archive: demo.Archive = request.getfixturevalue(face)
    person = window.browse(archive.url)
    [image, *_] = planes = open_image(window, person, TISSUE, STACKS, STACK)

    person.click("idr_regions")
    person.until(lambda: len(window.viewer.layers) > len(planes) and person.is_idle)

    masks = next(one for one in window.viewer.layers if one.name.endswith("ROI masks"))
    assert isinstance(masks, Labels)
    assert masks.features["kind"].tolist() == ["mask"]
    # A disc of 24 px at (100, 180), at the first time and every depth.
    places = {(112, 192): 1, (102, 192): 1, (101, 181): 0, (126, 192): 0}
    for place, number in places.items():
        for plane, there in ((0, 3), number), ((4, 3), 0):
            window.viewer.dims.current_step = (*plane, 0, 0)
            settle()
            world = image.data_to_world((*plane, *place))
            assert (masks.get_value(world, world=True) or 0) == there


@pytest.mark.parametrize(
    ("face", "badge", "suffix", "source"),
    [("idr", "RAW", "[raw]", "raw"), ("classic", "RENDERED JPEG", "[rendered jpeg]",
     "rendered-jpeg")],
)  # fmt: skip
def test_panel_name_and_metadata_agree_on_the_source(
    window: Window,
    idr: demo.Archive,
    classic: demo.Archive,
    face: str,
    badge: str,
    suffix: str,
    source: str,
) -> None:
    archive = idr if face == "idr" else classic
    person = window.browse(archive.url)
    layers = open_image(window, person, TISSUE, STACKS, STACK)

    assert person.text("idr_badge") == badge
    assert all(layer.name.endswith(suffix) for layer in layers)
    assert {layer.metadata["idr"]["pixel_source"] for layer in layers} == {source}


def test_removing_the_layers_of_an_image_ends_its_requests(
    window: Window, idr: demo.Archive
) -> None:
    person = window.browse(idr.url)
    layers = open_image(window, person, TISSUE, STACKS, STACK)
    window.viewer.dims.set_current_step(0, 5)
    for layer in layers:
        window.viewer.layers.remove(layer)
    settle()
    quiet(window, person)
    count = len(idr.requests)

    window.viewer.dims.set_current_step(0, 6)
    settle()
    quiet(window, person)

    assert len(idr.requests) == count


def keep_back(archive: demo.Archive, what: str) -> None:
    """Let the store deny what is said of its images, or their pixels, or be gone."""
    if what == "all":
        archive.faults.drop("^/zarr/")
    else:
        match = "^/zarr/.*" + (
            r"/\.z|zarr\.json" if what == "metadata" else r"/[\d.]+$"
        )
        archive.faults.answer_next(403, times=-1, match=match)


@pytest.mark.parametrize("kept_back", ["metadata", "chunks", "all"])
def test_an_image_that_came_drawn_is_raw_once_its_store_is_open_again(
    window: Window, idr: demo.Archive, kept_back: str
) -> None:
    person = window.browse(idr.url)
    keep_back(idr, kept_back)
    drawn = open_image(window, person, TISSUE, STACKS, STACK)
    assert all(layer.name.endswith("[rendered]") for layer in drawn)
    assert "The raw pixels can't be read" in person.status

    person.click("idr_retry")  # nothing has changed
    person.until_idle()
    assert list(window.viewer.layers) == drawn
    assert all(layer.visible for layer in drawn)

    idr.faults.clear()
    person.click("idr_retry")
    person.until(lambda: len(window.viewer.layers) > len(drawn))
    person.until_idle()
    raw = list(window.viewer.layers)[len(drawn) :]
    assert all(layer.name.endswith("[raw]") for layer in raw)
    assert not any(layer.visible for layer in drawn)
    assert person.find("idr_retry").isHidden()

    person.click("idr_open_image")
    person.until_idle()
    assert list(window.viewer.layers) == [*drawn, *raw]


def test_a_chunk_that_was_hidden_is_seen_once_the_image_is_opened_again(
    window: Window, idr: demo.Archive
) -> None:
    person = window.browse(idr.url)
    shard = r"/zarr/.*/0/c/0/1/2/0/0"  # t = 0, c = 1, z = 2, where it opens
    idr.faults.answer_next(403, times=-1, match=shard)
    layers = open_image(window, person, TISSUE, STACKS, STACK)
    image = next(i for i in idr.world.images.values() if i.name == STACK)
    assert "are hidden: shown as empty" in person.status
    assert not shown(layers[1]).any()
    asked = len(idr.requests.matching(shard))
    for z in (3, 2):
        window.viewer.dims.set_current_step(1, z)
        settle()
        quiet(window, person)
    assert len(idr.requests.matching(shard)) == asked

    idr.faults.clear()
    person.click("idr_open_image")
    true = pixels.plane(image, 1, 2, 0)

    person.until(lambda: person.is_idle and np.array_equal(shown(layers[1]), true))
    assert list(window.viewer.layers) == layers
    assert "hidden" not in person.status
    count = len(idr.requests)
    person.click("idr_open_image")
    person.until_idle()
    quiet(window, person)
    assert len(idr.requests) == count


def shown(layer: Image) -> np.ndarray:
    """Return the plane that the canvas shows."""
    plane: np.ndarray = layer._slice.image.raw
    return plane
