"""Lines of the results: a model of studies, and what lies below them."""

from __future__ import annotations

from base64 import b64encode
from contextlib import contextmanager
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import (
    QBuffer,
    QByteArray,
    QIODevice,
    QItemSelection,
    QModelIndex,
    QSignalBlocker,
    Qt,
    Signal,
)
from qtpy.QtGui import QIcon, QPixmap, QStandardItem, QStandardItemModel

from napari_idr._qt.panels.forms import present, tooltip
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
# Made once: to put flags together takes Python longer than what is done with them.
_TEXT_LINE = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
_OPENABLE_LINE = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_LAST_LINE = _OPENABLE_LINE | Qt.ItemFlag.ItemNeverHasChildren
_COUNT_ALIGNMENT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Node:
    """One line of the tree; `children` is None until somebody has fetched them.

    `counting` is shown in place of a count until all is counted. `children` are those
    that are shown, and `whole` are all where a filter leaves some out, else None; it
    `leads` if it is shown for what lies below it alone. `folded` is its name without
    case, looked at for all lines at once, and `flags` are what a view may do with it.
    """

    __slots__ = (
        "asked",
        "children",
        "counting",
        "entry",
        "flags",
        "folded",
        "leads",
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

    def put(self, entry: Entry | None) -> None:
        """Be the line of an entry, None for a text."""
        self.entry = entry
        if entry is None:
            self.folded, self.flags = "", _TEXT_LINE
            return
        self.folded = entry.name.casefold()
        can_be_opened = entry.can_have_children or self.children is not None
        self.flags = _OPENABLE_LINE if can_be_opened else _LAST_LINE


class ResultsModel(QStandardItemModel):
    """Studies, and below them what is fetched when a line is opened.

    Qt holds which lines there are and what may be done with them, in items that are
    else empty: a view lays them out without Python, which is asked for what is painted.

    Opening a line emits `childrenWanted`; the answer is given to `set_children`, more
    than once where hits are still being counted. The model itself never asks anybody.
    """

    childrenWanted = Signal(object)  # Entry

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.setHorizontalHeaderLabels(("Name", "Images"))
        present(self.invisibleRootItem()).setFlags(Qt.ItemFlag.NoItemFlags)
        self._made = Qt.ItemFlag.NoItemFlags  # of the items that Qt makes
        # The first that is told: who is told next finds the same lines here.
        self.rowsInserted.connect(self._on_inserted)
        self.rowsRemoved.connect(self._on_removed)
        self._coming: Sequence[_Node] = ()
        self._root = _Node(None, None, 0)
        self._root.children = []
        self._loading: set[_Node] = set()
        self._counting: set[_Node] = set()
        self._most = 0  # of the counts
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
        remembered = [
            (index, self._node(index)) for index in self.persistentIndexList()
        ]
        for node in _with_below(self._root):
            if node.children:
                self._sort(node.children)
        self._hold_anew(remembered)
        self.layoutChanged.emit()

    def _hold_anew(self, remembered: Sequence[tuple[QModelIndex, _Node]] = ()) -> None:
        """Let Qt hold all lines anew, with what it remembers of some; nobody is told.

        Those of before go last: what is remembered of a line goes with it.
        """
        many, lines = self.rowCount(), self._root.children or []
        with QSignalBlocker(self):
            self.insertRows(many, len(lines))
            self._hold(QModelIndex(), many, lines)
            self.changePersistentIndexList(
                [index for index, _ in remembered],
                [self._index_of(node, at.column(), many) for at, node in remembered],
            )
            self.removeRows(0, many)

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
        # From below: of what is held anew there is less then.
        for node in (*reversed(nodes), self._root):
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
        self._insert_runs(node, wanted, there)

    # What is shown

    def set_entries(
        self, entries: Sequence[Entry], count_title: str, name_title: str = "Name"
    ) -> None:
        """Show these studies in place of what was there."""
        root = _Node(None, None, 0)
        root.children = [_Node(entry, root, row) for row, entry in enumerate(entries)]
        self._sort(root.children)
        self.bring((root, (name_title, count_title)))

    def taken_along(self) -> object:
        """Return all lines with what is below them, to be shown again by `bring`."""
        across = Qt.Orientation.Horizontal
        return self._root, [self.headerData(n, across) for n in range(2)]

    def bring(self, lines: object) -> None:
        """Show lines again that were taken along; nobody is asked."""
        assert isinstance(lines, tuple)
        root, titles = lines
        self.setHorizontalHeaderLabels(titles)
        self.beginResetModel()
        self._root = root
        for node in _with_below(root):
            node.leads = False
            if node.whole is not None:  # it was left while it was filtered
                node.children, node.whole = node.whole, None
                _number(node.children, 0)
        self._loading.clear()
        nodes = tuple(_with_below(root))
        self._counting = {node for node in nodes if node.counting}
        self._most = _most(node.entry for node in nodes)
        self._hold_anew()
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
        return self._index_of(self._find(entry) or self._root)

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
        count = self._index_of(node, COUNT_COLUMN)
        self.dataChanged.emit(count, count)

    def _merge(self, node: _Node, entries: Sequence[Entry]) -> None:
        """Let these be the lines below one; what is there already is kept."""
        wanted: dict[object, Entry] = {entry.key: entry for entry in entries}
        self._most = max(self._most, _most(entries))
        if any(line.entry is not None for line in node.children or ()):
            self._merge_into(node, wanted)
        else:
            self._replace(
                node, [_Node(e, node, n) for n, e in enumerate(wanted.values())]
            )
        if self.order is not None and not node.counting:
            self._order_lines()  # counts that grow don't move lines about

    def _merge_into(self, node: _Node, wanted: dict[object, Entry]) -> None:
        """Let lines come and go below one that has some; which stay are renewed."""
        ranks = {key: rank for rank, key in enumerate(wanted)}
        if self.order is not None:  # what is shown first, in the order it is shown
            shown = [key for key in map(_key, node.children or ()) if key in wanted]
            wanted = {key: wanted[key] for key in dict.fromkeys([*shown, *wanted])}
        self._remove(node, lambda line: _key(line) not in wanted)
        lines = {_key(line): line for line in node.children or ()}
        if list(lines) != [key for key in wanted if key in lines]:
            self._remove(node, lambda _: True)  # in another order
            lines = {}
        kept = set(lines.values())
        for key, entry in wanted.items():
            line = lines.get(key)
            if line is None:
                line = lines[key] = _Node(entry, node, 0)
            else:
                self._renew(line, entry)
            line.rank = ranks[key]
        self._insert_runs(node, [lines[key] for key in wanted], kept)
        if kept and node.children:
            first, last = node.children[0], node.children[-1]
            self.dataChanged.emit(self._index_of(first), self._index_of(last, 1))

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
                self.removeRows(start, end - start, parent)
            end = start - 1 if start else 0

    def _on_removed(self, parent: QModelIndex, first: int, last: int) -> None:
        lines = self._node(parent).children
        assert lines is not None
        del lines[first : last + 1]
        _number(lines, first)

    def _insert_runs(
        self, node: _Node, wanted: Sequence[_Node], there: set[_Node]
    ) -> None:
        """Insert lines between those of them that are there, each run at once."""
        start = 0
        while start < len(wanted):
            end = start
            while end < len(wanted) and wanted[end] not in there:
                end += 1
            self._insert(node, start, wanted[start:end])
            start = end + 1

    def _insert(self, node: _Node, place: int, lines: Sequence[_Node]) -> None:
        if not lines:
            return
        if node.children is None:
            node.children = []
            self._renew(node, node.entry)  # it can be opened from now on
        parent = self._index_of(node)
        if self.columnCount(parent) == 0:
            self.insertColumns(0, 2, parent)
        self._coming = lines
        self.insertRows(place, len(lines), parent)
        self._coming = ()

    def _on_inserted(self, parent: QModelIndex, first: int, _: int) -> None:
        lines = self._node(parent).children
        assert lines is not None
        lines[first:first] = self._coming
        _number(lines, first)
        self._hold(parent, first, self._coming)

    def _hold(self, parent: QModelIndex, first: int, lines: Sequence[_Node]) -> None:
        """Let Qt hold lines, and what is below them, in rows that are there.

        An item that is asked for and isn't there is made by Qt, like its prototype. Of
        those made here all would be kept until the model goes, or take twice as long.
        """
        index, item, row = self.index, self.itemFromIndex, first
        with QSignalBlocker(self):
            for flags, run in groupby(lines, attrgetter("flags")):
                if flags is not self._made:
                    prototype = QStandardItem()
                    prototype.setFlags(flags)
                    self.setItemPrototype(prototype)
                    self._made = flags
                start, row = row, row + sum(1 for _ in run)
                ends = index(start, 0, parent), index(row - 1, COUNT_COLUMN, parent)
                for at in QItemSelection(*ends).indexes():  # all can be selected yet
                    item(at)
            for row, line in enumerate(lines, first):
                if line.children:
                    at = index(row, 0, parent)
                    self.insertColumns(0, 2, at)
                    self.insertRows(0, len(line.children), at)
                    self._hold(at, 0, line.children)

    def _renew(self, node: _Node, entry: Entry | None) -> None:
        """Be the line of an entry from now on, which may be of another kind."""
        before = node.flags
        node.put(entry)
        if node.flags is not before:
            for column in range(2):
                item = self.itemFromIndex(self._index_of(node, column))
                present(item).setFlags(node.flags)

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
        return (self._node(index.parent()).children or [])[index.row()]

    def _index_of(self, node: _Node, column: int = 0, top: int = 0) -> QModelIndex:
        """Return where a line is; the first of all is in row `top`."""
        above = node.parent
        if above is None:
            return QModelIndex()
        row = node.row if above.parent else top + node.row
        return self.index(row, column, self._index_of(above, 0, top))

    # What Qt asks of a model.

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
