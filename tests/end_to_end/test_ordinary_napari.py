"""What napari itself offers to do with layers works with ours, one and all."""

from __future__ import annotations

import csv
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import tifffile
from imageio.v3 import imread
from napari import Viewer
from napari.layers import Image, Labels, Points, Shapes
from qtpy.QtCore import Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLineEdit

from napari_idr._qt.layers.headings import FOLLOW_MS
from napari_idr.errors import DownloadError
from support.desk import (
    ENDING,
    KEEPING,
    MOSAIC,
    PLATE,
    SCREEN,
    Desk,
    delete_all,
    in_3d_and_back,
    steps,
)
from support.guards import settle
from support.ordinary import complaints, layer_command
from support.pixels import open_image
from support.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

    from napari_idr import demo

PYRAMID = ("idr0906-demo-zarr/experimentA", "OME-Zarr 0.4", "v0.4 cyx zstd.zarr")

WHOLE = bool(os.environ.get("IDR_FAULTS"))
"""Whether everything is tried on everything: minutes, mostly of drawing in software."""

KEEPING_TOLD = (
    *("rename", "hide and show", "reverse", "lock", "link", "contrast always"),
    *("bounding box", "no bounding box", "refresh", "draw", "transpose"),
    *("copy the canvas", "save as SVG", "save each", "export regions", "crosshair"),
    *("play", "reset view"),
)
"""What tells most in little time."""

KEEPING_CELLS = [
    (what, face)
    for what in ("plate", "regions", "all")
    for face in ("idr", "classic")
    if WHOLE or (what, face) in {("plate", "classic"), ("regions", "idr")}
]


@pytest.fixture
def desk(
    window: Window, request: pytest.FixtureRequest, face: str, tmp_path: Path
) -> Desk:
    archive: demo.Archive = request.getfixturevalue(face)
    return Desk(window, window.browse(archive.url), tmp_path)


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("what", "face"), KEEPING_CELLS)
def test_what_napari_does_with_layers_works(desk: Desk, what: str) -> None:
    desk.open(*(("plate", "regions") if what == "all" else (what,)))
    names = sorted(desk.window.names)

    wrong = [
        one
        for name in (KEEPING if WHOLE else KEEPING_TOLD)
        for one in desk.do(name, KEEPING[name])
    ]

    assert wrong == []
    assert sorted(desk.window.names) == names


PIECEMEAL = {name for name in ENDING if name.startswith(("one by one", "delete the"))}
"""Not done to several images: napari alone dies when it draws what is left of them
(OpenGL in software, `glDrawArrays`)."""

ENDING_TOLD = {
    ("plate", "classic"): ("delete all", "duplicate and delete"),
    ("stack", "idr"): ("delete button", "convert to labels"),
}

ENDING_CELLS = (
    [
        *(("plate", face) for face in ("idr", "classic")),
        *(("stack", face) for face in ("idr", "classic")),
        ("colours", "classic"),
        ("greyscale", "idr"),
        ("regions", "idr"),
    ]
    if WHOLE
    else list(ENDING_TOLD)
)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("what", "face"), ENDING_CELLS)
def test_after_layers_were_removed_or_replaced_all_can_be_shown_again(
    desk: Desk, what: str, face: str
) -> None:
    wrong: list[str] = []
    desk.open(what)
    opened = desk.window.names
    several = sum(isinstance(one, Image) for one in desk.viewer.layers) > 1
    for name in ENDING if WHOLE else ENDING_TOLD[what, face]:
        if several and name in PIECEMEAL:
            continue
        wrong += desk.do(name, ENDING[name])
        wrong += desk.do(f"{name}, clear", lambda desk: desk.viewer.layers.clear())
        desk.open(what)
        if desk.window.names != opened:
            wrong.append(f"{name}: {desk.window.names} instead of {opened}")

    assert wrong == []


def test_all_layers_of_a_plate_are_saved_wherever_the_camera_is(
    window: Window, classic: demo.Archive, tmp_path: Path
) -> None:
    desk = Desk(window, window.browse(classic.url), tmp_path)
    desk.open("plate")
    window.viewer.scene.camera.center = (0, 1e6, 1e6)
    desk.rest()
    QTest.qWait(2 * FOLLOW_MS)
    points = [one for one in window.viewer.layers if isinstance(one, Points)]

    window.viewer.layers.save(str(tmp_path / "all.svg"), plugin="napari-svg")
    for layer in points:
        layer.save(str(tmp_path / f"{layer.name}.csv"))

    root = ET.parse(tmp_path / "all.svg").getroot()
    assert len(root.findall(".//{http://www.w3.org/2000/svg}image")) == 1
    for layer in points:
        (read,) = window.viewer.open(tmp_path / f"{layer.name}.csv", plugin="napari")
        np.testing.assert_allclose(read.data, layer.data, rtol=1e-5)


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_a_plate_is_saved_into_a_folder(
    window: Window, classic: demo.Archive, tmp_path: Path
) -> None:
    desk = Desk(window, window.browse(classic.url), tmp_path)
    desk.open("plate")
    folder = tmp_path / "a" / "plate"

    saved = window.viewer.layers.save(str(folder))

    names = {MOSAIC: "tif", **dict.fromkeys(window.names[1:], "csv")}
    assert sorted(map(Path, saved)) == sorted(folder.iterdir())
    assert {f"{folder / name}.{end}" for name, end in names.items()} == {*saved}
    mosaic = window.layer(MOSAIC).data
    np.testing.assert_array_equal(tifffile.imread(folder / f"{MOSAIC}.tif"), mosaic[-1])
    wells = window.layer(f"{MOSAIC} wells")
    assert [one["well"] for one in rows(folder / f"{MOSAIC} wells.csv")] == [
        *wells.features["well"]
    ]
    marks = [
        [[float(one[f"{what}-{n}"]) for n in "01"] for what in ("axis", "direction")]
        for one in rows(folder / f"{MOSAIC} hits.csv")
    ]
    np.testing.assert_allclose(marks, window.layer(f"{MOSAIC} hits").data, rtol=1e-6)
    with pytest.raises(DownloadError, match="already"):
        window.viewer.layers.save(str(folder))


def fill_in(dialog: QFileDialog, kind: str, name: str) -> None:
    """Choose what kind of file it is, paste its name and press Save.

    Of one that is typed, Qt selects each folder on the way, and offers to open them.
    """
    dialog.selectNameFilter(kind)
    line = dialog.findChild(QLineEdit, "fileNameEdit")
    line.selectAll()
    line.insert(name)
    buttons = dialog.findChild(QDialogButtonBox)
    save = buttons.button(QDialogButtonBox.StandardButton.Save)
    QTest.mouseClick(save, Qt.MouseButton.LeftButton)
    QTimer.singleShot(0, dialog.reject)  # if it is still there


def in_dialog(use: Callable[[QFileDialog], None]) -> None:
    """Use the file dialog that comes next, and waits for a person, once it is there."""

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QFileDialog):
            use(dialog)
        else:
            QTimer.singleShot(20, look)

    QTimer.singleShot(20, look)


def test_all_layers_of_a_plate_are_saved_through_napari_s_dialog(
    window: Window, classic: demo.Archive, tmp_path: Path
) -> None:
    desk = Desk(window, window.browse(classic.url), tmp_path)
    desk.open("plate")
    names = window.names

    with pytest.MonkeyPatch.context() as patch, complaints(patch) as heard:
        for kind, name in (
            ("IDR Save to folder (*.*)", "plate"),
            ("napari SVG (*.svg)", "drawn.svg"),
        ):
            in_dialog(partial(fill_in, kind=kind, name=str(tmp_path / name)))
            window.choose_from_menu("File", "Save All Layers...")

    assert heard.found == []
    ends = [f"{MOSAIC}.tif", *(f"{name}.csv" for name in names[1:])]
    saved = [one.name for one in (tmp_path / "plate").iterdir()]
    assert sorted(saved) == sorted(ends)
    assert ET.parse(tmp_path / "drawn.svg").getroot().tag.endswith("svg")
    assert window.names == names


def test_a_plate_in_one_window_is_left_alone_by_another(
    window: Window,
    classic: demo.Archive,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = Desk(window, window.browse(classic.url), tmp_path)
    first.open("plate")
    other = Window(Viewer(show_welcome_screen=False), qtbot, monkeypatch)
    try:
        second = Desk(other, other.browse(classic.url), tmp_path)
        second.open("plate")
        names = first.window.names
        assert sorted(second.window.names) == sorted(names)

        wrong = second.do("delete all", delete_all)
        wrong += first.do("sliders", steps)

        assert wrong == []
        assert first.window.names == names
        second.open("plate")
        assert sorted(second.window.names) == sorted(names)
        first.viewer.layers.clear()
        first.rest()
        assert sorted(second.window.names) == sorted(names)
    finally:
        other.close()
        settle()
    first.open("plate")
    assert sorted(first.window.names) == sorted(names)


def test_images_are_saved_into_a_folder_whatever_their_names(
    window: Window, idr: demo.Archive, tmp_path: Path
) -> None:
    desk = Desk(window, window.browse(idr.url), tmp_path)
    desk.open("regions")
    mine = window.viewer.add_image(np.eye(9), name="a/b.c")
    labels = window.viewer.add_labels(np.eye(9, dtype=int), name="mine")
    folder = tmp_path / "images"

    # napari's own writer is asked first for labels and points and shapes at once.
    saved = window.viewer.layers.save(str(folder), plugin="napari-idr")
    assert len(saved) == len(window.names)

    for layer in (*window.viewer.layers[:2], mine, labels):
        file = folder / f"{layer.name.replace('/', '-')}.tif"
        np.testing.assert_array_equal(tifffile.imread(file), np.asarray(layer.data))


def test_layers_of_others_are_saved_as_napari_saves_them(
    window: Window, tmp_path: Path
) -> None:
    window.viewer.add_image(np.eye(9), name="mine")
    window.viewer.add_points([[1, 2]], name="points")

    window.viewer.layers.save(str(tmp_path / "mine"))

    assert sorted(one.name for one in (tmp_path / "mine").iterdir()) == [
        "mine.tif",
        "points.csv",
    ]


def test_a_channel_of_several_levels_is_saved_with_all_its_pixels(
    window: Window, idr: demo.Archive, tmp_path: Path
) -> None:
    desk = Desk(window, window.browse(idr.url), tmp_path)
    layer, *_ = open_image(window, desk.person, *PYRAMID)
    assert len(layer.data) > 1
    window.viewer.layers.selection = {layer}
    layer_command("duplicate")
    copy = window.viewer.layers[1]
    desk.rest()

    for one, ending in ((layer, "tif"), (copy, "png")):
        one.save(str(tmp_path / f"one.{ending}"))
        saved = imread(tmp_path / f"one.{ending}")
        np.testing.assert_array_equal(saved, np.asarray(one.data[0]))


def test_the_regions_of_an_image_are_saved_as_a_table(
    window: Window, idr: demo.Archive, tmp_path: Path
) -> None:
    desk = Desk(window, window.browse(idr.url), tmp_path)
    desk.open("regions")
    drawn = [one for one in window.viewer.layers if isinstance(one, Shapes)]
    assert drawn

    for layer in drawn:
        layer.save(str(tmp_path / "regions.csv"))

        (read,) = window.viewer.open(tmp_path / "regions.csv", plugin="napari")
        assert read.shape_type == layer.shape_type
        for one, other in zip(read.data, layer.data, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5)
        window.viewer.layers.remove(read)


def test_a_figure_of_a_plate_is_as_fine_as_its_thumbnails_and_asks_for_nothing(
    window: Window, classic: demo.Archive, tmp_path: Path
) -> None:
    desk = Desk(window, window.browse(classic.url), tmp_path)
    desk.open("plate")
    desk.rest()
    asked, size = len(classic.requests), np.array(window.layer(MOSAIC).data[-1].shape)

    figure = window.viewer.export_figure(str(tmp_path / "figure.png"))
    desk.rest()

    drawn = np.array(figure.shape)
    assert all(size[:2] <= drawn[:2])
    assert all(drawn[:2] < 1.5 * size[:2])
    assert len(classic.requests) == asked


def test_a_companion_that_was_deleted_is_back_when_the_plate_is_shown_again(
    window: Window, classic: demo.Archive, tmp_path: Path
) -> None:
    desk = Desk(window, window.browse(classic.url), tmp_path)
    desk.open("plate")
    before = window.names

    window.viewer.layers.remove(f"{MOSAIC} headings")
    desk.rest()
    assert f"{MOSAIC} headings" not in window.names
    desk.person.click("idr_show_plate")

    desk.person.until(lambda: sorted(window.names) == sorted(before))
    assert window.viewer.layers.selection.active.name == MOSAIC


def test_a_plate_that_is_deleted_as_it_loads_is_loaded_no_further(
    window: Window, classic: demo.Archive, tmp_path: Path
) -> None:
    desk = Desk(window, window.browse(classic.url), tmp_path)
    desk.person.find_plate("CDC20", SCREEN, PLATE)
    classic.thumbnail_ms = 200
    desk.person.click("idr_show_plate")
    desk.person.until(lambda: len(window.names) == 4)

    window.viewer.layers.clear()
    desk.person.until_idle()

    assert "thumbnails" not in desk.person.status
    assert window.names == []


def test_the_plane_of_a_copy_is_that_of_the_sliders(
    window: Window, idr: demo.Archive, tmp_path: Path
) -> None:
    desk = Desk(window, window.browse(idr.url), tmp_path)
    desk.open("stack")
    layer = window.viewer.layers[0]
    window.viewer.layers.selection = {layer}
    layer_command("duplicate")
    copy = window.viewer.layers[1]
    window.viewer.layers.remove(layer)
    desk.rest()

    window.viewer.dims.set_current_step(1, 4)
    desk.rest()

    t = window.viewer.dims.current_step[0]
    true = np.asarray(copy.data[t, 4])
    desk.person.until(lambda: _shows(copy, true))


def test_each_part_of_a_split_stack_shows_its_own_plane(
    window: Window, idr: demo.Archive, tmp_path: Path
) -> None:
    desk = Desk(window, window.browse(idr.url), tmp_path)
    desk.open("stack")
    layer = window.viewer.layers[0]
    window.viewer.layers.selection = {layer}
    before = list(window.viewer.layers)

    layer_command("split_stack")
    desk.rest()

    parts = [one for one in window.viewer.layers if one not in before]
    assert len(parts) == 7
    z = window.viewer.dims.current_step[-3]
    for part in parts:
        true = np.asarray(part.data[z])
        desk.person.until(partial(_shows, part, true))


def _shows(layer: Image, plane: np.ndarray) -> bool:
    return np.array_equal(layer._slice.image.raw, plane)


def test_labels_of_the_archive_are_not_painted_but_their_copy_is(
    window: Window, idr: demo.Archive, tmp_path: Path
) -> None:
    desk = Desk(window, window.browse(idr.url), tmp_path)
    desk.open("stack")
    window.viewer.layers.selection = {window.viewer.layers[0]}
    layer_command("convert_to_labels")
    desk.rest()
    labels = next(one for one in window.viewer.layers if isinstance(one, Labels))
    in_3d_and_back(desk)
    assert not labels.editable

    window.viewer.layers.selection = {labels}
    layer_command("convert_to_int64")

    assert labels.editable
    labels.paint((0, 0, 0, 0), 3)
    assert labels.data[0, 0, 0, 0] == 3
    labels.undo()


def test_a_person_s_layer_in_px_brings_no_warning(
    window: Window, classic: demo.Archive, tmp_path: Path
) -> None:
    desk = Desk(window, window.browse(classic.url), tmp_path)
    mine = window.viewer.add_image(np.zeros((64, 64)), name="mine")
    units = mine.units

    wrong = desk.do("plate and image", lambda desk: desk.open("plate", "stack"))
    assert mine.units == units
    window.viewer.layers.remove(mine)
    desk.rest()
    wrong += desk.do("later", lambda desk: desk.viewer.add_points([[0, 0]]))

    assert wrong == []


def test_the_whole_plate_is_seen_once_the_controls_have_come(
    window: Window, classic: demo.Archive, tmp_path: Path
) -> None:
    window.viewer.window.resize(1066, 800)
    desk = Desk(window, window.browse(classic.url), tmp_path)

    desk.open("plate")
    desk.rest()

    for well in ("A1", "A12", "H1", "H12"):
        place = window.well_point(window.layer(MOSAIC), well)
        assert window.canvas.rect().contains(place)
