"""Captions of images side by side: as much of each as its cell has room for."""

from __future__ import annotations

import math
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
    from napari_idr.tiles import MosaicCell

__all__ = ["captions", "cell_message", "strip_heading"]

WIDTHS_PX = {"mwMW@%&…": 14.0, "ijltfrI.,:;'|!()[]-· ": 6.5}
CAPITAL_PX, LETTER_PX = 10.5, 9.0
"""How wide letters of a caption are on the screen: some, capitals, and others."""

GAP_PX = LETTER_PX
"""From the end of a caption to the next one, at least."""

LINE_PX = 19.0
"""How high a line is."""

ROOM_ABOVE = 1.2
"""Between two strips, in parts of a cell's height: captions and the strip's own."""

FEWEST_LETTERS = 8
"""Captions that are cut to fewer tell nothing."""

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
    between = max(1, int(plan.layout.row_gap_px * zoom / LINE_PX))
    # A line is the strip's own.
    above = max(1, int(room_above_px(plan) * zoom / LINE_PX) - 1)
    if len(plan.cells) > MAX_CELLS:
        return ("",) * len(plan.cells)
    found = []
    for cell, lines in zip(plan.cells, plan.captions, strict=True):
        is_free = not cell.cell.row and not plan.is_on_stage
        most = above if is_free else between
        room_px = _room_px(plan, cell.cell, zoom, most)
        said = (badge(sources.get(cell.image_id)), *lines)
        said = tuple(filter(None, (_cut(line, room_px) for line in said)))
        found.append("\n".join(said[:most]))
    return tuple(found)


def _room_px(plan: ComparePlan, cell: MosaicCell, zoom: float, lines: int) -> float:
    """Return how wide the caption of a cell may be: up to its end, or its neighbour."""
    high = lines * LINE_PX / max(zoom, 1e-9)
    beyond = (
        one.cell.x - cell.x
        for one in plan.cells
        if one.cell.x > cell.x and abs(one.cell.y - cell.y) < high
    )
    neighbour = min(beyond, default=math.inf) * zoom - GAP_PX
    return min(plan.layout.cell_shape[1] * zoom, neighbour)


def room_above_px(plan: ComparePlan) -> float:
    """Return what is free above a strip for captions, in px of the smallest level."""
    return ROOM_ABOVE * plan.layout.cell_shape[0]


def strip_heading(plan: ComparePlan, zoom: float) -> str:
    """Return what is said of the strip as a whole, as much as it is wide.

    The whole is said of each image by `cell_message`. For `zoom` see `captions`.
    """
    room_px = plan.layout.shape[1] * zoom
    if not plan.common:
        return _cut(plan.heading, room_px)
    # How fields are placed is said last, and whole.
    end = f" · {plan.placing}" if plan.placing else ""
    begun = _cut(" · ".join(plan.common), room_px - width_px(end))
    return f"{begun}{end}" if begun else _cut(plan.placing, room_px)


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


def width_px(text: str) -> float:
    """Return how wide a line is on the screen, rather more than less."""
    return sum(map(_letter_px, text))


def _letter_px(letter: str) -> float:
    for letters, width in WIDTHS_PX.items():
        if letter in letters:
            return width
    return CAPITAL_PX if letter.isupper() else LETTER_PX


def _cut(line: str, room_px: float) -> str:
    """Return a line that fits; names that end with a number keep both ends.

    "" where so few letters would be left that they would tell nothing.

    >>> _cut("negative control", 110), _cut("plate 0007, well 12", 110)
    ('negative co…', 'plate…ell 12')
    >>> _cut("negative control", 60), _cut("C4", 60)
    ('', 'C4')
    """
    if width_px(line) <= room_px:
        return line
    if room_px < FEWEST_LETTERS * LETTER_PX:
        return ""
    keeps_end = any(one.isdigit() for one in line[-3:])
    for letters in range(len(line) - 1, 1, -1):
        begun = f"{line[: letters - 1].rstrip()}…"
        cut = short_name(line, letters) if keeps_end else begun
        if width_px(cut) <= room_px:
            return cut
    return ""


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
    lines = (*cell.wish.lines, plan.placing, badge(sources.get(cell.image_id)))
    return " · ".join(line for line in lines if line)
