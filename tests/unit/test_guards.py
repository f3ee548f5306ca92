"""What would freeze the window fails the test that does it, at the call."""

from __future__ import annotations

import socket
import sqlite3
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QObject, QTimer, Signal

from napari_idr.threads import LongLock, WorkerPool
from support.guards import (
    OUR_THREADS,
    GuiThreadWaitsError,
    gui_thread_never_waits,
    only_on_the_gui_thread,
    watch_class,
)

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = "napari_idr._qt.careless"
DEADLINE_S = 10.0


class Things:
    """What careless code uses: a connection with news in it, and a file."""

    def __init__(self) -> None:
        self.socket, other = socket.socketpair()
        other.sendall(b"news")
        self.cache = sqlite3.connect(":memory:", check_same_thread=False)


def opens_a_socket(things):
    socket.socket().close()


def connects(things):
    socket.create_connection(("127.0.0.1", 1))


def resolves_a_name(things):
    socket.getaddrinfo("localhost", 80)


def receives(things):
    things.socket.recv(1)


def opens_the_cache(things):
    sqlite3.connect("answers-1.sqlite")


def reads_the_cache(things):
    things.cache.execute("SELECT 1")


def takes_a_long_lock(things):
    with LongLock():
        pass


def waits_for_a_result(things):
    Future().result(timeout=DEADLINE_S)


def waits_for_an_event(things):
    threading.Event().wait(DEADLINE_S)


def waits_for_a_pool(things):
    never = threading.Event()
    pool = WorkerPool("test", 1)
    pool.submit(lambda: never.wait(DEADLINE_S))
    try:
        pool.wait_idle(DEADLINE_S)
    finally:
        never.set()
        pool.close()


def joins_a_thread(things):
    thread = threading.Thread(target=threading.Event().wait, args=(0.01,))
    thread.start()
    thread.join()


RULES = (
    *(opens_a_socket, connects, resolves_a_name, receives),
    *(opens_the_cache, reads_the_cache, takes_a_long_lock),
    *(waits_for_a_result, waits_for_an_event, waits_for_a_pool, joins_a_thread),
)


def of_module(name: str, work: Callable[[Things], None]) -> Callable[[], None]:
    """Return a function as a module of this name would have it."""
    code = work.__code__.replace(co_filename=f"{name}.py")
    return partial(FunctionType(code, {**globals(), "__name__": name}), Things())


@pytest.mark.parametrize("careless", RULES, ids=lambda rule: rule.__name__)
def test_the_gui_thread_may_not_do_it(careless):
    with (
        pytest.raises(GuiThreadWaitsError, match="the GUI thread "),
        gui_thread_never_waits(),
    ):
        of_module(OURS, careless)()


def test_what_is_swallowed_fails_the_test_all_the_same():
    def swallow():
        with suppress(BaseException):
            of_module(OURS, takes_a_long_lock)()

    with (
        pytest.raises(AssertionError, match="in takes_a_long_lock"),
        gui_thread_never_waits(),
    ):
        swallow()


def test_an_event_loop_calls_for_the_window_s_sake(qtbot):
    done = []
    work = of_module("napari_idr.services.careless", takes_a_long_lock)
    QTimer.singleShot(0, work)
    QTimer.singleShot(0, partial(done.append, 1))

    with (
        qtbot.captureExceptions() as raised,
        pytest.raises(AssertionError, match="takes a long lock"),
        gui_thread_never_waits(),
    ):
        qtbot.waitUntil(lambda: bool(done))

    assert [kind for kind, *_ in raised] == [GuiThreadWaitsError]


@pytest.mark.parametrize(
    "careless", [receives, reads_the_cache, takes_a_long_lock, joins_a_thread]
)
def test_a_thread_may_do_it(careless):
    with ThreadPoolExecutor(1) as pool, gui_thread_never_waits():
        pool.submit(of_module(OURS, careless)).result(DEADLINE_S)


def test_a_script_may_wait_and_so_may_the_demo_archive():
    with gui_thread_never_waits():
        of_module("napari_idr.services.careless", takes_a_long_lock)()
        of_module("napari_idr.demo.careless", joins_a_thread)()


def test_a_method_of_a_qt_object_belongs_on_the_gui_thread(qtbot):
    class Told(QObject):
        news = Signal(int, int)

        def __init__(self):
            super().__init__()
            self.heard = []
            self.news.connect(self.hear)
            self.news.connect(self.hear_one)

        def hear(self, *numbers, times=1):
            self.heard.append((numbers, times))

        def hear_one(self, number, /, other=None, *, times=2):
            self.heard.append((number, other, times))

        @property
        def count(self):
            return len(self.heard)

    watch_class(Told)
    told = Told()
    with only_on_the_gui_thread():
        told.news.emit(3, 4)
        assert told.count == 2
    assert told.heard == [((3, 4), 1), (3, 4, 2)]

    def stray(call):
        with only_on_the_gui_thread(), ThreadPoolExecutor(1, OUR_THREADS[0]) as pool:
            pool.submit(call).result()

    for call in (told.hear, lambda: told.count):
        with pytest.raises(AssertionError, match=r"ran off the GUI thread: .*Told\."):
            stray(call)
