"""The Wells dock beside a viewer that draws nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.settings import get_settings
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QListWidget,
    QScrollArea,
    QWidget,
)

from napari_idr._qt.panels.facets import FacetsPanel
from napari_idr._qt.panels.focus import FocusMark
from napari_idr._qt.panels.genes import GenesPanel
from napari_idr._qt.wells.dock import open_wells
from napari_idr.services.wells.look import HAS_PHENOTYPE
from support.guards import rest, settle
from support.person import LEFT, Person
from support.wells_desk import (
    FULL,
    HITS,
    KINOME,
    LEAST_PX,
    MITOSIS,
    OTHER,
    PLATE,
    Desk,
    close,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_idr import demo
    from support.fixtures import MakePerson


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
    rest(desk.dock)
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
    rest(desk.dock)

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
    rest(desk.dock)

    assert desk.dock.panel.minimumSizeHint().width() <= 880


def test_the_dock_takes_no_height_from_a_browser_beside_it(person: Person) -> None:
    viewer = person.viewer
    dock = open_wells(viewer)
    corner = viewer.window._qt_window.corner(Qt.Corner.BottomRightCorner)
    dock.close()

    assert corner == Qt.DockWidgetArea.RightDockWidgetArea


def test_the_layer_of_colours_counts_among_those_that_are_closed(desk: Desk) -> None:
    desk.person.choose("idr_color_by", "Cell Count")
    names = [layer.name for layer in desk.viewer.layers]
    assert f"{PLATE}, field 1 colours" in names

    desk.browser.click("idr_close_all")
    assert desk.browser.status.startswith(f"{len(names)} layers were closed")
    settle()
    desk.browser.click("idr_bring_back")

    desk.browser.until_status(f"{len(names)} layers are there again")
    assert sorted(layer.name for layer in desk.viewer.layers) == sorted(names)


@pytest.mark.parametrize("opened", [False, True], ids=["clicked", "opened"])
def test_a_well_whose_image_cant_be_read_is_selected_all_the_same(
    desk: Desk, classic: demo.Archive, opened: bool
) -> None:
    classic.faults.answer_next(500, times=-1, match=".")
    [plate] = desk.scene.plates_shown
    cell = next(one for one in plate.plan.grid if (one.row, one.column) == (3, 4))
    signal = desk.scene.wellActivated if opened else desk.scene.wellClicked

    signal.emit(plate, cell)

    assert desk.marked == ["D5"]
    desk.until_known()
    browser = desk.browser
    browser.until(lambda: "D5" in browser.text("idr_image_title"))
    assert desk.marked == desk.selected == ["D5"]
    said = browser.text("idr_image_facts")
    assert said.endswith("Its size and channels couldn't be read.")
