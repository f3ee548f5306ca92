"""napari is closed, or the browser is, while something loads."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref
from typing import TYPE_CHECKING, Any

import napari
import pytest
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QDockWidget, QLabel

from napari_idr._qt.browser import Browser
from napari_idr._qt.layers.scene import scene_of
from napari_idr._qt.wells.dock import WellsDock
from support.guards import settle
from support.person import LEFT, Person

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr import demo
    from support.window import Window

GONE_MS = 20_000
"""Until threads that end have let go of what they worked for, on a busy machine."""

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


def close_dock(person: Person) -> None:
    """Close the dock of the browser as its little cross does."""
    dock = person.browser.parent()
    assert isinstance(dock, QDockWidget)
    dock.destroyOnClose()  # type: ignore[attr-defined]
    settle()


def test_a_closed_browser_loads_on_and_its_plates_are_alive(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    classic.faults.delay("get_thumbnails", 300)
    person.click("idr_show_plate")
    person.until(lambda: f"{PLATE}, field 1" in window.names)

    close_dock(person)

    assert not person.browser.isVisible()
    person.until(lambda: "96 of 96" in person.status or "95 of 96" in person.status)
    person.until_idle()
    mosaic = window.layer(f"{PLATE}, field 1")
    window.double_click(window.well_point(mosaic, "C4"))
    person.until(lambda: len(window.names) > 4)
    person.until_idle()


def test_a_browser_that_is_reopened_is_as_it_was(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.choose("idr_field", "3 / 4")
    person.show_plate()
    window.double_click(window.well_point(window.layer(f"{PLATE}, field 3"), "C4"))
    person.until(lambda: "C4" in person.text("idr_image_title"))
    person.until_idle()
    before, asked = told(person), questions(classic)

    close_dock(person)
    window.choose_from_menu("Plugins", "IDR", "Browse the IDR")

    assert person.browser.isVisible()
    assert told(person) == before
    assert questions(classic) == asked
    window.double_click(window.well_point(window.layer(f"{PLATE}, field 3"), "D5"))
    person.until(lambda: "D5" in person.text("idr_image_title"))
    person.until_idle()


def questions(archive: demo.Archive) -> int:
    """Return how often the archive was asked for what a search finds."""
    return len(archive.requests.matching("mapr"))


def told(person: Person) -> tuple[object, ...]:
    """Return what a browser says and what is chosen in it."""
    return (
        person.find("idr_server", QComboBox).currentText(),
        person.find("idr_key", QComboBox).currentText(),
        person.text("idr_value"),
        person.rows(),
        person.rows(person.line(MITOSIS)),
        person.tree.currentIndex().data(),
        person.text("idr_plate_title"),
        person.find("idr_field", QComboBox).currentText(),
        person.text("idr_image_title"),
        person.annotations,
        person.status,
    )


def test_menu_and_command_line_show_one_browser(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.search("CDC20")

    dock, widget = window.viewer.window.add_plugin_dock_widget(
        "napari-idr", tabify=True
    )
    settle()

    assert widget is person.browser
    assert window.native.findChildren(Browser) == [person.browser]
    assert person.browser.parent() is dock
    assert person.rows()
    window.choose_from_menu("Plugins", "IDR", "Browse the IDR")
    assert window.native.findChildren(Browser) == [person.browser]
    assert person.browser.isVisible()
    docks = window.native.findChildren(QDockWidget)
    assert [one.widget() for one in docks].count(person.browser) == 1
    assert not [one.objectName() for one in docks if one.widget() is None]


def test_the_menu_shows_a_browser_that_is_behind_a_tab(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    settle()  # it comes to front a turn after it was docked
    other = window.viewer.window.add_dock_widget(QLabel("other"), tabify=True)
    settle()
    assert person.browser.visibleRegion().isEmpty()

    window.choose_from_menu("Plugins", "IDR", "Browse the IDR")
    settle()

    assert not person.browser.visibleRegion().isEmpty()
    assert other.visibleRegion().isEmpty()


def test_two_viewers_have_two_browsers(window: Window, classic: demo.Archive) -> None:
    person = window.browse(classic.url)
    other = napari.Viewer(show_welcome_screen=False)
    try:
        _, second = other.window.add_plugin_dock_widget("napari-idr")

        assert second is not person.browser
        assert second.parent() in other.window._qt_window.findChildren(QDockWidget)
        other_person = Person(second, other, window.qtbot)
        other_person.until_idle()
    finally:
        other.close()
        settle()
    assert person.browser.isVisible()


def plate_shown(window: Window, archive: demo.Archive) -> Person:
    """Show a plate whose wells are marked, with all of its layers."""
    person = window.browse(archive.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    person.until(lambda: f"{PLATE}, field 1 headings" in window.names)
    return person


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


def test_a_plate_taken_out_as_it_comes_back_stays_away(
    window: Window, classic: demo.Archive
) -> None:
    person = plate_shown(window, classic)
    aside = scene_of(window.viewer).aside
    person.click("idr_close_all")
    person.click("idr_bring_back")
    person.until(lambda: f"{PLATE}, field 1" in window.names)
    assert aside.is_coming_back

    window.viewer.layers.remove(f"{PLATE}, field 1")
    person.until(lambda: not aside.is_coming_back)
    settle()

    assert window.names == []


def test_layers_that_go_together_have_garbage_collected_once(
    window: Window, classic: demo.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = plate_shown(window, classic)
    collected: list[int] = []
    monkeypatch.setattr(gc, "collect", lambda *_: collected.append(1) or 0)

    person.click("idr_close_all")
    settle()

    assert window.names == []
    assert len(collected) == 1
    person.click("idr_bring_back")
    aside = scene_of(window.viewer).aside
    person.until(lambda: len(window.names) == 4 and not aside.is_coming_back)
    collected.clear()
    window.viewer.layers.remove(f"{PLATE}, field 1")
    settle()
    assert window.names == []
    assert len(collected) == 2  # of the one that a person has removed, and of the rest


def test_a_plate_that_was_taken_out_is_let_go_of(
    window: Window, classic: demo.Archive
) -> None:
    person = plate_shown(window, classic)
    person.click("idr_wells_table_button")
    person.until_idle()
    dock = window.native.findChild(WellsDock)
    person.until(lambda: dock.is_known)
    [shown] = scene_of(window.viewer).plates.all_shown
    canvas = weakref.ref(shown.canvas)
    del shown

    window.viewer.layers.clear()

    window.qtbot.waitUntil(lambda: all_gone({"canvas": canvas}), timeout=GONE_MS)


def test_a_plate_whose_well_was_clicked_is_let_go_of(
    window: Window, classic: demo.Archive
) -> None:
    person = plate_shown(window, classic)
    scene = scene_of(window.viewer)
    [shown] = scene.plates.all_shown
    canvas = weakref.ref(shown.canvas)
    del shown
    place = window.well_point(window.layer(f"{PLATE}, field 1"), "C4")
    with window.qtbot.waitSignal(scene.wellClicked):
        QTest.mouseClick(window.canvas, LEFT, pos=place)
    person.until_idle()

    window.viewer.layers.clear()

    window.qtbot.waitUntil(lambda: all_gone({"canvas": canvas}), timeout=GONE_MS)


def test_a_window_that_was_closed_is_let_go_of(
    window: Window, classic: demo.Archive
) -> None:
    there = use_and_close(window, classic)

    window.qtbot.waitUntil(lambda: all_gone(there), timeout=GONE_MS)


def use_and_close(window: Window, archive: demo.Archive) -> dict[str, weakref.ref[Any]]:
    """Show a plate, its wells and an image, close the window; return what there was."""
    person = window.browse(archive.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    person.until(lambda: f"{PLATE}, field 1 headings" in window.names)
    window.double_click(window.well_point(window.layer(f"{PLATE}, field 1"), "C4"))
    person.until(lambda: len(window.names) > 4)
    person.until_idle()
    # Its dock takes room of the canvas, where the well is elsewhere then.
    person.click("idr_wells_table_button")
    person.until_idle()
    scene = scene_of(window.viewer)
    session = scene.session(archive.url)
    there = {
        "browser": weakref.ref(person.browser),
        "scene": weakref.ref(scene),
        "session": weakref.ref(session),
        "image": weakref.ref(scene.images.newest.tiled),
    }
    window.close()
    del window.viewer
    return there


def all_gone(there: dict[str, weakref.ref[Any]]) -> bool:
    """Tell whether nothing of what there was is in memory."""
    settle()
    gc.collect()
    return not [name for name, one in there.items() if one() is not None]
