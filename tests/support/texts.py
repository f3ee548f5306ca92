"""Which texts of a window can't be read to their end."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QPoint, Qt
from qtpy.QtGui import QHelpEvent, QTextDocument
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QStyleOptionComboBox,
    QToolTip,
    QWidget,
)

from napari_idr._qt.panels.elided import text_room
from napari_idr._qt.panels.forms import ElidingButton
from napari_idr._qt.panels.gallery import OfferLabel
from support.guards import settle


def room_for_text(box: QComboBox) -> int:
    """Return how many px of a list's box its text can take."""
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    style, part = box.style(), QStyle.SubControl.SC_ComboBoxEditField
    assert style is not None
    complex_ = QStyle.ComplexControl.CC_ComboBox
    return style.subControlRect(complex_, option, part, box).width()


def cut_texts(window: QWidget) -> list[str]:
    """Return the texts of which a part can't be seen, nor read in a tooltip."""
    settle()  # what is to be deleted is gone
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible():
            continue
        for text in _cut(widget):
            shown = " ".join(text.split())
            if text and shown not in " ".join(_tooltip(widget).split()):
                name = widget.objectName() or type(widget).__name__
                found.append(f"{name}: {text}")
    return found


def _cut(widget: QWidget) -> list[str]:
    """Return the texts of a control that don't fit into it, or into what it is in."""
    if _is_beyond(widget):
        text = getattr(widget, "text", None) or getattr(widget, "currentText", None)
        return [] if text is None else [text()]
    advance = widget.fontMetrics().horizontalAdvance
    if isinstance(widget, QComboBox) and not widget.isEditable():
        text = widget.currentText()
        return [text] if advance(text) > room_for_text(widget) else []
    if isinstance(widget, QLineEdit):
        text = widget.text() or widget.placeholderText()
        return [text] if advance(text) > text_room(widget).width() else []
    if isinstance(widget, OfferLabel | ElidingButton):
        return [widget.text()] if widget.shown != widget.text() else []
    if isinstance(widget, QLabel) and widget.text():
        return [] if _fits(widget) else [widget.text()]
    if isinstance(widget, QPushButton) and widget.text():
        option = QStyleOptionButton()
        widget.initStyleOption(option)
        part, style = QStyle.SubElement.SE_PushButtonContents, widget.style()
        assert style is not None
        room = style.subElementRect(part, option, widget).width()
        return [widget.text()] if advance(widget.text()) > room else []
    if isinstance(widget, QAbstractButton) and widget.text():
        fits = widget.width() >= widget.sizeHint().width()
        return [] if fits else [widget.text()]
    if isinstance(widget, QHeaderView):
        return _cut_titles(widget)
    if isinstance(widget.parent(), QAbstractItemView):
        return _cut_in_place(widget)
    return []


def _is_beyond(widget: QWidget) -> bool:
    """Return whether a part is at the right of a panel that doesn't scroll sideways."""
    above = widget.parentWidget()
    while above is not None and not widget.isWindow():
        area = above.parentWidget()
        scrolls = (
            isinstance(area, QAbstractScrollArea)
            and area.horizontalScrollBarPolicy()
            != Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        if scrolls:
            return False
        left = widget.mapTo(above, QPoint(0, 0)).x()
        if left < 0 or left + widget.width() > above.width():
            return True
        above = None if above.isWindow() else area
    return False


def _fits(label: QLabel) -> bool:
    room = label.contentsRect()
    if not label.wordWrap():
        return label.sizeHint().width() <= label.width()
    if label.textFormat() == Qt.TextFormat.RichText:
        document = QTextDocument()
        document.setHtml(label.text())
        words = document.toPlainText().split()
    else:
        words = QLabel.text(label).replace("\u200b", " ").split()
    widest = max(map(label.fontMetrics().horizontalAdvance, words), default=0)
    return widest <= room.width() and label.heightForWidth(label.width()) <= (
        label.height()
    )


def _cut_titles(header: QHeaderView) -> list[str]:
    model = header.model()
    if model is None or header.orientation() == Qt.Orientation.Vertical:
        return []
    titles = []
    for place in range(header.count()):
        needed = header.fontMetrics().horizontalAdvance(
            text := str(model.headerData(place, header.orientation()) or "")
        )
        if header.isSectionHidden(place) or needed <= header.sectionSize(place):
            continue
        told = model.headerData(
            place, header.orientation(), Qt.ItemDataRole.ToolTipRole
        )
        if text not in str(told or ""):
            titles.append(text)
    return titles


def _cut_in_place(viewport: QWidget) -> list[str]:
    """Return what is said in place of lines, if it doesn't fit."""
    view = viewport.parent()
    text = getattr(view, "nothing_shown", "")
    if not text or viewport is not view.viewport():
        return []
    needed = view.fontMetrics().boundingRect(
        viewport.rect(), Qt.TextFlag.TextWordWrap.value, text
    )
    return [text] if needed.height() > viewport.height() else []


def _tooltip(widget: QWidget) -> str:
    """Return the tooltip of a control in plain text, as one gets to see it."""
    place = QPoint(2, 2)
    QToolTip.hideText()
    event = QHelpEvent(QEvent.Type.ToolTip, place, widget.mapToGlobal(place))
    QApplication.sendEvent(widget, event)
    document = QTextDocument()
    document.setHtml(QToolTip.text() or widget.toolTip())
    return document.toPlainText()
