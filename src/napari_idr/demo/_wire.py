"""An answer as the steps in which a server sends it: bytes, pauses, a reset.

Faults work on these steps, so that each of them is a value that opens no socket.
"""

from collections.abc import Iterable, Iterator
from http.client import responses
from typing import NamedTuple

from napari_idr.demo._exchange import Answer

PIECE_BYTES = 65536
"""The most that is sent at once: what a socket takes without many waits."""

BODILESS = (204, 304)
"""Statuses whose answers have no body (RFC 9110, 6.4.1)."""


class Head(NamedTuple):
    """Bytes of the status line and headers."""

    data: bytes
    body_bytes: int = 0
    """Size of the body that follows; 0 where it isn't known."""


class Body(NamedTuple):
    """Bytes of the body, with their framing if it is sent in chunks."""

    data: bytes


class Pause(NamedTuple):
    """A wait; it ends the answer when the client leaves or the archive closes."""

    seconds: float


class Reset(NamedTuple):
    """The connection's reset (TCP RST): what was sent may be lost to the client."""


Step = Head | Body | Pause | Reset
Steps = Iterator[Step]


def steps_of(answer: Answer, *, method: str = "GET", leave: bool = False) -> Steps:
    """Yield an answer as an HTTP/1.1 server without faults sends it.

    A body in pieces without a Content-Length is sent in chunks; until the connection
    closes if the answer's headers say ``Connection: close``.

    Parameters
    ----------
    leave
        Say that the connection closes, as the client wished.
    """
    headers = {"Content-Type": answer.content_type, "Server": "napari-idr-demo"}
    has_body = answer.status not in BODILESS
    if isinstance(answer.body, bytes):
        size = len(answer.body)
        if has_body:
            headers["Content-Length"] = str(size)
    else:
        size = int(answer.headers.get("Content-Length", 0))
    headers |= answer.headers
    is_chunked = (
        has_body
        and "Content-Length" not in headers
        and headers.get("Connection") != "close"
    )
    if is_chunked:
        headers["Transfer-Encoding"] = "chunked"
    if leave:
        headers["Connection"] = "close"
    yield Head(_head(answer.status, headers), size)
    if method == "HEAD" or not has_body:
        return
    for piece in _pieces(answer.body):
        yield Body(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
    if is_chunked:
        yield Body(b"0\r\n\r\n")


def cut(data: bytes, size: int) -> Iterator[bytes]:
    """Yield bytes in pieces of a size; the last may be shorter."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {responses.get(status, '')}"]
    lines += [f"{name}: {value}" for name, value in headers.items() if value]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def _pieces(body: bytes | Iterable[bytes]) -> Iterator[bytes]:
    for part in [body] if isinstance(body, bytes) else body:
        yield from cut(part, PIECE_BYTES)
