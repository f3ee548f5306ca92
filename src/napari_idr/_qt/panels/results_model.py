"""Lines of the results: a model of studies, and what lies below them."""

from __future__ import annotations

from base64 import b64encode
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import (
    QAbstractItemModel,
    QBuffer,
    QByteArray,
    QIODevice,
    QModelIndex,
    Qt,
    Signal,
)
from qtpy.QtGui import QIcon, QPixmap

from napari_idr._qt.panels.forms import tooltip
from napari_idr.model import ImageRef
from napari_idr.services.image.holdings import Holdings
from napari_idr.services.search.catalog import Entry, kept_lines
from napari_idr.services.search.hits import hits_label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from napari_idr.model import ImageId

ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1

PICTURE_PX: Final = 24
"""The side of the thumbnail in the line of an image; its tooltip shows it whole."""

WHOLE_PX: Final = 96
"""The side of a thumbnail as servers have it."""

COUNT_COLUMN: Final = 1

MOST_RUNS: Final = 50
"""Runs of lines that come and go one by one; of more all lines of a level do at once,
as each run costs as much as its level has lines."""

_NOWHERE = QModelIndex()

# Made once: a view asks for the flags of each line that it lays out, and to put flags
# together takes Python longer than all the rest of the answer.
_NO_LINE = Qt.ItemFlag.NoItemFlags
_TEXT_LINE = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
_OPENABLE_LINE = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_LAST_LINE = _OPENABLE_LINE | Qt.ItemFlag.ItemNeverHasChildren
_COUNT_ALIGNMENT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Node:
    """One line of the tree; `children` is None until somebody has fetched them.

    `counting` is shown in place of a count until all is counted. `children` are those
    that are shown, and `whole` are all where a filter leaves some out, else None; it
    `leads` if it is shown for what lies below it alone. `folded` is its name without
    case, and `flags` are what a view may do with it: each is looked at for all lines
    at once, at every letter that filters and at every layout.
    """

    __slots__ = (
        "asked",
        "children",
        "counting",
        "entry",
        "flags",
        "folded",
        "leads",
        "loading",
        "parent",
        "rank",
        "row",
        "text",
        "whole",
    )

    def __init__(
        self, entry: Entry | None, parent: _Node | None, row: int, text: str = ""
    ) -> None:
        self.parent = parent
        self.row = row
        self.rank = row  # its place in the answer
        self.text = text
        self.children: list[_Node] | None = None
        self.put(entry)
        self.whole: list[_Node] | None = None
        self.leads = False
        self.counting = ""
        self.asked = False
        self.loading = False

    def put(self, entry: Entry | None) -> None:
        """Be the line of an entry, None for a text."""
        self.entry = entry
        if entry is None:
            self.folded, self.flags = "", _TEXT_LINE
            return
        self.folded = entry.name.casefold()
        can_be_opened = entry.can_have_children or self.children is not None
        self.flags = _OPENABLE_LINE if can_be_opened else _LAST_LINE


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
        self._counting: set[_Node] = set()
        self._most = 0  # of the counts
        self._titles = ("Name", "Images")
        self.icons: Mapping[ImageId, QIcon] = {}  # thumbnails, as far as they came
        self.holdings: Mapping[ImageId, Holdings] = {}  # of images, as far as told
        self.filter = ""
        self.is_filtering = False
        self.order: tuple[int, bool] | None = None

    def sort_by(self, order: tuple[int, bool] | None) -> None:
        """Order the lines of each level by a column, the greatest first or last.

        None is the order of the answers. What is selected and open stays so.
        """
        self.order = order
        with self._all_lines():
            self._order_lines()

    def _order_lines(self) -> None:
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

    # The filter

    def set_filter(self, text: str) -> None:
        """Show the lines with all words of a text, and those that lead to them.

        Names are looked at, case ignored. Lines that come later are filtered, too.
        """
        with self._all_lines():
            self.filter = text.strip()

    @property
    def has_lines(self) -> bool:
        """Whether there are studies, shown or left out."""
        return bool(self._root.children or self._root.whole)

    @property
    def longest_count(self) -> str:
        """The longest text of the second column, whether its line is in sight or not.

        Of lines that have gone by now, too, until others take the place of all.
        """
        counting = (node.counting for node in self._counting)
        has = {one.label for one in self.holdings.values()}
        return max((f"{self._most:,}", *counting, *has), key=len)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The lines that are shown, from the top, those below others included."""
        nodes = _with_below(self._root)
        return tuple(node.entry for node in nodes if node.entry is not None)

    @property
    def having_lines(self) -> tuple[QModelIndex, ...]:
        """The lines with others below them, those above first."""
        nodes = tuple(_with_below(self._root))[1:]
        return tuple(self._index_of(node) for node in nodes if node.children)

    @property
    def leading(self) -> tuple[QModelIndex, ...]:
        """The lines shown only for what lies below them, those above first."""
        nodes = _with_below(self._root)
        return tuple(self._index_of(node) for node in nodes if node.leads)

    @contextmanager
    def _all_lines(self) -> Iterator[None]:
        """Show all lines while they are changed, and filter them then."""
        if self.filter:
            with self._quietly():
                for node in _with_below(self._root):
                    node.leads = False
                    if node.whole is not None:
                        lines, node.whole = node.whole, None
                        self._arrange(node, lines)
        try:
            yield
        finally:
            if self.filter:
                with self._quietly():
                    self._leave_out()

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Tell meanwhile that nobody chooses: Qt does where the current line goes."""
        before, self.is_filtering = self.is_filtering, True
        try:
            yield
        finally:
            self.is_filtering = before

    def _leave_out(self) -> None:
        """Show of all lines those that the filter keeps."""
        nodes = tuple(_with_below(self._root))[1:]
        places = {node: place for place, node in enumerate(nodes)}
        names = [node.folded for node in nodes]
        above = [
            None if node.parent is None else places.get(node.parent) for node in nodes
        ]
        kept = dict(zip(nodes, kept_lines(names, above, self.filter), strict=True))
        for node in (self._root, *nodes):
            lines = node.children
            if not lines or not kept.get(node, "leads"):
                continue
            node.leads = kept.get(node) == "leads"
            wanted = [line for line in lines if kept[line]]
            if len(wanted) < len(lines):
                node.whole = list(lines)
                self._arrange(node, wanted)

    def _arrange(self, node: _Node, wanted: list[_Node]) -> None:
        """Let lines come or go, so that the wanted ones are left in their order."""
        lines = node.children or []
        keep, there = set(wanted), set(lines)
        if _runs([line in keep for line in lines]) > MOST_RUNS or (
            _runs([line in there for line in wanted]) > MOST_RUNS
        ):
            self._replace(node, wanted)
            return
        self._remove(node, lambda line: line not in keep)
        start = 0
        while start < len(wanted):
            end = start
            while end < len(wanted) and wanted[end] not in there:
                end += 1
            self._insert(node, start, wanted[start:end])
            start = end + 1

    # What is shown

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
        self._counting.clear()
        self._most = _most(entries)
        self._titles = (name_title, count_title)
        self.endResetModel()
        self.set_filter(self.filter)

    def taken_along(self) -> object:
        """Return all lines with what is below them, to be shown again by `bring`."""
        return self._root, self._titles

    def bring(self, lines: object) -> None:
        """Show lines again that were taken along; nobody is asked."""
        assert isinstance(lines, tuple)
        self.beginResetModel()
        self._root, self._titles = lines
        for node in _with_below(self._root):
            node.leads = False
            if node.whole is not None:  # it was left while it was filtered
                node.children, node.whole = node.whole, None
                _number(node.children, 0)
        self._loading.clear()
        nodes = tuple(_with_below(self._root))
        self._counting = {node for node in nodes if node.counting}
        self._most = _most(node.entry for node in nodes)
        self.endResetModel()
        self.set_filter(self.filter)

    def set_children(
        self, entry: Entry, children: Sequence[Entry], *, counting: str = ""
    ) -> None:
        """Put lines below an entry; nothing happens if it is no longer shown.

        Lines that are there already stay, with their selection and what is open below
        them, and get the new counts. `counting` says how far the hits are counted, if
        more will come.
        """
        with self._all_lines():
            self._set_below(entry, children, counting)

    def _set_below(
        self, entry: Entry, children: Sequence[Entry], counting: str
    ) -> None:
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
        with self._all_lines():
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
        with self._all_lines():
            if any(child.entry is not None for child in node.children or ()):
                self._remove_texts(node)  # counting goes on
            else:
                self._replace(node, [_Node(None, node, 0, "loading …")])
        self.childrenWanted.emit(entry)

    def index_of(self, entry: Entry) -> QModelIndex:
        """Return where an entry is shown, an invalid index if nowhere."""
        node = self._find(entry)
        return QModelIndex() if node is None else self._index_of(node)

    @cached_property
    def _no_picture(self) -> QIcon:
        """What keeps the room for a thumbnail that isn't there."""
        pixmap = QPixmap(PICTURE_PX, PICTURE_PX)
        pixmap.fill(Qt.GlobalColor.transparent)
        return QIcon(pixmap)

    # Changes below a line

    def _set_counting(self, node: _Node, counting: str) -> None:
        node.counting = counting
        (self._counting.add if counting else self._counting.discard)(node)
        count = self._index_of(node).siblingAtColumn(1)
        self.dataChanged.emit(count, count)

    def _merge(self, node: _Node, entries: Sequence[Entry]) -> None:
        """Let these be the lines below one; what is there already is kept."""
        wanted: dict[object, Entry] = {entry.key: entry for entry in entries}
        ranks = {key: rank for rank, key in enumerate(wanted)}
        self._most = max(self._most, _most(entries))
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
                run.append(_Node(entry, node, ranks[key]))
                continue
            self._insert(node, place, run)
            place, run = place + len(run), []
            assert node.children is not None
            node.children[place].put(entry)
            node.children[place].rank = ranks[key]
            place += 1
        self._insert(node, place, run)
        if kept:
            first, last = self._below(node, 0), self._below(node, len(wanted) - 1)
            self.dataChanged.emit(first, last.siblingAtColumn(COUNT_COLUMN))
        if self.order is not None and not node.counting:
            self._order_lines()  # counts that grow don't move lines about

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
            node.put(node.entry)  # it can be opened from now on
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
        node: _Node | None = index.internalPointer()  # None where it isn't valid
        return self._root if node is None else node

    def _index_of(self, node: _Node) -> QModelIndex:
        if node is self._root:
            return QModelIndex()
        return self.createIndex(node.row, 0, node)

    # What Qt asks of a model.

    def index(
        self, row: int, column: int, parent: QModelIndex = _NOWHERE
    ) -> QModelIndex:
        children = self._node(parent).children
        if children is None or not (0 <= row < len(children) and 0 <= column < 2):
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
            if index.column() == 0 and role == Qt.ItemDataRole.DisplayRole:
                return node.text
            return tooltip(node.text) if role == Qt.ItemDataRole.ToolTipRole else None
        if index.column() == 0:
            if role == Qt.ItemDataRole.DisplayRole:
                return entry.name
            if isinstance(entry.item, ImageRef):
                icon = self.icons.get(entry.item.image_id)
                if role == Qt.ItemDataRole.DecorationRole:
                    return self._no_picture if icon is None else icon
                if role == Qt.ItemDataRole.ToolTipRole:
                    picture = "" if icon is None else _picture(icon)
                    has = self._holdings(entry.item).told
                    about = f"{_what(entry)}: {has}" if has else _what(entry)
                    return picture + tooltip(entry.name, about)
            if role == Qt.ItemDataRole.ToolTipRole:
                return tooltip(entry.name, _what(entry))
        elif role == Qt.ItemDataRole.DisplayRole:
            if isinstance(entry.item, ImageRef) and entry.count is None:
                return self._holdings(entry.item).label or None
            counted = "" if entry.count is None else f"{entry.count:,}"
            return node.counting or counted or None
        elif role == Qt.ItemDataRole.TextAlignmentRole:
            return _COUNT_ALIGNMENT
        return None

    def _holdings(self, image: ImageRef) -> Holdings:
        return self.holdings.get(image.image_id, Holdings())

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        node: _Node | None = index.internalPointer()
        return _NO_LINE if node is None else node.flags

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._titles[section] if section < 2 else None


def _with_below(node: _Node) -> Iterator[_Node]:
    """Yield a line and the lines that are shown below it, those above first."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if node.children:
            waiting += reversed(node.children)


def _runs(flags: Sequence[bool]) -> int:
    """Return how many runs of neighbours are False.

    >>> _runs([False, False, True, False])
    2
    """
    return sum(
        not flag and (place == 0 or flags[place - 1])
        for place, flag in enumerate(flags)
    )


def _key(line: _Node) -> object:
    return None if line.entry is None else line.entry.key


def _most(entries: Iterable[Entry | None]) -> int:
    """Return the greatest count, 0 where nothing is counted."""
    found = (0 if entry is None else entry.count or 0 for entry in entries)
    return max(found, default=0)


def _by_name(line: _Node) -> tuple[bool, str]:
    return line.entry is None, line.folded


def _by_count(line: _Node) -> int:
    return -1 if line.entry is None or line.entry.count is None else line.entry.count


def _number(lines: Sequence[_Node], start: int) -> None:
    """Tell lines in which rows they are, from the first that moved."""
    for row in range(start, len(lines)):
        lines[row].row = row


def _picture(icon: QIcon) -> str:
    """Return a thumbnail for a tooltip, as HTML."""
    packed, buffer = QByteArray(), QBuffer()
    buffer.setBuffer(packed)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    icon.pixmap(WHOLE_PX, WHOLE_PX).save(buffer, "PNG")
    buffer.close()
    text = b64encode(packed.data()).decode("ascii")
    return f'<img src="data:image/png;base64,{text}">'


def _what(entry: Entry) -> str:
    kind = type(entry.item).__name__.replace("Ref", "").lower()
    if entry.query is not None and entry.count is not None:
        return f"{kind}, {hits_label(entry.count, 'image', 'images', entry.query)}"
    return kind
