"""Helpers for controls: names for tests and screen readers, tooltips, labels."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, TypeVar

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QLabel, QSizePolicy, QWidget

from napari_idr.services.plain_text import visible_text

if TYPE_CHECKING:
    from magicgui.widgets.bases import Widget

T = TypeVar("T")

NARROWEST_PX = 280
"""The panel is usable from 300 px wide; its frame takes the rest."""

POPUP_MARGIN_PX = 24
"""Of a list that drops down, for its frame and its scroll bar."""

MAX_TOOLTIP = 1000
"""Characters of a value shown in a tooltip; the rest is in the copied text."""


def tooltip(*lines: str) -> str:
    """Return lines of plain text as a tooltip, whatever marks they hold.

    >>> tooltip("a <b>", "")
    '<p>a &lt;b&gt;</p>'
    """
    shown = (visible_text(line[:MAX_TOOLTIP]) for line in lines)
    return "".join(f"<p>{escape(line)}</p>" for line in shown if line)


def present(value: T | None) -> T:
    """Return what Qt types as optional and always has."""
    assert value is not None
    return value


def name_widget(widget: QWidget | Widget, name: str, label: str, tooltip: str) -> None:
    """Give a control its object name, its accessible name and its tooltip."""
    native = widget if isinstance(widget, QWidget) else widget.native
    native.setObjectName(name)
    native.setAccessibleName(label)
    native.setToolTip(tooltip)


def let_shrink(widget: QWidget | Widget) -> None:
    """Let a control be narrower than its longest text."""
    native = widget if isinstance(widget, QWidget) else widget.native
    policy = native.sizePolicy()
    policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
    native.setSizePolicy(policy)
    native.setMinimumWidth(40)


def widen_list(box: QComboBox) -> None:
    """Let what drops down be as wide as its longest line, though the box isn't."""
    view = present(box.view())
    view.setMinimumWidth(view.sizeHintForColumn(0) + POPUP_MARGIN_PX)


class PlainLabel(QLabel):
    """A label that draws its text as it stands, marks included."""

    def setText(self, text: str | None) -> None:
        """Show what is visible of a text."""
        super().setText(visible_text(text or ""))


def plain_label(name: str = "", *, selectable: bool = True) -> QLabel:
    """Return a label that wraps and draws its text as it stands, marks included."""
    label = PlainLabel()
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    # A long word must not widen the panel.
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    if selectable:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
