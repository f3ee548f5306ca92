"""Row of buttons for the link of what one sees: copied, or opened as a web page."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QMenu, QToolButton, QWidget

from napari_idr._qt.panels.forms import name_widget


class LinkBar(QWidget):
    """Copies the link of what one sees; its menu has the links of all cards."""

    copyWanted = Signal()
    webWanted = Signal()
    menuWanted = Signal(object)  # QMenu to be filled

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.copy = QToolButton()
        self.copy.setText("Copy link")
        name_widget(
            self.copy,
            "idr_copy_link",
            "Copy link",
            "Copy a link that opens this view: plate, field, colours, selection",
        )
        self.copy.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.menu = QMenu(self.copy)
        self.menu.setObjectName("idr_link_menu")
        self.menu.aboutToShow.connect(self._on_menu)
        self.copy.setMenu(self.menu)
        self.web = QToolButton()
        self.web.setText("Open in the browser")
        name_widget(
            self.web,
            "idr_open_in_browser",
            "Open in the browser",
            "Open the archive's page of what is selected in your web browser",
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.copy)
        layout.addWidget(self.web)
        layout.addStretch(1)
        self.copy.clicked.connect(self._on_copy)
        self.web.clicked.connect(self._on_web)

    def _on_copy(self, *_: object) -> None:
        self.copyWanted.emit()

    def _on_web(self, *_: object) -> None:
        self.webWanted.emit()

    def _on_menu(self) -> None:
        self.menuWanted.emit(self.menu)
