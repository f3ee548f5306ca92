"""The same work on many things, a few at a time."""

from __future__ import annotations

import threading

import pytest

from napari_idr.api._parallel import both, in_parallel
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.errors import Cancelled


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
