"""Buttons in columns: fewer where letters are large or a panel is narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QEvent, QSize
from qtpy.QtWidgets import QGridLayout, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QResizeEvent

SPACING_PX: Final = 3


class ButtonGrid(QWidget):
    """Buttons of one width in as many columns as can be read, at most so many.

    A panel that scrolls upright only would cut what is wider than itself.
    """

    def __init__(
        self, buttons: Sequence[QWidget], columns: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._buttons, self._most, self._columns = tuple(buttons), columns, 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACING_PX)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._arrange(columns)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        """Return what the rows take that a width leads to."""
        rows = -(-len(self._buttons) // self._fitting(width))
        height = max(one.sizeHint().height() for one in self._buttons)
        return rows * (height + SPACING_PX) - SPACING_PX

    def sizeHint(self) -> QSize:
        """Return the size with all columns."""
        width = self._most * (self._widest + SPACING_PX) - SPACING_PX
        return QSize(width, self.heightForWidth(self.width()))

    def minimumSizeHint(self) -> QSize:
        """Return the width of one column."""
        return QSize(self._widest, self.heightForWidth(self.width()))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Follow another width."""
        super().resizeEvent(event)
        self._arrange(self._fitting(self.width()))

    def event(self, event: QEvent | None) -> bool:
        """Follow other words and another size of letters."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self._arrange(self._fitting(self.width()))
            self.updateGeometry()
        return super().event(event)

    @property
    def _widest(self) -> int:
        return max(one.sizeHint().width() for one in self._buttons)

    def _fitting(self, width: int) -> int:
        """Return how many columns there is room for."""
        fitting = (width + SPACING_PX) // (self._widest + SPACING_PX)
        return max(1, min(self._most, fitting))

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for place, button in enumerate(self._buttons):
            self._grid.addWidget(button, *divmod(place, columns))
        for column in range(self._most):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)
