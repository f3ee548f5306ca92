"""Layers far from what is seen, which aren't drawn."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from napari_idr._qt.layers.canvas import canvas_of
from napari_idr._qt.layers.sight import is_in_sight

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer

logger = logging.getLogger(__name__)

BEYOND: Final = 1.0
"""What is further away than a canvas is far: titles are wider than their plates."""


class FarLayers:
    """Leaves layers of the archive that are far from what is seen out of a drawing.

    vispy draws all that is visible, wherever it lies: 0.6 ms of Python for each layer,
    in each frame. napari works out before which part of each layer is seen, hidden ones
    included: another 0.2 ms. With sixteen plates in the viewer that is twice as much as
    for what is seen. Whether one is far is looked at in each frame, so that nothing has
    to be followed.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._left_out: WeakSet[Layer] = WeakSet()
        try:
            self._canvas = canvas_of(viewer)
            self._draw = self._canvas._scene_canvas.events.draw
            self._draw.connect(self._on_draw, position="first")
        except AttributeError:  # another napari, or a viewer that draws nothing
            logger.debug("all layers are drawn", exc_info=True)
            self._draw = None
        viewer.layers.events.removed.connect(self._on_removed)

    def close(self) -> None:
        """Follow no more drawings."""
        if self._draw is not None:
            self._draw.disconnect(self._on_draw)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        for layer in self._left_out:
            _follow_canvas(layer)

    def _on_removed(self, event: Any) -> None:
        """Let go of a layer, which may go into another viewer."""
        self._left_out.discard(event.value)
        _follow_canvas(event.value)

    def _on_draw(self, _: Any = None) -> None:
        viewer, visuals = self._viewer, self._canvas.layer_to_visual
        for layer in viewer.layers:
            if "idr" not in layer.metadata or layer not in visuals:
                continue
            node = visuals[layer].node
            if not is_in_sight(viewer, layer, beyond=BEYOND):
                node.visible = False
                self._left_out.add(layer)
                _follow_nothing(layer)
            elif layer in self._left_out:
                self._left_out.remove(layer)
                _follow_canvas(layer)
                # As napari says it; of the kinds of layers images have such a slice.
                is_empty = getattr(getattr(layer, "_slice", None), "empty", False)
                node.visible = layer.visible and not is_empty


def _follow_nothing(layer: Layer) -> None:
    """Let napari not work out any more which part of a layer is seen."""
    vars(layer)["_update_draw"] = _nothing


def _follow_canvas(layer: Layer) -> None:
    """Let napari work it out again: it does so later in the same frame."""
    vars(layer).pop("_update_draw", None)


def _nothing(*_: Any, **__: Any) -> None:
    """Stand in for what napari asks of a layer before each frame."""
