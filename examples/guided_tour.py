"""The plugin's main job, done in front of you: from a gene to a plate to an image.

`make demo` runs this. It starts the demo archive on this machine, opens napari with
the browser, and uses the browser as a person does, with keys and clicks. At the end
the window stays open, and the archive answers until you close it. Without a display,
or with `--no-wait`, it ends by itself; its status is 0 if every step came true.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import napari
import numpy as np
from napari.utils.notifications import NotificationSeverity, notification_manager
from PIL import Image as Picture
from qtpy.QtCore import QModelIndex, QPoint, Qt
from qtpy.QtOpenGLWidgets import QOpenGLWidget
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QDockWidget, QLabel, QMainWindow, QTreeView, QWidget

from napari_idr import demo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.layers import Layer
    from napari.viewer import Viewer

GENE = "CDC20"

WINDOW_PX = (1500, 950)
PANEL_PX = 360

PATIENCE_S = 60.0
"""Longest wait for a step: a slow machine draws in software."""

SLOW_S, QUICK_S = 1.2, 0.05
"""Pause after a step: to look at it, or where nobody does."""

COLOURS = 160
"""Of the saved picture: enough for its looks, and few enough for a small file."""

FEWEST_COLOURS = 500
"""In a view of cells; a view of nothing, or of one flat tile, has a handful."""

W = TypeVar("W", bound=QWidget)


class StepFailedError(Exception):
    """A step of the tour didn't come true."""


class Tour:
    """Uses the browser in a viewer's window, one step after the other."""

    def __init__(self, viewer: Viewer, panel: QWidget, pause_s: float) -> None:
        self._viewer = viewer
        self._panel = panel
        self._pause_s = pause_s
        window = panel.window()
        assert isinstance(window, QMainWindow)
        self._window = window
        self._results = self._part(QTreeView, "idr_results")

    def arrange(self) -> None:
        """Give the window its size and the panel its width."""
        self._window.resize(*WINDOW_PX)
        docks = self._window.findChildren(QDockWidget)
        left = next(dock for dock in docks if dock.windowTitle() == "layer list")
        right = next(dock for dock in docks if dock.isAncestorOf(self._panel))
        self._window.resizeDocks(
            [left, right], [1, PANEL_PX], Qt.Orientation.Horizontal
        )
        self._tell("napari is open, with Plugins > IDR > Browse the IDR.")

    def connect(self) -> None:
        """Wait until the panel has found out what the server can do."""
        value = self._part(QWidget, "idr_value")
        self._until(value.isEnabled, "the server answers")
        self._tell(f"The server has: {self._text('idr_abilities')}.")

    def search(self) -> None:
        """Type a gene, letter by letter, and press the button."""
        for letter in GENE:
            QTest.keyClicks(self._part(QWidget, "idr_value"), letter)
            QTest.qWait(int(200 * self._pause_s))
        self._click("idr_search")
        self._until(lambda: self._names(), f"studies with {GENE} are listed")
        self._tell(self._text("idr_status"))

    def choose_plate(self) -> None:
        """Open the first study of the results, and choose its first plate."""
        study = self._line(0)
        self._results.expand(study)
        self._until(
            lambda: self._is_idle() and self._names(study),
            "the plates of the first study are listed",
        )
        self._tell(f"{study.data()}: {', '.join(self._names(study))}")
        plate = self._line(0, study)
        self._results.setCurrentIndex(plate)
        self._until(
            lambda: self._text("idr_plate_title").startswith(str(plate.data())),
            "the plate is known",
        )
        self._tell(f"The plate: {self._text('idr_plate_title')}.")

    def show_plate(self) -> None:
        """Lay the plate out as a mosaic."""
        self._click("idr_show_plate")
        self._until(
            lambda: self._is_idle() and "thumbnails" in self._text("idr_status"),
            "the mosaic is complete",
        )
        self._until(self._is_plate_current, "its layers are there")
        self._until(self._shows_cells, "the mosaic can be seen")
        self._tell(self._text("idr_status"))

    def open_image(self) -> tuple[Layer, ...]:
        """Double-click the hit nearest to where images lie; return its layers."""
        well, at = self._nearest_hit()
        before = tuple(self._viewer.layers)
        canvas = self._window.findChild(QOpenGLWidget)
        assert canvas is not None
        QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=at)
        self._until(
            lambda: len(self._viewer.layers) - len(before) == self._channel_count(),
            f"the image of {well} is open",
        )
        self._until(self._shows_cells, f"the image of {well} can be seen")
        title = self._text("idr_image_title")
        if not title.startswith(f"{well},"):
            raise StepFailedError(f"{title} is open, where {well} was clicked")
        opened = tuple(one for one in self._viewer.layers if one not in before)
        names = ", ".join(layer.name for layer in opened)
        self._tell(f"{well}: {names}. {self._text('idr_status')}")
        return opened

    def read_annotations(self) -> None:
        """See that what was written about the image is there."""
        table = self._part(QWidget, "idr_annotations").model()
        rows = [
            tuple(str(table.index(row, column).data()) for column in (1, 2))
            for row in range(table.rowCount())
        ]
        if ("Gene Symbol", GENE) not in rows:
            raise StepFailedError(f"the annotations don't name {GENE}: {rows}")
        self._tell(f"{len(rows)} annotations, among them Gene Symbol: {GENE}.")

    def step_back(self, image: Sequence[Layer]) -> None:
        """Move the camera so that the hit on the plate and its image are seen."""
        marks = next(one for one in self._viewer.layers if one.name.endswith(" hits"))
        plate, opened = marks.extent.world[:, -2:], image[0].extent.world[:, -2:]
        cell = opened[1] - opened[0]
        low = np.array([plate[0, 0] - 0.6 * cell[0], plate[1, 1] - 4.2 * cell[1]])
        high = np.array([plate[1, 0] + 0.1 * cell[0], opened[1, 1] + 0.1 * cell[1]])
        camera = self._viewer.scene.camera
        camera.center = (0.0, *((low + high) / 2).tolist())
        camera.zoom = float(np.min(self._viewer.canvas.size / (high - low)))
        self._until(self._shows_cells, "plate and image can be seen")
        self._tell("The plate and, to its right, the image; at the same scale.")

    def photograph(self, path: Path) -> None:
        """Save a picture of the window, in few colours so that it is small."""
        path.parent.mkdir(parents=True, exist_ok=True)
        shot = self._viewer.screenshot(canvas_only=False, flash=False)
        Picture.fromarray(shot[..., :3]).quantize(COLOURS).save(path, optimize=True)
        self._tell(f"The picture: {path}")

    # What hands and eyes do

    def _part(self, kind: type[W], name: str) -> W:
        found = self._panel.findChild(kind, name)
        if found is None:
            raise StepFailedError(f"the panel has no {name}")
        return found

    def _text(self, name: str) -> str:
        return self._part(QLabel, name).text()

    def _click(self, name: str) -> None:
        button = self._part(QWidget, name)
        self._until(button.isEnabled, f"{name} can be pressed")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def _line(self, row: int, parent: QModelIndex | None = None) -> QModelIndex:
        return self._results.model().index(row, 0, parent or QModelIndex())

    def _names(self, parent: QModelIndex | None = None) -> list[str]:
        count = self._results.model().rowCount(parent or QModelIndex())
        return [str(self._line(row, parent).data()) for row in range(count)]

    def _is_idle(self) -> bool:
        return self._part(QWidget, "idr_cancel").isHidden()

    def _is_plate_current(self) -> bool:
        """Whether all layers of a plate are there and it was made the active one."""
        active = self._viewer.layers.selection.active
        names = {layer.name for layer in self._viewer.layers}
        return active is not None and f"{active.name} headings" in names

    def _channel_count(self) -> int | None:
        """Return how many channels the panel says the image has; None without one."""
        before, found, _ = self._text("idr_image_facts").partition(" channel")
        return int(before.split()[-1]) if found else None

    def _nearest_hit(self) -> tuple[str, QPoint]:
        """Return the label of the hit furthest to the right, and where to click."""
        wells = next(one for one in self._viewer.layers if one.name.endswith(" wells"))
        hits = wells.features[wells.features["hit"]]
        if hits.empty:
            raise StepFailedError(f"no well of the plate carries {GENE}")
        number = hits["column"].idxmax()
        position = np.array(wells.data_to_world(wells.data[number]))[-2:]
        canvas = np.array(self._viewer.canvas.size)
        camera = self._viewer.scene.camera
        y, x = (position - camera.center[-2:]) * camera.zoom + canvas / 2
        return str(hits["well"][number]), QPoint(round(x), round(y))

    def _shows_cells(self) -> bool:
        canvas = self._viewer.screenshot(canvas_only=True, flash=False)
        colours = np.unique(canvas[::2, ::2, :3].reshape(-1, 3), axis=0)
        return len(colours) >= FEWEST_COLOURS

    def _until(self, is_true: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_true():
            if time.monotonic() > deadline:
                said = self._text("idr_status")
                raise StepFailedError(f"{what}: not within {PATIENCE_S:g} s ({said})")
            QTest.qWait(20)

    def _tell(self, sentence: str) -> None:
        print(sentence, flush=True)
        QTest.qWait(int(1000 * self._pause_s))


def take_tour(viewer: Viewer, pause_s: float, screenshot: Path | None) -> None:
    """Do the main job in a viewer.

    Raises
    ------
    StepFailedError
        A step didn't come true, or napari reported an error.
    """
    _, panel = viewer.window.add_plugin_dock_widget("napari-idr", "Browse the IDR")
    tour = Tour(viewer, panel, pause_s)
    tour.arrange()
    tour.connect()
    tour.search()
    tour.choose_plate()
    tour.show_plate()
    image = tour.open_image()
    tour.read_annotations()
    tour.step_back(image)
    if screenshot is not None:
        tour.photograph(screenshot)
    for one in notification_manager.records:
        if one.severity >= NotificationSeverity.ERROR:
            raise StepFailedError(f"napari reported: {one.message}")


def main() -> int:
    parser = argparse.ArgumentParser(description="A tour of the browser.")
    parser.add_argument("--face", choices=("idr", "classic"), default="idr")
    parser.add_argument("--screenshot", type=Path, help="where to save a picture")
    parser.add_argument("--no-wait", action="store_true", help="end after the tour")
    options = parser.parse_args()
    alone = options.no_wait or bool(os.environ.get("NAPARI_IDR_NO_DISPLAY"))
    with demo.serve(face=options.face) as archive:
        print(f"The demo archive answers at {archive.url}", flush=True)
        os.environ["NAPARI_IDR_SERVER"] = archive.url
        viewer = napari.Viewer()
        try:
            take_tour(viewer, QUICK_S if alone else SLOW_S, options.screenshot)
        except StepFailedError as error:
            print(f"The tour ended early: {error}", file=sys.stderr)
            viewer.close()
            return 1
        except RuntimeError:  # Qt has deleted what the tour was about to use
            print("The tour ended early: the window was closed", file=sys.stderr)
            return 1
        if alone:
            viewer.close()
        else:
            print("The archive answers until the window is closed.", flush=True)
            napari.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
