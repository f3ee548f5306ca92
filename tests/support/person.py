"""A person in front of the browser: sees, types, clicks and waits."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QApplication,
    QComboBox,
    QTableView,
    QTreeView,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

W = TypeVar("W", bound=QWidget)

DEADLINE_MS = 60_000
"""The most that anything here may take, on a busy machine."""

LEFT = Qt.MouseButton.LeftButton


class Person:
    """Uses a browser by the names of its widgets, as outside tests do."""

    def __init__(self, browser: QWidget, viewer: Any, qtbot: QtBot) -> None:
        self.browser = browser
        self.viewer = viewer
        self._qtbot = qtbot

    # Looking

    def find(self, name: str, kind: type[W] = QWidget) -> W:  # type: ignore[assignment]
        found = self.browser.findChild(kind, name)
        assert found is not None, f"there is no {name}"
        return found

    def text(self, name: str) -> str:
        return self.find(name).text()  # type: ignore[attr-defined]

    @property
    def status(self) -> str:
        return self.text("idr_status")

    @property
    def is_idle(self) -> bool:
        return self.find("idr_cancel").isHidden()

    @property
    def tree(self) -> QTreeView:
        return self.find("idr_results", QTreeView)

    def rows(self, parent: QModelIndex | None = None) -> list[str]:
        """Return the names of the lines below one, by default the topmost."""
        model, parent = self.tree.model(), parent or QModelIndex()
        assert model is not None
        return [
            model.index(row, 0, parent).data() for row in range(model.rowCount(parent))
        ]

    def counts(self, parent: QModelIndex | None = None) -> list[str | None]:
        model, parent = self.tree.model(), parent or QModelIndex()
        assert model is not None
        return [
            model.index(row, 1, parent).data() for row in range(model.rowCount(parent))
        ]

    def line(self, *names: str) -> QModelIndex:
        """Return the line with these names from the top down."""
        model, index = self.tree.model(), QModelIndex()
        assert model is not None
        for name in names:
            index = model.index(self.rows(index).index(name), 0, index)
        return index

    @property
    def annotations(self) -> list[tuple[str, str, str]]:
        model = self.find("idr_annotations", QTableView).model()
        assert model is not None
        return [
            tuple(model.index(row, column).data() for column in range(3))  # type: ignore[misc]
            for row in range(model.rowCount())
        ]

    # Waiting

    def until(self, condition: Callable[[], bool], timeout: int = DEADLINE_MS) -> None:
        try:
            self._qtbot.waitUntil(condition, timeout=timeout)
        except Exception as error:
            with suppress(Exception):  # the browser may have gone
                state = "idle" if self.is_idle else "busy"
                error.add_note(f"{state}, and the status is {self.status!r}")
            raise

    def until_idle(self) -> None:
        self.until(lambda: self.is_idle)

    def until_status(self, *message: str) -> str:
        """Wait until nothing runs and the status says all of the words."""
        try:
            self.until(
                lambda: self.is_idle and all(word in self.status for word in message)
            )
        except Exception as error:
            raise AssertionError(f"the status is {self.status!r}") from error
        return self.status

    # Doing

    def click(self, name: str) -> None:
        widget = self.find(name)
        assert widget.isVisible(), f"{name} can't be seen"
        assert widget.isEnabled(), f"{name} can't be used"
        QTest.mouseClick(widget, LEFT)

    def type(self, name: str, text: str) -> None:
        """Type in place of what a field holds."""
        widget = self.find(name)
        QTest.mouseClick(widget, LEFT)
        QTest.keyClick(widget, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClick(widget, Qt.Key.Key_Delete)
        QTest.keyClicks(widget, text)

    def paste(self, name: str, text: str) -> None:
        """Paste in place of what a field holds."""
        widget = self.find(name)
        clipboard = QApplication.clipboard()
        assert clipboard is not None
        clipboard.setText(text)
        QTest.mouseClick(widget, LEFT)
        for key in (Qt.Key.Key_A, Qt.Key.Key_V):
            QTest.keyClick(widget, key, Qt.KeyboardModifier.ControlModifier)

    def press(self, name: str, key: Qt.Key) -> None:
        QTest.keyClick(self.find(name), key)

    def connect_to(self, address: str) -> None:
        self.type("idr_server", address)
        self.press("idr_server", Qt.Key.Key_Return)

    def search(self, value: str) -> None:
        """Search, and wait for the end of it."""
        self.type("idr_value", value)
        self.click("idr_search")
        self.until_idle()

    def choose(self, name: str, text: str) -> None:
        """Choose a line of a drop-down list with the keyboard."""
        box = self.find(name, QComboBox)
        there = box.findText(text)
        assert there >= 0, [box.itemText(n) for n in range(box.count())]
        box.setFocus()
        while box.currentIndex() != there:
            down = box.currentIndex() < there
            QTest.keyClick(box, Qt.Key.Key_Down if down else Qt.Key.Key_Up)

    def open(self, *names: str) -> QModelIndex:
        """Open a line of the tree with the keyboard and wait for what lies below."""
        index = self.line(*names)
        if not self.tree.isExpanded(index):
            self.open_line(*names)
        self.until(lambda: self.is_idle and self.rows(index) != ["loading …"])
        return index

    def open_line(self, *names: str) -> None:
        """Open a line of the tree with the keyboard, anew if it is open."""
        self.click_line(*names)
        if self.tree.isExpanded(self.line(*names)):
            QTest.keyClick(self.tree, Qt.Key.Key_Left)
        QTest.keyClick(self.tree, Qt.Key.Key_Right)

    def click_line(self, *names: str, double: bool = False) -> None:
        index = self.line(*names)
        self.tree.scrollTo(index)
        viewport = self.tree.viewport()
        assert viewport is not None
        place = self.tree.visualRect(index).center()
        QTest.mouseClick(viewport, LEFT, Qt.KeyboardModifier.NoModifier, place)
        if double:
            QTest.mouseDClick(viewport, LEFT, Qt.KeyboardModifier.NoModifier, place)

    def select(self, *names: str) -> None:
        """Click on a line of the tree and wait until its details are shown."""
        self.click_line(*names)
        self.until_idle()

    def find_plate(self, value: str, screen: str, plate: str) -> None:
        """Search, open a screen and select a plate in it."""
        self.search(value)
        self.open(screen)
        self.select(screen, plate)

    def show_plate(self) -> None:
        """Show the selected plate and wait until it is complete."""
        self.click("idr_show_plate")
        self.until_idle()
