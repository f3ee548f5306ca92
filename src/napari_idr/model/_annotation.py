"""Annotations: key-value pairs and attached files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from napari_idr.model._containers import ObjectRef
from napari_idr.model._ids import AnnotationId, FileId


class Annotation(Protocol):
    """What was written about an object, of any kind, as key-value pairs."""

    @property
    def id(self) -> AnnotationId:
        """Its number."""
        ...

    @property
    def namespace(self) -> str | None:
        """Which kind of statement it is, None where it isn't told."""
        ...

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Keys and values, in order; a key may repeat."""
        ...

    @property
    def parent(self) -> ObjectRef | None:
        """The object that carries it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MapAnnotation:
    """Key-value pairs: ordered, and a key may repeat.

    `parent` is the object that carries it; one annotation may be met several
    times, once for each object.
    """

    id: AnnotationId
    namespace: str | None
    pairs: tuple[tuple[str, str], ...]
    parent: ObjectRef | None = None

    def values(self, key: str) -> tuple[str, ...]:
        """Return all values of one key, in order."""
        return tuple(value for name, value in self.pairs if name == key)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAnnotation:
    """An attached file; `size` is in bytes and may be a terabyte, None if not told."""

    id: AnnotationId
    file_id: FileId
    name: str
    size: int | None
    mimetype: str = ""
    namespace: str | None = None
    parent: ObjectRef | None = None
