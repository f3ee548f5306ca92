"""The table of the Wells dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QItemSelectionModel, QModelIndex, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
)

from napari_idr._qt.wells.model import WellsModel
from napari_idr._qt.wells.table import WellsTableView
from napari_idr.model import PlateId, TabledWell, WellColumn, WellsTable
from napari_idr.services.wells.table import IndexedTable
from support.guards import settle
from support.wells_desk import HITS, PLATE, Desk

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from pytestqt.qtbot import QtBot


def test_the_table_has_the_wells_of_the_plate_and_what_is_known_of_them(
    desk: Desk,
) -> None:
    assert desk.labels[:2] == ["A1", "A2"]
    assert len(desk.labels) == 96
    assert desk.column("hit").count("yes") == len(HITS)
    assert {"Cell Count", "Control Type", "Gene Symbol"} <= set(desk.table.wells.names)
    assert desk.person.text("idr_wells_title").startswith(PLATE)


def test_what_is_typed_filters_and_the_number_of_wells_is_told(desk: Desk) -> None:
    desk.filter("CDC20 homo")

    assert set(HITS) <= set(desk.labels)
    assert all("CDC20" in gene for gene in desk.column("gene"))
    assert desk.person.text("idr_wells_count") == f"{len(desk.labels)} of 96 wells"
    assert desk.dock.focusWidget() is desk.table
    assert desk.table.nothing_shown == ""


def test_where_no_well_is_left_it_is_said_what_to_do(desk: Desk) -> None:
    desk.filter("no such well")

    assert desk.labels == []
    assert "Clear shows all" in desk.table.nothing_shown
    desk.person.click("idr_wells_clear")
    assert desk.table.nothing_shown == ""


def test_each_column_has_a_condition_of_its_own(desk: Desk) -> None:
    desk.person.choose("idr_wells_filter_column", "Cell Count")
    desk.person.type("idr_wells_column_filter", "< 80")
    desk.person.press("idr_wells_column_filter", Qt.Key.Key_Return)
    desk.person.choose("idr_wells_filter_column", "control")
    desk.person.type("idr_wells_column_filter", "positive")
    desk.person.press("idr_wells_column_filter", Qt.Key.Key_Return)

    assert all(float(count) < 80 for count in desk.column("Cell Count"))
    assert set(desk.column("control")) == {"positive control"}
    desk.person.click("idr_wells_clear")
    assert len(desk.labels) == 96


def test_a_click_on_a_title_sorts_one_way_the_other_and_no_more(desk: Desk) -> None:
    header = desk.table.horizontalHeader()
    assert header is not None
    column = desk.table.wells.names.index("Cell Count")

    header.sectionClicked.emit(column)
    up = [float(one) for one in desk.column("Cell Count")]
    header.sectionClicked.emit(column)
    down = [float(one) for one in desk.column("Cell Count")]
    header.sectionClicked.emit(column)

    assert up == sorted(up)
    assert down == sorted(down, reverse=True)
    assert desk.labels[:3] == ["A1", "A2", "A3"]


def test_hits_come_first_on_demand(desk: Desk) -> None:
    desk.person.find("idr_wells_hits_first", QCheckBox).click()

    assert desk.labels[:3] == HITS


def test_columns_can_be_left_out(desk: Desk) -> None:
    menu = desk.dock.panel.columns.menu()
    assert menu is not None
    actions = {one.data(): one for one in menu.actions()}

    actions["Gene Symbol"].trigger()

    assert "Gene Symbol" not in desk.table.wells.names
    assert "gene" in desk.table.wells.names


def test_selected_rows_are_marked_on_the_plate(desk: Desk) -> None:
    desk.click_row("B2")
    desk.click_row("D7", ctrl=True)

    assert sorted(desk.marked) == ["B2", "D7"]


def test_a_well_that_is_selected_on_the_plate_is_the_row_that_is_selected(
    desk: Desk,
) -> None:
    plate = desk.dock.plate
    assert plate is not None
    well = next(one for one in plate.plate_map if one.label == "D7")

    desk.scene.select_well(plate.key, well.well_id)
    desk.scene.select_well(None, None)  # the browser tells of something else

    assert desk.selected == desk.marked == ["D7"]


def test_what_is_selected_stays_so_when_rows_are_sorted(desk: Desk) -> None:
    desk.click_row("B2")

    desk.table.sortWanted.emit("Cell Count", True)

    assert desk.selected == desk.marked == ["B2"]


def test_the_current_column_stays_current_and_in_sight_when_rows_are_sorted(
    desk: Desk,
) -> None:
    desk.dock.resize(500, 260)
    desk.click_row("B2")
    column = desk.table.wells.names.index("Cell Count")
    for _ in range(column):
        QTest.keyClick(desk.table, Qt.Key.Key_Right)

    desk.table.sortWanted.emit("Cell Count", True)

    current = desk.table.currentIndex()
    assert current.column() == column
    assert desk.labels[current.row()] == "B2"
    viewport = desk.table.viewport()
    assert viewport is not None
    assert viewport.rect().contains(desk.table.visualRect(current).center())


def test_enter_opens_the_image_of_the_current_well(desk: Desk) -> None:
    desk.click_row("C4")

    desk.person.press("idr_wells", Qt.Key.Key_Return)

    desk.browser.until(lambda: "C4" in desk.browser.text("idr_image_title"))
    desk.browser.until_idle()
    assert any("C4" in layer.name for layer in desk.viewer.layers)


def test_rows_are_copied_with_titles(desk: Desk) -> None:
    desk.click_row("C4")
    desk.click_row("C5", ctrl=True)

    QTest.keyClick(desk.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)

    clipboard = QApplication.clipboard()
    assert clipboard is not None
    lines = [line.split("\t") for line in clipboard.text().splitlines()]
    assert [line[:2] for line in lines] == [
        ["well", "gene"],
        ["C4", "CDC20"],
        ["C5", "CDC20"],
    ]


def test_the_menu_of_a_cell_colours_and_filters_by_it(desk: Desk) -> None:
    column = desk.table.wells.names.index("Control Type")
    menu = desk.table.menu_at(desk.table.wells.index(0, column))
    assert menu is not None
    actions = {one.objectName(): one for one in menu.actions()}

    actions["idr_wells_color_by"].trigger()
    actions["idr_wells_only_this"].trigger()

    box = desk.person.find("idr_color_by", QComboBox)
    assert box.currentText() == "Control Type"
    assert set(desk.column("Control Type")) == {"negative control"}
    assert desk.table.menu_at(QModelIndex()) is None


def test_failed_wells_are_hidden_on_demand(desk: Desk) -> None:
    desk.person.find("idr_wells_hide_failed", QCheckBox).click()

    assert len(desk.labels) == 94
    assert "C11" not in desk.labels
    colors = desk.colors()
    assert colors is not None
    wells = colors.reshape(8, 20, 12, 20, 4)[:, 10, :, 10]
    assert wells[2, 10].tolist() == [0, 0, 0, 255]
    assert wells[0, 0, 3] == 0


def test_own_columns_behave_like_any_other(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("Well,Score\na01,1.5\nA-2,2.5\nZ99,7\n")

    desk.dock.load_own(str(file))
    desk.until_known()

    assert desk.column("Score")[:3] == ["1.5", "2.5", ""]
    assert "mine.csv: Z99" in desk.person.text("idr_wells_notes")
    desk.person.choose("idr_color_by", "Score")
    assert desk.legend[-1] == "missing (94)"
    wells = desk.viewer.layers[f"{PLATE}, field 1 wells"]
    assert wells.features["Score"].tolist()[:2] == [1.5, 2.5]


def test_arrow_keys_walk_the_wells_while_a_layer_of_the_plate_is_active(
    desk: Desk,
) -> None:
    mosaic = desk.viewer.layers[f"{PLATE}, field 1"]
    desk.viewer.layers.selection.active = None
    desk.viewer.layers.selection.active = mosaic
    keys = {str(key): call for key, call in mosaic.keymap.items()}

    for key in ("Right", "Right", "Down"):
        keys[key](mosaic)

    assert desk.marked == desk.selected == ["B2"]
    assert "B2" in str(desk.viewer.status)
    # napari asks for the name of each function that is bound
    assert all(call.__name__ for call in keys.values())
    other = desk.viewer.add_image(np.zeros((3, 4, 4)))
    assert "Right" not in {str(key) for key in other.keymap}


def many(count: int) -> IndexedTable:
    wells = tuple(
        TabledWell(label=f"W{n}", row=n // 200, column=n % 200, well_id=n, image_id=n)
        for n in range(count)
    )
    columns = tuple(
        WellColumn(name=f"c{k}", kind="number", values=tuple(range(count)))
        for k in range(20)
    )
    table = IndexedTable(
        WellsTable(plate_id=PlateId(1), wells=wells, columns=columns, grid_columns=200)
    )
    table.prepare()
    return table


def test_of_40_000_rows_only_those_in_sight_are_asked_for(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[int] = set()
    text = WellsModel.text

    def counted(model: WellsModel, row: int, column: int) -> str:
        asked.add(row)
        return text(model, row, column)

    monkeypatch.setattr(WellsModel, "text", counted)
    view = WellsTableView()
    qtbot.addWidget(view)
    indexed = many(40_000)
    names = [column.name for column in indexed.columns]

    view.wells.show(indexed, names, np.arange(40_000))
    view.fit_columns()
    view.resize(900, 400)
    view.show()
    qtbot.waitExposed(view)
    view.select_places([39_000])
    settle()

    assert view.selected_places == (39_000,)
    assert len(asked) < 300


def test_the_model_is_one_that_qt_can_use(qtmodeltester) -> None:
    model = WellsModel()
    indexed = many(30)

    model.show(indexed, ["well", "c1"], np.arange(29, -1, -1))

    assert model.index(0, 0).data() == "W29"
    qtmodeltester.check(model)


def test_many_selected_rows_are_told_of_once(qtbot: QtBot) -> None:
    view = WellsTableView()
    qtbot.addWidget(view)
    view.wells.show(many(5000), ["well"], np.arange(5000))
    told: list[tuple[int, ...]] = []
    view.wellsChosen.connect(told.append)

    view.selectAll()
    select = QItemSelectionModel.SelectionFlag
    model = view.selectionModel()
    assert model is not None
    model.setCurrentIndex(view.wells.index(7, 0), select.NoUpdate)

    assert [len(one) for one in told] == [5000]
    assert view.selected_places[-1] == 7


def test_c_compares_the_selected_rows_and_keeps_them(desk: Desk, qtbot: QtBot) -> None:
    places = [desk.table.wells.place(row) for row in (0, 3)]
    desk.table.select_places(places, tell=True)
    before = desk.selected

    with qtbot.waitSignal(desk.scene.compareWanted):
        QTest.keyClick(desk.table, Qt.Key.Key_C)

    assert len(before) == 2
    assert desk.selected == before
