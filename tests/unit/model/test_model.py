"""Records that know only themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.model import (
    Channel,
    FieldRange,
    GridCell,
    Image,
    ImageId,
    ObjectRef,
    Plate,
    PlateGrid,
    PlateId,
    RenderingWindow,
    WellId,
    complete_channels,
    row_label,
    well_label,
)


@given(st.integers(0, 100_000))
def test_row_labels_count_like_letters_do(row):
    number = 0
    for letter in row_label(row):
        number = number * 26 + ord(letter) - ord("A") + 1

    assert number == row + 1


@given(st.integers(0, 1000), st.integers(0, 1000))
def test_no_two_wells_share_a_label(row, column):
    label = well_label(row, column)

    assert label.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == str(column + 1)
    assert label.rstrip("0123456789") == row_label(row)


@pytest.mark.parametrize("place", [(-1, 0), (0, -1)])
def test_a_place_off_the_plate_is_refused(place):
    with pytest.raises(ValueError, match="counts from 0"):
        well_label(*place)


def test_a_range_of_fields_holds_both_its_ends():
    assert len(FieldRange(first=2, last=3)) == 2


def test_a_grid_gives_its_cells_row_by_row_under_its_own_labels():
    cells = [
        GridCell(row=r, column=c, image_id=ImageId(10 * r + c), well_id=WellId(1))
        for r, c in ((0, 1), (1, 0))
    ]
    grid = PlateGrid(
        plate_id=PlateId(1),
        field=0,
        run=None,
        row_labels=("1", "2"),
        column_labels=("A", "B"),
        cells=((None, cells[0]), (cells[1], None)),
    )

    assert list(grid) == cells
    assert grid.label(1, 0) == "2A"


@pytest.mark.parametrize(
    ("pixel_type", "colors", "rgb"),
    [
        ("uint8", ["FF0000", "00FF00", "0000FF"], True),
        ("uint16", ["FF0000", "00FF00", "0000FF"], False),
        ("uint8", ["00FF00", "FF0000", "0000FF"], False),
        ("uint8", ["FF0000"], False),
    ],
)
def test_a_colour_picture_has_three_channels_of_eight_bits(pixel_type, colors, rgb):
    image = Image(
        id=ImageId(1),
        name="",
        size_x=1,
        size_y=1,
        pixel_type=pixel_type,
        channels=tuple(Channel(name="", color=color) for color in colors),
    )

    assert image.is_rgb is rgb


PRIMARIES = ("FF0000", "00FF00", "0000FF")


def picture(**changed) -> Image:
    channels = tuple(Channel(color=color, **changed) for color in PRIMARIES)
    return Image(
        id=ImageId(1),
        name="",
        size_x=1,
        size_y=1,
        pixel_type="uint8",
        channels=channels,
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "GFP"},
        {"window": RenderingWindow(start=0, end=30)},
        {"window": RenderingWindow(start=5, end=255)},
        {"emission_nm": 525.0},
        {"lut": "cool.lut"},
        {"active": False},
        {"inverted": True},
    ],
)
def test_channels_with_something_of_their_own_are_no_colour_picture(changed):
    assert not picture(**changed).is_rgb
    # one is enough
    first = picture().channels[0]
    one = replace(
        picture(), channels=(replace(first, **changed), *picture().channels[1:])
    )
    assert not one.is_rgb


def test_the_greyscale_model_shows_no_colour_picture():
    assert picture().is_rgb
    assert picture(active=True, window=RenderingWindow(start=0, end=255)).is_rgb
    assert not replace(picture(), greyscale=True).is_rgb


@pytest.mark.parametrize(
    "names", [("red", "green", "blue"), ("R", "G", "B"), ("0", "1", "2"), ("", "", "")]
)
def test_names_that_say_no_more_than_the_colour_are_those_of_a_picture(names):
    channels = tuple(
        Channel(name=name, color=color)
        for name, color in zip(names, PRIMARIES, strict=True)
    )

    assert replace(picture(), channels=channels).is_rgb


WHOLE = Channel(
    name="DNA",
    color="0000FF",
    window=RenderingWindow(start=1, end=9),
    active=False,
    emission_nm=460.0,
)


@pytest.mark.parametrize("field", ["name", "color", "window", "active", "emission_nm"])
def test_each_field_of_a_channel_comes_from_the_first_source_that_tells_it(field):
    told = Channel(**{field: getattr(WHOLE, field)})
    other = Channel(
        name="other",
        color="FF0000",
        window=RenderingWindow(start=0, end=1),
        active=True,
        emission_nm=1.0,
    )

    [found] = complete_channels(1, [told], [other])

    assert getattr(found, field) == getattr(WHOLE, field)
    assert found == replace(other, **{field: getattr(WHOLE, field)})


def test_a_source_that_tells_nothing_takes_nothing_away():
    assert Channel().completed(WHOLE) == WHOLE
    assert WHOLE.completed(Channel()) == WHOLE
    assert complete_channels(2, [], [Channel()], [WHOLE]) == (WHOLE, Channel())


def test_channels_of_another_image_do_not_count():
    assert complete_channels(1, [WHOLE, WHOLE]) == (Channel(),)


def test_a_lookup_table_and_a_colour_come_from_one_source():
    table = Channel(lut="cool.lut")

    assert WHOLE.completed(table).lut is None
    assert table.completed(WHOLE).color is None


@pytest.mark.parametrize(
    ("active", "greyscale", "shown"),
    [
        ([None, True, False], None, (0, 1)),
        ([False, True, True], True, (1,)),
        ([None] * 10, True, (0,)),
        ([False, False], False, (0,)),
        ([], False, (0,)),
    ],
)
def test_the_channels_that_are_seen_at_first(active, greyscale, shown):
    image = Image(
        id=ImageId(1), name="", size_x=1, size_y=1, pixel_type="uint8",
        channels=tuple(Channel(active=one) for one in active), greyscale=greyscale,
    )  # fmt: skip

    assert image.shown_channels == shown


def test_a_thing_refers_to_itself_by_kind_and_number():
    plate = Plate(id=PlateId(7), name="P7")

    assert plate.ref == ObjectRef(kind="plate", id=7, name="P7")
