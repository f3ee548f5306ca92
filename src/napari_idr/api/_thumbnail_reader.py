"""Reads the preview of an image where nothing better can be had."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_idr.api._reader import Level, Region, require_region
from napari_idr.api._thumbnails import STORED_PX
from napari_idr.errors import IDRError, PixelDataError
from napari_idr.model import Channel, Image, PixelSource

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_idr.api._thumbnails import Thumbnails
    from napari_idr.cancel import CancelToken


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

    def read(self, region: Region, *, cancel: CancelToken) -> NDArray[np.generic]:
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
