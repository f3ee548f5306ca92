"""The dock of a browser: opened once in each viewer, and kept when it is closed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, TypeVar

from qtpy.QtCore import QEvent, QObject, QTimer
from qtpy.QtWidgets import QDockWidget, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer

W = TypeVar("W", bound=QWidget)


def the_only(kind: Callable[[Viewer], W], viewer: Viewer) -> W:
    """Return the widget of a kind that belongs to a viewer, made if there is none.

    napari docks what it is given. A widget that is docked already is taken out of its
    dock, which goes: from the menu napari gives a dock another name than from the
    command line, and would show the same twice.
    """
    # Plugins are given a proxy of the viewer, which hides its window.
    window = getattr(viewer, "__wrapped__", viewer).window
    widgets = window._qt_window.findChildren(QWidget)
    widget: W | None = next((one for one in widgets if type(one) is kind), None)
    if widget is None:
        return kind(viewer)
    dock = widget.parent()
    if isinstance(dock, QDockWidget):
        window.remove_dock_widget(dock)
    return widget


class Docked(QObject):
    """Keeps a widget with its window when its dock is closed, and brings it to front.

    napari forgets a widget whose dock was closed. Kept in the window, unseen, it goes
    on with what it does, and is as it was when it is docked again.

    `seen` is set once the widget was painted, with all that is in it.
    """

    def __init__(self, widget: QWidget, window: QWidget) -> None:
        super().__init__(widget)
        self.seen = threading.Event()
        self._widget = widget
        self._window = window
        self._dock: QDockWidget | None = None
        self._is_behind = False
        # Docked or hidden: then it comes to front when it is shown. It is shown as well
        # when another is put beside it, which is to stay in front.
        self._comes_to_front = True
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Notice that the widget is docked, taken out, shown, painted or hidden."""
        kind = None if event is None else event.type()
        if kind == QEvent.Type.Paint:
            if not self.seen.is_set():
                QTimer.singleShot(0, self.seen.set)
        elif kind == QEvent.Type.ParentChange:
            self._follow_dock()
            # Taken out to be docked anew, it has another dock by then.
            QTimer.singleShot(0, self._keep)
        elif kind == QEvent.Type.Show and self._comes_to_front:
            self._comes_to_front = False
            QTimer.singleShot(0, self._raise)
        elif kind == QEvent.Type.Hide and self._is_behind:
            QTimer.singleShot(0, self._show_again)
        return super().eventFilter(watched, event)

    def _follow_dock(self) -> None:
        dock = self._widget.parent()
        self._dock = dock if isinstance(dock, QDockWidget) else None
        self._is_behind = False
        self._comes_to_front = True
        if self._dock is not None:
            self._dock.visibilityChanged.connect(self._on_visibility)

    def _on_visibility(self, seen: bool) -> None:
        """Remember whether the dock is behind the tab of another."""
        if self.sender() is self._dock and self._dock is not None:
            hidden = self._dock.isHidden()
            self._is_behind = not seen and (self._is_behind or not hidden)
            self._comes_to_front |= hidden

    def _keep(self) -> None:
        if self._widget.parent() is None and not self._widget.isVisible():
            self._widget.setParent(self._window)

    def _raise(self) -> None:
        if self._dock is not None and not self._dock.isHidden():
            self._dock.raise_()

    def _show_again(self) -> None:
        """Bring to front what napari's menu has hidden as it was behind a tab."""
        if self._dock is not None and self._dock.isHidden():
            self._is_behind = False
            self._dock.show()
            self._dock.raise_()
