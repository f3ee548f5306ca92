"""Guards around each test that uses the browser."""

from __future__ import annotations

import functools
import gc
import importlib
import inspect
import itertools
import pkgutil
import socket
import sqlite3
import sys
import threading
import time
import traceback
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

import pytest
from qtpy.QtCore import QCoreApplication, QEvent, QObject, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget

from napari_idr import _qt as qt_rooms
from napari_idr import threads
from napari_idr.threads import LongLock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

STARS = defaultdict(
    str, {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
)

_strayed: set[str] = set()
"""Methods of Qt objects that were called off the GUI thread in this test."""

OUR_THREADS = ("napari-idr", "idr-")

SHARED = ("napari-idr-parts", "napari-idr-timers")
"""Threads that no single browser has."""

GRACE_S = 20.0
"""How long threads and windows get to end, on a machine that is busy otherwise."""

LAID_OUT_MS, SETTLING_MS = 50, 10
"""Until something is laid out anew at least, and between two looks at it."""

SOON_MS = 100
"""The longest that the browser waits before it lays out; what waits for longer waits
for a person."""

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
    _watch_qt_objects()
    _strayed.clear()
    yield
    assert not _strayed, f"ran off the GUI thread: {sorted(_strayed)}"


@functools.cache
def _watch_qt_objects() -> None:
    """Let the methods of all our Qt classes note where they are called, from now on.

    A profile of the threads would tell as well, and take as long as what they do.
    """
    for found in pkgutil.walk_packages(qt_rooms.__path__, f"{qt_rooms.__name__}."):
        module = importlib.import_module(found.name)
        for one in vars(module).values():
            if isinstance(one, type) and one.__module__ == module.__name__:
                watch_class(one)


def watch_class(kind: type) -> None:
    """Let the methods of a class note where they are called, if it is one of Qt's."""
    if not issubclass(kind, QObject):
        return
    for name, member in tuple(vars(kind).items()):
        if isinstance(member, FunctionType):
            setattr(kind, name, _noted(member))
        elif isinstance(member, property) and isinstance(member.fget, FunctionType):
            setattr(kind, name, member.getter(_noted(member.fget)))


def _noted(method: FunctionType) -> FunctionType:
    """Return a method that notes the threads it is called in.

    It has the parameters of the given one: Qt tries how many arguments a slot takes.
    """
    due: list[str] = []
    given: list[str] = []
    for one in inspect.signature(method).parameters.values():
        if one.kind is one.KEYWORD_ONLY:
            if not any(text.startswith("*") for text in due):
                due.append("*")
            given.append(f"{one.name}={one.name}")
        else:
            given.append(STARS[one.kind] + one.name)
        default = "" if one.default is one.empty else "=None"
        due.append(f"{STARS[one.kind]}{one.name}{default}")

    def note() -> None:
        # napari asks layers for their status in a thread of its own.
        if threading.current_thread().name.startswith(OUR_THREADS):
            _strayed.add(method.__qualname__)

    scope: dict[str, Any] = {"note": note, "method": method}
    definition = f"def noted({', '.join(due)}):\n"
    body = f"    note()\n    return method({', '.join(given)})"
    exec(definition + body, scope)
    noted: FunctionType = functools.wraps(method)(scope["noted"])
    noted.__defaults__, noted.__kwdefaults__ = (
        method.__defaults__,
        method.__kwdefaults__,
    )
    return noted


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


COLLECTED_EACH = 8
"""Tests, after which what their windows left is collected: it takes half a second."""

_tests = itertools.count(1)


@contextmanager
def collected_here() -> Iterator[None]:
    """Let Python collect garbage between tests, in this thread, and not meanwhile.

    It does so in whichever thread it makes objects: what the windows of earlier tests
    left would be freed by a thread that has nothing to do with them.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        if next(_tests) % COLLECTED_EACH == 0:
            gc.collect()


def rest(widget: QWidget) -> None:
    """Let what was laid out be laid out again, until nothing in a widget moves.

    A layout takes some turns, and some of ours waits for a short timer: on a machine
    that is busy, or if one begins late, a time alone doesn't tell.
    """
    QTest.qWait(LAID_OUT_MS)
    before, deadline = None, time.monotonic() + GRACE_S
    while time.monotonic() < deadline:
        settle()
        due = any(
            one.isActive() and one.isSingleShot() and one.interval() <= SOON_MS
            for one in widget.findChildren(QTimer)
        )
        places = [(id(one), one.geometry()) for one in widget.findChildren(QWidget)]
        if not due and places == before:
            return
        before = places
        QTest.qWait(SETTLING_MS)


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
