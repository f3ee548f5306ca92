"""Reads a plate as one picture, made of the images of its wells."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PIL import Image as Picture

from napari_idr.errors import NotFoundError, PixelDataError
from napari_idr.model import Channel, Image, ImageId, PixelSource
from napari_idr.services.contrast import contrast_limits
from napari_idr.services.viewing._grid import (
    Rect,
    TileKey,
    nearest,
    tile_rect,
    tiles_in,
)
from napari_idr.services.viewing._loader import NothingFiner, TileLoader
from napari_idr.services.viewing._mosaic_plan import LEAST_SCALE
from napari_idr.services.viewing._render import blend
from napari_idr.services.viewing._single_flight import SingleFlight

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_idr.api import Level, PixelReader, Region
    from napari_idr.cancel import CancelToken
    from napari_idr.services.viewing._mosaic_plan import PyramidPlan
    from napari_idr.services.viewing._store import TileStore

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
        store: TileStore,
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

    def read(self, region: Region, *, cancel: CancelToken) -> NDArray[np.generic]:
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
                [channel.color for _, channel in channels],
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
    """Return the channels that are switched on, or all if none is."""
    channels = image.channels or tuple(Channel(name="") for _ in range(image.size_c))
    numbered = list(enumerate(channels))
    return [(c, channel) for c, channel in numbered if channel.active] or numbered


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
