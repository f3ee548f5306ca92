"""Many images as one layer: where they lie, its pyramid, the reader of its tiles."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as Picture

from napari_idr.api import Level
from napari_idr.model import Channel, Image, ImageId, PixelSource
from napari_idr.threads import LongLock
from napari_idr.tiles.array import TiledArray
from napari_idr.tiles.cell_images import CellImage, CellImages
from napari_idr.tiles.compositor import blend
from napari_idr.tiles.contrast import contrast_limits
from napari_idr.tiles.grid import Plane, Rect, nearest
from napari_idr.tiles.image import NothingFiner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_idr.api import PixelRegion
    from napari_idr.cancel import CancelToken
    from napari_idr.tiles.cache import TileCache
    from napari_idr.tiles.cell_images import OpenReader
    from napari_idr.tiles.grid import LayerKey
    from napari_idr.tiles.viewing import TileViewing

Place = tuple[int, int]
"""The (row, column) of a cell."""

Point = tuple[float, float]
"""A position (y, x) in px; the centre of the first px is (0, 0)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MosaicCell:
    """An image of a mosaic; (`y`, `x`) is the first px of its cell."""

    image_id: ImageId
    label: str
    row: int
    column: int
    y: int
    x: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MosaicLayout:
    """Images in the cells of a grid, and where each lies in px.

    Positions are (y, x) in px and count from the centre of the first px, as napari
    counts them: the px `i` reaches from `i - 0.5` to `i + 0.5`. The gap lies between
    cells, not around them.

    Attributes
    ----------
    cell_shape
        The (height, width) of a cell in px.
    gap_px
        The distance between two cells.
    rows, columns
        How many there are.
    cells
        Those that hold an image; others may be empty.
    image_shape
        The (height, width) of an image in px, None where it isn't known.
    """

    cell_shape: tuple[int, int]
    gap_px: int
    rows: int
    columns: int
    cells: tuple[MosaicCell, ...] = field(repr=False)
    image_shape: tuple[int, int] | None = None

    @property
    def pitch(self) -> tuple[int, int]:
        """The (y, x) distance in px from one cell to the next."""
        return self.cell_shape[0] + self.gap_px, self.cell_shape[1] + self.gap_px

    @property
    def shape(self) -> tuple[int, int]:
        """The (y, x) size of the mosaic in px; (0, 0) for a grid without cells."""
        if not (self.rows and self.columns):
            return 0, 0
        height, width = self.pitch
        return self.rows * height - self.gap_px, self.columns * width - self.gap_px

    def origin(self, row: int, column: int) -> tuple[int, int]:
        """Return the (y, x) of the first px of a cell.

        Raises
        ------
        ValueError
            There is no such cell.
        """
        if not (0 <= row < self.rows and 0 <= column < self.columns):
            raise ValueError(f"the mosaic has no cell ({row}, {column})")
        return row * self.pitch[0], column * self.pitch[1]

    def center(self, row: int, column: int) -> Point:
        """Return the (y, x) in the middle of a cell."""
        y, x = self.origin(row, column)
        height, width = self.cell_shape
        return y + (height - 1) / 2, x + (width - 1) / 2

    def cell_at(self, y: float, x: float) -> tuple[int, int] | None:
        """Return the (row, column) at a position, None in a gap and outside."""
        if not (math.isfinite(y) and math.isfinite(x)):
            return None
        row, y_inside = divmod(math.floor(y + 0.5), self.pitch[0])
        column, x_inside = divmod(math.floor(x + 0.5), self.pitch[1])
        height, width = self.cell_shape
        if not (0 <= row < self.rows and 0 <= column < self.columns):
            return None
        return (row, column) if y_inside < height and x_inside < width else None

    def places_in(self, y0: int, y1: int, x0: int, x1: int) -> tuple[Place, ...]:
        """Return the (row, column) of the cells in a part of the mosaic, in px.

        Each has the gap after it. The later lie above the earlier, where they overlap.
        """
        height, width = self.pitch
        rows = range(max(0, y0 // height), min(self.rows, -(-y1 // height)))
        columns = range(max(0, x0 // width), min(self.columns, -(-x1 // width)))
        return tuple((row, column) for row in rows for column in columns)

    def outline(self, row: int, column: int) -> tuple[Point, Point, Point, Point]:
        """Return the corners of a frame around a cell, in the middle of the gap."""
        y, x = self.origin(row, column)
        margin = 0.5 + self.gap_px / 2
        top, left = y - margin, x - margin
        bottom = y + self.cell_shape[0] - 1 + margin
        right = x + self.cell_shape[1] - 1 + margin
        return (top, left), (top, right), (bottom, right), (bottom, left)


class MosaicPyramid:
    """A mosaic whose fine levels are its images, and whose coarse ones are a canvas.

    The canvas holds thumbnails, and somebody else fills it. The layer's coordinates
    are those of the largest level, so its `scale` is `1 / enlargement` where it should
    lie on the canvas.

    Parameters
    ----------
    viewing
        The memory and the workers.
    layout
        Where the images lie on the canvas.
    canvas
        The thumbnails, (y, x, 3) of `uint8`, of the shape of the layout.
    open_reader
        Opens the pixels of an image, in a worker, when they are first looked at.

    Raises
    ------
    ValueError
        The canvas has another shape.
    """

    def __init__(
        self,
        viewing: TileViewing,
        layout: MosaicLayout,
        canvas: NDArray[np.uint8],
        open_reader: OpenReader,
    ) -> None:
        if canvas.shape != (*layout.shape, 3):
            raise ValueError(
                f"a canvas of {canvas.shape} for a layout of {layout.shape}"
            )
        self.plan = plan_pyramid(layout)
        self._canvas = canvas
        self._reader = MosaicReader(self.plan, canvas, open_reader, viewing.cache)
        self.image = viewing.open(self._reader, overview=canvas)

    @property
    def enlargement(self) -> int:
        """How many px of the largest level lie on one px of the canvas."""
        return self.plan.scales[0]

    @property
    def key(self) -> LayerKey:
        """What names the layer in the callbacks."""
        return self.image.key(0)

    def levels(self) -> list[TiledArray | NDArray[np.uint8]]:
        """Return the arrays, (y, x, 3), the largest first; the last are the canvas."""
        return [*self.image.levels()[:-1], *thinned(self._canvas)]

    def close(self) -> None:
        """Stop everything; the canvas stays."""
        self.image.close()
        self._reader.close()


LEAST_OVERVIEW_PX = 512
"""A canvas is thinned out as long as its shorter side has so many px left: about as
many as a plate is given on a screen."""


def thinned(canvas: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """Return a canvas, and each second px of it, each fourth ... along both axes.

    They are views, so that they show what is painted later. A canvas that napari draws
    as a whole is copied twice, by vispy and by the driver: one of a plate of 1536 wells
    has 46 MB, of which a screen shows one px in sixteen.

    >>> [one.shape for one in thinned(np.zeros((1100, 2400, 3), np.uint8))]
    [(1100, 2400, 3), (550, 1200, 3)]
    """
    shorter = min(canvas.shape[:2])
    views = [canvas]
    while shorter >= 2 * LEAST_OVERVIEW_PX:
        shorter //= 2
        step = 2 ** len(views)
        views.append(canvas[::step, ::step])
    return views


def canvas_level(levels: Sequence[object]) -> int | None:
    """Return which level of a layer is the canvas of a mosaic, None where none is.

    It is the first that isn't made of tiles; those of an image are all.
    """
    drawn = (n for n, one in enumerate(levels) if not isinstance(one, TiledArray))
    return next(drawn, None)


MAX_TILE_PX = 1024
"""What servers send at most in one piece; larger cells are cut in halves."""

USUAL_IMAGE_PX = 2048
"""The longest side of an image, where a plate doesn't tell."""

LEAST_SCALE = 4
"""Below this, a screen shows so many wells that opening each image would be hundreds
of requests: cells stay thumbnails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PyramidPlan:
    """A mosaic enlarged by `scales`, which are powers of two, the largest first.

    The last scale is 1: the canvas of thumbnails. No tile of a level reaches into
    two cells.
    """

    layout: MosaicLayout
    scales: tuple[int, ...]
    images: dict[tuple[int, int], ImageId]

    @property
    def levels(self) -> tuple[Level, ...]:
        """The (y, x) sizes of the levels and of their tiles."""
        height, width = self.layout.shape
        return tuple(
            Level(
                shape=(height * scale, width * scale),
                chunk=(
                    _tile_px(self.layout.pitch[0], scale),
                    _tile_px(self.layout.pitch[1], scale),
                ),
            )
            for scale in self.scales
        )

    def image_at(self, level: int, y: int, x: int) -> ImageId | None:
        """Return the image whose cell, with the gap after it, holds a px."""
        scale = self.scales[level]
        row = y // (self.layout.pitch[0] * scale)
        return self.images.get((row, x // (self.layout.pitch[1] * scale)))

    def content(self, level: int, y: int, x: int, shape: tuple[int, int]) -> Rect:
        """Return where an image of a shape lies in the cell that holds a px.

        It lies as the thumbnail does: as large as fits, in the middle.
        """
        scale = self.scales[level]
        pitch_y, pitch_x = self.layout.pitch
        cell_height, cell_width = self.layout.cell_shape
        factor = min(cell_height / shape[0], cell_width / shape[1])
        height = min(cell_height, max(1, round(shape[0] * factor)))
        width = min(cell_width, max(1, round(shape[1] * factor)))
        top = y // (pitch_y * scale) * pitch_y + (cell_height - height) // 2
        left = x // (pitch_x * scale) * pitch_x + (cell_width - width) // 2
        return Rect(
            top * scale, (top + height) * scale, left * scale, (left + width) * scale
        )


def plan_pyramid(layout: MosaicLayout) -> PyramidPlan:
    """Return the levels that show the images of a mosaic without loss.

    >>> cell = MosaicCell(image_id=ImageId(7), label="A2", row=0, column=1, y=0, x=22)
    >>> plan = plan_pyramid(MosaicLayout(
    ...     cell_shape=(10, 20), gap_px=2, rows=1, columns=2, cells=(cell,),
    ...     image_shape=(30, 60),
    ... ))
    >>> plan.scales, plan.levels[0].shape, plan.levels[0].chunk
    ((4, 2, 1), (40, 168), (48, 88))
    >>> plan.image_at(0, 0, 87), plan.image_at(0, 0, 88)
    (None, 7)
    >>> plan.content(0, 0, 88, (30, 60))
    Rect(y0=0, y1=40, x0=88, x1=168)
    """
    height, width = layout.image_shape or (USUAL_IMAGE_PX, USUAL_IMAGE_PX)
    enlargement = min(
        max(1, height) / layout.cell_shape[0], max(1, width) / layout.cell_shape[1]
    )
    finest = max(0, math.ceil(math.log2(max(1.0, enlargement))))
    return PyramidPlan(
        layout=layout,
        scales=tuple(2**step for step in range(finest, -1, -1)),
        images={(cell.row, cell.column): cell.image_id for cell in layout.cells},
    )


def _tile_px(pitch_px: int, scale: int) -> int:
    """Return a cell's size at a scale, or the half, quarter ... that isn't too large.

    >>> _tile_px(100, 8), _tile_px(100, 16)
    (800, 800)
    """
    px = pitch_px * scale
    while px > MAX_TILE_PX and px % 2 == 0:
        px //= 2
    return px


MAX_REDUCTION = 4
"""An image without levels is read as a whole to show a small one; beyond this, in px
read for one shown along an axis, a cell stays its thumbnail until one zooms in."""

ENOUGH = 0.95
"""A level a little smaller than its place is taken before one twice as large."""


class MosaicReader:
    """A mosaic as the levels of one RGB picture; the last is the canvas itself.

    Images are opened when a tile of theirs is read. Where one has no full pixels, or
    where reading them would be out of proportion, reads raise `NothingFiner`. Where
    they can't be had for a moment, reads raise why, and a later one tries again.

    Parameters
    ----------
    plan
        The levels.
    canvas
        The thumbnails, (y, x, 3), as they come.
    open_reader
        Opens an image.
    cache
        Where the tiles of the images are kept.
    """

    rgb = True
    dtype: np.dtype[np.generic] = np.dtype(np.uint8)

    def __init__(
        self,
        plan: PyramidPlan,
        canvas: NDArray[np.uint8],
        open_reader: OpenReader,
        cache: TileCache,
    ) -> None:
        height, width = plan.levels[0].shape
        self.levels = plan.levels
        # A mosaic isn't an image of the archive, so it has no number there.
        self.image = Image(
            id=ImageId(0),
            name="mosaic",
            size_y=height,
            size_x=width,
            size_c=3,
            pixel_type="uint8",
        )
        self._plan = plan
        self._canvas = canvas
        self._images = CellImages(open_reader, cache)
        # Several that draw at once would leave the window no core to paint with.
        self._drawing = LongLock()

    def read(self, region: PixelRegion, *, cancel: CancelToken) -> NDArray[np.generic]:
        """Return the part of one cell that a tile covers, (y, x, 3).

        Raises
        ------
        NothingFiner
            The thumbnail is all there is at this level.
        IDRError
            The pixels of the well didn't come.
        """
        image_id = self._plan.image_at(region.level, region.y0, region.x0)
        if self._plan.scales[region.level] < LEAST_SCALE or image_id is None:
            raise NothingFiner
        opened = self._images.opened(image_id, cancel=cancel)
        rect = Rect(region.y0, region.y1, region.x0, region.x1)
        shape = opened.reader.levels[0].shape
        content = self._plan.content(region.level, region.y0, region.x0, shape)
        source = source_level(opened.reader.levels, content)
        if source is None:
            raise NothingFiner
        out = self._enlarged_canvas(region.level, rect)
        shared = content.shared(rect)
        if min(shared.shape) > 0:
            drawn = self._drawn(opened, source, shared, content, cancel)
            out[shared.within(rect)] = drawn
        return out

    def ask_again(self) -> Callable[[PixelRegion], bool] | None:
        """Let images be asked again for what was denied; see `api.ask_again`."""
        lacking = self._images.ask_again()
        if not lacking:
            return None
        at = self._plan.image_at
        return lambda region: at(region.level, region.y0, region.x0) in lacking

    def close(self) -> None:
        """Forget the tiles of all images, and keep none that comes late."""
        self._images.close()

    def _enlarged_canvas(self, level: int, rect: Rect) -> NDArray[np.uint8]:
        height, width = self.levels[level].shape
        y_px, x_px = self._canvas.shape[:2]
        ys = nearest(rect.y0, rect.y1, size=height, coarse_size=y_px)
        xs = nearest(rect.x0, rect.x1, size=width, coarse_size=x_px)
        return self._canvas[ys[:, np.newaxis], xs[np.newaxis, :]]

    def _drawn(
        self,
        opened: CellImage,
        level: int,
        shared: Rect,
        content: Rect,
        cancel: CancelToken,
    ) -> NDArray[np.uint8]:
        """Return a part of a cell, drawn from a level of its image."""
        shape = opened.reader.levels[level].shape
        y_step = shape[0] / content.shape[0]
        x_step = shape[1] / content.shape[1]
        y0, y1 = (shared.y0 - content.y0) * y_step, (shared.y1 - content.y0) * y_step
        x0, x1 = (shared.x0 - content.x0) * x_step, (shared.x1 - content.x0) * x_step
        source = Rect(
            math.floor(y0),
            min(shape[0], math.ceil(y1)),
            math.floor(x0),
            min(shape[1], math.ceil(x1)),
        )
        box = (
            x0 - source.x0,
            y0 - source.y0,
            min(x1 - source.x0, source.shape[1]),
            min(y1 - source.y0, source.shape[0]),
        )

        def fitted(plane: NDArray[np.generic]) -> NDArray[np.generic]:
            # Pillow averages numbers of this type alone, and colours.
            numbers = plane if opened.reader.rgb else plane.astype(np.float32)
            size = shared.shape[1], shared.shape[0]
            picture = Picture.fromarray(numbers)
            return np.asarray(picture.resize(size, Picture.Resampling.BOX, box=box))

        if opened.reader.rgb:
            colours = self._plane(opened, level, 0, source, cancel)
            with self._drawing:
                return fitted(colours).astype(np.uint8, copy=False)
        channels = _shown_channels(opened.reader.image)
        planes = [self._plane(opened, level, c, source, cancel) for c, _ in channels]
        limits = [self._limits(opened, c, channel, cancel) for c, channel in channels]
        with self._drawing:
            return blend(
                [fitted(plane) for plane in planes],
                limits,
                [channel.color or "FFFFFF" for _, channel in channels],
            )

    def _plane(
        self, opened: CellImage, level: int, c: int, rect: Rect, cancel: CancelToken
    ) -> NDArray[np.generic]:
        """Return a rectangle of the plane that the image shows first."""
        image = opened.reader.image
        first = Plane(image.default_t, image.default_z)
        return self._images.plane(opened, level, c, first, rect, cancel=cancel)

    def _limits(
        self, opened: CellImage, c: int, channel: Channel, cancel: CancelToken
    ) -> tuple[float, float]:
        """Return the archive's window if it is sound, else the coarsest level's."""
        if opened.reader.source is not PixelSource.RAW:
            return 0.0, 255.0
        dtype = opened.reader.dtype
        if (window := channel.window) is not None:
            stored = float(window.start), float(window.end)
            if contrast_limits(window, dtype, None) == stored:
                return stored
        if c not in opened.limits:
            last = len(opened.reader.levels) - 1
            height, width = opened.reader.levels[last].shape
            whole = Rect(0, height, 0, width)
            sample = self._plane(opened, last, c, whole, cancel)
            opened.limits[c] = contrast_limits(window, dtype, sample)
        return opened.limits[c]


def _shown_channels(image: Image) -> list[tuple[int, Channel]]:
    """Return the channels that the archive shows, the one of greyscale in grey.

    >>> red, blue = Channel(color="FF0000", active=False), Channel(color="0000FF")
    >>> image = Image(id=1, name="", size_x=1, size_y=1, pixel_type="", size_c=2,
    ...               channels=(red, blue))
    >>> [(c, one.color) for c, one in _shown_channels(image)]
    [(1, '0000FF')]
    >>> [(c, one.color) for c, one in _shown_channels(replace(image, greyscale=True))]
    [(1, 'FFFFFF')]
    """
    channels = image.channels or (Channel(),) * image.size_c
    if image.greyscale:
        channels = tuple(replace(one, color="FFFFFF") for one in channels)
    return [(c, channels[c]) for c in image.shown_channels]


def source_level(
    levels: tuple[Level, ...], content: Rect, max_reduction: float = MAX_REDUCTION
) -> int | None:
    """Return the smallest level that is enough for a place; None if it's too large.

    >>> from types import SimpleNamespace
    >>> levels = tuple(SimpleNamespace(shape=(n, n)) for n in (2000, 1000))
    >>> place = lambda px: Rect(0, px, 0, px)
    >>> [source_level(levels, place(px)) for px in (4000, 1010, 500, 200)]
    [0, 1, 1, None]
    """
    height, width = content.shape
    enough = [
        index
        for index, level in enumerate(levels)
        if level.shape[0] >= ENOUGH * height and level.shape[1] >= ENOUGH * width
    ]
    source = enough[-1] if enough else 0
    reduction = max(levels[source].shape[0] / height, levels[source].shape[1] / width)
    return None if reduction > max_reduction else source
