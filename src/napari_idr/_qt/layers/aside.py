"""Layers put aside: all of ours closed at once, and brought back if that was wrong."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from qtpy.QtCore import QObject, Signal

from napari_idr._qt.layers.adding import add_layer, remove_layers

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_idr._qt.layers.adding import TurnQueue
    from napari_idr._qt.layers.scene import ViewerScene


BACK: Final = "back"


@dataclass(frozen=True, slots=True)
class _Kept:
    """Layers with their places in the list of layers, and how they were looked at."""

    layers: tuple[tuple[int, Layer, bool], ...]  # place, layer, whether it was seen
    active: Layer | None
    zoom: float
    center: tuple[float, ...]
    point: tuple[float, ...]


class LayersAside(QObject):
    """Closes all IDR layers of a viewer, and brings them back as they were.

    Ours are those that remember where they come from; what a person drew isn't. They
    are kept, with their pixels, until others are closed in this way.
    """

    changed = Signal()  # there is something else to close or to bring back
    broughtBack = Signal(int)  # so many layers

    def __init__(self, viewer: Viewer, scene: ViewerScene, turns: TurnQueue) -> None:
        super().__init__(scene)
        self._viewer = viewer
        self._scene = scene
        self._turns = turns
        self._kept: _Kept | None = None
        self._coming: _Kept | None = None
        viewer.layers.events.inserted.connect(self._on_layers)
        viewer.layers.events.removed.connect(self._on_layers)

    def close(self) -> None:
        """Stop listening to the viewer."""
        self._viewer.layers.events.inserted.disconnect(self._on_layers)
        self._viewer.layers.events.removed.disconnect(self._on_layers)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of ours that are in the viewer."""
        return tuple(one for one in self._viewer.layers if "idr" in one.metadata)

    @property
    def count(self) -> int:
        """How many layers can be brought back."""
        return 0 if self._kept is None else len(self._kept.layers)

    @property
    def is_coming_back(self) -> bool:
        """Whether layers are being brought back."""
        return self._coming is not None

    def close_all(self) -> int:
        """Take all IDR layers out of the viewer; return how many."""
        scene, viewer = self._scene, self._viewer
        scene.coming.complete()
        if self._coming is not None:  # in the middle of coming back
            self._turns.forget(BACK)
            self._finish(self._coming)
        if not self.layers:
            return 0
        self._drop()
        before = len(viewer.layers)
        scene.colors.put_aside()  # drawn anew when their plates come back
        layers = self.layers
        camera, there = viewer.scene.camera, list(viewer.layers)
        self._kept = _Kept(
            layers=tuple((there.index(one), one, bool(one.visible)) for one in layers),
            active=viewer.layers.selection.active,
            zoom=float(camera.zoom),
            center=tuple(camera.center),
            point=tuple(viewer.dims.point),
        )
        scene.plates.put_aside()
        scene.images.put_aside()
        scene.strips.put_aside()
        scene.refresher.put_aside(layers)
        remove_layers(viewer, layers)
        # Layers that come while they can be seen are drawn half made: OpenGL crashes,
        # as headings and marks follow the camera, which napari moves for the first.
        for layer in layers:
            layer.visible = False
        self.changed.emit()
        return before - len(viewer.layers)

    def bring_back(self) -> None:
        """Put the layers that were closed into the viewer again, one by one."""
        kept, self._kept = self._kept, None
        if kept is None:
            return
        self._coming = kept
        calls = [partial(self._insert, index, layer) for index, layer, _ in kept.layers]
        self._turns.add(BACK, *calls, partial(self._finish, kept))
        self.changed.emit()

    def _insert(self, index: int, layer: Layer) -> None:
        scene, layers = self._scene, self._viewer.layers
        if scene.plates.is_replaced(layer) or scene.images.is_replaced(layer):
            return  # opened again meanwhile
        scene.refresher.put_back(layer)
        last = len(layers)
        if add_layer(self._viewer, layer) is None and index < last:
            layers.move(last, index)

    def _finish(self, kept: _Kept) -> None:
        scene, viewer = self._scene, self._viewer
        self._coming = None
        scene.plates.put_back()
        scene.images.put_back()
        scene.strips.put_back()
        without_colors = len(viewer.layers)
        scene.colors.put_back()
        colors = len(viewer.layers) - without_colors
        scene.refresher.drop_aside()  # what hasn't come back
        back = [layer for _, layer, _ in kept.layers if layer in viewer.layers]
        for _, layer, visible in kept.layers:
            layer.visible = visible
        viewer.layers.selection.active = kept.active if kept.active in back else None
        if len(kept.point) == viewer.dims.ndim:
            viewer.dims.set_point(range(viewer.dims.ndim), kept.point)
        viewer.scene.camera.center, viewer.scene.camera.zoom = kept.center, kept.zoom
        self.changed.emit()
        self.broughtBack.emit(len(back) + colors)

    def _drop(self) -> None:
        """Let go of what was closed before."""
        self._kept = None
        scene = self._scene
        scene.plates.drop_aside()
        scene.images.drop_aside()
        scene.strips.drop_aside()
        scene.refresher.drop_aside()

    def _on_layers(self, _: Any = None) -> None:
        self.changed.emit()
