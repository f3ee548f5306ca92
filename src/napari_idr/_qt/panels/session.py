"""Row of buttons for sessions: save what is shown, open it again, copy it as Python."""

from __future__ import annotations

from magicgui.widgets import PushButton
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_idr._qt.panels.forms import let_shrink, name_widget


class SessionPanel(QWidget):
    """What can be done with all that is shown."""

    saveWanted = Signal()
    openWanted = Signal()
    scriptWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_session_row")
        self.setAccessibleName("Session")
        self.save = PushButton(text="Save session")
        self.open = PushButton(text="Open session")
        self.script = PushButton(text="Copy as Python")
        name_widget(
            self.save,
            "idr_save_session",
            "Save session",
            "Write into a small file what is shown and how, to open it again: plates, "
            "galleries, images, colours, contrast, camera",
        )
        name_widget(
            self.open,
            "idr_open_session",
            "Open session",
            "Show again what a session was saved of; its file can be dropped here, too",
        )
        name_widget(
            self.script,
            "idr_copy_script",
            "Copy as Python",
            "Copy a script that shows the same again, layer by layer",
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        for button, wanted in (
            (self.save, self.saveWanted),
            (self.open, self.openWanted),
            (self.script, self.scriptWanted),
        ):
            let_shrink(button)
            layout.addWidget(button.native, 1)
            button.native.clicked.connect(wanted)
