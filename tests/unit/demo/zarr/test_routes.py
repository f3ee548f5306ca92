"""OME-Zarr as the demo serves it, an object store: keys, ranges, no folders."""

from typing import Any

import pytest

from napari_idr.demo import Request, Site, answer
from napari_idr.demo.studies import default_world

SITE = Site(default_world(), "idr")


def fetch(path: str, method: str = "GET", headers: dict[str, str] | None = None) -> Any:
    return answer(SITE, Request(f"/{path}", method=method, headers=headers or {}))


def test_a_missing_key_is_told_in_xml():
    got = fetch("zarr/v0.4/9614.zarr/.zmetadata")

    assert (got.status, got.content_type) == (404, "application/xml")
    assert b"<Code>NoSuchKey</Code>" in got.body


@pytest.mark.parametrize(
    "path", ["zarr/", "zarr/v0.4/9614.zarr", "zarr/v0.4/9614.zarr/"]
)
def test_folders_cannot_be_listed(path):
    assert fetch(path).status == 404


@pytest.mark.parametrize(
    "key", ["0/9/9/9/9", "0/0/0/0", "0/a/b/c/d", "0/-1/0/0/0", "7/0/0/0/0", "0/c/0"]
)
def test_chunks_outside_the_array_are_missing_keys(key):
    assert fetch(f"zarr/v0.4/9614.zarr/{key}").status == 404


def test_a_range_is_a_part_of_the_object():
    path = "zarr/v0.5/9622.zarr/0/c/0/0/0"
    whole = fetch(path).body

    got = fetch(path, headers={"range": "bytes=10-19"})

    assert (got.status, got.body) == (206, whole[10:20])
    assert got.headers["Content-Range"] == f"bytes 10-19/{len(whole)}"
    assert fetch(path, headers={"range": "bytes=-4"}).body == whole[-4:]
    assert fetch(path, headers={"range": "bytes=5-"}).body == whole[5:]


def test_a_range_behind_the_end_is_refused():
    got = fetch("zarr/v0.4/9614.zarr/.zgroup", headers={"range": "bytes=1000-"})

    assert got.status == 416


def test_a_head_tells_the_size_without_the_bytes():
    path = "zarr/v0.4/9614.zarr/.zattrs"

    got = fetch(path, method="HEAD")

    assert got.body == b""
    assert got.headers["Content-Length"] == str(len(fetch(path).body))
    assert got.content_type == "application/octet-stream"
