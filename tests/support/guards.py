"""Guards around each test that uses the browser."""

from __future__ import annotations

import functools
import gc
import socket
import sqlite3
import sys
import threading
import time
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from qtpy.QtCore import QCoreApplication, QEvent, QObject
from qtpy.QtWidgets import QApplication, QWidget

import napari_idr
from napari_idr import threads
from napari_idr.threads import LongLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

QT_FOLDER = str(Path(napari_idr.__file__).parent / "_qt")

OUR_THREADS = ("napari-idr", "idr-")

SHARED = ("napari-idr-parts", "napari-idr-timers")
"""Threads that no single browser has."""

GRACE_S = 20.0
"""How long threads and windows get to end, on a machine that is busy otherwise."""

TESTS_FOLDER = str(Path(__file__).parents[1])

AT_THE_WINDOW_S_WISH = (
    *("napari_idr._qt", "napari", "vispy", "app_model", "psygnal"),
    *("superqt", "magicgui", "pytestqt"),
)
"""Modules that run for the window's sake: our own widgets, napari, an event loop."""

WRITING = (
    *("napari_builtins", "napari.utils.io"),
    *("napari.layers._layer_actions", "napari.layers.utils.stack_utils"),
)
"""Modules of napari that read all that a file, a projection or a merged layer is to
hold, however long it takes."""

BETWEEN = ("napari.utils._proxies",)
"""Modules that only pass on what others call."""

SOCKET_CALLS = (
    *("__init__", "connect", "connect_ex", "sendall"),
    *("recv", "recv_into", "recvfrom", "recvfrom_into"),
)
LOOK_UPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")
CACHE_CALLS = ("execute", "executemany", "executescript", "commit", "close")

STACK_DEPTH = 20


class GuiThreadWaitsError(AssertionError):
    """The GUI thread does what may take long, and nobody can use the window."""


@contextmanager
def gui_thread_never_waits() -> Iterator[None]:
    """Fail where our code makes the GUI thread wait: at the call, and at the end.

    It may open, use or look up nothing on the network, touch no file of the cache,
    take no `LongLock`, and wait neither for a thread nor for what one says.

    What a test itself calls, as a script does, may wait, and so may what napari's
    writers read.
    """
    stacks: list[str] = []

    def refuse(what: str) -> None:
        if threading.get_ident() != threading.main_thread().ident:
            return
        frame = sys._getframe(2)
        if _at_the_window_s_wish(frame):
            stack = "".join(traceback.format_stack(frame, STACK_DEPTH))
            stacks.append(f"{what}\n{stack}")
            raise GuiThreadWaitsError(f"the GUI thread {what}")

    def refused(what: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def refuse_or_call(*args: Any, **options: Any) -> Any:
            refuse(what)
            return call(*args, **options)

        return refuse_or_call

    class Connection(sqlite3.Connection):
        """A connection to a file of the cache."""

    for name in CACHE_CALLS:
        call = getattr(sqlite3.Connection, name)
        setattr(Connection, name, refused("touches a file of the cache", call))

    def connect(*args: Any, **options: Any) -> sqlite3.Connection:
        refuse("opens a file of the cache")
        return open_file(*args, factory=Connection, **options)

    def wait(self: threading.Condition, timeout: float | None = None) -> bool:
        # A thread that starts is waited for, by each program, for as good as no time.
        if not _starts_a_thread(sys._getframe(1)) and (timeout is None or timeout > 0):
            refuse("waits for a thread")
        return wait_for(self, timeout)

    def join(self: threading.Thread, timeout: float | None = None) -> None:
        if timeout is None or timeout > 0:
            refuse("waits for a thread's end")
        wait_for_end(self, timeout)

    open_file, wait_for = sqlite3.connect, threading.Condition.wait
    wait_for_end = threading.Thread.join
    with pytest.MonkeyPatch.context() as patch:
        for name in SOCKET_CALLS:
            call = getattr(socket.socket, name)
            patch.setattr(socket.socket, name, refused("uses a socket", call))
        for name in LOOK_UPS:
            call = getattr(socket, name)
            patch.setattr(socket, name, refused("looks up a name", call))
        patch.setattr(sqlite3, "connect", connect)
        patch.setattr(LongLock, "on_take", lambda: refuse("takes a long lock"))
        patch.setattr(threading.Condition, "wait", wait)
        patch.setattr(threading.Thread, "join", join)
        yield
    assert not stacks, "the GUI thread " + "\n".join(stacks)


def _at_the_window_s_wish(frame: FrameType | None) -> bool:
    """Tell whether our code runs here, called by the window and not by a test."""
    ours = False
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        code = frame.f_code
        if _is_one_of(name, WRITING):
            return False
        if _is_one_of(name, BETWEEN):
            frame = frame.f_back
            continue
        ours = ours or (
            _is_one_of(name, ("napari_idr",))
            and not _is_one_of(name, ("napari_idr.demo",))
        )
        if ours and _is_one_of(name, AT_THE_WINDOW_S_WISH):
            return True
        if code.co_filename.startswith(TESTS_FOLDER) and name != __name__:
            return False
        if ours and code is settle.__code__:
            return True
        frame = frame.f_back
    return False


def _is_one_of(name: str, modules: tuple[str, ...]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def _starts_a_thread(frame: FrameType | None) -> bool:
    return (
        frame is not None
        and frame.f_back is not None
        and frame.f_back.f_code is threading.Thread.start.__code__
    )


@contextmanager
def only_on_the_gui_thread() -> Iterator[None]:
    """Fail where a method of one of our Qt objects is called in a thread."""
    strayed: set[str] = set()

    def watch(frame: FrameType, event: str, _: object) -> None:
        if not threading.current_thread().name.startswith(OUR_THREADS):
            sys.setprofile(None)  # the archive's threads need not be slowed down
            return
        code = frame.f_code
        if event != "call" or not code.co_filename.startswith(QT_FOLDER):
            return
        if isinstance(frame.f_locals.get("self"), QObject):
            strayed.add(code.co_qualname)

    threading.setprofile(watch)
    try:
        yield
    finally:
        threading.setprofile(None)
    assert not strayed, f"ran off the GUI thread: {sorted(strayed)}"


@contextmanager
def nothing_left() -> Iterator[None]:
    """Fail where a window, a browser or a thread outlives the block."""
    before = set(map(id, QApplication.topLevelWidgets()))

    yield

    deadline = time.monotonic() + GRACE_S
    while (left := _left(before)) and time.monotonic() < deadline:
        settle()
        time.sleep(0.005)
    assert not left, f"outlived the test: {left}"


def settle() -> None:
    """Let what waits in the event loop happen, deletions included."""
    QApplication.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def our_threads() -> list[str]:
    """Return the names of the browser's threads that are alive.

    Those that the whole program shares may be idle for a while, and no more.
    """
    names = [thread.name for thread in threading.enumerate()]
    idle = threads._parts.wait_idle(0)
    return [
        name
        for name in names
        if name.startswith(OUR_THREADS) and not (idle and name.startswith(SHARED))
    ]


def _left(before: set[int]) -> list[str]:
    windows = [w for w in QApplication.topLevelWidgets() if id(w) not in before]
    left = [_named(window) for window in windows if window.isVisible()]
    left += [
        _named(window) for window in windows if window.objectName() == "idr_browser"
    ]
    if left or our_threads():
        gc.collect()
    return left + our_threads()


def _named(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.objectName()}".strip()
