"""What is said where a list has no lines: cut with "…", and told whole on hovering."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject
from qtpy.QtGui import (
    QFontMetrics,
    QHelpEvent,
    QPainter,
    QPalette,
    QTextLayout,
    QTextOption,
)
from qtpy.QtWidgets import QToolTip

from napari_idr._qt.panels.forms import present, tooltip

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtCore import QRect
    from qtpy.QtGui import QFont
    from qtpy.QtWidgets import QAbstractItemView

CUT = "…"


def lines_within(
    text: str, font: QFont, room: QRect, aside: int
) -> tuple[tuple[str, ...], bool]:
    """Return the lines of a text that fit into a room, and whether some don't.

    Beside each is room for so many "…".
    """
    metrics = QFontMetrics(font)
    width = max(1, room.width() - aside * metrics.horizontalAdvance(CUT))
    wrap = QTextOption()
    wrap.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        layout = QTextLayout(paragraph, font)
        layout.setTextOption(wrap)
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(width)
            begin = line.textStart()
            lines.append(paragraph[begin : begin + line.textLength()].rstrip())
        layout.endLayout()
    most = max(1, (room.height() + metrics.leading()) // metrics.lineSpacing())
    return tuple(lines[:most]), len(lines) > most


class SaidInPlace(QObject):
    """Writes what is said where a list has no lines: as much as there is room for.

    Where "…" stands for the rest, all of it is the tooltip.

    Parameters
    ----------
    view
        The list; it draws what is said after its own.
    nothing
        Returns what is said, "" for nothing.
    margin
        In letters.
    middle
        Whether it stands in the middle, not at the upper left.
    """

    def __init__(
        self,
        view: QAbstractItemView,
        nothing: Callable[[], str],
        *,
        margin: int = 0,
        middle: bool = True,
    ) -> None:
        super().__init__(view)
        self._view, self._nothing = view, nothing
        self._margin, self._middle = margin, middle
        present(view.viewport()).installEventFilter(self)

    def eventFilter(self, _: QObject | None, event: QEvent | None) -> bool:
        """Tell what is cut, in place of what the list is for."""
        if not isinstance(event, QHelpEvent):
            return False
        text = self._nothing()
        if text and self._lines(text)[1]:
            QToolTip.showText(event.globalPos(), tooltip(text), self._view)
            return True
        return False

    @property
    def _room(self) -> QRect:
        margin = self._margin * self._view.fontMetrics().averageCharWidth()
        inside = present(self._view.viewport()).rect()
        return inside.adjusted(margin, margin, -margin, -margin)

    def _lines(self, text: str) -> tuple[tuple[str, ...], bool]:
        # A line in the middle has as much room before it as "…" takes after it.
        aside = 2 if self._middle else 1
        return lines_within(text, self._view.font(), self._room, aside)

    def draw(self) -> None:
        """Write what is said, if anything."""
        text = self._nothing()
        if not text:
            return
        metrics, room = self._view.fontMetrics(), self._room
        lines, is_cut = self._lines(text)
        if is_cut:
            lines = (*lines[:-1], lines[-1] + CUT)
        y, step = room.top(), metrics.lineSpacing()
        if self._middle:
            y += max(0, room.height() - step * len(lines)) // 2
        painter = QPainter(self._view.viewport())
        painter.setPen(self._view.palette().color(QPalette.ColorRole.WindowText))
        for line in lines:
            advance = metrics.horizontalAdvance(line.removesuffix(CUT))
            x = (room.width() - advance) // 2 if self._middle else 0
            painter.drawText(room.left() + max(0, x), y + metrics.ascent(), line)
            y += step
        painter.end()
