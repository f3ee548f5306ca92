"""The wells' table as it is looked at: which rows, in which order, and as a file."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from napari_idr.api import column_key, column_title
from napari_idr.errors import IDRError
from napari_idr.model import WellColumn, value_text
from napari_idr.services.wells.order import column_ranks, sorted_rows
from napari_idr.services.wells.quality import failed_wells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_idr.cancel import CancelToken
    from napari_idr.model import TabledWell, WellsTable

WELL, GENE, CONTROL, HIT = "well", "gene", "control", "hit"
"""Columns that the table of every plate has."""

PLACES = frozenset(("well", "well name", "well number", "plate", "plate name", "image"))
"""Columns of the archive that only say which well it is."""

_COMPARISON = re.compile(r"\s*(>=|<=|!=|=|>|<)\s*(.*?)\s*", re.DOTALL)
_BETWEEN = re.compile(r"\s*(\S+?)\s*\.\.\s*(\S+)\s*")

_SIGNS: dict[str, Callable[[NDArray[np.float64], float], NDArray[np.bool_]]] = {
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
    "=": np.equal,
    "!=": np.not_equal,
}

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection); the
last are the first four as wide as a letter of Japanese."""


def table_columns(table: WellsTable) -> tuple[WellColumn, ...]:
    """Return all columns that are shown: the well, its gene, control and hit first.

    Those of the archive that only repeat which well it is are left out, and those in
    which no well has a value come last.
    """
    wells = table.wells
    first = [
        WellColumn(name=WELL, kind="text", values=tuple(w.label for w in wells)),
        WellColumn(name=GENE, kind="text", values=tuple(map(_gene, wells))),
        WellColumn(name=CONTROL, kind="text", values=tuple(map(_control, wells))),
        WellColumn(name=HIT, kind="flag", values=tuple(w.hit for w in wells)),
    ]
    others = [one for one in table.columns if column_key(one.name) not in PLACES]
    others.sort(key=lambda one: all(value is None for value in one.values))
    return (*first, *others)


def _gene(well: TabledWell) -> str | tuple[str, ...] | None:
    return well.gene[0] if len(well.gene) == 1 else well.gene or None


def _control(well: TabledWell) -> str | tuple[str, ...] | None:
    return well.control[0] if len(well.control) == 1 else well.control or None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """How a person looks at the table.

    `text` is searched for in all columns: each of its words must be in a row.
    `in_columns` are conditions by the name of a column (see `column_mask`). Without
    `sort_by` the rows are in the order of the plate.
    """

    text: str = ""
    in_columns: Mapping[str, str] = field(default_factory=dict)
    sort_by: str | None = None
    descending: bool = False
    hits_first: bool = False


class IndexedTable:
    """A table whose columns can be sorted and searched at once.

    What that takes is computed when it is first needed, column by column.
    """

    def __init__(self, table: WellsTable) -> None:
        self.table = table
        self.columns = table_columns(table)
        self._by_name = {column.name: column for column in self.columns}
        self._ranks: dict[str, NDArray[np.float64]] = {}
        self._texts: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self.table)

    def column(self, name: str) -> WellColumn:
        """Return a column that is shown; raise `KeyError` if there is none."""
        return self._by_name[name]

    @cached_property
    def failed(self) -> NDArray[np.bool_]:
        """For each well whether it failed the study's quality control."""
        return np.array(failed_wells(self.table), np.bool_)

    def rows(self, view: TableView) -> NDArray[np.intp]:
        """Return the places of the wells that are shown, in their order."""
        order = self._order(view)
        mask = self._mask(view)
        return order if mask is None else order[mask[order]]

    def prepare(self) -> None:
        """Compute all that sorting and searching need, in a worker before it does."""
        _ = self._searched, self.failed
        for column in self.columns:
            self.ranks(column.name)

    def ranks(self, name: str) -> NDArray[np.float64]:
        """Return by what a column is sorted; wells are in the order of the plate."""
        if name not in self._ranks:
            self._ranks[name] = (
                np.arange(len(self), dtype=np.float64)
                if name == WELL
                else column_ranks(self._by_name[name])
            )
        return self._ranks[name]

    def texts(self, name: str) -> list[str]:
        """Return a column as it is shown."""
        if name not in self._texts:
            values = self._by_name[name].values
            self._texts[name] = [value_text(value) for value in values]
        return self._texts[name]

    def _order(self, view: TableView) -> NDArray[np.intp]:
        if view.sort_by in self._by_name:
            ranks = self.ranks(view.sort_by)
            order = sorted_rows(ranks, descending=view.descending)
        else:
            order = np.arange(len(self))
        if view.hits_first:
            hits = np.array([well.hit for well in self.table.wells], np.bool_)[order]
            order = np.concatenate([order[hits], order[~hits]])
        return order

    def _mask(self, view: TableView) -> NDArray[np.bool_] | None:
        masks = [
            column_mask(self._by_name[name], wish)
            for name, wish in view.in_columns.items()
            if wish.strip() and name in self._by_name
        ]
        masks += [
            np.array([word in text for text in self._searched], np.bool_)
            for word in view.text.casefold().split()
        ]
        return np.logical_and.reduce(masks) if masks else None

    @cached_property
    def _searched(self) -> list[str]:
        """All texts of a row as one; a word never runs from one cell to the next."""
        columns = [self.texts(column.name) for column in self.columns]
        return ["\n".join(row).casefold() for row in zip(*columns, strict=True)]


def column_mask(column: WellColumn, wish: str) -> NDArray[np.bool_]:
    """Return which rows of a column are as a person wishes.

    A text is searched for. "=x" are rows that are x, "=" those with nothing, "!=" turns
    it round. Of numbers, "> 5", "<= 5" and "2..5" (both included) can be asked for.

    >>> column = WellColumn(name="Cells", kind="number", values=(1, 5, None, 9))
    >>> column_mask(column, ">= 5").tolist(), column_mask(column, "=").tolist()
    ([False, True, False, True], [False, False, True, False])
    >>> column_mask(column, "2..5").tolist()
    [False, True, False, False]
    """
    if column.kind == "number":
        values = np.array(column.to_feature(), np.float64)
        if (mask := _number_mask(values, wish)) is not None:
            return mask
    texts = [value_text(value).casefold() for value in column.values]
    if found := _COMPARISON.fullmatch(wish):
        sign, wanted = found[1], found[2].casefold()
        if sign in ("=", "!="):
            equal = np.array([text == wanted for text in texts], np.bool_)
            return equal if sign == "=" else ~equal
    wanted = wish.strip().casefold()
    return np.array([wanted in text for text in texts], np.bool_)


def _number_mask(values: NDArray[np.float64], wish: str) -> NDArray[np.bool_] | None:
    """Return which numbers meet a condition; None if it is none of numbers."""
    try:
        if between := _BETWEEN.fullmatch(wish):
            low, high = float(between[1]), float(between[2])
            return (values >= low) & (values <= high)
        if found := _COMPARISON.fullmatch(wish):
            return _SIGNS[found[1]](values, float(found[2]))
    except ValueError:
        pass
    return None


def table_csv(
    table: WellsTable,
    *,
    rows: Iterable[int] | None = None,
    columns: Sequence[str] | None = None,
) -> str:
    r"""Return rows of a table as CSV that no spreadsheet takes for formulas.

    A text that begins like one gets an apostrophe before it, numbers don't. Ids of
    well and image come after the label, so that the file can be joined again.

    Parameters
    ----------
    table
        The wells.
    rows
        Places of the wells in their order; None for all.
    columns
        Names of the columns that are shown; None for all.
    """
    shown = table_columns(table)
    if columns is not None:
        by_name = {column.name: column for column in shown}
        shown = tuple(by_name[name] for name in columns if name in by_name)
    text = io.StringIO()
    writer = csv.writer(text)
    rest = [column for column in shown if column.name != WELL]
    titles = [column_title(column.name) for column in rest]
    writer.writerow(map(safe_cell, [WELL, "well_id", "image_id", *titles]))
    for place in range(len(table)) if rows is None else rows:
        well = table.wells[place]
        writer.writerow(
            [
                safe_cell(well.label),
                well.well_id,
                well.image_id,
                *(_cell(column, place) for column in rest),
            ]
        )
    return text.getvalue()


def save_csv(
    path: Path,
    table: WellsTable,
    rows: Sequence[int] | None,
    columns: Sequence[str] | None,
    *,
    cancel: CancelToken,
) -> Path:
    """Write rows of a table into a file, as `table_csv` has them; return its path.

    Raises
    ------
    IDRError
        The file can't be written.
    """
    return write_csv(path, table_csv(table, rows=rows, columns=columns), cancel=cancel)


def write_csv(path: Path, text: str, *, cancel: CancelToken) -> Path:
    """Write CSV into a file that spreadsheets read rightly; return its path.

    Raises
    ------
    IDRError
        The file can't be written.
    """
    cancel.check()
    try:
        # with the mark by which spreadsheets tell that letters are UTF-8
        path.write_text(text, encoding="utf-8-sig", newline="")
    except OSError as error:
        raise IDRError(
            f"{path.name} can't be written: {error.strerror or error}"
        ) from error
    return path


def _cell(column: WellColumn, place: int) -> str:
    value = column.values[place]
    if column.kind == "number":
        return "" if value is None else repr(value)
    return safe_cell(value_text(value))


def safe_cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    >>> safe_cell("=1+1"), safe_cell("CDC20")
    ("'=1+1", 'CDC20')
    """
    return f"'{text}" if text.startswith(FORMULA) else text
