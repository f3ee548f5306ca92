"""Conditions of a search: rows below the search box that fold away."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QEvent, QSize, Qt, Signal
from qtpy.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.panels.forms import (
    let_shrink,
    name_widget,
    plain_label,
    present,
    widen_list,
)
from napari_idr.model import OPERATORS, OPERATORS_OF_ANY
from napari_idr.services.search.conditions import (
    ONE_CONDITION,
    ConditionDraft,
    drafts_of,
    wanted_of_drafts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QResizeEvent

    from napari_idr.model import Operator, SearchKey, Wanted

MOST_PX = 190
"""Height that the rows take at most: some three of them; others are scrolled to."""

HINTS: Final[dict[Operator, str]] = {
    "is": "the exact name",
    "contains": "a part of the name",
    "begins with": "how the name begins",
    "in a list": "names, with ; between them",
    "has another value": "the name that it doesn't have",
}


class ConditionsEditor(QWidget):
    """A list of conditions that all are to hold; "or" joins one to the one above."""

    searchWanted = Signal()  # Enter in a row
    changed = Signal()  # another number of rows

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keys: tuple[SearchKey | str, ...] = ()
        self._takes_several = True
        self.rows: list[ConditionRow] = []
        self.fold = QToolButton()
        name_widget(
            self.fold,
            "idr_conditions",
            "Conditions",
            "What else is to hold: other keys, parts of names, lists of names",
        )
        self.fold.setCheckable(True)
        self.fold.setAutoRaise(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.add = QToolButton()
        self.add.setText("+")
        self.add.setAutoRaise(True)
        name_widget(self.add, "idr_add_condition", "Add a condition", "Add a condition")
        for button in (self.fold, self.add):
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.line = _Wrapping()
        self.line.add_group(self.fold, self.add)
        self._list = QWidget()
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self.note = plain_label("idr_conditions_note")
        self.note.setText(ONE_CONDITION)
        self._column.addWidget(self.note)
        self._column.addStretch(1)
        self._scroll = _AsHighAsNeeded()
        self._scroll.setWidget(self._list)
        self._scroll.setObjectName("idr_condition_rows")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.line)
        layout.addWidget(self._scroll)
        self.fold.toggled.connect(self._on_fold)
        self.add.clicked.connect(self._on_add)
        self._show()

    def set_keys(self, keys: Sequence[SearchKey]) -> None:
        """Offer these keys; what was written stays."""
        drafts = [row.draft for row in self.rows]
        self._keys = tuple(keys)
        self._set_drafts(drafts)

    def set_takes_several(self, *, several: bool) -> None:
        """Offer as many conditions as a person likes, or one and say why."""
        if several == self._takes_several:
            return
        self._takes_several = several
        self._set_drafts([row.draft for row in self.rows])

    @property
    def wanted(self) -> tuple[Wanted, ...]:
        """The conditions; `ValueError` says what can't be asked."""
        return wanted_of_drafts(row.draft for row in self.rows)

    def set_wanted(self, wanted: Sequence[Wanted]) -> None:
        """Show these conditions, unfolded if there are any."""
        try:
            shown = self.wanted
        except ValueError:
            shown = None
        if shown != tuple(wanted):
            self._set_drafts(drafts_of(wanted))
        if wanted and not self.fold.isChecked():
            self.fold.setChecked(True)

    # Rows

    def _set_drafts(self, drafts: Sequence[ConditionDraft]) -> None:
        for row in tuple(self.rows):
            self._take(row)
        for draft in drafts:
            self._append(draft)
        self._show()

    def _append(self, draft: ConditionDraft) -> ConditionRow:
        operators = OPERATORS if self._takes_several else OPERATORS_OF_ANY
        row = ConditionRow(self._keys, operators, draft)
        row.removeWanted.connect(self._on_remove)
        row.searchWanted.connect(self.searchWanted)
        self.rows.append(row)
        self._column.insertWidget(len(self.rows), row)  # the note is the first
        return row

    def _take(self, row: ConditionRow) -> None:
        self.rows.remove(row)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _on_add(self) -> None:
        if not self._keys or not self.add.isEnabled():
            return
        self.fold.setChecked(True)
        row = self._append(ConditionDraft(key=self._keys[0]))
        self._show()
        row.key.setFocus()
        self._scroll.ensureWidgetVisible(row)

    def _on_remove(self, row: ConditionRow) -> None:
        place = self.rows.index(row)
        self._take(row)
        self._show()
        if self.rows:
            self.rows[min(place, len(self.rows) - 1)].value.setFocus()
        else:
            self.add.setFocus()

    def _on_fold(self, *_: object) -> None:
        self._show()

    def _show(self) -> None:
        """Show what there is: how many rows, which joins can be chosen."""
        count = len(self.rows)
        opened = self.fold.isChecked()
        self.fold.setText(f"Conditions ({count})" if count else "Conditions")
        arrow = Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow
        self.fold.setArrowType(arrow)
        self.add.setEnabled(bool(self._keys) and (self._takes_several or not self.rows))
        self.note.setVisible(not self._takes_several)
        for number, row in enumerate(self.rows):
            row.set_number(number + 1)
        order: list[QWidget] = [self.fold, self.add]
        for row in self.rows:
            order += row.controls
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)
        self._scroll.setVisible(
            opened and (bool(self.rows) or self.note.isVisibleTo(self._list))
        )
        self._scroll.updateGeometry()
        self.changed.emit()


class ConditionRow(QFrame):
    """One condition: how it is joined, a key, what of it, and a text."""

    removeWanted = Signal(object)  # itself
    searchWanted = Signal()

    def __init__(
        self,
        keys: Sequence[SearchKey | str],
        operators: Sequence[Operator],
        draft: ConditionDraft,
    ) -> None:
        super().__init__()
        self._keys = [*keys, *([] if draft.key in keys else [draft.key])]
        self._operators = tuple(operators)
        self.join = QComboBox()
        self.join.addItems(["and", "or"])
        self.key = QComboBox()
        self.key.addItems(
            [one if isinstance(one, str) else one.label for one in self._keys]
        )
        self.operator = QComboBox()
        self.operator.addItems(list(self._operators))
        self.value = QLineEdit(draft.text)
        self.remove = QToolButton()
        self.remove.setText("✕")
        self.remove.setAutoRaise(True)
        self.remove.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.join.setCurrentIndex(int(draft.join == "or"))
        self.key.setCurrentIndex(self._keys.index(draft.key))
        if draft.operator in self._operators:
            self.operator.setCurrentIndex(self._operators.index(draft.operator))
        for box in (self.key, self.operator):
            let_shrink(box)
            widen_list(box)
        self.value.setClearButtonEnabled(True)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.join, 0, 0)
        layout.addWidget(self.key, 0, 1)
        layout.addWidget(self.operator, 0, 2)
        layout.addWidget(self.remove, 0, 3)
        layout.addWidget(self.value, 1, 1, 1, 3)
        layout.setColumnStretch(1, 3)
        layout.setColumnStretch(2, 3)
        self.remove.clicked.connect(self._on_remove)
        self.value.returnPressed.connect(self.searchWanted)
        self.operator.currentIndexChanged.connect(self._on_operator)
        self._on_operator()

    @property
    def controls(self) -> tuple[QWidget, ...]:
        """What is reached with Tab, in this order."""
        return self.join, self.key, self.operator, self.value, self.remove

    @property
    def draft(self) -> ConditionDraft:
        """What is written."""
        return ConditionDraft(
            join="or" if self.join.currentIndex() else "and",
            key=self._keys[self.key.currentIndex()],
            operator=self._operators[self.operator.currentIndex()],
            text=self.value.text(),
        )

    def set_number(self, number: int) -> None:
        """Name the controls after the place of the row, counted from 1."""
        for widget, name, label, told in (
            (self.join, "join", "Joined by", "“or”: this or the condition above"),
            (self.key, "key", "Key", "What to look at"),
            (self.operator, "operator", "Holds if it", "How it is compared"),
            (self.value, "value", "Value", "Enter searches"),
            (self.remove, "remove", "Remove", "Remove this condition"),
        ):
            label = f"{label}, condition {number}"
            name_widget(widget, f"idr_condition_{name}", label, told)
        self.join.setEnabled(number > 1)

    def _on_operator(self, *_: object) -> None:
        operator = self._operators[self.operator.currentIndex()]
        self.value.setPlaceholderText(HINTS[operator])

    def _on_remove(self, *_: object) -> None:
        self.removeWanted.emit(self)


class _Wrapping(QWidget):
    """Groups of buttons beside each other; where the room is narrow, in lines."""

    def __init__(self) -> None:
        super().__init__()
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)
        self._box.setSizeConstraint(QBoxLayout.SizeConstraint.SetNoConstraint)
        self._groups: list[QWidget] = []

    def add_group(self, *buttons: QWidget) -> None:
        """Add buttons that stay beside each other, the later groups at the right."""
        group = QWidget()
        row = QHBoxLayout(group)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for button in buttons:
            row.addWidget(button)
        if self._groups:
            self._box.addStretch(1)
        self._box.addWidget(group, 0, Qt.AlignmentFlag.AlignLeft)
        self._groups.append(group)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Break the line where it is too long."""
        super().resizeEvent(event)
        self._break()

    def event(self, event: QEvent | None) -> bool:
        """Follow another size of letters."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self._break()
        return super().event(event)

    def _break(self) -> None:
        needed = sum(group.sizeHint().width() for group in self._groups)
        direction = QBoxLayout.Direction.LeftToRight
        if needed > self.width():
            direction = QBoxLayout.Direction.TopToBottom
        if direction != self._box.direction():
            self._box.setDirection(direction)
            self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        """Return the room that the longest group needs."""
        widths = [group.sizeHint().width() for group in self._groups]
        return QSize(max(widths, default=0), self._box.sizeHint().height())

    def sizeHint(self) -> QSize:
        """Return the room that the line needs as it is broken now."""
        return QSize(self.minimumSizeHint().width(), self._box.sizeHint().height())


class _AsHighAsNeeded(QScrollArea):
    """As high as what is in it, up to a bound."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        fixed, wide = QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred
        self.setSizePolicy(wide, fixed)

    def sizeHint(self) -> QSize:
        """Return the size of what is in it, no higher than `MOST_PX`."""
        layout = present(present(self.widget()).layout())
        wanted = layout.sizeHint()
        height = wanted.height()
        if layout.hasHeightForWidth():  # its text wraps
            height = layout.totalHeightForWidth(self.width())
        return QSize(wanted.width(), min(height + 2, MOST_PX))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Follow the width: text wraps otherwise."""
        super().resizeEvent(event)
        self.updateGeometry()

    def minimumSizeHint(self) -> QSize:
        """Return the same height: what folds out is to be seen."""
        return QSize(0, self.sizeHint().height())
