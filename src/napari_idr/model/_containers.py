"""Studies (screens and projects), datasets, and references to objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_idr.model._ids import DatasetId, ProjectId, ScreenId

ObjectKind = Literal[
    "screen", "plate", "run", "well", "image", "project", "dataset", "roi", "shape"
]
"""The kinds of objects that can be linked, annotated and shown on the web."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRef:
    """Names an object of the archive; ids are unique within a kind only."""

    kind: ObjectKind
    id: int
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A study made of plates; `child_count` is their number, None if unknown."""

    id: ScreenId
    name: str
    description: str = ""
    child_count: int | None = None

    @property
    def ref(self) -> ObjectRef:
        """Reference to the screen."""
        return ObjectRef(kind="screen", id=self.id, name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A study made of datasets; `child_count` is their number, None if unknown."""

    id: ProjectId
    name: str
    description: str = ""
    child_count: int | None = None

    @property
    def ref(self) -> ObjectRef:
        """Reference to the project."""
        return ObjectRef(kind="project", id=self.id, name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A folder of images; `image_count` is None if unknown."""

    id: DatasetId
    name: str
    description: str = ""
    image_count: int | None = None

    @property
    def ref(self) -> ObjectRef:
        """Reference to the dataset."""
        return ObjectRef(kind="dataset", id=self.id, name=self.name)


Study = Screen | Project
"""What IDR publishes as one study, or as one part of it."""
