"""Masks of regions as a label image, no larger than what they cover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from PIL import Image as Picture

from napari_idr.services.regions.labels import by_plane, is_on

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from napari_idr.model import Shape, ShapeId

    Bitmaps = Mapping[ShapeId, NDArray[np.bool_]]

MAX_SIDE_PX = 8192
"""Of the picture: 256 MB. Masks that lie farther apart than this are frames."""


class _Placed(NamedTuple):
    """The px of a mask, and where its first one lies on the image."""

    number: int
    shape: Shape
    top: int
    left: int
    pixels: NDArray[np.bool_]

    @property
    def end(self) -> tuple[int, int]:
        return self.top + self.pixels.shape[0], self.left + self.pixels.shape[1]


def drawable(shapes: Sequence[Shape], bitmaps: Bitmaps) -> set[ShapeId]:
    """Return the masks that can be drawn into one picture.

    They have a bitmap, and lie as upright as its px; all of them, or none where the
    picture would be too large.
    """
    upright = [one for one in shapes if one.id in bitmaps and _box(one) is not None]
    if not upright:
        return set()
    corners = np.array([_box(one) for one in upright])
    sides = corners[:, 2:].max(axis=0) - corners[:, :2].min(axis=0)
    return set() if max(sides) > MAX_SIDE_PX else {one.id for one in upright}


def mask_labels(
    shapes: Sequence[Shape], bitmaps: Bitmaps, leading: Sequence[tuple[str, int]]
) -> tuple[Any, tuple[int, int]]:
    """Return an array in which the px of the n-th mask are n, counted from 1.

    Where masks overlap, the later one is on top.

    Parameters
    ----------
    shapes
        Masks that are `drawable`.
    bitmaps
        The px of each, (y, x); stretched where the mask has another size.
    leading
        The (axis, size) before y and x. With none, the picture is a NumPy array;
        else an array that draws a plane when it is looked at.

    Returns
    -------
    The array, and the (y, x) px of the image at which it begins.
    """
    placed = [
        _place(number, shape, bitmaps[shape.id])
        for number, shape in enumerate(shapes, start=1)
    ]
    top, left = min(one.top for one in placed), min(one.left for one in placed)
    bottom, right = (max(ends) for ends in zip(*(p.end for p in placed), strict=True))
    size = bottom - top, right - left

    def draw(plane: Mapping[str, int]) -> NDArray[np.int32]:
        picture = np.zeros(size, np.int32)
        for one in placed:
            if is_on(one.shape, plane):
                y, x = one.top - top, one.left - left
                height, width = one.pixels.shape
                picture[y : y + height, x : x + width][one.pixels] = one.number
        return picture

    return by_plane(draw, size, leading), (top, left)


def _place(number: int, shape: Shape, bitmap: NDArray[np.bool_]) -> _Placed:
    box = _box(shape)
    assert box is not None, "only drawable masks are placed"
    top, left, bottom, right = box
    size = max(1, right - left), max(1, bottom - top)
    if bitmap.shape != size[::-1]:
        picture = Picture.fromarray(bitmap.astype(np.uint8))
        resized = picture.resize(size, Picture.Resampling.NEAREST)
        bitmap = np.asarray(resized).astype(bool)
    return _Placed(number, shape, top, left, bitmap)


def _box(shape: Shape) -> tuple[int, int, int, int] | None:
    """Return the top, left, bottom and right of a mask, None if it is turned.

    >>> from types import SimpleNamespace
    >>> _box(SimpleNamespace(points=((1.2, 2), (1.2, 7), (5.2, 7), (5.2, 2))))
    (1, 2, 5, 7)
    >>> _box(SimpleNamespace(points=((1, 2), (2, 7), (5, 7), (5, 2))))
    """
    (y0, x0), (beside_y, x1), (y1, _), (_, below_x) = shape.points
    if y0 != beside_y or x0 != below_x or y1 <= y0 or x1 <= x0:
        return None
    return round(y0), round(x0), round(y1), round(x1)
