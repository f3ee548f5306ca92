"""Headers as odd as HTTP lets them be: an answer, or an error of ours."""

from __future__ import annotations

import pytest

from napari_idr.api.json_client import JsonClient, read_json
from napari_idr.cancel import NEVER
from napari_idr.errors import IDRError
from napari_idr.services.explain import explain
from napari_idr.transport import ByteRange, HttpTransport, Request, RetryPolicy
from support.wire import wire_server

ODD = {
    "Retry-After": (
        b"",
        b"0",
        b"-1",
        b"1.5",
        b"1e99",
        b"9" * 500,
        b"soon",
        b"nan",
        b"inf",
        b"\xb2",
        b"Thu, 01 Jan 1970 00:00:00 GMT",
        b"Thu, 01 Jan 9999 00:00:00 GMT",
        b"Thu, 99 Foo 0000 99:99:99 +9999",
        b"Thu, 01 Jan 2026 00:00:00 -9999999999",
    ),
    "Content-Type": (
        b"",
        b";",
        b"\xff\xfe",
        b"application/json; charset=no-such",
        b"application/json; charset=\x00",
        b'text/html; charset="',
        b"a" * 5000,
    ),
    "Content-Encoding": (
        b"",
        b"identity",
        b"identity, identity",
        b"gzip",
        b"gzip, gzip",
        b"br",
        b"zstd",
        b"\xff",
        b",",
    ),
    "Location": (
        b"",
        b"http://[::1",
        b"file:///etc/passwd",
        b"javascript:alert(1)",
        b"//",
        b"http://a:b:c/",
        b"http://a:99999999/",
        b"\xff\xfe\x01",
        b"/" + b"a" * 5000,
        b"data:,x",
    ),
    "Set-Cookie": (
        b"",
        b"=",
        b";;;",
        b"a",
        b"a=b; expires=never; max-age=x; domain=..; path",
        b"\xff=\xfe",
        b"a=" + b"b" * 5000,
        b"a=b; expires=Thu, 99 Foo 99999 00:00:00 GMT",
    ),
    "Content-Range": (b"", b"bytes", b"bytes */*", b"bytes 9-1/x", b"\xff"),
    "Connection": (b"", b"close, keep-alive", b"upgrade", b"\xff"),
    "Keep-Alive": (b"", b"timeout=x, max=-1"),
    "Date": (b"", b"yesterday", b"\xff"),
    "Age": (b"-1", b"9" * 400),
    "ETag": (b"", b'"', b"W/"),
    "Expires": (b"0", b"-1"),
    "Last-Modified": (b"\xff",),
    "Vary": (b"*",),
    "Link": (b"<" * 500,),
    "WWW-Authenticate": (b"", b"Basic", b"Digest \xff", b"Negotiate ="),
    "Trailer": (b"Content-Length",),
    "Upgrade": (b"h2c", b"websocket"),
    "Strict-Transport-Security": (b"max-age=-1",),
    "Content-Disposition": (b"attachment; filename=\xff",),
    "X-\xff": (b"a",),
    "": (b"no name",),
    "A B": (b"c",),
}


def told_of(transport, request, host):
    """Return what a person is told of an answer, None if it is good."""
    try:
        read_json(transport.send(request, cancel=NEVER))
    except IDRError as error:
        return explain(error, host=host)
    return None


STATUSES = (200, 204, 206, 304, 302, 401, 407, 416, 429, 500, 503, 599, 999)


@pytest.mark.parametrize("name", ODD)
def test_an_odd_header_is_an_answer_or_an_error_of_ours(name):
    told = {}

    def script(caller):
        status, value = told["now"]
        body = b"" if status in (204, 304) else b"{}"
        caller.say(
            f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n".encode()
            + name.encode("latin-1") + b": " + value + b"\r\n\r\n" + body
        )  # fmt: skip

    with wire_server(script) as server:
        transport = HttpTransport(
            server.url, retry=RetryPolicy(retries=1, pause_s=0, longest_s=0.1)
        )
        for status in STATUSES:
            for value in ODD[name]:
                told["now"] = status, value
                for request in (
                    Request(path="a"),
                    Request(path="a", origin=server.url),
                    Request(path="a", origin=server.url, byte_range=ByteRange(0, 2)),
                ):
                    sentence = told_of(transport, request, server.url)
                    assert sentence is None or sentence.endswith(".")
        # What was odd has left nothing behind.
        told["now"] = 200, b"1"
        if name not in ("Content-Encoding", ""):
            JsonClient(transport).json("a", cancel=NEVER)
        transport.close()
