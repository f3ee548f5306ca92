"""Who saves a layer gets its true values, or a clear refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from napari.layers import Labels

from napari_idr.demo import pixels
from napari_idr.errors import PixelDataError
from support.pixels import look, open_image, quiet

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr import demo
    from support.window import Window

TISSUE = "idr0904-demo-tissue/experimentA"
STACK = "stack c3 z5 t7.ome.tiff"
PYRAMID = ("large/pyramids", "section 100000 x 80000.ndpi [Series 1]")


def test_a_stack_is_saved_as_it_is_stored(
    window: Window, idr: demo.Archive, tmp_path: Path
) -> None:
    person = window.browse(idr.url)
    layers = open_image(window, person, TISSUE, "stacks/z and t", STACK)
    image = next(i for i in idr.world.images.values() if i.name == STACK)
    path = tmp_path / "channel.tif"

    # Most of its planes have never been looked at.
    layers[1].save(str(path))

    stored = [[pixels.plane(image, 1, z, t) for z in range(5)] for t in range(7)]
    np.testing.assert_array_equal(tifffile.imread(path), stored)


def test_a_picture_that_fits_no_memory_is_refused(
    window: Window, idr: demo.Archive, tmp_path: Path
) -> None:
    person = window.browse(idr.url)
    layers = open_image(window, person, TISSUE, *PYRAMID)

    with pytest.raises(PixelDataError, match="take a part of it"):
        np.asarray(layers[0].data[0])
    path = tmp_path / "pyramid.tif"
    with pytest.raises(PixelDataError, match="take a part of it"):
        layers[0].save(str(path))

    look(window, layers[0], (40_000.0, 50_000.0), 1.0)
    window.paint()
    quiet(window, person)
    assert layers[0].data_level == 0


def test_a_duplicate_shows_the_same(window: Window, idr: demo.Archive) -> None:
    person = window.browse(idr.url)
    layers = open_image(window, person, TISSUE, "stacks/z and t", STACK)

    window.viewer.layers.selection = {layers[0]}
    data, state, kind = layers[0].as_layer_data_tuple()
    copy = window.viewer._add_layer_from_data(data, {**state, "name": "copy"}, kind)[0]

    assert not isinstance(copy, Labels)
    np.testing.assert_array_equal(
        np.asarray(copy.data[3, 2]), np.asarray(layers[0].data[3, 2])
    )
