"""Table of the annotations of what is selected, to read and copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QEvent, QModelIndex, Qt, QUrl, Signal
from qtpy.QtGui import (
    QContextMenuEvent,
    QDesktopServices,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPaintEvent,
    QResizeEvent,
)
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from napari_idr._qt.panels.forms import (
    begin_at_current,
    name_widget,
    present,
    tooltip,
)
from napari_idr._qt.panels.pivot_menu import SEARCH_KEY, on_search_key
from napari_idr._qt.panels.said_in_place import SaidInPlace
from napari_idr.services.annotations import (
    AnnotationRow,
    cells_as_text,
    no_annotations_message,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDEST_SHARES = (0.28, 0.4)
"""Of the width, the most that namespaces and keys take; values have the rest."""

CELL_MARGIN_PX = 8
ROW_MARGIN_PX = 6

LINK_ROLE = Qt.ItemDataRole.UserRole + 1

_NOWHERE = QModelIndex()


class AnnotationTable(QTableView):
    """Rows of namespace, key and value; Ctrl+C copies, a double click follows links."""

    # AnnotationRow, the values beside it by key, where on the screen (QPoint)
    menuWanted = Signal(object, object, object)
    searchWanted = Signal(object, object)  # AnnotationRow, the values beside it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(
            self,
            "idr_annotations",
            "Annotations",
            "What was written about the selected object; "
            "Ctrl+C copies what is selected, a double click opens a link, "
            f"{SEARCH_KEY} searches for a value",
        )
        begin_at_current(self)
        self._rows = AnnotationModel(self)
        self.setModel(self._rows)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.setTabKeyNavigation(False)  # Tab leaves the table
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        rows = present(self.verticalHeader())
        rows.hide()
        header = present(self.horizontalHeader())
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setMinimumSectionSize(30)
        header.sectionResized.connect(self._on_resized)
        self._fitting = False
        self._sized_by_hand = False
        self._nothing = no_annotations_message(plate=False)
        self._in_place = SaidInPlace(self, lambda: self.nothing_shown)
        self._fit_rows()
        self.doubleClicked.connect(self._follow)
        on_search_key(self, self._on_search)

    def set_rows(
        self, rows: Sequence[AnnotationRow], *, plate: bool = False, read: bool = True
    ) -> None:
        """Show these rows in place of what was there.

        `plate` tells whether they are of a plate, `read` whether they could be read.
        """
        self._nothing = no_annotations_message(plate=plate, read=read)
        self._rows.set_rows(rows)
        self.scrollToTop()
        self._fit_columns()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow another size of letters."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange:
            self._fit_rows()
            self._fit_columns()

    def _fit_rows(self) -> None:
        rows = present(self.verticalHeader())
        rows.setDefaultSectionSize(self.fontMetrics().height() + ROW_MARGIN_PX)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._fit_columns()

    @property
    def nothing_shown(self) -> str:
        """What is said in place of rows, "" where there are some."""
        return "" if self._rows.rows else self._nothing

    def paintEvent(self, event: QPaintEvent | None) -> None:
        super().paintEvent(event)
        self._in_place.draw()

    def _fit_columns(self) -> None:
        """Make namespaces and keys as wide as they are long, but leave room for values.

        Columns that a person has drawn to a width of their own keep it.
        """
        if self._sized_by_hand:
            return
        self._fitting = True
        room = present(self.viewport()).width()
        for column, share in enumerate(WIDEST_SHARES):
            titled = present(self.horizontalHeader()).sectionSizeHint(column)
            wanted = self.sizeHintForColumn(column) + CELL_MARGIN_PX
            width = min(wanted, int(room * share))
            self.setColumnWidth(column, max(width, titled))
        self._fitting = False

    def _on_resized(self, column: int, *_: int) -> None:
        if not self._fitting and column < len(WIDEST_SHARES):
            self._sized_by_hand = True

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """Ask for the menu of a row: what can be searched, copied and opened."""
        if event is None:
            return
        index, where = self.indexAt(event.pos()), event.globalPos()
        if event.reason() == event.Reason.Keyboard:
            index = self.currentIndex()
            below = self.visualRect(index).bottomLeft()
            where = present(self.viewport()).mapToGlobal(below)
        if index.isValid():
            self.menuWanted.emit(self._rows.rows[index.row()], self._beside, where)

    def _on_search(self) -> None:
        index = self.currentIndex()
        if index.isValid():
            self.searchWanted.emit(self._rows.rows[index.row()], self._beside)

    @property
    def _beside(self) -> dict[str, str]:
        """The values by key, the first where a key has several."""
        return {row.key: row.value for row in reversed(self._rows.rows)}

    def copy(self) -> None:
        """Put the selected cells on the clipboard: one as it is, several as a table."""
        selected = present(self.selectionModel()).selectedIndexes()
        cells = {(one.row(), one.column()): str(one.data()) for one in selected}
        clipboard = QGuiApplication.clipboard()
        if cells and clipboard is not None:
            clipboard.setText(cells_as_text(cells))

    def _follow(self, index: QModelIndex) -> None:
        url = self._rows.data(index, LINK_ROLE)
        if url:
            QDesktopServices.openUrl(QUrl(url))


class AnnotationModel(QAbstractTableModel):
    """Annotations as rows of namespace, key and value."""

    TITLES = ("From", "Key", "Value")

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.rows: tuple[AnnotationRow, ...] = ()

    def set_rows(self, rows: Sequence[AnnotationRow]) -> None:
        """Show these rows in place of what was there."""
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.TITLES)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        text = (row.namespace, row.key, row.value)[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(text, row.url or "")
        if role == LINK_ROLE:
            return row.url
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if (
            role != Qt.ItemDataRole.DisplayRole
            or orientation != Qt.Orientation.Horizontal
        ):
            return None
        return self.TITLES[section]
