"""Nothing that a server does holds us for ever, or fills the memory."""

from __future__ import annotations

import gzip
import time
import tracemalloc

import pytest

from napari_idr.cancel import NEVER
from napari_idr.errors import (
    BrokenAnswerError,
    IDRError,
    ProtocolError,
    RequestTimeoutError,
    ResponseFormatError,
)
from napari_idr.transport import (
    JSON_BYTES,
    OBJECT_BYTES,
    HttpTransport,
    Request,
    RetryPolicy,
)
from support.wire import wire_server

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

ONCE = RetryPolicy(retries=0)

SILENCE_S, WHOLE_S = 0.4, 1.2

LONG_S = 60.0
"""For what has to end for another reason than the time."""

LATE_S = 20.0
"""Far below what a missing bound would take, far above what a loaded machine adds."""

BOMB = gzip.compress(bytes(50_000_000), mtime=0)

MOST_BYTES = 30 * 2**20
"""What an answer that is refused may take in memory."""


def asked(script, *, archive=True, silence_s=LONG_S, whole_s=LONG_S, **more):
    """Send one request to a server that answers by a script; return the answer."""
    with wire_server(script) as server:
        transport = HttpTransport(
            server.url, retry=ONCE, timeout_s=silence_s, whole_s=whole_s
        )
        origin = None if archive else server.url
        try:
            request = Request(path="a", origin=origin, **more)
            return transport.send(request, cancel=NEVER)
        finally:
            transport.close()


def fast(beginning, piece):
    """Send a beginning, then a piece again and again, as fast as it is taken."""

    def script(caller):
        caller.say(beginning)
        while not caller.server.over.is_set():
            caller.say(piece * 100)

    return script


def slow(beginning, piece):
    def script(caller):
        caller.say(beginning)
        caller.drip(piece, pause_s=0.05)

    return script


def hushed(beginning):
    def script(caller):
        caller.say(beginning)
        caller.hang()

    return script


@pytest.mark.parametrize("archive", [True, False])
@pytest.mark.parametrize(
    "script",
    [
        hushed(b""),
        hushed(b"HTTP/1.1 2"),
        hushed(OK + b"Content-Len"),
        hushed(OK + b"Content-Length: 9\r\n\r\nabc"),
        hushed(CHUNKED + b"5\r\nab"),
        hushed(b"HTTP/1.1 500 Oh\r\nContent-Length: 9\r\n\r\nabc"),
        slow(b"", b"H"),
        slow(OK, b"X: y\r\n"),
        slow(OK + b"X: ", b"y"),
        slow(OK + b"Content-Length: 99999\r\n\r\n", b"x"),
        slow(OK + b"Connection: close\r\n\r\n", b"x"),
        slow(CHUNKED, b"1\r\nx\r\n"),
        slow(CHUNKED, b"0"),
        slow(CHUNKED + b"5;", b"x"),
        slow(CHUNKED + b"0\r\n", b"X: y\r\n"),
        slow(b"HTTP/1.1 503 Busy\r\nContent-Length: 99999\r\n\r\n", b"x"),
    ],
)
def test_silence_and_slowness_end(script, archive):
    started = time.monotonic()

    with pytest.raises(IDRError) as caught:
        asked(script, archive=archive, silence_s=SILENCE_S, whole_s=WHOLE_S)

    assert isinstance(caught.value, RequestTimeoutError | ProtocolError)
    assert time.monotonic() - started < LATE_S


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (fast(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), ProtocolError),
        (fast(b"", b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n"), ProtocolError),
        (fast(b"HTTP/1.1 103 Early Hints\r\n", b"A: b\r\n"), ProtocolError),
        (fast(b"", b"x"), ProtocolError),
        (fast(OK, b"X-More: 1\r\n"), ProtocolError),
        (fast(OK + b"X: ", b"y"), ProtocolError),
        (fast(CHUNKED + b"5;ext=", b"x"), ProtocolError),
        (fast(CHUNKED + b"1\r\nx\r\n0\r\n", b"X-More: 1\r\n"), ProtocolError),
        (fast(CHUNKED + b"1\r\nx\r\n0\r\nX: ", b"y"), ProtocolError),
        (fast(OK + b"Connection: close\r\n\r\n", b" "), ResponseFormatError),
        (fast(CHUNKED, b"400\r\n" + b" " * 1024 + b"\r\n"), ResponseFormatError),
        (
            fast(
                OK + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n",
                gzip.compress(b"", mtime=0),
            ),
            ResponseFormatError,
        ),
    ],
)
def test_what_has_no_end_ends_soon_and_takes_little_memory(script, kind):
    tracemalloc.start()
    try:
        with pytest.raises(kind):
            asked(script, max_bytes=2**20)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < MOST_BYTES


@pytest.mark.parametrize(
    "length",
    [
        b"50000000000",
        b"99999999999999999999999",
        b"-1",
        b"+5",
        b"many",
        b"5, 6",
        b"5\r\nContent-Length: 6",
        b"6\r\nContent-Length: 5",
        b"0\r\nContent-Length: 5",
        b"0x5",
        b"5.0",
        b"5_0",
        b"\xb2",
        b"",
    ],
)
def test_a_length_that_makes_no_sense_is_refused_at_once(length):
    def script(caller):
        caller.say(OK + b"Content-Length: " + length + b"\r\n\r\nabcde")
        caller.hang()

    started = time.monotonic()
    with pytest.raises(ResponseFormatError):
        asked(script)

    assert time.monotonic() - started < LATE_S


@pytest.mark.parametrize("length", [b"5", b"5, 5", b"5\r\nContent-Length: 5", b" 5 "])
def test_a_length_that_is_told_twice_counts_once(length):
    def script(caller):
        caller.say(OK + b"Content-Length: " + length + b"\r\n\r\nabcdeabc")

    assert asked(script).body == b"abcde"


def test_the_framing_in_chunks_counts_more_than_a_length():
    def script(caller):
        caller.say(OK + b"Content-Length: 50000000000\r\n")
        caller.say(b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")

    assert asked(script).body == b"abc"


@pytest.mark.parametrize("coding", ["gzip, chunked", "chunked, chunked", "gzip", "x"])
def test_an_unknown_transfer_coding_is_refused(coding):
    with pytest.raises(ProtocolError):
        asked(lambda c: c.answer(b"{}", Transfer_Encoding=coding))


def test_an_answer_that_breaks_off_is_told_as_that():
    def script(caller):
        caller.say(OK + b"Content-Length: 50\r\n\r\nabc")
        caller._line.close()

    with pytest.raises(BrokenAnswerError):
        asked(script)


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_bomb_takes_little_memory_whatever_the_status(status):
    tracemalloc.start()
    try:
        if status == 200:
            with pytest.raises(ResponseFormatError, match="larger"):
                asked(lambda c: c.answer(BOMB, status, Content_Encoding="gzip"))
        else:
            answer = asked(lambda c: c.answer(BOMB, status, Content_Encoding="gzip"))
            assert len(answer.body) <= 2**16
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < MOST_BYTES + 2 * JSON_BYTES


def test_json_may_be_much_smaller_than_a_chunk():
    assert JSON_BYTES * 16 < OBJECT_BYTES
