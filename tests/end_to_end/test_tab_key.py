"""The Tab key goes through a whole napari window, with all that the browser adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget

from napari_idr._qt.wells.dock import WellsDock
from support.guards import settle

if TYPE_CHECKING:
    from napari_idr import demo
    from support.person import Person
    from support.window import Window

MITOSIS, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"

TAB_STOP = Qt.FocusPolicy.TabFocus.value
MOST_STEPS = 300


@pytest.fixture
def person(window: Window, classic: demo.Archive) -> Person:
    """A person with a plate and its wells open, ready to type another search."""
    person = window.browse(classic.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    person.click("idr_wells_table_button")
    person.until_idle()
    window.native.activateWindow()
    person.until(window.native.isActiveWindow)
    return person


def wells_dock(person: Person) -> WellsDock:
    dock = person.browser.window().findChild(WellsDock)
    assert dock is not None
    person.until(lambda: dock.jobs.count == 0)
    settle()
    return dock


def stops(root: QWidget) -> list[QWidget]:
    """Return what the Tab key has to reach."""
    return [
        one
        for one in root.findChildren(QWidget)
        if one.focusPolicy().value & TAB_STOP
        and one.focusProxy() is None
        and one.isVisible()
        and one.isEnabled()
    ]


def walked(first: QWidget, key: Qt.Key) -> list[QWidget]:
    """Return what a key reaches until it comes back to where it began."""
    first.setFocus()
    assert first.hasFocus()
    reached = [first]
    for _ in range(MOST_STEPS):
        QTest.keyClick(reached[-1], key)
        now = QApplication.focusWidget()
        assert now is not None
        if now is first:
            return reached
        reached.append(now)
    ends = [(type(one).__name__, one.objectName()) for one in reached[-3:]]
    pytest.fail(f"doesn't come back: it ends at {ends}")


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Backtab])
@pytest.mark.parametrize("opened", [(), ("idr_show_facets", "idr_show_genes")])
def test_the_whole_window_is_gone_through(
    person: Person, key: Qt.Key, opened: tuple[str, ...]
) -> None:
    for name in opened:
        person.click(name)
        person.until_idle()
    dock = wells_dock(person)

    reached = walked(person.find("idr_value"), key)

    for root in (person.browser, dock):
        missed = [one.objectName() for one in stops(root) if one not in reached]
        assert missed == []


def test_nothing_hands_the_keyboard_to_what_is_hidden(person: Person) -> None:
    dock = wells_dock(person)

    for root in (person.browser, dock):
        for one in root.findChildren(QWidget):
            proxy = one.focusProxy()
            assert not (one.isVisible() and proxy is not None and proxy.isHidden()), (
                f"Tab stays where it is before {one.objectName()}"
            )
