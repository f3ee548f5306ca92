"""Images, their channels, and where their pixels can be had."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from napari_idr.model._containers import ObjectRef
from napari_idr.model._ids import DatasetId, ImageId, PlateId, WellId

if TYPE_CHECKING:
    from collections.abc import Sequence


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
    """One channel, as far as it is described.

    What nobody has told is "" for the name and None for the rest, so that another
    source may tell it; what stands in for it is chosen where layers are made. `color`
    is "RRGGBB"; `lut` is the archive's name of a lookup table ("cool.lut"), which goes
    before the colour; `active` tells whether the channel is shown. `inverted` tells
    that the archive draws it bright for dark, `linear` that its greys are in proportion
    to the intensities.
    """

    name: str = ""
    color: str | None = None
    lut: str | None = None
    window: RenderingWindow | None = None
    active: bool | None = None
    emission_nm: float | None = None
    inverted: bool = False
    linear: bool = True

    @property
    def is_shown(self) -> bool:
        """Whether it is switched on; it is unless the archive says otherwise."""
        return self.active is not False

    def completed(self, other: Channel) -> Channel:
        """Return the channel with what it doesn't tell taken from another source.

        A lookup table and a colour are one statement, so they come from one source.

        >>> told = Channel(name="DNA", window=RenderingWindow(start=0, end=9))
        >>> more = Channel(name="0", color="0000FF").completed(told)
        >>> more.name, more.color, more.window
        ('0', '0000FF', RenderingWindow(start=0, end=9))
        """
        painted = self if self.color is not None or self.lut is not None else other
        return replace(
            self,
            name=self.name or other.name,
            color=painted.color,
            lut=painted.lut,
            window=self.window if self.window is not None else other.window,
            active=self.active if self.active is not None else other.active,
            emission_nm=(
                self.emission_nm if self.emission_nm is not None else other.emission_nm
            ),
            inverted=self.inverted or other.inverted,
            linear=self.linear and other.linear,
        )


def complete_channels(count: int, *sources: Sequence[Channel]) -> tuple[Channel, ...]:
    """Return so many channels, each told by the first source that tells it.

    Sources go field by field, the best first; one that describes more channels than
    there are is of another image, and doesn't count.

    >>> [c.name for c in complete_channels(2, [Channel()], [Channel(name="a")] * 2)]
    ['a', 'a']
    """
    channels = [Channel()] * count
    for source in sources:
        if len(source) <= count:
            padded = (*source, *[Channel()] * (count - len(source)))
            channels = [
                one.completed(more) for one, more in zip(channels, padded, strict=True)
            ]
    return tuple(channels)


RGB = (
    ("FF0000", ("red", "r", "0")),
    ("00FF00", ("green", "g", "1")),
    ("0000FF", ("blue", "b", "2")),
)
"""Colours of the channels of a colour picture, and the names that say no more."""

FULL_8_BIT = (0.0, 255.0)


def _is_primary(channel: Channel, color: str, names: tuple[str, ...]) -> bool:
    """Tell whether a channel is no more than one colour of a picture."""
    window = channel.window
    return (
        channel.color == color
        and channel.lut is None
        and channel.name.strip().lower() in ("", *names)
        and (window is None or (window.start, window.end) == FULL_8_BIT)
        and channel.is_shown
        and channel.emission_nm is None
        and not channel.inverted
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image and the shape of its pixels.

    Pixel sizes are in micrometres, None where unknown or absurd. `levels` holds
    the (y, x) size in px of each resolution, the largest first. `tile_shape` is
    (y, x) in px, None unless the server cuts the image into tiles. `zarr_url` is
    where the OME-Zarr is, None if there is none that can be reached, and `series` which
    image of its file it is, from 0, None where it isn't told. `greyscale` tells that
    the archive shows one channel in grey, and `roi_count` how many regions are drawn on
    the image; both are None where it isn't told. `notes` says in words what is odd
    about the image.
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
    greyscale: bool | None = None
    series: int | None = None
    pixel_source: PixelSource = PixelSource.THUMBNAIL
    zarr_url: str | None = None
    well_id: WellId | None = None
    roi_count: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def ref(self) -> ObjectRef:
        """Reference to the image."""
        return ObjectRef(kind="image", id=self.id, name=self.name)

    @property
    def is_rgb(self) -> bool:
        """Whether the channels are the red, green and blue of a colour picture.

        They are where nothing tells them apart but their colour: channels of
        fluorescence that happen to be red, green and blue have names, wavelengths or
        windows of their own.
        """
        return (
            self.pixel_type == "uint8"
            and not self.greyscale
            and len(self.channels) == len(RGB)
            and all(
                _is_primary(channel, *told)
                for channel, told in zip(self.channels, RGB, strict=True)
            )
        )

    @property
    def shown_channels(self) -> tuple[int, ...]:
        """The channels that are seen at first: those switched on, else the first.

        The greyscale model shows one of them, the first.
        """
        count = len(self.channels) or self.size_c
        shown = [c for c in range(count) if self._is_shown(c)] or [0]
        return tuple(shown[:1] if self.greyscale else shown)

    def _is_shown(self, c: int) -> bool:
        return c >= len(self.channels) or self.channels[c].is_shown


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRef:
    """An image that a search or a list found, and where it lies as far as known."""

    image_id: ImageId
    name: str = ""
    well_id: WellId | None = None
    plate_id: PlateId | None = None
    dataset_id: DatasetId | None = None
