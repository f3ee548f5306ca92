"""What is wrong with an OME-Zarr is said, and no picture is made of it."""

from __future__ import annotations

import pickle
import shutil
from typing import ClassVar

import numcodecs
import numpy as np
import pytest
from zarr.codecs import BloscCodec, BytesCodec, ShardingCodec

from napari_idr.api.zarr.location import zarr_candidates
from napari_idr.api.zarr.reader import open_zarr
from napari_idr.api.zarr.store import ObjectStorage
from napari_idr.cancel import NEVER
from napari_idr.errors import (
    ConnectionFailedError,
    NotFoundError,
    PixelDataError,
    ResponseFormatError,
    ServerError,
    StatusError,
)
from napari_idr.transport import Response
from support.storage import object_storage
from support.zarr_files import image, metadata, opened, plane, values, write


def test_a_store_without_its_largest_level_is_refused(objects):
    write(objects.root, values("yx"), "yx", levels=2)
    shutil.rmtree(objects.root / "0")

    with pytest.raises(PixelDataError, match="'0' is named and isn't there"):
        opened(objects)


def test_the_largest_level_must_be_there_wherever_it_is_listed(objects):
    group = write(objects.root, values("yx"), "yx", levels=2)
    [described] = group.attrs["multiscales"]
    group.attrs["multiscales"] = [
        {**described, "datasets": described["datasets"][::-1]}
    ]
    shutil.rmtree(objects.root / "0")

    with pytest.raises(PixelDataError, match="'0' is named and isn't there"):
        opened(objects)


@pytest.mark.parametrize("path", ["../0", "https://elsewhere.example/0", "", 0, None])
def test_a_level_outside_the_store_is_refused(objects, path):
    group = write(objects.root, values("yx"), "yx", levels=2)
    [described] = group.attrs["multiscales"]
    described["datasets"][0]["path"] = path
    group.attrs["multiscales"] = [described]

    with pytest.raises(PixelDataError, match="no path of a resolution"):
        opened(objects)


def test_a_smaller_level_that_is_missing_is_left_out_with_a_note(objects):
    write(objects.root, values("yx"), "yx", levels=3)
    shutil.rmtree(objects.root / "1")

    reader = opened(objects)

    assert [level.shape for level in reader.levels] == [(70, 90), (18, 23)]
    assert any("'1' is named and isn't there" in note for note in reader.image.notes)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (".zattrs", "{", "aren't JSON"),
        (".zattrs", "[]", "aren't a JSON object"),
        (".zattrs", "<html>", "aren't JSON"),
        (".zattrs", "{}", "it holds no image"),
        (".zattrs", '{"multiscales": []}', "list of images"),
        (".zattrs", '{"multiscales": [{"datasets": []}]}', "lists no resolutions"),
        (
            ".zattrs",
            '{"multiscales": [{"axes": ["a", "x"], "datasets": []}]}',
            "no y or no x",
        ),
        (".zattrs", '{"multiscales": [{"axes": ["x", "x"], "datasets": []}]}', "twice"),
        (
            ".zattrs",
            '{"multiscales": [{"version": "0.6", "datasets": []}]}',
            "newer than 0.5",
        ),
        ("0/.zarray", "{", "aren't JSON"),
        ("0/.zarray", "{}", "are broken"),
        ("0/.zarray", '{"zarr_format": 2, "shape": [7]}', "are broken"),
    ],
)
def test_broken_metadata_are_refused_with_what_is_wrong(objects, name, text, message):
    write(objects.root, values("yx"), "yx")
    (objects.root / name).write_text(text)

    with pytest.raises(PixelDataError, match=message):
        opened(objects)


def test_axes_that_do_not_fit_the_array_are_refused(objects):
    group = write(objects.root, values("yx"), "yx")
    group.attrs.update(metadata("zyx", "0.4", ["0"]))

    with pytest.raises(PixelDataError, match="2 dimensions for 3 axes"):
        opened(objects)


def test_pixels_that_are_no_real_numbers_are_refused(objects):
    write(objects.root, values("yx", "c8"), "yx")

    with pytest.raises(PixelDataError, match="complex64 can't be shown"):
        opened(objects)


def test_a_chunk_that_is_cut_short_is_an_error_and_not_a_picture(objects):
    write(objects.root, values("yx"), "yx")
    chunk = objects.root / "0/0/0"
    chunk.write_bytes(chunk.read_bytes()[:20])

    with pytest.raises(PixelDataError, match="can't be read"):
        plane(opened(objects))


NOISE = np.random.default_rng(0).integers(0, 2**16, size=(70, 90)).astype("u2")
"""What can't be made smaller is stored as it is, and read without a look at its end."""


@pytest.mark.parametrize("left", [0, 10, 20, 4000, -1])
@pytest.mark.parametrize(
    ("version", "codec"),
    [("0.4", numcodecs.Blosc("lz4")), ("0.5", BloscCodec(cname="lz4"))],
    ids=["0.4", "0.5"],
)
def test_blosc_reads_nothing_past_the_end_of_a_chunk(objects, version, codec, left):
    write(objects.root, NOISE, "yx", version=version, chunk=64, compressors=codec)
    chunk = objects.root / ("0/0/0" if version == "0.4" else "0/c/0/0")
    chunk.write_bytes(chunk.read_bytes()[:left])

    with pytest.raises(PixelDataError, match="can't be read"):
        plane(opened(objects))


def test_nor_does_it_past_the_end_of_a_chunk_in_a_shard(objects):
    shard = ShardingCodec(
        chunk_shape=(64, 64),
        codecs=[BytesCodec(), BloscCodec(cname="lz4")],
        index_codecs=[BytesCodec()],
    )
    write(
        objects.root,
        NOISE,
        "yx",
        version="0.5",
        chunk=128,
        serializer=shard,
        compressors=None,
    )
    file = objects.root / "0/c/0/0"
    body, index = file.read_bytes()[:-64], np.fromfile(file, "<u8")[-8:].copy()
    np.testing.assert_array_equal(plane(opened(objects)), NOISE)
    index[1] //= 2  # the length of the first of four chunks
    file.write_bytes(body + index.tobytes())

    with pytest.raises(PixelDataError, match="can't be read"):
        plane(pickle.loads(pickle.dumps(opened(objects))))


def test_a_chunk_that_the_server_fails_to_send_is_the_servers_failure(objects):
    write(objects.root, values("yx"), "yx")
    reader = opened(objects)
    objects.answers["0/1/1"] = 500

    with pytest.raises(ServerError):
        plane(reader)


@pytest.mark.parametrize(
    ("version", "absent"), [("0.4", "zarr.json"), ("0.5", ".zattrs")]
)
def test_a_store_that_denies_what_is_not_there_is_read(objects, version, absent):
    write(objects.root, values("yx"), "yx", version=version)
    objects.answers |= dict.fromkeys(
        [absent, "labels/zarr.json", "labels/.zattrs"], 403
    )

    reader = opened(objects)

    np.testing.assert_array_equal(plane(reader), values("yx"))
    assert reader.label_names(cancel=NEVER) == ()


def test_a_store_that_denies_everything_is_not_public(objects):
    write(objects.root, values("yx"), "yx")
    objects.answers |= dict.fromkeys(["zarr.json", ".zattrs"], 403)

    with pytest.raises(StatusError, match="isn't public"):
        opened(objects)


@pytest.mark.parametrize(
    "noted",
    [
        "https://[::1/a.zarr",
        "https://ex\N{ACCOUNT OF}mple/a.zarr",
        "https://exa mple/a.zarr",
        "https://example:port/a.zarr",
        "https://example/../a.zarr",
        "s3:///a.zarr",
        "C:\\data\\a.zarr",
    ],
)
def test_what_is_no_address_leads_nowhere(noted):
    assert zarr_candidates(noted) == ()


def test_a_host_may_be_a_number():
    assert zarr_candidates("http://[::1]:80/a.zarr") == ("http://[::1]:80/a.zarr",)


def test_a_store_that_is_nowhere_is_not_found(objects):
    with pytest.raises(NotFoundError, match="there is no OME-Zarr"):
        opened(objects)


def test_a_host_that_is_gone_is_a_failed_connection():
    with pytest.raises(ConnectionFailedError):
        open_zarr(
            image(),
            "http://127.0.0.1:9/a.zarr",
            object_storage(timeout_s=1),
            cancel=NEVER,
        )


@pytest.mark.parametrize(
    ("noted", "wire"),
    [
        ("https://h.org/b/plate%2B001.zarr", "/b/plate%2B001.zarr"),
        ("https://h.org/b/plate+001.zarr", "/b/plate%2B001.zarr"),
        ("s3://h.org/b/plate+001.zarr?anonymous=true", "/b/plate%2B001.zarr"),
        ("s3://h.org/b/plate%2B001.zarr", "/b/plate%2B001.zarr"),
        ("s3://h.org/b/a b.zarr", "/b/a%20b.zarr"),
        ("https://h.org/b/a%20b.zarr/", "/b/a%20b.zarr"),
        ("https://h.org/b/100%.zarr", "/b/100%25.zarr"),
        ("https://h.org/b/100%25.zarr", "/b/100%25.zarr"),
        ("https://h.org/b/a%2520b.zarr", "/b/a%2520b.zarr"),
        ("https://h.org/b/a%2Fb.zarr", "/b/a%2Fb.zarr"),
        ("https://h.org/b/\u00b5.zarr", "/b/%C2%B5.zarr"),
        ("https://h.org/b/%C2%B5.zarr/.zattrs", "/b/%C2%B5.zarr"),
        ("https://h.org/b//a.zarr//", "/b/a.zarr"),
    ],
)
def test_escapes_in_an_address_survive_whatever_form_it_is_noted_in(noted, wire):
    [url] = zarr_candidates(noted)

    assert url == f"https://h.org{wire}"
    assert zarr_candidates(url) == (url,)  # what is clean stays as it is


@pytest.mark.parametrize(
    "noted", ["https://h.org/b/%2e%2e/a.zarr", "https://h.org/b/\ud800.zarr"]
)
def test_an_escaped_address_can_not_climb_either(noted):
    assert zarr_candidates(noted) == ()


def test_escapes_survive_where_an_address_is_a_former_one():
    found = zarr_candidates("s3://uk1s3.embassy.ebi.ac.uk/bia-integrator-data/a+b%20c")

    assert [url.partition("/bi")[2] for url in found] == [
        "a-integrator-data/a%2Bb%20c",
        "oimaging-integrator-data/a%2Bb%20c",
    ]


def test_escapes_of_addresses_and_of_names_reach_the_wire():
    class Wire:
        paths: ClassVar[list[str]] = []

        def send(self, request, *, cancel):
            self.paths.append(request.path)
            return Response(url="", status=404)

    [url] = zarr_candidates("s3://h.org/b/plate+001 \u00b5.zarr?anonymous=true")

    ObjectStorage(Wire(), at_once=1).fetch(url, ["a+b c/100%/0"], cancel=NEVER)

    assert Wire.paths == ["b/plate%2B001%20%C2%B5.zarr/a%2Bb%20c/100%25/0"]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_of_a_chunk_no_more_is_read_than_its_array_can_have(objects, version):
    write(objects.root, values("yx"), "yx", version=version)
    reader = opened(objects)
    for path in (objects.root / "0").rglob("*"):
        if path.is_file() and path.name not in (".zarray", ".zattrs", "zarr.json"):
            path.write_bytes(bytes(2 * 2**20))

    with pytest.raises(ResponseFormatError, match="larger than"):
        plane(reader)
