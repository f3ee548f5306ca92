"""The title of a plate, and letters and numbers that stay in sight at any zoom."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Points
from napari.utils.theme import get_theme
from superqt.utils import qdebounced

from napari_idr.services.plate.headings import View, headings_in_view

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_idr.services.plate.mosaic import MosaicPlan
    from napari_idr.services.plate.view import PlateShown

FOLLOW_MS = 80
"""The headings follow when the camera has rested for so long: moving them takes
napari 25 ms, as much as a frame."""

TEXT_POINTS = 10
"""The size of the letters on the screen; it doesn't change with the zoom."""

BACKING_PX = 20
BACKING_OPACITY = 0.7
"""Of the disc behind each letter: in a plate that is zoomed into, it lies on wells."""

LONGEST_BACKED = 3
"""Characters of a letter or a number; what is longer is a title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What stands in the layer; positions are (y, x) in px of the mosaic."""

    texts: tuple[str, ...] = ()
    positions: tuple[tuple[float, float], ...] = ()
    size: float = 1.0

    @property
    def backed(self) -> tuple[bool, ...]:
        """Which texts have a disc behind them."""
        return tuple(len(text) <= LONGEST_BACKED for text in self.texts)


class HeadingsLayer:
    """A Points layer of texts: beside the plate, or at the canvas's edge if need be."""

    def __init__(
        self, viewer: Viewer, shown: PlateShown, metadata: dict[str, Any]
    ) -> None:
        self._viewer = viewer
        self._plan, self._title = shown.plan, shown.name
        self._note = ""
        self._above = math.inf
        self._back = np.zeros(4)
        self.layer = Points(
            np.zeros((0, 2)),
            features={"label": np.array([], dtype=object)},
            text={"string": "{label}", "size": TEXT_POINTS, "anchor": "center"},
            size=1,
            symbol="disc",
            border_width=0,
            name=f"{shown.name} headings",
            projection_mode="none",
            metadata=metadata,
        )
        self._follow = qdebounced(self._place_if_seen, timeout=FOLLOW_MS)
        self._shown = _Shown()
        viewer.scene.camera.events.center.connect(self._on_moved)
        viewer.scene.camera.events.zoom.connect(self._on_moved)
        self.layer.events.scale.connect(self._on_moved)
        self.layer.events.visible.connect(self._on_moved)
        viewer.events.theme.connect(self._on_theme)
        self._place()
        self._on_theme()  # an empty layer would keep a colour for no point

    def show(self, shown: PlateShown) -> None:
        """Write the headings of what is shown now."""
        self._plan, self._title = shown.plan, shown.name
        self._place()

    def set_note(self, note: str) -> None:
        """Write a line below the title; "" for none."""
        if note != self._note:
            self._note = note
            self._place()

    def set_room_above(self, above: float) -> None:
        """Say how many px of the mosaic are free above it."""
        if above != self._above:
            self._above = above
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

    def _place_if_seen(self) -> None:
        # Not while napari adds the layer, which isn't seen until that is over.
        if self.layer.visible:
            self._place()

    def _on_theme(self, _: Any = None) -> None:
        theme = get_theme(self._viewer.theme)
        self.layer.text.color = theme.text.as_hex()
        red, green, blue = theme.canvas.as_rgb_tuple(alpha=False)
        self._back = np.array([red / 255, green / 255, blue / 255, BACKING_OPACITY])
        self.layer.current_face_color = self._back
        self._color_backing()

    def _color_backing(self) -> None:
        """Lay a disc behind each letter, and none behind a title, which is longer.

        A title lies beside the plate, where nothing is behind it.
        """
        backed = self._shown.backed
        if backed:
            clear = np.zeros(4)
            self.layer.face_color = np.array(
                [self._back if is_backed else clear for is_backed in backed]
            )

    def _place(self) -> None:
        """Put as many headings as fit where they can be seen."""
        camera, scale = self._viewer.scene.camera, self.layer.scale
        zoom = float(camera.zoom * scale[-1])
        center = (np.array(camera.center[-2:]) - self.layer.translate) / scale
        half = np.array(self._viewer.canvas.size) / max(zoom, 1e-9) / 2
        (top, left), (bottom, right) = center - half, center + half
        view = View(top=top, left=left, bottom=bottom, right=right, zoom=zoom)
        told: dict[str, Any] = {
            "title": self._title,
            "note": self._note,
            "above": self._above,
        }
        # Beside the plate where it isn't seen: writers of files fail at empty layers.
        seen = headings_in_view(self._plan, view, **told) or headings_in_view(
            self._plan, _whole(self._plan), **told
        )
        self._show(
            _Shown(
                texts=tuple(heading.label for heading in seen),
                positions=tuple((round(one.y, 2), round(one.x, 2)) for one in seen),
                # What lies behind a letter, as large on the screen at any zoom.
                size=round(BACKING_PX / max(zoom, 1e-9), 2),
            )
        )

    def _show(self, shown: _Shown) -> None:
        """Change what differs: napari draws, and measures all layers, with each."""
        before, self._shown = self._shown, shown
        if shown == before:
            return
        self.layer.current_size = shown.size  # of points that are added
        if shown.positions != before.positions:
            self.layer.data = np.array(shown.positions).reshape(-1, 2)
        if shown.backed != before.backed:
            self._color_backing()
        if shown.texts != before.texts:
            self.layer.features = {"label": np.array(shown.texts, dtype=object)}
        if shown.size != before.size:
            self.layer.size = shown.size
        elif shown.texts != before.texts:  # which alone draws nothing
            self.layer.refresh(thumbnail=False, highlight=False, extent=False)


def _whole(plan: MosaicPlan) -> View:
    """Return a view of all of a plate."""
    (height, width), (y, x) = plan.shape, plan.cell_shape
    return View(top=-y, left=-x, bottom=height, right=width, zoom=1.0)
