"""The regions of an image as Shapes, Points and Labels layers."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_idr.services.image.layers import (
    LayerSpec,
    axis_units,
    image_axes,
    layer_title,
    pixel_scale,
)
from napari_idr.services.regions.labels import labels_placement, roi_labels
from napari_idr.services.regions.masks import drawable, mask_labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_idr.model import Image, Roi, Shape
    from napari_idr.services.image.metadata import Json
    from napari_idr.services.regions.masks import Bitmaps

__all__ = ["RoiLayers", "roi_layer_specs"]

MAX_SHAPES = 1000
"""More would hold up napari for over a second while it cuts them into triangles
(0.4 ms for a rectangle, 0.8 ms for an outline); a Labels layer takes any number."""

MAX_POLYGONS = 50
"""Filled polygons cost 9 ms each in napari 0.9; more of them become outlines."""

MAX_TEXTS = 300
"""Texts that pan without a jerk; above this they start hidden."""


STROKE_PARTS = 800
"""A stroke is at least this part of the image, so that it is seen from afar."""

LINE_COLOR = "#FFFF00FF"
NO_FILL = "#00000000"

MIN_POINTS = {"line": 2, "polyline": 2, "polygon": 3, "point": 1, "label": 1}
"""Vertices of a shape that can be drawn; shapes not named here have four corners."""

CORNER_PX = -0.5
"""Where the archive's origin, the corner of the first px, is in napari, which
counts from the centre of that px."""

Leading = tuple[int, ...]


class _Placed(NamedTuple):
    """A shape of a region and the planes it is drawn on; () is all of them."""

    roi: Roi
    shape: Shape
    axes: tuple[str, ...]
    planes: tuple[Leading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoiLayers:
    """Layers for the regions of an image, and in words what they don't show."""

    specs: tuple[LayerSpec, ...]
    notes: tuple[str, ...] = ()


def roi_layer_specs(
    rois: Iterable[Roi],
    image: Image,
    *,
    metadata: Mapping[str, Json],
    bitmaps: Bitmaps | None = None,
) -> RoiLayers:
    """Return the layers that show the regions of an image over it.

    Shapes that belong to one plane are on that plane alone; those that belong to
    all planes are in layers of fewer dimensions, which napari shows at every
    position of the sliders. Regions too many for a Shapes layer are drawn into a
    Labels layer, whose values count the shapes from 1; so are masks of which there is
    a bitmap, into one of their own, and the others are drawn as their frames. Each
    layer has the features `roi_id`, `shape_id`, `kind`, `name`, `text`, `color` and
    `c`, the channel, which is None where a shape belongs to all of them.

    Drawing many regions takes a while; this is for a worker thread.

    Parameters
    ----------
    rois
        The regions, in px of the full resolution.
    image
        The image they lie on.
    metadata
        Of `idr_metadata`.
    bitmaps
        The px of masks, (y, x), by the id of the shape.
    """
    oddities: Counter[str] = Counter()
    placed = [
        one
        for roi in rois
        for shape in roi.shapes
        if (one := _place(roi, shape, image, oddities)) is not None
    ]
    points = [one for one in placed if one.shape.kind in ("point", "label")]
    masks = [one for one in placed if one.shape.kind == "mask"]
    drawn = drawable([one.shape for one in masks], bitmaps or {})
    outlines = [
        one
        for one in placed
        if one.shape.kind not in ("point", "label") and one.shape.id not in drawn
    ]
    specs = _points_specs(points, image, metadata)
    if sum(len(one.planes) for one in outlines) > MAX_SHAPES:
        specs = [_labels_spec(outlines, image, metadata), *specs]
    else:
        specs = [*_shapes_specs(outlines, image, metadata), *specs]
    if drawn and bitmaps:
        inked = [one for one in masks if one.shape.id in drawn]
        specs.append(_masks_spec(inked, bitmaps, image, metadata))
    if frames := len(masks) - len(drawn):
        oddities["masks are shown as their frames"] = frames
    notes = tuple(f"{count} {message}" for message, count in oddities.items())
    return RoiLayers(specs=tuple(specs), notes=notes)


def _place(
    roi: Roi, shape: Shape, image: Image, oddities: Counter[str]
) -> _Placed | None:
    """Find the axes and planes of a shape; None if it can't be drawn."""
    if len(shape.points) < MIN_POINTS.get(shape.kind, 4) or not all(
        math.isfinite(value) for point in shape.points for value in point
    ):
        oddities["shapes have no usable outline"] += 1
        return None
    axes = image_axes(image)
    sizes = {"t": image.size_t, "z": image.size_z}
    fixed = {
        axis: index
        for axis, index in (("t", shape.t), ("z", shape.z))
        if axis in axes and index is not None
    }
    if any(not 0 <= index < sizes[axis] for axis, index in fixed.items()):
        oddities["shapes lie on planes that the image doesn't have"] += 1
        return None
    start = min((axes.index(axis) for axis in fixed), default=len(axes) - 2)
    axes = axes[start:]
    ranges = [
        [fixed[axis]] if axis in fixed else list(range(sizes[axis]))
        for axis in axes[:-2]
    ]
    planes: list[Leading] = [()]
    for indices in ranges:
        planes = [(*plane, index) for plane in planes for index in indices]
    return _Placed(roi, shape, axes, tuple(planes))


def _shapes_specs(
    placed: Sequence[_Placed], image: Image, metadata: Mapping[str, Json]
) -> list[LayerSpec]:
    filled = sum(one.shape.kind == "polygon" for one in placed) <= MAX_POLYGONS
    thinnest = max(1.0, max(image.size_y, image.size_x) / STROKE_PARTS)
    specs = []
    for axes, group in _by_axes(placed).items():
        drawn = [(one, plane) for one in group for plane in one.planes]
        kwargs = {
            **_common(image, axes, f"ROIs{_per_plane(axes)}", metadata),
            "features": _features([one for one, _ in drawn]),
            "shape_type": [_shape_type(one.shape, filled=filled) for one, _ in drawn],
            "edge_color": [_color(one.shape.stroke_color) for one, _ in drawn],
            "face_color": [_color(one.shape.fill_color, NO_FILL) for one, _ in drawn],
            "edge_width": [
                max(thinnest, one.shape.stroke_width_px or 0.0) for one, _ in drawn
            ],
        }
        data = [_vertices(one.shape, plane, filled=filled) for one, plane in drawn]
        specs.append(LayerSpec(layer_type="shapes", data=data, kwargs=kwargs))
    return specs


def _points_specs(
    placed: Sequence[_Placed], image: Image, metadata: Mapping[str, Json]
) -> list[LayerSpec]:
    size = max(3.0, max(image.size_y, image.size_x) / 100)
    specs = []
    for axes, group in _by_axes(placed).items():
        drawn = [(one, plane) for one in group for plane in one.planes]
        kwargs = {
            **_common(image, axes, f"ROI points{_per_plane(axes)}", metadata),
            "features": _features([one for one, _ in drawn]),
            "symbol": [
                "disc" if one.shape.kind == "point" else "cross" for one, _ in drawn
            ],
            "size": size,
            "face_color": [_color(one.shape.stroke_color) for one, _ in drawn],
            "border_width": 0.0,
        }
        if any(one.shape.text for one, _ in drawn):
            kwargs["text"] = {
                "string": "{text}",
                "color": "yellow",
                "anchor": "upper_left",
                "visible": len(drawn) <= MAX_TEXTS,
            }
        data = np.array(
            [(*plane, *one.shape.points[0]) for one, plane in drawn], dtype=float
        )
        specs.append(LayerSpec(layer_type="points", data=data, kwargs=kwargs))
    return specs


def _labels_spec(
    placed: Sequence[_Placed], image: Image, metadata: Mapping[str, Json]
) -> LayerSpec:
    axes = max((one.axes for one in placed), key=len)
    features = _features(placed)
    numbers = list(range(1, len(placed) + 1))
    kwargs = _common(image, axes, "ROIs", metadata)
    kwargs |= labels_placement(image, kwargs["scale"])
    kwargs |= {
        "features": {"index": numbers, **features},
        "opacity": 0.6,
        "multiscale": False,
        "projection_mode": "none",
    }
    sizes = {"t": image.size_t, "z": image.size_z}
    data = roi_labels(
        [one.shape for one in placed], image, [(a, sizes[a]) for a in axes[:-2]]
    )
    return LayerSpec(layer_type="labels", data=data, kwargs=kwargs)


def _masks_spec(
    placed: Sequence[_Placed],
    bitmaps: Bitmaps,
    image: Image,
    metadata: Mapping[str, Json],
) -> LayerSpec:
    axes = max((one.axes for one in placed), key=len)
    sizes = {"t": image.size_t, "z": image.size_z}
    data, corner = mask_labels(
        [one.shape for one in placed], bitmaps, [(a, sizes[a]) for a in axes[:-2]]
    )
    kwargs = _common(image, axes, "ROI masks", metadata)
    steps = kwargs["scale"][-2:]
    colors: dict[int | None, str] = {
        number: _color(one.shape.fill_color)
        for number, one in enumerate(placed, start=1)
    }
    kwargs |= {
        "translate": [
            *(0.0 for _ in axes[:-2]),
            *(px * step for px, step in zip(corner, steps, strict=True)),
        ],
        "features": {"index": list(range(1, len(placed) + 1)), **_features(placed)},
        "colormap": {None: NO_FILL, **colors},
        "opacity": 1.0,
        "multiscale": False,
        "projection_mode": "none",
    }
    return LayerSpec(layer_type="labels", data=data, kwargs=kwargs)


def _by_axes(placed: Sequence[_Placed]) -> dict[tuple[str, ...], list[_Placed]]:
    groups: defaultdict[tuple[str, ...], list[_Placed]] = defaultdict(list)
    for one in placed:
        groups[one.axes].append(one)
    return groups


def _common(
    image: Image, axes: Sequence[str], message: str, metadata: Mapping[str, Json]
) -> dict[str, Any]:
    scale, unit = pixel_scale(image, axes)
    return {
        "name": f"{layer_title(image, metadata)} · {message}",
        "scale": scale,
        "translate": [
            *(0.0 for _ in axes[:-2]),
            *(CORNER_PX * step for step in scale[-2:]),
        ],
        "units": axis_units(axes, unit),
        "axis_labels": list(axes),
        "metadata": {"idr": {**metadata, "channel": None}},
    }


def _per_plane(axes: Sequence[str]) -> str:
    leading = axes[:-2]
    return f" by {', '.join(leading)}" if leading else ""


def _features(placed: Sequence[_Placed]) -> dict[str, list[Any]]:
    return {
        "roi_id": [int(one.roi.id) for one in placed],
        "shape_id": [int(one.shape.id) for one in placed],
        "kind": [one.shape.kind for one in placed],
        "name": [one.roi.name for one in placed],
        "text": [one.shape.text for one in placed],
        "color": [_color(one.shape.stroke_color) for one in placed],
        "c": [one.shape.c for one in placed],
    }


def _shape_type(shape: Shape, *, filled: bool) -> str:
    if shape.kind == "polygon":
        return "polygon" if filled else "path"
    return {"polyline": "path", "mask": "rectangle"}.get(shape.kind, shape.kind)


def _vertices(shape: Shape, plane: Leading, *, filled: bool) -> np.ndarray[Any, Any]:
    points = shape.points
    if shape.kind == "polygon" and not filled:
        points = (*points, points[0])
    if shape.kind == "line":
        points = points[:2]
    return np.array([(*plane, *point) for point in points], dtype=float)


def _color(color: str | None, absent: str = LINE_COLOR) -> str:
    return absent if color is None else f"#{color}"
