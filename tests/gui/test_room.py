"""Who gets how much room: nothing is cut off that would fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from napari.settings import get_settings
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QLineEdit,
    QScrollArea,
    QSplitter,
    QTableView,
    QTabWidget,
    QWidget,
)

from support.guards import rest

if TYPE_CHECKING:
    from napari_idr import demo
    from support.person import Person

MITOSIS, PLATE, TWO_RUNS = (
    "idr0901-demo-mitosis/screenA",
    "DM0001_01",
    "DM0002_02 two runs/[µ]",
)


def test_the_results_have_all_the_room_before_anything_is_selected(
    person: Person,
) -> None:
    person.search("CDC20")
    rest(person.browser)  # the hint and the progress leave their room a turn later

    for name in ("idr_annotations", "idr_hint", "idr_progress"):
        assert not person.find(name).isVisible(), name
    assert person.tree.height() > 500


@pytest.mark.parametrize(("width", "height"), [(360, 900), (300, 900)])
def test_the_whole_card_is_in_sight_on_a_usual_screen(
    person: Person, width: int, height: int
) -> None:
    person.browser.resize(width, height)
    person.find_plate("CDC20", MITOSIS, PLATE)
    rest(person.browser)

    view = person.find("idr_details", QScrollArea).viewport()
    links = person.find("idr_study_links")
    assert view is not None
    assert links.mapTo(view, QPoint(0, links.height())).y() <= view.height()


def test_the_card_keeps_its_room_with_another_form_above_it(person: Person) -> None:
    person.browser.resize(350, 760)
    person.find_plate("CDC20", MITOSIS, PLATE)
    rest(person.browser)
    details, table = person.find("idr_details"), person.find("idr_annotations")
    heights = details.height(), table.height()

    for tab in (1, 0):
        person.find("idr_tabs", QTabWidget).setCurrentIndex(tab)
        person.until_idle()
        rest(person.browser)

    assert (details.height(), table.height()) == heights


def test_700_px_leave_room_for_results_buttons_and_annotations(person: Person) -> None:
    person.browser.resize(300, 600)  # what a window of 700 px leaves to its dock
    person.find_plate("CDC20", MITOSIS, PLATE)
    rest(person.browser)

    view = person.find("idr_details", QScrollArea).viewport()
    button = person.find("idr_show_plate")
    assert view is not None
    assert button.mapTo(view, QPoint(0, button.height())).y() <= view.height()
    assert person.tree.height() >= 90
    assert person.find("idr_annotations").height() >= 80


def test_a_low_window_shows_five_results_and_the_button(person: Person) -> None:
    person.browser.resize(350, 500)  # beside the wells' table, in 800 px
    person.find_plate("CDC20", MITOSIS, PLATE)
    rest(person.browser)

    view = person.find("idr_details", QScrollArea).viewport()
    rows, button = person.tree.viewport(), person.find("idr_show_plate")
    assert view is not None
    assert rows is not None
    assert rows.height() >= 5 * person.tree.sizeHintForRow(0)
    assert button.mapTo(view, QPoint(0, button.height())).y() <= view.height()


@pytest.mark.parametrize("height", [750, 400])
def test_large_letters_cut_off_no_button_in_a_narrow_low_window(
    person: Person, monkeypatch: pytest.MonkeyPatch, height: int
) -> None:
    monkeypatch.setattr(get_settings().appearance, "font_size", 16)
    font = person.browser.font()
    font.setPointSize(16)
    person.browser.setFont(font)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.click("idr_add_condition")
    person.browser.resize(300, height)  # of a window of 800 px; of half of that
    rest(person.browser)

    panels = person.find("idr_panels", QScrollArea)
    cards = person.find("idr_details", QScrollArea)
    for area in (panels, cards):
        inside, view = area.widget(), area.viewport()
        assert inside is not None
        assert view is not None
        assert inside.width() <= view.width(), area.objectName()
    kinds = (QAbstractButton, QComboBox, QLineEdit)
    controls = [one for kind in kinds for one in person.browser.findChildren(kind)]
    for one in controls:
        if one.isVisible() and one.objectName().startswith("idr_"):
            assert one.height() >= one.fontMetrics().height(), one.objectName()
    for name in (
        "idr_conditions",
        "idr_show_facets",
        "idr_save_session",
        "idr_copy_link",
    ):
        assert person.find(name).font().pointSize() == 16, name
    rows = person.tree.viewport()
    assert rows is not None
    assert rows.height() >= 5 * person.tree.sizeHintForRow(0)
    status = person.find("idr_status")
    assert status.mapTo(person.browser, QPoint(0, status.height())).y() <= height


def test_the_card_begins_with_its_title_again_once_there_is_room(
    person: Person,
) -> None:
    person.browser.resize(350, 760)
    person.find_plate("CDC20", MITOSIS, PLATE)
    rest(person.browser)
    details, button = (
        person.find("idr_details", QScrollArea),
        person.find("idr_show_plate"),
    )
    splitter, bar = person.find("idr_splitter", QSplitter), details.verticalScrollBar()
    assert bar is not None
    needed = button.mapTo(details, QPoint(0, button.height())).y()
    rows, card, table = splitter.sizes()

    def divide(high: int) -> None:
        splitter.setSizes([rows, high, table + card - high])

    divide(needed + 20)
    assert bar.value() == 0
    divide(needed - 20)
    assert bar.value() > 0  # to keep the button in sight
    divide(needed + 20)

    assert bar.value() == 0
    assert bar.maximum() > 0


def test_the_button_stays_in_sight_whatever_comes_and_goes_above_it(
    person: Person,
) -> None:
    person.browser.resize(350, 760)
    person.find_plate("CDC20", MITOSIS, PLATE)
    rest(person.browser)
    details, button = (
        person.find("idr_details", QScrollArea),
        person.find("idr_show_plate"),
    )
    bar, view = details.verticalScrollBar(), details.viewport()
    assert bar is not None
    assert view is not None
    title = person.browser.plate.title
    name = title.text()

    for _ in range(2):
        title.setText("A long name of a plate that goes on and on. " * 15)
        rest(person.browser)
        assert bar.value() > 0
        assert button.mapTo(view, QPoint(0, button.height())).y() <= view.height()

        title.setText(name)
        rest(person.browser)
        assert bar.value() == 0


def test_what_a_person_scrolled_to_stays_whatever_comes_above(person: Person) -> None:
    person.browser.resize(350, 760)
    person.find_plate("CDC20", MITOSIS, PLATE)
    rest(person.browser)
    bar = person.find("idr_details", QScrollArea).verticalScrollBar()
    assert bar is not None
    rows, card, table = person.find("idr_splitter", QSplitter).sizes()
    person.find("idr_splitter", QSplitter).setSizes([rows, 100, table + card - 100])
    bar.triggerAction(QAbstractSlider.SliderAction.SliderToMaximum)
    assert bar.value() == bar.maximum() > 0
    at = bar.value()

    person.browser.plate.title.setText("A long name of a plate. " * 15)
    rest(person.browser)

    assert bar.value() == at


def test_panels_that_a_person_scrolled_stay_where_they_are_at_the_next_line(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person.browser._scroll_soon, "start", lambda: None)
    person.browser.resize(300, 400)
    person.find_plate("CDC20", MITOSIS, PLATE)
    rest(person.browser)
    panels = person.find("idr_panels", QScrollArea)
    bar = panels.verticalScrollBar()
    assert bar is not None
    person.browser._scroll()
    at = (bar.value() + bar.maximum()) // 2
    assert at > bar.value()
    bar.setValue(at)

    person.select(MITOSIS, TWO_RUNS)
    rest(person.browser)
    person.browser._scroll()

    assert bar.value() == at


def test_a_division_made_by_hand_is_kept(person: Person) -> None:
    person.find_plate("CDC20", MITOSIS, PLATE)
    rest(person.browser)
    splitter = person.find("idr_splitter", QSplitter)
    splitter.moveSplitter(400, 1)
    splitter.splitterMoved.emit(400, 1)
    before = splitter.sizes()[0]

    person.select(MITOSIS)
    rest(person.browser)

    assert splitter.sizes()[0] == before


def test_namespaces_and_values_share_the_width(person: Person) -> None:
    person.search("CDC20")
    person.select(MITOSIS)
    rest(person.browser)

    table = person.find("idr_annotations", QTableView)
    bar = table.horizontalScrollBar()
    viewport = table.viewport()
    assert bar is not None
    assert viewport is not None
    assert not bar.isVisible()
    assert table.columnWidth(2) >= viewport.width() * 0.3
    assert sum(table.columnWidth(n) for n in range(3)) <= viewport.width()


def test_another_plate_begins_with_its_first_field(person: Person) -> None:
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.choose("idr_field", "3 / 4")

    person.select(MITOSIS, TWO_RUNS)

    assert person.find("idr_field", QComboBox).currentText() == "1 / 2"


def test_the_name_of_a_run_can_be_read_in_full(person: Person) -> None:
    person.find_plate("CDC20", MITOSIS, TWO_RUNS)
    run = person.find("idr_run", QComboBox)

    person.choose("idr_run", run.itemText(1))

    assert run.itemText(1) in run.toolTip()


def test_typing_replaces_the_value_that_another_server_was_asked(
    person: Person, idr: demo.Archive
) -> None:
    person.search("CDC20")
    value = person.find("idr_value", QLineEdit)
    # Noted when it happens: a window of another test that goes late moves the focus.
    selected: list[str] = []
    value.selectionChanged.connect(lambda: selected.append(value.selectedText()))

    person.connect_to(idr.url)
    person.until_status("Type a gene")

    assert "CDC20" in selected


def test_the_wheel_scrolls_and_chooses_nothing(person: Person) -> None:
    person.find_plate("CDC20", MITOSIS, PLATE)
    boxes = [box for box in person.browser.findChildren(QComboBox) if box.count() > 1]
    chosen = [box.currentIndex() for box in boxes]
    assert {"idr_key", "idr_field"} <= {box.objectName() for box in boxes}

    heeded = [_turn_wheel(box) for box in boxes]

    assert [box.currentIndex() for box in boxes] == chosen
    assert not any(heeded)


def _turn_wheel(widget: QWidget) -> bool:
    """Turn the wheel towards oneself above a widget; return whether it was heeded."""
    middle = QPointF(widget.rect().center())
    turn = QWheelEvent(
        middle,
        QPointF(widget.mapToGlobal(widget.rect().center())),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    turn.ignore()
    QApplication.sendEvent(widget, turn)
    return turn.isAccepted()
