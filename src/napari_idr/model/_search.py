"""What can be searched, and what a search finds."""

from __future__ import annotations

from dataclasses import dataclass

from napari_idr.model._containers import Dataset, Study
from napari_idr.model._plate import Plate


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchKey:
    """Something to search by; `attributes` are the map keys it looks at."""

    name: str
    label: str
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A value that completes what was typed; the count is None if not told."""

    value: str
    image_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerHit:
    """A study with `image_count` images that match (None where not told)."""

    container: Study
    image_count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateHit:
    """A plate with `image_count` images that match."""

    plate: Plate
    image_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetHit:
    """A dataset with `image_count` images that match."""

    dataset: Dataset
    image_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a server can do, found out by asking it.

    `evidence` says for each ability, in words, which answer showed it.
    """

    json_api: bool
    mapr: bool
    search_engine: bool
    rendering: bool
    lossless: bool
    evidence: tuple[tuple[str, str], ...] = ()

    @property
    def search(self) -> bool:
        """Whether genes and the like can be searched at all."""
        return self.mapr or self.search_engine
