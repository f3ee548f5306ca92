"""What runs is told without a repaint for each piece of news."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QApplication, QVBoxLayout, QWidget

from napari_idr._qt.panels.status import StatusBar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


class Counter(QObject):
    """Counts how often a widget gets an event."""

    def __init__(self, kind: QEvent.Type) -> None:
        super().__init__()
        self.count = 0
        self._kind = kind

    def eventFilter(  # noqa: N802 - Qt's name
        self, watched: QObject | None, event: QEvent | None
    ) -> bool:
        if event is not None and event.type() == self._kind:
            self.count += 1
        return super().eventFilter(watched, event)


@pytest.fixture
def status(qtbot: QtBot) -> Iterator[StatusBar]:
    """Show a status bar that runs something, in a window with room for more."""
    window = QWidget()
    qtbot.addWidget(window)  # which doesn't keep it
    status = StatusBar(window)
    layout = QVBoxLayout(window)
    layout.addWidget(status)
    layout.addStretch(1)
    status.set_running("Loading …")
    window.resize(250, 300)
    window.show()
    qtbot.waitExposed(window)
    qtbot.wait(50)
    yield status
    window.close()


def test_progress_is_painted_with_the_rest_of_the_window(
    status: StatusBar, qtbot: QtBot
) -> None:
    paints = Counter(QEvent.Type.Paint)
    status.bar.installEventFilter(paints)

    for done in range(0, 1001, 50):
        status.set_progress(done, 1000, "thumbnails")

    assert paints.count == 0
    assert status.bar.value() == 1000
    qtbot.waitUntil(lambda: paints.count > 0)


def test_a_sentence_as_high_as_the_last_leaves_the_window_as_it_is(
    status: StatusBar, qtbot: QtBot
) -> None:
    status.set_running("Loading a plate …")
    qtbot.wait(50)
    layouts = Counter(QEvent.Type.LayoutRequest)
    status.installEventFilter(layouts)

    for number in range(5):
        status.set_running(f"Loading plate {number} …")
        QApplication.processEvents()

    assert layouts.count == 0
    assert status.sentence.text() == "Loading plate 4 …"


def test_a_longer_sentence_has_the_room_for_it_and_gives_it_back(
    status: StatusBar, qtbot: QtBot
) -> None:
    low = status.sentence.height()

    status.set_running("Loading the thumbnails of a plate with a long name " * 3)
    qtbot.waitUntil(lambda: status.sentence.height() > 3 * low)
    label = status.sentence
    assert label.height() >= label.heightForWidth(label.width())

    status.set_running("Loading …")
    qtbot.waitUntil(lambda: status.sentence.height() == low)


def test_a_sentence_that_wraps_once_moves_nothing(
    status: StatusBar, qtbot: QtBot
) -> None:
    label, height = status.sentence, status.height()
    one_line = label.heightForWidth(label.width())

    status.set_running("Loading the thumbnails of a plate of a study")
    qtbot.wait(50)

    assert label.heightForWidth(label.width()) == 2 * one_line
    assert status.height() == height


def test_nothing_moves_while_nothing_is_counted(
    status: StatusBar, qtbot: QtBot
) -> None:
    paints = Counter(QEvent.Type.Paint)
    status.bar.installEventFilter(paints)

    qtbot.wait(200)

    assert paints.count == 0


def test_a_failure_goes_with_the_next_wish_and_does_not_come_back(
    status: StatusBar,
) -> None:
    status.set_running(None)
    status.say("2 of 2 studies")
    status.say_failed("The server can't be reached.", can_retry=True)
    assert status.sentence.text() == "The server can't be reached."

    status.forget_failure()  # as something else is wished for
    status.set_running("Reading it …")
    status.set_running(None)

    assert status.sentence.text() == "2 of 2 studies"
    assert status.retry.isHidden()


def test_a_failure_that_is_over_is_taken_back(status: StatusBar) -> None:
    status.set_running(None)
    status.say("2 of 2 studies")
    status.say_failed("A part of the image didn't come.", can_retry=True)

    status.forget_failure()

    assert (status.sentence.text(), status.failure) == ("2 of 2 studies", "")
    assert status.retry.isHidden()
