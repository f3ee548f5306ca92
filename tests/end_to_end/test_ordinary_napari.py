"""What napari itself offers to do with layers works with ours, one and all."""

from __future__ import annotations

import csv
import os
import time
from dataclasses import dataclass
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
from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QDialogButtonBox, QFileDialog, QLineEdit

from napari_idr._qt.layers.headings import FOLLOW_MS
from napari_idr._qt.layers.scene import scene_of
from napari_idr.errors import DownloadError
from support.guards import settle
from support.ordinary import complaints, is_offered, layer_command, run
from support.pixels import open_image, quiet
from support.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer
    from pytestqt.qtbot import QtBot

    from napari_idr import demo
    from support.person import Person

SCREEN, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
MOSAIC = f"{PLATE}, field 1"
COMPANIONS = {f"{MOSAIC} {what}" for what in ("wells", "hits", "headings")}
TISSUE = "idr0904-demo-tissue/experimentA"
KINDS = "kinds of image [8 bit, float & RGB]"

PYRAMID = ("idr0906-demo-zarr/experimentA", "OME-Zarr 0.4", "v0.4 cyx zstd.zarr")

WHOLE = bool(os.environ.get("IDR_FAULTS"))
"""Whether everything is tried on everything: minutes, mostly of drawing in software."""

IMAGES = {
    "stack": ("stacks/z and t", "stack c3 z5 t7.ome.tiff"),
    "colours": (KINDS, "H&E brightfield €uro.png"),
    "greyscale": (KINDS, "float.dv"),
    "regions": ("stacks/z and t", "stack c3 z5 t7.ome.tiff"),
}


@dataclass
class Desk:
    """A window with some of our layers, and the person in front of it."""

    window: Window
    person: Person
    folder: Path

    @property
    def viewer(self) -> Viewer:
        return self.window.viewer

    def open(self, *wanted: str) -> None:
        """Open what isn't open."""
        for what in wanted:
            if what == "plate":
                if MOSAIC not in self.window.names:
                    self.person.find("idr_tabs").setCurrentIndex(0)  # type: ignore[attr-defined]
                    if not self.person.rows():
                        self.person.search("CDC20")
                    self.person.open(SCREEN)
                    self.person.select(SCREEN, PLATE)
                    self.person.show_plate()
                continue
            open_image(self.window, self.person, TISSUE, *IMAGES[what])
            if what == "regions":
                self.person.click("idr_regions")
                self.person.until_idle()

    def rest(self) -> None:
        """Wait until nothing is on its way.

        Nothing is drawn by force: napari alone dies of a `repaint` that follows the
        removal of one of several images (OpenGL in software, `glDrawArrays`).
        """
        settle()
        quiet(self.window, self.person)

    def do(self, name: str, operation: Callable[[Desk], object]) -> list[str]:
        """Do something; return what is wrong then."""
        with pytest.MonkeyPatch.context() as patch, complaints(patch) as heard:
            operation(self)
            self.rest()
        return [f"{name}: {one}" for one in [*heard.found, *self.untruths()]]

    def untruths(self) -> list[str]:
        """Return what of ours is dead or half there, or said by the panel in vain."""
        scene, layers = scene_of(self.viewer), self.viewer.layers
        wrong = [
            "a plate is without its mosaic"
            for group in scene.plates._groups.values()
            if group.mosaic not in layers
        ]
        alive = {id(one) for g in scene.plates._groups.values() for one in g.layers}
        wrong += [
            f"{layer.name} is left of a plate"
            for layer in layers
            if layer.name in COMPANIONS and id(layer) not in alive
        ]
        offered = self.person.find("idr_regions").isEnabled()
        if offered and scene.images.newest is None:
            wrong.append("regions of no image are offered")
        if not layers and "thumbnails" in self.person.status:
            wrong.append(f"the status says {self.person.status!r} of no plate")
        return wrong


def each(change: Callable[[Layer], object]) -> Callable[[Desk], object]:
    """Return what changes each layer."""
    return lambda desk: [change(layer) for layer in list(desk.viewer.layers)]


def both(name: str, value: object) -> Callable[[Layer], None]:
    """Return what sets an attribute of a layer, and sets it back."""

    def change(layer: Layer) -> None:
        before = getattr(layer, name)
        setattr(layer, name, value)
        settle()
        setattr(layer, name, before)

    return change


def with_one_channel(change: Callable[[Image], object]) -> Callable[[Desk], object]:
    return lambda desk: [
        change(layer)
        for layer in desk.viewer.layers
        if isinstance(layer, Image) and not layer.rgb
    ]


def command(name: str) -> Callable[[Desk], object]:
    """Return a command of the layers' menu, on all layers, where it is offered."""

    def choose(desk: Desk) -> None:
        desk.viewer.layers.select_all()
        if is_offered(desk.viewer, name):
            layer_command(name)

    return choose


def keys(*pressed: Qt.Key) -> Callable[[Desk], object]:
    """Return what presses keys in the list of layers."""

    def press(desk: Desk) -> None:
        view = desk.viewer.window._qt_viewer.layers
        for key in pressed:
            QTest.keyClick(view, key)

    return press


def in_3d_and_back(desk: Desk) -> None:
    desk.viewer.dims.ndisplay = 3
    desk.rest()
    desk.viewer.dims.ndisplay = 2


def roll(desk: Desk) -> None:
    for _ in range(desk.viewer.dims.ndim):
        desk.viewer.dims.roll()
        settle()


def transpose(desk: Desk) -> None:
    for _ in range(2):
        desk.viewer.dims.transpose()
        settle()


def themes(desk: Desk) -> None:
    for theme in ("light", "system", "dark"):
        desk.viewer.theme = theme
        settle()


def grid(desk: Desk) -> None:
    for enabled, stride in ((True, 1), (True, -2), (False, 1)):
        desk.viewer.grid.stride = stride
        desk.viewer.grid.enabled = enabled
        settle()


def scale_bar(desk: Desk) -> None:
    for visible in (True, False):
        desk.viewer.canvas.overlays.scale_bar.visible = visible
        settle()


def steps(desk: Desk) -> None:
    dims = desk.viewer.dims
    for axis in range(dims.ndim - 2):
        for step in range(3):
            dims.set_current_step(axis, step)
            settle()


def link(desk: Desk) -> None:
    command("link_selected_layers")(desk)
    both("opacity", 0.4)(desk.viewer.layers[0])
    command("unlink_selected_layers")(desk)


def lock(desk: Desk) -> None:
    command("toggle_lock")(desk)
    names = desk.window.names
    desk.viewer.layers.remove_selected()
    assert desk.window.names == names
    command("toggle_lock")(desk)


def rename(desk: Desk) -> None:
    for layer in desk.viewer.layers:
        before, layer.name = layer.name, "mine"
        layer.name = before


def draw_over(desk: Desk) -> None:
    viewer = desk.viewer
    viewer.window._qt_viewer.viewerButtons  # noqa: B018 - the buttons are there
    points, shapes = viewer.add_points([[0, 0]]), viewer.add_shapes()
    shapes.add_rectangles(np.array([[0.0, 0.0], [9.0, 9.0]]))
    labels = viewer._new_labels() or viewer.layers[-1]
    labels.paint((0,) * labels.ndim, 1)
    labels.undo()
    labels.redo()
    desk.rest()
    for layer in (points, shapes, labels):
        viewer.layers.remove(layer)


def duplicate(desk: Desk) -> None:
    before = list(desk.viewer.layers)
    command("duplicate")(desk)
    copies = [one for one in desk.viewer.layers if one not in before]
    assert len(copies) == len(before)
    desk.rest()
    for copy in copies:
        desk.viewer.layers.remove(copy)


def save_as_svg(desk: Desk) -> None:
    # An SVG is of planes; what has sliders can't be in it.
    flat = [layer for layer in desk.viewer.layers if layer.ndim == 2]
    desk.viewer.layers.selection = set(flat)
    path = desk.folder / "all.svg"
    path.unlink(missing_ok=True)
    if flat:
        desk.viewer.layers.save(str(path), selected=True, plugin="napari-svg")
        assert path.stat().st_size > 0


def crosshair(desk: Desk) -> None:
    """Take up what adds points, move over the canvas, and put it down."""
    places = (desk.window.canvas.rect().center(), QPoint(9, 9))
    for layer in desk.viewer.layers:
        if isinstance(layer, Points):
            desk.viewer.layers.selection.active = layer
            layer.mode = "add"
            for place in places:
                desk.window.hover(place)
            layer.mode = "pan_zoom"
            settle()


PLAYED_MS = 600


def play(desk: Desk) -> None:
    """Play each slider for a moment, and go back to where it was."""
    sliders = desk.viewer.window._qt_viewer.dims
    before = desk.viewer.dims.current_step
    for axis in range(desk.viewer.dims.ndim - 2):
        if desk.viewer.dims.nsteps[axis] > 1:
            sliders.play(axis, fps=20)
            QTest.qWait(PLAYED_MS)
            sliders.stop()
            settle()
    desk.viewer.dims.current_step = before


def new_path(desk: Desk, ending: str = "") -> Path:
    return desk.folder / f"{time.monotonic_ns()}{ending}"


def save_each(desk: Desk) -> None:
    """Save each layer with napari's own writers, but lines, for which it has none."""
    folder = new_path(desk)
    folder.mkdir()
    endings = {"image": "tif", "labels": "tif", "points": "csv", "shapes": "csv"}
    for number, layer in enumerate(desk.viewer.layers):
        ending = endings.get(layer._type_string)
        if ending is not None and len(layer.data):
            file = folder / f"{number}.{ending}"
            assert layer.save(str(file), plugin="napari") == [str(file)]
            assert file.stat().st_size > 0


def export_figure(desk: Desk) -> None:
    figure = desk.viewer.export_figure(str(new_path(desk, ".png")))
    assert figure.any()


def export_regions(desk: Desk) -> None:
    """Export the middle of all that is there, and each rectangle that was drawn."""
    low, high = desk.viewer.layers.extent.world[:, -2:]
    middle, half = (low + high) / 2, (high - low) / 16
    signs = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]])
    regions = [middle + signs * half]
    for layer in desk.viewer.layers:
        if isinstance(layer, Shapes):
            corners = [
                layer.data_to_world(corner)[-2:]
                for kind, drawn in zip(layer.shape_type, layer.data, strict=True)
                if kind == "rectangle"
                for corner in drawn
            ]
            regions += np.array(corners).reshape(-1, 4, 2).tolist()
    folder = new_path(desk)
    regions = list(map(np.asarray, regions))
    pictures = desk.viewer.export_rois(regions, paths=folder)
    assert len(pictures) == len(list(folder.iterdir())) == len(regions)


def save_into_a_folder(desk: Desk) -> None:
    saved = desk.viewer.layers.save(str(new_path(desk)), plugin="napari-idr")
    assert len(saved) == len(desk.viewer.layers)


KEEPING: dict[str, Callable[[Desk], object]] = {
    "rename": rename,
    "hide and show": each(both("visible", False)),
    "hide all": command("toggle_visibility"),
    "show all": command("toggle_visibility"),
    "show others": command("show_unselected"),
    "reorder": lambda desk: desk.viewer.layers.move(0, len(desk.viewer.layers)),
    "reorder back": lambda desk: desk.viewer.layers.move(
        len(desk.viewer.layers) - 1, 0
    ),
    "reverse": lambda desk: desk.viewer.layers.reverse(),
    "reverse back": lambda desk: desk.viewer.layers.reverse(),
    "lock": lock,
    "link": link,
    "opacity": each(both("opacity", 0.5)),
    "blending": each(both("blending", "minimum")),
    "colormap": with_one_channel(both("colormap", "viridis")),
    "contrast once": with_one_channel(lambda one: one.reset_contrast_limits()),
    "contrast always": with_one_channel(both("auto_contrast", True)),
    "bounding box": command("bounding_box"),
    "no bounding box": command("bounding_box"),
    "name overlay": command("name_overlay"),
    "no name overlay": command("name_overlay"),
    "refresh": each(lambda layer: layer.refresh()),
    "arrow keys": keys(Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down),
    "draw": draw_over,
    "themes": themes,
    "grid": grid,
    "sliders": steps,
    "3D": in_3d_and_back,
    "roll": roll,
    "transpose": transpose,
    "scale bar": scale_bar,
    "copy the canvas": lambda _: run("napari.window.file.copy_canvas_screenshot"),
    "copy the window": lambda _: run("napari.window.file.copy_viewer_screenshot"),
    "duplicate": duplicate,
    "save as SVG": save_as_svg,
    "save into a folder": save_into_a_folder,
    "save each": save_each,
    "export the figure": export_figure,
    "export regions": export_regions,
    "crosshair": crosshair,
    "play": play,
    "reset view": lambda desk: desk.viewer.reset_view(),
}
"""What leaves all layers there."""

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


def each_alone(
    command_name: str, on: Callable[[Layer], bool] = lambda _: True
) -> Callable[[Desk], object]:
    """Return a command of the layers' menu, on each layer for itself."""

    def choose(desk: Desk) -> None:
        for layer in list(desk.viewer.layers):
            if layer in desk.viewer.layers and on(layer):
                desk.viewer.layers.selection = {layer}
                if is_offered(desk.viewer, command_name):
                    layer_command(command_name)
                    desk.rest()

    return choose


def delete_all(desk: Desk) -> None:
    view = desk.viewer.window._qt_viewer.layers
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(view, Qt.Key.Key_Delete)
    settle()
    assert desk.window.names == []


def delete_with_the_button(desk: Desk) -> None:
    desk.viewer.layers.select_all()
    desk.viewer.window._qt_viewer.layerButtons.deleteButton.click()


def delete_one_by_one(desk: Desk, *, last_first: bool = True) -> None:
    while desk.viewer.layers:
        desk.viewer.layers.pop(-1 if last_first else 0)
        desk.rest()
        assert desk.untruths() == []


def delete_the_first(desk: Desk) -> None:
    desk.viewer.layers.selection = {desk.viewer.layers[0]}
    desk.viewer.layers.remove_selected()


def duplicate_and_delete_the_first(desk: Desk) -> None:
    """The copies live on when what they are of is gone."""
    before = list(desk.viewer.layers)
    command("duplicate")(desk)
    for layer in before:
        if layer in desk.viewer.layers:
            desk.viewer.layers.remove(layer)
    desk.rest()
    steps(desk)
    desk.rest()


def merge_to_rgb(desk: Desk) -> None:
    """Merge three channels, which napari wants in red, green and blue."""
    channels = [one for one in desk.viewer.layers if isinstance(one, Image)]
    for layer, colour in zip(channels, ("red", "green", "blue"), strict=False):
        if not layer.rgb:
            layer.colormap = colour
    command("merge_rgb")(desk)


ENDING: dict[str, Callable[[Desk], object]] = {
    "delete all": delete_all,
    "delete button": delete_with_the_button,
    "clear": lambda desk: desk.viewer.layers.clear(),
    "one by one, from the last": delete_one_by_one,
    "one by one, from the first": lambda d: delete_one_by_one(d, last_first=False),
    "delete the first": delete_the_first,
    "duplicate and delete": duplicate_and_delete_the_first,
    "convert to labels": each_alone("convert_to_labels"),
    "convert to image": each_alone("convert_to_image"),
    "split stack": each_alone("split_stack"),
    "split colours": each_alone("split_rgb"),
    "maximum": each_alone("project_max"),
    "mean": each_alone("project_mean"),
    "merge": command("merge_stack"),
    "merge to RGB": merge_to_rgb,
    # napari offers it for others as well, and refuses then.
    "a level": each_alone(
        "extract_multiscale_level", lambda one: getattr(one, "multiscale", False)
    ),
}
"""What ends in other layers, or in none."""

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
