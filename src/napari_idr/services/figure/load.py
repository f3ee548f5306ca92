"""Figures of what is shown: their pixels are read, their sources asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from napari_idr.errors import IDRError
from napari_idr.model import PixelSource
from napari_idr.services.compare.captions import badge
from napari_idr.services.figure.page import Swatch
from napari_idr.services.figure.plan import (
    FigureCell,
    FigureNotes,
    plan_cells_figure,
    plan_mosaic_figure,
)
from napari_idr.services.figure.sources import FigureSource, source_lines
from napari_idr.services.gallery.view import GalleryShown
from napari_idr.services.plate.view import PlateShown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_idr.cancel import CancelToken
    from napari_idr.model import ImageId, Study
    from napari_idr.services.compare.load import CompareShown
    from napari_idr.services.compare.plan import ComparedCell
    from napari_idr.services.details import ImageRequest
    from napari_idr.services.figure.page import Figure
    from napari_idr.services.mosaic import MosaicShown
    from napari_idr.services.study import StudyCard
    from napari_idr.services.wells.colors import Legend

    CardOf = Callable[[Study], StudyCard | None]
    """Returns what is known of a study; it may ask for that."""

__all__ = [
    "ChannelLook",
    "FigureWish",
    "MosaicWish",
    "SelectionWish",
    "StripWish",
    "load_figure",
]

MOST_PX: Final = 2600
"""Of a strip's width: 180 mm have 2126 dots at 300 a 25.4 mm."""

COLUMNS: Final = 8
"""Images of a selection in a row, at most."""


@dataclass(frozen=True, kw_only=True)
class MosaicWish:
    """A plate or a gallery as it is looked at; see `plan_mosaic_figure`."""

    shown: MosaicShown
    colors: NDArray[np.uint8] | None = field(default=None, repr=False)
    legend: Legend | None = None
    cell_um: float | None = None

    @property
    def server(self) -> str:
        """Where its images are."""
        return self.shown.server

    @property
    def title(self) -> str:
        """What the figure is called."""
        return self.shown.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLook:
    """How a channel of a strip is looked at.

    `levels` are its arrays, the largest first, and `plane` what is taken of each before
    (y, x); `table` are 256 colours, RGB from 0 to 1, from the lower limit to the upper.
    """

    name: str
    levels: tuple[Any, ...] = field(repr=False)
    plane: tuple[int, ...]
    limits: tuple[float, float]
    gamma: float
    table: NDArray[np.float32] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class StripWish:
    """Images side by side as they are looked at; `channels` are the visible ones."""

    shown: CompareShown
    sources: Mapping[ImageId, PixelSource | IDRError]
    channels: tuple[ChannelLook, ...]

    @property
    def server(self) -> str:
        """Where its images are."""
        return self.shown.plan.wish.server

    @property
    def title(self) -> str:
        """What the figure is called."""
        return self.shown.plan.heading or self.shown.plan.title


@dataclass(frozen=True, kw_only=True)
class SelectionWish:
    """Cells of mosaics that are selected: how to ask for each, and its thumbnail.

    `widths_um` are those of the images, None where not known.
    """

    requests: tuple[ImageRequest, ...]
    pictures: tuple[NDArray[np.uint8], ...] = field(repr=False)
    widths_um: tuple[float | None, ...]

    @property
    def server(self) -> str:
        """Where its images are."""
        return self.requests[0].server

    @property
    def title(self) -> str:
        """What the figure is called."""
        count = len(self.requests)
        return "1 selected image" if count == 1 else f"{count} selected images"


FigureWish = MosaicWish | StripWish | SelectionWish


def load_figure(wish: FigureWish, card_of: CardOf, *, cancel: CancelToken) -> Figure:
    """Return the page of what is wished for; it reads pixels and asks for studies.

    Raises
    ------
    IDRError
        Pixels didn't come.
    Cancelled
        The token was cancelled.
    """
    cancel.check()
    if isinstance(wish, MosaicWish):
        sources = tuple(_mosaic_sources(wish.shown, card_of))
        notes = FigureNotes(
            title=wish.title, sources=source_lines(wish.server, sources)
        )
        return plan_mosaic_figure(
            wish.shown,
            notes,
            colors=wish.colors,
            legend=wish.legend,
            cell_um=wish.cell_um,
        )
    if isinstance(wish, SelectionWish):
        return plan_cells_figure(
            _selection_cells(wish),
            FigureNotes(
                title=wish.title,
                sources=source_lines(
                    wish.server, _request_sources(wish.requests, card_of)
                ),
                notes=(THUMBNAILS,),
            ),
        )
    plan = wish.shown.plan
    requests = [one.wish.request for one in plan.cells]
    cells = _strip_cells(wish, cancel)
    return plan_cells_figure(
        cells,
        FigureNotes(
            title=wish.title,
            swatches=tuple(map(_channel_swatch, wish.channels)),
            sources=source_lines(wish.server, _request_sources(requests, card_of)),
            notes=plan.notes,
        ),
    )


THUMBNAILS: Final = "Thumbnails, as the archive draws them: contrasts may differ."


def _channel_swatch(channel: ChannelLook) -> Swatch:
    """Return the colour of a channel, and between which intensities it is shown."""
    low, high = channel.limits
    gamma = "" if abs(channel.gamma - 1) < 1e-3 else f", gamma {channel.gamma:.2g}"
    color = "#" + "".join(f"{round(255 * float(v)):02x}" for v in channel.table[-1])
    text = f"{channel.name}: {low:.5g} to {high:.5g}{gamma}"
    return Swatch(color=color, text=text)


# Pixels


def _selection_cells(wish: SelectionWish) -> tuple[FigureCell, ...]:
    columns = min(COLUMNS, max(1, round(len(wish.requests) ** 0.5 * 1.5)))
    return tuple(
        FigureCell(
            pixels=picture,
            row=place // columns,
            column=place % columns,
            lines=_request_lines(request),
            width_um=width,
        )
        for place, (request, picture, width) in enumerate(
            zip(wish.requests, wish.pictures, wish.widths_um, strict=True)
        )
    )


def _request_lines(request: ImageRequest) -> tuple[str, ...]:
    above = request.plate or request.dataset
    name = request.label or request.ref.name or f"Image {request.ref.image_id}"
    lines = (request.told or "", name, "" if above is None else above.name)
    return tuple(filter(None, lines))


def _strip_cells(wish: StripWish, cancel: CancelToken) -> tuple[FigureCell, ...]:
    plan = wish.shown.plan
    level = _level(wish)
    cells = []
    for one, lines in zip(plan.cells, plan.captions, strict=True):
        cancel.check()
        source = wish.sources.get(one.image_id)
        pixels = _cell_pixels(wish, one, level, source)
        size = one.image.pixel_size_x_um
        is_known = size is not None and size > 0
        cells.append(
            FigureCell(
                pixels=pixels,
                row=one.cell.row,
                column=one.cell.column,
                lines=tuple(filter(None, (badge(source), *lines))),
                width_um=(size or 0) * one.image.size_x if is_known else None,
            )
        )
    return tuple(cells)


def _level(wish: StripWish) -> int:
    """Return the largest level that isn't larger than a page has dots."""
    plan = wish.shown.plan
    scales = plan.mosaic.pyramid.scales
    width = plan.layout.shape[1]
    for level, scale in enumerate(scales):
        if width * scale <= MOST_PX:
            return level
    return len(scales) - 1


def _cell_pixels(
    wish: StripWish,
    cell: ComparedCell,
    level: int,
    source: PixelSource | IDRError | None,
) -> NDArray[np.uint8]:
    """Return an image in the colours of its channels, else its thumbnail."""
    plan, canvas = wish.shown.plan, wish.shown.canvas
    shape = cell.image.size_y, cell.image.size_x
    rect = plan.mosaic.content(level, cell.cell, shape)
    has_pixels = isinstance(source, PixelSource) and source != PixelSource.THUMBNAIL
    is_far = plan.wish.pictures is not None and (
        level == len(plan.mosaic.pyramid.scales) - 1
    )
    if (not has_pixels and plan.wish.pictures is None) or is_far or not wish.channels:
        place = plan.place(cell)
        part = canvas[place.y0 : place.y1, place.x0 : place.x1]
        return part[
            np.ix_(
                _nearest(rect.y1 - rect.y0, part.shape[0]),
                _nearest(rect.x1 - rect.x0, part.shape[1]),
            )
        ]
    rows, columns = slice(rect.y0, rect.y1), slice(rect.x0, rect.x1)
    total = np.zeros((rect.y1 - rect.y0, rect.x1 - rect.x0, 3), np.float32)
    for channel in wish.channels:
        array = channel.levels[min(level, len(channel.levels) - 1)]
        total += in_colors(
            np.asarray(array[(*channel.plane, rows, columns)]),
            channel.limits,
            channel.gamma,
            channel.table,
        )
    return np.asarray(np.rint(np.clip(total, 0, 1) * 255), np.uint8)


def _nearest(count: int, of: int) -> NDArray[np.intp]:
    return np.minimum(((np.arange(count) + 0.5) * of / count).astype(np.intp), of - 1)


def in_colors(
    pixels: NDArray[Any],
    limits: tuple[float, float],
    gamma: float,
    table: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return intensities (y, x) in the colours of a table, (y, x, 3) from 0 to 1.

    >>> table = np.linspace((0, 0, 0), (1, 0, 0), 256).astype(np.float32)
    >>> in_colors(np.array([[0, 50, 200]]), (0, 100), 1.0, table)[..., 0].round(1)
    array([[0. , 0.5, 1. ]], dtype=float32)
    """
    low, high = limits
    part = (pixels.astype(np.float32) - low) / max(high - low, 1e-12)
    part = np.nan_to_num(np.clip(part, 0, 1)) ** gamma
    last = len(table) - 1
    colors: NDArray[np.float32] = table[np.rint(part * last).astype(np.intp)]
    return colors


# Sources


def _mosaic_sources(shown: MosaicShown, card_of: CardOf) -> Iterable[FigureSource]:
    if isinstance(shown, PlateShown):
        study, plate = shown.details.study, shown.details.plate
        yield FigureSource(
            study="" if study is None else study.study.name,
            card=None if study is None else study.card,
            plates=((plate.name, int(plate.id)),),
        )
    elif isinstance(shown, GalleryShown):
        requests = [shown.image_request(cell) for cell in shown.plan.grid]
        yield from _request_sources(requests, card_of)


def _request_sources(
    requests: Sequence[ImageRequest], card_of: CardOf
) -> tuple[FigureSource, ...]:
    """Return what images are from, study by study in the order of the images."""
    by_study: dict[object, list[ImageRequest]] = {}
    for one in requests:
        key = None if one.study is None else one.study.ref
        by_study.setdefault(key, []).append(one)
    found = []
    for those in by_study.values():
        study = those[0].study
        plates = dict.fromkeys(
            (one.plate.name, int(one.plate.id)) for one in those if one.plate
        )
        found.append(
            FigureSource(
                study="" if study is None else study.name,
                card=None if study is None else card_of(study),
                plates=tuple(plates),
                images=tuple(int(one.ref.image_id) for one in those),
            )
        )
    return tuple(found)
