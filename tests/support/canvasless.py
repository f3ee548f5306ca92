"""A viewer without a canvas: it takes layers, and takes milliseconds to make."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from napari.components import ViewerModel
from pydantic import PrivateAttr
from qtpy.QtWidgets import QMainWindow


class CanvaslessViewer(ViewerModel):
    """napari's own model of a viewer, beside an empty window."""

    _window: Any = PrivateAttr()

    def __init__(self) -> None:
        super().__init__()
        self._window = SimpleNamespace(_qt_window=QMainWindow())

    @property
    def window(self) -> Any:
        return self._window
