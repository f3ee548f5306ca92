"""Helpers for controls: names for tests and screen readers, tooltips, labels."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, TypeVar

from qtpy.QtCore import Qt
from qtpy.QtGui import QPalette
from qtpy.QtWidgets import QComboBox, QLabel, QSizePolicy, QWidget

if TYPE_CHECKING:
    from magicgui.widgets.bases import Widget

T = TypeVar("T")

NARROWEST_PX = 280
"""The panel is usable from 300 px wide; its frame takes the rest."""

POPUP_MARGIN_PX = 24
"""Of a list that drops down, for its frame and its scroll bar."""

LINK_ON_DARK, LINK_ON_LIGHT = "#6ea8fe", "#0a58ca"
"""Readable on napari's panels; Qt's own blue isn't."""

MID_LIGHTNESS = 128

MAX_TOOLTIP = 1000
"""Characters of a value shown in a tooltip; the rest is in the copied text."""


def tooltip(*lines: str) -> str:
    """Return lines of plain text as a tooltip, whatever marks they hold.

    >>> tooltip("a <b>", "")
    '<p>a &lt;b&gt;</p>'
    """
    return "".join(f"<p>{escape(line[:MAX_TOOLTIP])}</p>" for line in lines if line)


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


def link_label(name: str, label: str) -> QLabel:
    """Return a label that draws HTML: of escaped text and links, and nothing else.

    Its links are followed by a click, or by Tab and Enter.
    """
    links = QLabel()
    links.setObjectName(name)
    links.setAccessibleName(label)
    links.setTextFormat(Qt.TextFormat.RichText)
    links.setWordWrap(True)
    links.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
    links.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return links


def link(text: str, url: str, label: QLabel) -> str:
    """Return a link in HTML, in a colour that can be read on a label."""
    written = label.palette().color(QPalette.ColorRole.WindowText)
    color = LINK_ON_DARK if written.lightness() > MID_LIGHTNESS else LINK_ON_LIGHT
    return f'<a href="{escape(url)}" style="color: {color}">{escape(text)}</a>'


def plain_label(name: str = "", *, selectable: bool = True) -> QLabel:
    """Return a label that wraps and draws its text as it stands, marks included."""
    label = QLabel()
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    # A long word must not widen the panel.
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    if selectable:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
