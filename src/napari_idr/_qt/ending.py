"""What is done once when a widget, its window or the program ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QCoreApplication

if TYPE_CHECKING:
    from collections.abc import Callable

    from qtpy.QtWidgets import QWidget

    from napari_idr._qt.layers.scene import ViewerScene


class Ending:
    """Calls what ends something, once, and forgets it.

    The signal of the program's end keeps what it calls, and so would keep a window that
    was closed long before with all that it showed.
    """

    def __init__(self, *calls: Callable[[], object]) -> None:
        self._calls = calls

    def __call__(self, *_: object) -> None:
        calls, self._calls = self._calls, ()
        for call in calls:
            call()


def end_with(widget: QWidget, scene: ViewerScene, *calls: Callable[[], object]) -> None:
    """Call once when a widget, the window of its scene or the program ends.

    The calls must not touch the widget, which may be gone by then.
    """
    ending = Ending(*calls)
    widget.destroyed.connect(ending)
    # A dock widget's content hears nothing of the window's closing but this.
    scene.windowClosed.connect(ending)
    app = QCoreApplication.instance()
    if app is not None:
        app.aboutToQuit.connect(ending)
