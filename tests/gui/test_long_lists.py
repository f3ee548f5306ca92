"""Lists of thousands of lines: what a view asks for each of them, and the keyboard."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtGui import QStandardItem
from qtpy.QtTest import QTest

from napari_idr._qt.panels.results import ResultsTree
from napari_idr._qt.panels.results_model import COUNT_COLUMN, ResultsModel
from napari_idr.model import Plate, PlateId, Screen, ScreenId
from napari_idr.services.search.catalog import Entry
from support.guards import settle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from pytestqt.qtbot import QtBot

KEY = Qt.Key
LINES_IN_SIGHT = 40
"""More than the window of these tests has room for."""


class Asked(ResultsModel):
    """Counts the texts that Qt asks for."""

    texts = 0

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        self.texts += role == Qt.ItemDataRole.DisplayRole
        return super().data(index, role)


@contextmanager
def calls_of_the_model() -> Iterator[Counter[str]]:
    """Count each function of the model that is called, by Qt or by others."""
    calls: Counter[str] = Counter()
    code = sys.modules[ResultsModel.__module__].__file__

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename == code:
            calls[frame.f_code.co_name] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def screens(count: int) -> list[Entry]:
    return [
        Entry(item=Screen(id=ScreenId(n), name=f"study {n:05}", child_count=3), count=n)
        for n in range(1, count + 1)
    ]


def plates(above: Entry, count: int) -> list[Entry]:
    return [
        Entry(item=Plate(id=PlateId(n), name=f"plate {n:05}"), count=n, parent=above)
        for n in range(1, count + 1)
    ]


@pytest.fixture
def tree(qtbot: QtBot) -> ResultsTree:
    tree = ResultsTree()
    qtbot.addWidget(tree)
    tree.use_model(Asked())
    tree.resize(350, 300)
    tree.show()
    qtbot.waitExposed(tree)
    return tree


def model_of(tree: ResultsTree) -> Asked:
    model = tree.model()
    assert isinstance(model, Asked)
    return model


def fill(tree: ResultsTree, count: int) -> Entry:
    """Open the one screen there is, and let so many plates come."""
    [screen] = screens(1)
    model = model_of(tree)
    model.set_entries([screen], "Images")
    tree.expand(model.index_of(screen))
    model.ask_for_children(model.index_of(screen))
    settle()
    model.texts = 0
    model.set_children(screen, plates(screen, count))
    settle()
    return screen


def test_texts_are_asked_for_lines_in_sight_alone(tree: ResultsTree) -> None:
    fill(tree, 2000)

    assert 0 < model_of(tree).texts < 4 * LINES_IN_SIGHT


def test_lines_that_come_are_laid_out_without_python(tree: ResultsTree) -> None:
    screen = fill(tree, 10)
    asked = []
    for count in (2000, 4000):
        model_of(tree).set_children(screen, plates(screen, count))
        with calls_of_the_model() as calls:
            settle()
            tree.doItemsLayout()
        asked.append(calls.total())

    fewer, more = asked
    assert fewer > 0
    assert abs(more - fewer) < LINES_IN_SIGHT


def test_a_letter_asks_for_texts_in_sight_and_what_can_be_opened(
    tree: ResultsTree,
) -> None:
    model = model_of(tree)
    model.set_entries(screens(2000), "Contains")
    settle()
    model.texts = 0

    tree.filter("7")
    with calls_of_the_model() as calls:
        settle()

    kept = model.rowCount()
    assert kept == sum("7" in f"{n:05}" for n in range(1, 2001))
    assert 0 < model.texts < 4 * LINES_IN_SIGHT
    # That studies can be opened is asked for each, too.
    assert calls["hasChildren"] < kept + LINES_IN_SIGHT
    assert calls.total() < 4 * kept + 30 * LINES_IN_SIGHT


def test_lines_that_come_and_go_leave_nothing_to_python(tree: ResultsTree) -> None:
    def held() -> int:
        gc.collect()
        return sum(isinstance(one, QStandardItem) for one in gc.get_objects())

    screen = fill(tree, 500)
    model = model_of(tree)
    before = held()

    for descending in (True, False):
        model.sort_by((0, descending))
        tree.filter("7")
        tree.filter("")
    lines = model.taken_along()
    model.set_entries([], "Images")
    model.bring(lines)

    assert model.rowCount(model.index_of(screen)) == 500
    assert held() <= before


def test_lines_that_were_sorted_are_laid_out_at_once(tree: ResultsTree) -> None:
    model = model_of(tree)
    model.set_entries(screens(20), "Images")
    settle()

    with calls_of_the_model() as calls:
        model.sort_by((0, True))
    with calls_of_the_model() as later:
        settle()

    # Asked for each line that is laid out and can be opened.
    assert calls["hasChildren"] >= 20
    assert later["hasChildren"] == 0


def test_the_column_has_room_for_a_count_that_is_out_of_sight(
    tree: ResultsTree,
) -> None:
    screen = fill(tree, 2000)
    model = model_of(tree)
    few = tree.header().sectionSize(COUNT_COLUMN)

    most = plates(screen, 2001)
    most[-1] = Entry(item=most[-1].item, count=123_456_789, parent=screen)
    model.set_children(screen, most)
    settle()

    assert model.longest_count == "123,456,789"
    needed = tree.fontMetrics().horizontalAdvance(model.longest_count)
    assert tree.header().sectionSize(COUNT_COLUMN) > max(needed, few)


def test_the_column_is_as_wide_as_how_far_is_counted_while_it_is(
    tree: ResultsTree,
) -> None:
    screen = fill(tree, 3)
    model = model_of(tree)

    model.set_children(screen, plates(screen, 3), counting="9,000 of 200,000")
    while_counting = model.longest_count
    model.set_children(screen, plates(screen, 3))

    assert while_counting == "9,000 of 200,000"
    assert model.longest_count == "3"


def test_keys_go_through_all_lines_and_what_is_selected_stays(
    tree: ResultsTree,
) -> None:
    screen = fill(tree, 3000)
    model = model_of(tree)
    tree.setFocus()
    tree.setCurrentIndex(model.index_of(screen))

    QTest.keyClick(tree, KEY.Key_End)
    assert tree.currentIndex().data() == "plate 03000"

    QTest.keyClicks(tree, "plate 02")
    assert tree.currentIndex().data() == "plate 02000"

    model.sort_by((0, True))
    assert tree.currentIndex().data() == "plate 02000"
    assert model.index(0, 0, model.index_of(screen)).data() == "plate 03000"

    tree.filter("2000")
    assert tree.currentIndex().data() == "plate 02000"
    assert model.rowCount(model.index_of(screen)) == 1


def test_what_is_open_is_known_without_looking_at_each_line(
    tree: ResultsTree,
) -> None:
    screen = fill(tree, 2000)

    with calls_of_the_model() as calls:
        opened = tree.opened

    assert opened == (screen,)
    looked_at = ("_index_of", "_node", "hasChildren", "data")
    assert sum(calls[name] for name in looked_at) < LINES_IN_SIGHT
