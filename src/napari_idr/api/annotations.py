"""Key-value pairs and attached files of objects: the endpoint and its answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, TypedDict, TypeVar, cast

from napari_idr.api.json_client import id_chunks
from napari_idr.model import (
    Annotation,
    AnnotationId,
    FileAnnotation,
    FileId,
    MapAnnotation,
    ObjectKind,
    ObjectRef,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from napari_idr.api.json_client import JsonClient
    from napari_idr.api.node import Node
    from napari_idr.cancel import CancelToken

T = TypeVar("T")

Ids = int | Iterable[int] | None
"""One object, several, or none of this kind."""


class Objects(TypedDict, total=False):
    """The numbers of objects that are asked about, by their kind."""

    screen: Ids
    project: Ids
    dataset: Ids
    plate: Ids
    run: Ids
    well: Ids
    image: Ids


MAX_IDS = 200
"""Objects asked about at once; about 290 image ids fill a request line."""

ROUND = 100
"""An answer is cut at a hundred of the server's pages, so at a round number."""


class Annotations:
    """What was written about objects, and the files attached to them. Thread-safe."""

    def __init__(self, json_client: JsonClient) -> None:
        self._json_client = json_client

    def map_annotations(
        self,
        objects: Objects,
        *,
        namespace: str | None,
        cancel: CancelToken,
    ) -> Iterator[MapAnnotation]:
        """Return an iterator of the map annotations of objects.

        Unknown objects have none. One that is linked to several of the objects comes
        once for each.

        GET /webclient/api/annotations/?type=map&{kind}={id}&...[&ns={namespace}]
        """
        return self._rows("map", objects, namespace, _map_row, cancel)

    def annotations(
        self, objects: Objects, *, cancel: CancelToken
    ) -> Iterator[Annotation]:
        """Yield what was written about objects, of all kinds that are read as pairs.

        GET /webclient/api/annotations/?type={type}&{kind}={id}&... for each type
        """
        for sort, reader in READERS.items():
            yield from self._rows(sort, objects, None, reader, cancel)

    def file_annotations(
        self,
        objects: Objects,
        *,
        namespace: str | None,
        cancel: CancelToken,
    ) -> Iterator[FileAnnotation]:
        """Return an iterator of the files attached to objects.

        GET /webclient/api/annotations/?type=file&{kind}={id}&...[&ns={namespace}]
        """
        return self._rows("file", objects, namespace, _file_row, cancel)

    def _rows(
        self,
        sort: str,
        objects: Objects,
        namespace: str | None,
        reader: Callable[[Node], T | None],
        cancel: CancelToken,
    ) -> Iterator[T]:
        """Yield what a reader makes of the rows, but for those of which it makes None.

        The server may answer with annotations of other types too.
        """
        if unknown := objects.keys() - PARAMETERS:
            raise TypeError(f"{min(unknown)!r} is no kind of object")
        given = cast("Mapping[ObjectKind, Ids]", objects)
        wanted = {kind: _as_ids(ids) for kind, ids in given.items()}
        if not any(wanted.values()):
            raise ValueError(f"name the objects: {', '.join(PARAMETERS)}")
        for kind, ids in wanted.items():
            parameter = PARAMETERS[kind]
            for chunk in id_chunks(ids, parameter=parameter, most=MAX_IDS):
                params = (
                    ("type", sort),
                    *((parameter, number) for number in chunk),
                    *(() if namespace is None else (("ns", namespace),)),
                )
                yield from self._pages(kind, frozenset(chunk), params, reader, cancel)

    def _pages(
        self,
        kind: ObjectKind,
        ids: frozenset[int],
        params: tuple[tuple[str, str | int], ...],
        reader: Callable[[Node], T | None],
        cancel: CancelToken,
    ) -> Iterator[T]:
        """Yield what is made of the rows of one question, each once.

        An answer is cut without a mark, at a hundred pages of the server's: only
        one with so round a number of rows may have more to follow.
        """

        def read_page(answer: Node) -> list[tuple[tuple[int, int], T | None]]:
            rows = answer.children("annotations")
            for row in rows:
                require_parent(row, kind, ids)
            return [(read_link(row), reader(row)) for row in rows]

        seen: set[tuple[int, int]] = set()
        page = 1
        while True:
            asked = params if page == 1 else (*params, ("page", page))
            rows = self._json_client.read(
                "webclient/api/annotations/", asked, reader=read_page, cancel=cancel
            )
            new = [(link, row) for link, row in rows if link not in seen]
            seen.update(link for link, _ in new)
            yield from (row for _, row in new if row is not None)
            if not new or len(rows) % ROUND:
                return
            page += 1


def _as_ids(ids: Ids) -> tuple[int, ...]:
    if ids is None:
        return ()
    return tuple(ids) if isinstance(ids, Iterable) else (ids,)


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


def read_link(node: Node) -> tuple[int, int]:
    """Return what makes a row one of its kind: the annotation and its link."""
    return node.get("id", int), node.child("link").get("id", int)


def require_parent(node: Node, kind: ObjectKind, ids: frozenset[int]) -> None:
    """Raise if a row isn't about one of the objects that were asked for.

    Numbers are unique within a kind only: a server that took a screen's for a
    project's would give a plausible answer about something else.
    """
    parent = _parent(node)
    if parent is not None and (parent.kind != kind or parent.id not in ids):
        raise node.error_here(
            f"this is about {parent.kind} {parent.id}, not about what was asked"
        )


def is_file(node: Node) -> bool:
    """Tell whether a row is an attached file that is still there."""
    if node.get("class", str) != "FileAnnotationI":
        return False
    file = node.find_child("file")
    return file is not None and file.find("id", int) is not None


def read_map_annotation(node: Node) -> MapAnnotation:
    """Read a map annotation; missing texts are empty, what is no pair left out."""
    namespace = node.find("ns", str)
    return MapAnnotation(
        id=AnnotationId(node.get("id", int)),
        # as with its texts, those of thousands of wells are equal
        namespace=None if namespace is None else sys.intern(namespace),
        pairs=tuple(
            pair
            for one in node.find_children("values")
            if (pair := _pair(one)) is not None
        ),
        parent=_parent(node),
    )


def read_file_annotation(node: Node) -> FileAnnotation:
    """Read an attached file; its number is needed, its name and size inform."""
    file = node.child("file")
    return FileAnnotation(
        id=AnnotationId(node.get("id", int)),
        file_id=FileId(file.get("id", int)),
        name=file.find("name", str) or f"file-{file.get('id', int)}",
        size=_size(file),
        mimetype=file.find("mimetype", str) or "",
        namespace=node.find("ns", str),
        parent=_parent(node),
    )


def _size(file: Node) -> int | None:
    """Return the bytes of a file; scripts may store files without telling them."""
    size = file.find_int_like("size")
    return None if size is None or size < 0 else size


def _pair(node: Node) -> tuple[str, str] | None:
    """Read a key and its value; None for what isn't a pair."""
    if not isinstance(node.value, list) or len(node.value) != 2:
        node.note("this is no key and value")
        return None
    key, value = (_text(part) for part in node.value)
    return key, value


def _text(value: object) -> str:
    """Return a text as it is shown; values of other kinds as JSON writes them."""
    if isinstance(value, str):
        return sys.intern(value)  # those of a plate's wells are thousands of equal ones
    return "" if value is None else json.dumps(value)


def _parent(node: Node) -> ObjectRef | None:
    parent = node.child("link").find_child("parent")
    if parent is None:
        return None
    kind = KINDS.get(parent.find("class", str) or "")
    number = parent.find("id", int)
    if kind is None or number is None:
        return None
    return ObjectRef(
        kind=kind,
        id=number,
        name=parent.find("name", str) or "",
    )


def _map_row(node: Node) -> MapAnnotation | None:
    is_map = node.get("class", str) == "MapAnnotationI"
    return read_map_annotation(node) if is_map else None


def _file_row(node: Node) -> FileAnnotation | None:
    return read_file_annotation(node) if is_file(node) else None


READERS: dict[str, Callable[[Node], Annotation | None]] = {"map": _map_row}
"""What people read beside an object: the `type` to ask for, and the reader of a row."""
