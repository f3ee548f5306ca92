"""The levels of a plate's pyramid, in the geometry of its mosaic."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.api import Level
from napari_idr.services.viewing._grid import Rect

if TYPE_CHECKING:
    from napari_idr.model import ImageId
    from napari_idr.services.mosaic import MosaicPlan

MAX_TILE_PX = 1024
"""What servers send at most in one piece; larger cells are cut in halves."""

USUAL_IMAGE_PX = 2048
"""The longest side of an image, where a plate doesn't tell."""

LEAST_SCALE = 4
"""Below this, a screen shows so many wells that opening each image would be hundreds
of requests: cells stay thumbnails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PyramidPlan:
    """A mosaic enlarged by `scales`, which are powers of two, the largest first.

    The last scale is 1: the canvas of thumbnails. No tile of a level reaches into
    two cells.
    """

    mosaic: MosaicPlan
    scales: tuple[int, ...]
    images: dict[tuple[int, int], ImageId]

    @property
    def levels(self) -> tuple[Level, ...]:
        """The (y, x) sizes of the levels and of their tiles."""
        height, width = self.mosaic.shape
        return tuple(
            Level(
                shape=(height * scale, width * scale),
                chunk=(
                    _tile_px(self.mosaic.pitch[0], scale),
                    _tile_px(self.mosaic.pitch[1], scale),
                ),
            )
            for scale in self.scales
        )

    def image_at(self, level: int, y: int, x: int) -> ImageId | None:
        """Return the image whose cell, with the gap after it, holds a px."""
        scale = self.scales[level]
        row = y // (self.mosaic.pitch[0] * scale)
        return self.images.get((row, x // (self.mosaic.pitch[1] * scale)))

    def content(self, level: int, y: int, x: int, shape: tuple[int, int]) -> Rect:
        """Return where an image of a shape lies in the cell that holds a px.

        It lies as the thumbnail does: as large as fits, in the middle.
        """
        scale = self.scales[level]
        pitch_y, pitch_x = self.mosaic.pitch
        cell_height, cell_width = self.mosaic.cell_shape
        factor = min(cell_height / shape[0], cell_width / shape[1])
        height = min(cell_height, max(1, round(shape[0] * factor)))
        width = min(cell_width, max(1, round(shape[1] * factor)))
        top = y // (pitch_y * scale) * pitch_y + (cell_height - height) // 2
        left = x // (pitch_x * scale) * pitch_x + (cell_width - width) // 2
        return Rect(
            top * scale, (top + height) * scale, left * scale, (left + width) * scale
        )


def plan_pyramid(mosaic: MosaicPlan) -> PyramidPlan:
    """Return the levels that show the images of a plate without loss.

    >>> from napari_idr.model import GridCell, PlateGrid
    >>> from napari_idr.services.mosaic import plan_mosaic
    >>> cell = GridCell(row=0, column=1, image_id=7, well_id=3)
    >>> grid = PlateGrid(
    ...     plate_id=1, field=0, run=None, row_labels=("A",), image_shape=(30, 60),
    ...     column_labels=("1", "2"), cells=((None, cell),),
    ... )
    >>> plan = plan_pyramid(plan_mosaic(grid, cell_shape=(10, 20), gap_px=2))
    >>> plan.scales, plan.levels[0].shape, plan.levels[0].chunk
    ((4, 2, 1), (40, 168), (48, 88))
    >>> plan.image_at(0, 0, 87), plan.image_at(0, 0, 88)
    (None, 7)
    >>> plan.content(0, 0, 88, (30, 60))
    Rect(y0=0, y1=40, x0=88, x1=168)
    """
    height, width = mosaic.grid.image_shape or (USUAL_IMAGE_PX, USUAL_IMAGE_PX)
    enlargement = min(
        max(1, height) / mosaic.cell_shape[0], max(1, width) / mosaic.cell_shape[1]
    )
    finest = max(0, math.ceil(math.log2(max(1.0, enlargement))))
    return PyramidPlan(
        mosaic=mosaic,
        scales=tuple(2**step for step in range(finest, -1, -1)),
        images={(tile.row, tile.column): tile.image_id for tile in mosaic.tiles},
    )


def _tile_px(pitch_px: int, scale: int) -> int:
    """Return a cell's size at a scale, or the half, quarter ... that isn't too large.

    >>> _tile_px(100, 8), _tile_px(100, 16)
    (800, 800)
    """
    px = pitch_px * scale
    while px > MAX_TILE_PX and px % 2 == 0:
        px //= 2
    return px
