"""Widgets that write all they hold as large as napari writes its labels."""

from __future__ import annotations

from qtpy.QtCore import QEvent, Signal
from qtpy.QtWidgets import QWidget

from napari_idr._qt.settings import font_points

WRITTEN_SMALL = (
    "QTreeView, QTableView, QHeaderView, QLineEdit, QPlainTextEdit, QToolButton, "
    "#idr_actions QLabel"
)
"""What napari's own style sheet leaves at the system's size of letters, and a label
among such buttons: napari writes labels a point larger."""

ROOM_FOR_ARROW = (
    'QToolButton[popupMode="1"], QToolButton[popupMode="2"] { padding-right: 1.4em; }'
)
"""Qt leaves none beside the words of a menu's button where a style sheet is set."""

LETTERS_CHANGE = (QEvent.Type.StyleChange, QEvent.Type.FontChange)
"""napari changes its style sheet with the size of its letters."""


class LetteredWidget(QWidget):
    """A widget whose trees, tables and lines have letters of napari's size."""

    lettersChanged = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._set_letters()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow another size of letters."""
        super().changeEvent(event)
        if event is not None and event.type() in LETTERS_CHANGE:
            self._set_letters()

    def _set_letters(self) -> None:
        letters = f"{WRITTEN_SMALL} {{ font-size: {font_points()}pt; }}"
        sheet = f"{letters} {ROOM_FOR_ARROW}"
        if sheet != self.styleSheet():
            self.setStyleSheet(sheet)
            self.lettersChanged.emit()
