"""A page with pictures, texts, lines and boxes, in millimetres."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MM_PER_POINT: Final = 25.4 / 72

Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Pixels (y, x, 3) in a rectangle whose upper left corner is at (x, y)."""

    x: float
    y: float
    width: float
    height: float
    pixels: NDArray[np.uint8] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A line of text; (x, y) is where its upper edge begins, is in its middle or ends.

    What is longer than `width` is cut.
    """

    x: float
    y: float
    text: str
    width: float
    size_pt: float = 7.0
    color: str = "#000000"
    align: Align = "left"
    bold: bool = False

    @property
    def height(self) -> float:
        """What a line takes."""
        return self.size_pt * MM_PER_POINT * LINE_SPACING


LINE_SPACING: Final = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A filled rectangle; `opacity` is from 0 to 1."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    opacity: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line from (x, y) over (dx, dy)."""

    x: float
    y: float
    dx: float
    dy: float
    width: float
    color: str
    opacity: float = 1.0


Item = Picture | Text | Box | Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Swatch:
    """A colour of a legend, and what it means."""

    color: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A scale bar: how long it is on the page, and what that stands for."""

    length: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A page in mm; later items lie above the earlier."""

    title: str
    width: float
    height: float
    items: tuple[Item, ...] = field(repr=False)

    @property
    def texts(self) -> tuple[str, ...]:
        """All that is written on it, from the first item to the last."""
        return tuple(one.text for one in self.items if isinstance(one, Text))
