"""Hint for whoever opens the browser for the first time."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_idr._qt.panels.forms import name_widget, plain_label
from napari_idr._qt.settings import dismiss_hint, is_hint_dismissed

HINT = (
    "New here? Choose Gene, type one, such as CDC20, and press Enter. Double-click a "
    "study that was found, one of its plates, then one of the wells."
)


class HintPanel(QFrame):
    """How one begins, until a person says that they know."""

    guideWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_hint")
        self.setAccessibleName("How to begin")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._is_dismissed = is_hint_dismissed()
        text = plain_label("idr_hint_text")
        text.setText(HINT)
        self.dismiss = QPushButton("Got it")
        name_widget(
            self.dismiss,
            "idr_hint_dismiss",
            "Got it",
            "Show this hint no more, on this computer",
        )
        self.guide = QPushButton("Guide")
        name_widget(self.guide, "idr_hint_guide", "Guide", "Open the guide")
        self.dismiss.clicked.connect(self._on_dismissed)
        self.guide.clicked.connect(self.guideWanted)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.guide)
        buttons.addWidget(self.dismiss)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(3)
        layout.addWidget(text)
        layout.addLayout(buttons)
        self.set_wanted(wanted=True)

    def set_wanted(self, *, wanted: bool) -> None:
        """Show it where there is room for it, unless it was dismissed."""
        self.setVisible(wanted and not self._is_dismissed)

    def _on_dismissed(self) -> None:
        self._is_dismissed = True
        dismiss_hint()
        self.hide()
