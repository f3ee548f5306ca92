"""The grid of a plate, and the fields of a well: endpoints, and their answers."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from napari_idr.api.json_client import is_json, naming
from napari_idr.api.lengths import length_um
from napari_idr.errors import NotFoundError
from napari_idr.model import (
    GridCell,
    ImageId,
    PlateAcquisitionId,
    PlateGrid,
    PlateId,
    WellId,
    WellSample,
)

if TYPE_CHECKING:
    from napari_idr.api.json_client import JsonClient
    from napari_idr.api.node import Node
    from napari_idr.cancel import CancelToken
    from napari_idr.transport import Response


class PlateGrids:
    """Grids of plates, by the web gateway. Thread-safe."""

    def __init__(self, json_client: JsonClient) -> None:
        self._json_client = json_client

    def plate_grid(
        self,
        plate_id: PlateId,
        *,
        field: int,
        run: PlateAcquisitionId | None,
        cancel: CancelToken,
    ) -> PlateGrid:
        """Return the images of a plate at one field; empty cells are None.

        GET /webgateway/plate/{plate_id}/{field}/[{run}/]
        """
        path = f"webgateway/plate/{plate_id}/{field}/"
        if run is not None:
            path = f"{path}{run}/"

        def inspect(response: Response) -> None:
            if response.status == 500 and is_json(response):
                # how this view says that there is no such plate
                raise NotFoundError(
                    f"there is no plate {plate_id}",
                    url=response.url,
                    status=500,
                    kind="plate",
                    id=plate_id,
                )

        def reader(answer: Node) -> PlateGrid:
            return read_plate_grid(answer, plate_id=plate_id, field=field, run=run)

        with naming("plate", plate_id):
            return self._json_client.read(
                path, reader=reader, inspect=inspect, cancel=cancel
            )

    def well_samples(
        self, well_id: WellId, *, cancel: CancelToken
    ) -> tuple[WellSample, ...]:
        """Return the images of a well: run by run, and in each field by field.

        GET /api/v0/m/wells/{well_id}/
        """
        with naming("well", well_id):
            return self._json_client.read(
                f"api/v0/m/wells/{well_id}/",
                reader=lambda answer: read_well_samples(answer.child("data")),
                cancel=cancel,
            )


def read_well_samples(node: Node) -> tuple[WellSample, ...]:
    """Read the images of a well; its fields without an image are left out.

    Their ids are needed; names, runs and positions inform.
    """
    fields: Counter[int | None] = Counter()
    found = []
    for sample in node.find_children("WellSamples"):
        acquisition = sample.find_child("PlateAcquisition")
        run = None if acquisition is None else acquisition.find("@id", int)
        field = fields[run]
        fields[run] += 1
        if (image := sample.find_child("Image")) is not None:
            found.append(
                WellSample(
                    image_id=ImageId(image.get("@id", int)),
                    field=field,
                    run=None if run is None else PlateAcquisitionId(run),
                    name=image.find("Name", str) or "",
                    stage=_stage(sample),
                    stage_um=_stage_um(sample),
                )
            )
    return tuple(sorted(found, key=lambda one: (one.run or 0, one.field)))


def _stage(node: Node) -> tuple[float, float] | None:
    """Return the (y, x) position of a field, None unless both are numbers."""
    lengths = node.find_child("PositionY"), node.find_child("PositionX")
    y, x = (None if one is None else one.find("Value", float) for one in lengths)
    if y is None or x is None or not (math.isfinite(y) and math.isfinite(x)):
        return None
    return y, x


def _stage_um(node: Node) -> tuple[float, float] | None:
    """Return the (y, x) position of a field in µm, None unless both are lengths."""
    y_um = length_um(node.find_child("PositionY"))
    x_um = length_um(node.find_child("PositionX"))
    return None if y_um is None or x_um is None else (y_um, x_um)


def read_plate_grid(
    node: Node, *, plate_id: PlateId, field: int, run: PlateAcquisitionId | None
) -> PlateGrid:
    """Read the grid of a plate; its rows are as long as its column labels.

    Labels and the numbers of images and wells are needed; names and the size of an
    image inform.
    """
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
        raise node.error_here("the grid doesn't fit its labels")
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
        y, x = size.find_int_like("y"), size.find_int_like("x")
        if y is not None and x is not None and min(y, x) > 0:
            return y, x
    return None
