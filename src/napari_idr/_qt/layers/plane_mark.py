"""Mark on the canvas: the plane that is shown isn't yet that of the sliders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QLabel, QWidget

from napari_idr._qt.layers.canvas import canvas_of

if TYPE_CHECKING:
    from napari.viewer import Viewer

MARGIN_PX = 8

STYLE = (
    "background-color: rgba(0, 0, 0, 190); color: white; "
    "border: 1px solid rgba(255, 255, 255, 160); border-radius: 4px; padding: 3px 6px;"
)
"""Colours of its own, that can be read on a dark and on a light canvas."""


class PlaneMark(QObject):
    """A label in the lower left corner of the canvas of a viewer.

    It is a widget above the canvas: napari's text overlay is the person's. The mouse
    doesn't notice it.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._canvas: QWidget = canvas_of(viewer).native
        super().__init__(self._canvas)
        self._label = QLabel(self._canvas)
        self._label.setObjectName("idr_plane_mark")
        self._label.setAccessibleName("Plane shown")
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._label.setStyleSheet(STYLE)
        self._label.hide()
        self._canvas.installEventFilter(self)

    def set_message(self, message: str) -> None:
        """Show a message; "" takes the mark away."""
        self._label.setText(message)
        self._label.adjustSize()
        self._place()
        self._label.setVisible(bool(message))

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow the size of the canvas."""
        if event is not None and event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        low = self._canvas.height() - self._label.height() - MARGIN_PX
        self._label.move(MARGIN_PX, max(low, 0))
        self._label.raise_()
