"""A hand on the mouse: its wheel, and a drag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from support.person import LEFT

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

EVERY_MS = 15
"""Between two events of a hand that moves quickly."""

NOTCH = 120
"""Eighths of a degree, as Qt counts them."""

DRAG_STEPS = 10


def turn_wheel(widget: QWidget, place: QPoint, notches: int) -> None:
    """Turn the wheel over a place of a widget, notch by notch; < 0 is towards one."""
    step = NOTCH if notches > 0 else -NOTCH
    for _ in range(abs(notches)):
        event = QWheelEvent(
            QPointF(place),
            QPointF(widget.mapToGlobal(place)),
            QPoint(),
            QPoint(0, step),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)
        QTest.qWait(EVERY_MS)


def drag(widget: QWidget, start: QPoint, end: QPoint) -> None:
    """Press the left button at a place, move to another in steps, and let go."""
    QTest.mouseMove(widget, start)
    QTest.mousePress(widget, LEFT, pos=start)
    for step in range(1, DRAG_STEPS + 1):
        QTest.mouseMove(widget, start + (end - start) * step / DRAG_STEPS)
        QTest.qWait(EVERY_MS)
    QTest.mouseRelease(widget, LEFT, pos=end)
