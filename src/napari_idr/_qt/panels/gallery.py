"""Row for galleries: what a press shows, what it takes, and which images are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from magicgui.widgets import ComboBox, Container, PushButton
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QPainter
from qtpy.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from napari_idr._qt.panels.forms import (
    ElidingButton,
    PlainLabel,
    let_shrink,
    name_widget,
    plain_label,
    present,
    tooltip,
    widen_list,
)
from napari_idr.services.gallery.sources import fitted_offer
from napari_idr.services.gallery.view import FILTERS
from napari_idr.services.plain_text import plain_text
from napari_idr.services.search.catalog import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from magicgui.widgets.bases import Widget
    from qtpy.QtGui import QPaintEvent

    from napari_idr.services.gallery.sources import GalleryOrder

ALL = ""
"""The value of a filter that keeps all images."""

FIXED = QSizePolicy.Policy.Fixed

TOOLTIP = (
    "Show all images found, or those of the selected lines, as one picture; "
    "select several lines with Ctrl or Shift"
)


class OfferLabel(PlainLabel):
    """What a press shows, on one line: of a long name the middle is left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_gallery_of")
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    @property
    def shown(self) -> str:
        """The text as it is drawn."""
        advance, room = (
            self.fontMetrics().horizontalAdvance,
            self.contentsRect().width(),
        )
        return fitted_offer(self.text(), lambda text: advance(text) <= room)

    def paintEvent(self, _: QPaintEvent | None) -> None:
        """Draw the text as napari's look has it."""
        painter = QPainter(self)
        side = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        present(self.style()).drawItemText(
            painter,
            self.contentsRect(),
            side.value,  # PyQt6 has it as a number
            self.palette(),
            self.isEnabled(),
            self.shown,
            self.foregroundRole(),
        )
        painter.end()


class GalleryPanel(QWidget):
    """A button that shows a gallery, a question where that is costly, and filters."""

    galleryWanted = Signal()
    confirmed = Signal()  # what was asked about is to be shown
    filtersChosen = Signal(object)  # dict of values by filter, without "all"
    readWanted = Signal()  # what was written about the images
    tableWanted = Signal()  # of the images

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_gallery_panel")
        self.setAccessibleName("Gallery")
        self.show_gallery = PushButton(text="Gallery", name="idr_gallery")
        name_widget(self.show_gallery, "idr_gallery", "Gallery", TOOLTIP)
        self.show_gallery.native.setSizePolicy(FIXED, FIXED)
        self.of = OfferLabel()
        self.cost = plain_label("idr_gallery_cost")
        self.confirm = ElidingButton("Show")
        name_widget(
            self.confirm,
            "idr_gallery_confirm",
            "Show the images",
            "Ask for all of them; Cancel stops it at any time",
        )
        self.read = ElidingButton("Read annotations")
        name_widget(
            self.read,
            "idr_gallery_read",
            "Read annotations",
            "Ask what was written about the images, to filter and colour by it",
        )
        self.table = PushButton(text="Table", name="idr_gallery_table")
        name_widget(
            self.table,
            "idr_gallery_table",
            "Table of the images",
            "Show what is known of each image as a table, and colour the gallery by it",
        )
        self.table.native.setSizePolicy(FIXED, FIXED)
        self._boxes = {
            name: ComboBox(choices=[(name, ALL)], name=name) for name in FILTERS
        }
        for name, box in self._boxes.items():
            name_widget(
                box,
                f"idr_gallery_{name.lower()}",
                name,
                f"Show the images of one value alone: {name.lower()}",
            )
            let_shrink(box)
            box.native.activated.connect(self._on_chosen)
        self.filters: Container[Widget] = Container(
            widgets=list(self._boxes.values()), layout="horizontal", labels=False
        )
        self.filters.margins = (0, 0, 0, 0)
        name_widget(
            self.filters, "idr_gallery_filters", "Filters", "Which images are shown"
        )
        row = QHBoxLayout()
        row.addWidget(self.show_gallery.native)
        row.addWidget(self.of, 1)
        row.addWidget(self.table.native)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addLayout(row)
        for part in (self.cost, self.confirm, self.filters.native):
            layout.addWidget(part)
        layout.addWidget(self.read)
        self.show_gallery.native.clicked.connect(self._on_wanted)
        self.confirm.clicked.connect(self._on_confirmed)
        self.read.clicked.connect(self._on_read)
        self.table.native.clicked.connect(self._on_table)
        self.set_offer("")
        self.ask(None)
        self.set_filters(None, {}, requests=None)

    def set_offer(self, text: str) -> None:
        """Say what a press shows; "" for nothing, which can't be pressed."""
        self.of.setText(plain_text(text))
        self.of.setToolTip(tooltip(text))
        self.show_gallery.native.setEnabled(bool(text))

    def ask(self, order: GalleryOrder | None) -> None:
        """Ask whether a gallery is worth what it takes; None for no question."""
        self.cost.setVisible(order is not None)
        self.confirm.setVisible(order is not None)
        if order is not None:
            self.cost.setText(order.cost)
            shown = order.shown
            images = "the" if shown is None else counted(shown, "image", "images")
            text = f"Show {images}" if shown is not None else "Show them"
            self.confirm.setText(text)

    def set_filters(
        self,
        choices: Mapping[str, tuple[str, ...]] | None,
        chosen: Mapping[str, str],
        *,
        requests: int | None,
    ) -> None:
        """Offer values by filter; None where no gallery is shown.

        `requests` is what reading more about the images takes, None where it is known.
        """
        for name, box in self._boxes.items():
            values = (choices or {}).get(name, ())
            box.choices = [
                (f"{name}: all", ALL),
                *((plain_text(value), value) for value in values),
            ]
            box.value = chosen.get(name, ALL)
            box.visible = bool(values)
            box.native.setToolTip(tooltip(name, box.value or "all"))
            widen_list(box.native)
        self.filters.native.setVisible(bool(choices))
        self.table.native.setVisible(choices is not None)
        self.read.setVisible(requests is not None)
        if requests is not None:
            count = counted(requests, "request", "requests")
            self.read.setText(f"Read annotations ({count})")

    @property
    def chosen(self) -> dict[str, str]:
        """The values that are chosen, by filter."""
        return {name: str(box.value) for name, box in self._boxes.items() if box.value}

    def _on_wanted(self, *_: object) -> None:
        self.galleryWanted.emit()

    def _on_confirmed(self, *_: object) -> None:
        self.confirmed.emit()

    def _on_read(self, *_: object) -> None:
        self.readWanted.emit()

    def _on_table(self, *_: object) -> None:
        self.tableWanted.emit()

    def _on_chosen(self, *_: object) -> None:
        self.filtersChosen.emit(self.chosen)
