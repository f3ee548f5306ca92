"""The layers of one plate or gallery: a mosaic, its wells, its hits, its headings."""

from __future__ import annotations

import math
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from napari.layers import Points

from napari_idr._qt.layers.headings import HeadingsLayer
from napari_idr._qt.layers.marks import MarksLayer
from napari_idr._qt.layers.mosaic_image import Image
from napari_idr._qt.layers.placing import place_layer
from napari_idr._qt.layers.rows import set_rows
from napari_idr._qt.layers.well_status import set_status
from napari_idr.services.plate.headings import heading_room
from napari_idr.services.wells.look import plate_note
from napari_idr.tiles import MosaicPyramid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari.layers import Layer, Vectors
    from napari.viewer import Viewer

    from napari_idr._qt.layers.framing import Box
    from napari_idr._qt.layers.refresher import LayerRefresher
    from napari_idr._qt.layers.units import SceneUnits
    from napari_idr.model import GridCell
    from napari_idr.services.mosaic import CellId, MosaicShown
    from napari_idr.services.wells.colors import Legend

L = TypeVar("L")

WELL_DOT_PX = 12


class MosaicGroup:
    """The layers of one plate or gallery; they move and leave together.

    The mosaic is made at once, the others when they are first asked for: each takes
    as long as a part of a repaint.

    Parameters
    ----------
    viewer, refresher, units
        Where they are shown, what repaints them, and what agrees their units.
    shown
        What they show.
    origin
        The (y, x) of the world where the mosaic lies.
    px_um
        How wide one of its px is; None as long as nothing tells.
    status_at
        Says what lies at a position in the world.
    """

    def __init__(
        self,
        viewer: Viewer,
        refresher: LayerRefresher,
        units: SceneUnits,
        shown: MosaicShown,
        *,
        origin: tuple[float, float],
        px_um: float | None,
        status_at: Callable[[Sequence[float] | None], str],
    ) -> None:
        self._viewer = viewer
        self._status_at = status_at
        self._refresher = refresher
        self._units = units
        self.dismissed: set[Layer] = set()  # a person has taken them out
        self.is_painted = False  # something has been, since it is shown
        self.shown = shown
        self.legend: Legend | None = None  # of the colours of its wells
        self.origin, self.px_um = origin, px_um
        self._selected: tuple[tuple[int, int], ...] = ()
        # What isn't made yet is None.
        self._wells: Points | None = None
        self._marks: MarksLayer | None = None
        self._headings: HeadingsLayer | None = None
        self._pyramid = self._open_pyramid()
        self.mosaic = Image(
            self._pyramid.levels(),
            rgb=True,
            multiscale=True,
            name=shown.name,
            axis_labels=("y", "x"),
            **{**self._place, **self._mosaic_place},
        )
        self._take(self.mosaic)
        self._watch()

    @property
    def wells(self) -> Points:
        """The wells' table; a dot for each well, for whoever wants to style it."""
        if self._wells is None:
            self._wells = self._take(
                Points(
                    self.shown.well_centers,
                    features=self.shown.features,
                    name=f"{self.shown.name} wells",
                    size=WELL_DOT_PX,
                    **self._place,
                )
            )
        return self._wells

    @property
    def marks(self) -> Vectors:
        """The marks on its wells."""
        if self._marks is None:
            self._marks = MarksLayer(
                self._viewer,
                self.shown,
                self._selected,
                self._place,
                colored=self.legend is not None,
            )
            self._take(self._marks.layer)
        return self._marks.layer

    @property
    def headings(self) -> Points:
        """What is written beside it."""
        if self._headings is None:
            self._headings = HeadingsLayer(
                self._viewer,
                self.shown,
                note=self._note,
                above=self._room_above,
                place=self._place,
            )
            self._take(self._headings.layer)
        return self._headings.layer

    def _take(self, layer: L) -> L:
        """Let a layer that was made have the units of all, and their status."""
        with _units_differ():
            self._units.set(layer, (self.unit, self.unit))
        set_status(layer, self._status_at)
        return layer

    @property
    def parts(self) -> tuple[Callable[[], Layer], ...]:
        """What returns its layers, in their order; each makes one that isn't made."""
        return (
            lambda: self.mosaic,
            lambda: self.wells,
            lambda: self.marks,
            lambda: self.headings,
        )

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Its layers, in their order; all are made."""
        return tuple(part() for part in self.parts)

    @property
    def made(self) -> dict[str, Layer]:
        """Those of its layers that are made, by the ends of their names."""
        marks, headings = self._marks, self._headings
        named = {
            "": self.mosaic,
            " wells": self._wells,
            " hits": None if marks is None else marks.layer,
            " headings": None if headings is None else headings.layer,
        }
        return {end: layer for end, layer in named.items() if layer is not None}

    def is_of(self, layer: object) -> bool:
        """Whether a layer is one of its own."""
        return any(layer is one for one in self.made.values())

    @property
    def is_whole(self) -> bool:
        """Whether all of its layers are made."""
        return len(self.made) == len(self.parts)

    @property
    def size(self) -> tuple[float, float]:
        """The (y, x) size of the mosaic in the world, its headings included."""
        height, width = self.shown.plan.shape
        y, x = heading_room(self.shown.plan)
        scale = self.px_um or 1.0
        return (height + y) * scale, (width + x) * scale

    @property
    def box(self) -> Box:
        """From where to where it reaches in the world, its headings included."""
        plan = np.array(self.shown.plan.shape) * (self.px_um or 1.0)
        size = np.array(self.size)
        center = self.origin + plan / 2 - (size - plan) / 2
        return center - size / 2, center + size / 2

    @property
    def bottom(self) -> float:
        """Where it ends, along y."""
        return self.origin[0] + self.shown.plan.shape[0] * (self.px_um or 1.0)

    def show(self, shown: MosaicShown) -> tuple[Callable[[], None], ...]:
        """Show another field, or other images of a gallery, in the same layers.

        The calls that are returned do so, each in a turn of the event loop: of a large
        gallery all of it takes as long as several repaints. What is as large on the
        screen at any zoom, `show_headings` and `show_marks` change, once the camera is
        where it is to be.
        """
        before, self.shown = self.shown, shown
        for suffix, layer in self.made.items():
            if layer.name.startswith(before.name):  # else a person has renamed it
                layer.name = f"{shown.name}{suffix}"
            layer.metadata = shown.metadata
        return self._show_pixels, self._place_wells, self._describe_wells

    def _show_pixels(self) -> None:
        self._pyramid = self._open_pyramid()
        self._refresher.unwatch(self.mosaic)
        self._watch()
        self.mosaic.data = self._pyramid.levels()
        self._place_mosaic()

    def _place_wells(self) -> None:
        """Say in the wells' layer where each is."""
        wells, centers = self._wells, self.shown.well_centers
        if wells is not None and not np.array_equal(wells.data, centers):
            set_rows(wells, centers)

    def _describe_wells(self) -> None:
        """Say in the wells' layer what is known of each of those that are shown."""
        self._place_wells()
        if self._wells is not None:
            self._wells.features = self.shown.features

    def show_headings(self) -> bool:
        """Write the headings of what is shown; tell whether they are others."""
        if self._headings is None:
            return False
        self._headings.set_room_above(self._room_above)
        changed = self._headings.show(self.shown)
        self.write_note()
        return changed

    def show_texts(self) -> bool:
        """Let the texts of the headings be seen; tell whether they weren't before."""
        _ = self.headings
        return self._headings is not None and self._headings.show_texts()

    def show_marks(self) -> bool:
        """Mark hits and controls; in another layout no well is selected.

        Returns whether other marks are shown now.
        """
        return self._marks is not None and self._marks.show(self.shown)

    def mark(self) -> None:
        """Mark hits and controls, and tell what is known of each well."""
        self.show_marks()
        self.write_note()
        self._describe_wells()
        for layer in self.made.values():
            layer.metadata = self.shown.metadata

    def set_legend(self, legend: Legend | None) -> None:
        """Write what the colours of its wells mean, and leave them to be seen."""
        self.legend = legend
        self.write_note()
        if self._marks is not None:
            self._marks.set_colored(colored=legend is not None)

    def write_note(self) -> None:
        """Write below the title by what it was found, and what its colours mean."""
        if self._headings is not None:
            self._headings.set_note(self._note)

    @property
    def _note(self) -> str:
        return plate_note(self.legend, self.shown.found_by)

    def place(self, origin: tuple[float, float], px_um: float | None) -> None:
        """Put the mosaic at an (y, x) of the world; a px is `px_um` wide, or 1."""
        if (origin, px_um) == (self.origin, self.px_um):
            return
        self.origin, self.px_um = origin, px_um
        if self._headings is not None:
            self._headings.set_room_above(self._room_above)
        with _units_differ():
            for layer in self.made.values():
                if layer is not self.mosaic:
                    size = self.px_size
                    place_layer(layer, scale=(size, size), translate=origin)
                    self._units.set(layer, (self.unit, self.unit))
        self._place_mosaic()

    @property
    def px_size(self) -> float:
        """How wide a px of the mosaic is in the world."""
        return self.px_um or 1.0

    @property
    def _place(self) -> dict[str, Any]:
        """What a layer is made with that isn't seen yet: where it lies ..."""
        return {
            "scale": (self.px_size, self.px_size),
            "translate": self.origin,
            "units": (self.unit, self.unit),
            "visible": False,
            "projection_mode": "none",
            "metadata": self.shown.metadata,
        }

    @property
    def _mosaic_place(self) -> dict[str, Any]:
        """Where the layer of pixels lies: its coordinates are those of the finest."""
        whole, part = self.px_size, 1 / self._pyramid.enlargement
        return {
            "scale": np.array((whole * part, whole * part)),
            "translate": np.array(self.origin) + (part - 1) / 2 * whole,
        }

    def _place_mosaic(self) -> None:
        """Put the layer of pixels where the mosaic lies."""
        with _units_differ():
            place_layer(self.mosaic, **self._mosaic_place)
            self._units.set(self.mosaic, (self.unit, self.unit))

    @property
    def _room_above(self) -> float:
        """How many px of the mosaic are free above it: the topmost has no other."""
        is_topmost = self.origin[0] <= 0
        return math.inf if is_topmost else heading_room(self.shown.plan)[0]

    @property
    def unit(self) -> str:
        """The unit of its scale."""
        return "pixel" if self.px_um is None else "um"

    def repaint(self) -> None:
        """Show what has been painted into the canvas since; soon, not at once."""
        self.is_painted = True
        # All that is painted is of one layer.
        self._refresher.refresh_soon(self._pyramid.key, gather_ms=0)

    def _open_pyramid(self) -> MosaicPyramid:
        shown = self.shown
        return MosaicPyramid(
            self._refresher.viewing, shown.plan, shown.canvas, shown.open_reader
        )

    def _watch(self) -> None:
        pyramid = self._pyramid
        self._refresher.watch(
            self.mosaic,
            pyramid.image,
            server=self.shown.server,
            close=pyramid.close,
        )

    def data_at(self, position: Sequence[float]) -> tuple[float, float]:
        """Return the (y, x) px of the mosaic at a position in the world."""
        y, x = (np.array(position[-2:]) - self.origin) / self.px_size
        return float(y), float(x)

    def world_at(self, place: Sequence[float]) -> tuple[float, float]:
        """Return where a (y, x) px of the mosaic lies in the world."""
        y, x = np.array(place) * self.px_size + self.origin
        return float(y), float(x)

    def cell_at(self, position: Sequence[float]) -> GridCell | None:
        """Return the cell that holds an image at a position in the world."""
        return self.shown.cell_at(*self.data_at(position))

    def close(self) -> None:
        """Stop following the viewer; the refresher lets go of what isn't in it."""
        self._refresher.give_up(self.mosaic)
        if self._headings is not None:
            self._headings.close()
        if self._marks is not None:
            self._marks.close()

    def select(self, wells: Sequence[CellId]) -> None:
        """Mark wells as selected, and no others."""
        places = map(self.shown.place_of, wells)
        self._selected = tuple(place for place in places if place is not None)
        if self._marks is not None:
            self._marks.select(self._selected)

    def message_at(self, position: Sequence[float]) -> str:
        """Say which well lies at a position in the world, "" where the plate isn't."""
        y, x = self.data_at(position)
        height, width = self.shown.plan.shape
        if not (self.mosaic.visible and 0 <= y < height and 0 <= x < width):
            return ""
        return self.shown.message_at(y, x)


@contextmanager
def _units_differ() -> Iterator[None]:
    """Silence napari: from the first layer that is placed to the last units differ."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Inconsistent units")
        yield
