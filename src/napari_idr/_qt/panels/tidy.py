"""Row of buttons for several things at once: opened together, closed, brought back."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from napari_idr._qt.panels.forms import name_widget

SHRINKS = QSizePolicy.Policy.Ignored


class TidyRow(QWidget):
    """Opens what is selected together, closes all IDR layers, and undoes that.

    What can't be done isn't there, and without any of it the row isn't either.
    """

    togetherWanted = Signal()
    closeWanted = Signal()
    backWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_tidy")
        self.setAccessibleName("Several at once")
        self.together = QPushButton("Open together")
        name_widget(
            self.together,
            "idr_open_together",
            "Open together",
            "Open all plates and images of the selected lines: plates one below the "
            "other, images side by side. Ctrl and Shift select several lines",
        )
        self.close_all = QPushButton("Close all IDR layers")
        name_widget(
            self.close_all,
            "idr_close_all",
            "Close all IDR layers",
            "Take all layers that come from here out of the viewer; yours stay",
        )
        self.back = QPushButton("Undo closing")
        name_widget(
            self.back,
            "idr_bring_back",
            "Undo closing",
            "Put the layers that were closed last into the viewer again, as they were",
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for button in (self.together, self.close_all, self.back):
            # At large letters they share what there is.
            button.setSizePolicy(SHRINKS, QSizePolicy.Policy.Fixed)
            button.setMinimumWidth(40)
            layout.addWidget(button)
        self.together.clicked.connect(self.togetherWanted)
        self.close_all.clicked.connect(self.closeWanted)
        self.back.clicked.connect(self.backWanted)
        self._selected = self._shown = self._closed = 0
        self._show()

    def set_selected(self, count: int) -> None:
        """Offer to open so many things together, if they are several."""
        self._selected = count
        self._show()

    def set_layers(self, shown: int, closed: int) -> None:
        """Say how many layers can be closed, and how many brought back."""
        self._shown, self._closed = shown, closed
        self._show()

    def _show(self) -> None:
        together = self._selected > 1
        self.together.setText(f"Open {self._selected} together")
        self.together.setVisible(together)
        self.close_all.setVisible(self._shown > 0)
        self.back.setVisible(self._closed > 0)
        self.setVisible(together or self._shown > 0 or self._closed > 0)
