"""Galleries: all images of a search, of a dataset, of lines of the tree, as a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QComboBox,
    QProgressBar,
    QPushButton,
    QTableView,
    QTabWidget,
)

from napari_idr._qt.layers.scene import scene_of
from napari_idr.demo.faults import FOREVER

if TYPE_CHECKING:
    from napari_idr import demo
    from support.fixtures import MakePerson
    from support.person import Person

GALLERY = "CDC20 gallery"
MITOSIS = "idr0901-demo-mitosis/screenA"
TISSUE = "idr0904-demo-tissue/experimentA"
COUNT = 34
"""Images with CDC20 in all studies of the demo archive."""


@pytest.fixture(params=["classic", "idr"])
def server(
    request: pytest.FixtureRequest, classic: demo.Archive, idr: demo.Archive
) -> demo.Archive:
    return classic if request.param == "classic" else idr


@pytest.fixture
def person(server: demo.Archive, make_person: MakePerson) -> Person:
    person = make_person(server.url)
    person.search("CDC20")
    server.requests.clear()
    return person


def show(person: Person) -> None:
    person.click("idr_gallery")
    person.until_idle()
    person.until(lambda: GALLERY in person.viewer.layers)


def test_all_images_of_a_search_are_one_layer(
    person: Person, server: demo.Archive
) -> None:
    assert f"of CDC20, {COUNT} images" in person.text("idr_gallery_of")

    show(person)

    assert f"All {COUNT} thumbnails are here" in person.status
    wells = person.viewer.layers[f"{GALLERY} wells"].features
    assert len(wells) == len(set(wells["image_id"])) == COUNT
    assert set(wells["Study"]) >= {MITOSIS, TISSUE}
    mosaic = person.viewer.layers[GALLERY]
    assert mosaic.visible
    assert person.viewer.layers.selection.active is mosaic
    assert np.asarray(mosaic.data[-1]).std() > 10


def test_the_gallery_that_is_there_is_shown_again_without_asking(
    person: Person, server: demo.Archive
) -> None:
    show(person)
    server.requests.clear()
    layers = list(person.viewer.layers)
    person.viewer.layers[GALLERY].visible = False

    show(person)

    assert len(server.requests) == 0
    assert list(person.viewer.layers) == layers
    person.until(lambda: person.viewer.layers[GALLERY].visible)


def test_the_link_of_a_gallery_is_that_of_what_it_is_of(person: Person) -> None:
    show(person)
    person.click_line(TISSUE)
    person.until_idle()
    person.click("idr_copy_link")
    assert "/project/" in person.status

    layers = person.viewer.layers
    layers.selection.active = layers[f"{GALLERY} headings"]
    person.click("idr_copy_link")
    assert person.status.endswith("/gene/CDC20")

    person.click_line(MITOSIS)
    person.until_idle()
    person.click("idr_gallery")
    person.until_idle()
    person.until(lambda: f"CDC20 in {MITOSIS} gallery" in layers)
    person.click("idr_copy_link")
    assert "/screen/" in person.status


def test_several_lines_are_one_gallery(person: Person) -> None:
    person.click_line(MITOSIS)
    person.until_idle()
    viewport = person.tree.viewport()
    assert viewport is not None
    place = person.tree.visualRect(person.line(TISSUE)).center()
    control = Qt.KeyboardModifier.ControlModifier
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, control, place)
    person.until_idle()
    assert person.text("idr_gallery_of") == "of 2 lines, 21 images"

    person.click("idr_gallery")
    person.until_status("All 21 thumbnails are here")

    wells = person.viewer.layers["CDC20 in 2 lines gallery wells"].features
    assert set(wells["Study"]) == {MITOSIS, TISSUE}


def test_a_dataset_is_a_gallery(server: demo.Archive, make_person: MakePerson) -> None:
    person = make_person(server.url)
    person.find("idr_tabs", QTabWidget).setCurrentIndex(1)
    person.until(lambda: TISSUE in person.rows())
    study = person.open(TISSUE)
    names = person.rows(study)
    full = next(
        name
        for name, count in zip(names, person.counts(study), strict=True)
        if count not in (None, "0")
    )
    person.select(TISSUE, full)

    person.click("idr_gallery")
    person.until_status("thumbnails are here")

    name = f"{full} gallery"
    wells = person.viewer.layers[f"{name} wells"].features
    assert set(wells["Plate or dataset"]) == {full}
    assert set(wells["well_id"]) == {-1}


def test_filters_leave_images_out_without_asking(
    person: Person, server: demo.Archive
) -> None:
    show(person)
    person.until(lambda: person.find("idr_gallery_filters").isVisible())
    plates = scene_of(person.viewer).plates
    shown = plates.all_shown[0]
    last = shown.plan.cells[-1].image_id
    plates.choose(shown.key, (last,))  # where the fewer images have no row
    server.requests.clear()

    box = person.find("idr_gallery_study", QComboBox)
    box.setCurrentIndex(box.findText(MITOSIS))
    box.activated.emit(box.currentIndex())
    wells = person.viewer.layers[f"{GALLERY} wells"]
    person.until(lambda: len(wells.data) < COUNT)

    assert set(wells.features["Study"]) == {MITOSIS}
    assert len(server.requests) == 0
    box.setCurrentIndex(0)
    box.activated.emit(0)
    person.until(lambda: len(wells.data) == COUNT)
    assert plates.selected_on(shown.key) == (last,)


def test_the_table_lists_the_images_and_follows_the_gallery(person: Person) -> None:
    show(person)

    person.click("idr_gallery_table")

    window = person.viewer.window._qt_window
    table = window.findChild(QTableView, "idr_wells")
    person.until(lambda: table.model() is not None and table.model().rowCount() > 0)
    assert table.model().rowCount() == COUNT
    scene = scene_of(person.viewer)
    shown = scene.plates.all_shown[0]
    table.selectRow(3)
    (chosen,) = scene.plates.selected_on(shown.key)
    assert chosen == shown.plate_map.table.wells[3].image_id


def test_a_double_click_opens_the_image_and_a_click_selects_it(
    person: Person,
) -> None:
    show(person)
    scene = scene_of(person.viewer)
    shown = scene.plates.all_shown[0]
    cell = next(iter(shown.plan.grid))

    scene.wellClicked.emit(shown, cell)
    person.until_idle()
    assert scene.plates.selected_on(shown.key) == (cell.image_id,)
    scene.wellActivated.emit(shown, cell)
    person.until_idle()

    opened = [
        layer.metadata["idr"]["image"]["id"]
        for layer in person.viewer.layers
        if layer.metadata.get("idr", {}).get("image")
    ]
    assert set(opened) == {cell.image_id}
    assert scene.plates.selected_on(shown.key) == (cell.image_id,)


def test_many_images_are_asked_about_first(
    server: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(server.url)
    person.choose("idr_key", "Organism")
    person.search("Homo sapiens")
    server.requests.clear()

    person.click("idr_gallery")
    person.until(lambda: person.find("idr_gallery_confirm").isVisible())

    assert person.is_idle
    assert "2,634 images" in person.text("idr_gallery_cost")
    assert "53 for thumbnails" in person.text("idr_gallery_cost")
    assert not server.requests.matching("get_thumbnails")
    assert not len(person.viewer.layers)
    person.until(lambda: person.browser.jobs.count == 0)  # a page of 1000 is being read


def test_cancel_midway_keeps_what_came(
    classic: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(classic.url)
    person.search("CDC20")
    classic.faults.delay("get_thumbnails", 3000, times=FOREVER)
    person.click("idr_gallery")
    person.until(lambda: len(classic.requests.matching("get_thumbnails")) > 0)
    # What a job told just before it is cancelled may not be heard any more.
    person.until(lambda: bool(scene_of(person.viewer).plates.all_shown))

    person.click("idr_cancel")
    person.until_status("Cancelled")

    person.until(lambda: GALLERY in person.viewer.layers)
    classic.faults.clear()
    show(person)
    assert f"All {COUNT} thumbnails are here" in person.status


def test_a_server_that_is_gone_midway_is_told_and_retry_goes_on(
    person: Person, server: demo.Archive
) -> None:
    server.faults.answer_next(503, match="get_thumbnails", times=FOREVER)
    person.click("idr_gallery")
    person.until(
        lambda: person.is_idle and person.find("idr_retry", QPushButton).isVisible()
    )
    assert "none came for" in person.status
    server.faults.clear()

    person.click("idr_retry")

    person.until_status(f"All {COUNT} thumbnails are here")


def test_a_list_that_doesnt_come_can_be_asked_for_again(
    person: Person, server: demo.Archive
) -> None:
    match = "submitquery/$|/api/gene/images/"
    server.faults.answer_next(503, match=match, times=FOREVER)
    person.click("idr_gallery")
    person.until(
        lambda: person.is_idle and person.find("idr_retry", QPushButton).isVisible()
    )
    server.faults.clear()

    person.click("idr_retry")

    person.until_status(f"All {COUNT} thumbnails are here")
    assert GALLERY in person.viewer.layers


def test_layers_that_are_removed_midway_stay_away(
    person: Person, server: demo.Archive
) -> None:
    server.faults.delay("get_thumbnails", 2000, times=FOREVER)
    person.click("idr_gallery")
    person.until(lambda: GALLERY in person.viewer.layers)

    person.viewer.layers.remove(GALLERY)

    person.until_idle()
    person.until(lambda: not len(person.viewer.layers))
    person.until(lambda: server.requests.in_flight == 0)
    assert not len(person.viewer.layers)
    bar = person.find("idr_progress", QProgressBar)
    assert not bar.isVisible()
    assert not person.find("idr_gallery_filters").isVisible()


def test_studies_lie_in_the_order_of_the_results(person: Person) -> None:
    header = person.tree.header()
    assert header is not None
    for _ in range(2):  # up, and down
        header.sectionClicked.emit(0)
    rows = person.rows()
    assert rows == sorted(rows, reverse=True)

    show(person)

    studies = list(person.viewer.layers[f"{GALLERY} wells"].features["Study"])
    assert list(dict.fromkeys(studies)) == [row for row in rows if row in studies]


def test_cells_can_be_compared_before_anything_is_known_of_one(person: Person) -> None:
    show(person)
    button = person.find("idr_compare", QPushButton)
    assert not button.isEnabled()

    scene = scene_of(person.viewer)
    gallery = scene.plates.all_shown[0]
    for cell in gallery.plan.cells[:2]:
        scene.plates.toggle(gallery.key, cell.image_id)

    person.until(button.isVisible)
    assert button.text() == "Compare 2 images"
    assert button.isEnabled()


def test_what_is_selected_keeps_its_order_when_one_is_opened(person: Person) -> None:
    show(person)
    scene = scene_of(person.viewer)
    gallery = scene.plates.all_shown[0]
    first, second = (cell.image_id for cell in gallery.plan.cells[:2])
    for one in (first, second):
        scene.plates.toggle(gallery.key, one)

    scene.plates.select(gallery.key, first)

    assert scene.plates.selected_on(gallery.key) == (second, first)
    assert scene.plates.chosen_on(gallery.key) == (first, second)
    assert [one.ref.image_id for one in scene.selected_images] == [first, second]


def test_what_is_selected_after_one_was_opened_comes_last(person: Person) -> None:
    show(person)
    scene = scene_of(person.viewer)
    gallery = scene.plates.all_shown[0]
    first, second, third = (cell.image_id for cell in gallery.plan.cells[:3])
    for one in (first, second):
        scene.plates.toggle(gallery.key, one)

    scene.plates.select(gallery.key, first)
    scene.plates.toggle(gallery.key, third)

    assert scene.plates.chosen_on(gallery.key) == (first, second, third)
