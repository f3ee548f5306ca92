"""Many images as one layer a channel: their own intensities, and planes that go along.

As of an opened image, the arrays are read by tiles through a `TileViewing`; each is
made of the tiles of the images in its cells: of one in a grid. Reading takes the
nearest pixel, so a number that is shown is one that the image has.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from napari_idr.errors import IDRError
from napari_idr.model import Channel, Image, ImageId, PixelSource
from napari_idr.tiles.cell_images import CellImage, CellImages
from napari_idr.tiles.grid import Plane, Rect, nearest
from napari_idr.tiles.image import NothingFiner
from napari_idr.tiles.mosaic import PyramidPlan, source_level

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_idr.api import Level, PixelRegion
    from napari_idr.cancel import CancelToken
    from napari_idr.model import RenderingWindow
    from napari_idr.tiles.array import TiledArray
    from napari_idr.tiles.cache import TileCache
    from napari_idr.tiles.cell_images import OpenReader
    from napari_idr.tiles.grid import LayerKey
    from napari_idr.tiles.mosaic import MosaicCell, MosaicLayout
    from napari_idr.tiles.viewing import TileViewing

FULL = 255.0
"""What servers draw the end of a channel's window as."""

SAMPLE_PX = 512
"""A side of the part of each cell from which the contrast is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPlan:
    """A mosaic of which each channel is a layer.

    Attributes
    ----------
    pyramid
        Where the cells lie at each level.
    channels
        What is matched with the channels of each image, see `match_channels`.
    dtype
        Of the numbers of all cells, see `common_dtype`.
    size_z, size_t
        Of the longest image along each axis; others stay at their last plane.
    default_z, default_t
        The plane that is shown first.
    shapes
        The (y, x) size in px of the largest level that an image takes; one that isn't
        named is as large as fits.
    max_reduction
        Of an image without levels, how many px may be read for one that is shown,
        along an axis: beyond this a cell stays empty until one zooms in.
    least_scale
        Levels of a smaller scale open no images: so many cells are in sight there.
    """

    pyramid: PyramidPlan
    channels: tuple[Channel, ...]
    dtype: np.dtype[np.generic]
    size_z: int = 1
    size_t: int = 1
    default_z: int = 0
    default_t: int = 0
    shapes: Mapping[ImageId, tuple[int, int]] = field(default_factory=dict, repr=False)
    max_reduction: float = 64.0
    least_scale: int = 1

    @property
    def layout(self) -> MosaicLayout:
        """Where the cells lie, in px of the smallest level."""
        return self.pyramid.layout

    def content(self, level: int, cell: MosaicCell, shape: tuple[int, int]) -> Rect:
        """Return where an image of a (y, x) shape lies at a level: in its middle."""
        scale = self.pyramid.scales[level]
        place = self.shapes.get(cell.image_id)
        if place is None:
            return self.pyramid.content(level, cell.y * scale, cell.x * scale, shape)
        height, width = (side * scale for side in self.layout.cell_shape)
        enlargement = self.pyramid.scales[0]
        y_px = min(height, max(1, round(place[0] * scale / enlargement)))
        x_px = min(width, max(1, round(place[1] * scale / enlargement)))
        top = cell.y * scale + (height - y_px) // 2
        left = cell.x * scale + (width - x_px) // 2
        return Rect(top, top + y_px, left, left + x_px)


def match_channels(
    layers: Sequence[Channel], channels: Sequence[Channel]
) -> tuple[int | None, ...]:
    """Return for each layer which channel of an image it shows, None for none.

    Channels are matched by name, whatever its case, and then those that are left in
    their order.

    >>> layers = [Channel(name="DAPI"), Channel(name="GFP"), Channel(name="Actin")]
    >>> match_channels(layers, [Channel(name="gfp"), Channel(name="dapi")])
    (1, 0, None)
    >>> match_channels(layers, [Channel(name="Hoechst"), Channel(name="GFP")])
    (0, 1, None)
    """
    found: list[int | None] = [None] * len(layers)
    left = set(range(len(channels)))
    for place, layer in enumerate(layers):
        for c in sorted(left):
            if _is_named(layer, channels[c]):
                found[place] = c
                left.discard(c)
                break
    rest = iter(sorted(left))
    for place, taken in enumerate(found):
        if taken is None:
            found[place] = next(rest, None)
    return tuple(found)


def _is_named(layer: Channel, channel: Channel) -> bool:
    name = layer.name.strip().casefold()
    return bool(name) and name == channel.name.strip().casefold()


def common_dtype(pixel_types: Sequence[str]) -> np.dtype[np.generic]:
    """Return the smallest of three types that holds the numbers of all images.

    >>> common_dtype(["uint8", "uint8"]), common_dtype(["uint8", "uint16"])
    (dtype('uint8'), dtype('uint16'))
    >>> common_dtype(["uint8", "int16"]), common_dtype(["double"])
    (dtype('float32'), dtype('float32'))
    """
    kinds = set(pixel_types)
    if kinds and kinds <= {"uint8", "bit"}:
        return np.dtype(np.uint8)
    if kinds and kinds <= {"uint8", "bit", "uint16"}:
        return np.dtype(np.uint16)
    return np.dtype(np.float32)


class OnCell(Protocol):
    """Called in workers when something else is known of the image of a cell."""

    def __call__(
        self, image_id: ImageId, source: PixelSource | None, error: IDRError | None
    ) -> None:
        """Tell where its pixels come from now, or why there are none."""
        ...


class ChannelMosaic:
    """A mosaic as one array a channel, with the axes T, Z, Y and X that exist.

    Parameters
    ----------
    viewing
        The memory and the workers.
    plan
        Where the images lie, and what the layers are.
    open_reader
        Opens the pixels of an image, its channels apart, in a worker.
    on_cell
        Called in a worker, once for each image of which a tile has come, or can't.
    """

    def __init__(
        self,
        viewing: TileViewing,
        plan: ChannelPlan,
        open_reader: OpenReader,
        on_cell: OnCell | None = None,
    ) -> None:
        self.plan = plan
        self.reader = ChannelMosaicReader(plan, open_reader, viewing.cache, on_cell)
        self.image = viewing.open(self.reader)

    def key(self, c: int) -> LayerKey:
        """Return what names the layer of a channel in the callbacks."""
        return self.image.key(c)

    def levels(self, c: int) -> list[TiledArray]:
        """Return the arrays of a channel, the largest first."""
        return self.image.levels(c)

    def close(self) -> None:
        """Stop everything, and forget the pixels."""
        self.image.close()
        self.reader.close()


class ChannelMosaicReader:
    """The cells of a mosaic as one image of several channels. Thread-safe.

    Images are opened when a tile of theirs is read, once. Where a server draws an image
    in 8 bits within a window, its numbers are turned back into intensities of that
    window, so that all cells are on one scale.

    Parameters
    ----------
    plan, open_reader, on_cell
        As for `ChannelMosaic`.
    cache
        Where the tiles of the images are kept.
    """

    rgb = False

    def __init__(
        self,
        plan: ChannelPlan,
        open_reader: OpenReader,
        cache: TileCache,
        on_cell: OnCell | None = None,
    ) -> None:
        self.plan = plan
        self.levels: tuple[Level, ...] = plan.pyramid.levels
        self.dtype = plan.dtype
        height, width = self.levels[0].shape
        # A mosaic isn't an image of the archive, so it has no number there.
        self.image = Image(
            id=ImageId(0),
            name="mosaic",
            size_y=height,
            size_x=width,
            size_z=plan.size_z,
            size_c=len(plan.channels),
            size_t=plan.size_t,
            default_z=plan.default_z,
            default_t=plan.default_t,
            pixel_type=str(plan.dtype),
            channels=plan.channels,
        )
        self._images = CellImages(open_reader, cache)
        self._on_cell = on_cell
        self._lock = threading.Lock()
        self._cells = {(one.row, one.column): one for one in plan.layout.cells}
        self._told: dict[ImageId, PixelSource | type[BaseException]] = {}

    @property
    def sources(self) -> dict[ImageId, PixelSource]:
        """Where the pixels of the images come from that were opened so far."""
        return self._images.sources

    def read(self, region: PixelRegion, *, cancel: CancelToken) -> NDArray[np.generic]:
        """Return the part of the mosaic that a tile covers, (y, x).

        In a grid that is a part of one cell; cells that lie elsewhere may overlap.

        Raises
        ------
        NothingFiner
            There is no such image or channel, or no more than a thumbnail of it.
        IDRError
            The pixels of an image didn't come.
        """
        cells = self._cells_in(region)
        if not cells or self.plan.pyramid.scales[region.level] < self.plan.least_scale:
            raise NothingFiner
        rect = Rect(region.y0, region.y1, region.x0, region.x1)
        out = np.zeros(rect.shape, self.dtype)
        drawn = [self._draw(out, rect, region, cell, cancel) for cell in cells]
        if not any(drawn):
            raise NothingFiner
        return out

    def ask_again(self) -> Callable[[PixelRegion], bool] | None:
        """Let images be asked again for what was denied; see `api.ask_again`."""
        lacking = self._images.ask_again()
        if not lacking:
            return None
        return lambda region: any(
            cell.image_id in lacking for cell in self._cells_in(region)
        )

    def _cells_in(self, region: PixelRegion) -> list[MosaicCell]:
        scale = self.plan.pyramid.scales[region.level]
        places = self.plan.layout.places_in(
            region.y0 // scale,
            -(-region.y1 // scale),
            region.x0 // scale,
            -(-region.x1 // scale),
        )
        return [self._cells[one] for one in places if one in self._cells]

    def _draw(
        self,
        out: NDArray[np.generic],
        rect: Rect,
        region: PixelRegion,
        cell: MosaicCell,
        cancel: CancelToken,
    ) -> bool:
        """Draw what a tile has of a cell; tell whether the cell has such pixels."""
        try:
            opened = self._opened(cell.image_id, cancel)
        except NothingFiner:
            return False
        c = self._channel(opened, region.c)
        levels = opened.reader.levels
        content = self.plan.content(region.level, cell, levels[0].shape)
        source = source_level(levels, content, self.plan.max_reduction)
        if c is None or source is None:
            return False
        shared = content.shared(rect)
        if min(shared.shape) > 0:
            image = opened.reader.image
            plane = Plane(
                min(region.t, image.size_t - 1), min(region.z, image.size_z - 1)
            )
            try:
                pixels = self._nearest(
                    opened, source, c, plane, shared, content, cancel
                )
            except IDRError as error:
                self._tell(cell.image_id, error)
                raise
            out[shared.within(rect)] = pixels
        self._tell(cell.image_id, opened.reader.source)
        return True

    def sample(
        self, image_id: ImageId, c: int, *, cancel: CancelToken
    ) -> NDArray[np.generic] | None:
        """Wait for a part of an image in one of the layers, (y, x).

        It is the middle of its smallest level, in the plane that is shown first. None
        where the image has no such channel, or no pixels but a thumbnail.

        Raises
        ------
        IDRError
            The pixels didn't come.
        """
        try:
            opened = self._opened(image_id, cancel)
        except NothingFiner:
            return None
        found = self._channel(opened, c)
        if found is None:
            return None
        level = len(opened.reader.levels) - 1
        height, width = opened.reader.levels[level].shape
        y, x = max(0, (height - SAMPLE_PX) // 2), max(0, (width - SAMPLE_PX) // 2)
        rect = Rect(y, min(height, y + SAMPLE_PX), x, min(width, x + SAMPLE_PX))
        image = opened.reader.image
        plane = Plane(
            min(self.plan.default_t, image.size_t - 1),
            min(self.plan.default_z, image.size_z - 1),
        )
        try:
            pixels = self._images.plane(
                opened, level, found, plane, rect, cancel=cancel
            )
        except IDRError as error:
            self._tell(image_id, error)
            raise
        return self._intensities(opened, found, pixels)

    def close(self) -> None:
        """Forget the tiles of all images."""
        self._images.close()

    def _opened(self, image_id: ImageId, cancel: CancelToken) -> CellImage:
        try:
            return self._images.opened(image_id, cancel=cancel)
        except NothingFiner as error:
            if isinstance(error.__cause__, IDRError):
                self._tell(image_id, error.__cause__)
            else:
                self._tell(image_id, PixelSource.THUMBNAIL)
            raise
        except IDRError as error:
            self._tell(image_id, error)
            raise

    def _channel(self, opened: CellImage, layer: int) -> int | None:
        image = opened.reader.image
        channels = image.channels or (Channel(),) * image.size_c
        return match_channels(self.plan.channels, channels[: image.size_c])[layer]

    def _nearest(
        self,
        opened: CellImage,
        level: int,
        c: int,
        plane: Plane,
        shared: Rect,
        content: Rect,
        cancel: CancelToken,
    ) -> NDArray[np.generic]:
        """Return for each px of a part of a cell the nearest one of its image."""
        height, width = opened.reader.levels[level].shape
        ys = nearest(
            shared.y0 - content.y0,
            shared.y1 - content.y0,
            size=content.shape[0],
            coarse_size=height,
        )
        xs = nearest(
            shared.x0 - content.x0,
            shared.x1 - content.x0,
            size=content.shape[1],
            coarse_size=width,
        )
        rect = Rect(int(ys[0]), int(ys[-1]) + 1, int(xs[0]), int(xs[-1]) + 1)
        pixels = self._images.plane(opened, level, c, plane, rect, cancel=cancel)
        picked = pixels[(ys - rect.y0)[:, np.newaxis], (xs - rect.x0)[np.newaxis, :]]
        return self._intensities(opened, c, picked)

    def _intensities(
        self, opened: CellImage, c: int, pixels: NDArray[np.generic]
    ) -> NDArray[np.generic]:
        """Return the numbers of an image on the scale of all."""
        window = _drawn_window(opened, c)
        if window is None:
            return pixels.astype(self.dtype, copy=False)
        step = (window.end - window.start) / FULL
        values = pixels.astype(np.float32) * np.float32(step) + window.start
        if self.dtype.kind == "u":
            values = np.rint(values).clip(0, np.iinfo(self.dtype.str).max)
        return values.astype(self.dtype)

    def _tell(self, image_id: ImageId, news: PixelSource | IDRError) -> None:
        """Tell what has become known of an image, unless that was told last."""
        kind = type(news) if isinstance(news, IDRError) else news
        with self._lock:
            if self._told.get(image_id) is kind:
                return
            self._told[image_id] = kind
        if self._on_cell is not None:
            if isinstance(news, IDRError):
                self._on_cell(image_id, None, news)
            else:
                self._on_cell(image_id, news, None)


@runtime_checkable
class _Drawn(Protocol):
    """What a reader of drawn pixels knows of them."""

    @property
    def exact(self) -> bool:
        """Whether the numbers are the stored ones."""
        ...

    def window(self, c: int) -> RenderingWindow:
        """Return the intensities that are drawn as 0 and as 255."""
        ...


def _drawn_window(opened: CellImage, c: int) -> RenderingWindow | None:
    """Return the window in which a channel is drawn; None if its numbers are stored."""
    reader: object = opened.reader
    if isinstance(reader, _Drawn) and not reader.exact:
        return reader.window(c)
    return None
