"""Thumbnails of many images, and the reader of an image that has nothing better."""

from __future__ import annotations

import base64
import binascii
import logging
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from napari_idr.api.json_client import id_chunks, require_success
from napari_idr.api.pixels.pictures import decode_picture
from napari_idr.api.pixels.reader import Level, PixelRegion, require_region
from napari_idr.errors import (
    ConnectionFailedError,
    IDRError,
    PixelDataError,
    RateLimitedError,
    RequestTimeoutError,
)
from napari_idr.model import Channel, Image, ImageId, PixelSource
from napari_idr.threads import in_parallel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image as Pillow

    from napari_idr.api.json_client import Asked, JsonClient
    from napari_idr.api.node import Node
    from napari_idr.cancel import CancelToken

logger = logging.getLogger(__name__)

Thumbnail = tuple[ImageId, "NDArray[np.uint8] | IDRError"]
"""The image, and its small picture (y, x, 3) or why there is none."""

_Pictures = dict[int, "NDArray[np.uint8] | PixelDataError"]

BATCH = 50
"""Images in one question; the server refuses more (`omero.web.thumbnails_batch`)."""

STORED_PX = 96
"""The longest side of the thumbnails that servers have in store."""

SILENT_BATCHES = 4
"""After so many in a row without an answer the others aren't asked for. Else a server
that is silent holds a plate of 1536 wells for minutes before a word is said."""

MAX_SIZE_PX = 1024
"""Beyond this it isn't a thumbnail any more."""

PNG_SIGNATURE = b"\x89PNG"
"""Real thumbnails are JPEG; this begins the placeholder for those that failed."""


class Thumbnails:
    """Small pictures of many images. Thread-safe."""

    def __init__(self, ask: JsonClient, *, at_once: int) -> None:
        self._ask = ask
        self._at_once = at_once

    def thumbnails(
        self, image_ids: Iterable[ImageId], *, size: int, cancel: CancelToken
    ) -> Iterator[Thumbnail]:
        """Return an iterator of each image with its thumbnail or error, as they come.

        The longest side is `size` px. Servers have 96 px in store and make other
        sizes from the pixels, which not all can read: smaller ones are therefore
        scaled here, and larger ones too where the server has none.

        GET /webgateway/get_thumbnails/[{size}/]?id=&id=...
        """
        if not 1 <= size <= MAX_SIZE_PX:
            raise ValueError(f"a thumbnail has 1 to {MAX_SIZE_PX} px, not {size}")

        return self._load(image_ids, size, cancel)

    def _load(
        self, image_ids: Iterable[ImageId], size: int, cancel: CancelToken
    ) -> Iterator[Thumbnail]:
        ends: list[IDRError] = []
        silent: list[IDRError] = []

        def ask(ids: tuple[int, ...], stop: CancelToken) -> _Batch:
            if ends:
                return _Batch(ids, ends[0])
            batch = self._batch(ids, size, stop)
            if isinstance(error := batch.stored, RequestTimeoutError):
                silent.append(error)
            else:
                silent.clear()
            if isinstance(error, IDRError) and (
                _ends_all(error) or len(silent) >= SILENT_BATCHES
            ):
                ends.append(error)
            return batch

        chunks = id_chunks(image_ids, parameter="id", most=BATCH)
        # They are decoded here: meanwhile the next question is under way, and no more
        # than one batch of pictures is held.
        for batch in in_parallel(ask, chunks, at_once=self._at_once, cancel=cancel):
            yield from batch.read(size, cancel)

    def _batch(self, ids: tuple[int, ...], size: int, cancel: CancelToken) -> _Batch:
        try:
            stored = self._ask_for(ids, STORED_PX, cancel)
        except IDRError as error:
            return _Batch(ids, error)
        if size <= STORED_PX:
            return _Batch(ids, stored)
        try:
            return _Batch(ids, stored, self._ask_for(ids, size, cancel))
        except IDRError as error:
            logger.debug("no thumbnails of %d px: %s", size, error)
            return _Batch(ids, stored)

    def _ask_for(self, ids: tuple[int, ...], due_px: int, cancel: CancelToken) -> Asked:
        path = "webgateway/get_thumbnails/"
        if due_px != STORED_PX:
            path = f"{path}{due_px}/"
        params = tuple(("id", number) for number in ids)
        asked = self._ask.ask(path, params, cancel=cancel)
        require_success(asked.response)
        return asked


@dataclass(frozen=True, slots=True)
class _Batch:
    """Images, and the answers with their thumbnails, or why there is none.

    `stored` has them in the size that servers have in store, `larger` in the one that
    is wanted, if that is larger and the server makes it.
    """

    ids: tuple[int, ...]
    stored: Asked | IDRError
    larger: Asked | None = None

    def read(self, size: int, cancel: CancelToken) -> Iterator[Thumbnail]:
        """Yield each image with its thumbnail or error; all are decoded first."""
        pictures = self._pictures(size, cancel)
        for number in self.ids:
            yield (
                ImageId(number),
                pictures if isinstance(pictures, IDRError) else pictures.pop(number),
            )

    def _pictures(self, size: int, cancel: CancelToken) -> _Pictures | IDRError:
        if isinstance(self.stored, IDRError):
            return self.stored
        try:
            pictures = self._read(self.stored, STORED_PX, size, cancel)
        except IDRError as error:
            return error
        if self.larger is not None:
            with suppress(IDRError):
                larger = self._read(self.larger, size, size, cancel)
                pictures |= {
                    number: picture
                    for number, picture in larger.items()
                    if not isinstance(picture, IDRError)
                }
        return pictures

    def _read(
        self, asked: Asked, due_px: int, size: int, cancel: CancelToken
    ) -> _Pictures:
        return asked.read(
            lambda answer: read_thumbnails(answer, self.ids, due_px, size),
            cancel=cancel,
        )


def _ends_all(error: IDRError) -> bool:
    """Whether no other batch is to be asked for: nobody is there, or we ask too much.

    The transport has tried several times. A connection that broke off once may be one
    answer's misfortune.
    """
    return type(error) is ConnectionFailedError or isinstance(error, RateLimitedError)


def read_thumbnails(
    node: Node, ids: tuple[int, ...], due_px: int, size: int
) -> _Pictures:
    """Read the thumbnails of images, scaled to a size; of some it may have none.

    One that is missing, broken or smaller than `due_px` is noted, so that the answer
    isn't remembered: it may be better the next time.
    """
    if node.members() and not any(str(number) in node for number in ids):
        raise node.error_here("the images asked for aren't in it")
    return {number: _picture(node, number, due_px, size) for number in ids}


def _picture(
    node: Node, number: int, due_px: int, size: int
) -> NDArray[np.uint8] | PixelDataError:
    if (text := node.find(str(number), str)) is None:
        node.note(f"no thumbnail of image {number}")
        return PixelDataError(f"the server has no thumbnail of image {number}")
    try:
        return decode_thumbnail(text, size=size, due_px=due_px, note=node.note)
    except PixelDataError as error:
        node.note(f"image {number}: {error.message}")
        return PixelDataError(f"image {number}: {error.message}")


def decode_thumbnail(
    data_url: str,
    *,
    size: int,
    due_px: int = STORED_PX,
    note: Callable[[str], None] = logger.debug,
) -> NDArray[np.uint8]:
    """Return the (y, x, 3) picture of a data URL, its longest side `size` px.

    It is due with a longest side of `due_px`; a smaller one is usable, and noted.

    Raises
    ------
    PixelDataError
        It is no picture, larger than was asked for, or the picture that stands for
        none.
    """
    head, comma, text = data_url.partition(",")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PixelDataError("the thumbnail isn't coded in base64") from error
    if not comma or not data:
        raise PixelDataError("the thumbnail is empty")
    if data.startswith(PNG_SIGNATURE) and "png" not in head.lower():
        raise PixelDataError("the server sent the picture that stands for none")

    def convert(picture: Pillow.Image) -> Pillow.Image:
        if max(picture.size) < due_px - 1:
            note(f"a thumbnail of {picture.size} px came where {due_px} px are due")
        return _scaled(picture.convert("RGB"), size)

    return decode_picture(
        data,
        convert,
        formats=("JPEG", "PNG", "GIF"),
        fits=lambda shape: max(shape) <= due_px + 1,
        what="a thumbnail",
        due=f"at most {due_px} x {due_px}",
    )


def _scaled(picture: Pillow.Image, size: int) -> Pillow.Image:
    """Return a picture with this longest side."""
    if (longest := max(picture.size)) == size:
        return picture
    width, height = (max(1, round(px * size / longest)) for px in picture.size)
    from PIL import Image as Pillow

    return picture.resize((width, height), Pillow.Resampling.BICUBIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThumbnailReader:
    """A small picture in colours, as large as the server has it in store.

    The pixel sizes of its image are those of the preview, so that it covers as much
    as the image does.
    """

    image: Image
    pixels: NDArray[np.uint8] = field(repr=False, compare=False)

    @property
    def source(self) -> PixelSource:
        """A thumbnail."""
        return PixelSource.THUMBNAIL

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Always uint8."""
        import numpy as np

        return np.dtype(np.uint8)

    @property
    def rgb(self) -> bool:
        """Always: the channels are mixed already."""
        return True

    @property
    def levels(self) -> tuple[Level, ...]:
        """The one that there is."""
        height, width = self.pixels.shape[:2]
        return (Level(shape=(height, width), chunk=(height, width)),)

    def read(self, region: PixelRegion, *, cancel: CancelToken) -> NDArray[np.generic]:
        """Return a rectangle of the preview; it is here already."""
        require_region(region, self.levels, self.image)
        cancel.check()
        return self.pixels[region.y0 : region.y1, region.x0 : region.x1].copy()


def open_thumbnail(
    image: Image, thumbnails: Thumbnails, *, cancel: CancelToken
) -> ThumbnailReader:
    """Return a reader of the preview in store.

    Raises
    ------
    PixelDataError
        The server has none.
    """
    for _, pixels in thumbnails.thumbnails([image.id], size=STORED_PX, cancel=cancel):
        if isinstance(pixels, IDRError):
            raise pixels
        return ThumbnailReader(image=preview(image, pixels.shape[:2]), pixels=pixels)
    raise PixelDataError(f"there is no thumbnail of image {image.id}")


def preview(image: Image, shape: tuple[int, ...]) -> Image:
    """Return the image that a preview of this (y, x) size is.

    >>> image = Image(id=1, name="", size_x=960, size_y=480, pixel_type="uint16",
    ...               pixel_size_x_um=0.5)
    >>> small = preview(image, (48, 96))
    >>> small.size_x, small.pixel_size_x_um, small.pixel_type, small.size_c
    (96, 5.0, 'uint8', 3)
    """
    height, width = shape
    x_um, y_um = image.pixel_size_x_um, image.pixel_size_y_um
    return replace(
        image,
        size_x=width,
        size_y=height,
        size_z=1,
        size_c=3,
        size_t=1,
        pixel_type="uint8",
        channels=(
            Channel(name="red", color="FF0000"),
            Channel(name="green", color="00FF00"),
            Channel(name="blue", color="0000FF"),
        ),
        pixel_size_x_um=None if x_um is None else x_um * image.size_x / width,
        pixel_size_y_um=None if y_um is None else y_um * image.size_y / height,
        pixel_size_z_um=None,
        levels=((height, width),),
        tile_shape=None,
        default_z=0,
        default_t=0,
        greyscale=False,
        pixel_source=PixelSource.THUMBNAIL,
    )
