"""Many images as one layer: the pyramid of a mosaic, and the reader of its tiles."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PIL import Image as Picture

from napari_idr.api import Level
from napari_idr.errors import NotFoundError, PixelDataError
from napari_idr.model import Channel, Image, ImageId, PixelSource
from napari_idr.tiles.compositor import blend
from napari_idr.tiles.contrast import contrast_limits
from napari_idr.tiles.grid import Rect, TileKey, nearest, tile_rect, tiles_in
from napari_idr.tiles.image import NothingFiner, TileLoader
from napari_idr.tiles.single_flight import SingleFlight

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_idr.api import PixelReader, PixelRegion
    from napari_idr.cancel import CancelToken
    from napari_idr.services.plate.mosaic import MosaicPlan
    from napari_idr.tiles.array import TiledArray
    from napari_idr.tiles.cache import TileCache
    from napari_idr.tiles.viewing import TileViewing
    from napari_idr.tiles.wants import LayerKey


class MosaicPyramid:
    """A mosaic whose fine levels are the images of its wells.

    The coarsest level is the canvas of thumbnails, which somebody else fills; the
    layer's coordinates are those of the largest level, so its `scale` is
    `1 / enlargement` where it should lie on the canvas.

    Parameters
    ----------
    viewing
        The memory and the workers.
    plan
        Where the wells lie on the canvas.
    canvas
        The thumbnails, (y, x, 3) of `uint8`, of the shape of the plan.
    open_reader
        Opens the pixels of a well, in a worker, when they are first looked at.
    """

    def __init__(
        self,
        viewing: TileViewing,
        plan: MosaicPlan,
        canvas: NDArray[np.uint8],
        open_reader: OpenReader,
    ) -> None:
        if canvas.shape != (*plan.shape, 3):
            raise ValueError(f"a canvas of {canvas.shape} for a plan of {plan.shape}")
        self.plan = plan_pyramid(plan)
        self._canvas = canvas
        self._reader = MosaicReader(self.plan, canvas, open_reader, viewing.store)
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
        """Return the arrays, (y, x, 3), the largest first; the last is the canvas."""
        return [*self.image.levels()[:-1], self._canvas]

    def close(self) -> None:
        """Stop everything; the canvas stays."""
        self.image.close()
        self._reader.close()


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

    mosaic: MosaicPlan
    scales: tuple[int, ...]
    images: dict[tuple[int, int], ImageId]

    @property
    def levels(self) -> tuple[Level, ...]:
        """The (y, x) sizes of the levels and of their tiles."""
        height, width = self.mosaic.shape
        return tuple(
            Level(
                shape=(height * scale, width * scale),
                chunk=(
                    _tile_px(self.mosaic.pitch[0], scale),
                    _tile_px(self.mosaic.pitch[1], scale),
                ),
            )
            for scale in self.scales
        )

    def image_at(self, level: int, y: int, x: int) -> ImageId | None:
        """Return the image whose cell, with the gap after it, holds a px."""
        scale = self.scales[level]
        row = y // (self.mosaic.pitch[0] * scale)
        return self.images.get((row, x // (self.mosaic.pitch[1] * scale)))

    def content(self, level: int, y: int, x: int, shape: tuple[int, int]) -> Rect:
        """Return where an image of a shape lies in the cell that holds a px.

        It lies as the thumbnail does: as large as fits, in the middle.
        """
        scale = self.scales[level]
        pitch_y, pitch_x = self.mosaic.pitch
        cell_height, cell_width = self.mosaic.cell_shape
        factor = min(cell_height / shape[0], cell_width / shape[1])
        height = min(cell_height, max(1, round(shape[0] * factor)))
        width = min(cell_width, max(1, round(shape[1] * factor)))
        top = y // (pitch_y * scale) * pitch_y + (cell_height - height) // 2
        left = x // (pitch_x * scale) * pitch_x + (cell_width - width) // 2
        return Rect(
            top * scale, (top + height) * scale, left * scale, (left + width) * scale
        )


def plan_pyramid(mosaic: MosaicPlan) -> PyramidPlan:
    """Return the levels that show the images of a plate without loss.

    >>> from napari_idr.model import GridCell, PlateGrid
    >>> from napari_idr.services.plate.mosaic import plan_mosaic
    >>> cell = GridCell(row=0, column=1, image_id=7, well_id=3)
    >>> grid = PlateGrid(
    ...     plate_id=1, field=0, run=None, row_labels=("A",), image_shape=(30, 60),
    ...     column_labels=("1", "2"), cells=((None, cell),),
    ... )
    >>> plan = plan_pyramid(plan_mosaic(grid, cell_shape=(10, 20), gap_px=2))
    >>> plan.scales, plan.levels[0].shape, plan.levels[0].chunk
    ((4, 2, 1), (40, 168), (48, 88))
    >>> plan.image_at(0, 0, 87), plan.image_at(0, 0, 88)
    (None, 7)
    >>> plan.content(0, 0, 88, (30, 60))
    Rect(y0=0, y1=40, x0=88, x1=168)
    """
    height, width = mosaic.grid.image_shape or (USUAL_IMAGE_PX, USUAL_IMAGE_PX)
    enlargement = min(
        max(1, height) / mosaic.cell_shape[0], max(1, width) / mosaic.cell_shape[1]
    )
    finest = max(0, math.ceil(math.log2(max(1.0, enlargement))))
    return PyramidPlan(
        mosaic=mosaic,
        scales=tuple(2**step for step in range(finest, -1, -1)),
        images={(tile.row, tile.column): tile.image_id for tile in mosaic.tiles},
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


class OpenReader(Protocol):
    """Opens the pixels of an image; called in workers."""

    def __call__(self, image_id: ImageId, *, cancel: CancelToken) -> PixelReader:
        """Return a reader; `NotFoundError` or `PixelDataError` if there is none."""
        ...


@dataclass(slots=True)
class _Well:
    """An opened image, and what was found out about its channels."""

    reader: PixelReader
    loader: TileLoader
    limits: dict[int, tuple[float, float]] = field(default_factory=dict)


class MosaicReader:
    """A plate as the levels of one RGB picture; the last is the canvas itself.

    Wells are opened when a tile of theirs is read. Where a well has no full pixels,
    or where reading them would be out of proportion, reads raise `NothingFiner`.

    Parameters
    ----------
    plan
        The levels.
    canvas
        The thumbnails, (y, x, 3), as they come.
    open_reader
        Opens the image of a well.
    store
        Where the tiles of the images are kept.
    """

    rgb = True
    dtype: np.dtype[np.generic] = np.dtype(np.uint8)

    def __init__(
        self,
        plan: PyramidPlan,
        canvas: NDArray[np.uint8],
        open_reader: OpenReader,
        store: TileCache,
    ) -> None:
        height, width = plan.levels[0].shape
        self.levels = plan.levels
        # A plate's picture isn't an image of the archive, so it has no number there.
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
        self._open_reader = open_reader
        self._store = store
        self._lock = threading.Lock()
        # Several that draw at once would leave the window no core to paint with.
        self._drawing = threading.Lock()
        self._wells: dict[ImageId, _Well | None] = {}
        self._opening = SingleFlight[_Well | None]()
        self._loading = SingleFlight["NDArray[np.generic]"]()

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
        if (well := self._well(image_id, cancel)) is None:
            raise NothingFiner
        rect = Rect(region.y0, region.y1, region.x0, region.x1)
        shape = well.reader.levels[0].shape
        content = self._plan.content(region.level, region.y0, region.x0, shape)
        source = _source_level(well.reader.levels, content)
        if source is None:
            raise NothingFiner
        out = self._enlarged_canvas(region.level, rect)
        shared = content.shared(rect)
        if min(shared.shape) > 0:
            out[shared.within(rect)] = self._drawn(well, source, shared, content)
        return out

    def close(self) -> None:
        """Stop what is being read, and forget the tiles of all wells."""
        with self._lock:
            wells = [well for well in self._wells.values() if well is not None]
        for well in wells:
            well.loader.close()

    def _well(self, image_id: ImageId, cancel: CancelToken) -> _Well | None:
        """Return a well, opened once; None if its thumbnail is all there is."""
        with self._lock:
            if image_id in self._wells:
                return self._wells[image_id]

        def open_well() -> _Well | None:
            well = self._opened(image_id, cancel)
            with self._lock:
                self._wells[image_id] = well
            # A plate that was closed meanwhile hasn't closed this well.
            cancel.check()
            return well

        return self._opening.get(image_id, open_well)

    def _opened(self, image_id: ImageId, cancel: CancelToken) -> _Well | None:
        try:
            reader = self._open_reader(image_id, cancel=cancel)
        except (NotFoundError, PixelDataError):
            return None
        if reader.source is PixelSource.THUMBNAIL:
            return None
        return _Well(reader, TileLoader(reader, self._store))

    def _enlarged_canvas(self, level: int, rect: Rect) -> NDArray[np.uint8]:
        height, width = self.levels[level].shape
        y_px, x_px = self._canvas.shape[:2]
        ys = nearest(rect.y0, rect.y1, size=height, coarse_size=y_px)
        xs = nearest(rect.x0, rect.x1, size=width, coarse_size=x_px)
        return self._canvas[ys[:, np.newaxis], xs[np.newaxis, :]]

    def _drawn(
        self, well: _Well, level: int, shared: Rect, content: Rect
    ) -> NDArray[np.uint8]:
        """Return a part of a cell, drawn from a level of its image."""
        shape = well.reader.levels[level].shape
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
            numbers = plane if well.reader.rgb else plane.astype(np.float32)
            size = shared.shape[1], shared.shape[0]
            picture = Picture.fromarray(numbers)
            return np.asarray(picture.resize(size, Picture.Resampling.BOX, box=box))

        if well.reader.rgb:
            colours = self._plane(well, level, 0, source)
            with self._drawing:
                return fitted(colours).astype(np.uint8, copy=False)
        channels = _shown_channels(well.reader.image)
        planes = [self._plane(well, level, c, source) for c, _ in channels]
        limits = [self._limits(well, c, channel) for c, channel in channels]
        with self._drawing:
            return blend(
                [fitted(plane) for plane in planes],
                limits,
                [channel.color or "FFFFFF" for _, channel in channels],
            )

    def _plane(
        self, well: _Well, level: int, c: int, rect: Rect
    ) -> NDArray[np.generic]:
        """Return a rectangle of the plane that the image shows first."""
        reader = well.reader
        colours = (3,) if reader.rgb else ()
        plane = np.empty((*rect.shape, *colours), reader.dtype)
        t, z = reader.image.default_t, reader.image.default_z
        for tile in tiles_in(reader.levels[level], rect):
            there = tile_rect(reader.levels[level], *tile)
            shared = there.shared(rect)
            numbers = self._tile(well, well.loader.key(level, c, t, z, tile))
            plane[shared.within(rect)] = numbers[shared.within(there)]
        return plane

    def _tile(self, well: _Well, key: TileKey) -> NDArray[np.generic]:
        return self._loading.get(key, lambda: well.loader.load(key))

    def _limits(self, well: _Well, c: int, channel: Channel) -> tuple[float, float]:
        """Return the archive's window if it is sound, else the coarsest level's."""
        if well.reader.source is not PixelSource.RAW:
            return 0.0, 255.0
        dtype = well.reader.dtype
        if (window := channel.window) is not None:
            stored = float(window.start), float(window.end)
            if contrast_limits(window, dtype, None) == stored:
                return stored
        if c not in well.limits:
            last = len(well.reader.levels) - 1
            height, width = well.reader.levels[last].shape
            sample = self._plane(well, last, c, Rect(0, height, 0, width))
            well.limits[c] = contrast_limits(window, dtype, sample)
        return well.limits[c]


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


def _source_level(levels: tuple[Level, ...], content: Rect) -> int | None:
    """Return the smallest level that is enough for a place; None if it's too large.

    >>> from types import SimpleNamespace
    >>> levels = tuple(SimpleNamespace(shape=(n, n)) for n in (2000, 1000))
    >>> place = lambda px: Rect(0, px, 0, px)
    >>> [_source_level(levels, place(px)) for px in (4000, 1010, 500, 200)]
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
    return None if reduction > MAX_REDUCTION else source
