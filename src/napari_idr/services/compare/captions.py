"""Captions of images side by side: as much of each as its cell has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.model import PixelSource
from napari_idr.services.compare.plan import NOT_COMPARABLE
from napari_idr.services.compare.wish import MAX_CELLS
from napari_idr.services.image.layers import short_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_idr.errors import IDRError
    from napari_idr.model import ImageId
    from napari_idr.services.compare.plan import ComparePlan

__all__ = ["captions", "cell_message"]

LETTER_PX = 8.0
"""How wide a letter of a caption is on the screen, about."""

LINE_PX = 19.0
"""How high a line is."""

ROOM_ABOVE = 1.2
"""Between two strips, in parts of a cell's height: captions and the strip's own."""

FEWEST_LETTERS = 8
"""Captions that are shorter tell nothing."""

DIDNT_COME = "pixels didn't come"


def captions(
    plan: ComparePlan,
    sources: Mapping[ImageId, PixelSource | IDRError],
    zoom: float,
) -> tuple[str, ...]:
    """Return the caption of each image, lines below each other, "" without room.

    More than `MAX_CELLS` have none: napari takes long to write so many.

    What can't be compared is the first line. So many lines are written as there is
    room for below the row above, or below the strip above; into images that lie where
    the stage was, as many as leave most of them free.

    Parameters
    ----------
    plan
        What is compared.
    sources
        Where pixels come from, or why they don't, as far as known.
    zoom
        How many px of the screen a px of the smallest level takes.
    """
    letters = int(plan.layout.pitch[1] * zoom / LETTER_PX)
    between = max(1, int(plan.layout.row_gap_px * zoom / LINE_PX))
    # A line is the strip's own.
    above = max(1, int(room_above_px(plan) * zoom / LINE_PX) - 1)
    if letters < FEWEST_LETTERS or len(plan.cells) > MAX_CELLS:
        return ("",) * len(plan.cells)
    found = []
    for cell, lines in zip(plan.cells, plan.captions, strict=True):
        said = (badge(sources.get(cell.image_id)), *lines)
        said = tuple(_cut(line, letters) for line in said if line)
        is_free = not cell.cell.row and not plan.is_on_stage
        found.append("\n".join(said[: above if is_free else between]))
    return tuple(found)


def room_above_px(plan: ComparePlan) -> float:
    """Return what is free above a strip for captions, in px of the smallest level."""
    return ROOM_ABOVE * plan.layout.cell_shape[0]


def heading_px(texts: Sequence[str], rows: Sequence[int], zoom: float) -> float:
    """Return how far above the first row the strip's own heading stands.

    `texts` are the captions, `rows` the row of each; for `zoom` see `captions`.
    """
    lines = [
        text.count("\n") + 1
        for text, row in zip(texts, rows, strict=True)
        if text and row == 0
    ]
    return max(lines, default=0) * LINE_PX / max(zoom, 1e-9)


def _cut(line: str, letters: int) -> str:
    """Return a line that fits; names that end with a number keep both ends.

    >>> _cut("negative control", 12), _cut("plate 0007, well 12", 12)
    ('negative co…', 'plate…ll 12')
    """
    if len(line) > letters and not any(one.isdigit() for one in line[-3:]):
        return f"{line[: letters - 1].rstrip()}…"
    return short_name(line, letters)


def badge(source: PixelSource | IDRError | None) -> str:
    """Return what keeps an image from being compared, "" for nothing."""
    if source is PixelSource.THUMBNAIL:
        return NOT_COMPARABLE
    return DIDNT_COME if isinstance(source, Exception) else ""


def cell_message(
    plan: ComparePlan,
    sources: Mapping[ImageId, PixelSource | IDRError],
    y: float,
    x: float,
) -> str:
    """Say which image lies at a position in px of the smallest level, "" for none."""
    cell = plan.cell_at(y, x)
    if cell is None:
        return ""
    lines = (*cell.wish.lines, badge(sources.get(cell.image_id)))
    return " · ".join(line for line in lines if line)
