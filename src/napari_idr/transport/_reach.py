"""Whether servers can be reached, as their last answers and failures told."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.errors import ConnectionFailedError

logger = logging.getLogger(__name__)

ASK_AGAIN_S: Final = 30.0
"""So long nobody is asked who wasn't there; then one question finds out. A question to
an absent server takes seconds, and a plate has a hundred of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offline:
    """That a server can't be reached, and from when that is what was shown since.

    `oldest` and `newest` are when the answers were kept that stood in for it, in
    seconds since 1970; None where there was none.
    """

    oldest: float | None = None
    newest: float | None = None


class Reach:
    """Which of a client's servers can be reached. Thread-safe.

    The archive itself is None, an object store its origin.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._absent: dict[str | None, float] = {}  # and when they are asked again
        self._offline: Offline | None = None
        self._listeners: list[Callable[[], object]] = []

    @property
    def offline(self) -> Offline | None:
        """What is shown while the archive can't be reached; None while it can."""
        with self._lock:
            return self._offline

    def on_change(self, listener: Callable[[], object]) -> None:
        """Have a function called, in any thread, when `offline` has changed."""
        with self._lock:
            self._listeners.append(listener)

    def may_ask(self, origin: str | None) -> bool:
        """Tell whether a server may be asked; of one that is absent, now and then."""
        with self._lock:
            due = self._absent.get(origin)
            if due is None:
                return True
            if self._clock() < due:
                return False
            self._absent[origin] = self._clock() + ASK_AGAIN_S
            return True

    def ask_now(self) -> None:
        """Let all servers be asked at once: a person wishes it."""
        with self._lock:
            self._absent = dict.fromkeys(self._absent, 0.0)

    def failed(self, origin: str | None, error: ConnectionFailedError) -> None:
        """Note that no answer came; a server counts as absent if nobody was there."""
        if not error.nobody:
            return
        with self._lock:
            self._absent[origin] = self._clock() + ASK_AGAIN_S
            if origin is not None or self._offline is not None:
                return
            self._offline = Offline()
        logger.info("the server can't be reached: %s", error)
        self._tell()

    def answered(self, origin: str | None) -> None:
        """Note that an answer came from a server."""
        with self._lock:
            self._absent.pop(origin, None)
            if origin is not None or self._offline is None:
                return
            self._offline = None
            self._absent.clear()  # the way to the others may be free again, too
        logger.info("the server can be reached again")
        self._tell()

    def used(self, stored: float | None) -> None:
        """Note when an answer was kept that was used in place of the server's."""
        if stored is None:
            return
        with self._lock:
            before = self._offline
            if before is None:
                return
            oldest = stored if before.oldest is None else min(stored, before.oldest)
            newest = stored if before.newest is None else max(stored, before.newest)
            self._offline = replace(before, oldest=oldest, newest=newest)
            if self._offline == before:
                return
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()
