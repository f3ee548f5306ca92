from __future__ import annotations

import io
import json
import pickle
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from napari_idr import IDRClient
from napari_idr.api.json_client import JsonClient
from napari_idr.api.pixels.reader import Level, PixelRegion
from napari_idr.api.pixels.render_requests import (
    RenderRequests,
    decode,
    drawn_window,
    shown_channels,
)
from napari_idr.api.pixels.rendered_reader import (
    open_rendered,
    plan_tiles,
    rendered_levels,
)
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.demo.pixels import plane as drawn
from napari_idr.errors import (
    Cancelled,
    NotFoundError,
    PixelDataError,
    ResponseFormatError,
    StatusError,
)
from napari_idr.model import Channel, Image, ImageId, PixelSource, RenderingWindow
from napari_idr.transport import HttpTransport, Response

STACK, COLOUR, PYRAMID = ImageId(9101), ImageId(9103), ImageId(9104)
EXACT, EXACT_PYRAMID = ImageId(9203), ImageId(9302)


class Drawer:
    """A transport that answers with pictures given by a function, and counts."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.asked = []

    def send(self, request, *, cancel):
        cancel.check()
        self.asked.append(request)
        status, body = self.answer(request)
        return Response(url=f"http://server/{request.path}", status=status, body=body)


def picture(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, kind)
    return file.getvalue()


def tile_of(request) -> list[int]:
    return [int(part) for part in dict(request.params)["tile"].split(",")]


def ramp(request) -> np.ndarray:
    """Every pixel of a level tells its x and y, as colours."""
    level, column, row, width, height = tile_of(request)
    shape = LEVELS[level]
    y = np.arange(row * height, min((row + 1) * height, shape[0]))
    x = np.arange(column * width, min((column + 1) * width, shape[1]))
    grey = ((y[:, None] * 7 + x[None] * 3) % 256).astype("u1")
    return np.stack([grey] * 3, -1)


LEVELS = ((2500, 3100), (1250, 1550), (625, 775))
BIG = Image(
    id=ImageId(5),
    name="big",
    size_y=2500,
    size_x=3100,
    pixel_type="uint8",
    levels=LEVELS,
    tile_shape=(256, 256),
)
SMALL = Image(id=ImageId(6), name="small", size_y=20, size_x=30, pixel_type="uint16")


def flat(request) -> tuple[int, bytes]:
    return 200, picture(np.full((20, 30, 3), 7, "u1"))


@given(
    st.integers(1, 3000),
    st.integers(1, 3000),
    st.integers(1, 900),
    st.integers(1, 900),
    st.data(),
)
def test_tiles_cover_a_region_once_and_follow_the_servers_grid(
    height, width, tile_y, tile_x, data
):
    y0 = data.draw(st.integers(0, height - 1))
    x0 = data.draw(st.integers(0, width - 1))
    y1 = data.draw(st.integers(y0 + 1, min(height, y0 + 3 * tile_y)))
    x1 = data.draw(st.integers(x0 + 1, min(width, x0 + 3 * tile_x)))
    level = Level(
        shape=(height, width), chunk=(min(tile_y, height), min(tile_x, width))
    )

    tiles = plan_tiles(PixelRegion(y0=y0, y1=y1, x0=x0, x1=x1), level)

    covered = np.zeros((y1 - y0, x1 - x0), int)
    for tile in tiles:
        covered[tile.target] += 1
        assert tile.region.y0 % level.chunk[0] == tile.region.x0 % level.chunk[1] == 0
        assert tile.region.y1 <= height
        assert tile.region.x1 <= width
        rows, columns = tile.part
        assert tile.region.y0 + rows.start == y0 + tile.target[0].start
        assert tile.region.x0 + columns.start == x0 + tile.target[1].start
    assert (covered == 1).all()


def test_a_region_over_many_tiles_equals_the_same_part_of_the_plane():
    server = Drawer(lambda request: (200, picture(ramp(request))))
    reader = open_rendered(BIG, RenderRequests(JsonClient(server)), cancel=NEVER)

    found = reader.read(PixelRegion(y0=900, y1=2300, x0=1000, x1=3100), cancel=NEVER)

    y, x = np.mgrid[900:2300, 1000:3100]
    np.testing.assert_array_equal(found, (y * 7 + x * 3) % 256)


def test_a_view_asks_only_for_the_tiles_it_touches():
    server = Drawer(lambda request: (200, picture(ramp(request))))
    reader = open_rendered(BIG, RenderRequests(JsonClient(server)), cancel=NEVER)
    server.asked.clear()

    reader.read(PixelRegion(level=1, y0=10, y1=1100, x0=20, x1=900), cancel=NEVER)

    asked = sorted(tile_of(request) for request in server.asked)
    assert asked == [[1, 0, 0, 1024, 1024], [1, 0, 1, 1024, 1024]]


def test_the_smallest_level_is_not_asked_for_again_after_opening():
    server = Drawer(lambda request: (200, picture(ramp(request))))
    reader = open_rendered(BIG, RenderRequests(JsonClient(server)), cancel=NEVER)

    found = reader.read(PixelRegion(level=2, y0=0, y1=625, x0=0, x1=775), cancel=NEVER)

    assert [tile_of(request) for request in server.asked] == [[2, 0, 0, 775, 625]]
    assert found[3, 5] == (3 * 7 + 5 * 3) % 256


def test_the_question_is_spelled_the_same_each_time():
    server = Drawer(flat)
    channel = Channel(
        name="", color="00FF00", window=RenderingWindow(start=20, end=400.5)
    )

    open_rendered(
        replace(SMALL, channels=(channel,)),
        RenderRequests(JsonClient(server)),
        cancel=NEVER,
    )

    [request] = server.asked
    assert request.path == "webgateway/render_image/6/0/0/"
    assert request.params == (
        ("c", "1|20:400.5$FFFFFF"),
        ("m", "g"),
        ("format", "png"),
    )


def test_eight_bit_images_are_drawn_over_their_whole_range_others_in_their_window():
    window = RenderingWindow(start=3, end=9)
    channels = (Channel(name="", window=window), Channel(name=""))
    sixteen = replace(SMALL, size_c=2, channels=channels)
    eight = replace(sixteen, pixel_type="uint8")
    nan = RenderingWindow(start=float("nan"), end=9)

    assert drawn_window(eight, 0) == RenderingWindow(start=0, end=255)
    assert drawn_window(sixteen, 0) == window
    assert drawn_window(sixteen, 1) == RenderingWindow(start=0, end=65535)
    broken = replace(sixteen, channels=(Channel(name="", window=nan),))
    assert drawn_window(broken, 0) == RenderingWindow(start=0, end=65535)


def test_channels_that_the_archive_shows_inverted_are_read_upright():
    def answer(request):
        return 200, picture(np.full((20, 30, 3), [255, 7, 7], "u1"))

    channels = (Channel(name="", inverted=True), Channel(name=""), Channel(name=""))
    image = replace(SMALL, pixel_type="uint8", size_c=3, channels=channels)

    def pixel(style, c=0):
        rendering = RenderRequests(JsonClient(Drawer(answer)))
        reader = open_rendered(image, rendering, style=style, cancel=NEVER)
        region = PixelRegion(c=c, y0=0, y1=20, x0=0, x1=30)
        return reader.read(region, cancel=NEVER)[0, 0].tolist()

    assert pixel("picture") == [0, 7, 7]
    assert pixel("shown") == [255, 7, 7]
    assert pixel("grey", c=0) == 255 - pixel("grey", c=1)


def test_channels_that_the_archive_shows_out_of_proportion_are_asked_for_in_it():
    server = Drawer(flat)
    channels = (Channel(name=""), Channel(name="", linear=False, inverted=True))
    image = replace(SMALL, size_c=2, channels=channels)
    reader = open_rendered(image, RenderRequests(JsonClient(server)), cancel=NEVER)

    pixels = reader.read(PixelRegion(c=1, y0=0, y1=20, x0=0, x1=30), cancel=NEVER)

    first, second = (dict(request.params).get("maps") for request in server.asked)
    assert first is None
    assert json.loads(second) == [
        {
            "quantization": {"family": "linear", "coefficient": 1},
            "inverted": {"enabled": True},
        }
    ]
    assert (pixels == 255 - 7).all()


def test_no_more_than_ten_channels_are_drawn_into_one_picture():
    channels = tuple(Channel(name=str(c)) for c in range(12))

    parts = shown_channels(replace(SMALL, size_c=12, channels=channels)).split(",")

    assert [part.startswith("-") for part in parts] == [False] * 10 + [True] * 2


def test_a_lookup_table_is_named_to_the_server_and_no_colour_beside_it():
    table = Channel(
        color="FF0000", lut="cool.lut", window=RenderingWindow(start=1, end=9)
    )
    plain = Channel(window=RenderingWindow(start=1, end=9))

    asked = shown_channels(replace(SMALL, size_c=2, channels=(table, plain)))

    assert asked == "1|1:9$cool.lut,2|1:9$FFFFFF"


def test_png_is_lossless_and_jpeg_is_not():
    pixels = np.random.default_rng(1).integers(0, 256, (20, 30), "u1")
    colours = np.stack([pixels] * 3, -1)

    exact = decode(picture(colours), due=(20, 30), grey=True)
    near = decode(picture(colours, "JPEG"), due=(20, 30), grey=True)

    assert (exact.source, near.source) == (
        PixelSource.RENDERED_LOSSLESS,
        PixelSource.RENDERED_JPEG,
    )
    np.testing.assert_array_equal(exact.pixels, pixels)
    assert near.pixels.shape == (20, 30)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"GIF89a....",
        picture(np.zeros((20, 30), "u1"))[:40],
        b"\xff\xd8\xff\xe0broken",
    ],
    ids=["nothing", "another kind", "cut short", "broken"],
)
def test_what_is_no_picture_is_an_error(body):
    with pytest.raises(PixelDataError):
        decode(body, due=(20, 30), grey=True)


def test_a_picture_of_the_wrong_size_is_an_error():
    server = Drawer(lambda request: (200, picture(np.zeros((15, 30, 3), "u1"))))

    with pytest.raises(PixelDataError, match="15 x 30 px came where 20 x 30 are due"):
        open_rendered(SMALL, RenderRequests(JsonClient(server)), cancel=NEVER)


def test_a_level_whose_size_the_server_rounded_is_off_by_one_px_at_most():
    server = Drawer(lambda request: (200, picture(np.full((19, 31, 3), 5, "u1"))))

    reader = open_rendered(SMALL, RenderRequests(JsonClient(server)), cancel=NEVER)

    assert [pixels.shape for pixels in reader.first.values()] == [(20, 30)]


def test_sources_are_never_mixed_within_a_reader():
    kinds = iter(["PNG", "JPEG"])
    server = Drawer(lambda request: (200, picture(ramp(request), next(kinds))))
    reader = open_rendered(BIG, RenderRequests(JsonClient(server)), cancel=NEVER)

    with pytest.raises(PixelDataError, match="changed from rendered-lossless"):
        reader.read(PixelRegion(y0=0, y1=9, x0=0, x1=9), cancel=NEVER)


def test_a_page_in_place_of_a_picture_is_an_error():
    server = Drawer(lambda request: (200, b"<html>log in</html>"))

    with pytest.raises(ResponseFormatError):
        open_rendered(SMALL, RenderRequests(JsonClient(server)), cancel=NEVER)


def test_a_denied_picture_is_asked_for_again_with_a_session():
    def answer(request):
        if "keepalive" in request.path:
            return 200, b"OK"
        has_session = any("keepalive" in r.path for r in server.asked)
        return flat(request) if has_session else (403, b"")

    server = Drawer(answer)

    open_rendered(SMALL, RenderRequests(JsonClient(server)), cancel=NEVER)

    assert [request.path.split("/")[1] for request in server.asked] == [
        "render_image",
        "keepalive_ping",
        "render_image",
    ]


def opened(rendering: RenderRequests, image_id: int) -> None:
    image = replace(SMALL, id=ImageId(image_id))
    open_rendered(image, rendering, cancel=NEVER)


def test_a_server_that_denies_several_images_is_left_alone_for_a_while(monkeypatch):
    server = Drawer(lambda request: (403, b""))
    rendering = RenderRequests(JsonClient(server))

    for image_id in (1, 2, 3):
        with pytest.raises(StatusError):
            opened(rendering, image_id)
    with pytest.raises(PixelDataError, match="doesn't draw images"):
        opened(rendering, 4)
    refused = rendering.refuses
    asked = len(server.asked)
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + 61)
    monkeypatch.setattr("napari_idr.api.pixels.render_requests.time", later)

    assert (refused, asked) == (True, 9)
    assert not rendering.refuses


def test_one_denied_image_does_not_stop_the_drawing_of_others():
    server = Drawer(lambda r: (403, b"") if "/8/" in r.path else flat(r))
    rendering = RenderRequests(JsonClient(server))
    for _ in range(5):  # the same image, asked for by several
        with pytest.raises(StatusError):
            opened(rendering, 8)

    opened(rendering, 9)

    assert not rendering.refuses


def test_a_denial_after_pictures_came_concerns_that_image_only():
    server = Drawer(lambda r: (403, b"") if "/8/" in r.path else flat(r))
    rendering = RenderRequests(JsonClient(server))
    open_rendered(SMALL, rendering, cancel=NEVER)

    with pytest.raises(StatusError):
        open_rendered(replace(SMALL, id=ImageId(8)), rendering, cancel=NEVER)

    assert not rendering.refuses


def test_an_image_the_server_can_not_draw_is_not_found():
    server = Drawer(lambda request: (404, b"Cannot find Image:6"))

    with pytest.raises(NotFoundError):
        open_rendered(SMALL, RenderRequests(JsonClient(server)), cancel=NEVER)


def test_a_cancelled_read_asks_for_nothing():
    server = Drawer(lambda request: (200, picture(ramp(request))))
    reader = open_rendered(BIG, RenderRequests(JsonClient(server)), cancel=NEVER)
    token = CancelToken()
    token.cancel()
    server.asked.clear()

    with pytest.raises(Cancelled):
        reader.read(PixelRegion(y0=0, y1=2500, x0=0, x1=3100), cancel=token)

    assert server.asked == []


def test_large_images_without_levels_are_drawn_in_tiles():
    image = replace(SMALL, size_y=5000, size_x=400, levels=((5000, 400),))

    assert rendered_levels(image) == (Level(shape=(5000, 400), chunk=(1024, 400)),)


@pytest.fixture
def lossless(idr_archive):
    """A client of a server that sends PNG, and its rendering."""
    with IDRClient(idr_archive.url, cache=False) as client:
        yield client, RenderRequests(JsonClient(HttpTransport(idr_archive.url)))


def test_without_loss_an_8_bit_plane_is_exact(idr_archive, lossless):
    client, rendering = lossless
    source = idr_archive.world.images[EXACT]

    reader = open_rendered(client.image(EXACT), rendering, style="grey", cancel=NEVER)

    assert (reader.source, reader.exact) == (PixelSource.RENDERED_LOSSLESS, True)
    for c in range(source.size_c):
        region = PixelRegion(c=c, y0=0, y1=source.size_y, x0=0, x1=source.size_x)
        np.testing.assert_array_equal(
            reader.read(region, cancel=NEVER), drawn(source, c)
        )


def test_without_loss_tiles_of_a_pyramid_equal_the_plane(idr_archive, lossless):
    client, rendering = lossless
    source = idr_archive.world.images[EXACT_PYRAMID]

    reader = open_rendered(
        client.image(EXACT_PYRAMID), rendering, style="grey", cancel=NEVER
    )
    found = reader.read(
        PixelRegion(level=1, c=1, y0=900, y1=1400, x0=1000, x1=2100), cancel=NEVER
    )

    assert reader.levels[1].chunk == (1024, 1024)
    expected = drawn(source, 1, level=1, region=(1000, 900, 1100, 500))
    np.testing.assert_array_equal(found, expected)


def test_sixteen_bits_are_copied_into_eight_within_the_window(idr_archive, lossless):
    client, rendering = lossless
    source = idr_archive.world.images[STACK]

    reader = open_rendered(client.image(STACK), rendering, cancel=NEVER)
    window = reader.window(0)
    found = reader.read(PixelRegion(z=1, y0=0, y1=50, x0=0, x1=60), cancel=NEVER)

    raw = drawn(source, 0, 1, 0)[:50, :60].astype(float)
    copied = np.clip((raw - window.start) / (window.end - window.start), 0, 1) * 255
    assert not reader.exact
    np.testing.assert_allclose(found, copied, atol=1)


def test_a_plain_server_sends_jpeg_and_the_reader_says_so(archive, client):
    rendering = RenderRequests(JsonClient(HttpTransport(archive.url)))

    reader = open_rendered(client.image(STACK), rendering, cancel=NEVER)

    assert (reader.source, reader.exact) == (PixelSource.RENDERED_JPEG, False)
    assert reader.image.pixel_source is PixelSource.RENDERED_JPEG


def test_a_reader_reads_on_in_another_process(idr_archive):
    with IDRClient(idr_archive.url, cache=False) as client:
        image = replace(client.image(EXACT), zarr_url=None)
        reader, _ = client.open_reader(image, rgb=False)

        again = pickle.loads(pickle.dumps(reader))

        region = PixelRegion(c=1, y0=3, y1=9, x0=3, x1=9)
        np.testing.assert_array_equal(
            again.read(region, cancel=NEVER), reader.read(region, cancel=NEVER)
        )
