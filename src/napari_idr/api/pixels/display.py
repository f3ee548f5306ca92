"""Display settings of an image: the endpoints, and the reading of their answers."""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_idr.api.json_client import is_json
from napari_idr.api.pixels.image_details import MAX_CHANNELS, read_pixel_count
from napari_idr.errors import (
    ConnectionFailedError,
    NotFoundError,
    RateLimitedError,
    ResponseFormatError,
    StatusError,
)
from napari_idr.model import Channel, ImageId, RenderingWindow, WellId

if TYPE_CHECKING:
    from napari_idr.api.json_client import JsonClient
    from napari_idr.api.node import Node
    from napari_idr.cancel import CancelToken
    from napari_idr.transport import Response


NO_VIEWER_S = 600.0
"""How long a server that hasn't the viewer isn't asked for it: a proxy says 404 as well
while what is behind it starts."""


class Displays:
    """How images are displayed, by the viewer's and the gateway's JSON. Thread-safe."""

    def __init__(self, json_client: JsonClient) -> None:
        self._json_client = json_client
        self._no_viewer_until = 0.0  # of `time.monotonic`

    def display(self, image_id: ImageId, *, cancel: CancelToken) -> Display:
        """Return how an image is displayed, from the viewer or the gateway.

        A server without the viewer isn't asked for it again for a while.

        GET /iviewer/image_data/{image_id}/
        GET /webclient/imgData/{image_id}/

        Raises
        ------
        NotFoundError
            There is no such image.
        StatusError, ResponseFormatError
            The server can't tell.
        """
        if time.monotonic() >= self._no_viewer_until:
            try:
                return self._from_viewer(image_id, cancel)
            except RateLimitedError:
                raise
            except (StatusError, ResponseFormatError):
                cancel.check()
            except ConnectionFailedError as error:
                # Where the viewer was known to be absent it wasn't asked for each
                # image, and nothing of it is kept.
                if not error.nobody:
                    raise
        return self._from_gateway(image_id, cancel)

    def _from_viewer(self, image_id: ImageId, cancel: CancelToken) -> Display:
        def inspect(response: Response) -> None:
            if response.status == 404 and not is_json(response):
                self._no_viewer_until = time.monotonic() + NO_VIEWER_S

        return self._json_client.read(
            f"iviewer/image_data/{image_id}/",
            reader=read_display,
            inspect=inspect,
            cancel=cancel,
        )

    def _from_gateway(self, image_id: ImageId, cancel: CancelToken) -> Display:
        def inspect(response: Response) -> None:
            if response.status in (403, 404) and not response.body:
                # how this view says it to people who aren't signed in
                raise NotFoundError(
                    f"there is no image {image_id}",
                    url=response.url,
                    status=response.status,
                    kind="image",
                    id=image_id,
                )

        return self._json_client.read(
            f"webclient/imgData/{image_id}/",
            reader=read_display,
            inspect=inspect,
            cancel=cancel,
        )


SMALLEST_SCALE = 1e-6
"""A level of less than this would leave not a pixel of any image."""

SCALE_ERROR = 0.000_051
"""The server writes four digits of a scale."""

COLOR = re.compile(r"#?([0-9a-fA-F]{6})(?:[0-9a-fA-F]{2})?")

LUT = re.compile(r"[\w .-]{1,80}\.lut", re.ASCII | re.IGNORECASE)
"""The file name of a lookup table, of characters that a question may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The size of an image along its axes."""

    x: int
    y: int
    z: int
    c: int
    t: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """What the display side of the server knows of an image.

    `size` is None where it can't read the pixels, and `failure` then says why.
    `roi_count` is how many regions are drawn on it, which the viewer alone tells.
    """

    id: ImageId
    name: str = ""
    description: str = ""
    pixel_type: str = ""
    size: Size | None = None
    channels: tuple[Channel, ...] = ()
    pixel_size_um: tuple[float | None, float | None, float | None] = (None, None, None)
    levels: tuple[tuple[int, int], ...] = ()
    tile_shape: tuple[int, int] | None = None
    default_z: int = 0
    default_t: int = 0
    greyscale: bool | None = None
    well_id: WellId | None = None
    roi_count: int | None = None
    failure: str | None = None
    notes: tuple[str, ...] = ()


def read_display(node: Node) -> Display:
    """Read `imgData` or the viewer's `image_data`; (x, y, z) for the pixel size.

    Sizes are needed; all else informs, and where it is odd it is left out.
    """
    if (error := node.find("error", str)) is not None:
        raise node.error_here(f"the server can't tell: {_last_line(error)}")
    if "ConcurrencyException" in node and "meta" not in node:
        raise node.error_here("the levels of the image are still being made")
    meta = node.child("meta")
    settings = node.find_child("rdefs")
    size = _size(node)
    model = None if settings is None else settings.find("model", str)
    display = Display(
        id=ImageId(node.int_like("id")),
        name=meta.find("imageName", str) or "",
        description=meta.find("imageDescription", str) or "",
        pixel_type=meta.find("pixelsType", str) or "",
        size=size,
        channels=tuple(
            _channel(index, channel)
            for index, channel in enumerate(node.find_children("channels"))
        ),
        pixel_size_um=_pixel_size_um(node),
        levels=() if size is None else _levels(node, size),
        tile_shape=_tile_shape(node),
        default_z=0 if settings is None else settings.find("defaultZ", int) or 0,
        default_t=0 if settings is None else settings.find("defaultT", int) or 0,
        greyscale=None if model is None else model == "greyscale",
        well_id=_well_id(meta),
        roi_count=_roi_count(node),
        failure=None if size is not None else _failure(node),
    )
    return replace(display, notes=tuple(node.notes))


def _tile_shape(node: Node) -> tuple[int, int] | None:
    """Return how the server cuts the image; tiles are counted by it, so it is needed.

    None where the server doesn't cut it.
    """
    if node.members().get("tile_size") is None:
        return None
    size = node.child("tile_size")
    return size.int_like("height"), size.int_like("width")


def _size(node: Node) -> Size | None:
    if node.members().get("size") is None:
        return None
    size = node.child("size")
    return Size(
        x=read_pixel_count(size, "width"),
        y=read_pixel_count(size, "height"),
        z=read_pixel_count(size, "z"),
        c=read_pixel_count(size, "c", most=MAX_CHANNELS),
        t=read_pixel_count(size, "t"),
    )


def _channel(index: int, node: Node) -> Channel:
    """Read a channel; a label that is only its number or wavelength is no name.

    OMERO.web makes up such labels (`ChannelWrapper.getLabel`: the name, else the
    emission wavelength, else the index).
    """
    label = (node.find("label", str) or "").strip()
    emission = node.find("emissionWave", float)
    if label == str(index) or (emission is not None and label == _plain(emission)):
        label = ""
    return Channel(
        name=label,
        color=_color(node),
        lut=_lut(node),
        window=_window(node),
        active=node.find("active", bool),
        emission_nm=emission,
        inverted=bool(
            node.find("inverted", bool) or node.find("reverseIntensity", bool)
        ),
        linear=node.find("family", str) in (None, "linear"),
    )


def _color(node: Node) -> str | None:
    found = COLOR.fullmatch((node.find("color", str) or "").strip())
    return None if found is None else found[1].upper()


def _lut(node: Node) -> str | None:
    """Return the lookup table of a channel, which may stand in place of its colour."""
    for key in ("lut", "color"):
        name = (node.find(key, str) or "").strip()
        if LUT.fullmatch(name):
            return name
    return None


def _window(node: Node) -> RenderingWindow | None:
    window = node.find_child("window")
    if window is None:
        return None
    start, end = window.find("start", float), window.find("end", float)
    if start is None or end is None:
        return None
    return RenderingWindow(start=start, end=end)


def _plain(number: float) -> str:
    """Return a number as the server writes it into a label.

    >>> _plain(525.0), _plain(525.5)
    ('525', '525.5')
    """
    return f"{number:g}"


def _pixel_size_um(node: Node) -> tuple[float | None, float | None, float | None]:
    size = node.find_child("pixel_size")
    if size is None:
        return None, None, None
    return size.find("x", float), size.find("y", float), size.find("z", float)


def _levels(node: Node, full: Size) -> tuple[tuple[int, int], ...]:
    if node.members().get("resolutions") is not None:
        resolutions = node.child("resolutions")
        return tuple(
            (read_pixel_count(level, "sizeY"), read_pixel_count(level, "sizeX"))
            for level in _by_level(resolutions)
        )
    if node.members().get("zoomLevelScaling") is not None:
        scaling = node.child("zoomLevelScaling")
        scales = [scale.read(float) for scale in _by_level(scaling)]
        # Of the smallest, four digits may leave nothing.
        told = [scale for scale in scales if SMALLEST_SCALE <= scale <= 1]
        return tuple((scaled(full.y, s), scaled(full.x, s)) for s in told)
    return ((full.y, full.x),)


def _by_level(node: Node) -> tuple[Node, ...]:
    """Return the levels of an object whose keys are their numbers, the first first."""
    levels = dict(node.items())
    if not all(key.isascii() and key.isdecimal() and len(key) < 4 for key in levels):
        raise node.error_here("a key is not the number of a level")
    return tuple(levels[key] for key in sorted(levels, key=int))


def scaled(px: int, scale: float) -> int:
    """Return a length at a level whose scale the server has rounded.

    >>> scaled(20000, 1.0), scaled(15000, 0.0625), scaled(20000, 0.0156)
    (20000, 937, 312)
    """
    half = 2 ** round(-math.log2(scale))
    factors = (half, round(1 / scale))
    for factor in factors:
        if abs(1 / factor - scale) <= SCALE_ERROR:
            return max(1, px // factor)
    return max(1, int(px * scale))


def _well_id(meta: Node) -> WellId | None:
    if meta.members().get("wellId") in ("", None):
        return None
    number = meta.find_int_like("wellId")
    return None if number is None else WellId(number)


def _roi_count(node: Node) -> int | None:
    count = node.find_int_like("roi_count")
    return None if count is None or count < 0 else count


def _failure(node: Node) -> str:
    return _last_line(node.find("Exception", str) or "no reason is given")


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
