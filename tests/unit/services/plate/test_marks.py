from __future__ import annotations

import numpy as np
import pytest

from napari_idr.services.plate.marks import (
    FRAMED_FROM_PX,
    MARK_PAIRS,
    is_tinted,
    least_contrast,
    plan_marks,
)
from support.plates import plan_without_images


@pytest.mark.parametrize("colors", MARK_PAIRS)
def test_each_double_line_can_be_seen_on_every_ground(colors):
    assert least_contrast(*colors) >= 3


@pytest.mark.parametrize("color", [pair[0] for pair in MARK_PAIRS])
def test_no_line_could_be_seen_on_every_ground_alone(color):
    assert least_contrast(color) < 3


def test_wells_are_tinted_where_they_are_small_on_the_screen():
    plan = plan_without_images(32, 48)

    assert is_tinted(plan, (FRAMED_FROM_PX - 0.1) / 73)
    assert not is_tinted(plan, (FRAMED_FROM_PX + 0.1) / 73)


@pytest.mark.parametrize("zoom", [0.03, 0.1, 0.19])
def test_a_tint_covers_its_well_and_no_more(zoom):
    plan = plan_without_images(32, 48)

    marks = plan_marks(plan, hits=[(4, 7)], zoom=zoom)

    y, x = plan.origin(4, 7)
    starts, sides = marks.vectors[:, 0], marks.vectors[:, 1]
    assert np.allclose(sides, (0, 96))
    assert np.allclose(starts[:, 1], x - 0.5)
    assert starts[:, 0].min() - marks.width / 2 == pytest.approx(y - 0.5, abs=0.01)
    assert starts[:, 0].max() + marks.width / 2 == pytest.approx(y + 72.5, abs=0.01)
    assert np.all(marks.colors[:, 3] < 1)


@pytest.mark.parametrize("zoom", [0.05, 0.1, 0.19])
@pytest.mark.parametrize("mark", ["hits", "controls"])
def test_the_mark_of_a_small_well_leaves_its_colour_to_be_seen(mark, zoom):
    plan = plan_without_images(32, 48)

    marks = plan_marks(plan, **{mark: [(4, 7)]}, colored=True, zoom=zoom)

    y, x = plan.origin(4, 7)
    starts, ends = marks.vectors[:, 0], marks.vectors.sum(axis=1)
    covered = marks.vectors[:, 1, 1].sum() * marks.width
    assert covered <= 0.5 * 73 * 96
    assert starts[:, 0].min() - marks.width / 2 >= y - 0.51
    assert ends[:, 0].max() + marks.width / 2 <= y + 72.51
    assert starts[:, 1].min() >= x - 0.51
    assert ends[:, 1].max() <= x + 95.51
    # Two lines as those of frames, which can be seen on every ground.
    assert np.all(marks.colors[:, 3] == 1)
    assert len(marks.vectors) == 2


def test_marks_of_hits_and_controls_lie_apart_on_a_small_well():
    plan = plan_without_images(32, 48)
    hits = plan_marks(plan, hits=[(4, 7)], colored=True, zoom=0.1)

    both = plan_marks(plan, hits=[(4, 7)], controls=[(4, 7)], colored=True, zoom=0.1)

    added = both.vectors[len(hits.vectors) :]
    assert added[:, 0, 1].min() > hits.vectors.sum(axis=1)[:, 1].max()


def test_larger_wells_are_framed_whether_or_not_they_have_colours():
    plan = plan_without_images(8, 12)

    framed = plan_marks(plan, hits=[(2, 3)], zoom=0.5)
    colored = plan_marks(plan, hits=[(2, 3)], colored=True, zoom=0.5)

    assert np.array_equal(framed.vectors, colored.vectors)


@pytest.mark.parametrize("zoom", [0.25, 0.5, 1, 4, 20])
def test_a_frame_is_two_lines_that_can_be_seen_on_the_screen(zoom):
    marks = plan_marks(plan_without_images(8, 12), hits=[(2, 3)], zoom=zoom)

    assert len(marks.vectors) == 8
    assert 1.5 <= marks.width * zoom <= 6
    colors = (marks.colors * 255).round().astype(int).tolist()
    assert {tuple(color) for color in colors} == {(255, 176, 0, 255), (0, 0, 0, 255)}


def test_the_selected_well_is_framed_outside_of_its_other_marks():
    plan = plan_without_images(8, 12)
    hit = plan_marks(plan, hits=[(2, 3)], zoom=0.5)

    both = plan_marks(plan, hits=[(2, 3)], selected=[(2, 3)], zoom=0.5)

    assert np.array_equal(both.vectors[: len(hit.vectors)], hit.vectors)
    added = both.vectors[len(hit.vectors) :]
    assert len(added) == 8
    # Of upright lines, the left of the added ones lie further left than all others.
    lefts = [vectors[:, 0, 1].min() for vectors in (added, hit.vectors)]
    assert lefts[0] < lefts[1]


def test_a_selected_well_is_framed_among_tinted_ones():
    marks = plan_marks(plan_without_images(32, 48), selected=[(4, 7)], zoom=0.1)

    assert len(marks.vectors) == 8
    assert np.all(marks.colors[:, 3] == 1)


@pytest.mark.parametrize("zoom", [0.1, 0.5, 4])
def test_a_failed_well_is_struck_out_within_its_cell(zoom):
    plan = plan_without_images(8, 12)

    marks = plan_marks(plan, failed=[(2, 3)], zoom=zoom)

    assert len(marks.vectors) == 2
    y, x = plan.origin(2, 3)
    ends = np.concatenate([marks.vectors[:, 0], marks.vectors.sum(axis=1)])
    assert ends[:, 0].min() >= y - 0.5
    assert ends[:, 0].max() <= y + 72.5
    assert ends[:, 1].min() >= x - 0.5
    assert ends[:, 1].max() <= x + 95.5 + marks.width


def test_nothing_to_mark_is_no_line():
    marks = plan_marks(plan_without_images(8, 12), zoom=1)

    assert marks.vectors.shape == (0, 2, 2)
    assert marks.colors.shape == (0, 4)


@pytest.mark.parametrize("zoom", [0.0, float("inf"), float("nan")])
def test_a_window_without_a_size_is_no_error(zoom):
    assert np.isfinite(
        plan_marks(plan_without_images(8, 12), hits=[(0, 0)], zoom=zoom).width
    )
