"""Which headings of a mosaic can be seen, and where they are written."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_idr.services.image.layers import short_name
from napari_idr.services.plate.mosaic import Heading, PlatePlan

if TYPE_CHECKING:
    from napari_idr.tiles import MosaicLayout

ROOM_PX = 18
"""The least distance on the screen, in px, between two headings, or from the cells."""

DIGIT_PX, BETWEEN_PX = 8, 8
"""The width of a digit on the screen, and the least distance between two numbers."""

LETTER_PX = 10
"""The width of a letter of titles and notes on the screen; few are wider."""

LINE_PX = 22
"""From the numbers to the line above them on the screen: letters that reach low stay
clear of them."""

LINES_WITH_NOTE = 3
"""Above a plate: its numbers, its note, its title."""

STEPS = (1, 2, 4, 6, 8, 12, 24, 48)
"""Of how many rows or columns one has a heading; most divide the sizes of plates."""

ABOVE_SHARE, LEFT_SHARE = 0.17, 0.07
"""Of a plate's height and width, what is kept free for headings: on a plate that fills
a canvas of 500 px, enough for numbers and a title above and for letters beside it."""

TITLE_SHARES = 0.13, 0.06
"""Of the height and width of a mosaic without numbers, what is kept free above it:
where it fills a canvas of 500 by 1000 px, enough for a title and a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The part of a mosaic's world that is seen, in px of the mosaic.

    `zoom` is how many px of the screen a px of the mosaic takes.
    """

    top: float
    left: float
    bottom: float
    right: float
    zoom: float

    def shows(self, plan: MosaicLayout) -> bool:
        """Whether anything of a mosaic is in it."""
        height, width = plan.shape
        apart = self.top > height or self.left > width
        apart = apart or self.bottom < 0 or self.right < 0
        return not apart and self.zoom > 0 and math.isfinite(self.zoom)


def headings_in_view(
    plan: PlatePlan,
    view: View,
    *,
    title: str = "",
    note: str = "",
    above: float = math.inf,
) -> tuple[Heading, ...]:
    """Return as many headings as fit: beside the plate, or at the edge of the view.

    Where nothing of the plate is seen, none of them is.

    Parameters
    ----------
    plan
        Where the wells lie.
    view
        What is seen of them.
    title
        What the plate is called; the last heading, above all others.
    note
        A line below the title, where there is room for three; the last but one. What
        there is no room for is left out from its end.
    above
        How many px of the mosaic are free above it. Where they aren't enough for
        title and numbers, the numbers are left out, and then the title: they would
        lie on another plate.

    Examples
    --------
    >>> from napari_idr.model import PlateGrid
    >>> from napari_idr.services.plate.mosaic import plan_mosaic
    >>> grid = PlateGrid(
    ...     plate_id=1, field=0, run=None, row_labels=("A",),
    ...     column_labels=("1", "2"), cells=((None, None),),
    ... )
    >>> plan = plan_mosaic(grid, cell_shape=(96, 96))
    >>> near = View(top=-90, left=-90, bottom=100, right=290, zoom=1)
    >>> [heading.label for heading in headings_in_view(plan, near, title="Plate 7")]
    ['A', '1', '2', 'Plate 7']
    >>> headings_in_view(plan, View(top=0, left=300, bottom=90, right=390, zoom=1))
    ()
    """
    if not view.shows(plan):
        return ()
    width = plan.shape[1]
    room = ROOM_PX / view.zoom
    letter = LETTER_PX / view.zoom
    letters = int(min(width, view.right - view.left) / letter)
    name = short_name(title, letters)
    lines = above / room  # that there is room for
    # The letters keep their distance from the cells on the screen.
    top, left, beside = view.top + room / 1.5, view.left + room / 1.5, -room / 1.5
    half_digit = DIGIT_PX / 2 / view.zoom
    rows = heading_step(plan.pitch[0] * view.zoom, ROOM_PX)
    columns = heading_step(plan.pitch[1] * view.zoom, _number_room_px(plan))
    # Letters keep off the corner, where those of rows and columns would meet.
    below, beyond, edge = view.top + 2 * room, view.left + 2 * room, room / 1.5
    cell_height, cell_width = plan.cell_shape
    numbers = [
        replace(
            one,
            y=max(min(one.y, beside), top),
            x=_seen(one.x, cell_width - room, beyond, view.right - edge),
        )
        for one in plan.column_headings()[::columns]
    ]
    if lines < (2 if name else 1):
        numbers = []
    # Above the numbers if there are any, and not where the view begins below it.
    line = (LINE_PX if numbers else ROOM_PX) / view.zoom
    over = min([one.y for one in numbers] or [0.0]) - line
    is_titled = len(name) > 1 and lines >= 1 and over > view.top + room / 2
    told = begun(note, letters)
    is_noted = is_titled and len(told) > 1 and lines >= LINES_WITH_NOTE
    is_noted = is_noted and over - room > view.top + room / 2

    def middle(text: str) -> float:
        half = len(text) * letter / 2
        return _seen((width - 1) / 2, width, view.left + half, view.right - half)

    return (
        *(
            replace(
                one,
                x=max(min(one.x, beside - (len(one.label) - 1) * half_digit), left),
                y=_seen(one.y, cell_height - room, below, view.bottom - edge),
            )
            for one in plan.row_headings()[::rows]
        ),
        *numbers,
        *((Heading(label=told, y=over, x=middle(told)),) if is_noted else ()),
        *(
            (Heading(label=name, y=over - room * is_noted, x=middle(name)),)
            if is_titled
            else ()
        ),
    )


def begun(note: str, length: int) -> str:
    """Return as many parts of a note as there is room for; what says most comes first.

    >>> begun("Gene: KIF11 (24), BUB1 (20), missing (8)", 32)
    'Gene: KIF11 (24), BUB1 (20) …'
    >>> begun("Cells: 5 to 9", 32), begun("a single long word", 9)
    ('Cells: 5 to 9', 'a single…')
    """
    if len(note) <= length:
        return note
    whole, comma, _ = note[:length].rpartition(", ")
    return f"{whole} …" if comma else f"{note[: max(length - 1, 0)].rstrip()}…"


def heading_step(pitch_px: float, room_px: float) -> int:
    """Return that of how many rows or columns one has a heading, in a regular way.

    >>> heading_step(30, 24), heading_step(20, 24), heading_step(7, 24)
    (1, 2, 4)
    """
    needed = room_px / pitch_px
    return next((step for step in STEPS if step >= needed), STEPS[-1])


def heading_room(plan: MosaicLayout) -> tuple[float, float]:
    """Return how many px of a mosaic are kept free for headings: (above, left).

    Only a plate has letters at its left, and numbers above.
    """
    height, width = plan.shape
    if not isinstance(plan, PlatePlan):
        return max(TITLE_SHARES[0] * height, TITLE_SHARES[1] * width), 0.0
    cell_height, cell_width = plan.cell_shape
    return max(cell_height, ABOVE_SHARE * height), max(cell_width, LEFT_SHARE * width)


def _number_room_px(plan: PlatePlan) -> float:
    longest = max(map(len, plan.grid.column_labels), default=0)
    return max(ROOM_PX, longest * DIGIT_PX + BETWEEN_PX)


def _seen(middle: float, span: float, first: float, last: float) -> float:
    """Return the place nearest to a middle that is seen, within a span around it.

    >>> _seen(50, 80, 0, 40), _seen(50, 80, 70, 300), _seen(50, 80, 200, 300)
    (40, 70, 50)
    """
    half = max(span / 2, 0)
    low, high = max(first, middle - half), min(last, middle + half)
    return min(max(middle, low), high) if low <= high else middle
