"""Somebody draws on a plate with napari's tools: nothing is opened under their hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from support.guards import settle

if TYPE_CHECKING:
    from napari_idr import demo
    from support.window import Window

SCREEN, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"


@pytest.fixture
def plate(window: Window, classic: demo.Archive) -> Window:
    person = window.browse(classic.url)
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    classic.requests.clear()
    return window


@pytest.mark.parametrize("kind", ["points", "shapes"])
def test_drawing_over_a_well_opens_nothing(
    plate: Window, classic: demo.Archive, kind: str
) -> None:
    mosaic = plate.layer(f"{PLATE}, field 1")
    viewer = plate.viewer
    if kind == "points":
        viewer.add_points(np.zeros((0, 2)), name="mine").mode = "add"
    else:
        viewer.add_shapes(name="mine").mode = "add_polygon"
    names = list(plate.names)
    camera = viewer.scene.camera.zoom, tuple(viewer.scene.camera.center)

    plate.double_click(plate.well_point(mosaic, "C4"))
    QTest.qWait(QApplication.doubleClickInterval() + 200)
    settle()

    assert plate.names == names
    assert viewer.layers.selection.active.name == "mine"
    assert (viewer.scene.camera.zoom, tuple(viewer.scene.camera.center)) == camera
    assert [r.path for r in classic.requests if "imgData" in r.path] == []


def test_a_layer_above_the_plate_does_not_hide_its_wells_from_the_mouse(
    plate: Window,
) -> None:
    mosaic = plate.layer(f"{PLATE}, field 1")
    box = np.array([[0.0, -5000.0], [5000.0, 5000.0]])
    plate.viewer.add_shapes([box], opacity=0.1, name="mine")
    before = len(plate.names)

    plate.double_click(plate.well_point(mosaic, "C4"))

    plate.qtbot.waitUntil(lambda: len(plate.names) == before + 2, timeout=20_000)


def test_a_click_on_the_plate_s_line_goes_back_from_a_well_to_the_plate(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    window.double_click(window.well_point(window.layer(f"{PLATE}, field 1"), "C4"))
    person.until(lambda: "C4" in person.text("idr_image_title"))
    person.until_idle()

    person.select(SCREEN, PLATE)

    assert person.find("idr_image").isHidden()
    assert not person.annotations
