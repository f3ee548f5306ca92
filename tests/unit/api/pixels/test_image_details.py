"""What is known of an image is put together from all who know something."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.api import IDRClient
from napari_idr.api.node import Node
from napari_idr.api.pixels.display import Display, Size, read_display, scaled
from napari_idr.api.pixels.image_details import (
    Drawing,
    merge_image,
    read_color,
    read_image,
    read_pixel_count,
)
from napari_idr.errors import (
    NotFoundError,
    RateLimitedError,
    ResponseFormatError,
    ServerError,
)
from napari_idr.model import Channel, Image, ImageId, PixelSource, RenderingWindow
from napari_idr.transport import Response

RECORD = Image(
    id=ImageId(1),
    name="from the database",
    size_x=60,
    size_y=40,
    size_z=3,
    size_c=2,
    pixel_type="uint16",
    channels=(Channel(name="DAPI", color="112233"), Channel(name="")),
    pixel_size_x_um=0.5,
    levels=((40, 60),),
)
DISPLAY = Display(
    id=ImageId(1),
    name="from the display",
    size=Size(x=60, y=40, z=3, c=2, t=1),
    channels=(
        Channel(name="0", color="0000FF", window=RenderingWindow(start=1, end=2)),
        Channel(name="528", color="00FF00", active=False),
    ),
    pixel_size_um=(0.7, 0.7, None),
    levels=((40, 60), (20, 30)),
    tile_shape=(16, 16),
    default_z=2,
)


def test_names_come_from_the_database_and_windows_from_the_display():
    merged = merge_image(RECORD, DISPLAY, Drawing())

    first, second = merged.channels
    assert (first.name, first.color) == ("DAPI", "0000FF")
    assert first.window == RenderingWindow(start=1, end=2)
    assert (second.name, second.active) == ("528", False)
    assert merged.name == "from the database"
    assert (merged.pixel_size_x_um, merged.pixel_size_y_um) == (0.5, 0.7)
    assert merged.levels == ((40, 60), (20, 30))
    assert merged.tile_shape == (16, 16)
    assert merged.default_z == 2
    assert merged.notes == ()


def test_the_display_alone_is_enough():
    merged = merge_image(None, DISPLAY, Drawing())

    assert merged.name == "from the display"
    assert (merged.size_x, merged.size_y, merged.size_z) == (60, 40, 3)


def test_nobody_who_knows_the_size_is_a_failure():
    with pytest.raises(ResponseFormatError, match="size"):
        merge_image(None, replace(DISPLAY, size=None), Drawing())


def test_pixels_that_the_server_can_t_read_leave_the_thumbnail():
    silent = replace(DISPLAY, size=None, failure="no pixel buffer", channels=())

    merged = merge_image(RECORD, silent, Drawing())

    assert merged.pixel_source is PixelSource.THUMBNAIL
    assert merged.notes == ("The server can't read the pixels: no pixel buffer",)
    assert [c.name for c in merged.channels] == ["DAPI", ""]


@pytest.mark.parametrize(
    ("drawing", "source"),
    [
        (Drawing(), PixelSource.RENDERED_JPEG),
        (Drawing(works=True, lossless=False), PixelSource.RENDERED_JPEG),
        (Drawing(works=True, lossless=True), PixelSource.RENDERED_LOSSLESS),
        (Drawing(works=False), PixelSource.THUMBNAIL),
    ],
)
def test_the_source_is_the_best_that_may_be_had(drawing, source):
    assert merge_image(RECORD, DISPLAY, drawing).pixel_source is source
    raw = replace(RECORD, zarr_url="https://store.example.org/a.zarr")
    assert merge_image(raw, DISPLAY, drawing).pixel_source is PixelSource.RAW


@pytest.mark.parametrize("size_um", [0.0, -1.0, 1e-9, 1e9, float("inf")])
def test_a_pixel_size_that_can_t_be_is_dropped_with_a_note(size_um):
    merged = merge_image(replace(RECORD, pixel_size_x_um=size_um), DISPLAY, Drawing())

    assert merged.pixel_size_x_um is None
    assert merged.pixel_size_y_um == 0.7
    assert len(merged.notes) == 1
    assert "along x" in merged.notes[0]


def test_every_channel_is_there_even_where_none_is_described():
    merged = merge_image(
        replace(RECORD, channels=()), replace(DISPLAY, channels=()), Drawing()
    )

    assert merged.channels == (Channel(), Channel())
    assert "0 of 2 channels" in merged.notes[0]


def test_a_default_plane_out_of_range_is_brought_back():
    merged = merge_image(RECORD, replace(DISPLAY, default_z=99), Drawing())

    assert merged.default_z == 2


@given(st.integers(-(2**31), 2**31 - 1))
def test_any_colour_has_eight_digits(number):
    text = read_color(number)

    assert len(text) == 8
    assert int(text, 16) == number % 2**32


@given(st.integers(1, 200_000), st.integers(0, 10))
def test_a_level_is_halved_as_often_as_its_scale_says(px, level):
    written = round(0.5**level, 4)
    if written:
        assert scaled(px, written) == max(1, px // 2**level)


@pytest.mark.parametrize(
    ("unit", "value", "micrometres"),
    [
        ("MICROMETER", 0.65, 0.65),
        ("NANOMETER", 650.0, 0.65),
        ("MILLIMETER", 1, 1000.0),
        ("PIXEL", 1.0, None),
        ("REFERENCEFRAME", 1.0, None),
    ],
)
def test_lengths_come_in_micrometres(unit, value, micrometres):
    size = {"Unit": unit, "Value": value}
    pixels = {f"Size{axis}": 1 for axis in "XYZCT"}
    pixels |= {"Type": {"value": "uint8"}, "PhysicalSizeX": size}

    read = read_image(Node({"@id": 1, "Pixels": pixels}))

    assert read.pixel_size_x_um == (
        None if micrometres is None else pytest.approx(micrometres)
    )


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "Traceback (most recent call last):\n ...\nValueError: no"},
        {"ConcurrencyException": {"backOff": 1000}},
        {"id": 1},
        [],
    ],
)
def test_a_failure_that_looks_like_an_answer_is_told(answer):
    with pytest.raises(ResponseFormatError):
        read_display(Node(answer))


def test_a_scale_of_which_the_server_left_no_digit_is_no_level():
    answer = {
        "id": 1,
        "meta": {},
        "size": {"width": 4000, "height": 2000, "z": 1, "c": 1, "t": 1},
        "tile_size": {"width": 256, "height": 256},
        "zoomLevelScaling": {"0": 1.0, "1": 0.5, "2": 0.0},
    }

    assert read_display(Node(answer)).levels == ((2000, 4000), (1000, 2000))


# The client, over the demo archive


def test_an_image_of_a_plate_is_known_whole(quick, routes):
    found = quick.image(ImageId(1900001))

    plane = routes.world.images[1900001]
    assert found.name == plane.name
    assert (found.size_x, found.size_y) == (672, 512)
    assert [channel.name for channel in found.channels] == ["Cy3", "DAPI"]
    assert found.channels[0].window is not None
    assert found.pixel_size_x_um == 0.645
    assert found.well_id == 600001
    assert found.notes == ()


def test_a_server_without_the_viewer_is_asked_for_it_once(routes):
    transport = Without(routes, iviewer=PAGE)
    client = IDRClient(routes.url, transport=transport)

    for number in (1900001, 1900002, 1900003):
        assert client.image(ImageId(number)).channels[0].window is not None

    assert transport.instead == 1
    paths = [request.path for request in routes.asked]
    assert sum(path.startswith("webclient/imgData/") for path in paths) == 3


def test_an_image_without_pixels_says_so(quick):
    found = quick.image(ImageId(9205))

    assert (found.size_x, found.size_y) == (0, 0)
    assert found.pixel_source is PixelSource.THUMBNAIL
    assert found.notes == ("The archive has no pixels of this image.",)


def test_an_unknown_image_has_its_number_in_the_error(quick):
    with pytest.raises(NotFoundError) as caught:
        quick.image(ImageId(424242))

    assert (caught.value.kind, caught.value.id) == ("image", 424242)


class Without:
    """The demo archive, some of whose addresses answer otherwise."""

    def __init__(self, routes, **answers):
        self.routes = routes
        self.answers = answers
        self.instead = 0

    def send(self, request, *, cancel):
        for path, response in self.answers.items():
            if request.path.startswith(path.replace("__", "/")):
                self.instead += 1
                return response
        return self.routes.send(request, cancel=cancel)


PAGE = Response(url="", status=404, headers={"content-type": "text/html"}, body=b"<h1>")
BUSY = Response(url="", status=429, headers={"retry-after": "5"})
BROKEN = Response(url="", status=500, headers={"content-type": "text/html"})


def without(routes, **answers):
    return IDRClient(routes.url, transport=Without(routes, **answers))


def test_a_server_without_the_json_api_still_knows_its_images(routes):
    found = without(routes, api__v0=PAGE).image(ImageId(1900001))

    assert (found.size_x, found.size_y) == (672, 512)
    assert found.channels[1].name == "DAPI"


def test_a_display_side_that_is_broken_leaves_a_note(routes):
    client = without(routes, iviewer=BROKEN, webclient__imgData=BROKEN)

    found = client.image(ImageId(1900001))

    assert (found.size_x, found.size_y) == (672, 512)
    assert found.pixel_source is PixelSource.THUMBNAIL
    assert found.notes == ("The server doesn't tell how the image is displayed.",)


def test_all_sides_broken_is_a_failure(routes):
    client = without(routes, api=BROKEN, iviewer=BROKEN, webclient=BROKEN)

    with pytest.raises(ServerError):
        client.image(ImageId(1900001))


def test_a_server_that_is_busy_isn_t_taken_for_one_that_can_t(routes):
    with pytest.raises(RateLimitedError):
        without(routes, iviewer=BUSY).image(ImageId(1900001))


def test_the_viewer_s_answer_is_read_as_the_gateway_s(idr_routes):
    found = IDRClient(idr_routes.url, transport=idr_routes).image(ImageId(9301))

    assert found.levels[:2] == ((80_000, 100_000), (40_000, 50_000))
    assert found.zarr_url is not None
    assert json.dumps(found.notes) == "[]"


@pytest.mark.parametrize(("count", "named"), [(0, "0"), (10**400, "1.00e+400")])
def test_a_count_that_can_t_be_is_an_error_that_names_it(count, named):
    with pytest.raises(ResponseFormatError, match=re.escape(f"'t' is {named}, which")):
        read_pixel_count(Node({"t": count}), "t")


def displayed(**channel):
    answer = {
        "id": 1,
        "meta": {},
        "size": {"width": 9, "height": 9, "z": 1, "t": 1, "c": 2},
        "channels": [{}, channel],
    }
    return read_display(Node(answer))


@pytest.mark.parametrize(
    ("label", "wave", "name"),
    [
        ("1", None, ""),
        ("525", 525, ""),
        ("525.5", 525.5, ""),
        ("DNA", 525, "DNA"),
        ("2", None, "2"),
        (None, None, ""),
        (5, None, ""),
    ],
)
def test_a_label_that_the_server_made_up_is_no_name(label, wave, name):
    _, channel = displayed(label=label, emissionWave=wave).channels

    assert channel.name == name


@pytest.mark.parametrize(
    ("told", "color", "lut"),
    [
        ({"color": "#ff8000"}, "FF8000", None),
        ({"color": "FF8000FF"}, "FF8000", None),
        ({"color": "FF0000", "lut": "cool.lut"}, "FF0000", "cool.lut"),
        ({"color": "glow.lut"}, None, "glow.lut"),
        ({"color": "cool.lut,-2|0:1$FF0000.lut"}, None, None),
        ({"color": "white", "lut": "../../etc/passwd"}, None, None),
        ({}, None, None),
    ],
)
def test_a_colour_or_a_lookup_table_is_read_from_where_it_stands(told, color, lut):
    _, channel = displayed(**told).channels

    assert (channel.color, channel.lut) == (color, lut)


def test_what_is_odd_of_a_channel_is_noted_and_costs_nothing_else():
    display = displayed(
        label="DNA", window={"start": 1, "end": 9}, emissionWave="DAPI", active="yes"
    )

    merged = merge_image(None, display, Drawing())

    channel = merged.channels[1]
    assert (channel.name, channel.window.end) == ("DNA", 9)
    assert (channel.emission_nm, channel.active) == (None, None)
    assert len([note for note in merged.notes if "odd: $.channels[1]" in note]) == 2


def test_whether_an_image_is_shown_in_grey_may_not_be_told():
    assert displayed().greyscale is None
    assert read_display(
        Node({"id": 1, "meta": {}, "rdefs": {"model": "greyscale"}})
    ).greyscale


@pytest.mark.parametrize(
    ("told", "series"), [(3, 3), ("3", 3), (-1, None), ("a", None)]
)
def test_an_image_knows_which_of_its_file_it_is(told, series):
    assert read_image(Node({"@id": 1, "omero:series": told})).series == series
