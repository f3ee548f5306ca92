"""The grid of a plate at one field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.model import (
    GridCell,
    ImageId,
    PlateAcquisitionId,
    PlateGrid,
    PlateId,
    WellId,
)

if TYPE_CHECKING:
    from napari_idr.api._wire._node import Node


def plate_grid(
    node: Node, *, plate_id: PlateId, field: int, run: PlateAcquisitionId | None
) -> PlateGrid:
    """Read the grid of a plate; its rows are as long as its column labels."""
    row_labels = tuple(_label(label) for label in node.children("rowlabels"))
    column_labels = tuple(_label(label) for label in node.children("collabels"))
    cells = tuple(
        tuple(
            None if cell.is_null else _cell(cell, row, column)
            for column, cell in enumerate(line.elements())
        )
        for row, line in enumerate(node.children("grid"))
    )
    if len(cells) != len(row_labels) or any(
        len(line) != len(column_labels) for line in cells
    ):
        raise node.stumble("the grid doesn't fit its labels")
    return PlateGrid(
        plate_id=plate_id,
        field=field,
        run=run,
        row_labels=row_labels,
        column_labels=column_labels,
        cells=cells,
        image_shape=_image_shape(node),
    )


def _cell(node: Node, row: int, column: int) -> GridCell:
    return GridCell(
        row=row,
        column=column,
        image_id=ImageId(node.get("id", int)),
        well_id=WellId(node.get("wellId", int)),
        name=node.find("name", str) or "",
    )


def _label(node: Node) -> str:
    return node.read(str) if isinstance(node.value, str) else str(node.read(int))


def _image_shape(node: Node) -> tuple[int, int] | None:
    for size in node.find_children("image_sizes"):
        return size.int_like("y"), size.int_like("x")
    return None
