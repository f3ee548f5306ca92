"""A plate in a viewer that draws nothing, and its wells in the dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QListWidget,
)

from napari_idr._qt.layers.scene import scene_of
from napari_idr._qt.wells.dock import WellsDock
from support.guards import settle
from support.person import LEFT, Person

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


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


def close(dock: WellsDock) -> None:
    dock.close()
    dock.deleteLater()
    settle()
