"""So many requests at once, no more."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.cancel import CancelToken
    from napari_idr.transport._base import Request, Response, Stream, Transport

LOOK_UP_S = 0.05
"""How often a request that waits for its turn looks at its token."""


class LimitedTransport:
    """Lets `at_once` requests through; the others wait, and can be cancelled.

    An open stream counts until it is closed, a retried request until it is done.
    """

    def __init__(self, inner: Transport, *, at_once: int) -> None:
        if at_once < 1:
            raise ValueError(f"at least one request at once, not {at_once}")
        self._inner = inner
        self._slots = threading.BoundedSemaphore(at_once)

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        """Return the answer when its turn has come."""
        with self._slot(cancel):
            return self._inner.send(request, cancel=cancel)

    @contextmanager
    def stream(self, request: Request, *, cancel: CancelToken) -> Iterator[Stream]:
        """Open an answer when its turn has come."""
        with (
            self._slot(cancel),
            self._inner.stream(request, cancel=cancel) as stream,
        ):
            yield stream

    def close(self) -> None:
        """Close what is inside."""
        self._inner.close()

    @contextmanager
    def _slot(self, cancel: CancelToken) -> Iterator[None]:
        cancel.check()
        while not self._slots.acquire(timeout=LOOK_UP_S):
            cancel.check()
        try:
            yield
        finally:
            self._slots.release()
