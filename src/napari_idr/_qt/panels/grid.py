"""Buttons in columns: fewer where letters are large or a panel is narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QEvent, QSize
from qtpy.QtWidgets import QSizePolicy, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtGui import QResizeEvent

SPACING_PX: Final = 3


class ButtonGrid(QWidget):
    """Buttons of one width in as many columns as can be read, at most so many.

    A panel that scrolls upright only would cut what is wider than itself. It places its
    buttons by itself: Qt's layouts know of no height that follows the columns.
    """

    def __init__(
        self, buttons: Sequence[QWidget], columns: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._buttons, self._most = tuple(buttons), columns
        for one in self._buttons:
            one.setParent(self)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        """Return what the rows take that a width leads to."""
        rows = -(-len(self._buttons) // self._fitting(width))
        return rows * (self._height + SPACING_PX) - SPACING_PX

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
        self._place()

    def event(self, event: QEvent | None) -> bool:
        """Follow other words and another size of letters."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self._place()
            self.updateGeometry()
        return super().event(event)

    @property
    def _widest(self) -> int:
        return max(one.sizeHint().width() for one in self._buttons)

    @property
    def _height(self) -> int:
        return max(one.sizeHint().height() for one in self._buttons)

    def _fitting(self, width: int) -> int:
        """Return how many columns there is room for."""
        fitting = (width + SPACING_PX) // (self._widest + SPACING_PX)
        return max(1, min(self._most, fitting))

    def _place(self) -> None:
        """Put the buttons beside and below each other, over the whole width."""
        columns, height = self._fitting(self.width()), self._height
        share = (self.width() + SPACING_PX) / columns
        for place, button in enumerate(self._buttons):
            row, column = divmod(place, columns)
            left, right = round(column * share), round((column + 1) * share)
            top = row * (height + SPACING_PX)
            button.setGeometry(left, top, right - left - SPACING_PX, height)
