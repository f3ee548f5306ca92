from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from napari_idr.api.pixels.thumbnails import preview
from napari_idr.api.zarr.metadata import Label
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.errors import Cancelled, PixelDataError
from napari_idr.model import (
    Channel,
    Image,
    ImageId,
    PixelSource,
    Roi,
    RoiId,
    Shape,
    ShapeId,
)
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

        self.closed = False

    def close(self):
        self.closed = True

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

    assert [spec.name for spec, _ in regions.labels] == ["img · cells [labels]"]
    assert regions.notes == (
        "The labels lost didn't come: the array '0' is named and isn't there.",
    )


def test_regions_that_nobody_takes_are_closed():
    labels = Labels(), Labels()
    client = Client([("cells", labels[0]), ("nuclei", labels[1])])

    load_regions(client, opened_stack(), lambda one: one, cancel=NEVER).close()

    assert all(one.closed for one in labels)


@pytest.mark.parametrize("error", [Cancelled(), ZeroDivisionError()])
def test_regions_that_end_early_leave_nothing_open(error):
    labels = Labels()

    def first_labels_then_an_error():
        yield "cells", labels
        raise error

    with pytest.raises(type(error)):
        load_regions(
            Client(first_labels_then_an_error()),
            opened_stack(),
            lambda one: one,
            cancel=NEVER,
        )

    assert labels.closed


def test_regions_that_are_cancelled_at_the_end_leave_nothing_open():
    labels, token = Labels(), CancelToken()

    def view(reader):
        token.cancel()
        return reader

    with pytest.raises(Cancelled):
        load_regions(Client([("cells", labels)]), opened_stack(), view, cancel=token)

    assert labels.closed


COLORS = ((1, "FF0000FF"), (2, "00FF0080"), (2**40, "0000FFFF"))
PROPERTIES = (
    (1, (("class", "nucleus"), ("area", 49))),
    (2, (("class", "debris"), ("index", 7))),
    (2**40, (("class", "too large"),)),
)


def labelled(**told):
    labels = Labels(size_z=8)
    labels.label = Label(**told)
    client = Client([("cells", labels)])
    [(spec, _)] = load_regions(
        client, opened_stack(), lambda one: one, cancel=NEVER
    ).labels
    return spec


def test_labels_have_the_colours_that_are_told():
    colors = labelled(colors=COLORS).kwargs["colormap"]

    assert (colors[1], colors[2]) == ("#FF0000FF", "#00FF0080")
    assert colors[0] == "#00000000"  # the background can't be seen
    assert colors[None] == "#808080FF"  # the others can
    assert 2**40 not in colors


def test_labels_have_the_properties_that_are_told_as_features():
    features = labelled(properties=PROPERTIES).kwargs["features"]

    assert features == {
        "index": [1, 2],
        "class": ["nucleus", "debris"],
        "area": [49, None],
        "index (told)": [None, 7],
    }


def test_of_very_many_labels_some_have_their_own_colours_and_that_is_told():
    labels = Labels(size_z=8)
    labels.label = Label(colors=tuple((n, "FF0000FF") for n in range(1, 20_001)))

    found = load_regions(
        Client([("cells", labels)]), opened_stack(), lambda one: one, cancel=NEVER
    )

    [(spec, _)] = found.labels
    assert len(spec.kwargs["colormap"]) == 10_002
    assert "Of 20000 labels in cells, 10000 have their own colours" in found.message


def test_labels_of_which_nothing_is_told_are_as_napari_colours_them():
    kwargs = labelled().kwargs

    assert "colormap" not in kwargs
    assert "features" not in kwargs


def test_napari_takes_the_colours_and_features_of_labels():
    from napari.layers import Labels as Layer

    spec = labelled(colors=COLORS, properties=PROPERTIES)

    layer = Layer(
        np.array([[0, 1, 2, 3]]),
        colormap=spec.kwargs["colormap"],
        features=spec.kwargs["features"],
    )

    shown = [np.round(layer.get_color(n) * 255).tolist() for n in (1, 2, 3)]
    assert shown == [[255, 0, 0, 255], [0, 255, 0, 128], [128, 128, 128, 255]]
    assert layer.get_color(0) is None or layer.get_color(0)[3] == 0


def test_each_channel_of_labels_is_a_layer_that_closes_by_itself():
    labels = Labels(size_z=8, size_c=2, channels=(Channel(name="nuclei"), Channel()))
    client = Client([("cells", labels)])
    made = []

    def view(reader):
        made.append(object())
        return SimpleNamespace(
            levels=lambda c: [np.zeros((1, 8, 60, 90)) + c], close=list
        )

    found = load_regions(client, opened_stack(), view, cancel=NEVER).labels

    assert [spec.name for spec, _ in found] == [
        "img · cells nuclei [labels]",
        "img · cells channel 2 [labels]",
    ]
    assert [spec.data.max() for spec, _ in found] == [0, 1]
    assert len(made) == 2
