"""Small pictures of many images, as they come."""

from __future__ import annotations

import base64
import io
import json
import threading

import numpy as np
import pytest
from PIL import Image as Pillow

from napari_idr.api import IDRClient
from napari_idr.api.pixels.thumbnails import decode_thumbnail
from napari_idr.cancel import CancelToken
from napari_idr.errors import (
    Cancelled,
    ConnectionFailedError,
    NotFoundError,
    PageError,
    PixelDataError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseFormatError,
    ServerError,
)
from napari_idr.transport import Response

FIRST = 1_905_001
"""The first image of the plate of 1536 wells; all of them have thumbnails."""


def data_url(width=96, height=64, *, kind="JPEG", label="image/jpeg", mode="RGB"):
    out = io.BytesIO()
    Pillow.new(mode, (width, height), 200).save(out, kind)
    return f"data:{label};base64,{base64.b64encode(out.getvalue()).decode()}"


def test_a_plate_costs_one_request_for_fifty_images(archive, client):
    ids = range(FIRST, FIRST + 384)

    found = dict(client.thumbnails(ids))

    assert set(found) == set(ids)
    assert len(archive.requests) == 8
    assert all(max(one.shape) == 96 for one in found.values())
    assert all(one.dtype == np.uint8 for one in found.values())


def test_no_more_requests_are_under_way_than_allowed(archive):
    archive.delay_ms = 20
    with IDRClient(archive.url, cache=False, at_once=3) as client:
        list(client.thumbnails(range(FIRST, FIRST + 384)))

    assert archive.requests.most_in_flight == 3


def test_an_image_named_twice_comes_once(quick, routes):
    found = list(quick.thumbnails([FIRST, FIRST + 1, FIRST]))

    assert [number for number, _ in found] == [FIRST, FIRST + 1]
    assert len(routes.asked) == 1


def test_equal_sets_make_equal_urls(quick, routes):
    list(quick.thumbnails(range(FIRST, FIRST + 60)))
    list(quick.thumbnails(reversed(range(FIRST, FIRST + 60))))

    asked = [request.params for request in routes.asked]
    assert sorted(asked[:2]) == sorted(asked[2:])


def test_an_image_without_a_thumbnail_comes_with_an_error(quick):
    found = dict(quick.thumbnails([1, FIRST]))

    assert isinstance(found[1], PixelDataError)
    assert isinstance(found[FIRST], np.ndarray)


@pytest.mark.parametrize(
    ("error", "most"),
    [
        (ConnectionFailedError("no answer came"), 3),
        (RateLimitedError("too many", retry_after_s=3600), 3),
        (RequestTimeoutError("no answer in time"), 6),
    ],
)
def test_a_server_that_is_gone_is_not_asked_for_each_batch(
    routes, monkeypatch, error, most
):
    asked = []

    def send(request, *, cancel):
        asked.append(request)
        raise error

    monkeypatch.setattr(routes, "send", send)
    with IDRClient("demo.invalid", transport=routes, at_once=2) as client:
        found = dict(client.thumbnails(range(FIRST, FIRST + 1000)))

    assert len(found) == 1000
    assert {type(one) for one in found.values()} == {type(error)}
    assert len(asked) <= most


def test_a_server_that_is_slow_now_and_then_is_asked_for_all(routes, monkeypatch):
    true, asked = routes.send, []

    def send(request, *, cancel):
        asked.append(request)
        if len(asked) % 4:
            raise RequestTimeoutError("no answer in time")
        return true(request, cancel=cancel)

    monkeypatch.setattr(routes, "send", send)
    with IDRClient("demo.invalid", transport=routes, at_once=1) as client:
        found = dict(client.thumbnails(range(FIRST, FIRST + 600)))

    assert len(asked) == 12
    assert sum(isinstance(one, np.ndarray) for one in found.values()) == 150


def test_a_batch_that_fails_doesn_t_spoil_the_others(archive, client):
    archive.faults.answer_next(500, times=1)

    found = dict(client.thumbnails(range(FIRST, FIRST + 100)))

    failed = [one for one in found.values() if isinstance(one, ServerError)]
    assert len(failed) == 50
    assert len(found) == 100


def test_a_page_instead_of_thumbnails_is_told_for_each(archive, client):
    archive.faults.wrong_type()

    found = dict(client.thumbnails([FIRST, FIRST + 1]))

    assert [type(one) for one in found.values()] == [PageError] * 2


@pytest.mark.parametrize("size", [24, 96, 200])
def test_the_longest_side_is_as_asked(quick, size):
    [(_, picture)] = quick.thumbnails([FIRST], size=size)

    assert max(picture.shape[:2]) == size
    assert picture.shape[2] == 3


def test_sizes_in_store_are_asked_for_without_a_size(quick, routes):
    list(quick.thumbnails([FIRST], size=48))

    assert [request.path for request in routes.asked] == ["webgateway/get_thumbnails/"]


def test_where_no_larger_one_can_be_made_the_stored_one_is_scaled(idr_routes):
    client = IDRClient(idr_routes.url, transport=idr_routes)

    [(_, picture)] = client.thumbnails([FIRST], size=200)

    assert max(picture.shape[:2]) == 200


@pytest.mark.parametrize("size", [0, -1, 5000])
def test_a_size_that_is_none_is_refused_at_the_door(quick, size):
    with pytest.raises(ValueError, match="px"):
        quick.thumbnails([FIRST], size=size)


def test_cancelling_sends_nothing_more(archive, client):
    archive.faults.delay(rf"get_thumbnails/\?(?!id={FIRST}&)", 30_000)
    cancel = CancelToken()
    found = client.thumbnails(range(FIRST, FIRST + 384), cancel=cancel)
    next(found)  # of the first fifty; others are under way, and not all have been sent

    cancel.cancel()
    with pytest.raises(Cancelled):
        list(found)

    assert len(archive.requests) < 8


def test_nothing_asked_is_nothing_sent(quick, routes):
    assert list(quick.thumbnails([])) == []
    assert routes.asked == []


def test_a_remembered_plate_sends_nothing(archive, tmp_path):
    ids = range(FIRST, FIRST + 384)
    with IDRClient(archive.url, cache=tmp_path) as client:
        first = dict(client.thumbnails(ids))
    archive.requests.clear()

    with IDRClient(archive.url, cache=tmp_path) as client:
        second = dict(client.thumbnails(ids))

    assert len(archive.requests) == 0
    assert all(np.array_equal(first[n], second[n]) for n in ids)


def test_a_batch_with_a_hole_is_asked_again(archive, tmp_path):
    with IDRClient(archive.url, cache=tmp_path) as client:
        list(client.thumbnails([1, FIRST]))
        list(client.thumbnails([1, FIRST]))

    assert len(archive.requests) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("data:image/jpeg;base64,", "empty"),
        ("data:image/jpeg;base64,%%%", "base64"),
        ("data:image/jpeg;base64,AAAA", "can't be read"),
        (data_url(kind="PNG"), "stands for none"),
        (data_url()[:403], "can't be read"),
    ],
)
def test_what_is_no_picture_is_told(text, message):
    with pytest.raises(PixelDataError, match=message):
        decode_thumbnail(text, size=96)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_every_picture_comes_in_red_green_and_blue(mode):
    assert decode_thumbnail(data_url(mode=mode), size=96).shape == (64, 96, 3)


def test_a_png_that_says_so_is_a_picture():
    text = data_url(kind="PNG", label="image/png")

    assert decode_thumbnail(text, size=96).shape == (64, 96, 3)


def test_thumbnails_are_decoded_where_they_are_taken():
    """Else no question would be under way while those of the last one are decoded."""
    asked_in, read_in = set(), set()

    class Server:
        def send(self, request, *, cancel):
            asked_in.add(threading.current_thread())
            body = json.dumps({str(number): data_url() for _, number in request.params})
            return Response(
                url="",
                status=200,
                body=body.encode(),
                keep=lambda: read_in.add(threading.current_thread()),
            )

    client = IDRClient("http://a", transport=Server())

    assert len(dict(client.thumbnails(range(1, 201)))) == 200
    assert threading.current_thread() not in asked_in
    assert read_in == {threading.current_thread()}


def test_a_key_that_is_no_number_is_a_wrong_answer():
    class Odd:
        def send(self, request, *, cancel):
            body = json.dumps({"x": None}).encode()
            return Response(url="", status=200, body=body)

    [(_, error)] = IDRClient("http://a", transport=Odd()).thumbnails([1])

    assert isinstance(error, ResponseFormatError)
    assert not isinstance(error, NotFoundError)
