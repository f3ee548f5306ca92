from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from napari_idr.api._thumbnail_reader import preview
from napari_idr.cancel import NEVER
from napari_idr.model import Image, ImageId, PixelSource, Roi, RoiId, Shape, ShapeId
from napari_idr.services.regions import load_regions

BOX = ((10.0, 200.0), (10.0, 400.0), (30.0, 400.0), (30.0, 200.0))


class Client:
    def rois(self, image_id, *, cancel):
        box = Shape(id=ShapeId(1), kind="rectangle", points=BOX)
        return [Roi(id=RoiId(9), name="nucleus", shapes=(box,))]

    def masks(self, shape_ids, *, cancel):
        return iter(())

    def open_labels(self, reader, *, cancel):
        return []


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
