"""The panel of the wells' table: filters, rows, colours and what they mean."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QSize, Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QApplication,
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.panels.forms import (
    ElidingButton,
    Folding,
    let_shrink,
    name_widget,
    plain_label,
    present,
    tooltip,
    widen_list,
)
from napari_idr._qt.panels.letters import LetteredWidget
from napari_idr._qt.panels.places import LabelPlace, LowArea
from napari_idr._qt.settings import view_defaults
from napari_idr._qt.wells.legend import LegendPanel, ProfilesPanel
from napari_idr._qt.wells.table import FEW_ROWS, WellsTableView
from napari_idr.services.wells.look import COLOR_STYLES, color_title

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from qtpy.QtGui import QResizeEvent, QShowEvent

    from napari_idr.services.wells.look import ColorStyle

NO_COLORS = "none"
STYLE_TITLES = {
    "frames": "as frames",
    "fill": "as a fill",
    "fill only": "as a fill, no thumbnails",
}

TYPED_MS = 150
"""Between two letters of somebody who types; the rows follow after that."""

MOST_NOTES = 3
"""Lines below the table; all are in the tooltip."""

TITLE_SAMPLE = "a plate's name, field 1"
"""What can be read of the title beside the buttons; else it has a line of its own."""

SIDE_PX = 190
"""The least width of legend and profiles."""

GAP_PX, MARGIN_PX = 3, 4


class WellsPanel(LetteredWidget):
    """The table of the wells of one plate, and what a person makes of it.

    Where it is so low that few rows would be left below the controls, these stand
    beside the table, and scroll there.
    """

    filterChanged = Signal()
    columnsChanged = Signal()
    lookChanged = Signal()
    ownWanted = Signal()
    ownRemoved = Signal(str)  # what the table is called
    exportWanted = Signal()
    retryWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_wells_panel")
        self._quiet = self._low = False
        self.title = plain_label("idr_wells_title")
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Search in all columns")
        self.filter.setClearButtonEnabled(True)
        name_widget(
            self.filter,
            "idr_wells_filter",
            "Search in all columns",
            "Only wells that have each of these words in some column are shown",
        )
        self.column = QComboBox()
        name_widget(
            self.column,
            "idr_wells_filter_column",
            "Column of the condition",
            "For which column the condition beside it is",
        )
        self.condition = QLineEdit()
        self.condition.setPlaceholderText("text, =text, > 5, 2..5")
        self.condition.setClearButtonEnabled(True)
        name_widget(
            self.condition,
            "idr_wells_column_filter",
            "Condition for one column",
            "A text that it contains, =text for exactly that, = for nothing, "
            "> 5, <= 5 or 2..5 for numbers. Each column can have a condition.",
        )
        self.clear = _button(
            "Clear", "idr_wells_clear", "Clear filters", "Show all wells again"
        )
        self.columns = _button(
            "Columns", "idr_wells_columns", "Columns", "Which columns are shown"
        )
        self.columns.setMenu(QMenu(self.columns))
        self.hits_first = QCheckBox("Hits first")
        name_widget(
            self.hits_first,
            "idr_wells_hits_first",
            "Hits first",
            "Wells that the search found come before the others",
        )
        self.hide_failed = QCheckBox("Hide failed")
        name_widget(
            self.hide_failed,
            "idr_wells_hide_failed",
            "Hide failed wells",
            "Leave wells out that failed the study's quality control, "
            "and cover them on the plate",
        )
        self.own = _button(
            "Own columns…",
            "idr_own_columns",
            "Own columns",
            "Add columns of your own from a CSV or Parquet file with a column of wells",
        )
        self._own_menu = QMenu(self.own)
        self.export = _button(
            "Export CSV…",
            "idr_wells_export",
            "Export CSV",
            "Write the rows and columns that are shown into a file",
        )
        self.count = plain_label("idr_wells_count")
        self.notes = plain_label("idr_wells_notes")
        self.retry = _button(
            "Ask again", "idr_wells_retry", "Ask again", "Ask for what didn't come"
        )
        self.table = WellsTableView()
        self.color_by = QComboBox()
        name_widget(
            self.color_by,
            "idr_color_by",
            "Colour by",
            "By which column the wells are coloured",
        )
        self.style_of_colors = QComboBox()
        for style in COLOR_STYLES:
            self.style_of_colors.addItem(STYLE_TITLES[style], style)
        self.style_of_colors.setCurrentIndex(_default_style())
        name_widget(
            self.style_of_colors,
            "idr_color_style",
            "How wells are coloured",
            "As frames, as a fill through which the cells are seen, or as a fill only",
        )
        self.legend = LegendPanel()
        self.profiles = ProfilesPanel()
        self._lay_out()
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(TYPED_MS)
        self._typed.timeout.connect(self._on_condition)
        self.conditions: dict[str, str] = {}
        self._connect()

    def _lay_out(self) -> None:
        self._controls = self._lay_out_controls()
        self._below = QWidget()
        below = self._notes = QHBoxLayout(self._below)
        below.addWidget(self.notes, 1)
        below.addWidget(self.retry)
        rows = QWidget()
        left = self._rows = QVBoxLayout(rows)
        left.addWidget(self._controls)
        left.addWidget(self.table, 1)
        left.addWidget(self._below)
        self._colors = QWidget()
        colors = QVBoxLayout(self._colors)
        by = plain_label("idr_color_by_label", selectable=False)
        by.setText("Colour by")
        colors.addWidget(by)
        colors.addWidget(self.color_by)
        colors.addWidget(self.style_of_colors)
        colors.addWidget(self.legend, 1)
        scrolled = QWidget()
        self._scrolled = QVBoxLayout(scrolled)
        self._scrolling = LowArea(scrolled)
        self._scrolling.setVisible(False)
        side = QWidget()
        middle = self._side = QVBoxLayout(side)
        middle.addWidget(self._scrolling)
        middle.addWidget(self._colors)
        aside = QWidget()
        right = QVBoxLayout(aside)
        right.addWidget(self.profiles)
        right.addStretch(1)
        for layout in (below, left, colors, self._scrolled, middle, right):
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(GAP_PX)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setObjectName("idr_wells_splitter")
        splitter.setChildrenCollapsible(False)
        # It scrolls by itself, as rows and legend do: these are seen in a low dock.
        self._aside = LowArea(aside)
        self._aside.setVisible(False)
        for part, stretch in ((rows, 1), (side, 0), (self._aside, 0)):
            splitter.addWidget(part)
            splitter.setStretchFactor(splitter.count() - 1, stretch)
        for part in (self._colors, aside):
            part.setMinimumWidth(SIDE_PX)
        for box in (self.column, self.color_by, self.style_of_colors):
            let_shrink(box)
        for edit in (self.filter, self.condition):
            edit.setMinimumWidth(80)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX)
        whole.addWidget(splitter)
        self._set_tab_order()

    def _lay_out_controls(self) -> QWidget:
        """Lay out what stands above the table, or beside it."""
        head, controls = QWidget(), QWidget()
        line = self._head = QHBoxLayout(head)
        line.setContentsMargins(0, 0, 0, 0)
        self.count.setWordWrap(False)
        self.count.setSizePolicy(
            QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred
        )
        line.addWidget(self.title, 1)
        line.addWidget(LabelPlace(self.count))
        for tool in (self.hits_first, self.hide_failed, self.own, self.export):
            line.addWidget(tool)
        condition = QHBoxLayout()
        condition.addWidget(self.column, 1)
        condition.addWidget(self.condition, 1)
        buttons = QHBoxLayout()
        for button in (self.clear, self.columns):
            buttons.addWidget(button)
        filters = self._filters = QHBoxLayout()
        filters.addWidget(self.filter, 3)
        filters.addLayout(condition, 4)
        filters.addLayout(buttons)
        lines = self._lines = QVBoxLayout(controls)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(GAP_PX)
        lines.addWidget(head)
        lines.addLayout(filters)
        Folding(controls, head, self.title, TITLE_SAMPLE)
        return controls

    def _set_tab_order(self) -> None:
        """Let Tab go as one reads."""
        tools = (self.hits_first, self.hide_failed, self.own, self.export)
        filters = (self.filter, self.column, self.condition, self.clear, self.columns)
        rows = (self.table, self.retry)
        order = (
            *((*rows, *filters, *tools) if self._low else (*tools, *filters, *rows)),
            *(self.color_by, self.style_of_colors, self.legend.list),
        )
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    # How low it is

    def minimumSizeHint(self) -> QSize:
        """Return the room for the table alone: all else scrolls beside it then."""
        height = self.table.minimumSizeHint().height() + 2 * MARGIN_PX
        return QSize(super().minimumSizeHint().width(), height)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._follow_height()

    def showEvent(self, event: QShowEvent | None) -> None:
        super().showEvent(event)
        self._follow_height()

    def event(self, event: QEvent | None) -> bool:
        """Follow what is shown, and another size of letters."""
        done = super().event(event)
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self._follow_height()
        return done

    def _follow_height(self) -> None:
        low = self.height() < self._usual_height
        if self.isVisible() and low != self._low:
            self._set_low(low)

    @property
    def _usual_height(self) -> int:
        """What it takes with the controls above a few rows, or two and the notes."""
        above = self.title.minimumSizeHint().height()
        for line in (self._head, self._filters):
            items = [present(line.itemAt(place)) for place in range(line.count())]
            above += max(one.minimumSize().height() for one in items)
        rows = self.table.height_of_rows(FEW_ROWS)
        if not self._below.isHidden():
            noted = self._notes.totalHeightForWidth(self.table.width())
            rows = max(rows, self.table.minimumSizeHint().height() + noted)
        left = above + rows + 3 * GAP_PX
        return max(left, self._colors.minimumSizeHint().height()) + 2 * MARGIN_PX

    def _set_low(self, low: bool) -> None:
        """Put the controls beside the table, below each other, or above it again."""
        focused = QApplication.focusWidget()
        self._low = low
        moved = (self._below, self._controls, self._colors)
        shown = [one for one in moved if not one.isHidden()]
        if low:
            for part in moved:
                self._scrolled.addWidget(part, int(part is self._colors))
        else:
            self._rows.insertWidget(0, self._controls)
            self._rows.addWidget(self._below)
            self._side.addWidget(self._colors)
        way = QBoxLayout.Direction
        for line in (self._notes, self._head, self._filters):
            line.setDirection(way.TopToBottom if low else way.LeftToRight)
        # One filters more often than one exports.
        self._lines.setDirection(way.BottomToTop if low else way.TopToBottom)
        self._scrolling.setVisible(low)
        for part in shown:
            part.show()  # another parent hides it, and a layout shows it too late
        self._set_tab_order()
        present(self.layout()).activate()
        if focused is not None and self.isAncestorOf(focused):
            focused.setFocus()

    def _connect(self) -> None:
        self.filter.textChanged.connect(self._on_typed)
        self.condition.textChanged.connect(self._on_typed)
        for edit in (self.filter, self.condition):
            edit.returnPressed.connect(self._on_entered)
        self.column.currentIndexChanged.connect(self._on_column)
        self.clear.clicked.connect(self._on_clear)
        self.hits_first.toggled.connect(self._on_filter)
        self.hide_failed.toggled.connect(self._on_look)
        self.color_by.currentIndexChanged.connect(self._on_look)
        self.style_of_colors.currentIndexChanged.connect(self._on_look)
        self.own.clicked.connect(self._on_own)
        self.export.clicked.connect(self.exportWanted)
        self.retry.clicked.connect(self.retryWanted)
        self.table.filterWanted.connect(self.set_condition)
        self.table.colorWanted.connect(self.choose_color)

    # What a person has chosen

    @property
    def chosen_color(self) -> str | None:
        """The name of the column that wells are coloured by, None for none."""
        name: str | None = self.color_by.currentData()
        return name

    @property
    def hidden_columns(self) -> frozenset[str]:
        """The names of the columns that a person doesn't want to see."""
        actions = present(self.columns.menu()).actions()
        return frozenset(one.data() for one in actions if not one.isChecked())

    def choose_color(self, name: str | None) -> None:
        """Colour by a column, as if it had been chosen from the list."""
        place = 0 if name is None else self.color_by.findData(name)
        if place >= 0:
            self.color_by.setCurrentIndex(place)

    def choose_style(self, style: ColorStyle) -> None:
        """Draw the colours in a way, as if it had been chosen from the list."""
        self.style_of_colors.setCurrentIndex(
            max(self.style_of_colors.findData(style), 0)
        )

    def set_condition(self, name: str, wish: str) -> None:
        """Set the condition of a column, as if it had been typed."""
        self.column.setCurrentIndex(max(self.column.findData(name), 0))
        self.condition.setText(wish)
        self._on_condition()

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Change controls without telling that a person has."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    # What is shown

    def set_columns(
        self,
        names: Sequence[str],
        colored: Sequence[str],
        *,
        color_by: str | None,
        hidden: Collection[str],
    ) -> None:
        """Offer columns to look at, and those by which wells can be coloured."""
        with self.quietly():
            chosen = self.column.currentData()
            self.column.clear()
            for name in names:
                self.column.addItem(color_title(name), name)
            self.column.setCurrentIndex(max(self.column.findData(chosen), 0))
            self.color_by.clear()
            self.color_by.addItem(NO_COLORS, None)
            for name in colored:
                self.color_by.addItem(color_title(name), name)
            place = 0 if color_by is None else self.color_by.findData(color_by)
            self.color_by.setCurrentIndex(max(place, 0))
            menu = present(self.columns.menu())
            menu.clear()
            for name in names:
                action = present(menu.addAction(color_title(name).replace("&", "&&")))
                action.setObjectName(f"idr_wells_column_{name}")
                action.setData(name)
                action.setCheckable(True)
                action.setChecked(name not in hidden)
                action.toggled.connect(self._on_columns)
        for box in (self.column, self.color_by):
            widen_list(box)

    def set_filters(self, text: str, conditions: Mapping[str, str]) -> None:
        """Show what rows are filtered by."""
        with self.quietly():
            self.conditions = dict(conditions)
            self.filter.setText(text)
            self._show_condition()

    def set_own(self, names: Sequence[str]) -> None:
        """Offer to take a person's tables out again, and to add more."""
        menu = self._own_menu
        menu.clear()
        add = present(menu.addAction("Add from a file…"))
        add.setObjectName("idr_own_add")
        add.triggered.connect(self.ownWanted)
        for name in names:
            action = present(menu.addAction(f"Remove {name}".replace("&", "&&")))
            action.setObjectName("idr_own_remove")
            action.setData(name)
            action.triggered.connect(self._on_own_removed)
        self.own.setMenu(menu if names else None)  # without one a click adds

    def set_profiles_shown(self, *, shown: bool) -> None:
        """Give the profiles room, or take it back."""
        self._aside.setVisible(shown)

    def set_notes(self, notes: Sequence[str], *, can_retry: bool) -> None:
        """Say what is going on, and what couldn't be had."""
        told = [note for note in notes if note]
        rest = len(told) - MOST_NOTES
        more = [f"… and {rest} more"] if rest > 0 else []
        self.notes.setText("\n".join([*told[:MOST_NOTES], *more]))
        self.notes.setToolTip(tooltip(*told))
        self.notes.setVisible(bool(self.notes.text()))
        self.retry.setVisible(can_retry)
        self._below.setVisible(bool(told) or can_retry)
        self._follow_height()

    # What a person does

    def _on_entered(self) -> None:
        """Apply what is typed at once, and go to the rows that it leaves."""
        self._on_condition()
        self.table.setFocus()

    def _on_typed(self, *_: object) -> None:
        if not self._quiet:
            if (name := self.column.currentData()) is not None:
                self.conditions[name] = self.condition.text()
            self._typed.start()

    def _on_condition(self) -> None:
        self._typed.stop()
        self._on_filter()

    def _on_column(self, *_: object) -> None:
        if not self._quiet:
            with self.quietly():
                self._show_condition()

    def _show_condition(self) -> None:
        wish = self.conditions.get(self.column.currentData() or "", "")
        self.condition.setText(wish)

    def _on_clear(self) -> None:
        self.set_filters("", {})
        self._on_filter()

    def _on_filter(self, *_: object) -> None:
        if not self._quiet:
            self.filterChanged.emit()

    def _on_columns(self, *_: object) -> None:
        if not self._quiet:
            self.columnsChanged.emit()

    def _on_look(self, *_: object) -> None:
        if not self._quiet:
            self.lookChanged.emit()

    def _on_own(self) -> None:
        if self.own.menu() is None:
            self.ownWanted.emit()

    def _on_own_removed(self) -> None:
        action = self.sender()
        if action is not None:
            self.ownRemoved.emit(action.data())  # type: ignore[attr-defined]


def _button(text: str, name: str, label: str, told: str) -> QPushButton:
    button: QPushButton = ElidingButton(text)  # a dock beside a browser is narrow
    name_widget(button, name, label, told)
    return button


def _default_style() -> int:
    """Return the place of the style that the preferences name."""
    named = view_defaults().color_style
    styles = [str(style) for style in COLOR_STYLES]
    return styles.index(named if named in styles else "fill")
