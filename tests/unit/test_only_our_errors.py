"""Whatever a library raises, an error of ours leaves the layer, with a sentence."""

from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pytest
import requests
import zarr
from PIL import Image as Pillow

from napari_idr.api.pixels.pictures import decode_picture
from napari_idr.api.zarr.arrays import level_array
from napari_idr.api.zarr.store import no_objects
from napari_idr.cancel import NEVER
from napari_idr.errors import IDRError, PixelDataError
from napari_idr.services.explain import explain
from napari_idr.transport import HttpTransport, Request, RetryPolicy
from napari_idr.transport._exchange import HeldAdapter
from support.raising import LIBRARIES, an, exceptions_of

ONCE = RetryPolicy(retries=0)

URL = "http://127.0.0.1:9"


def each(library, act):
    """Act with each exception of a library; all must end as errors of ours."""
    kinds = exceptions_of(library)
    assert kinds
    for kind in kinds:
        error = an(kind)
        with pytest.raises(IDRError) as caught:
            act(error)
        sentence = explain(caught.value, host="idr.openmicroscopy.org")
        assert sentence.endswith(".")
        assert "0x" not in sentence
        assert "happened" not in sentence


def raising(error):
    def call(*args, **more):
        raise error

    return call


@pytest.fixture
def transport():
    made = HttpTransport(URL, retry=ONCE)
    yield made
    made.close()


@pytest.mark.parametrize("origin", [None, URL], ids=["archive", "store"])
@pytest.mark.parametrize("library", LIBRARIES)
def test_what_a_connection_raises(library, origin, transport, monkeypatch):
    def act(error):
        monkeypatch.setattr(HeldAdapter, "send", raising(error))
        transport.send(Request(path="a", origin=origin), cancel=NEVER)

    each(library, act)


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_reading_a_body_raises(library, transport, monkeypatch):
    def act(error):
        def send(self, prepared, **more):
            answer = requests.Response()
            answer.status_code, answer.url = 200, prepared.url
            answer.raw = SimpleNamespace(read1=raising(error), close=raising(error))
            answer.request = prepared
            return answer

        monkeypatch.setattr(HeldAdapter, "send", send)
        transport.send(Request(path="a"), cancel=NEVER)

    each(library, act)


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_unpacking_raises(library, transport, monkeypatch):
    def act(error):
        def send(self, prepared, **more):
            answer = requests.Response()
            answer.status_code, answer.url = 200, prepared.url
            answer.headers["Content-Encoding"] = "gzip"
            answer.raw = io.BytesIO(b"abc")
            answer.raw.read1 = lambda *a, **k: b"abc"
            return answer

        engine = SimpleNamespace(decompress=raising(error))
        unpackers = SimpleNamespace(decompressobj=lambda _: engine)
        monkeypatch.setattr(HeldAdapter, "send", send)
        monkeypatch.setattr("napari_idr.transport._decoding.zlib", unpackers)
        transport.send(Request(path="a"), cancel=NEVER)

    each(library, act)


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_decoding_a_picture_raises(library, monkeypatch):
    body = io.BytesIO()
    Pillow.new("L", (4, 4)).save(body, "PNG")

    def decode(convert):
        return decode_picture(
            body.getvalue(),
            convert,
            formats=("PNG",),
            fits=lambda size: size == (4, 4),
            what="a picture",
            due="4 x 4",
        )

    assert decode(lambda picture: picture).shape == (4, 4)
    each(library, lambda error: decode(raising(error)))

    def act(error):
        with monkeypatch.context() as patch:
            patch.setattr(Pillow, "open", raising(error))
            decode(lambda picture: picture)

    each(library, act)


METADATA = (
    b'{"zarr_format": 2, "shape": [4, 4], "chunks": [2, 2], "dtype": "|u1",'
    b' "compressor": null, "fill_value": 0, "order": "C", "filters": null}'
)


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_reading_an_array_raises(library, monkeypatch):
    array = level_array("0", "yx", METADATA)
    index = {"y": slice(0, 4), "x": slice(0, 4)}
    assert np.array_equal(array.read(no_objects(), index), np.zeros((4, 4)))

    def act(error):
        with monkeypatch.context() as patch:
            patch.setattr(zarr, "AsyncArray", raising(error))
            array.read(no_objects(), index)

    def describe(error):
        with monkeypatch.context() as patch:
            patch.setattr(zarr, "AsyncArray", raising(error))
            level_array("0", "yx", METADATA)

    each(library, act)
    each(library, describe)


def test_our_own_errors_pass_as_they_are(transport, monkeypatch):
    mine = PixelDataError("as it was")
    monkeypatch.setattr(HeldAdapter, "send", raising(mine))

    with pytest.raises(PixelDataError) as caught:
        transport.send(Request(path="a"), cancel=NEVER)

    assert caught.value is mine
