"""Lines in a plot, as SVG: enough to see whether something grows in a straight line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN = 480, 300, 48
COLORS = ("#0072b2", "#d55e00")
"""Two that differ for all kinds of colour vision."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and what it is called; `points` are (x, y), neither below 0."""

    name: str
    points: tuple[tuple[float, float], ...]


def line_plot(title: str, lines: Sequence[Line]) -> str:
    """Return lines from the origin on as an SVG picture.

    >>> picture = line_plot("s, by wells", [Line("here", ((96, 1.0), (384, 2.0)))])
    >>> picture.count("<circle"), "by wells" in picture
    (2, True)
    """
    right = max(x for line in lines for x, _ in line.points)
    top = max(y for line in lines for _, y in line.points)

    def at(x: float, y: float) -> tuple[float, float]:
        across = MARGIN + x / right * (WIDTH - 2 * MARGIN)
        return round(across, 1), round(HEIGHT - MARGIN - y / top * _TALL, 1)

    parts = [_text(MARGIN, MARGIN / 2, title)]
    left, bottom = at(0, 0)
    parts.append(
        f'<path d="M{left},{MARGIN} V{bottom} H{WIDTH - MARGIN}" fill="none" '
        'stroke="#777"/>'
    )
    ticks = {x for line in lines for x, _ in line.points}
    parts += [_text(at(x, 0)[0], bottom + 16, f"{x:g}", "middle") for x in ticks]
    parts += [
        _text(left - 6, at(0, y)[1] + 4, f"{y:.2g}", "end") for y in (0, top / 2, top)
    ]
    for number, line in enumerate(lines):
        color = COLORS[number % len(COLORS)]
        path = " ".join(f"{x},{y}" for x, y in (at(*point) for point in line.points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}"/>')
        parts += [
            f'<circle cx="{x}" cy="{y}" r="3" fill="{color}"/>'
            for x, y in (at(*point) for point in line.points)
        ]
        y = MARGIN + 16 * (number + 1)
        parts.append(_text(MARGIN + 12, y, line.name, color=color))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>\n{body}\n</svg>\n'
    )


_TALL = HEIGHT - 2 * MARGIN


def _text(
    x: float, y: float, text: str, anchor: str = "start", color: str = "#222"
) -> str:
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{color}">'
        f"{escape(text)}</text>"
    )
