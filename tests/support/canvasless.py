"""A viewer that draws nothing: it takes layers, and takes milliseconds to make."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from napari.components import ViewerModel
from pydantic import PrivateAttr
from qtpy.QtWidgets import QMainWindow, QWidget


class CanvaslessViewer(ViewerModel):
    """napari's own model of a viewer, beside an empty window."""

    _window: Any = PrivateAttr()

    def __init__(self) -> None:
        super().__init__()
        window = QMainWindow()
        canvas = SimpleNamespace(native=QWidget(window))
        self._window = SimpleNamespace(
            _qt_window=window, _qt_viewer=SimpleNamespace(canvas=canvas)
        )

    @property
    def window(self) -> Any:
        return self._window
