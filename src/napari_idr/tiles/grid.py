"""Where the tiles of a plane lie: numbers only."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from napari_idr.api import Level

REMEMBERED_AXES = 256
"""The pieces and channels of one view ask the same again and again, while napari
waits; an axis of a window takes 10 kB."""


ALL = -1
"""In place of an index: all planes along that axis are shown (a volume)."""


class Plane(NamedTuple):
    """A plane of a stack; `ALL` where a whole axis is shown."""

    t: int
    z: int


class LayerKey(NamedTuple):
    """Names a layer: `image` is `TiledImage.number`, `c` its channel."""

    image: int
    c: int


class TileKey(NamedTuple):
    """Names a tile: `image` counts the images opened, `row` and `col` the tiles."""

    image: int
    level: int
    c: int
    z: int
    t: int
    row: int
    col: int


class Rect(NamedTuple):
    """A rectangle in px of one level; its ends are excluded."""

    y0: int
    y1: int
    x0: int
    x1: int

    @property
    def shape(self) -> tuple[int, int]:
        """Its (y, x) size in px."""
        return self.y1 - self.y0, self.x1 - self.x0

    def within(self, outer: Rect) -> tuple[slice, slice]:
        """Return where this rectangle lies in an array of the outer one.

        >>> Rect(4, 6, 10, 15).within(Rect(4, 8, 8, 16))
        (slice(0, 2, None), slice(2, 7, None))
        """
        return (
            slice(self.y0 - outer.y0, self.y1 - outer.y0),
            slice(self.x0 - outer.x0, self.x1 - outer.x0),
        )

    def shared(self, other: Rect) -> Rect:
        """Return what both cover; the two have to overlap.

        >>> Rect(0, 8, 0, 8).shared(Rect(4, 12, 2, 6))
        Rect(y0=4, y1=8, x0=2, x1=6)
        """
        return Rect(
            max(self.y0, other.y0),
            min(self.y1, other.y1),
            max(self.x0, other.x0),
            min(self.x1, other.x1),
        )


def enclosing(rects: Iterable[Rect]) -> Rect:
    """Return the smallest rectangle that holds all; there has to be one.

    >>> enclosing([Rect(0, 4, 8, 9), Rect(2, 6, 3, 5)])
    Rect(y0=0, y1=6, x0=3, x1=9)
    """
    y0, y1, x0, x1 = zip(*rects, strict=True)
    return Rect(min(y0), max(y1), min(x0), max(x1))


def tile_rect(level: Level, row: int, col: int) -> Rect:
    """Return the rectangle of a tile; the last ones end with the level.

    >>> from types import SimpleNamespace
    >>> tile_rect(SimpleNamespace(shape=(10, 9), chunk=(4, 4)), 2, 0)
    Rect(y0=8, y1=10, x0=0, x1=4)
    """
    height, width = level.chunk
    return Rect(
        row * height,
        min((row + 1) * height, level.shape[0]),
        col * width,
        min((col + 1) * width, level.shape[1]),
    )


def tiles_in(level: Level, rect: Rect) -> Iterator[tuple[int, int]]:
    """Yield (row, col) of the tiles that a rectangle touches, row by row.

    >>> from types import SimpleNamespace
    >>> level = SimpleNamespace(shape=(10, 9), chunk=(4, 4))
    >>> list(tiles_in(level, Rect(3, 5, 4, 8)))
    [(0, 1), (1, 1)]
    """
    if rect.y0 >= rect.y1 or rect.x0 >= rect.x1:
        return
    height, width = level.chunk
    for row in range(rect.y0 // height, (rect.y1 - 1) // height + 1):
        for col in range(rect.x0 // width, (rect.x1 - 1) // width + 1):
            yield row, col


def tiles_from_the_middle(level: Level, rect: Rect) -> list[tuple[int, int]]:
    """Return the tiles that a rectangle touches, those in its middle first.

    >>> from types import SimpleNamespace
    >>> level = SimpleNamespace(shape=(30, 10), chunk=(10, 10))
    >>> tiles_from_the_middle(level, Rect(0, 30, 0, 10))
    [(1, 0), (0, 0), (2, 0)]
    """
    middle = (rect.y0 + rect.y1) / 2, (rect.x0 + rect.x1) / 2

    def distance(tile: tuple[int, int]) -> float:
        there = tile_rect(level, *tile)
        y = (there.y0 + there.y1) / 2 - middle[0]
        x = (there.x0 + there.x1) / 2 - middle[1]
        return y * y + x * x

    return sorted(tiles_in(level, rect), key=distance)


@lru_cache(maxsize=REMEMBERED_AXES)
def nearest(start: int, stop: int, *, size: int, coarse_size: int) -> NDArray[np.intp]:
    """Return for each px of an axis which px of a coarser one stands for it.

    The array is shared by all who ask the same, and can't be written to.

    >>> nearest(2, 6, size=8, coarse_size=4).tolist()
    [1, 1, 2, 2]
    >>> nearest(0, 5, size=5, coarse_size=2).tolist()
    [0, 0, 1, 1, 1]
    """
    middles = np.arange(start, stop) * 2 + 1
    indices = middles * coarse_size // (2 * size)
    found: NDArray[np.intp] = np.minimum(indices, coarse_size - 1).astype(np.intp)
    found.flags.writeable = False
    return found


def coarser(rect: Rect, *, shape: tuple[int, int], coarse: tuple[int, int]) -> Rect:
    """Return the rectangle of a coarser level that stands for one of a finer.

    >>> coarser(Rect(2, 6, 0, 3), shape=(8, 8), coarse=(4, 2))
    Rect(y0=1, y1=3, x0=0, x1=1)
    """
    ys = nearest(rect.y0, rect.y1, size=shape[0], coarse_size=coarse[0])
    xs = nearest(rect.x0, rect.x1, size=shape[1], coarse_size=coarse[1])
    return Rect(int(ys[0]), int(ys[-1]) + 1, int(xs[0]), int(xs[-1]) + 1)
