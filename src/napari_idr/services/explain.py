"""Sentences for people that explain an error."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from napari_idr.errors import (
    Cancelled,
    ConnectionFailedError,
    DownloadError,
    IDRError,
    NotFoundError,
    PixelDataError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseFormatError,
    ServerError,
    StatusError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["can_retry", "explain"]

IDR_HOST = "idr.openmicroscopy.org"
"""The one server that people know by a name of its own."""


def explain(error: BaseException, *, host: str) -> str:
    """Return what happened and what can be done, in a sentence or two.

    Parameters
    ----------
    error
        What was caught; `Cancelled` gives "", as nobody waits for a word on it.
    host
        The server that was asked: a host, a host with its port, or an address.

    Examples
    --------
    >>> from napari_idr.errors import NotFoundError, RequestTimeoutError
    >>> explain(RequestTimeoutError("late"), host="idr.openmicroscopy.org")
    'The IDR is slow to answer. Try again in a minute.'
    >>> explain(NotFoundError("gone", kind="plate", id=42), host="127.0.0.1:4080")
    'The server 127.0.0.1:4080 has no plate 42.'
    """
    server = _server_name(host)
    for kind, message in _SENTENCES:
        if isinstance(error, kind):
            return message(error, server)
    if isinstance(error, ValueError | TypeError) and str(error) and _is_ours(error):
        return _sentence(str(error))
    return (
        f"Something went wrong that wasn't foreseen ({type(error).__name__}); "
        "napari's log has the details."
    )


def can_retry(error: BaseException) -> bool:
    """Return whether the same wish may come true a little later.

    >>> from napari_idr.errors import NotFoundError, ServerError
    >>> can_retry(ServerError("oops", status=502)), can_retry(NotFoundError("gone"))
    (True, False)
    """
    return isinstance(error, IDRError) and error.may_pass


def _server_name(host: str) -> str:
    name = (urlsplit(host).netloc if "://" in host else host.strip("/")).lower()
    return "The IDR" if name == IDR_HOST else f"The server {name}".rstrip()


def _sentence(message: str) -> str:
    """Begin with a capital and end with a full stop."""
    message = " ".join(message.split())
    message = message[:1].upper() + message[1:]
    return message if message.endswith((".", "?", "!")) else f"{message}."


def _is_ours(error: BaseException) -> bool:
    """Whether our own code raised it: then its message was written for people."""
    trace = error.__traceback__
    if trace is None:
        return True
    while trace.tb_next is not None:
        trace = trace.tb_next
    module = str(trace.tb_frame.f_globals.get("__name__", ""))
    return module.partition(".")[0] == __name__.partition(".")[0]


def _unreachable(error: ConnectionFailedError, server: str) -> str:
    del error
    if server == "The IDR":
        return f"{server} can't be reached. Check your connection."
    return f"{server} can't be reached. Check the address and your connection."


def _slow(error: RequestTimeoutError, server: str) -> str:
    del error
    return f"{server} is slow to answer. Try again in a minute."


def _not_there(error: NotFoundError, server: str) -> str:
    if error.kind is None:
        return f"{server} doesn't have what was asked for."
    if error.id is None:
        return f"{server} has no such {error.kind}."
    return f"{server} has no {error.kind} {error.id}."


def _too_fast(error: RateLimitedError, server: str) -> str:
    message = f"{server} asked us to slow down."
    if error.retry_after_s:
        return f"{message} Try again in {max(1, round(error.retry_after_s))} s."
    return message


def _server_fault(error: ServerError, server: str) -> str:
    del error
    return f"{server} has a problem of its own. Try again later."


def _refused(error: StatusError, server: str) -> str:
    return f"{server} refused the request ({error.status})."


def _unreadable(error: ResponseFormatError, server: str) -> str:
    del error
    return f"{server} answered in a way this version can't read."


def _no_pixels(error: PixelDataError, server: str) -> str:
    del server
    return f"This image can't be shown: {_after_colon(error)}"


def _not_stored(error: DownloadError, server: str) -> str:
    del server
    return f"The file can't be stored: {_after_colon(error)}"


def _some_failure(error: IDRError, server: str) -> str:
    return f"{server} couldn't be used: {_after_colon(error)}"


def _nothing(error: Cancelled, server: str) -> str:
    del error, server
    return ""


def _after_colon(error: IDRError) -> str:
    message = " ".join(error.message.split()) or "no reason is known"
    return message if message.endswith((".", "?", "!")) else f"{message}."


_SENTENCES: tuple[tuple[type[Exception], Callable[..., str]], ...] = (
    (RequestTimeoutError, _slow),
    (ConnectionFailedError, _unreachable),
    (NotFoundError, _not_there),
    (RateLimitedError, _too_fast),
    (ServerError, _server_fault),
    (StatusError, _refused),
    (ResponseFormatError, _unreadable),
    (PixelDataError, _no_pixels),
    (DownloadError, _not_stored),
    (IDRError, _some_failure),
    (Cancelled, _nothing),
)
"""The first class that fits speaks, so the narrow ones stand before the wide."""
