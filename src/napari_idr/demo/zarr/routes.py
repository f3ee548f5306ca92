"""OME-Zarr as an object store serves it: keys and bytes, no folders."""

import re
from hashlib import md5
from xml.sax.saxutils import escape

from napari_idr.demo._exchange import Answer, Request, Routes, Site
from napari_idr.demo.zarr.places import shelf_of

STORED = "Tue, 17 May 2022 09:00:00 GMT"
"""When every object was stored."""

CONTENT_TYPE = "application/octet-stream"


def stored_object(site: Site, request: Request, path: str) -> Answer:
    """Answer with an object or a range of it; anything else is a missing key."""
    if request.method not in ("GET", "HEAD"):
        return _fault("MethodNotAllowed", path, 405)
    found = shelf_of(site.world).get(path)
    if found is None:
        return _fault("NoSuchKey", path, 404)
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": f'"{md5(found, usedforsecurity=False).hexdigest()}"',
        "Last-Modified": STORED,
    }
    status = 200
    asked = request.headers.get("range", "")
    if asked.startswith("bytes="):
        span = byte_range(asked, len(found))
        if span is None:
            return _fault("InvalidRange", path, 416)
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{len(found)}"
        found = found[span.start : span.stop]
        status = 206
    headers["Content-Length"] = str(len(found))
    body = b"" if request.method == "HEAD" else found
    return Answer(status, CONTENT_TYPE, body, headers)


def byte_range(text: str, size: int) -> range | None:
    """Return the bytes that a Range header asks for, None where there are none.

    >>> byte_range("bytes=2-4", 10), byte_range("bytes=7-", 10)
    (range(2, 5), range(7, 10))
    >>> byte_range("bytes=-3", 10), byte_range("bytes=10-12", 10)
    (range(7, 10), None)
    """
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", text.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        span = range(max(size - int(last), 0), size)
    else:
        span = range(int(first), min(int(last) + 1, size) if last else size)
    return span or None


def _fault(code: str, path: str, status: int) -> Answer:
    bucket, _, key = path.partition("/")
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><BucketName>{escape(bucket)}</BucketName>"
        f"<Key>{escape(key)}</Key></Error>"
    )
    return Answer(status, "application/xml", body.encode())


ROUTES: Routes = ((r"(?P<path>zarr/.*)", stored_object),)
