"""Results: the tree of studies and what lies below them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import (
    QModelIndex,
    QPoint,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from qtpy.QtGui import QAction
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from napari_idr._qt.panels.forms import (
    begin_at_current,
    let_shrink,
    name_widget,
    present,
)
from napari_idr._qt.panels.results_model import (
    COUNT_COLUMN,
    ENTRY_ROLE,
    PICTURE_PX,
    ResultsModel,
)
from napari_idr._qt.panels.said_in_place import SaidInPlace
from napari_idr.model import ImageRef
from napari_idr.services.search.catalog import Entry, fitted_name

if TYPE_CHECKING:
    from qtpy.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPaintEvent

    from napari_idr.model import ImageId


class ResultsFilter(QLineEdit):
    """Words that lines of the results must hold; Escape clears them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name_widget(
            self,
            "idr_results_filter",
            "Filter results",
            "Words that must occur in the name of a line, or above it: of the lines "
            "that are loaded only these are shown. Enter goes to them, Escape clears",
        )
        let_shrink(self)
        self.setPlaceholderText("filter these results")
        self.setClearButtonEnabled(True)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Clear with Escape; the rest is Qt's."""
        if event is not None and event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


class NameDelegate(QStyledItemDelegate):
    """Cuts names of studies that don't fit so that they can still be told apart.

    Sentences, which say why nothing is below a line, keep their beginning. All lines
    are as high as a picture where `has_pictures`.
    """

    has_pictures = False

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        size = super().sizeHint(option, index)
        if self.has_pictures:
            size.setHeight(max(size.height(), PICTURE_PX + 2))
        return size

    def initStyleOption(
        self, option: QStyleOptionViewItem | None, index: QModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        if option is None or not isinstance(option.widget, QWidget):
            return
        if index.data(ENTRY_ROLE) is None:
            option.textElideMode = Qt.TextElideMode.ElideRight
            return
        style = present(option.widget.style())
        margin = style.pixelMetric(
            QStyle.PixelMetric.PM_FocusFrameHMargin, option, option.widget
        )
        room = option.rect.width() - 2 * (margin + 1)
        advance = option.fontMetrics.horizontalAdvance
        if not option.icon.isNull():
            room -= option.decorationSize.width() + 2 * (margin + 1)
        option.text = fitted_name(option.text or "", lambda text: advance(text) <= room)


MANY_LINES: Final = 1000
"""So many that come at once take more than a frame to come."""


class ResultsTree(QTreeView):
    """Studies, and below them plates, datasets and images, with counts."""

    galleryWanted = Signal()  # of the selected lines
    clicking = Signal()  # before what is clicked is selected

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
        begin_at_current(self)
        self._opened: tuple[Entry, ...] = ()  # before lines were filtered
        self._nothing = ""
        self._in_place = SaidInPlace(
            self, lambda: self.nothing_shown, margin=1, middle=False
        )
        self._draw_soon = QTimer(self)
        self._draw_soon.setSingleShot(True)
        self._draw_soon.timeout.connect(partial(self.setUpdatesEnabled, True))
        self.setUniformRowHeights(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._names = NameDelegate(self)
        self.setItemDelegateForColumn(0, self._names)
        self.setIconSize(QSize(PICTURE_PX, PICTURE_PX))
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

    def filter(self, text: str) -> None:
        """Show of the lines that are loaded those that hold words; nobody is asked.

        What leads to them is opened. Once there are no words, what was open before is
        open again.
        """
        model = self.model()
        assert isinstance(model, ResultsModel)
        if text and not model.filter:
            self._opened = self.opened
        model.set_filter(text)
        # It is loaded, or was: that it is opened must not ask for it.
        before = self.blockSignals(True)
        if text:
            for index in model.leading:
                self.expand(index)
        else:
            for entry in self._opened:
                self.expand(model.index_of(entry))
            self._opened = ()
            self.scrollTo(self.currentIndex())
        self.blockSignals(before)

    @property
    def opened(self) -> tuple[Entry, ...]:
        """The lines that are open, those above first."""
        model = self.model()
        assert isinstance(model, ResultsModel)
        found = [QModelIndex()]  # what is open above counts, so the root does
        for index in model.having_lines:
            if index.parent() in found and self.isExpanded(index):
                found.append(index)
        entries = (index.data(ENTRY_ROLE) for index in found[1:])
        return tuple(entry for entry in entries if isinstance(entry, Entry))

    def images_in_sight(self, block: int) -> tuple[ImageId, ...]:
        """Return the images whose lines are seen, and those of their blocks.

        A block are so many lines below the same, counted from its first.
        """
        found: dict[ImageId, None] = {}
        blocks: set[tuple[int, int]] = set()
        model, bottom = present(self.model()), present(self.viewport()).height()
        index = self.indexAt(QPoint(0, 0))
        while index.isValid() and self.visualRect(index).top() < bottom:
            entry, parent = index.data(ENTRY_ROLE), index.parent()
            start = index.row() // block * block
            is_image = isinstance(entry, Entry) and isinstance(entry.item, ImageRef)
            if is_image and (index.internalId(), start) not in blocks:
                blocks.add((index.internalId(), start))  # the same below one line
                for row in range(start, min(start + block, model.rowCount(parent))):
                    line = model.index(row, 0, parent).data(ENTRY_ROLE)
                    if isinstance(line, Entry) and isinstance(line.item, ImageRef):
                        found[line.item.image_id] = None
            index = self.indexBelow(index)
        return tuple(found)

    def show_pictures(self, *, shown: bool) -> None:
        """Make lines as high as pictures; they stay so for as long as lines do."""
        model = self.model()
        assert isinstance(model, ResultsModel)
        wanted = shown or (self._names.has_pictures and model.has_lines)
        if wanted != self._names.has_pictures:
            self._names.has_pictures = wanted
            self.scheduleDelayedItemsLayout()

    def rowsInserted(self, parent: QModelIndex, start: int, end: int) -> None:
        """Draw many lines in the turn after they have come, which takes as long."""
        super().rowsInserted(parent, start, end)
        if end - start >= MANY_LINES:
            self.setUpdatesEnabled(False)
            self._draw_soon.start(0)

    def use_model(self, model: ResultsModel) -> None:
        """Show other results; the view has another selection for each model."""
        before = self.model()
        if before is not None:
            before.layoutChanged.disconnect(self._lay_out_at_once)
        self.setModel(model)
        model.layoutChanged.connect(self._lay_out_at_once)
        header = present(self.header())
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        to_contents = QHeaderView.ResizeMode.ResizeToContents
        header.setSectionResizeMode(COUNT_COLUMN, to_contents)
        self._show_order(model)

    def _lay_out_at_once(self, *_: object) -> None:
        """Lay out lines that were sorted; until Qt does it knows some that are gone."""
        self.executeDelayedItemsLayout()

    def set_nothing(self, message: str) -> None:
        """Say, where there are no lines, why and what to do; "" says nothing."""
        if message != self._nothing:
            self._nothing = message
            self.setAccessibleDescription(message)
            present(self.viewport()).update()

    @property
    def nothing_shown(self) -> str:
        """What is said in place of lines, "" where there are some."""
        model = self.model()
        return "" if model is None or model.rowCount() else self._nothing

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        self.clicking.emit()
        super().mousePressEvent(event)

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Take the keyboard, and leave it to the arrows to choose a line.

        Qt makes the first line the current one, which asks for what is told of it,
        and looks like all others.
        """
        selection, current = self.selectionModel(), self.currentIndex()
        if selection is None or current.isValid():
            super().focusInEvent(event)
            return
        before = selection.blockSignals(True)
        super().focusInEvent(event)
        selection.clearCurrentIndex()
        selection.blockSignals(before)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the lines, or what is said in their place."""
        super().paintEvent(event)
        self._in_place.draw()

    def sizeHintForColumn(self, column: int) -> int:
        """Return the width of the longest count; Qt would measure a thousand lines."""
        model = self.model()
        if column != COUNT_COLUMN or not isinstance(model, ResultsModel):
            return super().sizeHintForColumn(column)
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasDisplay
        option.text = model.longest_count
        style = present(self.style())
        kind = QStyle.ContentsType.CT_ItemViewItem
        return style.sizeFromContents(kind, option, QSize(), self).width()

    def height_of_rows(self, count: int) -> int:
        """Return how high the tree is when so many lines of it are seen."""
        line = max(self.sizeHintForRow(0), self.fontMetrics().height())
        header = present(self.header()).sizeHint().height()
        return header + count * line + 2 * self.frameWidth()
