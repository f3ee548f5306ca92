"""Images, their channels, and where their pixels can be had."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from napari_idr.model._containers import ObjectRef
from napari_idr.model._ids import DatasetId, ImageId, PlateId, WellId


class PixelSource(StrEnum):
    """Where pixels come from, the best first."""

    RAW = "raw"
    """The stored intensities, from an OME-Zarr."""
    RENDERED_LOSSLESS = "rendered-lossless"
    """Drawn by the server within a window, and sent without loss (PNG, 8 bit)."""
    RENDERED_JPEG = "rendered-jpeg"
    """Drawn by the server within a window, and sent as JPEG."""
    THUMBNAIL = "thumbnail"
    """Only the small preview can be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderingWindow:
    """The intensities shown as black (`start`) and as full (`end`)."""

    start: float
    end: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One channel.

    `color` is "RRGGBB"; `window` is None where the archive knows none;
    `emission_nm` likewise. `inverted` tells that the archive draws it bright for dark,
    `linear` that its greys are in proportion to the intensities.
    """

    name: str
    color: str = "FFFFFF"
    window: RenderingWindow | None = None
    active: bool = True
    emission_nm: float | None = None
    inverted: bool = False
    linear: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image and the shape of its pixels.

    Pixel sizes are in micrometres, None where unknown or absurd. `levels` holds
    the (y, x) size in px of each resolution, the largest first. `tile_shape` is
    (y, x) in px, None unless the server cuts the image into tiles. `zarr_url` is
    where the OME-Zarr is, None if there is none that can be reached. `notes` says
    in words what is odd about it.
    """

    id: ImageId
    name: str
    description: str = ""
    size_x: int
    size_y: int
    size_z: int = 1
    size_c: int = 1
    size_t: int = 1
    pixel_type: str
    channels: tuple[Channel, ...] = ()
    pixel_size_x_um: float | None = None
    pixel_size_y_um: float | None = None
    pixel_size_z_um: float | None = None
    levels: tuple[tuple[int, int], ...] = ()
    tile_shape: tuple[int, int] | None = None
    default_z: int = 0
    default_t: int = 0
    greyscale: bool = False
    pixel_source: PixelSource = PixelSource.THUMBNAIL
    zarr_url: str | None = None
    well_id: WellId | None = None
    notes: tuple[str, ...] = ()

    @property
    def ref(self) -> ObjectRef:
        """Reference to the image."""
        return ObjectRef(kind="image", id=self.id, name=self.name)

    @property
    def is_rgb(self) -> bool:
        """Whether the channels are the red, green and blue of a colour picture."""
        return self.pixel_type == "uint8" and [c.color for c in self.channels] == [
            "FF0000",
            "00FF00",
            "0000FF",
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRef:
    """An image that a search or a list found, and where it lies as far as known."""

    image_id: ImageId
    name: str = ""
    well_id: WellId | None = None
    plate_id: PlateId | None = None
    dataset_id: DatasetId | None = None
