"""200 000 hits in 520 plates: a person goes on while they are counted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtWidgets import QPushButton

from napari_idr._qt.finder import Finder
from napari_idr._qt.jobs import Jobs
from napari_idr._qt.panels.layout import Panels
from napari_idr.api import IDRClient
from napari_idr.model import SearchKey
from napari_idr.services.browser_state import BrowserState
from napari_idr.services.search.catalog import Query
from napari_idr.services.session import Session
from support.engine import Engine, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

DEADLINE_MS = 20_000

QUERY = Query(
    key=SearchKey(name="gene", label="Gene", attributes=("Gene Symbol",)),
    value="CDC20",
)


class Counting:
    """A search that found one screen, whose plates are counted page by page."""

    def __init__(self, qtbot: QtBot) -> None:
        self.pages = threading.Semaphore(0)
        # Each name twice: the counts of the server, by name, tell nothing.
        self.server = Engine(
            total=200_000, plates=sorted(names(260) * 2), pages_let=self.pages,
        )  # fmt: skip
        session = Session("http://archive")
        session.client = IDRClient("http://archive", transport=self.server)
        self.panels = Panels()
        self.jobs = Jobs(self.panels)
        self.finder = Finder(self.panels, self.jobs)
        self.finder.enter(BrowserState(address="archive", session=session))
        qtbot.addWidget(self.panels)
        self.panels.resize(400, 600)
        self.panels.show()
        self._qtbot = qtbot
        self.finder.search(QUERY)
        self.until(lambda: self.model.rowCount() == 1)

    @property
    def tree(self):
        return self.panels.results

    @property
    def model(self):
        return self.panels.found

    @property
    def screen(self) -> QModelIndex:
        return self.model.index(0, 0)

    @property
    def told(self) -> str:
        """What stands beside the screen."""
        return self.model.index(0, 1).data()

    def plate(self, row: int) -> QModelIndex:
        return self.model.index(row, 0, self.screen)

    def let(self, pages: int) -> None:
        self.pages.release(pages)

    def until_idle(self) -> None:
        self.until(lambda: self.jobs.wait_idle(0))

    def until(self, condition) -> None:
        self._qtbot.waitUntil(condition, timeout=DEADLINE_MS)


@pytest.fixture
def counting(qtbot: QtBot, clean_desk: None) -> Iterator[Counting]:
    counting = Counting(qtbot)
    yield counting
    counting.jobs.close()
    counting.until_idle()


def test_plates_stand_there_at_once_and_their_counts_grow(counting: Counting) -> None:
    counting.tree.expand(counting.screen)
    counting.let(1)
    counting.until(lambda: counting.model.rowCount(counting.screen) == 520)
    first = counting.plate(0).siblingAtColumn(1).data()

    counting.let(3)
    counting.until(lambda: counting.told == "4,000 of 200,000")

    assert int(counting.plate(0).siblingAtColumn(1).data()) > int(first or 0)


def test_what_is_selected_and_in_sight_stays_while_counts_grow(
    counting: Counting,
) -> None:
    counting.tree.expand(counting.screen)
    counting.let(2)
    counting.until(lambda: counting.model.rowCount(counting.screen) == 520)
    counting.tree.setCurrentIndex(counting.plate(300))
    counting.tree.scrollTo(counting.plate(310))
    name = counting.plate(300).data()
    bar = counting.tree.verticalScrollBar()
    seen = bar.value()
    selected = []
    counting.finder.entrySelected.connect(selected.append)

    counting.let(2)
    counting.until(lambda: counting.told == "4,000 of 200,000")

    assert counting.tree.currentIndex().data() == name
    assert bar.value() == seen > 0
    assert selected == []


def test_counting_that_is_cancelled_keeps_what_was_counted(counting: Counting) -> None:
    counting.tree.expand(counting.screen)
    counting.let(3)
    counting.until(lambda: counting.told == "3,000 of 200,000")
    cancel = counting.panels.findChild(QPushButton, "idr_cancel")

    assert cancel.text() == "Cancel"
    counting.jobs.cancel_all()
    counting.finder.stop_loading()
    counting.until_idle()

    assert counting.plate(0).data(Qt.ItemDataRole.DisplayRole) == "cancelled"
    assert counting.model.rowCount(counting.screen) == 521
    assert counting.told == "3,000 of 200,000"


def test_a_new_search_ends_the_counting_of_the_one_before(counting: Counting) -> None:
    counting.tree.expand(counting.screen)
    counting.let(2)
    counting.until(lambda: counting.told == "2,000 of 200,000")

    counting.finder.search(QUERY)
    # The one line is opened at once; its counting begins anew, and has all pages.
    counting.until(lambda: counting.told != "2,000 of 200,000")
    counting.let(2)

    counting.until(lambda: counting.told == "2,000 of 200,000")
    assert counting.jobs.count == 1
