"""Places of widgets that change, without the window being laid out anew.

With each part that changes, Qt lays out all above it anew that has a layout, up to the
window, and draws the window with each of them. A parent without a layout is told
instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDockWidget,
    QFrame,
    QMainWindow,
    QScrollArea,
    QWidget,
)

from napari_idr._qt.panels.forms import present

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent
    from qtpy.QtWidgets import QLabel


class Place(QWidget):
    """Holds a widget as large as itself; asks for room where that needs more."""

    _held: QWidget

    def event(self, event: QEvent | None) -> bool:
        """Ask for other room if what has changed needs it."""
        has_changed = event is not None and event.type() == QEvent.Type.LayoutRequest
        if has_changed and self._needs_other_room():
            self.updateGeometry()
        return super().event(event)

    def _needs_other_room(self) -> bool:
        least, size = self.minimumSizeHint(), self.size()
        return least.width() > size.width() or least.height() > size.height()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._held.setGeometry(self.rect())

    def sizeHint(self) -> QSize:
        """Return the size that the widget would like."""
        return self._held.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Return the least size of the widget."""
        return self._held.minimumSizeHint()


_COMINGS = (QEvent.Type.ParentChange, QEvent.Type.Show)


class DockedWidget(Place):
    """A widget for a dock; what it shows is laid out in `body`.

    Qt styles all that is in a widget anew, twice over if that has a style sheet of its
    own, whenever it is put into another: into its dock first, then into the window. So
    the body comes in last, where a person waits for it.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.body = self._held = QWidget(None if _is_window_seen() else self)
        self.destroyed.connect(self.body.deleteLater)  # if it never came in

    def event(self, event: QEvent | None) -> bool:
        """Take the body in, once this is in the window that it belongs to, or seen."""
        if event is not None and event.type() in _COMINGS:
            self._come_in(is_seen=event.type() == QEvent.Type.Show)
        return super().event(event)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Hear of the window that what this was put into comes into."""
        if watched is not None and event is not None and event.type() in _COMINGS:
            watched.removeEventFilter(self)
            self._come_in(is_seen=False)
        return super().eventFilter(watched, event)

    def _come_in(self, *, is_seen: bool) -> None:
        """Take the body in, or wait for the window."""
        window = present(self.window())
        if self.body.parent() is not None:
            return
        if not is_seen and not isinstance(window, QMainWindow):
            if window is not self:
                window.installEventFilter(self)  # it is about to be docked itself
            return
        self.body.setParent(self)
        self.body.setGeometry(self.rect())
        self.body.show()
        self.updateGeometry()
        self._come_before_title()

    def _come_before_title(self) -> None:
        """Let Tab reach the buttons of the dock's title after the body, not before."""
        dock = self.parent()
        title = dock.titleBarWidget() if isinstance(dock, QDockWidget) else None
        if title is None:
            return
        last = present(present(self.window()).previousInFocusChain())
        while last.focusPolicy() == Qt.FocusPolicy.NoFocus:
            last = present(last.previousInFocusChain())
        for button in title.findChildren(QAbstractButton):
            QWidget.setTabOrder(last, button)
            last = button


def _is_window_seen() -> bool:
    windows = QApplication.topLevelWidgets()
    return any(isinstance(one, QMainWindow) and one.isVisible() for one in windows)


class LabelPlace(Place):
    """Place of a label whose text follows what is counted.

    It has room for so many lines at least: what is beside it stays where it is.
    """

    def __init__(self, label: QLabel, least_lines: int = 0) -> None:
        super().__init__()
        self._least_lines = least_lines
        self._held = self._label = label
        self._height = -1
        label.setParent(self)
        self.setSizePolicy(label.sizePolicy())

    def _needs_other_room(self) -> bool:
        """Tell whether the text has another height, or no room if it doesn't wrap."""
        if not self._label.wordWrap():
            return super()._needs_other_room()
        self._place()
        before, self._height = self._height, self.heightForWidth(self.width())
        return self._height != before

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        """Let a text that needs less room than there is stand at the top."""
        if self._least_lines:
            height = min(self._label.heightForWidth(self.width()), self.height())
            self._label.resize(self.width(), height)

    def hasHeightForWidth(self) -> bool:
        """Tell that the height depends on how the text wraps."""
        return self._label.hasHeightForWidth()

    def heightForWidth(self, width: int) -> int:
        """Return the height of the text as it wraps."""
        least = self._least_lines * self._label.fontMetrics().lineSpacing()
        return max(self._label.heightForWidth(width), least)

    def minimumSizeHint(self) -> QSize:
        """Return the least size of the label, with the room for all lines."""
        least = self._least_lines * self._label.fontMetrics().lineSpacing()
        return super().minimumSizeHint().expandedTo(QSize(0, least))


class LowArea(QScrollArea):
    """Scrolls what is in it up and down, so that it makes no window higher.

    Parameters
    ----------
    inside
        What is scrolled; it is as wide as the area.
    least_px
        How low the area can be.
    """

    def __init__(self, inside: QWidget, least_px: int = 0) -> None:
        super().__init__()
        self._least_px, self._width_px = least_px, -1
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidget(inside)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Ask for the width that is needed inside: Qt doesn't when that changes."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            before, self._width_px = self._width_px, self.minimumSizeHint().width()
            if self._width_px != before:
                self.updateGeometry()
        return super().eventFilter(watched, event)

    def sizeHint(self) -> QSize:
        """Return the size that is wanted inside."""
        inside = self.widget()
        return super().sizeHint() if inside is None else inside.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """Return the least width of what is inside, and a height of its own."""
        inside, bar = self.widget(), self.verticalScrollBar()
        if inside is None or bar is None:
            return QSize(0, self._least_px)
        width = max(inside.minimumSizeHint().width(), inside.minimumWidth())
        # Else the bar would cover a part of what is inside.
        width += bar.sizeHint().width() + 2 * self.frameWidth()
        return QSize(width, self._least_px)
