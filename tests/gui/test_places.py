"""What changes in a dock leaves the window as it is laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import (
    QDockWidget,
    QLabel,
    QLineEdit,
    QMainWindow,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.panels.letters import LetteredWidget
from napari_idr._qt.panels.places import DockedWidget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

ROOM = 200


class Layouts(QObject):
    """Counts how often a widget is to lay out what is in it."""

    count, kind = 0, QEvent.Type.LayoutRequest

    def eventFilter(  # noqa: N802 - Qt's name
        self, watched: QObject | None, event: QEvent | None
    ) -> bool:
        if event is not None and event.type() == self.kind:
            self.count += 1
        return super().eventFilter(watched, event)


class Styled(Layouts):
    """Counts how often a widget is styled."""

    kind = QEvent.Type.StyleChange


@pytest.fixture
def docked(qtbot: QtBot) -> Iterator[DockedWidget]:
    """A widget with a label, in a dock of a window."""
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setCentralWidget(QWidget())
    docked = DockedWidget()
    label = QLabel("short", docked.body)
    layout = QVBoxLayout(docked.body)
    layout.addWidget(label)
    layout.addStretch(1)
    dock = QDockWidget(window)
    dock.setWidget(docked)
    window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
    window.resize(500, 500)
    window.show()
    qtbot.waitExposed(window)
    window.resizeDocks([dock], [ROOM], Qt.Orientation.Vertical)
    qtbot.wait(50)
    yield docked
    window.close()


def test_parts_are_laid_out_in_the_room_that_there_is(
    docked: DockedWidget, qtbot: QtBot
) -> None:
    window = docked.window()
    [label] = docked.findChildren(QLabel)
    assert window is not None
    layouts = Layouts()
    window.installEventFilter(layouts)
    low = label.height()

    label.setText("two\nlines")
    qtbot.waitUntil(lambda: label.height() > low)
    qtbot.wait(50)

    assert layouts.count == 0
    assert docked.body.size() == docked.size()


def test_parts_that_need_more_room_have_it(docked: DockedWidget, qtbot: QtBot) -> None:
    [label] = docked.findChildren(QLabel)

    label.setFixedHeight(ROOM + 50)

    qtbot.waitUntil(lambda: docked.height() > ROOM + 50)


class Lettered(LetteredWidget, DockedWidget):
    """A widget with a style sheet of its own, as the browser is one."""


def test_what_is_docked_is_styled_once(qtbot: QtBot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    window.setStyleSheet("QWidget { color: red; }")
    window.setCentralWidget(QLineEdit())
    window.show()
    qtbot.waitExposed(window)
    docked = Lettered()
    layout, label, line = QVBoxLayout(docked.body), QLabel("text"), QLineEdit()
    layout.addWidget(label)
    layout.addWidget(line)
    label.ensurePolished()
    styled = Styled()
    label.installEventFilter(styled)
    title, close = QWidget(), QPushButton("close")
    QVBoxLayout(title).addWidget(close)
    dock = QDockWidget()
    dock.setWidget(docked)
    dock.setTitleBarWidget(title)

    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    assert docked.findChildren(QLineEdit) == [line]  # at once
    qtbot.waitUntil(label.isVisible)

    assert styled.count == 1
    assert label.palette().windowText().color() == Qt.GlobalColor.red
    # The title, which comes into the window earlier, is gone to by Tab later.
    line.setFocus()
    assert line.nextInFocusChain() is close
