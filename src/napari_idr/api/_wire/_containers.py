"""Studies, folders, plates and runs, in the two notations of the server.

The JSON API writes "@id" and "Name"; the lists of the web client "id" and "name".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from napari_idr.model import (
    Dataset,
    DatasetId,
    FieldRange,
    ImageId,
    ImageRef,
    Plate,
    PlateAcquisition,
    PlateAcquisitionId,
    PlateId,
    Project,
    ProjectId,
    Screen,
    ScreenId,
)

if TYPE_CHECKING:
    from napari_idr.api._wire._node import Node

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The server counts milliseconds from here."""


def screen(node: Node) -> Screen:
    """Read a screen of the JSON API."""
    return Screen(
        id=ScreenId(node.get("@id", int)),
        name=_name(node),
        description=node.find("Description", str) or "",
        child_count=node.find("omero:childCount", int),
    )


def project(node: Node) -> Project:
    """Read a project of the JSON API."""
    return Project(
        id=ProjectId(node.get("@id", int)),
        name=_name(node),
        description=node.find("Description", str) or "",
        child_count=node.find("omero:childCount", int),
    )


def plate(node: Node, runs: tuple[PlateAcquisition, ...]) -> Plate:
    """Read a plate of the JSON API."""
    return Plate(
        id=PlateId(node.get("@id", int)),
        name=_name(node),
        run_count=len(runs),
        rows=node.find("Rows", int),
        columns=node.find("Columns", int),
        fields=_fields(node),
        runs=runs,
    )


def run(node: Node) -> PlateAcquisition:
    """Read a run of the JSON API, with the fields it covers."""
    number = node.get("@id", int)
    return PlateAcquisition(
        id=PlateAcquisitionId(number),
        name=_name(node) or _period(node) or f"Run {number}",
        fields=_fields(node),
    )


def listed_plate(node: Node) -> Plate:
    """Read a row of the web client's list of plates."""
    return Plate(
        id=PlateId(node.get("id", int)),
        name=node.find("name", str) or "",
        run_count=node.find("childCount", int),
    )


def listed_dataset(node: Node) -> Dataset:
    """Read a row of the web client's list of datasets."""
    return Dataset(
        id=DatasetId(node.get("id", int)),
        name=node.find("name", str) or "",
        image_count=node.find("childCount", int),
    )


def listed_image(node: Node, dataset_id: DatasetId) -> ImageRef:
    """Read a row of the web client's list of images."""
    return ImageRef(
        image_id=ImageId(node.get("id", int)),
        name=node.find("name", str) or "",
        dataset_id=dataset_id,
    )


def listed_run(node: Node) -> PlateAcquisition:
    """Read a row of the web client's list of runs; it doesn't tell the fields."""
    number = node.get("id", int)
    return PlateAcquisition(
        id=PlateAcquisitionId(number), name=node.find("name", str) or f"Run {number}"
    )


def _name(node: Node) -> str:
    return node.find("Name", str) or ""


def _period(node: Node) -> str | None:
    """Return when a run was taken, which is how the web client calls it."""
    times = node.find("StartTime", int), node.find("EndTime", int)
    if None in times:
        return None
    try:
        return " - ".join(
            f"{EPOCH + timedelta(milliseconds=ms):%Y-%m-%d %H:%M:%S}"
            for ms in times
            if ms is not None
        )
    except OverflowError:  # no year of ours
        return None


def _fields(node: Node) -> FieldRange | None:
    ends = [end.read(int) for end in node.find_children("omero:wellsampleIndex")]
    return FieldRange(first=ends[0], last=ends[1]) if len(ends) == 2 else None
