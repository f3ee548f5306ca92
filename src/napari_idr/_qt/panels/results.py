"""Results: the tree of studies and what lies below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QAbstractItemModel, QModelIndex, Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTreeView, QWidget

from napari_idr._qt.panels.forms import name_widget, present, tooltip
from napari_idr.services.search.catalog import Entry, counted

if TYPE_CHECKING:
    from collections.abc import Sequence

ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1

_NOWHERE = QModelIndex()


class ResultsTree(QTreeView):
    """Studies, and below them plates, datasets and images, with counts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(
            self,
            "idr_results",
            "Results",
            "Studies, and below them plates, datasets and images; "
            "Enter or a double click opens a plate or an image",
        )
        self.setUniformRowHeights(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setExpandsOnDoubleClick(True)
        self.setIndentation(14)

    def use_model(self, model: ResultsModel) -> None:
        """Show other results; the view has another selection for each model."""
        self.setModel(model)
        header = present(self.header())
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)


class _Node:
    """One line of the tree; `children` is None until somebody has fetched them."""

    __slots__ = ("children", "entry", "parent", "row", "text")

    def __init__(
        self, entry: Entry | None, parent: _Node | None, row: int, text: str = ""
    ) -> None:
        self.entry = entry
        self.parent = parent
        self.row = row
        self.text = text
        self.children: list[_Node] | None = None


class ResultsModel(QAbstractItemModel):
    """Studies, and below them what is fetched when a line is opened.

    Opening a line emits `childrenWanted`; the answer is given to `set_children`.
    The model itself never asks anybody.
    """

    childrenWanted = Signal(object)  # Entry

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._root = _Node(None, None, 0)
        self._root.children = []
        self._asked: set[int] = set()
        self._loading: dict[int, Entry] = {}
        self.count_title = "Images"

    def set_entries(self, entries: Sequence[Entry], count_title: str) -> None:
        """Show these studies in place of what was there."""
        self.beginResetModel()
        self._root = _Node(None, None, 0)
        self._root.children = [
            _Node(entry, self._root, row) for row, entry in enumerate(entries)
        ]
        self._asked.clear()
        self._loading.clear()
        self.count_title = count_title
        self.endResetModel()

    def set_children(self, entry: Entry, children: Sequence[Entry]) -> None:
        """Put lines below an entry; nothing happens if it is no longer shown."""
        self._loading.pop(id(entry), None)
        node = self._find(entry)
        if node is None:
            return
        parent = self._index_of(node)
        texts = "" if children else "nothing here"
        self._replace(
            node,
            [_Node(child, node, row) for row, child in enumerate(children)]
            or [_Node(None, node, 0, texts)],
            parent,
        )

    def set_failed(self, entry: Entry, sentence: str) -> None:
        """Say below an entry why it can't be opened; opening it again asks again."""
        self._loading.pop(id(entry), None)
        node = self._find(entry)
        if node is not None:
            self._replace(node, [_Node(None, node, 0, sentence)], self._index_of(node))
            self._asked.discard(id(entry))

    def stop_loading(self) -> None:
        """Say below what was being opened that it wasn't; it can be opened again."""
        for entry in tuple(self._loading.values()):
            self.set_failed(entry, "cancelled")

    def ask_for_children(self, index: QModelIndex) -> None:
        """Emit `childrenWanted` for a line that was opened for the first time."""
        node = self._node(index)
        entry = node.entry
        if entry is None or not entry.can_have_children or id(entry) in self._asked:
            return
        self._asked.add(id(entry))
        self._loading[id(entry)] = entry
        self._replace(node, [_Node(None, node, 0, "loading …")], index)
        self.childrenWanted.emit(entry)

    def index_of(self, entry: Entry) -> QModelIndex:
        """Return where an entry is shown, an invalid index if nowhere."""
        node = self._find(entry)
        return QModelIndex() if node is None else self._index_of(node)

    def _replace(self, node: _Node, lines: list[_Node], parent: QModelIndex) -> None:
        if node.children:
            self.beginRemoveRows(parent, 0, len(node.children) - 1)
            node.children = []
            self.endRemoveRows()
        self.beginInsertRows(parent, 0, len(lines) - 1)
        node.children = lines
        self.endInsertRows()

    def _find(self, entry: Entry) -> _Node | None:
        """Return the line of an entry: down from its topmost parent."""
        path = [entry]
        while path[-1].parent is not None:
            path.append(path[-1].parent)
        node = self._root
        for step in reversed(path):
            below = [n for n in node.children or [] if n.entry is step]
            if not below:
                return None
            node = below[0]
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
        elif entry.count is not None:
            if role == Qt.ItemDataRole.DisplayRole:
                return str(entry.count)
            if role == Qt.ItemDataRole.TextAlignmentRole:
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
        return ("Name", self.count_title)[section] if section < 2 else None


def _what(entry: Entry) -> str:
    kind = type(entry.item).__name__.replace("Ref", "").lower()
    if entry.query is not None and entry.count is not None:
        return f"{kind}, {counted(entry.count, 'image matches', 'images match')}"
    return kind
