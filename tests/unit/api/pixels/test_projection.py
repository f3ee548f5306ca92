from __future__ import annotations

import pickle
from dataclasses import dataclass, replace

import numpy as np
import pytest

from napari_idr import IDRClient
from napari_idr.api import projected_reader
from napari_idr.api.pixels.reader import Level, PixelRegion
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.demo.pixels import plane as drawn
from napari_idr.errors import Cancelled, PixelDataError
from napari_idr.model import Image, ImageId, PixelSource

STACK, COLOUR, DEEP_LEVELS = ImageId(9101), ImageId(9103), ImageId(9614)
WHOLE = PixelRegion(y0=0, y1=3, x0=0, x1=2)


@pytest.fixture
def idr(idr_archive):
    with IDRClient(idr_archive.url, cache=False) as client:
        yield client


@dataclass(frozen=True)
class Stack:
    """A reader of an array (z, y, x) in memory; `token` is raised at plane 2."""

    array: np.ndarray
    token: CancelToken | None = None

    @property
    def image(self):
        z, y, x = self.array.shape
        sizes = {"size_z": z, "size_y": y, "size_x": x, "default_z": z - 1}
        return Image(id=ImageId(1), name="", pixel_type="", **sizes)

    @property
    def levels(self):
        return (Level(shape=self.array.shape[1:], chunk=self.array.shape[1:]),)

    source = PixelSource.RAW
    rgb = False

    @property
    def dtype(self):
        return self.array.dtype

    def read(self, region, *, cancel):
        if self.token is not None and region.z == 2:
            self.token.cancel()
        cancel.check()
        return self.array[region.z, region.y0 : region.y1, region.x0 : region.x1]


def brightest(source, c, t=0, *, planes, level=0):
    return np.max([drawn(source, c, z, t, level) for z in planes], axis=0)


def test_the_maximum_of_raw_planes_equals_that_of_what_was_written(idr_archive, idr):
    source = idr_archive.world.images[STACK]

    found = idr.projection(STACK, c=1, t=2)

    expected = brightest(source, 1, 2, planes=range(source.size_z))
    np.testing.assert_array_equal(found.pixels, expected)
    assert found.pixels.dtype == np.uint16
    assert (found.source, found.lossless) == (PixelSource.RAW, True)


def test_a_part_of_the_planes_can_be_chosen(idr_archive, idr):
    source = idr_archive.world.images[STACK]

    found = idr.projection(STACK, c=0, z=range(1, 3))

    np.testing.assert_array_equal(found.pixels, brightest(source, 0, planes=(1, 2)))


@pytest.mark.parametrize("z", [range(0), range(3, 99), range(0, 4, 2), range(-1, 2)])
def test_planes_that_are_not_there_are_a_mistake_of_the_caller(idr, z):
    with pytest.raises(ValueError, match="isn't a stretch of"):
        idr.projection(STACK, c=0, z=z)


def test_coarser_levels_are_projected_as_well(idr_archive, idr):
    source = idr_archive.world.images[DEEP_LEVELS]
    reader, _ = idr.open_reader(idr.image(DEEP_LEVELS))

    projected = projected_reader(reader)

    assert projected.levels == reader.levels
    assert (projected.image.size_z, projected.image.default_z) == (1, 0)
    height, width = projected.levels[1].shape
    region = PixelRegion(level=1, c=1, y0=0, y1=height, x0=0, x1=width)
    expected = brightest(source, 1, planes=range(source.size_z), level=1)
    np.testing.assert_array_equal(projected.read(region, cancel=NEVER), expected)


def test_a_server_that_draws_is_asked_once_and_projects_before_it_draws(
    idr_archive, idr
):
    source = idr_archive.world.images[STACK]
    reader, _ = idr.open_reader(replace(idr.image(STACK), zarr_url=None))
    idr_archive.requests.clear()

    found = projected_reader(reader, z=range(1, 4)).read(
        PixelRegion(c=1, t=1, y0=10, y1=60, x0=20, x1=90), cancel=NEVER
    )

    window = reader.window(1)
    raw = brightest(source, 1, 1, planes=range(1, 4))[10:60, 20:90].astype(float)
    copied = np.clip((raw - window.start) / (window.end - window.start), 0, 1) * 255
    np.testing.assert_allclose(found, copied, atol=1)
    assert len(idr_archive.requests) == 1


def test_a_server_that_refuses_to_project_is_asked_for_each_plane(idr_archive, idr):
    reader, _ = idr.open_reader(replace(idr.image(STACK), zarr_url=None))
    region = PixelRegion(c=0, y0=0, y1=200, x0=0, x1=256)
    expected = projected_reader(reader).read(region, cancel=NEVER)
    idr_archive.faults.answer_next(404, match="intmax", times=9)

    found = projected_reader(reader).read(region, cancel=NEVER)

    np.testing.assert_array_equal(found, expected)


def test_a_thumbnail_is_not_projected(idr_archive, idr):
    images = idr_archive.world.images.values()
    image = next(one for one in images if one.zarr is None and one.has_pixels)

    with pytest.raises(PixelDataError, match="only a thumbnail"):
        idr.projection(ImageId(image.id), c=0)


def test_holes_count_only_where_there_is_nothing_else():
    array = np.full((3, 3, 2), np.nan, np.float32)
    array[1, :2] = 5
    array[2, 0] = -7

    found = projected_reader(Stack(array)).read(WHOLE, cancel=NEVER)

    np.testing.assert_array_equal(found[:2], np.full((2, 2), 5, np.float32))
    assert np.isnan(found[2]).all()


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "i8", "f8"])
def test_the_type_stays(dtype):
    array = np.arange(12).reshape(2, 3, 2).astype(dtype)

    found = projected_reader(Stack(array)).read(WHOLE, cancel=NEVER)

    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array.max(axis=0))


def test_cancelling_stops_between_the_planes():
    token = CancelToken()
    stack = Stack(np.zeros((500, 3, 2)), token)

    with pytest.raises(Cancelled):
        projected_reader(stack).read(WHOLE, cancel=token)


def test_colours_have_a_maximum_each(idr):
    reader, _ = idr.open_reader(idr.image(COLOUR))

    found = projected_reader(reader).read(WHOLE, cancel=NEVER)

    np.testing.assert_array_equal(found, reader.read(WHOLE, cancel=NEVER))


def test_it_reads_on_in_another_process(idr):
    reader, _ = idr.open_reader(idr.image(STACK))
    projected = projected_reader(reader, z=range(2))

    again = pickle.loads(pickle.dumps(projected))

    np.testing.assert_array_equal(
        again.read(WHOLE, cancel=NEVER), projected.read(WHOLE, cancel=NEVER)
    )
