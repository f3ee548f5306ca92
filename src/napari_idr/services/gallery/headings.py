"""Which headings of a gallery can be seen, and where they are written."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_idr.services.image.layers import short_name
from napari_idr.services.plate.headings import LINES_WITH_NOTE, ROOM_PX
from napari_idr.services.plate.mosaic import Heading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.services.gallery.layout import GalleryPlan, Group
    from napari_idr.services.plate.headings import View

LETTER_PX = 10
"""The width of a letter on the screen, about: with less, headings would overlap."""

CAPTION_FROM_PX = 80
"""The least room for a heading on the screen: in less, it would tell nothing."""


def gallery_headings(
    plan: GalleryPlan,
    view: View,
    *,
    title: str = "",
    note: str = "",
    above: float = math.inf,
) -> tuple[Heading, ...]:
    """Return as many headings as fit: of the gallery, its studies, plates, datasets.

    That of a study stays in sight as long as one of its images is. Plates and
    datasets have captions on their first image, where one has room for it. Where
    nothing of the gallery is seen, none of them is.

    Parameters
    ----------
    plan
        Where the images lie.
    view
        What is seen of them.
    title, note
        What the gallery is called, and a line below that.
    above
        How many px of the mosaic are free above it.
    """
    height, width = plan.shape
    apart = view.top > height or view.left > width or view.bottom < 0 or view.right < 0
    if apart or not (view.zoom > 0 and math.isfinite(view.zoom)):
        return ()
    room = ROOM_PX / view.zoom
    studies = tuple(_of_studies(plan, view, room))
    taken = {heading.y for heading in studies}
    captions = (
        one
        for group in plan.groups
        for one in _captions(plan, group, view, room)
        if all(abs(one.y - y) >= room for y in taken)
    )
    texts = [title, note] if above >= LINES_WITH_NOTE * room else [title]
    return (
        *captions,
        *studies,
        *_title(plan, view, [text for text in texts if text], room, above),
    )


def _of_studies(plan: GalleryPlan, view: View, room: float) -> Iterator[Heading]:
    """Yield the headings of studies that are in sight, none on another.

    They are as long as the canvas: nothing of the gallery is at their right.
    """
    left = max(view.left, 0.0)
    if (min(view.right, plan.shape[1]) - left) * view.zoom < CAPTION_FROM_PX:
        return
    last = -math.inf
    for group in plan.groups:
        y = plan.center(group.heading_row, 0)[0]
        bottom = plan.origin(group.last_row, 0)[0] + plan.cell_shape[0]
        y = min(max(y, view.top + room / 1.5), bottom - room / 2)
        if not (view.top <= y <= view.bottom) or y - last < room:
            continue
        if found := _text(group.title, left, view.right, room):
            last = y
            label, x = found
            yield Heading(label=label, y=y, x=x, backed=True)


def _captions(
    plan: GalleryPlan, group: Group, view: View, room: float
) -> Iterator[Heading]:
    """Yield the captions of plates or datasets, unless the study has but one."""
    if len(group.runs) < 2:
        return
    for run in group.runs:
        y, left = plan.origin(run.row, run.column)
        right = left + run.width * plan.pitch[1] - plan.gap_px
        if (right - left) * view.zoom < CAPTION_FROM_PX:
            continue
        y_middle = y + room / 2
        if not (view.top <= y_middle <= view.bottom) or left > view.right:
            continue
        if found := _text(
            run.title, max(left, view.left), min(right, view.right), room
        ):
            yield Heading(label=found[0], y=y_middle, x=found[1], backed=True)


def _title(
    plan: GalleryPlan, view: View, texts: list[str], room: float, above: float
) -> Iterator[Heading]:
    """Yield the title and the note above the gallery, as far as they are in sight."""
    letter = room * LETTER_PX / ROOM_PX
    for line, text in enumerate(reversed(texts), 1):
        y = -line * room
        if above < line * room or y < view.top + room / 2:
            return
        # It begins where the gallery does, or further left where it ends out of sight.
        needed = (len(text) + 2) * letter
        left = max(view.left, min(max(view.left, 0.0), view.right - needed))
        if found := _text(text, left, view.right, room):
            yield Heading(label=found[0], y=y, x=found[1])


def _text(
    text: str, left: float, right: float, room: float
) -> tuple[str, float] | None:
    """Return what of a text fits between two places, and its middle at the left."""
    letter = room * LETTER_PX / ROOM_PX
    label = short_name(text, int((right - left) / letter) - 1)
    if len(label) < 2:
        return None
    return label, left + (len(label) + 1) * letter / 2
