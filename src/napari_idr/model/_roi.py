"""Regions that people drew on images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from napari_idr.model._ids import RoiId, ShapeId

ShapeKind = Literal[
    "rectangle", "ellipse", "line", "point", "polyline", "polygon", "mask", "label"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One shape, in px of the full resolution, origin at the top left.

    `points` are (y, x) pairs with the transform already applied: the corners of a
    rectangle or mask (four), the ends of the axes of an ellipse as the corners of
    its bounding box (four), the vertices of the others; none where the archive has
    lost some of them. `z`, `t`, `c` are None where the shape is on all of them.
    Colours are "RRGGBBAA" or None. `bitmap_shape` is the (y, x) size of the bitmap of a
    mask, before any transform; None for other kinds.
    """

    id: ShapeId
    kind: ShapeKind
    points: tuple[tuple[float, float], ...]
    z: int | None = None
    t: int | None = None
    c: int | None = None
    text: str = ""
    fill_color: str | None = None
    stroke_color: str | None = None
    stroke_width_px: float | None = None
    bitmap_shape: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Roi:
    """A region made of one or more shapes."""

    id: RoiId
    name: str = ""
    shapes: tuple[Shape, ...] = ()
