"""The demo's pixels: true, quick, the same at each level, and telling."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_idr.demo import default_world, pixels

WORLD = default_world()
WELL_IMAGE = WORLD.images[1900001]
WELL_PLANE = pixels.plane(WELL_IMAGE, c=1)
SLIDE = WORLD.images[9301]


@pytest.mark.parametrize("image_id", [9101, 9201, 9202, 9203, 9206, 9207])
def test_a_plane_has_the_type_and_size_of_its_image(image_id):
    image = WORLD.images[image_id]

    plane = pixels.plane(image)

    assert plane.dtype == pixels.DTYPES[image.pixel_type]
    assert plane.shape == (image.size_y, image.size_x)


def test_a_plane_says_which_one_it_is():
    image = WORLD.images[9102]

    plane = pixels.plane(image, c=3, z=17, t=99)

    high, low = divmod(9102, 128)
    assert plane[0, :8].tolist() == [0, high, low, 3, 17, 0, 99, 0]


@settings(max_examples=25, deadline=None)
@given(x=st.integers(0, 600), y=st.integers(0, 450), side=st.integers(1, 60))
def test_a_region_is_a_part_of_the_plane(x, y, side):
    part = pixels.plane(WELL_IMAGE, c=1, region=(x, y, side, side))

    assert np.array_equal(part, WELL_PLANE[y : y + side, x : x + side])


@pytest.mark.parametrize(("level", "alike"), [(1, 0.97), (2, 0.94), (3, 0.9), (4, 0.8)])
def test_levels_show_the_same_cells(level, alike):
    step, side = 1 << level, 1024 >> level
    full = pixels.plane(SLIDE, c=1, region=(45056, 36864, 1024, 1024)).astype(float)

    small = pixels.plane(
        SLIDE, c=1, level=level, region=(45056 >> level, 36864 >> level, side, side)
    )

    mean = full.reshape(side, step, side, step).mean((1, 3))
    assert small.mean() == pytest.approx(mean.mean(), rel=0.1)
    assert np.corrcoef(mean.ravel(), small.ravel())[0, 1] > alike


def test_where_cells_are_too_small_to_see_their_light_stays():
    sharp = pixels.plane(SLIDE, c=1, level=4, region=(2500, 2000, 512, 512))

    even = pixels.plane(SLIDE, c=1, level=6, region=(625, 500, 128, 128))

    mean = sharp.reshape(128, 4, 128, 4).mean((1, 3))
    assert even.mean() == pytest.approx(mean.mean(), rel=0.1)


@pytest.mark.parametrize("level", range(SLIDE.levels))
def test_any_tile_of_the_large_slide_can_be_drawn(level):
    width, height = SLIDE.level_size(level)
    side = min(256, width, height)
    region = ((width - side) // 2, (height - side) // 2, side, side)

    tile = pixels.plane(SLIDE, 0, 0, 0, level, region)

    assert tile.shape == (side, side)


@pytest.mark.parametrize(
    "asked",
    [{"c": 2}, {"z": 1}, {"t": -1}, {"level": 1}, {"region": (600, 0, 100, 10)}],
)
def test_what_is_outside_the_image_is_refused(asked):
    with pytest.raises(ValueError, match="has no"):
        pixels.plane(WELL_IMAGE, **asked)
