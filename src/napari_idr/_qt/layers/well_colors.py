"""Colours of the wells: for each plate that has some, a picture above its mosaic."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from qtpy.QtCore import QObject, QTimer, Signal
from superqt.utils import qdebounced

from napari_idr._qt.layers.adding import add_layer, remove_layers
from napari_idr._qt.layers.well_status import set_status
from napari_idr.services.details import MosaicKey
from napari_idr.services.plate.marks import is_tinted
from napari_idr.services.wells.look import CELL_DOTS, colors_picture

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_idr._qt.layers.plates import MosaicLayers
    from napari_idr._qt.layers.units import SceneUnits
    from napari_idr.services.mosaic import MosaicShown
    from napari_idr.services.wells.look import ColorStyle

FOLLOW_MS = 80
"""Frames become fills, and fills frames, once the camera rests."""


@dataclass(slots=True)
class _Colored:
    """A plate's colours, and the layer that shows them."""

    shown: MosaicShown
    colors: NDArray[np.float32] | None
    style: ColorStyle
    hidden: NDArray[np.bool_] | None
    layer: Image | None = None
    drawn_as: ColorStyle | None = None
    placed: tuple[object, ...] = ()  # by what it lies where it does


class WellColors(QObject):
    """The layers with the colours of wells; each goes where its plate goes."""

    dismissed = Signal(object)  # MosaicKey: a person has removed its colours

    def __init__(
        self,
        viewer: Viewer,
        plates: MosaicLayers,
        units: SceneUnits,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._plates = plates
        self._units = units
        self._colored: dict[MosaicKey, _Colored] = {}
        self._aside: dict[MosaicKey, _Colored] = {}
        self._follow = qdebounced(self._draw_anew, timeout=FOLLOW_MS)
        viewer.scene.camera.events.zoom.connect(self._on_zoom)
        viewer.layers.events.removed.connect(self._on_removed)
        plates.changed.connect(self._on_changed)
        plates.arrived.connect(self._on_arrived)

    def show(
        self,
        shown: MosaicShown,
        colors: NDArray[np.float32] | None,
        style: ColorStyle,
        hidden: NDArray[np.bool_] | None = None,
    ) -> None:
        """Show the colours of a plate's wells, RGBA (n, 4); None for no colours.

        Wells that are `hidden` are covered.
        """
        if colors is None and (hidden is None or not hidden.any()):
            self.remove(shown.key)
            return
        known = self._colored.get(shown.key)
        if known is None:
            known = self._colored[shown.key] = _Colored(shown, colors, style, hidden)
        known.shown, known.colors = shown, colors
        known.style, known.hidden = style, hidden
        self._draw(known)

    def remove(self, key: MosaicKey) -> None:
        """Show a plate without colours."""
        known = self._colored.pop(key, None)
        if known is not None and known.layer is not None:
            self._leave(known)
            remove_layers(self._viewer, [known.layer])

    def put_aside(self) -> None:
        """Take out the colours of all plates, and keep what they are."""
        kept = dict(self._colored)
        for key in kept:
            self.remove(key)
        self._aside = kept

    def put_back(self) -> None:
        """Draw again the colours that were put aside; their plates have come."""
        kept, self._aside = self._aside, {}
        for key, known in kept.items():
            shown = self._plates.shown(key)
            if shown is not None and key not in self._colored:
                self.show(shown, known.colors, known.style, known.hidden)

    def layer(self, key: MosaicKey) -> Layer | None:
        """Return the layer with the colours of a plate, None if it has none."""
        known = self._colored.get(key)
        return None if known is None else known.layer

    def key_of(self, layer: Layer | None) -> MosaicKey | None:
        """Return the plate whose colours a layer shows, None if it shows none."""
        found = (key for key, one in self._colored.items() if one.layer is layer)
        return None if layer is None else next(found, None)

    def close(self) -> None:
        """Stop following the viewer; what is shown stays."""
        self._viewer.scene.camera.events.zoom.disconnect(self._on_zoom)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        for known in self._colored.values():
            self._leave(known)

    def _draw(self, known: _Colored) -> None:
        shown = known.shown
        known.drawn_as = self._style_now(known)
        picture = colors_picture(
            shown.plan,
            [(well.row, well.column) for well in shown.plate_map.table.wells],
            known.colors,
            style=known.drawn_as,
            hidden=known.hidden,
        )
        name = f"{shown.name} colours"
        if known.layer is None:
            if not self._plates.is_whole(shown.key):
                return  # once it has arrived
            if self._plates.layers_of(shown.key)[0] not in self._viewer.layers:
                return
            known.layer = Image(
                picture,
                rgb=True,
                name=name,
                axis_labels=("y", "x"),
                blending="translucent_no_depth",
                projection_mode="none",
                metadata=shown.metadata,
            )
            self._add(known, known.layer)
            return
        self._repaint(known.layer, picture)
        if known.layer.name != name:
            known.layer.name = name
        known.layer.metadata = shown.metadata
        self._place(known)

    def _repaint(self, layer: Image, picture: NDArray[np.uint8]) -> None:
        """Show another picture; one of the same size where the first lies in memory.

        Else napari would measure all layers anew, which takes as long as a repaint.
        """
        if layer.data.shape == picture.shape:
            layer.data[...] = picture
            layer.refresh(highlight=False, extent=False)
        else:
            layer.data = picture

    def _add(self, known: _Colored, layer: Image) -> None:
        """Put the layer right above the mosaic; what is active stays so."""
        layers = self._viewer.layers
        mosaic, _, marks, _ = self._plates.layers_of(known.shown.key)
        self._place(known)
        set_status(layer, self._plates.message_at)
        for event in (marks.events.scale, marks.events.translate):
            event.connect(self._on_placed)
        if add_layer(self._viewer, layer, activate=False) is not None:
            self._colored.pop(known.shown.key, None)
            return
        layers.move(layers.index(layer), layers.index(mosaic) + 1)

    def _leave(self, known: _Colored) -> None:
        layers = self._plates.layers_of(known.shown.key)
        if layers:
            events = layers[2].events
            for event in (events.scale, events.translate):
                event.disconnect(self._on_placed)

    def _on_placed(self, _: Any = None) -> None:
        for known in self._colored.values():
            self._place(known)

    def _place(self, known: _Colored) -> None:
        """Lay the picture over the mosaic, a cell of it over a cell."""
        layers = self._plates.layers_of(known.shown.key)
        if known.layer is None or not layers:
            return
        marks = layers[2]
        units = self._plates.units_of(known.shown.key)
        pitch = known.shown.plan.pitch
        by = (*marks.scale, *marks.translate, *pitch, *units)
        if by == known.placed:
            return  # even what stays as it is makes napari measure all layers anew
        known.placed = by
        dot = np.array(pitch) / CELL_DOTS
        with warnings.catch_warnings():
            # Until the last layer has it their units differ.
            warnings.filterwarnings("ignore", message="Inconsistent units")
            known.layer.scale = marks.scale * dot
            # The first px of either begins at -0.5.
            known.layer.translate = marks.translate + marks.scale * (dot - 1) / 2
            self._units.set(known.layer, units)

    def _style_now(self, known: _Colored) -> ColorStyle:
        """Return how wells are coloured: in small ones a frame is all there is."""
        if known.style != "frames":
            return known.style
        zoom = float(self._viewer.scene.camera.zoom * _scale(known, self._plates))
        return "fill" if is_tinted(known.shown.plan, zoom) else "frames"

    def _on_zoom(self, _: Any = None) -> None:
        if any(known.style == "frames" for known in self._colored.values()):
            self._follow()

    def _draw_anew(self) -> None:
        for known in tuple(self._colored.values()):
            if known.drawn_as != self._style_now(known):
                self._draw(known)

    def _on_changed(self, key: MosaicKey) -> None:
        if key in self._colored and not self._plates.layers_of(key):
            # Later: who removes several layers counts on the others being there.
            QTimer.singleShot(0, lambda: self.remove(key))

    def _on_arrived(self, key: MosaicKey) -> None:
        known = self._colored.get(key)
        if known is not None and known.layer is None:
            self._draw(known)

    def _on_removed(self, event: Any) -> None:
        key = self.key_of(event.value)
        if key is not None:
            self._leave(self._colored.pop(key))
            self.dismissed.emit(key)


def _scale(known: _Colored, plates: MosaicLayers) -> float:
    layers = plates.layers_of(known.shown.key)
    return float(layers[2].scale[-1]) if layers else 1.0
