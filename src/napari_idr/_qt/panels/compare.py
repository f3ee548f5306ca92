"""Row of buttons that show images side by side, under one contrast."""

from __future__ import annotations

from magicgui.widgets import PushButton
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_idr._qt.panels.forms import name_widget, tooltip
from napari_idr._qt.panels.grid import ButtonGrid

COMPARE_TIP = "Show the selected wells or images side by side, under one contrast"
HOW_TIP = "Shift-click wells, or select rows of the Wells table or lines of the results"


class ComparePanel(QWidget):
    """What an image or a selection can be compared with."""

    compareWanted = Signal()
    controlsWanted = Signal()
    fieldsWanted = Signal()
    channelsWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_compare_row")
        self.setAccessibleName("Compare")
        self.compare = PushButton(text="Compare")
        self.controls = PushButton(text="With controls")
        self.fields = PushButton(text="All fields")
        name_widget(self.compare, "idr_compare", "Compare", COMPARE_TIP)
        name_widget(
            self.controls,
            "idr_with_controls",
            "With its controls",
            "Show the image of the well beside controls of its plate and field, under "
            "one contrast",
        )
        name_widget(
            self.fields,
            "idr_all_fields",
            "All fields",
            "Show all images of the well side by side, of all its fields and runs",
        )
        self.channels = PushButton(text="In channels")
        name_widget(
            self.channels,
            "idr_in_channels",
            "In channels",
            "Show all images of the plate or gallery that one looks at as one layer a "
            "channel, under one contrast; zooming in opens them",
        )
        buttons = (self.compare, self.channels, self.controls, self.fields)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(ButtonGrid([one.native for one in buttons], columns=2))
        self.compare.native.clicked.connect(self._on_compare)
        self.controls.native.clicked.connect(self._on_controls)
        self.fields.native.clicked.connect(self._on_fields)
        self.channels.native.clicked.connect(self._on_channels)
        self.offer("", well=False, mosaic=False)

    def offer(self, what: str, *, well: bool, mosaic: bool) -> None:
        """Say what can be compared.

        Parameters
        ----------
        what
            What would be shown side by side, "3 wells"; "" for nothing.
        well
            Whether the image that is selected is of a well.
        mosaic
            Whether a plate or a gallery is shown.
        """
        self.compare.text = f"Compare {what}" if what else "Compare"
        self.compare.native.setEnabled(bool(what))
        self.compare.native.setToolTip(tooltip(COMPARE_TIP, "" if what else HOW_TIP))
        self.controls.native.setEnabled(well)
        self.fields.native.setEnabled(well)
        self.channels.native.setEnabled(mosaic)
        self.setVisible(bool(what) or well or mosaic)

    def _on_compare(self, *_: object) -> None:
        self.compareWanted.emit()

    def _on_controls(self, *_: object) -> None:
        self.controlsWanted.emit()

    def _on_fields(self, *_: object) -> None:
        self.fieldsWanted.emit()

    def _on_channels(self, *_: object) -> None:
        self.channelsWanted.emit()
