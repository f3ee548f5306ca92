"""A session is saved, opened in another window, copied as Python: the same layers."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import napari
import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QMimeData, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from qtpy.QtWidgets import QApplication, QComboBox, QFileDialog, QTabWidget

from napari_idr import open_session
from napari_idr._qt.browser import Browser
from napari_idr._qt.panels.layout import STUDIES_TAB
from napari_idr._qt.wells.dock import WellsDock, close_dock, is_dock_open, open_wells
from napari_idr.services.session_file.record import (
    SavedImage,
    SavedPlate,
    SavedRef,
    SavedSession,
)
from napari_idr.services.wells.look import WellsLook
from support.guards import settle
from support.person import Person
from support.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from napari.layers import Layer
    from pytestqt.qtbot import QtBot

    from napari_idr import demo

MITOSIS = "idr0901-demo-mitosis/screenA"
PLATE = "DM0001_01"

FOLLOW_MS = 400
"""Headings and marks follow the camera within less."""


@pytest.fixture
def new_window(
    guards: None, window: Window, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Window]]:
    """Another window, that of a colleague."""
    opened: list[Window] = []

    def make(viewer: napari.Viewer | None = None) -> Window:
        if viewer is None:
            viewer = napari.Viewer(show_welcome_screen=False)
            viewer.window.resize(1300, 850)
        opened.append(Window(viewer, qtbot, monkeypatch))
        return opened[-1]

    yield make
    for one in opened:
        one.close()
    settle()


def looks(viewer: napari.Viewer) -> list[dict[str, Any]]:
    """Return what there is to know of the layers of a viewer, in their order."""
    return [look(layer) for layer in viewer.layers]


def look(layer: Layer) -> dict[str, Any]:
    found = {
        "name": layer.name,
        "type": type(layer).__name__,
        "visible": layer.visible,
        "opacity": layer.opacity,
        "blending": str(layer.blending),
        "scale": layer.scale.tolist(),
        "translate": np.round(layer.translate, 6).tolist(),
        "units": [str(unit) for unit in layer.units],
        "axes": layer.axis_labels,
        "metadata": layer.metadata,
    }
    if isinstance(layer, napari.layers.Image):
        levels = layer.data if layer.multiscale else [layer.data]
        found["shapes"] = [tuple(level.shape) for level in levels]
        found["data"] = np.asarray(levels[-1]).tobytes()
        if not layer.rgb:
            found["contrast"] = list(layer.contrast_limits)
            found["gamma"] = layer.gamma
            found["colormap"] = layer.colormap.name
    elif layer.name.endswith(" hits"):  # as wide as the zoom lets them be seen
        found["data"] = len(layer.data)
    elif not layer.name.endswith("headings"):  # which follow the camera
        found["data"] = [np.round(one, 4).tolist() for one in layer.data]
    if isinstance(layer, napari.layers.Points) and layer.name.endswith("wells"):
        found["features"] = layer.features.astype(str).to_dict("list")
    return found


def assert_same(found: list[dict[str, Any]], due: list[dict[str, Any]]) -> None:
    assert [one["name"] for one in found] == [one["name"] for one in due]
    for one, other in zip(found, due, strict=True):
        differ = [key for key in other if one.get(key) != other[key]]
        assert not differ, (
            other["name"],
            {
                key: (one.get(key), other[key])
                for key in differ
                if key not in ("data", "features")
            },
            differ,
        )


def test_a_session_and_its_script_show_identical_layers(
    window: Window,
    new_window: Callable[..., Window],
    request: pytest.FixtureRequest,
    face: str,
    tmp_path: Path,
) -> None:
    url = address(request, face)
    person = window.browse(url)
    real = face == "real"
    screen = "idr0902-fakelab-mitosis/screenA" if real else MITOSIS
    plate = "LT0001_02" if real else PLATE
    person.find_plate("CDC20", screen, plate)
    person.show_plate()
    mosaic = f"{plate}, field 1"
    person.until(lambda: f"{mosaic} headings" in window.names)
    dock = open_wells(window.viewer)
    person.until(lambda: dock._known is not None and dock.is_known)
    key = dock.plate.key
    color_by = next(iter(dock._known.color_columns))
    dock.look_at(key, WellsLook(color_by=color_by, style="frames"), {})
    person.until(lambda: dock.is_known and f"{mosaic} colours" in window.names)
    settle()
    window.double_click(window.well_point(window.layer(mosaic), "A1" if real else "C4"))
    person.until(lambda: any("[" in name for name in window.names))
    person.until_idle()
    channel = next(
        layer
        for layer in window.viewer.layers
        if layer.metadata["idr"].get("channel") is not None
    )
    channel.contrast_limits = (3, 99)
    channel.gamma = 0.8
    window.layer(f"{mosaic} hits").visible = False
    window.viewer.scene.camera.center = (0.0, 12.5, -30.0)
    window.viewer.scene.camera.zoom = 1.75
    window.qtbot.wait(FOLLOW_MS)
    due, view = looks(window.viewer), camera(window.viewer)

    person.click("idr_save_session")
    dialog = person.browser.findChild(QFileDialog, "idr_save_session_dialog")
    dialog.fileSelected.emit(str(tmp_path / "a"))
    dialog.close()
    person.until_status("Saved", "a.idr.json")
    person.click("idr_copy_script")
    assert "Copied" in person.status
    copied = QGuiApplication.clipboard().text()
    assert len((tmp_path / "a.idr.json").read_bytes()) < 200_000

    window.close()  # two canvases at once are more than software OpenGL can do
    other = new_window()
    other.viewer.open(str(tmp_path / "a.idr.json"), plugin="napari-idr")
    colleague = wait_for(other)
    assert colleague.text("idr_status").startswith("Session opened: 1 plate, 1 image.")
    other.qtbot.wait(FOLLOW_MS)
    assert_same(looks(other.viewer), due)
    assert camera(other.viewer) == pytest.approx(view, rel=0.02)
    other_dock = other.native.findChild(WellsDock)
    assert other_dock.look.color_by == color_by
    assert other_dock.panel.style_of_colors.currentData() == "frames"
    assert colleague.find("idr_value").text() == "CDC20"
    assert plate in colleague.text("idr_plate_title")
    other.close()

    run: dict[str, Any] = {"__name__": "copied"}
    exec(compile(copied, "copied.py", "exec"), run)
    scripted = new_window(run["viewer"])
    scripted.qtbot.wait(FOLLOW_MS)
    assert_same(looks(scripted.viewer), due)


@pytest.fixture(params=["classic", "idr", "real"])
def face(request: pytest.FixtureRequest) -> str:
    return request.param


def address(request: pytest.FixtureRequest, face: str) -> str:
    if face != "real":
        return request.getfixturevalue(face).url
    url = os.environ.get("IDR_CONFORMANCE_URL")
    if not url:
        pytest.skip("no real OMERO.web: IDR_CONFORMANCE_URL is not set")
    return url


def camera(viewer: napari.Viewer) -> list[float]:
    return [*viewer.scene.camera.center[-2:], viewer.scene.camera.zoom]


def wait_for(window: Window) -> Person:
    """Wait until a session is open in a window; return who sits in front of it."""
    window.qtbot.waitUntil(
        lambda: window.native.findChild(Browser) is not None, timeout=60_000
    )
    browser = window.native.findChild(Browser)
    person = Person(browser, window.viewer, window.qtbot)
    person.until(lambda: not browser.session_files.is_opening and person.is_idle)
    return person


def test_galleries_strips_regions_and_selections_come_back(
    window: Window,
    new_window: Callable[..., Window],
    classic: demo.Archive,
    tmp_path: Path,
) -> None:
    person = window.browse(classic.url)
    person.search("CDC20")
    person.click("idr_gallery")
    person.until_idle()
    person.until(lambda: "CDC20 gallery headings" in window.names)
    person.open(MITOSIS)
    person.select(MITOSIS, PLATE)
    person.show_plate()
    mosaic = f"{PLATE}, field 1"
    person.until(lambda: f"{mosaic} headings" in window.names)
    settle()
    for well in ("C4", "C5"):
        place = window.well_point(window.layer(mosaic), well)
        _shift_click(window, place)
    person.click("idr_compare")
    person.until_idle()
    saver = person.browser.session_saver
    person.until(lambda: len(saver.collect().strips[0].layers) >= 3)
    window.qtbot.wait(FOLLOW_MS)
    scene = person.browser._scene
    request = (
        scene.strips.comparison(scene.strips.numbers[0]).plan.cells[0].wish.request
    )
    scene.strips.choose(request)
    assert any(name.endswith(" selected") for name in window.names)
    saver.save(tmp_path / "a.idr.json")
    person.until_status("Saved")
    assert "no archive has" not in person.status
    scene.strips.toggle(request)
    due = saver.collect()
    assert [one.kind for one in due.mosaics] == ["gallery", "plate"]
    assert len(due.strips[0].cells) == 2
    assert len(due.mosaics[1].selected) == 2
    shown = looks(window.viewer)

    window.close()
    other = new_window()
    layers = open_session(other.viewer, due)

    colleague = wait_for(other)
    assert "1 plate, 1 gallery, 1 comparison" in colleague.status
    found = colleague.browser.session_saver.collect()
    assert found.mosaics == due.mosaics
    assert found.strips == due.strips
    assert found.search == due.search
    other.qtbot.wait(FOLLOW_MS)
    assert len(layers) == len(shown)
    assert_same(
        [one for one in looks(other.viewer) if "captions" not in one["name"]],
        [one for one in shown if "captions" not in one["name"]],
    )


def test_wells_that_were_selected_beside_an_open_image_are_so_again(
    window: Window, new_window: Callable[..., Window], classic: demo.Archive
) -> None:
    person, mosaic = with_plate(window, classic.url)
    window.double_click(window.well_point(mosaic, "C4"))
    person.until(lambda: any(name.startswith("C4") for name in window.names))
    person.until_idle()
    plates = person.browser._scene.plates
    plate = plates.all_shown[0]
    wells = {
        plate.plan.grid.label(one.row, one.column): one.well_id
        for one in plate.plan.grid
    }
    last, first = wells["B6"], wells["C7"]
    plates.choose(plate.key, (first, last))
    plates.select(plate.key, first)  # its card comes
    due = person.browser.session_saver.collect()
    assert due.mosaics[0].selected == (first, last)

    window.close()
    other = new_window()
    open_session(other.viewer, due)

    colleague = wait_for(other)
    scene = colleague.browser._scene
    assert scene.plates.chosen_on(plate.key) == (first, last)
    assert colleague.browser.session_saver.collect().mosaics == due.mosaics
    colleague.until(lambda: colleague.text("idr_image_title").startswith("B6"))
    assert colleague.browser.session_saver.collect().mosaics == due.mosaics

    scene.plates.choose(plate.key, (wells["A1"],))
    nothing = replace(due.mosaics[0], selected=())
    open_session(other.viewer, replace(due, mosaics=(nothing,), images=()))
    wait_for(other)
    assert scene.plates.chosen_on(plate.key) == ()


@pytest.mark.parametrize(
    ("theme", "other_theme", "lowest"),
    [("dark", "light", "translucent_no_depth"), ("light", "dark", "additive")],
)
def test_an_image_is_in_sight_with_the_theme_of_another_person(
    window: Window,
    new_window: Callable[..., Window],
    classic: demo.Archive,
    theme: str,
    other_theme: str,
    lowest: str,
) -> None:
    window.viewer.theme = theme
    person, mosaic = with_plate(window, classic.url)
    window.double_click(window.well_point(mosaic, "C4"))
    person.until(lambda: any(name.startswith("C4") for name in window.names))
    person.until_idle()
    due = person.browser.session_saver.collect()
    window.close()

    other = new_window()
    other.viewer.theme = other_theme
    open_session(other.viewer, due)
    colleague = wait_for(other)

    [image] = colleague.browser._scene.images.all_shown
    blendings = [layer.blending for layer in image.channels]
    assert blendings[0] == lowest
    assert set(blendings[1:]) == {"additive"}
    assert colleague.browser.session_saver.collect().images == due.images


def test_wells_are_coloured_though_their_table_is_closed(
    window: Window, new_window: Callable[..., Window], classic: demo.Archive
) -> None:
    colored(window, classic.url)
    close_dock(window.viewer)
    settle()
    due = window.native.findChild(Browser).session_saver.collect()
    assert not due.wells

    window.close()
    other = new_window()
    open_session(other.viewer, due)

    wait_for(other)
    settle()
    assert not is_dock_open(other.viewer)
    assert f"{PLATE}, field 1 colours" in other.names
    found = other.native.findChild(Browser).session_saver.collect()
    assert found.mosaics[0].look == due.mosaics[0].look
    assert not found.wells

    # One that a person has open stays so.
    open_wells(other.viewer)
    open_session(other.viewer, due)
    wait_for(other)
    assert is_dock_open(other.viewer)


def test_it_can_be_cancelled_as_long_as_wells_are_waited_for(
    window: Window, new_window: Callable[..., Window], classic: demo.Archive
) -> None:
    due = colored(window, classic.url)
    window.close()
    other = new_window()
    classic.faults.delay("annotations|omero-table|webgateway/table", 4000)

    open_session(other.viewer, due, wait=False)
    other.qtbot.waitUntil(lambda: other.native.findChild(Browser) is not None)
    browser = other.native.findChild(Browser)
    colleague = Person(browser, other.viewer, other.qtbot)
    files = browser.session_files
    colleague.until(lambda: files._poll.isActive())
    colleague.until(lambda: not browser.jobs.count)
    settle()
    assert files.is_opening
    assert colleague.status == "Opening the session …"

    colleague.click("idr_cancel")

    assert colleague.status == "Cancelled."
    assert colleague.is_idle
    assert not files.is_opening
    classic.faults.clear()


def colored(window: Window, url: str) -> SavedSession:
    """Colour the wells of a plate; return what is shown."""
    person, mosaic = with_plate(window, url)
    dock = open_wells(window.viewer)
    person.until(lambda: dock._known is not None and dock.is_known)
    color_by = next(iter(dock._known.color_columns))
    dock.look_at(dock.plate.key, WellsLook(color_by=color_by, style="frames"), {})
    person.until(lambda: dock.is_known and f"{mosaic.name} colours" in window.names)
    return person.browser.session_saver.collect()


def with_plate(window: Window, url: str) -> tuple[Person, Layer]:
    """Show a plate; return who did, and its mosaic."""
    person = window.browse(url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    person.show_plate()
    mosaic = f"{PLATE}, field 1"
    person.until(lambda: f"{mosaic} headings" in window.names)
    settle()
    return person, window.layer(mosaic)


def _shift_click(window: Window, place: Any) -> None:
    from qtpy.QtTest import QTest

    QTest.mouseMove(window.canvas, place)
    QTest.mouseClick(
        window.canvas,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.ShiftModifier,
        place,
    )
    settle()


def test_what_is_gone_is_listed_and_the_rest_comes_by_a_drop(
    window: Window, classic: demo.Archive, tmp_path: Path
) -> None:
    from napari_idr.cancel import NEVER
    from napari_idr.services.session_file.file import save_session

    url = classic.url
    person = window.browse(url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    plate = person.browser.plate.details.plate.id
    session = SavedSession(
        server=url,
        mosaics=(
            SavedPlate(server=url, id=999_999, name="lost plate"),
            SavedPlate(server=url, id=plate, name=PLATE),
        ),
        images=(SavedImage(image=SavedRef(server=url, id=999_999)),),
    )
    path = save_session(tmp_path / "a.idr.json", session, cancel=NEVER)

    drop(person, path)
    person.until(lambda: person.browser.session_files.is_opening)
    wait_for(window)

    assert "Session opened: 1 plate." in person.status
    assert "lost plate" in person.status
    assert "999999" in person.status
    assert f"{PLATE}, field 1" in window.names


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"format"', "no session"),
        (json.dumps({"format": "napari-idr session", "version": 9}), "newer"),
    ],
)
def test_a_file_that_cant_be_opened_is_told(
    window: Window, classic: demo.Archive, tmp_path: Path, text: str, said: str
) -> None:
    person = window.browse(classic.url)
    path = tmp_path / "a.idr.json"
    path.write_text(text)

    person.click("idr_open_session")
    dialog = person.browser.findChild(QFileDialog, "idr_open_session_dialog")
    dialog.fileSelected.emit(str(path))
    dialog.close()

    person.until_status("a.idr.json can't be opened", said)
    assert person.status.startswith("a.idr.json")  # it is no fault of a server
    assert window.names == []


def test_a_server_that_isnt_there_is_told_and_can_be_tried_again(
    window: Window,
) -> None:
    gone = "http://127.0.0.1:9"
    session = SavedSession(
        server=gone, mosaics=(SavedPlate(server=gone, id=1, name="A"),)
    )

    assert open_session(window.viewer, session) == []

    person = wait_for(window)
    assert "Missing: plate A" in person.status
    assert person.find("idr_retry").isVisible()


def test_a_server_that_isnt_there_is_the_one_that_the_field_names(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    gone = "http://127.0.0.1:9"
    session = SavedSession(
        server=gone, mosaics=(SavedPlate(server=gone, id=1, name="A"),)
    )

    open_session(window.viewer, session)

    wait_for(window)
    assert "127.0.0.1:9 can't be reached" in person.status
    assert person.find("idr_server", QComboBox).currentText() == gone


def test_cancel_ends_it_and_another_can_be_opened(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", MITOSIS, PLATE)
    plate = person.browser.plate.details.plate.id
    saved = SavedPlate(server=classic.url, id=plate, name=PLATE)
    session = SavedSession(server=classic.url, mosaics=(saved,))
    classic.delay_ms = 60_000.0

    open_session(window.viewer, session, wait=False)
    person.until(lambda: not person.is_idle)
    person.click("idr_cancel")

    assert person.status == "Cancelled."
    assert not person.browser.session_files.is_opening
    classic.delay_ms = 0.0
    assert open_session(window.viewer, session)
    assert f"{PLATE}, field 1" in window.names


def test_to_close_all_layers_ends_it_and_what_else_is_on_its_way(
    window: Window, classic: demo.Archive
) -> None:
    person, _ = with_plate(window, classic.url)
    session = person.browser.session_saver.collect()
    person.find("idr_tabs", QTabWidget).setCurrentIndex(STUDIES_TAB)
    person.until(lambda: person.is_idle and MITOSIS in person.rows())
    classic.delay_ms = 60_000.0
    person.open_line(MITOSIS)
    open_session(window.viewer, replace(session, search=None), wait=False)
    person.until(lambda: person.status == "Opening the session …")

    person.click("idr_close_all")

    assert person.is_idle
    assert not person.browser.session_files.is_opening
    assert "closed" in person.status
    assert person.rows(person.line(MITOSIS)) == ["cancelled"]
    assert window.names == []
    classic.delay_ms = 0.0


def test_cancel_takes_out_a_strip_that_is_not_whole_and_looks_back(
    window: Window, classic: demo.Archive
) -> None:
    person, mosaic = with_plate(window, classic.url)
    before = camera(window.viewer)
    for well in ("C4", "C5"):
        _shift_click(window, window.well_point(mosaic, well))
    classic.faults.delay("get_thumbnails", 5000)

    def until_begun() -> None:
        person.until(lambda: any("[thumbnail]" in one for one in window.names))
        assert camera(window.viewer) != before

    person.click("idr_compare")
    until_begun()
    strip = replace(person.browser.session_saver.collect(), mosaics=(), search=None)
    person.click("idr_cancel")
    settle()
    assert camera(window.viewer) == pytest.approx(before)

    open_session(window.viewer, strip, wait=False)
    until_begun()
    person.click("idr_cancel")
    settle()

    assert person.status == "Cancelled."
    assert not [one for one in window.names if "compare" in one]
    assert camera(window.viewer) == pytest.approx(before)
    classic.faults.clear()


def test_without_a_window_nothing_is_no_layer() -> None:
    assert open_session(ViewerModel(), SavedSession()) == []


def drop(person: Person, path: Path) -> None:
    """Drop a file on the browser."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    at = QPointF(50, 50)
    how = Qt.DropAction.CopyAction, mime
    keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(at.toPoint(), *how, *keys)
    QApplication.sendEvent(person.browser, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(person.browser, QDropEvent(at, *how, *keys))
