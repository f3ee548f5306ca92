"""All can be read where napari's letters are large, in a panel as narrow as usual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from napari.qt import get_current_stylesheet
from napari.settings import get_settings
from qtpy.QtCore import QPoint, QSize, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.panels.annotations import AnnotationTable
from napari_idr._qt.panels.elided import text_room
from napari_idr._qt.panels.forms import name_widget
from napari_idr._qt.panels.grid import ButtonGrid
from napari_idr._qt.panels.suggestions import SuggestionList
from napari_idr._qt.wells.dock import WellsDock
from napari_idr.model import Suggestion
from support.guards import rest, settle
from support.texts import cut_texts, room_for_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

    from support.person import Person

MITOSIS, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
KINOME = "idr0902-demo-kinome/screenA"

TISSUE, DATASET, IMAGE = (
    "idr0904-demo-tissue/experimentA",
    "knock-down 細胞 [CDC20]",
    "knock-down CDC20 #1",
)

LARGE_PT = 16


@pytest.fixture
def letters_pt() -> int:
    """The size of letters that somebody sets who can't read small ones."""
    return LARGE_PT


@pytest.fixture
def large_letters(letters_pt: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Letters of another size than usual."""
    monkeypatch.setattr(get_settings().appearance, "font_size", letters_pt)
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    before = app.font()
    larger = app.font()
    larger.setPointSize(letters_pt)
    app.setFont(larger)
    yield
    app.setFont(before)


@pytest.fixture
def reader(large_letters: None, person: Person) -> Person:
    """A person whose letters are large."""
    return person


def test_no_button_of_a_card_is_cut(reader: Person) -> None:
    reader.browser.resize(350, 900)
    reader.find_plate("CDC20", MITOSIS, PLATE)
    reader.show_plate()
    QApplication.processEvents()

    details = reader.find("idr_details", QScrollArea)
    viewport = details.viewport()
    assert viewport is not None
    buttons = [
        one for one in details.findChildren(QAbstractButton) if one.isVisibleTo(details)
    ]

    names = {one.objectName() for one in buttons}
    assert {"idr_show_plate", "idr_wells_table_button"} <= names
    for button in buttons:
        right = button.mapTo(viewport, QPoint(button.width(), 0)).x()
        assert right <= viewport.width(), button.objectName()
        assert button.height() >= button.fontMetrics().height(), button.objectName()


@pytest.mark.parametrize(
    "name", ["idr_conditions", "idr_show_facets", "idr_copy_link", "idr_on_disk"]
)
def test_buttons_without_a_frame_are_written_as_large_as_others(
    reader: Person, name: str
) -> None:
    reader.find_plate("CDC20", MITOSIS, PLATE)

    assert reader.find(name).font().pointSize() == LARGE_PT


def test_the_choices_among_studies_can_be_read(reader: Person) -> None:
    reader.find("idr_tabs", QTabWidget).setCurrentIndex(1)
    reader.browser.resize(340, 900)
    reader.until_idle()
    QApplication.processEvents()

    for which in ("kind", "order", "licence", "organism"):
        box = reader.find(f"idr_studies_{which}", QComboBox)
        text = box.currentText()
        assert room_for_text(box) >= box.fontMetrics().horizontalAdvance(text), text


def test_suggestions_are_written_as_large_as_what_is_typed(reader: Person) -> None:
    box = reader.find("idr_suggestions")
    assert isinstance(box, SuggestionList)

    box.offer([Suggestion(value="CDC20", image_count=None)])
    box.ensurePolished()

    assert box.font().pointSize() == LARGE_PT
    box.take_away()


def test_the_key_of_a_search_can_be_read(reader: Person) -> None:
    reader.browser.resize(340, 900)
    QApplication.processEvents()
    box = reader.find("idr_key", QComboBox)
    box.setStyleSheet(get_current_stylesheet())
    QApplication.processEvents()

    room = room_for_text(box)
    for text in ("Compound", "Organism", "Phenotype"):
        assert room >= box.fontMetrics().horizontalAdvance(text), text


def test_what_stands_in_a_line_is_equally_high(reader: Person) -> None:
    row = reader.find("idr_actions")

    shown = [one for one in row.findChildren(QWidget) if one.isVisible()]

    assert {"idr_save_session", "idr_open_session"} <= {x.objectName() for x in shown}
    tops = {one.y(): one.height() for one in shown}
    for one in shown:
        for top, height in tops.items():
            if one.y() < top + height and top < one.y() + one.height():
                assert (one.y(), one.height()) == (top, height), one.objectName()


def test_buttons_go_below_each_other_where_there_is_no_room(qtbot: QtBot) -> None:
    buttons = [Button() for _ in range(4)]
    panel = QWidget()
    column = QVBoxLayout(panel)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(ButtonGrid(buttons, columns=2))
    column.addStretch(1)
    qtbot.addWidget(panel)
    panel.show()

    for width, corner in ((300, (152, 23)), (203, (103, 23)), (202, (0, 69))):
        panel.resize(width, 200)
        QApplication.processEvents()
        last = buttons[-1].geometry()
        assert (last.x(), last.y()) == corner
        assert last.height() == 20
    assert panel.minimumSizeHint().width() == 100


def test_what_is_said_in_place_of_annotations_begins_where_one_sees_it(
    qtbot: QtBot,
) -> None:
    table = AnnotationTable()
    qtbot.addWidget(table)
    header = table.horizontalHeader()
    assert header is not None
    table.set_rows((), plate=True)
    table.resize(80, header.sizeHint().height() + table.fontMetrics().height() + 4)
    table.show()
    QApplication.processEvents()
    viewport = table.viewport()
    assert viewport is not None

    low = first_line(viewport)
    table.resize(80, 600)
    QApplication.processEvents()

    assert low == first_line(viewport)


def first_line(widget: QWidget) -> list[list[int]]:
    """Return the pixels of the upper half of the topmost line that is written."""
    image = widget.grab().toImage()
    half = widget.fontMetrics().height() // 2
    rows = [
        [image.pixel(x, y) for x in range(image.width())] for y in range(image.height())
    ]
    paper = rows[0][0]
    top = next(y for y, row in enumerate(rows) if any(one != paper for one in row))
    return rows[top : top + half]


class Button(QWidget):
    """What wants to be as large as a button is."""

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's own spelling
        return QSize(100, 20)


def widest(widget: QWidget, room: int) -> list[str]:
    """Return what within a widget wants more than so much room, outermost first."""
    return [
        f"{type(one).__name__} {one.objectName()} {one.minimumSizeHint().width()}"
        for one in (widget, *widget.findChildren(QWidget))
        if one.isVisibleTo(widget)
        and max(one.minimumSizeHint().width(), one.minimumWidth()) > room
        and one.sizePolicy().horizontalPolicy() != QSizePolicy.Policy.Ignored
    ]


def test_a_gallery_that_is_shown_widens_no_panel(reader: Person) -> None:
    reader.browser.resize(300, 900)
    reader.search("CDC20")
    reader.click("idr_gallery")
    reader.until(lambda: reader.find("idr_gallery_read").isVisible())
    reader.until_idle()
    QApplication.processEvents()

    panels = reader.find("idr_panels", QScrollArea)
    inside, view = panels.widget(), panels.viewport()
    assert inside is not None
    assert view is not None
    assert inside.minimumSizeHint().width() <= view.width() <= 300, widest(inside, 280)
    assert inside.width() <= view.width()


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        ((MITOSIS,), "idr_copy_citation"),
        ((MITOSIS, PLATE), "idr_show_plate"),
        ((TISSUE, DATASET, IMAGE), "idr_open_image"),
    ],
)
def test_the_main_button_of_a_card_comes_into_sight(
    reader: Person, lines: tuple[str, ...], name: str
) -> None:
    reader.browser.resize(300, 720)  # of a window of 800 px
    reader.search("CDC20")
    for count in range(1, len(lines)):
        reader.open(*lines[:count])

    reader.select(*lines)

    button = reader.find(name)
    reader.until(lambda: is_wholly_in_sight(button), timeout=10_000)
    assert reader.tree.hasFocus()


def test_the_main_button_stays_in_sight_when_much_is_said(reader: Person) -> None:
    reader.browser.resize(300, 720)
    reader.search("CDC20")
    reader.open(MITOSIS)
    reader.select(MITOSIS, PLATE)
    button = reader.find("idr_show_plate")
    reader.until(lambda: is_wholly_in_sight(button), timeout=10_000)

    reader.browser.status.say("What is said has many lines. " * 5)
    settle()

    assert is_wholly_in_sight(button)


@pytest.fixture
def slow_clicks() -> Iterator[None]:
    """Double clicks that may take so long that a busy machine makes no difference."""
    before = QApplication.doubleClickInterval()
    QApplication.setDoubleClickInterval(3000)
    yield
    QApplication.setDoubleClickInterval(before)


@pytest.mark.usefixtures("slow_clicks")
def test_the_lines_stay_where_they_are_for_a_second_click(reader: Person) -> None:
    reader.browser.resize(300, 500)
    reader.search("CDC20")
    before = place_of(reader, MITOSIS)

    reader.open(MITOSIS)
    reader.select(MITOSIS, PLATE)
    QTest.qWait(QApplication.doubleClickInterval() // 2)

    assert place_of(reader, MITOSIS) == before
    reader.until(lambda: place_of(reader, MITOSIS) < before, timeout=10_000)
    assert is_wholly_in_sight(reader.find("idr_show_plate"))


@pytest.mark.usefixtures("slow_clicks")
@pytest.mark.parametrize("width", range(376, 396, 4))
def test_the_lines_stay_as_the_first_card_comes(reader: Person, width: int) -> None:
    """Beside a scroll bar that comes with it there is less room for texts above."""
    reader.browser.resize(width, 720)
    reader.search("CDC20")
    rest(reader.browser)
    before = place_of(reader, MITOSIS)

    reader.select(MITOSIS)
    QTest.qWait(QApplication.doubleClickInterval() // 2)

    assert place_of(reader, MITOSIS) == before


@pytest.mark.usefixtures("slow_clicks")
@pytest.mark.parametrize("said", ["", "What is said has many lines. " * 5])
def test_the_lines_stay_as_another_card_comes(reader: Person, said: str) -> None:
    reader.browser.resize(300, 600)
    reader.search("CDC20")
    reader.select(MITOSIS)
    button = reader.find("idr_copy_citation")
    reader.until(lambda: is_wholly_in_sight(button), timeout=10_000)
    before = place_of(reader, KINOME)

    reader.select(KINOME)
    reader.browser.status.say(said)
    QTest.qWait(QApplication.doubleClickInterval() // 2)

    assert place_of(reader, KINOME) == before


def place_of(person: Person, *names: str) -> int:
    """Return how far down in the browser a line is."""
    tree = person.tree
    top = tree.visualRect(person.line(*names)).topLeft()
    return tree.mapTo(person.browser, top).y()


def is_wholly_in_sight(widget: QWidget) -> bool:
    """Return whether nothing of a widget is scrolled away or covered by its parents."""
    shown = widget.visibleRegion().boundingRect()
    return widget.isVisible() and shown == widget.rect()


@pytest.mark.parametrize("letters_pt", [9, LARGE_PT])
@pytest.mark.parametrize("width", [300, 350])
def test_no_text_of_the_browser_is_cut(reader: Person, width: int) -> None:
    """It fits, it wraps, or it ends with "…" and the tooltip has all of it."""
    browser = reader.browser
    browser.setStyleSheet(browser.styleSheet() + get_current_stylesheet())
    browser.resize(width, 720)
    rest(browser)
    found = {"empty": cut_texts(browser)}

    reader.find("idr_tabs", QTabWidget).setCurrentIndex(1)
    reader.until_idle()
    rest(browser)
    found["studies"] = cut_texts(browser)

    reader.find("idr_tabs", QTabWidget).setCurrentIndex(0)
    reader.search("CDC20")
    rest(browser)
    found["results"] = cut_texts(browser)

    reader.open(MITOSIS)
    for plate in (PLATE, "DM0002_02 two runs/[µ]"):
        reader.select(MITOSIS, plate)
        reader.until_idle()
        rest(browser)
        found[plate] = cut_texts(browser)

    reader.click("idr_copy_link")
    rest(browser)
    found["link"] = cut_texts(browser)

    reader.open(TISSUE)
    reader.open(TISSUE, DATASET)
    reader.select(TISSUE, DATASET, IMAGE)
    reader.until_idle()
    rest(browser)
    found["image"] = cut_texts(browser)

    reader.select(MITOSIS)
    reader.click("idr_gallery")
    reader.until_idle()
    rest(browser)
    found["gallery"] = cut_texts(browser)

    cut = [f"{when}: {text}" for when, texts in found.items() for text in texts]
    assert not cut, "\n".join(cut)


def narrow(dock: QWidget, width: int) -> None:
    """Give a dock a width, or the least that a window leaves to it."""
    settle()
    dock.resize(max(width, dock.minimumSizeHint().width()), 400)
    rest(dock)


@pytest.mark.parametrize("letters_pt", [9, LARGE_PT])
@pytest.mark.parametrize("width", [300, 350, 1000])
def test_no_text_of_the_wells_is_cut(reader: Person, width: int, qtbot: QtBot) -> None:
    dock = WellsDock(reader.viewer)
    qtbot.addWidget(dock)
    dock.setStyleSheet(dock.styleSheet() + get_current_stylesheet())
    dock.show()
    narrow(dock, width)
    found = {"empty": cut_texts(dock)}

    reader.find_plate("CDC20", MITOSIS, PLATE)
    reader.show_plate()
    reader.until_idle()
    reader.until(lambda: dock.jobs.count == 0)
    settle()
    reader.until(lambda: dock.jobs.count == 0)
    narrow(dock, width)
    found["plate"] = cut_texts(dock)
    dock.panel.filter.setText("nothing has this")
    QTest.qWait(300)
    rest(dock)
    narrow(dock, width)
    found["filtered"] = cut_texts(dock)

    cut = [f"{when}: {text}" for when, texts in found.items() for text in texts]
    assert not cut, "\n".join(cut)


@pytest.mark.parametrize("kind", [QComboBox, QLineEdit])
def test_a_text_that_does_not_fit_ends_with_dots(
    qtbot: QtBot, kind: type[QComboBox | QLineEdit]
) -> None:
    control = kind()
    qtbot.addWidget(control)
    name_widget(control, "idr_run", "Run", "Which pass over the plate")
    control.resize(90, control.sizeHint().height())
    control.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    control.show()
    whole = "2016-05-11 first run of two"
    show_text(control, whole)
    QApplication.processEvents()
    cut = control.grab().toImage()

    room = text_room(control).width()
    elide = Qt.TextElideMode.ElideRight
    seen = control.fontMetrics().elidedText(whole, elide, room)
    show_text(control, seen)
    QApplication.processEvents()

    assert seen.endswith("…")
    assert cut == control.grab().toImage()


def test_a_long_address_ends_with_dots(reader: Person) -> None:
    box = reader.find("idr_server", QComboBox)
    reader.find("idr_value").setFocus()
    line = box.lineEdit()
    assert line is not None
    whole = "http://omero-with-a-long-name.example.org/omero"
    line.setText(whole)
    line.setCursorPosition(0)
    cut = line.grab().toImage()

    elide, room = Qt.TextElideMode.ElideRight, text_room(line).width()
    line.setText(line.fontMetrics().elidedText(whole, elide, room))

    assert line.text().endswith("…")
    assert cut == line.grab().toImage()


def show_text(control: QComboBox | QLineEdit, text: str) -> None:
    if isinstance(control, QLineEdit):
        control.setText(text)
    else:
        control.clear()
        control.addItem(text)


@pytest.mark.parametrize("width", [300, 350])
def test_the_address_of_the_server_can_be_read(reader: Person, width: int) -> None:
    reader.browser.resize(width, 900)
    rest(reader.browser)

    line = reader.find("idr_server", QComboBox).lineEdit()
    assert line is not None
    assert line.fontMetrics().horizontalAdvance(line.text()) <= text_room(line).width()


def test_a_long_link_goes_on_in_the_next_line(reader: Person) -> None:
    reader.browser.resize(300, 900)
    status = reader.browser.status.sentence
    link = "idr+http://127.0.0.1:5101/plate/7102?run=8551&field=0&by=gene&value=CDC20"

    reader.browser.status.say(f"Copied: {link}")

    reader.until(lambda: status.height() >= 3 * status.fontMetrics().height())
    assert not cut_texts(reader.browser)
    assert status.text() == f"Copied: {link}"
    status.setFocus()
    status.setSelection(0, len(QLabel.text(status)))
    assert status.selectedText() == status.text()
    QTest.keyClick(status, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text() == status.text()
