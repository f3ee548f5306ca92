from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from napari_idr.api.pixels.thumbnails import preview
from napari_idr.cancel import NEVER
from napari_idr.errors import PixelDataError
from napari_idr.model import Image, ImageId, PixelSource, Roi, RoiId, Shape, ShapeId
from napari_idr.services.regions.load import load_regions

BOX = ((10.0, 200.0), (10.0, 400.0), (30.0, 400.0), (30.0, 200.0))


class Client:
    def rois(self, image_id, *, cancel):
        box = Shape(id=ShapeId(1), kind="rectangle", points=BOX)
        return [Roi(id=RoiId(9), name="nucleus", shapes=(box,))]

    def masks(self, shape_ids, *, sizes, cancel):
        return iter(())

    def __init__(self, labels=()):
        self.labels = labels

    def open_labels(self, reader, *, cancel):
        return self.labels


@pytest.mark.parametrize("px_um", [None, 0.5])
def test_regions_lie_over_a_preview_as_they_do_over_the_image(px_um):
    whole = Image(
        id=ImageId(1), name="img", size_x=960, size_y=480, pixel_type="uint16",
        pixel_size_x_um=px_um, pixel_size_y_um=px_um,
    )  # fmt: skip
    small = preview(whole, (48, 96))
    opened = SimpleNamespace(
        image=small,
        details=SimpleNamespace(image=whole),
        reader=SimpleNamespace(source=PixelSource.THUMBNAIL),
        metadata={},
    )

    (spec,) = load_regions(Client(), opened, None, cancel=NEVER).specs

    world = spec.data[0] * spec.kwargs["scale"] + spec.kwargs["translate"]
    # A tenth as many px, each counted from its centre.
    expected = (np.array(BOX) / 10 - 0.5) * (small.pixel_size_x_um or 1.0)
    np.testing.assert_allclose(world, expected)


class Labels:
    """A label image of some size, and the arrays made of it."""

    def __init__(self, **sizes):
        known = {"size_x": 90, "size_y": 60, "size_z": 1, "size_t": 1, **sizes}
        self.image = Image(id=ImageId(1), name="cells", pixel_type="int32", **known)
        self.dtype = np.dtype("i4")

    def levels(self, _):
        shape = (self.image.size_z, self.image.size_y, self.image.size_x)
        return [np.zeros(shape, self.dtype)]


def opened_stack():
    whole = Image(
        id=ImageId(1), name="img", size_x=90, size_y=60, size_z=8, pixel_type="uint16",
        pixel_size_x_um=0.5, pixel_size_y_um=0.5, pixel_size_z_um=2.0,
    )  # fmt: skip
    return SimpleNamespace(
        image=whole,
        details=SimpleNamespace(image=whole),
        reader=SimpleNamespace(source=PixelSource.RAW),
        metadata={},
    )


def test_labels_of_fewer_planes_and_px_cover_the_same_field():
    coarse = Labels(size_z=2, size_y=30, size_x=30)

    [(spec, _)] = load_regions(
        Client([("cells", coarse)]), opened_stack(), lambda one: one, cancel=NEVER
    ).labels

    assert spec.kwargs["scale"] == [8.0, 1.0, 1.5]
    assert spec.kwargs["translate"] == [3.0, 0.25, 0.5]


def test_labels_that_do_not_come_leave_those_that_do():
    error = PixelDataError("the array '0' is named and isn't there")
    client = Client([("lost", error), ("cells", Labels(size_z=8))])

    regions = load_regions(client, opened_stack(), lambda one: one, cancel=NEVER)

    assert [spec.name for spec, _ in regions.labels] == ["cells - img [labels]"]
    assert regions.notes == (
        "The labels lost didn't come: the array '0' is named and isn't there.",
    )
