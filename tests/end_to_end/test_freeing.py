"""What OpenGL and the system hold of removed layers is freed."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtGui import QOffscreenSurface, QOpenGLContext
from vispy.gloo.glir import GlirProgram, GlirTexture2D

from napari_idr._qt.layers import scene
from napari_idr._qt.layers.freeing import CHOSEN, MemoryReturn, give_back_memory
from napari_idr._qt.layers.scene import scene_of
from napari_idr.threads import IDLE_S
from support.guards import settle

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from napari_idr import demo
    from support.window import Window


def test_what_is_drawn_of_removed_layers_is_freed_in_the_context_of_the_canvas(
    window: Window, classic: demo.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.browse(classic.url).until_idle()
    canvas = window.viewer.window._qt_viewer.canvas.native
    freed_in: list[bool] = []
    for kind in (GlirProgram, GlirTexture2D):

        def delete(self: object, before: object = kind.delete) -> None:
            freed_in.append(QOpenGLContext.currentContext() is canvas.context())
            before(self)

        monkeypatch.setattr(kind, "delete", delete)
    surface, other = QOffscreenSurface(), QOpenGLContext()
    surface.create()
    assert other.create()
    layers = [window.viewer.add_image(np.ones((8, 8))) for _ in range(4)]
    window.paint()

    for remove in (
        lambda: window.viewer.layers.remove(layers[1]),
        lambda: window.viewer.layers.remove_selected(),
        lambda: window.viewer.layers.clear(),
    ):
        # As Qt's own is that composes the window.
        assert other.makeCurrent(surface)
        before = len(freed_in)
        remove()
        settle()
        window.paint()
        assert len(freed_in) > before

    assert all(freed_in)


def test_memory_is_given_back_once_after_layers_have_gone(
    window: Window, classic: demo.Archive
) -> None:
    window.browse(classic.url).until_idle()
    memory = scene_of(window.viewer).findChild(MemoryReturn)
    assert memory is not None
    memory.stop()
    layers = [window.viewer.add_image(np.ones((8, 8))) for _ in range(3)]
    assert not memory.isActive()

    for layer in layers:
        window.viewer.layers.remove(layer)

    assert memory.isActive()
    assert memory.isSingleShot()


def test_memory_is_given_back_after_a_job_that_shows_no_layer(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    memory = scene_of(window.viewer).findChild(MemoryReturn)
    assert memory is not None
    memory.stop()

    person.search("CDC20")

    assert memory.isActive()
    assert memory.remainingTime() > 1000 * IDLE_S  # threads without work have ended


def test_memory_is_given_back_by_another_thread(qtbot: QtBot) -> None:
    threads: list[threading.Thread] = []
    memory = MemoryReturn(give_back=lambda: threads.append(threading.current_thread()))

    memory.start(0)
    qtbot.waitUntil(lambda: bool(threads))

    assert threads[0] is not threading.main_thread()


def test_giving_memory_back_loses_nothing() -> None:
    numbers = np.arange(1 << 20)

    give_back_memory()

    assert numbers.sum() == (1 << 19) * ((1 << 20) - 1)


THREADS_ALLOCATE = """
import threading
import numpy as np
from napari_idr._qt.layers.freeing import give_back_memory, keep_little_memory
from support.holdings import holdings

def allocate():
    for megabytes in (3, 12, 28, 20, 9):
        np.ones(megabytes << 20, np.uint8)
    kept.append([bytes(600) for _ in range(10)])
    all_have.wait()

keep_little_memory()
np.ones(30 << 20, np.uint8)
kept, all_have, before = [], threading.Barrier(8), holdings().resident_bytes
threads = [threading.Thread(target=allocate) for _ in range(8)]
for one in threads: one.start()
for one in threads: one.join()
give_back_memory()
print(holdings().resident_bytes - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it is of glibc")
@pytest.mark.parametrize(
    ("chosen", "goes_back"),
    [
        ({}, True),
        (dict.fromkeys(sorted(CHOSEN - {"GLIBC_TUNABLES"}), str(32 << 20)), False),
    ],
)
def test_what_threads_have_freed_goes_back_to_the_system(
    chosen: dict[str, str], goes_back: bool
) -> None:
    known = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    others = {name: text for name, text in os.environ.items() if name not in CHOSEN}

    done = subprocess.run(
        [sys.executable, "-c", THREADS_ALLOCATE],
        check=True,
        capture_output=True,
        text=True,
        env=others | known | chosen,
    )

    assert (int(done.stdout) < 40 << 20) == goes_back


def test_little_memory_is_kept_once_there_is_a_browser(
    window: Window, classic: demo.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(scene, "keep_little_memory", lambda: calls.append("once"))

    window.browse(classic.url)

    assert calls == ["once"]
