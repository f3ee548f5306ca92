"""Details of what is selected, and requests for images."""

from __future__ import annotations

from collections.abc import Hashable
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
    "ImageUnread",
    "MosaicKey",
    "PlateDetails",
    "PlateKey",
    "StudyDetails",
    "Subject",
    "mosaic_subject",
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


MosaicKey = tuple[str, Hashable]
"""The address of a server, and what of it a mosaic shows: a plate by its id, or what a
gallery is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A plate, a gallery, an image or a comparison, which may be in the viewer.

    `id` is the number of a plate, an image or a comparison, and what a gallery is of.
    """

    kind: Literal["plate", "gallery", "image", "comparison"]
    server: str
    id: Hashable


def mosaic_subject(key: MosaicKey) -> Subject:
    """Return a mosaic as something that may be in the viewer."""
    server, what = key
    kind: Literal["plate", "gallery"] = "plate" if isinstance(what, int) else "gallery"
    return Subject(kind=kind, server=server, id=what)


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
        return mosaic_subject(self.key)

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
    `gallery` is the one it was found in, None for none.
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
    gallery: MosaicKey | None = None

    @property
    def label(self) -> str:
        """The well and the field, "" for an image that is in no well."""
        if self.well_label is None:
            return ""
        field = "" if self.field is None else f", field {self.field + 1}"
        return f"{self.well_label}{field}"

    @property
    def cell(self) -> tuple[MosaicKey, WellId | ImageId] | None:
        """The mosaic and the cell of it that show the image, None where none can.

        Of a plate that is the well, as at another field.
        """
        if self.gallery is not None:
            return self.gallery, self.ref.image_id
        if self.ref.well_id is None or self.plate is None:
            return None
        return (self.server, self.plate.id), self.ref.well_id

    @property
    def subjects(self) -> frozenset[Subject]:
        """The image and its mosaics: one of them is in the viewer if the image is."""
        found = {Subject(kind="image", server=self.server, id=self.ref.image_id)}
        if self.gallery is not None:
            found.add(mosaic_subject(self.gallery))
        if self.plate is not None:
            found.add(Subject(kind="plate", server=self.server, id=self.plate.id))
        return frozenset(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageDetails:
    """An image and everything written about it and its well."""

    request: ImageRequest
    image: Image
    study: StudyDetails | None
    annotations: tuple[Annotation, ...]
    notes: tuple[str, ...] = ()

    @property
    def request_of_well(self) -> ImageRequest:
        """How to ask for the image, with its well if that has become known.

        mapr finds images without telling of their wells.
        """
        ref, well = self.request.ref, self.image.well_id
        if ref.well_id is not None or well is None:
            return self.request
        return replace(self.request, ref=replace(ref, well_id=well))

    @property
    def cell(self) -> tuple[MosaicKey, WellId | ImageId] | None:
        """The mosaic and the cell of it that show the image, None where none can."""
        return self.request_of_well.cell

    @property
    def subjects(self) -> frozenset[Subject]:
        """The image and its mosaics: one of them is in the viewer if the image is."""
        return self.request.subjects


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageUnread:
    """An image that is selected and couldn't be read.

    `told` are names and values that its mosaic has of it, `note` says why there is no
    more.
    """

    request: ImageRequest
    study: StudyDetails | None = None
    told: tuple[tuple[str, str], ...] = ()
    note: str = ""

    @property
    def annotations(self) -> tuple[Annotation, ...]:
        """What was written about it: that wasn't read either."""
        return ()

    @property
    def cell(self) -> tuple[MosaicKey, WellId | ImageId] | None:
        """The mosaic and the cell of it that show the image, None where none can."""
        return self.request.cell

    @property
    def subjects(self) -> frozenset[Subject]:
        """The image and its mosaics: one of them is in the viewer if the image is."""
        return self.request.subjects


Details = StudyDetails | DatasetDetails | PlateDetails | ImageDetails | ImageUnread
