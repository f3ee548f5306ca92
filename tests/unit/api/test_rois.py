"""Regions, with their geometry as the image has it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Picture

from napari_idr import IDRClient
from napari_idr.api.node import Node
from napari_idr.api.pixels.render_requests import decode_mask
from napari_idr.api.rois import read_roi
from napari_idr.errors import NotFoundError, PixelDataError
from napari_idr.model import ImageId, ShapeId

SCHEMA = "http://www.openmicroscopy.org/Schemas/OME/2016-06"
NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


def shape(kind, **members):
    whole = {"@id": 7, "@type": f"{SCHEMA}#{kind}", **members}
    [found] = read_roi(Node({"@id": 1, "shapes": [whole]})).shapes
    return found


def test_a_rectangle_has_four_corners_as_y_and_x():
    found = shape("Rectangle", X=10.0, Y=20.0, Width=5.0, Height=3.0)

    assert found.kind == "rectangle"
    assert found.points == ((20, 10), (20, 15), (23, 15), (23, 10))


def test_an_ellipse_has_the_corners_of_its_box():
    found = shape("Ellipse", X=60.0, Y=50.0, RadiusX=10.0, RadiusY=20.0)

    assert found.points == ((30, 50), (30, 70), (70, 70), (70, 50))


@pytest.mark.parametrize(
    ("kind", "members", "points"),
    [
        ("Line", {"X1": 1, "Y1": 2, "X2": 3, "Y2": 4}, ((2, 1), (4, 3))),
        ("Point", {"X": 1, "Y": 2}, ((2, 1),)),
        ("Label", {"X": 1, "Y": 2}, ((2, 1),)),
        ("Polygon", {"Points": "1,2 30,4"}, ((2, 1), (4, 30))),
        ("Polyline", {"Points": "1,2 30,4"}, ((2, 1), (4, 30))),
        ("Polygon", {"Points": "-1.5,2e1, 3,-.5"}, ((20, -1.5), (-0.5, 3))),
    ],
)
def test_each_kind_has_its_points(kind, members, points):
    assert shape(kind, **members).points == points


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_a_transform_is_applied(x, y, dx, dy):
    turned = {"A00": 0, "A01": -1, "A02": dx, "A10": 1, "A11": 0, "A12": dy}

    [(moved_y, moved_x)] = shape("Point", X=x, Y=y, Transform=turned).points

    assert moved_x == pytest.approx(-y + dx)
    assert moved_y == pytest.approx(x + dy)


def test_colours_come_with_their_opacity():
    found = shape("Point", X=0, Y=0, FillColor=1694433280, StrokeColor=-16776961)

    assert (found.fill_color, found.stroke_color) == ("64FF0000", "FF0000FF")


@pytest.mark.parametrize(
    ("members", "z"), [({}, None), ({"TheZ": -1}, None), ({"TheZ": 3}, 3)]
)
def test_a_shape_on_all_planes_has_none(members, z):
    assert shape("Point", X=0, Y=0, **members).z == z


def test_a_kind_we_don_t_know_is_left_out():
    odd = {"@id": 7, "@type": f"{SCHEMA}#Spiral"}

    assert read_roi(Node({"@id": 1, "shapes": [odd]})).shapes == ()


@pytest.mark.parametrize(
    ("kind", "members"),
    [
        ("Polygon", {"Points": "1,2 3"}),
        ("Polygon", {"Points": "1,2 a,b"}),
        ("Polygon", {}),
        ("Rectangle", {"X": 1, "Y": 2, "Width": None, "Height": 3}),
        ("Point", {"X": 1, "Y": 2, "Transform": {"A00": 1}}),
    ],
)
def test_a_shape_whose_outline_is_lost_is_without_points(kind, members):
    assert shape(kind, **members).points == ()


def test_a_number_that_is_none_does_not_move_the_others():
    first, second = shape("Polyline", Points="NaN,1 2,3").points

    assert np.isnan(first[1])
    assert (first[0], second) == (1, (3, 2))


def test_points_of_old_servers_are_those_that_were_drawn():
    text = "points[1,2, 30,4] points1[1,2, 30,4] points2[0,0, 0,0] mask[0,0]"

    assert shape("Polyline", Points=text).points == ((2, 1), (4, 30))


def test_thousands_of_regions_come_page_by_page(quick, routes):
    many = max(routes.world.rois, key=lambda n: len(routes.world.rois[n]))

    found = quick.rois(ImageId(many))

    assert len(found) == len(routes.world.rois[many])
    assert len(routes.asked) == -(-len(found) // 1000)


def test_an_image_without_regions_has_none(quick):
    assert quick.rois(ImageId(1900001)) == ()


def test_an_unknown_image_isn_t_one_without_regions(quick):
    with pytest.raises(NotFoundError) as caught:
        quick.rois(ImageId(424242))

    assert (caught.value.kind, caught.value.id) == ("image", 424242)


@pytest.mark.parametrize("face", ["archive", "idr_archive"])
def test_masks_come_as_the_px_of_their_frames(request, face):
    archive = request.getfixturevalue(face)
    client = IDRClient(archive.url, cache=False)
    known = {s.id: s for roi in archive.world.rois[9101] for s in roi.shapes}
    masks = [
        s for roi in client.rois(ImageId(9101)) for s in roi.shapes if s.kind == "mask"
    ]

    found = dict(client.masks([one.id for one in masks]))

    assert len(found) == len(masks) == 1
    for shape_id, bitmap in found.items():
        packed = np.frombuffer(known[shape_id].mask, np.uint8)
        assert bitmap.dtype == bool
        assert np.array_equal(bitmap.ravel(), np.unpackbits(packed)[: bitmap.size])
    client.close()


def test_what_is_no_mask_comes_as_an_error(client):
    [(shape_id, error)] = client.masks([ShapeId(1)])

    assert shape_id == 1
    assert isinstance(error, NotFoundError)


def drawn(pixels, mode):
    out = io.BytesIO()
    Picture.fromarray(np.array(pixels, np.uint8), mode).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (drawn([[[9, 9, 9, 255], [0, 0, 0, 0]]], "RGBA"), [[True, False]]),
        (drawn([[[0, 0, 0, 255], [0, 0, 0, 255]]], "RGBA"), [[True, True]]),
        (drawn([[[9, 9, 0, 0], [0, 0, 0, 0]]], "RGBA"), [[True, False]]),
        (drawn([[[0, 0, 0], [0, 9, 0]]], "RGB"), [[False, True]]),
        (drawn([[0, 255]], "L"), [[False, True]]),
    ],
    ids=["transparent", "full and black", "invisible colour", "on black", "grey"],
)
def test_a_mask_is_where_its_picture_shows_something(body, expected):
    assert decode_mask(body).tolist() == expected


@pytest.mark.parametrize("body", [b"", b"<html>", b"\x89PNG\r\n\x1a\nbroken"])
def test_a_mask_that_is_no_picture_is_an_error(body):
    with pytest.raises(PixelDataError, match="a mask came that can't be read"):
        decode_mask(body)
