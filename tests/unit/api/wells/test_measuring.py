"""A function of the pixels of each well: on threads, in processes, elsewhere."""

from __future__ import annotations

import json
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

from napari_idr import Cancelled, CancelToken, IDRClient
from napari_idr.demo.faults import FOREVER
from napari_idr.demo.pixels import plane
from napari_idr.model import PlateAcquisitionId, PlateId

PLATE, TWO_RUNS = PlateId(7101), PlateId(7102)
RUN = PlateAcquisitionId(8551)
"""Of `TWO_RUNS`: it has a dozen wells, so that a test is quick."""


def mean(pixels):
    return float(pixels.levels[-1].mean().compute(scheduler="synchronous"))


def name(pixels):
    return {"name": pixels.image.name, "sizes": np.int64(pixels.image.size_c)}


def as_done(server, cell):
    told = {"server": server, "image_id": cell.image_id, "source": "x", "values": {}}
    return json.dumps(told) + "\n"


class Thrower:
    def submit(self, function, /, *args):
        future = Future()
        future.set_exception(RuntimeError("the worker is gone"))
        return future


def test_each_well_has_a_value_on_threads(idr_archive):
    with IDRClient(idr_archive.url, cache=False) as client:
        frame = client.map_wells(TWO_RUNS, name, run=RUN, scheduler="threads")
        grid = client.plate_grid(TWO_RUNS, run=RUN)

    assert list(frame.columns) == ["well_id", "image_id", "source", "name", "sizes"]
    assert list(frame.index) == [grid.label(c.row, c.column) for c in grid]
    names = [idr_archive.world.images[cell.image_id].name for cell in grid]
    assert list(frame["name"]) == names
    assert frame["sizes"].dtype == "int64"


def test_the_frame_joins_the_table_of_the_wells(quick):
    found = quick.map_wells(TWO_RUNS, name, run=RUN)

    frame = quick.wells(TWO_RUNS, run=RUN, own=found)

    assert list(frame["name"]) == list(found["name"])
    assert not any("own data" in one for one in frame.attrs["misfits"])


@pytest.mark.timeout(170)
def test_processes_measure_the_same_with_few_requests_at_a_time(idr_archive):
    few = 2
    with IDRClient(idr_archive.url, cache=False) as client:
        frame = client.map_wells(
            TWO_RUNS, name, run=RUN, scheduler="processes", at_once=few
        )
        here = client.map_wells(TWO_RUNS, name, run=RUN)

    pd.testing.assert_frame_equal(frame, here)
    assert idr_archive.requests.most_in_flight <= 4  # those of this client here


def test_no_more_tasks_are_under_way_elsewhere_than_told(idr_archive):
    lock, running, most = threading.Lock(), 0, 0

    class Counting(ThreadPoolExecutor):
        def submit(self, function, /, *args):
            def counted():
                nonlocal running, most
                with lock:
                    running += 1
                    most = max(most, running)
                try:
                    return function(*args)
                finally:
                    with lock:
                        running -= 1

            return super().submit(counted)

    with IDRClient(idr_archive.url, cache=False) as client, Counting(8) as pool:
        frame = client.map_wells(TWO_RUNS, name, run=RUN, scheduler=pool, at_once=3)

    assert frame["name"].notna().all()
    assert most <= 3


def test_a_well_whose_pixels_can_t_be_had_says_so_and_the_others_go_on(idr_archive):
    with IDRClient(idr_archive.url, cache=False) as client:
        grid = client.plate_grid(TWO_RUNS, run=RUN)
        lost = next(iter(grid))
        idr_archive.faults.answer_next(404, times=FOREVER, match=f"{lost.image_id}")
        frame = client.map_wells(TWO_RUNS, name, run=RUN)

    label = grid.label(lost.row, lost.column)
    assert list(frame.index[frame["error"].notna()]) == [label]
    assert frame["name"].isna().sum() == 1


def test_what_the_function_raises_is_raised(quick):
    def broken(pixels):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        quick.map_wells(TWO_RUNS, broken, run=RUN)


def test_what_the_function_raises_elsewhere_is_raised_too(archive):
    def broken(pixels):
        raise ZeroDivisionError("mine")

    with (
        IDRClient(archive.url, cache=False) as client,
        ThreadPoolExecutor(1) as pool,
        pytest.raises(ZeroDivisionError, match="mine"),
    ):
        client.map_wells(TWO_RUNS, broken, run=RUN, scheduler=pool)


def test_what_no_table_can_hold_is_refused(quick):
    with pytest.raises(TypeError, match="numbers and texts"):
        quick.map_wells(TWO_RUNS, lambda pixels: np.zeros(3).tolist(), run=RUN)


def test_a_lost_worker_is_the_error_of_its_well(quick):
    frame = quick.map_wells(TWO_RUNS, name, run=RUN, scheduler=Thrower())

    assert frame["error"].str.contains("the worker is gone").all()


def test_what_was_stopped_goes_on_where_it_was(quick, tmp_path):
    path, asked = tmp_path / "done.jsonl", []
    stop = CancelToken()

    def once(pixels):
        asked.append(pixels.image.id)
        return {"number": len(asked), "nothing": float("nan")}

    def progress(done, total):
        if done == 3:
            stop.cancel()

    with pytest.raises(Cancelled):
        quick.map_wells(
            TWO_RUNS, once, run=RUN, at_once=1, resume=path, progress=progress,
            cancel=stop,
        )  # fmt: skip
    done = [json.loads(line)["image_id"] for line in path.read_text().splitlines()]
    asked.clear()
    # as a process that is killed leaves it, and of another server
    other = {"server": "http://other", "image_id": 1, "source": "raw", "values": {}}
    with path.open("a") as file:
        file.write(json.dumps(other) + '\n{"server": "htt')
    told = []

    frame = quick.map_wells(
        TWO_RUNS, once, run=RUN, resume=path, progress=lambda *n: told.append(n)
    )

    assert len(done) >= 3
    assert not set(done) & set(asked)
    assert set(done) | set(asked) == set(frame["image_id"])
    assert told[0] == (len(done), len(frame))
    assert told[-1] == (len(frame), len(frame))
    again = quick.map_wells(TWO_RUNS, once, run=RUN, resume=path)
    pd.testing.assert_frame_equal(frame, again)


def test_an_unknown_scheduler_is_refused(quick):
    with pytest.raises(ValueError, match="neither"):
        quick.map_wells(TWO_RUNS, mean, scheduler="gpu")


def test_pixels_are_measured_as_the_archive_has_them(idr_archive, tmp_path):
    def means(pixels):
        array = pixels.levels[0].mean(axis=(0, 2, 3, 4)).compute()
        return {f"mean {c}": float(value) for c, value in enumerate(array)}

    with IDRClient(idr_archive.url, cache=False) as client:
        grid = client.plate_grid(PLATE)
        measured, *done = (list(grid)[:2], *list(grid)[2:])
        record = tmp_path / "done.jsonl"
        record.write_text("".join(as_done(client.url, cell) for cell in done))
        frame = client.map_wells(PLATE, means, resume=record)

    for cell in measured:
        image = idr_archive.world.images[cell.image_id]
        row = frame.loc[grid.label(cell.row, cell.column)]
        assert row["source"] == "raw"
        assert row["mean 1"] == pytest.approx(plane(image, 1).mean())


@pytest.mark.parametrize("at_once", [0, -1])
@pytest.mark.parametrize("scheduler", [None, "processes", Thrower()])
def test_less_than_one_well_at_once_is_refused(quick, scheduler, at_once):
    with pytest.raises(ValueError, match="wells at once can't be measured"):
        quick.map_wells(TWO_RUNS, name, run=RUN, scheduler=scheduler, at_once=at_once)


def test_what_takes_no_tasks_is_no_scheduler(quick):
    with pytest.raises(TypeError, match="3 is no scheduler"):
        quick.map_wells(TWO_RUNS, name, run=RUN, scheduler=3)


@pytest.mark.parametrize(
    "value", [np.arange(3), np.ones((50, 50)), pd.DataFrame({"a": [1]}), [1, 2], b"x"]
)
def test_what_has_several_numbers_is_refused_in_a_sentence(quick, value):
    with pytest.raises(TypeError, match="measured by numbers and texts") as caught:
        quick.map_wells(TWO_RUNS, lambda _: value, run=RUN)

    assert len(str(caught.value)) < 200


def test_what_the_function_raises_tells_the_image(quick):
    grid = quick.plate_grid(TWO_RUNS, run=RUN)
    last = list(grid)[-1].image_id

    def odd(pixels):
        return 1 // (pixels.image.id != last)

    with pytest.raises(ZeroDivisionError) as caught:
        quick.map_wells(TWO_RUNS, odd, run=RUN)

    assert caught.value.__notes__ == [f"Raised for image {last}."]


def test_values_never_take_the_place_of_what_a_frame_has(quick):
    told = {"well": "X", "well_id": 1, "image_id": 2, "source": 3, "error": 4, 5: 6}

    frame = quick.map_wells(TWO_RUNS, lambda _: told | {"5": 7}, run=RUN)

    grid = quick.plate_grid(TWO_RUNS, run=RUN)
    assert list(frame.index) == [grid.label(c.row, c.column) for c in grid]
    assert list(frame["image_id"]) == [cell.image_id for cell in grid]
    assert "error" not in frame
    assert frame.iloc[0, 3:].to_dict() == {
        "well (2)": "X",
        "well_id (2)": 1,
        "image_id (2)": 2,
        "source (2)": 3,
        "error (2)": 4,
        "5": 6,
        "5 (2)": 7,
    }


def test_odd_lines_of_a_record_are_passed_over(quick, tmp_path):
    record = tmp_path / "done.jsonl"
    endless = {"server": quick.url, "image_id": float("inf"), "source": None}
    record.write_text(f"3\n[]\nnull\n{json.dumps(endless | {'values': {}})}\n")

    frame = quick.map_wells(TWO_RUNS, name, run=RUN, resume=record)

    assert frame["name"].notna().all()
