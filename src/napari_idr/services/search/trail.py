"""The trail of what was looked at, to go back and forward."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

__all__ = ["MAX_STOPS", "Trail"]

T = TypeVar("T")

MAX_STOPS: Final = 50
"""Stops that are kept: each holds the lines that were found."""


class Trail(Generic[T]):
    """Stops in the order in which they were come to, and the one where one is.

    >>> trail = Trail()
    >>> trail.go("CDC20"), trail.go("PLK1")
    (None, None)
    >>> trail.back(), trail.can_go_back, trail.can_go_forward
    ('CDC20', False, True)
    """

    def __init__(self) -> None:
        self._stops: list[T] = []
        self._place = -1

    @property
    def current(self) -> T | None:
        """Where one is, None at the start."""
        return self._stops[self._place] if self._stops else None

    @property
    def can_go_back(self) -> bool:
        """Whether there is a stop before."""
        return self._place > 0

    @property
    def can_go_forward(self) -> bool:
        """Whether there is a stop after: one has gone back."""
        return self._place < len(self._stops) - 1

    def go(self, stop: T) -> None:
        """Come to a new stop; what was ahead is forgotten."""
        del self._stops[self._place + 1 :]
        self._stops.append(stop)
        del self._stops[:-MAX_STOPS]
        self._place = len(self._stops) - 1

    def amend(self, stop: T) -> None:
        """Put another in place of the stop where one is: more is known of it."""
        if self._stops:
            self._stops[self._place] = stop

    def back(self) -> T | None:
        """Go to the stop before, None if there is none."""
        return self._move(-1) if self.can_go_back else None

    def forward(self) -> T | None:
        """Go to the stop after, None if there is none."""
        return self._move(1) if self.can_go_forward else None

    def _move(self, by: int) -> T:
        self._place += by
        return self._stops[self._place]

    def clear(self) -> None:
        """Forget all stops: they are of another server."""
        self._stops.clear()
        self._place = -1
