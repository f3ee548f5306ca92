"""Regions of interest drawn as a label image, where there are thousands."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as Picture
from PIL import ImageDraw

from napari_idr.api import Level
from napari_idr.tiles import TiledArray

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_idr.model import Image, Shape
    from napari_idr.tiles import Window

MAX_SIDE_PX = 4096
"""Of the picture; larger images get one that is drawn smaller and shown larger."""

ELLIPSE_VERTICES = 48


def labels_placement(image: Image, scale: Sequence[float]) -> dict[str, list[float]]:
    """Return scale and translation of a picture that is smaller than the image."""
    factor = _factor(image)
    shift = [0.0] * (len(scale) - 2) + [step * (factor - 1) / 2 for step in scale[-2:]]
    return {
        "scale": [*scale[:-2], *(step * factor for step in scale[-2:])],
        "translate": shift,
    }


def roi_labels(
    shapes: Sequence[Shape], image: Image, leading: Sequence[tuple[str, int]]
) -> NDArray[np.int32] | TiledArray:
    """Return an array in which the px of the n-th shape are n, counted from 1.

    Where shapes overlap, the smaller one is on top.

    Parameters
    ----------
    shapes
        What to draw.
    image
        The image they lie on.
    leading
        The (axis, size) before y and x. With none, the picture is a NumPy array;
        else an array that draws a plane when it is looked at.
    """
    factor = _factor(image)
    shape = (math.ceil(image.size_y / factor), math.ceil(image.size_x / factor))
    numbered = sorted(
        enumerate(shapes, start=1), key=lambda one: _extent(one[1]), reverse=True
    )

    def draw(plane: Mapping[str, int]) -> NDArray[np.int32]:
        here = [one for one in numbered if is_on(one[1], plane)]
        return _draw(here, shape, factor)

    return by_plane(draw, shape, leading)


def by_plane(
    draw: Callable[[Mapping[str, int]], NDArray[np.int32]],
    shape: tuple[int, int],
    leading: Sequence[tuple[str, int]],
) -> NDArray[np.int32] | TiledArray:
    """Return what is drawn on each plane, (..., y, x), when it is looked at.

    Parameters
    ----------
    draw
        Draws a plane, which it is told as an index for each axis.
    shape
        What it returns.
    leading
        The (axis, size) before y and x; with none, it is drawn at once.
    """
    if not leading:
        return draw({})
    sizes = dict(leading)
    planes = (range(sizes[axis]) if axis in sizes else 0 for axis in "tz")
    return TiledArray(
        DrawnPlanes(draw, frozenset(sizes)),
        0,
        Level(shape=shape, chunk=shape),
        0,
        (*planes, range(shape[0]), range(shape[1])),
        np.dtype(np.int32),
    )


class DrawnPlanes:
    """Planes of labels that are drawn whenever they are read, in the reading thread.

    Parameters
    ----------
    draw
        As for `by_plane`.
    axes
        Those of "t" and "z" that it is told.
    """

    def __init__(
        self,
        draw: Callable[[Mapping[str, int]], NDArray[np.int32]],
        axes: Collection[str],
    ) -> None:
        self._draw = draw
        self._axes = axes

    def read(self, window: Window) -> NDArray[np.int32]:
        """Return a window, (T, Z, Y, X)."""
        y0, y1, x0, x1 = window.rect
        out = np.empty(window.shape, np.int32)
        for i, t in enumerate(window.ts):
            for k, z in enumerate(window.zs):
                at = {"t": t, "z": z}
                plane = self._draw({axis: at[axis] for axis in self._axes})
                out[i, k] = plane[y0:y1, x0:x1]
        return out

    request = peek = read


def _factor(image: Image) -> int:
    return max(1, math.ceil(max(image.size_y, image.size_x) / MAX_SIDE_PX))


def is_on(shape: Shape, plane: Mapping[str, int]) -> bool:
    """Whether a shape belongs to a plane, or to all of them."""
    return ("t" not in plane or shape.t in (None, plane["t"])) and (
        "z" not in plane or shape.z in (None, plane["z"])
    )


def _draw(
    numbered: Sequence[tuple[int, Shape]], shape: tuple[int, int], factor: int
) -> NDArray[np.int32]:
    picture = Picture.new("I", (shape[1], shape[0]))
    pen = ImageDraw.Draw(picture)
    for number, one in numbered:
        # The archive counts from the corner of the first px, the pen from its centre.
        points = [(x / factor - 0.5, y / factor - 0.5) for y, x in _outline(one)]
        if one.kind in ("line", "polyline"):
            width = max(1, round((one.stroke_width_px or 1.0) / factor))
            pen.line(points, fill=number, width=width)
        else:
            pen.polygon(_inside(points), fill=number)
    return np.asarray(picture, dtype=np.int32)


def _inside(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Draw a polygon in by half a px: the pen fills the px under its border too."""
    xs, ys = np.array(points).T
    return list(zip(_drawn_in(xs), _drawn_in(ys), strict=True))


def _drawn_in(values: NDArray[np.float64]) -> list[float]:
    inwards = (values.min() + values.max()) / 2 - values
    moved: NDArray[np.float64] = values + np.clip(inwards, -0.5, 0.5)
    return [float(value) for value in moved]


def _outline(shape: Shape) -> Sequence[tuple[float, float]]:
    """Return the vertices; those of an ellipse lie on it, not at its corners."""
    if shape.kind != "ellipse":
        return shape.points
    corner, beside, _, below = np.array(shape.points[:4])
    center = (beside + below) / 2
    first, second = (beside - corner) / 2, (below - corner) / 2
    angles = np.linspace(0, 2 * np.pi, ELLIPSE_VERTICES, endpoint=False)[:, np.newaxis]
    vertices = center + np.cos(angles) * first + np.sin(angles) * second
    return [(float(y), float(x)) for y, x in vertices]


def _extent(shape: Shape) -> float:
    """Return the area of the frame around a shape."""
    points = np.array(shape.points)
    return float(np.prod(np.ptp(points, axis=0)))
