"""Plates made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.model import PlateGrid, PlateId, row_label
from napari_idr.services.plate.mosaic import plan_mosaic

if TYPE_CHECKING:
    from napari_idr.services.plate.mosaic import PlatePlan


def plan_without_images(
    rows: int, columns: int, cell_shape: tuple[int, int] = (73, 96)
) -> PlatePlan:
    """Return where wells go in which nothing is known of an image."""
    grid = PlateGrid(
        plate_id=PlateId(1),
        field=0,
        run=None,
        row_labels=tuple(row_label(row) for row in range(rows)),
        column_labels=tuple(str(column + 1) for column in range(columns)),
        cells=((None,) * columns,) * rows,
    )
    return plan_mosaic(grid, cell_shape=cell_shape)
