"""Planes as pictures: what is bright stays bright, and grey is the raw value."""

from typing import Any

import numpy as np

from napari_idr.demo import pixels
from napari_idr.demo.pixels import rendering
from napari_idr.demo.studies import MITOSIS_HITS, default_world
from napari_idr.demo.world import Image

WORLD = default_world()
WELL_IMAGE = WORLD.images[1900001]


def shown(
    image: Image, settings: rendering.Settings, z: int = 0, t: int = 0, **more: Any
) -> rendering.Picture:
    return rendering.render(
        rendering.View(image=image, settings=settings, z=z, t=t, **more)
    )


def test_hits_are_brighter_than_all_controls():
    plate = WORLD.plates[7101]

    def redness(row, column):
        well = plate.wells[row * 12 + column]
        image = WORLD.images[well.samples[0].image_id]
        picture = rendering.render_thumbnail(image, 96, 73)
        return (picture[..., 0] > 200).mean()

    controls = [redness(row, 0) for row in range(8)]
    hits = [
        redness(*place)
        for place, treatments in MITOSIS_HITS.items()
        if treatments[0].name in ("CDC20", "PLK1")
    ]

    assert min(hits) > 2 * max(controls)


def test_a_thumbnail_looks_like_the_plane():
    whole = shown(WELL_IMAGE, rendering.saved_settings(WELL_IMAGE))
    cut = whole[:511, :672].reshape(73, 7, 96, 7, 3).mean((1, 3))

    thumbnail = rendering.render_thumbnail(WELL_IMAGE, 96, 73)

    assert np.corrcoef(cut.ravel(), thumbnail.ravel())[0, 1] > 0.9


def test_grey_of_eight_bits_in_its_full_window_is_the_raw_value():
    image = WORLD.images[9203]
    chosen = rendering.read_settings(image, "1|0:255$FFFFFF", "g")

    picture = shown(image, chosen)

    assert np.array_equal(picture[..., 0], pixels.plane(image, c=0))


def test_a_projection_is_the_brightest_of_its_planes():
    image = WORLD.images[9101]
    chosen = rendering.read_settings(image, "1|0:4095$FFFFFF", "g")

    projected = shown(image, chosen, t=1, projected=(1, 3))

    stack = [shown(image, chosen, z=z, t=1) for z in (1, 2, 3)]
    assert np.array_equal(projected, np.max(stack, axis=0))
