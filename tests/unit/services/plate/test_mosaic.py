from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.cancel import CancelToken
from napari_idr.errors import (
    Cancelled,
    ConnectionFailedError,
    PageError,
    PixelDataError,
    RequestTimeoutError,
    ServerError,
)
from napari_idr.model import GridCell, ImageId, PlateGrid, PlateId, WellId, row_label
from napari_idr.services.plate.canvas import blank_canvas, paint, paint_failed
from napari_idr.services.plate.mosaic import (
    CellFailure,
    cell_shape_for,
    load_mosaic,
    plan_mosaic,
    summarize,
)
from napari_idr.tiles import MosaicCell


def grid_of(rows, columns, absent=()):
    """A plate whose images are numbered by well, column by column."""
    return PlateGrid(
        plate_id=PlateId(1),
        field=0,
        run=None,
        row_labels=tuple(row_label(row) for row in range(rows)),
        column_labels=tuple(str(column + 1) for column in range(columns)),
        cells=tuple(
            tuple(
                None
                if (row, column) in absent
                else GridCell(
                    row=row,
                    column=column,
                    image_id=ImageId(1000 + column * rows + row),
                    well_id=WellId(1 + column * rows + row),
                )
                for column in range(columns)
            )
            for row in range(rows)
        ),
    )


@st.composite
def plans(draw):
    rows = draw(st.integers(1, 40))
    columns = draw(st.integers(1, 50))
    absent = draw(
        st.sets(
            st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1)),
            max_size=20,
        )
    )
    side = st.integers(1, 120)
    return plan_mosaic(
        grid_of(rows, columns, absent),
        cell_shape=draw(st.tuples(side, side)),
        gap_px=draw(st.integers(0, 9)),
    )


@st.composite
def plans_and_places(draw):
    plan = draw(plans())
    row = draw(st.integers(0, plan.rows - 1))
    column = draw(st.integers(0, plan.columns - 1))
    return plan, row, column


@given(plans_and_places())
def test_the_center_of_a_cell_is_in_that_cell(drawn):
    plan, row, column = drawn

    assert plan.cell_at(*plan.center(row, column)) == (row, column)


@given(plans_and_places())
def test_a_cell_reaches_from_its_first_px_to_its_last(drawn):
    plan, row, column = drawn
    y, x = plan.origin(row, column)
    height, width = plan.cell_shape

    assert plan.cell_at(y - 0.5, x - 0.5) == (row, column)
    assert plan.cell_at(y + height - 0.51, x + width - 0.51) == (row, column)
    assert plan.cell_at(y - 0.51, x) != (row, column)
    assert plan.cell_at(y, x + width - 0.49) != (row, column)


@given(plans())
def test_cells_dont_overlap_and_lie_inside(plan):
    height, width = plan.cell_shape
    covered = np.zeros(plan.shape, np.uint8)

    for cell in plan.cells:
        assert cell.y + height <= plan.shape[0]
        assert cell.x + width <= plan.shape[1]
        covered[cell.y : cell.y + height, cell.x : cell.x + width] += 1

    assert covered.max(initial=0) <= 1


@given(plans_and_places(), st.floats(0, 1), st.floats(0, 1))
def test_the_outline_surrounds_the_cell_and_no_other(drawn, down, right):
    plan, row, column = drawn
    (top, left), _, (bottom, far), _ = plan.outline(row, column)

    place = plan.cell_at(
        top + down * (bottom - top) * 0.999, left + right * (far - left) * 0.999
    )

    assert place in {(row, column), None}
    assert top < plan.center(row, column)[0] < bottom


@given(plans(), st.floats(), st.floats())
def test_any_position_is_in_a_cell_or_in_none(plan, y, x):
    place = plan.cell_at(y, x)

    assert place is None or (place[0] < plan.rows and place[1] < plan.columns)


def test_a_position_in_the_gap_is_in_no_cell():
    plan = plan_mosaic(grid_of(2, 2), cell_shape=(10, 20), gap_px=4)

    assert plan.shape == (24, 44)
    assert plan.cell_at(11, 5) is None
    assert plan.cell_at(5, 22) is None
    assert plan.cell_at(-1, 5) is None
    assert plan.cell_at(24, 5) is None


def test_headings_stand_beside_the_middle_of_rows_and_columns():
    plan = plan_mosaic(grid_of(2, 3), cell_shape=(10, 20), gap_px=4)

    rows, columns = plan.row_headings(), plan.column_headings()

    assert [(one.label, one.y) for one in rows] == [("A", 4.5), ("B", 18.5)]
    assert [(one.label, one.x) for one in columns] == [
        ("1", 9.5),
        ("2", 33.5),
        ("3", 57.5),
    ]
    assert all(one.x < -0.5 for one in rows)
    assert all(one.y < -0.5 for one in columns)


def test_a_plate_without_wells_has_no_extent():
    plan = plan_mosaic(grid_of(0, 0))

    assert plan.shape == (0, 0)
    assert plan.cells == ()
    assert plan.cell_at(0, 0) is None


def test_a_cell_that_isnt_there_has_no_center():
    plan = plan_mosaic(grid_of(2, 2))

    with pytest.raises(ValueError, match="no cell"):
        plan.center(2, 0)


def test_cells_take_the_shape_of_the_images():
    assert cell_shape_for((1024, 1024)) == (96, 96)
    assert cell_shape_for((1344, 1024)) == (96, 73)
    assert cell_shape_for((0, 10)) == (96, 96)


def test_each_of_1536_wells_has_its_cell():
    plan = plan_mosaic(grid_of(32, 48))

    assert len(plan.cells) == 1536
    assert len({(cell.y, cell.x) for cell in plan.cells}) == 1536


def test_waiting_absent_and_failed_wells_look_different():
    plan = plan_mosaic(grid_of(1, 3, absent={(0, 1)}))
    canvas = blank_canvas(plan)
    paint_failed(canvas, plan, plan.cells[1])

    waiting, absent, failed = (canvas[:, x : x + 96] for x in (0, 100, 200))

    assert len(np.unique(waiting.reshape(-1, 3), axis=0)) == 1
    assert len(np.unique(absent.reshape(-1, 3), axis=0)) == 2
    assert len(np.unique(failed.reshape(-1, 3), axis=0)) == 2
    assert waiting.mean() > absent.mean() + 20
    assert tuple(failed[48, 48]) != tuple(failed[2, 48])


@given(
    height=st.integers(1, 200),
    width=st.integers(1, 200),
    shades=st.sampled_from([(), (3,), (4,)]),
)
def test_a_thumbnail_of_any_size_stays_in_its_cell(height, width, shades):
    plan = plan_mosaic(grid_of(3, 3), cell_shape=(48, 64), gap_px=2)
    canvas = blank_canvas(plan)
    before = canvas.copy()
    cell = plan.cells[4]

    paint(canvas, plan, cell, np.full((height, width, *shades), 200, np.uint8))

    changed = np.argwhere((canvas == 200).all(axis=2))
    top, left = changed.min(axis=0)
    bottom, right = changed.max(axis=0) + 1
    assert cell.y <= top < bottom <= cell.y + 48
    assert cell.x <= left < right <= cell.x + 64
    assert bottom - top == 48 or right - left == 64
    assert abs((top - cell.y) - (cell.y + 48 - bottom)) <= 1
    canvas[cell.y : cell.y + 48, cell.x : cell.x + 64] = 0
    before[cell.y : cell.y + 48, cell.x : cell.x + 64] = 0
    assert (canvas == before).all()


def test_a_thumbnail_that_fits_is_painted_as_it_is():
    plan = plan_mosaic(grid_of(1, 1), cell_shape=(6, 8))
    canvas = blank_canvas(plan)
    thumbnail = np.arange(144, dtype=np.uint8).reshape(6, 8, 3)

    paint(canvas, plan, plan.cells[0], thumbnail)

    assert (canvas == thumbnail).all()


@pytest.mark.parametrize(
    "thumbnail",
    [
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((4, 4, 3), np.uint16),
        np.zeros(4, np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(thumbnail):
    plan = plan_mosaic(grid_of(1, 1))

    with pytest.raises(PixelDataError):
        paint(blank_canvas(plan), plan, plan.cells[0], thumbnail)


def grey_of(image_id):
    return np.full((96, 96, 3), image_id % 200 + 30, np.uint8)


def all_come(image_ids, *, cancel):
    for image_id in image_ids:
        yield image_id, grey_of(image_id)


def test_every_thumbnail_lands_in_its_own_well():
    plan = plan_mosaic(grid_of(4, 6))
    canvas = blank_canvas(plan)

    steps = list(load_mosaic(plan, canvas, all_come, cancel=CancelToken()))

    for cell in plan.cells:
        y, x = plan.center(cell.row, cell.column)
        assert canvas[int(y), int(x), 0] == cell.image_id % 200 + 30
    assert steps[-1].summary.message == "All 24 thumbnails are here."
    assert steps[-1].done == steps[-1].total == 24


def test_the_images_are_asked_for_in_the_order_of_their_ids():
    asked = []

    def thumbnails(image_ids, *, cancel):
        asked.extend(image_ids)
        return all_come(image_ids, cancel=cancel)

    plan = plan_mosaic(grid_of(3, 3))
    list(load_mosaic(plan, blank_canvas(plan), thumbnails, cancel=CancelToken()))

    assert asked == sorted(asked)
    assert len(asked) == 9


def test_384_thumbnails_are_reported_in_a_few_steps():
    plan = plan_mosaic(grid_of(16, 24))

    steps = list(
        load_mosaic(plan, blank_canvas(plan), all_come, cancel=CancelToken(),
                    clock=lambda: 0.0)
    )  # fmt: skip

    assert len(steps) == 8
    assert [step.done for step in steps] == [50, 100, 150, 200, 250, 300, 350, 384]
    assert sum(len(step.cells) for step in steps) == 384
    assert [step.summary is None for step in steps] == [True] * 7 + [False]


def test_thumbnails_that_drip_are_shown_before_the_batch_is_full():
    now = [0.0]

    def dripping(image_ids, *, cancel):
        for image_id in image_ids:
            now[0] += 0.1
            yield image_id, grey_of(image_id)

    plan = plan_mosaic(grid_of(2, 6))
    steps = list(
        load_mosaic(
            plan, blank_canvas(plan), dripping, cancel=CancelToken(),
            clock=lambda: now[0],
        )
    )  # fmt: skip

    assert [len(step.cells) for step in steps[:-1]] == [4, 4, 4]


def test_one_bad_thumbnail_doesnt_spoil_the_plate():
    plan = plan_mosaic(grid_of(2, 2))
    canvas = blank_canvas(plan)
    no_answer = ServerError("oops", status=500)

    def thumbnails(image_ids, *, cancel):
        first, second, third, _ = image_ids
        yield first, no_answer
        yield second, np.zeros((3, 3), np.float32)
        yield third, grey_of(third)
        yield ImageId(99), grey_of(99)

    (step,) = load_mosaic(plan, canvas, thumbnails, cancel=CancelToken())

    assert step.summary.painted == 1
    assert [plan.grid.label(f.cell.row, f.cell.column) for f in step.failures] == [
        "A1",
        "B1",
        "B2",
    ]
    assert step.failures[0].error is no_answer
    assert step.summary.message == (
        "1 of 4 thumbnails are here; none came for A1, B1, B2."
    )


def test_what_is_missing_is_asked_for_again_and_all_is_counted():
    plan = plan_mosaic(grid_of(2, 2))
    canvas = blank_canvas(plan)
    asked = []

    def thumbnails(image_ids, *, cancel):
        asked.append(list(image_ids))
        if len(asked) == 1:
            first, second, *rest = image_ids
            yield first, grey_of(first)
            yield second, ServerError("busy", status=503)
            yield from ((one, ConnectionFailedError("gone")) for one in rest)
        else:
            yield from all_come(image_ids, cancel=cancel)

    (first,) = load_mosaic(plan, canvas, thumbnails, cancel=CancelToken())
    missing = first.summary.missing
    (again,) = load_mosaic(
        plan, canvas, thumbnails, cells=missing, cancel=CancelToken()
    )

    assert isinstance(first.summary.problem, ConnectionFailedError)
    assert first.summary.message.startswith("1 of 4 thumbnails are here")
    assert asked[1] == sorted(cell.image_id for cell in missing)
    assert len(asked[1]) == 3
    assert (again.done, again.total) == (4, 4)
    assert again.summary.message == "All 4 thumbnails are here."
    assert again.summary.problem is None


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        ([PixelDataError("the server has none")], None),
        ([PixelDataError("none"), PageError("login")], PageError),
        ([PageError("login"), ServerError("busy", status=503)], ServerError),
        (
            [ServerError("busy", status=503), RequestTimeoutError("late")],
            RequestTimeoutError,
        ),
    ],
)
def test_why_a_server_sent_none_is_told_whether_or_not_it_passes(errors, told):
    def thumbnails(image_ids, *, cancel):
        yield from zip(image_ids, errors, strict=False)

    plan = plan_mosaic(grid_of(1, 2))
    (step,) = load_mosaic(plan, blank_canvas(plan), thumbnails, cancel=CancelToken())

    assert type(step.summary.problem) is (told or type(None))


def test_wells_without_a_thumbnail_are_named_in_the_order_of_the_plate():
    def thumbnails(image_ids, *, cancel):
        yield from ((one, PixelDataError("none")) for one in reversed(image_ids))

    plan = plan_mosaic(grid_of(2, 2))
    (step,) = load_mosaic(plan, blank_canvas(plan), thumbnails, cancel=CancelToken())

    assert step.summary.message.endswith("none came for A1, A2, B1, B2.")


def test_a_long_list_of_failures_is_counted():
    plan = plan_mosaic(grid_of(2, 5))

    (step,) = load_mosaic(
        plan, blank_canvas(plan), lambda ids, *, cancel: [], cancel=CancelToken()
    )

    assert step.summary.message == (
        "0 of 10 thumbnails are here; none came for A1, A2, A3, A4, A5, B1 and 4 more."
    )


def test_an_empty_plate_ends_with_an_account():
    plan = plan_mosaic(grid_of(1, 1, absent={(0, 0)}))

    (step,) = load_mosaic(plan, blank_canvas(plan), all_come, cancel=CancelToken())

    assert (step.done, step.total) == (0, 0)
    assert step.summary.message == "There are no images to show."


def test_nothing_is_painted_after_a_cancel():
    plan = plan_mosaic(grid_of(10, 10))
    canvas = blank_canvas(plan)
    cancel = CancelToken()
    steps = load_mosaic(plan, canvas, all_come, cancel=cancel)

    next(steps)
    painted = canvas.copy()
    cancel.cancel()

    with pytest.raises(Cancelled):
        next(steps)
    assert (canvas == painted).all()


def test_1536_wells_need_less_than_four_times_their_pixels():
    grid = grid_of(32, 48)
    plan = plan_mosaic(grid)
    pixels = plan.shape[0] * plan.shape[1] * 3

    tracemalloc.start()
    for _ in load_mosaic(plan, blank_canvas(plan), all_come, cancel=CancelToken()):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 2 * pixels


def test_one_thumbnail_is_told_of_as_one():
    cell = MosaicCell(image_id=7, label="A1", row=0, column=0, y=0, x=0)
    failure = CellFailure(cell=cell, error=ServerError("oops", status=500))

    assert summarize([], 1).message == "The only thumbnail is here."
    assert summarize([failure], 1).message == (
        "0 of 1 thumbnail is here; none came for A1."
    )


def test_names_with_commas_are_told_apart():
    cells = [
        MosaicCell(image_id=n, label="J15, field 1", row=0, column=n, y=0, x=0)
        for n in (1, 2)
    ]
    error = ServerError("oops", status=500)
    failures = [CellFailure(cell=cell, error=error) for cell in cells]
    names = {1: "P1 · J15, field 1", 2: "P2 · J15, field 1"}

    message = summarize(failures, 9, names=names).message

    assert message.endswith("none came for P1 · J15, field 1; P2 · J15, field 1.")
