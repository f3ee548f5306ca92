"""Sentences for people that explain an error."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from napari_idr.errors import (
    BrokenAnswerError,
    Cancelled,
    CertificateError,
    ConnectionFailedError,
    DownloadError,
    IDRError,
    MovedError,
    NotFoundError,
    NotKeptError,
    PackError,
    PageError,
    PixelDataError,
    ProtocolError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseFormatError,
    ServerError,
    StatusError,
    WrongServerError,
)
from napari_idr.services.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["can_retry", "explain"]

logger = logging.getLogger(__name__)

IDR_HOST: Final = "idr.openmicroscopy.org"
"""The one server that people know by a name of its own."""

LONGEST_SAID_S: Final = 86_400.0
"""Who is told to come back after more than a day isn't told when."""

MINUTES_FROM_S: Final = 120.0
"""From here on a pause is told in minutes."""

ADDRESS: Final = re.compile(r"<[^<>]* at 0x[0-9a-fA-F]+>|\b0x[0-9a-fA-F]{6,}")
"""What Python calls an object of which it knows no more than where it is."""


def explain(error: BaseException, *, host: str) -> str:
    """Return what happened and what can be done, in a sentence or two.

    Parameters
    ----------
    error
        What was caught; `Cancelled` gives "", as nobody waits for a word on it.
    host
        The archive's server: a host, a host with its port, or an address. Where an
        error is of another host, that is the store of the pixels, and is named.

    Examples
    --------
    >>> from napari_idr.errors import NotFoundError, RequestTimeoutError
    >>> explain(RequestTimeoutError("late"), host="idr.openmicroscopy.org")
    'The IDR is slow to answer. Try again in a minute.'
    >>> explain(NotFoundError("gone", kind="plate", id=42), host="127.0.0.1:4080")
    'The server 127.0.0.1:4080 has no plate 42.'
    """
    try:
        return plain_text(ADDRESS.sub("…", _explanation(error, host)))
    # Whatever was caught, and however odd, people must be told something.
    except Exception:
        logger.debug("an error that explains itself badly", exc_info=True)
        return _unforeseen(error)


def can_retry(error: BaseException) -> bool:
    """Return whether the same wish may come true a little later.

    A page of a login or of a repair isn't asked for again by itself. But a person may
    know what it says, and that it has gone.

    >>> from napari_idr.errors import NotFoundError, ServerError
    >>> can_retry(ServerError("oops", status=502)), can_retry(NotFoundError("gone"))
    (True, False)
    """
    if isinstance(error, NotKeptError) and error.pack is not None:
        return False
    return isinstance(error, IDRError) and (
        error.may_pass or isinstance(error, PageError)
    )


def _explanation(error: BaseException, host: str) -> str:
    for kind, message in _SENTENCES:
        if isinstance(error, kind):
            return message(error, _asked(error, host))
    if isinstance(error, ValueError | TypeError) and str(error) and _is_ours(error):
        return _sentence(str(error))
    return _unforeseen(error)


def _unforeseen(error: BaseException) -> str:
    return (
        f"Something went wrong that wasn't foreseen ({type(error).__name__}); "
        "napari's log has the details."
    )


def _asked(error: BaseException, host: str) -> str:
    """Return who was asked: the archive, or the store that holds the pixels."""
    url, name = getattr(error, "url", None), _place(host)
    if url and (place := _place(url)) and place != name:
        return f"{STORE} {place}"
    return "The IDR" if name == IDR_HOST else f"The server {name}".rstrip()


def unread_note(error: BaseException) -> str:
    """Say on the card of an image why no more is known of it.

    >>> unread_note(NotKeptError("not kept"))
    "Its size and channels aren't kept on this computer."
    """
    if isinstance(error, NotKeptError):
        where = "in the pack" if error.pack is not None else "kept on this computer"
        return f"Its size and channels aren't {where}."
    return "Its size and channels couldn't be read."


STORE: Final = "The object store"


def _place(address: str) -> str:
    """Return the host of an address, with its port if it has one, "" for none."""
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
    except ValueError:
        return ""
    return parts.netloc.rpartition("@")[2].lower()


def _sentence(message: str) -> str:
    """Begin with a capital, or the name of a file as it is; end with a full stop."""
    message = " ".join(message.split())
    if "." not in message.partition(" ")[0].rstrip("."):
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
    if server.startswith(STORE):
        return f"{server} can't be reached; it may be down. Try again later."
    return f"{server} can't be reached. Check the address and your connection."


def _not_kept(error: NotKeptError, server: str) -> str:
    if error.pack is not None:
        return (
            f"This isn't in the pack “{error.pack}”. "
            "Choose its server above to ask there."
        )
    return (
        f"{server} can't be reached, and this isn't kept on this computer. "
        "It comes when the server is back."
    )


def _bad_pack(error: PackError, server: str) -> str:
    del server
    return f"The pack can't be used: {_after_colon(error)}"


def _slow(error: RequestTimeoutError, server: str) -> str:
    if not error.connected:
        return _unreachable(error, server)
    return f"{server} is slow to answer. Try again in a minute."


def _broken_off(error: BrokenAnswerError, server: str) -> str:
    del error
    return f"{server} broke off before its answer was whole. Try again."


def _untrusted(error: CertificateError, server: str) -> str:
    del error
    return (
        f"{server} can't prove who it is: its certificate isn't valid. "
        "Check the address and this computer's date."
    )


def _no_http(error: ProtocolError, server: str) -> str:
    if error.speaks == "https":
        return f"{server} wants a secure connection: begin its address with https://."
    if error.speaks == "http":
        return f"{server} has no secure connection: try its address with http://."
    return f"{server} doesn't answer as a web server does. Check the address."


def _moved(error: MovedError, server: str) -> str:
    if not error.place:
        return f"{server} sends us to another server, which isn't followed."
    return (
        f"{server} sends us to {error.place}, which isn't followed unasked. "
        "If you know that server, type its address."
    )


def _page(error: PageError, server: str) -> str:
    del error
    return (
        f"{server} sent a web page where data is due: "
        "it may want a login, or be under repair."
    )


def _wrong_server(error: WrongServerError, server: str) -> str:
    del error
    return f"{server} answers, but it is no archive of images (OMERO.web)."


def _not_there(error: NotFoundError, server: str) -> str:
    if error.kind is None:
        return f"{server} doesn't have what was asked for."
    if error.id is None:
        return f"{server} has no such {error.kind}."
    return f"{server} has no {error.kind} {error.id}."


def _too_fast(error: RateLimitedError, server: str) -> str:
    message = f"{server} asked us to slow down."
    wish_s = error.retry_after_s
    if wish_s is None or not 0 < wish_s <= LONGEST_SAID_S:
        return message
    if wish_s < MINUTES_FROM_S:
        return f"{message} Try again in {max(1, round(wish_s))} s."
    return f"{message} Try again in {round(wish_s / 60)} min."


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
    told = _after_colon(error)
    # Some errors name the file and what can't be done with it by themselves.
    return told if " can't be " in told else f"The file can't be stored: {told}"


def _some_failure(error: IDRError, server: str) -> str:
    told = _after_colon(error)
    if error.url is not None:
        return f"{server} couldn't be used: {told}"
    return _sentence(told)  # no server was asked; it is of a file, for one


def _nothing(error: Cancelled, server: str) -> str:
    del error, server
    return ""


def _after_colon(error: IDRError) -> str:
    message = " ".join(error.message.split()) or "no reason is known"
    return message if message.endswith((".", "?", "!")) else f"{message}."


_SENTENCES: tuple[tuple[type[Exception], Callable[..., str]], ...] = (
    (RequestTimeoutError, _slow),
    (BrokenAnswerError, _broken_off),
    (CertificateError, _untrusted),
    (NotKeptError, _not_kept),
    (ConnectionFailedError, _unreachable),
    (NotFoundError, _not_there),
    (RateLimitedError, _too_fast),
    (ServerError, _server_fault),
    (StatusError, _refused),
    (ProtocolError, _no_http),
    (MovedError, _moved),
    (PageError, _page),
    (WrongServerError, _wrong_server),
    (ResponseFormatError, _unreadable),
    (PixelDataError, _no_pixels),
    (DownloadError, _not_stored),
    (PackError, _bad_pack),
    (IDRError, _some_failure),
    (Cancelled, _nothing),
)
"""The first class that fits speaks, so the narrow ones stand before the wide."""
