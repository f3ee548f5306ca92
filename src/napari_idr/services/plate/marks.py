"""Marks on the wells of a mosaic: frames, or tints or dashes where they are small."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from numpy.typing import NDArray

    from napari_idr.tiles import MosaicLayout
    from napari_idr.tiles.mosaic import Point

    Place = tuple[int, int]
    Outline = tuple[Point, Point, Point, Point]

__all__ = ["Marks", "contrast_ratio", "is_tinted", "least_contrast", "plan_marks"]

HIT_COLOR = "#ffb000"
CONTROL_COLOR = "#4cc9f0"
SELECTED_COLOR = "#ffffff"
FAILED_COLOR = "#e0e0e0"
"""Orange and light blue differ for all common kinds of colour vision, and the marks
differ in shape as well: a frame for hits, corners for controls, a diagonal for wells
that failed, and round a selected well another frame, outside of all."""

LINING_COLOR = "#000000"
"""Of the second line of each frame: on bright thumbnails it is what one sees."""

TINT_OPACITY = 0.6
"""Of the colour on a small well; the thumbnail can still be seen through it."""

FRAMED_FROM_PX = 15
"""The least side of a framed well, in px of the screen: in a smaller one the frame
would hide as much as it shows."""

LINE_PX, THICKEST_PX = 2.0, 5.0
LINE_SHARE = 0.025
"""The width of a line in px of the screen, and of the side of a well in between."""

CORNER_SHARE = 0.25
"""Of each side of a frame, how much belongs to a corner."""

DASH_SHARE = 0.4
"""Of the width of a small well with a colour, how much a mark takes at its foot: that
of a hit from the left, and that of a control from the right."""

ZOOM_STEPS = 4
"""For each doubling of the zoom, how often the lines are drawn anew."""

Color = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Lines to draw on a mosaic, the later above the earlier.

    `vectors` are starts and directions in px of the mosaic, shape (n, 2, 2);
    `colors` are RGBA from 0 to 1, shape (n, 4); all lines are `width` px wide.
    """

    vectors: NDArray[np.float32]
    colors: NDArray[np.float32]
    width: float


def plan_marks(
    plan: MosaicLayout,
    *,
    hits: Collection[Place] = (),
    controls: Collection[Place] = (),
    failed: Collection[Place] = (),
    selected: Collection[Place] = (),
    outlines: Mapping[Place, Outline] | None = None,
    colored: bool = False,
    zoom: float,
) -> Marks:
    """Return the lines that mark wells at a zoom.

    Parameters
    ----------
    plan
        Where the wells lie.
    hits, controls, failed, selected
        The (row, column) of the wells to mark; `failed` ones failed quality control.
    outlines
        The corners of images that are framed within them, as others may touch.
    colored
        Whether wells have colours, which a tint would cover.
    zoom
        How many px of the screen a px of the mosaic takes.
    """
    zoom = stepped_zoom(zoom)
    tinted = is_tinted(plan, zoom)
    lines = _Lines(plan, _line_width(plan, zoom, tinted=tinted), outlines or {})
    for place in hits:
        if tinted and colored:
            lines.dash(place, HIT_COLOR, LINING_COLOR)
        elif tinted:
            lines.fill(place, HIT_COLOR)
        else:
            lines.frame(place, HIT_COLOR, outset=0)
            lines.frame(place, LINING_COLOR, outset=-1)
    found = set(hits)
    for place in controls:
        if not tinted:
            lines.frame(place, CONTROL_COLOR, outset=0, part=CORNER_SHARE)
            lines.frame(place, LINING_COLOR, outset=-1, part=CORNER_SHARE)
        elif colored:
            lines.dash(place, CONTROL_COLOR, LINING_COLOR, from_right=True)
        elif place not in found:
            lines.fill(place, CONTROL_COLOR)
    for place in failed:
        lines.strike(place, LINING_COLOR, aside=1)
        lines.strike(place, FAILED_COLOR, aside=0)
    near, far = (-1, -2) if outlines else (1, 2)
    for place in selected:
        lines.frame(place, SELECTED_COLOR, outset=near)
        lines.frame(place, LINING_COLOR, outset=far)
    return lines.marks()


def is_tinted(plan: MosaicLayout, zoom: float) -> bool:
    """Whether wells are so small on the screen that they are tinted, not framed.

    >>> from napari_idr.model import PlateGrid
    >>> from napari_idr.services.plate.mosaic import plan_mosaic
    >>> grid = PlateGrid(
    ...     plate_id=1, field=0, run=None, row_labels=("A",),
    ...     column_labels=("1",), cells=((None,),),
    ... )
    >>> plan = plan_mosaic(grid, cell_shape=(75, 96))
    >>> is_tinted(plan, 0.19), is_tinted(plan, 0.2)
    (True, False)
    """
    return min(plan.cell_shape) * zoom < FRAMED_FROM_PX


def stepped_zoom(zoom: float) -> float:
    """Return the zoom for which lines are drawn: it changes in steps of a fifth.

    >>> stepped_zoom(1.0), stepped_zoom(1.05), round(stepped_zoom(1.1), 2)
    (1.0, 1.0, 1.19)
    """
    if not (zoom > 0 and math.isfinite(zoom)):
        return 1.0
    return float(2 ** (round(ZOOM_STEPS * math.log2(zoom)) / ZOOM_STEPS))


def contrast_ratio(one: str, other: str) -> float:
    """Return the contrast of two colours, "#rrggbb", from 1 to 21.

    As WCAG 2.2 defines it: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio.

    >>> contrast_ratio("#000000", "#ffffff"), contrast_ratio("#123456", "#123456")
    (21.0, 1.0)
    """
    return _contrast(_luminance(one), _luminance(other))


def least_contrast(*colors: str) -> float:
    """Return the contrast of a mark of several colours on the worst of all grounds.

    On each ground, that of its colours counts which contrasts most.

    >>> round(least_contrast("#ffffff", "#000000"), 1), least_contrast("#000000")
    (4.6, 1.0)
    """
    luminances = [_luminance(color) for color in colors]
    grounds = np.linspace(0, 1, 1001).tolist()
    return min(max(_contrast(ground, one) for one in luminances) for ground in grounds)


def _contrast(one: float, other: float) -> float:
    low, high = sorted((one, other))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: str) -> float:
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in _rgba(color)[:3]
    ]
    red, green, blue = linear
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgba(color: str, opacity: float = 1.0) -> Color:
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue, opacity


def _line_width(plan: MosaicLayout, zoom: float, *, tinted: bool) -> float:
    """Return how wide lines are, in px of the mosaic."""
    height = plan.cell_shape[0]
    if tinted:  # so many lines side by side fill a well
        return height / max(1, round(height * zoom / LINE_PX))
    side = min(plan.cell_shape) * zoom
    return min(max(LINE_PX, LINE_SHARE * side), THICKEST_PX) / zoom


class _Lines:
    """Collects lines of one width."""

    def __init__(
        self, plan: MosaicLayout, width: float, outlines: Mapping[Place, Outline]
    ) -> None:
        self._plan = plan
        self._width = width
        self._outlines = outlines
        self._vectors: list[tuple[tuple[float, float], tuple[float, float]]] = []
        self._colors: list[Color] = []

    def frame(
        self, place: Place, color: str, *, outset: int, part: float = 1.0
    ) -> None:
        """Draw a frame round a well, in the middle of the gap; `outset` lines further.

        With a `part` below 1 only so much of each side is drawn, from every corner.
        """
        outline = self._outlines.get(place) or self._plan.outline(*place)
        (top, left), _, (bottom, right), _ = outline
        far = outset * self._width
        top, left, bottom, right = top - far, left - far, bottom + far, right + far
        height, width, half = bottom - top, right - left, self._width / 2
        for y, x, dy, dx in (
            (top, left, 0.0, width),
            (bottom, left, 0.0, width),
            (top, left, height, 0.0),
            (top, right, height, 0.0),
        ):
            # Half a line more at either end closes the corners.
            end_y, end_x = half * bool(dy), half * bool(dx)
            start = (y - end_y, x - end_x)
            side = (dy + 2 * end_y, dx + 2 * end_x)
            if part >= 1:
                self._add(start, side, color)
                continue
            piece = (side[0] * part, side[1] * part)
            self._add(start, piece, color)
            rest = (side[0] - piece[0], side[1] - piece[1])
            self._add((start[0] + rest[0], start[1] + rest[1]), piece, color)

    def strike(self, place: Place, color: str, *, aside: int) -> None:
        """Draw a well's diagonal from below left; `aside` lines further to the right.

        A cross is what a thumbnail has that didn't come.
        """
        y, x = self._plan.origin(*place)
        height, width = self._plan.cell_shape
        left = x - 0.5 + aside * self._width
        side = (float(-height), x + width - 0.5 - left)
        self._add((y + height - 0.5, left), side, color)

    def fill(self, place: Place, color: str) -> None:
        """Cover a well with lines side by side, through which it can be seen."""
        y, x = self._plan.origin(*place)
        height, width = self._plan.cell_shape
        for n in range(max(1, round(height / self._width))):
            middle = y - 0.5 + (n + 0.5) * self._width
            start, side = (middle, x - 0.5), (0.0, float(width))
            self._add(start, side, color, opacity=TINT_OPACITY)

    def dash(
        self, place: Place, color: str, lining: str, *, from_right: bool = False
    ) -> None:
        """Draw a short line at the foot of a well, and its lining above it.

        Where there is room for one line only, it has no lining.
        """
        y, x = self._plan.origin(*place)
        height, width = self._plan.cell_shape
        long = width * DASH_SHARE
        left = x - 0.5 + (width - long if from_right else 0.0)
        foot = y + height - 0.5 - self._width / 2
        if height > self._width:
            self._add((foot - self._width, left), (0.0, long), lining)
        self._add((foot, left), (0.0, long), color)

    def _add(
        self,
        start: tuple[float, float],
        side: tuple[float, float],
        color: str,
        *,
        opacity: float = 1.0,
    ) -> None:
        self._vectors.append((start, side))
        self._colors.append(_rgba(color, opacity))

    def marks(self) -> Marks:
        return Marks(
            vectors=np.array(self._vectors, np.float32).reshape(-1, 2, 2),
            colors=np.array(self._colors, np.float32).reshape(-1, 4),
            width=self._width,
        )


MARK_PAIRS: Iterable[tuple[str, str]] = (
    (HIT_COLOR, LINING_COLOR),
    (CONTROL_COLOR, LINING_COLOR),
    (SELECTED_COLOR, LINING_COLOR),
    (FAILED_COLOR, LINING_COLOR),
)
"""The colours of each double line; see `least_contrast`."""
