"""Jobs in threads, and what a browser hears of them."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QCoreApplication, QObject

from napari_idr._qt.jobs import Jobs, JobSlot, QueuedSignal
from napari_idr.errors import Cancelled, ServerError
from napari_idr.threads import both
from support.guards import our_threads, settle

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pytestqt.qtbot import QtBot

    from napari_idr.cancel import CancelToken

ROUNDS = 60
"""A signal that a thread emits while its object is deleted crashed within a few."""


class Opened:
    """Something that has to be closed; it notes in which thread it was."""

    def __init__(self) -> None:
        self.closed_in: list[str] = []

    def close(self) -> None:
        self.closed_in.append(threading.current_thread().name)


@pytest.fixture
def jobs(guards: None, qtbot: QtBot) -> Iterator[Jobs]:
    jobs = Jobs()
    yield jobs
    jobs.close()


def ignore(_: object) -> None:
    pass


def chatter(*, cancel: CancelToken) -> Generator[int, None, None]:
    while True:
        yield 1
        cancel.sleep(0.0002)


def wait_for_ever(*, cancel: CancelToken) -> None:
    both(lambda stop: stop.sleep(600), lambda stop: stop.sleep(600), cancel=cancel)


def add(a: int, b: int, *, cancel: CancelToken) -> int:
    cancel.check()
    return a + b


def test_what_a_job_was_given_that_ended_well_is_let_go_of(
    jobs: Jobs, qtbot: QtBot
) -> None:
    given = Opened()
    there = weakref.ref(given)
    told: list[None] = []
    slot: JobSlot[None, None] = jobs.slot(told.append)

    def look_at(what: Opened, *, cancel: CancelToken) -> None:
        cancel.check()

    slot.start("", look_at, given)
    del given
    qtbot.waitUntil(lambda: len(told) == 1)

    def is_gone() -> bool:
        gc.collect()
        return there() is None

    qtbot.waitUntil(is_gone)


def test_a_result_is_received_on_the_gui_thread(jobs: Jobs, qtbot: QtBot) -> None:
    received: list[tuple[int, str]] = []
    slot: JobSlot[None, int] = jobs.slot(
        lambda sum_: received.append((sum_, threading.current_thread().name))
    )

    slot.start("Adding …", add, 1, 2)

    assert slot.busy
    assert jobs.message == "Adding …"
    qtbot.waitUntil(lambda: bool(received))
    assert received == [(3, threading.main_thread().name)]
    assert not slot.busy
    assert jobs.message is None


def test_a_cancelled_job_gives_its_worker_back_at_once(
    jobs: Jobs, qtbot: QtBot
) -> None:
    slots: list[JobSlot[None, None]] = [jobs.slot(ignore) for _ in range(30)]
    for slot in slots:
        slot.start("Waiting …", wait_for_ever)

    jobs.cancel_all()

    assert jobs.count == 0
    received: list[int] = []
    last: JobSlot[None, int] = jobs.slot(received.append)
    last.start("Adding …", add, 1, 2)
    qtbot.waitUntil(lambda: received == [3])


def test_what_a_replaced_job_made_is_closed_in_a_worker(
    jobs: Jobs, qtbot: QtBot
) -> None:
    made = [Opened() for _ in range(40)]
    taken: list[Opened] = []

    def open_one(one: Opened, *, cancel: CancelToken) -> tuple[Opened, str]:
        del cancel  # it was asked to stop, and is done nevertheless
        return one, "opened"

    slot: JobSlot[None, tuple[Opened, str]] = jobs.slot(
        lambda pair: taken.append(pair[0])
    )
    for number, one in enumerate(made):
        slot.start("Opening …", open_one, one)
        time.sleep(0.002 * (number % 3))  # some are replaced after they are done

    qtbot.waitUntil(lambda: not slot.busy)
    dropped = [one for one in made if one not in taken]
    # One that waited for a worker was never made.
    qtbot.waitUntil(lambda: sum(bool(o.closed_in) for o in dropped) > 0)
    assert taken == [made[-1]]
    assert made[-1].closed_in == []
    for one in dropped:
        assert len(one.closed_in) <= 1
        assert all(name.startswith("napari-idr-jobs") for name in one.closed_in)


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_nothing_that_waits_to_be_received_is_left_open(
    guards: None, qtbot: QtBot, how: str
) -> None:
    jobs, step, result = Jobs(), Opened(), Opened()
    done = threading.Event()

    def work(*, cancel: CancelToken) -> Generator[Opened, None, Opened]:
        del cancel
        yield step
        done.set()
        return result

    slot: JobSlot[Opened, Opened] = jobs.slot(pytest.fail, on_step=pytest.fail)
    slot.start_steps("Opening …", work)
    assert done.wait(5)
    time.sleep(0.02)  # the result is on its way, and the GUI thread is here

    if how == "cancel":
        slot.cancel()
    jobs.close()
    qtbot.waitUntil(lambda: bool(step.closed_in and result.closed_in))

    assert len(step.closed_in) == len(result.closed_in) == 1
    qtbot.waitUntil(lambda: not our_threads())


def test_a_job_that_is_cut_off_by_another_s_closing_leaves_its_slot_free(
    jobs: Jobs, qtbot: QtBot
) -> None:
    def cut_off(*, cancel: CancelToken) -> None:
        raise Cancelled

    slot: JobSlot[None, None] = jobs.slot(pytest.fail, on_failure=pytest.fail)

    slot.start("Reading …", cut_off)

    qtbot.waitUntil(lambda: not slot.busy)
    assert jobs.count == 0


def test_a_failure_is_told_and_can_be_retried(jobs: Jobs, qtbot: QtBot) -> None:
    failures, received = [], []
    answers = iter([ServerError("oops", status=503), 7])

    def ask(*, cancel: CancelToken) -> int:
        cancel.check()
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    slot: JobSlot[None, int] = jobs.slot(received.append)
    jobs.failed.connect(failures.append)
    slot.start("Asking …", ask)
    qtbot.waitUntil(lambda: len(failures) == 1)

    jobs.retry()

    qtbot.waitUntil(lambda: received == [7])


def test_jobs_beside_each_other_leave_nothing(jobs: Jobs, qtbot: QtBot) -> None:
    received: list[int] = []
    gc.collect()
    slots = sum(isinstance(one, JobSlot) for one in gc.get_objects())
    children = len(jobs.findChildren(QObject))

    for number in range(200):
        slot: JobSlot[None, int] = jobs.slot(received.append)
        slot.start("Adding …", add, number, 1)
    del slot
    qtbot.waitUntil(lambda: len(received) == 200)

    assert jobs.count == 0
    gc.collect()
    assert sum(isinstance(one, JobSlot) for one in gc.get_objects()) == slots
    assert len(jobs.findChildren(QObject)) == children


def test_a_receiver_that_runs_the_event_loop_isn_t_overtaken(qtbot: QtBot) -> None:
    told: list[str] = []

    def slot(number: int) -> None:
        told.append(f"{number} begins")
        QCoreApplication.processEvents()
        told.append(f"{number} ends")

    signal = QueuedSignal(slot)
    for number in range(3):
        signal.emit(number)
    qtbot.waitUntil(lambda: len(told) == 6)

    assert told == [f"{n} {what}" for n in range(3) for what in ("begins", "ends")]


def test_a_receiver_that_raises_does_not_hold_up_what_follows(
    qtbot: QtBot, capture_errors: list[type[BaseException]]
) -> None:
    received: list[int] = []

    def slot(number: int) -> None:
        QCoreApplication.processEvents()  # the others come meanwhile
        if number == 0:
            raise ValueError("no")
        received.append(number)

    signal = QueuedSignal(slot)
    for number in range(4):
        signal.emit(number)

    qtbot.waitUntil(lambda: received == [1, 2, 3])
    assert capture_errors == [ValueError]


@pytest.fixture
def capture_errors(
    monkeypatch: pytest.MonkeyPatch,
) -> list[type[BaseException]]:
    """What slots raise; Qt hands it to the hook that napari sets in earnest."""
    errors: list[type[BaseException]] = []
    monkeypatch.setattr("sys.excepthook", lambda kind, *_: errors.append(kind))
    return errors


def test_an_owner_is_deleted_while_its_jobs_have_news(
    guards: None, qtbot: QtBot
) -> None:
    heard: list[object] = []
    for _ in range(ROUNDS):
        owner = QObject()
        jobs = Jobs(owner)
        owner.destroyed.connect(lambda *_, jobs=jobs: jobs.close())
        for _ in range(2):
            slot: JobSlot[int, None] = jobs.slot(heard.append, on_step=heard.append)
            slot.start_steps("Talking …", chatter)
        qtbot.wait(4)
        owner.deleteLater()
        settle()
        so_far = len(heard)
        time.sleep(0.001)
        settle()
        assert len(heard) == so_far
    assert heard


def test_a_closed_signal_delivers_nothing(qtbot: QtBot) -> None:
    received: list[str] = []
    signal = QueuedSignal(received.append)

    signal.emit("first")
    qtbot.waitUntil(lambda: received == ["first"])
    signal.emit("late")
    signal.close()
    signal.emit("later")
    settle()

    assert received == ["first"]


def test_jobs_end_where_no_thread_can_be_had(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is from Python 3.12 on while the interpreter ends."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    with monkeypatch.context() as at_the_end:
        at_the_end.setattr(threading.Thread, "start", refuse)
        jobs.close()
