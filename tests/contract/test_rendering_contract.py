"""What a real OMERO.web draws, as our readers read it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_idr.api import PixelRegion
from napari_idr.cancel import NEVER
from napari_idr.model import ImageId, PixelSource

STACK, COLOUR, PYRAMID, FLOATING = map(ImageId, (9001, 9002, 9003, 9004))

JPEG_ERROR = 12
"""Grey values by which JPEG of quality 0.9 may be off in a smooth picture."""


def whole(reader, level=0, **place):
    height, width = reader.levels[level].shape
    region = PixelRegion(level=level, y0=0, y1=height, x0=0, x1=width, **place)
    return reader.read(region, cancel=NEVER).astype(int)


@pytest.mark.parametrize(
    ("image_id", "shape", "rgb", "levels"),
    [
        (STACK, (200, 256), False, 1),
        (COLOUR, (480, 640), True, 1),
        (PYRAMID, (15000, 20000), True, 7),
        (FLOATING, (96, 128), False, 1),
    ],
)
def test_an_image_is_read_as_jpeg_with_its_sizes_and_levels(
    real, image_id, shape, rgb, levels
):
    reader, notes = real.open_reader(real.image(image_id))

    assert (reader.source, notes) == (PixelSource.RENDERED_JPEG, ())
    assert (reader.levels[0].shape, reader.rgb, len(reader.levels)) == (
        shape,
        rgb,
        levels,
    )


def test_planes_of_a_stack_differ_by_channel_z_and_t(real):
    reader, _ = real.open_reader(real.image(STACK))

    first = whole(reader)
    others = [whole(reader, **{axis: 1}) for axis in "czt"]

    assert first.min() < 20 < 200 < first.max()
    assert all(np.abs(first - other).max() > 50 for other in others)


def test_a_channel_that_the_server_inverts_is_read_upright(real):
    image = real.image(STACK)
    turned = (replace(one, linear=False, inverted=True) for one in image.channels)
    upright, _ = real.open_reader(image)
    inverted, _ = real.open_reader(replace(image, channels=tuple(turned)))

    difference = whole(upright, c=1) - whole(inverted, c=1)

    assert np.abs(difference).max() <= JPEG_ERROR


def test_an_intensity_is_copied_into_8_bits_within_the_window(real):
    wide, _ = real.open_reader(real.image(FLOATING))

    window, grey = wide.window(0), whole(wide)

    assert (window.start, window.end) == (-0.5, 0.9)
    assert (grey.min(), grey.max()) == pytest.approx((0, 255), abs=JPEG_ERROR)


def test_colours_of_a_picture_equal_its_channels_drawn_apart(real):
    image = real.image(COLOUR)
    colours, _ = real.open_reader(image)
    channels, _ = real.open_reader(image, rgb=False)

    together, red = whole(colours), whole(channels, c=0)

    assert together.shape == (480, 640, 3)
    assert np.abs(together[..., 0] - red).mean() < JPEG_ERROR


def test_tiles_of_a_pyramid_fit_together_at_their_borders(real):
    reader, _ = real.open_reader(real.image(PYRAMID), rgb=False)
    level = 2
    height, width = reader.levels[level].shape

    across = PixelRegion(level=level, y0=1000, y1=1050, x0=1000, x1=1050)
    corner = PixelRegion(level=level, y0=height - 5, y1=height, x0=width - 5, x1=width)
    found = reader.read(across, cancel=NEVER).astype(int)
    last = reader.read(corner, cancel=NEVER)

    steps = np.abs(np.diff(found, axis=1))
    at_border = steps[:, 1023 - 1000].max()
    assert at_border <= np.delete(steps, 23, axis=1).max() + JPEG_ERROR
    assert last.shape == (5, 5)


def test_a_coarse_level_looks_like_the_fine_one(real):
    reader, _ = real.open_reader(real.image(PYRAMID), rgb=False)

    coarse, fine = whole(reader, level=6), whole(reader, level=4)

    sampled = fine[::4, ::4][: coarse.shape[0], : coarse.shape[1]]
    overlap = coarse[: sampled.shape[0], : sampled.shape[1]]
    assert np.abs(sampled - overlap).mean() < JPEG_ERROR


def test_a_rendered_plane_is_drawn_in_colours(real):
    found = real.rendered(STACK, z=2)

    assert found.pixels.shape == (200, 256, 3)
    assert (found.source, found.lossless) == (PixelSource.RENDERED_JPEG, False)
