"""Addresses of the web pages that show objects of the archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.model import (
    Dataset,
    FileAnnotation,
    GridCell,
    Image,
    ImageRef,
    MapAnnotation,
    ObjectKind,
    ObjectRef,
    Plate,
    PlateAcquisition,
    PlateGrid,
    Project,
    Roi,
    Screen,
)

if TYPE_CHECKING:
    Linkable = (
        ObjectRef
        | Screen
        | Project
        | Dataset
        | Plate
        | PlateAcquisition
        | PlateGrid
        | GridCell
        | Image
        | ImageRef
        | Roi
        | MapAnnotation
        | FileAnnotation
    )


def web_url(address: str, thing: Linkable) -> str:
    """Return the page that shows an object to people.

    An annotation is shown with the object that carries it, a cell by its image.

    >>> web_url("https://idr.openmicroscopy.org", ObjectRef(kind="plate", id=42))
    'https://idr.openmicroscopy.org/webclient/?show=plate-42'

    Raises
    ------
    ValueError
        The annotation doesn't say what carries it.
    TypeError
        It is nothing of an archive.
    """
    kind, number = _kind_and_number(thing)
    if kind in ("roi", "shape"):  # the web client has no page for them
        return f"{address}/iviewer/?{kind}={number}"
    return f"{address}/webclient/?show={kind}-{number}"


def _kind_and_number(thing: Linkable) -> tuple[ObjectKind, int]:
    match thing:
        case ObjectRef():
            return thing.kind, thing.id
        case ImageRef() | GridCell():
            return "image", thing.image_id
        case PlateGrid():
            return "plate", thing.plate_id
        case PlateAcquisition():
            return "run", thing.id
        case Roi():
            return "roi", thing.id
        case MapAnnotation() | FileAnnotation():
            if thing.parent is None:
                raise ValueError("the annotation doesn't say what carries it")
            return thing.parent.kind, thing.parent.id
        case _:
            ref = getattr(thing, "ref", None)
            if not isinstance(ref, ObjectRef):
                raise TypeError(f"the web client has no page of {type(thing).__name__}")
            return ref.kind, ref.id
