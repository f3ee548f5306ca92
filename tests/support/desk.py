"""A desk with layers of ours, and all that napari itself offers to do with them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.layers import Image, Points, Shapes
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest

from napari_idr._qt.layers.scene import scene_of
from support.guards import settle
from support.ordinary import complaints, is_offered, layer_command, run
from support.pixels import open_image, quiet
from support.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari import Viewer
    from napari.layers import Layer

    from support.person import Person

SCREEN, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
MOSAIC = f"{PLATE}, field 1"
COMPANIONS = {f"{MOSAIC} {what}" for what in ("wells", "hits", "headings")}
TISSUE = "idr0904-demo-tissue/experimentA"
KINDS = "kinds of image [8 bit, float & RGB]"

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
