"""The Wells dock where a small window leaves it little height."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from napari.qt import get_current_stylesheet
from napari.settings import get_settings
from qtpy.QtCore import QPoint, QRect, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QComboBox, QLineEdit, QWidget

from support.guards import rest
from support.texts import cut_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.wells_desk import Desk

    Lower = Callable[[int, int, int], None]

LOW = [(9, 711, 110), (12, 901, 110), (16, 901, 135)]
"""Points, width and height, as small windows leave them below napari's own docks."""

BESIDE = [
    *("idr_wells_filter", "idr_wells_filter_column", "idr_wells_column_filter"),
    *("idr_wells_clear", "idr_wells_columns", "idr_wells_hits_first"),
    *("idr_wells_hide_failed", "idr_own_columns", "idr_wells_export"),
    *("idr_color_by", "idr_color_style", "idr_legend"),
]
"""What stands beside the table of a low dock, from above."""


@pytest.fixture
def lower(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lower]:
    """Give the dock letters of some points as napari writes them, and another size."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    before = app.font()

    def lower(points: int, width: int, height: int) -> None:
        monkeypatch.setattr(get_settings().appearance, "font_size", points)
        font = app.font()
        font.setPointSize(points)
        app.setFont(font)
        desk.dock.setStyleSheet(get_current_stylesheet())
        desk.dock.resize(width, height)
        rest(desk.dock)

    yield lower
    app.setFont(before)


def place_of(desk: Desk, name: str) -> QRect:
    """Return where a control is in the dock, also if it is scrolled away."""
    control = desk.person.find(name)
    return QRect(control.mapTo(desk.dock, QPoint(0, 0)), control.size())


def places(desk: Desk) -> dict[str, QRect]:
    return {name: place_of(desk, name) for name in ("idr_wells", *BESIDE)}


def rows_in_sight(desk: Desk) -> int:
    """Return how many rows of the table nothing hides a part of."""
    viewport, model = desk.table.viewport(), desk.table.wells
    assert viewport is not None
    seen = viewport.visibleRegion().boundingRect()
    rows = (desk.table.visualRect(model.index(row, 0)) for row in range(8))
    return sum(
        seen.top() <= one.top() and one.bottom() <= seen.bottom() for one in rows
    )


def tabbed_from(desk: Desk, name: str) -> list[str]:
    """Return the controls of the dock that Tab reaches after one."""
    seen, widget = [], desk.person.find(name)
    for _ in range(60):
        following = widget.nextInFocusChain()
        assert following is not None
        widget = following
        if widget.objectName() in ("idr_wells", *BESIDE):
            seen.append(widget.objectName())
    return list(dict.fromkeys(seen))


@pytest.mark.parametrize(("points", "width", "height"), LOW)
def test_two_rows_are_in_sight_and_no_text_is_cut(
    desk: Desk, lower: Lower, points: int, width: int, height: int
) -> None:
    lower(points, width, height)

    assert (desk.dock.width(), desk.dock.height()) == (width, height)
    assert rows_in_sight(desk) >= 2
    found = places(desk)
    table = found.pop("idr_wells")
    assert all(one.left() > table.right() for one in found.values())
    found.pop("idr_legend")  # below its title, as ever
    assert not [
        (one, other)
        for one, rect in found.items()
        for other, another in found.items()
        if one < other and rect.intersects(another)
    ]
    assert not cut_texts(desk.dock)


@pytest.mark.parametrize(("points", "width", "height"), LOW)
def test_rows_stay_in_sight_whatever_is_said_and_coloured(
    desk: Desk, lower: Lower, points: int, width: int, height: int
) -> None:
    lower(points, width, height)
    desk.person.choose("idr_color_by", "Cell Count")
    notes = ["cells.csv: Z1: no such well.", "cells.csv: Z2: no such well.", "So."]
    desk.dock.panel.set_notes(notes, can_retry=True)
    rest(desk.dock)

    assert rows_in_sight(desk) >= 2
    said, retry = (
        desk.person.find(name) for name in ("idr_wells_notes", "idr_wells_retry")
    )
    assert not said.visibleRegion().isEmpty()
    assert retry.y() > said.geometry().bottom()
    assert not cut_texts(desk.dock)


def test_what_is_scrolled_away_is_reached_by_tab_as_one_reads(
    desk: Desk, lower: Lower
) -> None:
    lower(16, 901, 135)
    desk.person.choose("idr_color_by", "Gene Symbol")
    desk.dock.activateWindow()
    desk.person.until(lambda: focused(desk.table))

    reached = []
    for _ in range(30):
        QTest.keyClick(desk.dock.window().focusWidget(), Qt.Key.Key_Tab)
        control = desk.dock.window().focusWidget()
        if control.objectName() in BESIDE:
            reached.append(control.objectName())
            shown = control.visibleRegion().boundingRect()
            least = 40 if control.objectName() == "idr_legend" else control.height()
            assert shown.height() >= least - 1, control.objectName()
        if control.objectName() == BESIDE[-1]:
            break

    assert reached == BESIDE


def focused(widget: QWidget) -> bool:
    """Whether a widget has the keyboard; it is given it once its window may have it."""
    widget.setFocus()
    return widget.hasFocus()


@pytest.mark.parametrize("points", [9, 16])
def test_all_is_where_it_was_in_a_dock_that_is_high_again(
    desk: Desk, lower: Lower, points: int
) -> None:
    lower(points, 1000, 400)
    before, order = places(desk), tabbed_from(desk, "idr_wells_filter")
    assert before["idr_wells_filter"].bottom() < before["idr_wells"].top()

    lower(points, 1000, 135)
    assert before != places(desk)
    lower(points, 1000, 400)

    assert places(desk) == before
    assert tabbed_from(desk, "idr_wells_filter") == order


def test_what_one_types_goes_on_while_the_dock_becomes_low(
    desk: Desk, lower: Lower
) -> None:
    lower(9, 1000, 400)
    desk.dock.activateWindow()
    edit = desk.person.find("idr_wells_filter", QLineEdit)
    desk.person.until(lambda: focused(edit))
    QTest.keyClicks(edit, "CDC")

    lower(9, 1000, 110)
    QTest.keyClicks(desk.dock.window().focusWidget(), "20")

    assert edit.hasFocus()
    assert edit.text() == "CDC20"
    desk.person.until(lambda: len(desk.labels) < 96)
    assert desk.person.find("idr_color_by", QComboBox).isVisible()


def test_what_is_said_for_a_moment_moves_no_control(desk: Desk, lower: Lower) -> None:
    height = 400
    while not is_low(desk):
        height -= 4
        lower(9, 1000, height)
    for dock_height in (height, height + 4):
        lower(9, 1000, dock_height)
        before = is_low(desk)

        desk.dock.panel.set_notes(["Asking …"], can_retry=False)
        rest(desk.dock)

        assert is_low(desk) is before
        desk.dock.panel.set_notes([], can_retry=False)


def is_low(desk: Desk) -> bool:
    """Whether the controls stand beside the table."""
    found = places(desk)
    return found["idr_wells_filter"].left() > found["idr_wells"].right()
