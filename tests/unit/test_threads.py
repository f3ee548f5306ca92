"""Pools of threads, and what waits for them."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import pytest

from napari_idr import threads
from napari_idr.cancel import NEVER, CancelToken, Priority
from napari_idr.errors import Cancelled
from napari_idr.threads import (
    SingleFlight,
    WorkerPool,
    begun,
    both,
    call_later,
    in_background,
    in_parallel,
    run_apart,
)

SOON_S = 10.0


def test_each_thing_gives_one_result():
    results = in_parallel(lambda n, stop: n * n, range(100), at_once=4, cancel=NEVER)

    assert sorted(results) == [n * n for n in range(100)]


def test_nothing_gives_nothing():
    assert list(in_parallel(lambda n, stop: n, [], at_once=4, cancel=NEVER)) == []


def test_no_more_are_worked_on_than_allowed():
    meet = threading.Barrier(3, timeout=10)

    def work(number, stop):
        meet.wait()  # three at once, or the barrier breaks
        return threading.active_count()

    before = threading.active_count()
    counts = list(in_parallel(work, range(9), at_once=3, cancel=NEVER))

    assert max(counts) <= before + 3


def test_what_work_raises_is_raised_by_the_iterator():
    def work(number, stop):
        if number == 3:
            raise KeyError(number)
        return number

    with pytest.raises(KeyError):
        list(in_parallel(work, range(100), at_once=2, cancel=NEVER))


def test_closing_the_iterator_begins_nothing_more():
    begun = []

    def work(number, stop):
        begun.append(number)
        return number

    results = in_parallel(work, range(1000), at_once=2, cancel=NEVER)
    next(results)
    results.close()

    assert len(begun) < 20


def test_closing_the_iterator_tells_the_work():
    seen = threading.Event()

    def work(number, stop):
        if number:
            with pytest.raises(Cancelled):
                stop.sleep(30)
            seen.set()
        return number

    results = in_parallel(work, [0, 1], at_once=2, cancel=NEVER)
    next(results)
    results.close()

    assert seen.wait(10)


def test_one_who_waits_for_results_can_be_cancelled():
    cancel = CancelToken()
    threading.Timer(0.1, cancel.cancel).start()

    def work(number, stop):
        stop.sleep(30)

    with pytest.raises(Cancelled):
        list(in_parallel(work, range(4), at_once=2, cancel=cancel))


def test_two_works_are_done_at_once():
    meet = threading.Barrier(2, timeout=10)

    def work(stop):
        meet.wait()  # both at once, or the barrier breaks
        return threading.current_thread().name

    one, other = both(work, work, cancel=NEVER)

    assert one != other


def test_what_either_of_two_works_raises_is_raised():
    def fail(stop):
        raise KeyError("this one")

    with pytest.raises(KeyError):
        both(fail, lambda stop: 1, cancel=NEVER)
    with pytest.raises(KeyError):
        both(lambda stop: 1, fail, cancel=NEVER)


def test_one_who_is_cancelled_doesn_t_wait_for_work_that_heeds_nothing():
    cancel = CancelToken()
    release = threading.Event()

    def work(number, stop):
        release.wait(30)

    threading.Timer(0.1, cancel.cancel).start()
    started = time.monotonic()

    with pytest.raises(Cancelled):
        list(
            in_parallel(
                lambda n, stop: release.wait(30), [1, 2], at_once=2, cancel=cancel
            )
        )
    release.set()

    assert time.monotonic() - started < SOON_S


def test_only_a_few_results_wait_to_be_taken():
    begun = []

    def work(number, stop):
        begun.append(number)
        return number

    results = in_parallel(work, range(1000), at_once=2, cancel=NEVER)
    next(results)
    assert threads._parts.wait_idle(SOON_S)  # no thread is held meanwhile

    assert len(begun) <= 1 + 2 * 2
    results.close()


def test_work_that_calls_for_parallel_work_comes_to_its_end():
    def deep(level, stop):
        if not level:
            return 1
        return sum(in_parallel(deep, [level - 1] * 4, at_once=4, cancel=stop))

    assert sum(in_parallel(deep, [4] * 4, at_once=4, cancel=NEVER)) == 4**5


def test_a_pool_runs_the_most_urgent_first_and_else_the_first():
    pool = WorkerPool("test", 1)
    begun, ran = threading.Event(), []
    go = threading.Event()

    def hold():
        begun.set()
        go.wait(30)

    pool.submit(hold)
    assert begun.wait(SOON_S)
    pool.submit(lambda: ran.append("ahead"), priority=Priority.AHEAD)
    pool.submit(lambda: ran.append("opening 1"))
    pool.submit(lambda: ran.append("opening 2"))
    pool.submit(lambda: ran.append("visible"), priority=Priority.VISIBLE)
    go.set()
    assert pool.wait_idle(SOON_S)

    assert ran == ["visible", "opening 1", "opening 2", "ahead"]
    pool.close()


def test_work_that_was_withdrawn_never_runs():
    pool = WorkerPool("test", 1)
    begun, go, ran = threading.Event(), threading.Event(), []

    def hold():
        begun.set()
        go.wait(30)

    held = pool.submit(hold)
    assert begun.wait(SOON_S)
    waiting = pool.submit(lambda: ran.append(1))

    assert not held.withdraw()
    assert waiting.withdraw()
    assert not waiting.withdraw()
    go.set()
    assert pool.wait_idle(SOON_S)
    assert ran == []
    pool.close()


def test_a_pool_is_tried_only_where_a_thread_is_free():
    pool = WorkerPool("test", 2)
    go = threading.Event()

    taken = [pool.try_submit(lambda: go.wait(30)) for _ in range(3)]

    assert taken == [True, True, False]
    go.set()
    assert pool.wait_idle(SOON_S)
    assert pool.try_submit(lambda: None)
    pool.close()


def test_work_that_fails_is_logged_and_ends_no_thread(caplog):
    pool = WorkerPool("test", 1)
    ran = []

    def fail():
        raise KeyError("this one")

    pool.submit(fail)
    pool.submit(lambda: ran.append(1))
    assert pool.wait_idle(SOON_S)

    assert ran == [1]
    assert "this one" in caplog.text
    pool.close()


def test_a_closed_pool_drops_what_waits_and_its_threads_end():
    pool = WorkerPool("closing", 1)
    begun, go, ran = threading.Event(), threading.Event(), []

    def hold():
        begun.set()
        go.wait(30)

    pool.submit(hold)
    assert begun.wait(SOON_S)
    pool.submit(lambda: ran.append(1))
    pool.close()
    pool.submit(lambda: ran.append(2))
    assert not pool.try_submit(lambda: ran.append(3))
    go.set()

    assert comes_true(lambda: not alive("napari-idr-closing"))
    assert ran == []


def test_idle_threads_end(monkeypatch):
    monkeypatch.setattr(threads, "IDLE_S", 0.05)
    pool = WorkerPool("idle", 4)
    for _ in range(8):
        pool.submit(lambda: None)

    assert comes_true(lambda: not alive("napari-idr-idle"))


def test_a_thing_is_made_once_for_all_that_want_it():
    flights, made = SingleFlight(), []
    begun, go = threading.Event(), threading.Event()

    def make(cancel):
        made.append(1)
        begun.set()
        go.wait(30)
        return object()

    got = in_thread(lambda: flights.get("key", make, cancel=NEVER))
    assert begun.wait(SOON_S)
    others = [in_thread(lambda: flights.get("key", make, cancel=NEVER)) for _ in "ab"]
    assert comes_true(lambda: waits_of(flights, "key") == 2)
    go.set()

    assert got() is others[0]() is others[1]()
    assert made == [1]


def test_one_who_waits_for_a_thing_may_leave():
    flights = SingleFlight()
    begun, go = threading.Event(), threading.Event()
    cancel = CancelToken()

    def make(stop):
        begun.set()
        go.wait(30)
        return 1

    maker = in_thread(lambda: flights.get("key", make, cancel=NEVER))
    assert begun.wait(SOON_S)
    leaver = in_thread(lambda: flights.get("key", make, cancel=cancel))
    assert comes_true(lambda: waits_of(flights, "key") == 1)
    cancel.cancel()

    with pytest.raises(Cancelled):
        leaver()
    go.set()
    assert maker() == 1


def test_another_makes_the_thing_if_its_maker_is_cancelled():
    flights = SingleFlight()
    begun = threading.Event()
    cancel = CancelToken()

    def make(stop):
        begun.set()
        stop.sleep(30)

    maker = in_thread(lambda: flights.get("key", make, cancel=cancel))
    assert begun.wait(SOON_S)
    other = in_thread(lambda: flights.get("key", lambda stop: "anew", cancel=NEVER))
    assert comes_true(lambda: waits_of(flights, "key") == 1)
    cancel.cancel()

    with pytest.raises(Cancelled):
        maker()
    assert other() == "anew"


def test_what_the_maker_raises_is_raised_to_all_and_not_remembered():
    flights = SingleFlight()
    begun, go = threading.Event(), threading.Event()

    def make(stop):
        begun.set()
        go.wait(30)
        raise KeyError("this one")

    maker = in_thread(lambda: flights.get("key", make, cancel=NEVER))
    assert begun.wait(SOON_S)
    other = in_thread(lambda: flights.get("key", make, cancel=NEVER))
    assert comes_true(lambda: waits_of(flights, "key") == 1)
    go.set()

    for one in (maker, other):
        with pytest.raises(KeyError):
            one()
    assert flights.get("key", lambda stop: 2, cancel=NEVER) == 2


def test_work_apart_gives_its_result_or_what_it_raises():
    def fail():
        raise KeyError("this one")

    kept = {"cancel": NEVER, "timeout_s": SOON_S, "drop": lambda thing: None}
    assert run_apart(lambda: 1, **kept) == 1
    with pytest.raises(KeyError):
        run_apart(fail, **kept)


@pytest.mark.parametrize("how", ["cancelled", "late"])
def test_a_result_that_nobody_takes_is_dropped(how):
    go, dropped = threading.Event(), []
    cancel = CancelToken()
    if how == "cancelled":
        threading.Timer(0.05, cancel.cancel).start()

    with pytest.raises(Cancelled if how == "cancelled" else TimeoutError):
        run_apart(
            lambda: go.wait(30) and "result",
            cancel=cancel,
            timeout_s=30 if how == "cancelled" else 0.05,
            drop=dropped.append,
        )
    go.set()

    assert comes_true(lambda: dropped == ["result"])


def test_timers_call_in_the_order_in_which_they_are_due(monkeypatch):
    calls, last = [], threading.Event()

    def end():
        calls.append("last")
        last.set()

    call_later(0.2, end)
    call_later(0.05, lambda: calls.append("first"))
    call_later(0.1, lambda: calls.append("never")).cancel()

    assert last.wait(SOON_S)
    assert calls == ["first", "last"]


def test_a_timer_that_fails_keeps_no_other_from_being_called(caplog):
    called = threading.Event()

    def fail():
        raise KeyError("this one")

    call_later(0, fail)
    call_later(0.01, called.set)

    assert called.wait(SOON_S)
    assert "this one" in caplog.text


def test_the_thread_of_the_timers_ends_when_nothing_waits(monkeypatch):
    monkeypatch.setattr(threads, "IDLE_S", 0.05)
    timers = threads._Timers()
    before = alive("napari-idr-timers")
    timer = timers.add(600, lambda: None)
    for _ in range(10_000):
        timers.add(600, lambda: None).cancel()
    assert len(timers._heap) < 200
    timer.cancel()

    assert comes_true(lambda: alive("napari-idr-timers") <= before)
    again = threading.Event()
    timers.add(0, again.set)
    assert again.wait(SOON_S)


def comes_true(condition):
    """Wait until something is so; tell whether it came to that."""
    deadline = time.monotonic() + SOON_S
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_nothing_is_done_in_the_background_where_no_thread_can_be_had(monkeypatch):
    """So it is from Python 3.12 on while the interpreter ends."""
    done = []
    monkeypatch.setattr(threading.Thread, "start", refuse)

    in_background(lambda: done.append(True))

    assert not done


def refuse(thread):
    raise RuntimeError("can't create new thread at interpreter shutdown")


def alive(name):
    return sum(thread.name.startswith(name) for thread in threading.enumerate())


def in_thread(call):
    """Call in a thread; what is returned waits for the result, or raises it."""
    future = Future()

    def run():
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - raised by the taker
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return lambda: future.result(SOON_S)


def waits_of(flights, key):
    flight = flights._flights.get(key)
    return 0 if flight is None else len(flight.changed._waiters)


def test_what_is_begun_goes_on_before_it_is_taken():
    asked = threading.Event()

    def answers(stop):
        asked.set()
        yield from "abc"

    with begun(answers, cancel=NEVER) as letters:
        assert asked.wait(SOON_S)
        assert list(letters) == ["a", "b", "c"]


def test_what_is_begun_may_be_empty():
    with begun(lambda stop: iter(()), cancel=NEVER) as nothing:
        assert list(nothing) == []


def test_what_fails_once_it_is_begun_is_raised_by_the_taker():
    def answers(stop):
        raise KeyError("first")
        yield

    with begun(answers, cancel=NEVER) as things, pytest.raises(KeyError):
        next(things)


def test_what_is_begun_is_cancelled_when_nobody_takes_it():
    ended = threading.Event()

    def answers(stop):
        try:
            stop.sleep(SOON_S)
            yield
        finally:
            ended.set()

    with pytest.raises(ZeroDivisionError), begun(answers, cancel=NEVER):
        raise ZeroDivisionError
    assert ended.wait(SOON_S)


def test_who_waits_for_what_is_begun_can_cancel():
    cancel = CancelToken()

    def answers(stop):
        stop.sleep(60)
        yield

    with begun(answers, cancel=cancel) as things:
        call_later(0.01, cancel.cancel)
        with pytest.raises(Cancelled):
            next(things)


def test_without_a_free_thread_what_is_begun_is_made_by_the_taker(monkeypatch):
    monkeypatch.setattr(threads, "_parts", WorkerPool("none", 1))
    threads._parts.close()

    with begun(lambda stop: iter("ab"), cancel=NEVER) as letters:
        assert list(letters) == ["a", "b"]
