"""Widgets for docks, which leave the window as it is laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QWidget

if TYPE_CHECKING:
    from qtpy.QtCore import QSize
    from qtpy.QtGui import QResizeEvent


class DockedWidget(QWidget):
    """A widget for a dock; what it shows is laid out in `body`.

    With each part of a layout that changes, Qt lays all above it out anew, up to the
    window's, and draws the window with each of them. A widget without a layout is told
    instead: it asks for room where it has less than its parts need.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.body = QWidget(self)

    def event(self, event: QEvent | None) -> bool:
        """Ask for more room if a part that has changed needs it."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            least = self.minimumSizeHint()
            if least.boundedTo(self.size()) != least:
                self.updateGeometry()
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.body.setGeometry(self.rect())

    def sizeHint(self) -> QSize:
        """Return the size that the parts would like."""
        return self.body.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Return the least size of the parts."""
        return self.body.minimumSizeHint()
