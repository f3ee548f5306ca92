"""Tokens by which a caller tells other threads that it no longer waits."""

from __future__ import annotations

import logging
import threading
import weakref
from enum import IntEnum
from typing import TYPE_CHECKING

from napari_idr.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

__all__ = ["NEVER", "CancelHandle", "CancelToken", "Priority", "wait_for"]

logger = logging.getLogger(__name__)


class Priority(IntEnum):
    """How urgent work is; the smaller number goes first."""

    VISIBLE = 0
    """What a person looks at."""
    OPENING = 1
    """What a person just asked for."""
    READING = 2
    """What code reads through a layer."""
    AHEAD = 3
    """What may be wanted next."""


class CancelToken:
    """Tells work in other threads that nobody waits for it any more.

    Thread-safe. Once cancelled it stays so.

    Parameters
    ----------
    priority
        How urgent the work is that takes this token.

    Examples
    --------
    >>> token = CancelToken()
    >>> token.cancelled
    False
    >>> token.cancel()
    >>> token.check()
    Traceback (most recent call last):
    napari_idr.errors.Cancelled
    """

    __slots__ = (
        "__weakref__",
        "_callbacks",
        "_cancelled",
        "_children",
        "_lock",
        "_parent",
        "priority",
    )

    def __init__(self, priority: Priority = Priority.OPENING) -> None:
        self.priority = priority
        # Reentrant: the collector may end a generator, and with it remove a handle,
        # in a thread that is inside one of the methods here.
        self._lock = threading.RLock()
        self._cancelled = False
        self._callbacks: dict[CancelHandle, Callable[[], object]] = {}
        self._children: weakref.WeakSet[CancelToken] = weakref.WeakSet()
        # A child keeps its parent: else the chain from a grandparent could break.
        self._parent: CancelToken | None = None

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` has been called, of this token or of one above it.

        One above has its children cancelled one after the other; none of them may begin
        anything in between.
        """
        above = self._parent
        return self._cancelled or (above is not None and above.cancelled)

    def cancel(self) -> None:
        """Cancel this token and each child; call what waits for that."""
        with self._lock:
            self._cancelled = True
            callbacks = tuple(self._callbacks.values())
            self._callbacks.clear()
            children = tuple(self._children)
            self._children.clear()
        for callback in callbacks:
            _call(callback)
        for child in children:
            child.cancel()

    def child(self, priority: Priority | None = None) -> CancelToken:
        """Return a token that is cancelled with this one, or before it.

        It is for work that may lose its point while its caller still goes on. Its
        priority is this one's unless another is given.
        """
        child = CancelToken(self.priority if priority is None else priority)
        child._parent = self
        with self._lock:
            if not self._cancelled:
                self._children.add(child)
                return child
        child.cancel()
        return child

    def on_cancel(self, callback: Callable[[], object]) -> CancelHandle:
        """Call back once when this token is cancelled, at once if it is already.

        The callback runs in the cancelling thread and must not wait. The handle
        that is returned takes it back; one that has begun can't be.
        """
        handle = CancelHandle(self)
        with self._lock:
            if not self._cancelled:
                self._callbacks[handle] = callback
                return handle
        _call(callback)
        return handle

    def check(self) -> None:
        """Raise `Cancelled` if this token is cancelled."""
        if self.cancelled:
            raise Cancelled

    def sleep(self, seconds: float) -> None:
        """Wait, or raise `Cancelled` as soon as this token is cancelled."""
        woken = threading.Event()
        with self.on_cancel(woken.set):
            if woken.wait(max(0.0, seconds)):
                raise Cancelled


class CancelHandle:
    """A callback that waits for a token to be cancelled; a context manager."""

    __slots__ = ("_token",)

    def __init__(self, token: CancelToken) -> None:
        self._token = token

    def remove(self) -> None:
        """Take the callback back, if it hasn't been called."""
        with self._token._lock:
            self._token._callbacks.pop(self, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()


class _Never(CancelToken):
    """A token that nobody can cancel, and that therefore keeps nothing."""

    __slots__ = ()

    def cancel(self) -> None:
        """Refuse: this token is shared by all who never cancel."""
        raise TypeError("NEVER can't be cancelled; make a CancelToken")

    def child(self, priority: Priority | None = None) -> CancelToken:
        """Return a token that can be cancelled by itself alone."""
        return CancelToken(self.priority if priority is None else priority)

    def on_cancel(self, callback: Callable[[], object]) -> CancelHandle:
        """Return a handle of nothing: the callback would never be called."""
        return CancelHandle(self)


NEVER = _Never()
"""The default of the public methods: work that runs to its end."""


def wait_for(
    condition: threading.Condition,
    ready: Callable[[], bool],
    *,
    cancel: CancelToken,
    timeout_s: float | None = None,
) -> bool:
    """Wait on a condition until something is so, or the token is cancelled.

    The caller holds the condition, as for `Condition.wait_for`, and its lock is an
    `RLock`, as it is by default: cancelling takes it to wake the waiter.

    Parameters
    ----------
    condition
        Notified by whoever may have changed the answer of `ready`.
    ready
        Called with the condition held.
    cancel
        Ends the wait.
    timeout_s
        Longest wait, in seconds; None is without end.

    Returns
    -------
    bool
        What `ready` last said: False after a time-out alone.

    Raises
    ------
    Cancelled
        The token was cancelled, even where `ready` would say True by now.
    """

    def wake() -> None:
        with condition:
            condition.notify_all()

    with cancel.on_cancel(wake):
        so = condition.wait_for(lambda: cancel.cancelled or ready(), timeout=timeout_s)
    cancel.check()
    return so


def _call(callback: Callable[[], object]) -> None:
    try:
        callback()
    except Exception:  # the others have to be called as well
        logger.exception("a callback of a cancelled token failed")
