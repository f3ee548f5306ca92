"""The view of the table of wells: its selection, its keys, its menu."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QPoint,
    QSize,
    Qt,
    Signal,
)
from qtpy.QtGui import QGuiApplication, QKeySequence
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from napari_idr._qt.panels.forms import begin_at_current, name_widget, present
from napari_idr._qt.panels.pivot_menu import SEARCH_KEY, on_search_key
from napari_idr._qt.panels.said_in_place import SaidInPlace
from napari_idr._qt.wells.model import WellsModel
from napari_idr.services.annotations import cells_as_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from qtpy.QtCore import QModelIndex
    from qtpy.QtGui import QContextMenuEvent, QKeyEvent, QPaintEvent

MEASURED_ROWS = 50
"""Of which a column's width is made: to measure thousands would take seconds."""

FEW_ROWS, LEAST_ROWS = 4, 2
"""That have room below what stands above them; and where nothing does."""

ROW_MARGIN_PX = 6
CELL_MARGIN_PX = 12
NARROWEST_CHARACTERS, WIDEST_CHARACTERS = 6, 28

NOTHING_LEFT = "Nothing meets the filters. Clear shows all again."

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
SELECT = QItemSelectionModel.SelectionFlag


class WellsTableView(QTableView):
    """A row for each well; several can be selected, Enter opens the current one."""

    wellsChosen = Signal(object)  # places of the selected wells, the current one last
    menuMade = Signal(object, str, int)  # a menu to add to, the column, the well
    searchWanted = Signal(str, int)  # the column, the well
    openWanted = Signal(int)  # the place of a well
    goWanted = Signal(int)
    compareWanted = Signal()  # of the selected wells
    colorWanted = Signal(str)  # the name of a column
    filterWanted = Signal(str, str)  # the name of a column, and a condition
    sortWanted = Signal(str, bool)  # the name of a column, and whether descending

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(
            self,
            "idr_wells",
            "Wells",
            "A row for each well; Enter or a double click opens its image, "
            "C compares the selected rows, Ctrl+C copies them, "
            f"{SEARCH_KEY} searches for the value of a cell, "
            "a right click shows what else there is",
        )
        begin_at_current(self)
        self.wells = WellsModel(self)
        self.setModel(self.wells)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)  # Tab leaves the table
        rows = present(self.verticalHeader())
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header = present(self.horizontalHeader())
        header.setSectionsClickable(True)
        header.setSectionsMovable(True)
        header.setHighlightSections(False)
        # Its own, and empty: Qt asks of each cell of a column whether it is selected.
        header.setSelectionModel(QItemSelectionModel(self.wells, header))
        header.sectionClicked.connect(self._on_header)
        self._sorted: tuple[str, bool] | None = None
        self._told = True
        self._column = ""  # the current one; other rows make Qt forget it
        self._fit_rows()
        self._in_place = SaidInPlace(self, lambda: self.nothing_shown)
        self.doubleClicked.connect(self._on_double_click)
        on_search_key(self, self._on_search)
        selection = present(self.selectionModel())
        selection.selectionChanged.connect(self._on_selected)
        selection.currentChanged.connect(self._on_current)

    @property
    def nothing_shown(self) -> str:
        """What is said in place of rows, "" where there are some, or none to filter."""
        rows = self.wells
        return NOTHING_LEFT if rows.indexed and not rows.rowCount() else ""

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the rows, or what is said in their place."""
        super().paintEvent(event)
        self._in_place.draw()

    # What is selected

    @property
    def selected_places(self) -> tuple[int, ...]:
        """The places of the selected wells, the current one last."""
        # Its ranges, as rows may be thousands; the bindings know it as a sequence.
        ranges: Any = present(self.selectionModel()).selection()
        rows = sorted(
            {row for one in ranges for row in range(one.top(), one.bottom() + 1)}
        )
        current = self.currentIndex()
        if current.isValid() and current.row() in rows:
            rows.remove(current.row())
            rows.append(current.row())
        return tuple(self.wells.place(row) for row in rows)

    def select_places(self, places: Iterable[int], *, tell: bool = False) -> None:
        """Select the rows of wells, as far as they are shown; the last is current."""
        found = [row for one in places if (row := self.wells.row(one)) is not None]
        model = present(self.selectionModel())
        chosen = QItemSelection()
        right = self.wells.columnCount() - 1
        for first, last in _runs(sorted(found)):
            chosen.select(self.wells.index(first, 0), self.wells.index(last, right))
        before, self._told = self._told, tell
        try:
            if found:
                names = self.wells.names
                column = names.index(self._column) if self._column in names else 0
                current = self.wells.index(found[-1], column)
                model.setCurrentIndex(current, SELECT.NoUpdate)
                self.scrollTo(current)
            # Apart: Qt compares each range with each that was selected before.
            model.clearSelection()
            model.select(chosen, SELECT.Select)
        finally:
            self._told = before

    def _on_selected(self, *_: object) -> None:
        if self._told:
            self.wellsChosen.emit(self.selected_places)

    def _on_current(self, current: QModelIndex, _: QModelIndex) -> None:
        if current.isValid():
            self._column = self.wells.names[current.column()]

    # How it looks

    def set_sorted(self, name: str | None, *, descending: bool) -> None:
        """Show by which column the rows are sorted; None for the plate's own order."""
        self._sorted = None if name is None else (name, descending)
        header = present(self.horizontalHeader())
        shown = name is not None and name in self.wells.names
        header.setSortIndicatorShown(shown)
        if shown and name is not None:
            order = Qt.SortOrder.DescendingOrder if descending else _ASCENDING
            header.setSortIndicator(self.wells.names.index(name), order)

    def fit_columns(self) -> None:
        """Make each column as wide as its title and its first rows, within reason."""
        metrics = self.fontMetrics()
        unit = metrics.averageCharWidth()
        header = present(self.horizontalHeader())
        rows = range(min(self.wells.rowCount(), MEASURED_ROWS))
        for column in range(self.wells.columnCount()):
            texts = {self.wells.text(row, column) for row in rows}
            wanted = max(map(metrics.horizontalAdvance, texts), default=0)
            wanted = min(
                max(wanted, NARROWEST_CHARACTERS * unit), WIDEST_CHARACTERS * unit
            )
            swatch = self.iconSize().width() + 16 if column == 0 else 0
            titled = min(header.sectionSizeHint(column), WIDEST_CHARACTERS * unit)
            self.setColumnWidth(column, max(wanted + CELL_MARGIN_PX + swatch, titled))
        self.updateGeometry()  # there are titles now, which need room

    def _fit_rows(self) -> None:
        rows = present(self.verticalHeader())
        rows.setDefaultSectionSize(self.fontMetrics().height() + ROW_MARGIN_PX)
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        """Return the room for the rows that are seen however low the dock is."""
        width = super().minimumSizeHint().width()
        return QSize(width, self.height_of_rows(LEAST_ROWS))

    def height_of_rows(self, count: int) -> int:
        """Return the room for so many rows below their titles."""
        title = present(self.horizontalHeader()).sizeHint().height()
        bar = present(self.horizontalScrollBar()).sizeHint().height()
        lines = present(self.verticalHeader())
        row = max(lines.defaultSectionSize(), lines.minimumSectionSize())
        return title + count * row + bar + 2 * self.frameWidth()

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow another size of letters."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.FontChange:
            self._fit_rows()

    # What a person does

    def _on_header(self, column: int) -> None:
        """Sort by a column; after both ways comes the plate's own order again."""
        name = self.wells.names[column]
        if self._sorted == (name, True):
            self.sortWanted.emit("", False)
        else:
            self.sortWanted.emit(name, self._sorted == (name, False))

    def _on_double_click(self, index: QModelIndex) -> None:
        self.openWanted.emit(self.wells.place(index.row()))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Open with Enter, compare with C and copy with Ctrl+C; the rest is Qt's."""
        current = self.currentIndex()
        if event is None:
            return
        if event.key() in ENTER and current.isValid():
            self.openWanted.emit(self.wells.place(current.row()))
        elif self._compares(event):
            self.compareWanted.emit()
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_rows()
        else:
            super().keyPressEvent(event)

    def _compares(self, event: QKeyEvent) -> bool:
        """Tell whether a key compares what is selected, as on the canvas."""
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        has_rows = present(self.selectionModel()).hasSelection()
        return event.key() == Qt.Key.Key_C and plain and has_rows

    def _on_search(self) -> None:
        current = self.currentIndex()
        if current.isValid():
            name = self.wells.names[current.column()]
            self.searchWanted.emit(name, self.wells.place(current.row()))

    def copy_cell(self) -> None:
        """Put the current cell on the clipboard."""
        current = self.currentIndex()
        if current.isValid():
            _copy(self.wells.text(current.row(), current.column()))

    def copy_rows(self) -> None:
        """Put the selected rows on the clipboard, with the titles of the columns."""
        columns = range(self.wells.columnCount())
        rows = [self.wells.row(place) for place in sorted_as_shown(self)]
        titles = [
            str(self.wells.headerData(one, Qt.Orientation.Horizontal))
            for one in columns
        ]
        cells = {(-1, column): title for column, title in enumerate(titles)}
        for row in rows:
            if row is not None:
                cells |= {(row, one): self.wells.text(row, one) for one in columns}
        if rows:
            _copy(cells_as_text(cells))

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """Offer what can be done with a well, a cell or a column."""
        if event is None:
            return
        where = event.pos()
        if event.reason() == event.Reason.Keyboard:
            where = self.visualRect(self.currentIndex()).bottomLeft()
        index = self.indexAt(where) if event.reason() != event.Reason.Keyboard else None
        menu = self.menu_at(index if index is not None else self.currentIndex())
        if menu is not None:
            menu.popup(present(self.viewport()).mapToGlobal(QPoint(where)))

    def menu_at(self, index: QModelIndex) -> QMenu | None:
        """Return the menu of a cell, None where no cell is."""
        if not index.isValid():
            return None
        place = self.wells.place(index.row())
        name = self.wells.names[index.column()]
        text = self.wells.text(index.row(), index.column())
        present(self.selectionModel()).setCurrentIndex(index, SELECT.NoUpdate)
        menu = QMenu(self)
        menu.setObjectName("idr_wells_menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = str(self.wells.headerData(index.column(), Qt.Orientation.Horizontal))
        title = title.replace("&", "&&")
        for key, label, call in (
            ("open", "Open the image", partial(self.openWanted.emit, place)),
            ("go_to", "Go to the well", partial(self.goWanted.emit, place)),
            ("compare", "Compare the selected wells", self.compareWanted.emit),
            ("copy_cell", "Copy the cell", self.copy_cell),
            ("copy_rows", "Copy the selected rows", self.copy_rows),
            ("color_by", f"Colour by {title}", partial(self.colorWanted.emit, name)),
            (
                "only_this",
                "Show only wells with this value",
                partial(self.filterWanted.emit, name, f"={text}"),
            ),
            ("sort_up", f"Sort by {title}", partial(self.sortWanted.emit, name, False)),
            (
                "sort_down",
                f"Sort by {title}, the largest first",
                partial(self.sortWanted.emit, name, True),
            ),
        ):
            _add(menu, f"idr_wells_{key}", label, call)
        self.menuMade.emit(menu, name, place)
        return menu


_ASCENDING = Qt.SortOrder.AscendingOrder


def sorted_as_shown(view: WellsTableView) -> list[int]:
    """Return the places of the selected wells in the order of their rows."""
    return sorted(view.selected_places, key=lambda one: view.wells.row(one) or 0)


def _add(menu: QMenu, name: str, label: str, call: Callable[[], object]) -> None:
    action = present(menu.addAction(label))
    action.setObjectName(name)
    action.triggered.connect(lambda *_: call())


def _copy(text: str) -> None:
    clipboard = QGuiApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)


def _runs(rows: list[int]) -> list[tuple[int, int]]:
    """Return the rows as (first, last) of those that follow one another.

    >>> _runs([1, 2, 3, 7])
    [(1, 3), (7, 7)]
    """
    found: list[tuple[int, int]] = []
    for row in rows:
        if found and found[-1][1] == row - 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found
