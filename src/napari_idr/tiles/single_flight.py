"""One thread makes a thing; the others that want it meanwhile wait for it."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


class SingleFlight(Generic[T]):
    """Keeps threads from making the same thing at the same time. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[Hashable, Future[T]] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what `make` returns, or what another thread's is returning now.

        What it raises is raised to all that wait; nothing is remembered.

        >>> SingleFlight[int]().get("answer", lambda: 42)
        42
        """
        with self._lock:
            others = self._made.get(key)
            if others is None:
                mine = self._made[key] = Future[T]()
        if others is not None:
            return others.result()
        try:
            thing = make()
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(thing)
            return thing
        finally:
            with self._lock:
                del self._made[key]
