"""A mosaic as it is shown: what a plate and a gallery have in common."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_idr.model import ImageId, WellId, value_text
from napari_idr.services.plate.wells import PlateMap
from napari_idr.services.search.catalog import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from numpy.typing import NDArray

    from napari_idr.api import IDRClient, OwnTable, WellSources
    from napari_idr.cancel import CancelToken
    from napari_idr.model import FeatureColumn, GridCell, Table
    from napari_idr.services.details import ImageRequest, MosaicKey, Subject
    from napari_idr.services.image.metadata import Json
    from napari_idr.services.plate.headings import View
    from napari_idr.services.plate.mosaic import Heading, MosaicPlan, MosaicSummary
    from napari_idr.tiles import OpenReader

__all__ = ["CellId", "MosaicShown"]

Place = tuple[int, int]

CellId = WellId | ImageId
"""What tells a cell from the others of its mosaic, whatever becomes of the layout: the
well of a plate, the image of a gallery."""


class OfCell(Protocol):
    """What is known of a cell: `GridCell`, `WellInfo`, `TabledWell`."""

    @property
    def well_id(self) -> WellId: ...

    @property
    def image_id(self) -> ImageId: ...


@dataclass(frozen=True, kw_only=True)
class MosaicShown(ABC):
    """Images in a mosaic, each in a cell with a label: a plate at a field, a gallery.

    `canvas` is the mosaic (y, x, 3) that a load paints into; `summary` is None until
    the load is over. `open_reader` opens the pixels of an image, for zooming in.
    `plate_map` has what is known of each image. `sources` is None until what was
    written about them has been asked for; `own` are a person's own tables.
    """

    server: str
    plan: MosaicPlan
    plate_map: PlateMap
    canvas: NDArray[np.uint8] = dataclasses.field(repr=False)
    open_reader: OpenReader = dataclasses.field(repr=False)
    summary: MosaicSummary | None = None
    sources: WellSources | None = dataclasses.field(default=None, repr=False)
    own: tuple[OwnTable, ...] = dataclasses.field(default=(), repr=False)

    @property
    @abstractmethod
    def key(self) -> MosaicKey:
        """Tells it from all others that may be in the viewer."""

    @property
    @abstractmethod
    def subject(self) -> Subject:
        """It as something that may be in the viewer."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What its layer is called."""

    @property
    @abstractmethod
    def basis(self) -> object:
        """What it was made of; where it stays the same, the images do."""

    @property
    @abstractmethod
    def noun(self) -> tuple[str, str]:
        """What a cell is called, one and many of them."""

    @property
    @abstractmethod
    def found_by(self) -> str:
        """What was searched for when it was found, "" for nothing."""

    @property
    @abstractmethod
    def hits_words(self) -> str:
        """How many of its cells a search found, in words."""

    @property
    @abstractmethod
    def metadata(self) -> dict[str, dict[str, Json]]:
        """What the layers remember of where they come from."""

    @property
    def lines(self) -> tuple[Sequence[str], Sequence[str]] | None:
        """The names of rows and columns, None where these mean nothing."""
        return None

    @property
    def reads_unasked(self) -> bool:
        """Whether what was written about it is read as soon as its table is shown."""
        return True

    @abstractmethod
    def id_of(self, cell: OfCell) -> CellId:
        """Return what tells a cell from the others."""

    @abstractmethod
    def where(self, place: Place | None) -> str:
        """Say what a cell is part of, or, for None, what the gaps are part of."""

    @abstractmethod
    def image_request(self, cell: GridCell) -> ImageRequest:
        """Return how to ask for the image of a cell."""

    @abstractmethod
    def headings_in_view(
        self, view: View, *, note: str, above: float
    ) -> tuple[Heading, ...]:
        """Return as many headings as fit; see `plate.headings.headings_in_view`."""

    @abstractmethod
    def load_sources(self, client: IDRClient, *, cancel: CancelToken) -> WellSources:
        """Return what was written about its images; some requests."""

    @abstractmethod
    def _mapped(
        self, sources: WellSources | None, own: tuple[OwnTable, ...]
    ) -> PlateMap:
        """Return what is known of each image by these sources."""

    @property
    def hits(self) -> tuple[Place, ...]:
        """The (row, column) of the cells that the search found."""
        return self.plate_map.hit_places

    @property
    def controls(self) -> tuple[Place, ...]:
        """The (row, column) of the controls."""
        return self.plate_map.control_places

    @property
    def failed(self) -> tuple[Place, ...]:
        """The (row, column) of the cells that failed the study's quality control."""
        return self.plate_map.failed_places

    @property
    def legend(self) -> str:
        """What the marks mean, "" where there are none.

        Only their colours are told: small wells are tinted, others have frames.
        """
        one, many = self.noun
        parts = []
        if self.hits:
            parts.append(f"{self.hits_words} in orange")
        if self.controls:
            controls = counted(len(self.controls), f"control {one}", f"control {many}")
            parts.append(f"{controls} in blue")
        if self.failed:
            failed = counted(len(self.failed), f"failed {one}", f"failed {many}")
            parts.append(f"{failed} struck out")
        return f"{', '.join(parts)}." if parts else ""

    @cached_property
    def well_centers(self) -> NDArray[np.float32]:
        """Where each line of the features lies: (y, x) in px, shape (n, 2)."""
        centers = [self.plan.center(well.row, well.column) for well in self.plate_map]
        return np.array(centers, np.float32).reshape(-1, 2)

    @property
    def features(self) -> dict[str, FeatureColumn]:
        """The table of the images, as columns."""
        return self.plate_map.features

    def prepare(self) -> Self:
        """Compute what the layers are made of, in a worker before they are; return it.

        Of thousands of images that takes longer than a window may wait.
        """
        known = self.plate_map
        _ = known.features, known.hit_places, known.control_places, known.failed_places
        _ = self.well_centers, self._places
        return self

    def cell_at(self, y: float, x: float) -> GridCell | None:
        """Return the cell at a position in px, None where no image is."""
        place = self.plan.cell_at(y, x)
        return None if place is None else self.plan.grid.cells[place[0]][place[1]]

    @cached_property
    def _places(self) -> dict[CellId, Place]:
        return {self.id_of(one): (one.row, one.column) for one in self.plate_map}

    def place_of(self, cell: CellId) -> Place | None:
        """Return the (row, column) of a cell, None if it isn't here."""
        return self._places.get(cell)

    def cell_of(self, cell: CellId) -> GridCell | None:
        """Return the cell of a well or an image, None if it isn't here."""
        place = self.place_of(cell)
        return None if place is None else self.plan.grid.cells[place[0]][place[1]]

    def message_at(self, y: float, x: float) -> str:
        """Say what lies at a position in px: of what it is, its label, what is known.

        What is known is the gene or the first annotation.
        """
        place = self.plan.cell_at(y, x)
        parts = [self.where(place)]
        if place is not None:
            well = self.plate_map.cell(*place)
            if well is not None:
                parts += [well.title, "hit" if place in self.hits else ""]
                parts.append("no thumbnail came" if place in self._failed else "")
            elif label := self.plan.grid.label(*place):
                parts += [label, "no image"]
        return " · ".join(part for part in parts if part)

    @cached_property
    def _failed(self) -> frozenset[Place]:
        failures = () if self.summary is None else self.summary.failures
        return frozenset((one.cell.row, one.cell.column) for one in failures)

    def told_of(self, cell: CellId) -> tuple[tuple[str, str], ...]:
        """Return the names and values that the table has of a cell."""
        place = self.place_of(cell)
        line = None if place is None else self.plate_map.places.get(place)
        if line is None:
            return ()
        told = (
            (column.name, value_text(column.values[line]))
            for column in self.plate_map.table.columns
        )
        return tuple((name, value) for name, value in told if value)

    def with_table(self, table: Table) -> Self:
        """Return the same with the study's table, where it has none and needs one."""
        del table
        return self

    def with_sources(self, sources: WellSources) -> Self:
        """Return the same picture with what was written about each image."""
        return self._joined(sources, self.own)

    def with_own(self, own: tuple[OwnTable, ...]) -> Self:
        """Return the same picture with a person's own tables, and with no others."""
        return self._joined(self.sources, own)

    def _joined(self, sources: WellSources | None, own: tuple[OwnTable, ...]) -> Self:
        plate_map = self._mapped(sources, own)
        return replace(self, sources=sources, own=own, plate_map=plate_map)
