"""Card of the selected image: its sizes, its pixel source, and what opens it."""

from __future__ import annotations

from magicgui.widgets import PushButton
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_idr._qt.panels.forms import Folding, name_widget, plain_label
from napari_idr._qt.panels.grid import ButtonGrid
from napari_idr.model import PixelSource
from napari_idr.services.details import ImageDetails, ImageUnread
from napari_idr.services.image.pixel_source import source_badge, source_text


class ImagePanel(QWidget):
    """Name, size and pixel source of an image, and a button that opens it."""

    openWanted = Signal()
    regionsWanted = Signal()
    projectionWanted = Signal()
    contrastWanted = Signal()
    saveWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_image")
        self.setAccessibleName("Image")
        self.title = plain_label("idr_image_title")
        self.badge = QLabel()
        self.badge.setObjectName("idr_badge")
        self.badge.setAccessibleName("Pixel source")
        self.badge.setStyleSheet("font-weight: bold;")
        self.facts = plain_label("idr_image_facts")
        self.open_image = PushButton(text="Open image")
        self.save = PushButton(text="Save…")
        self.regions = PushButton(text="Regions")
        self.projection = PushButton(text="Max z")
        self.contrast = PushButton(text="Contrast")
        name_widget(
            self.open_image,
            "idr_open_image",
            "Open image",
            "Open it as one layer for each channel",
        )
        name_widget(
            self.save,
            "idr_save_image",
            "Save image",
            "Save all channels, planes and times as OME-TIFF or OME-Zarr, with where "
            "they come from",
        )
        name_widget(
            self.contrast,
            "idr_reset_contrast",
            "Reset contrast",
            "Set the contrast of the opened image from what its pixels hold",
        )
        name_widget(
            self.regions,
            "idr_regions",
            "Regions",
            "Show the ROIs and label images of the opened image as layers",
        )
        name_widget(
            self.projection,
            "idr_projection",
            "Maximum over z",
            "Show the brightest of all planes of the opened stack as layers",
        )
        tools = (self.regions, self.projection, self.contrast)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.title)
        first = QWidget()
        line = QHBoxLayout(first)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.badge)
        line.addWidget(self.open_image.native, 2)
        line.addWidget(self.save.native, 1)
        layout.addWidget(first)
        self._folding = Folding(self, first, self.badge, self.badge.text())
        layout.addWidget(self.facts)
        layout.addWidget(ButtonGrid([one.native for one in tools], columns=3))
        self.open_image.native.clicked.connect(self._on_open)
        self.save.native.clicked.connect(self._on_save)
        self.regions.native.clicked.connect(self._on_regions)
        self.projection.native.clicked.connect(self._on_projection)
        self.contrast.native.clicked.connect(self._on_contrast)
        self._is_stack = False
        self.set_opened(opened=False)
        self.set_details(None)

    def set_details(self, details: ImageDetails | ImageUnread | None) -> None:
        """Show an image; None hides the panel."""
        self.setVisible(details is not None)
        if details is None:
            return
        self.save.native.setEnabled(isinstance(details, ImageDetails))
        if isinstance(details, ImageUnread):
            self._show_unread(details)
            return
        image, label = details.image, details.request.label
        self._is_stack = image.size_z > 1
        self._is_uint8 = image.pixel_type == "uint8"
        self.title.setText(" · ".join(text for text in (label, image.name) if text))
        self.set_source(image.pixel_source)
        facts = [f"{image.size_x} x {image.size_y} px"]
        facts += [f"{image.size_z} z"] if image.size_z > 1 else []
        facts += [f"{image.size_t} t"] if image.size_t > 1 else []
        facts.append("1 channel" if image.size_c == 1 else f"{image.size_c} channels")
        facts.append(image.pixel_type)
        size = image.pixel_size_x_um
        facts.append("no pixel size" if size is None else f"{size:.4g} µm")
        lines = [", ".join(facts), *image.notes, *details.notes]
        self.facts.setText("\n".join(line for line in lines if line))

    def _show_unread(self, unread: ImageUnread) -> None:
        """Show what is known of an image without it."""
        request = unread.request
        texts = request.label, request.ref.name
        self.title.setText(" · ".join(text for text in texts if text))
        self.badge.setText("")
        self.badge.setToolTip("")
        self._folding.set_sample("")
        lines = request.told, unread.note
        self.facts.setText("\n".join(line for line in lines if line))
        self._is_stack = False

    def set_opened(self, *, opened: bool) -> None:
        """Say whether the image is open: what is done to its layers needs that."""
        self.regions.native.setEnabled(opened)
        self.projection.native.setEnabled(opened and self._is_stack)
        self.contrast.native.setEnabled(opened)

    def set_source(self, source: PixelSource) -> None:
        """Say where the pixels come from."""
        self.badge.setText(source_badge(source))
        self._folding.set_sample(self.badge.text())
        self.badge.setToolTip(source_text(source, exact=self._is_uint8))

    def _on_open(self, *_: object) -> None:
        self.openWanted.emit()

    def _on_save(self, *_: object) -> None:
        self.saveWanted.emit()

    def _on_regions(self, *_: object) -> None:
        self.regionsWanted.emit()

    def _on_projection(self, *_: object) -> None:
        self.projectionWanted.emit()

    def _on_contrast(self, *_: object) -> None:
        self.contrastWanted.emit()
