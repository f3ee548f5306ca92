"""Pictures are decoded in the size that is due, and in no other."""

from __future__ import annotations

import base64
import io
import struct
import tracemalloc
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from napari_idr import IDRClient
from napari_idr.api.pixels.render_requests import decode, decode_mask
from napari_idr.api.pixels.thumbnails import decode_thumbnail
from napari_idr.errors import PixelDataError
from napari_idr.transport import Response
from support.mutants import mutants


def png(width: int, height: int, mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Pillow.new(mode, (width, height)).save(file, "PNG")
    return file.getvalue()


def jpeg(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Pillow.new("RGB", (width, height), (200, 30, 90)).save(file, "JPEG")
    return file.getvalue()


def claimed_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says that it has so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(100_000))
    ends = chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + ends


def data_url(body: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(body).decode()}"


WRONG = {
    "larger": png(3000, 2000),
    "smaller": png(20, 20),
    "a larger JPEG": jpeg(3000, 2000),
    "claimed to be huge": claimed_png(13_000, 13_000),
    "claimed to be endless": claimed_png(2**31 - 1, 2**31 - 1),
    "above the limit of warnings": claimed_png(10_000, 10_000),
}


def refusals(body: bytes) -> list[PixelDataError]:
    found = []
    for read in (
        lambda: decode(body, due=(512, 672), grey=True),
        lambda: decode(body, due=(512, 672), grey=False),
        lambda: decode_mask(body, due=(512, 672)),
    ):
        with pytest.raises(PixelDataError) as caught:
            read()
        found.append(caught.value)
    return found


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("strict", [False, True])
def test_a_picture_of_another_size_is_refused_before_it_is_decoded(name, strict):
    tracemalloc.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error" if strict else "ignore")
            refusals(WRONG[name])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 4 * 2**20


def test_the_size_that_came_and_the_one_that_is_due_are_told():
    [grey, *_] = refusals(png(700, 500))

    assert "500 x 700 px came where 512 x 672 are due" in str(grey)


@pytest.mark.parametrize("size", [(672, 512), (673, 511)])
def test_a_picture_of_the_size_due_or_rounded_is_read(size):
    assert decode(png(*size), due=(512, 672), grey=True).pixels.shape == size[::-1]
    assert decode_mask(png(*size), due=(512, 672)).shape == size[::-1]


@pytest.mark.parametrize("body", [jpeg(200, 100), png(98, 40)])
def test_a_thumbnail_larger_than_asked_for_is_refused(body):
    with pytest.raises(PixelDataError, match="at most 96 x 96 are due"):
        decode_thumbnail(data_url(body), size=96)


def test_a_thumbnail_is_scaled_to_the_size_asked_for():
    assert decode_thumbnail(data_url(jpeg(96, 48), "jpeg"), size=24).shape == (
        12,
        24,
        3,
    )


@pytest.mark.parametrize(
    "bad", [data_url(claimed_png(20_000, 20_000)), "data:,\u00e9", "", 5, ["x"], None]
)
def test_one_bad_thumbnail_costs_no_other(bad):
    import json

    class Server:
        def send(self, request, *, cancel):
            body = json.dumps({"1": bad, "2": data_url(jpeg(96, 48), "jpeg")}).encode()
            return Response(url="", status=200, body=body)

    found = dict(IDRClient("http://a", transport=Server()).thumbnails([1, 2]))

    assert isinstance(found[1], PixelDataError)
    assert isinstance(found[2], np.ndarray)


SEEDS = (png(12, 9), png(12, 9, "RGBA"), png(12, 9, "L"), jpeg(12, 9), png(12, 9, "P"))


@settings(max_examples=mutants(150), deadline=None)
@given(st.sampled_from(SEEDS), st.data())
@example(SEEDS[0][:-20], None)
def test_any_damage_to_a_picture_is_an_error_of_ours(seed, data):
    body = bytearray(seed)
    if data is not None:
        for _ in range(data.draw(st.integers(0, 4))):
            body[data.draw(st.integers(0, len(body) - 1))] = data.draw(
                st.integers(0, 255)
            )
        body = body[: data.draw(st.integers(0, len(body)))]

    for read in (
        lambda: decode(bytes(body), due=(9, 12), grey=True).pixels.shape,
        lambda: decode(bytes(body), due=(9, 12), grey=False).pixels.shape[:2],
        lambda: decode_mask(bytes(body), due=(9, 12)).shape,
        lambda: decode_thumbnail(data_url(bytes(body)), size=12).shape[:2],
    ):
        try:
            shape = read()
        except PixelDataError:
            continue
        assert max(shape) <= 13
