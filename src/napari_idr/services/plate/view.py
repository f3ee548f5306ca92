"""A plate at one field as it is shown: geometry, pixels, wells and messages."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from napari_idr.model import GridCell, ImageRef, PixelSource, PlateId, WellId
from napari_idr.services.details import ImageRequest, PlateDetails, PlateKey
from napari_idr.services.image.metadata import Json, idr_metadata
from napari_idr.services.image.pixel_source import MOSAIC_TEXT
from napari_idr.services.plain_text import plain_text
from napari_idr.services.plate.canvas import blank_canvas
from napari_idr.services.plate.mosaic import (
    MosaicPlan,
    MosaicSummary,
    cell_shape_for,
    plan_mosaic,
)
from napari_idr.services.plate.wells import (
    PlateMap,
    plan_plate_map,
    wells_features,
)
from napari_idr.services.search.catalog import counted
from napari_idr.services.search.hits import hits_label
from napari_idr.services.wells.quality import control_role, failed_wells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_idr.api import OwnTable, WellSources
    from napari_idr.model import (
        FeatureColumn,
        PlateAcquisition,
        PlateGrid,
    )
    from napari_idr.tiles import OpenReader

__all__ = ["PlateShown", "plan_plate_shown"]


@dataclass(frozen=True, kw_only=True)
class PlateShown:
    """A plate at one field of one run.

    `canvas` is the mosaic (y, x, 3) that a load paints into; `summary` is None until
    the load is over. `open_reader` opens the pixels of a well, for zooming in.
    `sources` is None until what was written about the wells has been asked for; `own`
    are a person's own tables.
    """

    server: str
    web_url: str
    details: PlateDetails
    run: PlateAcquisition | None
    field: int
    plan: MosaicPlan
    plate_map: PlateMap
    canvas: NDArray[np.uint8] = dataclasses.field(repr=False)
    open_reader: OpenReader = dataclasses.field(repr=False)
    summary: MosaicSummary | None = None
    sources: WellSources | None = dataclasses.field(default=None, repr=False)
    own: tuple[OwnTable, ...] = dataclasses.field(default=(), repr=False)

    @property
    def plate_id(self) -> PlateId:
        """The plate."""
        return self.details.plate.id

    @property
    def key(self) -> PlateKey:
        """Tells the plate from those of other servers."""
        return self.details.key

    @property
    def name(self) -> str:
        """What the layer is called: the plate, its run if it has several, the field."""
        several = len(self.details.plate.runs) > 1
        run = [self.run.name or f"Run {self.run.id}"] if several and self.run else []
        parts = [self.details.plate.name, *run, f"field {self.field + 1}"]
        return plain_text(", ".join(parts))

    @cached_property
    def hits(self) -> tuple[tuple[int, int], ...]:
        """The (row, column) of the wells that the search found."""
        return tuple((well.row, well.column) for well in self.plate_map.hits)

    @cached_property
    def controls(self) -> tuple[tuple[int, int], ...]:
        """The (row, column) of the control wells."""
        return tuple(
            (well.row, well.column)
            for well in self.plate_map.table.wells
            if control_role(well.control) is not None
        )

    @cached_property
    def failed(self) -> tuple[tuple[int, int], ...]:
        """The (row, column) of the wells that failed the study's quality control."""
        table = self.plate_map.table
        return tuple(
            (well.row, well.column)
            for well, failed in zip(table.wells, failed_wells(table), strict=True)
            if failed
        )

    @property
    def found_by(self) -> str:
        """What was searched for when the plate was found, "" for nothing."""
        query = self.details.query
        return "" if query is None else query.value

    @property
    def legend(self) -> str:
        """What the marks mean, "" where there are none.

        Only their colours are told: small wells are tinted, others have frames.
        """
        parts = []
        if self.hits:
            query = self.details.query
            hits = (
                counted(len(self.hits), "well with hits", "wells with hits")
                if query is None
                else hits_label(len(self.hits), "well", "wells", query)
            )
            parts.append(f"{hits} in orange")
        if self.controls:
            controls = counted(len(self.controls), "control well", "control wells")
            parts.append(f"{controls} in blue")
        if self.failed:
            failed = counted(len(self.failed), "failed well", "failed wells")
            parts.append(f"{failed} struck out")
        return f"{', '.join(parts)}." if parts else ""

    @cached_property
    def well_centers(self) -> NDArray[np.float32]:
        """Where each line of the features lies: (y, x) in px, shape (n, 2)."""
        centers = [self.plan.center(well.row, well.column) for well in self.plate_map]
        return np.array(centers, np.float32).reshape(-1, 2)

    @cached_property
    def features(self) -> dict[str, FeatureColumn]:
        """The table of the wells, as columns."""
        return wells_features(self.plate_map)

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
        )
        return {"idr": {**known, "pixel_source_words": MOSAIC_TEXT}}

    def is_complete(self, run: object, field: int) -> bool:
        """Whether all thumbnails of this run and field are here."""
        return (
            self.summary is not None
            and not self.summary.failures
            and (self.plan.grid.run, self.field) == (run, field)
        )

    def cell_at(self, y: float, x: float) -> GridCell | None:
        """Return the cell at a position in px, None where no image is."""
        place = self.plan.cell_at(y, x)
        return None if place is None else self.plan.grid.cells[place[0]][place[1]]

    def place_of(self, well: WellId) -> tuple[int, int] | None:
        """Return the (row, column) of a well, None if it isn't on the plate."""
        places = (w for w in self.plate_map if w.well_id == well)
        found = next(places, None)
        return None if found is None else (found.row, found.column)

    def message_at(self, y: float, x: float) -> str:
        """Say what lies at a position in px: plate, well, gene or first annotation."""
        place = self.plan.cell_at(y, x)
        if place is None:
            return self.details.plate.name
        well = self.plate_map.cell(*place)
        parts = [self.details.plate.name]
        if well is None:
            parts += [self.plan.grid.label(*place), "no image"]
        else:
            parts += [well.title, "hit" if well.hit else ""]
            parts.append("no thumbnail came" if place in self._failed else "")
        return " · ".join(part for part in parts if part)

    @cached_property
    def _failed(self) -> frozenset[tuple[int, int]]:
        failures = () if self.summary is None else self.summary.failures
        return frozenset((one.cell.row, one.cell.column) for one in failures)

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

    def with_sources(self, sources: WellSources) -> PlateShown:
        """Return the same picture with what was written about each well."""
        return self._joined(sources, self.own)

    def with_own(self, own: tuple[OwnTable, ...]) -> PlateShown:
        """Return the same picture with a person's own tables, and with no others."""
        return self._joined(self.sources, own)

    def _joined(
        self, sources: WellSources | None, own: tuple[OwnTable, ...]
    ) -> PlateShown:
        plate_map = _plate_map(self.plan.grid, self.details, sources, own)
        return replace(self, sources=sources, own=own, plate_map=plate_map)


def plan_plate_shown(
    server: str,
    web_url: str,
    details: PlateDetails,
    grid: PlateGrid,
    open_reader: OpenReader,
) -> PlateShown:
    """Return what will be shown of a plate, its canvas still blank."""
    plan = plan_mosaic(grid, cell_shape=cell_shape_for(grid.image_shape))
    runs = [run for run in details.plate.runs if run.id == grid.run]
    return PlateShown(
        server=server,
        web_url=web_url,
        details=details,
        run=runs[0] if runs else None,
        field=grid.field,
        plan=plan,
        plate_map=_plate_map(grid, details),
        canvas=blank_canvas(plan),
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
