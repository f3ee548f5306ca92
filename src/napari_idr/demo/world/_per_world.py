"""A cache of what is computed from a world, as long as the world lives."""

import weakref
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from napari_idr.demo.world._world import World

T = TypeVar("T")


class PerWorld(Generic[T]):
    """Results of a function, one for each world; they mustn't refer to the world."""

    def __init__(self, make: Callable[[World], T]) -> None:
        self._make = make
        self._kept: dict[int, T] = {}
        self._lock = Lock()

    def __call__(self, world: World) -> T:
        """Return the result for a world, computed at the first call."""
        with self._lock:
            if id(world) not in self._kept:
                self._kept[id(world)] = self._make(world)
                weakref.finalize(world, self._kept.pop, id(world), None)
            return self._kept[id(world)]
