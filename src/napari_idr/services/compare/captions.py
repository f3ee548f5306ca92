"""Captions of images side by side: as much of each as its cell has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.model import PixelSource
from napari_idr.services.compare.plan import NOT_COMPARABLE
from napari_idr.services.image.layers import short_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_idr.errors import IDRError
    from napari_idr.model import ImageId
    from napari_idr.services.compare.plan import ComparePlan

__all__ = ["captions", "cell_message"]

LETTER_PX = 7.0
"""How wide a letter of a caption is on the screen, about."""

LINE_PX = 16.0
"""How high a line is."""

FEWEST_LETTERS = 3
"""Captions that are shorter tell nothing."""

DIDNT_COME = "pixels didn't come"


def captions(
    plan: ComparePlan,
    sources: Mapping[ImageId, PixelSource | IDRError],
    zoom: float,
) -> tuple[str, ...]:
    """Return the caption of each image, lines below each other, "" without room.

    What can't be compared is the first line. Of other rows than the first, so many
    lines are written as there is room for below the row above.

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
    below = max(1, int(plan.layout.row_gap_px * zoom / LINE_PX))
    if letters < FEWEST_LETTERS:
        return ("",) * len(plan.cells)
    found = []
    for cell, lines in zip(plan.cells, plan.captions, strict=True):
        said = (badge(sources.get(cell.image_id)), *lines)
        said = tuple(short_name(line, letters) for line in said if line)
        found.append("\n".join(said if cell.cell.row == 0 else said[:below]))
    return tuple(found)


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
