"""Whether a session's server can be reached, and from when that is what is shown."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from napari_idr.errors import ConnectionFailedError, NotKeptError
from napari_idr.services.offline.pack_session import PackSession
from napari_idr.transport import Offline, OfflineTransport, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.cancel import CancelToken
    from napari_idr.services.session import Session

__all__ = ["day", "is_offline", "look_again", "offline_text", "on_change"]

ROOT = "api/v0/"
"""The smallest question to which a server tells something."""


def is_offline(session: Session) -> bool:
    """Tell whether a server can't be reached, so that what is kept is shown."""
    return _offline(session) is not None


def offline_text(session: Session) -> str:
    """Say where what is shown is from; "" where it comes from the server."""
    if isinstance(session, PackSession):
        info = session.pack.info
        return (
            f"From the pack “{info.title}”, made on {day(info.made)}; nobody is asked."
        )
    offline = _offline(session)
    return "" if offline is None else describe(offline)


def describe(offline: Offline) -> str:
    """Say from when that is what is shown.

    >>> describe(Offline())
    "Offline: the server can't be reached."
    >>> describe(Offline(oldest=0.0, newest=1e5)).startswith("From 1 Jan 1970 to")
    True
    """
    if offline.oldest is None or offline.newest is None:
        return "Offline: the server can't be reached."
    oldest, newest = day(offline.oldest), day(offline.newest)
    if oldest == newest:
        return f"From {newest}, offline: the server can't be reached."
    return f"From {oldest} to {newest}, offline: the server can't be reached."


def day(seconds: float) -> str:
    """Return the day of a time in seconds since 1970, as people write it.

    >>> day(43200.0)
    '1 Jan 1970'
    """
    told = time.localtime(seconds)
    return f"{told.tm_mday} {MONTHS[told.tm_mon - 1]} {told.tm_year}"


MONTHS = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
"""In English, as all that is shown, whatever the system's language."""


def on_change(session: Session, listener: Callable[[], object]) -> None:
    """Have a function called, in any thread, when the server comes or goes."""
    transport = session.client.transport
    if isinstance(transport, OfflineTransport):
        transport.reach.on_change(listener)


def ask_now(session: Session) -> None:
    """Let a server that wasn't there be asked with the next question."""
    transport = session.client.transport
    if isinstance(transport, OfflineTransport):
        transport.reach.ask_now()


def look_again(session: Session, *, cancel: CancelToken) -> bool:
    """Ask a server that wasn't there; tell whether it is back. One request."""
    transport = session.client.transport
    if not isinstance(transport, OfflineTransport):
        return False
    transport.reach.ask_now()
    try:
        transport.send(Request(path=ROOT, fresh=True), cancel=cancel)
    except (ConnectionFailedError, NotKeptError):
        return False
    return transport.reach.offline is None


def _offline(session: Session) -> Offline | None:
    transport = session.client.transport
    if isinstance(transport, OfflineTransport):
        return transport.reach.offline
    return None
