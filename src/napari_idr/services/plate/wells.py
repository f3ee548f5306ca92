"""Wells of a plate: label, gene, control, hit, and their table of features."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.model import row_label

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from napari_idr.model import (
        GridCell,
        ImageId,
        PlateGrid,
        Table,
        WellId,
    )

__all__ = ["PlateMap", "WellInfo", "plan_plate_map", "wells_table"]

GENE_KEYS = ("gene symbol", "gene symbols", "gene", "gene identifier")
"""The best first; compared without regard to case."""

CONTROL_KEYS = ("control type", "control")

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

_WELL_NAME = re.compile(r"^\s*([A-Za-z]{1,3})[\s_-]*0*(\d{1,4})\s*$")
_NUMBERED_KEY = re.compile(r"\s+\d+$")

Values = dict[str, list[str]]
"""Lower-case keys without their number ("Phenotype 2" is a phenotype), and values."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateMap:
    """The wells of a plate; `wells` are those with an image, row by row."""

    grid: PlateGrid
    wells: tuple[WellInfo, ...]
    places: dict[tuple[int, int], int]

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


def plan_plate_map(
    grid: PlateGrid,
    *,
    hit_images: Collection[ImageId] = frozenset(),
    hit_wells: Collection[WellId] = frozenset(),
    table: Table | None = None,
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
    """
    images, wells = set(hit_images), set(hit_wells)
    tabled = _tabled(table)
    infos = tuple(
        _info(
            cell,
            grid,
            values=_row_of(tabled, cell),
            hit=cell.image_id in images or cell.well_id in wells,
        )
        for cell in grid
    )
    places = {(info.row, info.column): place for place, info in enumerate(infos)}
    return PlateMap(grid=grid, wells=infos, places=places)


def wells_table(plate_map: PlateMap) -> dict[str, list[int | str | bool]]:
    """Return the wells as columns of equal length, for the features of a layer.

    `index` is the place in the grid, row by row and from 1, so that it is also the
    value of the well in a labels layer of the plate. Texts that aren't known are "".
    """
    columns = max((len(row) for row in plate_map.grid.cells), default=0)
    wells = plate_map.wells
    return {
        "index": [well.row * columns + well.column + 1 for well in wells],
        "well": [well.label for well in wells],
        "row": [well.row for well in wells],
        "column": [well.column for well in wells],
        "well_id": [int(well.well_id) for well in wells],
        "image_id": [int(well.image_id) for well in wells],
        "gene": [well.gene or "" for well in wells],
        "control": [well.control or "" for well in wells],
        "hit": [well.hit for well in wells],
        "words": [well.message or "" for well in wells],
    }


def _info(cell: GridCell, grid: PlateGrid, *, values: Values, hit: bool) -> WellInfo:
    return WellInfo(
        label=grid.label(cell.row, cell.column),
        row=cell.row,
        column=cell.column,
        well_id=cell.well_id,
        image_id=cell.image_id,
        gene=_first(values, GENE_KEYS),
        control=_first(values, CONTROL_KEYS),
        hit=hit,
        message=_first_text(values),
    )


def _first(values: Values, keys: Iterable[str]) -> str | None:
    """Return the values of the first key that has some, each once."""
    found = next((values[key] for key in keys if values.get(key)), None)
    return None if found is None else ", ".join(found)


def _first_text(values: Values) -> str | None:
    for key in WORD_KEYS:
        if (found := _first(values, (key,))) is not None:
            return f"{key[:1].upper()}{key[1:]}: {found}"
    return None


def _add(values: Values, key: str, value: object) -> None:
    if value is None or isinstance(value, bool | float):
        return
    text = " ".join(str(value).split())
    name = _NUMBERED_KEY.sub("", key.strip().lower())
    if text and text not in values.setdefault(name, []):
        values[name].append(text)


_Key = tuple[str, int | str]


def _tabled(table: Table | None) -> dict[_Key, Values]:
    """Return the values of the rows, found by well id, image id or well name."""
    found: defaultdict[_Key, Values] = defaultdict(dict)
    if table is None:
        return found
    keyed = {
        index: kind
        for index, name in enumerate(table.columns)
        if (kind := _key_kind(name)) is not None
    }
    for row in table.rows:
        keys = [
            key
            for index, kind in keyed.items()
            if (key := _key(kind, row[index])) is not None
        ]
        for index, name in enumerate(table.columns):
            if index not in keyed:
                for key in keys:
                    _add(found[key], name, row[index])
    return found


def _key_kind(column: str) -> str | None:
    return {"well": "well", "image": "image", "well name": "label"}.get(
        column.strip().lower()
    )


def _key(kind: str, value: object) -> _Key | None:
    if isinstance(value, int) and not isinstance(value, bool) and kind != "label":
        return (kind, value) if value > 0 else None
    if isinstance(value, str) and kind != "image":
        label = _normal_label(value)
        return None if label is None else ("label", label)
    return None


def _normal_label(name: str) -> str | None:
    """Return "O2" for "o2", "O02" and "O_2"; None for what is no well."""
    found = _WELL_NAME.match(name)
    return None if found is None else f"{found[1].upper()}{int(found[2])}"


def _row_of(tabled: dict[_Key, Values], cell: GridCell) -> Values:
    label = f"{row_label(cell.row)}{cell.column + 1}"
    keys: tuple[_Key, ...] = (
        ("well", cell.well_id),
        ("image", cell.image_id),
        ("label", label),
    )
    return next((tabled[key] for key in keys if key in tabled), {})
