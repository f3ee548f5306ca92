"""Row of controls that goes on in a next line where there is no more room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QWidget
from superqt import QFlowLayout

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from qtpy.QtGui import QResizeEvent

GAP_PX = 3


class FlowRow(QWidget):
    """Controls beside each other, each as wide as its text; it is in no dock's way.

    The narrowest that it can be is its widest control. Several lines are as even as
    they can be, so that no control is alone in the last.
    """

    def __init__(
        self, controls: Iterable[QWidget] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._controls: list[QWidget] = []
        self._line = QFlowLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setHorizontalSpacing(GAP_PX)
        self._line.setVerticalSpacing(GAP_PX)
        for control in controls:
            self.add(control)

    def add(self, control: QWidget) -> None:
        """Add a control at the end."""
        self._controls.append(control)
        self._line.addWidget(control)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Follow another width."""
        super().resizeEvent(event)
        self._balance()

    def event(self, event: QEvent | None) -> bool:
        """Follow controls that come, go or change their words."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self._balance()
        return super().event(event)

    def _balance(self) -> None:
        shown = (one for one in self._controls if not one.isHidden())
        widths = [one.sizeHint().width() for one in shown]
        room = self.width() - 1  # the layout leaves the last px free
        spared = room - even_length(widths, room)
        if spared != self._line.contentsMargins().right():
            self._line.setContentsMargins(0, 0, spared, 0)


def even_length(widths: Sequence[int], room: int) -> int:
    """Return how long lines of controls need to be, to be no more than with all room.

    >>> even_length([50, 50, 50, 50], 300), even_length([50, 50, 50, 50], 160)
    (300, 103)
    """
    lines = line_count(widths, room)
    if lines == 1:
        return room
    lengths = {
        sum(part) + GAP_PX * (len(part) - 1)
        for first in range(len(widths))
        for last in range(first, len(widths))
        if (part := widths[first : last + 1])
    }
    enough = (
        one
        for one in sorted(lengths)
        if max(widths) <= one <= room and line_count(widths, one) == lines
    )
    return next(enough, room)


def line_count(widths: Sequence[int], room: int) -> int:
    """Return how many lines controls take.

    >>> line_count([50, 50, 50, 50], 160), line_count([50, 50], 20)
    (2, 2)
    """
    lines, left = 1, room + GAP_PX
    for width in widths:
        if left < width + GAP_PX and left <= room:
            lines, left = lines + 1, room + GAP_PX
        left -= width + GAP_PX
    return lines
