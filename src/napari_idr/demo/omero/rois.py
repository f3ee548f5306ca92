"""Regions of interest in the three notations, and the pictures of masks."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from napari_idr.demo._exchange import (
    NOT_FOUND,
    SESSION_COOKIE,
    Answer,
    Request,
    Routes,
    Site,
    json_answer,
    json_failure,
)
from napari_idr.demo.omero import json_objects
from napari_idr.demo.pixels import rendering
from napari_idr.demo.world import Roi, Shape

Json = dict[str, Any]

MOST = 1000
"""The default and the cap of a page of iviewer's."""

WEB_NAMES = {
    "X": "x",
    "Y": "y",
    "Width": "width",
    "Height": "height",
    "RadiusX": "radiusX",
    "RadiusY": "radiusY",
    "X1": "x1",
    "Y1": "y1",
    "X2": "x2",
    "Y2": "y2",
}
"""Geometry in web notation; points are a path there."""

POINT = re.compile(r"([\d.]+),([\d.]+)")
"""What the real server's parser of points understands: no sign, no exponent."""


def web_notation(site: Site, request: Request, image_id: str) -> Answer:
    """GET /webgateway/get_rois_json/{image}/."""
    rois = site.world.rois.get(int(image_id), ())
    return json_answer(
        [{"id": roi.id, "shapes": [web_shape(s) for s in roi.shapes]} for roi in rois]
    )


def web_shape(shape: Shape) -> Json:
    """Return a shape in web notation; masks carry no bitmap."""
    found: Json = {"id": shape.id, "type": shape.kind}
    for name, index in (("theT", shape.t), ("theZ", shape.z)):
        if index is not None:
            found[name] = index
    for name, value in shape.geometry.items():
        if name == "Points":
            found["points"] = path(str(value), closed=shape.kind == "Polygon")
        else:
            found[WEB_NAMES[name]] = value
    if shape.transform is not None:
        numbers = " ".join(f"{number:g}" for number in shape.transform)
        found["transform"] = f"matrix({numbers})"
    if shape.text is not None:
        found |= {
            "textValue": shape.text,
            "fontSize": 12,
            "fontStyle": "Normal",
            "fontFamily": "sans-serif",
        }
    for name, color in (("fill", shape.fill), ("stroke", shape.stroke)):
        if color is not None:
            found[f"{name}Color"] = f"#{color >> 8:06x}"
            found[f"{name}Alpha"] = round((color & 0xFF) / 255, 4)
    return found | {"strokeWidth": 1.0}


def path(points: str, *, closed: bool) -> str:
    """Return points as the text of an SVG path.

    >>> path("1,2 30,4 15.5,60", closed=True)
    'M 1 2 L 30 4 L 15.5 60 z'
    """
    steps = [f"{x} {y}" for x, y in POINT.findall(points)]
    return "M " + " L ".join(steps) + (" z" if closed else "")


def by_plane(site: Site, request: Request, image_id: str, zs: str, ts: str) -> Answer:
    """GET /iviewer/rois_by_plane/{image}/{z}[-{z}]/{t}[-{t}]/?limit=&offset=."""
    try:
        limit = min(request.int_arg("limit", MOST), MOST)
        offset = request.int_arg("offset", 0)
    except ValueError as error:
        return json_answer({"error": f"Traceback: {error}"})
    rois = site.world.rois.get(int(image_id), ())
    wanted_z, wanted_t = _span(zs), _span(ts)
    found = [
        roi
        for roi in rois
        if any(_on(s.z, wanted_z) and _on(s.t, wanted_t) for s in roi.shapes)
    ]
    data = [json_objects.roi(site, roi) for roi in found[offset : offset + limit]]
    return json_answer({"data": data, "meta": {"totalCount": len(found)}})


def _span(words: str) -> range:
    first, _, last = words.partition("-")
    return range(int(first), int(last or first) + 1)


def _on(index: int | None, wanted: range) -> bool:
    return index is None or index in wanted


def shape_counts(site: Site, request: Request, image_id: str) -> Answer:
    """GET /iviewer/plane_shape_counts/{image}/: counts by z, then t."""
    image = site.world.images.get(int(image_id))
    if image is None:
        return json_answer({"error": "Image not found"}, 404)
    counts = np.zeros((image.size_z, image.size_t), int)
    for shape in _shapes(site.world.rois.get(image.id, ())):
        rows = slice(None) if shape.z is None else shape.z
        columns = slice(None) if shape.t is None else shape.t
        counts[rows, columns] += 1
    return json_answer({"data": counts.tolist()})


def one_shape(site: Site, request: Request, roi_id: str, shape_id: str) -> Answer:
    """GET /webgateway/get_shape_json/{roi}/{shape}/."""
    shape = _find(site, int(shape_id))
    if shape is None:
        return json_failure(f"Shape:{shape_id} not found")
    return json_answer(web_shape(shape))


YELLOW = "ffff00ff"
"""Of masks without a colour."""


def render_mask(site: Site, request: Request, shape_id: str) -> Answer:
    """GET /webgateway/render_shape_mask/{shape}/?color=RRGGBBAA.

    OMERO.web itself knows no colour but the shape's own (webgateway/views.py).
    """
    if site.face == "idr" and SESSION_COOKIE not in request.cookies:
        return Answer(403, "")
    shape = _find(site, int(shape_id))
    if shape is None or not shape.mask:
        return NOT_FOUND
    width, height = int(shape.geometry["Width"]), int(shape.geometry["Height"])
    bits = np.unpackbits(np.frombuffer(shape.mask, np.uint8), count=width * height)
    own = YELLOW if shape.fill is None else f"{shape.fill:08x}"
    color = request.arg("color", own) if site.face == "idr" else own
    picture = np.zeros((height, width, 4), np.uint8)
    picture[bits.reshape(height, width).astype(bool)] = list(bytes.fromhex(color))
    return Answer(200, "image/png", rendering.encode(picture, "PNG"))


def mask_bytes(site: Site, request: Request, shape_id: str) -> Answer:
    """GET /omero_ms_image_region/get_shape_mask_bytes/{shape}/: packed bits."""
    if site.face != "idr":
        return NOT_FOUND
    if SESSION_COOKIE not in request.cookies:
        return Answer(403, "")
    shape = _find(site, int(shape_id))
    if shape is None or not shape.mask:
        return NOT_FOUND
    return Answer(200, "application/octet-stream", shape.mask)


def _shapes(rois: Iterable[Roi]) -> list[Shape]:
    return [shape for roi in rois for shape in roi.shapes]


def _find(site: Site, shape_id: int) -> Shape | None:
    shapes = (s for rois in site.world.rois.values() for s in _shapes(rois))
    return next((shape for shape in shapes if shape.id == shape_id), None)


IMAGE = r"(?P<image_id>\d+)"

ROUTES: Routes = (
    (rf"webgateway/get_rois_json/{IMAGE}/", web_notation),
    (
        rf"iviewer/rois_by_plane/{IMAGE}/(?P<zs>\d+(?:-\d+)?)/(?P<ts>\d+(?:-\d+)?)/",
        by_plane,
    ),
    (rf"iviewer/plane_shape_counts/{IMAGE}/", shape_counts),
    (r"webgateway/get_shape_json/(?P<roi_id>\d+)/(?P<shape_id>\d+)/", one_shape),
    (r"webgateway/render_shape_mask/(?P<shape_id>\d+)/", render_mask),
    (
        r"omero_ms_image_region/get_shape_mask_bytes/(?P<shape_id>\d+)/",
        mask_bytes,
    ),
)
