from __future__ import annotations

import numpy as np
import pytest

from napari_idr.model import (
    ImageHit,
    ImageId,
    ImageRef,
    Plate,
    PlateId,
    Screen,
    ScreenId,
)
from napari_idr.services.gallery.sources import GalleryOf
from napari_idr.services.gallery.view import choices, plan_gallery_shown
from napari_idr.services.plate.canvas import BACKGROUND, WAITING


def hit(number, study=1, pairs=()):
    return ImageHit(
        ref=ImageRef(
            image_id=ImageId(number), name=f"p [Well C{number % 9 + 1}; Field #2]"
        ),
        study=Screen(id=ScreenId(study), name=f"s{study}"),
        plate=Plate(id=PlateId(study), name=f"p{study}"),
        pairs=pairs,
    )


def gallery(images, *, columns=4, rows=0):
    return plan_gallery_shown(
        "http://x",
        GalleryOf(query=None, title="two studies"),
        images,
        None,
        columns=columns,
        rows=rows,
        aspect=1.5,
    )


def area(shown, image_id):
    cell = next(one for one in shown.plan.cells if one.image_id == image_id)
    return shown.canvas[cell.y : cell.y + 96, cell.x : cell.x + 96]


@pytest.mark.parametrize("rows", [0, 12])
def test_a_gallery_that_grows_keeps_what_is_painted(rows):
    shown = gallery([hit(n) for n in range(6)], rows=rows)
    area(shown, 5)[:] = 200

    more = shown.with_images([hit(n) for n in range(15)], 4)

    assert more.canvas.shape == (*more.plan.shape, 3)
    assert np.all(area(more, 5) == 200)
    assert np.all(area(more, 14) == WAITING)
    assert np.all(more.canvas[:96] == BACKGROUND)  # the row of the heading
    assert np.shares_memory(more.canvas, shown.canvas) == bool(rows)


def test_images_that_move_take_what_is_painted_with_them():
    shown = gallery([hit(0, study=1), hit(1, study=2)], rows=12)
    area(shown, 1)[:] = 200

    more = shown.with_images(
        [hit(0, study=1), hit(1, study=2), *(hit(n, study=1) for n in range(2, 9))], 4
    )

    assert np.all(area(more, 1) == 200)
    assert np.all(area(more, 2) == WAITING)
    assert not np.shares_memory(more.canvas, shown.canvas)


def test_what_the_search_told_is_a_column_and_a_filter():
    images = [
        hit(1, pairs=(("Organism", "Homo sapiens"), ("Gene Symbol", "CDC20"))),
        hit(2, pairs=(("Organism", "Mus musculus"),)),
        hit(3, study=2, pairs=(("Organism", "Homo sapiens"),)),
    ]
    shown = gallery(images)

    assert shown.plate_map.table.column("Organism").kind == "text"
    assert choices(shown) == {
        "Study": ("s1", "s2"),
        "Organism": ("Homo sapiens", "Mus musculus"),
    }
    human = shown.filtered({"Organism": "Homo sapiens"})
    assert [image.ref.image_id for image in human.plan.images] == [1, 3]
    both = human.filtered({"Organism": "Homo sapiens", "Study": "s2"})
    assert [image.ref.image_id for image in both.plan.images] == [3]
    assert both.filtered({}) is shown


def test_a_position_names_study_plate_and_image():
    shown = gallery([hit(1), hit(2)])

    assert shown.message_at(150, 50) == "s1 · p1 · C2, field 2"
    assert shown.message_at(50, 50) == "s1 · p1 · 2 images"
    assert shown.place_of(ImageId(2)) == (1, 1)


def test_an_image_is_asked_for_with_all_that_is_known_of_it():
    shown = gallery([hit(1)])
    (cell,) = shown.plan.grid

    request = shown.image_request(cell)

    assert request.ref.image_id == 1
    assert (request.study.name, request.plate.name) == ("s1", "p1")
    assert (request.well_label, request.field) == ("C2", 1)
    assert request.gallery == shown.key
