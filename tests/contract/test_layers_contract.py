"""Layers of a real OMERO.web's images hold what that server draws."""

from __future__ import annotations

import io

import numpy as np
import pytest
import requests
from PIL import Image as Pillow

from napari_idr.cancel import NEVER
from napari_idr.model import ImageId, ImageRef
from napari_idr.services.details import ImageRequest
from napari_idr.services.image.open import plan_projected_image
from napari_idr.services.session import ConnectionSettings, Session
from napari_idr.tiles import TileViewing

STACK, COLOUR, PYRAMID, FLOATING = map(ImageId, (9001, 9002, 9003, 9004))

ROUNDING = 2
"""Grey values by which one JPEG differs, unpacked as grey or as three colours."""

JPEG_ERROR = 12
"""Those by which two JPEGs differ that stand for the same numbers."""

COLOURS = "1|0:255$FF0000,2|0:255$00FF00,3|0:255$0000FF"


@pytest.fixture
def session(real):
    session = Session(real.url, ConnectionSettings(cache=False))
    yield session
    session.close()


@pytest.fixture
def viewing():
    viewing = TileViewing()
    yield viewing
    viewing.close()


@pytest.fixture
def open_image(session, viewing):
    def opened(image_id):
        request = ImageRequest(ref=ImageRef(image_id=image_id))
        steps = session.open_image(request, viewing.open, cancel=NEVER)
        next(steps)
        with pytest.raises(StopIteration) as last:
            next(steps)
        return last.value.value

    return opened


def drawn(real, path: str, **query: str) -> np.ndarray:
    """Ask the server itself for a picture, (y, x, 3)."""
    answer = requests.get(f"{real.url}/webgateway/{path}/", params=query, timeout=60)
    answer.raise_for_status()
    picture = Pillow.open(io.BytesIO(answer.content)).convert("RGB")
    return np.asarray(picture).astype(int)


def test_a_stack_is_a_layer_for_each_channel(open_image):
    specs = open_image(STACK).specs

    assert [spec.name for spec in specs] == [
        f"stack z5 t7.ome.tiff · {channel} [rendered jpeg]"
        for channel in ("GFP", "mCherry", "channel 3")
    ]
    for spec, colour in zip(specs, ("#00FF00", "#FF0000", "#0000FF"), strict=True):
        assert spec.kwargs["colormap"] == colour
        assert spec.data.shape == (7, 5, 200, 256)
        assert spec.kwargs["scale"] == [1.0, 0.5, 0.1, 0.1]
        assert spec.kwargs["translate"] == [0.0] * 4
        assert spec.kwargs["units"] == ["pixel", "um", "um", "um"]
        assert spec.kwargs["axis_labels"] == ["t", "z", "y", "x"]
        assert spec.kwargs["contrast_limits"] == (0.0, 255.0)


@pytest.mark.parametrize(("c", "z", "t"), [(0, 0, 0), (1, 2, 3), (2, 4, 6)])
def test_a_plane_of_a_stack_holds_what_the_server_draws(real, open_image, c, z, t):
    spec = open_image(STACK).specs[c]

    found = np.asarray(spec.data[t, z])

    look = {"c": f"{c + 1}|200:4095$FFFFFF", "m": "g"}
    expected = drawn(real, f"render_image/{STACK}/{z}/{t}", **look)[..., 0]
    np.testing.assert_allclose(found, expected, atol=ROUNDING)
    assert np.ptp(found) > 200


def test_regions_lie_where_they_were_drawn_counted_from_the_corner(
    session, viewing, open_image
):
    found = session.regions(open_image(STACK), viewing.open, cancel=NEVER)

    shapes = {
        kind: (spec, np.asarray(corners))
        for spec in found.specs
        if spec.layer_type == "shapes"
        for kind, corners in zip(spec.kwargs["shape_type"], spec.data, strict=True)
    }
    spec, corners = shapes["rectangle"]
    places = corners * spec.kwargs["scale"] + spec.kwargs["translate"]
    assert sorted(shapes) == ["ellipse", "polygon", "rectangle"]
    assert np.unique(places[:, :2], axis=0).tolist() == [[0.0, 0.0]]
    np.testing.assert_allclose(places[:, 2:].min(axis=0), [1.15, 0.95])
    np.testing.assert_allclose(places[:, 2:].max(axis=0), [5.15, 6.0])
    points = [spec for spec in found.specs if spec.layer_type == "points"]
    assert [spec.data[0][-2:].tolist() for spec in points] == [[6.0, 5.0], [2.0, 1.0]]


def test_a_colour_picture_is_one_layer_of_its_colours(real, open_image):
    [spec] = open_image(COLOUR).specs

    found = np.asarray(spec.data)

    expected = drawn(real, f"render_image/{COLOUR}/0/0", c=COLOURS, m="c")
    assert spec.name == "H&E brightfield €uro.png [rendered jpeg]"
    assert (spec.kwargs["rgb"], spec.kwargs["units"]) == (True, ["pixel", "pixel"])
    np.testing.assert_allclose(found, expected, atol=ROUNDING)


def test_a_pyramid_is_its_levels_and_tiles_hold_what_the_server_draws(real, open_image):
    [spec] = open_image(PYRAMID).specs

    part = np.asarray(spec.data[2][1100:1200, 2100:2300])

    assert [level.shape[:2] for level in spec.data] == [
        *((15000, 20000), (7500, 10000), (3750, 5000), (1875, 2500)),
        *((937, 1250), (468, 625), (234, 312)),
    ]
    assert spec.kwargs["scale"] == [0.25, 0.25]
    look = {"c": COLOURS, "m": "c", "tile": "2,2,1,1024,1024"}
    tile = drawn(real, f"render_image_region/{PYRAMID}/0/0", **look)
    np.testing.assert_allclose(part, tile[76:176, 52:252], atol=ROUNDING)


def test_floats_are_drawn_within_their_window(real, open_image):
    opened = open_image(FLOATING)
    [spec] = opened.specs

    found = np.asarray(spec.data)

    look = {"c": "1|-0.5:0.9$FFFFFF", "m": "g"}
    expected = drawn(real, f"render_image/{FLOATING}/0/0", **look)[..., 0]
    assert spec.name == "float.dv · Channel:0 [rendered jpeg]"
    assert spec.kwargs["colormap"] == "gray"
    assert spec.kwargs["contrast_limits"] == (0.0, 255.0)
    assert (opened.reader.window(0).start, opened.reader.window(0).end) == (-0.5, 0.9)
    np.testing.assert_allclose(found, expected, atol=ROUNDING)


def test_the_maximum_that_the_server_projects_is_that_of_its_planes(
    open_image, viewing
):
    opened = open_image(STACK)

    projected = plan_projected_image(opened, viewing.open, cancel=NEVER)

    spec = projected.specs[1]
    found = np.asarray(spec.data[3, 0]).astype(int)
    brightest = np.asarray(opened.specs[1].data[3]).astype(int).max(axis=0)
    assert spec.name.endswith("[rendered jpeg, max z]")
    assert np.abs(found - brightest).mean() < JPEG_ERROR / 2
