"""Answers as servers may send them, to the byte."""

from __future__ import annotations

import gzip
import pickle
import socket
import zlib

import pytest

from napari_idr.cancel import NEVER, CancelToken
from napari_idr.errors import (
    Cancelled,
    ConnectionFailedError,
    IDRError,
    ResponseFormatError,
)
from napari_idr.transport import (
    ByteRange,
    HttpTransport,
    Request,
    RetryPolicy,
    open_transport,
    retry_after_s,
)
from support.wire import wire_server

QUICK = RetryPolicy(pause_s=0.01, jitter=0)

BODY = b"pixels " * 1000

OK = b"HTTP/1.1 200 OK\r\n"


def deflated(data):
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(data) + engine.flush()


def sent(script, *, path="a", archive=False, retry=QUICK, **more):
    """Send one request to a server that answers by a script."""
    with wire_server(script) as server:
        transport = HttpTransport(server.url, retry=retry, timeout_s=5)
        origin = None if archive else server.url
        try:
            request = Request(path=path, origin=origin, **more)
            return transport.send(request, cancel=NEVER), server.heads
        finally:
            transport.close()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("x-gzip", gzip.compress(BODY, mtime=0)),
        (
            "GZIP",
            gzip.compress(BODY[:100], mtime=0) + gzip.compress(BODY[100:], mtime=0),
        ),
        ("gzip", gzip.compress(BODY, mtime=0) + bytes(16)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", deflated(BODY)),
        ("identity", BODY),
    ],
)
def test_a_packed_answer_is_unpacked(encoding, packed):
    response, _ = sent(lambda c: c.answer(packed, Content_Encoding=encoding))

    assert response.body == BODY


@pytest.mark.parametrize(
    ("encoding", "packed", "words"),
    [
        ("br", BODY, "'br'"),
        ("gzip, gzip", BODY, "isn't known"),
        ("gzip", BODY, "isn't"),
        ("gzip", gzip.compress(BODY, mtime=0)[:-9], "cut short"),
    ],
)
def test_an_answer_that_can_not_be_unpacked_is_refused(encoding, packed, words):
    with pytest.raises(ResponseFormatError, match=words):
        sent(lambda c: c.answer(packed, Content_Encoding=encoding))


def test_a_small_body_that_unpacks_to_a_huge_one_is_refused():
    bomb = gzip.compress(bytes(50_000_000), mtime=0)

    with pytest.raises(ResponseFormatError, match="larger than 1000000 bytes"):
        sent(lambda c: c.answer(bomb, Content_Encoding="gzip"), max_bytes=1_000_000)


def test_a_claimed_length_takes_no_memory():
    def script(caller):
        caller.say(OK + b"Content-Length: 99999999999999999999\r\n\r\nx")

    with pytest.raises(IDRError):
        sent(lambda c: (script(c), c._line.close()), retry=RetryPolicy(retries=0))


def test_an_answer_in_chunks_is_read_whole():
    def script(caller):
        caller.say(OK + b"Transfer-Encoding: chunked\r\n\r\n")
        caller.say(b"3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n")

    assert sent(script)[0].body == b"abcde"


def test_interim_answers_are_passed_over():
    def script(caller):
        caller.say(b"HTTP/1.1 100 Continue\r\n\r\n")
        caller.say(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        caller.answer(b"abc")

    assert sent(script)[0].body == b"abc"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabcde",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
    ],
)
def test_what_is_no_answer_is_an_error_of_ours(raw):
    def script(caller):
        caller.say(raw)
        caller._line.shutdown(socket.SHUT_RDWR)

    with pytest.raises(IDRError):
        sent(script, retry=RetryPolicy(retries=0))


@pytest.mark.parametrize("status", [201, 400, 404, 500])
def test_only_the_beginning_of_a_failure_is_read(status):
    def script(caller):
        caller.say(f"HTTP/1.1 {status} X\r\nConnection: close\r\n\r\n".encode())
        while True:
            caller.say(b"sorry " * 1000)

    if status == 201:
        with pytest.raises(ResponseFormatError, match="larger"):
            sent(script, archive=True, max_bytes=100_000)
        return
    response, _ = sent(script, archive=True)

    assert response.status == status
    assert response.body.startswith(b"sorry")
    assert len(response.body) <= 65_536


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("archive", [True, False])
def test_the_body_of_a_redirect_is_not_read(status, archive):
    def script(caller):
        caller.say(f"HTTP/1.1 {status} X\r\nConnection: close\r\n\r\n".encode())
        caller.drip(b"x", pause_s=0.2)

    response, _ = sent(script, archive=archive)

    assert (response.status, response.body) == (status, b"")


def test_escapes_of_an_object_reach_the_wire_as_they_are():
    path = "plate%2B001+x%20y%25z%2f%e9/0/c/0,0"

    response, heads = sent(lambda c: c.answer(), path=path)

    assert heads[0].startswith(f"GET /{path} HTTP/1.1\r\n")
    assert response.url.endswith(f"/{path}")


def test_what_can_not_be_sent_as_it_is_is_escaped():
    _, heads = sent(lambda c: c.answer(), path="a b/é/100%\r\nX: y")

    assert heads[0].startswith("GET /a%20b/%C3%A9/100%25%0D%0AX:%20y HTTP/1.1\r\n")


def test_a_part_is_asked_for_unpacked_and_bounded():
    def script(caller):
        caller.answer(b"abcd", 206, Content_Range="bytes 4-7/100")

    response, heads = sent(script, byte_range=ByteRange(4, 8))

    assert response.status == 206
    assert response.body == b"abcd"
    assert "Range: bytes=4-7" in heads[0]
    assert "Accept-Encoding: identity" in heads[0]
    with pytest.raises(ResponseFormatError, match="larger than 3 bytes"):
        sent(script, byte_range=ByteRange(-3))


def test_a_part_that_comes_packed_is_refused():
    def script(caller):
        caller.answer(gzip.compress(b"a", mtime=0), 206, Content_Encoding="gzip")

    with pytest.raises(ResponseFormatError, match="encoded"):
        sent(script, byte_range=ByteRange(0, 100))


def test_a_whole_object_in_place_of_a_part_is_not_read():
    def script(caller):
        caller.say(OK + b"Content-Length: 100000000000\r\n\r\n")
        while True:
            caller.say(bytes(10_000))

    response, _ = sent(script, byte_range=ByteRange(-16))

    assert response.status == 200
    assert len(response.body) <= 65_536


def test_an_object_that_moved_within_its_host_is_found():
    def script(caller):
        if caller.target == "/new%2Bplace?v=1":
            caller.answer(b"here")
        else:
            caller.answer(b"x" * 100_000, 302, Location="/new%2Bplace?v=1")

    response, heads = sent(script)

    assert response.body == b"here"
    assert response.url.endswith("/new%2Bplace?v=1")
    assert len(heads) == 2


def test_a_circle_of_redirects_ends():
    response, heads = sent(lambda c: c.answer(status=302, Location="/a"))

    assert response.status == 302
    assert len(heads) == 4


@pytest.mark.parametrize(
    "place",
    [
        "https://{host}/b",
        "http://localhost:{port}/b",
        "//127.0.0.1:{other}/b",
        "http://user@{host}/b",
        "file:///etc/passwd",
        "http://[/b",
        "http://127.0.0.1:99999999/b",
        "",
    ],
)
def test_no_redirect_leads_elsewhere(place):
    def script(caller):
        port = caller.server.port
        told = place.format(host=f"127.0.0.1:{port}", port=port, other=port + 1)
        caller.answer(status=307, Location=told)

    response, heads = sent(script)

    assert response.status == 307
    assert len(heads) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_store_that_is_busy_is_asked_again(status):
    def script(caller):
        first = len(caller.server.heads) < 3
        caller.answer(b"", status if first else 200, Retry_After="odd" if first else "")

    response, heads = sent(script)

    assert response.status == 200
    assert len(heads) == 3


@pytest.mark.parametrize(
    "wish", ["", "-1", "1e3", "nan", "inf", "9" * 400, "soon", "Thu, 99 Foo 2026 x"]
)
def test_an_odd_wish_for_a_pause_is_ignored(wish):
    assert retry_after_s({"retry-after": wish}) is None


def test_a_wish_in_the_past_is_no_pause():
    assert retry_after_s({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}) == 0


def test_cookies_and_referers_don_t_leave_the_archive():
    def archive(caller):
        caller.answer(b"{}", Set_Cookie="sessionid=secret; Path=/")

    def store(caller):
        caller.answer(b"{}", Set_Cookie="track=me; Path=/")

    with wire_server(archive) as one, wire_server(store) as other:
        transport = HttpTransport(one.url)
        for origin in (None, other.url, other.url, None):
            transport.send(Request(path="a", origin=origin), cancel=NEVER)
        transport.close()

    assert "sessionid=secret" in one.heads[1]
    assert "track" not in one.heads[1]
    assert not any("cookie" in head.lower() for head in other.heads)
    heads = (*one.heads, *other.heads)
    assert not any("referer" in head.lower() for head in heads)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.8", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fe80::1"],
)
def test_a_public_archive_leads_to_no_private_address(address, monkeypatch):
    places = {"store.example.org": address, "archive.example.org": "193.62.193.33"}
    monkeypatch.setattr(socket, "getaddrinfo", look_up(places))
    transport = HttpTransport("https://archive.example.org", retry=QUICK)
    request = Request(path="a", origin="http://store.example.org")

    with pytest.raises(
        ConnectionFailedError, match=r"store\.example\.org is at"
    ) as got:
        transport.send(request, cancel=NEVER)

    assert got.value.url == "http://store.example.org/a"
    transport.close()


def test_an_archive_at_a_private_address_may_lead_to_private_ones(monkeypatch):
    with wire_server(lambda c: c.answer(b"here")) as server:
        places = dict.fromkeys(("store.example.org", "omero.lab"), "127.0.0.1")
        monkeypatch.setattr(socket, "getaddrinfo", look_up(places))
        transport = HttpTransport("http://omero.lab")
        origin = f"http://store.example.org:{server.port}"

        response = transport.send(Request(path="a", origin=origin), cancel=NEVER)

        assert response.body == b"here"
        transport.close()


@pytest.mark.parametrize(
    "origin",
    [
        "http://a..b",
        "http://" + "a" * 70 + ".example.org",
        "http://exa\u0301mple\u2024.org",
        "http://[::1",
        "http://127.0.0.1:99999",
        "http://",
    ],
)
def test_a_host_that_can_not_be_is_an_error_of_ours(origin, monkeypatch):
    transport = HttpTransport("http://127.0.0.1:1", retry=RetryPolicy(retries=0))

    with pytest.raises(IDRError):
        transport.send(Request(path="a", origin=origin), cancel=NEVER)

    transport.close()


def test_what_was_opened_pickles_as_its_settings_and_is_shared(tmp_path):
    with wire_server(lambda c: c.answer(b"{}")) as server:
        transport = open_transport(
            server.url, cache=tmp_path, rules=(), at_once=2, timeout_s=5
        )
        data = pickle.dumps(transport)
        one, other = pickle.loads(data), pickle.loads(data)

        assert one is other
        assert one.send(Request(path="a"), cancel=NEVER).body == b"{}"
        transport.close()
        assert one.send(Request(path="a"), cancel=NEVER).body == b"{}"
        one.close()


def test_a_cancelled_caller_sends_nothing():
    token = CancelToken()
    token.cancel()
    with wire_server(lambda c: c.answer()) as server:
        transport = HttpTransport(server.url)

        with pytest.raises(Cancelled):
            transport.send(Request(path="a", origin=server.url), cancel=token)

        assert server.heads == []
        transport.close()


def look_up(places):
    """A look-up that knows some names and, as the real one does, all numbers."""

    def getaddrinfo(host, port, *args, **more):
        address = places.get(host, host)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port))]

    return getaddrinfo
