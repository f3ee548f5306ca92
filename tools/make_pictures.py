"""Draw the pictures of docs/images anew, with the demo archive in a real window.

`make pictures` runs this. A person's keys and clicks lead from a gene to a plate, an
image, a table, a comparison, a gallery and facets; each is photographed on the way.
The first part of it becomes an animation as well.
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
from PIL import Image as Picture
from PIL import ImageDraw
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QDockWidget, QTabWidget, QWidget

from napari_idr import demo

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"

sys.path.insert(0, str(ROOT / "examples"))

from guided_tour import StepFailedError, Tour  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.layers import Layer
    from napari.viewer import Viewer

WINDOW_PX = (1320, 840)
"""Wide enough for the table of the wells, and shown nearly so by a page."""

DOCK_PX = 300
"""Height of a dock below the viewer, of which much is to be seen."""

COLOURS = 128

FILM_PX = (880, 560)
FILM_COLOURS = 96
LETTER_MS, SOON_MS, HOLD_MS, END_MS = 140, 120, 1300, 3500
"""How long a frame is shown: after a letter, while something loads, after a step, and
at the end."""

SETTLED_MS = 500
"""Before a frame that is shown for long: the camera is there, all tiles are drawn."""

FRAME_S = 0.25
"""Between two frames of what loads."""

THUMBNAIL_MS = 6
"""What each thumbnail takes, so that a plate can be seen to fill."""

POINTER_PX = 14
POINTER_COLOUR = (255, 190, 60)

W = TypeVar("W", bound=QWidget)


class Album(Tour):
    """A tour that is photographed, and of which a part is filmed."""

    def __init__(self, viewer: Viewer, panel: QWidget, images: Path) -> None:
        super().__init__(viewer, panel, 0.05)
        self._images = images
        self._frames: list[tuple[Picture.Image, int]] = []
        self._filming = False
        self._next_frame = 0.0

    def arrange(self) -> None:
        """Give the window a size at which a page can show it."""
        super().arrange()
        self._window.resize(*WINDOW_PX)
        QTest.qWait(300)

    def film(self) -> tuple[Layer, ...]:
        """Search, show a plate, open an image, with frames of it; return its layers."""
        self._filming = True
        self.connect()
        self._frame(HOLD_MS)
        value = self._part(QWidget, "idr_value")
        for letter in "CDC20":
            QTest.keyClicks(value, letter)
            self._frame(LETTER_MS)
        QTest.keyClick(value, Qt.Key.Key_Return)
        self._until(lambda: self._names(), "studies are listed")
        self._until(self._is_idle, "the search is over")
        self._frame(HOLD_MS)
        self.photograph(self._images / "search.png")
        self.choose_plate()
        self._until(self._is_idle, "the plate is known")
        self._frame(HOLD_MS)
        self.show_plate()
        self._frame(HOLD_MS)
        self.photograph(self._images / "plate.png")
        image = self.open_image()
        self._until(self._is_idle, "the image is open")
        self._frame(END_MS)
        self._filming = False
        self.photograph(self._images / "image.png")
        return image

    def first_plate(self, image: Sequence[Layer]) -> None:
        """Show the plate and the image beside it, in a window of the tour's size."""
        super().arrange()
        QTest.qWait(SETTLED_MS)
        self.step_back(image)
        QTest.qWait(SETTLED_MS)
        self.photograph(self._images / "first-plate.png")
        self.arrange()

    def wells_table(self) -> None:
        """Colour the plate by a column of its table."""
        self._viewer.layers.selection.active = self._mosaic()
        self._viewer.reset_view()
        self._click("idr_wells_table_button")
        color_by = self._anywhere(QComboBox, "idr_color_by")
        self._until(
            lambda: color_by.findText("Cell Count") >= 0, "the wells are in their table"
        )
        color_by.setCurrentIndex(color_by.findText("Cell Count"))
        self._raise_dock("idr_wells_panel")
        self._rest()
        self.photograph(self._images / "wells-table.png")
        color_by.setCurrentIndex(0)
        self._close_docks_below()

    def comparison(self) -> None:
        """Put the hits of the plate side by side."""
        count = len(self._viewer.layers)
        self._viewer.layers.selection.active = self._mosaic()
        self._click("idr_compare")
        self._until(lambda: len(self._viewer.layers) > count, "the strip is there")
        self._rest()
        self.photograph(self._images / "comparison.png")

    def gallery(self) -> None:
        """Show all images that the search found."""
        self._viewer.layers.clear()
        QTest.qWait(200)
        self._results.clearSelection()
        self._click("idr_gallery")
        self._until(self._is_plate_current, "the gallery is there")
        self._rest()
        self.photograph(self._images / "gallery.png")

    def facets(self) -> None:
        """Count what was found."""
        self._click("idr_show_facets")
        self._raise_dock("idr_facets_panel")
        self._rest()
        self.photograph(self._images / "facets.png")
        self._close_docks_below()

    def study(self) -> None:
        """Show the card of a study, with its citation and its licence."""
        tabs = self._part(QTabWidget, "idr_tabs")
        tabs.setCurrentIndex(1)
        self._rest()
        studies = tabs.currentWidget()
        assert studies is not None
        self._results.setCurrentIndex(self._line(0))
        tabs.setCurrentIndex(0)
        self._rest()
        shot = self._panel.grab().toImage()
        path = self._images / "study.png"
        shot.save(str(path))
        _save(Picture.open(path).convert("RGB"), path)

    def photograph(self, path: Path) -> None:
        """Save a picture of the window, in few colours so that it is small."""
        _save(self._shot(), path)
        self._tell(f"The picture: {path.name}")

    def save_film(self, path: Path) -> None:
        """Save the frames as an animation that goes on for ever."""
        frames = [
            frame.resize(FILM_PX, Picture.Resampling.LANCZOS)
            for frame, _ in self._frames
        ]
        # One palette for all, so that what stays the same costs nothing.
        sheet = Picture.new("RGB", (FILM_PX[0], FILM_PX[1] * len(frames)))
        for number, frame in enumerate(frames):
            sheet.paste(frame, (0, FILM_PX[1] * number))
        palette = sheet.quantize(FILM_COLOURS, method=Picture.Quantize.MEDIANCUT)
        flat = [
            frame.quantize(palette=palette, dither=Picture.Dither.NONE)
            for frame in frames
        ]
        flat[0].save(
            path,
            save_all=True,
            append_images=flat[1:],
            duration=[milliseconds for _, milliseconds in self._frames],
            loop=0,
            optimize=True,
        )
        self._tell(f"The animation: {path.name}, {len(flat)} frames")

    # What hands and eyes do

    def _shot(self) -> Picture.Image:
        shot = self._viewer.screenshot(canvas_only=False, flash=False)
        return Picture.fromarray(np.ascontiguousarray(shot[..., :3]))

    def _frame(self, milliseconds: int, pointer: QPoint | None = None) -> None:
        if not self._filming:
            return
        if milliseconds >= HOLD_MS:
            QTest.qWait(SETTLED_MS)
        shot = self._shot()
        if pointer is not None:
            x, y = pointer.x(), pointer.y()
            ImageDraw.Draw(shot).ellipse(
                (x - POINTER_PX, y - POINTER_PX, x + POINTER_PX, y + POINTER_PX),
                outline=POINTER_COLOUR,
                width=3,
            )
        self._frames.append((shot, milliseconds))
        self._next_frame = time.monotonic() + FRAME_S

    def _click(self, name: str) -> None:
        button = self._part(QWidget, name)
        self._until(button.isEnabled, f"{name} can be pressed")
        at = button.mapTo(self._window, button.rect().center())
        self._frame(SOON_MS * 4, at)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def _until(self, is_true: Callable[[], object], what: str) -> None:
        def seen() -> object:
            if self._filming and time.monotonic() > self._next_frame:
                self._frame(SOON_MS)
            return is_true()

        super()._until(seen, what)

    def _rest(self) -> None:
        """Wait until nothing is on its way, and what came is drawn."""
        self._until(self._is_idle, "all is there")
        QTest.qWait(1500)
        self._until(self._shows_cells, "something can be seen")

    def _mosaic(self) -> Layer:
        return next(
            layer for layer in self._viewer.layers if layer.name == "DM0001_01, field 1"
        )

    def _anywhere(self, kind: type[W], name: str) -> W:
        found = self._window.findChild(kind, name)
        if found is None:
            raise StepFailedError(f"the window has no {name}")
        return found

    def _dock_of(self, name: str) -> QDockWidget:
        inside = self._anywhere(QWidget, name)
        return next(
            dock
            for dock in self._window.findChildren(QDockWidget)
            if dock.isAncestorOf(inside)
        )

    def _raise_dock(self, name: str) -> None:
        dock = self._dock_of(name)
        dock.show()
        dock.raise_()
        self._window.resizeDocks([dock], [DOCK_PX], Qt.Orientation.Vertical)
        QTest.qWait(200)

    def _close_docks_below(self) -> None:
        for dock in self._window.findChildren(QDockWidget):
            area = self._window.dockWidgetArea(dock)
            if area == Qt.DockWidgetArea.BottomDockWidgetArea:
                dock.hide()
        QTest.qWait(200)


def _save(picture: Picture.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(COLOURS).save(path, optimize=True)


def make(viewer: Viewer, images: Path) -> None:
    """Make all pictures.

    Raises
    ------
    StepFailedError
        A step didn't come true.
    """
    _, panel = viewer.window.add_plugin_dock_widget("napari-idr", "Browse the IDR")
    album = Album(viewer, panel, images)
    album.arrange()
    image = album.film()
    album.save_film(images / "search-to-image.gif")
    album.first_plate(image)
    album.wells_table()
    album.comparison()
    album.facets()
    album.gallery()
    album.study()


def main() -> int:
    """Make the pictures; return the exit status."""
    parser = argparse.ArgumentParser(description="Draw the pictures of the docs.")
    parser.add_argument("--into", type=Path, default=IMAGES, help="which folder")
    options = parser.parse_args()
    with demo.serve(face="idr", thumbnail_ms=THUMBNAIL_MS) as archive:
        os.environ["NAPARI_IDR_SERVER"] = archive.url
        viewer = napari.Viewer()
        try:
            make(viewer, options.into)
        except StepFailedError as error:
            sys.stderr.write(f"no more pictures: {error}\n")
            return 1
        finally:
            viewer.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
