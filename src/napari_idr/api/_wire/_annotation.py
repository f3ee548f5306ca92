"""Annotations, and the objects that carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.model import (
    AnnotationId,
    FileAnnotation,
    FileId,
    MapAnnotation,
    ObjectKind,
    ObjectRef,
)

if TYPE_CHECKING:
    from napari_idr.api._wire._node import Node

KINDS: dict[str, ObjectKind] = {
    "ScreenI": "screen",
    "PlateI": "plate",
    "PlateAcquisitionI": "run",
    "WellI": "well",
    "ImageI": "image",
    "ProjectI": "project",
    "DatasetI": "dataset",
}

PARAMETERS: dict[ObjectKind, str] = {
    "screen": "screen",
    "plate": "plate",
    "run": "acquisition",
    "well": "well",
    "image": "image",
    "project": "project",
    "dataset": "dataset",
}
"""What a kind is called in a question; a `run` would be ignored."""


def link(node: Node) -> tuple[int, int]:
    """Return what makes a row one of its kind: the annotation and its link."""
    return node.get("id", int), node.child("link").get("id", int)


def require_parent(node: Node, kind: ObjectKind, ids: frozenset[int]) -> None:
    """Raise if a row isn't about one of the objects that were asked for.

    Numbers are unique within a kind only: a server that took a screen's for a
    project's would give a plausible answer about something else.
    """
    parent = _parent(node)
    if parent is not None and (parent.kind != kind or parent.id not in ids):
        raise node.stumble(
            f"this is about {parent.kind} {parent.id}, not about what was asked"
        )


def is_map(node: Node) -> bool:
    """Tell whether a row is a map annotation."""
    return node.get("class", str) == "MapAnnotationI"


def is_file(node: Node) -> bool:
    """Tell whether a row is an attached file that is still there."""
    return node.get("class", str) == "FileAnnotationI" and "file" in node


def map_annotation(node: Node) -> MapAnnotation:
    """Read a map annotation; missing texts of a pair are empty."""
    return MapAnnotation(
        id=AnnotationId(node.get("id", int)),
        namespace=node.find("ns", str),
        pairs=tuple(_pair(pair) for pair in node.find_children("values")),
        parent=_parent(node),
    )


def file_annotation(node: Node) -> FileAnnotation:
    """Read an attached file."""
    file = node.child("file")
    return FileAnnotation(
        id=AnnotationId(node.get("id", int)),
        file_id=FileId(file.get("id", int)),
        name=file.find("name", str) or f"file-{file.get('id', int)}",
        size=file.int_like("size"),
        mimetype=file.find("mimetype", str) or "",
        namespace=node.find("ns", str),
        parent=_parent(node),
    )


def _pair(node: Node) -> tuple[str, str]:
    texts = ["" if part.is_null else part.read(str) for part in node.elements()]
    if len(texts) != 2:
        raise node.stumble(f"{len(texts)} texts are not a key and a value")
    return texts[0], texts[1]


def _parent(node: Node) -> ObjectRef | None:
    parent = node.child("link").find_child("parent")
    if parent is None or (kind := KINDS.get(parent.get("class", str))) is None:
        return None
    return ObjectRef(
        kind=kind,
        id=parent.get("id", int),
        name=parent.find("name", str) or "",
    )
