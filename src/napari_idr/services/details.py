"""Details of what is selected, and requests for images."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from napari_idr.model import (
        Annotation,
        Dataset,
        FieldRange,
        Image,
        ImageId,
        ImageRef,
        Plate,
        PlateAcquisition,
        PlateAcquisitionId,
        PlateId,
        Study,
        Table,
        WellId,
    )
    from napari_idr.services.search.catalog import Query
    from napari_idr.services.study import StudyCard

__all__ = [
    "DatasetDetails",
    "Details",
    "ImageDetails",
    "ImageRequest",
    "PlateDetails",
    "PlateKey",
    "StudyDetails",
    "Subject",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyDetails:
    """A study and what was written about it."""

    study: Study
    card: StudyCard
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetDetails:
    """A dataset and what was written about it."""

    dataset: Dataset
    study: StudyDetails | None
    annotations: tuple[Annotation, ...]


PlateKey = tuple[str, "PlateId"]
"""The address of a server and the id of one of its plates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A plate or an image of a server, as something that may be in the viewer."""

    kind: Literal["plate", "image"]
    server: str
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateDetails:
    """A plate, its annotations, which of it the search found, and its table.

    `hit_images` and `hit_wells` are those of `query`, and empty without one; why they
    couldn't be had stands in `hits_note`. `table` is None where the study has none.
    `notes` says what else could not be had.
    """

    plate: Plate
    server: str = ""
    study: StudyDetails | None = None
    annotations: tuple[Annotation, ...] = ()
    query: Query | None = None
    hit_images: frozenset[ImageId] = frozenset()
    hit_wells: frozenset[WellId] = frozenset()
    hits_note: str = ""
    table: Table | None = None
    notes: tuple[str, ...] = ()

    @property
    def key(self) -> PlateKey:
        """Tells the plate from those of other servers."""
        return self.server, self.plate.id

    @property
    def subject(self) -> Subject:
        """The plate as something that may be in the viewer."""
        return Subject(kind="plate", server=self.server, id=self.plate.id)

    def without_hits(self) -> PlateDetails:
        """Return the same plate as one that no search has found."""
        return replace(
            self,
            query=None,
            hit_images=frozenset(),
            hit_wells=frozenset(),
            hits_note="",
        )

    def fields(self, run: PlateAcquisitionId | None) -> int:
        """Return how many fields there are to choose from in a run."""
        spans = [one.fields for one in self.plate.runs if one.id == run]
        span: FieldRange | None = spans[0] if spans else self.plate.fields
        return 0 if span is None else len(span)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """An image to be looked at, and where the person found it.

    `server` has the image: a plate stays in the viewer when another server is chosen.
    `told` is the gene or another word for the well, as the plate's table has it.
    """

    ref: ImageRef
    server: str = ""
    study: Study | None = None
    dataset: Dataset | None = None
    plate: Plate | None = None
    run: PlateAcquisition | None = None
    field: int | None = None
    well_label: str | None = None
    told: str | None = None
    query: Query | None = None

    @property
    def label(self) -> str:
        """The well and the field, "" for an image that is in no well."""
        if self.well_label is None:
            return ""
        field = "" if self.field is None else f", field {self.field + 1}"
        return f"{self.well_label}{field}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDetails:
    """An image and everything written about it and its well."""

    request: ImageRequest
    image: Image
    study: StudyDetails | None
    annotations: tuple[Annotation, ...]
    notes: tuple[str, ...] = ()

    @property
    def well(self) -> tuple[PlateKey, WellId] | None:
        """The plate and the well it was taken of, None for an image of no well."""
        well, plate = self.request.ref.well_id or self.image.well_id, self.request.plate
        if well is None or plate is None:
            return None
        return (self.request.server, plate.id), well

    @property
    def subjects(self) -> frozenset[Subject]:
        """The image and its plate: one of them is in the viewer if the image is."""
        request = self.request
        found = {Subject(kind="image", server=request.server, id=self.image.id)}
        if request.plate is not None:
            found.add(Subject(kind="plate", server=request.server, id=request.plate.id))
        return frozenset(found)


Details = StudyDetails | DatasetDetails | PlateDetails | ImageDetails
