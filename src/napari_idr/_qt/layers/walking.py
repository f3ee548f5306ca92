"""Arrow keys that walk from well to well while a layer of a plate is active."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_idr.services.plain_text import plain_text
from napari_idr.services.plate.walk import next_place

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_idr._qt.layers.plates import MosaicLayers
    from napari_idr.services.details import MosaicKey
    from napari_idr.services.mosaic import CellId

STEPS = {"Up": (-1, 0), "Down": (1, 0), "Left": (0, -1), "Right": (0, 1)}
"""By napari's names of the keys. Other layers keep them: there they move sliders."""

OPEN_KEY = "Enter"
COMPARE_KEY = "C"
"""Shows the wells that are selected side by side."""

REST_MS = 250
"""Until a walk has come to rest: what is known of each well passed isn't asked for."""


class WellWalker(QObject):
    """Binds keys on layers of plates as they become active, and on no others."""

    compareWanted = Signal()
    opened = Signal(object, object)  # MosaicShown, GridCell
    rested = Signal(object, object)  # likewise: the walk has come to rest there

    def __init__(
        self,
        viewer: Viewer,
        plates: MosaicLayers,
        plate_of: Callable[[Layer | None], MosaicKey | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._plates = plates
        self._plate_of = plate_of
        self._at: tuple[MosaicKey, CellId] | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._on_rest)
        viewer.layers.selection.events.active.connect(self._on_active)

    def close(self) -> None:
        """Stop following the viewer."""
        self._viewer.layers.selection.events.active.disconnect(self._on_active)

    def bind(self, layer: Layer, plate: MosaicKey) -> None:
        """Let the arrow keys walk the wells of a plate while a layer is active."""
        for key, step in STEPS.items():
            call = partial(self._walk, plate, step)
            layer.bind_key(key, _named(call), overwrite=True)
        compare = _named(self.compareWanted.emit)
        layer.bind_key(COMPARE_KEY, compare, overwrite=True)
        layer.bind_key(OPEN_KEY, _named(partial(self._open, plate)), overwrite=True)

    def _on_active(self, event: Any) -> None:
        layer = event.value
        plate = self._plate_of(layer)
        if plate is not None:
            self.bind(layer, plate)

    def _walk(self, plate: MosaicKey, step: tuple[int, int]) -> None:
        shown = self._plates.shown(plate)
        if shown is None:
            return
        selected = self._plates.selected_on(plate)
        place = shown.place_of(selected[-1]) if selected else None
        goal = next_place(shown.plate_map.places, place, step)
        well = None if goal is None else shown.plate_map.cell(*goal)
        if well is not None:
            cell = shown.id_of(well)
            self._plates.choose(plate, (cell,))
            self._plates.show_well(plate, cell)
            center = shown.plan.center(well.row, well.column)
            self._viewer.status = plain_text(shown.message_at(*center))
            self._at = plate, cell
            self._rest.start()

    def _on_rest(self) -> None:
        """Tell where the walk ended, unless somebody has gone elsewhere since."""
        if self._at is not None:
            plate, cell = self._at
            if self._plates.selected_on(plate)[-1:] == (cell,):
                self._tell(self.rested, plate)

    def _open(self, plate: MosaicKey) -> None:
        self._rest.stop()
        self._tell(self.opened, plate)

    def _tell(self, signal: Any, plate: MosaicKey) -> None:
        """Emit a signal with the well of a plate to go on from, if there is one."""
        shown = self._plates.shown(plate)
        selected = self._plates.selected_on(plate)
        if shown is None or not selected:
            return
        place = shown.place_of(selected[-1])
        cell = None if place is None else shown.plan.grid.cells[place[0]][place[1]]
        if cell is not None:
            signal.emit(shown, cell)


def _named(call: Callable[[], None]) -> Callable[[Any], None]:
    """Return a function for a key: napari asks for the name of each that is bound."""

    def on_key(_: Any) -> None:
        call()

    return on_key
