"""Controls, failed wells, and what rows and columns of a plate have in common."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_idr.api import column_key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from numpy.typing import NDArray

    from napari_idr.model import WellColumn, WellsTable, WellValue

ControlRole = Literal["positive", "negative", "empty", "other"]
"""What a control is for; "other" where its name doesn't tell."""

NO_CONTROL = frozenset(
    (
        *("", "-", "0", "false", "library", "n/a", "na", "no", "none", "non-control"),
        *("not a control", "sample", "test", "treated", "treatment", "trt"),
    )
)
"""What studies write into the column of controls where a well is none."""

_ROLES: tuple[tuple[ControlRole, re.Pattern[str]], ...] = (
    ("empty", re.compile(r"\b(empty|blank|no cells?|unused)\b")),
    (
        "negative",
        re.compile(
            r"\b(neg|negative|negcon|mock|vehicle|untreated|scrambled?|dmso|"
            r"non-?target\w*|non-?silencing|unspecific)\b"
        ),
    ),
    ("positive", re.compile(r"\b(pos|positive|poscon)\b")),
)
"""The words of a role. A well that is empty is so whatever else is said of it."""

QUALITY_KEYS = ("quality control", "qc", "quality")

FAILED = frozenset(("fail", "failed", "false", "no", "0", "bad", "rejected", "exclude"))


def control_role(texts: Iterable[str]) -> ControlRole | None:
    """Return what a control is for by what is said of it; None if it is none.

    >>> control_role(["positive control"]), control_role(["DMSO"])
    ('positive', 'negative')
    >>> control_role(["empty well"]), control_role(["transfection control"])
    ('empty', 'other')
    >>> control_role(["no"]), control_role([])
    (None, None)
    """
    said = [text.strip().lower().replace("_", " ") for text in texts]
    said = [text for text in said if text not in NO_CONTROL]
    for role, words in _ROLES:
        if any(words.search(text) for text in said):
            return role
    return "other" if said else None


def control_roles(table: WellsTable) -> tuple[ControlRole | None, ...]:
    """Return for each well what kind of control it is, None if it is none."""
    return tuple(control_role(well.control) for well in table.wells)


def failed_wells(table: WellsTable) -> tuple[bool, ...]:
    """Return for each well whether it failed the study's quality control.

    A well of which nothing is said has not failed.
    """
    told = [one for one in table.columns if column_key(one.name) in QUALITY_KEYS]
    if not told:
        return (False,) * len(table)
    return tuple(
        any(_has_failed(column.values[place]) for column in told)
        for place in range(len(table))
    )


def _has_failed(value: WellValue) -> bool:
    if value is None:
        return False
    values = value if isinstance(value, tuple) else (value,)
    return any(str(one).strip().lower() in FAILED for one in values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The median of a column over each row, or each column, of a plate.

    `medians` are NaN where no well counts, `counts` are how many wells do. `label` says
    what it is made of.
    """

    medians: tuple[float, ...]
    counts: tuple[int, ...]
    label: str


def profiles(
    table: WellsTable,
    column: WellColumn,
    shape: tuple[int, int],
    *,
    without: Collection[int] = frozenset(),
) -> tuple[Profile, Profile]:
    """Return the profiles of a numeric column over rows and over columns of a plate.

    Parameters
    ----------
    table
        Where the wells lie.
    column
        The numbers; those that aren't finite don't count.
    shape
        How many rows and columns the plate has.
    without
        Places of wells that don't count: controls, say, or failed ones.

    Raises
    ------
    ValueError
        The column isn't numeric.
    """
    if column.kind != "number":
        raise ValueError(f"{column.name} has no numbers to take a median of")
    values = np.array(column.to_feature(), np.float64)
    counted = np.isfinite(values)
    counted[[place for place in without if place < len(values)]] = False
    rows = np.array([well.row for well in table.wells], np.intp)
    columns = np.array([well.column for well in table.wells], np.intp)
    left_out = len(values) - int(counted.sum())
    by_row = _profile(values, counted, rows, shape[0])
    by_column = _profile(values, counted, columns, shape[1])
    return (
        _labelled(column.name, "row", *by_row, left_out),
        _labelled(column.name, "column", *by_column, left_out),
    )


def _profile(
    values: NDArray[np.float64],
    counted: NDArray[np.bool_],
    lines: NDArray[np.intp],
    count: int,
) -> tuple[tuple[float, ...], tuple[int, ...]]:
    of_lines = [values[counted & (lines == line)] for line in range(count)]
    return (
        tuple(float(np.median(one)) if one.size else float("nan") for one in of_lines),
        tuple(one.size for one in of_lines),
    )


def _labelled(
    name: str,
    line: str,
    medians: tuple[float, ...],
    counts: tuple[int, ...],
    left_out: int,
) -> Profile:
    some = [count for count in counts if count] or [0]
    low, high = min(some), max(some)
    wells = f"{low}" if low == high else f"{low} to {high}"
    each = "well each" if high == 1 else "wells each"
    rest = f", {left_out} left out" if left_out else ""
    return Profile(
        medians=medians,
        counts=counts,
        label=f"Median of {name} by {line}, {wells} {each}{rest}",
    )
