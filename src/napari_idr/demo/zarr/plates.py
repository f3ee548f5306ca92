"""The metadata of plates as OME-Zarr: what lies above the groups of the images."""

import json
from typing import Any

from napari_idr.demo.world import Plate, Well, row_letters

WITHOUT_ROW_GROUPS = "0.5"
"""Converters of this version wrote no group for a row of wells."""


def plate_texts(plate: Plate) -> dict[str, bytes]:
    """Return the metadata of a plate by key below its group.

    Fields of a well are counted from 0 in their order, those of all runs together.
    """
    version = "0.5" if "/v0.5/" in (plate.zarr or "") else "0.4"
    texts = _group("", {"plate": _plate_node(plate)}, version)
    for well in plate.wells:
        row, column = row_letters(well.row), well.column + 1
        if version != WITHOUT_ROW_GROUPS:
            texts |= _group(f"{row}/", {}, version)
        texts |= _group(f"{row}/{column}/", {"well": _well_node(well)}, version)
    return texts


def _plate_node(plate: Plate) -> dict[str, Any]:
    node: dict[str, Any] = {
        "name": plate.name,
        "rows": [{"name": row_letters(row)} for row in range(plate.rows)],
        "columns": [{"name": str(column + 1)} for column in range(plate.columns)],
        "field_count": max((len(well.samples) for well in plate.wells), default=0),
        "wells": [
            {
                "path": f"{row_letters(well.row)}/{well.column + 1}",
                "rowIndex": well.row,
                "columnIndex": well.column,
            }
            for well in plate.wells
        ],
    }
    if plate.runs:
        node["acquisitions"] = [
            {"id": run.id, "starttime": run.started_s, "endtime": run.ended_s}
            | ({} if run.name is None else {"name": run.name})
            for run in plate.runs
        ]
    return node


def _well_node(well: Well) -> dict[str, Any]:
    return {
        "images": [
            {"path": str(field)}
            | ({} if sample.run_id is None else {"acquisition": sample.run_id})
            for field, sample in enumerate(well.samples)
        ]
    }


def _group(path: str, attributes: dict[str, Any], version: str) -> dict[str, bytes]:
    if version == "0.5":
        node = {
            "zarr_format": 3,
            "node_type": "group",
            "attributes": {"ome": {"version": version} | attributes},
        }
        return {f"{path}zarr.json": json.dumps(node).encode()}
    for inner in attributes.values():
        inner["version"] = version
    texts = {f"{path}.zgroup": b'{"zarr_format": 2}'}
    if attributes:
        texts[f"{path}.zattrs"] = json.dumps(attributes).encode()
    return texts
