"""The panels of the browser and where they stand."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QScrollArea,
    QSplitter,
    QTabWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt._annotation_table import AnnotationTable
from napari_idr._qt._forms import NARROWEST_PX, name_widget, present
from napari_idr._qt._image_panel import ImagePanel
from napari_idr._qt._item_models import ResultsModel
from napari_idr._qt._plate_panel import PlatePanel
from napari_idr._qt._recent import recent_addresses
from napari_idr._qt._search_panel import SearchPanel, ServerBar, StudiesPanel
from napari_idr._qt._status_bar import StatusBar
from napari_idr._qt._study_panel import StudyPanel

SEARCH_TAB, STUDIES_TAB = 0, 1


class Panels(QWidget):
    """All panels, top down: the server, what to look for, what was found, details."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_browser")
        self.setMinimumWidth(NARROWEST_PX)
        self.server = ServerBar(recent_addresses())
        self.search = SearchPanel()
        self.studies = StudiesPanel()
        self.tabs = QTabWidget()
        self.tabs.setObjectName("idr_tabs")
        self.tabs.addTab(self.search, "Search")
        self.tabs.addTab(self.studies, "Studies")
        self.tabs.setDocumentMode(True)
        self.tabs.setMaximumHeight(self.tabs.sizeHint().height())

        self.found = ResultsModel(self)
        self.browsed = ResultsModel(self)
        self.results = QTreeView()
        name_widget(
            self.results,
            "idr_results",
            "Results",
            "Studies, and below them plates, datasets and images; "
            "Enter or a double click opens a plate or an image",
        )
        self.results.setUniformRowHeights(True)
        self.results.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.results.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.results.setExpandsOnDoubleClick(True)
        self.results.setIndentation(14)
        self.use_model(self.found)

        self.study = StudyPanel()
        self.plate = PlatePanel()
        self.image = ImagePanel()
        cards = QWidget()
        layout = QVBoxLayout(cards)
        layout.setContentsMargins(4, 4, 4, 4)
        for card in (self.plate, self.image, self.study):
            layout.addWidget(card)
        layout.addStretch(1)
        details = QScrollArea()
        details.setWidgetResizable(True)
        details.setFrameShape(QFrame.Shape.NoFrame)
        details.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        details.setWidget(cards)
        self.annotations = AnnotationTable()
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setObjectName("idr_splitter")
        for part, stretch in ((self.results, 2), (details, 3), (self.annotations, 2)):
            part.setMinimumHeight(60)
            self.splitter.addWidget(part)
            self.splitter.setStretchFactor(self.splitter.count() - 1, stretch)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([200, 320, 180])

        self.status = StatusBar()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(4, 4, 4, 4)
        whole.setSpacing(4)
        whole.addWidget(self.server)
        whole.addWidget(self.tabs)
        whole.addWidget(self.splitter, 1)
        whole.addWidget(self.status)

    def use_model(self, model: ResultsModel) -> None:
        """Show what was found, or what is browsed."""
        self.results.setModel(model)
        header = present(self.results.header())
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
