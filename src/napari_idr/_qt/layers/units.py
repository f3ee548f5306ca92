"""Units of the layers of a viewer: one for all, else napari warns and uses none."""

from __future__ import annotations

import weakref
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QTimer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from napari.viewer import Viewer

PIXEL = "pixel"

KNOWN_UNITS = 64
"""More than layers of a viewer ever have; to spell one takes pint 13 µs, and the units
of all layers are looked at whenever one comes."""


class SceneUnits:
    """Gives our layers the units that all layers of a viewer can share.

    That is the one of the archive, µm, unless a layer of anybody's is in px: napari
    can't compare the two, says so again and again, and draws without units. So ours
    are in px as well then, of the same sizes in numbers (1 px is 1 µm), and in µm again
    when the other is gone. Only our own layers are changed.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._own: weakref.WeakKeyDictionary[Layer, tuple[str, ...]] = (
            weakref.WeakKeyDictionary()
        )
        self._agreeing = False
        # napari tells other packages of a new layer when it has drawn it, and warned.
        # That the units have come to differ it tells before.
        viewer.dims.events.units.connect(self._agree)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        for layer in viewer.layers:
            layer.events.units.connect(self._agree)

    def close(self) -> None:
        """Stop listening to the viewer."""
        self._viewer.dims.events.units.disconnect(self._agree)
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        self._own.clear()

    def set(self, layer: Layer, units: Sequence[object]) -> None:
        """Let a layer of ours have these units, if all others can be compared."""
        self._own[layer] = tuple(map(_name, units))
        self._agree()

    def _on_inserted(self, event: Any) -> None:
        event.value.events.units.connect(self._agree)
        self._agree()

    def _on_removed(self, event: Any) -> None:
        """Agree anew, once all layers are gone that go: a viewer may be closing.

        It can't slice any more what would change by then.
        """
        event.value.events.units.disconnect(self._agree)
        QTimer.singleShot(0, self._agree)

    def _agree(self, _: Any = None) -> None:
        if self._agreeing:  # with each of the layers napari tells that units differ
            return
        self._agreeing = True
        try:
            in_px = any(map(self._is_in_px, self._viewer.layers))
            for layer, own in tuple(self._own.items()):
                units = (PIXEL,) * len(own) if in_px else own
                if tuple(map(_name, layer.units)) != units:
                    layer.units = units
        finally:
            self._agreeing = False

    def _is_in_px(self, layer: Layer) -> bool:
        """Whether a layer, as it was made, has no unit of length in the plane."""
        units = self._own.get(layer) or tuple(map(_name, layer.units))
        return PIXEL in units[-2:]


@lru_cache(KNOWN_UNITS)
def _name(unit: object) -> str:
    return str(unit)
