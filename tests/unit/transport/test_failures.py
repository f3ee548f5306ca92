"""What a library raises is told as what happened."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from contextlib import contextmanager

import pytest
import requests
import urllib3
from urllib3.exceptions import ReadTimeoutError

from napari_idr.cancel import NEVER
from napari_idr.errors import (
    BrokenAnswerError,
    CertificateError,
    ConnectionFailedError,
    ProtocolError,
    RequestTimeoutError,
)
from napari_idr.services.explain import explain
from napari_idr.transport import HttpTransport, Request, RetryPolicy
from napari_idr.transport._failures import failure
from support.wire import wire_server

ONCE = RetryPolicy(retries=0)

PLAIN_ANSWER = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"

TLS_ALERT = b"\x15\x03\x03\x00\x02\x02\x0a"


@contextmanager
def one_answer(data):
    """A server that answers whatever comes first with the same bytes."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                line, _ = listening.accept()
            except OSError:
                return
            with line:
                line.recv(4096)
                line.sendall(data)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)


def failed(address):
    transport = HttpTransport(address, retry=ONCE, timeout_s=10)
    try:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - its class is the point
            transport.send(Request(path="a"), cancel=NEVER)
    finally:
        transport.close()
    return caught.value


def test_https_where_http_is_spoken():
    with one_answer(PLAIN_ANSWER) as port:
        error = failed(f"https://127.0.0.1:{port}")

    assert isinstance(error, ProtocolError)
    assert error.speaks == "http"


def test_http_where_https_is_spoken():
    with one_answer(TLS_ALERT) as port:
        error = failed(f"http://127.0.0.1:{port}")

    assert isinstance(error, ProtocolError)
    assert error.speaks == "https"


@pytest.mark.parametrize(
    "page",
    [
        b"<h1>400</h1><p>The plain HTTP request was sent to HTTPS port</p>",
        b"You're speaking plain HTTP to an SSL-enabled server port.",
        b"Client sent an HTTP request to an HTTPS server.",
    ],
)
def test_http_where_https_is_wanted_in_words(page):
    with wire_server(lambda c: c.answer(page, 400)) as server:
        error = failed(server.url)

    assert isinstance(error, ProtocolError)
    assert error.speaks == "https"


def test_another_protocol():
    with one_answer(b"SSH-2.0-OpenSSH_9.2p1\r\n") as port:
        error = failed(f"http://127.0.0.1:{port}")

    assert isinstance(error, ProtocolError)
    assert error.speaks is None


def test_a_server_that_hangs_up():
    with one_answer(b"") as port:
        assert isinstance(failed(f"http://127.0.0.1:{port}"), BrokenAnswerError)


def test_nobody_there():
    assert type(failed("http://127.0.0.1:1")) is ConnectionFailedError


def wrapped(error):
    """Wrap an error as requests does."""
    outer = urllib3.exceptions.MaxRetryError(None, "/a", error)
    return requests.ConnectionError(outer)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (wrapped(ssl.SSLCertVerificationError("expired")), CertificateError),
        (requests.exceptions.SSLError(ssl.CertificateError("x")), CertificateError),
        (wrapped(TimeoutError("late")), RequestTimeoutError),
        (requests.ReadTimeout("late"), RequestTimeoutError),
        (wrapped(ReadTimeoutError(None, "", "")), RequestTimeoutError),
        (wrapped(ConnectionResetError(104, "reset")), BrokenAnswerError),
        (wrapped(http.client.RemoteDisconnected("gone")), BrokenAnswerError),
        (wrapped(http.client.BadStatusLine("x")), ProtocolError),
        (wrapped(socket.gaierror(-2, "no name")), ConnectionFailedError),
        (wrapped(ConnectionRefusedError(111, "no")), ConnectionFailedError),
        (MemoryError(), ConnectionFailedError),
        (KeyError("x"), ConnectionFailedError),
    ],
    ids=repr,
)
def test_what_is_wrapped_counts(error, kind):
    assert type(failure(error, url="http://a/")) is kind


def test_a_server_that_takes_no_connection_is_not_slow_but_out_of_reach():
    late = urllib3.exceptions.ConnectTimeoutError(None, "late")

    for error in (requests.ConnectTimeout(wrapped(late)), wrapped(late)):
        told = failure(error, url="http://a/")

        assert isinstance(told, RequestTimeoutError)
        assert not told.connected
        assert "can't be reached" in explain(told, host="a")


def test_a_circle_of_causes_ends():
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one

    assert isinstance(failure(one, url="http://a/"), ConnectionFailedError)
