"""How long the GUI thread was busy, beside what napari itself needs."""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image
from napari.settings import get_settings
from qtpy.QtCore import QEventLoop, QObject, Qt, QTimer
from qtpy.QtWidgets import QApplication

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from napari.layers import Layer

    from support.window import Window

BEAT_MS = 10


class Heartbeat(QObject):
    """Notes when the GUI thread was free."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []
        self.busy: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)

    def _beat(self) -> None:
        self.times.append(time.perf_counter())
        self.busy.append(time.thread_time())

    def longest_gap_ms(self, begin: float, end: float) -> float:
        """Return the longest time between two beats."""
        inside = [begin, *(beat for beat in self.times if begin < beat < end), end]
        return 1000 * float(np.diff(inside).max())

    def longest_work_ms(self, end: float) -> float:
        """Return what the GUI thread itself did at most between two beats."""
        work = np.diff(self.busy)
        return 1000 * float(work[np.array(self.times[1:]) <= end].max())

    def stop(self) -> None:
        """Note nothing more."""
        self._timer.stop()


@contextmanager
def calm() -> Iterator[None]:
    """Keep Python's collector away.

    It stops the process for as long as a repaint, to look through all that napari and
    the tests before have made, and whoever comes next is found busy.
    """
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def slicing(*, in_a_thread: bool) -> Iterator[None]:
    """Let napari slice on the GUI thread, as it does by itself, or in another one."""
    settings = get_settings().experimental
    before = settings.async_
    settings.async_ = in_a_thread
    try:
        yield
    finally:
        settings.async_ = before


def repaint_ms(window: Window) -> float:
    """Return what one refresh and repaint of all layers takes, at the 95th of 100."""
    took = []
    for _ in range(20):
        began = time.perf_counter()
        for layer in window.viewer.layers:
            if layer.visible:
                layer.refresh()
        window.canvas.repaint()
        QApplication.processEvents()
        took.append(1000 * (time.perf_counter() - began))
    return float(np.percentile(took, 95))


def longest_gap_ms(moves: Iterable[Callable[[], None]], *, every_ms: int) -> float:
    """Make moves in a window and return the longest time it was busy meanwhile.

    As with a person's, whatever else is due happens between two of them.
    """
    heart, loop, timer, waiting = Heartbeat(), QEventLoop(), QTimer(), iter(moves)

    def move() -> None:
        try:
            next(waiting)()
        except StopIteration:
            loop.quit()
        else:
            timer.start(every_ms)

    timer.setSingleShot(True)
    timer.timeout.connect(move)
    with calm():
        began = time.perf_counter()
        timer.start(every_ms)
        loop.exec()
    heart.stop()
    return heart.longest_gap_ms(began, time.perf_counter())


def in_memory(layer: Layer) -> Image:
    """Return a layer of the same kind and sizes whose pixels are there already.

    They are all 0, and take no memory: what napari needs to draw it doesn't depend
    on them.
    """
    levels = layer.data if layer.multiscale else [layer.data]
    zero = np.zeros((), layer.dtype)
    data = [np.broadcast_to(zero, level.shape) for level in levels]
    return Image(
        data if layer.multiscale else data[0],
        multiscale=layer.multiscale,
        rgb=layer.rgb,
        scale=layer.scale,
        translate=layer.translate,
        units=layer.units,
        axis_labels=layer.axis_labels,
        colormap=layer.colormap,
        contrast_limits=None if layer.rgb else layer.contrast_limits,
        blending=layer.blending,
        projection_mode="none",
        name=f"{layer.name}, in memory",
    )
