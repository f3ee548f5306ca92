"""A list of genes, and the studies in which each is: counts that open searches."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractTableModel, QEvent, QModelIndex, QPoint, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.panels.forms import (
    begin_at_current,
    name_widget,
    plain_label,
    present,
    tooltip,
)
from napari_idr._qt.panels.letters import LetteredWidget
from napari_idr._qt.panels.pivot_menu import SEARCH_KEY, on_search_key
from napari_idr._qt.panels.places import LabelPlace
from napari_idr.services.plain_text import visible_text
from napari_idr.services.search.genes import GeneMatrix, symbols_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qtpy.QtGui import QContextMenuEvent, QKeyEvent

    from napari_idr.model import Study
    from napari_idr.services.search.genes import GeneRow

LIST_FILES = "Lists (*.txt *.csv *.tsv);;All files (*)"
CSV_FILES = "CSV (*.csv)"

HOW_TO = (
    "Write or paste genes at the left, one a line, and press Count: the table then "
    "says how many images of each study carry each."
)

STUDY_PX = 130
"""Width of a study's column: the number and the first words of its name."""

ROW_MARGIN_PX = 6

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter

NO_SYMBOLS = "Type or paste the symbols of genes first"

LOOK_OF_LIST = "QPlainTextEdit { background-color: rgba(128, 128, 128, 60); }"
"""Some grey on each theme: napari's sheet makes fields of one line alone stand out."""

_NOWHERE = QModelIndex()


class GenesPanel(LetteredWidget):
    """A list of symbols, and a table of counts; it asks nobody by itself."""

    wanted = Signal(object)  # the symbols
    refused = Signal(str)
    openWanted = Signal(str, object)  # a symbol, and a Study or None for all
    galleryWanted = Signal(str, object)  # likewise
    loadWanted = Signal(str)  # the path of a list
    saveWanted = Signal(str)  # where the table is to be written

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_genes_panel")
        self.edit = QPlainTextEdit()
        name_widget(
            self.edit,
            "idr_genes_list",
            "List of genes",
            "Type or paste up to 200 symbols, one a line or with commas between",
        )
        self.edit.setPlaceholderText("CDC20\nPLK1\nKIF11 …")
        self.edit.setTabChangesFocus(True)
        self.edit.setStyleSheet(LOOK_OF_LIST)
        self.ask = _button("Count", "idr_genes_ask", "Find the studies of each gene")
        self.load = _button("Load…", "idr_genes_load", "Read a list from a file")
        self.save = _button("CSV…", "idr_genes_save", "Save the table as CSV")
        self.message = plain_label("idr_genes_message")
        self.message.setText(HOW_TO)
        self.table = _Table()
        self.model = GenesModel(self)
        self.table.setModel(self.model)
        buttons = QHBoxLayout()
        for button in (self.ask, self.load, self.save):
            buttons.addWidget(button)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(self.edit, 1)
        column.addLayout(buttons)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addWidget(LabelPlace(self.message))
        column.addWidget(self.table, 1)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(left)
        splitter.addWidget(right)
        splitter.setStretchFactor(1, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(4, 4, 4, 4)
        whole.addWidget(splitter)
        self.ask.clicked.connect(self._on_ask)
        self.load.clicked.connect(self._on_load)
        self.save.clicked.connect(self._on_save)
        self.table.activatedCell.connect(self._on_cell)
        self.table.menuWanted.connect(self._on_menu)
        on_search_key(self.table, self._on_search)
        self.save.setEnabled(False)

    def set_symbols(self, symbols: Sequence[str]) -> None:
        """Show a list that was read."""
        self.edit.setPlainText("\n".join(symbols))

    def begin(self, symbols: Sequence[str]) -> None:
        """Show a table of these symbols, of which nothing is known yet."""
        self.model.show(GeneMatrix(symbols=tuple(symbols)))
        self.message.setText(self.model.matrix.message)
        self.save.setEnabled(bool(symbols))

    def add(self, row: GeneRow) -> None:
        """Show what was found for a symbol."""
        before = self.model.columnCount()
        self.model.add(row)
        for column in range(before, self.model.columnCount()):
            self.table.setColumnWidth(column - 1, STUDY_PX)
        self.message.setText(self.model.matrix.message)

    def say(self, message: str) -> None:
        """Say why no more is known."""
        self.message.setText(message)

    def _on_ask(self, *_: object) -> None:
        try:
            symbols = symbols_of(self.edit.toPlainText())
        except ValueError as error:
            self.refused.emit(str(error))
            return
        if symbols:
            self.wanted.emit(symbols)
        else:
            self.refused.emit(NO_SYMBOLS)

    def _on_cell(self, index: QModelIndex) -> None:
        """Show the images that a cell counts; of a gene search for it."""
        if not index.isValid():
            return
        symbol, study = self.model.cell(index)
        if not self.model.is_count(index):
            self.openWanted.emit(symbol, study)
        elif self.model.count(index):
            self.galleryWanted.emit(symbol, study)

    def _on_search(self) -> None:
        index = self.table.currentIndex()
        if index.isValid():
            self.openWanted.emit(*self.model.cell(index))

    def menu_at(self, index: QModelIndex) -> QMenu | None:
        """Return the menu of a cell, None where no cell is."""
        if not index.isValid():
            return None
        symbol, study = self.model.cell(index)
        menu = QMenu(self)
        menu.setObjectName("idr_genes_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name, label, call, enabled in (
            (
                "idr_genes_gallery",
                "Open gallery",
                partial(self.galleryWanted.emit, symbol, study),
                bool(self.model.count(index)),
            ),
            (
                "idr_genes_open",
                "Open in results",
                partial(self.openWanted.emit, symbol, study),
                True,
            ),
        ):
            _add(menu, name, label, call, enabled=enabled)
        return menu

    def _on_menu(self, index: QModelIndex, where: QPoint) -> None:
        if (menu := self.menu_at(index)) is not None:
            menu.popup(where)

    def _on_load(self, *_: object) -> None:
        dialog = QFileDialog(self, "A list of genes", "", LIST_FILES)
        dialog.setObjectName("idr_genes_dialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.loadWanted)
        _open(dialog)

    def _on_save(self, *_: object) -> None:
        dialog = QFileDialog(self, "Save as CSV", "genes.csv", CSV_FILES)
        dialog.setObjectName("idr_genes_save_dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.fileSelected.connect(self.saveWanted)
        _open(dialog)


class _Table(QTableView):
    """Counts; Enter or a double click opens a cell."""

    activatedCell = Signal(QModelIndex)
    menuWanted = Signal(QModelIndex, QPoint)  # where on the screen

    def __init__(self) -> None:
        super().__init__()
        begin_at_current(self)
        name_widget(
            self,
            "idr_genes",
            "Genes and studies",
            "How many images of each study carry each gene; "
            "Enter or a double click shows these images as a gallery, "
            f"{SEARCH_KEY} searches for the gene, a right click shows what else "
            "there is",
        )
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setTabKeyNavigation(False)
        present(self.verticalHeader()).hide()
        header = present(self.horizontalHeader())
        header.setDefaultAlignment(LEFT)
        header.setStretchLastSection(True)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._fit_rows()
        self.doubleClicked.connect(self.activatedCell)

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow another size of letters."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange:
            self._fit_rows()

    def _fit_rows(self) -> None:
        rows = present(self.verticalHeader())
        rows.setDefaultSectionSize(self.fontMetrics().height() + ROW_MARGIN_PX)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Open with Enter; the rest is Qt's."""
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.activatedCell.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """Ask for the menu of a cell."""
        if event is None:
            return
        index, where = self.indexAt(event.pos()), event.globalPos()
        if event.reason() == event.Reason.Keyboard:
            index = self.currentIndex()
            below = self.visualRect(index).bottomLeft()
            where = present(self.viewport()).mapToGlobal(below)
        if index.isValid():
            self.menuWanted.emit(index, where)


class GenesModel(QAbstractTableModel):
    """Symbols, the sum of their images, those in each study, and a note."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.matrix = GeneMatrix()

    def show(self, matrix: GeneMatrix) -> None:
        """Show another matrix."""
        self.beginResetModel()
        self.matrix = matrix
        self.endResetModel()

    def add(self, row: GeneRow) -> None:
        """Take in a row: new studies are new columns before the note."""
        new = len({one.container.ref for one in row.hits} - self._known())
        last = self.columnCount() - 1
        if new:
            self.beginInsertColumns(QModelIndex(), last, last + new - 1)
        self.matrix.add(row)
        if new:
            self.endInsertColumns()
        line = self.matrix.symbols.index(row.symbol)
        whole = self.columnCount() - 1
        self.dataChanged.emit(self.index(line, 0), self.index(line, whole))

    def _known(self) -> set[object]:
        return {study.ref for study in self.matrix.studies}

    def cell(self, index: QModelIndex) -> tuple[str, Study | None]:
        """Return the symbol of a cell, and its study if it is of one."""
        place = index.column() - 2
        studies = self.matrix.studies
        study = studies[place] if 0 <= place < len(studies) else None
        return self.matrix.symbols[index.row()], study

    def is_count(self, index: QModelIndex) -> bool:
        """Whether a cell counts images: in all studies, or in one."""
        return 0 < index.column() < self.columnCount() - 1

    def count(self, index: QModelIndex) -> int | None:
        """Return the images of the gene of a cell: of its study, or of all studies.

        None before they are known.
        """
        symbol, study = self.cell(index)
        if study is not None:
            return self.matrix.count(symbol, study)
        row = self.matrix.rows.get(symbol)
        return None if row is None else row.total

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.matrix.symbols)

    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.matrix.studies) + 3

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        symbol, study = self.cell(index)
        row = self.matrix.rows.get(symbol)
        if role == Qt.ItemDataRole.TextAlignmentRole and self.is_count(index):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        text = symbol
        if study is not None:
            count = self.matrix.count(symbol, study)
            text = "" if not count else f"{count:,}"
        elif index.column() == 1:
            text = "…" if row is None else f"{row.total:,}"
        elif index.column() > 1:
            text = "" if row is None else row.note
        if role == Qt.ItemDataRole.DisplayRole:
            return visible_text(text)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(symbol, "" if study is None else study.name, text)
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        names = [visible_text(study.name) for study in self.matrix.studies]
        titles = ["Gene", "Images", *names, "Note"]
        if section >= len(titles):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return titles[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(titles[section])
        return None


def _button(text: str, name: str, told: str) -> QPushButton:
    button = QPushButton(text)
    name_widget(button, name, told, told)
    return button


def _add(
    menu: QMenu, name: str, label: str, call: Callable[[], object], *, enabled: bool
) -> None:
    action = present(menu.addAction(label))
    action.setObjectName(name)
    action.setEnabled(enabled)
    action.triggered.connect(lambda *_: call())


def _open(dialog: QFileDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
