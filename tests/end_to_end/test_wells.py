"""The table of a plate's wells, and the plate coloured by it, in a real napari."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtWidgets import QComboBox, QListWidget

from napari_idr._qt.wells.dock import WellsDock
from support.person import Person

if TYPE_CHECKING:
    from napari_idr import demo
    from support.window import Window

MITOSIS, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
KINOME, FULL = "idr0902-demo-kinome/screenA", "KN384-02"
MOSAIC = f"{PLATE}, field 1"


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


def test_a_table_of_all_wells_opens_beside_the_plate(
    window: Window, archive: demo.Archive
) -> None:
    wells = open_table(window, archive.url)

    assert wells.labels[:3] == ["A1", "A2", "A3"]
    assert "Cell Count" in wells.table.wells.names
    assert wells.column("hit").count("yes") > 0
