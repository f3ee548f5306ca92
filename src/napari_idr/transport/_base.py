"""What a transport is: a request in, a response out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Protocol, runtime_checkable

from napari_idr.cancel import CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

CLOSED: Final = "the client was closed"

Params = tuple[tuple[str, str | int], ...]

JSON_BYTES: Final = 32 * 2**20
"""Most of a JSON answer, and of metadata: pages of 1000 objects have some 5 MB, and
what they are read into takes ten times as much."""

TABLE_BYTES: Final = 128 * 2**20
"""Most of a table's rows: a million that come whole have some 100 MB."""

PICTURE_BYTES: Final = 64 * 2**20
"""Most of a drawn picture: a plane of 3192 x 3192 px in colours has 31 MB as it is."""

OBJECT_BYTES: Final = 2**30
"""Most of a stored object: a plane of 16 384 x 16 384 px of 32 bits in one chunk."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """A part of an object, counted as a slice is: a negative start from the end.

    >>> ByteRange(0, 4).header, ByteRange(8).header, ByteRange(-16).header
    ('bytes=0-3', 'bytes=8-', 'bytes=-16')
    >>> ByteRange(0, 4).most, ByteRange(8).most, ByteRange(-16).most
    (4, None, 16)
    """

    start: int
    stop: int | None = None

    @property
    def header(self) -> str:
        """The value of the header `Range` (RFC 9110, 14.2)."""
        if self.start < 0:
            return f"bytes={self.start}"
        return f"bytes={self.start}-{'' if self.stop is None else self.stop - 1}"

    @property
    def most(self) -> int | None:
        """How many bytes it has at most, None if only the object tells."""
        if self.start < 0:
            return -self.start
        return None if self.stop is None else self.stop - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, to the archive or to an object store.

    `path` is relative to the server's address, without a leading slash. `params`
    keep their order, so that equal questions make equal URLs, which is what the
    server's cache goes by. `json` makes it a POST. `fresh` asks past our cache.

    With an `origin` (scheme://host or scheme://host:port) it is for an object of
    another server, whose path goes to the wire exactly as it is escaped here; of it
    a `byte_range` may be asked for. `max_bytes` bounds the answer.
    """

    path: str
    params: Params = ()
    method: Literal["GET", "POST"] = "GET"
    json: str | None = None
    fresh: bool = False
    origin: str | None = None
    byte_range: ByteRange | None = None
    max_bytes: int = JSON_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer; header names are in lower case.

    Of a failure and of a redirect, and of a whole object in place of the part that
    was asked for, the body may be cut short.
    """

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    keep: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)
    """Has this answer remembered, where that is allowed: for whoever has read it."""
    set_aside: Callable[[], None] = field(
        default=lambda: None, repr=False, compare=False
    )
    """Has it kept for when the server can't be reached: for whoever could read it, but
    found something odd in it, or learnt from it that there is no such thing."""
    forget: Callable[[], None] | None = field(default=None, repr=False, compare=False)
    """Has it remembered no longer; None where it isn't a remembered one."""
    stored: float | None = field(default=None, compare=False)
    """When it was kept, in seconds since 1970; None where it has just come."""

    @property
    def content_type(self) -> str:
        """The media type without its parameters, "" if there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Stream(Protocol):
    """An answer whose body is read as it comes."""

    @property
    def response(self) -> Response:
        """Status and headers; its body is empty."""
        ...

    def chunks(self, *, cancel: CancelToken) -> Iterator[bytes]:
        """Yield the body in the pieces in which it arrives."""
        ...


class Transport(Protocol):
    """Carries requests to one archive and to object stores. Thread-safe."""

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        """Return the answer, whatever its status.

        Raises
        ------
        ConnectionFailedError, RequestTimeoutError
            No answer came back.
        ResponseFormatError
            It is larger than allowed, or encoded in an unknown or broken way.
        Cancelled
            The token was cancelled before the answer was whole.
        """
        ...

    def stream(
        self, request: Request, *, cancel: CancelToken
    ) -> AbstractContextManager[Stream]:
        """Open an answer of any size; errors as in `send`."""
        ...

    def close(self) -> None:
        """Let go of connections; waiting requests end with an error."""
        ...


@runtime_checkable
class RestingTransport(Protocol):
    """A transport that can let go of what it has open, until it is asked again."""

    def rest(self) -> None:
        """Close idle connections and files; it doesn't wait."""
        ...


def rest(transport: Transport) -> None:
    """Let a transport rest, if it can."""
    if isinstance(transport, RestingTransport):
        transport.rest()
