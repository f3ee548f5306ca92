"""Row letters and column numbers that stay in sight at any zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Points
from napari.utils.theme import get_theme
from superqt.utils import qdebounced

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_idr.services.mosaic import MosaicPlan
    from napari_idr.services.plate_view import PlateShown

FOLLOW_MS = 80
"""The headings follow when the camera has rested for so long: moving them takes
napari 25 ms, as much as a frame."""

TEXT_POINTS = 10
"""The size of the letters on the screen; it doesn't change with the zoom."""

ROOM_PX = 18
"""The least distance on the screen, in px, between two headings."""


class HeadingsLayer:
    """A Points layer of texts: beside the plate, or at the canvas's edge if need be."""

    def __init__(
        self, viewer: Viewer, shown: PlateShown, metadata: dict[str, Any]
    ) -> None:
        self._viewer = viewer
        self._plan = shown.plan
        self.layer = Points(
            np.zeros((0, 2)),
            features={"label": np.array([], dtype=object)},
            text={"string": "{label}", "size": TEXT_POINTS, "anchor": "center"},
            size=1,
            face_color="transparent",
            border_color="transparent",
            name=f"{shown.name} headings",
            projection_mode="none",
            metadata=metadata,
        )
        self._follow = qdebounced(self._place, timeout=FOLLOW_MS)
        self._shown: tuple[Any, ...] = ()
        viewer.scene.camera.events.center.connect(self._on_moved)
        viewer.scene.camera.events.zoom.connect(self._on_moved)
        viewer.events.theme.connect(self._on_theme)
        self._on_theme()
        self._place()

    def set_plan(self, plan: MosaicPlan) -> None:
        """Write the headings of another plan."""
        self._plan = plan
        self._place()

    def close(self) -> None:
        """Stop following the camera."""
        camera = self._viewer.scene.camera
        camera.events.center.disconnect(self._on_moved)
        camera.events.zoom.disconnect(self._on_moved)
        self._viewer.events.theme.disconnect(self._on_theme)

    def _on_moved(self, _: Any = None) -> None:
        if self.layer.visible:
            self._follow()

    def _on_theme(self, _: Any = None) -> None:
        color = get_theme(self._viewer.theme).text
        self.layer.text.color = color.as_hex()

    def _place(self) -> None:
        """Put as many headings as fit where they can be seen."""
        zoom = self._viewer.scene.camera.zoom * self.layer.scale[-1]
        if not (zoom > 0 and np.isfinite(zoom)):
            return
        center = np.array(self._viewer.scene.camera.center[-2:])
        center = (center - self.layer.translate) / self.layer.scale
        half = np.array(self._viewer.canvas.size) / zoom / 2
        margin = ROOM_PX / zoom
        top, left = center - half + margin / 1.5
        texts, positions = [], []
        for headings, axis, _edge in (
            (self._plan.row_headings(), 0, left),
            (self._plan.column_headings(), 1, top),
        ):
            step = max(1, int(np.ceil(margin / self._plan.pitch[axis])))
            for heading in headings[::step]:
                y, x = heading.y, heading.x
                # The letters keep their distance from the cells on the screen.
                x = max(min(x, -margin / 1.5), left) if axis == 0 else x
                y = max(min(y, -margin / 1.5), top) if axis == 1 else y
                texts.append(heading.label)
                positions.append((y, x))
        key = (tuple(texts), np.round(positions, 2).tobytes())
        if key == self._shown:
            return
        same_texts = self._shown and self._shown[0] == key[0]
        self._shown = key
        self.layer.data = np.array(positions)
        if not same_texts:
            self.layer.features = {"label": np.array(texts, dtype=object)}
