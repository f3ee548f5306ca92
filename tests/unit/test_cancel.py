"""A flag that a caller raises."""

from __future__ import annotations

import gc
import threading
import time

import pytest

from napari_idr.cancel import NEVER, CancelToken
from napari_idr.errors import Cancelled


def test_a_pause_ends_when_the_flag_goes_up():
    token = CancelToken()
    threading.Timer(0.05, token.cancel).start()
    started = time.monotonic()

    with pytest.raises(Cancelled):
        token.sleep(30)

    assert time.monotonic() - started < 5


def test_a_child_is_cancelled_with_its_parent():
    parent = CancelToken()
    child = parent.child()
    grandchild = child.child()

    parent.cancel()

    assert child.cancelled
    assert grandchild.cancelled


def test_a_parent_isn_t_cancelled_with_its_child():
    parent = CancelToken()

    parent.child().cancel()

    assert not parent.cancelled


def test_a_child_of_a_cancelled_token_is_cancelled():
    parent = CancelToken()
    parent.cancel()

    assert parent.child().cancelled


def test_never_has_children_and_forgets_them():
    for _ in range(100):
        NEVER.child()
    gc.collect()

    assert len(NEVER._children) == 0


def test_never_can_t_be_cancelled():
    with pytest.raises(TypeError):
        NEVER.cancel()
