"""napari's activity dock follows, and what it does disturbs nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from napari._qt.widgets.qt_progress_bar import QtLabeledProgressBar
from qtpy.QtCore import QCoreApplication, QEvent, Qt, QTimer
from qtpy.QtGui import QKeyEvent

from napari_idr import IDRClient
from napari_idr._qt.panels import status
from napari_idr.model import PlateId

if TYPE_CHECKING:
    from napari_idr import demo
    from support.person import Person
    from support.window import Window

MITOSIS, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"


def bars(window: Window) -> list[tuple[str, int, int]]:
    """Return what the bars in the activity dock say: words, value and maximum."""
    found = window.native.findChildren(QtLabeledProgressBar)
    return [
        (
            one.description_label.text(),
            one.qt_progress_bar.value(),
            one.qt_progress_bar.maximum(),
        )
        for one in found
    ]


def press_before_any_answer(person: Person, *keys: Qt.Key) -> None:
    """Put keys into the queue of the tree, faster than they are worked on."""
    for key in keys:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier)
            QCoreApplication.postEvent(person.tree, event)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that runs counts as long."""
    monkeypatch.setattr(status, "LONG_MS", 0)


def test_what_is_soon_over_isn_t_shown(window: Window, classic: demo.Archive) -> None:
    classic.delay_ms = 100
    person = window.browse(classic.url)
    shown = []
    timer = QTimer()
    timer.timeout.connect(lambda: shown.extend(bars(window)))
    timer.start(10)

    person.search("CDC20")

    assert not shown


@pytest.mark.usefixtures("patient")
def test_the_activity_dock_counts_thumbnails_and_is_empty_at_the_end(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    with IDRClient(classic.url, cache=False) as client:
        last = max(cell.image_id for cell in client.plate_grid(PlateId(7101), field=1))
    # The ids are asked for in two batches; the second takes its time.
    classic.faults.delay(f"get_thumbnails.*{last}", 1500)

    person.choose("idr_field", "2 / 4")

    person.until(lambda: any(0 < done < 96 for _, done, _ in bars(window)))
    assert [(PLATE in message, most) for message, _, most in bars(window)] == [
        (True, 96)
    ]
    person.until(lambda: person.is_idle and not bars(window))


def test_keys_that_follow_each_other_quickly_select_the_last_line(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.search("CDC20")
    first, _, third = person.rows()
    person.select(first)

    press_before_any_answer(person, Qt.Key.Key_Down, Qt.Key.Key_Down)
    person.until(lambda: person.tree.currentIndex().data() == third)
    person.until_idle()

    selection = person.tree.selectionModel()
    assert selection is not None
    assert [index.data() for index in selection.selectedRows()] == [third]


@pytest.mark.usefixtures("patient")
def test_a_browser_closed_in_the_middle_leaves_no_bar(
    window: Window, classic: demo.Archive
) -> None:
    classic.delay_ms = 300
    person = window.browse(classic.url)
    person.type("idr_value", "CDC20")
    person.press("idr_value", Qt.Key.Key_Return)
    person.until(lambda: bool(bars(window)))

    window.viewer.window.remove_dock_widget("all")

    person.until(lambda: not bars(window))
