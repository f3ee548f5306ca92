"""Rows of a layer's data, of which there are never fewer while napari slices them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.settings import get_settings

if TYPE_CHECKING:
    from typing import Any

    from napari.layers import Points, Vectors
    from numpy.typing import NDArray


def never_fewer(layer: Points | Vectors, rows: NDArray[Any]) -> NDArray[Any]:
    """Return the rows to show, after as many to hide as the layer has more now.

    There are such only where napari is set to slice layers in a thread: until that is
    done it draws the rows that there were before, and fails where there are fewer.
    """
    count = len(layer.data) if get_settings().experimental.async_ else 0
    return at_least(count, rows)


def set_rows(layer: Points | Vectors, rows: NDArray[Any]) -> None:
    """Give a layer other rows, seen or not.

    napari slices a layer that isn't seen no more, keeps the numbers of the rows that
    were in sight, and fails at those that are gone as soon as it draws the layer.
    """
    layer.data = rows
    if not layer.visible:
        layer.set_view_slice()


def at_least(count: int, rows: NDArray[Any]) -> NDArray[Any]:
    """Return at least so many rows: the first is repeated in front, where there is one.

    >>> at_least(3, np.array([[7, 8]]))
    array([[7, 8],
           [7, 8],
           [7, 8]])
    >>> at_least(1, np.array([[1], [3]])).tolist(), at_least(3, np.zeros((0, 1))).shape
    ([[1], [3]], (0, 1))
    """
    missing = max(0, count - len(rows)) if len(rows) else 0
    return np.concatenate([np.repeat(rows[:1], missing, axis=0), rows])
