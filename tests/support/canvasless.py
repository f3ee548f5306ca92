"""A viewer that draws nothing: it takes layers, and takes milliseconds to make."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

from napari.components import ViewerModel
from pydantic import PrivateAttr
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget


class CanvaslessViewer(ViewerModel):
    """napari's own model of a viewer, beside an empty window."""

    _window: Any = PrivateAttr()

    def __init__(self) -> None:
        super().__init__()
        window = QMainWindow()
        canvas = SimpleNamespace(native=QWidget(window))
        self._window = SimpleNamespace(
            _qt_window=window,
            _qt_viewer=SimpleNamespace(canvas=canvas),
            add_dock_widget=partial(_dock, window),
        )

    @property
    def window(self) -> Any:
        return self._window


def _dock(window: QMainWindow, widget: QWidget, *, name: str, area: str) -> QDockWidget:
    """Dock a widget in a window, which is shown then."""
    assert area == "bottom"
    dock = QDockWidget(name, window)
    dock.setWidget(widget)
    window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
    window.resize(1000, 400)
    window.show()
    dock.show()
    return dock
