"""The transports of a client, one inside the other."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_idr.transport._base import rest
from napari_idr.transport._cache import CachingTransport, KeepRule
from napari_idr.transport._limit import LimitedTransport
from napari_idr.transport._offline import OfflineTransport
from napari_idr.transport._packs import PACKS_FOLDER, PackShelf
from napari_idr.transport._store import (
    MAX_STORE_BYTES,
    PIXELS_FILE_NAME,
    AnswerStore,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from napari_idr.cancel import CancelToken
    from napari_idr.transport._base import Request, Response, Stream, Transport

MAX_PIXELS_BYTES = 2 * 1024**3
"""Tiles and chunks that were seen, and what searches found, for when the server can't
be reached: some hundred images. The oldest go first."""


def open_transport(
    address: str,
    *,
    cache: bool | Path,
    rules: Sequence[KeepRule],
    at_once: int,
    timeout_s: float,
    cache_bytes: int = MAX_STORE_BYTES,
    contact: str = "",
    offline: Sequence[KeepRule] | None = None,
) -> Transport:
    """Return what carries requests to a server; nothing is sent yet.

    `cache` says whether answers are remembered, or in which directory; `rules`
    say which; they take `cache_bytes` at most. `at_once` bounds the requests under way
    with each host, `timeout_s` the silence of a server. With `offline`, answers of any
    age are used where the server can't be reached, and those are kept for this that its
    rules name. It pickles as its settings, without what is remembered.
    """
    late = LateTransport(
        address, timeout_s=timeout_s, connections=at_once, contact=contact
    )
    limited = LimitedTransport(late, at_once=at_once)
    if cache is False:
        return limited
    directory = cache if isinstance(cache, Path) else cache_directory()
    answers, pixels = answer_stores(directory, max_bytes=cache_bytes)
    # A remembered answer costs no slot.
    caching = CachingTransport(limited, address=address, store=answers, rules=rules)
    if offline is None:
        return caching
    return OfflineTransport(
        caching,
        address=address,
        stores=(answers, pixels),
        rules=(*offline, *rules),
        shelf=PackShelf(directory / PACKS_FOLDER, address),
    )


def answer_stores(
    directory: Path, *, max_bytes: int = MAX_STORE_BYTES
) -> tuple[AnswerStore, AnswerStore]:
    """Return where a directory's answers are, and where its pixels; none is opened.

    The answers take `max_bytes` at most.
    """
    pixels = AnswerStore(
        directory, file_name=PIXELS_FILE_NAME, max_bytes=MAX_PIXELS_BYTES
    )
    return AnswerStore(directory, max_bytes=max_bytes), pixels


class LateTransport:
    """An `HttpTransport` that is made for the first request. Thread-safe.

    Making one loads requests, for which a program that has asked nothing yet needn't
    wait. It pickles as its settings, and is one for a process where it is unpickled.
    """

    def __init__(
        self, address: str, *, timeout_s: float, connections: int, contact: str = ""
    ) -> None:
        self._settings = (address, timeout_s, connections, contact)
        self._lock = threading.Lock()
        self._made: Transport | None = None
        self._closed = False

    def __reduce__(self) -> tuple[Any, ...]:
        return _late, self._settings

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        """Return the answer, whatever its status."""
        cancel.check()
        return self._inner().send(request, cancel=cancel)

    def stream(
        self, request: Request, *, cancel: CancelToken
    ) -> AbstractContextManager[Stream]:
        """Open an answer of any size."""
        return self._inner().stream(request, cancel=cancel)

    def rest(self) -> None:
        """Close idle connections, if there are any."""
        with self._lock:
            made = self._made
        if made is not None:
            rest(made)

    def close(self) -> None:
        """Let go of connections; what is sent later ends with an error."""
        with self._lock:
            self._closed = True
            made = self._made
        if made is not None:
            made.close()

    def _inner(self) -> Transport:
        with self._lock:
            if self._made is None:
                from napari_idr.transport._http import HttpTransport

                address, timeout_s, connections, contact = self._settings
                self._made = HttpTransport(
                    address,
                    timeout_s=timeout_s,
                    connections=connections,
                    contact=contact,
                )
                if self._closed:
                    self._made.close()
            return self._made


@cache
def _late(
    address: str, timeout_s: float, connections: int, contact: str
) -> LateTransport:
    return LateTransport(
        address, timeout_s=timeout_s, connections=connections, contact=contact
    )


def cache_directory() -> Path:
    """Return where answers are kept, if nothing else is said."""
    from platformdirs import user_cache_path

    return user_cache_path("napari-idr")
