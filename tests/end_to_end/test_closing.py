"""napari is closed, or the browser is, while something loads."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from qtpy.QtWidgets import QDockWidget

from napari_idr._qt.browser import Browser
from support.guards import settle

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr import demo
    from support.window import Window

MITOSIS, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"

SCRIPT = """
import threading, time
import napari
from napari_idr import demo
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QLabel
from support.guards import our_threads

with demo.serve(delay_ms=50, thumbnail_ms=20) as archive:
    import os
    os.environ["NAPARI_IDR_SERVER"] = archive.url
    viewer = napari.Viewer(show_welcome_screen=False)
    _, browser = viewer.window.add_plugin_dock_widget("napari-idr", "Browse the IDR")
    wished = []

    def look():
        status = browser.findChild(QLabel, "idr_status").text()
        if "Type a gene" in status and not wished:
            wished.append(browser.search.value.native.setText("CDC20"))
            browser.search.button.native.click()
        model = browser.results.model()
        if model.rowCount() == 3 and len(wished) == 1:
            wished.append(browser.results.expand(model.index(1, 0)))
        below = model.index(1, 0)
        if len(wished) == 2 and model.rowCount(below) == 2:
            line = model.index(1, 0, below)
            wished.append(browser.results.activated.emit(line))
        if archive.requests.matching("get_thumbnails") and MOMENT():
            timer.stop()
            viewer.close()

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(10)
    napari.run()
    deadline = time.monotonic() + 10
    while our_threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    print("left:", our_threads())
"""


@pytest.mark.parametrize("moment", ["True", "'KN384-02, field 1' in viewer.layers"])
def test_napari_closed_midway_leaves_no_thread_and_no_traceback(
    moment: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    script = tmp_path / "close.py"
    script.write_text(SCRIPT.replace("MOMENT()", moment))

    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(
                str(pytestconfig.rootpath / folder) for folder in ("src", "tests")
            ),
            "NAPARI_CONFIG": str(tmp_path / "napari.yaml"),
            "XDG_CONFIG_HOME": str(tmp_path),
            "XDG_CACHE_HOME": str(tmp_path),
        },
    )

    assert "left: []" in done.stdout
    assert "Traceback" not in done.stderr
    assert done.returncode == 0


def test_a_closed_browser_stops_and_what_is_shown_stays(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    classic.faults.delay("get_thumbnails", 300)
    person.click("idr_show_plate")
    person.until(lambda: f"{PLATE}, field 1" in window.names)
    dock = next(
        dock
        for dock in window.native.findChildren(QDockWidget)
        if dock.widget() is person.browser
    )

    dock.destroyOnClose()
    del person, dock
    settle()

    assert window.native.findChild(Browser) is None
    assert f"{PLATE}, field 1" in window.names
    classic.faults.clear()
    window.double_click(window.canvas.rect().center())
    settle()


def test_a_browser_opened_anew_finds_what_is_shown(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    mosaic = window.layer(f"{PLATE}, field 1")
    window.viewer.window.remove_dock_widget(person.browser)
    del person
    settle()

    person = window.browse(classic.url)
    window.double_click(window.well_point(mosaic, "C4"))
    person.until(lambda: "C4" in person.text("idr_image_title"))
    person.until_idle()

    assert len(window.names) > 4


def test_layers_removed_midway_stay_away(window: Window, classic: demo.Archive) -> None:
    person = window.browse(classic.url)
    window.viewer.add_points([[0, 0]], name="mine")
    person.find_plate("CDC20", MITOSIS, PLATE)
    classic.faults.delay("get_thumbnails", 300)
    person.click("idr_show_plate")
    person.until(lambda: f"{PLATE}, field 1" in window.names)

    window.viewer.layers.remove(f"{PLATE}, field 1")
    person.until_idle()
    settle()

    assert window.names == ["mine"]
    classic.faults.clear()
    person.show_plate()
    assert f"{PLATE}, field 1" in window.names


def test_any_layer_can_be_removed(window: Window, classic: demo.Archive) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", MITOSIS, PLATE)

    for field, suffix in enumerate(("", " wells", " hits", " headings"), start=1):
        person.show_plate()
        window.viewer.layers.remove(f"{PLATE}, field {field}{suffix}")
        settle()
        person.choose("idr_field", f"{field % 4 + 1} / 4")
        person.until_idle()
        window.viewer.layers.clear()
        settle()
    person.show_plate()

    assert window.names[0] == f"{PLATE}, field 1"
