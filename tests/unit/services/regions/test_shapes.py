from __future__ import annotations

import numpy as np
import pytest

from napari_idr.model import Image, ImageId, Roi, RoiId, Shape, ShapeId
from napari_idr.services.regions import shapes as rois
from napari_idr.services.regions.shapes import roi_layer_specs

BOX = ((10.0, 20.0), (10.0, 40.0), (30.0, 40.0), (30.0, 20.0))


def image_of(**sizes):
    return Image(
        id=ImageId(1), name="img", size_x=100, size_y=80, pixel_type="uint8", **sizes
    )


def shape_of(number, kind, points=BOX, **values):
    return Shape(id=ShapeId(number), kind=kind, points=tuple(points), **values)


def layers_of(*shapes, image=None):
    region = Roi(id=RoiId(9), name="nucleus", shapes=shapes)
    return roi_layer_specs([region], image or image_of(), metadata={"version": 1})


def test_each_kind_becomes_the_shape_that_napari_has_for_it():
    found = layers_of(
        shape_of(1, "rectangle"),
        shape_of(2, "ellipse"),
        shape_of(3, "polygon"),
        shape_of(4, "polyline"),
        shape_of(5, "line", BOX[:2]),
        shape_of(6, "mask"),
    )

    (spec,) = found.specs
    assert spec.layer_type == "shapes"
    assert spec.kwargs["shape_type"] == [
        "rectangle",
        "ellipse",
        "polygon",
        "path",
        "line",
        "rectangle",
    ]
    assert found.notes == ("1 masks are shown as their frames",)


def test_shapes_keep_their_ids_names_and_colours():
    (spec,) = layers_of(
        shape_of(
            4, "rectangle", text="hello", stroke_color="FF0000FF", fill_color="00FF0080"
        ),
        shape_of(5, "ellipse", c=1),
    ).specs

    assert spec.kwargs["features"] == {
        "roi_id": [9, 9],
        "shape_id": [4, 5],
        "kind": ["rectangle", "ellipse"],
        "name": ["nucleus", "nucleus"],
        "text": ["hello", ""],
        "color": ["#FF0000FF", "#FFFF00FF"],
        "c": [None, 1],
    }
    assert spec.kwargs["edge_color"] == ["#FF0000FF", "#FFFF00FF"]
    assert spec.kwargs["face_color"] == ["#00FF0080", "#00000000"]


def test_the_corner_of_the_image_is_half_a_pixel_before_its_first_centre():
    image = image_of(pixel_size_x_um=0.5, pixel_size_y_um=2.0)

    (spec,) = layers_of(shape_of(1, "rectangle"), image=image).specs

    assert spec.data[0].tolist() == [list(point) for point in BOX]
    assert spec.kwargs["translate"] == [-1.0, -0.25]


def test_points_and_labels_are_points_with_their_text():
    (spec,) = layers_of(
        shape_of(1, "point", [(5, 6)]), shape_of(2, "label", [(7, 8)], text="here")
    ).specs

    assert spec.layer_type == "points"
    assert spec.data.tolist() == [[5, 6], [7, 8]]
    assert spec.kwargs["features"]["text"] == ["", "here"]
    assert spec.kwargs["text"]["string"] == "{text}"


def test_a_shape_of_one_plane_is_on_that_plane_and_one_of_all_on_all():
    image = image_of(size_z=5, size_t=3)

    everywhere, by_z, by_both = layers_of(
        shape_of(1, "rectangle"),
        shape_of(2, "rectangle", z=4),
        shape_of(3, "rectangle", z=4, t=1),
        image=image,
    ).specs

    assert everywhere.data[0].shape == (4, 2)
    assert by_z.data[0][0].tolist() == [4, 10, 20]
    assert by_z.kwargs["axis_labels"] == ["z", "y", "x"]
    assert by_both.data[0][0].tolist() == [1, 4, 10, 20]


def test_a_shape_of_one_time_is_on_every_plane_of_that_time():
    (spec,) = layers_of(
        shape_of(1, "rectangle", t=2), image=image_of(size_z=3, size_t=4)
    ).specs

    assert [vertices[0][:2].tolist() for vertices in spec.data] == [
        [2, 0],
        [2, 1],
        [2, 2],
    ]
    assert spec.kwargs["features"]["shape_id"] == [1, 1, 1]


def test_what_cant_be_drawn_is_counted():
    found = layers_of(
        shape_of(1, "polygon", BOX[:2]),
        shape_of(2, "point", [(np.nan, 1)]),
        shape_of(3, "rectangle", z=9),
        image=image_of(size_z=2),
    )

    assert found.specs == ()
    assert found.notes == (
        "2 shapes have no usable outline",
        "1 shapes lie on planes that the image doesn't have",
    )


def test_many_polygons_become_closed_outlines():
    (spec,) = layers_of(
        *(shape_of(number, "polygon") for number in range(rois.MAX_POLYGONS + 1))
    ).specs

    assert set(spec.kwargs["shape_type"]) == {"path"}
    assert spec.data[0][0].tolist() == spec.data[0][-1].tolist()


def test_thousands_of_shapes_become_one_picture_of_numbers():
    boxes = [
        [(y, x), (y, x + 1), (y + 1, x + 1), (y + 1, x)]
        for y in range(0, 80, 2)
        for x in range(0, 100, 2)
    ]
    shapes = [shape_of(100 + n, "rectangle", box) for n, box in enumerate(boxes)]
    big = shape_of(1, "ellipse", [(0, 0), (0, 80), (80, 80), (80, 0)])

    (spec,) = layers_of(*shapes, big).specs

    assert spec.layer_type == "labels"
    assert spec.data.shape == (80, 100)
    assert spec.data[40, 41] == len(shapes) + 1
    assert spec.data[40, 40] == 1 + boxes.index(
        [(40, 40), (40, 41), (41, 41), (41, 40)]
    )
    assert spec.kwargs["features"]["index"][-1] == len(shapes) + 1
    assert spec.kwargs["features"]["shape_id"][0] == 100


def test_planes_of_a_picture_of_numbers_are_drawn_when_looked_at():
    image = image_of(size_z=4)
    shapes = [shape_of(n, "rectangle", z=n % 4) for n in range(rois.MAX_SHAPES + 1)]

    (spec,) = layers_of(*shapes, image=image).specs

    assert spec.data.shape == (4, 80, 100)
    drawn = [np.asarray(spec.data[z])[20, 30] for z in range(4)]
    assert [spec.kwargs["features"]["shape_id"][n - 1] % 4 for n in drawn] == [
        0,
        1,
        2,
        3,
    ]


def test_a_picture_of_numbers_is_bounded_and_lies_over_the_image():
    image = Image(
        id=ImageId(1), name="", size_x=100_000, size_y=8_000, pixel_type="uint8"
    )
    shapes = [shape_of(n, "rectangle") for n in range(rois.MAX_SHAPES + 1)]

    (spec,) = layers_of(*shapes, image=image).specs

    assert max(spec.data.shape) <= 4096
    assert spec.data.shape[1] * spec.kwargs["scale"][1] == pytest.approx(1e5, rel=0.001)


def test_napari_takes_the_layers_as_they_are():
    from napari.layers import Layer

    image = image_of(size_z=5)
    found = layers_of(
        shape_of(1, "rectangle"),
        shape_of(2, "ellipse", z=1),
        shape_of(3, "polygon", z=2, stroke_color="00FF00FF"),
        shape_of(4, "polyline"),
        shape_of(5, "line", BOX[:2]),
        shape_of(6, "label", [(1, 1)], text="a {b}"),
        shape_of(7, "point", [(1, 1)], z=3),
        image=image,
    )
    many = layers_of(
        *(shape_of(n, "rectangle", z=1) for n in range(rois.MAX_SHAPES + 1)),
        image=image,
    )

    for spec in (*found.specs, *many.specs):
        layer = Layer.create(*spec.as_layer_data())

        assert layer.name == spec.name
        assert "shape_id" in layer.features


def disc(height, width):
    y, x = np.mgrid[:height, :width]
    return (y - height / 2 + 0.5) ** 2 + (x - width / 2 + 0.5) ** 2 < height**2 / 4


def masked(*shapes, bitmaps, image=None):
    region = Roi(id=RoiId(9), name="nucleus", shapes=shapes)
    return roi_layer_specs(
        [region], image or image_of(), metadata={"version": 1}, bitmaps=bitmaps
    )


def test_masks_with_bitmaps_become_labels_where_they_lie():
    bitmap = disc(20, 20)
    found = masked(
        shape_of(6, "mask", fill_color="0080FF80"),
        shape_of(7, "rectangle"),
        bitmaps={6: bitmap},
    )

    shapes, labels = found.specs
    assert shapes.kwargs["shape_type"] == ["rectangle"]
    assert labels.layer_type == "labels"
    assert np.array_equal(labels.data, bitmap.astype(int))
    assert labels.kwargs["translate"] == [10, 20]
    assert labels.kwargs["features"]["shape_id"] == [6]
    assert labels.kwargs["colormap"] == {None: "#00000000", 1: "#0080FF80"}
    assert found.notes == ()


def test_the_later_of_two_masks_is_on_top_and_both_keep_their_numbers():
    beside = tuple((y + 5, x + 5) for y, x in BOX)
    full = np.ones((20, 20), bool)

    (labels,) = masked(
        shape_of(1, "mask"), shape_of(2, "mask", beside), bitmaps={1: full, 2: full}
    ).specs

    assert labels.data.shape == (25, 25)
    assert np.unique(labels.data).tolist() == [0, 1, 2]
    assert (labels.data[5:, 5:] == 2).all()
    assert labels.data[0, 0] == 1


def test_a_mask_is_on_its_own_plane():
    image = image_of(size_z=3)
    (labels,) = masked(
        shape_of(1, "mask", z=1), image=image, bitmaps={1: np.ones((20, 20), bool)}
    ).specs

    assert [int(np.asarray(plane).max()) for plane in labels.data] == [0, 1, 0]


def test_a_bitmap_of_another_size_is_stretched():
    (labels,) = masked(
        shape_of(1, "mask"), bitmaps={1: np.array([[True, False]] * 2)}
    ).specs

    assert labels.data.shape == (20, 20)
    assert (labels.data[:, :10] == 1).all()
    assert not labels.data[:, 10:].any()


@pytest.mark.parametrize(
    "corners",
    [
        ((10.0, 20.0), (12.0, 40.0), (30.0, 40.0), (28.0, 20.0)),
        ((0.0, 0.0), (0.0, 9000.0), (9000.0, 9000.0), (9000.0, 0.0)),
    ],
    ids=["turned", "too large"],
)
def test_a_mask_that_can_not_be_drawn_is_a_frame(corners):
    found = masked(shape_of(1, "mask", corners), bitmaps={1: np.ones((2, 2), bool)})

    assert [spec.layer_type for spec in found.specs] == ["shapes"]
    assert found.notes == ("1 masks are shown as their frames",)
