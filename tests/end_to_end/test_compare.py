"""Images side by side: wells, hits, controls, fields, under one contrast."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QPushButton, QTabWidget

from napari_idr import open_session
from napari_idr._qt.layers import adding
from napari_idr._qt.layers.scene import scene_of
from napari_idr._qt.wells.dock import open_wells
from napari_idr.demo.faults import FOREVER
from support.guards import settle
from support.person import LEFT
from support.window import turns_of_layers

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_idr import demo
    from support.person import Person
    from support.window import Window

MITOSIS = "idr0901-demo-mitosis/screenA"
PLATE = "DM0001_01"
MOSAIC = f"{PLATE}, field 1"
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(params=["idr", "classic"])
def server(
    request: pytest.FixtureRequest, classic: demo.Archive, idr: demo.Archive
) -> demo.Archive:
    return classic if request.param == "classic" else idr


def with_plate(window: Window, address: str) -> Person:
    """Show the plate with the hits of CDC20."""
    person = window.browse(address)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    person.until_idle()
    person.until(lambda: MOSAIC in window.names)
    settle()
    return person


def shift_click(window: Window, *wells: str) -> None:
    for well in wells:
        place = window.well_point(window.layer(MOSAIC), well)
        QTest.mouseMove(window.canvas, place)
        QTest.mouseClick(window.canvas, LEFT, SHIFT, place)
        settle()


def compare(person: Person, window: Window, button: str = "idr_compare") -> None:
    """Press a button, and wait until all pixels that are looked at are there."""
    before = len(strips(window))
    person.click(button)
    person.until(lambda: len(strips(window)) > before)
    person.until_idle()
    until_drawn(person, window)


def until_drawn(person: Person, window: Window) -> None:
    viewing = person.browser._scene.viewing
    person.until(lambda: window.paint() or viewing.scheduler.wait_until_idle(0.05))
    settle()


def keep_store_back(archive: demo.Archive, how: str) -> None:
    """Let the raw pixels of an archive be denied, or not be there."""
    if how == "gone":
        archive.faults.drop("^/zarr/")
    else:
        archive.faults.answer_next(403, match="^/zarr/", times=FOREVER)


def strips(window: Window) -> list[Layer]:
    """Return the layers of channels of all comparisons."""
    return [one for one in window.viewer.layers if "compared" in idr_of(one)]


def idr_of(layer: Layer) -> dict[str, Any]:
    found: dict[str, Any] = layer.metadata.get("idr", {})
    return found


def wells_of(layer: Layer) -> list[str]:
    return [one["well"] for one in idr_of(layer)["compared"]]


def test_shift_clicked_wells_lie_side_by_side(
    window: Window, server: demo.Archive
) -> None:
    person = with_plate(window, server.url)

    shift_click(window, "C4", "C5", "A1")
    button = person.find("idr_compare", QPushButton)
    assert button.text() == "Compare 3 images"
    compare(person, window)

    layers = strips(window)
    raw = "[raw]" in layers[0].name
    assert [one.name.split(" · ")[0] for one in layers] == ["Cy3", "DAPI"]
    assert all(" · compare CDC20 + 2 [" in one.name for one in layers)
    assert wells_of(layers[0]) == ["C4", "C5", "A1"]
    assert len({tuple(one.contrast_limits) for one in layers}) <= 2
    assert {str(unit) for one in layers for unit in one.units} == {"micrometer"}
    assert "3 images side by side in 2 channels, one contrast for all." in person.status
    assert ("drawn by the server in 8 bits" in person.status) is not raw
    person.until(lambda: not [n for n in window.names if n.endswith("[thumbnail]")])
    captions = next(one for one in window.viewer.layers if "captions" in one.name)
    texts = [text.split("\n") for text in captions.features["label"]]
    assert [text[-1] for text in texts[:3]] == [
        "C4, field 1",
        "C5, field 1",
        "A1, field 1",
    ]
    assert PLATE in texts[3][0]


def test_each_channel_of_a_comparison_has_a_turn(
    window: Window, idr: demo.Archive
) -> None:
    person = with_plate(window, idr.url)
    shift_click(window, "C4", "C5")

    with turns_of_layers(window.viewer) as turns:
        compare(person, window)

    channels = len(strips(window))
    assert channels == 2
    assert len(set(turns[-channels:])) == channels


def test_pixels_may_come_before_the_layers_that_wait_for_their_turn(
    window: Window, classic: demo.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = with_plate(window, classic.url)
    shift_click(window, "C4", "C5")

    monkeypatch.setattr(adding, "PAUSE_MS", 700)
    compare(person, window)

    assert len(strips(window)) == 2
    assert [n for n in window.names if "captions" in n]
    person.until(lambda: not [n for n in window.names if n.endswith("[thumbnail]")])


def test_captions_are_hidden_where_they_would_lie_across_the_strip(
    window: Window, idr: demo.Archive
) -> None:
    person = with_plate(window, idr.url)
    shift_click(window, "C4", "C5")
    compare(person, window)
    captions = next(one for one in window.viewer.layers if "captions" in one.name)
    assert all(captions.features["label"])
    dims = window.viewer.dims

    dims.transpose()

    person.until(lambda: not any(captions.features["label"]))
    assert len(captions.data) == 3
    dims.transpose()
    person.until(lambda: captions.features["label"].iloc[-1] != "")
    dims.ndisplay = 3
    person.until(lambda: not any(captions.features["label"]))
    dims.ndisplay = 2
    person.until(lambda: captions.features["label"].iloc[-1] != "")


def test_a_strip_stays_in_sight_with_another_theme(
    window: Window, idr: demo.Archive
) -> None:
    window.viewer.theme = "dark"
    person = with_plate(window, idr.url)
    shift_click(window, "C4", "C5")
    compare(person, window)
    person.until(lambda: not [n for n in window.names if n.endswith("[thumbnail]")])

    before = [one.blending for one in strips(window)]
    window.viewer.theme = "light"
    light = [one.blending for one in strips(window)]
    window.viewer.theme = "dark"

    assert set(before) == {"additive"}
    assert light == ["translucent_no_depth", *before[1:]]
    assert [one.blending for one in strips(window)] == before


def test_equal_numbers_are_equal_colours_in_every_cell(
    window: Window, idr: demo.Archive
) -> None:
    person = with_plate(window, idr.url)
    shift_click(window, "C4", "A1")
    compare(person, window)
    layer = strips(window)[-1]
    for other in [one for one in window.viewer.layers if one is not layer]:
        other.visible = False
    camera = window.viewer.scene.camera
    height, width = layer.data[0].shape[-2:]
    camera.center = layer.data_to_world((height / 2, width / 2))[-2:]
    camera.zoom = 3 / layer.scale[-1]  # three px of the screen for each number
    until_drawn(person, window)

    picture = window.viewer.screenshot(canvas_only=True, flash=False)
    factor = picture.shape[1] / window.canvas.width()
    numbers = np.asarray(layer.data[0])
    half = 80  # within the canvas
    colours: dict[int, dict[int, set[tuple[int, ...]]]] = {0: {}, 1: {}}
    for y in range(height // 2 - 60, height // 2 + 60):
        for x in range(width // 2 - half, width // 2 + half):
            place = window.canvas_point(layer.data_to_world((y, x)))
            pixel = picture[int(place.y() * factor), int(place.x() * factor), :3]
            side = int(x > width // 2)
            found = colours[side].setdefault(int(numbers[y, x]), set())
            found.add(tuple(map(int, pixel)))

    shared = set(colours[0]) & set(colours[1]) - {0}
    assert len(shared) > 20
    for number in shared:
        assert colours[0][number] == colours[1][number]
        assert len(colours[0][number]) == 1


def test_a_strip_of_eight_wells_asks_for_each_thing_once(
    window: Window, server: demo.Archive
) -> None:
    person = with_plate(window, server.url)
    shift_click(window, *(f"B{column}" for column in range(2, 10)))
    server.requests.clear()

    compare(person, window)

    asked = [f"{one.path}?{one.query}" for one in server.requests]
    assert len(asked) == len(set(asked))
    thumbnails = [one for one in asked if "get_thumbnails" in one]
    assert len(thumbnails) == 1
    pixels = [
        one
        for one in asked
        if "/webgateway/render" in one or re.search(r"(/\d+){3,}\?$", one)
    ]
    # Two channels of each: a picture, or the six chunks of its only level.
    assert len(pixels) in (16, 96)
    server.requests.clear()
    window.paint()
    until_drawn(person, window)
    assert len(server.requests) == 0


def test_a_hit_lies_beside_controls_of_its_plate(
    window: Window, server: demo.Archive
) -> None:
    person = with_plate(window, server.url)
    select(person, window, "C4")

    compare(person, window, "idr_with_controls")

    layer = strips(window)[0]
    assert wells_of(layer) == ["C4", "C1", "B1", "C12", "A12"]
    assert "2 of 12 negative controls, the nearest." in person.status
    captions = next(one for one in window.viewer.layers if "captions" in one.name)
    texts = list(captions.features["label"])
    assert "CDC20" in texts[0]
    assert texts[1].startswith("negative")
    assert "positive" in texts[3]


def test_controls_that_only_annotations_tell_of_are_marked_once_they_are_known(
    window: Window, classic: demo.Archive
) -> None:
    classic.faults.answer_next(404, match="table", times=FOREVER)
    person = with_plate(window, classic.url)
    select(person, window, "C4")
    scene = scene_of(window.viewer)
    [before] = scene.plates_shown
    assert before.controls == ()

    compare(person, window, "idr_with_controls")

    [after] = scene.plates_shown
    assert len(after.controls) == 16
    assert wells_of(strips(window)[0]) == ["C4", "C1", "B1", "C12", "A12"]


def test_a_row_of_the_wells_table_will_do_for_its_controls(
    window: Window, idr: demo.Archive
) -> None:
    person = with_plate(window, idr.url)
    select(person, window, "A2")
    dock = open_wells(window.viewer)
    wells = dock.panel.table.wells
    person.until(lambda: wells.rowCount() > 0 and dock.is_known)
    labels = [wells.text(row, 0) for row in range(wells.rowCount())]

    dock.panel.table.selectRow(labels.index("C4"))
    settle()
    compare(person, window, "idr_with_controls")

    assert wells_of(strips(window)[0])[0] == "C4"


def select(person: Person, window: Window, well: str) -> None:
    """Click a well, and wait until its image is known."""
    place = window.well_point(window.layer(MOSAIC), well)
    QTest.mouseMove(window.canvas, place)
    QTest.mouseClick(window.canvas, LEFT, pos=place)
    button = person.find("idr_all_fields", QPushButton)
    person.until(button.isEnabled)
    person.until_idle()


def test_all_fields_of_a_well_lie_as_the_stage_went(
    window: Window, server: demo.Archive
) -> None:
    person = with_plate(window, server.url)
    select(person, window, "C4")

    compare(person, window, "idr_all_fields")

    compared = idr_of(strips(window)[0])["compared"]
    assert [(one["row"], one["column"]) for one in compared] == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
    ]
    assert "Fields lie at their places on the stage" in person.status
    captions = next(one for one in window.viewer.layers if "captions" in one.name)
    assert "at stage positions" in list(captions.features["label"])[-1]


def test_a_double_click_opens_the_image_of_a_cell(
    window: Window, server: demo.Archive
) -> None:
    person = with_plate(window, server.url)
    shift_click(window, "C4", "C5")
    compare(person, window)
    layer = strips(window)[0]
    height, width = layer.data[0].shape[-2:]

    world = layer.data_to_world((height / 2, 3 * width / 4))
    window.double_click(window.canvas_point(world[-2:]))

    person.until(lambda: any("C5" in one and "[" in one for one in window.names))
    person.until_idle()
    opened = [one for one in window.viewer.layers if one.name.startswith("C5")]
    assert idr_of(opened[0])["well"]["label"] == "C5"
    ends = [one.extent.world[1, -2] for one in opened]
    assert strips(window)[0].extent.world[0, -2] > max(ends)  # below the image


def test_a_second_comparison_lies_below_the_first(
    window: Window, idr: demo.Archive
) -> None:
    person = with_plate(window, idr.url)
    shift_click(window, "C4", "C5")
    compare(person, window)
    first = strips(window)
    shift_click(window, "A1")
    compare(person, window)

    second = [one for one in strips(window) if one not in first]

    assert len(second) == 2
    bottom = max(one.extent.world[1, -2] for one in first)
    assert min(one.extent.world[0, -2] for one in second) > bottom


def test_layers_of_two_comparisons_of_one_gene_have_different_names(
    window: Window, idr: demo.Archive
) -> None:
    person = with_plate(window, idr.url)
    shift_click(window, "C4", "C5")
    compare(person, window)
    scene = scene_of(window.viewer)
    [shown] = scene.plates_shown
    cells = (shown.plan.grid.cells[row][column] for row, column in ((2, 3), (0, 0)))
    scene.plates.choose(shown.key, tuple(shown.id_of(one) for one in cells if one))
    compare(person, window)

    names = [one for one in window.names if "compare CDC20 + 1" in one]

    assert len(names) == len(set(names))
    apart = [one for one in names if "C4, A1 · compare CDC20 + 1" in one]
    assert len(apart) == len(names) / 2
    assert [one.split(" · ")[0] for one in apart if "[" in one][-2:] == ["Cy3", "DAPI"]


def test_a_strip_whose_layers_are_removed_is_gone_and_asks_for_no_more(
    window: Window, server: demo.Archive
) -> None:
    person = with_plate(window, server.url)
    shift_click(window, "C4", "C5")
    compare(person, window)
    scene = person.browser._scene

    for layer in strips(window):
        window.viewer.layers.remove(layer)
    settle()
    person.until(lambda: not [n for n in window.names if "compare" in n])

    assert scene.strips.numbers == ()
    person.until(lambda: person.status == "")
    person.until(lambda: scene.viewing.scheduler.wait_until_idle(0.05))
    server.requests.clear()
    window.paint()
    assert len(server.requests) == 0


def test_layers_removed_midway_end_what_was_asked_for(
    window: Window, server: demo.Archive
) -> None:
    person = with_plate(window, server.url)
    shift_click(window, "C4", "C5", "C6")
    # Pixels that had come would rightly stay without their thumbnails.
    server.faults.delay("get_thumbnails|/webgateway/render|/zarr/", 1500)
    person.click("idr_compare")
    person.until(lambda: any("[thumbnail]" in one for one in window.names))

    thumbnail = next(one for one in window.names if "[thumbnail]" in one)
    window.viewer.layers.remove(thumbnail)
    person.until(lambda: not [n for n in window.names if "compare" in n])
    server.faults.clear()

    person.until_idle()
    assert strips(window) == []


def test_a_comparison_can_be_cancelled(window: Window, server: demo.Archive) -> None:
    person = with_plate(window, server.url)
    shift_click(window, "C4", "C5")
    server.faults.delay("get_thumbnails", 3000)
    camera = window.viewer.scene.camera
    center, zoom = camera.center, camera.zoom
    person.click("idr_compare")
    person.until(lambda: any("[thumbnail]" in one for one in window.names))

    person.click("idr_cancel")

    assert person.status == "Cancelled."
    # One sees the plate again, not the empty place of the strip.
    for _ in range(5):
        settle()
        window.qtbot.wait(50)
    assert np.allclose(camera.center, center)
    assert camera.zoom == pytest.approx(zoom, rel=1e-3)
    assert window.viewer.layers.selection.active is window.layer(MOSAIC)
    server.faults.clear()
    person.until_idle()
    assert not [name for name in window.names if "compare" in name]
    compare(person, window)
    assert wells_of(strips(window)[0]) == ["C4", "C5"]


def test_a_server_that_is_gone_midway_is_told_and_asked_again(
    window: Window, server: demo.Archive
) -> None:
    person = with_plate(window, server.url)
    shift_click(window, "C4", "C5")
    server.faults.answer_next(500, match=r"/webgateway/render|/zarr/", times=FOREVER)
    person.click("idr_compare")
    person.until(lambda: person.find("idr_retry", QPushButton).isVisible())
    assert strips(window) == []
    assert any("[thumbnail]" in one for one in window.names)

    server.faults.clear()
    compare(person, window, "idr_retry")

    assert wells_of(strips(window)[0]) == ["C4", "C5"]
    person.until(lambda: len([n for n in window.names if "captions" in n]) == 1)


@pytest.mark.parametrize("kept_back", ["denied", "gone"])
def test_a_strip_that_came_drawn_is_raw_once_its_store_is_there_again(
    window: Window, idr: demo.Archive, kept_back: str
) -> None:
    person = with_plate(window, idr.url)
    wells = [f"B{column}" for column in range(2, 8)]
    shift_click(window, *wells)
    keep_store_back(idr, kept_back)
    compare(person, window)
    drawn = strips(window)
    assert {idr_of(one)["pixel_source"] for one in drawn} <= {
        "rendered",
        "rendered-lossless",
    }
    retry = person.find("idr_retry", QPushButton)
    assert retry.isVisible()
    assert "drawn by the server in 8 bits" in person.status

    person.click("idr_retry")  # nothing has changed
    person.until_idle()
    assert strips(window) == drawn
    assert retry.isVisible()

    idr.faults.clear()
    person.click("idr_retry")
    person.until(lambda: strips(window) not in ([], drawn))
    person.until_idle()
    until_drawn(person, window)
    raw = strips(window)
    assert [one.name for one in raw] == [
        one.name.split(" [")[0] + " [raw]" for one in drawn
    ]
    assert wells_of(raw[0]) == wells
    compared = [one["pixel_source"] for one in idr_of(raw[0])["compared"]]
    assert compared == ["raw"] * len(wells)
    assert np.asarray(raw[0].data[0]).max() > 0
    assert retry.isHidden()
    assert "8 bits" not in person.status
    person.until(lambda: not [n for n in window.names if n.endswith("[thumbnail]")])
    assert len([name for name in window.names if "captions" in name]) == 1


@pytest.mark.parametrize("kept_back", ["denied", "gone"])
def test_strips_of_a_session_that_came_drawn_are_raw_once_their_store_is_there_again(
    window: Window, idr: demo.Archive, kept_back: str
) -> None:
    person = with_plate(window, idr.url)
    shift_click(window, "B2", "B3", "B4", "B5")
    compare(person, window)
    saved = person.browser.session_saver.collect()
    [strip] = saved.strips
    halves = strip.cells[:2], strip.cells[2:]
    two = tuple(replace(strip, cells=half, groups=(), layers=()) for half in halves)
    saved = replace(saved, mosaics=(), search=None, strips=two)
    window.viewer.layers.clear()
    person.until_idle()
    keep_store_back(idr, kept_back)

    layers = open_session(window.viewer, saved)

    assert layers
    drawn = strips(window)
    assert all("rendered" in idr_of(one)["pixel_source"] for one in drawn)
    retry = person.find("idr_retry", QPushButton)
    assert retry.isVisible()
    assert "2 comparisons" in person.status
    assert "drawn by the server in 8 bits" in person.status

    person.click("idr_retry")  # nothing has changed
    person.until_idle()
    assert strips(window) == drawn
    assert retry.isVisible()

    idr.faults.clear()
    person.click("idr_retry")
    person.until(
        lambda: (
            {idr_of(one)["pixel_source"] for one in strips(window)} == {"raw"}
            and person.is_idle
        )
    )
    assert len(strips(window)) == len(drawn)
    found = {tuple(wells_of(one)) for one in strips(window)}
    assert found == {("B2", "B3"), ("B4", "B5")}
    assert retry.isHidden()
    assert "8 bits" not in person.status


def test_a_strip_of_thumbnails_is_drawn_once_the_server_draws_again(
    window: Window, classic: demo.Archive
) -> None:
    person = with_plate(window, classic.url)
    shift_click(window, "C4", "C5")
    classic.faults.answer_next(403, match="render_image/", times=FOREVER)
    person.click("idr_compare")
    retry = person.find("idr_retry", QPushButton)
    person.until(retry.isVisible)
    assert "There are only thumbnails" in person.status
    (below,) = [one for one in window.viewer.layers if "[thumbnail]" in one.name]

    classic.faults.clear()
    person.click("idr_retry")
    person.until(lambda: len(strips(window)) > 0)
    person.until_idle()

    assert wells_of(strips(window)[0]) == ["C4", "C5"]
    assert below not in window.viewer.layers
    assert retry.isHidden()


def test_a_cell_with_a_thumbnail_only_says_so(
    window: Window, classic: demo.Archive
) -> None:
    person = with_plate(window, classic.url)
    shift_click(window, "C4", "C5")
    classic.faults.answer_next(404, match=r"render_image/1900113/", times=FOREVER)

    compare(person, window)

    assert "contrast can't be compared" in person.status
    captions = next(one for one in window.viewer.layers if "captions" in one.name)
    texts = list(captions.features["label"])
    assert texts[1].startswith("THUMBNAIL")
    assert not texts[0].startswith("THUMBNAIL")
    assert any("[thumbnail]" in one for one in window.names)


def test_where_no_image_has_pixels_the_thumbnails_are_all_there_is(
    window: Window, classic: demo.Archive
) -> None:
    person = with_plate(window, classic.url)
    shift_click(window, "C4", "C5")
    classic.faults.answer_next(404, match="render_image/", times=FOREVER)

    person.click("idr_compare")

    person.until_status("2 images side by side. There are only thumbnails")
    person.until_idle()
    assert strips(window) == []
    (below,) = [one for one in window.viewer.layers if "[thumbnail]" in one.name]
    assert below.visible
    assert window.viewer.layers.selection.active is below
    assert any("captions" in name for name in window.names)

    # It is whole: nothing else is waited for.
    person.browser._comparisons.give_up()
    assert below in window.viewer.layers
    window.viewer.layers.remove(below)
    person.until(lambda: not [name for name in window.names if "compare" in name])
    person.until(lambda: person.status == "")


def test_c_compares_the_selected_wells(window: Window, idr: demo.Archive) -> None:
    person = with_plate(window, idr.url)
    shift_click(window, "C4", "C5")

    QTest.keyClick(window.canvas, Qt.Key.Key_C)
    person.until(lambda: len(strips(window)) == 2)

    assert wells_of(strips(window)[0]) == ["C4", "C5"]


def test_hits_are_compared_where_nothing_is_selected(
    window: Window, idr: demo.Archive
) -> None:
    person = with_plate(window, idr.url)
    assert person.find("idr_compare", QPushButton).text() == "Compare 3 images"

    compare(person, window)

    assert wells_of(strips(window)[0]) == ["C4", "C5", "F9"]


TISSUE = "idr0904-demo-tissue/experimentA"
STACKS = "stacks/z and t"
CONTROL = Qt.KeyboardModifier.ControlModifier


def test_lines_of_stacks_are_compared_and_their_planes_go_along(
    window: Window, idr: demo.Archive
) -> None:
    person = window.browse(idr.url)
    person.find("idr_tabs", QTabWidget).setCurrentIndex(1)
    person.until(lambda: TISSUE in person.rows())
    person.open(TISSUE)
    dataset = person.open(TISSUE, STACKS)
    person.until(lambda: len(person.rows(dataset)) == 3)
    first, third = "stack c3 z5 t7.ome.tiff", "time lapse t30"
    person.select(TISSUE, STACKS, first)
    viewport = person.tree.viewport()
    assert viewport is not None
    line = person.line(TISSUE, STACKS, third)
    person.tree.scrollTo(line)
    place = person.tree.visualRect(line).center()
    QTest.mouseClick(viewport, LEFT, CONTROL, place)
    person.until_idle()
    assert person.find("idr_compare", QPushButton).text() == "Compare 2 images"

    compare(person, window)

    layers = strips(window)
    assert [one.name.split(" · ")[0] for one in layers] == [
        "DAPI",
        "Tubulin (Alexa 488)",
        "Cy3",
    ]
    assert layers[0].data[0].shape[:2] == (30, 5)
    assert "Images have 1 to 5 planes along z" in person.status
    assert "Tubulin (Alexa 488): none in" in person.status
    tiled = person.browser._scene.refresher._watched
    mosaic = next(iter(tiled.values())).tiled
    window.viewer.dims.set_current_step(0, 20)
    window.viewer.dims.set_current_step(1, 4)
    person.until(lambda: mosaic.shown_plane == (20, 4))


def test_a_plate_in_channels_shows_thumbnails_until_one_looks_closer(
    window: Window, server: demo.Archive
) -> None:
    person = with_plate(window, server.url)
    compare(person, window, "idr_in_channels")
    layer = strips(window)[0]
    thumbnail = next(one for one in window.viewer.layers if "[thumbnail]" in one.name)
    assert layer.name.startswith(f"Cy3 · {MOSAIC} in channels")
    assert thumbnail.visible
    server.requests.clear()

    camera = window.viewer.scene.camera
    scale = thumbnail.scale[-1]
    # On A2, of which nothing was asked: what is known is known of every twelfth.
    camera.center = thumbnail.data_to_world((60, 260))[-2:]
    camera.zoom = 3 / scale

    person.until(lambda: not thumbnail.visible)
    until_drawn(person, window)
    about = {one.path for one in server.requests if "/m/images/" in one.path}
    assert 1 <= len(about) <= 4


def cell_point(window: Window, place: int, count: int) -> Any:
    """Return where an image of a strip of one row is seen."""
    layer = strips(window)[0]
    height, width = layer.data[0].shape[-2:]
    world = layer.data_to_world(
        (*[0] * (layer.ndim - 2), height / 2, width * (place + 0.5) / count)
    )
    return window.canvas_point(world[-2:])


def test_a_click_on_an_image_of_a_strip_selects_it_and_shift_adds(
    window: Window, server: demo.Archive
) -> None:
    person = with_plate(window, server.url)
    shift_click(window, "C4", "C5", "A1")
    compare(person, window)
    button = person.find("idr_compare", QPushButton)

    QTest.mouseClick(window.canvas, LEFT, pos=cell_point(window, 1, 3))
    person.until(lambda: "C5" in person.text("idr_image_title"))
    person.until_idle()

    frame = window.layer("compare CDC20 + 2 selected")
    assert window.viewer.layers.selection.active is strips(window)[0]
    low, high = frame.extent.world[:, -1]
    cells = strips(window)[0].extent.world[:, -1]
    middle = cells[0] + (cells[1] - cells[0]) / 2
    assert low < middle < high
    assert high - low < (cells[1] - cells[0]) / 2
    QTest.mouseClick(window.canvas, LEFT, SHIFT, cell_point(window, 2, 3))
    settle()
    assert button.text() == "Compare 2 images"
    compare(person, window)
    assert wells_of(strips(window)[-1]) == ["C5", "A1"]

    window.viewer.layers.remove(frame)
    settle()
    assert not [name for name in window.names if name == frame.name]


def test_a_click_on_a_strip_whose_first_channel_was_taken_out(
    window: Window, server: demo.Archive
) -> None:
    person = with_plate(window, server.url)
    shift_click(window, "C4", "C5", "A1")
    compare(person, window)
    first, second = strips(window)[:2]
    window.viewer.layers.remove(first)
    settle()
    window.viewer.layers.selection.active = window.layer(f"{PLATE}, field 1")

    QTest.mouseClick(window.canvas, LEFT, pos=cell_point(window, 1, 3))
    person.until(lambda: "C5" in person.text("idr_image_title"))

    assert window.viewer.layers.selection.active is second
