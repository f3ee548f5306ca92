"""Marks on the wells of a plate: hits, controls, and the well that is selected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from superqt.utils import qdebounced

from napari_idr._qt.layers.reach import Vectors
from napari_idr._qt.layers.rows import never_fewer, set_rows
from napari_idr._qt.layers.sight import view_of
from napari_idr.services.plate.marks import plan_marks, stepped_zoom

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.viewer import Viewer

    from napari_idr.services.mosaic import MosaicShown, Place
    from napari_idr.services.plate.marks import Marks

FOLLOW_MS = 80
"""The lines keep their width on the screen; they follow once the camera rests."""


class MarksLayer:
    """A Vectors layer with lines that are as wide on the screen at any zoom.

    They are drawn for the zoom of the moment while something of the mosaic is seen.

    Parameters
    ----------
    viewer
        Whose camera and canvas are followed.
    shown
        What is marked.
    selected
        The (row, column) of the wells that are selected.
    colored
        Whether wells have colours, which are to be seen.
    place
        What the layer is made with besides: where it lies, whether it is seen ...
    """

    def __init__(
        self,
        viewer: Viewer,
        shown: MosaicShown,
        selected: tuple[Place, ...],
        place: dict[str, Any],
        *,
        colored: bool = False,
    ) -> None:
        self._viewer = viewer
        self._shown = shown
        self._selected = selected
        self._colored = colored
        self._zoom = _zoom(viewer, place["scale"])
        self._drawn = self._due
        marks = self._planned()
        self.layer = Vectors(
            marks.vectors,
            edge_width=marks.width,
            **({"edge_color": marks.colors} if len(marks.colors) else {}),
            name=f"{shown.name} hits",
            vector_style="line",
            opacity=1.0,
            # Later lines lie above earlier ones.
            blending="translucent_no_depth",
            **place,
        )
        self._reach()
        self._follow = qdebounced(self._draw_anew, timeout=FOLLOW_MS)
        viewer.scene.camera.events.center.connect(self._on_moved)
        viewer.scene.camera.events.zoom.connect(self._on_moved)
        viewer.canvas.events.size.connect(self._on_moved)  # more may be in sight
        self.layer.events.scale.connect(self._on_moved)
        self.layer.events.visible.connect(self._on_moved)

    def show(self, shown: MosaicShown) -> bool:
        """Mark the wells of what is shown now; in another layout none is selected.

        Returns whether anything has changed.
        """
        if shown.plan is not self._shown.plan:
            self._selected = ()  # places that may not be there any more
        self._shown = shown
        self._reach()
        return self._draw()

    def _reach(self) -> None:
        height, width = self._shown.plan.shape
        self.layer.reach = (0.0, 0.0), (height - 1.0, width - 1.0)

    def select(self, places: tuple[Place, ...]) -> None:
        """Mark wells as selected, and no others."""
        if places != self._selected:
            self._selected = places
            self._draw()

    def set_colored(self, *, colored: bool) -> None:
        """Say whether wells have colours, which are to be seen."""
        if colored != self._colored:
            self._colored = colored
            self._draw()

    def close(self) -> None:
        """Stop following the viewer."""
        camera = self._viewer.scene.camera
        camera.events.center.disconnect(self._on_moved)
        camera.events.zoom.disconnect(self._on_moved)
        self._viewer.canvas.events.size.disconnect(self._on_moved)

    def _on_moved(self, _: Any = None) -> None:
        if self.layer.visible and self._zoom_now != self._zoom:
            self._follow()

    @property
    def _zoom_now(self) -> float:
        return _zoom(self._viewer, self.layer.scale)

    def _draw_anew(self) -> None:
        # Not while napari adds the layer, which isn't seen until that is over.
        layer = self.layer
        if not layer.visible or self._zoom_now == self._zoom:
            return
        if view_of(self._viewer, layer.scale, layer.translate).shows(self._shown.plan):
            self._draw()

    @property
    def _due(self) -> tuple[object, ...]:
        """All that the lines depend on."""
        shown = self._shown
        marked = shown.hits, shown.controls, shown.failed, self._selected
        return shown.plan, *map(frozenset, marked), self._colored, self._zoom

    def _planned(self) -> Marks:
        shown = self._shown
        return plan_marks(
            shown.plan,
            hits=shown.hits,
            controls=shown.controls,
            failed=shown.failed,
            selected=self._selected,
            colored=self._colored,
            zoom=self._zoom,
        )

    def _draw(self) -> bool:
        """Draw the lines, unless the same are there; tell whether they weren't."""
        self._zoom = self._zoom_now
        before, self._drawn = self._drawn, self._due
        if before == self._drawn:
            return False
        marks = self._planned()
        self.layer.edge_width = marks.width
        vectors = never_fewer(self.layer, marks.vectors)
        set_rows(self.layer, vectors)
        if len(vectors):
            colors = np.zeros((len(vectors), 4), np.float32)
            colors[len(vectors) - len(marks.colors) :] = marks.colors
            self.layer.edge_color = colors
        return True


def _zoom(viewer: Viewer, scale: Sequence[float]) -> float:
    return stepped_zoom(float(viewer.scene.camera.zoom * scale[-1]))
