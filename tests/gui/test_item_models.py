"""The tree of results as Qt asks for it."""

from __future__ import annotations

import time

from napari_idr._qt.panels.results import ResultsModel
from napari_idr.model import Plate, PlateId, Screen, ScreenId
from napari_idr.services.search.catalog import Entry

SCREEN = Entry(item=Screen(id=ScreenId(1), name="a", child_count=2))


def plates(count: int) -> tuple[Entry, ...]:
    return tuple(
        Entry(item=Plate(id=PlateId(n), name=f"plate {n}"), parent=SCREEN)
        for n in range(count)
    )


def test_a_line_is_asked_for_once(qtbot) -> None:
    model = ResultsModel()
    model.set_entries([SCREEN], "Plates")
    asked: list[Entry] = []
    model.childrenWanted.connect(asked.append)

    for _ in range(3):
        model.ask_for_children(model.index(0, 0))

    assert asked == [SCREEN]
    assert model.index(0, 0, model.index(0, 0)).data() == "loading …"


def test_what_was_asked_for_takes_the_place_of_loading(qtbot, qtmodeltester) -> None:
    model = ResultsModel()
    model.set_entries([SCREEN], "Plates")
    model.ask_for_children(model.index(0, 0))

    model.set_children(SCREEN, plates(2))

    below = model.index(0, 0)
    assert [model.index(n, 0, below).data() for n in range(2)] == ["plate 0", "plate 1"]
    qtmodeltester.check(model)


def test_a_line_that_failed_can_be_asked_for_again(qtbot) -> None:
    model = ResultsModel()
    model.set_entries([SCREEN], "Plates")
    asked: list[Entry] = []
    model.childrenWanted.connect(asked.append)
    model.ask_for_children(model.index(0, 0))

    model.set_failed(SCREEN, "no way")
    model.ask_for_children(model.index(0, 0))

    assert len(asked) == 2


def test_what_was_cancelled_can_be_asked_for_again(qtbot) -> None:
    model = ResultsModel()
    model.set_entries([SCREEN], "Plates")
    model.ask_for_children(model.index(0, 0))

    model.stop_loading()

    assert model.index(0, 0, model.index(0, 0)).data() == "cancelled"
    with qtbot.waitSignal(model.childrenWanted):
        model.ask_for_children(model.index(0, 0))


def test_an_answer_for_a_line_that_has_gone_is_dropped(qtbot) -> None:
    model = ResultsModel()
    model.set_entries([SCREEN], "Plates")
    model.ask_for_children(model.index(0, 0))
    model.set_entries([], "Plates")

    model.set_children(SCREEN, plates(2))

    assert model.rowCount() == 0


def test_10000_lines_are_no_more_work_each_than_1000(qtbot) -> None:
    def work(count: int) -> float:
        model = ResultsModel()
        model.set_entries([SCREEN], "Plates")
        lines = plates(count)
        began = time.process_time()
        model.set_children(SCREEN, lines)
        below = model.index(0, 0)
        names = [model.index(row, 0, below).data() for row in range(count)]
        assert names[-1] == f"plate {count - 1}"
        return time.process_time() - began

    few, many = min(work(1_000) for _ in range(3)), min(work(10_000) for _ in range(3))

    assert many < 30 * few
