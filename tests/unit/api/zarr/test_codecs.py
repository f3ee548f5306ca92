"""Chunks unpack to no more than is due, whatever they say of themselves."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import struct
import tracemalloc
import zlib
from contextlib import suppress

import numcodecs
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.codecs import BloscCodec, GzipCodec, ShardingCodec, ZstdCodec

from napari_idr.api.zarr.arrays import level_array
from napari_idr.api.zarr.codecs import DECODERS, decode, with_bounds, zstd_length
from napari_idr.errors import PixelDataError
from support.mutants import mutants
from support.zarr_files import opened, plane, values, write

DUE = 4096
"""Bytes of a chunk of 32 x 32 px of 32 bits."""

BOMB = bytes(24 * 2**20)

PACKERS = {
    "blosc": lambda data: numcodecs.Blosc().encode(data),
    "bz2": bz2.compress,
    "gzip": gzip.compress,
    "lz4": lambda data: numcodecs.LZ4().encode(data),
    "lzma": lzma.compress,
    "zlib": zlib.compress,
    "zstd": lambda data: numcodecs.Zstd().encode(data),
}


def streamed_zstd(blocks: int, *, kind: int = 1, size: int = 128 * 1024) -> bytes:
    """A frame that doesn't tell its length: blocks of one byte, repeated."""
    frame = b"\x28\xb5\x2f\xfd" + bytes([0, 0x58])  # no size, a window of 2 MB
    for k in range(blocks):
        head = size << 3 | kind << 1 | (k == blocks - 1)
        frame += head.to_bytes(3, "little") + b"\x07"
    return frame


def test_every_compressor_is_tried_here():
    assert PACKERS.keys() == DECODERS.keys()


@pytest.mark.parametrize("name", PACKERS)
def test_a_chunk_of_the_size_due_is_unpacked(name):
    data = np.arange(DUE // 4, dtype="u4").tobytes()

    assert decode(name, PACKERS[name](data), DUE, {}) == data


@pytest.mark.parametrize("name", PACKERS)
def test_a_chunk_that_would_be_larger_is_refused_within_little_memory(name):
    packed = PACKERS[name](BOMB)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="more than the 4096 bytes that are due"):
            decode(name, packed, DUE, {})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 12 * 2**20  # the dictionary of LZMA has 8 MB


@pytest.mark.parametrize("name", PACKERS)
def test_a_chunk_cut_short_is_an_error(name):
    packed = PACKERS[name](bytes(range(256)) * 16)

    for length in (0, 1, 3, 7, len(packed) // 2, len(packed) - 1):
        with pytest.raises(Exception):  # noqa: B017, PT011 - each codec has its own
            decode(name, packed[:length], DUE, {})


def test_streams_that_follow_each_other_are_one_chunk():
    one, other = bytes(100), bytes(range(100))

    assert decode("gzip", gzip.compress(one) + gzip.compress(other), 200, {}) == (
        one + other
    )
    assert decode("gzip", gzip.compress(one) + bytes(7), 200, {}) == one
    with pytest.raises(ValueError, match="too many parts"):
        decode("gzip", gzip.compress(b"") * 5000, 200, {})


def test_a_frame_that_tells_no_length_is_measured_by_its_blocks():
    small = streamed_zstd(2, size=50)

    assert zstd_length(memoryview(small)) == (100, False)
    assert decode("zstd", small, 100, {}) == b"\x07" * 100
    with pytest.raises(ValueError, match="more than"):
        decode("zstd", streamed_zstd(8000), DUE, {})  # 32 kB for a gigabyte
    with pytest.raises(ValueError, match="too many parts"):
        decode("zstd", streamed_zstd(70_000, size=0), DUE, {})


@settings(max_examples=mutants(100), deadline=None)
@given(st.sampled_from(sorted(DECODERS)), st.binary(max_size=200), st.data())
def test_any_bytes_are_a_chunk_or_an_error_that_is_caught(name, noise, data):
    packed = bytearray(PACKERS[name](bytes(range(64))))
    for at, byte in zip(
        data.draw(st.lists(st.integers(0, len(packed) - 1), max_size=4)),
        noise,
        strict=False,
    ):
        packed[at] = byte

    for body in (noise, bytes(packed)):
        length = 0
        with suppress(Exception):
            length = len(decode(name, body, DUE, {}))
        assert length <= DUE


@pytest.mark.parametrize("compressor", ["blosc", "bz2", "gzip", "lzma", "zlib", "zstd"])
def test_a_bomb_in_a_store_of_the_second_format_is_a_broken_chunk(objects, compressor):
    codec = numcodecs.get_codec({"id": compressor})
    write(objects.root, values("yx"), "yx", compressors=[codec])
    for chunk in objects.root.glob("0/*/*"):
        chunk.write_bytes(PACKERS[compressor](BOMB))

    with pytest.raises(PixelDataError, match=r"chunk of '0'") as caught:
        plane(opened(objects))
    assert "more than the" in str(caught.value.__cause__.__cause__)


@pytest.mark.parametrize("sharded", [False, True])
@pytest.mark.parametrize(
    ("name", "codec"),
    [("blosc", BloscCodec()), ("gzip", GzipCodec()), ("zstd", ZstdCodec())],
)
def test_a_bomb_in_a_store_of_the_third_format_is_a_broken_chunk(
    objects, name, codec, sharded
):
    write(objects.root, values("yx"), "yx", version="0.5", compressors=[codec])
    described = json.loads((objects.root / "0/zarr.json").read_text())
    bomb = PACKERS[name](BOMB)
    if sharded:
        shard = ShardingCodec(chunk_shape=(32, 32), codecs=[*_codecs(described)])
        described["codecs"] = [shard.to_dict()]
        (objects.root / "0/zarr.json").write_text(json.dumps(described))
        index = struct.pack("<QQ", 0, len(bomb))
        check = numcodecs.CRC32C().encode(np.frombuffer(index, "u1"))
        bomb += bytes(check)
    for chunk in objects.root.glob("0/c/*/*"):
        chunk.write_bytes(bomb)

    with pytest.raises(PixelDataError, match=r"chunk of '0'") as caught:
        plane(opened(objects))
    assert "more than the" in str(caught.value.__cause__.__cause__)


def _codecs(described):
    from zarr.registry import get_codec_class

    return [get_codec_class(c["name"]).from_dict(c) for c in described["codecs"]]


def array(**changed) -> bytes:
    told = {
        "zarr_format": 2,
        "shape": [8, 8],
        "chunks": [8, 8],
        "dtype": "<u2",
        "order": "C",
        "fill_value": 0,
        "filters": None,
        "compressor": None,
    }
    return json.dumps({**told, **changed}).encode()


@pytest.mark.parametrize(
    "changed",
    [
        {"filters": [{"id": "pickle"}]},
        {"compressor": {"id": "pickle"}},
        {"filters": [{"id": "json2"}]},
        {"compressor": {"id": "nobody_has_it"}},
        {"compressor": "gzip"},
        {
            "filters": [
                {"id": "astype", "encode_dtype": "<u2", "decode_dtype": "S99999"}
            ]
        },
        {"filters": [{"id": "delta", "dtype": "O"}]},
    ],
)
def test_codecs_that_might_do_harm_are_refused(changed):
    with pytest.raises(PixelDataError, match="codec"):
        level_array("0", "yx", array(**changed))


@pytest.mark.parametrize("codec", ["numcodecs.pickle", "pickle", {"name": 5}, 7])
def test_codecs_of_the_third_format_that_might_do_harm_are_refused(codec):
    with pytest.raises(PixelDataError, match="codec"):
        with_bounds({"codecs": [{"name": "bytes"}, codec]})


def test_chunks_that_no_memory_holds_are_refused():
    huge = array(shape=[10**6, 10**6], chunks=[10**6, 10**6])

    with pytest.raises(PixelDataError, match="chunks of '0' are too large"):
        level_array("0", "yx", huge)


def test_filters_that_change_the_size_of_numbers_are_read(objects):
    stored = values("yx", "i4")
    group = zarr.open_group(objects.root, mode="w", zarr_format=2)
    write(
        objects.root,
        stored,
        "yx",
        filters=[numcodecs.AsType("<i2", "<i4"), numcodecs.Delta("<i2")],
        compressors=[numcodecs.Zlib()],
    )
    assert group is not None

    np.testing.assert_array_equal(plane(opened(objects)), stored)
