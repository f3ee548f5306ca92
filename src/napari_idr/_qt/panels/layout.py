"""Layout of the browser's panels."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QApplication,
    QFrame,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from napari_idr._qt.panels.actions import ActionsRow
from napari_idr._qt.panels.annotations import AnnotationTable
from napari_idr._qt.panels.compare import ComparePanel
from napari_idr._qt.panels.figure import FigurePanel
from napari_idr._qt.panels.files import FilesPanel
from napari_idr._qt.panels.focus import FocusMarker
from napari_idr._qt.panels.forms import NARROWEST_PX, Tabs, name_widget, present
from napari_idr._qt.panels.gallery import GalleryPanel
from napari_idr._qt.panels.hint import HintPanel
from napari_idr._qt.panels.image import ImagePanel
from napari_idr._qt.panels.letters import LetteredWidget
from napari_idr._qt.panels.link_button import LinkButton
from napari_idr._qt.panels.offline import OfflinePanel
from napari_idr._qt.panels.places import DockedWidget
from napari_idr._qt.panels.plate import PlatePanel
from napari_idr._qt.panels.results import ResultsFilter, ResultsTree
from napari_idr._qt.panels.results_model import ResultsModel
from napari_idr._qt.panels.search import SearchPanel
from napari_idr._qt.panels.server import ServerBar
from napari_idr._qt.panels.spellings import SpellingsLine
from napari_idr._qt.panels.status import StatusBar
from napari_idr._qt.panels.studies import StudiesPanel
from napari_idr._qt.panels.study import StudyPanel
from napari_idr._qt.settings import recent_addresses, view_defaults

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

LEAST_ANNOTATIONS_PX = 80
"""Of them two can be read."""

LEAST_LINES = 7
"""Of text, for the cards: a plate's name, its field and its buttons. With less room for
all of this the panels scroll."""

REVEAL_MS = 50
"""Until what is new on the cards is brought into sight: once they are laid out anew."""

LEAST_PX = 60
"""The height of each part, however small the window is."""


def divide(room: int, cards: int, rows: int = LEAST_PX) -> tuple[int, int, int]:
    """Return the heights of results, cards and annotations.

    `cards` is what the cards need, and `rows` what the results should have at least;
    `LEAST_PX` are left for each, and somewhat more for the annotations.

    >>> divide(700, 300), divide(400, 300)
    ((189, 300, 211), (108, 200, 92))
    >>> divide(270, 300, rows=100), divide(190, 300, rows=100)
    ((100, 90, 80), (70, 60, 60))
    """
    results = max(int(room * RESULTS_SHARE), min(rows, room - 2 * LEAST_PX), LEAST_PX)
    cards = min(
        cards,
        int(room * CARDS_SHARE),
        max(room - results - LEAST_ANNOTATIONS_PX, LEAST_PX),
    )
    return results, cards, room - results - cards


class FormTabs(Tabs):
    """Tabs as high as the form that is seen; Qt's are as high as the highest of all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.currentChanged.connect(self.updateGeometry)

    def event(self, event: QEvent | None) -> bool:
        """Follow a form that has become higher or lower."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().event(event)

    def sizeHint(self) -> QSize:
        """Return the size that the form wants, with the tabs above it."""
        return self._for_form(super().sizeHint(), minimal=False)

    def minimumSizeHint(self) -> QSize:
        """Return the least size of the form, with the tabs above it."""
        return self._for_form(super().minimumSizeHint(), minimal=True)

    def _for_form(self, size: QSize, *, minimal: bool) -> QSize:
        form, stack = self.currentWidget(), self.findChild(QStackedWidget)
        if form is None or stack is None:
            return size
        inside, of = (
            (form.minimumSizeHint(), stack.minimumSizeHint())
            if minimal
            else (form.sizeHint(), stack.sizeHint())
        )
        return QSize(size.width(), size.height() - of.height() + inside.height())


class Panels(LetteredWidget, DockedWidget):
    """All panels, top down: the server, what to look for, what was found, details."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_browser")
        self.setMinimumWidth(NARROWEST_PX)
        self.server = ServerBar(recent_addresses())
        self.offline = OfflinePanel()
        self.server.add_beside(self.offline.buttons)
        self.search = SearchPanel()
        self.studies = StudiesPanel()
        self.tabs = FormTabs()
        self.tabs.setObjectName("idr_tabs")
        self.tabs.setAccessibleName("How to find studies")
        self.tabs.addTab(self.search, "Search")
        self.tabs.addTab(self.studies, "Studies")
        name_widget(
            present(self.tabs.tabBar()),
            "idr_tab_bar",
            "How to find studies",
            "Search for a value, or look through all studies",
        )
        self.tabs.setDocumentMode(True)
        present(self.tabs.tabBar()).setDrawBase(False)  # a line that means nothing
        self.tabs.setSizePolicy(
            QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum
        )

        self.spellings = SpellingsLine()
        self.gallery = GalleryPanel()
        self.hint = HintPanel()

        self.found = ResultsModel(self)
        self.browsed = ResultsModel(self)
        self.filter = ResultsFilter()
        self.filter.hide()  # until there are lines
        self.results = ResultsTree()
        self.results.use_model(self.found)

        self.study = StudyPanel()
        self.plate = PlatePanel()
        self.image = ImagePanel()
        self.figure = FigurePanel()
        self.original_files = FilesPanel("original")
        self.attached_files = FilesPanel("attached")
        self.compare = ComparePanel()
        self.link = LinkButton()
        self._offers_link = False
        self._cards = QWidget()
        details = self._details = _Scrolled(self._cards)
        details.setObjectName("idr_details")
        details.setAccessibleName("Details")
        layout = QVBoxLayout(self._cards)
        layout.setContentsMargins(4, 0, 4, 4)
        layout.setSpacing(3)
        for card in (
            *(self.plate, self.image, self.original_files, self.compare, self.figure),
            *(self.study, self.attached_files),
        ):
            layout.addWidget(card)
        layout.addStretch(1)
        self.annotations = AnnotationTable()
        self.splitter = _Parts(Qt.Orientation.Vertical)
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
        self._revealed: QWidget | None = None
        self._see_soon = QTimer(self)
        self._see_soon.setSingleShot(True)
        self._see_soon.setInterval(REVEAL_MS)
        self._see_soon.timeout.connect(self._see)
        # The results move with the panels: not between the clicks of a double click.
        self._scroll_soon = QTimer(self)
        self._scroll_soon.setSingleShot(True)
        self._scroll_soon.setInterval(QApplication.doubleClickInterval())
        self._scroll_soon.timeout.connect(self._scroll)
        self.results.clicking.connect(self._on_clicking)
        for files in (self.original_files, self.attached_files):
            files.resized.connect(self._divide_soon.start)
            files.unfolded.connect(partial(self.reveal, files))
        self.splitter.splitterMoved.connect(self._on_divided)
        self.splitter.resized.connect(self._divide_soon.start)
        self.show_details(shown=False)

        self.all_shown = ActionsRow(self.link)
        self.status = StatusBar()
        panels = _Column()
        self._panels = _Scrolled(panels)
        self._panels.setObjectName("idr_panels")
        self._panels.setAccessibleName("Panels")
        self._panels.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        whole = QVBoxLayout(panels)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(2)
        whole.addWidget(self.server)
        whole.addWidget(self.offline)
        whole.addWidget(self.tabs)
        whole.addWidget(self.spellings)
        whole.addWidget(self.gallery)
        whole.addWidget(self.filter)
        whole.addWidget(self.splitter, 1)
        whole.addWidget(self.hint)
        whole.addWidget(self.all_shown)
        # What is going on stays in sight where the rest has to be scrolled.
        outer = QVBoxLayout(self.body)
        outer.setContentsMargins(4, 3, 4, 3)
        outer.setSpacing(3)
        outer.addWidget(self._panels, 1)
        outer.addWidget(self.status)
        self.study.said.connect(self.status.say)
        self.lettersChanged.connect(self._divide_soon.start)
        if view_defaults().studies_first:
            self.tabs.setCurrentIndex(STUDIES_TAB)
        FocusMarker(self)

    def sizeHint(self) -> QSize:
        return PREFERRED_PX

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._divide_soon.start()

    def show_details(self, *, shown: bool) -> None:
        """Show cards and annotations; without them the results have all the room."""
        self.annotations.setVisible(shown)
        self._show_link()
        self.follow_compare()

    def offer_link(self, *, shown: bool) -> None:
        """Show the button for links where there are no details, too."""
        self._offers_link = shown
        self._show_link()

    def _show_link(self) -> None:
        self.link.setVisible(self._offers_link or not self.annotations.isHidden())

    def follow_compare(self) -> None:
        """Show the cards where there are details, or where something can be compared.

        Cells of a gallery can be selected before anything is known of one of them.
        """
        has_details = not self.annotations.isHidden()
        wanted = has_details or not self.compare.isHidden()
        if wanted == self._details.isHidden():
            self._details.setVisible(wanted)
            self.reveal_main_button()
        self._divide_soon.start()

    def _divide(self) -> None:
        """Give each part the height it needs, unless a person has said otherwise."""
        rows = self.results.height_of_rows(LEAST_ROWS)
        least = rows
        if not self._details.isHidden():
            line = self.plate.title.fontMetrics().lineSpacing()
            least += LEAST_LINES * line + LEAST_ANNOTATIONS_PX
            least += 2 * self.splitter.handleWidth()
        if least != self.splitter.minimumHeight():
            self.splitter.setMinimumHeight(least)
            self._divide_soon.start()
            return
        if self._divided_by_hand or self._details.isHidden():
            return
        layout = present(self._cards.layout())
        # As if there were a scroll bar: it stays where text wraps beside it only.
        bar = present(self._details.verticalScrollBar()).sizeHint().width()
        needed = layout.totalHeightForWidth(self.splitter.width() - bar)
        # napari's look puts a frame round it.
        needed += self._details.height() - present(self._details.viewport()).height()
        room = self.splitter.height() - 2 * self.splitter.handleWidth()
        self.splitter.setSizes(divide(room, needed, rows))

    def reveal_main_button(self) -> None:
        """Bring the main button of the card that is new into sight."""
        present(self._details.verticalScrollBar()).setValue(0)
        for card, button in (
            (self.image, self.image.open_image.native),
            (self.plate, self.plate.show_plate.native),
            (self.study, self.study.citation),
            (self.compare, self.compare.compare.native),
        ):
            if not card.isHidden():
                self.reveal(button)
                return

    def reveal(self, part: QWidget) -> None:
        """Bring a part of the cards into sight, once they are laid out anew."""
        self._revealed = part
        for area in (self._details, self._panels):
            area.keep(None)
        self._see_soon.start()
        self._scroll_soon.start()

    def _on_clicking(self) -> None:
        """Let the lines stay where they are until one can't be clicked twice."""
        self._panels.keep(None)
        self._panels.hold(self.results)
        self._scroll_soon.start()

    def _see(self) -> None:
        self._details.keep(self._revealed)
        self._details.bring()

    def _scroll(self) -> None:
        """Scroll the panels as well, where the window is too low for all of them."""
        self._panels.hold(None)
        self._panels.keep(self._revealed)
        self._panels.bring()

    def _on_divided(self, *_: int) -> None:
        self._divided_by_hand = True


class _Parts(QSplitter):
    """Parts below each other, which are divided anew where they have other room.

    They have it with another window, with another form above, with a line that comes.
    """

    resized = Signal()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self.resized.emit()


class _Column(QWidget):
    """Panels below each other, as low as they can be before they are scrolled."""

    def heightForWidth(self, width: int) -> int:
        """Return the least height: Qt's own is the one that they would like."""
        layout = self.layout()
        return -1 if layout is None else layout.minimumHeightForWidth(width)


class _Scrolled(QScrollArea):
    """Scrolls what there is no room for, and keeps one part of it in sight.

    The room and what lies above that part change with what comes, and with what is said
    below.
    """

    _held: QWidget | None = None
    _place = 0
    """Of what is held, from the top of what is seen."""
    _kept: QWidget | None = None
    _start = 0
    """How far it was scrolled before it was scrolled to the part."""
    _brought: int | None = None
    """How far it was scrolled to the part; by a person, if it is elsewhere now."""

    def __init__(self, inside: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(inside)

    def hold(self, part: QWidget | None) -> None:
        """Let a part stay where it is on the screen, whatever comes above it."""
        self._held = part
        self._place = 0 if part is None else self._top_of(part)

    def _stay(self) -> None:
        if self._held is not None:
            bar = present(self.verticalScrollBar())
            bar.setValue(bar.value() + self._top_of(self._held) - self._place)

    def _top_of(self, part: QWidget) -> int:
        return part.mapTo(present(self.viewport()), QPoint(0, 0)).y()

    def keep(self, part: QWidget | None) -> None:
        """Keep another part in sight, if that is seen or brought there."""
        self._kept, self._brought = part, None

    def bring(self) -> None:
        """Bring what is kept into sight, from where it is scrolled to now."""
        self._start = present(self.verticalScrollBar()).value()
        self._follow()

    def _follow(self) -> None:
        """Scroll as little as there is need for, now that all is laid out anew."""
        if self._kept is None or not self._kept.isVisible():
            return
        bar = present(self.verticalScrollBar())
        bar.setValue(self._start)
        self.ensureWidgetVisible(self._kept, 0, 0)
        self._brought = bar.value()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Follow the room."""
        super().resizeEvent(event)
        if self._is_as_brought():
            self._follow()
            return
        self._stay()
        kept = self._kept
        if event is None or kept is None or not kept.isVisible():
            return
        place = self._top_of(kept)
        if 0 <= place <= event.oldSize().height() - kept.height():
            self.ensureWidgetVisible(kept, 0, 0)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow what lies above the part: Qt has laid it out when this is told."""
        taken = super().eventFilter(watched, event)
        laid_out = (QEvent.Type.Resize, QEvent.Type.LayoutRequest)
        is_laid_out = event is not None and event.type() in laid_out
        if is_laid_out and watched is self.widget():
            self._stay()
            if self._is_as_brought():
                self._follow()
        return taken

    def _is_as_brought(self) -> bool:
        bar = present(self.verticalScrollBar())
        brought = self._brought
        return brought is not None and bar.value() == min(brought, bar.maximum())
