"""A gallery as it is shown: geometry, pixels, what is known of its images, filters."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from napari_idr.api import WellSources, column_key, wells_table
from napari_idr.model import (
    AnnotationId,
    GridCell,
    ImageHit,
    ImageId,
    MapAnnotation,
    ObjectRef,
    PixelSource,
    WellColumn,
    value_text,
)
from napari_idr.services.details import ImageRequest, MosaicKey, Subject, mosaic_subject
from napari_idr.services.gallery.headings import gallery_headings
from napari_idr.services.gallery.layout import (
    GalleryGrid,
    GalleryPlan,
    field_of,
    gallery_columns,
    grid_cell,
    label_of,
    part_of,
    plan_gallery,
    told_names,
    well_of,
)
from napari_idr.services.image.metadata import Json, idr_metadata
from napari_idr.services.image.pixel_source import MOSAIC_TEXT
from napari_idr.services.mosaic import MosaicShown
from napari_idr.services.plain_text import plain_text
from napari_idr.services.plate.canvas import copy_cells, paint_gap, paint_waiting
from napari_idr.services.plate.mosaic import CellFailure, summarize
from napari_idr.services.plate.wells import PlateMap, plan_plate_map
from napari_idr.services.search.catalog import counted
from napari_idr.services.wells.quality import control_role

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_idr.api import IDRClient, OwnTable
    from napari_idr.cancel import CancelToken
    from napari_idr.model import PlateId, WellValue
    from napari_idr.services.gallery.sources import GalleryOf
    from napari_idr.services.mosaic import OfCell, Place
    from napari_idr.services.plate.headings import View
    from napari_idr.services.plate.mosaic import Heading
    from napari_idr.tiles import OpenReader

__all__ = ["FILTERS", "GalleryShown", "choices", "plan_gallery_shown"]

STUDY, PART, FIELD = "Study", "Plate or dataset", "Field"
"""Columns that the table of a gallery has besides those of the archive."""

FILTERS = ("Study", "Organism", "Phenotype", "Control", "Field")
"""What the images of a gallery are chosen by, where it is known."""

MAX_CHOICES = 200
"""Values that a filter offers; more can't be looked through."""


@dataclass(frozen=True, kw_only=True)
class GalleryShown(MosaicShown):
    """The images of a search, of datasets, of plates or of lines of the tree.

    `images` are all that it has, `whole` is it without its filters, None where none
    is set; `aspect` is the width of the canvas over its height. `room` is what the
    canvas is the upper part of, so that it grows without being copied.
    """

    plan: GalleryPlan
    of: GalleryOf
    images: tuple[ImageHit, ...] = dataclasses.field(repr=False)
    aspect: float
    room: NDArray[np.uint8] = dataclasses.field(repr=False)
    filters: tuple[tuple[str, str], ...] = ()
    whole: GalleryShown | None = dataclasses.field(default=None, repr=False)

    @property
    def key(self) -> MosaicKey:
        """Tells the gallery from others, and is that of the same one asked for anew."""
        return self.server, self.of

    @property
    def subject(self) -> Subject:
        """The gallery as something that may be in the viewer."""
        return mosaic_subject(self.key)

    @property
    def name(self) -> str:
        """What the layer is called."""
        return plain_text(f"{self.of.title} gallery")

    @property
    def basis(self) -> object:
        """The images, as they were found."""
        return self.images

    @property
    def noun(self) -> tuple[str, str]:
        """What a cell is called, one and many of them."""
        return "image", "images"

    @property
    def reads_unasked(self) -> bool:
        """Never: reading what was written about its images may take many requests."""
        return False

    @property
    def found_by(self) -> str:
        """Nothing: its name says what was searched for."""
        return ""

    @property
    def hits_words(self) -> str:
        """Nothing: all of its images are hits."""
        return ""

    @cached_property
    def hits(self) -> tuple[Place, ...]:
        """None: where all are hits, marking them tells nothing."""
        return ()

    @property
    def metadata(self) -> dict[str, dict[str, Json]]:
        """What the layers remember of where they come from."""
        query = self.of.query
        known = idr_metadata(
            server=self.server,
            pixel_source=PixelSource.THUMBNAIL,
            web_url=self.server,
            query=None if query is None else (query.key.name, query.value),
            conditions=() if query is None else query.labels,
            title=self.name,
        )
        return {"idr": {**known, "pixel_source_words": MOSAIC_TEXT}}

    @cached_property
    def _by_id(self) -> dict[ImageId, ImageHit]:
        return {image.ref.image_id: image for image in self.plan.images}

    def id_of(self, cell: OfCell) -> ImageId:
        """Return the image: one of a dataset is of no well."""
        return cell.image_id

    def where(self, place: Place | None) -> str:
        """Say of what plate or dataset of what study an image is."""
        cell = None if place is None else self.plan.grid.cells[place[0]][place[1]]
        if cell is not None:
            image = self._by_id[cell.image_id]
            study = "" if image.study is None else image.study.name
            return " · ".join(filter(None, (study, part_of(image))))
        group = None if place is None else self.plan.group_at(place[0])
        return self.name if group is None else group.title

    def headings_in_view(
        self, view: View, *, note: str, above: float
    ) -> tuple[Heading, ...]:
        """Return the titles of gallery, studies, plates and datasets that fit."""
        return gallery_headings(
            self.plan, view, title=self.name, note=note, above=above
        )

    def image_request(self, cell: GridCell) -> ImageRequest:
        """Return how to ask for the image of a cell."""
        image = self._by_id[cell.image_id]
        well = self.plate_map.cell(cell.row, cell.column)
        return ImageRequest(
            ref=image.ref,
            server=self.server,
            study=image.study,
            plate=image.plate,
            dataset=image.dataset,
            field=field_of(image),
            well_label=well_of(image),
            told=None if well is None else well.gene or well.control,
            query=self.of.query,
            gallery=self.key,
        )

    # More images, and fewer

    def with_images(self, images: Sequence[ImageHit], columns: int) -> GalleryShown:
        """Return the gallery with more images, and what is painted of the others."""
        sources = _told_sources(images) or self.sources
        return _planned(self, tuple(images), columns, sources)

    def filtered(self, filters: Mapping[str, str]) -> GalleryShown:
        """Return the gallery with the images that have these values, and no others.

        Parameters
        ----------
        filters
            Values by their filter, each of `choices`; no filters show all images.
        """
        whole = self.whole or self
        chosen = tuple((name, value) for name, value in filters.items() if value)
        if not chosen:
            return whole
        told = _told(whole)
        kept = [
            image
            for place, image in enumerate(whole.plan.images)
            if all(value in told[name][place] for name, value in chosen)
        ]
        columns = gallery_columns(study_counts(kept), self.aspect)
        shown = _planned(whole, tuple(kept), columns, whole.sources)
        summary = None
        if whole.summary is not None:
            errors = {one.cell.image_id: one.error for one in whole.summary.failures}
            cells = shown.plan.cells
            failures = [
                CellFailure(cell=cell, error=errors[cell.image_id])
                for cell in cells
                if cell.image_id in errors
            ]
            names = told_names(shown.plan.images)
            summary = summarize(failures, len(cells), names=names)
        return replace(shown, whole=whole, filters=chosen, summary=summary)

    @property
    def count_words(self) -> str:
        """How many images are shown, in words."""
        count = len(self.plan.images)
        if self.whole is None:
            return counted(count, "image", "images")
        return f"{count:,} of {counted(len(self.whole.plan.images), 'image', 'images')}"

    # What is known of the images

    @cached_property
    def sources_cost(self) -> int:
        """How many requests it takes to read what was written about the images."""
        grids = [part.grid for part in _parts(self.whole or self)]
        batches = sum(-(-len(grid.labels) // IMAGES_AT_ONCE) for grid in grids)
        tables = sum(grid.plate_id is not None for grid in grids)
        wells = any(image.ref.well_id is not None for image in self.plan.images)
        return tables + batches * (2 if wells else 1)

    def load_sources(self, client: IDRClient, *, cancel: CancelToken) -> WellSources:
        """Return the plates' tables and the annotations of images, as annotations.

        A plate's table is one request as a rule, and so are the annotations of every
        48 images, and of their wells.
        """
        told: list[MapAnnotation] = []
        for part in _parts(self.whole or self):
            found = client.well_sources(part.grid, plate_name=part.name, cancel=cancel)
            for grid in part.fields:
                table = wells_table(
                    grid,
                    plate_name=part.name,
                    table=found.table,
                    annotations=found.annotations,
                )
                for place, well in enumerate(table.wells):
                    pairs = (
                        (column.name, text)
                        for column in table.columns
                        for text in _texts(column.values[place])
                    )
                    told.append(_annotation(well.image_id, tuple(pairs)))
        return WellSources(table=None, annotations=tuple(told))

    def _mapped(
        self, sources: WellSources | None, own: tuple[OwnTable, ...]
    ) -> PlateMap:
        return _map(self.plan, sources, own, is_search=self.of.query is not None)

    def _joined(
        self, sources: WellSources | None, own: tuple[OwnTable, ...]
    ) -> GalleryShown:
        whole = None if self.whole is None else self.whole._joined(sources, own)
        plate_map = self._mapped(sources, own)
        return replace(self, sources=sources, own=own, plate_map=plate_map, whole=whole)


IMAGES_AT_ONCE = 48
"""Images whose annotations are asked for in one request, as for wells."""


def plan_gallery_shown(
    server: str,
    of: GalleryOf,
    images: Sequence[ImageHit],
    open_reader: OpenReader,
    *,
    columns: int,
    rows: int = 0,
    aspect: float,
) -> GalleryShown:
    """Return what will be shown of a gallery, its canvas still blank.

    `rows` is how many it is likely to have in the end.
    """
    plan = plan_gallery(images, columns=columns)
    sources = _told_sources(images)
    height, width = plan.shape
    room = np.empty((max(height, rows * plan.pitch[0]), width, 3), np.uint8)
    canvas = room[:height]
    paint_gap(canvas)
    paint_waiting(canvas, plan, plan.cells)
    return GalleryShown(
        server=server,
        of=of,
        images=tuple(images),
        aspect=aspect,
        plan=plan,
        plate_map=_map(plan, sources, (), is_search=of.query is not None),
        canvas=canvas,
        room=room,
        open_reader=open_reader,
        sources=sources,
    )


def choices(shown: GalleryShown) -> dict[str, tuple[str, ...]]:
    """Return the values that a gallery's images can be chosen by, for each filter.

    Filters by which all images are alike are left out.
    """
    whole = shown.whole or shown
    found: dict[str, tuple[str, ...]] = {}
    for name, told in _told(whole).items():
        values = sorted({text for texts in told for text in texts}, key=_by_number)
        alike = len(set(told)) < 2
        if values and not alike:
            found[name] = tuple(values[:MAX_CHOICES])
    return found


def _planned(
    shown: GalleryShown,
    images: tuple[ImageHit, ...],
    columns: int,
    sources: WellSources | None,
) -> GalleryShown:
    """Return a gallery of other images, painted as far as these were there."""
    plan = plan_gallery(images, columns=columns)
    height, width = plan.shape
    room, before = shown.room, shown.plan.cells
    has_room = room.shape[0] >= height and room.shape[1] == width
    if has_room and plan.cells[: len(before)] == before:
        canvas = room[:height]
        paint_gap(canvas[shown.plan.shape[0] :])
        paint_waiting(canvas, plan, plan.cells[len(before) :])
    else:
        canvas = room = np.empty((height, width, 3), np.uint8)
        paint_gap(canvas)
        paint_waiting(canvas, plan, plan.cells)
        copy_cells(shown.canvas, shown.plan, canvas, plan)
    return replace(
        shown,
        plan=plan,
        images=images,
        canvas=canvas,
        room=room,
        sources=sources,
        plate_map=_map(plan, sources, shown.own, is_search=shown.of.query is not None),
        summary=None,
    )


def study_counts(images: Sequence[ImageHit]) -> list[int]:
    """Return how many images each study has."""
    counts: dict[object, int] = {}
    for image in images:
        counts[image.study] = counts.get(image.study, 0) + 1
    return list(counts.values())


def _told_sources(images: Sequence[ImageHit]) -> WellSources | None:
    """Return what the search told of images; None where it told nothing."""
    if not any(image.pairs for image in images):
        return None
    return WellSources(
        table=None,
        annotations=tuple(
            _annotation(image.ref.image_id, image.pairs) for image in images
        ),
    )


def _annotation(image_id: ImageId, pairs: tuple[tuple[str, str], ...]) -> MapAnnotation:
    return MapAnnotation(
        id=AnnotationId(image_id),
        namespace=None,
        pairs=tuple(dict.fromkeys(pairs)),
        parent=ObjectRef(kind="image", id=image_id),
    )


def _map(
    plan: GalleryPlan,
    sources: WellSources | None,
    own: tuple[OwnTable, ...],
    *,
    is_search: bool,
) -> PlateMap:
    """Return what is known of each image, with its study, plate or dataset, field."""
    hits: Collection[ImageId] = ()
    if is_search:
        hits = frozenset(image.ref.image_id for image in plan.images)
    here = {image.ref.image_id for image in plan.images}
    annotations = () if sources is None else sources.annotations
    known = plan_plate_map(
        plan.grid,
        hit_images=hits,
        annotations=(
            one for one in annotations if one.parent and one.parent.id in here
        ),
        own=own,
    )
    table = known.table
    by_id = {image.ref.image_id: image for image in plan.images}
    images = [by_id[well.image_id] for well in table.wells]
    fields = [field_of(image) for image in images]
    columns = (
        WellColumn(
            name=STUDY,
            kind="text",
            values=tuple(one.study.name if one.study else None for one in images),
        ),
        WellColumn(
            name=PART, kind="text", values=tuple(part_of(one) or None for one in images)
        ),
        WellColumn(
            name=FIELD,
            kind="number",
            values=tuple(None if one is None else one + 1 for one in fields),
        ),
    )
    taken = {column.name for column in columns}
    rest = (column for column in table.columns if column.name not in taken)
    return replace(known, table=replace(table, columns=(*columns, *rest)))


def _told(whole: GalleryShown) -> dict[str, list[tuple[str, ...]]]:
    """Return for each filter what each image of a gallery has, in their order."""
    table = whole.plate_map.table
    places = {well.image_id: place for place, well in enumerate(table.wells)}
    order = [places[image.ref.image_id] for image in whole.plan.images]

    def of(key: str) -> list[tuple[str, ...]]:
        found = [one for one in table.columns if column_key(one.name) == key]
        return [
            tuple(
                dict.fromkeys(
                    text for column in found for text in _texts(column.values[place])
                )
            )
            for place in order
        ]

    controls = [control_role(table.wells[place].control) for place in order]
    return {
        "Study": of("study"),
        "Organism": of("organism"),
        "Phenotype": of("phenotype"),
        "Control": [
            (f"{role} control" if role else "no control",) for role in controls
        ],
        "Field": of("field"),
    }


def _texts(value: WellValue) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    return () if value is None else (value_text(value),)


def _by_number(text: str) -> tuple[int, str]:
    return (int(text) if text.isdecimal() else 0, text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The images of one plate, or all that are of no plate: what is asked together.

    `fields` are grids of the same images, a well in none of them twice: rows of tables
    are found by the names of wells.
    """

    grid: GalleryGrid
    fields: tuple[GalleryGrid, ...]
    name: str | None


def _parts(shown: GalleryShown) -> list[_Part]:
    by_plate: dict[PlateId | None, list[ImageHit]] = {}
    for image in shown.plan.images:
        by_plate.setdefault(image.ref.plate_id, []).append(image)
    parts = []
    for plate_id, images in by_plate.items():
        by_field: dict[int | None, list[ImageHit]] = {}
        for image in images:
            by_field.setdefault(field_of(image), []).append(image)
        plate = images[0].plate
        parts.append(
            _Part(
                grid=_grid(images, plate_id),
                fields=tuple(_grid(some, plate_id) for some in by_field.values()),
                name=None if plate_id is None or plate is None else plate.name,
            )
        )
    return parts


def _grid(images: Sequence[ImageHit], plate_id: PlateId | None) -> GalleryGrid:
    """Return images in one row, by the names of their wells."""
    cells = (grid_cell(image, 0, column) for column, image in enumerate(images))
    return GalleryGrid(
        cells=(tuple(cells),),
        labels={
            (0, column): well_of(image) or label_of(image)
            for column, image in enumerate(images)
        },
        plate_id=plate_id,
    )
