"""The tree of results as Qt asks for it."""

from __future__ import annotations

import time
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from qtpy.QtCore import QModelIndex, QPersistentModelIndex, Qt
from qtpy.QtWidgets import QStyleOptionViewItem

from napari_idr._qt.panels.results import NameDelegate, ResultsTree
from napari_idr._qt.panels.results_model import ResultsModel
from napari_idr.model import (
    Dataset,
    DatasetId,
    ImageId,
    ImageRef,
    Plate,
    PlateId,
    Project,
    ProjectId,
    Screen,
    ScreenId,
)
from napari_idr.services.search.catalog import Entry

SCREEN = Entry(item=Screen(id=ScreenId(1), name="a", child_count=2))


def plates(*numbers: int) -> tuple[Entry, ...]:
    return tuple(
        Entry(item=Plate(id=PlateId(n), name=f"plate {n}"), parent=SCREEN)
        for n in numbers
    )


def counted(entry: Entry, count: int) -> Entry:
    return replace(entry, count=count)


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

    model.set_children(SCREEN, plates(0, 1))

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

    model.set_children(SCREEN, plates(0, 1))

    assert model.rowCount() == 0


def test_lines_that_stay_keep_their_place_and_their_index(qtbot, qtmodeltester) -> None:
    model = ResultsModel()
    model.set_entries([SCREEN], "Plates")
    model.ask_for_children(model.index(0, 0))
    model.set_children(SCREEN, plates(1, 3, 5), counting="3 of 9")
    below = model.index(0, 0)
    third = QPersistentModelIndex(model.index(1, 0, below))

    model.set_children(SCREEN, plates(0, 3, 4, 5, 6))

    assert third.data() == "plate 3"
    assert third.row() == 1
    names = [model.index(n, 0, below).data() for n in range(model.rowCount(below))]
    assert names == [f"plate {n}" for n in (0, 3, 4, 5, 6)]
    qtmodeltester.check(model)


@given(
    before=st.sets(st.integers(0, 12)).map(sorted),
    after=st.sets(st.integers(0, 12), min_size=1).map(sorted),
    turned=st.booleans(),
)
def test_lines_are_what_was_told_last_whatever_was_there(before, after, turned) -> None:
    model = ResultsModel()
    model.set_entries([SCREEN], "Plates")
    model.ask_for_children(model.index(0, 0))
    model.set_children(SCREEN, plates(*before), counting="1 of 2")
    below = model.index(0, 0)
    kept = [QPersistentModelIndex(model.index(n, 0, below)) for n in range(len(before))]

    model.set_children(SCREEN, plates(*reversed(after) if turned else after))

    names = [model.index(n, 0, below).data() for n in range(model.rowCount(below))]
    assert names == [f"plate {n}" for n in (reversed(after) if turned else after)]
    for number, index in zip(before, kept, strict=True):
        assert not index.isValid() or index.data() == f"plate {number}"
        assert index.isValid() == (number in after) or turned


def test_counts_grow_in_the_line_above_until_all_is_counted(qtbot) -> None:
    model = ResultsModel()
    model.set_entries([counted(SCREEN, 9)], "Plates")
    model.ask_for_children(model.index(0, 0))

    model.set_children(SCREEN, plates(1), counting="3 of 9")
    counting = model.index(0, 1).data()
    model.set_children(SCREEN, plates(1))

    assert counting == "3 of 9"
    assert model.index(0, 1).data() == "9"


def test_what_was_counted_stays_when_counting_ends_early(qtbot) -> None:
    model = ResultsModel()
    model.set_entries([SCREEN], "Plates")
    model.ask_for_children(model.index(0, 0))
    model.set_children(SCREEN, plates(1, 2), counting="3 of 9")
    below = model.index(0, 0)

    model.stop_loading()
    stopped = [model.index(n, 0, below).data() for n in range(3)]
    with qtbot.waitSignal(model.childrenWanted):
        model.ask_for_children(below)

    assert stopped == ["cancelled", "plate 1", "plate 2"]
    assert [model.index(n, 0, below).data() for n in range(model.rowCount(below))] == [
        "plate 1",
        "plate 2",
    ]


def test_10000_lines_are_no_more_work_each_than_1000(qtbot) -> None:
    def work(count: int) -> float:
        model = ResultsModel()
        model.set_entries([SCREEN], "Plates")
        lines = plates(*range(count))
        began = time.process_time()
        model.set_children(SCREEN, lines)
        below = model.index(0, 0)
        names = [model.index(row, 0, below).data() for row in range(count)]
        assert names[-1] == f"plate {count - 1}"
        return time.process_time() - began

    few, many = min(work(1_000) for _ in range(3)), min(work(10_000) for _ in range(3))

    assert many < 30 * few


def test_studies_whose_names_are_cut_can_be_told_apart(qtbot) -> None:
    names = [
        "idr0013-neumann-mitocheck/screenA",
        "idr0013-neumann-mitocheck/screenB",
        "idr0014-neumann-mitocheck/screenA",
    ]
    tree, model = ResultsTree(), ResultsModel()
    qtbot.addWidget(tree)
    model.set_entries(
        [
            Entry(item=Screen(id=ScreenId(n), name=name, child_count=2))
            for n, name in enumerate(names)
        ],
        "Plates",
    )
    tree.use_model(model)
    tree.resize(2000, 200)
    tree.show()
    delegate = tree.itemDelegateForColumn(0)
    assert isinstance(delegate, NameDelegate)

    def shown(row: int, width: int) -> str:
        option = QStyleOptionViewItem()
        tree.initViewItemOption(option)
        option.rect = tree.visualRect(model.index(row, 0))
        option.rect.setWidth(width)
        delegate.initStyleOption(option, model.index(row, 0))
        assert option.fontMetrics.horizontalAdvance(option.text) <= width
        return option.text

    letter = tree.fontMetrics().horizontalAdvance("m")
    for width in (9 * letter, 14 * letter):
        cut = [shown(row, width) for row in range(3)]
        assert len(set(cut)) == 3
        assert all("…" in one and one[-1] in "AB" for one in cut)
    assert [shown(row, 60 * letter) for row in range(3)] == names


def test_a_sentence_that_is_cut_keeps_its_beginning(qtbot) -> None:
    tree, model = ResultsTree(), ResultsModel()
    qtbot.addWidget(tree)
    model.set_entries([SCREEN], "Plates")
    model.ask_for_children(model.index(0, 0))
    model.set_failed(SCREEN, "The server can't be <reached>.")
    tree.use_model(model)
    line = model.index(0, 0, model.index(0, 0))
    option = QStyleOptionViewItem()
    tree.initViewItemOption(option)
    delegate = tree.itemDelegateForColumn(0)
    assert isinstance(delegate, NameDelegate)

    delegate.initStyleOption(option, line)

    assert option.textElideMode == Qt.TextElideMode.ElideRight
    assert "be &lt;reached&gt;." in line.data(Qt.ItemDataRole.ToolTipRole)


def test_lines_are_sorted_and_what_is_selected_stays(qtbot, qtmodeltester) -> None:
    model = ResultsModel()
    other = Entry(item=Screen(id=ScreenId(2), name="B", child_count=9), count=9)
    model.set_entries([other, counted(SCREEN, 2)], "Images")
    model.ask_for_children(model.index(1, 0))
    first, second, third = plates(3, 1, 2)
    model.set_children(SCREEN, [counted(first, 5), counted(second, 7)])
    below = model.index_of(SCREEN)
    kept = QPersistentModelIndex(model.index(0, 0, below))

    def lines() -> list[str]:
        above = model.index_of(SCREEN)
        rows = range(model.rowCount(above))
        return [model.index(row, 0, above).data() for row in rows]

    model.sort_by((0, False))
    assert [model.index(row, 0).data() for row in range(2)] == ["a", "B"]
    assert lines() == ["plate 1", "plate 3"]
    assert kept.data() == "plate 3"
    qtmodeltester.check(model)

    model.set_children(SCREEN, [counted(one, 1) for one in (third, first, second)])
    assert lines() == ["plate 1", "plate 2", "plate 3"]
    assert kept.data() == "plate 3"

    model.sort_by(None)
    assert lines() == ["plate 2", "plate 3", "plate 1"]
    assert [model.index(row, 0).data() for row in range(2)] == ["B", "a"]


def test_what_is_selected_and_open_stays_wherever_a_line_goes(
    qtbot, qtmodeltester
) -> None:
    tree = ResultsTree()
    model = ResultsModel(tree)
    qtbot.addWidget(tree)
    project = Entry(item=Project(id=ProjectId(1), name="b"), count=2)
    datasets = [
        Entry(item=Dataset(id=DatasetId(n), name=name), count=n, parent=project)
        for n, name in ((1, "x"), (2, "y"))
    ]
    model.set_entries([counted(SCREEN, 3), project], "Images")
    tree.use_model(model)
    model.set_children(SCREEN, plates(1, 2, 3))
    model.set_children(project, datasets)
    for dataset in datasets:
        model.set_children(
            dataset,
            [
                Entry(item=ImageRef(image_id=ImageId(n), name=f"{n}"), parent=dataset)
                for n in range(3)
            ],
        )
    for entry in (project, datasets[1]):
        tree.expand(model.index_of(entry))
    image = model.index(2, 1, model.index_of(datasets[1]))
    tree.setCurrentIndex(image)
    plate = QPersistentModelIndex(model.index_of(plates(2)[0]))
    qtmodeltester.check(model)

    for order in ((0, True), (1, True), (0, False), (1, False), None):
        model.sort_by(order)

        current = tree.currentIndex()
        assert (current.siblingAtColumn(0).data(), current.column()) == ("2", 1)
        assert current.parent().data() == "y"
        assert [entry.name for entry in tree.lines] == ["2"]
        assert [entry.name for entry in tree.opened] == ["b", "y"]
        assert plate.data() == "plate 2"


def test_only_what_is_found_can_be_selected_and_nothing_edited(qtbot) -> None:
    flag = Qt.ItemFlag
    line, last = flag.ItemIsEnabled | flag.ItemIsSelectable, flag.ItemNeverHasChildren
    model = ResultsModel()
    other = Entry(item=Screen(id=ScreenId(2), name="other", child_count=2))
    model.set_entries([SCREEN, other], "Plates")
    model.ask_for_children(model.index(1, 0))

    def flags(*rows: int) -> list[Qt.ItemFlag]:
        index = QModelIndex()
        for row in rows:
            index = model.index(row, 0, index)
        return [model.flags(index.siblingAtColumn(column)) for column in range(2)]

    for filtered in ("", "e"):
        model.set_children(SCREEN, plates(0, 1))
        model.set_filter(filtered)
        model.sort_by((0, not filtered))
        study = model.index_of(SCREEN).row()
        assert flags(study) == [line, line]
        assert flags(study, 0) == flags(study, 1) == [line | last, line | last]
    text = model.index(0, 0, model.index_of(other))
    assert text.data() == "loading …"
    assert model.flags(text) == flag.ItemIsEnabled | last
    assert model.flags(QModelIndex()) == flag.NoItemFlags

    model.set_filter("")
    model.set_entries([counted(SCREEN, 0)], "Plates")
    assert flags(0) == [line | last, line | last]
    model.set_children(SCREEN, plates(0))
    assert flags(0) == [line, line]


def test_a_dataset_that_counts_something_now_can_be_opened(qtbot) -> None:
    model = ResultsModel()
    project = Entry(item=Project(id=ProjectId(1), name="b"), count=2)
    dataset = Entry(item=Dataset(id=DatasetId(1), name="x"), count=0, parent=project)
    model.set_entries([project], "Images")
    can_be_opened = []

    for count in (0, 2, 0):
        model.set_children(project, [counted(dataset, count)])
        flags = model.flags(model.index_of(dataset))
        can_be_opened.append(not flags & Qt.ItemFlag.ItemNeverHasChildren)

    assert can_be_opened == [False, True, False]


def test_who_is_told_of_lines_finds_them(qtbot) -> None:
    model = ResultsModel()
    told: list[list[str]] = []

    def note(parent: QModelIndex, *_: int) -> None:
        told.append(shown(model, parent))
        below = [model.index(n, 0, parent) for n in range(len(told[-1]))]
        assert not any(model.flags(one) & Qt.ItemFlag.ItemIsEditable for one in below)

    model.set_entries([SCREEN], "Plates")
    model.set_children(SCREEN, plates(1, 2, 3))
    model.rowsAboutToBeRemoved.connect(note)
    model.rowsRemoved.connect(note)
    model.rowsInserted.connect(note)

    model.set_children(SCREEN, plates(1, 3, 4))

    before, after = ["plate 1", "plate 2", "plate 3"], ["plate 1", "plate 3"]
    assert told == [before, after, [*after, "plate 4"]]


def shown(model: ResultsModel, index: QModelIndex | None = None) -> list[str]:
    above = index or QModelIndex()
    return [model.index(row, 0, above).data() for row in range(model.rowCount(above))]


def test_a_filter_keeps_lines_with_all_words_and_what_leads_to_them(
    qtbot, qtmodeltester
) -> None:
    model = ResultsModel()
    other = Entry(item=Screen(id=ScreenId(2), name="other", child_count=9), count=9)
    model.set_entries([other, SCREEN], "Images")
    model.ask_for_children(model.index(1, 0))
    model.set_children(SCREEN, [counted(one, 5) for one in plates(1, 12, 2)])
    kept = QPersistentModelIndex(model.index(1, 0, model.index_of(SCREEN)))

    model.set_filter("PLATE 2")

    assert shown(model) == ["a"]
    assert shown(model, model.index(0, 0)) == ["plate 12", "plate 2"]
    assert kept.data() == "plate 12"
    assert model.index(0, 1, model.index(0, 0)).data() == "5"
    qtmodeltester.check(model)

    model.set_children(SCREEN, plates(1, 12, 20, 2, 3))
    assert shown(model, model.index(0, 0)) == ["plate 12", "plate 20", "plate 2"]
    model.sort_by((0, True))
    assert shown(model, model.index(0, 0)) == ["plate 20", "plate 2", "plate 12"]
    model.sort_by(None)

    model.set_filter("")
    assert shown(model) == ["other", "a"]
    assert shown(model, model.index(1, 0)) == [
        f"plate {number}" for number in (1, 12, 20, 2, 3)
    ]
    assert kept.data() == "plate 12"
    qtmodeltester.check(model)


def test_what_lies_below_a_line_that_is_found_can_be_opened(qtbot) -> None:
    model = ResultsModel()
    other = Entry(item=Screen(id=ScreenId(2), name="other", child_count=9), count=9)
    model.set_entries([other, SCREEN], "Images")
    model.set_filter("a")

    model.ask_for_children(model.index(0, 0))
    loading = shown(model, model.index(0, 0))
    model.set_children(SCREEN, plates(1, 2))

    assert loading == ["loading …"]
    assert shown(model, model.index(0, 0)) == ["plate 1", "plate 2"]


@given(
    before=st.sets(st.integers(0, 200)).map(sorted),
    after=st.sets(st.integers(0, 200), min_size=1).map(sorted),
    text=st.sampled_from(["", "1", "plate 7", "a 3", "nowhere"]),
    other=st.sampled_from(["", "1", "2", "nowhere"]),
)
def test_a_filter_that_is_cleared_has_changed_nothing(
    before, after, text, other
) -> None:
    model = ResultsModel()
    model.set_entries([SCREEN], "Plates")
    model.ask_for_children(model.index(0, 0))
    model.set_children(SCREEN, plates(*before), counting="1 of 2")

    model.set_filter(text)
    model.set_children(SCREEN, plates(*after))
    model.set_filter(other)
    found = shown(model, model.index_of(SCREEN))
    model.set_filter("")

    names = [f"plate {number}" for number in after]
    assert shown(model, model.index(0, 0)) == names
    assert other == "nowhere" or found == [one for one in names if other in one]


def test_lines_taken_along_while_filtered_come_back_whole(qtbot) -> None:
    model = ResultsModel()
    model.set_entries([SCREEN], "Plates")
    model.ask_for_children(model.index(0, 0))
    model.set_children(SCREEN, plates(1, 2))
    model.set_filter("plate 2")
    lines = model.taken_along()
    model.set_filter("")
    model.set_filter("plate 1")
    model.set_entries([], "Plates")
    model.set_filter("")

    model.bring(lines)

    assert shown(model, model.index(0, 0)) == ["plate 1", "plate 2"]


def test_a_filter_opens_what_leads_and_leaves_open_what_was(qtbot) -> None:
    tree, model = ResultsTree(), ResultsModel()
    qtbot.addWidget(tree)
    other = Entry(item=Screen(id=ScreenId(2), name="other", child_count=9), count=9)
    model.set_entries([SCREEN, other], "Images")
    tree.use_model(model)
    for study in (SCREEN, other):
        model.ask_for_children(model.index_of(study))
    model.set_children(SCREEN, plates(1, 2))
    model.set_failed(other, "no way")  # opening it would ask again
    tree.expand(model.index_of(other))
    asked: list[Entry] = []
    tree.expanded.connect(model.ask_for_children)
    model.childrenWanted.connect(asked.append)

    tree.filter("plate 2")
    assert tree.isExpanded(model.index_of(SCREEN))
    assert not model.index_of(other).isValid()
    tree.filter("")

    assert tree.isExpanded(model.index_of(other))
    assert not asked
