from __future__ import annotations

import threading
import time

import pytest

from napari_idr.cancel import CancelToken, Priority
from napari_idr.errors import Cancelled
from napari_idr.tiles import Job, TileScheduler

WAIT_S = 20.0


class Bench:
    """Makes jobs that note when they run, and wait at a gate."""

    def __init__(self):
        self.ran = []
        self.told = []
        self.failed = []
        self.tokens = {}
        self.gate = threading.Event()
        self.began = threading.Semaphore(0)
        self.image = CancelToken()

    def job(self, name, caller=""):
        def fetch(cancel):
            self.ran.append(name)
            self.tokens[name] = cancel
            self.began.release()
            opened = threading.Event()
            with cancel.on_cancel(opened.set):
                threading.Thread(
                    target=lambda: self.gate.wait(WAIT_S) and opened.set(), daemon=True
                ).start()
                assert opened.wait(WAIT_S)
            cancel.check()
            if name == "broken":
                raise ValueError(name)
            return name.upper()

        return Job(
            name,
            fetch,
            lambda thing: self.told.append((caller, thing)),
            lambda error: self.failed.append((name, error)),
            self.image,
        )

    def jobs(self, names, caller=""):
        return [self.job(name, caller) for name in names]

    def wait_for_runs(self, count):
        for _ in range(count):
            assert self.began.acquire(timeout=WAIT_S)


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture
def scheduler(bench):
    one_worker = TileScheduler(workers=1)
    yield one_worker
    bench.gate.set()
    assert one_worker.close(WAIT_S)


@pytest.fixture
def four_workers(bench):
    scheduler = TileScheduler(workers=4)
    yield scheduler
    bench.gate.set()
    assert scheduler.close(WAIT_S)


def hold(scheduler, bench):
    """Keep the worker busy."""
    scheduler.want("first", bench.jobs(["held"]))
    bench.wait_for_runs(1)


def test_what_a_view_wants_replaces_what_it_wanted(scheduler, bench):
    hold(scheduler, bench)
    scheduler.want("view", bench.jobs("abc"))

    scheduler.want("view", bench.jobs("cd"))
    bench.gate.set()

    assert scheduler.wait_until_idle(WAIT_S)
    assert bench.ran == ["held", "c", "d"]


def test_the_view_that_spoke_last_is_served_first(scheduler, bench):
    hold(scheduler, bench)
    scheduler.want("left", bench.jobs("ab"), bench.jobs("xy"))
    scheduler.want("right", bench.jobs("cd"), bench.jobs("z"))
    bench.gate.set()

    assert scheduler.wait_until_idle(WAIT_S)
    assert bench.ran == ["held", "c", "d", "a", "b", "z", "x", "y"]


def test_the_visible_comes_before_samples_readers_and_what_is_ahead(scheduler, bench):
    hold(scheduler, bench)
    scheduler.order("reader", bench.jobs("mn"))
    scheduler.order("sample", bench.jobs("s"), priority=Priority.OPENING)
    scheduler.want("view", bench.jobs("a"), bench.jobs("z"))
    bench.gate.set()

    assert scheduler.wait_until_idle(WAIT_S)
    assert bench.ran == ["held", "a", "s", "m", "n", "z"]


def test_readers_take_turns(scheduler, bench):
    hold(scheduler, bench)
    scheduler.order("large", bench.jobs("abcd"))
    scheduler.order("small", bench.jobs("x"))
    bench.gate.set()

    assert scheduler.wait_until_idle(WAIT_S)
    assert bench.ran.index("x") <= 2


def test_the_token_tells_how_urgent_a_fetch_is(four_workers, bench):
    four_workers.order("reader", bench.jobs("m"))
    bench.wait_for_runs(1)
    before = bench.tokens["m"].priority

    four_workers.want("view", bench.jobs("ma"))
    bench.wait_for_runs(1)

    assert before is Priority.READING
    assert bench.tokens["m"].priority is Priority.VISIBLE
    assert bench.tokens["a"].priority is Priority.VISIBLE


def test_readers_leave_a_worker_to_what_is_visible(four_workers, bench):
    four_workers.order("reader", bench.jobs("abcdefgh"))
    bench.wait_for_runs(3)
    reading = len(bench.ran)

    four_workers.want("view", bench.jobs("v"))
    bench.wait_for_runs(1)

    assert reading == 3
    assert bench.ran[3:] == ["v"]


def test_a_single_worker_reads_as_well(scheduler, bench):
    bench.gate.set()
    scheduler.order("reader", bench.jobs("mn"))

    assert scheduler.wait_until_idle(WAIT_S)
    assert bench.ran == ["m", "n"]


def test_what_a_reader_has_running_is_not_fetched_again_and_both_are_told(
    four_workers, bench
):
    four_workers.order("reader", bench.jobs("a", "reader"))
    bench.wait_for_runs(1)

    four_workers.want("view", bench.jobs("a", "view"))
    bench.gate.set()

    assert four_workers.wait_until_idle(WAIT_S)
    assert bench.ran == ["a"]
    assert sorted(bench.told) == [("reader", "A"), ("view", "A")]


def test_what_a_view_has_running_is_not_fetched_again_and_both_are_told(
    four_workers, bench
):
    four_workers.want("view", bench.jobs("a", "view"))
    bench.wait_for_runs(1)

    four_workers.order("reader", bench.jobs("a", "reader"))
    bench.gate.set()

    assert four_workers.wait_until_idle(WAIT_S)
    assert bench.ran == ["a"]
    assert sorted(bench.told) == [("reader", "A"), ("view", "A")]


def test_what_two_wait_for_is_fetched_once(scheduler, bench):
    hold(scheduler, bench)
    scheduler.order("one", bench.jobs("ab", "one"))
    scheduler.order("other", bench.jobs("ba", "other"))
    bench.gate.set()

    assert scheduler.wait_until_idle(WAIT_S)
    assert sorted(bench.ran) == ["a", "b", "held"]
    assert sorted(bench.told[1:]) == [
        ("one", "A"),
        ("one", "B"),
        ("other", "A"),
        ("other", "B"),
    ]


def test_what_was_withdrawn_is_not_run(scheduler, bench):
    hold(scheduler, bench)
    scheduler.order("one", bench.jobs("mn"))
    scheduler.order("other", bench.jobs("o"))

    scheduler.withdraw("one")
    bench.gate.set()

    assert scheduler.wait_until_idle(WAIT_S)
    assert bench.ran == ["held", "o"]


def test_what_runs_for_a_reader_alone_is_cancelled_with_it(scheduler, bench):
    scheduler.order("reader", bench.jobs("mn"))
    bench.wait_for_runs(1)

    scheduler.withdraw("reader")

    assert scheduler.wait_until_idle(WAIT_S)
    assert bench.tokens["m"].cancelled
    assert bench.ran == ["m"]
    assert bench.told == bench.failed == []


def test_the_worker_of_a_cancelled_fetch_is_free_before_it_ends(bench):
    ended = threading.Event()
    scheduler = TileScheduler(workers=1)
    deaf = Job(
        "deaf",
        lambda _: (bench.began.release(), ended.wait(WAIT_S)),
        lambda _: None,
        lambda _: None,
        bench.image,
    )
    bench.gate.set()
    scheduler.order("reader", [deaf])
    bench.wait_for_runs(1)

    scheduler.withdraw("reader")
    scheduler.want("view", bench.jobs("a"))

    assert scheduler.wait_until_idle(WAIT_S)
    assert bench.ran == ["a"]
    ended.set()
    assert scheduler.close(WAIT_S)


def test_what_a_view_wants_too_outlives_its_reader(scheduler, bench):
    scheduler.order("reader", bench.jobs("m", "reader"))
    bench.wait_for_runs(1)
    scheduler.want("view", bench.jobs("m", "view"))

    scheduler.withdraw("reader")
    bench.gate.set()

    assert scheduler.wait_until_idle(WAIT_S)
    assert bench.ran == ["m"]
    assert bench.told == [("view", "M")]


def test_what_is_wanted_again_after_it_was_abandoned_is_fetched_again(scheduler, bench):
    scheduler.order("reader", bench.jobs("m"))
    bench.wait_for_runs(1)

    scheduler.withdraw("reader")
    scheduler.want("view", bench.jobs("m", "view"))
    bench.gate.set()

    assert scheduler.wait_until_idle(WAIT_S)
    assert bench.ran == ["m", "m"]
    assert bench.told == [("view", "M")]


def test_what_runs_already_is_not_run_twice(scheduler, bench):
    hold(scheduler, bench)

    scheduler.want("view", bench.jobs(["held", "a"]))
    bench.gate.set()

    assert scheduler.wait_until_idle(WAIT_S)
    assert bench.ran == ["held", "a"]


def test_what_is_not_due_can_still_be_withdrawn(scheduler, bench):
    bench.gate.set()
    scheduler.want("view", bench.jobs("a"), due=time.monotonic() + 60)
    scheduler.want("other", bench.jobs("b"))
    bench.wait_for_runs(1)

    scheduler.forget("view")

    assert scheduler.wait_until_idle(WAIT_S)
    assert bench.ran == ["b"]


def test_what_is_due_later_runs_then(scheduler, bench):
    bench.gate.set()
    due = time.monotonic() + 0.05
    scheduler.want("late", bench.jobs("z"), due=time.monotonic() + 60)
    scheduler.want("view", bench.jobs("a"), due=due)
    bench.wait_for_runs(1)

    assert time.monotonic() >= due
    scheduler.forget("late")
    assert scheduler.wait_until_idle(WAIT_S)
    assert bench.ran == ["a"]


def test_a_failure_reaches_its_job_and_the_others_go_on(scheduler, bench):
    bench.gate.set()
    scheduler.want("view", bench.jobs(["broken", "a"]))

    assert scheduler.wait_until_idle(WAIT_S)
    [(name, error)] = bench.failed
    assert (name, str(error)) == ("broken", "broken")
    assert bench.ran == ["broken", "a"]


def test_closing_cancels_what_is_waited_for_and_runs_nothing_more(bench):
    scheduler = TileScheduler(workers=1)
    hold(scheduler, bench)
    scheduler.want("view", bench.jobs("a"))
    scheduler.order("reader", bench.jobs("m"))

    closed = scheduler.close(WAIT_S)
    scheduler.want("view", bench.jobs("b"))
    scheduler.order("reader", bench.jobs("n"))

    assert closed
    assert scheduler.wait_until_idle(WAIT_S)
    assert bench.ran == ["held"]
    assert sorted(name for name, _ in bench.failed) == ["held", "m", "n"]
    assert all(isinstance(error, Cancelled) for _, error in bench.failed)


def test_no_thread_starts_before_there_is_work():
    before = threading.active_count()

    TileScheduler(workers=4)

    assert threading.active_count() == before
