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
    onto a large image, `scrubbed` how many planes a slider passes,
    `gallery` what is searched for a gallery.
    """

    rounds: int = 5
    delay_ms: int = 50
    thumbnail_ms: int = 8
    plate_id: int = 7202
    large_plate_id: int = 7301
    compared_plate_id: int = 7101
    one_by_one: int = 96
    pyramid_id: int = 9301
    stack_id: int = 9102
    view_px: tuple[int, int] = (800, 1200)
    scrubbed: int = 50
    gallery: tuple[str, str] = ("organism", "Homo sapiens")


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
    """Something measured, once for each round; the median counts.

    `floor` is what it is held against, in words: what the thing below the ratio took
    in this run, or the best that a count can be.
    """

    what: str
    values: tuple[float, ...]
    bound: Bound
    floor: str

    @property
    def median(self) -> float:
        """The value that is held against the bound."""
        return statistics.median(self.values)

    @property
    def kept(self) -> bool:
        """Whether the bound is kept."""
        return self.bound.holds(self.median)


def counted(what: str, count: float, bound: Bound, *, floor: float = 0) -> Figure:
    """Return a figure that is counted, and so the same in each round."""
    return Figure(what=what, values=(count,), bound=bound, floor=f"{floor:g}")


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many times as long one thing took as another, once for each round."""

    ratios: tuple[float, ...]
    floor_s: float

    def figure(self, what: str, bound: Bound, *, times: float = 1.0) -> Figure:
        """Return it as a figure; the ratios are multiplied by `times`."""
        return Figure(
            what=what,
            values=tuple(ratio * times for ratio in self.ratios),
            bound=bound,
            floor=milliseconds(1000 * self.floor_s),
        )


def alternately(
    one: Callable[[], object], other: Callable[[], object], *, rounds: int
) -> Comparison:
    """Time one thing against another, which is the floor.

    Both run once before it counts. In each round one follows the other, and in each
    second round the other way round, so that what else the machine does, and what
    it does ever more slowly, befalls both.
    """
    one()
    other()
    tops, bottoms = [], []
    for number in range(rounds):
        if number % 2:
            bottoms.append(_seconds(other))
            tops.append(_seconds(one))
        else:
            tops.append(_seconds(one))
            bottoms.append(_seconds(other))
    ratios = tuple(top / bottom for top, bottom in zip(tops, bottoms, strict=True))
    return Comparison(ratios, statistics.median(bottoms))


def milliseconds(value: float) -> str:
    """Return a time as a floor has it.

    >>> milliseconds(41.7)
    '42 ms'
    """
    return f"{value:.0f} ms"


def table(figures: Iterable[Figure]) -> str:
    """Return the figures as lines of text; the spread is from lowest to highest.

    >>> print(table([counted("requests", 9, at_most(9), floor=9)]))
    figure      floor  median           spread  bound  verdict
    requests        9    9.00     9.00 .. 9.00   <= 9  kept
    """
    shown = tuple(figures)
    width = max(len(one.what) for one in shown)
    columns = f"  {'floor':>7}  median  {'spread':>15}  {'bound':>5}  verdict"
    lines = [f"{'figure':<{width}}{columns}"]
    for one in shown:
        spread = f"{min(one.values):.2f} .. {max(one.values):.2f}"
        verdict = "kept" if one.kept else "MISSED"
        lines.append(
            f"{one.what:<{width}}  {one.floor:>7}  {one.median:>6.2f}  {spread:>15}"
            f"  {one.bound!s:>5}  {verdict}"
        )
    return "\n".join(lines)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
