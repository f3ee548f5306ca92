"""The layers of one comparison: thumbnails, channels, captions, a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Layer, Vectors

from napari_idr._qt.layers.placing import place_layer
from napari_idr._qt.layers.reach import Points
from napari_idr._qt.layers.rows import never_fewer, set_rows
from napari_idr.model import PixelSource
from napari_idr.services.compare.captions import (
    LINE_PX,
    captions,
    cell_message,
    heading_px,
    room_above_px,
    strip_heading,
)
from napari_idr.services.compare.plan import outline
from napari_idr.services.plate.marks import plan_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from napari_idr._qt.layers.framing import Box
    from napari_idr.errors import IDRError
    from napari_idr.model import ImageId
    from napari_idr.services.compare.load import Compared, CompareShown
    from napari_idr.services.details import ImageRequest

TEXT_POINTS = 8
"""The size of captions on the screen; it doesn't change with the zoom."""

BRIGHT = "#f0f1f2"
"""The text of napari's dark theme."""


class StripGroup:
    """The layers of one comparison; they move and leave together."""

    def __init__(
        self, shown: CompareShown, title: str, metadata: dict[str, Any]
    ) -> None:
        self.shown = shown
        self.title = title
        self.compared: Compared | None = None
        self.sources: dict[ImageId, PixelSource | IDRError] = {}
        self.channels: list[Layer] = []
        self.origin = (0.0, 0.0)
        self.seen_before: Callable[[], None] | None = None
        self.is_bare = False  # its thumbnails are gone, and bring no dark any more
        self._texts: tuple[str, ...] = ()
        plan = shown.plan
        common: dict[str, Any] = {"projection_mode": "none", "metadata": metadata}
        self.below = Image(
            shown.canvas,
            rgb=True,
            multiscale=False,
            name=f"{title} [thumbnail]",
            blending="translucent_no_depth",
            units=(plan.unit, plan.unit),
            axis_labels=("y", "x"),
            **common,
        )
        # In the viewer as long as an image is selected.
        self.frame = Vectors(
            np.zeros((0, 2, 2), np.float32),
            name=f"{title} selected",
            vector_style="line",
            opacity=1.0,
            blending="translucent_no_depth",
            units=(plan.unit, plan.unit),
            **common,
        )
        # As wide as a cell, also above an image that is smaller.
        self._corners = [
            (plan.place(cell).y0 - 1.0, cell.cell.x - 0.5) for cell in plan.cells
        ]
        # In between there is no room for them: images may touch.
        self._inside = plan.is_on_stage
        self.captions = Points(
            np.array([*self._corners, self._corners[0]]),
            features={"label": np.full(len(plan.cells) + 1, "", dtype=object)},
            text={"string": "{label}", "size": TEXT_POINTS, "anchor": "upper_left"},
            size=0.1,
            face_color="transparent",
            border_color="transparent",
            border_width=0,
            name=f"{title} captions",
            units=(plan.unit, plan.unit),
            **common,
        )
        height, width = plan.layout.shape
        ends = (-room_above_px(plan), 0.0), (height - 1.0, width - 1.0)
        self.captions.reach = ends
        self.place((0.0, 0.0))

    @property
    def layers(self) -> tuple[Layer, ...]:
        return self.below, *self.channels, self.captions

    @property
    def all_layers(self) -> tuple[Layer, ...]:
        """The layers, and the frame of what is selected."""
        return *self.layers, self.frame

    @property
    def room_above(self) -> float:
        """What is kept free above the strip for its captions, in the world."""
        return room_above_px(self.shown.plan) * self.shown.plan.scale

    @property
    def bottom(self) -> float:
        """Where it ends along y, in the world."""
        plan = self.shown.plan
        return self.origin[0] + plan.layout.shape[0] * plan.scale

    @property
    def box(self) -> Box:
        """From where to where it reaches in the world, its captions included."""
        plan = self.shown.plan
        size = np.array(plan.layout.shape) * plan.scale
        low = np.array(self.origin)
        return low - (self.room_above / 2, 0.0), low + size

    def place(self, origin: tuple[float, float]) -> None:
        """Put the upper left corner of the first cell at a (y, x) in the world."""
        self.origin = origin
        plan = self.shown.plan
        step = plan.pixel_um or 1.0
        # The centre of the first px, of the large pixels and of the small ones.
        coarse = tuple(at + plan.scale / 2 for at in origin)
        for layer in (self.below, self.captions, self.frame):
            place_layer(layer, scale=(plan.scale, plan.scale), translate=coarse)
        for layer in self.channels:
            translate = [0.0] * layer.ndim
            translate[-2:] = [at + step / 2 for at in origin]
            place_layer(layer, translate=translate)

    def write(self, zoom: float, *, upright: bool) -> None:
        """Write captions for this many px of the screen to a unit of the world.

        None where the axes aren't `upright`: they would lie across the strip.
        """
        plan = self.shown.plan
        written = captions(plan, self.sources, zoom * plan.scale)
        top = min(y for y, _ in self._corners)
        left = self._corners[0][1]
        corners = np.array(self._corners)
        if self._inside:
            left = min(x for _, x in self._corners)
            lines = np.array([text.count("\n") + 1 for text in written])
            corners[:, 0] += lines * LINE_PX / max(zoom * plan.scale, 1e-9)
        else:
            rows = [cell.cell.row for cell in plan.cells]
            top -= heading_px(written, rows, zoom * plan.scale)
        data = np.array([*corners, (top, left)])
        if not np.allclose(data, self.captions.data):
            self.captions.data = data
        texts = (*written, strip_heading(plan, zoom * plan.scale))
        if not upright:
            texts = ("",) * len(texts)
        if texts != self._texts:
            self._texts = texts
            self.captions.features = {"label": np.array(texts, dtype=object)}

    def mark(self, images: Collection[ImageId], zoom: float) -> None:
        """Frame images as selected, and no others; `zoom` as for `write`."""
        plan = self.shown.plan
        outlines = {
            (one.cell.row, one.cell.column): outline(plan, one)
            for one in plan.cells
            if one.image_id in images
        }
        marks = plan_marks(
            plan.layout, selected=outlines, outlines=outlines, zoom=zoom * plan.scale
        )
        if not len(marks.vectors):
            return
        self.frame.edge_width = marks.width
        vectors = never_fewer(self.frame, marks.vectors)
        set_rows(self.frame, vectors)
        colors = np.zeros((len(vectors), 4), np.float32)
        colors[len(vectors) - len(marks.colors) :] = marks.colors
        self.frame.edge_color = colors

    def has(self, server: str, image: ImageId) -> bool:
        """Whether an image is in it."""
        plan = self.shown.plan
        return server == plan.wish.server and any(
            one.image_id == image for one in plan.cells
        )

    def color(self, text: str) -> None:
        """Write in a colour; in images and between rows, where it is dark, brightly."""
        cells = self.shown.plan.cells
        dark = [self._inside or bool(cell.cell.row) for cell in cells]
        self.captions.text.color = [*(BRIGHT if one else text for one in dark), text]

    def hide_thumbnails(self) -> None:
        """Show the thumbnails of many images where none is opened, and only there."""
        channels = [one for one in self.channels if one.visible]
        if self.shown.plan.wish.pictures is not None and channels:
            last = len(self.shown.plan.mosaic.pyramid.scales) - 1
            self.below.visible = not last or channels[0].data_level == last

    def message_at(self, position: Sequence[float]) -> str:
        """Say which image lies at a position in the world, "" for none."""
        y, x = self._px(position)
        return cell_message(self.shown.plan, self.sources, y, x)

    def request_at(self, position: Sequence[float]) -> ImageRequest | None:
        """Return how to ask for the image at a position in the world."""
        cell = self.shown.plan.cell_at(*self._px(position))
        return None if cell is None else cell.wish.request

    def _px(self, position: Sequence[float]) -> tuple[float, float]:
        scale = self.shown.plan.scale
        y, x = (
            (float(at) - start) / scale - 0.5
            for at, start in zip(position[-2:], self.origin, strict=True)
        )
        return y, x

    @property
    def is_complete(self) -> bool:
        """Whether the pixels of all images have come."""
        ids = (cell.image_id for cell in self.shown.plan.cells)
        return all(has_pixels(self.sources.get(one)) for one in ids)


def has_pixels(known: object) -> bool:
    """Whether what is known of an image is where its pixels come from."""
    return isinstance(known, PixelSource) and known is not PixelSource.THUMBNAIL
