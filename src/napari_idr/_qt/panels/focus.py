"""A frame round the control that has the keyboard, for all looks of napari."""

from __future__ import annotations

from typing import Final

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QApplication, QFocusFrame, QWidget

from napari_idr._qt.panels.forms import LINK_ON_DARK, LINK_ON_LIGHT, MID_LIGHTNESS

WIDTH_PX: Final = 2
"""WCAG 2.2 asks for a mark of two px at least (2.4.13)."""


class FocusMark(QFocusFrame):
    """Draws a frame round what has the keyboard within a widget.

    napari's own look gives buttons and lists none.
    """

    def __init__(self, within: QWidget) -> None:
        super().__init__(within)
        self._within = within
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus)

    def _on_focus(self, _: QWidget | None, now: QWidget | None) -> None:
        inside = now is not None and self._within.isAncestorOf(now)
        self.setWidget(now if inside else None)

    def paintEvent(self, _: QPaintEvent | None) -> None:
        """Draw the frame, in a colour that can be told from what lies below."""
        marked = self.widget()
        if marked is None:
            return
        palette = marked.palette()
        dark = palette.window().color().lightness() < MID_LIGHTNESS
        color = LINK_ON_DARK if dark else LINK_ON_LIGHT
        painter = QPainter(self)
        painter.setPen(QPen(QColor(color), WIDTH_PX))
        half = WIDTH_PX // 2
        frame = self.rect().adjusted(half, half, -half, -half)
        painter.drawRoundedRect(frame, 3, 3)
        painter.end()
