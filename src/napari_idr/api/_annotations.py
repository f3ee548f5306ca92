"""Key-value pairs and attached files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from napari_idr.api._chunks import id_chunks
from napari_idr.api._wire import _annotation as wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_idr.api._ask import Ask
    from napari_idr.api._wire._node import Node
    from napari_idr.cancel import CancelToken
    from napari_idr.model import FileAnnotation, MapAnnotation, ObjectKind

Ids = int | Iterable[int] | None
"""One object, several, or none of this kind."""

MAX_IDS = 200
"""Objects asked about at once; about 290 image ids fill a request line."""

ROUND = 100
"""An answer is cut at a hundred of the server's pages, so at a round number."""


class Annotations:
    """What was written about objects, and the files attached to them. Thread-safe."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def map_annotations(
        self,
        objects: Mapping[ObjectKind, Ids],
        *,
        namespace: str | None,
        cancel: CancelToken,
    ) -> Iterator[MapAnnotation]:
        """Yield the map annotations of objects; unknown objects have none.

        One that is linked to several of the objects comes once for each.

        GET /webclient/api/annotations/?type=map&{kind}={id}&...[&ns={namespace}]
        """
        for node in self._rows("map", objects, namespace, cancel):
            if wire.is_map(node):
                yield wire.map_annotation(node)

    def file_annotations(
        self,
        objects: Mapping[ObjectKind, Ids],
        *,
        namespace: str | None,
        cancel: CancelToken,
    ) -> Iterator[FileAnnotation]:
        """Yield the files attached to objects.

        GET /webclient/api/annotations/?type=file&{kind}={id}&...[&ns={namespace}]
        """
        for node in self._rows("file", objects, namespace, cancel):
            if wire.is_file(node):
                yield wire.file_annotation(node)

    def _rows(
        self,
        sort: str,
        objects: Mapping[ObjectKind, Ids],
        namespace: str | None,
        cancel: CancelToken,
    ) -> Iterator[Node]:
        wanted = {kind: _as_ids(ids) for kind, ids in objects.items()}
        if not any(wanted.values()):
            raise ValueError(f"name the objects: {', '.join(objects)}")
        for kind, ids in wanted.items():
            parameter = wire.PARAMETERS[kind]
            for chunk in id_chunks(ids, parameter=parameter, most=MAX_IDS):
                params = (
                    ("type", sort),
                    *((parameter, number) for number in chunk),
                    *(() if namespace is None else (("ns", namespace),)),
                )
                yield from self._pages(kind, frozenset(chunk), params, cancel)

    def _pages(
        self,
        kind: ObjectKind,
        ids: frozenset[int],
        params: tuple[tuple[str, str | int], ...],
        cancel: CancelToken,
    ) -> Iterator[Node]:
        """Yield the rows of one question, each once.

        An answer is cut without a mark, at a hundred pages of the server's: only
        one with so round a number of rows may have more to follow.
        """
        seen: set[tuple[int, int]] = set()
        page = 1
        while True:
            asked = params if page == 1 else (*params, ("page", page))
            answer = self._ask.json("webclient/api/annotations/", asked, cancel=cancel)
            rows = answer.children("annotations")
            new = [row for row in rows if wire.link(row) not in seen]
            for row in new:
                seen.add(wire.link(row))
                wire.require_parent(row, kind, ids)
            yield from new
            if not new or len(rows) % ROUND:
                return
            page += 1


def _as_ids(ids: Ids) -> tuple[int, ...]:
    if ids is None:
        return ()
    return tuple(ids) if isinstance(ids, Iterable) else (ids,)
