from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.model import Channel, Image, ImageId, PixelSource, RenderingWindow
from napari_idr.services.image.layers import (
    image_layer_specs,
    lut_notes,
    short_name,
)
from napari_idr.services.image.metadata import idr_metadata

IMAGE = Image(
    id=ImageId(7),
    name="LT0001_02 [C7, Field 1]",
    size_x=60,
    size_y=40,
    size_c=2,
    pixel_type="uint16",
    channels=(
        Channel(
            name="Cy3", color="FF0000", window=RenderingWindow(start=100, end=3000)
        ),
        Channel(name="DAPI", color="0000FF", active=False),
    ),
    pixel_size_x_um=0.5,
    pixel_size_y_um=0.25,
)
METADATA = idr_metadata(server="https://idr.example.org", image=IMAGE)


def planes(image, dtype=np.uint16):
    leading = [size for size in (image.size_t, image.size_z) if size > 1]
    shape = (*leading, image.size_y, image.size_x)
    return [np.zeros(shape, dtype) for _ in range(image.size_c)]


def specs_of(image, *, source=PixelSource.RAW, arrays=None, **options):
    arrays = planes(image) if arrays is None else arrays
    return image_layer_specs(
        image, source=source, arrays=arrays, metadata=METADATA, **options
    )


def test_each_channel_is_a_layer_with_its_colour_window_and_visibility():
    cy3, dapi = specs_of(IMAGE)

    assert cy3.name == "LT0001_02 [C7, Field 1] · Cy3 [raw]"
    assert cy3.kwargs["colormap"] == "#FF0000"
    assert cy3.kwargs["contrast_limits"] == (100.0, 3000.0)
    assert cy3.kwargs["blending"] == "additive"
    assert (cy3.kwargs["visible"], dapi.kwargs["visible"]) == (True, False)
    assert cy3.kwargs["projection_mode"] == "none"


def test_the_pixel_size_is_scale_and_unit():
    (spec, _) = specs_of(IMAGE)

    assert spec.kwargs["scale"] == [0.25, 0.5]
    assert spec.kwargs["units"] == ["um", "um"]
    assert spec.kwargs["axis_labels"] == ["y", "x"]


def test_without_a_pixel_size_the_unit_is_the_pixel():
    image = replace(IMAGE, size_z=3, pixel_size_x_um=None, pixel_size_z_um=2.0)

    (spec, _) = specs_of(image)

    assert spec.kwargs["scale"] == [1.0, 1.0, 1.0]
    assert spec.kwargs["units"] == ["pixel"] * 3


def test_stacks_keep_the_axes_that_have_several_planes():
    image = replace(IMAGE, size_z=3, size_t=4, pixel_size_z_um=2.0)

    (spec, _) = specs_of(image)

    assert spec.data.shape == (4, 3, 40, 60)
    assert spec.kwargs["axis_labels"] == ["t", "z", "y", "x"]
    assert spec.kwargs["scale"] == [1.0, 2.0, 0.25, 0.5]
    assert spec.kwargs["units"] == ["pixel", "um", "um", "um"]


def test_an_array_of_other_axes_is_refused():
    with pytest.raises(ValueError, match="axes"):
        specs_of(IMAGE, arrays=[np.zeros((3, 40, 60))])


def test_levels_make_a_multiscale_layer():
    levels = [np.zeros((40, 60), np.uint16), np.zeros((20, 30), np.uint16)]

    (spec,) = specs_of(IMAGE, arrays=[levels])

    assert spec.kwargs["multiscale"]
    assert spec.data == levels


def test_what_the_server_has_drawn_isnt_windowed_again():
    (spec, _) = specs_of(
        IMAGE, source=PixelSource.RENDERED_LOSSLESS, arrays=planes(IMAGE, np.uint8)
    )

    assert spec.kwargs["contrast_limits"] == (0.0, 255.0)
    assert spec.name.endswith("[rendered]")


def test_a_window_that_is_missing_is_taken_from_the_sample():
    sample = np.tile(np.arange(1000, dtype=np.uint16), 4)

    _, dapi = specs_of(IMAGE, samples=[None, sample])

    low, high = dapi.kwargs["contrast_limits"]
    assert 0 <= low < 10
    assert 990 < high <= 999


def test_a_thumbnail_lies_over_the_whole_image_and_says_what_it_is():
    thumbnail = np.zeros((20, 30, 3), np.uint8)

    (spec,) = specs_of(
        IMAGE, source=PixelSource.THUMBNAIL, arrays=[thumbnail], rgb=True
    )

    assert spec.name == "LT0001_02 [C7, Field 1] [thumbnail]"
    assert spec.kwargs["rgb"]
    assert spec.kwargs["scale"] == [0.5, 1.0]
    assert spec.kwargs["translate"] == [0.125, 0.25]
    assert "colormap" not in spec.kwargs


def test_neutral_and_unreadable_colours_are_gray():
    channels = tuple(
        Channel(name=str(index), color=color)
        for index, color in enumerate(("FFFFFF", "808080", "", "nonsense"))
    )
    image = replace(IMAGE, size_c=4, channels=channels)

    assert {spec.kwargs["colormap"] for spec in specs_of(image)} == {"gray"}


def test_a_greyscale_image_is_gray_whatever_its_colours():
    image = replace(IMAGE, greyscale=True)

    assert {spec.kwargs["colormap"] for spec in specs_of(image)} == {"gray"}


def test_one_channel_shows_even_if_the_archive_hides_all():
    channels = tuple(replace(channel, active=False) for channel in IMAGE.channels)

    specs = specs_of(replace(IMAGE, channels=channels))

    assert [spec.kwargs["visible"] for spec in specs] == [True, False]


def test_channels_without_names_are_numbered_and_equal_names_told_apart():
    image = replace(
        IMAGE, size_c=4, channels=(Channel(name=""), *(Channel(name="GFP"),) * 2)
    )

    names = [spec.name for spec in specs_of(image)]

    assert names == [
        "LT0001_02 [C7, Field 1] · channel 1 [raw]",
        "LT0001_02 [C7, Field 1] · GFP [raw]",
        "LT0001_02 [C7, Field 1] · GFP (2) [raw]",
        "LT0001_02 [C7, Field 1] · channel 4 [raw]",
    ]


@given(st.text(max_size=300), st.text(max_size=80), st.text(max_size=80))
def test_names_of_any_text_are_short_printable_and_unique(name, first, second):
    image = replace(
        IMAGE, name=name, channels=(Channel(name=first), Channel(name=second))
    )

    names = [spec.name for spec in specs_of(image)]

    assert len(set(names)) == 2
    assert all(one.isprintable() and len(one) < 100 for one in names)


def test_a_long_name_keeps_both_ends():
    name = short_name("plate " * 20 + "[Well C7]", 30)

    assert len(name) <= 30
    assert name.startswith("plate")
    assert name.endswith("[Well C7]")


def test_every_layer_remembers_where_it_comes_from():
    for index, spec in enumerate(specs_of(IMAGE)):
        remembered = spec.kwargs["metadata"]["idr"]

        assert json.loads(json.dumps(remembered)) == remembered
        assert remembered["image"] == {"id": 7, "name": IMAGE.name}
        assert remembered["channel"]["index"] == index


@pytest.mark.parametrize(
    "image",
    [
        IMAGE,
        replace(IMAGE, size_z=3, size_t=2),
        replace(IMAGE, pixel_size_x_um=None),
    ],
)
def test_napari_takes_the_layers_as_they_are(image):
    from napari.layers import Layer

    for spec in specs_of(image):
        layer = Layer.create(*spec.as_layer_data())

        assert layer.name == spec.name
        assert layer.extent.data.shape[1] == len(spec.kwargs["axis_labels"])


def test_napari_takes_a_colour_picture():
    from napari.layers import Layer

    (spec,) = specs_of(
        IMAGE,
        source=PixelSource.THUMBNAIL,
        arrays=[np.zeros((20, 30, 3), np.uint8)],
        rgb=True,
    )
    layer = Layer.create(*spec.as_layer_data())

    assert layer.rgb
    last_px = layer.extent.world[1]
    edge = last_px + np.array(spec.kwargs["scale"]) / 2
    assert edge.tolist() == pytest.approx([39.5 * 0.25, 59.5 * 0.5])


def looked(**told):
    """The colormaps, visibilities and names of an image of two such channels."""
    image = {"greyscale": told.pop("greyscale", None)}
    channels = tuple(
        Channel(**{**told, "name": told.get("name", "")}) for _ in range(2)
    )
    specs = specs_of(replace(IMAGE, channels=channels, **image))
    return [
        (
            s.kwargs["colormap"],
            s.kwargs["visible"],
            s.kwargs["metadata"]["idr"]["channel"]["name"],
        )
        for s in specs
    ]


@pytest.mark.parametrize(
    ("lut", "colormap"),
    [
        ("cool.lut", "cool"),
        ("viridis.lut", "viridis"),
        ("HiLo.lut", "HiLo"),
        ("Red Hot.lut", "hot"),
        ("red-hot.lut", "hot"),
        ("spectrum.lut", "hsv"),
        ("grays.lut", "gray"),
    ],
)
def test_a_lookup_table_that_napari_has_is_used(lut, colormap):
    from napari.utils.colormaps import ensure_colormap

    (found, *_), _ = looked(lut=lut, color="FF0000")

    assert found == colormap
    assert ensure_colormap(found).name == colormap


@pytest.mark.parametrize("lut", ["glow.lut", "fire.lut", "16_colors.lut"])
def test_a_lookup_table_that_napari_lacks_is_named_and_its_colour_used(lut):
    (found, *_), _ = looked(lut=lut, color="FF0000")
    named = replace(IMAGE, channels=(Channel(name="DNA", lut=lut), Channel()))

    assert found == "#FF0000"
    assert lut_notes(named) == (
        f"The archive shows DNA with the lookup table {lut}, which napari lacks.",
    )


def test_the_greyscale_model_is_one_grey_layer_and_no_table():
    assert looked(color="FF0000", lut="glow.lut", greyscale=True, active=True) == [
        ("gray", True, "channel 1"),
        ("gray", False, "channel 2"),
    ]
    grey = replace(IMAGE, greyscale=True, channels=(Channel(lut="glow.lut"),))
    assert lut_notes(grey) == ()


def test_what_nobody_has_told_is_filled_in_at_the_end():
    assert looked() == [("gray", True, "channel 1"), ("gray", True, "channel 2")]
    assert [name for *_, name in looked(emission_nm=525.0)] == ["525 nm", "525 nm"]
