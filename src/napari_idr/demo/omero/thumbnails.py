"""Thumbnails: one, or up to fifty in an answer."""

import base64
from functools import lru_cache

import numpy as np

from napari_idr.demo._exchange import (
    NOT_FOUND,
    Answer,
    Request,
    Routes,
    Site,
    json_answer,
    json_failure,
)
from napari_idr.demo.pixels import rendering
from napari_idr.demo.world import Image

STORED_SIDE = 96
"""The size that is stored; any other one is rendered on request."""

MOST = 50
"""How many thumbnails one request may ask for."""

KEPT = 4096
"""Thumbnails in memory, 2 to 4 kB each."""


@lru_cache(maxsize=KEPT)
def _jpeg(image: Image, width: int, height: int, z: int | None, t: int) -> bytes:
    return rendering.encode(rendering.render_thumbnail(image, width, height, z=z, t=t))


@lru_cache(maxsize=1)
def placeholder() -> bytes:
    """Return the PNG that is shown in place of a thumbnail that can't be made."""
    grey = np.full((STORED_SIDE, STORED_SIDE, 3), 220, np.uint8)
    grey[40:56, 20:76] = 160
    return rendering.encode(grey, "PNG")


def can_render(site: Site, image: Image) -> bool:
    """Whether the server can read the pixels: on the idr face, Zarr only."""
    return image.has_pixels and (site.face == "classic" or image.zarr is not None)


def thumbnail(
    site: Site, image_id: int, width: int, height: int | None, request: Request
) -> bytes | None:
    """Return a JPEG; None where there is no image, or nothing to draw it from."""
    image = site.world.images.get(image_id)
    if image is None or not image.has_pixels or not image.has_thumbnail:
        return None
    stored = width == STORED_SIDE and height is None
    if not stored and not can_render(site, image):
        return None
    size = rendering.thumbnail_size(image, width) if height is None else (width, height)
    z = request.arg("z")
    plane = int(z) if z.isdigit() and int(z) < image.size_z else None
    t = request.arg("t", "0")
    return _jpeg(image, *size, plane, int(t) if t.isdigit() else 0)


def single_webgateway(
    site: Site, request: Request, image_id: str, width: str = "", height: str = ""
) -> Answer:
    """GET /webgateway/render_thumbnail/{id}/[{w}/[{h}/]]."""
    site.work("thumbnail", 1)
    tall = int(height) if height else None
    found = thumbnail(site, int(image_id), int(width or STORED_SIDE), tall, request)
    return NOT_FOUND if found is None else Answer(200, "image/jpeg", found)


def single_webclient(
    site: Site, request: Request, image_id: str, width: str = ""
) -> Answer:
    """GET /webclient/render_thumbnail/[size/{w}/]{id}/; never fails."""
    site.work("thumbnail", 1)
    found = thumbnail(site, int(image_id), int(width or STORED_SIDE), None, request)
    return Answer(200, "image/jpeg", placeholder() if found is None else found)


def one_in_json(
    site: Site, request: Request, image_id: str, width: str = "", height: str = ""
) -> Answer:
    """GET /webgateway/get_thumbnail/{id}/[{w}/[{h}/]]."""
    site.work("thumbnail", 1)
    tall = int(height) if height else None
    found = thumbnail(site, int(image_id), int(width or STORED_SIDE), tall, request)
    if found is None:
        return json_failure("Thumbnail not found")
    return json_answer(_data_uri(found))


def many(site: Site, request: Request, width: str = "") -> Answer:
    """GET /webgateway/get_thumbnails/[{w}/]?id=&id=, at most fifty."""
    try:
        ids = list(dict.fromkeys(int(one) for one in request.all("id")))
    except ValueError as error:
        return json_failure(str(error))
    if len(ids) > MOST:
        text = f"Max {MOST} thumbnails at a time."
        return Answer(500, "text/javascript", text.encode())
    site.work("thumbnail", len(ids))
    found = {
        i: thumbnail(site, i, int(width or STORED_SIDE), None, request) for i in ids
    }
    return json_answer(
        {str(i): None if jpeg is None else _data_uri(jpeg) for i, jpeg in found.items()}
    )


def many_webclient(site: Site, request: Request, share_id: str = "") -> Answer:
    """GET /webclient/get_thumbnails/; a number there is a share, not a width."""
    return many(site, request)


def _data_uri(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


IMAGE = r"(?P<image_id>\d+)"
SIZE = r"(?:(?P<width>\d+)/(?:(?P<height>\d+)/)?)?"

ROUTES: Routes = (
    (r"webgateway/get_thumbnails/(?:(?P<width>\d+)/)?", many),
    (r"webclient/get_thumbnails/(?:(?P<share_id>\d+)/)?", many_webclient),
    (rf"webgateway/render_thumbnail/{IMAGE}/{SIZE}", single_webgateway),
    (
        rf"webclient/render_thumbnail/(?:size/(?P<width>\d+)/)?{IMAGE}/",
        single_webclient,
    ),
    (rf"web(?:gateway|client)/get_thumbnail/{IMAGE}/{SIZE}", one_in_json),
)
