"""Button that copies the link of what one sees; its menu has the links of all cards."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QMenu, QToolButton, QWidget

from napari_idr._qt.panels.forms import name_widget


class LinkButton(QToolButton):
    """Copies the link of what one sees; its menu copies others, and opens web pages."""

    copyWanted = Signal()
    menuWanted = Signal(object)  # QMenu to be filled

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText("Copy link")
        name_widget(
            self,
            "idr_copy_link",
            "Copy link",
            "Copy a link that opens this view: plate, field, colours, selection. Its "
            "menu has the links of all cards, and opens their web pages",
        )
        self.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self._links = QMenu(self)
        self._links.setObjectName("idr_link_menu")
        self._links.aboutToShow.connect(self._on_menu)
        self.setMenu(self._links)
        self.clicked.connect(self._on_copy)

    def _on_copy(self, *_: object) -> None:
        self.copyWanted.emit()

    def _on_menu(self) -> None:
        self.menuWanted.emit(self._links)
