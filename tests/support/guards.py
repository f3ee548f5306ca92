"""Guards around each test that uses the browser."""

from __future__ import annotations

import gc
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QCoreApplication, QEvent, QObject
from qtpy.QtWidgets import QApplication, QWidget

import napari_idr
from napari_idr import threads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

QT_FOLDER = str(Path(napari_idr.__file__).parent / "_qt")

THREAD_SIDE = {"_run", "_run_steps", "<lambda>"}
"""Methods that are written to run in a thread: they only pass news on."""

OUR_THREADS = ("napari-idr", "idr-")

SHARED = ("napari-idr-parts", "napari-idr-timers")
"""Threads that no single browser has."""

GRACE_S = 20.0
"""How long threads and windows get to end, on a machine that is busy otherwise."""


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
        if code.co_name not in THREAD_SIDE and isinstance(
            frame.f_locals.get("self"), QObject
        ):
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
