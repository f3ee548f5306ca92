"""Addresses of an image's OME-Zarr, from the archive's external info."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, unquote, urlsplit

OBJECT_STORE: Final = "livingobjects.ebi.ac.uk"
"""Where the archive's OME-Zarrs are since April 2026."""

RETIRED_HOSTS: Final = (
    "uk1s3.embassy.ebi.ac.uk",
    "s3.embassy.ebi.ac.uk",
    "minio-dev.openmicroscopy.org",
)
"""Former addresses of the same objects; they may go any day."""

MOVED_BUCKETS: Final = {
    "bia-integrator-data": "bioimaging-integrator-data",
    "ebi-ngff-challenge-2024": "bioimaging-01-pub/ebi-ngff-challenge-2024",
}
"""Buckets that got another name when the objects moved."""

PLAIN: Final = "/()!*',;=:@&$~%"
"""Characters that a path may hold as they are; % where it begins an escape. A plus is
none: stores of Amazon's kind read it as a blank, and %2B as a plus."""

STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
"""A percent sign that begins no escape."""

HOSTS: Final = re.compile(r"[\w.-]+|[0-9a-f:.]+")
"""Names, of any alphabet, and numbers."""

LONE_PERCENT: Final = re.compile("%(?![0-9A-Fa-f]{2})")

METADATA_FILES: Final = re.compile(r"/(\.zattrs|\.zgroup|\.zmetadata|zarr\.json)$")


def zarr_candidates(lsid: str | None) -> tuple[str, ...]:
    """Return the http(s) addresses under which an OME-Zarr may be, the best first.

    `lsid` is what the archive's `externalInfo` says. None of it leads to an
    address where it is a path on the server's own disk.

    >>> zarr_candidates("s3://uk1s3.embassy.ebi.ac.uk/idr/a b.zarr?anonymous=true")
    ... # doctest: +NORMALIZE_WHITESPACE
    ('https://uk1s3.embassy.ebi.ac.uk/idr/a%20b.zarr',
     'https://livingobjects.ebi.ac.uk/idr/a%20b.zarr')
    >>> zarr_candidates("http://s3.embassy.ebi.ac.uk/idr/a.zarr")[0]
    'https://s3.embassy.ebi.ac.uk/idr/a.zarr'
    >>> zarr_candidates("/data/idr/a.zarr")
    ()
    """
    try:
        parts = urlsplit((lsid or "").strip())
        host, port = (parts.hostname or "").lower(), parts.port
        path = _clean(parts.path)
    except ValueError:  # brackets without an end, a port that is no number, surrogates
        return ()
    scheme = {"s3": "https", "https": "https", "http": "http"}.get(parts.scheme.lower())
    climbs = bool({".", ".."} & set(unquote(path).split("/")))
    if scheme is None or not HOSTS.fullmatch(host) or not path or climbs:
        return ()
    if host not in RETIRED_HOSTS:
        place = f"[{host}]" if ":" in host else host
        place += "" if port is None else f":{port}"
        return (f"{scheme}://{place}{path}",)
    bucket, _, key = path.lstrip("/").partition("/")
    moved = f"/{MOVED_BUCKETS.get(unquote(bucket), bucket)}/{key}".rstrip("/")
    return f"https://{host}{path}", f"https://{OBJECT_STORE}{moved}"


def _clean(path: str) -> str:
    """Return an escaped path without a metadata file's name or doubled slashes.

    What is escaped stays so, and what has to be is: the archive's records have both.
    UnicodeEncodeError, a ValueError, if that can't be.

    >>> _clean("/a%2Bb+c d//e%/.zattrs")
    '/a%2Bb%2Bc%20d/e%25'
    """
    escaped = quote(STRAY_PERCENT.sub("%25", path), safe=PLAIN)
    joined = re.sub(r"/+", "/", escaped).rstrip("/")
    return METADATA_FILES.sub("", joined)
