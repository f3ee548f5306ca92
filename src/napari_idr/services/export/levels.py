"""Levels of a pyramid: their sizes, and the pixels of one from those before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["halved", "level_shapes"]

SMALLEST_PX: Final = 256
"""Levels halve until both sides are so small."""


def level_shapes(height: int, width: int) -> list[tuple[int, int]]:
    """Return the (y, x) size of each level, the largest first.

    >>> level_shapes(1000, 300), level_shapes(10, 10)
    ([(1000, 300), (500, 150), (250, 75)], [(10, 10)])
    """
    shapes = [(height, width)]
    while max(shapes[-1]) > SMALLEST_PX:
        height, width = (max(1, -(-side // 2)) for side in shapes[-1])
        shapes.append((height, width))
    return shapes


def halved(plane: NDArray[Any]) -> NDArray[Any]:
    """Return the means of two by two px; a last odd row or column counts twice.

    `plane` is (y, x), or (y, x, colours).

    >>> halved(np.array([[1, 3, 9], [1, 3, 9]], np.uint8))
    array([[2, 9]], dtype=uint8)
    """
    height, width = plane.shape[:2]
    beyond = ((0, height % 2), (0, width % 2), (0, 0))[: plane.ndim]
    wide = np.pad(plane, beyond, mode="edge").astype(np.float64)
    mean = (wide[::2, ::2] + wide[1::2, ::2] + wide[::2, 1::2] + wide[1::2, 1::2]) / 4
    if plane.dtype.kind in "iu":
        mean = np.rint(mean)
    result: NDArray[Any] = mean.astype(plane.dtype)
    return result
