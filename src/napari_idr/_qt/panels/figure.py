"""Button that saves what is shown as a figure; its arrow lists what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtGui import QAction
from qtpy.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from napari_idr._qt.panels.forms import name_widget, tooltip
from napari_idr.services.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Sequence

TIP = (
    "Save a plate, a gallery, images side by side or the selected wells as a figure: "
    "PNG, SVG or PDF, with captions, legend, scale bar, sources and licence"
)


class FigurePanel(QWidget):
    """What can be saved as a figure."""

    figureWanted = Signal(object)  # one of what was offered

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_figure_row")
        self.setAccessibleName("Figure")
        self.button = QToolButton()
        self.button.setText("Export figure…")
        name_widget(self.button, "idr_export_figure", "Export figure", TIP)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self._menu = QMenu(self.button)
        self.button.setMenu(self._menu)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button)
        layout.addStretch(1)
        self.button.clicked.connect(self._on_clicked)
        self._menu.triggered.connect(self._on_chosen)
        self._offered: tuple[tuple[str, object], ...] = ()
        self.offer(())

    def offer(self, offered: Sequence[tuple[str, object]]) -> None:
        """Offer titles and what they stand for, the first by a click on the button."""
        self._offered = tuple(offered)
        self._menu.clear()
        for place, (title, _) in enumerate(self._offered):
            action = QAction(plain_text(title).replace("&", "&&"), self._menu)
            action.setData(place)
            self._menu.addAction(action)
        first = self._offered[0][0] if self._offered else ""
        self.button.setToolTip(tooltip(TIP, first))
        self.setVisible(bool(self._offered))

    def _on_clicked(self) -> None:
        if self._offered:
            self.figureWanted.emit(self._offered[0][1])

    def _on_chosen(self, action: QAction) -> None:
        self.figureWanted.emit(self._offered[action.data()][1])
