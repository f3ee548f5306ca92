"""Details of an image, merged from the JSON API and the display endpoints."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from napari_idr.api.json_client import is_json, naming
from napari_idr.api.lengths import length_um
from napari_idr.api.pixels.choice import choose_source
from napari_idr.api.zarr.location import zarr_candidates
from napari_idr.errors import (
    IDRError,
    RateLimitedError,
    ResponseFormatError,
    StatusError,
)
from napari_idr.model import Channel, Image, ImageId, complete_channels
from napari_idr.threads import both

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr.api.json_client import JsonClient
    from napari_idr.api.node import Node
    from napari_idr.api.pixels.display import Display, Displays, Size
    from napari_idr.cancel import CancelToken
    from napari_idr.model import PixelSource
    from napari_idr.transport import Response


SMALLEST_PIXEL_UM = 1e-5
"""A hundredth of a nanometre: smaller than an atom, so of no microscope."""

LARGEST_PIXEL_UM = 1e5
"""Ten centimetres: no image of a microscope has such pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What is known so far of the server's rendering; None where it isn't known."""

    works: bool | None = None
    lossless: bool | None = None


class Images:
    """Details of images. Thread-safe.

    `drawing` is asked what is known of the rendering, and mustn't wait.
    """

    def __init__(
        self,
        json_client: JsonClient,
        displays: Displays,
        drawing: Callable[[], Drawing],
    ) -> None:
        self._json_client = json_client
        self._displays = displays
        self._drawing = drawing

    def image(self, image_id: ImageId, *, cancel: CancelToken) -> Image:
        """Return what is known of an image.

        The JSON API knows sizes and names of every image; windows, levels and
        default planes come from the display side, which fails where the server
        can't read the pixels. One of the two is enough; `notes` says what is odd.

        GET /api/v0/m/images/{image_id}/
        GET /iviewer/image_data/{image_id}/ or /webclient/imgData/{image_id}/
        """
        with naming("image", image_id):
            record, display = both(
                partial(self._record, image_id),
                partial(self._display, image_id),
                cancel=cancel,
            )
            drawing = self._drawing()
            if not isinstance(record, IDRError):
                told = None if isinstance(display, IDRError) else display
                return merge_image(record, told, drawing)
            if isinstance(display, IDRError):
                raise display
            image = merge_image(None, display, drawing)
            note = f"The archive's record of the image can't be had: {record.message}."
            return replace(image, notes=(note, *image.notes))

    def _record(self, image_id: ImageId, cancel: CancelToken) -> Image | IDRError:
        answers: list[Response] = []
        try:
            return self._json_client.read(
                f"api/v0/m/images/{image_id}/",
                reader=_read_record,
                inspect=answers.append,
                cancel=cancel,
            )
        except RateLimitedError:
            raise
        except (StatusError, ResponseFormatError) as error:
            answer = answers[-1] if answers else None
            if answer is None or (answer.status in (200, 404) and is_json(answer)):
                raise
            return error  # a server without the JSON API, or where it is broken

    def _display(self, image_id: ImageId, cancel: CancelToken) -> Display | IDRError:
        try:
            return self._displays.display(image_id, cancel=cancel)
        except RateLimitedError:
            raise
        except (StatusError, ResponseFormatError) as error:
            return error


def _read_record(answer: Node) -> Image:
    node = answer.child("data")
    urls = zarr_candidates(read_lsid(node))
    return replace(read_image(node), zarr_url=next(iter(urls), None))


def merge_image(
    record: Image | None, display: Display | None, drawing: Drawing
) -> Image:
    """Return one image from what the database and the display side know.

    The database's sizes, names and lengths go first; at least one is needed.

    Raises
    ------
    ResponseFormatError
        Nobody knows the size.
    """
    if record is None:
        if display is None or display.size is None:
            raise ResponseFormatError("the server doesn't tell the size of the image")
        record = _from_display(display, display.size)
    notes: list[str] = [*record.notes]
    if record.size_x < 1 or record.size_y < 1:
        notes.append("The archive has no pixels of this image.")
        if display is not None and display.size is not None:
            record = replace(_from_display(display, display.size), name=record.name)
    if display is None:
        notes.append("The server doesn't tell how the image is displayed.")
        return _checked(record, notes, _source(record, None, drawing))
    if display.size is None and not notes:
        notes.append(f"The server can't read the pixels: {display.failure}")
    elif display.size and (display.size.y, display.size.x) != (
        record.size_y,
        record.size_x,
    ):
        notes.append(
            f"The database says {record.size_x} x {record.size_y} px, "
            f"the display {display.size.x} x {display.size.y}."
        )
    notes += [f"The server tells something odd: {note}." for note in display.notes]
    x_um, y_um, z_um = display.pixel_size_um
    merged = replace(
        record,
        channels=_merge_channels(record.channels, display.channels),
        pixel_size_x_um=_first(record.pixel_size_x_um, x_um),
        pixel_size_y_um=_first(record.pixel_size_y_um, y_um),
        pixel_size_z_um=_first(record.pixel_size_z_um, z_um),
        levels=display.levels or record.levels,
        tile_shape=display.tile_shape,
        default_z=min(max(0, display.default_z), record.size_z - 1),
        default_t=min(max(0, display.default_t), record.size_t - 1),
        greyscale=display.greyscale,
        well_id=display.well_id,
        roi_count=display.roi_count,
    )
    return _checked(merged, notes, _source(record, display.size, drawing))


def _from_display(display: Display, size: Size) -> Image:
    return Image(
        id=display.id,
        name=display.name,
        description=display.description,
        size_x=size.x,
        size_y=size.y,
        size_z=size.z,
        size_c=size.c,
        size_t=size.t,
        pixel_type=display.pixel_type,
        levels=((size.y, size.x),),
    )


def _merge_channels(
    record: tuple[Channel, ...], display: tuple[Channel, ...]
) -> tuple[Channel, ...]:
    """Take names from the database, and colours and windows from the display."""
    if len(record) != len(display):
        return display or record
    named = [
        Channel(name=one.name, emission_nm=one.emission_nm).completed(more)
        for one, more in zip(record, display, strict=True)
    ]
    return complete_channels(len(record), named, record)


def _checked(image: Image, notes: list[str], source: PixelSource) -> Image:
    """Drop pixel sizes that can't be, and say so; see to it that each channel is."""
    sizes = {axis: getattr(image, f"pixel_size_{axis}_um") for axis in ("x", "y", "z")}
    for axis, size_um in sizes.items():
        if size_um is not None and not _is_credible(size_um):
            sizes[axis] = None
            notes.append(f"The pixel size along {axis}, {size_um:g} um, can't be.")
    channels = image.channels
    if len(channels) != image.size_c:
        notes.append(
            f"The archive describes {len(channels)} of {image.size_c} channels."
        )
        missing = range(len(channels), image.size_c)
        channels = (*channels[: image.size_c], *(Channel() for _ in missing))
    return replace(
        image,
        channels=channels,
        pixel_size_x_um=sizes["x"],
        pixel_size_y_um=sizes["y"],
        pixel_size_z_um=sizes["z"],
        pixel_source=source,
        notes=tuple(notes),
    )


def _source(image: Image, shown: Size | None, drawing: Drawing) -> PixelSource:
    choice = choose_source(
        has_zarr=image.zarr_url is not None,
        rendering=drawing.works,
        lossless=drawing.lossless,
        sizes_known=shown is not None,
    )
    return choice.source


def _is_credible(size_um: float) -> bool:
    return math.isfinite(size_um) and SMALLEST_PIXEL_UM <= size_um <= LARGEST_PIXEL_UM


def _first(one: float | None, other: float | None) -> float | None:
    return other if one is None else one


MAX_PIXEL_COUNT = 2**31 - 1
"""Along each axis; OMERO keeps sizes as integers of 32 bits."""

MAX_CHANNELS = 100_000
"""Lifetimes and spectra may have thousands; more than this would fill the memory."""


def read_image(node: Node) -> Image:
    """Read an image of the JSON API; it knows neither windows nor levels.

    Its sizes are 0 where the database has no pixels of it. Sizes and their type are
    needed; names, colours, lengths and wavelengths inform.
    """
    named = Image(
        id=ImageId(node.get("@id", int)),
        name=node.find("Name", str) or "",
        description=node.find("Description", str) or "",
        size_x=0,
        size_y=0,
        size_c=0,
        pixel_type="",
        series=_series(node),
    )
    if node.members().get("Pixels") is not None:
        named = _with_pixels(named, node.child("Pixels"))
    notes = (f"The server tells something odd: {note}." for note in node.notes)
    return replace(named, notes=tuple(notes))


def _series(node: Node) -> int | None:
    """Return which image of its file this is, from 0."""
    number = node.find_int_like("omero:series")
    return None if number is None or number < 0 else number


def _with_pixels(image: Image, pixels: Node) -> Image:
    size_y, size_x = (
        read_pixel_count(pixels, key, least=0) for key in ("SizeY", "SizeX")
    )
    return replace(
        image,
        size_x=size_x,
        size_y=size_y,
        size_z=read_pixel_count(pixels, "SizeZ", least=0),
        size_c=read_pixel_count(pixels, "SizeC", least=0, most=MAX_CHANNELS),
        size_t=read_pixel_count(pixels, "SizeT", least=0),
        pixel_type=pixels.child("Type").get("value", str),
        channels=tuple(_read_channel(c) for c in pixels.find_children("Channels")),
        pixel_size_x_um=length_um(pixels.find_child("PhysicalSizeX")),
        pixel_size_y_um=length_um(pixels.find_child("PhysicalSizeY")),
        pixel_size_z_um=length_um(pixels.find_child("PhysicalSizeZ")),
        levels=((size_y, size_x),),
    )


def read_pixel_count(
    node: Node, key: str, *, least: int = 1, most: int = MAX_PIXEL_COUNT
) -> int:
    """Return how many pixels, planes or channels there are along an axis.

    Raises
    ------
    ResponseFormatError
        The number can't be.
    """
    count = node.int_like(key)
    if not least <= count <= most:
        # An integer of JSON may be too large for a float, and too long for a message.
        raise node.error_here(f"{key!r} is {Decimal(count):.3g}, which can't be")
    return count


def read_color(number: int) -> str:
    """Return "RRGGBBAA" for a signed 32-bit integer, red in the top byte.

    >>> read_color(-16776961), read_color(1694433280)
    ('FF0000FF', '64FF0000')
    """
    return f"{number & 0xFFFFFFFF:08X}"


def read_lsid(node: Node) -> str | None:
    """Return what the database notes on where the pixels of an image come from."""
    for holder in (node, node.find_child("Pixels")):
        details = None if holder is None else holder.find_child("omero:details")
        external = None if details is None else details.find_child("externalInfo")
        if external is not None and (found := external.find("Lsid", str)):
            return found
    return None


def _read_channel(node: Node) -> Channel:
    number = node.find("Color", int)
    return Channel(
        name=node.find("Name", str) or "",
        color=None if number is None else read_color(number)[:6],
        emission_nm=_length_nm(node.find_child("EmissionWavelength")),
    )


def _length_nm(node: Node | None) -> float | None:
    micrometres = length_um(node)
    return None if micrometres is None else round(micrometres * 1e3, 6)
