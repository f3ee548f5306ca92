"""A flag that a caller raises and everything that waits looks at."""

from __future__ import annotations

import threading
import weakref

from napari_idr.errors import Cancelled

__all__ = ["NEVER", "CancelToken"]


class CancelToken:
    """Tells work in other threads that nobody waits for it any more.

    Thread-safe. Once cancelled it stays so.

    >>> token = CancelToken()
    >>> token.cancelled
    False
    >>> token.cancel()
    >>> token.check()
    Traceback (most recent call last):
    napari_idr.errors.Cancelled
    """

    __slots__ = ("__weakref__", "_children", "_event", "_lock")

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._children: weakref.WeakSet[CancelToken] = weakref.WeakSet()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` has been called."""
        return self._event.is_set()

    def cancel(self) -> None:
        """Raise the flag, and that of each child."""
        with self._lock:
            self._event.set()
            children = tuple(self._children)
        for child in children:
            child.cancel()

    def child(self) -> CancelToken:
        """Return a token that is cancelled with this one, or before it.

        It is for work that may lose its point while its caller still goes on.
        """
        child = CancelToken()
        with self._lock:
            self._children.add(child)
        if self.cancelled:
            child.cancel()
        return child

    def check(self) -> None:
        """Raise `Cancelled` if the flag is up."""
        if self._event.is_set():
            raise Cancelled

    def sleep(self, seconds: float) -> None:
        """Wait, or raise `Cancelled` as soon as the flag goes up."""
        if self._event.wait(max(0.0, seconds)):
            raise Cancelled


class _Never(CancelToken):
    """A token that nobody can cancel."""

    __slots__ = ()

    def cancel(self) -> None:
        """Refuse: this token is shared by all who never cancel."""
        raise TypeError("NEVER can't be cancelled; make a CancelToken")


NEVER = _Never()
"""The default of the public methods: work that runs to its end."""
