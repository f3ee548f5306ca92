"""What can be searched, and what a search finds."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari_idr.errors import IDRError
from napari_idr.model._containers import Dataset, Study
from napari_idr.model._image import ImageRef
from napari_idr.model._plate import Plate


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchKey:
    """Something to search by; `attributes` are the map keys it looks at."""

    name: str
    label: str
    attributes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A value as it may be searched for.

    `image_count` images carry it in exactly this spelling; None where that isn't
    known.
    """

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
class ImageHit:
    """An image that matches, and what the search tells of it.

    What it doesn't tell is None; an image lies in a screen or in a project. `pairs`
    are keys and values of the image, empty where the search tells none.
    """

    ref: ImageRef
    study: Study | None = None
    plate: Plate | None = None
    dataset: Dataset | None = None
    pairs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateCounts:
    """Plates with matching images, as far as `counted` of `total` images are counted.

    `total` is None where the server doesn't tell it. Once `exact`, the counts are
    final and add up to `total`; before, a plate with 0 may turn out to have none.
    """

    hits: tuple[PlateHit, ...]
    counted: int
    total: int | None
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetCounts:
    """Datasets with matching images; see `PlateCounts`."""

    hits: tuple[DatasetHit, ...]
    counted: int
    total: int | None
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FacetValue:
    """A value and the number of found images that carry it."""

    value: str
    image_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """What images that were found carry under one key, the frequent values first.

    `values` are as many as people read; there are `value_count` in all, at least.
    """

    key: str
    values: tuple[FacetValue, ...]
    value_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facets:
    """What was found, counted by key, as far as `counted` of `total` images are read.

    `total` is None where the server doesn't tell it. Where it finds more than was
    asked for, the images that don't fit are in `counted` and in no facet: `matching`
    of them fit.
    """

    facets: tuple[Facet, ...]
    counted: int
    matching: int
    total: int | None
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a server can do, found out by asking it.

    An ability is None where the question failed in a way that may pass: the server
    was busy or didn't answer. `evidence` says for each ability, in words, which
    answer showed it; `failures` has the errors of what isn't known.
    """

    json_api: bool | None
    mapr: bool | None
    search_engine: bool | None
    rendering: bool | None
    lossless: bool | None
    evidence: tuple[tuple[str, str], ...] = ()
    failures: tuple[tuple[str, IDRError], ...] = field(default=(), compare=False)

    @property
    def search(self) -> bool | None:
        """Whether genes and the like can be searched at all; None if not known."""
        if self.mapr or self.search_engine:
            return True
        return False if None not in (self.mapr, self.search_engine) else None

    @property
    def unknown(self) -> tuple[str, ...]:
        """The abilities that aren't known; it is worth asking again."""
        names = ("json_api", "mapr", "search_engine", "rendering", "lossless")
        return tuple(name for name in names if getattr(self, name) is None)
