"""Files that images were imported from: their addresses, and a server of them."""

import hashlib
from urllib.parse import quote

from napari_idr.demo._exchange import (
    NOT_FOUND,
    Answer,
    Request,
    Routes,
    Site,
    json_answer,
    json_failure,
)
from napari_idr.demo.world import Image
from napari_idr.demo.zarr.recipes import lsid
from napari_idr.demo.zarr.routes import byte_range

FILE_BYTES = 300_000
"""The size of each file, of a few pieces on the line."""

STORED = "Tue, 17 May 2016 09:00:00 GMT"

TSV = "https://raw.githubusercontent.com/IDR/idr.openmicroscopy.org/main/_data/"


def original_file_paths(site: Site, request: Request, image_id: str) -> Answer:
    """GET /webgateway/original_file_paths/{id}/."""
    image = site.world.images.get(int(image_id))
    if image is None:
        return json_failure(f"Image:{image_id} not found")
    return json_answer(
        {
            "repo": [f"demo_2/Blitz-0-Ice.ThreadPool/{image.id}/{_name(image)}"],
            "client": [_client_path(site, image)],
            "fileset": {"id": image.id + 100_000},
        }
    )


def download_urls(site: Site, request: Request, image_id: str) -> Answer:
    """GET /image/{id}/download_urls/, which the gallery of the IDR has (from 3.17)."""
    image = site.world.images.get(int(image_id))
    if site.face != "idr" or image is None:
        return NOT_FOUND
    path = _client_path(site, image)
    found = {"client_paths": [path], "tsv_url": f"{TSV}download_urls.tsv"}
    if path.startswith("http"):
        return json_answer(found | {"download_urls": [path.removesuffix("/.zattrs")]})
    url = f"{site.url}/files/{image.id}/{quote(_name(image))}"
    return json_answer(found | {"download_urls": [url]})


def original_file(site: Site, request: Request, image_id: str, name: str) -> Answer:
    """GET /files/{id}/{name}: the bytes of a file, whole or a part of them."""
    image = site.world.images.get(int(image_id))
    if image is None or name != _name(image):
        return NOT_FOUND
    body = _bytes(image)
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": f'"{image.id}-{len(body)}"',
        "Last-Modified": STORED,
    }
    status, asked = 200, request.headers.get("range", "")
    if asked:
        span = byte_range(asked, len(body))
        if span is None:
            return Answer(416, headers={"Content-Range": f"bytes */{len(body)}"})
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{len(body)}"
        body, status = body[span.start : span.stop], 206
    headers["Content-Length"] = str(len(body))
    return Answer(status, "application/octet-stream", body, headers)


def _bytes(image: Image) -> bytes:
    """Return invented bytes, others for each image and without a pattern."""
    return hashlib.shake_128(f"file of {image.id}".encode()).digest(FILE_BYTES)


def _name(image: Image) -> str:
    return image.name.replace("/", "_")


def _client_path(site: Site, image: Image) -> str:
    if site.face == "idr" and image.zarr and not image.zarr.startswith("/"):
        return f"{lsid(image, site.url)}/.zattrs"
    return f"demo/20160517/{_name(image)}"


ROUTES: Routes = (
    (r"webgateway/original_file_paths/(?P<image_id>\d+)/", original_file_paths),
    (r"image/(?P<image_id>\d+)/download_urls/", download_urls),
    (r"files/(?P<image_id>\d+)/(?P<name>[^/]+)", original_file),
)
