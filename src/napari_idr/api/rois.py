"""Regions of interest of images: the endpoint, and the reading of shapes."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from napari_idr.api.json_client import object_pages
from napari_idr.api.pixels.image_details import read_color
from napari_idr.errors import IDRError, ResponseFormatError
from napari_idr.model import Roi, RoiId, Shape, ShapeId, ShapeKind
from napari_idr.threads import in_parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.api.json_client import JsonClient
    from napari_idr.api.node import Node
    from napari_idr.api.pixels.render_requests import RenderRequests
    from napari_idr.cancel import CancelToken
    from napari_idr.model import ImageId

    Point = tuple[float, float]

    """(x, y), as the server writes it."""


class Rois:
    """Regions of images. Thread-safe."""

    def __init__(
        self, json_client: JsonClient, rendering: RenderRequests, *, at_once: int
    ) -> None:
        self._json_client = json_client
        self._rendering = rendering
        self._at_once = at_once

    def rois(self, image_id: ImageId, *, cancel: CancelToken) -> Iterator[Roi]:
        """Return an iterator of an image's regions, which may be tens of thousands.

        GET /api/v0/m/images/{image_id}/rois/?limit=&offset=
        """
        path = f"api/v0/m/images/{image_id}/rois/"
        return object_pages(self._json_client, path, (), read_roi, cancel=cancel)

    def masks(
        self,
        shape_ids: Iterable[ShapeId],
        *,
        sizes: Mapping[ShapeId, tuple[int, int]],
        cancel: CancelToken,
    ) -> Iterator[tuple[ShapeId, NDArray[np.bool_] | IDRError]]:
        """Yield masks with their bitmaps or errors, as they come.

        `sizes` are the (y, x) px of those whose frame is known.
        """

        def load(
            shape_id: ShapeId, stop: CancelToken
        ) -> tuple[ShapeId, NDArray[np.bool_] | IDRError]:
            try:
                return shape_id, self._rendering.mask(
                    shape_id, due=sizes.get(shape_id), cancel=stop
                )
            except IDRError as error:
                return shape_id, error

        return in_parallel(load, shape_ids, at_once=self._at_once, cancel=cancel)


KINDS: dict[str, ShapeKind] = {
    "Rectangle": "rectangle",
    "Ellipse": "ellipse",
    "Line": "line",
    "Point": "point",
    "Polyline": "polyline",
    "PolyLine": "polyline",
    "Polygon": "polygon",
    "Mask": "mask",
    "Label": "label",
}

BETWEEN_NUMBERS = re.compile(r"[\s,;]+")

OLD_POINTS = re.compile(r"\s*points\[([^\]]*)\]")
"""Before OMERO 5.3 the vertices were followed by others that nobody drew."""


def read_roi(node: Node) -> Roi:
    """Read a region; shapes of a kind we don't know are left out.

    Its number and those of its shapes are needed; a shape without an outline is told
    as that.
    """
    shapes = (_shape(shape) for shape in node.find_children("shapes"))
    return Roi(
        id=RoiId(node.get("@id", int)),
        name=node.find("Name", str) or "",
        shapes=tuple(shape for shape in shapes if shape is not None),
    )


def _shape(node: Node) -> Shape | None:
    kind = KINDS.get((node.find("@type", str) or "").rpartition("#")[2])
    if kind is None or (number := node.find("@id", int)) is None:
        return None
    fill, stroke = node.find("FillColor", int), node.find("StrokeColor", int)
    width = node.find_child("StrokeWidth")
    return Shape(
        id=ShapeId(number),
        kind=kind,
        points=_outline(node, kind),
        z=_plane(node, "TheZ"),
        t=_plane(node, "TheT"),
        c=_plane(node, "TheC"),
        text=node.find("Text", str) or "",
        fill_color=None if fill is None else read_color(fill),
        stroke_color=None if stroke is None else read_color(stroke),
        stroke_width_px=None if width is None else width.find("Value", float),
        bitmap_shape=_bitmap_shape(node) if kind == "mask" else None,
    )


def _bitmap_shape(node: Node) -> tuple[int, int] | None:
    """Return the (y, x) size of a mask's bitmap; the server draws whole px of it."""
    height, width = node.find("Height", float), node.find("Width", float)
    if height is None or width is None or min(height, width) < 0:
        return None
    return int(height), int(width)


def _outline(node: Node, kind: ShapeKind) -> tuple[Point, ...]:
    """Return the (y, x) of a shape; none where the archive has lost some of them.

    One of ten thousand shapes must not take the others along.
    """
    try:
        has_transform = node.members().get("Transform") is not None
        moved = _transform(node.child("Transform") if has_transform else None)
        return tuple((y, x) for x, y in map(moved, _points(node, kind)))
    except ResponseFormatError:
        return ()


def _points(node: Node, kind: ShapeKind) -> Iterable[Point]:
    if kind in ("rectangle", "mask"):
        x, y = node.get("X", float), node.get("Y", float)
        return _corners(
            x, y, x + node.get("Width", float), y + node.get("Height", float)
        )
    if kind == "ellipse":
        x, y = node.get("X", float), node.get("Y", float)
        width, height = node.get("RadiusX", float), node.get("RadiusY", float)
        return _corners(x - width, y - height, x + width, y + height)
    if kind == "line":
        return (
            (node.get("X1", float), node.get("Y1", float)),
            (node.get("X2", float), node.get("Y2", float)),
        )
    if kind in ("point", "label"):
        return ((node.get("X", float), node.get("Y", float)),)
    return _vertices(node)


def _vertices(node: Node) -> tuple[Point, ...]:
    text = node.get("Points", str)
    if (old := OLD_POINTS.match(text)) is not None:
        text = old[1]
    try:
        numbers = [float(n) for n in BETWEEN_NUMBERS.split(text.strip(" ,;")) if n]
    except ValueError:
        raise node.error_here("'Points' holds what is no number") from None
    if len(numbers) % 2:
        raise node.error_here("'Points' holds a number without a partner")
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _corners(x0: float, y0: float, x1: float, y1: float) -> tuple[Point, ...]:
    return (x0, y0), (x1, y0), (x1, y1), (x0, y1)


def _transform(node: Node | None) -> Callable[[Point], Point]:
    """Return the affine map of a shape, the identity where there is none."""
    if node is None:
        return lambda point: point
    xx, xy, dx = (node.get(key, float) for key in ("A00", "A01", "A02"))
    yx, yy, dy = (node.get(key, float) for key in ("A10", "A11", "A12"))
    if not all(math.isfinite(n) for n in (xx, xy, dx, yx, yy, dy)):
        raise node.error_here("the transform isn't finite")
    return lambda point: (
        xx * point[0] + xy * point[1] + dx,
        yx * point[0] + yy * point[1] + dy,
    )


def _plane(node: Node, key: str) -> int | None:
    """Return the plane a shape is on; servers write -1 for all of them too."""
    index = node.find(key, int)
    return None if index is None or index < 0 else index
