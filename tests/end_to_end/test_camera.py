"""The camera ends where the person sees what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_idr._qt.layers import headings, marks
from napari_idr._qt.layers.scene import scene_of
from support.guards import settle

if TYPE_CHECKING:
    from napari_idr import demo
    from support.window import Window

MITOSIS, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"


def test_an_image_that_is_there_at_once_is_looked_at(
    window: Window, idr: demo.Archive
) -> None:
    person = window.browse(idr.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    camera = window.viewer.scene.camera
    there = (0.0, 10.0, 20.0), 3.0

    def look_at_once(*_: object) -> None:
        camera.center, camera.zoom = there

    scene_of(window.viewer).wellActivated.connect(look_at_once)
    idr.delay_ms = 5000  # the real image doesn't come between
    window.double_click(window.well_point(window.layer(f"{PLATE}, field 1"), "C4"))
    settle()

    np.testing.assert_allclose(camera.center, there[0])
    assert camera.zoom == there[1]
    person.click("idr_cancel")
    person.until_idle()


def test_moving_about_a_plate_slices_no_layer_for_the_sake_of_its_headings(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    person.until(lambda: f"{PLATE}, field 1 headings" in window.names)
    layer = window.layer(f"{PLATE}, field 1 headings")
    camera, told = window.viewer.scene.camera, []
    fitted, at = camera.zoom, camera.center
    settle()
    before = layer.data.tolist()
    window.viewer.dims.events.range.connect(told.append)

    for zoom, move in ((3, 0), (3, 200), (0.7, 0)):
        camera.zoom = zoom * fitted
        camera.center = (0, at[1] + move, at[2] + move)
        window.qtbot.wait(2 * max(headings.FOLLOW_MS, marks.FOLLOW_MS))
        assert layer.data.tolist() != before
        before = layer.data.tolist()

    assert not told
