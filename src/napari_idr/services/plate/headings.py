"""Which headings of a mosaic can be seen, and where they are written."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_idr.services.plate.mosaic import Heading, MosaicPlan

ROOM_PX = 18
"""The least distance on the screen, in px, between two headings, or from the cells."""


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


def headings_in_view(plan: MosaicPlan, view: View) -> tuple[Heading, ...]:
    """Return as many headings as fit: beside the plate, or at the edge of the view.

    Where nothing of the plate is seen, none of them is.

    >>> from napari_idr.model import PlateGrid
    >>> from napari_idr.services.plate.mosaic import plan_mosaic
    >>> grid = PlateGrid(
    ...     plate_id=1, field=0, run=None, row_labels=("A",),
    ...     column_labels=("1", "2"), cells=((None, None),),
    ... )
    >>> plan = plan_mosaic(grid, cell_shape=(96, 96))
    >>> near = View(top=-90, left=-90, bottom=100, right=290, zoom=1)
    >>> [heading.label for heading in headings_in_view(plan, near)]
    ['A', '1', '2']
    >>> headings_in_view(plan, View(top=0, left=300, bottom=90, right=390, zoom=1))
    ()
    """
    height, width = plan.shape
    apart = view.top > height or view.left > width or view.bottom < 0 or view.right < 0
    if apart or not (view.zoom > 0 and math.isfinite(view.zoom)):
        return ()
    room = ROOM_PX / view.zoom
    # The letters keep their distance from the cells on the screen.
    top, left, beside = view.top + room / 1.5, view.left + room / 1.5, -room / 1.5
    rows, columns = (max(1, math.ceil(room / pitch)) for pitch in plan.pitch)
    # Letters keep off the corner, where those of rows and columns would meet.
    below, beyond, edge = view.top + 2 * room, view.left + 2 * room, room / 1.5
    height, width = plan.cell_shape
    return (
        *(
            replace(
                one,
                x=max(min(one.x, beside), left),
                y=_seen(one.y, height - room, below, view.bottom - edge),
            )
            for one in plan.row_headings()[::rows]
        ),
        *(
            replace(
                one,
                y=max(min(one.y, beside), top),
                x=_seen(one.x, width - room, beyond, view.right - edge),
            )
            for one in plan.column_headings()[::columns]
        ),
    )


def _seen(middle: float, span: float, first: float, last: float) -> float:
    """Return the place nearest to a middle that is seen, within a span around it.

    >>> _seen(50, 80, 0, 40), _seen(50, 80, 70, 300), _seen(50, 80, 200, 300)
    (40, 70, 50)
    """
    half = max(span / 2, 0)
    low, high = max(first, middle - half), min(last, middle + half)
    return min(max(middle, low), high) if low <= high else middle
