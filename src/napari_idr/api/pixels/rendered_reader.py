"""Reader of pixels that the server renders: 8 bits, within a contrast window."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_idr.api.pixels.reader import Level, PixelRegion, require_region
from napari_idr.api.pixels.render_requests import (
    color_channels,
    drawn_window,
    grey_channel,
    linear_maps,
    shown_channels,
)
from napari_idr.errors import PixelDataError
from napari_idr.model import Channel, Image, PixelSource, RenderingWindow
from napari_idr.threads import in_parallel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from napari_idr.api.pixels.render_requests import Model, Picture, RenderRequests
    from napari_idr.cancel import CancelToken

Style = Literal["grey", "picture", "shown"]
"""What is drawn: one channel, a colour picture, or what the archive shows."""

MAX_TILE_PX = 1024
"""The web gateway shrinks larger tiles to this (omero-web, webgateway/views.py)."""

MAX_WHOLE_PX = 3192
"""Longest side of an image that is drawn whole; the server cuts larger ones."""

AT_ONCE = 4
"""Tiles of one rectangle that are asked for together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedReader:
    """Rendered pixels of one image, in one of three styles.

    "grey" gives each channel by itself; "picture" the three channels of a colour
    picture as its colours; "shown" the mixture that the archive shows.

    `uint8` images are drawn over their whole range: lossless ones are exact. Others
    are copies in 8 bits, in which 0 stands for the start of `window(c)` and 255 for
    its end. Thread-safe; pickles without connections.
    """

    image: Image
    source: PixelSource
    style: Style
    rendering: RenderRequests
    first: Mapping[PixelRegion, NDArray[np.uint8]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """What was drawn to open it."""

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Always uint8."""
        return np.dtype(np.uint8)

    @property
    def rgb(self) -> bool:
        """Whether a read gives the colours of one picture."""
        return self.style != "grey"

    @property
    def exact(self) -> bool:
        """Whether the numbers are the stored ones."""
        lossless = self.source is PixelSource.RENDERED_LOSSLESS
        return lossless and self.style != "shown" and self.image.pixel_type == "uint8"

    @property
    def levels(self) -> tuple[Level, ...]:
        """The resolutions that the server has, the largest first."""
        return rendered_levels(self.image)

    def window(self, c: int) -> RenderingWindow:
        """Return the intensities that are drawn as 0 and as 255."""
        return drawn_window(self.image, c)

    def read(self, region: PixelRegion, *, cancel: CancelToken) -> NDArray[np.generic]:
        """Return the pixels of a rectangle, put together from the tiles it touches."""
        levels = self.levels
        require_region(region, levels, self.image)
        cancel.check()
        place = replace(region, c=0) if self.rgb else region
        if (known := self.first.get(place)) is not None:
            return known.copy()
        tiles = plan_tiles(region, levels[region.level])

        def load(tile: Tile, stop: CancelToken) -> tuple[Tile, NDArray[np.uint8]]:
            return tile, self._drawn(tile, None, stop)

        shape = (region.y1 - region.y0, region.x1 - region.x0)
        out = np.empty((*shape, 3) if self.rgb else shape, np.uint8)
        if len(tiles) == 1:  # no thread for what one question answers
            loaded = iter([load(tiles[0], cancel)])
        else:
            loaded = in_parallel(load, tiles, at_once=AT_ONCE, cancel=cancel)
        for tile, pixels in loaded:
            out[tile.target] = pixels[tile.part]
        return out

    def read_maximum(
        self, region: PixelRegion, planes: range, *, cancel: CancelToken
    ) -> NDArray[np.generic]:
        """Return a rectangle of the maximum over planes, which the server projects.

        Only whole planes are projected there, see `is_drawn_whole`.
        """
        [level] = self.levels
        require_region(region, (level,), self.image)
        [tile] = plan_tiles(region, level)
        return self._drawn(tile, planes, cancel)[tile.part]

    def _drawn(
        self, tile: Tile, planes: range | None, cancel: CancelToken
    ) -> NDArray[np.uint8]:
        """Return the pixels of a tile, sent as all those before."""
        picture = draw(
            self.image,
            self.rendering,
            tile,
            style=self.style,
            planes=planes,
            cancel=cancel,
        )
        if picture.source is not self.source:
            raise PixelDataError(
                f"the server changed from {self.source} to {picture.source}"
            )
        return picture.pixels


def open_rendered(
    image: Image,
    rendering: RenderRequests,
    *,
    style: Style | None = None,
    cancel: CancelToken,
) -> RenderedReader:
    """Return a reader of what the server draws.

    One tile of the smallest resolution is drawn to see whether the server draws at
    all, and whether it sends without loss. Where there are several resolutions, it is
    drawn of all channels together: it is small, and what is looked at first. `style`
    None leaves it to the image.

    Raises
    ------
    PixelDataError, StatusError
        It doesn't draw this image.
    """
    if image.size_y < 1 or image.size_x < 1:
        raise PixelDataError("the size of the image isn't known")
    if style is None:
        style = "picture" if image.is_rgb and image.size_c == 3 else "grey"
    levels = rendered_levels(image)
    height, width = levels[-1].chunk
    region = PixelRegion(
        level=len(levels) - 1,
        c=image.shown_channels[0],
        z=min(image.default_z, image.size_z - 1),
        t=min(image.default_t, image.size_t - 1),
        y0=0,
        y1=height,
        x0=0,
        x1=width,
    )
    places = [region]
    if style != "grey":
        places = [replace(region, c=0)]
    elif len(levels) > 1:
        places += [replace(region, c=c) for c in range(image.size_c) if c != region.c]

    def load(place: PixelRegion, stop: CancelToken) -> tuple[PixelRegion, Picture]:
        [tile] = plan_tiles(place, levels[-1])
        return place, draw(image, rendering, tile, style=style, cancel=stop)

    if len(places) == 1:  # no thread for what one question answers
        drawn = dict([load(places[0], cancel)])
    else:
        drawn = dict(in_parallel(load, places, at_once=AT_ONCE, cancel=cancel))
    [source, *others] = {picture.source for picture in drawn.values()}
    if others:
        raise PixelDataError(f"the server sent {source} and {others[0]}")
    return RenderedReader(
        image=replace(image, pixel_source=source),
        source=source,
        style=style,
        rendering=rendering,
        first={place: picture.pixels for place, picture in drawn.items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """The part of a region that one request brings.

    `region` is what comes, `step` the size by which tiles are counted, `part` what
    is taken of it, and `target` where that goes in the rectangle that was asked for.
    """

    region: PixelRegion
    step: tuple[int, int]
    part: tuple[slice, slice]
    target: tuple[slice, slice]


def plan_tiles(region: PixelRegion, level: Level) -> list[Tile]:
    """Return the tiles that a region of a level touches, row by row.

    >>> level = Level(shape=(1500, 2500), chunk=(1024, 1024))
    >>> tiles = plan_tiles(PixelRegion(y0=0, y1=10, x0=1000, x1=2100), level)
    >>> [(tile.region.x0, tile.part[1], tile.target[1]) for tile in tiles]
    ... # doctest: +NORMALIZE_WHITESPACE
    [(0, slice(1000, 1024, None), slice(0, 24, None)),
     (1024, slice(0, 1024, None), slice(24, 1048, None)),
     (2048, slice(0, 52, None), slice(1048, 1100, None))]
    """
    return [
        Tile(
            region=replace(region, y0=top, y1=bottom, x0=left, x1=right),
            step=level.chunk,
            part=(
                slice(max(region.y0, top) - top, min(region.y1, bottom) - top),
                slice(max(region.x0, left) - left, min(region.x1, right) - left),
            ),
            target=(
                slice(
                    max(region.y0, top) - region.y0, min(region.y1, bottom) - region.y0
                ),
                slice(
                    max(region.x0, left) - region.x0, min(region.x1, right) - region.x0
                ),
            ),
        )
        for top, bottom in _spans(region.y0, region.y1, level.chunk[0], level.shape[0])
        for left, right in _spans(region.x0, region.x1, level.chunk[1], level.shape[1])
    ]


def rendered_levels(image: Image) -> tuple[Level, ...]:
    """Return the resolutions that a server draws; chunks are what it draws at once.

    Small images are drawn whole, others in the largest tiles that are made of whole
    tiles of the server.

    >>> image = Image(id=1, name="", size_x=5000, size_y=900, pixel_type="uint8")
    >>> rendered_levels(image)
    (Level(shape=(900, 5000), chunk=(900, 1024)),)
    """
    shapes = image.levels or ((image.size_y, image.size_x),)
    if image.tile_shape is None:
        shapes = shapes[:1]  # a server that has levels tells the size of its tiles
    tile = (
        shapes[0]
        if is_drawn_whole(image)
        else tuple(map(_side, image.tile_shape or (1, 1)))
    )
    return tuple(
        Level(shape=(y, x), chunk=(min(tile[0], y), min(tile[1], x))) for y, x in shapes
    )


def draw(
    image: Image,
    rendering: RenderRequests,
    tile: Tile,
    *,
    style: Style,
    planes: range | None = None,
    cancel: CancelToken,
) -> Picture:
    """Let the server draw a tile, or the maximum over planes where it is the image.

    Raises
    ------
    PixelDataError
        It isn't of the size that is due.
    """
    region = tile.region
    channels, model = _look(image, region.c, style)
    place = None
    if not is_drawn_whole(image):
        height, width = tile.step
        row, column = region.y0 // height, region.x0 // width
        place = (region.level, column, row, width, height)
    expected = (region.y1 - region.y0, region.x1 - region.x0)
    picture = rendering.draw(
        image,
        channels,
        place,
        due=expected,
        z=region.z,
        t=region.t,
        planes=planes,
        model=model,
        grey=style == "grey",
        maps=linear_maps(_apart(image, region.c, style)),
        cancel=cancel,
    )
    pixels = _fitted(picture.pixels, expected)
    return replace(picture, pixels=_upright(pixels, image, region.c, style))


def _upright(
    pixels: NDArray[np.uint8], image: Image, c: int, style: Style
) -> NDArray[np.uint8]:
    """Return pixels of which 0 is the start of the window, however they were drawn.

    Servers draw a channel inverted where the archive shows it so, and not all of them
    can be told otherwise.
    """
    flags = [one.inverted for one in _apart(image, c, style)]
    return np.where(flags, 255 - pixels, pixels) if any(flags) else pixels


def _apart(image: Image, c: int, style: Style) -> tuple[Channel, ...]:
    """Return the channels whose numbers are wanted, not how the archive shows them."""
    if style == "shown":
        return ()
    return image.channels[c : c + 1] if style == "grey" else image.channels


def is_drawn_whole(image: Image) -> bool:
    """Tell whether one question brings a whole plane: small, and without levels."""
    return image.tile_shape is None and max(image.size_y, image.size_x) <= MAX_WHOLE_PX


def _look(image: Image, c: int, style: Style) -> tuple[str, Model]:
    """Return channels and model as the server wants them."""
    if style == "grey":
        return grey_channel(image, c), "g"
    if style == "picture":
        return color_channels(image), "c"
    return shown_channels(image), "g" if image.greyscale else "c"


def _fitted(pixels: NDArray[np.uint8], expected: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a picture in its expected size; a px too few or too many is rounding.

    Servers that tell the scale of a level, and not its size, tell it in four digits.
    """
    height, width = pixels.shape[:2]
    if (height, width) == expected:
        return pixels
    if abs(height - expected[0]) > 1 or abs(width - expected[1]) > 1:
        raise PixelDataError(
            f"{height} x {width} px came where {expected[0]} x {expected[1]} are due"
        )
    more = [
        (0, max(0, due - got)) for due, got in zip(expected, pixels.shape, strict=False)
    ]
    more += [(0, 0)] * (pixels.ndim - 2)
    return np.pad(pixels, more, mode="edge")[: expected[0], : expected[1]]


def _spans(start: int, stop: int, step: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the borders of the tiles that a stretch touches.

    >>> list(_spans(5, 25, 10, 22))
    [(0, 10), (10, 20), (20, 22)]
    """
    for index in range(start // step, -(-min(stop, end) // step)):
        yield index * step, min((index + 1) * step, end)


def _side(native: int) -> int:
    """Return the longest side of whole native tiles that the server doesn't shrink.

    >>> _side(256), _side(300), _side(2048), _side(0)
    (1024, 900, 1024, 1024)
    """
    return MAX_TILE_PX // native * native if 0 < native <= MAX_TILE_PX else MAX_TILE_PX
