"""Images as the JSON API knows them: the database's word, whatever can be read."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_idr.model import Channel, Image, ImageId

if TYPE_CHECKING:
    from napari_idr.api._wire._node import Node

MICROMETRES = {
    "METER": 1e6,
    "DECIMETER": 1e5,
    "CENTIMETER": 1e4,
    "MILLIMETER": 1e3,
    "MICROMETER": 1.0,
    "NANOMETER": 1e-3,
    "PICOMETER": 1e-6,
    "ANGSTROM": 1e-4,
    "INCH": 25_400.0,
    "THOU": 25.4,
}
"""One unit in micrometres; PIXEL and REFERENCEFRAME are no lengths."""

MAX_PIXEL_COUNT = 2**31 - 1
"""Along each axis; OMERO keeps sizes as integers of 32 bits."""

MAX_CHANNELS = 100_000
"""Lifetimes and spectra may have thousands; more than this would fill the memory."""


def image(node: Node) -> Image:
    """Read an image of the JSON API; it knows neither windows nor levels.

    Its sizes are 0 where the database has no pixels of it.
    """
    named = Image(
        id=ImageId(node.get("@id", int)),
        name=node.find("Name", str) or "",
        description=node.find("Description", str) or "",
        size_x=0,
        size_y=0,
        size_c=0,
        pixel_type="",
    )
    pixels = node.find_child("Pixels")
    return named if pixels is None else _with_pixels(named, pixels)


def _with_pixels(image: Image, pixels: Node) -> Image:
    size_y, size_x = (pixel_count(pixels, key, least=0) for key in ("SizeY", "SizeX"))
    return replace(
        image,
        size_x=size_x,
        size_y=size_y,
        size_z=pixel_count(pixels, "SizeZ", least=0),
        size_c=pixel_count(pixels, "SizeC", least=0, most=MAX_CHANNELS),
        size_t=pixel_count(pixels, "SizeT", least=0),
        pixel_type=pixels.child("Type").get("value", str),
        channels=tuple(_channel(c) for c in pixels.find_children("Channels")),
        pixel_size_x_um=_length_um(pixels.find_child("PhysicalSizeX")),
        pixel_size_y_um=_length_um(pixels.find_child("PhysicalSizeY")),
        pixel_size_z_um=_length_um(pixels.find_child("PhysicalSizeZ")),
        levels=((size_y, size_x),),
    )


def pixel_count(
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
        raise node.stumble(f"{key!r} is {count:.3g}, which can't be")
    return count


def color(number: int) -> str:
    """Return "RRGGBBAA" for a signed 32-bit integer, red in the top byte.

    >>> color(-16776961), color(1694433280)
    ('FF0000FF', '64FF0000')
    """
    return f"{number & 0xFFFFFFFF:08X}"


def lsid(node: Node) -> str | None:
    """Return what the database notes on where the pixels of an image come from."""
    for holder in (node, node.find_child("Pixels")):
        details = None if holder is None else holder.find_child("omero:details")
        external = None if details is None else details.find_child("externalInfo")
        if external is not None and (found := external.find("Lsid", str)):
            return found
    return None


def _channel(node: Node) -> Channel:
    number = node.find("Color", int)
    return Channel(
        name=node.find("Name", str) or "",
        color="FFFFFF" if number is None else color(number)[:6],
        emission_nm=_length_nm(node.find_child("EmissionWavelength")),
    )


def _length_um(node: Node | None) -> float | None:
    if node is None:
        return None
    factor = MICROMETRES.get(node.find("Unit", str) or "")
    value = node.find("Value", float)
    if factor is None or value is None or not math.isfinite(value):
        return None
    return value * factor


def _length_nm(node: Node | None) -> float | None:
    micrometres = _length_um(node)
    return None if micrometres is None else round(micrometres * 1e3, 6)
