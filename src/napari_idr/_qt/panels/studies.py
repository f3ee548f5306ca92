"""Filters over all studies: words, kind, licence and organism, and their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from magicgui.widgets import Container, LineEdit, PushButton
from qtpy.QtCore import QSize, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.panels.forms import (
    let_shrink,
    name_widget,
    present,
    widen_list,
)
from napari_idr._qt.panels.grid import ButtonGrid
from napari_idr.services.search.studies import ORDERS, StudyChoices, StudyFilter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from magicgui.widgets.bases import Widget
    from qtpy.QtGui import QFocusEvent


Box = TypeVar("Box", bound=QComboBox)

FIXED = QSizePolicy.Policy.Fixed

KIND_TITLES = (("Any kind", ""), ("Screens", "screen"), ("Projects", "project"))

ORDER_TITLES = {
    "name": "By name",
    "largest": "Largest first",
    "smallest": "Smallest first",
}

ANY_LICENCE, ANY_ORGANISM = "Any licence", "Any organism"


class StudiesPanel(QWidget):
    """Filters over all studies, and the order in which they are listed."""

    filterChanged = Signal(object)  # StudyFilter
    factsWanted = Signal()  # licences and organisms, which aren't known yet

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.filter = LineEdit(name="idr_filter")
        self.reload = PushButton(text="Reload", name="idr_reload")
        form: Container[Widget] = Container(
            widgets=[self.filter, self.reload], layout="horizontal", labels=False
        )
        form.margins = (0, 4, 0, 0)
        name_widget(
            self.filter,
            "idr_filter",
            "Filter studies",
            "Words that must occur in the name or description of a study",
        )
        name_widget(
            self.reload, "idr_reload", "Reload studies", "Ask for all studies again"
        )
        self.reload.native.setSizePolicy(FIXED, FIXED)
        let_shrink(self.filter)
        self.filter.native.setPlaceholderText("filter by name or description")
        self.filter.native.setClearButtonEnabled(True)
        self._form = form
        self.kind = _named(
            QComboBox(),
            "idr_studies_kind",
            "Kind of study",
            "Screens have plates, projects datasets",
        )
        self.licence = _named(
            FactsBox(),
            "idr_studies_licence",
            "Licence",
            "Only studies under this licence; in brackets how many there are",
        )
        self.organism = _named(
            FactsBox(),
            "idr_studies_organism",
            "Organism",
            "Only studies of this organism; in brackets how many there are",
        )
        self.licence.wanted.connect(self.factsWanted)
        self.organism.wanted.connect(self.factsWanted)
        self.order = _named(
            QComboBox(),
            "idr_studies_order",
            "Order of the studies",
            "By name, or by how many plates or datasets they contain",
        )
        for title, kind in KIND_TITLES:
            self.kind.addItem(title, kind)
        for order in ORDERS:
            self.order.addItem(ORDER_TITLES[order], order)
        self.set_choices(StudyChoices())
        boxes = (self.kind, self.order, self.licence, self.organism)
        for box in boxes:
            box.currentIndexChanged.connect(self._on_changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(4)
        layout.addWidget(form.native)
        layout.addWidget(ButtonGrid(boxes, columns=2))
        self.filter.native.textChanged.connect(self._on_changed)

    @property
    def wanted(self) -> StudyFilter:
        """Which studies are wanted, and in which order."""
        return StudyFilter(
            text=self.filter.native.text(),
            kind=self.kind.currentData() or "",
            licence=self.licence.currentData() or "",
            organism=self.organism.currentData() or "",
            order=self.order.currentData(),
        )

    def set_choices(self, choices: StudyChoices) -> None:
        """Offer licences and organisms; what is chosen stays, if it is among them."""
        _offer(self.licence, ANY_LICENCE, choices.licences)
        _offer(self.organism, ANY_ORGANISM, choices.organisms)

    def _on_changed(self, *_: object) -> None:
        self.filterChanged.emit(self.wanted)


class FactsBox(QComboBox):
    """A box whose list is asked for when somebody comes to it, and not before.

    It wants the width of its first line: those of the list may be long.
    """

    wanted = Signal()

    def sizeHint(self) -> QSize:
        """Return the size with what is shown while nothing is chosen."""
        size, letters = super().sizeHint(), self.fontMetrics()
        lines = [self.itemText(place) for place in range(self.count())]
        widths = [letters.horizontalAdvance(line) for line in lines]
        if widths:
            size.setWidth(size.width() - max(widths) + widths[0])
        return size

    def enterEvent(self, event: Any) -> None:
        super().enterEvent(event)
        self.wanted.emit()

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        super().focusInEvent(event)
        self.wanted.emit()

    def showPopup(self) -> None:
        """Drop the list down."""
        self.wanted.emit()
        super().showPopup()


def _named(box: Box, name: str, label: str, tip: str) -> Box:
    name_widget(box, name, label, tip)
    let_shrink(box)
    return box


def _offer(box: QComboBox, every: str, counts: Iterable[tuple[str, int]]) -> None:
    chosen = box.currentData()
    before = box.blockSignals(True)
    box.clear()
    box.addItem(every, "")
    for text, count in counts:
        box.addItem(f"{text} ({count})", text)
    box.setCurrentIndex(max(box.findData(chosen), 0))
    box.blockSignals(before)
    if box.count() > 1:
        widen_list(box)
        if present(box.view()).isVisible():
            box.showPopup()  # as high as the list is now
