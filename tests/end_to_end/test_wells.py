"""The table of a plate's wells, and the plate coloured by it, in a real napari."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.settings import get_settings
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QListWidget

from napari_idr._qt.layers.scene import scene_of
from napari_idr._qt.wells.dock import WellsDock, open_wells
from napari_idr.services.wells.look import HAS_PHENOTYPE
from support.guards import settle
from support.person import Person

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr import demo
    from support.window import Window

MITOSIS, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
KINOME, FULL = "idr0902-demo-kinome/screenA", "KN384-02"
MOSAIC = f"{PLATE}, field 1"
LARGE_PT = 16


@pytest.fixture(params=["classic", "idr"])
def archive(request: pytest.FixtureRequest) -> demo.Archive:
    found: demo.Archive = request.getfixturevalue(request.param)
    return found


class Wells:
    """A person at the Wells dock."""

    def __init__(self, window: Window, person: Person) -> None:
        self.window, self.browser = window, person
        dock = window.native.findChild(WellsDock)
        assert dock is not None
        self.dock = dock
        self.table = dock.panel.table
        self.person = Person(dock, window.viewer, person._qtbot)

    @property
    def labels(self) -> list[str]:
        model = self.table.wells
        return [model.index(row, 0).data() for row in range(model.rowCount())]

    def column(self, name: str) -> list[str]:
        model = self.table.wells
        place = model.names.index(name)
        return [model.index(row, place).data() for row in range(model.rowCount())]

    def until_known(self) -> None:
        """Wait until all that is known of the wells is in the table."""
        self.person.until(lambda: self.dock.jobs.count == 0 and self.dock.isEnabled())
        self.person.until(lambda: self.table.wells.rowCount() > 0)

    def color_by(self, name: str) -> None:
        box = self.person.find("idr_color_by", QComboBox)
        self.person.choose("idr_color_by", name)
        assert box.currentText() == name

    def press(self, *keys: Qt.Key) -> None:
        """Press keys where the canvas has the focus."""
        self.window.canvas.setFocus()
        for key in keys:
            QTest.keyClick(self.window.canvas, key)

    @property
    def marked(self) -> list[str]:
        """The wells that are selected on the plate."""
        plate = self.dock.plate
        assert plate is not None
        labels = {one.well_id: one.label for one in plate.plate_map}
        scene = self.dock._scene
        return [labels[one] for one in scene.plates.selected_on(plate.key)]

    @property
    def legend(self) -> list[str]:
        box = self.person.find("idr_legend", QListWidget)
        return [box.item(row).text() for row in range(box.count())]


def open_table(
    window: Window, url: str, screen: str = MITOSIS, plate: str = PLATE
) -> Wells:
    """Show a plate with hits of a gene, and the table of its wells."""
    person = window.browse(url)
    person.find_plate("CDC20", screen, plate)
    person.show_plate()
    person.click("idr_wells_table_button")
    wells = Wells(window, person)
    wells.until_known()
    return wells


def test_the_plate_is_coloured_by_cell_count_and_by_phenotype(
    window: Window, archive: demo.Archive
) -> None:
    wells = open_table(window, archive.url)
    table, thumbnails = "/webgateway/table/", "/get_thumbnails/"
    before = len(archive.requests)

    wells.color_by("Cell Count")
    by_count = wells.legend
    wells.color_by(HAS_PHENOTYPE)
    by_phenotype = wells.legend

    assert by_count[0].startswith("59.5 to 102.5")
    assert by_phenotype == ["yes (13)", "no (83)"]
    assert len(archive.requests) == before
    assert len(archive.requests.matching(table)) == 1
    assert len(archive.requests.matching(thumbnails)) == 2
    names = window.names
    assert names.index(f"{MOSAIC} colours") == names.index(MOSAIC) + 1
    colors = window.layer(f"{MOSAIC} colours")
    mosaic = window.layer(MOSAIC)
    # Both begin at the outer edge of their first px. The last dots are the gap.
    edges = [
        one.extent.world + np.array([[-0.5], [0.5]]) * one.scale
        for one in (colors, mosaic)
    ]
    assert np.allclose(edges[0][0], edges[1][0], atol=0.01)
    assert np.allclose(edges[0][1], edges[1][1], atol=5)


def test_the_hits_are_a_sorted_list(window: Window, classic: demo.Archive) -> None:
    wells = open_table(window, classic.url)

    wells.person.type("idr_wells_filter", "CDC20")
    wells.person.press("idr_wells_filter", Qt.Key.Key_Return)
    wells.person.choose("idr_wells_filter_column", "hit")
    wells.person.type("idr_wells_column_filter", "yes")
    wells.person.press("idr_wells_column_filter", Qt.Key.Key_Return)
    wells.table.sortWanted.emit("Cell Count", False)

    counts = [float(one) for one in wells.column("Cell Count")]
    assert sorted(wells.labels) == ["C4", "C5", "F9"]
    assert counts == sorted(counts)


def test_own_columns_colour_the_plate(
    window: Window, idr: demo.Archive, tmp_path: Path
) -> None:
    wells = open_table(window, idr.url)
    file = tmp_path / "scores.csv"
    file.write_text("well;score\nA1;0,5\nB02;1,5\nnone;9\n")

    wells.dock.load_own(str(file))
    wells.until_known()
    wells.color_by("score")

    assert wells.legend == ["0.5 to 1.5", "missing (94)"]
    assert "scores.csv" in wells.person.text("idr_wells_notes")


def test_a_control_is_found_and_opened_by_keyboard(
    window: Window, archive: demo.Archive
) -> None:
    wells = open_table(window, archive.url)

    wells.person.type("idr_wells_filter", "positive")
    wells.person.press("idr_wells_filter", Qt.Key.Key_Return)
    QTest.keyClick(wells.table, Qt.Key.Key_Down)
    found = wells.marked
    QTest.keyClick(wells.table, Qt.Key.Key_Return)

    assert len(found) == 1
    title = f"{found[0]}, field 1"
    wells.browser.until(lambda: title in wells.browser.text("idr_image_title"))
    wells.browser.until_idle()
    assert set(wells.column("control")) == {"positive control"}


def test_arrow_keys_walk_the_wells_of_a_plate_and_open_one(
    window: Window, classic: demo.Archive
) -> None:
    wells = open_table(window, classic.url)
    window.viewer.layers.selection.active = window.layer(MOSAIC)
    key = Qt.Key

    wells.press(key.Key_Right, key.Key_Right, key.Key_Down, key.Key_Down)

    assert wells.marked == ["C2"]
    wells.press(key.Key_Return)
    wells.browser.until(lambda: "C2, field 1" in wells.browser.text("idr_image_title"))
    wells.browser.until_idle()


def test_the_card_tells_of_the_well_where_a_walk_rests(
    window: Window, classic: demo.Archive
) -> None:
    wells = open_table(window, classic.url)
    window.viewer.layers.selection.active = window.layer(MOSAIC)
    before = len(classic.requests)
    key = Qt.Key

    wells.press(key.Key_Right, key.Key_Right, key.Key_Down, key.Key_Down)
    assert len(classic.requests) == before  # not for each step
    wells.browser.until(
        lambda: (
            wells.browser.find("idr_image").isVisible()
            and "C2, field 1" in wells.browser.text("idr_image_title")
        )
    )
    wells.browser.until_idle()

    assert wells.marked == ["C2"]
    wells.press(key.Key_Right)  # on from there
    assert wells.marked == ["C3"]
    wells.browser.until(lambda: "C3, field 1" in wells.browser.text("idr_image_title"))
    wells.browser.until_idle()


def test_who_goes_to_a_well_walks_on_from_it(
    window: Window, classic: demo.Archive
) -> None:
    wells = open_table(window, classic.url)
    wells.table.select_places([0], tell=True)
    cell = wells.table.wells.index(wells.labels.index("C4"), 0)
    menu = wells.table.menu_at(cell)
    assert menu is not None
    [go_to] = [a for a in menu.actions() if a.objectName() == "idr_wells_go_to"]

    go_to.trigger()

    assert wells.marked == ["C4"]
    assert window.native.focusWidget() is window.canvas
    QTest.keyClick(window.canvas, Qt.Key.Key_Right)
    assert wells.marked == ["C5"]


def test_arrow_keys_move_the_sliders_while_another_layer_is_active(
    window: Window, classic: demo.Archive
) -> None:
    wells = open_table(window, classic.url)
    window.viewer.add_image(np.zeros((5, 8, 8)), name="stack")
    window.viewer.dims.set_current_step(0, 2)

    wells.press(Qt.Key.Key_Right)

    assert window.viewer.dims.current_step[0] == 3
    assert wells.marked == []


def test_the_dock_is_one_and_comes_back_as_it_was(
    window: Window, classic: demo.Archive
) -> None:
    wells = open_table(window, classic.url)
    wells.color_by("Cell Count")
    holder = wells.dock.parent()

    holder.close()  # type: ignore[union-attr]
    settle()
    wells.browser.click("idr_wells_table_button")
    settle()

    [dock] = window.native.findChildren(WellsDock)
    assert dock is wells.dock
    assert dock.isVisible()
    assert wells.legend[0].startswith("59.5 to 102.5")


def test_the_dock_waits_for_a_plate_and_follows_it(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)

    open_wells(window.viewer)
    wells = Wells(window, person)

    assert wells.person.text("idr_wells_title").startswith("Show a plate")
    assert not wells.dock.panel.isEnabled()
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    wells.until_known()
    assert len(wells.labels) == 96


def test_the_table_can_be_wished_for_while_the_plate_is_on_its_way(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    plates = scene_of(window.viewer).plates
    seen: list[int] = []

    def press_once(_: object) -> None:
        if not seen:
            seen.append(len(window.viewer.layers))
            person.click("idr_wells_table_button")

    plates.changed.connect(press_once)
    person.click("idr_show_plate")
    person.until(lambda: bool(seen))
    wells = Wells(window, person)
    wells.until_known()

    assert seen == [0]
    person.until(lambda: len(window.viewer.layers) == 4)
    person.until_idle()
    assert window.viewer.layers.selection.active is window.layer(MOSAIC)
    assert len(wells.labels) == 96


@pytest.mark.parametrize(
    ("points", "size"), [(9, (1090, 677)), (LARGE_PT, (1280, 800))]
)
def test_two_rows_are_seen_in_a_small_window(
    window: Window,
    classic: demo.Archive,
    monkeypatch: pytest.MonkeyPatch,
    points: int,
    size: tuple[int, int],
) -> None:
    monkeypatch.setattr(get_settings().appearance, "font_size", points)
    window.viewer.window.resize(*size)

    wells = open_table(window, classic.url, KINOME, FULL)
    settle()

    viewport = wells.table.viewport()
    assert viewport is not None
    seen = viewport.visibleRegion().boundingRect()
    first, second = (
        wells.table.visualRect(wells.table.wells.index(row, 0)) for row in (0, 1)
    )
    assert seen.contains(first.topLeft())
    assert seen.contains(second.bottomLeft())
    assert wells.dock.mapTo(window.native, wells.dock.rect().bottomLeft()).y() < size[1]
