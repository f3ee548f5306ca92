"""What goes wrong with an answer in the matrix, and which errors that may end in."""

from __future__ import annotations

from dataclasses import dataclass

from napari_idr.demo import Answer
from napari_idr.demo.faults import (
    BadStatusLine,
    Busy,
    Chunked,
    ConnectionReset,
    Dripping,
    Dropped,
    Endless,
    Fault,
    Gzipped,
    Instead,
    Interim,
    Late,
    Redirected,
    Silent,
    Truncated,
    WrongLength,
)
from napari_idr.errors import (
    ConnectionFailedError,
    DownloadError,
    IDRError,
    NotFoundError,
    PixelDataError,
    ProtocolError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseFormatError,
    ServerError,
    StatusError,
)

JSON, HTML, PNG = "application/json", "text/html; charset=utf-8", "image/png"

PAGE = b"<!DOCTYPE html><html><head><title>Log in</title></head><body>...</body></html>"

UNREAD = (ResponseFormatError, PixelDataError, DownloadError)
"""An answer that came, and isn't what was asked for."""

BROKEN = (ConnectionFailedError, ProtocolError, ResponseFormatError, DownloadError)
"""An answer that isn't whole, or can't be told to be."""


@dataclass(frozen=True, kw_only=True)
class FaultKind:
    """A fault, and the errors in which a question may end.

    Attributes
    ----------
    harmless
        Whether the right answer is the only right end.
    """

    name: str
    fault: Fault
    errors: tuple[type[IDRError], ...] = ()
    harmless: bool = False


def _instead(
    body: bytes, content_type: str = JSON, status: int = 200, **headers: str
) -> Instead:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return Instead(given=Answer(status, content_type, body, more))


def _status(status: int, *errors: type[IDRError]) -> FaultKind:
    return FaultKind(
        name=f"status {status}", fault=_instead(PAGE, HTML, status), errors=errors
    )


FAULTS: tuple[FaultKind, ...] = (
    # Nothing is wrong but the manner
    FaultKind(name="in chunks", fault=Chunked(), harmless=True),
    FaultKind(name="gzip", fault=Gzipped(), harmless=True),
    FaultKind(name="late by 0.1 s", fault=Late(delay_s=0.1), harmless=True),
    FaultKind(name="three interim answers", fault=Interim(times_sent=3), harmless=True),
    # It passes
    FaultKind(
        name="503 once",
        fault=Instead(times=1, given=Answer(503, HTML, PAGE)),
        harmless=True,
    ),
    FaultKind(name="dropped once", fault=Dropped(times=1), harmless=True),
    FaultKind(name="reset once", fault=ConnectionReset(times=1), harmless=True),
    FaultKind(
        name="429 once, again in 0 s", fault=Busy(times=1, retry_after=0), harmless=True
    ),
    # Refusals
    _status(400, StatusError),
    _status(401, StatusError),
    _status(403, StatusError, NotFoundError, PixelDataError),
    _status(404, NotFoundError, PixelDataError),
    _status(410, StatusError),
    _status(500, ServerError),
    _status(502, ServerError),
    _status(503, ServerError),
    FaultKind(
        name="429, again in an hour",
        fault=Busy(retry_after=3600),
        errors=(RateLimitedError,),
    ),
    FaultKind(
        name="429, again at an odd time",
        fault=Busy(retry_after="soon, ±¼"),
        errors=(RateLimitedError,),
    ),
    FaultKind(
        name="503 with a Retry-After of 400 digits",
        fault=Busy(retry_after="9" * 400, status=503),
        errors=(ServerError,),
    ),
    # Another answer
    FaultKind(
        name="204", fault=_instead(b"", JSON, 204), errors=(*UNREAD, StatusError)
    ),
    FaultKind(name="an empty body", fault=_instead(b""), errors=UNREAD),
    FaultKind(name="a login page", fault=_instead(PAGE, HTML), errors=UNREAD),
    FaultKind(name="HTML labelled JSON", fault=_instead(PAGE), errors=UNREAD),
    FaultKind(name="HTML labelled PNG", fault=_instead(PAGE, PNG), errors=UNREAD),
    FaultKind(name="JSON: null", fault=_instead(b"null"), errors=UNREAD),
    FaultKind(name="JSON: a number", fault=_instead(b"17"), errors=UNREAD),
    FaultKind(
        name="JSON of another shape",
        fault=_instead(b'{"data": {"a": [1]}, "results": 7}'),
        errors=UNREAD,
    ),
    FaultKind(name="half of a JSON", fault=_instead(b'{"data": [{"@'), errors=UNREAD),
    FaultKind(
        name="JSON that isn't UTF-8",
        fault=_instead(b'{"a": "\xff\xfe"}'),
        errors=UNREAD,
    ),
    FaultKind(
        name="JSON 100 000 lists deep", fault=_instead(b"[" * 100_000), errors=UNREAD
    ),
    FaultKind(
        name="JSON with a number of 5000 digits",
        fault=_instead(b'{"data": ' + b"9" * 5000 + b"}"),
        errors=UNREAD,
    ),
    FaultKind(name="noise", fault=_instead(bytes(range(256)) * 4), errors=UNREAD),
    # Redirects
    FaultKind(
        name="redirect to itself",
        fault=Redirected(),
        errors=(*UNREAD, StatusError, ConnectionFailedError),
    ),
    FaultKind(
        name="redirect to another host",
        fault=Redirected(host="http://198.51.100.7", target="/elsewhere"),
        errors=(*UNREAD, StatusError, ConnectionFailedError),
    ),
    FaultKind(
        name="redirect to a file",
        fault=Redirected(host="file://", target="/etc/passwd"),
        errors=(*UNREAD, StatusError, ConnectionFailedError),
    ),
    # What is said of the body isn't so
    FaultKind(name="gzip that lies", fault=Gzipped(kind="lying"), errors=BROKEN),
    FaultKind(
        name="gzip bomb of 2 GB",
        fault=Gzipped(kind="bomb", expands_to=2**31),
        errors=(*UNREAD, RequestTimeoutError),
    ),
    FaultKind(name="length + 10", fault=WrongLength(beyond=10), errors=BROKEN),
    FaultKind(
        name="length - 10",
        fault=WrongLength(beyond=-10),
        errors=(*BROKEN, PixelDataError),
    ),
    FaultKind(name="length -1", fault=WrongLength(text="-1"), errors=BROKEN),
    FaultKind(name="length many", fault=WrongLength(text="many"), errors=BROKEN),
    FaultKind(
        name="length 50 GB", fault=WrongLength(text="50000000000"), errors=BROKEN
    ),
    FaultKind(
        name="body without end",
        fault=Endless(),
        errors=(*BROKEN, PixelDataError),
    ),
    FaultKind(
        name="body without end or length",
        fault=Endless(framing="close"),
        errors=(*BROKEN, PixelDataError),
    ),
    # The line
    FaultKind(name="silent", fault=Silent(), errors=(RequestTimeoutError,)),
    FaultKind(
        name="silent in mid-body",
        fault=Silent(part="body"),
        errors=(RequestTimeoutError,),
    ),
    FaultKind(
        name="a byte of the head now and then",
        fault=Dripping(part="head"),
        errors=(RequestTimeoutError,),
    ),
    FaultKind(
        name="a byte of the body now and then",
        fault=Dripping(),
        errors=(RequestTimeoutError,),
    ),
    FaultKind(
        name="interim answers without end",
        fault=Interim(),
        errors=(ConnectionFailedError, ProtocolError),
    ),
    FaultKind(name="dropped", fault=Dropped(), errors=(ConnectionFailedError,)),
    FaultKind(name="cut short", fault=Truncated(), errors=(ConnectionFailedError,)),
    FaultKind(name="reset", fault=ConnectionReset(), errors=(ConnectionFailedError,)),
    FaultKind(name="no HTTP at all", fault=BadStatusLine(), errors=(ProtocolError,)),
)
"""Faults, harmless ones first."""
