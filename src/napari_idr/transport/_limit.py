"""A bound on the requests that are under way with each host."""

from __future__ import annotations

import heapq
import itertools
import threading
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from napari_idr.cancel import wait_for
from napari_idr.errors import ConnectionFailedError
from napari_idr.transport._base import CLOSED, rest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.cancel import CancelToken
    from napari_idr.transport._base import Request, Response, Stream, Transport


class LimitedTransport:
    """Lets `at_once` requests through to each host, the most urgent first.

    The priority of a request is that of its token; of equal ones the first goes
    first. An open stream counts until it is closed, a retried request until it is
    done. It pickles if what is inside does, and is one for a process where it is
    unpickled.
    """

    def __init__(self, inner: Transport, *, at_once: int) -> None:
        if at_once < 1:
            raise ValueError(f"at least one request at once, not {at_once}")
        self._inner = inner
        self._at_once = at_once
        self._lock = threading.Lock()
        self._closed = False
        self._hosts: dict[str | None, HostLimit] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return _limited, (self._inner, self._at_once)

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        """Return the answer when its turn has come."""
        with self._host(request).slot(cancel):
            return self._inner.send(request, cancel=cancel)

    @contextmanager
    def stream(self, request: Request, *, cancel: CancelToken) -> Iterator[Stream]:
        """Open an answer when its turn has come."""
        with (
            self._host(request).slot(cancel),
            self._inner.stream(request, cancel=cancel) as stream,
        ):
            yield stream

    def rest(self) -> None:
        """Let what is inside rest."""
        rest(self._inner)

    def close(self) -> None:
        """Close what is inside; what waits for its turn ends with an error."""
        with self._lock:
            self._closed = True
            hosts = tuple(self._hosts.values())
        self._inner.close()
        for host in hosts:
            host.close()

    def _host(self, request: Request) -> HostLimit:
        with self._lock:
            if self._closed:
                raise ConnectionFailedError(CLOSED, url=request.origin)
            if (host := self._hosts.get(request.origin)) is None:
                host = self._hosts[request.origin] = HostLimit(self._at_once)
            return host


class HostLimit:
    """So many slots, and who waits for one."""

    def __init__(self, slots: int) -> None:
        self._changed = threading.Condition()
        self._free = slots
        self._numbers = itertools.count()
        self._waiting: list[tuple[int, int]] = []
        self._closed = False

    @contextmanager
    def slot(self, cancel: CancelToken) -> Iterator[None]:
        """Wait for a slot, and have it."""
        self._take(cancel)
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def close(self) -> None:
        """End the wait of all that wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _take(self, cancel: CancelToken) -> None:
        cancel.check()
        with self._changed:
            mine = (int(cancel.priority), next(self._numbers))
            heapq.heappush(self._waiting, mine)
            try:
                wait_for(
                    self._changed,
                    lambda: (
                        self._closed or (self._free > 0 and self._waiting[0] == mine)
                    ),
                    cancel=cancel,
                )
                if self._closed:
                    raise ConnectionFailedError(CLOSED)
                self._free -= 1
            finally:
                self._waiting.remove(mine)
                heapq.heapify(self._waiting)
                self._changed.notify_all()  # another one is the first now


@cache
def _limited(inner: Transport, at_once: int) -> LimitedTransport:
    return LimitedTransport(inner, at_once=at_once)
