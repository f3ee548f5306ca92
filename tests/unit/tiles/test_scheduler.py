from __future__ import annotations

import threading
import time

import pytest

from napari_idr.errors import Cancelled
from napari_idr.tiles import Job, TileScheduler

WAIT_S = 20.0


class Bench:
    """Makes jobs that note when they run, and wait at a gate."""

    def __init__(self):
        self.ran = []
        self.failed = []
        self.gate = threading.Event()
        self.began = threading.Semaphore(0)

    def job(self, name):
        def run():
            self.ran.append(name)
            self.began.release()
            assert self.gate.wait(WAIT_S)
            if name == "broken":
                raise ValueError(name)

        return Job(name, run, lambda error: self.failed.append((name, error)))

    def jobs(self, names):
        return [self.job(name) for name in names]


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture
def queue(bench):
    one_worker = TileScheduler(workers=1)
    yield one_worker
    bench.gate.set()
    assert one_worker.close(WAIT_S)


def hold(queue, bench):
    """Keep the worker busy."""
    queue.want("first", bench.jobs(["held"]))
    assert bench.began.acquire(timeout=WAIT_S)


def test_what_a_view_wants_replaces_what_it_wanted(queue, bench):
    hold(queue, bench)
    queue.want("view", bench.jobs("abc"))

    queue.want("view", bench.jobs("cd"))
    bench.gate.set()

    assert queue.wait_until_idle(WAIT_S)
    assert bench.ran == ["held", "c", "d"]


def test_the_view_that_spoke_last_is_served_first(queue, bench):
    hold(queue, bench)
    queue.want("left", bench.jobs("ab"), bench.jobs("xy"))
    queue.want("right", bench.jobs("cd"), bench.jobs("z"))
    bench.gate.set()

    assert queue.wait_until_idle(WAIT_S)
    assert bench.ran == ["held", "c", "d", "a", "b", "z", "x", "y"]


def test_orders_come_after_what_is_shown_and_before_what_is_ahead(queue, bench):
    hold(queue, bench)
    queue.want("view", bench.jobs("a"), bench.jobs("z"))
    queue.order(bench.jobs("mn"))
    bench.gate.set()

    assert queue.wait_until_idle(WAIT_S)
    assert bench.ran == ["held", "a", "m", "n", "z"]


def test_a_withdrawn_order_is_not_run(queue, bench):
    hold(queue, bench)
    jobs = bench.jobs("mn")
    queue.order(jobs)

    queue.withdraw(jobs[:1])
    bench.gate.set()

    assert queue.wait_until_idle(WAIT_S)
    assert bench.ran == ["held", "n"]


def test_what_runs_already_is_not_run_twice(queue, bench):
    hold(queue, bench)

    queue.want("view", bench.jobs(["held", "a"]))
    bench.gate.set()

    assert queue.wait_until_idle(WAIT_S)
    assert bench.ran == ["held", "a"]


def test_what_is_not_due_can_still_be_withdrawn(queue, bench):
    bench.gate.set()
    queue.want("view", bench.jobs("a"), due=time.monotonic() + 60)
    queue.want("other", bench.jobs("b"))
    assert bench.began.acquire(timeout=WAIT_S)

    queue.forget("view")

    assert queue.wait_until_idle(WAIT_S)
    assert bench.ran == ["b"]


def test_what_is_due_later_runs_then(queue, bench):
    bench.gate.set()
    due = time.monotonic() + 0.05
    queue.want("view", bench.jobs("a"), due=due)

    assert queue.wait_until_idle(WAIT_S)
    assert bench.ran == ["a"]
    assert time.monotonic() >= due


def test_a_failure_reaches_its_job_and_the_worker_goes_on(queue, bench):
    bench.gate.set()
    queue.want("view", bench.jobs(["broken", "a"]))

    assert queue.wait_until_idle(WAIT_S)
    [(name, error)] = bench.failed
    assert (name, str(error)) == ("broken", "broken")
    assert bench.ran == ["broken", "a"]


def test_closing_cancels_orders_and_runs_nothing_more(bench):
    queue = TileScheduler(workers=1)
    hold(queue, bench)
    queue.want("view", bench.jobs("a"))
    queue.order(bench.jobs("m"))

    still_running = not queue.close(timeout_s=0.0)
    bench.gate.set()
    queue.want("view", bench.jobs("b"))
    queue.order(bench.jobs("n"))

    assert still_running
    assert queue.wait_until_idle(WAIT_S)
    assert bench.ran == ["held"]
    assert [name for name, _ in bench.failed] == ["m", "n"]
    assert all(isinstance(error, Cancelled) for _, error in bench.failed)


def test_no_thread_starts_before_there_is_work():
    before = threading.active_count()

    TileScheduler(workers=4)

    assert threading.active_count() == before
