"""The table of a plate's wells, joined from all that is known of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_idr.api.wells.columns import (
    NO_NUMBER,
    column_key,
    is_missing,
    unique_names,
    well_column,
)
from napari_idr.api.wells.names import folded_name, well_place
from napari_idr.model import NO_WELL, Misfit, TabledWell, WellsTable, value_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from napari_idr.model import (
        Annotation,
        CellGrid,
        ColumnSource,
        GridCell,
        ImageId,
        Table,
        Value,
        WellColumn,
        WellId,
    )

GENE_KEYS = ("gene symbol", "gene symbols", "gene", "gene identifier")
"""What a column with the gene is about, the best first (see `column_key`)."""

CONTROL_KEYS = ("control type", "control", "controls", "well type", "control status")

FEATURE_NAMES = frozenset(
    (
        *("index", "well", "row", "column", "well_id", "image_id"),
        *("gene", "control", "hit", "words"),
    )
)
"""Columns that every table of wells has; others of these names get a number."""

STUDY_TABLE = "the study's table"
ANNOTATIONS = "annotations"

NOT_HERE = "no such well on this plate"
NO_IMAGE = "no image of this well at this field"
OTHER_FIELD = "the image is not of this field"
NO_NAME = "the row names no well"
NO_COLUMN = "none of these columns is called “Well”, so that nothing can be joined"
TWO_WELLS = "the row names several wells at once"
MANY_ROWS = "several rows name this well, and all their values are kept"
OTHER_PLATE = "the rows are of another plate, or of one that can't be told"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTable:
    """A person's own table, and what they call it: the name of a file."""

    name: str
    table: Table


def wells_table(
    grid: CellGrid,
    *,
    plate_name: str | None = None,
    table: Table | None = None,
    annotations: Iterable[Annotation] = (),
    hit_images: Collection[ImageId] = frozenset(),
    hit_wells: Collection[WellId] = frozenset(),
    own: Iterable[OwnTable] = (),
) -> WellsTable:
    """Return one table of the wells of a plate from all that is known of them.

    A row belongs to a well by the id of the well or image; by the name of the well
    where the row has no id. A row that fits no well, or several, is left out and
    listed. What annotations say under a name that the study's table has too comes to
    the same column; a column of a person's own gets a name of its own.

    Parameters
    ----------
    grid
        The plate at one field.
    plate_name
        Picks the rows of this plate from a table that names plates.
    table
        Bulk annotations of the plate, of the screen, or their CSV source.
    annotations
        Of wells and of images; others are passed over.
    hit_images, hit_wells
        What a search found. A hit in any field is a hit of the well where the search
        told the well.
    own
        Tables that a person brings along.

    Examples
    --------
    >>> from napari_idr.model import GridCell, PlateGrid, Table
    >>> cell = GridCell(row=0, column=0, image_id=7, well_id=3)
    >>> grid = PlateGrid(
    ...     plate_id=1, field=0, run=None, row_labels=("A",), column_labels=("1",),
    ...     cells=((cell,),),
    ... )
    >>> rows = Table(
    ...     columns=("Well", "Count"), column_types=(), rows=(("a01", "5"), ("B1", "")),
    ... )
    >>> joined = wells_table(grid, table=rows)
    >>> joined.column("Count").values, [str(one) for one in joined.misfits]
    ((5,), ["the study's table: B1: no such well on this plate"])
    """
    places = _Places(grid, plate_name)
    columns: dict[str, WellColumn] = {}
    misfits: list[Misfit] = []
    study = _Said(len(places.cells))
    if table is not None:
        misfits += study.add_table(table, places, STUDY_TABLE)
    misfits += study.add_annotations(annotations, places)
    for column in study.columns():
        columns[column.name] = column
    for one in own:
        said = _Said(len(places.cells), taken=columns.keys(), own=True)
        misfits += said.add_table(one.table, places, one.name)
        for column in said.columns():
            columns[column.name] = column
    return WellsTable(
        plate_id=grid.plate_id,
        wells=_wells(places.cells, grid, study, hit_images, hit_wells),
        columns=tuple(columns.values()),
        misfits=tuple(misfits),
        grid_columns=len(grid.column_labels),
    )


def with_own(
    known: WellsTable,
    grid: CellGrid,
    own: OwnTable,
    *,
    plate_name: str | None = None,
) -> WellsTable:
    """Return a table with the columns of another source added.

    The misfits are those of before and those of the new source.
    """
    places = _Places(grid, plate_name)
    taken = {column.name for column in known.columns}
    said = _Said(len(places.cells), taken=taken, own=True)
    misfits = said.add_table(own.table, places, own.name)
    return replace(
        known,
        columns=(*known.columns, *said.columns()),
        misfits=(*known.misfits, *misfits),
    )


def _wells(
    cells: Sequence[GridCell],
    grid: CellGrid,
    study: _Said,
    hit_images: Collection[ImageId],
    hit_wells: Collection[WellId],
) -> tuple[TabledWell, ...]:
    images, wells = set(hit_images), set(hit_wells)
    genes = study.first_of(GENE_KEYS)
    controls = [
        tuple(text for text in texts if text.lower() not in NO_NUMBER)  # "N/A"
        for texts in study.first_of(CONTROL_KEYS)
    ]
    return tuple(
        TabledWell(
            label=grid.label(cell.row, cell.column),
            row=cell.row,
            column=cell.column,
            well_id=cell.well_id,
            image_id=cell.image_id,
            gene=genes[place],
            control=controls[place],
            hit=cell.image_id in images or cell.well_id in wells,
        )
        for place, cell in enumerate(cells)
    )


class _Said:
    """All that was said of each well, by column, in the order in which it was met."""

    def __init__(
        self, count: int, *, taken: Collection[str] = (), own: bool = False
    ) -> None:
        self._count = count
        self._taken = FEATURE_NAMES | set(taken)
        self._own = own
        self._told: list[tuple[str, list[list[object]], ColumnSource]] = []
        self._by_name: dict[str, list[list[object]]] = {}

    def add_table(self, table: Table, places: _Places, source: str) -> list[Misfit]:
        """Add the rows of a table that belong to wells; return the others."""
        keys = _Keys(table)
        if self._own and table.columns and not keys.of_wells:
            return [Misfit(source=source, reason=NO_COLUMN, rows=table.columns)]
        rejected: defaultdict[str, list[str]] = defaultdict(list)
        placed: defaultdict[int, list[tuple[Value, ...]]] = defaultdict(list)
        rows, rejected[OTHER_PLATE] = self._rows_of_plate(table, keys, places)
        for number, row in rows:
            found = keys.place(row, places)
            if isinstance(found, int):
                placed[found].append(row)
            else:
                rejected[found].append(keys.row_name(row, number))
        if self._own:
            several = [place for place, of_well in placed.items() if len(of_well) > 1]
            rejected[MANY_ROWS] = [places.label(place) for place in several]
        for index, name in enumerate(table.columns):
            if self._own and index in keys.all:
                continue
            values = self._column(name, "own" if self._own else "table")
            for place, of_well in placed.items():
                values[place] += [row[index] for row in of_well]
        return [
            Misfit(source=source, reason=reason, rows=tuple(dict.fromkeys(names)))
            for reason, names in rejected.items()
            if names
        ]

    def _rows_of_plate(
        self, table: Table, keys: _Keys, places: _Places
    ) -> tuple[list[tuple[int, tuple[Value, ...]]], list[str]]:
        """Return the rows of the plate with their numbers, and plates to be told of.

        The archive's tables hold all plates of a screen; in a person's own, a row of
        another plate may be a slip.
        """
        here, others, unsure = [], [], []
        for number, row in enumerate(table.rows, 1):
            told = keys.plate(row, places)
            if told is True:
                here.append((number, row))
            elif told is False:
                others.append(keys.plate_text(row))
            else:
                unsure.append((number, row))
        plates = {keys.plate_text(row) for _, row in unsure}
        if len(plates) == 1 and not here:
            return unsure, []
        return here, [*sorted(plates), *(others if self._own else ())]

    def add_annotations(
        self, annotations: Iterable[Annotation], places: _Places
    ) -> list[Misfit]:
        """Add key-value pairs of wells and images; each annotation once a well.

        Pairs that only say where the well is are passed over.
        """
        lost: list[str] = []
        met: set[tuple[int, int]] = set()
        for one in annotations:
            parent = one.parent
            if parent is None or parent.kind not in ("well", "image"):
                continue
            by_id = places.by_well if parent.kind == "well" else places.by_image
            place = by_id.get(parent.id)
            if place is None:
                lost.append(parent.name or f"{parent.kind} {parent.id}")
            elif (place, one.id) not in met:
                met.add((place, one.id))
                for key, value in one.pairs:
                    if column_key(key) not in PLACE_KEYS:
                        self._shared(key)[place].append(value)
        names = tuple(dict.fromkeys(lost))
        return [Misfit(source=ANNOTATIONS, reason=NOT_HERE, rows=names)] if lost else []

    def columns(self) -> tuple[WellColumn, ...]:
        """Return a column for each name, each name once."""
        names = unique_names((name for name, _, _ in self._told), self._taken)
        return tuple(
            well_column(name, values, source=source, about=about)
            for name, (about, values, source) in zip(names, self._told, strict=True)
        )

    def first_of(self, keys: Sequence[str]) -> list[tuple[str, ...]]:
        """Return for each well the texts of the best key under which it has some."""
        by_key: defaultdict[str, list[list[list[object]]]] = defaultdict(list)
        for name, values, _ in self._told:
            by_key[column_key(name)].append(values)
        best = [values for key in keys for values in by_key.get(key, ())]
        return [
            next((texts for values in best if (texts := _texts(values[place]))), ())
            for place in range(self._count)
        ]

    def _column(self, name: str, source: ColumnSource) -> list[list[object]]:
        values: list[list[object]] = [[] for _ in range(self._count)]
        self._told.append((name, values, source))
        self._by_name.setdefault(name.strip(), values)
        return values

    def _shared(self, name: str) -> list[list[object]]:
        known = self._by_name.get(name.strip())
        return self._column(name, "annotations") if known is None else known


def _texts(values: Iterable[object]) -> tuple[str, ...]:
    told = (value for value in values if not is_missing(value))
    return tuple(dict.fromkeys(" ".join(str(value).split()) for value in told))


class _Places:
    """Where the wells of a grid are found: by id, and by each way to spell a name."""

    def __init__(self, grid: CellGrid, plate_name: str | None) -> None:
        self.plate_id = grid.plate_id
        self.plate_name = plate_name
        self.cells = tuple(grid)
        # Images that mapr found tell no wells: their rows are found by name alone.
        self.by_well = {
            int(c.well_id): i for i, c in enumerate(self.cells) if c.well_id != NO_WELL
        }
        self.by_image = {int(c.image_id): i for i, c in enumerate(self.cells)}
        self._grid = grid
        self._named: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
        self._at = {(c.row, c.column): i for i, c in enumerate(self.cells)}
        for at in grid.places():
            self._named[folded_name(grid.label(*at))].add(at)

    def label(self, place: int) -> str:
        cell = self.cells[place]
        return self._grid.label(cell.row, cell.column)

    def of_name(self, name: str) -> int | str | None:
        """Return the place of a name, why it has none, or None if it is no name."""
        named = self._named.get(folded_name(name), set())
        if not named:
            return None if well_place(name) is None else NOT_HERE
        if len(named) > 1:
            return TWO_WELLS
        return self._at.get(next(iter(named)), NO_IMAGE)


WELL_KEYS = ("well", "well name", "well label", "well position")
WELL_ID_KEYS = ("well", "well id", "wellid")
IMAGE_ID_KEYS = ("image", "image id", "imageid")
PLATE_KEYS = ("plate", "plate id", "plate name")
KEYS_OF_WELLS = frozenset((*WELL_KEYS, *WELL_ID_KEYS, *IMAGE_ID_KEYS))
PLACE_KEYS = KEYS_OF_WELLS | frozenset(PLATE_KEYS)


class _Keys:
    """The columns by which the rows of a table belong to wells."""

    def __init__(self, table: Table) -> None:
        about = [column_key(name) for name in table.columns]

        def among(keys: Sequence[str]) -> tuple[int, ...]:
            return tuple(i for i, key in enumerate(about) if key in keys)

        self._names = among(WELL_KEYS)
        self._well_ids = among(WELL_ID_KEYS)
        self._image_ids = among(IMAGE_ID_KEYS)
        self._plates = among(PLATE_KEYS)
        self.of_wells = {*self._names, *self._well_ids, *self._image_ids}
        self.all = {*self.of_wells, *self._plates}

    def plate(self, row: tuple[Value, ...], places: _Places) -> bool | str:
        """Tell whether a row is of the plate, or what it calls a plate without name.

        Numbers are ids, which decide; a row without a plate is of this one.
        """
        told = [row[index] for index in self._plates if not is_missing(row[index])]
        for value in told:
            if not isinstance(value, str) and (number := _id(value)) is not None:
                return number == places.plate_id or str(number) == places.plate_name
        if not told:
            return True
        if places.plate_name is None:
            return str(told[0])
        wanted = places.plate_name.strip().casefold()
        return any(str(value).strip().casefold() == wanted for value in told)

    def plate_text(self, row: tuple[Value, ...]) -> str:
        """Return what a row calls its plate."""
        return next(
            (value_text(row[i]) for i in self._plates if not is_missing(row[i])), ""
        )

    def place(self, row: tuple[Value, ...], places: _Places) -> int | str:
        """Return the place of the well of a row, or why it has none."""
        found: set[int] = set()
        reasons: list[str] = []
        for index in self._image_ids:
            if (number := _id(row[index])) is not None:
                if number in places.by_image:
                    found.add(places.by_image[number])
                else:
                    reasons.append(OTHER_FIELD)
        for index in self._well_ids if places.by_well else ():
            if (number := _id(row[index])) is not None:
                if number in places.by_well:
                    found.add(places.by_well[number])
                elif not self._is_name(row[index], places):
                    reasons.append(NOT_HERE)
        for index in self._names:
            value = row[index]
            place = places.of_name(value) if isinstance(value, str) else None
            if isinstance(place, int):
                found.add(place)
            elif place is not None:
                reasons.append(place)
        if reasons:
            return NO_IMAGE if NO_IMAGE in reasons else reasons[0]
        if len(found) > 1:
            return TWO_WELLS
        return next(iter(found), NO_NAME)

    def _is_name(self, value: Value, places: _Places) -> bool:
        """Tell whether digits are the name of a well, where rows have numbers."""
        return isinstance(value, str) and places.of_name(value) is not None

    def row_name(self, row: tuple[Value, ...], number: int) -> str:
        """Return what a person finds a row by: its well, else its number from 1."""
        names = [row[index] for index in self._names if isinstance(row[index], str)]
        ids = [row[index] for index in (*self._image_ids, *self._well_ids)]
        for value in names:
            if not is_missing(value):
                return value_text(value)
        for value in ids:
            if (told := _id(value)) is not None:
                return str(told)
        return f"row {number}"


def _id(value: Value) -> int | None:
    """Return the number of an object; OMERO writes -1 where there is none."""
    if isinstance(value, str):
        text = value.strip()
        return (
            int(text)
            if text.isascii() and text.isdecimal() and text[:19] == (text)
            else None
        )
    if isinstance(value, bool) or value is None:
        return None
    return int(value) if value > 0 and float(value).is_integer() else None
