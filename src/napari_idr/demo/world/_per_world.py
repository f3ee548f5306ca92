"""What is made once from a world and kept as long as the world lives."""

import weakref
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from napari_idr.demo.world._world import World

T = TypeVar("T")


class PerWorld(Generic[T]):
    """Calls a function once for each world; what it makes mustn't hold the world."""

    def __init__(self, make: Callable[[World], T]) -> None:
        self._make = make
        self._kept: dict[int, T] = {}
        self._lock = Lock()

    def __call__(self, world: World) -> T:
        """Return what was made, making it at the first call."""
        with self._lock:
            if id(world) not in self._kept:
                self._kept[id(world)] = self._make(world)
                weakref.finalize(world, self._kept.pop, id(world), None)
            return self._kept[id(world)]
