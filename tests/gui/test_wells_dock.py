"""The Wells dock beside a viewer that draws nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.settings import get_settings
from qtpy.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QListWidget,
    QScrollArea,
    QWidget,
)

from napari_idr._qt.layers.scene import scene_of
from napari_idr._qt.panels.facets import FacetsPanel
from napari_idr._qt.panels.focus import FocusMark
from napari_idr._qt.panels.genes import GenesPanel
from napari_idr._qt.wells.dock import WellsDock, open_wells
from napari_idr._qt.wells.model import WellsModel
from napari_idr._qt.wells.table import WellsTableView
from napari_idr.model import PlateId, TabledWell, WellColumn, WellsTable
from napari_idr.services.wells.look import HAS_PHENOTYPE
from napari_idr.services.wells.table import IndexedTable
from support.guards import settle
from support.person import LEFT, Person

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_idr import demo
    from support.fixtures import MakePerson

MITOSIS, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
OTHER = "DM0002_02 two runs/[µ]"
KINOME, FULL = "idr0902-demo-kinome/screenA", "KN384-02"
LEAST_PX = 200

HITS = ["C4", "C5", "F9"]


class Desk:
    """A person with a plate in the viewer and its wells in the dock."""

    def __init__(self, browser: Person, qtbot: QtBot) -> None:
        self.browser = browser
        self.viewer = browser.viewer
        self.scene = scene_of(self.viewer)
        self.dock = WellsDock(self.viewer)
        self.dock.resize(1000, 260)
        self.dock.show()
        self.table = self.dock.panel.table
        self.person = Person(self.dock, self.viewer, qtbot)
        self.until_known()

    def until_known(self) -> None:
        """Wait until nothing is asked for any more, and all layers are there."""
        self.browser.until_idle()
        self.person.until(lambda: self.dock.jobs.count == 0)
        settle()
        self.person.until(lambda: self.dock.jobs.count == 0)

    def column(self, name: str) -> list[str]:
        model = self.table.wells
        place = model.names.index(name)
        return [model.text(row, place) for row in range(model.rowCount())]

    @property
    def labels(self) -> list[str]:
        return self.column("well")

    @property
    def selected(self) -> list[str]:
        wells = self.table.wells
        rows = [wells.row(place) for place in self.table.selected_places]
        return [wells.text(row, 0) for row in rows if row is not None]

    @property
    def marked(self) -> list[str]:
        """The labels of the wells that are selected on the plate."""
        plate = self.dock.plate
        assert plate is not None
        labels = {one.well_id: one.label for one in plate.plate_map}
        return [labels[one] for one in self.scene.plates.selected_on(plate.key)]

    @property
    def legend(self) -> list[str]:
        box = self.person.find("idr_legend", QListWidget)
        return [box.item(row).text() for row in range(box.count())]

    def colors(self) -> np.ndarray | None:
        plate = self.dock.plate
        assert plate is not None
        layer = self.scene.colors.layer(plate.key)
        return None if layer is None else np.asarray(layer.data)

    def click_row(self, label: str, *, ctrl: bool = False) -> None:
        index = self.table.wells.index(self.labels.index(label), 0)
        self.table.scrollTo(index)
        keys = Qt.KeyboardModifier
        viewport = self.table.viewport()
        assert viewport is not None
        QTest.mouseClick(
            viewport,
            LEFT,
            keys.ControlModifier if ctrl else keys.NoModifier,
            self.table.visualRect(index).center(),
        )

    def filter(self, text: str) -> None:
        self.person.type("idr_wells_filter", text)
        self.person.press("idr_wells_filter", Qt.Key.Key_Return)


@pytest.fixture
def desk(
    classic: demo.Archive, make_person: MakePerson, qtbot: QtBot
) -> Iterator[Desk]:
    person = make_person(classic.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    desk = Desk(person, qtbot)
    yield desk
    close(desk.dock)


def close(dock: WellsDock) -> None:
    dock.close()
    dock.deleteLater()
    settle()


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


def test_what_the_controls_say_holds_for_the_plate_that_one_comes_back_to(
    desk: Desk,
) -> None:
    desk.person.find("idr_wells_hits_first", QCheckBox).click()
    desk.person.choose("idr_color_by", "Cell Count")
    desk.person.choose("idr_color_style", "as frames")
    first = desk.dock.plate
    assert first is not None

    desk.browser.select(MITOSIS, OTHER)
    desk.browser.show_plate()
    desk.until_known()
    assert desk.person.text("idr_wells_title").startswith(OTHER)
    assert desk.column("hit")[0] == "yes"
    desk.person.choose("idr_color_by", "Cell Count")
    desk.person.choose("idr_color_style", "as a fill")
    desk.dock.follow(first.key)
    desk.until_known()

    assert desk.labels[:3] == HITS
    style = desk.person.find("idr_color_style", QComboBox)
    assert style.currentText() == "as frames"


def test_rows_of_another_plate_go_before_those_of_the_next_come(desk: Desk) -> None:
    first = desk.dock.plate
    assert first is not None
    desk.browser.select(MITOSIS, OTHER)
    desk.browser.show_plate()
    desk.until_known()
    assert desk.labels

    desk.dock.follow(first.key)

    assert desk.table.wells.rowCount() == 0
    assert desk.person.text("idr_wells_title") == first.name
    assert desk.person.text("idr_wells_count") == ""
    desk.until_known()
    assert set(HITS) <= set(desk.labels)


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


def test_five_colourings_of_a_plate_of_384_wells_ask_for_its_table_once(
    classic: demo.Archive, make_person: MakePerson, qtbot: QtBot
) -> None:
    person = make_person(classic.url)
    person.search("CDC20")
    person.open(KINOME)
    classic.requests.clear()
    person.select(KINOME, FULL)
    person.show_plate()
    desk = Desk(person, qtbot)
    names = range(1, desk.dock.panel.color_by.count())[:5]
    before = len(classic.requests)

    for place in names:
        desk.dock.panel.color_by.setCurrentIndex(place)
        assert desk.colors() is not None

    assert len(names) == 5
    assert len(classic.requests.matching("/webgateway/table/")) == 1
    assert len(classic.requests) == before
    close(desk.dock)


def test_numbers_are_coloured_along_a_range(desk: Desk) -> None:
    desk.person.choose("idr_color_by", "Cell Count")

    colors = desk.colors()
    assert colors is not None
    wells = colors.reshape(8, 20, 12, 20, 4)[:, 10, :, 10]
    assert len(np.unique(wells.reshape(-1, 4), axis=0)) > 10
    assert desk.legend[0].startswith("59.5 to 102.5")
    headings = desk.viewer.layers[f"{PLATE}, field 1 headings"]
    assert any("Cell Count" in one for one in headings.features["label"])
    assert desk.person.text("idr_row_profile_label").startswith("Median of Cell Count")


def test_other_colours_move_no_layer_and_have_none_measured(desk: Desk) -> None:
    desk.person.choose("idr_color_by", "Cell Count")
    headings = desk.viewer.layers[f"{PLATE}, field 1 headings"]
    colors = desk.viewer.layers[f"{PLATE}, field 1 colours"]
    before = desk.colors().copy()  # type: ignore[union-attr]
    told: list[str] = []
    for layer in (headings, colors):
        for event in (layer.events.extent, layer.events.scale, layer.events.data):
            event.connect(lambda event: told.append(event.type))

    desk.person.choose("idr_color_by", "Gene Symbol")

    assert told == []
    assert any("Gene Symbol" in one for one in headings.features["label"])
    assert not np.array_equal(desk.colors(), before)


def test_a_click_on_the_legend_selects_the_wells_that_have_the_colour(
    desk: Desk,
) -> None:
    desk.person.choose("idr_color_by", HAS_PHENOTYPE)
    box = desk.person.find("idr_legend", QListWidget)
    [yes] = [row for row, text in enumerate(desk.legend) if text.startswith("yes")]

    item = box.item(yes)
    QTest.mouseClick(box.viewport(), LEFT, pos=box.visualItemRect(item).center())

    assert item.text() == f"yes ({len(desk.selected)})"
    assert set(HITS) <= set(desk.selected)
    assert sorted(desk.selected) == sorted(desk.marked)


def test_frames_are_fills_where_wells_are_small(desk: Desk) -> None:
    camera = desk.viewer.scene.camera
    camera.zoom = 1.0
    desk.person.choose("idr_color_by", "Cell Count")
    desk.person.choose("idr_color_style", "as frames")
    middle = (slice(10, None, 20), slice(10, None, 20), 3)

    def is_filled() -> bool:
        colors = desk.colors()
        return colors is not None and bool(colors[middle].all())

    assert not is_filled()
    camera.zoom = 0.1
    desk.person.until(is_filled)
    camera.zoom = 1.0
    desk.person.until(lambda: not is_filled())


def test_no_colours_are_no_layer(desk: Desk) -> None:
    desk.person.choose("idr_color_by", "Cell Count")
    layers = len(desk.viewer.layers)

    desk.person.choose("idr_color_by", "none")

    assert desk.colors() is None
    assert len(desk.viewer.layers) == layers - 1
    assert desk.legend == []


def test_colours_that_a_person_removes_stay_away(desk: Desk) -> None:
    desk.person.choose("idr_color_by", "Cell Count")
    name = f"{PLATE}, field 1 colours"

    desk.viewer.layers.remove(desk.viewer.layers[name])
    settle()

    assert desk.dock.look.color_by is None
    assert desk.person.find("idr_color_by", QComboBox).currentText() == "none"


def test_colours_go_with_their_plate(desk: Desk) -> None:
    desk.person.choose("idr_color_by", "Cell Count")

    desk.viewer.layers.remove(desk.viewer.layers[f"{PLATE}, field 1"])
    settle()

    assert len(desk.viewer.layers) == 0
    assert not desk.dock.panel.isEnabled()


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


def test_own_columns_and_colours_follow_to_another_field(
    desk: Desk, tmp_path: Path
) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("Well,Score\nA1,1.5\nA2,2.5\n")
    desk.dock.load_own(str(file))
    desk.until_known()
    desk.person.choose("idr_color_by", "Score")

    desk.browser.choose("idr_field", "2 / 4")
    desk.until_known()

    assert desk.dock.plate is not None
    assert desk.dock.plate.field == 1
    assert desk.column("Score")[:2] == ["1.5", "2.5"]
    assert f"{PLATE}, field 2 colours" in [one.name for one in desk.viewer.layers]


def test_a_file_that_is_no_table_is_told_of(desk: Desk, tmp_path: Path) -> None:
    desk.dock.load_own(str(tmp_path / "none.csv"))
    desk.until_known()

    assert "none.csv can't be read" in desk.person.text("idr_wells_notes")


def test_any_file_of_own_columns_is_joined_or_told_of(
    desk: Desk, tmp_path: Path
) -> None:
    odd = {
        "empty.csv": (b"", "is empty"),
        "nowell.csv": (b"x,y\n1,2\n", "none of these columns is called"),
        "again.csv": (b"Well,a\nA1,1\na01,2\n", "several rows name this well"),
        "binary.csv": (b"\x89PNG\r\n\x1a\n\0\0\0", "is no text"),
        "bad.parquet": (b"PAR1", "arquet"),
        "quotes.csv": (b'Well,a\n"A1,1\n', "is no table"),
    }
    for name, (body, why) in odd.items():
        (tmp_path / name).write_bytes(body)
        desk.dock.load_own(str(tmp_path / name))
        desk.until_known()
        notes = desk.person.text("idr_wells_notes").splitlines()
        assert any(name in one and why in one for one in notes), notes

    good = {
        "title.csv": b"Well,title\n",
        "twice.csv": b"Well,Well,a,a\nA1,A1,1,2\n",
        "wide.csv": b"Well," + b"x" * 10_000 + b"\nA1,1\n",
        "utf16.csv": "Well\tgröße\nA1\t5\n".encode("utf-16"),
    }
    for name, body in good.items():
        (tmp_path / name).write_bytes(body)
        desk.dock.load_own(str(tmp_path / name))
        desk.until_known()
    assert desk.column("größe")[0] == "5"
    assert desk.column("x" * 10_000)[0] == "1"


def test_what_is_shown_is_exported(desk: Desk, tmp_path: Path) -> None:
    desk.filter("CDC20")

    desk.dock.export(str(tmp_path / "wells.csv"))
    desk.until_known()

    lines = (tmp_path / "wells.csv").read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("well,well_id,image_id,gene")
    assert [line.split(",")[0] for line in lines[1:]] == desk.labels
    assert "wells.csv" in desk.person.text("idr_wells_notes")


def test_the_table_of_features_has_what_was_written_about_the_wells(
    desk: Desk,
) -> None:
    wells = desk.viewer.layers[f"{PLATE}, field 1 wells"]

    assert {"Cell Count", "Phenotype"} <= set(wells.features)


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


def test_the_dock_is_used_by_keyboard_alone(desk: Desk) -> None:
    desk.person.find("idr_wells_filter").setFocus()
    seen = []
    widget = desk.person.find("idr_wells_filter")
    for _ in range(20):
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.objectName():
            seen.append(widget.objectName())
        following = widget.nextInFocusChain()
        assert following is not None
        widget = following

    wanted = [
        *("idr_wells_filter", "idr_wells_filter_column", "idr_wells_column_filter"),
        *("idr_wells_clear", "idr_wells_columns", "idr_wells", "idr_color_by"),
        *("idr_color_style", "idr_legend"),
    ]
    assert [name for name in dict.fromkeys(seen) if name in wanted] == wanted


def test_of_many_notes_a_few_are_shown_and_all_can_be_read(desk: Desk) -> None:
    notes = [f"cells.csv: Z{n}: <no> such well." for n in range(9)]

    desk.dock.panel.set_notes(notes, can_retry=False)

    shown = desk.person.text("idr_wells_notes").splitlines()
    assert shown == [*notes[:3], "… and 6 more"]
    tip = desk.person.find("idr_wells_notes").toolTip()
    assert "Z8: &lt;no&gt;" in tip


# The table alone


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


@pytest.mark.parametrize("name", ["idr_wells_filter", "idr_wells", "idr_color_by"])
def test_what_has_the_keyboard_is_marked_in_the_dock_as_well(
    desk: Desk, name: str
) -> None:
    mark = desk.dock.findChild(FocusMark)
    assert mark is not None
    widget = desk.person.find(name)
    desk.dock.activateWindow()

    desk.person.until(lambda: focused(widget))

    assert mark.widget() is widget
    assert mark.isVisible()


def focused(widget: QWidget) -> bool:
    """Whether a widget has the keyboard; it is given it once its window may have it."""
    widget.setFocus()
    return widget.hasFocus()


def test_c_compares_the_selected_rows_and_keeps_them(desk: Desk, qtbot: QtBot) -> None:
    places = [desk.table.wells.place(row) for row in (0, 3)]
    desk.table.select_places(places, tell=True)
    before = desk.selected

    with qtbot.waitSignal(desk.scene.compareWanted):
        QTest.keyClick(desk.table, Qt.Key.Key_C)

    assert len(before) == 2
    assert desk.selected == before


@pytest.mark.parametrize(("points", "rows"), [(9, 2), (16, 1)])
def test_the_dock_can_be_low_and_shows_rows_then(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, points: int, rows: int
) -> None:
    monkeypatch.setattr(get_settings().appearance, "font_size", points)
    font = desk.dock.font()
    font.setPointSize(points)
    desk.dock.setFont(font)
    for tab in (FacetsPanel(), GenesPanel()):
        desk.dock.tabs.addTab(tab, "other")
    desk.person.choose("idr_color_by", "Cell Count")
    desk.dock.panel.set_notes(["one", "two", "three"], can_retry=True)
    desk.dock.panel.set_profiles_shown(shown=True)
    desk.dock.resize(940, LEAST_PX)
    QTest.qWait(50)
    table = desk.table
    viewport = table.viewport()
    assert viewport is not None
    assert desk.dock.minimumSizeHint().height() <= LEAST_PX
    assert desk.dock.height() == LEAST_PX
    assert viewport.height() >= rows * table.rowHeight(0)
    top = viewport.mapTo(desk.dock, QPoint(0, 0)).y()
    assert top + rows * table.rowHeight(0) <= LEAST_PX


def test_four_rows_have_room_and_nothing_scrolls_around_the_legend(
    desk: Desk,
) -> None:
    viewport = desk.table.viewport()
    assert viewport is not None
    desk.dock.resize(880, 260)
    QTest.qWait(50)

    assert viewport.height() >= 4 * desk.table.rowHeight(0)
    around = desk.dock.panel.legend.list.parentWidget()
    while around is not None and around is not desk.dock.panel:
        assert not isinstance(around, QScrollArea)
        around = around.parentWidget()


def test_large_letters_make_the_panel_no_wider_than_beside_a_browser(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(get_settings().appearance, "font_size", 16)
    font = desk.dock.font()
    font.setPointSize(16)
    desk.dock.setFont(font)
    QTest.qWait(50)

    assert desk.dock.panel.minimumSizeHint().width() <= 880


def test_the_dock_takes_no_height_from_a_browser_beside_it(person: Person) -> None:
    viewer = person.viewer
    dock = open_wells(viewer)
    corner = viewer.window._qt_window.corner(Qt.Corner.BottomRightCorner)
    dock.close()

    assert corner == Qt.DockWidgetArea.RightDockWidgetArea
