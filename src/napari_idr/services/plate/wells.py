"""Wells of a plate: label, gene, control, hit, and their table of features."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from napari_idr.api import column_key, wells_table
from napari_idr.services.wells.quality import control_role, failed_wells

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from napari_idr.api import OwnTable
    from napari_idr.model import (
        Annotation,
        CellGrid,
        FeatureColumn,
        ImageId,
        Table,
        WellId,
        WellsTable,
        WellValue,
    )

__all__ = ["PlateMap", "WellInfo", "plan_plate_map"]

WORD_KEYS = (
    "phenotype",
    "compound name",
    "compound",
    "sirna identifier",
    "sirna pool identifier",
    "antibody name",
    "orf identifier",
    "protein",
    "cell line",
    "organism",
)
"""What says most about a well in a word, the best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WellInfo:
    """A well that has an image at this field; what isn't known is None.

    `control` is the kind of control it is. `message` are the first that its
    annotations say beside gene and control, as "Phenotype: mitotic delay".
    """

    label: str
    row: int
    column: int
    well_id: WellId
    image_id: ImageId
    gene: str | None = None
    control: str | None = None
    hit: bool = False
    message: str | None = None

    @property
    def title(self) -> str:
        """The well in a few words, for a status bar."""
        parts = (self.label, self.gene, self.control, self.message)
        return " · ".join(part for part in parts if part)


@dataclass(frozen=True, kw_only=True)
class PlateMap:
    """The wells of a plate; `wells` are those with an image, row by row.

    `table` has all that is known of each, in the same order. What follows from that is
    computed once, when it is first asked for.
    """

    grid: CellGrid
    wells: tuple[WellInfo, ...]
    places: dict[tuple[int, int], int]
    table: WellsTable

    def __iter__(self) -> Iterator[WellInfo]:
        return iter(self.wells)

    def cell(self, row: int, column: int) -> WellInfo | None:
        """Return the well at a position, None where no image is."""
        place = self.places.get((row, column))
        return None if place is None else self.wells[place]

    @property
    def hits(self) -> tuple[WellInfo, ...]:
        """The wells that a search found, row by row."""
        return tuple(well for well in self.wells if well.hit)

    @cached_property
    def hit_places(self) -> tuple[tuple[int, int], ...]:
        """The (row, column) of the wells that a search found."""
        return tuple((well.row, well.column) for well in self.hits)

    @cached_property
    def control_places(self) -> tuple[tuple[int, int], ...]:
        """The (row, column) of the controls."""
        return tuple(
            (well.row, well.column)
            for well in self.table.wells
            if control_role(well.control) is not None
        )

    @cached_property
    def failed_places(self) -> tuple[tuple[int, int], ...]:
        """The (row, column) of the wells that failed the study's quality control."""
        return tuple(
            (well.row, well.column)
            for well, failed in zip(
                self.table.wells, failed_wells(self.table), strict=True
            )
            if failed
        )

    @cached_property
    def features(self) -> dict[str, FeatureColumn]:
        """The wells as columns of equal length, for the features of a layer.

        `index` is the place in the grid, row by row and from 1, so that it is also the
        value of the well in a labels layer of the plate. Texts that aren't known are
        "", numbers NaN; several values of a well are one text. The columns of the
        archive follow, as it spells them.
        """
        told = self.table.to_features()
        words = [well.message or "" for well in self]
        own = list(told)[: list(told).index("hit") + 1]
        return {name: told[name] for name in own} | {"words": words} | told


def plan_plate_map(
    grid: CellGrid,
    *,
    hit_images: Collection[ImageId] = frozenset(),
    hit_wells: Collection[WellId] = frozenset(),
    table: Table | None = None,
    plate_name: str | None = None,
    annotations: Iterable[Annotation] = (),
    own: Iterable[OwnTable] = (),
) -> PlateMap:
    """Return what each well of a plate means.

    Parameters
    ----------
    grid
        The plate at one field.
    hit_images, hit_wells
        What a search found; a hit in any field is a hit of the well where the
        search told the well.
    table
        Bulk annotations of the plate; rows are joined by the id of the well, by
        that of the image, or by the name of the well.
    plate_name
        Picks the rows of this plate from a table that names plates.
    annotations
        Of wells and of images.
    own
        Tables that a person brought along.
    """
    joined = wells_table(
        grid,
        plate_name=plate_name,
        table=table,
        hit_images=hit_images,
        hit_wells=hit_wells,
        annotations=annotations,
        own=own,
    )
    words = tuple(_words(joined))
    infos = tuple(
        WellInfo(
            label=well.label,
            row=well.row,
            column=well.column,
            well_id=well.well_id,
            image_id=well.image_id,
            gene=", ".join(well.gene) or None,
            control=", ".join(well.control) or None,
            hit=well.hit,
            message=words[place],
        )
        for place, well in enumerate(joined.wells)
    )
    places = {(info.row, info.column): place for place, info in enumerate(infos)}
    return PlateMap(grid=grid, wells=infos, places=places, table=joined)


def _words(table: WellsTable) -> Iterator[str | None]:
    """Yield for each well the first that it has of `WORD_KEYS`, as "Key: value"."""
    about = [(column_key(column.name), column) for column in table.columns]
    by_key = {
        key: [column.values for name, column in about if name == key]
        for key in WORD_KEYS
    }
    found = [
        (f"{key[:1].upper()}{key[1:]}", columns)
        for key, columns in by_key.items()
        if columns
    ]
    for place in range(len(table)):
        texts = (
            (word, _joined(values[place] for values in columns))
            for word, columns in found
        )
        yield next((f"{word}: {text}" for word, text in texts if text), None)


def _joined(values: Iterable[WellValue]) -> str:
    texts: list[str] = []
    for value in values:
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, tuple):
            texts += value
    return ", ".join(dict.fromkeys(" ".join(text.split()) for text in texts))
