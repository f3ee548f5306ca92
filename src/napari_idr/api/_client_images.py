"""The client's questions about images and their pixels."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from napari_idr.api._containers import Containers
from napari_idr.api._images import Drawing, Images
from napari_idr.api._pixels import PixelSources
from napari_idr.api._rendering import Rendering
from napari_idr.api._rois import Rois
from napari_idr.api._thumbnails import STORED_PX, Thumbnails
from napari_idr.api._webgateway import WebGateway
from napari_idr.cancel import NEVER
from napari_idr.errors import IDRError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.api._ask import Ask
    from napari_idr.api._lazy import ImagePixels
    from napari_idr.api._pixels import Plane
    from napari_idr.api._reader import PixelReader
    from napari_idr.api._thumbnails import Thumbnail
    from napari_idr.cancel import CancelToken
    from napari_idr.model import Capabilities, Image, ImageId, Roi, ShapeId


class ImageQuestions:
    """Images, their pixels, their thumbnails and their regions.

    Parameters
    ----------
    ask
        How the server is asked.
    at_once
        How many requests are under way at once with a host.
    """

    url: str
    _capabilities: Capabilities | None = None

    def __init__(
        self,
        ask: Ask,
        *,
        at_once: int,
    ) -> None:
        self._ask = ask
        self._at_once = at_once
        self._containers = Containers(ask)
        self._webgateway = WebGateway(ask)
        self._images = Images(ask, self._webgateway, self._drawing)
        self._thumbnails = Thumbnails(ask, at_once=at_once)
        self._rendering = Rendering(ask)
        self._rois = Rois(ask, self._rendering, at_once=at_once)
        self._opening = threading.Lock()
        self._sources: PixelSources | None = None

    def image(self, image_id: ImageId, *, cancel: CancelToken = NEVER) -> Image:
        """Return what is known of an image, and where its pixels can be had."""
        return self._images.image(image_id, cancel=cancel)

    def thumbnails(
        self,
        image_ids: Iterable[ImageId],
        *,
        size: int = STORED_PX,
        cancel: CancelToken = NEVER,
    ) -> Iterator[Thumbnail]:
        """Return an iterator of images and their thumbnails, as they come.

        Each image comes once, with an array (y, x, 3) of uint8 whose longest side
        is `size` px, or with the `IDRError` that says why there is none. Close the
        iterator, or cancel, and nothing more is sent.
        """
        return self._thumbnails.thumbnails(image_ids, size=size, cancel=cancel)

    def rois(
        self, image_id: ImageId, *, cancel: CancelToken = NEVER
    ) -> tuple[Roi, ...]:
        """Return the regions that people drew on an image."""
        rois = tuple(self._rois.rois(image_id, cancel=cancel))
        if not rois:  # an unknown image has none either
            self._containers.require("image", image_id, cancel=cancel)
        return rois

    def masks(
        self, shape_ids: Iterable[ShapeId], *, cancel: CancelToken = NEVER
    ) -> Iterator[tuple[ShapeId, NDArray[np.bool_] | IDRError]]:
        """Return an iterator of masks among the shapes of regions, as they come.

        Each comes with the px of its frame that it covers, (y, x), or with the error
        that says why they can't be had. Each is a request.
        """
        return self._rois.masks(shape_ids, cancel=cancel)

    def plane(
        self,
        image_id: ImageId,
        *,
        c: int,
        z: int = 0,
        t: int = 0,
        cancel: CancelToken = NEVER,
    ) -> Plane:
        """Return one plane of one channel, (y, x), from the best source.

        It says where it comes from and whether anything was lost.
        """
        image = self.image(image_id, cancel=cancel)
        return self._pixel_sources().plane(image, c=c, z=z, t=t, cancel=cancel)

    def projection(
        self,
        image_id: ImageId,
        *,
        c: int,
        t: int = 0,
        z: range | None = None,
        cancel: CancelToken = NEVER,
    ) -> Plane:
        """Return the maximum over z of one channel, (y, x), from the best source.

        `z` are the planes that count, one after the other; None for all. A server
        that draws the image whole projects it too; else all planes are read.
        """
        image = self.image(image_id, cancel=cancel)
        return self._pixel_sources().projection(image, c=c, t=t, z=z, cancel=cancel)

    def rendered(
        self, image_id: ImageId, *, z: int = 0, t: int = 0, cancel: CancelToken = NEVER
    ) -> Plane:
        """Return a plane in colours, (y, x, 3), drawn as the archive shows it."""
        image = self.image(image_id, cancel=cancel)
        return self._pixel_sources().rendered(image, z=z, t=t, cancel=cancel)

    def pixels(self, image_id: ImageId, *, cancel: CancelToken = NEVER) -> ImagePixels:
        """Return an image as dask arrays T, C, Z, Y, X, the largest level first."""
        image = self.image(image_id, cancel=cancel)
        return self._pixel_sources().pixels(image, cancel=cancel)

    def open_reader(
        self, image: Image, *, rgb: bool | None = None, cancel: CancelToken = NEVER
    ) -> tuple[PixelReader, tuple[str, ...]]:
        """Return what reads rectangles of an image, and why it isn't a better source.

        `rgb` False reads the channels of a colour picture apart, None leaves it to
        the image.
        """
        opened = self._pixel_sources().open(image, rgb=rgb, cancel=cancel)
        return opened.reader, opened.notes

    def open_labels(
        self, reader: PixelReader, *, cancel: CancelToken = NEVER
    ) -> tuple[tuple[str, PixelReader | IDRError], ...]:
        """Return the label images beside raw pixels, often none.

        Each comes with its name, and as a reader or as the error that says why there
        is none.
        """
        from napari_idr.api._zarr._reader import ZarrReader  # loads zarr-python

        if not isinstance(reader, ZarrReader):
            return ()
        found: list[tuple[str, PixelReader | IDRError]] = []
        for name in reader.label_names(cancel=cancel):
            try:
                found.append((name, reader.open_label(name, cancel=cancel)))
            except IDRError as error:
                found.append((name, error))
        return tuple(found)

    def _drawing(self) -> Drawing:
        """Return what is known of the rendering by now; nothing is sent."""
        if self._rendering.refuses:
            return Drawing(works=False)
        if (able := self._capabilities) is None:
            return Drawing()
        return Drawing(works=able.rendering, lossless=able.lossless)

    def _pixel_sources(self) -> PixelSources:
        from napari_idr.api._zarr._store import ObjectStorage  # loads zarr-python

        with self._opening:
            if self._sources is None:
                storage = ObjectStorage(self._ask.transport, at_once=self._at_once)
                self._sources = PixelSources(
                    self.url, self._rendering, self._thumbnails, storage
                )
            return self._sources
