"""Row of buttons for all that is shown: sessions, links, several things at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QToolButton

from napari_idr._qt.panels.flow import FlowRow
from napari_idr._qt.panels.forms import name_widget

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget


class ActionsRow(FlowRow):
    """Saves and opens sessions; opens together, closes and brings back layers.

    The buttons are low, and go on in a second line where letters are large: in a low
    window the results need the room. What of layers can't be done isn't there. `link`
    copies the link of what one sees.
    """

    saveWanted = Signal()
    openWanted = Signal()
    scriptWanted = Signal()
    togetherWanted = Signal()
    closeWanted = Signal()
    backWanted = Signal()

    def __init__(self, link: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setObjectName("idr_actions")
        self.setAccessibleName("All that is shown")
        self.save = self._add_button(
            "Save session",
            "idr_save_session",
            "Write what is shown and how into a small file, to open it again: plates, "
            "galleries, images, colours, contrast, camera",
        )
        self.open = self._add_button(
            "Open session",
            "idr_open_session",
            "Show again what a session was saved of; its file can be dropped here, too",
            accessible="Open session",
        )
        self.script = self._add_button(
            "Copy script",
            "idr_copy_script",
            "Copy a Python script that shows the same again, layer by layer",
            accessible="Copy session as Python",
        )
        self.add(link)
        self.together = self._add_button(
            "Open together",
            "idr_open_together",
            "Open all plates and images of the selected lines: plates one below the "
            "other, images side by side. Ctrl and Shift select several lines",
        )
        self.close_all = self._add_button(
            "Close all",
            "idr_close_all",
            "Take all layers that come from here out of the viewer; yours stay",
        )
        self.back = self._add_button(
            "Undo closing",
            "idr_bring_back",
            "Put the layers that were closed last into the viewer again, as they were",
        )
        for button, wanted in (
            (self.save, self.saveWanted),
            (self.open, self.openWanted),
            (self.script, self.scriptWanted),
            (self.together, self.togetherWanted),
            (self.close_all, self.closeWanted),
            (self.back, self.backWanted),
        ):
            button.clicked.connect(wanted)
        self.set_selected(0)
        self.set_layers(can_close=False, can_undo=False)

    def set_selected(self, count: int) -> None:
        """Offer to open so many things together, if they are several."""
        self.together.setText(f"Open {count} together")
        self.together.setVisible(count > 1)

    def set_layers(self, *, can_close: bool, can_undo: bool) -> None:
        """Offer to close layers, and to bring back what was closed.

        What is shown is so before the other hides, and hands it the keyboard.
        """
        offered = ((self.close_all, can_close), (self.back, can_undo))
        for button, wanted in sorted(offered, key=lambda one: not one[1]):
            button.setVisible(wanted)

    def _add_button(
        self, text: str, name: str, tip: str, accessible: str = ""
    ) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        name_widget(button, name, accessible or text, tip)
        self.add(button)
        return button
