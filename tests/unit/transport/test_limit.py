"""So many requests at once, no more."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from napari_idr.cancel import NEVER, CancelToken, Priority
from napari_idr.errors import Cancelled, ConnectionFailedError
from napari_idr.transport import LimitedTransport, Request, Response
from support.wire import comes_true


class Held:
    """Holds each request until it is let go, and counts how many it holds."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.arrived = threading.Semaphore(0)
        self.lock = threading.Lock()
        self.inside = 0
        self.most = 0

    def send(self, request, *, cancel):
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.arrived.release()
        assert self.let_go.wait(10)
        with self.lock:
            self.inside -= 1
        return Response(url=request.path, status=200)

    @contextmanager
    def stream(self, request, *, cancel):
        yield self.send(request, cancel=cancel)

    def close(self):
        self.let_go.set()


def test_no_more_are_under_way_than_allowed():
    held = Held()
    limited = LimitedTransport(held, at_once=3)
    with ThreadPoolExecutor(10) as pool:
        sent = [
            pool.submit(limited.send, Request(path=f"{n}"), cancel=NEVER)
            for n in range(10)
        ]
        for _ in range(3):
            assert held.arrived.acquire(timeout=10)
        assert not held.arrived.acquire(timeout=0.1)
        held.let_go.set()

    assert held.most == 3
    assert [one.result().url for one in sent] == [f"{n}" for n in range(10)]


def test_one_who_waits_for_a_turn_can_be_cancelled():
    held = Held()
    limited = LimitedTransport(held, at_once=1)
    cancel = CancelToken()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(limited.send, Request(path="1"), cancel=NEVER)
        assert held.arrived.acquire(timeout=10)
        second = pool.submit(limited.send, Request(path="2"), cancel=cancel)
        cancel.cancel()

        with pytest.raises(Cancelled):
            second.result(timeout=5)

        held.let_go.set()
        assert first.result().status == 200


def test_an_open_stream_counts_until_it_is_closed():
    held = Held()
    held.let_go.set()
    limited = LimitedTransport(held, at_once=1)
    cancel = CancelToken()
    threading.Timer(0.1, cancel.cancel).start()

    with (
        limited.stream(Request(path="1"), cancel=NEVER),
        pytest.raises(Cancelled),
    ):
        limited.send(Request(path="2"), cancel=cancel)

    assert limited.send(Request(path="3"), cancel=NEVER).status == 200


def test_each_host_has_its_own_bound():
    held = Held()
    limited = LimitedTransport(held, at_once=1)
    origins = (None, "https://a.example", "https://b.example")
    with ThreadPoolExecutor(3) as pool:
        sent = [
            pool.submit(limited.send, Request(path="1", origin=origin), cancel=NEVER)
            for origin in origins
        ]
        for _ in origins:
            assert held.arrived.acquire(timeout=10)
        held.let_go.set()

    assert all(one.result().status == 200 for one in sent)


def test_the_most_urgent_goes_first_and_of_equal_ones_the_first():
    order = []

    class Noting(Held):
        def send(self, request, *, cancel):
            order.append(request.path)
            return super().send(request, cancel=cancel)

    held = Noting()
    limited = LimitedTransport(held, at_once=1)
    host = limited._host(Request(path=""))
    with ThreadPoolExecutor(6) as pool:
        sent = [pool.submit(limited.send, Request(path="first"), cancel=NEVER)]
        assert held.arrived.acquire(timeout=10)
        for number, name in enumerate(["AHEAD", "READING", "OPENING", "VISIBLE"]):
            token = CancelToken(Priority[name])
            sent.append(pool.submit(limited.send, Request(path=name), cancel=token))
            assert comes_true(lambda n=number: len(host._waiting) == n + 1)
        late = CancelToken(Priority.VISIBLE)
        sent.append(pool.submit(limited.send, Request(path="late"), cancel=late))
        assert comes_true(lambda: len(host._waiting) == 5)
        held.let_go.set()
        for one in sent:
            one.result(timeout=10)

    assert order == ["first", "VISIBLE", "late", "OPENING", "READING", "AHEAD"]


def test_one_who_leaves_keeps_nobody_from_their_turn():
    held = Held()
    limited = LimitedTransport(held, at_once=1)
    host = limited._host(Request(path=""))
    cancel = CancelToken()
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(limited.send, Request(path="1"), cancel=NEVER)
        assert held.arrived.acquire(timeout=10)
        leaver = pool.submit(limited.send, Request(path="2"), cancel=cancel)
        assert comes_true(lambda: len(host._waiting) == 1)
        third = pool.submit(limited.send, Request(path="3"), cancel=NEVER)
        assert comes_true(lambda: len(host._waiting) == 2)
        cancel.cancel()
        assert isinstance(leaver.exception(timeout=10), Cancelled)
        held.let_go.set()

        assert first.result(timeout=10).url == "1"
        assert third.result(timeout=10).url == "3"


def test_closing_ends_the_wait_for_a_turn():
    held = Held()
    limited = LimitedTransport(held, at_once=1)
    with ThreadPoolExecutor(2) as pool:
        pool.submit(limited.send, Request(path="1"), cancel=NEVER)
        assert held.arrived.acquire(timeout=10)
        waiting = pool.submit(limited.send, Request(path="2"), cancel=NEVER)
        assert comes_true(lambda: limited._host(Request(path=""))._waiting)
        limited.close()

        with pytest.raises(ConnectionFailedError, match="closed"):
            waiting.result(timeout=10)
    with pytest.raises(ConnectionFailedError, match="closed"):
        limited.send(Request(path="3"), cancel=NEVER)


def test_none_at_once_is_refused():
    with pytest.raises(ValueError, match="at least one"):
        LimitedTransport(Held(), at_once=0)
