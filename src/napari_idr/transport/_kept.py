"""Parts of objects that several reads want: asked for once, and kept for a while."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Hashable
    from typing import Any

T = TypeVar("T")

MAX_BYTES = 64 * 2**20
"""Some tens of chunks as they are stored, compressed: those of one view."""

ENTRY_BYTES = 500
"""What an entry takes by itself, so that missing chunks are bounded as well."""


@dataclass(slots=True)
class _Flight(Generic[T]):
    """A part on its way, and how many wait for it."""

    task: asyncio.Task[T]
    waiting: int = 0


class Kept(Generic[T]):
    """Shares what is on its way, and keeps what came, the least used going first.

    It belongs to the tasks of one event loop. What failed isn't kept.

    Parameters
    ----------
    size
        Tells how many bytes a part has.
    max_bytes
        What all that is kept may take.
    """

    def __init__(self, size: Callable[[T], int], max_bytes: int = MAX_BYTES) -> None:
        self._size = size
        self._max_bytes = max_bytes
        self._bytes = 0
        self._flights: dict[Hashable, _Flight[T]] = {}
        self._parts: OrderedDict[Hashable, T] = OrderedDict()

    async def get(
        self,
        key: Hashable,
        ask: Callable[[], Coroutine[Any, Any, T]],
        wait: Callable[[asyncio.Task[T]], Awaitable[T]],
    ) -> T:
        """Return a part: kept, on its way, or asked for now.

        Parameters
        ----------
        key
            What tells it from other parts.
        ask
            Asks for it. Once nobody waits for it any more, that is cancelled.
        wait
            Waits for it on behalf of one caller, who may give up meanwhile.
        """
        if key in self._parts:
            self._parts.move_to_end(key)
            return self._parts[key]
        if (flight := self._flights.get(key)) is None:
            flight = self._flights[key] = _Flight(asyncio.ensure_future(ask()))
        flight.waiting += 1
        try:
            part = await wait(flight.task)
        finally:
            flight.waiting -= 1
            done = flight.task.done()
            if not done and not flight.waiting:
                flight.task.cancel()
            if (done or not flight.waiting) and self._flights.get(key) is flight:
                del self._flights[key]
        if key not in self._parts:
            self._keep(key, part)
        return part

    def _keep(self, key: Hashable, part: T) -> None:
        if (taken := self._size(part) + ENTRY_BYTES) > self._max_bytes:
            return
        self._parts[key] = part
        self._bytes += taken
        while self._bytes > self._max_bytes:
            _, oldest = self._parts.popitem(last=False)
            self._bytes -= self._size(oldest) + ENTRY_BYTES
