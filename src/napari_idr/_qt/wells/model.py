"""The table of wells as Qt asks for it: only the cells that are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtGui import QColor, QFont

from napari_idr._qt.panels.forms import tooltip
from napari_idr.services.plain_text import plain_text, visible_text
from napari_idr.services.wells.look import color_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_idr.services.wells.table import IndexedTable

ROLE = Qt.ItemDataRole
_NOWHERE = QModelIndex()

FAILED_TIP = "This well failed the study's quality control."


class WellsModel(QAbstractTableModel):
    """Rows of an indexed table, in an order and with columns of one's choice."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._indexed: IndexedTable | None = None
        self._rows: NDArray[np.intp] = np.zeros(0, np.intp)
        self._row_of: NDArray[np.intp] = np.zeros(0, np.intp)  # -1 where it isn't shown
        self._names: tuple[str, ...] = ()
        self._filtered: frozenset[str] = frozenset()
        self._colors: NDArray[np.float32] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns that are shown, in their order."""
        return self._names

    @property
    def indexed(self) -> IndexedTable | None:
        """The table whose rows are shown."""
        return self._indexed

    @property
    def places(self) -> NDArray[np.intp]:
        """The places of the wells that are shown, in their order."""
        return self._rows

    def show(
        self,
        indexed: IndexedTable | None,
        names: Sequence[str],
        rows: NDArray[np.intp],
        filtered: frozenset[str] = frozenset(),
    ) -> None:
        """Show these columns and rows; `filtered` columns have a condition."""
        self.beginResetModel()
        if indexed is not self._indexed:
            self._colors = None
        self._indexed, self._names, self._rows = indexed, tuple(names), rows
        self._filtered = filtered
        self._row_of = np.full(0 if indexed is None else len(indexed), -1, np.intp)
        self._row_of[rows] = np.arange(len(rows))
        self.endResetModel()

    def set_colors(self, colors: NDArray[np.float32] | None) -> None:
        """Show the colour of each well beside its first cell; None for none."""
        self._colors = colors
        if len(self._rows) and self._names:
            last = self.index(len(self._rows) - 1, 0)
            self.dataChanged.emit(self.index(0, 0), last, [ROLE.DecorationRole])

    def place(self, row: int) -> int:
        """Return the place of the well in a row."""
        return int(self._rows[row])

    def row(self, place: int) -> int | None:
        """Return the row of a well, None if it isn't shown."""
        row = int(self._row_of[place]) if 0 <= place < len(self._row_of) else -1
        return None if row < 0 else row

    def text(self, row: int, column: int) -> str:
        """Return a cell as it is copied: what it says, on one line."""
        if self._indexed is None:
            return ""
        text = self._indexed.texts(self._names[column])[self.place(row)]
        return " ".join(visible_text(text).split())

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._names)

    def data(self, index: QModelIndex, role: int = ROLE.DisplayRole) -> Any:
        if not index.isValid() or self._indexed is None:
            return None
        row, column = index.row(), index.column()
        if role in (ROLE.DisplayRole, ROLE.AccessibleTextRole):
            return self.text(row, column)
        place = self.place(row)
        if role == ROLE.ToolTipRole:
            text = self._indexed.texts(self._names[column])[place]
            return tooltip(text, FAILED_TIP if self._indexed.failed[place] else "")
        if role == ROLE.TextAlignmentRole:
            is_number = self._indexed.column(self._names[column]).kind == "number"
            side = Qt.AlignmentFlag.AlignRight if is_number else _LEFT
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == ROLE.DecorationRole and column == 0 and self._colors is not None:
            red, green, blue, opacity = self._colors[place].tolist()
            return QColor.fromRgbF(red, green, blue, opacity)
        if role == ROLE.FontRole and self._indexed.failed[place]:
            font = QFont()
            font.setStrikeOut(True)
            return font
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = ROLE.DisplayRole
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal or section >= len(self._names):
            return None
        name = self._names[section]
        if role == ROLE.DisplayRole:
            mark = " (filtered)" if name in self._filtered else ""
            return f"{color_title(name)}{mark}"
        if role == ROLE.ToolTipRole:
            return tooltip(plain_text(name), "A click sorts; once more, the other way")
        return None


_LEFT = Qt.AlignmentFlag.AlignLeft
