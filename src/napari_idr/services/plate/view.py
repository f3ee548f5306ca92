"""A plate at one field as it is shown: geometry, pixels, wells and messages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_idr.model import GridCell, ImageRef, PixelSource, PlateId, WellId
from napari_idr.services.details import ImageRequest, PlateDetails, PlateKey, Subject
from napari_idr.services.image.metadata import Json, idr_metadata
from napari_idr.services.image.pixel_source import MOSAIC_TEXT
from napari_idr.services.mosaic import MosaicShown
from napari_idr.services.plain_text import plain_text
from napari_idr.services.plate.canvas import blank_canvas
from napari_idr.services.plate.headings import headings_in_view
from napari_idr.services.plate.mosaic import PlatePlan, cell_shape_for, plan_mosaic
from napari_idr.services.plate.wells import PlateMap, plan_plate_map
from napari_idr.services.search.catalog import counted
from napari_idr.services.search.hits import hits_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.api import IDRClient, OwnTable, WellSources
    from napari_idr.cancel import CancelToken
    from napari_idr.model import PlateAcquisition, PlateGrid, Table
    from napari_idr.services.mosaic import OfCell, Place
    from napari_idr.services.plate.headings import View
    from napari_idr.services.plate.mosaic import Heading
    from napari_idr.tiles import OpenReader

__all__ = ["PlateShown", "plan_plate", "plan_plate_shown"]


@dataclass(frozen=True, kw_only=True)
class PlateShown(MosaicShown):
    """A plate at one field of one run."""

    plan: PlatePlan
    web_url: str
    details: PlateDetails
    run: PlateAcquisition | None
    field: int

    @property
    def plate_id(self) -> PlateId:
        """The plate."""
        return self.details.plate.id

    @property
    def key(self) -> PlateKey:
        """Tells the plate from those of other servers."""
        return self.details.key

    @property
    def subject(self) -> Subject:
        """The plate as something that may be in the viewer."""
        return self.details.subject

    @property
    def name(self) -> str:
        """What the layer is called: the plate, its run if it has several, the field."""
        several = len(self.details.plate.runs) > 1
        run = [self.run.name or f"Run {self.run.id}"] if several and self.run else []
        parts = [self.details.plate.name, *run, f"field {self.field + 1}"]
        return plain_text(", ".join(parts))

    @property
    def basis(self) -> PlateDetails:
        """What is known of the plate as a whole."""
        return self.details

    @property
    def noun(self) -> tuple[str, str]:
        """What a cell is called, one and many of them."""
        return "well", "wells"

    @property
    def found_by(self) -> str:
        """What was searched for when the plate was found, "" for nothing."""
        query = self.details.query
        return "" if query is None else query.told

    @property
    def hits_words(self) -> str:
        """How many of its wells the search found, in words."""
        count, query = len(self.hits), self.details.query
        if query is None:
            return counted(count, "well with hits", "wells with hits")
        return hits_label(count, "well", "wells", query)

    @property
    def metadata(self) -> dict[str, dict[str, Json]]:
        """What the layers remember of where they come from."""
        details, query = self.details, self.details.query
        study = details.study
        known = idr_metadata(
            server=self.server,
            study=None if study is None else study.study,
            card=None if study is None else study.card,
            plate=details.plate,
            run=self.run,
            field=self.field,
            annotations=details.annotations,
            pixel_source=PixelSource.THUMBNAIL,
            web_url=self.web_url,
            query=None if query is None else (query.key.name, query.value),
            conditions=() if query is None else query.labels,
        )
        return {"idr": {**known, "pixel_source_words": MOSAIC_TEXT}}

    @property
    def lines(self) -> tuple[Sequence[str], Sequence[str]]:
        """The letters of the rows and the numbers of the columns."""
        return self.plan.grid.row_labels, self.plan.grid.column_labels

    def id_of(self, cell: OfCell) -> WellId:
        """Return the well: it stays the same at another field."""
        return cell.well_id

    def where(self, place: Place | None) -> str:
        """Return the name of the plate."""
        del place
        return self.details.plate.name

    def headings_in_view(
        self, view: View, *, note: str, above: float
    ) -> tuple[Heading, ...]:
        """Return letters, numbers, the note and the title, as far as they fit."""
        return headings_in_view(
            self.plan, view, title=self.name, note=note, above=above
        )

    def is_complete(self, run: object, field: int) -> bool:
        """Whether all thumbnails of this run and field are here."""
        return (
            self.summary is not None
            and not self.summary.failures
            and (self.plan.grid.run, self.field) == (run, field)
        )

    def image_request(self, cell: GridCell) -> ImageRequest:
        """Return how to ask for the image of a cell."""
        well = self.plate_map.cell(cell.row, cell.column)
        return ImageRequest(
            ref=ImageRef(
                image_id=cell.image_id,
                name=cell.name,
                well_id=cell.well_id,
                plate_id=self.plate_id,
            ),
            server=self.server,
            study=None if self.details.study is None else self.details.study.study,
            plate=self.details.plate,
            run=self.run,
            field=self.field,
            well_label=self.plan.grid.label(cell.row, cell.column),
            told=None if well is None else well.gene or well.control,
            query=self.details.query,
        )

    def load_sources(self, client: IDRClient, *, cancel: CancelToken) -> WellSources:
        """Return the table, unless it is known, and the annotations of wells."""
        return client.well_sources(
            self.plan.grid,
            table=self.details.table,
            plate_name=self.details.plate.name,
            cancel=cancel,
        )

    def with_table(self, table: Table) -> PlateShown:
        """Return the same with the study's table, where it has none."""
        if self.details.table is not None:
            return self
        return replace(self, details=replace(self.details, table=table))

    def with_details(self, details: PlateDetails) -> PlateShown:
        """Return the same picture with what has been learnt about the plate since."""
        known = self.details
        if (known.table, known.hit_images, known.hit_wells) == (
            details.table,
            details.hit_images,
            details.hit_wells,
        ):
            return replace(self, details=details)
        plate_map = _plate_map(self.plan.grid, details, self.sources, self.own)
        return replace(self, details=details, plate_map=plate_map)

    def _mapped(
        self, sources: WellSources | None, own: tuple[OwnTable, ...]
    ) -> PlateMap:
        return _plate_map(self.plan.grid, self.details, sources, own)


def plan_plate(grid: PlateGrid) -> PlatePlan:
    """Return where the images of a plate go, in cells that its thumbnails fill."""
    return plan_mosaic(grid, cell_shape=cell_shape_for(grid.image_shape))


def plan_plate_shown(
    server: str,
    web_url: str,
    details: PlateDetails,
    plan: PlatePlan,
    open_reader: OpenReader,
    *,
    canvas: NDArray[np.uint8] | None = None,
) -> PlateShown:
    """Return what is shown of a plate by a plan; its canvas is blank unless given."""
    grid = plan.grid
    runs = [run for run in details.plate.runs if run.id == grid.run]
    return PlateShown(
        server=server,
        web_url=web_url,
        details=details,
        run=runs[0] if runs else None,
        field=grid.field,
        plan=plan,
        plate_map=_plate_map(grid, details),
        canvas=blank_canvas(plan) if canvas is None else canvas,
        open_reader=open_reader,
    )


def _plate_map(
    grid: PlateGrid,
    details: PlateDetails,
    sources: WellSources | None = None,
    own: tuple[OwnTable, ...] = (),
) -> PlateMap:
    table = details.table
    if table is None and sources is not None:
        table = sources.table
    return plan_plate_map(
        grid,
        hit_images=details.hit_images,
        hit_wells=details.hit_wells,
        table=table,
        plate_name=details.plate.name,
        annotations=() if sources is None else sources.annotations,
        own=own,
    )
