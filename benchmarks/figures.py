"""A figure, its bound, and how two things are timed against each other."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How much is measured.

    The plates and images are those of the demo archive's own world; `one_by_one` is
    how many thumbnails are fetched singly, `view_px` the (y, x) size of a window
    onto a large image, `scrubbed` how many planes a slider passes.
    """

    rounds: int = 5
    delay_ms: int = 50
    thumbnail_ms: int = 8
    plate_id: int = 7202
    large_plate_id: int = 7301
    one_by_one: int = 96
    pyramid_id: int = 9301
    stack_id: int = 9102
    view_px: tuple[int, int] = (800, 1200)
    scrubbed: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a figure has to keep to."""

    sense: Literal["<=", ">="]
    limit: float

    def holds(self, value: float) -> bool:
        """Tell whether a value keeps to it."""
        return value <= self.limit if self.sense == "<=" else value >= self.limit

    def __str__(self) -> str:
        return f"{self.sense} {self.limit:g}"


def at_most(limit: float) -> Bound:
    """Return a bound that values must not exceed.

    >>> at_most(1.3).holds(1.4), str(at_most(1.3))
    (False, '<= 1.3')
    """
    return Bound(sense="<=", limit=limit)


def at_least(limit: float) -> Bound:
    """Return a bound that values must reach."""
    return Bound(sense=">=", limit=limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Something measured, once for each round; the median counts."""

    what: str
    values: tuple[float, ...]
    bound: Bound

    @property
    def median(self) -> float:
        """The value that is held against the bound."""
        return statistics.median(self.values)

    @property
    def kept(self) -> bool:
        """Whether the bound is kept."""
        return self.bound.holds(self.median)


def counted(what: str, count: float, bound: Bound) -> Figure:
    """Return a figure that is counted, and so the same in each round."""
    return Figure(what=what, values=(count,), bound=bound)


def alternately(
    one: Callable[[], object], other: Callable[[], object], *, rounds: int
) -> tuple[float, ...]:
    """Return how many times as long `one` takes as `other`, once for each round.

    Both run once before it counts. In each round one follows the other, and in each
    second round the other way round, so that what else the machine does, and what
    it does ever more slowly, befalls both.
    """
    one()
    other()
    ratios = []
    for number in range(rounds):
        if number % 2:
            bottom, top = _seconds(other), _seconds(one)
        else:
            top, bottom = _seconds(one), _seconds(other)
        ratios.append(top / bottom)
    return tuple(ratios)


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as lines of text.

    >>> print(table([counted("requests", 9, at_most(9))]))
    figure    median  lowest  highest  bound  verdict
    requests    9.00    9.00     9.00   <= 9  kept
    """
    shown = tuple(figures)
    width = max(len(one.what) for one in shown)
    lines = [
        f"{'figure':<{width}}  median  lowest  highest  {'bound':>5}  verdict",
        *(
            f"{one.what:<{width}}  {one.median:>6.2f}  {min(one.values):>6.2f}"
            f"  {max(one.values):>7.2f}  {one.bound!s:>5}"
            f"  {'kept' if one.kept else 'MISSED'}"
            for one in shown
        ),
    ]
    return "\n".join(lines)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
