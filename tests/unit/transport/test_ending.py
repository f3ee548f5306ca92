"""A request ends at once when it is cancelled or closed, in whatever it waits for."""

from __future__ import annotations

import gc
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
import requests
from requests.adapters import HTTPAdapter

from napari_idr import threads
from napari_idr.cancel import CancelToken
from napari_idr.errors import Cancelled, ConnectionFailedError, RequestTimeoutError
from napari_idr.transport import HttpTransport, LimitedTransport, Request, RetryPolicy
from support.wire import comes_true, open_lines, wire_server

AT_ONCE_S = 1.0
"""What is meant is 0.2 s; a loaded machine may take longer."""

OK = b"HTTP/1.1 200 OK\r\n"


def silent(caller):
    caller.hang()


def headers_without_end(caller):
    caller.say(OK)
    caller.drip(b"X-More: 1\r\n")


def interim_without_end(caller):
    caller.drip(b"HTTP/1.1 100 Continue\r\n\r\n")


def hints_without_end(caller):
    caller.drip(b"HTTP/1.1 103 Early Hints\r\n\r\n")


def body_without_end(caller):
    caller.say(OK + b"Connection: close\r\n\r\n")
    caller.drip(b"x")


def body_that_stops(caller):
    caller.say(OK + b"Content-Length: 100\r\n\r\nx")
    caller.hang()


def chunks_without_end(caller):
    caller.say(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    caller.drip(b"1\r\nx\r\n")


def trailers_without_end(caller):
    caller.say(OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
    caller.drip(b"X-More: 1\r\n")


def busy(caller):
    caller.answer(status=503, Retry_After=9)


SCRIPTS = [
    silent,
    headers_without_end,
    interim_without_end,
    hints_without_end,
    body_without_end,
    body_that_stops,
    chunks_without_end,
    trailers_without_end,
    busy,
]


def request(server, kind):
    if kind == "archive":
        return Request(path="a")
    return Request(path="a", origin=server.url)


@contextmanager
def ends_at_once(how, transport, question, ready):
    """Send, wait until something is so, cancel or close, and look how it ends."""
    token = CancelToken()
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(transport.send, question, cancel=token)
        assert comes_true(ready)
        yield
        started = time.monotonic()
        if how == "cancel":
            token.cancel()
        else:
            transport.close()
        error = sent.exception(timeout=10)
        took = time.monotonic() - started
    if how == "cancel":
        assert isinstance(error, Cancelled)
    else:
        assert isinstance(error, ConnectionFailedError)
        assert error.message == "the client was closed"
    assert took < AT_ONCE_S


@pytest.mark.parametrize("kind", ["archive", "object"])
@pytest.mark.parametrize("how", ["cancel", "close"])
@pytest.mark.parametrize("script", SCRIPTS)
def test_whatever_the_server_does(script, how, kind):
    with wire_server(script) as server:
        transport = HttpTransport(server.url)
        with ends_at_once(
            how,
            transport,
            request(server, kind),
            lambda: server.heads and open_lines(server.port),
        ):
            time.sleep(0.05)  # some bytes more, or the pause has begun

        asked = len(server.heads)
        transport.close()
        assert comes_true(lambda: not open_lines(server.port))
        assert len(server.heads) == asked


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_while_tls_is_agreed_on(how):
    with socket.create_server(("127.0.0.1", 0)) as silent_server:
        port = silent_server.getsockname()[1]
        transport = HttpTransport(f"https://127.0.0.1:{port}")
        with ends_at_once(how, transport, Request(path="a"), lambda: open_lines(port)):
            pass

        transport.close()
        assert comes_true(lambda: not open_lines(port))


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_while_a_name_is_looked_up(how, monkeypatch):
    asked, go = threading.Event(), threading.Event()

    def slow_look_up(*args, **more):
        asked.set()
        go.wait(30)
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", slow_look_up)
    transport = HttpTransport("http://archive.example.org")
    with ends_at_once(how, transport, Request(path="a"), asked.is_set):
        pass

    go.set()
    assert comes_true(lambda: not apart())
    transport.close()


@contextmanager
def deaf_host():
    """A host that accepts no connection, and refuses none."""
    with ExitStack() as stack:
        host = stack.enter_context(socket.socket())
        host.bind(("127.0.0.1", 0))
        host.listen(0)
        for _ in range(3):  # fill its queue
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(host.getsockname())
        yield f"http://127.0.0.1:{host.getsockname()[1]}"


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_while_it_connects(how):
    with deaf_host() as url:
        transport = HttpTransport(url)
        with ends_at_once(how, transport, Request(path="a"), apart):
            pass
        transport.close()

    assert comes_true(lambda: not apart())


@pytest.mark.parametrize("kind", ["archive", "object"])
def test_a_host_that_can_not_be_reached_is_given_up(kind):
    with deaf_host() as url:
        transport = HttpTransport(url, timeout_s=0.3)
        question = Request(path="a", origin=url if kind == "object" else None)

        with pytest.raises(RequestTimeoutError):
            transport.send(question, cancel=CancelToken())

        transport.close()


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_while_it_waits_for_its_turn(how):
    with wire_server(silent) as server:
        transport = LimitedTransport(HttpTransport(server.url), at_once=1)
        first = CancelToken()
        with ThreadPoolExecutor(1) as pool:
            other = pool.submit(transport.send, Request(path="first"), cancel=first)
            assert server.came.acquire(timeout=10)
            host = transport._hosts[None]
            with ends_at_once(how, transport, Request(path="a"), lambda: host._waiting):
                pass
            first.cancel()
            assert other.exception(timeout=10) is not None

        assert len(server.heads) == 1
        transport.close()


@pytest.mark.parametrize("script", [script for script in SCRIPTS if script is not busy])
def test_an_answer_that_takes_too_long_as_a_whole_is_a_timeout(script):
    with wire_server(script) as server:
        transport = HttpTransport(server.url, timeout_s=20, whole_s=0.3)

        with pytest.raises(RequestTimeoutError, match="in time"):
            transport.send(Request(path="a"), cancel=CancelToken())

        assert len(server.heads) == 1
        transport.close()


def test_a_stream_takes_the_time_it_needs_once_its_headers_are_there():
    def script(caller):
        caller.say(OK + b"Content-Length: 40\r\n\r\n")
        for _ in range(40):
            caller.server.over.wait(0.02)
            caller.say(b"x")

    with wire_server(script) as server:
        transport = HttpTransport(server.url, whole_s=0.2)
        token = CancelToken()

        with transport.stream(Request(path="a"), cancel=token) as stream:
            body = b"".join(stream.chunks(cancel=token))

        assert body == b"x" * 40
        transport.close()


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_a_stream_ends_at_once_too(how):
    with wire_server(body_without_end) as server:
        transport = HttpTransport(server.url)
        token = CancelToken()
        end = token.cancel if how == "cancel" else transport.close
        threading.Timer(0.1, end).start()

        with (
            pytest.raises(Cancelled if how == "cancel" else ConnectionFailedError),
            transport.stream(Request(path="a"), cancel=token) as stream,
        ):
            for _ in stream.chunks(cancel=token):
                pass

        transport.close()
        assert comes_true(lambda: not open_lines(server.port))


def test_cancelling_late_harms_no_other_request_on_the_same_connection():
    with wire_server(lambda caller: caller.answer(b"{}")) as server:
        transport = HttpTransport(server.url, connections=1)
        for _ in range(20):
            token = CancelToken()
            transport.send(Request(path="a"), cancel=token)
            token.cancel()

        assert transport.send(Request(path="b"), cancel=CancelToken()).status == 200
        assert open_lines(server.port) == 1
        transport.close()


def test_many_at_once_are_ended_and_leave_nothing(monkeypatch):
    monkeypatch.setattr(threads, "IDLE_S", 0.1)
    with wire_server(body_without_end) as server:
        transport = LimitedTransport(
            HttpTransport(server.url, connections=4), at_once=4
        )
        token = CancelToken()
        with ThreadPoolExecutor(12) as pool:
            sent = [
                pool.submit(transport.send, Request(path=str(n)), cancel=token.child())
                for n in range(12)
            ]
            for _ in range(4):
                assert server.came.acquire(timeout=10)
            token.cancel()
            assert all(isinstance(s.exception(timeout=10), Cancelled) for s in sent)

        assert len(server.heads) == 4
        transport.close()
        assert comes_true(lambda: not open_lines(server.port))
        assert comes_true(lambda: not apart())


def apart():
    return [t for t in threading.enumerate() if t.name == "napari-idr-apart"]


def test_closing_closes_what_a_kept_error_still_refers_to():
    answers = iter([b"", OK + b"Content-Length: 2\r\n\r\nok"])

    def script(caller):
        said = next(answers)
        if not said:
            raise OSError("the line is closed without an answer")
        caller.say(said)

    with wire_server(script) as server:
        transport = HttpTransport(server.url, retry=RetryPolicy(retries=0))
        with pytest.raises(ConnectionFailedError) as kept:
            transport.send(Request(path="a"), cancel=CancelToken())
        transport.send(Request(path="a"), cancel=CancelToken())
        assert open_lines(server.port) == 1

        gc.disable()
        try:
            transport.close()
            assert not open_lines(server.port)
        finally:
            gc.enable()
        assert kept.value


def test_a_request_that_is_cancelled_while_it_is_made_ready_is_not_sent(monkeypatch):
    cancel = CancelToken()
    make_ready = requests.Session.prepare_request

    def cancelled_meanwhile(session, request):
        cancel.cancel()
        return make_ready(session, request)

    sent = []
    monkeypatch.setattr(requests.Session, "prepare_request", cancelled_meanwhile)
    monkeypatch.setattr(HTTPAdapter, "send", lambda *told, **_: sent.append(told))
    with wire_server(lambda caller: caller.answer(b"{}")) as server:
        transport = HttpTransport(server.url)
        with pytest.raises(Cancelled):
            transport.send(Request(path="a"), cancel=cancel)

        assert not sent
        assert open_lines(server.port) == 0
        transport.close()
