"""Keys of buttons: they are pressed, and their menus opened, without a mouse."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QEvent, QObject, QPoint, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import (
    QDialogButtonBox,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)

from napari_idr._qt.panels.forms import KEYPAD, NO_KEY

if TYPE_CHECKING:
    from collections.abc import Callable

ALT, SHIFT = Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier

PRESSING: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)

ARROWS: Final = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right)

OPENING: Final = (
    *((Qt.Key.Key_Down, NO_KEY), (Qt.Key.Key_Down, ALT)),
    *((Qt.Key.Key_F4, NO_KEY), (Qt.Key.Key_Menu, NO_KEY), (Qt.Key.Key_F10, SHIFT)),
)
"""The keys that open a drop-down box, and those of a menu."""


class ButtonKeys(QObject):
    """Hears the keys of a button for as long as that has the keyboard.

    Enter presses it, as the space bar does; Qt has that for some buttons on some
    systems. What opens a drop-down box opens its menu, if it has one. Arrows stay at
    it: Qt's go to whatever control of the window comes next.
    """

    _button: QPushButton | QToolButton | None = None

    def follow(self, control: QWidget | None) -> None:
        """Hear the keys of what has the keyboard, if it is a button."""
        if self._button is not None:
            with suppress(RuntimeError):  # it is gone
                self._button.removeEventFilter(self)
        self._button = (
            control if isinstance(control, QPushButton | QToolButton) else None
        )
        if self._button is not None:
            self._button.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take the keys that do something, before napari's own shortcuts."""
        button = self._button
        if button is None or watched is not button:
            return False
        if not isinstance(event, QKeyEvent):
            return False
        act = _action(button, event)
        if act is not None and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
        elif act is not None and event.type() == QEvent.Type.KeyPress:
            act()
            return True
        return False


def _action(
    button: QPushButton | QToolButton, event: QKeyEvent
) -> Callable[[], object] | None:
    """Return what a key does at a button, None for what is Qt's."""
    key, held = event.key(), event.modifiers() & ~KEYPAD
    menu = button.menu()
    if menu is not None and (key, held) in OPENING:
        return partial(_open_menu, button, menu)
    if held == NO_KEY and key in PRESSING:
        return _stay if event.isAutoRepeat() else button.click
    # Of a dialog the arrows go through its few buttons.
    is_of_dialog = isinstance(button.parent(), QDialogButtonBox)
    return _stay if held == NO_KEY and key in ARROWS and not is_of_dialog else None


def _stay() -> None:
    """Do nothing."""


def _open_menu(button: QWidget, menu: QMenu) -> None:
    """Open the menu of a button below or above it, at its first entry.

    Qt's own way waits until the menu is closed, and chooses none.
    """
    top = button.mapToGlobal(QPoint(0, 0))
    menu.popup(top + QPoint(0, button.height()))
    if menu.y() < top.y() + button.height() and menu.height() <= top.y():
        menu.move(menu.x(), top.y() - menu.height())  # there was no room below
    usable = (one for one in menu.actions() if one.isEnabled() and one.isVisible())
    first = next((one for one in usable if not one.isSeparator()), None)
    if first is not None:
        menu.setActiveAction(first)
