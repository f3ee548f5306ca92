"""Rows of a layer's data, of which there never become fewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray


def at_least(count: int, rows: NDArray[Any]) -> NDArray[Any]:
    """Return at least so many rows: the first is repeated in front, where there is one.

    napari may be set to slice layers in a thread. Until that is done it draws the rows
    that there were before, and fails where there are fewer now. The rows in front are
    for the caller to hide.

    >>> at_least(3, np.array([[7, 8]]))
    array([[7, 8],
           [7, 8],
           [7, 8]])
    >>> at_least(1, np.array([[1], [3]])).tolist(), at_least(3, np.zeros((0, 1))).shape
    ([[1], [3]], (0, 1))
    """
    missing = max(0, count - len(rows)) if len(rows) else 0
    return np.concatenate([np.repeat(rows[:1], missing, axis=0), rows])
