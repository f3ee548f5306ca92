"""Rendered planes, regions and tiles: JPEG from OMERO.web, PNG on the idr face."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from napari_idr.demo import pixels
from napari_idr.demo._exchange import (
    NOT_FOUND,
    SESSION_COOKIE,
    Answer,
    Request,
    Routes,
    Site,
    html_answer,
    json_answer,
    text_answer,
)
from napari_idr.demo.omero.images import TILE_SIDE
from napari_idr.demo.omero.thumbnails import can_render, single_webgateway
from napari_idr.demo.pixels import rendering
from napari_idr.demo.world import Image

MOST_TILE_PX = {"classic": 1024, "idr": 2048}
"""Larger sides of tiles are cut to this, silently."""

LARGEST_PLANE_PX = 3192 * 3192
"""A larger image is a pyramid, whose whole plane nobody draws."""

QUALITY = {"classic": 0.9, "idr": 0.85}
"""JPEG quality where the request names none."""

MOST_ACTIVE = 10
"""The microservice draws so many channels at once."""

BIRDS_EYE_PX = 96

KEPT = 512
"""Rendered answers in memory; a tile is 10 to 200 kB."""

Draw = Callable[[Site, Request, rendering.View], Answer]


def render_image(
    site: Site, request: Request, image_id: str, z: str = "", t: str = ""
) -> Answer:
    """GET /webgateway/render_image/{id}/[{z}/[{t}/]]."""
    return _checked(site, request, image_id, z, t, _whole_plane)


def render_image_region(
    site: Site, request: Request, image_id: str, z: str, t: str
) -> Answer:
    """GET /webgateway/render_image_region/{id}/{z}/{t}/?tile= or region=."""
    return _checked(site, request, image_id, z, t, _part)


def _checked(
    site: Site, request: Request, image_id: str, z: str, t: str, draw: Draw
) -> Answer:
    """Check the parameters that both kinds of request have, then draw."""
    service = site.face == "idr"
    if service:
        if SESSION_COOKIE not in request.cookies:
            return Answer(403, "")
        if refused := _incomplete(request, z, t):
            return refused
    image = site.world.images.get(int(image_id))
    if image is None or not can_render(site, image):
        return _gone(site, image_id)
    plane_z, plane_t = int(z or image.size_z // 2), int(t or 0)
    if plane_z >= image.size_z or plane_t >= image.size_t:
        return _gone(site, image_id)
    try:
        quality = float(request.arg("q") or QUALITY[site.face])
        inverted = _inverted(request.arg("maps"))
    except ValueError:
        return text_answer("Malformed q", 400) if service else _crash()
    if not 0 <= quality <= 1:
        return text_answer("Malformed q", 400) if service else _crash()
    settings = rendering.read_settings(
        image, request.arg("c"), request.arg("m"), inverted
    )
    view = rendering.View(image=image, settings=settings, z=plane_z, t=plane_t)
    return draw(site, request, view)


def _incomplete(request: Request, z: str, t: str) -> Answer | None:
    """Return the microservice's answer to a request that lacks a parameter, or None."""
    if not z or not t:
        return text_answer("Not found", 404)
    parts = request.arg("c").split(",") if request.arg("c") else []
    if not parts:
        return text_answer("Missing parameter 'c'", 400)
    for part in parts:
        match = rendering.CHANNEL.fullmatch(part.strip())
        if match is None or match["start"] is None or match["color"] is None:
            return text_answer(f"Failed to parse channel '{part}'", 400)
    if sum(not part.startswith("-") for part in parts) > MOST_ACTIVE:
        return text_answer(f"Max {MOST_ACTIVE} active channels", 400)
    if request.arg("m") not in ("g", "c"):
        return text_answer("Missing parameter 'm'", 400)
    if request.arg("format") not in ("", "jpeg", "png"):
        return text_answer("Unknown format", 400)
    return None


def _inverted(maps: str) -> tuple[bool, ...]:
    """Read which of the listed channels are inverted.

    Raises
    ------
    ValueError
        When it is no JSON.
    """
    found: Any = json.loads(maps) if maps else []
    flags = ((one or {}).get("inverted") or (one or {}).get("reverse") for one in found)
    return tuple(bool(flag and flag.get("enabled")) for flag in flags)


def _gone(site: Site, image_id: str) -> Answer:
    if site.face == "idr":
        return Answer(404, "text/plain", f"Cannot find Image:{image_id}".encode())
    return NOT_FOUND


def _crash() -> Answer:
    return html_answer("OMERO.web - support", 500)


def _whole_plane(site: Site, request: Request, view: rendering.View) -> Answer:
    image = view.image
    if image.size_x * image.size_y > LARGEST_PLANE_PX:
        return _gone(site, str(image.id))
    projected = _projection(request.arg("p"), image)
    return _picture(site, request, replace(view, projected=projected))


def _projection(words: str, image: Image) -> tuple[int, int] | None:
    """Return first and last z of a maximum; None where there is none.

    >>> stack = Image(id=1, name="", size_z=5)
    >>> _projection("intmax", stack), _projection("intmax|1:9", stack)
    ((0, 4), (1, 4))
    """
    kind, _, span = words.partition("|")
    if not kind.startswith("int"):
        return None
    first, _, last = span.partition(":")
    top = image.size_z - 1
    low = int(first) if first.isdigit() else 0
    high = int(last) if last.isdigit() else top
    return min(low, top), min(max(high, low), top)


def _part(site: Site, request: Request, view: rendering.View) -> Answer:
    """Draw a tile of a level, or a region in full-resolution pixels."""
    tile, region = request.arg("tile"), request.arg("region")
    if tile:
        found = _tile(site, view.image, tile)
        level = int(tile.split(",")[0]) if isinstance(found, tuple) else 0
    elif region:
        found, level = _region(site, view.image, region), 0
    elif site.face == "idr":
        return _whole_plane(site, request, view)
    else:
        return text_answer("tile or region argument required", 400)
    if isinstance(found, Answer):
        return found
    return _picture(site, request, replace(view, level=level, region=found))


def _tile(site: Site, image: Image, words: str) -> pixels.Region | Answer:
    try:
        level, column, row, *sides = (int(part) for part in words.split(","))
        width, height = sides or (0, 0)
    except ValueError:
        return text_answer(f"malformed tile argument, tile={words}", 400)
    if not 0 <= level < image.levels:
        if site.face == "idr":
            return _gone(site, str(image.id))
        if image.levels == 1:
            text = f"Invalid resolution level {level}, non pyramid file"
            return text_answer(text, 400)
        most = image.levels - 1
        text = f"Invalid resolution level, {level} > number of available levels {most} "
        return text_answer(text, 400)
    if image.levels == 1 and not sides:
        width, height = image.size_x, image.size_y
    most = MOST_TILE_PX[site.face]
    width, height = min(width or TILE_SIDE, most), min(height or TILE_SIDE, most)
    return _clipped(site, image, level, (column * width, row * height, width, height))


def _region(site: Site, image: Image, words: str) -> pixels.Region | Answer:
    try:
        x, y, width, height = (int(part) for part in words.split(","))
    except ValueError:
        return text_answer(f"malformed region argument, region={words}", 400)
    return _clipped(site, image, 0, (x, y, width, height))


def _clipped(
    site: Site, image: Image, level: int, region: pixels.Region
) -> pixels.Region | Answer:
    """Cut a region at the image's edge; one wholly outside is an error."""
    x, y, width, height = region
    size_x, size_y = image.level_size(level)
    width, height = min(width, size_x - x), min(height, size_y - y)
    if x < 0 or y < 0 or width <= 0 or height <= 0:
        return _gone(site, str(image.id))
    return x, y, width, height


def _picture(site: Site, request: Request, view: rendering.View) -> Answer:
    site.work("picture", 1)
    png = site.face == "idr" and request.arg("format") == "png"
    quality = float(request.arg("q") or QUALITY[site.face])
    kind: Literal["PNG", "JPEG"] = "PNG" if png else "JPEG"
    flip = request.arg("flip") if site.face == "idr" else ""
    body = _encoded(view, kind, quality, flip)
    private = {"Cache-Control": "private, max-age=3600"} if site.face == "idr" else {}
    return Answer(200, "image/png" if png else "image/jpeg", body, private)


@lru_cache(maxsize=KEPT)
def _encoded(
    view: rendering.View, kind: Literal["PNG", "JPEG"], quality: float, flip: str
) -> bytes:
    picture = rendering.render(view)
    if "h" in flip:
        picture = picture[:, ::-1]
    if "v" in flip:
        picture = picture[::-1]
    return rendering.encode(np.ascontiguousarray(picture), kind, quality)


def birds_eye(site: Site, request: Request, image_id: str, width: str = "") -> Answer:
    """GET /webgateway/render_birds_eye_view/{id}/[{size}/]."""
    return single_webgateway(site, request, image_id, width or str(BIRDS_EYE_PX))


def histogram(site: Site, request: Request, image_id: str, c: str) -> Answer:
    """GET /webgateway/histogram_json/{id}/channel/{c}/?theZ=&theT=&bins=."""
    if site.face == "idr" and SESSION_COOKIE not in request.cookies:
        return Answer(403, "")
    image = site.world.images.get(int(image_id))
    if image is None or not can_render(site, image):
        return _gone(site, image_id)
    level = image.levels - 1
    try:
        z, t = request.int_arg("theZ", 0), request.int_arg("theT", 0)
        bins = request.int_arg("bins", 256)
        plane = pixels.plane(image, int(c), z, t, level)
    except ValueError:
        return _gone(site, image_id)
    channel = image.channels[int(c)]
    counts, _ = np.histogram(plane, bins, (channel.minimum, channel.maximum))
    return json_answer({"data": counts.tolist()})


def service(site: Site, request: Request) -> Answer:
    """OPTIONS /omero_ms_image_region/: what the microservice can do."""
    if site.face != "idr":
        return NOT_FOUND
    return json_answer(
        {
            "provider": "ImageRegionMicroservice",
            "version": "demo",
            "features": ["flip", "mask-color", "png-tiles"],
            "options": {
                "maxTileLength": MOST_TILE_PX["idr"],
                "maxPlaneWidth": 3192,
                "maxPlaneHeight": 3192,
                "maxActiveChannels": MOST_ACTIVE,
            },
        }
    )


WEB = r"web(?:gateway|client)"
IMAGE = r"(?P<image_id>\d+)"

ROUTES: Routes = (
    (
        rf"{WEB}/render_image(?:_rdef)?/{IMAGE}/(?:(?P<z>\d+)/(?:(?P<t>\d+)/)?)?",
        render_image,
    ),
    (
        rf"{WEB}/render_image_region(?:_rdef)?/{IMAGE}/(?P<z>\d+)/(?P<t>\d+)/",
        render_image_region,
    ),
    (rf"{WEB}/render_birds_eye_view/{IMAGE}/(?:(?P<width>\d+)/)?", birds_eye),
    (rf"webgateway/histogram_json/{IMAGE}/channel/(?P<c>\d+)/", histogram),
    (r"omero_ms_image_region/", service),
)
