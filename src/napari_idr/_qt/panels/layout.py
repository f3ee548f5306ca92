"""Layout of the browser's panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtWidgets import (
    QFrame,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.panels.annotations import AnnotationTable
from napari_idr._qt.panels.compare import ComparePanel
from napari_idr._qt.panels.forms import NARROWEST_PX, name_widget, present
from napari_idr._qt.panels.gallery import GalleryPanel
from napari_idr._qt.panels.image import ImagePanel
from napari_idr._qt.panels.letters import LetteredWidget
from napari_idr._qt.panels.link_bar import LinkBar
from napari_idr._qt.panels.plate import PlatePanel
from napari_idr._qt.panels.results import ResultsFilter, ResultsModel, ResultsTree
from napari_idr._qt.panels.search import SearchPanel
from napari_idr._qt.panels.server import ServerBar
from napari_idr._qt.panels.spellings import SpellingsLine
from napari_idr._qt.panels.status import StatusBar
from napari_idr._qt.panels.studies import StudiesPanel
from napari_idr._qt.panels.study import StudyPanel
from napari_idr._qt.settings import recent_addresses

if TYPE_CHECKING:
    from qtpy.QtGui import QResizeEvent

SEARCH_TAB, STUDIES_TAB = 0, 1

PREFERRED_PX = QSize(350, 700)
"""What the dock is given where there is room: names and values can be read."""

RESULTS_SHARE, CARDS_SHARE = 0.27, 0.5
"""Of the height for results, cards and annotations: what the results have, and the most
that the cards take. A fixed share lets the buttons stay where they are."""

LEAST_ROWS = 5
"""Of the results, in a low window; what lies below scrolls."""

LEAST_PX = 60
"""The height of each part, however small the window is."""


def divide(room: int, cards: int, rows: int = LEAST_PX) -> tuple[int, int, int]:
    """Return the heights of results, cards and annotations.

    `cards` is what the cards need, and `rows` what the results should have at least;
    `LEAST_PX` are left for each.

    >>> divide(700, 300), divide(400, 300)
    ((189, 300, 211), (108, 200, 92))
    >>> divide(250, 300, rows=100), divide(190, 300, rows=100)
    ((100, 90, 60), (70, 60, 60))
    """
    results = max(int(room * RESULTS_SHARE), min(rows, room - 2 * LEAST_PX), LEAST_PX)
    cards = min(
        cards, int(room * CARDS_SHARE), max(room - results - LEAST_PX, LEAST_PX)
    )
    return results, cards, room - results - cards


class Panels(LetteredWidget):
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
        name_widget(
            present(self.tabs.tabBar()),
            "idr_tab_bar",
            "How to find studies",
            "Search for a value, or look through all studies",
        )
        self.tabs.setDocumentMode(True)
        # As high as its form, at any size of letters.
        self.tabs.setSizePolicy(
            QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum
        )

        self.spellings = SpellingsLine()
        self.gallery = GalleryPanel()

        self.found = ResultsModel(self)
        self.browsed = ResultsModel(self)
        self.filter = ResultsFilter()
        self.filter.hide()  # until there are lines
        self.results = ResultsTree()
        self.results.use_model(self.found)

        self.study = StudyPanel()
        self.plate = PlatePanel()
        self.image = ImagePanel()
        self.compare = ComparePanel()
        self.link = LinkBar()
        self._cards = QWidget()
        layout = QVBoxLayout(self._cards)
        layout.setContentsMargins(4, 4, 4, 4)
        for card in (self.plate, self.image, self.compare, self.link, self.study):
            layout.addWidget(card)
        layout.addStretch(1)
        details = self._details = QScrollArea()
        details.setObjectName("idr_details")
        details.setAccessibleName("Details")
        details.setWidgetResizable(True)
        details.setFrameShape(QFrame.Shape.NoFrame)
        details.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        details.setWidget(self._cards)
        self.annotations = AnnotationTable()
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setObjectName("idr_splitter")
        # What comes and goes below moves the last part only, not the buttons above it.
        for part, stretch in ((self.results, 0), (details, 0), (self.annotations, 1)):
            part.setMinimumHeight(LEAST_PX)
            self.splitter.addWidget(part)
            self.splitter.setStretchFactor(self.splitter.count() - 1, stretch)
        self.splitter.setChildrenCollapsible(False)
        self._divided_by_hand = False
        # Once the cards have been laid out: what they need isn't known before.
        self._divide_soon = QTimer(self)
        self._divide_soon.setSingleShot(True)
        self._divide_soon.timeout.connect(self._divide)
        self.splitter.splitterMoved.connect(self._on_divided)
        self.show_details(shown=False)

        self.status = StatusBar()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(4, 4, 4, 4)
        whole.setSpacing(4)
        whole.addWidget(self.server)
        whole.addWidget(self.tabs)
        whole.addWidget(self.spellings)
        whole.addWidget(self.gallery)
        whole.addWidget(self.filter)
        whole.addWidget(self.splitter, 1)
        whole.addWidget(self.status)
        self.lettersChanged.connect(self._divide_soon.start)

    def sizeHint(self) -> QSize:
        return PREFERRED_PX

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._divide_soon.start()

    def show_details(self, *, shown: bool) -> None:
        """Show cards and annotations; without them the results have all the room."""
        self._details.setVisible(shown)
        self.annotations.setVisible(shown)
        self._divide_soon.start()

    def _divide(self) -> None:
        """Give each part the height it needs, unless a person has said otherwise."""
        if self._divided_by_hand or self._details.isHidden():
            return
        layout = present(self._cards.layout())
        # As if there were a scroll bar: it stays where text wraps beside it only.
        bar = present(self._details.verticalScrollBar()).sizeHint().width()
        needed = layout.totalHeightForWidth(self.splitter.width() - bar)
        # napari's look puts a frame round it.
        needed += self._details.height() - present(self._details.viewport()).height()
        # The end of the study's card can be scrolled to; the annotations need the room.
        needed -= self.link.sizeHint().height() + layout.spacing()
        room = self.splitter.height() - 2 * self.splitter.handleWidth()
        rows = self.results.height_of_rows(LEAST_ROWS)
        self.splitter.setSizes(divide(room, needed, rows))

    def _on_divided(self, *_: int) -> None:
        self._divided_by_hand = True
