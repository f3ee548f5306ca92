"""Levels that don't line up, places that aren't heeded, types that differ by level."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import zarr

from napari_idr.api.pixels.reader import PixelRegion
from napari_idr.api.zarr.reader import open_zarr
from napari_idr.cancel import NEVER
from napari_idr.model import Image, ImageId
from support.storage import object_storage

CAPTURES = Path(__file__).parents[5] / "shared/captures/ome_zarr"
FULL = (np.arange(70 * 90) % 120).reshape(70, 90)
HALF = FULL[::2, ::2]
UNKNOWN = Image(id=ImageId(1), name="", size_x=0, size_y=0, pixel_type="")


def opened(objects, levels, *, arrays=(FULL, HALF), dtypes=("u2", "u2")):
    """Open an image (y, x) whose levels say this of their scale and translation."""
    group = zarr.open_group(objects.root, mode="w", zarr_format=3)
    axes = [{"name": a, "type": "space", "unit": "micrometer"} for a in "yx"]
    datasets = [
        {
            "path": str(k),
            "coordinateTransformations": [
                {"type": kind, kind: numbers} for kind, numbers in level.items()
            ],
        }
        for k, level in enumerate(levels)
    ]
    image = {"axes": axes, "datasets": datasets}
    group.attrs["ome"] = {"version": "0.5", "multiscales": [image]}
    for k, (array, dtype) in enumerate(zip(arrays, dtypes, strict=True)):
        group.create_array(str(k), data=array.astype(dtype), chunks=(32, 32))
    return open_zarr(UNKNOWN, objects.url, object_storage(), cancel=NEVER)


def plane(reader, level):
    height, width = reader.levels[level].shape
    region = PixelRegion(level=level, y0=0, y1=height, x0=0, x1=width)
    return reader.read(region, cancel=NEVER)


@pytest.mark.parametrize(
    "levels",
    [
        ({"scale": [0.5, 0.5]}, {"scale": [1, 1]}),
        ({"scale": [0.5, 0.5]}, {"scale": [1, 1], "translation": [0.25, 0.25]}),
        ({"scale": [0.5, 0.5]}, {"scale": [35 / 34.5, 45 / 44.9]}),
        ({"scale": [0.5, 0.5]}, {}),
        ({}, {}),
    ],
    ids=["from the edge", "half a pixel", "rounded", "full alone", "none"],
)
def test_levels_that_line_up_are_not_remarked_on(objects, levels):
    assert opened(objects, levels).image.notes == ()


@pytest.mark.parametrize(
    "coarse",
    [
        {"scale": [0.5, 0.5]},
        {"scale": [1, 1.1]},
        {"scale": [2, 2]},
        {"scale": [1, 1], "translation": [0, 12]},
    ],
    ids=["scale of the full one", "a tenth more", "twice", "shifted"],
)
def test_a_level_that_lies_elsewhere_is_laid_over_the_same_field_with_a_note(
    objects, coarse
):
    full = {"scale": [0.5, 0.5], "translation": [0, 0]}

    [note] = opened(objects, (full, coarse)).image.notes

    assert note.startswith("the resolution '1' isn't placed like the largest one")


def test_a_place_of_the_whole_image_is_told_and_not_heeded(objects):
    levels = (
        {"scale": [0.5, 0.5], "translation": [465.6, 1248]},
        {"scale": [1.0, 1.0]},
    )

    found = opened(objects, levels).image
    [note] = found.notes

    place = "y = 465.6 micrometer, x = 1248 micrometer"
    assert note == f"the OME-Zarr places the image at {place}; it is shown from 0"
    assert (found.pixel_size_y_um, found.levels) == (0.5, ((70, 90), (35, 45)))


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="no published metadata at hand")
@pytest.mark.parametrize(("field", "notes"), [(0, 0), (1, 1), (5, 1)])
def test_fields_of_a_published_plate_say_where_they_lay(serve_objects, field, notes):
    with serve_objects(CAPTURES) as server:
        url = f"{server.url}/v0.5_idr0033A_BR00109990_C2.zarr/{field}"
        reader = open_zarr(UNKNOWN, url, object_storage(), cancel=NEVER)

    placed = [note for note in reader.image.notes if "places the image" in note]
    assert len(placed) == notes


def test_floats_in_smaller_levels_of_labels_are_the_whole_numbers_they_stand_for(
    objects,
):
    small = HALF.astype("f8")
    small[0, :3] = (np.nan, 3.9999999, -1)

    reader = opened(objects, ({}, {}), arrays=(FULL, small), dtypes=("i8", "f8"))
    found = plane(reader, 1)

    assert (reader.dtype, found.dtype) == (np.int64, np.int64)
    assert found[0, :3].tolist() == [0, 4, -1]
    np.testing.assert_array_equal(found[1:], HALF[1:])
    assert any("of different types" in note for note in reader.image.notes)


def test_wider_numbers_in_smaller_levels_are_cut_and_not_wrapped(objects):
    small = HALF.astype("i4")
    small[0, :2] = (300, -300)

    reader = opened(objects, ({}, {}), arrays=(FULL, small), dtypes=("i1", "i4"))

    assert plane(reader, 1)[0, :2].tolist() == [127, -128]


def test_labels_of_signed_bytes_are_read_as_they_are(objects):
    reader = opened(objects, ({}, {}), dtypes=("i1", "i1"))

    assert plane(reader, 0).dtype == np.int8
    np.testing.assert_array_equal(plane(reader, 0), FULL)
