"""Row of controls that goes on in a next line where there is no more room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QWidget
from superqt import QFlowLayout

if TYPE_CHECKING:
    from collections.abc import Iterable

GAP_PX = 3


class FlowRow(QWidget):
    """Controls beside each other, each as wide as its text; it is in no dock's way.

    The narrowest that it can be is its widest control.
    """

    def __init__(
        self, controls: Iterable[QWidget] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._line = QFlowLayout(self)
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setHorizontalSpacing(GAP_PX)
        self._line.setVerticalSpacing(GAP_PX)
        for control in controls:
            self.add(control)

    def add(self, control: QWidget) -> None:
        """Add a control at the end."""
        self._line.addWidget(control)
