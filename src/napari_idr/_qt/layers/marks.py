"""Marks on the wells of a plate: hits, controls, and the well that is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Vectors
from superqt.utils import qdebounced

from napari_idr._qt.layers.rows import never_fewer, set_rows
from napari_idr.services.plate.marks import plan_marks, stepped_zoom

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_idr.services.mosaic import MosaicShown

FOLLOW_MS = 80
"""The lines keep their width on the screen; they follow once the camera rests."""


class MarksLayer:
    """A Vectors layer with lines that are as wide on the screen at any zoom."""

    def __init__(
        self, viewer: Viewer, shown: MosaicShown, metadata: dict[str, Any]
    ) -> None:
        self._viewer = viewer
        self._shown = shown
        self._selected: tuple[tuple[int, int], ...] = ()
        self._zoom = 0.0
        self.layer = Vectors(
            np.zeros((0, 2, 2), np.float32),
            name=f"{shown.name} hits",
            vector_style="line",
            opacity=1.0,
            # Later lines lie above earlier ones.
            blending="translucent_no_depth",
            projection_mode="none",
            metadata=metadata,
        )
        self._follow = qdebounced(self._draw_anew, timeout=FOLLOW_MS)
        viewer.scene.camera.events.zoom.connect(self._on_zoom)
        self.layer.events.scale.connect(self._on_zoom)
        self.layer.events.visible.connect(self._on_zoom)
        self._draw()

    def show(self, shown: MosaicShown) -> None:
        """Mark the wells of what is shown now; in another layout none is selected."""
        if shown.plan is not self._shown.plan:
            self._selected = ()  # places that may not be there any more
        self._shown = shown
        self._draw()

    def select(self, places: tuple[tuple[int, int], ...]) -> None:
        """Mark wells as selected, and no others."""
        if places != self._selected:
            self._selected = places
            self._draw()

    def close(self) -> None:
        """Stop following the camera."""
        self._viewer.scene.camera.events.zoom.disconnect(self._on_zoom)

    def _on_zoom(self, _: Any = None) -> None:
        if self.layer.visible:
            self._follow()

    @property
    def _zoom_now(self) -> float:
        zoom = float(self._viewer.scene.camera.zoom * self.layer.scale[-1])
        return stepped_zoom(zoom)

    def _draw_anew(self) -> None:
        # Not while napari adds the layer, which isn't seen until that is over.
        if self.layer.visible and self._zoom_now != self._zoom:
            self._draw()

    def _draw(self) -> None:
        shown, self._zoom = self._shown, self._zoom_now
        marks = plan_marks(
            shown.plan,
            hits=shown.hits,
            controls=shown.controls,
            failed=shown.failed,
            selected=self._selected,
            zoom=self._zoom,
        )
        self.layer.edge_width = marks.width
        vectors = never_fewer(self.layer, marks.vectors)
        set_rows(self.layer, vectors)
        if len(vectors):
            colors = np.zeros((len(vectors), 4), np.float32)
            colors[len(vectors) - len(marks.colors) :] = marks.colors
            self.layer.edge_color = colors
