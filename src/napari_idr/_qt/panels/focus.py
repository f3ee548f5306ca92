"""A frame round the control that has the keyboard, for all looks of napari."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Final

from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFocusFrame,
    QScrollArea,
    QWidget,
)

from napari_idr._qt.panels.button_keys import ButtonKeys
from napari_idr._qt.panels.forms import (
    LINK_ON_DARK,
    LINK_ON_LIGHT,
    MID_LIGHTNESS,
    present,
)

WIDTH_PX: Final = 2
"""WCAG 2.2 asks for a mark of two px at least (2.4.13)."""


class FocusMarker(QObject):
    """Lets what has the keyboard within a widget be marked, in sight and of use.

    napari's own look gives buttons and lists no mark. Qt scrolls to what Tab reaches
    from within the same area alone, not from another dock. Buttons get their keys, and
    one that hides or disables itself when it is pressed hands the keyboard to what is
    beside it: Qt's goes to what comes next, which may be a control of napari.
    """

    def __init__(self, within: QWidget) -> None:
        super().__init__(within)
        self._within = within
        self._keys = ButtonKeys(self)
        FocusMark(within)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus)

    def _on_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        try:
            mark: FocusMark | None = self._within.findChild(FocusMark)
        except RuntimeError:  # a dialog hands the keyboard back as it is deleted
            return
        if mark is None:  # gone with what it marked
            mark = FocusMark(self._within)
        is_within = now is not None and self._within.isAncestorOf(now)
        self._keys.follow(now if is_within else None)
        if now is not None and is_within:
            mark.lay_over(now)
            # What is pressed stays below the pointer, and a window that is come back
            # to as it was left.
            pressed = QApplication.mouseButtons() != Qt.MouseButton.NoButton
            if before is not None and not pressed:
                self._bring_into_sight(now)
        else:
            mark.lay_over(None)
        if isinstance(before, QAbstractButton) and self._within.isAncestorOf(before):
            # What takes its place may be shown after it is hidden.
            QTimer.singleShot(0, partial(self._hand_over, before, now))

    def _hand_over(self, button: QWidget, given: QWidget | None) -> None:
        """Give the keyboard of a button that has gone to what is near it."""
        with suppress(RuntimeError):  # one of them has been deleted
            gone = not (button.isVisible() and button.isEnabled())
            moved = QApplication.focusWidget() is not given
            if not gone or moved or not self._within.isActiveWindow():
                return
            near = _beside(button, self._within)
            if near and given not in near:
                near[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def _bring_into_sight(self, control: QWidget) -> None:
        above = control.parentWidget()
        while above is not None:
            if isinstance(above, QScrollArea):
                above.ensureWidgetVisible(control)
            above = above.parentWidget()


class FocusMark(QFocusFrame):
    """A frame that lies over a control, as large as that, and is a part of it.

    It lies within the edges: what is beyond them is cut by what a control lies in. Of
    Qt's own it has that screen readers pass it over; what that is told to follow gets
    a mask.
    """

    _marked: QWidget | None = None

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def widget(self) -> QWidget | None:
        """Return the control that is marked."""
        return self._marked

    def lay_over(self, control: QWidget | None) -> None:
        """Mark a control, and not the one before."""
        with suppress(RuntimeError):  # it is about to be deleted
            for one in _with_parts(self._marked):
                one.removeEventFilter(self)
        self._marked = control
        if control is None:
            self.hide()
            return
        self.setParent(control)
        self.setGeometry(control.rect())
        self.raise_()
        self.show()
        for one in _with_parts(control):
            one.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Stay as large as what is marked, and above its parts.

        Scroll bars come to the front whenever there is more to scroll, or less.
        """
        kind = None if event is None else event.type()
        if kind == QEvent.Type.ZOrderChange:
            self.raise_()
        elif kind == QEvent.Type.Resize and watched is self._marked is not None:
            self.setGeometry(self._marked.rect())
        return False

    def paintEvent(self, _: QPaintEvent | None) -> None:
        """Draw the frame, in a colour that can be told from what lies below."""
        dark = self.palette().window().color().lightness() < MID_LIGHTNESS
        color = LINK_ON_DARK if dark else LINK_ON_LIGHT
        painter = QPainter(self)
        painter.setPen(QPen(QColor(color), WIDTH_PX))
        half = WIDTH_PX // 2
        painter.drawRect(self.rect().adjusted(half, half, -half, -half))
        painter.end()


def _beside(gone: QWidget, within: QWidget) -> list[QWidget]:
    """Return what takes the keyboard in the same row or above it, the nearest first.

    Near is what was added before or after it: a row may go on in a second line.
    """
    above = gone
    while above is not within:
        above = present(above.parentWidget())
        widgets = above.findChildren(QWidget)
        places = [place for place, one in enumerate(widgets) if _takes_keys(one)]
        if places:
            at = widgets.index(gone)
            places.sort(key=lambda place: abs(place - at))
            return [widgets[place] for place in places]
    return []


def _takes_keys(widget: QWidget) -> bool:
    takes = bool(widget.focusPolicy() & Qt.FocusPolicy.TabFocus)
    return takes and widget.isVisible() and widget.isEnabled()


def _with_parts(control: QWidget | None) -> list[QWidget]:
    if control is None:
        return []
    within = Qt.FindChildOption.FindDirectChildrenOnly
    parts = control.findChildren(QWidget, options=within)
    return [control, *(one for one in parts if not isinstance(one, FocusMark))]
