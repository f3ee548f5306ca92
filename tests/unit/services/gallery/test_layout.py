from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from napari_idr.model import (
    Dataset,
    DatasetId,
    ImageHit,
    ImageId,
    ImageRef,
    Plate,
    PlateId,
    Screen,
    ScreenId,
)
from napari_idr.services.gallery.headings import LETTER_PX, gallery_headings
from napari_idr.services.gallery.layout import gallery_columns, label_of, plan_gallery
from napari_idr.services.plate.headings import View, heading_room


def hit(number, study=None, plate=None, name=""):
    return ImageHit(
        ref=ImageRef(image_id=ImageId(number), name=name),
        study=None if study is None else Screen(id=ScreenId(study), name=f"s{study}"),
        plate=None if plate is None else Plate(id=PlateId(plate), name=f"p{plate}"),
    )


@st.composite
def hits(draw, min_size=0):
    places = st.tuples(st.integers(1, 4), st.integers(1, 5))
    drawn = draw(st.lists(places, max_size=80, min_size=min_size))
    return [
        hit(number, study, 10 * study + plate)
        for number, (study, plate) in enumerate(drawn)
    ]


@given(hits(), st.integers(1, 30))
def test_each_image_has_a_cell_of_its_own(images, columns):
    plan = plan_gallery(images, columns=columns)

    places = {(cell.row, cell.column) for cell in plan.cells}
    assert len(places) == len(plan.cells) == len(images)
    assert {cell.image_id for cell in plan.cells} == {
        image.ref.image_id for image in images
    }
    for cell in plan.cells:
        assert plan.origin(cell.row, cell.column) == (cell.y, cell.x)
        there = plan.grid.cells[cell.row][cell.column]
        assert there is not None
        assert there.image_id == cell.image_id
        assert plan.grid.label(cell.row, cell.column) == cell.label


@given(hits(min_size=1), st.integers(1, 30))
def test_studies_and_their_plates_lie_together_below_headings(images, columns):
    plan = plan_gallery(images, columns=columns)

    heading_rows = {group.heading_row for group in plan.groups}
    assert not heading_rows & {cell.row for cell in plan.cells}
    studies = [image.study.id for image in plan.images]
    plates = [image.plate.id for image in plan.images]
    for ids in (studies, plates):
        runs_of = [one for one, _ in itertools.groupby(ids)]
        assert len(runs_of) == len(set(runs_of))
    runs = [run for group in plan.groups for run in group.runs]
    assert len(runs) == len(set(plates))
    for run in runs:
        first = plan.grid.cells[run.row][run.column]
        by_id = {image.ref.image_id: image for image in images}
        assert by_id[first.image_id].plate.name == run.title
        assert run.column + run.width <= columns


@given(hits(min_size=1), st.integers(1, 30), st.integers(1, 40))
def test_what_comes_at_the_end_moves_nothing_of_the_studies_before(
    images, columns, more
):
    fewer = plan_gallery(images, columns=columns)
    fresh = [hit(1000 + n, study=9, plate=99) for n in range(more)]

    plan = plan_gallery([*images, *fresh], columns=columns)

    assert plan.cells[: len(images)] == fewer.cells


@given(
    st.lists(st.integers(1, 900), min_size=1, max_size=12),
    st.floats(0.3, 4.0),
)
def test_a_gallery_has_the_shape_of_the_canvas_as_nearly_as_can_be(counts, aspect):
    columns = gallery_columns(counts, aspect)

    def misfit(columns):
        rows = sum(1 + math.ceil(count / columns) for count in counts)
        return abs(math.log(columns / rows / aspect))

    assert 1 <= columns <= max(counts)
    for other in (columns - 1, columns + 1):
        if 1 <= other <= max(counts):
            assert misfit(columns) <= misfit(other)


def test_an_image_in_no_well_is_called_by_its_name():
    assert label_of(hit(7, name="slide 3.svs")) == "slide 3.svs"
    assert label_of(hit(7, name="plate [Well 7, Field 2]")) == "plate [Well 7, Field 2]"
    assert label_of(hit(7, name="plate [Well C-07, Field 2 (Spot 7)]")) == "C7, field 2"


@given(
    hits(min_size=1),
    st.floats(-500, 3000),
    st.floats(-500, 3000),
    st.floats(0.05, 8),
    st.integers(120, 1200),
)
def test_headings_are_in_sight_and_none_of_a_study_lies_on_another(
    images, top, left, zoom, width
):
    plan = plan_gallery(images, columns=6)
    right = left + width / zoom
    view = View(top=top, left=left, bottom=top + 600 / zoom, right=right, zoom=zoom)

    headings = gallery_headings(plan, view, title="CDC20 gallery")

    for heading in headings:
        assert view.top <= heading.y <= view.bottom
        half = len(heading.label) * LETTER_PX / 2 / zoom
        assert view.left - 0.01 <= heading.x - half, heading.label
        assert heading.x + half <= view.right + 0.01, heading.label
    studies = sorted(one.y for one in headings if one.label.endswith("images"))
    assert all(b - a >= 17.9 / zoom for a, b in itertools.pairwise(studies))


def test_a_study_keeps_its_heading_as_long_as_one_of_its_images_is_in_sight():
    plan = plan_gallery([hit(n, 1, 11) for n in range(40)], columns=4)
    far_down = View(top=600, left=0, bottom=900, right=400, zoom=1)

    (heading,) = gallery_headings(plan, far_down)

    assert heading.label.startswith("s1 · p11")
    assert heading.y == 612
    assert heading.backed


def test_plates_have_captions_where_their_first_image_has_room():
    images = [hit(n, 1, 11 + n // 4) for n in range(8)]
    plan = plan_gallery(images, columns=4)
    whole = View(top=-90, left=-50, bottom=400, right=450, zoom=1)
    far = View(top=-900, left=-500, bottom=4000, right=4500, zoom=0.1)

    near_labels = {one.label for one in gallery_headings(plan, whole)}
    assert {"p11", "p12"} <= near_labels
    assert {"p11", "p12"}.isdisjoint(one.label for one in gallery_headings(plan, far))


def test_a_dataset_is_a_part_as_a_plate_is():
    dataset = Dataset(id=DatasetId(3), name="d3")
    refs = [ImageRef(image_id=ImageId(number)) for number in (1, 2)]
    images = [ImageHit(ref=ref, dataset=dataset) for ref in refs]

    plan = plan_gallery(images, columns=2)

    assert plan.groups[0].title == "d3 · 2 images"
    assert plan.group_at(1) == plan.groups[0]
    assert plan.group_at(2) is None


@given(st.integers(1, 40), st.integers(1, 12))
def test_beside_a_gallery_no_room_is_kept_and_above_it_that_of_title_and_note(
    count, columns
):
    plan = plan_gallery([hit(n, 1, 11) for n in range(count)], columns=columns)
    height, width = plan.shape

    above, left = heading_room(plan)

    assert left == 0
    zoom = 0.95 * min(500 / (height + above), 1000 / width)
    slack = (500 - zoom * (height + above)) / 2
    view = View(
        top=-above - slack / zoom,
        left=0,
        bottom=height + slack / zoom,
        right=width,
        zoom=zoom,
    )
    assert above * zoom < 80
    seen = gallery_headings(plan, view, title="of", note="by", above=above)
    if width * zoom >= 80:
        assert [one.label for one in seen][-2:] == ["by", "of"], above * zoom


def test_the_heading_of_a_narrow_gallery_is_whole_where_the_canvas_has_room():
    plan = plan_gallery([hit(n, 1, 11) for n in range(2)], columns=1)
    view = View(top=-90, left=-500, bottom=400, right=600, zoom=1)

    (heading,) = gallery_headings(plan, view)

    assert heading.label == "s1 · p11 · 2 images"
