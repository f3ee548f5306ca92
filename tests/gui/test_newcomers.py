"""What helps one who is new here: a hint, a guide, empty states, filters, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import QItemSelectionModel, QUrl
from qtpy.QtWidgets import QComboBox, QTextBrowser

from napari_idr._qt.guide import GuideWindow
from napari_idr._qt.layers.scene import scene_of
from napari_idr._qt.panels.results import ResultsTree
from napari_idr.demo.faults import FOREVER
from support.guards import settle
from support.person import Person

if TYPE_CHECKING:
    from napari_idr import demo
    from support.fixtures import MakePerson

MITOSIS, PLATE, OTHER = (
    "idr0901-demo-mitosis/screenA",
    "DM0001_01",
    "DM0002_02 two runs/[µ]",
)
TISSUE = "idr0904-demo-tissue/experimentA"


def select_lines(person: Person, *lines: tuple[str, ...]) -> None:
    """Select several lines of the tree at once."""
    selection = person.tree.selectionModel()
    assert selection is not None
    flags = QItemSelectionModel.SelectionFlag
    for n, names in enumerate(lines):
        how = flags.ClearAndSelect if n == 0 else flags.Select
        selection.select(person.line(*names), how | flags.Rows)
    settle()
    person.until_idle()


def nothing(person: Person) -> str:
    return person.find("idr_results", ResultsTree).nothing_shown


def test_the_hint_is_there_until_it_is_dismissed_for_good(
    classic: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(classic.url)
    assert person.find("idr_hint").isVisible()

    person.click("idr_hint_dismiss")
    again = make_person(classic.url)

    assert not person.find("idr_hint").isVisible()
    assert not again.find("idr_hint").isVisible()


def test_the_hint_leaves_the_room_to_what_was_found(person: Person) -> None:
    person.search("CDC20")
    assert person.find("idr_hint").isHidden()

    person.search("nothing-of-the-kind")
    assert person.find("idr_hint").isVisible()


def test_nobody_is_told_to_search_where_that_cannot_be_done(
    classic: demo.Archive, make_person: MakePerson
) -> None:
    classic.faults.answer_next(404, match="mapr", times=FOREVER)
    person = make_person(classic.url)
    person.until_status("no search")
    person.find("idr_tabs").setCurrentIndex(0)  # type: ignore[attr-defined]
    settle()

    assert person.find("idr_hint").isHidden()
    assert nothing(person) == (
        "There is no search here. The studies are in the tab Studies."
    )


def test_nobody_is_told_to_search_a_server_that_is_not_there(
    make_person: MakePerson,
) -> None:
    person = make_person("http://127.0.0.1:1")
    person.until(lambda: person.is_idle)
    settle()

    assert person.find("idr_hint").isHidden()


def test_the_question_mark_opens_the_guide_whose_links_lead_to_headings(
    person: Person,
) -> None:
    person.click("idr_help")
    window = person.viewer.window._qt_window.findChild(GuideWindow)
    assert window is not None
    text = window.findChild(QTextBrowser, "idr_guide_text")
    assert text is not None
    person.until(lambda: "Search a gene" in text.toPlainText())
    person.click("idr_help")

    window._on_link(QUrl("#use-another-institutes-server"))

    assert text.textCursor().block().text() == "Use another institute's server"
    assert len(person.viewer.window._qt_window.findChildren(GuideWindow)) == 1
    window.close()


def test_where_there_are_no_lines_it_is_said_what_to_do(person: Person) -> None:
    assert "CDC20" in nothing(person)
    assert person.tree.accessibleDescription() == nothing(person)

    person.search("nothing-of-the-kind")
    assert "Nothing was found" in nothing(person)

    person.search("CDC20")
    assert nothing(person) == ""

    person.type("idr_results_filter", "no such line")
    assert "Escape" in nothing(person)


def test_a_server_that_cannot_be_reached_is_said_where_the_lines_would_be(
    make_person: MakePerson,
) -> None:
    person = make_person("http://127.0.0.1:9")

    assert "No server has answered" in nothing(person)


def test_studies_are_filtered_by_licence_organism_and_kind_and_sorted(
    person: Person, classic: demo.Archive
) -> None:
    person.find("idr_tabs").setCurrentIndex(1)  # type: ignore[attr-defined]
    person.until_idle()
    every = person.rows()
    assert classic.requests.matching("annotations") == []

    person.find("idr_studies_licence").setFocus()
    box = person.find("idr_studies_licence", QComboBox)
    box.showPopup()
    box.hidePopup()
    person.until(lambda: box.count() > 1)
    person.until_idle()
    person.choose("idr_studies_kind", "Screens")
    screens = person.rows()
    assert set(screens) < set(every)
    assert TISSUE not in screens

    licences = [box.itemText(n) for n in range(1, box.count())]
    person.choose("idr_studies_licence", next(x for x in licences if "NC" in x))
    assert 0 < len(person.rows()) < len(screens)
    asked = len(classic.requests.matching("annotations"))
    assert asked == 2  # screens and projects, whatever is filtered

    person.choose("idr_studies_licence", "Any licence")
    person.choose("idr_studies_kind", "Any kind")
    person.choose("idr_studies_order", "Largest first")
    counts = [int(count or 0) for count in person.counts()]
    assert counts == sorted(counts, reverse=True)

    person.type("idr_filter", "no such study")
    assert "Any licence" in nothing(person)


def test_selected_plates_are_opened_together_one_below_the_other(
    person: Person,
) -> None:
    person.find("idr_tabs").setCurrentIndex(1)  # type: ignore[attr-defined]
    person.until_idle()
    person.open(MITOSIS)
    assert person.find("idr_open_together").isHidden()

    select_lines(person, (MITOSIS, PLATE), (MITOSIS, OTHER))
    assert person.text("idr_open_together") == "Open 2 together"
    person.click("idr_open_together")
    person.until_status("2 plates are open, one below the other.")
    settle()

    scene = scene_of(person.viewer)
    first, second = (one.key for one in scene.plates_shown)
    top, bottom = (scene.plates.layers_of(key)[0] for key in (first, second))
    assert top in person.viewer.layers
    assert bottom in person.viewer.layers
    assert top.extent.world[1, 0] < bottom.extent.world[0, 0]
    assert all(one.canvas.std() > 5 for one in scene.plates_shown)


def test_a_plate_that_fails_does_not_keep_the_others_from_being_opened(
    person: Person, classic: demo.Archive
) -> None:
    person.find("idr_tabs").setCurrentIndex(1)  # type: ignore[attr-defined]
    person.until_idle()
    person.open(MITOSIS)

    select_lines(person, (MITOSIS, OTHER), (MITOSIS, PLATE))
    classic.faults.answer_next(404, match="plates/7102", times=99)
    person.click("idr_open_together")
    status = person.until_status("is open")

    assert "1 plate is open" in status
    assert OTHER in status


def test_selected_images_are_opened_side_by_side(person: Person) -> None:
    person.find("idr_tabs").setCurrentIndex(1)  # type: ignore[attr-defined]
    person.until_idle()
    person.open(TISSUE)
    stacks = "knock-down 細胞 [CDC20]"
    person.open(TISSUE, stacks)
    names = person.rows(person.line(TISSUE, stacks))[:2]

    select_lines(person, *((TISSUE, stacks, name) for name in names))
    person.click("idr_open_together")
    person.until_idle()

    assert len(scene_of(person.viewer).strips.numbers) == 1


@pytest.fixture
def reader(person: Person) -> Person:
    """A person with a plate and an image, and with a layer of their own."""
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    scene = scene_of(person.viewer)
    shown = scene.plates_shown[0]
    scene.wellActivated.emit(shown, shown.plan.grid.cells[2][3])
    person.until_idle()
    settle()
    person.viewer.add_points([[0.0, 0.0]], name="mine", units=("um", "um"))
    return person


def test_all_layers_are_closed_at_once_and_brought_back_as_they_were(
    reader: Person,
) -> None:
    viewer, scene = reader.viewer, scene_of(reader.viewer)
    image = scene.images.newest
    assert image is not None
    channel = scene.images.layers(image)[0]
    channel.contrast_limits = (10, 321)
    mosaic = scene.plates.layers_of(scene.plates_shown[0].key)[0]
    viewer.scene.camera.zoom = 3.5
    before = list(viewer.layers)
    pixels = np.asarray(channel.data[-1] if channel.multiscale else channel.data)

    reader.click("idr_close_all")
    settle()
    assert [layer.name for layer in viewer.layers] == ["mine"]
    assert "were closed" in reader.status
    assert scene.plates_shown == ()
    assert scene.images.newest is None
    assert reader.find("idr_close_all").isHidden()

    reader.click("idr_bring_back")
    reader.until(lambda: len(viewer.layers) == len(before))
    reader.until_status("there again")

    assert list(viewer.layers) == before
    assert tuple(channel.contrast_limits) == (10, 321)
    assert viewer.scene.camera.zoom == 3.5
    assert scene.images.newest is image
    assert scene.plates.layers_of(scene.plates_shown[0].key)[0] is mosaic
    again = np.asarray(channel.data[-1] if channel.multiscale else channel.data)
    assert np.array_equal(again, pixels)
    assert reader.find("idr_bring_back").isHidden()


def test_what_was_opened_anew_after_closing_is_there_once(reader: Person) -> None:
    viewer, scene = reader.viewer, scene_of(reader.viewer)
    reader.click("idr_close_all")
    settle()
    reader.select(MITOSIS)
    reader.select(MITOSIS, PLATE)
    reader.show_plate()
    settle()

    reader.click("idr_bring_back")
    reader.until_status("there again")

    names = [layer.name for layer in viewer.layers]
    assert len(names) == len(set(names))
    assert len(scene.plates_shown) == 1
    assert scene.images.newest is not None


def test_closing_twice_keeps_what_was_closed_last(reader: Person) -> None:
    scene = scene_of(reader.viewer)
    reader.click("idr_close_all")
    settle()
    reader.select(MITOSIS)
    reader.select(MITOSIS, PLATE)
    reader.show_plate()
    settle()
    reader.click("idr_close_all")
    settle()

    reader.click("idr_bring_back")
    reader.until_status("there again")

    assert len(scene.plates_shown) == 1
    assert scene.images.newest is None


def cards(person: Person) -> tuple[str, ...]:
    """Return what the cards say of a plate, an image and what can be compared."""
    names = ("idr_plate_title", "idr_image_title", "idr_compare")
    seen = [person.find(name) for name in names]
    return tuple(one.text() if one.isVisible() else "" for one in seen)  # type: ignore[attr-defined]


def choose_wells(person: Person) -> None:
    """Click a well of the plate, and select two others beside it."""
    scene = scene_of(person.viewer)
    [shown] = scene.plates_shown
    cells = shown.plan.grid.cells
    scene.wellClicked.emit(shown, cells[2][3])
    person.until_idle()
    for row, column in ((2, 4), (0, 0)):
        scene.plates.toggle(shown.key, shown.id_of(cells[row][column]))
    settle()


def test_the_cards_are_as_before_once_closing_was_undone(reader: Person) -> None:
    choose_wells(reader)
    before = cards(reader)
    assert all(before)
    assert before[2] == "Compare 3 images"

    reader.click("idr_close_all")
    reader.until(lambda: cards(reader)[1] == "")
    reader.click("idr_bring_back")
    reader.until_status("there again")

    reader.until(lambda: cards(reader) == before)


def test_the_line_that_is_selected_has_its_card_though_its_layers_were_deleted(
    reader: Person,
) -> None:
    choose_wells(reader)
    assert reader.tree.currentIndex().data() == PLATE

    reader.viewer.layers.select_all()
    reader.viewer.layers.remove_selected()

    reader.until(lambda: cards(reader)[1] == "")
    assert PLATE in cards(reader)[0]
    reader.show_plate()
    assert scene_of(reader.viewer).plates_shown
