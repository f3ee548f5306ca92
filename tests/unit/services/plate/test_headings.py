from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.services.plate.headings import View, headings_in_view
from support.plates import plan_without_images


def view_of(*, y: float, x: float, zoom: float) -> View:
    """Look at a place through a window of 800 x 600 px."""
    height, width = 300 / zoom, 400 / zoom
    return View(
        top=y - height, left=x - width, bottom=y + height, right=x + width, zoom=zoom
    )


@given(
    rows=st.integers(1, 32),
    columns=st.integers(1, 48),
    zoom=st.floats(0.01, 50),
    y=st.floats(-0.5, 1.5),
    x=st.floats(-0.5, 1.5),
)
def test_headings_lie_apart_from_each_other_and_inside_the_view(
    rows, columns, zoom, y, x
):
    plan = plan_without_images(rows, columns)
    view = view_of(y=y * plan.shape[0], x=x * plan.shape[1], zoom=zoom)

    seen = headings_in_view(plan, view)

    letters = [one for one in seen if not one.label.isdigit()]
    numbers = [one for one in seen if one.label.isdigit()]
    for places in ([one.y for one in letters], [one.x for one in numbers]):
        assert all((b - a) * zoom >= 18 - 1e-6 for a, b in pairwise(places))
    assert all(one.x > view.left for one in letters)
    assert all(one.y > view.top for one in numbers)


def test_a_plate_out_of_sight_has_no_headings():
    plan = plan_without_images(8, 12)
    height, width = plan.shape

    assert len(headings_in_view(plan, view_of(y=300, x=600, zoom=1))) == 20
    for y, x in [
        (300, width + 401),
        (300, -401),
        (height + 301, 600),
        (-301, 600),
    ]:
        assert headings_in_view(plan, view_of(y=y, x=x, zoom=1)) == ()


def test_a_window_without_a_size_shows_no_headings():
    plan = plan_without_images(8, 12)

    assert headings_in_view(plan, view_of(y=0, x=0, zoom=float("inf"))) == ()
    flat = View(top=0, left=0, bottom=0, right=0, zoom=0)
    assert headings_in_view(plan, flat) == ()


@given(y=st.floats(0, 1), x=st.floats(0, 1))
def test_within_a_single_well_its_letter_and_number_stay_in_sight(y, x):
    plan = plan_without_images(8, 12)
    top, left = plan.pitch[0] * 2, plan.pitch[1] * 3  # C4
    height, width = plan.cell_shape
    room = 0.1  # of the well, at its border: there the neighbour is as much in sight
    view = view_of(
        y=top + height * (room + (1 - 2 * room) * y),
        x=left + width * (room + (1 - 2 * room) * x),
        zoom=40,
    )

    seen = {
        one.label
        for one in headings_in_view(plan, view)
        if view.top < one.y < view.bottom and view.left < one.x < view.right
    }

    assert seen >= {"C", "4"}


@pytest.mark.parametrize(("rows", "columns"), [(8, 12), (16, 24), (32, 48)])
@pytest.mark.parametrize("zoom", [0.1, 0.2, 0.4, 1.0])
def test_numbers_keep_a_digit_apart(rows, columns, zoom):
    plan = plan_without_images(rows, columns)
    view = view_of(y=0, x=plan.shape[1] / 2, zoom=zoom)

    numbers = [one for one in headings_in_view(plan, view) if one.label.isdigit()]

    for one, other in pairwise(numbers):
        widths = 8 * (len(one.label) + len(other.label)) / 2
        assert (other.x - one.x) * zoom >= widths + 4
    steps = {int(b.label) - int(a.label) for a, b in pairwise(numbers)}
    assert len(steps) <= 1


def test_a_title_lies_above_the_numbers():
    plan = plan_without_images(8, 12)

    seen = headings_in_view(plan, view_of(y=300, x=600, zoom=0.5), title="DM0001_01")

    title = seen[-1]
    numbers = [one for one in seen if one.label.isdigit()]
    assert title.label == "DM0001_01"
    assert (numbers[0].y - title.y) * 0.5 >= 18 - 1e-6


def test_a_title_is_cut_to_the_width_of_its_plate():
    plan = plan_without_images(8, 12)

    title = headings_in_view(plan, view_of(y=0, x=0, zoom=0.1), title="x" * 200)[-1]

    assert "…" in title.label
    assert len(title.label) * 8 <= plan.shape[1] * 0.1


def test_a_long_note_begins_as_it_is_and_is_no_wider_than_its_plate():
    plan, zoom = plan_without_images(8, 12), 0.4
    note = ", ".join(f"GENE{n} ({90 - n})" for n in range(12))

    *_, told, _ = headings_in_view(
        plan, view_of(y=300, x=600, zoom=zoom), title="DM0001_01", note=note
    )

    head = told.label.removesuffix(" …")
    assert note.startswith(f"{head}, ")
    assert head.count(",") >= 2
    assert len(told.label) * 10 <= plan.shape[1] * zoom


def test_where_the_top_of_a_plate_is_out_of_sight_it_has_no_title():
    seen = headings_in_view(
        plan_without_images(8, 12), view_of(y=400, x=600, zoom=4), title="DM0001_01"
    )

    assert "DM0001_01" not in [one.label for one in seen]


@pytest.mark.parametrize(
    ("room_px", "title", "numbers"), [(60, True, True), (25, True, False),
    (10, False, False)]
)  # fmt: skip
def test_headings_never_lie_on_the_plate_above(room_px, title, numbers):
    plan, zoom = plan_without_images(8, 12), 0.2

    seen = headings_in_view(
        plan,
        view_of(y=300, x=600, zoom=zoom),
        title="DM0001_01",
        above=room_px / zoom,
    )

    labels = [one.label for one in seen]
    assert ("DM0001_01" in labels) is title
    assert ("1" in labels) is numbers
    assert all(one.y * zoom >= -room_px + 6 for one in seen)
