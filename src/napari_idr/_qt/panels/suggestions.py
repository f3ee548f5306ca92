"""List of suggestions below a line of text, which keeps the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.qt import get_current_stylesheet
from qtpy.QtCore import QEvent, QObject, QPoint, Qt, Signal
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QAbstractItemView, QLineEdit, QListWidget, QListWidgetItem

from napari_idr._qt.panels.forms import POPUP_MARGIN_PX, name_widget, present
from napari_idr._qt.settings import font_points
from napari_idr.services.search.catalog import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.model import Suggestion

MAX_SUGGESTIONS = 50
"""Lines of suggestions that are shown; nobody scrolls further, they type on."""

ROWS_IN_SIGHT = 10

VALUE_ROLE = Qt.ItemDataRole.UserRole

STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}


class SuggestionList(QListWidget):
    """Values that may complete what is typed; none is taken but by choice.

    Arrow keys put a suggestion into the line of text, a click does so and is told by
    `clickedOn`. All other keys are those of the line: Enter stands for what it shows.
    Past either end of the list, and on Escape, what was typed comes back; so it does
    when the change is undone. Without a list, the down key wants one.

    Qt's own completer takes the first line on Enter, and makes the line forget what
    was typed.
    """

    clickedOn = Signal()
    wanted = Signal()

    def __init__(self, line: QLineEdit) -> None:
        super().__init__(line)
        name_widget(self, "idr_suggestions", "Suggestions", "")
        # A window of its own, as it may be wider than the panel; never the active one.
        self.setWindowFlags(Qt.WindowType.ToolTip | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setUniformItemSizes(True)
        self._line = line
        self._typed = ""
        self._completing = False
        line.installEventFilter(self)
        self.itemClicked.connect(self._on_clicked)

    @property
    def is_completing(self) -> bool:
        """Whether the line's text changes by a choice, and not by typing."""
        return self._completing

    def offer(self, suggestions: Sequence[Suggestion]) -> None:
        """Show suggestions for what the line holds; without any, nothing."""
        self.take_away()
        for suggestion in suggestions[:MAX_SUGGESTIONS]:
            item = QListWidgetItem(_label(suggestion), self)
            item.setData(VALUE_ROLE, suggestion.value)
        if not suggestions:
            return
        self._typed = self._line.text()
        # A window has no look of ours, nor letters of our size.
        letters = f"QListWidget {{ font-size: {font_points()}pt; }}"
        self.setStyleSheet(f"{get_current_stylesheet()} {letters}")
        self._place()
        self.show()
        window = present(self._line.window())
        window.installEventFilter(self)

    def take_away(self) -> None:
        """Show no suggestions."""
        self.hide()
        self.clear()
        present(self._line.window()).removeEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is None:
            return False
        kind = event.type()
        if self.isHidden():
            if (
                watched is self._line
                and kind == QEvent.Type.KeyPress
                and isinstance(event, QKeyEvent)
                and event.key() == Qt.Key.Key_Down
            ):
                self.wanted.emit()
            return False
        if watched is not self._line:
            if kind in (QEvent.Type.Move, QEvent.Type.Resize):
                self.take_away()
        elif kind in (QEvent.Type.FocusOut, QEvent.Type.Hide):
            self.take_away()
        elif isinstance(event, QKeyEvent):
            key = Qt.Key(event.key())
            if key == Qt.Key.Key_Escape and kind == QEvent.Type.ShortcutOverride:
                event.accept()  # napari has a meaning for it, too
                return True
            if kind == QEvent.Type.KeyPress:
                return self._take_key(key)
        return False

    def _take_key(self, key: Qt.Key) -> bool:
        if key in STEPS:
            self._step(STEPS[key])
        elif key == Qt.Key.Key_Escape:
            self._put(self._typed)
            self.take_away()
        else:
            return False
        return True

    def _step(self, by: int) -> None:
        """Choose the next line; one place stands for what was typed."""
        places = self.count() + 1
        row = (self.currentRow() + 1 + by) % places - 1
        self.setCurrentRow(row)
        item = self.item(row) if row >= 0 else None
        self._put(self._typed if item is None else item.data(VALUE_ROLE))

    def _on_clicked(self, item: QListWidgetItem) -> None:
        self._put(item.data(VALUE_ROLE))
        self.take_away()
        self.clickedOn.emit()

    def _put(self, value: str) -> None:
        """Put a value into the line; undoing that brings back what was typed."""
        self._completing = True
        try:
            if self._line.text() != self._typed:
                self._line.undo()
            if value != self._line.text():
                self._line.selectAll()
                self._line.insert(value)
        finally:
            self._completing = False

    def _place(self) -> None:
        """Lie below the line, or above where there is more room."""
        line = self._line
        rows = min(self.count(), ROWS_IN_SIGHT)
        frame = 2 * self.frameWidth()
        height = rows * self.sizeHintForRow(0) + frame
        width = max(line.width(), self.sizeHintForColumn(0) + POPUP_MARGIN_PX)
        screen = present(line.screen()).availableGeometry()
        width = min(width, screen.width())
        top = line.mapToGlobal(QPoint(0, 0))
        y = top.y() + line.height()
        if y + height > screen.bottom() and top.y() - height >= screen.top():
            y = top.y() - height
        x = max(min(top.x(), screen.right() - width), screen.left())
        self.setGeometry(x, y, width, height)


def _label(suggestion: Suggestion) -> str:
    """Return the whole value, and its number of images where that is known."""
    count = suggestion.image_count
    told = "" if count is None else f"  ({counted(count, 'image', 'images')})"
    return f"{suggestion.value}{told}"
