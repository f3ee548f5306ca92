"""Each question of the client ends at once, whatever its server does meanwhile."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from napari_idr import IDRClient, threads
from napari_idr.cancel import CancelToken
from napari_idr.errors import Cancelled, ConnectionFailedError
from napari_idr.model import FileAnnotation, Image
from support.wire import comes_true, open_lines, wire_server

AT_ONCE_S = 1.0
"""What is meant is 0.2 s; a loaded machine may take longer."""

SIZE = 10**6
"""Bytes of an answer that comes slowly."""

IMAGE = Image(id=1, name="", size_x=64, size_y=64, pixel_type="uint8")

QUESTIONS = {
    "capabilities": lambda client, **c: client.capabilities(**c),
    "keys": lambda client, **c: client.keys(**c),
    "studies": lambda client, **c: client.studies(**c),
    "plates": lambda client, **c: client.plates(1, **c),
    "plate_grid": lambda client, **c: client.plate_grid(1, **c),
    "map_annotations": lambda client, **c: client.map_annotations(image=1, **c),
    "table": lambda client, **c: client.table(plate=1, **c),
    "image": lambda client, **c: client.image(1, **c),
    "thumbnails": lambda client, **c: list(client.thumbnails(range(1, 200), **c)),
    "rois": lambda client, **c: client.rois(1, **c),
    "masks": lambda client, **c: list(client.masks(range(1, 20), **c)),
    "plane": lambda client, **c: client.plane(1, c=0, **c),
    "open_pixels": lambda client, **c: client.open_pixels(IMAGE, **c),
    "open_reader": lambda client, **c: client.open_reader(IMAGE, **c),
}


def silent(caller):
    caller.hang()


def slow(caller):
    caller.say(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    caller.say(b"Content-Length: %d\r\n\r\n" % SIZE)
    caller.drip(b"[")


def endless(caller):
    caller.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not caller.server.over.is_set():
        caller.say(b"400\r\n" + b" " * 1024 + b"\r\n")
        time.sleep(0.001)


@pytest.fixture(autouse=True)
def soon_idle(monkeypatch):
    monkeypatch.setattr(threads, "IDLE_S", 0.1)


@pytest.mark.parametrize("script", [silent, slow, endless])
@pytest.mark.parametrize("how", ["cancel", "close"])
@pytest.mark.parametrize("name", [*QUESTIONS, "download"])
def test_it_ends_at_once_and_leaves_nothing(name, how, script, tmp_path):
    question = QUESTIONS.get(name)
    if question is None:
        file = FileAnnotation(id=1, file_id=1, name="a.csv", size=SIZE)

        def question(client, **c):
            return client.download(file, tmp_path, **c)

    with wire_server(script) as server:
        client = IDRClient(server.url, cache=False)
        token = CancelToken()
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(question, client, cancel=token)
            assert server.came.acquire(timeout=10)
            time.sleep(0.05)  # some bytes more have come
            started = time.monotonic()
            token.cancel() if how == "cancel" else client.close()
            error = asked.exception(timeout=10)
            took = time.monotonic() - started
            requests = len(server.heads)

        if how == "cancel":
            assert isinstance(error, Cancelled)
        elif name in ("thumbnails", "masks"):
            assert asked.result()  # each thing has its own error
            assert all(isinstance(e, ConnectionFailedError) for _, e in asked.result())
        else:
            assert isinstance(error, ConnectionFailedError)
        assert took < AT_ONCE_S
        client.close()
        assert comes_true(lambda: not open_lines(server.port))
        assert len(server.heads) == requests
    assert threads._parts.wait_idle(10)
    assert not [t for t in threading.enumerate() if t.name == "napari-idr-apart"]
    assert list(tmp_path.iterdir()) == []


def test_one_who_waits_for_what_another_finds_out_may_leave():
    with wire_server(silent) as server:
        client = IDRClient(server.url, cache=False)
        first, second = CancelToken(), CancelToken()
        with ThreadPoolExecutor(2) as pool:
            finder = pool.submit(client.capabilities, cancel=first)
            assert server.came.acquire(timeout=10)
            waiter = pool.submit(client.capabilities, cancel=second)
            flight = client._probing._flights["capabilities"]
            assert comes_true(lambda: flight.changed._waiters)
            second.cancel()

            assert isinstance(waiter.exception(timeout=10), Cancelled)
            assert not finder.done()
            first.cancel()
            assert isinstance(finder.exception(timeout=10), Cancelled)
        client.close()


def test_another_finds_out_what_the_first_was_cancelled_in():
    with wire_server(silent) as server:
        client = IDRClient(server.url, cache=False)
        first, second = CancelToken(), CancelToken()
        with ThreadPoolExecutor(2) as pool:
            finder = pool.submit(client.capabilities, cancel=first)
            assert server.came.acquire(timeout=10)
            waiter = pool.submit(client.capabilities, cancel=second)
            flight = client._probing._flights["capabilities"]
            assert comes_true(lambda: flight.changed._waiters)
            first.cancel()
            assert isinstance(finder.exception(timeout=10), Cancelled)

            assert server.came.acquire(timeout=10)  # it asks by itself
            second.cancel()
            assert isinstance(waiter.exception(timeout=10), Cancelled)
        client.close()
