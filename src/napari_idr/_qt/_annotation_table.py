"""The annotations of what is selected, as a table to read and copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QModelIndex, Qt, QUrl
from qtpy.QtGui import QDesktopServices, QGuiApplication, QKeyEvent, QKeySequence
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from napari_idr._qt._forms import name_widget, present
from napari_idr._qt._item_models import LINK_ROLE, AnnotationModel
from napari_idr.services.annotation_table import AnnotationRow, rows_as_text

if TYPE_CHECKING:
    from collections.abc import Sequence


class AnnotationTable(QTableView):
    """Rows of namespace, key and value; Ctrl+C copies, a double click follows links."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(
            self,
            "idr_annotations",
            "Annotations",
            "What was written about the selected object; "
            "Ctrl+C copies rows, a double click opens a link",
        )
        self._rows = AnnotationModel(self)
        self.setModel(self._rows)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setWordWrap(False)
        self.setShowGrid(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        rows = present(self.verticalHeader())
        rows.hide()
        rows.setDefaultSectionSize(self.fontMetrics().height() + 6)
        header = present(self.horizontalHeader())
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.setColumnWidth(0, 70)
        self.setColumnWidth(1, 100)
        self.doubleClicked.connect(self._follow)

    def set_rows(self, rows: Sequence[AnnotationRow]) -> None:
        """Show these rows in place of what was there."""
        self._rows.set_rows(rows)
        self.scrollToTop()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        if event is not None and event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def copy(self) -> None:
        """Put the selected rows on the clipboard, tabs between their cells."""
        lines = {
            index.row() for index in present(self.selectionModel()).selectedIndexes()
        }
        clipboard = QGuiApplication.clipboard()
        if lines and clipboard is not None:
            clipboard.setText(rows_as_text([self._rows.rows[n] for n in sorted(lines)]))

    def _follow(self, index: QModelIndex) -> None:
        url = self._rows.data(index, LINK_ROLE)
        if url:
            QDesktopServices.openUrl(QUrl(url))
