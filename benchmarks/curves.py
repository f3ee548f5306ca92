"""Curves of a run as a picture: an SVG file, drawn without any library."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH, PANEL = 760, 150
"""The size of a panel in px."""

LEFT, RIGHT, TOP, BOTTOM = 70, 20, 30, 26
"""Room around a panel for its numbers and its title, in px."""

COLORS = ("#1f77b4", "#888888", "#d62728", "#2ca02c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Points (x, y) with a name."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """Curves over one pair of axes; the vertical one begins at 0."""

    title: str
    x_label: str
    curves: Sequence[Curve]


def svg(panels: Sequence[Panel]) -> str:
    """Return panels, one below the other, as the text of an SVG file."""
    height = len(panels) * (TOP + PANEL + BOTTOM) + 8
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
            f'height="{height}" viewBox="0 0 {WIDTH} {height}" '
            'font-family="sans-serif" font-size="11">'
        ),
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
    ]
    for place, panel in enumerate(panels):
        parts += _panel(panel, place * (TOP + PANEL + BOTTOM) + TOP)
    return "\n".join([*parts, "</svg>", ""])


def nice_top(most: float) -> float:
    """Return a round number that isn't less, to be the upper end of an axis.

    >>> nice_top(0), nice_top(7), nice_top(830), nice_top(1010)
    (1.0, 10.0, 1000.0, 2000.0)
    """
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= most)


def _panel(panel: Panel, top: float) -> Iterable[str]:
    points = [point for curve in panel.curves for point in curve.points]
    x_most = max((x for x, _ in points), default=1.0) or 1.0
    y_most = nice_top(max((y for _, y in points), default=1.0))
    inner = WIDTH - LEFT - RIGHT

    def place(x: float, y: float) -> str:
        across = LEFT + inner * x / x_most
        return f"{across:.1f},{top + PANEL * (1 - y / y_most):.1f}"

    yield f'<text x="{LEFT}" y="{top - 10}" font-weight="bold">{escape(panel.title)}'
    yield "</text>"
    for part in (0.0, 0.5, 1.0):
        y = top + PANEL * (1 - part)
        yield (
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}" '
            'stroke="#dddddd"/>'
            f'<text x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{part * y_most:g}'
            "</text>"
        )
    for part, anchor in ((0.0, "start"), (1.0, "end")):
        yield (
            f'<text x="{LEFT + inner * part}" y="{top + PANEL + 15}" '
            f'text-anchor="{anchor}">{part * x_most:.4g}</text>'
        )
    middle = LEFT + inner / 2
    yield (
        f'<text x="{middle}" y="{top + PANEL + 15}" text-anchor="middle">'
        f"{escape(panel.x_label)}</text>"
    )
    for number, curve in enumerate(panel.curves):
        color = COLORS[number % len(COLORS)]
        path = " ".join(place(x, y) for x, y in curve.points)
        yield (
            f'<polyline points="{path}" fill="none" stroke="{color}" '
            'stroke-width="1.5"/>'
            f'<text x="{WIDTH - RIGHT - 150 * (len(panel.curves) - number - 1)}" '
            f'y="{top - 10}" text-anchor="end" fill="{color}">{escape(curve.name)}'
            "</text>"
        )
