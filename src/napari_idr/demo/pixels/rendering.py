"""Pictures of planes, rendered as the server does: windows, colours, projections."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from napari_idr.demo import pixels
from napari_idr.demo.pixels.stamps import Window
from napari_idr.demo.world import Image

Picture = NDArray[np.uint8]
"""Red, green, blue: shape (y, x, 3)."""

CHANNEL = re.compile(
    r"(?P<off>-?)(?P<number>\d+)"
    r"(\|(?P<start>-?[\d.]+):(?P<end>-?[\d.]+))?(\$(?P<color>[\w.]+))?"
)

TYPE_LIMITS = {
    "uint8": (0.0, 255.0),
    "uint16": (0.0, 65535.0),
    "int16": (-32768.0, 32767.0),
    "float": (-2147483648.0, 2147483647.0),
}
"""What the server thinks a type can hold; wrong for float, as the real one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A channel as it is to be drawn; the index counts from 0."""

    index: int
    start: float
    end: float
    color: tuple[int, int, int]
    inverted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Rendering settings: the channels that are drawn, and whether in grey."""

    channels: tuple[Drawn, ...]
    grey: bool = False


def saved_settings(image: Image) -> Settings:
    """Return what the owner saved: the active channels and their windows."""
    return Settings(
        channels=tuple(
            Drawn(index=i, start=c.start, end=c.end, color=rgb(c.color))
            for i, c in enumerate(image.channels)
            if c.active
        ),
        grey=image.size_c == 1,
    )


def rgb(color: str) -> tuple[int, int, int]:
    """Read RRGGBB, RRGGBBAA, RGB or RGBA; a name of a table is white.

    >>> rgb("FF8000"), rgb("f80"), rgb("cool.lut")
    ((255, 128, 0), (255, 136, 0), (255, 255, 255))
    """
    if len(color) in (3, 4):
        color = "".join(letter * 2 for letter in color)
    if not re.fullmatch(r"[0-9a-fA-F]{6}([0-9a-fA-F]{2})?", color):
        return 255, 255, 255
    return int(color[:2], 16), int(color[2:4], 16), int(color[4:6], 16)


def read_settings(
    image: Image, c: str, m: str, inverted: Sequence[bool] = ()
) -> Settings:
    """Read the words ``c`` and ``m`` of a request; empty ones mean what was saved.

    Channels count from 1 there; the ones not listed are off, unknown ones ignored.
    """
    saved = saved_settings(image)
    channels = saved.channels
    if c:
        listed: list[Drawn] = []
        for position, part in enumerate(c.split(",")):
            match = CHANNEL.fullmatch(part.strip())
            if match is None or match["off"]:
                continue
            index = int(match["number"]) - 1
            if not 0 <= index < image.size_c:
                continue
            channel = image.channels[index]
            listed.append(
                Drawn(
                    index=index,
                    start=float(match["start"] or channel.start),
                    end=float(match["end"] or channel.end),
                    color=rgb(match["color"] or channel.color),
                    inverted=position < len(inverted) and inverted[position],
                )
            )
        channels = tuple(listed)
    return Settings(channels=channels, grey=m == "g" if m else saved.grey)


def quantize(plane: NDArray[Any], pixel_type: str, drawn: Drawn) -> NDArray[np.uint8]:
    """Map intensities to 0..255 by the linear family.

    The window is first held within the range of the type.

    >>> one = Drawn(index=0, start=0, end=255, color=(255, 255, 255))
    >>> quantize(np.array([0, 7, 255], np.uint8), "uint8", one).tolist()
    [0, 7, 255]
    """
    low, high = TYPE_LIMITS[pixel_type]
    start = min(max(drawn.start, low), high)
    end = min(max(drawn.end, low), high)
    span = max(end - start, 1e-9)
    values = np.floor(255.0 * (plane.astype(np.float64) - start) / span + 0.5)
    grey = np.clip(values, 0, 255).astype(np.uint8)
    return 255 - grey if drawn.inverted else grey


def compose(
    planes: Sequence[NDArray[Any]], image: Image, settings: Settings
) -> Picture:
    """Add up the channels in their colours; grey shows the first alone."""
    chosen = settings.channels[:1] if settings.grey else settings.channels
    if not chosen:
        return np.zeros((*planes[0].shape, 3), np.uint8)
    total = np.zeros((*planes[0].shape, 3), np.uint16)
    for plane, drawn in zip(planes, chosen, strict=False):
        grey = quantize(plane, image.pixel_type, drawn).astype(np.uint16)
        color = (255, 255, 255) if settings.grey else drawn.color
        for band, share in enumerate(color):
            if share:
                total[..., band] += grey if share == 255 else grey * share // 255
    return np.minimum(total, 255).astype(np.uint8)


def needed(image: Image, settings: Settings) -> tuple[int, ...]:
    """Return the indices of the channels to draw; one at least, for the shape."""
    chosen = settings.channels[:1] if settings.grey else settings.channels
    return tuple(drawn.index for drawn in chosen) or (0,)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What is rendered: a plane or a region of it, and the settings.

    ``projected`` takes the maximum from one z to another in place of the plane.
    """

    image: Image
    settings: Settings
    z: int
    t: int
    level: int = 0
    region: pixels.Region | None = None
    projected: tuple[int, int] | None = None

    def plane(self, c: int) -> NDArray[Any]:
        """Return the true values of a channel."""
        first, last = self.projected or (self.z, self.z)
        stack = [
            pixels.plane(self.image, c, z, self.t, self.level, self.region)
            for z in range(first, last + 1)
        ]
        return stack[0] if len(stack) == 1 else np.max(stack, axis=0)


def render(view: View) -> Picture:
    """Draw a view."""
    planes = [view.plane(c) for c in needed(view.image, view.settings)]
    return compose(planes, view.image, view.settings)


def render_thumbnail(
    image: Image, width: int, height: int, *, z: int | None = None, t: int = 0
) -> Picture:
    """Draw the whole image at a size in pixels, at the cost of that size."""
    settings = saved_settings(image)
    middle = image.size_z // 2 if z is None else z
    scale = width / image.size_x
    window = Window(0, 0, width, height, scale)
    planes = [pixels.draw(image, c, middle, t, window) for c in needed(image, settings)]
    return compose(planes, image, settings)


def thumbnail_size(image: Image, longest: int) -> tuple[int, int]:
    """Return (width, height) with the image's aspect.

    >>> thumbnail_size(Image(id=1, name="", size_x=672, size_y=512), 96)
    (96, 73)
    """
    ratio = longest / max(image.size_x, image.size_y)
    return max(1, int(image.size_x * ratio)), max(1, int(image.size_y * ratio))


def encode(
    picture: Picture, kind: Literal["JPEG", "PNG"] = "JPEG", quality: float = 0.9
) -> bytes:
    """Write a picture as a file."""
    out = io.BytesIO()
    if kind == "PNG":
        Pillow.fromarray(picture).save(out, "PNG", compress_level=1)
    else:
        Pillow.fromarray(picture).save(out, "JPEG", quality=max(1, int(quality * 100)))
    return out.getvalue()
