"""How napari's own layers read these arrays; asynchronous slicing is off."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image as ImageLayer
from napari_builtins.io import napari_write_image

from napari_idr.tiles import TileViewing


@pytest.fixture
def model():
    viewer = ViewerModel()
    yield viewer
    viewer.layers.clear()


def options(image):
    return {
        "multiscale": image.multiscale,
        "rgb": image.reader.rgb,
        "contrast_limits": (0, 255),
        "projection_mode": "none",
    }


def shown(layer):
    return np.asarray(layer._slice.image.raw)


def test_adding_a_layer_does_not_wait(fake_reader, viewing, model, idle):
    reader = fake_reader((64, 96), (16, 16), size_z=9)
    reader.gate.clear()
    image = viewing.open(reader)
    image.set_current(0, 4)

    layer = model.add_image(image.levels()[0], **options(image))

    assert not shown(layer).any()
    reader.gate.set()
    idle()
    layer.refresh()
    assert np.array_equal(shown(layer), reader.plane(z=4))
    assert {region.z for region in reader.reads} == {4}


def test_the_coarsest_level_sharpens_where_napari_keeps_it(
    fake_reader, viewing, model, idle
):
    reader = fake_reader((64, 96), (16, 16), levels=3)
    image = viewing.open(reader)

    layer = model.add_image(image.levels(), **options(image))
    idle()
    layer.refresh()

    assert layer.data_level == 2
    assert np.array_equal(shown(layer), reader.plane(2))
    assert {region.level for region in reader.reads} == {2}
    assert layer.thumbnail[..., :3].any()


def test_napari_asks_for_one_plane_of_a_pyramid_of_stacks(
    fake_reader, viewing, model, idle
):
    reader = fake_reader((64, 96), (16, 16), levels=2, size_z=9, size_t=3)
    image = viewing.open(reader)
    image.set_current(1, 4)
    layer = model.add_image(image.levels(), **options(image))
    idle()

    layer.corner_pixels = np.array([[0, 0, 16, 16], [0, 0, 47, 47]])
    layer.data_level = 0
    idle()
    layer.refresh()

    assert np.array_equal(shown(layer), reader.plane(t=1, z=4)[16:48, 16:48])
    fine = [region for region in reader.reads if region.level == 0]
    assert len(fine) == 4
    assert {(region.t, region.z) for region in reader.reads} == {(1, 4)}


def test_asynchronous_slicing_does_not_wait_either(fake_reader, viewing, model, idle):
    reader = fake_reader(size_z=9)
    reader.gate.clear()
    image = viewing.open(reader)
    layer = model.add_image(image.levels()[0], **options(image))
    request = layer._slicing_state._make_slice_request(model.dims)

    with ThreadPoolExecutor(1) as slicing_thread:
        response = slicing_thread.submit(request).result(timeout=20)

    assert not response.image.raw.any()
    reader.gate.set()
    idle()


def test_what_a_person_computes_on_a_layer_is_true(fake_reader, viewing, model):
    reader = fake_reader(size_z=3)
    image = viewing.open(reader)
    layer = model.add_image(image.levels()[0], **options(image))

    whole = np.asarray(layer.data)
    mean = np.mean(layer.data[2])

    assert np.array_equal(whole, np.stack([reader.plane(z=z) for z in range(3)]))
    assert mean == reader.plane(z=2).mean()


def test_what_a_person_computes_on_a_pyramid_is_true(fake_reader, viewing, model):
    reader = fake_reader(levels=2)
    image = viewing.open(reader)
    layer = model.add_image(image.levels(), **options(image))

    assert np.array_equal(np.asarray(layer.data), reader.plane(1))
    assert np.array_equal(np.asarray(layer.data[0]), reader.plane(0))


def test_an_exported_layer_holds_true_values(fake_reader, viewing, model, tmp_path):
    tifffile = pytest.importorskip("tifffile")
    reader = fake_reader()
    image = viewing.open(reader)
    layer = model.add_image(image.levels()[0], **options(image))

    path = napari_write_image(str(tmp_path / "layer.tif"), layer.data, {})

    assert np.array_equal(tifffile.imread(path), reader.plane())


def test_the_range_of_a_slider_is_found_without_waiting(fake_reader, viewing, idle):
    reader = fake_reader(size_z=3)
    reader.gate.clear()
    image = viewing.open(reader)
    layer = ImageLayer(image.levels()[0], **options(image))

    layer.reset_contrast_limits(mode="data")

    assert layer.contrast_limits == [0, 1]
    reader.gate.set()
    idle()
    assert {region.z for region in reader.reads} == {0}


def test_a_volume_in_three_dimensions_does_not_wait(fake_reader, viewing, model, idle):
    reader = fake_reader((32, 32), (16, 16), size_z=4)
    image = viewing.open(reader)
    layer = model.add_image(image.levels()[0], **options(image))

    model.dims.ndisplay = 3
    idle()
    layer.refresh()

    assert np.array_equal(shown(layer), np.stack([reader.plane(z=z) for z in range(4)]))


def test_a_layer_made_of_another_ones_data_does_not_wait_either(
    fake_reader, viewing, model, idle
):
    reader = fake_reader(rgb=True)
    reader.gate.clear()
    image = viewing.open(reader)
    layer = model.add_image(image.levels()[0], **options(image))

    data, meta, kind = layer.as_layer_data_tuple()
    double = ImageLayer.create(data, meta, kind)

    assert not shown(double).any()
    reader.gate.set()
    idle()


def test_a_session_closed_under_a_layer_leaves_it_standing(fake_reader, model):
    viewing = TileViewing()
    image = viewing.open(fake_reader(levels=2))
    layer = model.add_image(image.levels(), **options(image))

    viewing.close()
    layer.refresh()

    assert layer.loaded
