"""Lines and files that nobody has used for a while are let go of."""

from __future__ import annotations

import threading
import time
import weakref
from typing import TYPE_CHECKING

from napari_idr.threads import call_later

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.threads import Timer


class IdleTimer:
    """Calls back when something hasn't been used for a while. Thread-safe.

    It costs one look at the clock for each use, however many there are, and doesn't
    keep what it calls alive.

    Parameters
    ----------
    idle_s
        How long, in seconds.
    let_go
        A method, called in the thread of the timers, so it must not wait.
    """

    def __init__(self, idle_s: float, let_go: Callable[[], object]) -> None:
        self._idle_s = idle_s
        self._let_go = weakref.WeakMethod(let_go)
        # Reentrant: the collector may end a stream, a use, in a thread that has it.
        self._lock = threading.RLock()
        self._used = 0.0
        self._timer: Timer | None = None
        self._stopped = False

    def used(self) -> None:
        """Note that it was used just now."""
        with self._lock:
            self._used = time.monotonic()
            if self._timer is None and not self._stopped:
                self._wait(self._idle_s)

    def stop(self) -> None:
        """Call back no more."""
        with self._lock:
            self._stopped = True
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _wait(self, seconds: float) -> None:
        this = weakref.WeakMethod(self._look)

        def look() -> None:
            if (method := this()) is not None:
                method()

        self._timer = call_later(seconds, look)

    def _look(self) -> None:
        """Call back, or wait on for as long as it was used since."""
        with self._lock:
            if self._stopped:
                return
            self._timer = None
            left = self._used + self._idle_s - time.monotonic()
            if left > 0:
                self._wait(left)
                return
            let_go = self._let_go()
        if let_go is not None:
            let_go()
