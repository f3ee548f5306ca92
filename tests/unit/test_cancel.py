"""Tokens by which a caller tells that it no longer waits."""

from __future__ import annotations

import gc
import threading
import time

import pytest

from napari_idr.cancel import NEVER, CancelToken, Priority, wait_for
from napari_idr.errors import Cancelled

SOON_S = 5.0


def test_a_pause_ends_when_the_token_is_cancelled():
    token = CancelToken()
    threading.Timer(0.05, token.cancel).start()
    started = time.monotonic()

    with pytest.raises(Cancelled):
        token.sleep(30)

    assert time.monotonic() - started < SOON_S


def test_a_pause_of_a_cancelled_token_is_none():
    token = CancelToken()
    token.cancel()

    with pytest.raises(Cancelled):
        token.sleep(0)


def test_a_child_is_cancelled_with_its_parent():
    parent = CancelToken()
    child = parent.child()
    grandchild = child.child()

    parent.cancel()

    assert child.cancelled
    assert grandchild.cancelled


def test_no_child_is_left_when_the_first_is_cancelled():
    token = CancelToken()
    children = [token.child().child() for _ in range(5)]
    told = []
    for child in children:
        child.on_cancel(lambda: told.append([one.cancelled for one in children]))

    token.cancel()

    assert told == [[True] * 5] * 5


def test_a_grandchild_is_cancelled_when_nobody_holds_the_child():
    parent = CancelToken()
    grandchild = parent.child().child()
    gc.collect()

    parent.cancel()

    assert grandchild.cancelled


def test_a_parent_isn_t_cancelled_with_its_child():
    parent = CancelToken()

    parent.child().cancel()

    assert not parent.cancelled


def test_a_child_of_a_cancelled_token_is_cancelled():
    parent = CancelToken()
    parent.cancel()

    assert parent.child().cancelled


def test_a_child_is_as_urgent_as_its_parent_unless_told_otherwise():
    parent = CancelToken(Priority.READING)

    assert CancelToken().priority is Priority.OPENING
    assert parent.child().priority is Priority.READING
    assert parent.child(Priority.AHEAD).priority is Priority.AHEAD


def test_a_callback_is_called_once_in_the_cancelling_thread():
    token = CancelToken()
    calls = []
    token.on_cancel(lambda: calls.append(threading.current_thread()))

    token.cancel()
    token.cancel()

    assert calls == [threading.current_thread()]


def test_a_callback_of_a_cancelled_token_is_called_at_once():
    token = CancelToken()
    token.cancel()
    calls = []

    token.on_cancel(lambda: calls.append(1))

    assert calls == [1]


def test_a_callback_that_was_taken_back_isn_t_called():
    token = CancelToken()
    calls = []
    with token.on_cancel(lambda: calls.append("block")):
        pass
    handle = token.on_cancel(lambda: calls.append("handle"))
    handle.remove()
    handle.remove()

    token.cancel()

    assert calls == []


def test_a_callback_that_fails_keeps_no_other_from_being_called(caplog):
    token = CancelToken()
    calls = []

    def fail():
        raise KeyError("this one")

    token.on_cancel(fail)
    token.on_cancel(lambda: calls.append(1))
    child = token.child()
    token.cancel()

    assert calls == [1]
    assert child.cancelled
    assert "failed" in caplog.text


def test_a_callback_may_use_the_token():
    token = CancelToken()
    seen = []
    token.on_cancel(lambda: seen.append(token.child().cancelled))

    token.cancel()

    assert seen == [True]


def test_children_and_handles_that_are_gone_leave_nothing():
    token = CancelToken()
    for _ in range(10_000):
        token.child()
        with token.on_cancel(gc.collect):
            pass
    gc.collect()

    assert len(token._children) == 0
    assert len(token._callbacks) == 0


def test_never_keeps_nothing():
    children = [NEVER.child() for _ in range(100)]
    for _ in range(100):
        NEVER.on_cancel(gc.collect)

    assert len(NEVER._children) == 0
    assert len(NEVER._callbacks) == 0
    assert not any(child.cancelled for child in children)


def test_never_can_t_be_cancelled():
    with pytest.raises(TypeError):
        NEVER.cancel()


def test_a_wait_ends_when_what_it_waits_for_is_so():
    condition = threading.Condition()
    things = []

    def add():
        with condition:
            things.append(1)
            condition.notify_all()

    with condition:
        threading.Timer(0.05, add).start()
        assert wait_for(condition, lambda: bool(things), cancel=CancelToken())


def test_a_wait_ends_when_it_is_cancelled():
    condition = threading.Condition()
    token = CancelToken()
    started = time.monotonic()

    threading.Timer(0.05, token.cancel).start()
    with condition, pytest.raises(Cancelled):
        wait_for(condition, lambda: False, cancel=token)

    assert time.monotonic() - started < SOON_S


def test_a_wait_ends_in_time():
    condition = threading.Condition()

    with condition:
        assert not wait_for(condition, lambda: False, cancel=NEVER, timeout_s=0.01)


def test_a_wait_that_was_cancelled_before_ends_at_once():
    token = CancelToken()
    token.cancel()
    condition = threading.Condition()

    with condition, pytest.raises(Cancelled):
        wait_for(condition, lambda: True, cancel=token)
