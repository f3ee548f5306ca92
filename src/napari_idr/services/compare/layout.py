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
    "StageLayout",
    "StripLayout",
    "common_pixel_um",
    "drawn_shapes",
    "plan_layout",
    "plan_stage",
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

MAX_STRIP_PX = 4096
"""The longest side of all images together at the smallest level, about: its thumbnails
take 50 MB then, and napari keeps all of that level of each channel."""

LEAST_CELL_PX = 32
"""Fields that are smaller there lie so far apart that one sees next to nothing."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLayout(StripLayout):
    """Images where the stage was when each was taken, at true distances.

    They may overlap. Rows and columns only tell them from each other. `size` is the
    (y, x) size of all in px; captions are written into the images.
    """

    size: tuple[int, int]

    @property
    def pitch(self) -> tuple[int, int]:
        """The (y, x) size of a cell in px: there is no grid."""
        return self.cell_shape

    @property
    def shape(self) -> tuple[int, int]:
        """The (y, x) size of all in px."""
        return self.size

    def origin(self, row: int, column: int) -> tuple[int, int]:
        """Return the (y, x) of the first px of a cell.

        Raises
        ------
        ValueError
            There is no such cell.
        """
        for cell in self.cells:
            if (cell.row, cell.column) == (row, column):
                return cell.y, cell.x
        raise ValueError(f"the strip has no cell ({row}, {column})")

    def cell_at(self, y: float, x: float) -> Place | None:
        """Return the (row, column) of the uppermost cell at a position, or None."""
        if not (math.isfinite(y) and math.isfinite(x)):
            return None
        top, left = math.floor(y + 0.5), math.floor(x + 0.5)
        found = self.places_in(top, top + 1, left, left + 1)
        return found[-1] if found else None

    def places_in(self, y0: int, y1: int, x0: int, x1: int) -> tuple[Place, ...]:
        """Return the (row, column) of the cells in a part, the uppermost last."""
        height, width = self.cell_shape
        return tuple(
            (one.row, one.column)
            for one in self.cells
            if one.y < y1 and y0 < one.y + height and one.x < x1 and x0 < one.x + width
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
    rows = max(row for row, _ in places) + 1
    columns = max(column for _, column in places) + 1
    total = rows * height * (1 + CAPTION_SHARE), columns * width * (1 + GAP_SHARE)
    too_many = max(max(height, width) / CELL_PX, max(total) / MAX_STRIP_PX)
    steps = max(0, math.ceil(math.log2(too_many)))
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
        rows=rows,
        columns=columns,
        cells=cells,
        image_shape=(height, width),
    )
    return layout, tuple(2**step for step in range(steps, -1, -1))


def plan_stage(
    images: Sequence[Image],
    labels: Sequence[str],
    places: Sequence[Place],
    shapes: dict[ImageId, tuple[int, int]],
    stage_um: Sequence[tuple[float, float]],
    runs: Sequence[int],
    pixel_um: float,
) -> tuple[StageLayout, tuple[int, ...]] | None:
    """Return images at their places on the stage, and the scales of all levels.

    Distances are true to half a px of the smallest level. None where they would show
    little: one image hides another, or they lie too far apart.

    Parameters
    ----------
    images, labels, places, shapes
        As for `plan_layout`; places only tell the cells from each other.
    stage_um
        The (y, x) of each image in µm; both count as pixels do, down and to the right.
    runs
        The number of the run of each, from 0; runs lie one below the other.
    pixel_um
        The size of a px of the largest level.
    """
    height = max(shape[0] for shape in shapes.values())
    width = max(shape[1] for shape in shapes.values())
    at = np.array(stage_um, np.float64) / pixel_um
    of = np.array(runs)
    blocks = [np.flatnonzero(of == run) for run in dict.fromkeys(runs)]
    for block in blocks:
        if _hides(at[block], height, width):
            return None
        at[block] -= at[block].min(axis=0)
    gap = height * CAPTION_SHARE
    total = np.array(
        [
            sum(float(at[one, 0].max()) + height + gap for one in blocks) - gap,
            max(float(at[one, 1].max()) + width for one in blocks),
        ]
    )
    # As many px as a strip in a grid has, and no more than a canvas may have.
    too_many = max(max(height, width) / CELL_PX, float(total.max()) / MAX_STRIP_PX)
    steps = max(0, math.ceil(math.log2(too_many)))
    scale = 2**steps
    cell = math.ceil(height / scale), math.ceil(width / scale)
    if max(cell) < LEAST_CELL_PX and max(height, width) > max(cell):
        return None
    px = np.rint(at / scale).astype(int)
    row_gap = math.ceil(cell[0] * CAPTION_SHARE)
    top = 0
    for block in blocks:
        px[block, 0] += top
        top = int(px[block, 0].max()) + cell[0] + row_gap
    cells = tuple(
        MosaicCell(
            image_id=image.id, label=label, row=row, column=column, y=int(y), x=int(x)
        )
        for image, label, (row, column), (y, x) in zip(
            images, labels, places, px, strict=True
        )
    )
    layout = StageLayout(
        cell_shape=cell,
        gap_px=0,
        row_gap_px=row_gap,
        rows=max(row for row, _ in places) + 1,
        columns=max(column for _, column in places) + 1,
        cells=cells,
        image_shape=(height, width),
        size=(top - row_gap, int(px[:, 1].max()) + cell[1]),
    )
    return layout, tuple(2**step for step in range(steps, -1, -1))


def _hides(at: NDArray[np.float64], height: int, width: int) -> bool:
    """Whether one of the images covers the middle of another."""
    apart = np.abs(at[:, np.newaxis] - at[np.newaxis])
    near = (apart[..., 0] < height / 2) & (apart[..., 1] < width / 2)
    return bool(near.sum() > len(at))
