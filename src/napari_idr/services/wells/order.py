"""Orders of the values of columns, as people expect them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from napari_idr.model import value_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_idr.model import WellColumn

MAX_DIGITS = 100
"""Of a number in a text; Python refuses to read numbers of thousands of digits."""

_DIGITS = re.compile(r"([0-9]+)")

NaturalKey = tuple[tuple[str | int, ...], str]


def natural_key(text: str) -> NaturalKey:
    """Return by what a text is sorted: numbers in it by size, letters by neither case.

    >>> sorted(["p10", "P2", "p1"], key=natural_key)
    ['p1', 'P2', 'p10']
    """
    parts = _DIGITS.split(text.casefold())
    # Texts and numbers alternate, so that like is compared with like.
    return tuple(
        int(part[:MAX_DIGITS]) if place % 2 else part
        for place, part in enumerate(parts)
    ), text


def column_ranks(column: WellColumn) -> NDArray[np.float64]:
    """Return by what the rows of a column are sorted; NaN where nothing is known.

    Equal values have equal ranks. It is computed once a column, since to compare texts
    costs more than to sort ranks.
    """
    if column.kind == "number":
        return np.array(column.to_feature(), np.float64)
    if column.kind == "flag":
        return np.array(
            [np.nan if v is None else float(bool(v)) for v in column.values], np.float64
        )
    texts = [value_text(value) for value in column.values]
    ordered = sorted(set(texts), key=natural_key)
    ranks = {text: float(rank) for rank, text in enumerate(ordered)}
    return np.array([ranks[text] if text else np.nan for text in texts], np.float64)


def sorted_rows(
    ranks: NDArray[np.float64], *, descending: bool = False
) -> NDArray[np.intp]:
    """Return the rows in the order of their ranks, those without one always last.

    Equal ones keep their order.

    >>> sorted_rows(np.array([2.0, np.nan, 1.0])).tolist()
    [2, 0, 1]
    >>> sorted_rows(np.array([2.0, np.nan, 1.0, 2.0]), descending=True).tolist()
    [0, 3, 2, 1]
    """
    return np.argsort(-ranks if descending else ranks, kind="stable")
