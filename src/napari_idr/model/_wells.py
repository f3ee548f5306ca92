"""The wells of a plate as a table: what is known of each, column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from napari_idr.model._ids import ImageId, PlateId, WellId

if TYPE_CHECKING:
    import pandas as pd

ColumnKind = Literal["number", "text", "flag"]
"""Numbers can be measured with, texts and flags (yes or no) can be counted."""

ColumnSource = Literal["table", "annotations", "own"]
"""The study's table, map annotations of wells and images, a person's own data."""

WellValue = str | int | float | bool | tuple[str, ...] | None
"""What a column says of a well: None for nothing, a tuple for several texts."""

FeatureColumn = Sequence[str | int | float | bool]
"""A column of a layer's features; missing numbers are NaN, missing texts ""."""

SEVERAL = "; "
"""Between several values of a well where they are one text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WellColumn:
    """What is known of each well under one name, in the order of the wells.

    In a column of kind "number" a value is an int, a float or None, in one of kind
    "flag" a bool or None. A text that came as a whole number is one still.
    """

    name: str
    kind: ColumnKind
    values: tuple[WellValue, ...]
    source: ColumnSource = "table"

    def to_feature(self) -> FeatureColumn:
        """Return the values as napari's features take them, without None.

        >>> WellColumn(name="a", kind="text", values=(("x", "y"), None)).to_feature()
        ['x; y', '']
        >>> WellColumn(name="a", kind="number", values=(1, None)).to_feature()
        [1.0, nan]
        """
        if self.kind == "number":
            return [
                float(value) if isinstance(value, int | float) else float("nan")
                for value in self.values
            ]
        if self.kind == "flag" and None not in self.values:
            return [bool(value) for value in self.values]
        return [value_text(value) for value in self.values]


@dataclass(frozen=True, slots=True, kw_only=True)
class TabledWell:
    """A well that has an image at the field of the table.

    `gene` and `control` are what its annotations say, empty where they say nothing;
    `hit` whether a search found it.
    """

    label: str
    row: int
    column: int
    well_id: WellId
    image_id: ImageId
    gene: tuple[str, ...] = ()
    control: tuple[str, ...] = ()
    hit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """Rows of a source that no well was given, or that are in doubt, and why.

    `source` is what a person calls it ("the study's table", "cells.csv"); `rows` name
    each row, by its well where it has one.
    """

    source: str
    reason: str
    rows: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.source}: {', '.join(self.rows)}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WellsTable:
    """The wells of a plate with all that is known of them, row by row of the plate.

    Of a gallery, its images; its `plate_id` is None.

    `misfits` are the rows of its sources that are not in it, or in doubt.
    """

    plate_id: PlateId | None
    wells: tuple[TabledWell, ...]
    columns: tuple[WellColumn, ...] = ()
    misfits: tuple[Misfit, ...] = ()
    grid_columns: int = 0

    def __len__(self) -> int:
        return len(self.wells)

    def column(self, name: str) -> WellColumn:
        """Return a column; raise `KeyError` if there is none of this name."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def to_features(self) -> dict[str, FeatureColumn]:
        """Return the table as columns for `layer.features`, each as long as the wells.

        `index` is the place in the grid, row by row and from 1. Several values of a
        well are one text.
        """
        wells = self.wells
        told: dict[str, FeatureColumn] = {
            "index": [well.row * self.grid_columns + well.column + 1 for well in wells],
            "well": [well.label for well in wells],
            "row": [well.row for well in wells],
            "column": [well.column for well in wells],
            "well_id": [int(well.well_id) for well in wells],
            "image_id": [int(well.image_id) for well in wells],
            "gene": [SEVERAL.join(well.gene) for well in wells],
            "control": [SEVERAL.join(well.control) for well in wells],
            "hit": [well.hit for well in wells],
        }
        return told | {column.name: column.to_feature() for column in self.columns}

    def to_pandas(self) -> pd.DataFrame:
        """Return the table as a data frame, whose index are the labels ("A1").

        Its columns are `gene`, `control`, `hit`, `well_id` and `image_id`, and those
        of the archive as it spells them. Missing numbers are NaN, other missing
        values None; several values are a tuple. `attrs["misfits"]` are sentences on
        what could not be given to a well.
        """
        import pandas as pd

        wells = self.wells
        index = pd.Index([well.label for well in wells], name="well", dtype=object)
        told: dict[str, pd.Series] = {
            "gene": pd.Series([_one(w.gene) for w in wells], index, dtype=object),
            "control": pd.Series([_one(w.control) for w in wells], index, dtype=object),
            "hit": pd.Series([w.hit for w in wells], index, dtype=bool),
            "well_id": pd.Series([w.well_id for w in wells], index, dtype="int64"),
            "image_id": pd.Series([w.image_id for w in wells], index, dtype="int64"),
        }
        for column in self.columns:
            told[column.name] = pd.Series(
                list(column.values), index, dtype=_dtype(column)
            )
        frame = pd.DataFrame(told, index=index)
        frame.attrs["misfits"] = tuple(str(misfit) for misfit in self.misfits)
        return frame


def value_text(value: WellValue) -> str:
    """Return a value as it is shown in one line, "" for a missing one.

    >>> value_text(98.0), value_text(("a", "b")), value_text(None), value_text(True)
    ('98', 'a; b', '', 'yes')
    """
    if value is None:
        return ""
    if isinstance(value, tuple):
        return SEVERAL.join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _one(values: tuple[str, ...]) -> WellValue:
    return (values[0] if len(values) == 1 else values) if values else None


def _dtype(column: WellColumn) -> str:
    values = column.values
    if column.kind == "flag":
        return "object" if None in values else "bool"
    if values and all(type(v) is int and abs(v) < 2**63 for v in values):
        return "int64"  # identifiers too, which can be matched with those of others
    return "float64" if column.kind == "number" else "object"
