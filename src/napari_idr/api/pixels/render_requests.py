"""Requests for planes, tiles and masks that the server renders.

A picture tells by its first bytes whether it was sent without loss. OMERO.web sends
JPEG whatever it is asked for, the microservice in front of it PNG if asked.
"""

from __future__ import annotations

import json
import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from napari_idr.api.json_client import require_success
from napari_idr.api.pixels.pictures import decode_picture, is_near
from napari_idr.errors import PixelDataError, StatusError
from napari_idr.model import (
    Channel,
    Image,
    ImageId,
    PixelSource,
    RenderingWindow,
    ShapeId,
)
from napari_idr.threads import SingleFlight
from napari_idr.transport import PICTURE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image as Pillow

    from napari_idr.api.json_client import JsonClient
    from napari_idr.cancel import CancelToken
    from napari_idr.transport import Params, Response

Model = Literal["g", "c"]
"""How channels are drawn: the first one in grey, or all of them in colours."""

MAX_ACTIVE = 10
"""The microservice draws so many channels into one picture and refuses more."""

SESSION_PATH = "webclient/keepalive_ping/"
"""The smallest answer that comes with a session cookie."""

TYPE_RANGES = {
    "uint8": (0, 255),
    "int8": (-128, 127),
    "uint16": (0, 65535),
    "int16": (-32768, 32767),
    "uint32": (0, 4294967295),
    "int32": (-2147483648, 2147483647),
    "bit": (0, 1),
}
"""What the server clamps a window to; other types have no such range."""

DENIED_IMAGES = 3
"""So many different images denied, and none drawn, are a server that doesn't draw;
one or two may be withdrawn or not public."""

REFUSES_FOR_S = 60.0
"""How long such a server isn't asked: rights and services come back."""

FORMATS = {
    b"\x89PNG\r\n\x1a\n": PixelSource.RENDERED_LOSSLESS,
    b"\xff\xd8\xff": PixelSource.RENDERED_JPEG,
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn picture, (y, x) or (y, x, 3), and how it was sent."""

    pixels: NDArray[np.uint8]
    source: PixelSource


class RenderRequests:
    """Requests for rendered pictures to one server. Thread-safe.

    It pickles as how the server is asked, if that does.

    Parameters
    ----------
    json_client
        How the server is asked.
    """

    def __init__(self, json_client: JsonClient) -> None:
        self._json_client = json_client
        self._flights: SingleFlight[None] = SingleFlight()
        self._sessions = 0
        self._lock = threading.Lock()
        self._has_drawn = False
        self._denied: set[ImageId] = set()
        self._refuses_until = 0.0  # of `time.monotonic`

    def __reduce__(
        self,
    ) -> tuple[Callable[[JsonClient], RenderRequests], tuple[JsonClient]]:
        return RenderRequests, (self._json_client,)

    @property
    def refuses(self) -> bool:
        """Whether the server draws nothing for us at present."""
        return time.monotonic() < self._refuses_until

    def draw(
        self,
        image: Image,
        channels: str,
        place: tuple[int, int, int, int, int] | None = None,
        *,
        due: tuple[int, int],
        z: int,
        t: int,
        planes: range | None = None,
        model: Model,
        grey: bool,
        maps: str | None = None,
        cancel: CancelToken,
    ) -> Picture:
        """Return a whole plane at full resolution, or a tile of it.

        With the model "g" the server draws the first channel that is on, in grey;
        with "c" it mixes all of them in colours. What comes has three colours
        anyway, of which one is kept if `grey`.

        `place` is level, column, row, width and height; column and row count tiles
        of that width and height. `due` is the (y, x) size of what comes: a tile at
        the border has less than its width and height. `planes` are those of which the
        maximum is drawn; then there is no `place`. `maps` is what `linear_maps`
        returns.

        GET /webgateway/render_image/{id}/{z}/{t}/?c=&m=&format=png&p=
        GET /webgateway/render_image_region/{id}/{z}/{t}/?tile=&c=&m=&format=png

        Raises
        ------
        StatusError, PixelDataError
            The server doesn't draw it, or what came is no picture.
        """
        what, params = "render_image", drawing(channels, model)
        if place is not None:
            what = "render_image_region"
            params = (("tile", ",".join(map(str, place))), *params)
        if planes is not None:
            params = (*params, ("p", f"intmax|{planes[0]}:{planes[-1]}"))
        if maps is not None:
            params = (*params, ("maps", maps))
        path = f"webgateway/{what}/{image.id}/{z}/{t}/"
        response = self._drawn(path, params, cancel, image.id)
        require_success(response)
        picture = decode(response.body, due=due, grey=grey, url=response.url)
        response.set_aside()
        self._note_drawn()
        return picture

    def mask(
        self,
        shape_id: ShapeId,
        *,
        due: tuple[int, int] | None = None,
        cancel: CancelToken,
    ) -> NDArray[np.bool_]:
        """Return which px of its frame a mask covers, (y, x); `due` is their number.

        GET /webgateway/render_shape_mask/{shape_id}/?color=FFFFFFFF

        Raises
        ------
        StatusError, PixelDataError
            The server doesn't draw it: it is no mask, or another kind of it.
        """
        path = f"webgateway/render_shape_mask/{shape_id}/"
        response = self._drawn(path, (("color", "FFFFFFFF"),), cancel)
        require_success(response)
        mask = decode_mask(response.body, due=due, url=response.url)
        response.set_aside()
        return mask

    def _drawn(
        self,
        path: str,
        params: Params,
        cancel: CancelToken,
        image_id: ImageId | None = None,
    ) -> Response:
        """Ask for a picture; if it is denied, get a session and ask once more."""
        if self.refuses:
            raise PixelDataError("this server doesn't draw images")
        sessions = self._sessions
        response = self._json_client.response(
            path, params, cancel=cancel, max_bytes=PICTURE_BYTES
        )
        if response.status not in (401, 403):
            return response

        def begin(stop: CancelToken) -> None:
            if sessions == self._sessions:  # nobody else has got one meanwhile
                self._json_client.response(SESSION_PATH, cancel=stop)
                self._sessions += 1

        self._flights.get("session", begin, cancel=cancel)
        response = self._json_client.response(
            path, params, cancel=cancel, max_bytes=PICTURE_BYTES
        )
        if response.status in (401, 403):
            response.set_aside()
            if image_id is not None:
                self._note_denied(image_id)
            raise StatusError(
                "this server doesn't draw the image",
                status=response.status,
                url=response.url,
            )
        return response

    def _note_drawn(self) -> None:
        with self._lock:
            self._has_drawn = True
            self._denied.clear()
            self._refuses_until = 0.0

    def _note_denied(self, image_id: ImageId) -> None:
        """Stop asking for a while once several images, and all so far, were denied."""
        with self._lock:
            if self._has_drawn:  # then a denial concerns one image
                return
            self._denied.add(image_id)
            if len(self._denied) >= DENIED_IMAGES:
                self._denied.clear()
                self._refuses_until = time.monotonic() + REFUSES_FOR_S


def drawn_window(image: Image, c: int) -> RenderingWindow:
    """Return the intensities that are drawn as black and as full.

    The whole range for `uint8`, so that nothing is lost; else the window that the
    archive has for the channel, and the type's range where that makes no sense.

    >>> image = Image(id=1, name="", size_x=1, size_y=1, pixel_type="uint8")
    >>> drawn_window(image, 0)
    RenderingWindow(start=0, end=255)
    """
    known = c < len(image.channels) and image.pixel_type != "uint8"
    return _sound(image.channels[c].window if known else None, image.pixel_type)


def grey_channel(image: Image, c: int) -> str:
    """Return the `c` parameter that draws one channel in grey.

    >>> image = Image(id=1, name="", size_x=1, size_y=1, pixel_type="uint8")
    >>> grey_channel(image, 0)
    '1|0:255$FFFFFF'
    """
    return _channel(c, drawn_window(image, c), "FFFFFF")


def color_channels(image: Image) -> str:
    """Return the `c` parameter that draws the three channels of a picture.

    >>> image = Image(id=1, name="", size_x=1, size_y=1, pixel_type="uint8", size_c=3)
    >>> color_channels(image)
    '1|0:255$FF0000,2|0:255$00FF00,3|0:255$0000FF'
    """
    colors = ("FF0000", "00FF00", "0000FF")
    return ",".join(
        _channel(c, drawn_window(image, c), color) for c, color in enumerate(colors)
    )


def linear_maps(channels: Sequence[Channel]) -> str | None:
    """Return the `maps` parameter that draws channels in proportion.

    None where the archive draws them so anyway. They stay inverted where they are:
    not all servers can be told otherwise.

    >>> linear_maps([Channel(name="")])
    >>> linear_maps([Channel(name="", linear=False)])
    '[{"quantization":{"family":"linear","coefficient":1},"inverted":{"enabled":false}}]'
    """
    if all(channel.linear for channel in channels):
        return None
    linear = {"family": "linear", "coefficient": 1}
    maps = [
        {"quantization": linear, "inverted": {"enabled": channel.inverted}}
        for channel in channels
    ]
    return json.dumps(maps, separators=(",", ":"))


def shown_channels(image: Image) -> str:
    """Return the `c` parameter that draws an image as the archive shows it.

    Channels that are off are named with a minus, as are those past the tenth that
    is on. A lookup table stands where the colour does; to name a colour would switch it
    off.

    >>> window = RenderingWindow(start=0.5, end=9)
    >>> green = Channel(name="", color="00FF00", window=window)
    >>> off = Channel(name="", active=False)
    >>> image = Image(id=1, name="", size_x=1, size_y=1, size_c=2, pixel_type="int8",
    ...               channels=(green, off))
    >>> shown_channels(image)
    '1|0.5:9$00FF00,-2|-128:127$FFFFFF'
    """
    parts = []
    active = 0
    for c in range(image.size_c):
        channel = image.channels[c] if c < len(image.channels) else Channel()
        active += channel.is_shown
        window = _sound(channel.window, image.pixel_type)
        part = _channel(c, window, channel.lut or channel.color or "FFFFFF")
        parts.append(part if channel.is_shown and active <= MAX_ACTIVE else f"-{part}")
    return ",".join(parts)


def decode(
    body: bytes, *, due: tuple[int, int], grey: bool, url: str | None = None
) -> Picture:
    """Return a picture from PNG or JPEG, (y, x) if `grey`, else (y, x, 3).

    `due` is the (y, x) size that was asked for; a px more or less is rounding.

    Raises
    ------
    PixelDataError
        It is neither, of another size, or broken.
    """
    source = next((s for start, s in FORMATS.items() if body.startswith(start)), None)
    if source is None:
        raise PixelDataError("neither PNG nor JPEG came", url=url)

    def convert(opened: Pillow.Image) -> Pillow.Image:
        if grey and opened.mode not in ("L", "I;16"):
            # Drawn in grey, the three colours are equal; JPEG has the grey apart.
            opened.draft("L", opened.size)
        return opened.convert("L" if grey else "RGB")

    pixels = decode_picture(
        body,
        convert,
        formats=("PNG", "JPEG"),
        fits=lambda size: is_near(size, due),
        what="a picture",
        due=f"{due[0]} x {due[1]}",
        url=url,
    )
    return Picture(pixels, source)


def decode_mask(
    body: bytes, *, due: tuple[int, int] | None = None, url: str | None = None
) -> NDArray[np.bool_]:
    """Return where a PNG shows something, (y, x).

    Servers draw masks on nothing, or on black where they know no transparency. `due` is
    the (y, x) size of the frame of the mask, None where it isn't known.

    Raises
    ------
    PixelDataError
        It is no PNG, of another size, or broken.
    """
    see_through = False

    def convert(opened: Pillow.Image) -> Pillow.Image:
        nonlocal see_through
        see_through = opened.has_transparency_data
        return opened.convert("RGBA")

    pixels = decode_picture(
        body,
        convert,
        formats=("PNG",),
        fits=lambda size: due is None or is_near(size, due),
        what="a mask",
        due="fewer" if due is None else f"{due[0]} x {due[1]}",
        url=url,
    )
    opaque: NDArray[np.bool_] = pixels[..., 3] > 0
    if see_through and opaque.any():
        return opaque
    colored: NDArray[np.bool_] = pixels[..., :3].max(axis=-1) > 0
    return colored


def _sound(window: RenderingWindow | None, pixel_type: str) -> RenderingWindow:
    if window is not None and -math.inf < window.start < window.end < math.inf:
        return window
    start, end = TYPE_RANGES.get(pixel_type, (0, 1))
    return RenderingWindow(start=start, end=end)


def _channel(c: int, window: RenderingWindow, color: str) -> str:
    return f"{c + 1}|{_number(window.start)}:{_number(window.end)}${color}"


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def drawing(channels: str, model: Model) -> Params:
    """Return what is asked for, in an order that is always the same.

    >>> drawing("1|0:255$FFFFFF", "g")
    (('c', '1|0:255$FFFFFF'), ('m', 'g'), ('format', 'png'))
    """
    return ("c", channels), ("m", model), ("format", "png")
