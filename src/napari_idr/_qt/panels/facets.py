"""Facets of a search: what was found, counted by key, to narrow it by a click."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QAbstractItemModel, QModelIndex, QPoint, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.panels.forms import (
    name_widget,
    plain_label,
    present,
    tooltip,
)
from napari_idr._qt.panels.letters import LetteredWidget
from napari_idr._qt.panels.pivot_menu import SEARCH_KEY, on_search_key
from napari_idr._qt.panels.places import LabelPlace
from napari_idr.services.plain_text import visible_text
from napari_idr.services.search.facets import (
    FacetLine,
    facet_lines,
    facet_title,
    facets_message,
    ordered,
)

if TYPE_CHECKING:
    from qtpy.QtGui import QContextMenuEvent, QKeyEvent, QShowEvent

    from napari_idr.model import Facet, Facets
    from napari_idr.services.search.pivots import Asker

OPENED_AT_FIRST: Final = 3
"""Facets that are open at first: they fill what one sees."""

LINES: Final = 100
"""Values of a facet that are shown; the filter finds the others."""

LINE_ROLE: Final = Qt.ItemDataRole.UserRole + 1

NOTHING: Final = "Search, and what was found is counted here by gene, phenotype …"

_NOWHERE = QModelIndex()


class FacetsPanel(LetteredWidget):
    """What was found, counted by key; it asks nobody by itself."""

    moreWanted = Signal()  # what is offered
    seen = Signal()  # it is shown: what it shows is wanted
    narrowWanted = Signal(object)  # FacetLine
    excludeWanted = Signal(object)  # FacetLine
    searchWanted = Signal(object)  # FacetLine
    menuWanted = Signal(object, object)  # FacetLine, where on the screen (QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_facets_panel")
        self._facets: Facets | None = None
        self._asker: Asker | None = None
        self.title = plain_label("idr_facets_title")
        self.count = plain_label("idr_facets_count")
        self.filter = QLineEdit()
        name_widget(
            self.filter,
            "idr_facets_filter",
            "Filter",
            "Show the values that hold this text",
        )
        self.filter.setPlaceholderText("filter")
        self.filter.setClearButtonEnabled(True)
        self.more = QPushButton()
        name_widget(
            self.more,
            "idr_facets_more",
            "Ask for more",
            "This server's search tells no more of images: genes, phenotypes and "
            "controls are counted from the studies' tables, a request for each plate",
        )
        self.model = FacetsModel(self)
        self.tree = _Tree()
        self.tree.setModel(self.model)
        header = present(self.tree.header())
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        header.setResizeContentsPrecision(0)  # as wide as what is seen
        top = QHBoxLayout()
        top.addWidget(self.title, 3)
        top.addWidget(LabelPlace(self.count), 2)
        top.addWidget(self.filter, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(3)
        layout.addLayout(top)
        layout.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self.tree, 1)
        self.more.clicked.connect(self._on_more)
        self.tree.chosen.connect(self._on_chosen)
        self.tree.menuWanted.connect(self._on_menu)
        on_search_key(self.tree, self._on_search)
        self.filter.textChanged.connect(self._show)
        self.filter.returnPressed.connect(self.tree.setFocus)
        self.set_waiting("")

    def showEvent(self, event: QShowEvent | None) -> None:
        """Tell that somebody looks."""
        super().showEvent(event)
        self.seen.emit()

    def set_waiting(self, title: str, message: str = "") -> None:
        """Show that what is counted has another title, and isn't known yet."""
        self.title.setText(title or NOTHING)
        self.count.setText(message)
        self._facets = None
        self.offer("")
        self.model.show((), None)

    def say(self, message: str) -> None:
        """Say in place of the count why there is none, or no more."""
        self.count.setText(message)

    def offer(self, text: str) -> None:
        """Offer to ask for more, in the words of the button; "" for nothing."""
        self.more.setText(text)
        self.more.setVisible(bool(text))

    def set_facets(self, facets: Facets, asker: Asker) -> None:
        """Show facets; what is open and where one is stays, what is new is open."""
        self._facets, self._asker = facets, asker
        self.count.setText(facets_message(facets))
        self._show()

    def open_facet(self, key: str) -> None:
        """Open a facet and go to its first value."""
        for row, facet in enumerate(self.model.facets):
            top = self.model.index(row, 0)
            self.tree.setExpanded(top, facet.key == key)
            if facet.key == key:
                self.tree.setCurrentIndex(self.model.index(0, 0, top))

    def _show(self, *_: object) -> None:
        facets, asker = self._facets, self._asker
        if facets is None or asker is None:
            return
        tree, model = self.tree, self.model
        known = {facet.key for facet in model.facets}
        opened = {
            facet.key
            for row, facet in enumerate(model.facets)
            if tree.isExpanded(model.index(row, 0))
        }
        place = model.place(tree.currentIndex())
        bar = present(tree.verticalScrollBar())
        scrolled = bar.value()
        model.show(ordered(facets, asker), facets, self.filter.text())
        for row, facet in enumerate(model.facets):
            at_first = row < OPENED_AT_FIRST and facet.key not in known
            if facet.key in opened or at_first or self.filter.text().strip():
                tree.expand(model.index(row, 0))
        there = QModelIndex() if place is None else model.index_of(*place)
        tree.setCurrentIndex(there if there.isValid() else model.index(0, 0))
        bar.setValue(scrolled)

    def _on_chosen(self, index: QModelIndex, excluding: bool) -> None:
        line = self.model.data(index, LINE_ROLE)
        if isinstance(line, FacetLine):
            (self.excludeWanted if excluding else self.narrowWanted).emit(line)

    def _on_more(self, *_: object) -> None:
        self.moreWanted.emit()

    def _on_search(self) -> None:
        line = self.model.data(self.tree.currentIndex(), LINE_ROLE)
        if isinstance(line, FacetLine):
            self.searchWanted.emit(line)

    def _on_menu(self, index: QModelIndex, where: QPoint) -> None:
        line = self.model.data(index, LINE_ROLE)
        if isinstance(line, FacetLine):
            self.menuWanted.emit(line, where)


class _Tree(QTreeView):
    """A tree of two levels: a click or Enter chooses a value, Ctrl excludes it."""

    chosen = Signal(QModelIndex, bool)  # a value; whether it is to be excluded
    menuWanted = Signal(QModelIndex, QPoint)

    def __init__(self) -> None:
        super().__init__()
        name_widget(
            self,
            "idr_facets",
            "Facets",
            "What was found, counted by key. A click or Enter narrows the search to a "
            f"value, Ctrl+click or Ctrl+Enter leaves it out, {SEARCH_KEY} searches "
            "for it alone",
        )
        self.setUniformRowHeights(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setExpandsOnDoubleClick(False)
        self.clicked.connect(self._on_clicked)
        self._excluding = False

    def mousePressEvent(self, event: Any) -> None:
        """Remember whether Ctrl was held: what is clicked then is left out."""
        self._excluding = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        super().mousePressEvent(event)

    def _on_clicked(self, index: QModelIndex) -> None:
        self._choose(index, excluding=self._excluding)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Choose with Enter; the rest is Qt's."""
        if event is None:
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            held = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            self._choose(self.currentIndex(), excluding=bool(held))
        else:
            super().keyPressEvent(event)

    def _choose(self, index: QModelIndex, *, excluding: bool) -> None:
        if not index.isValid():
            return
        if not index.parent().isValid():
            top = index.siblingAtColumn(0)
            self.setExpanded(top, not self.isExpanded(top))
        else:
            self.chosen.emit(index, excluding)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """Offer what can be done with a value."""
        if event is None:
            return
        index = self.indexAt(event.pos())
        where = event.globalPos()
        if event.reason() == event.Reason.Keyboard:
            index = self.currentIndex()
            below = self.visualRect(index).bottomLeft()
            where = present(self.viewport()).mapToGlobal(below)
        if index.isValid():
            self.menuWanted.emit(index, where)


class _Node:
    """A facet with the lines below it; Qt keeps it as the parent of these.

    The lines are made when Qt asks for them, which is while the facet is open.
    """

    def __init__(self, row: int, facet: Facet, facets: Facets, text: str) -> None:
        self.row = row
        self.facet = facet
        self._facets = facets
        self._text = text

    @cached_property
    def lines(self) -> tuple[FacetLine, ...]:
        """The values that are shown."""
        return facet_lines(self.facet, self._facets, self._text, most=LINES)

    @property
    def is_empty(self) -> bool:
        """Whether none of its values holds the text."""
        return not (self.lines if self._text.strip() else self.facet.values)


class FacetsModel(QAbstractItemModel):
    """Keys, and below them values with numbers of images."""

    TITLES = ("Value", "Images")

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._nodes: list[_Node] = []

    @property
    def facets(self) -> tuple[Facet, ...]:
        """The facets that are shown."""
        return tuple(node.facet for node in self._nodes)

    def show(
        self, facets: tuple[Facet, ...], whole: Facets | None, text: str = ""
    ) -> None:
        """Show these facets, and of their values those that hold a text."""
        self.beginResetModel()
        self._nodes = []
        for facet in () if whole is None else facets:
            assert whole is not None
            node = _Node(len(self._nodes), facet, whole, text)
            if not node.is_empty:
                self._nodes.append(node)
        self.endResetModel()

    def place(self, index: QModelIndex) -> tuple[str, str | None] | None:
        """Return the key and the value of an index, None for nowhere."""
        if not index.isValid():
            return None
        if (line := self._line(index)) is not None:
            return line.key, line.value
        return self._nodes[index.row()].facet.key, None

    def index_of(self, key: str, value: str | None) -> QModelIndex:
        """Return where a value is; where a key is if the value is None or gone."""
        for node in self._nodes:
            if node.facet.key != key:
                continue
            top = self.index(node.row, 0)
            for place, line in enumerate(node.lines):
                if line.value == value:
                    return self.index(place, 0, top)
            return top
        return QModelIndex()

    def _line(self, index: QModelIndex) -> FacetLine | None:
        node = index.internalPointer()
        return node.lines[index.row()] if isinstance(node, _Node) else None

    # What Qt asks of a model.

    def index(
        self, row: int, column: int, parent: QModelIndex = _NOWHERE
    ) -> QModelIndex:
        if not (0 <= row < self.rowCount(parent) and 0 <= column < len(self.TITLES)):
            return QModelIndex()
        if parent.isValid():
            return self.createIndex(row, column, self._nodes[parent.row()])
        return self.createIndex(row, column)

    def parent(self, index: QModelIndex = _NOWHERE) -> QModelIndex:  # type: ignore[override]
        node = index.internalPointer() if index.isValid() else None
        return self.createIndex(node.row, 0) if isinstance(node, _Node) else _NOWHERE

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        if not parent.isValid():
            return len(self._nodes)
        if parent.column() > 0 or self._line(parent) is not None:
            return 0
        return len(self._nodes[parent.row()].lines)

    def hasChildren(self, parent: QModelIndex = _NOWHERE) -> bool:
        """Tell whether there are lines below, which are counted once it is open."""
        if not parent.isValid():
            return bool(self._nodes)
        return parent.column() == 0 and self._line(parent) is None

    def columnCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return len(self.TITLES)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        line = self._line(index)
        if role == LINE_ROLE:
            return line
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 1:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if line is None:
            is_title = role == Qt.ItemDataRole.DisplayRole and index.column() == 0
            title = facet_title(self._nodes[index.row()].facet)
            return visible_text(title) if is_title else None
        if role == Qt.ItemDataRole.DisplayRole:
            if index.column() == 0:
                return visible_text(line.value)
            return f"{line.image_count:,}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(
                f"{line.key}: {line.value}", f"{line.share:.0%} of what is counted"
            )
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or section >= len(self.TITLES):
            return None
        return self.TITLES[section]
