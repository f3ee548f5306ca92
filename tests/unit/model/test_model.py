"""Records that know only themselves."""

from __future__ import annotations

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
    WellId,
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


def test_a_thing_refers_to_itself_by_kind_and_number():
    plate = Plate(id=PlateId(7), name="P7")

    assert plate.ref == ObjectRef(kind="plate", id=7, name="P7")
