"""Texts of controls that are too narrow for them, drawn with "…" at their end."""

from __future__ import annotations

from qtpy.QtCore import QRect, Qt
from qtpy.QtWidgets import (
    QComboBox,
    QLineEdit,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionFrame,
    QStylePainter,
)

LINE_MARGIN_PX = 2
"""Beside the text of a line to type in."""


def paint_elided(widget: QComboBox | QLineEdit) -> bool:
    """Paint a control whose text doesn't fit; return False where Qt is to do it.

    Qt cuts such texts in the middle of a letter. A line in which somebody types is
    left to it all the same: it shows the place where they type.
    """
    if not whole_text(widget):
        return False
    if isinstance(widget, QComboBox):
        return _paint_box(widget)
    return _paint_line(widget)


def whole_text(widget: QComboBox | QLineEdit) -> str:
    """Return the text of a control that is too narrow for it, else ""."""
    if isinstance(widget, QComboBox):
        if (line := widget.lineEdit()) is not None:
            return whole_text(line)
        text = widget.currentText()
    else:
        text = widget.text() or widget.placeholderText()
    fits = widget.fontMetrics().horizontalAdvance(text) <= text_room(widget).width()
    return "" if fits else text


def text_room(widget: QComboBox | QLineEdit) -> QRect:
    """Return where in a control its text is drawn."""
    style = widget.style()
    assert style is not None
    if isinstance(widget, QComboBox):
        box = QStyleOptionComboBox()
        widget.initStyleOption(box)
        part = QStyle.SubControl.SC_ComboBoxEditField
        kind = QStyle.ComplexControl.CC_ComboBox
        return style.subControlRect(kind, box, part, widget)
    frame = _frame_of(widget)
    inside = QStyle.SubElement.SE_LineEditContents
    room = style.subElementRect(inside, frame, widget)
    left = LINE_MARGIN_PX
    right = left + (widget.height() if _has_button(widget) else 0)
    return room.marginsRemoved(widget.textMargins()).adjusted(left, 0, -right, 0)


def _frame_of(line: QLineEdit) -> QStyleOptionFrame:
    """Return how a line is drawn; Qt's own way is closed to that of a drop-down box."""
    option = QStyleOptionFrame()
    option.initFrom(line)
    option.rect = line.contentsRect()
    metric = QStyle.PixelMetric.PM_DefaultFrameWidth
    style = line.style()
    assert style is not None
    option.lineWidth = style.pixelMetric(metric, option, line) if line.hasFrame() else 0
    option.state |= QStyle.StateFlag.State_Sunken
    return option


def _has_button(line: QLineEdit) -> bool:
    return line.isClearButtonEnabled() and bool(line.text())


def _paint_box(box: QComboBox) -> bool:
    if box.isEditable():
        return False
    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    room = text_room(box).width()
    elide = Qt.TextElideMode.ElideRight
    option.currentText = box.fontMetrics().elidedText(option.currentText, elide, room)
    painter = QStylePainter(box)
    painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
    painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
    painter.end()
    return True


def _paint_line(line: QLineEdit) -> bool:
    if line.hasFocus() or not line.text():  # Qt cuts what is written into an empty one
        return False
    option = _frame_of(line)
    room = text_room(line)
    elide = Qt.TextElideMode.ElideRight
    text = line.fontMetrics().elidedText(line.text(), elide, room.width())
    painter = QStylePainter(line)
    painter.drawPrimitive(QStyle.PrimitiveElement.PE_PanelLineEdit, option)
    painter.setPen(option.palette.color(option.palette.ColorRole.Text))
    side = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(room, side, text)
    painter.end()
    return True
