"""Images in the cells of a mosaic: each is opened once, and its tiles are kept."""

from __future__ import annotations

import math
import threading
import time
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from napari_idr.errors import NotFoundError, PixelDataError
from napari_idr.model import PixelSource
from napari_idr.threads import SingleFlight
from napari_idr.tiles.grid import tile_rect, tiles_in
from napari_idr.tiles.image import NothingFiner, TileLoader

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_idr.api import OpenedPixels, PixelReader
    from napari_idr.cancel import CancelToken
    from napari_idr.errors import IDRError
    from napari_idr.model import ImageId
    from napari_idr.tiles.cache import TileCache
    from napari_idr.tiles.grid import Plane, Rect, TileKey


class OpenReader(Protocol):
    """Opens the pixels of an image; called in workers."""

    def __call__(self, image_id: ImageId, *, cancel: CancelToken) -> OpenedPixels:
        """Return a reader; `NotFoundError` or `PixelDataError` if there is none."""
        ...


BETTER_AFTER_S = 60.0
"""How long a cell stays its thumbnail where something better isn't to be had just now:
an image that is opened again is some requests."""


@dataclass(slots=True)
class CellImage:
    """An opened image, and what was found out about its channels."""

    reader: PixelReader
    loader: TileLoader
    limits: dict[int, tuple[float, float]] = field(default_factory=dict)


class CellImages:
    """Opens the images of a mosaic as their tiles are read. Thread-safe.

    Parameters
    ----------
    open_reader
        Opens an image.
    cache
        Where the tiles of the images are kept.
    """

    def __init__(self, open_reader: OpenReader, cache: TileCache) -> None:
        self._open_reader = open_reader
        self._cache = cache
        self._lock = threading.Lock()
        self._images: dict[ImageId, CellImage] = {}
        # Until when a cell stays its thumbnail, as told by `time.monotonic`, and why.
        self._thumbnails: dict[ImageId, tuple[float, IDRError | None]] = {}
        self._opening = SingleFlight[CellImage]()
        self._loading = SingleFlight["NDArray[np.generic]"]()

    @property
    def sources(self) -> dict[ImageId, PixelSource]:
        """Where the pixels of the images come from that were opened so far."""
        with self._lock:
            small = [one for one, (_, why) in self._thumbnails.items() if why is None]
            found = {one: image.reader.source for one, image in self._images.items()}
        return dict.fromkeys(small, PixelSource.THUMBNAIL) | found

    def opened(self, image_id: ImageId, *, cancel: CancelToken) -> CellImage:
        """Return an image, opened once.

        Raises
        ------
        NothingFiner
            It has only a thumbnail, now or for good; its cause is why, if it has one.
        IDRError
            It can't be had at present; a later call tries again.
        """
        with self._lock:
            if (known := self._images.get(image_id)) is not None:
                return known
            until, cause = self._thumbnails.get(image_id, (0.0, None))
        if (left_s := until - time.monotonic()) > 0:
            raise NothingFiner(left_s) from cause

        def open_image(cancel: CancelToken) -> CellImage:
            opened = self._open(image_id, cancel)
            with self._lock:
                self._images[image_id] = opened
            # A mosaic that was closed meanwhile hasn't closed this image.
            cancel.check()
            return opened

        return self._opening.get(image_id, open_image, cancel=cancel)

    def plane(
        self,
        opened: CellImage,
        level: int,
        c: int,
        plane: Plane,
        rect: Rect,
        *,
        cancel: CancelToken,
    ) -> NDArray[np.generic]:
        """Return a rectangle of a plane, (y, x) or (y, x, 3); each tile is read once.

        Raises
        ------
        IDRError
            A tile didn't come.
        """
        reader = opened.reader
        colours = (3,) if reader.rgb else ()
        out = np.empty((*rect.shape, *colours), reader.dtype)
        for tile in tiles_in(reader.levels[level], rect):
            there = tile_rect(reader.levels[level], *tile)
            shared = there.shared(rect)
            key = opened.loader.key(level, c, plane.t, plane.z, tile)
            numbers = self._tile(opened.loader, key, cancel)
            out[shared.within(rect)] = numbers[shared.within(there)]
        return out

    def ask_again(self) -> frozenset[ImageId]:
        """Let readers ask again for what was denied; return whose images lacked some.

        Their tiles are forgotten, and what was found out from these.
        """
        with self._lock:
            images = dict(self._images)
        lacking = [one for one, it in images.items() if it.loader.ask_again()]
        for one in lacking:
            images[one].limits.clear()
        return frozenset(lacking)

    def close(self) -> None:
        """Forget the tiles of all images, and keep none that comes late."""
        with self._lock:
            images = list(self._images.values())
        for one in images:
            one.loader.close()

    def _open(self, image_id: ImageId, cancel: CancelToken) -> CellImage:
        try:
            opened = self._open_reader(image_id, cancel=cancel)
        except (NotFoundError, PixelDataError) as error:
            raise self._nothing_finer(image_id, math.inf, error) from error
        if opened.reader.source is not PixelSource.THUMBNAIL:
            return CellImage(opened.reader, TileLoader(opened.reader, self._cache))
        if opened.failure is not None:  # told, and tried again by who is told
            raise copy(opened.failure)
        for_s = BETTER_AFTER_S if opened.may_improve else math.inf
        raise self._nothing_finer(image_id, for_s)

    def _nothing_finer(
        self, image_id: ImageId, for_s: float, cause: IDRError | None = None
    ) -> NothingFiner:
        """Let a cell stay its thumbnail for so long; return what to raise for it."""
        with self._lock:
            self._thumbnails[image_id] = time.monotonic() + for_s, cause
        return NothingFiner(for_s)

    def _tile(
        self, loader: TileLoader, key: TileKey, cancel: CancelToken
    ) -> NDArray[np.generic]:
        def load(cancel: CancelToken) -> NDArray[np.generic]:
            return loader.keep(key, loader.fetch(key, cancel))

        return self._loading.get(key, load, cancel=cancel)
