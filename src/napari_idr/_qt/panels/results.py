"""Results: the tree of studies and what lies below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractItemModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from napari_idr._qt.panels.forms import name_widget, present, tooltip
from napari_idr.services.search.catalog import Entry, fitted_name
from napari_idr.services.search.hits import hits_label

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1

_NOWHERE = QModelIndex()


class NameDelegate(QStyledItemDelegate):
    """Cuts names of studies that don't fit so that they can still be told apart."""

    def initStyleOption(
        self, option: QStyleOptionViewItem | None, index: QModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        if option is None or not isinstance(option.widget, QWidget):
            return
        style = present(option.widget.style())
        margin = style.pixelMetric(
            QStyle.PixelMetric.PM_FocusFrameHMargin, option, option.widget
        )
        room = option.rect.width() - 2 * (margin + 1)
        advance = option.fontMetrics.horizontalAdvance
        option.text = fitted_name(option.text or "", lambda text: advance(text) <= room)


class ResultsTree(QTreeView):
    """Studies, and below them plates, datasets and images, with counts."""

    galleryWanted = Signal()  # of the selected lines

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(
            self,
            "idr_results",
            "Results",
            "Studies, and below them plates, datasets and images; "
            "Enter or a double click opens a plate or an image; "
            "a click on a title sorts",
        )
        self.setUniformRowHeights(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setItemDelegateForColumn(0, NameDelegate(self))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setExpandsOnDoubleClick(True)
        self.setIndentation(14)
        header = present(self.header())
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._on_title)
        # Of the lines that are selected several may be shown at once.
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        # Its menu are its actions, for the mouse and for the menu key.
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self._gallery = QAction("Gallery", self)
        self._gallery.setObjectName("idr_gallery_action")
        self._gallery.triggered.connect(self._on_gallery)
        self.addAction(self._gallery)

    def _on_gallery(self, *_: object) -> None:
        self.galleryWanted.emit()

    def _on_title(self, column: int) -> None:
        """Sort by a column; after both ways comes the order of the answer again."""
        model = self.model()
        assert isinstance(model, ResultsModel)
        if model.order == (column, True):
            model.sort_by(None)
        else:
            model.sort_by((column, model.order == (column, False)))
        self._show_order(model)

    def _show_order(self, model: ResultsModel) -> None:
        header = present(self.header())
        header.setSortIndicatorShown(model.order is not None)
        if model.order is not None:
            column, descending = model.order
            way = Qt.SortOrder
            header.setSortIndicator(
                column, way.DescendingOrder if descending else way.AscendingOrder
            )

    @property
    def lines(self) -> tuple[Entry, ...]:
        """The lines that are selected, in the order in which they were."""
        rows = present(self.selectionModel()).selectedRows()
        found = (row.data(ENTRY_ROLE) for row in rows)
        return tuple(entry for entry in found if isinstance(entry, Entry))

    def use_model(self, model: ResultsModel) -> None:
        """Show other results; the view has another selection for each model."""
        self.setModel(model)
        header = present(self.header())
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._show_order(model)

    def height_of_rows(self, count: int) -> int:
        """Return how high the tree is when so many lines of it are seen."""
        line = max(self.sizeHintForRow(0), self.fontMetrics().height())
        header = present(self.header()).sizeHint().height()
        return header + count * line + 2 * self.frameWidth()


class _Node:
    """One line of the tree; `children` is None until somebody has fetched them.

    `counting` is shown in place of a count until all is counted.
    """

    __slots__ = (
        "asked",
        "children",
        "counting",
        "entry",
        "loading",
        "parent",
        "rank",
        "row",
        "text",
    )

    def __init__(
        self, entry: Entry | None, parent: _Node | None, row: int, text: str = ""
    ) -> None:
        self.entry = entry
        self.parent = parent
        self.row = row
        self.rank = row  # its place in the answer
        self.text = text
        self.children: list[_Node] | None = None
        self.counting = ""
        self.asked = False
        self.loading = False


class ResultsModel(QAbstractItemModel):
    """Studies, and below them what is fetched when a line is opened.

    Opening a line emits `childrenWanted`; the answer is given to `set_children`, more
    than once where hits are still being counted. The model itself never asks anybody.
    """

    childrenWanted = Signal(object)  # Entry

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._root = _Node(None, None, 0)
        self._root.children = []
        self._loading: set[_Node] = set()
        self._titles = ("Name", "Images")
        self.order: tuple[int, bool] | None = None

    def sort_by(self, order: tuple[int, bool] | None) -> None:
        """Order the lines of each level by a column, the greatest first or last.

        None is the order of the answers. What is selected and open stays so.
        """
        self.order = order
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        nodes = [(index.internalPointer(), index.column()) for index in before]
        above = [self._root]
        while above:
            node = above.pop()
            if node.children:
                self._sort(node.children)
                above += node.children
        after = [self.createIndex(node.row, column, node) for node, column in nodes]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _sort(self, lines: list[_Node]) -> None:
        lines.sort(key=lambda line: line.rank)
        if self.order is not None:
            column, descending = self.order
            lines.sort(key=_by_count if column else _by_name, reverse=descending)
        _number(lines, 0)

    def set_entries(
        self, entries: Sequence[Entry], count_title: str, name_title: str = "Name"
    ) -> None:
        """Show these studies in place of what was there."""
        self.beginResetModel()
        self._root = _Node(None, None, 0)
        self._root.children = [
            _Node(entry, self._root, row) for row, entry in enumerate(entries)
        ]
        self._sort(self._root.children)
        self._loading.clear()
        self._titles = (name_title, count_title)
        self.endResetModel()

    def taken_along(self) -> object:
        """Return all lines with what is below them, to be shown again by `bring`."""
        return self._root, self._titles

    def bring(self, lines: object) -> None:
        """Show lines again that were taken along; nobody is asked."""
        assert isinstance(lines, tuple)
        self.beginResetModel()
        self._root, self._titles = lines
        self._loading.clear()
        self.endResetModel()

    def set_children(
        self, entry: Entry, children: Sequence[Entry], *, counting: str = ""
    ) -> None:
        """Put lines below an entry; nothing happens if it is no longer shown.

        Lines that are there already stay, with their selection and what is open below
        them, and get the new counts. `counting` says how far the hits are counted, if
        more will come.
        """
        node = self._find(entry)
        if node is None:
            return
        self._set_counting(node, counting)
        if not counting:
            self._loading.discard(node)
        if children:
            self._merge(node, children)
        elif not counting:
            self._replace(node, [_Node(None, node, 0, "nothing here")])

    def set_failed(self, entry: Entry, sentence: str) -> None:
        """Say below an entry why it can't be opened; opening it again asks again.

        What is there already stays.
        """
        node = self._find(entry)
        if node is None:
            return
        self._loading.discard(node)
        node.asked = False
        self._remove_texts(node)
        self._insert(node, 0, [_Node(None, node, 0, sentence)])

    def stop_loading(self) -> None:
        """Say below what was being opened that it wasn't; it can be opened again."""
        for node in tuple(self._loading):
            if node.entry is not None:
                self.set_failed(node.entry, "cancelled")

    def ask_for_children(self, index: QModelIndex) -> None:
        """Emit `childrenWanted` for a line that was opened for the first time."""
        node = self._node(index)
        entry = node.entry
        if entry is None or not entry.can_have_children or node.asked:
            return
        node.asked = True
        self._loading.add(node)
        if any(child.entry is not None for child in node.children or ()):
            self._remove_texts(node)  # counting goes on
        else:
            self._replace(node, [_Node(None, node, 0, "loading …")])
        self.childrenWanted.emit(entry)

    def index_of(self, entry: Entry) -> QModelIndex:
        """Return where an entry is shown, an invalid index if nowhere."""
        node = self._find(entry)
        return QModelIndex() if node is None else self._index_of(node)

    # Changes below a line

    def _set_counting(self, node: _Node, counting: str) -> None:
        node.counting = counting
        count = self._index_of(node).siblingAtColumn(1)
        self.dataChanged.emit(count, count)

    def _merge(self, node: _Node, entries: Sequence[Entry]) -> None:
        """Let these be the lines below one; what is there already is kept."""
        wanted: dict[object, Entry] = {entry.key: entry for entry in entries}
        if self.order is not None:
            wanted = self._as_shown(node, wanted)
        self._remove(node, lambda line: _key(line) not in wanted)
        there = [_key(line) for line in node.children or ()]
        kept = set(there)
        if there != [key for key in wanted if key in kept]:
            self._remove(node, lambda _: True)  # in another order
            kept = set()
        run: list[_Node] = []
        place = 0
        for key, entry in wanted.items():
            if key not in kept:
                run.append(_Node(entry, node, 0))
                continue
            self._insert(node, place, run)
            place, run = place + len(run), []
            assert node.children is not None
            node.children[place].entry = entry
            place += 1
        self._insert(node, place, run)
        first, last = self._below(node, 0), self._below(node, len(wanted) - 1)
        self.dataChanged.emit(first, last.siblingAtColumn(1))
        ranks: dict[object, int] = {
            entry.key: rank for rank, entry in enumerate(entries)
        }
        for line in node.children or ():
            line.rank = ranks.get(_key(line), 0)
        if self.order is not None and not node.counting:
            self.sort_by(self.order)  # counts that grow don't move lines about

    def _as_shown(
        self, node: _Node, wanted: dict[object, Entry]
    ) -> dict[object, Entry]:
        """Return what is wanted with what is shown first, in the order it is shown."""
        shown = [_key(line) for line in node.children or () if _key(line) in wanted]
        return {key: wanted[key] for key in dict.fromkeys([*shown, *wanted])}

    def _replace(self, node: _Node, lines: list[_Node]) -> None:
        self._remove(node, lambda _: True)
        self._insert(node, 0, lines)

    def _remove_texts(self, node: _Node) -> None:
        self._remove(node, lambda line: line.entry is None)

    def _remove(self, node: _Node, which: Callable[[_Node], bool]) -> None:
        """Remove lines, each run of neighbours at once, the last first."""
        lines, parent = node.children or [], self._index_of(node)
        end = len(lines)
        while end:
            start = end
            while start and which(lines[start - 1]):
                start -= 1
            if start < end:
                self.beginRemoveRows(parent, start, end - 1)
                del lines[start:end]
                _number(lines, start)
                self.endRemoveRows()
            end = start - 1 if start else 0

    def _insert(self, node: _Node, place: int, lines: Sequence[_Node]) -> None:
        if not lines:
            return
        self.beginInsertRows(self._index_of(node), place, place + len(lines) - 1)
        if node.children is None:
            node.children = []
        node.children[place:place] = lines
        _number(node.children, place)
        self.endInsertRows()

    def _below(self, node: _Node, row: int) -> QModelIndex:
        return self.index(row, 0, self._index_of(node))

    def _find(self, entry: Entry) -> _Node | None:
        """Return the line of an entry: down from its topmost parent."""
        node = self._root
        for step in entry.path:
            below = (n for n in node.children or () if _key(n) == step.key)
            found = next(below, None)
            if found is None:
                return None
            node = found
        return node

    def _node(self, index: QModelIndex) -> _Node:
        if not index.isValid():
            return self._root
        node = index.internalPointer()
        assert isinstance(node, _Node)
        return node

    def _index_of(self, node: _Node) -> QModelIndex:
        if node is self._root:
            return QModelIndex()
        return self.createIndex(node.row, 0, node)

    # What Qt asks of a model.

    def index(
        self, row: int, column: int, parent: QModelIndex = _NOWHERE
    ) -> QModelIndex:
        children = self._node(parent).children or []
        if not (0 <= row < len(children) and 0 <= column < 2):
            return QModelIndex()
        return self.createIndex(row, column, children[row])

    def parent(self, index: QModelIndex = _NOWHERE) -> QModelIndex:  # type: ignore[override]
        if not index.isValid():
            return QModelIndex()
        above = self._node(index).parent
        if above is None or above is self._root:
            return QModelIndex()
        return self._index_of(above)

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.column() > 0 else len(self._node(parent).children or [])

    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 2

    def hasChildren(self, parent: QModelIndex = _NOWHERE) -> bool:
        node = self._node(parent)
        if node.children is not None:
            return bool(node.children)
        return node.entry is not None and node.entry.can_have_children

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self._node(index)
        entry = node.entry
        if role == ENTRY_ROLE:
            return entry
        if entry is None:
            return (
                node.text
                if role == Qt.ItemDataRole.DisplayRole and index.column() == 0
                else None
            )
        if index.column() == 0:
            if role == Qt.ItemDataRole.DisplayRole:
                return entry.name
            if role == Qt.ItemDataRole.ToolTipRole:
                return tooltip(entry.name, _what(entry))
        elif role == Qt.ItemDataRole.DisplayRole:
            counted = "" if entry.count is None else f"{entry.count:,}"
            return node.counting or counted or None
        elif role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if self._node(index).entry is None:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._titles[section] if section < 2 else None


def _key(line: _Node) -> object:
    return None if line.entry is None else line.entry.key


def _by_name(line: _Node) -> tuple[bool, str]:
    return line.entry is None, "" if line.entry is None else line.entry.name.casefold()


def _by_count(line: _Node) -> int:
    return -1 if line.entry is None or line.entry.count is None else line.entry.count


def _number(lines: Sequence[_Node], start: int) -> None:
    """Tell lines in which rows they are, from the first that moved."""
    for row in range(start, len(lines)):
        lines[row].row = row


def _what(entry: Entry) -> str:
    kind = type(entry.item).__name__.replace("Ref", "").lower()
    if entry.query is not None and entry.count is not None:
        return f"{kind}, {hits_label(entry.count, 'image', 'images', entry.query)}"
    return kind
