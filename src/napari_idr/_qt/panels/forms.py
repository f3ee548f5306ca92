"""Helpers for controls: names for tests and screen readers, tooltips, labels."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any, TypeVar

from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtGui import QGuiApplication, QHelpEvent, QKeyEvent, QKeySequence, QPalette
from qtpy.QtWidgets import (
    QAbstractItemView,
    QBoxLayout,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QShortcut,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QTabWidget,
    QToolTip,
    QWidget,
)

from napari_idr._qt.panels.elided import paint_elided, whole_text
from napari_idr.services.plain_text import visible_text

if TYPE_CHECKING:
    from magicgui.widgets.bases import Widget
    from qtpy.QtGui import QColor, QContextMenuEvent, QPaintEvent

T = TypeVar("T")

NARROWEST_PX = 280
"""The panel is usable from 300 px wide; its frame takes the rest."""

POPUP_MARGIN_PX = 24
"""Of a list that drops down, for its frame and its scroll bar."""

LETTERS_CHANGE = (
    *(QEvent.Type.FontChange, QEvent.Type.StyleChange),
    *(QEvent.Type.Polish, QEvent.Type.Show),
)
"""Events after which a widget may write in other letters."""

ARROW_PX = 34
"""Of a drop-down box, for its arrow and its frame."""

CLEAR_PX = 36
"""Of a line to type in, for the button that clears it and its frame."""

LEAST_BUTTON_PX = 60
"""Of a button whose text may be cut, with its frame."""

LINK_ON_DARK, LINK_ON_LIGHT = "#6ea8fe", "#0a58ca"
"""Readable on napari's panels; Qt's own blue isn't."""

MID_LIGHTNESS = 128

NO_KEY, KEYPAD = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.KeypadModifier,
)
"""What an arrow key has with it where no other key is held."""

MAX_TOOLTIP = 1000
"""Characters of a value shown in a tooltip; the rest is in the copied text."""

BREAK = "\u200b"
"""Where a word may break: it has no width, and isn't seen."""

LONG_WORD = re.compile(r"\S{20,}")
"""Is wider than a narrow panel where letters are large."""

BREAKS = re.compile(
    r"(?:[^\w\s“‘«(\[{]|_)(?![”’»)\]},;]|\W*$)|\w{12}(?=\w)"  # noqa: RUF001
)
"""After what a long word may break: marks, and so many letters without one.

A mark that opens stays with what follows it, one that closes with what is before it.
"""


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
    if isinstance(native, QComboBox | QLineEdit):
        native.installEventFilter(_Cutting(native))
    if isinstance(native, QComboBox):
        native.installEventFilter(_WheelGoesOn(native))
        if (line := native.lineEdit()) is not None:
            line.setAccessibleName(label)  # it takes the keyboard in its place
            line.setToolTip(native.toolTip())
            # Qt made the line: what belongs to it alone, Python would let go of.
            line.installEventFilter(_Cutting(native))


class _Cutting(QObject):
    """Paints a text that doesn't fit with "…", and puts it before the tooltip."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Paint and tell what doesn't fit; all else is Qt's."""
        if event is None or not isinstance(watched, QComboBox | QLineEdit):
            return False
        if event.type() == QEvent.Type.Paint:
            return paint_elided(watched)
        whole = whole_text(watched) if event.type() == QEvent.Type.ToolTip else ""
        if not whole or not isinstance(event, QHelpEvent):
            return False
        told = watched.toolTip()
        told = told if told.startswith("<p>") else tooltip(told)
        QToolTip.showText(event.globalPos(), tooltip(whole) + told, watched)
        return True


class _WheelGoesOn(QObject):
    """Leaves the wheel to what scrolls around a drop-down box.

    Who scrolls the panel would choose another value of each box that comes below the
    pointer: another licence, another field of the plate.
    """

    def eventFilter(self, _: QObject | None, event: QEvent | None) -> bool:
        """Let the wheel go on to the parent, unheeded."""
        if event is None or event.type() != QEvent.Type.Wheel:
            return False
        event.ignore()
        return True


def let_shrink(widget: QWidget | Widget) -> None:
    """Let a control be narrower than its longest text."""
    native = widget if isinstance(widget, QWidget) else widget.native
    policy = native.sizePolicy()
    policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
    native.setSizePolicy(policy)
    native.setMinimumWidth(40)


def keep_as_wide_as(
    widget: QWidget | Widget,
    sample: str,
    room_px: int,
    *,
    least_px: int | None = None,
) -> None:
    """Give a control the width of a text, and so much more, at any size of letters.

    Where that isn't there it may be as narrow as `least_px`, if it is given.
    """
    native = widget if isinstance(widget, QWidget) else widget.native
    _WidthOf(native, sample, room_px, least_px)


class _WidthOf(QObject):
    """Keeps a widget as wide as a text in its own letters."""

    def __init__(
        self, widget: QWidget, sample: str, room_px: int, least_px: int | None
    ) -> None:
        super().__init__(widget)
        self._widget, self._sample, self._room_px = widget, sample, room_px
        self._least_px = least_px
        widget.installEventFilter(self)
        self._fit()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow another size of letters."""
        if event is not None and event.type() in LETTERS_CHANGE:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        width = self._widget.fontMetrics().horizontalAdvance(self._sample)
        width += self._room_px
        if width != self._widget.maximumWidth():
            self._widget.setMaximumWidth(width)
            self._widget.setMinimumWidth(min(width, self._least_px or width))


class Folding(QObject):
    """Moves a control out of its row to a line of its own where the row is narrow.

    Parameters
    ----------
    panel
        Has a vertical layout that begins with the row.
    row
        Has a horizontal layout.
    control
        One of the row; the others keep the width they need.
    sample
        The least text that the control has room for.
    """

    def __init__(
        self, panel: QWidget, row: QWidget, control: QWidget, sample: str
    ) -> None:
        super().__init__(panel)
        self._panel, self._row, self._control = panel, row, control
        self._sample = sample
        layout = row.layout()
        assert isinstance(layout, QBoxLayout)
        self._line = layout
        self._place = layout.indexOf(control)
        self._folded = False
        panel.installEventFilter(self)

    def set_sample(self, sample: str) -> None:
        """Let the control have room for another text."""
        self._sample = sample
        self._fold()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow the width of the panel, and another size of letters."""
        if event is not None and event.type() in (
            *(QEvent.Type.Resize, QEvent.Type.LayoutRequest),
            *LETTERS_CHANGE,
        ):
            self._fold()
        return super().eventFilter(watched, event)

    def _fold(self) -> None:
        metrics = self._control.fontMetrics()
        needed = metrics.horizontalAdvance(self._sample) + CLEAR_PX
        for place in range(self._line.count()):
            widget = present(self._line.itemAt(place)).widget()
            if widget is None or widget is self._control:
                continue
            if not widget.isHidden():
                width = min(widget.sizeHint().width(), widget.maximumWidth())
                width = max(width, widget.minimumWidth())
                needed += width + self._line.spacing()
        folded = needed > self._panel.width()
        if folded == self._folded:
            return
        self._folded = folded
        focused = self._control.hasFocus()
        if folded:
            lines = self._panel.layout()
            assert isinstance(lines, QBoxLayout)
            lines.insertWidget(lines.indexOf(self._row) + 1, self._control)
        else:
            self._line.insertWidget(self._place, self._control)
        if self._panel.isVisible():
            # Another parent hides it, and a layout shows it a moment later: at once.
            self._control.show()
            present(self._panel.layout()).activate()
        self._panel.updateGeometry()
        if focused:
            self._control.setFocus()


def widen_list(box: QComboBox) -> None:
    """Let what drops down be as wide as its longest line, though the box isn't."""
    view = present(box.view())
    view.setMinimumWidth(view.sizeHintForColumn(0) + POPUP_MARGIN_PX)
    view.setAccessibleName(box.accessibleName())


def add_shortcut(widget: QWidget, keys: str, signal: Any) -> None:
    """Let keys emit a signal while the focus is in a widget."""
    shortcut = QShortcut(QKeySequence(keys), widget)
    shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    shortcut.activated.connect(signal)


def begin_at_current(view: QAbstractItemView) -> None:
    """Let an arrow key choose the current line where none is chosen.

    The first is current once a list has the keyboard, and looks like all others: Qt's
    arrow would pass it over.
    """
    view.installEventFilter(_Beginning(view))


class _Beginning(QObject):
    """Hears the arrow keys in a list of which nothing is selected."""

    def __init__(self, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take the first arrow, and leave all else."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up)
            and event.modifiers() in (NO_KEY, KEYPAD)
        ):
            view = self._view
            selection, current = view.selectionModel(), view.currentIndex()
            is_begun = selection is None or selection.hasSelection()
            if current.isValid() and not is_begun:
                view.setCurrentIndex(current)
                return True
        return False


class ElidingButton(QPushButton):
    """A button that leaves out the end of a text that it is too narrow for.

    Its tooltip has the whole text before what it tells anyway.
    """

    _told: str | None = None

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        policy = self.sizePolicy()
        policy.setHorizontalPolicy(QSizePolicy.Policy.Preferred)
        self.setSizePolicy(policy)

    @property
    def shown(self) -> str:
        """The text as it is drawn."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        part = QStyle.SubElement.SE_PushButtonContents
        room = present(self.style()).subElementRect(part, option, self).width()
        elide = Qt.TextElideMode.ElideRight
        return self.fontMetrics().elidedText(self.text(), elide, room)

    def minimumSizeHint(self) -> QSize:
        """Return a width that widens no panel."""
        return QSize(LEAST_BUTTON_PX, super().minimumSizeHint().height())

    def event(self, event: QEvent | None) -> bool:
        """Tell the whole text where it isn't seen."""
        if event is not None and event.type() == QEvent.Type.ToolTip:
            if self._told is None:
                self._told = self.toolTip()
            cut = self.shown != self.text()
            self.setToolTip(tooltip(self.text(), self._told) if cut else self._told)
        return super().event(event)

    def paintEvent(self, _: QPaintEvent | None) -> None:
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = self.shown
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.end()


def breakable(text: str) -> str:
    """Return a text whose long words, such as links, can go on in a next line.

    >>> breakable("a plate").replace(BREAK, "|")
    'a plate'
    >>> breakable("http://127.0.0.1/webclient/?show=well-12").replace(BREAK, "|")
    'http:|/|/|127.|0.|0.|1/|webclient/|?|show=|well-|12'
    >>> breakable("“idr0901-demo-mitosis/screenA”,").replace(BREAK, "|")
    '“idr0901-|demo-|mitosis/|screenA”,'
    """
    return LONG_WORD.sub(lambda word: BREAKS.sub(rf"\g<0>{BREAK}", word[0]), text)


class PlainLabel(QLabel):
    """A label that draws its text as it stands, marks included."""

    _named = ""

    def text(self) -> str:
        """Return the text, without the places where a long word may break."""
        return super().text().replace(BREAK, "")

    def selectedText(self) -> str:
        """Return what is selected of the text itself."""
        return super().selectedText().replace(BREAK, "")

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Copy the text itself."""
        if event is not None and event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """Offer to copy: Qt's own menu would copy the places of breaks as well."""
        selects = Qt.TextInteractionFlag.TextSelectableByMouse
        if event is None or BREAK not in super().text():
            super().contextMenuEvent(event)
        elif self.textInteractionFlags() & selects:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            copy = present(menu.addAction("Copy"))
            copy.setEnabled(self.hasSelectedText())
            copy.triggered.connect(self._copy)
            menu.popup(event.globalPos())

    def _copy(self, *_: object) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None and (selected := self.selectedText()):
            clipboard.setText(selected)

    def setText(self, text: str | None) -> None:
        """Show what is visible of a text, which is what a screen reader says, too.

        Without a text it has the name by which tests find it, in words. A name that
        somebody has given it stays.
        """
        super().setText(breakable(visible_text(text or "")))
        if self.accessibleName() == self._named:
            words = self.objectName().removeprefix("idr_").replace("_", " ")
            self._named = self.text() or words.capitalize()
            self.setAccessibleName(self._named)


class LinkLabel(QLabel):
    """A label whose links are gone through by Tab and Shift+Tab, which then leave it.

    Shift+Tab stays at a link that the text begins with in a label of Qt's own.
    """

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002 - Qt's name
        """Go to the next link or the one before, or to the next control."""
        before = self.selectionStart()
        moved = super().focusNextPrevChild(next)
        if next or not self.hasFocus() or before < 0 or self.selectionStart() < before:
            return moved
        self.setSelection(0, 0)  # which lets go of the link
        return super(QLabel, self).focusNextPrevChild(next)


class Tabs(QTabWidget):
    """Tabs whose bar is reached by the Tab key, where it is seen.

    Qt's hand the keyboard to their bar even while that is hidden, which takes nothing:
    the keyboard would stay at the control before, for good.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusProxy(None)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)


def link_label(name: str, label: str) -> QLabel:
    """Return a label that draws HTML: of escaped text and links, and nothing else.

    Its links are followed by a click, or by Tab and Enter.
    """
    links = LinkLabel()
    links.setObjectName(name)
    links.setAccessibleName(label)
    links.setTextFormat(Qt.TextFormat.RichText)
    links.setWordWrap(True)
    links.setTextInteractionFlags(Qt.TextInteractionFlag.TextBrowserInteraction)
    links.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return links


def link_color(written: QColor) -> str:
    """Return a colour for links beside what is written in another."""
    return LINK_ON_DARK if written.lightness() > MID_LIGHTNESS else LINK_ON_LIGHT


def link(text: str, url: str, label: QLabel) -> str:
    """Return a link in HTML, in a colour that can be read on a label."""
    color = link_color(label.palette().color(QPalette.ColorRole.WindowText))
    shown = escape(visible_text(text))
    return f'<a href="{escape(url)}" style="color: {color}">{shown}</a>'


def plain_label(name: str = "", *, selectable: bool = True) -> QLabel:
    """Return a label that wraps and draws its text as it stands, marks included."""
    label = PlainLabel()
    label.setObjectName(name)
    label.setText("")  # names it
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    # A long word must not widen the panel.
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    if selectable:
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
