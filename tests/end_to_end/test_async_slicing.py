"""napari may be set to slice layers in a thread; ours change meanwhile all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.settings import get_settings

from napari_idr._qt.layers.headings import FOLLOW_MS
from napari_idr._qt.layers.scene import scene_of
from support.guards import settle

if TYPE_CHECKING:
    from napari_idr import demo
    from support.window import Window

MITOSIS, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
MOSAIC = f"{PLATE}, field 1"


@pytest.fixture(autouse=True)
def in_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(get_settings().experimental, "async_", True)


def test_headings_and_marks_become_fewer(window: Window, classic: demo.Archive) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    camera, plates = window.viewer.scene.camera, scene_of(window.viewer).plates
    (shown,) = plates.all_shown
    wells = tuple(well.well_id for well in shown.plate_map)
    headings = window.layer(f"{MOSAIC} headings")

    counts = []
    for zoom in (camera.zoom, camera.zoom * 8, camera.zoom / 4):
        camera.zoom = zoom
        window.qtbot.wait(2 * FOLLOW_MS)
        counts.append(sum(map(bool, headings.features["label"])))
        for chosen in (wells, wells[:1], ()):
            plates.choose(shown.key, chosen)
            window.viewer.theme = "light"
            settle()
            window.viewer.theme = "dark"
            window.paint()

    assert counts[0] > counts[1], "headings didn't become fewer"


def test_a_viewer_closes_with_layers_of_several_units(
    window: Window, idr: demo.Archive
) -> None:
    person = window.browse(idr.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    window.double_click(window.well_point(window.layer(MOSAIC), "C4"))
    person.until(lambda: person.is_idle and len(window.names) > 4)
    window.viewer.add_image(np.zeros((8, 8)), name="mine")
    settle()

    window.close()
