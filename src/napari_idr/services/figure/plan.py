"""Plans of figures: where pictures, captions, legend, scale bar and sources go."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from napari_idr.services.figure.page import (
    MM_PER_POINT,
    Bar,
    Box,
    Figure,
    Item,
    Line,
    Picture,
    Swatch,
    Text,
)
from napari_idr.services.gallery.view import GalleryShown
from napari_idr.services.plate.marks import (
    CONTROL_COLOR,
    FAILED_COLOR,
    HIT_COLOR,
    plan_marks,
)
from napari_idr.services.search.catalog import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_idr.services.mosaic import MosaicShown
    from napari_idr.services.wells.colors import Legend

WIDTH_MM: Final = 180.0
"""Of a figure over two columns, as most journals have them."""

TALLEST_MM: Final = 210.0
"""Of the pictures: with title and sources a page of A4 holds them."""

MARGIN_MM: Final = 4.0
GAP_MM: Final = 1.5
HEADING_MM: Final = 6.0
"""Beside and above a plate, for letters of rows and numbers of columns."""

TITLE_PT, TEXT_PT, SMALL_PT = 10.0, 7.0, 6.0
"""Journals ask for five to seven points at least."""

LETTER_EM: Final = 0.58
"""How wide a letter is on average, in parts of its size, for lines to be broken.

Of wide letters, as DejaVu Sans has them; those of Arial leave some room.
"""

SCREEN_DPMM: Final = 96 / 25.4
"""Dots of a screen in a mm: marks are as wide as they are there."""

BAR_SHARE: Final = 0.25
"""Of an image's width, about, that a scale bar takes."""

CAPTION_LINES: Final = 2
"""Of each caption above an image, at most."""

LARGEST_CELL_MM: Final = 85.0
"""An image alone isn't as wide as the page."""

INK, PALE = "#111111", "#555555"
ON_PICTURE: Final = "#f0f1f2"


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureNotes:
    """What stands around the pictures.

    `swatches` say what colours mean, `sources` where the images come from, with licence
    and DOI, and `notes` what else is to be said.
    """

    title: str
    swatches: tuple[Swatch, ...] = ()
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureCell:
    """An image of a figure: its pixels (y, x, 3), its place, what is said of it.

    `width_um` is how wide the image is, None where that isn't known.
    """

    pixels: NDArray[np.uint8] = field(repr=False)
    row: int
    column: int
    lines: tuple[str, ...] = ()
    width_um: float | None = None


def plan_mosaic_figure(
    shown: MosaicShown,
    notes: FigureNotes,
    *,
    colors: NDArray[np.uint8] | None = None,
    legend: Legend | None = None,
    cell_um: float | None = None,
) -> Figure:
    """Return the page of a plate or a gallery, as its thumbnails are painted by now.

    Parameters
    ----------
    shown
        What is shown; its canvas is copied.
    notes
        What stands around it.
    colors
        RGBA that lies over it, of any number of dots a cell (`colors_picture`).
    legend
        What these mean.
    cell_um
        How wide the image of a cell is, None where it isn't known.
    """
    plan = shown.plan
    height_px, width_px = plan.shape
    lines = shown.lines
    beside = HEADING_MM if lines is not None else 0.0
    page = _Page(notes)
    scale = min(
        (WIDTH_MM - 2 * MARGIN_MM - beside) / max(width_px, 1),
        TALLEST_MM / max(height_px, 1),
        LARGEST_CELL_MM / max(plan.cell_shape[1], 1),
    )
    left, top = MARGIN_MM + beside, page.y + beside
    page.add(
        Picture(
            x=left,
            y=top,
            width=width_px * scale,
            height=height_px * scale,
            pixels=_colored(shown, colors),
        )
    )
    # positions count from the centre of the first px
    origin_x, origin_y = left + scale / 2, top + scale / 2
    marks = plan_marks(
        plan,
        hits=shown.hits,
        controls=shown.controls,
        failed=shown.failed,
        colored=colors is not None,
        zoom=scale * SCREEN_DPMM,
    )
    for (start, side), color in zip(marks.vectors, marks.colors, strict=True):
        page.add(
            Line(
                x=origin_x + float(start[1]) * scale,
                y=origin_y + float(start[0]) * scale,
                dx=float(side[1]) * scale,
                dy=float(side[0]) * scale,
                width=marks.width * scale,
                color=_hex(color),
                opacity=float(color[3]),
            )
        )
    if lines is not None:
        _add_lines(page, shown, lines, (left, top), scale)
    if isinstance(shown, GalleryShown):
        _add_groups(page, shown, (left, top), scale)
    page.y = top + height_px * scale + GAP_MM
    page.add_swatches(_mark_swatches(shown))
    if legend is not None:
        page.add_legend(legend)
    if cell_um is not None and cell_um > 0:
        bar = scale_bar(cell_um, plan.cell_shape[1] * scale)
        page.add_bar(bar, "in each image")
    return page.figure()


def plan_cells_figure(cells: Sequence[FigureCell], notes: FigureNotes) -> Figure:
    """Return the page of images side by side, each with its captions above it.

    Images are drawn at one scale: as wide, beside each other, as their pixels are.

    Raises
    ------
    ValueError
        There are none.
    """
    if not cells:
        raise ValueError("a figure without images")
    page = _Page(notes)
    columns = max(one.column for one in cells) + 1
    rows = max(one.row for one in cells) + 1
    room = (WIDTH_MM - 2 * MARGIN_MM - (columns - 1) * GAP_MM) / columns
    widest = max(one.pixels.shape[1] for one in cells)
    tallest = max(one.pixels.shape[0] for one in cells)
    size_pt = TEXT_PT if room > 25 else SMALL_PT
    line_mm = Text(x=0, y=0, text="", width=0, size_pt=size_pt).height
    wrapped = {
        (one.row, one.column): [
            part
            for line in one.lines
            for part in shortened(broken(line, room, size_pt), CAPTION_LINES)
        ]
        for one in cells
    }
    above = [
        max((len(text) for (r, _), text in wrapped.items() if r == row), default=0)
        for row in range(rows)
    ]
    texts = sum(above) * line_mm + rows * GAP_MM
    scale = min(
        room / widest,
        LARGEST_CELL_MM / widest,
        max(TALLEST_MM - texts, TALLEST_MM / 2) / (rows * tallest),
    )
    pitch = min(room, max(widest * scale, MIN_PITCH_MM)) + GAP_MM
    for row in range(rows):
        top = page.y + above[row] * line_mm
        for one in (cell for cell in cells if cell.row == row):
            x = MARGIN_MM + one.column * pitch
            said = wrapped[one.row, one.column]
            for number, line in enumerate(said):
                y = top - (len(said) - number) * line_mm
                page.add(
                    Text(x=x, y=y, text=line, width=pitch - GAP_MM / 2, size_pt=size_pt)
                )
            height, width = (side * scale for side in one.pixels.shape[:2])
            page.add(Picture(x=x, y=top, width=width, height=height, pixels=one.pixels))
        page.y = top + tallest * scale + GAP_MM
    known = [one for one in cells if one.width_um is not None and one.width_um > 0]
    if known:
        one = known[0]
        bar = scale_bar(one.width_um or 1.0, one.pixels.shape[1] * scale)
        steps = {round((c.width_um or 0) / c.pixels.shape[1], 6) for c in known}
        alike = len(known) == len(cells) and len(steps) == 1
        page.add_bar(bar, "in each image" if alike else f"in {_first_word(one)}")
    return page.figure()


MIN_PITCH_MM: Final = 18.0
"""Of captions, however small the images are."""


def _first_word(cell: FigureCell) -> str:
    return cell.lines[0] if cell.lines else "the first image"


def scale_bar(width_um: float, width_mm: float) -> Bar:
    """Return a bar of a round length, about a quarter as long as an image is wide.

    >>> scale_bar(445.0, 30.0)
    Bar(length=6.741573033707865, text='100 µm')
    >>> scale_bar(0.9, 30.0).text, scale_bar(26000.0, 30.0).text
    ('200 nm', '5 mm')
    """
    wanted = width_um * BAR_SHARE
    power = 10.0 ** math.floor(math.log10(wanted))
    length_um = max(
        step * power for step in (1, 2, 5) if step * power <= wanted * (1 + 1e-9)
    )
    return Bar(length=length_um * width_mm / width_um, text=_length(length_um))


def _length(length_um: float) -> str:
    if length_um < 1:
        return f"{length_um * 1000:g} nm"
    return f"{length_um:g} µm" if length_um < 1000 else f"{length_um / 1000:g} mm"


def broken(text: str, width: float, size_pt: float) -> list[str]:
    """Return a text in lines that are about as long as there is room.

    They end at blanks; a word that is longer than a line is broken as well.

    >>> broken("one two three", 13.0, 8.0), broken("one_two_three", 13.0, 8.0)
    (['one two', 'three'], ['one_two', '_three'])
    """
    letters = max(4, int(width / (size_pt * MM_PER_POINT * LETTER_EM)))
    words = [
        word[start : start + letters]
        for word in text.split()
        for start in range(0, len(word), letters)
    ]
    lines = [""]
    for word in words:
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= letters or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line for line in lines if line]


def shortened(lines: list[str], most: int) -> list[str]:
    """Return so many lines at most; the last says by dots that there were more.

    >>> shortened(["one", "two", "three"], 2), shortened(["one", "two"], 2)
    (['one', 'two …'], ['one', 'two'])
    """
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"{lines[most - 1]} …"]


class _Page:
    """A page that grows downwards: the title first, the sources last."""

    def __init__(self, notes: FigureNotes) -> None:
        self._notes = notes
        self._items: list[Item] = []
        self.y = MARGIN_MM
        self.add_text(notes.title, size_pt=TITLE_PT, bold=True)
        self.y += GAP_MM

    def add(self, item: Item) -> None:
        self._items.append(item)

    def add_text(
        self,
        text: str,
        *,
        size_pt: float = TEXT_PT,
        color: str = INK,
        bold: bool = False,
    ) -> None:
        """Write lines over the width of the page."""
        width = WIDTH_MM - 2 * MARGIN_MM
        for line in broken(text, width, size_pt):
            item = Text(
                x=MARGIN_MM,
                y=self.y,
                text=line,
                width=width,
                size_pt=size_pt,
                color=color,
                bold=bold,
            )
            self.add(item)
            self.y += item.height

    def add_swatches(self, swatches: Sequence[Swatch]) -> None:
        """Write a legend of colours, beside each other as far as there is room."""
        side = TEXT_PT * MM_PER_POINT
        x = MARGIN_MM
        for one in swatches:
            width = len(one.text) * side * LETTER_EM + 2.5 * side
            if x + width > WIDTH_MM - MARGIN_MM and x > MARGIN_MM:
                x, self.y = MARGIN_MM, self.y + 1.5 * side
            room = WIDTH_MM - MARGIN_MM - x - 1.5 * side
            self.add(
                Box(x=x, y=self.y + 0.15 * side, width=side, height=side, fill=INK)
            )
            inner = 0.8 * side
            self.add(
                Box(
                    x=x + 0.1 * side,
                    y=self.y + 0.25 * side,
                    width=inner,
                    height=inner,
                    fill=one.color,
                )
            )
            self.add(Text(x=x + 1.5 * side, y=self.y, text=one.text, width=room))
            x += width
        if swatches:
            self.y += 1.7 * side

    def add_legend(self, legend: Legend) -> None:
        """Write what the colours of wells mean: a row of colours, or a range."""
        if legend.low is None or legend.high is None:
            self.add_text(legend.title, color=PALE)
        else:
            step, height = 3.0, TEXT_PT * MM_PER_POINT
            text = f"{legend.title}: {legend.low:.6g}"
            width = len(text) * height * LETTER_EM * 1.1
            self.add(Text(x=MARGIN_MM, y=self.y, text=text, width=width + 5))
            x = MARGIN_MM + width + 1.0
            for stop in legend.stops:
                fill = _hex(stop)
                # a little wider than a step, so that no seam is seen between two
                wide = 1.05 * step
                self.add(Box(x=x, y=self.y, width=wide, height=height, fill=fill))
                x += step
            end = f"{legend.high:.6g}"
            self.add(Text(x=x + 1.0, y=self.y, text=end, width=40.0))
            self.y += 1.7 * height
        self.add_swatches(
            [
                Swatch(
                    color=_hex(one.color, over=BACKGROUND),
                    text=f"{one.label} ({one.count})",
                )
                for one in legend.entries
            ]
        )

    def add_bar(self, bar: Bar, where: str) -> None:
        """Draw a scale bar, and say what it is of."""
        height = TEXT_PT * MM_PER_POINT
        self.add(
            Box(
                x=MARGIN_MM,
                y=self.y + height / 2,
                width=bar.length,
                height=BAR_MM,
                fill=INK,
            )
        )
        text = f"{bar.text} {where}"
        x = MARGIN_MM + bar.length + 1.5
        self.add(Text(x=x, y=self.y, text=text, width=WIDTH_MM - MARGIN_MM - x))
        self.y += 1.7 * height

    def figure(self) -> Figure:
        """Write notes and sources below, and return the page."""
        self.add_swatches(self._notes.swatches)
        for line in self._notes.notes:
            self.add_text(line, color=PALE)
        for line in self._notes.sources:
            self.add_text(line, size_pt=SMALL_PT, color=PALE)
        return Figure(
            title=self._notes.title,
            width=WIDTH_MM,
            height=self.y + MARGIN_MM,
            items=tuple(self._items),
        )


BAR_MM: Final = 0.8
BACKGROUND: Final = (1.0, 1.0, 1.0)


def _add_lines(
    page: _Page,
    shown: MosaicShown,
    lines: tuple[Sequence[str], Sequence[str]],
    corner: tuple[float, float],
    scale: float,
) -> None:
    """Write letters of rows and numbers of columns beside a plate, as many as fit."""
    plan, (left, top) = shown.plan, corner
    rows, columns = lines
    size_pt = TEXT_PT
    line = Text(x=0, y=0, text="", width=0, size_pt=size_pt).height
    pitch_y, pitch_x = (side * scale for side in plan.pitch)
    widest = max((len(one) for one in columns), default=1)
    need = (widest + 0.5) * size_pt * MM_PER_POINT * 0.6
    step_x, step_y = (
        max(1, math.ceil(need / pitch_x)),
        max(1, math.ceil(line / pitch_y)),
    )
    for row in range(0, min(plan.rows, len(rows)), step_y):
        middle = top + (plan.center(row, 0)[0] + 0.5) * scale
        page.add(
            Text(
                x=left - 1.0,
                y=middle - line / 2,
                text=rows[row],
                width=HEADING_MM,
                size_pt=size_pt,
                align="right",
                color=INK,
            )
        )
    for column in range(0, min(plan.columns, len(columns)), step_x):
        middle = left + (plan.center(0, column)[1] + 0.5) * scale
        page.add(
            Text(
                x=middle,
                y=top - line - 0.5,
                text=columns[column],
                width=max(pitch_x * step_x, need),
                size_pt=size_pt,
                align="center",
                color=INK,
            )
        )


def _add_groups(
    page: _Page, shown: GalleryShown, corner: tuple[float, float], scale: float
) -> None:
    """Write the title of each study into the row above its images."""
    plan, (left, top) = shown.plan, corner
    height = plan.cell_shape[0] * scale
    size_pt = max(SMALL_PT, min(TEXT_PT, height / MM_PER_POINT / 1.3))
    line = Text(x=0, y=0, text="", width=0, size_pt=size_pt).height
    for group in plan.groups:
        bottom = top + (plan.origin(group.heading_row, 0)[0]) * scale + height
        page.add(
            Text(
                x=left + 0.5,
                y=bottom - line,
                text=group.title,
                width=plan.shape[1] * scale - 1.0,
                size_pt=size_pt,
                color=ON_PICTURE,
            )
        )


def _mark_swatches(shown: MosaicShown) -> list[Swatch]:
    one, many = shown.noun
    found = []
    if shown.hits:
        found.append(Swatch(color=HIT_COLOR, text=shown.hits_words))
    if shown.controls:
        text = counted(len(shown.controls), f"control {one}", f"control {many}")
        found.append(Swatch(color=CONTROL_COLOR, text=text))
    if shown.failed:
        text = counted(len(shown.failed), f"failed {one}", f"failed {many}")
        found.append(Swatch(color=FAILED_COLOR, text=f"{text}, struck out"))
    return found


def _colored(shown: MosaicShown, colors: NDArray[np.uint8] | None) -> NDArray[np.uint8]:
    """Return a copy of the canvas with the colours of its cells over it."""
    canvas = shown.canvas.copy()
    plan = shown.plan
    if colors is None or not (plan.rows and plan.columns):
        return canvas
    dots_y, dots_x = colors.shape[0] / plan.rows, colors.shape[1] / plan.columns
    pitch_y, pitch_x = plan.pitch
    height, width = plan.shape
    y = ((np.arange(height) + 0.5) * dots_y / pitch_y).astype(np.intp)
    x = ((np.arange(width) + 0.5) * dots_x / pitch_x).astype(np.intp)
    over = colors[np.minimum(y, len(colors) - 1)][:, np.minimum(x, colors.shape[1] - 1)]
    opacity = over[..., 3:].astype(np.float32) / 255
    mixed = canvas * (1 - opacity) + over[..., :3] * opacity
    return np.asarray(np.rint(mixed), np.uint8)


def _hex(
    color: Sequence[float], *, over: tuple[float, float, float] | None = None
) -> str:
    """Return a colour as "#rrggbb", as seen over another one if that is given.

    >>> _hex((1.0, 0.0, 0.0, 0.5)), _hex((1.0, 0.0, 0.0, 0.5), over=(1.0, 1.0, 1.0))
    ('#ff0000', '#ff8080')
    """
    values = [float(value) for value in color[:3]]
    if over is not None and len(color) > 3:
        opacity = float(color[3])
        values = [
            value * opacity + below * (1 - opacity)
            for value, below in zip(values, over, strict=True)
        ]
    return "#" + "".join(f"{round(255 * value):02x}" for value in values)
