"""What is put into the viewer, and what is remembered with it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtWidgets import QComboBox, QTabWidget

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_idr import demo
    from support.fixtures import MakePerson
    from support.person import Person

MITOSIS, TWO_RUNS = "idr0901-demo-mitosis/screenA", "DM0002_02 two runs/[µ]"
PLATE = "DM0001_01"
TISSUE = "idr0904-demo-tissue/experimentA"
STACKS = "stacks/z and t"
KINDS = "kinds of image [8 bit, float & RGB]"

KEYS = {
    "version", "server", "study", "plate", "run", "field", "well", "image",
    "annotations", "pixel_source", "licence", "doi", "web_url", "query",
}  # fmt: skip


def open_image(person: Person, dataset: str, image: str) -> list[Layer]:
    """Browse to an image of the project, open it, and return its layers."""
    before = set(map(id, person.viewer.layers))
    person.find("idr_tabs", QTabWidget).setCurrentIndex(1)
    person.until(lambda: person.is_idle and TISSUE in person.rows())
    person.open(TISSUE)
    person.open(TISSUE, dataset)
    person.click_line(TISSUE, dataset, image, double=True)
    person.until(lambda: len(person.viewer.layers) > len(before))
    person.until_idle()
    return [layer for layer in person.viewer.layers if id(layer) not in before]


def about(layer: Layer) -> dict[str, Any]:
    """Return what a layer remembers, after a journey through JSON."""
    found: dict[str, Any] = json.loads(json.dumps(layer.metadata["idr"]))
    return found


@pytest.fixture
def person(idr: demo.Archive, make_person: MakePerson) -> Person:
    return make_person(idr.url)


def test_a_mosaic_remembers_where_it_comes_from(
    person: Person, idr: demo.Archive
) -> None:
    person.find_plate("CDC20", MITOSIS, PLATE)

    person.show_plate()

    for layer in person.viewer.layers:
        known = about(layer)
        assert set(known) >= KEYS
        assert known["server"] == idr.url
        assert known["plate"] == {"id": 7101, "name": PLATE}
        assert known["pixel_source"] == "thumbnail"
        assert "not to measure" in known["pixel_source_words"]
        assert known["study"]["name"] == MITOSIS
        assert known["query"] == {"key": "gene", "value": "CDC20"}
        assert "CC BY 4.0" in known["licence"]


def test_the_wells_table_names_genes_hits_and_controls(person: Person) -> None:
    person.find_plate("CDC20", MITOSIS, PLATE)

    person.show_plate()

    table = person.viewer.layers[f"{PLATE}, field 1 wells"].features
    assert len(table) == 96
    assert set(table["well"][table["hit"]]) == {"C4", "C5", "F9"}


def test_another_field_uses_the_same_layers(person: Person) -> None:
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    before = list(person.viewer.layers)

    person.choose("idr_field", "3 / 4")
    person.until(lambda: person.viewer.layers[0].name == f"{PLATE}, field 3")
    person.until_idle()

    assert [a is b for a, b in zip(person.viewer.layers, before, strict=True)]
    assert about(person.viewer.layers[0])["field"] == 2


def test_another_run_uses_the_same_layers(person: Person) -> None:
    person.find_plate("CDC20", MITOSIS, TWO_RUNS)
    person.show_plate()
    before = list(person.viewer.layers)

    second = person.find("idr_run", QComboBox).itemText(1)
    person.choose("idr_run", second)
    person.until(lambda: person.viewer.layers[0].metadata["idr"]["run"]["id"] == 8552)
    person.until_idle()

    assert list(person.viewer.layers) == before
    assert second in person.viewer.layers[0].name


def test_a_person_s_own_layers_are_left_alone(person: Person) -> None:
    mine = person.viewer.add_image(np.zeros((8, 8)), name="mine", visible=False)
    person.find_plate("CDC20", MITOSIS, PLATE)

    person.show_plate()
    open_image(person, KINDS, "float.dv")

    assert person.viewer.layers[0] is mine
    assert (mine.name, mine.visible, mine.metadata) == ("mine", False, {})


def test_a_plate_of_1536_wells_is_shown(person: Person) -> None:
    person.choose("idr_key", "Compound")
    person.find_plate(
        "nocodazole",
        "idr0903-demo-compound/screenB",
        "CP1536 α {batch 3}",  # noqa: RUF001
    )

    person.show_plate()

    assert "1536" in person.status or "1,536" in person.status
    assert len(person.viewer.layers[1].features) == 1536


def test_each_channel_is_a_layer_with_its_colour_and_window(person: Person) -> None:
    layers = open_image(person, KINDS, "8 bit, two channels")

    assert len(layers) == 2
    for layer in layers:
        low, high = layer.contrast_limits
        assert low < high
        assert not layer.rgb
        assert layer.scale[-1] == pytest.approx(0.5)
        assert str(layer.units[-1]) in ("micrometer", "um")
        assert set(about(layer)) >= KEYS


def test_a_stack_has_its_dimensions(person: Person) -> None:
    layers = open_image(person, STACKS, "stack c3 z5 t7.ome.tiff")

    assert len(layers) == 3
    for layer in layers:
        assert layer.data.shape == (7, 5, 200, 256)
        assert tuple(layer.axis_labels) == ("t", "z", "y", "x")
        assert layer.scale[-3:] == pytest.approx([0.5, 0.1, 0.1])


def test_colours_are_one_layer(classic: demo.Archive, make_person: MakePerson) -> None:
    person = make_person(classic.url)

    (layer,) = open_image(person, KINDS, "H&E brightfield €uro.png")

    assert layer.rgb


def test_a_thumbnail_is_called_one(person: Person) -> None:
    (layer,) = open_image(person, KINDS, "no pixel size, no channel names")

    assert layer.name.endswith("[thumbnail]")
    assert about(layer)["pixel_source"] == "thumbnail"
    assert person.text("idr_badge") == "THUMBNAIL"


def test_an_image_without_a_pixel_size_is_measured_in_px(
    classic: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(classic.url)

    layers = open_image(person, KINDS, "no pixel size, no channel names")

    assert len(layers) >= 1
    assert {str(layer.units[-1]) for layer in layers} == {"pixel"}
    assert all(layer.scale[-1] == 1 for layer in layers)


@pytest.mark.parametrize("plate_first", [True, False])
def test_plates_and_images_share_a_unit_whichever_comes_first(
    person: Person, plate_first: bool
) -> None:
    def show_plate() -> None:
        person.find("idr_tabs", QTabWidget).setCurrentIndex(0)
        person.find_plate("CDC20", MITOSIS, PLATE)
        person.show_plate()
        person.until(lambda: any(PLATE in one.name for one in person.viewer.layers))

    if plate_first:
        show_plate()
    image = open_image(person, STACKS, "stack c3 z5 t7.ome.tiff")
    if not plate_first:
        show_plate()
        person.until(
            lambda: any("headings" in one.name for one in person.viewer.layers)
        )

    assert {layer.units[-1] for layer in person.viewer.layers} == {image[0].units[-1]}


def test_a_plate_has_the_scale_of_its_own_images(person: Person) -> None:
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    person.select(MITOSIS, TWO_RUNS)
    person.show_plate()
    open_image(person, STACKS, "stack c3 z5 t7.ome.tiff")
    wells = person.viewer.layers[f"{PLATE}, field 1 wells"]
    assert cell_width_um(wells) == pytest.approx(256 * 0.1)

    open_well(person, wells, "C4")
    person.until(lambda: cell_width_um(wells) == pytest.approx(672 * 0.645))
    own = extents(person)
    open_image(person, KINDS, "8 bit, two channels")

    assert extents(person) == own


def test_plates_never_lie_on_each_other(person: Person) -> None:
    for plate in (PLATE, TWO_RUNS):
        person.find_plate("CDC20", MITOSIS, plate)
        person.show_plate()
    open_image(person, STACKS, "stack c3 z5 t7.ome.tiff")
    open_well(person, person.viewer.layers[f"{PLATE}, field 1 wells"], "C4")
    person.until(lambda: len(extents(person)) == 2)

    del person.viewer.layers[f"{PLATE}, field 1"]
    person.find("idr_tabs", QTabWidget).setCurrentIndex(0)
    person.find_plate("CDC20", "idr0902-demo-kinome/screenA", "KN384-02")
    person.show_plate()

    (low, high), (next_low, next_high) = extents(person).values()
    assert high[0] < next_low[0] or next_high[0] < low[0]


def cell_width_um(wells: Layer) -> float:
    """Return how wide a thumbnail of 96 px is in the world."""
    assert str(wells.units[-1]) in ("micrometer", "um")
    return float(96 * wells.scale[-1])


def extents(person: Person) -> dict[str, list[list[float]]]:
    """Return from where to where each mosaic reaches in the world, (y, x)."""
    return {
        layer.name: layer.extent.world[:, -2:].tolist()
        for layer in person.viewer.layers
        if layer.metadata.get("idr", {}).get("image") is None
        and getattr(layer, "rgb", False)
    }


def open_well(person: Person, wells: Layer, label: str) -> None:
    """Double-click a well of a mosaic and wait for its image."""
    line = wells.features["well"].tolist().index(label)
    place = wells.data_to_world(wells.data[line])
    event = SimpleNamespace(position=place, modifiers=())
    before = len(person.viewer.layers)
    for answer in list(person.viewer.mouse_double_click_callbacks):
        answer(person.viewer, event)
    person.until(lambda: len(person.viewer.layers) > before)
    person.until_idle()


def test_the_contrast_can_be_set_from_what_the_pixels_hold(person: Person) -> None:
    layers = open_image(person, STACKS, "stack c3 z5 t7.ome.tiff")
    for layer in layers:
        layer.contrast_limits = (60_000.0, 65_000.0)

    person.click("idr_reset_contrast")

    for layer in layers:
        low, high = layer.contrast_limits
        plane = np.asarray(layer.data[0, 2])
        assert plane.min() <= low < high <= plane.max()
        assert ((plane > low) & (plane < high)).mean() > 0.5


def test_channels_can_be_seen_on_a_light_canvas_too(person: Person) -> None:
    person.viewer.theme = "light"

    layers = open_image(person, STACKS, "stack c3 z5 t7.ome.tiff")

    blendings = [layer.blending for layer in layers if layer.visible]
    assert blendings == ["translucent_no_depth", "additive", "additive"]


def test_an_image_stays_in_sight_with_another_theme(person: Person) -> None:
    person.viewer.theme = "dark"
    layers = open_image(person, STACKS, "stack c3 z5 t7.ome.tiff")
    assert {layer.blending for layer in layers} == {"additive"}

    person.viewer.theme = "light"
    light = [layer.blending for layer in layers if layer.visible]
    person.viewer.theme = "dark"

    assert light == ["translucent_no_depth", "additive", "additive"]
    assert {layer.blending for layer in layers} == {"additive"}


def test_another_theme_leaves_what_a_person_has_blended(person: Person) -> None:
    person.viewer.theme = "dark"
    layers = open_image(person, STACKS, "stack c3 z5 t7.ome.tiff")
    layers[1].blending = "minimum"

    person.viewer.theme = "light"
    light = [layer.blending for layer in layers]
    layers[1].blending = "translucent_no_depth"
    person.viewer.theme = "dark"

    assert "translucent_no_depth" not in light
    assert layers[1].blending == "translucent_no_depth"
