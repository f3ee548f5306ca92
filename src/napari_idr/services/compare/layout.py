"""Where images lie side by side: rows and columns, sizes, and room for captions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_idr.model import Image, ImageId
from napari_idr.tiles import MosaicCell, MosaicLayout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "CELL_PX",
    "StripLayout",
    "common_pixel_um",
    "drawn_shapes",
    "plan_layout",
    "row_places",
    "stage_places",
]

MAX_IN_ROW = 8
"""Images in a row: more would be too small on a screen to be compared."""

CELL_PX = 256
"""The longest side of a cell at the smallest level, at most: eight of them are about as
wide as a screen."""

GAP_SHARE = 1 / 32
"""Between two columns, in parts of a cell's width."""

CAPTION_SHARE = 1 / 3
"""Above each row but the first, in parts of a cell's height, for captions."""

EQUAL_SIZES = 0.002
"""Pixel sizes that differ by less are the same, stored in other digits."""

Place = tuple[int, int]
"""(row, column), from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StripLayout(MosaicLayout):
    """Images side by side, with room for captions between the rows."""

    row_gap_px: int

    @property
    def pitch(self) -> tuple[int, int]:
        """The (y, x) distance in px from one cell to the next."""
        height, width = self.cell_shape
        return height + self.row_gap_px, width + self.gap_px

    @property
    def shape(self) -> tuple[int, int]:
        """The (y, x) size of the strip in px."""
        height, width = self.pitch
        return (
            self.rows * height - self.row_gap_px,
            self.columns * width - self.gap_px,
        )


def row_places(groups: Sequence[int], *, most: int = MAX_IN_ROW) -> tuple[Place, ...]:
    """Return a place for each image, row by row; each group begins a row.

    Rows of a group are as long as each other, nearly.

    >>> row_places([0, 0, 0]), row_places([0, 0, 1])
    (((0, 0), (0, 1), (0, 2)), ((0, 0), (0, 1), (1, 0)))
    >>> row_places([0] * 5, most=4)
    ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1))
    """
    places: list[Place] = []
    row = 0
    for group in dict.fromkeys(groups):
        count = sum(one == group for one in groups)
        rows = math.ceil(count / most)
        columns = math.ceil(count / rows)
        places += [(row + place // columns, place % columns) for place in range(count)]
        row += rows
    return tuple(places)


def stage_places(
    positions: Sequence[tuple[float, float] | None],
) -> tuple[Place, ...] | None:
    """Return a place in a grid for each (y, x) position of the stage.

    None where they make no grid: a position isn't known, two are the same, or most
    places would stay empty.

    >>> stage_places([(0, 0), (0, 10.1), (9.9, 0.2), (10, 10)])
    ((0, 0), (0, 1), (1, 0), (1, 1))
    >>> stage_places([(0, 0), (5, 7), (11, 3), (17, 29)]) is None
    True
    >>> stage_places([(0, 0), (0, 0)]) is None
    True
    """
    known = [one for one in positions if one is not None]
    if len(known) < len(positions) or len(known) < 2:
        return None
    stage = np.array(known, np.float64)
    step = _least_distance(stage)
    if step <= 0:
        return None
    rows, columns = (_lines(stage[:, axis], step / 2) for axis in (0, 1))
    places = tuple(zip(rows, columns, strict=True))
    size = (max(rows) + 1) * (max(columns) + 1)
    if len(set(places)) < len(places) or size > 2 * len(places):
        return None
    return places


def _least_distance(stage: NDArray[np.float64]) -> float:
    """Return the distance between the two points that are nearest to each other."""
    steps = np.abs(stage[:, np.newaxis] - stage[np.newaxis]).max(axis=-1)
    np.fill_diagonal(steps, np.inf)
    return float(steps.min())


def _lines(values: NDArray[np.float64], apart: float) -> tuple[int, ...]:
    """Return the numbers of the lines on which values lie, from the lowest.

    Lines are further apart from each other than `apart`.
    """
    order = np.argsort(values, kind="stable")
    jumps = np.diff(values[order], prepend=values[order[0]]) > apart
    lines = np.empty(len(values), int)
    lines[order] = np.cumsum(jumps)
    return tuple(lines.tolist())


def common_pixel_um(images: Sequence[Image]) -> float | None:
    """Return the smallest size of a pixel, in µm; None where none is known."""
    sizes = [
        size
        for one in images
        for size in (one.pixel_size_y_um, one.pixel_size_x_um)
        if size is not None and math.isfinite(size) and size > 0
    ]
    return min(sizes, default=None)


def drawn_shapes(
    images: Sequence[Image], pixel_um: float | None
) -> dict[ImageId, tuple[int, int]]:
    """Return the (y, x) size of each image in px of a common size.

    An image whose pixel size isn't known is drawn pixel by pixel.

    >>> small = Image(id=1, name="", size_y=10, size_x=20, pixel_type="",
    ...               pixel_size_y_um=0.5, pixel_size_x_um=0.5)
    >>> large = Image(id=2, name="", size_y=10, size_x=20, pixel_type="",
    ...               pixel_size_y_um=1.0, pixel_size_x_um=1.0)
    >>> drawn_shapes([small, large], 0.5)
    {1: (10, 20), 2: (20, 40)}
    """

    def side(count: int, size_um: float | None) -> int:
        if pixel_um is None or size_um is None or not size_um > 0:
            return max(1, count)
        factor = size_um / pixel_um
        if abs(factor - 1) < EQUAL_SIZES:
            factor = 1.0
        return max(1, round(count * factor))

    return {
        one.id: (
            side(one.size_y, one.pixel_size_y_um),
            side(one.size_x, one.pixel_size_x_um),
        )
        for one in images
    }


def plan_layout(
    images: Sequence[Image],
    labels: Sequence[str],
    places: Sequence[Place],
    shapes: dict[ImageId, tuple[int, int]],
) -> tuple[StripLayout, tuple[int, ...]]:
    """Return where the images lie at the smallest level, and the scales of all levels.

    At the largest level, the first scale, a px is one of the common size, and the
    smallest cell that holds all images has its size.
    """
    height = max(shape[0] for shape in shapes.values())
    width = max(shape[1] for shape in shapes.values())
    steps = max(0, math.ceil(math.log2(max(height, width) / CELL_PX)))
    scale = 2**steps
    cell = math.ceil(height / scale), math.ceil(width / scale)
    gap, row_gap = math.ceil(cell[1] * GAP_SHARE), math.ceil(cell[0] * CAPTION_SHARE)
    cells = tuple(
        MosaicCell(
            image_id=image.id,
            label=label,
            row=row,
            column=column,
            y=row * (cell[0] + row_gap),
            x=column * (cell[1] + gap),
        )
        for image, label, (row, column) in zip(images, labels, places, strict=True)
    )
    layout = StripLayout(
        cell_shape=cell,
        gap_px=gap,
        row_gap_px=row_gap,
        rows=max(row for row, _ in places) + 1,
        columns=max(column for _, column in places) + 1,
        cells=cells,
        image_shape=(height, width),
    )
    return layout, tuple(2**step for step in range(steps, -1, -1))
