"""What the camera was moved to, kept in the frame while the canvas changes its size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer
    from numpy.typing import NDArray

FILLED = 0.95
"""How much of the canvas is filled by what one looks at, along the tighter side."""

Box = tuple["NDArray[np.float64]", "NDArray[np.float64]"]
"""The lowest and the highest (y, x) of something in the world."""


class Framing:
    """Moves the camera so that something fills the canvas, and keeps it so.

    The canvas changes its size after a plate was added: napari shows the controls of
    the layer that has become active. What fills the canvas is fitted anew then, until
    somebody moves the camera.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._box: Callable[[], Box | None] | None = None
        self._fitted: tuple[Any, ...] = ()
        self._fitting = False
        viewer.canvas.events.size.connect(self._on_size)
        viewer.scene.camera.events.connect(self._on_moved)

    @property
    def is_moving(self) -> bool:
        """Whether it is what moves the camera at this moment."""
        return self._fitting

    def close(self) -> None:
        """Stop listening to the viewer."""
        self._viewer.canvas.events.size.disconnect(self._on_size)
        self._viewer.scene.camera.events.disconnect(self._on_moved)

    def fit(self, box: Callable[[], Box | None]) -> None:
        """Let something fill the canvas.

        Parameters
        ----------
        box
            Returns where it is, whenever asked; None when it is gone.
        """
        self._box = box
        self._fit()

    def refit(self) -> None:
        """Let what fills the canvas fill it still, unless somebody moved the camera."""
        if self._box is not None:
            self._fit()

    def _fit(self) -> None:
        found = None if self._box is None else self._box()
        if found is None:
            self._box = None
            return
        low, high = found
        size = np.maximum(high - low, 1e-9)
        canvas = tuple(self._viewer.canvas.size)
        camera = self._viewer.scene.camera
        self._fitting = True
        try:
            camera.center = (0.0, *((low + high) / 2).tolist())
            camera.zoom = FILLED * float(np.min(np.array(canvas) / size))
        finally:
            self._fitting = False
        self._fitted = (canvas, tuple(camera.center), camera.zoom)

    def _on_moved(self, _: Any = None) -> None:
        """Leave the camera alone once somebody else has moved it.

        While the canvas is of another size, its zoom is a consequence of that.
        """
        if self._box is None or self._fitting:
            return
        camera = self._viewer.scene.camera
        canvas, center, zoom = self._fitted
        moved = not np.allclose(camera.center, center)
        same_size = tuple(self._viewer.canvas.size) == canvas
        if moved or (same_size and not np.isclose(camera.zoom, zoom)):
            self._box = None

    def _on_size(self, _: Any = None) -> None:
        if not self._fitting:
            self.refit()
