"""Menu of what can be done with a value: search for it, narrow by it, copy it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import QMenu, QWidget

from napari_idr._qt.panels.forms import present
from napari_idr.services.plain_text import visible_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_idr.services.search.pivots import Pivot

SEARCH_KEY: Final = "F3"
"""Searches for the value that one is at. Qt's tables and lists use it for nothing, and
letters find what begins with them there."""


def on_search_key(widget: QWidget, call: Callable[[], None]) -> None:
    """Call when the key that searches is pressed in a widget."""
    widget.installEventFilter(_SearchKey(widget, call))


class _SearchKey(QObject):
    """Hears the key that searches, in one widget."""

    def __init__(self, widget: QWidget, call: Callable[[], None]) -> None:
        super().__init__(widget)
        self._call = call

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take the key, and leave all else."""
        if (
            event is not None
            and event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and QKeySequence(event.key()) == QKeySequence(SEARCH_KEY)
            and event.modifiers() == Qt.KeyboardModifier.NoModifier
        ):
            self._call()
            return True
        return super().eventFilter(watched, event)


def pivot_menu(
    parent: QWidget, pivots: Sequence[Pivot], do: Callable[[Pivot], None]
) -> QMenu:
    """Return a menu of pivots that goes when it is closed."""
    menu = QMenu(parent)
    menu.setObjectName("idr_pivots")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    add_pivots(menu, pivots, do)
    return menu


def add_pivots(
    menu: QMenu, pivots: Sequence[Pivot], do: Callable[[Pivot], None]
) -> None:
    """Add pivots to a menu."""
    for pivot in pivots:
        label = visible_text(pivot.label).replace("&", "&&")
        action = present(menu.addAction(label))
        action.setObjectName(f"idr_pivot_{pivot.action}")
        action.triggered.connect(partial(_do, do, pivot))


def _do(do: Callable[[Pivot], None], pivot: Pivot, *_: object) -> None:
    do(pivot)
