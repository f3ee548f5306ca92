"""The plates and galleries in a viewer: where they lie, what is shown and selected."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_idr._qt.layers.adding import (
    add_layer,
    make_active,
    remove_layers,
)
from napari_idr._qt.layers.framing import Box, Framing
from napari_idr._qt.layers.mosaic_group import MosaicGroup
from napari_idr._qt.layers.mosaic_image import Image
from napari_idr._qt.layers.units import SceneUnits
from napari_idr.model import GridCell
from napari_idr.services.details import MosaicKey
from napari_idr.services.mosaic import CellId, MosaicShown
from napari_idr.services.plate.headings import heading_room

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_idr._qt.layers.adding import TurnQueue
    from napari_idr._qt.layers.refresher import LayerRefresher
    from napari_idr.services.plate.mosaic import MosaicSummary
    from napari_idr.services.wells.colors import Legend

PICTURE_MS = 700
"""Other layers wait so long for the first thumbnails: one answer of a quick server."""


class MosaicLayers(QObject):
    """The layers of all plates and galleries in a viewer. Touches no other layers."""

    arrived = Signal(object)  # MosaicKey: none of its layers waits any more
    failed = Signal(object, str)  # MosaicKey, and why it can't be shown
    changed = Signal(object)  # MosaicKey: other things are shown of it, or nothing
    wellsSelected = Signal(object, object)  # MosaicKey, and the ids of wells

    def __init__(
        self,
        viewer: Viewer,
        refresher: LayerRefresher,
        units: SceneUnits,
        framing: Framing,
        turns: TurnQueue,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._refresher = refresher
        self._units = units
        self._framing = framing
        self._groups: dict[MosaicKey, MosaicGroup] = {}
        self._aside: dict[MosaicKey, MosaicGroup] = {}
        self._turns = turns
        # How wide an image of a plate is; None stands for plates that don't know yet.
        self._widths_um: dict[MosaicKey | None, float] = {}
        self._selected: tuple[MosaicKey, CellId] | None = None
        self._chosen: tuple[MosaicKey, tuple[CellId, ...]] | None = None
        # Those on other mosaics, which stay selected beside them.
        self._kept: dict[MosaicKey, tuple[CellId, ...]] = {}
        viewer.layers.events.removed.connect(self._on_removed)

    def show(self, shown: MosaicShown, *, look: bool = True) -> None:
        """Show a plate or a gallery: in its layers if it has them, else in new ones.

        With `look` it becomes the active layer, and the camera moves to it. New layers
        come one by one; `arrived` is emitted after the last, and when they don't come.
        Meanwhile the canvas may be painted: they show what it holds.
        """
        key, group = shown.key, self._groups.get(shown.key)
        if group is not None:
            self._turns.add(key, *group.show(shown))
        else:
            top = max((one.bottom for one in self._groups.values()), default=None)
            px_um = self._px_um(shown)
            group = MosaicGroup(
                self._viewer,
                self._refresher,
                self._units,
                shown,
                origin=_origin(shown, top, px_um),
                px_um=px_um,
                status_at=self.message_at,
            )
            self._groups[key] = group
            self._mark_selected()
        if look:
            self._reveal(group)
        else:
            self._update(group)
            self._turns.add(key, self._framing.refit)
        self._turns.add(key, group.show_headings, partial(self._show_marks, group))
        self._turns.add(key, partial(self.arrived.emit, key))
        self.changed.emit(key)

    def _show_marks(self, group: MosaicGroup) -> bool:
        changed = group.show_marks()
        self._mark_selected()
        return changed

    def _update(self, group: MosaicGroup) -> None:
        """Put layers that have something to show in the viewer, and no others."""
        for part in group.parts:
            self._turns.add(
                group.shown.key,
                partial(self._make, group, part),
                partial(self._put, group, part),
            )

    def _make(self, group: MosaicGroup, part: Callable[[], Layer]) -> bool:
        """Make a layer that isn't made; tell whether it wasn't."""
        before = len(group.made)
        part()
        return len(group.made) > before

    def _put(self, group: MosaicGroup, part: Callable[[], Layer]) -> bool:
        """Add or remove a layer, if that is due; tell whether it was.

        What is active stays so, as a person may be at work on it.
        """
        layer, layers = part(), self._viewer.layers
        is_there = layer in layers
        if _is_empty(layer):  # writers of files fail at those
            remove_layers(self._viewer, [layer])
            return is_there
        if is_there or layer in group.dismissed:
            return False
        problem = add_layer(self._viewer, layer, activate=False)
        if problem is not None:
            self._forget(group.shown.key)
            self.failed.emit(group.shown.key, problem)
        return True

    def _forget(self, key: MosaicKey) -> None:
        """Take a plate out, whatever of it is there."""
        if key not in self._groups:
            return  # its mosaic was in for a moment, and it ended as that was removed
        group = self._end(key)
        remove_layers(self._viewer, group.made.values())
        self._refresher.unwatch(group.mosaic)

    def _end(self, key: MosaicKey) -> MosaicGroup:
        """Show no plate any more in what may be left of its layers."""
        group = self._groups.pop(key)
        group.close()
        if self._turns.forget(key):
            self.arrived.emit(key)
        self.changed.emit(key)
        return group

    # Aside: out of the viewer, and kept for whoever wants them back.

    def is_aside(self, key: MosaicKey) -> bool:
        """Whether a plate is kept though its layers are gone."""
        return key in self._aside

    def put_aside(self) -> None:
        """Show no plate any more, and keep all; their layers are about to go."""
        self._aside, self._groups = self._groups, {}
        for key in self._aside:
            if self._turns.forget(key):
                self.arrived.emit(key)
            self.changed.emit(key)

    def is_replaced(self, layer: Layer) -> bool:
        """Whether a layer was put aside, and its plate is open anew by now."""
        return any(
            key in self._groups and group.is_of(layer)
            for key, group in self._aside.items()
        )

    def put_back(self) -> None:
        """Show again what was put aside; its layers have come.

        Plates that have been opened anew meanwhile are let go, and those whose mosaic
        was taken out again.
        """
        groups, self._aside = self._aside, {}
        for key, group in groups.items():
            if key in self._groups or group.mosaic not in self._viewer.layers:
                group.close()
                remove_layers(self._viewer, group.made.values())
            else:
                self._groups[key] = group
        self._place_all()
        self._mark_selected()
        for key in groups:
            self.changed.emit(key)

    def drop_aside(self) -> None:
        """Let go of the plates that were put aside."""
        groups, self._aside = self._aside, {}
        for key, group in groups.items():
            group.close()
            self.changed.emit(key)

    def bring_back(self, key: MosaicKey) -> None:
        """Make a plate whole, visible and active, and move the camera to it."""
        group = self._groups.get(key)
        if group is not None:
            self._reveal(group)

    def _reveal(self, group: MosaicGroup) -> None:
        """Make a plate whole, active and visible, and move the camera to it.

        What a person has taken out of it comes back. The mosaic is the first to be
        seen, and the others are made when its first thumbnails are: a layer that is
        being made keeps those that have come from the screen. It is made active before
        the camera moves, as its controls change the size of the canvas. napari draws a
        layer for the first time as soon as it is visible; all at once would be twice
        as long as a repaint.
        """
        key = group.shown.key
        group.dismissed.clear()
        first, *others = group.parts
        self._turns.add(
            key,
            partial(self._put, group, first),
            partial(self._make_active, group),
            partial(self._look_and_show, group, first),
            partial(self._await_picture, group),
        )
        for part in others:
            self._turns.add(
                key,
                partial(self._make, group, part),
                partial(self._put, group, part),
                partial(self._make_visible, group, part),
            )
        self._turns.add(key, _let_draw, group.show_texts)

    def _await_picture(self, group: MosaicGroup) -> bool:
        if not (group.is_painted or group.is_whole):
            self._turns.hold(group.shown.key, PICTURE_MS)
        return False

    def _make_active(self, group: MosaicGroup) -> bool:
        return make_active(self._viewer, group.mosaic)

    def _look_and_show(self, group: MosaicGroup, part: Callable[[], Layer]) -> None:
        self.look_at(group.shown.key)
        self._make_visible(group, part)

    def _make_visible(self, group: MosaicGroup, part: Callable[[], Layer]) -> bool:
        """Show a layer; the dots of the wells are left to a person."""
        layer = part()
        if group.mosaic not in self._viewer.layers:
            return False
        if layer.visible or layer is group.made.get(" wells"):
            return False
        layer.visible = True
        return True

    def repaint(self, key: MosaicKey) -> None:
        """Show what has been painted into the canvas since; soon, not at once."""
        group = self._groups.get(key)
        if group is not None:
            group.repaint()
            self._turns.release(key)

    def finish(self, key: MosaicKey, summary: MosaicSummary) -> None:
        """Repaint a mosaic whose load is over."""
        group = self._groups.get(key)
        if group is not None:
            group.shown = replace(group.shown, summary=summary)
            self.repaint(key)

    def mark(self, shown: MosaicShown) -> None:
        """Mark the wells of a plate anew: hits or annotations have come."""
        group = self._groups.get(shown.key)
        if group is not None:
            group.shown = shown
            group.mark()
            self._update(group)
            self.changed.emit(shown.key)

    def select(self, plate: MosaicKey | None, well: CellId | None) -> None:
        """Mark a well of a plate as selected, and no other; None for none."""
        self._selected = None if plate is None or well is None else (plate, well)
        if well is not None and well not in (self._chosen or (plate, ()))[1]:
            self._chosen, self._kept = None, {}
        self._mark_selected()
        if plate is not None and well is not None:
            self.wellsSelected.emit(plate, (well,))

    def choose(self, plate: MosaicKey, wells: tuple[CellId, ...]) -> None:
        """Mark wells as selected, and no others; the last is the one to go on from.

        They stay so until others are, also when a browser tells of something else.
        """
        if (plate, wells) != self._chosen:
            self._kept = {}
        self._selected, self._chosen = None, (plate, wells)
        self._mark_selected()
        self.wellsSelected.emit(plate, wells)

    def choose_none(self) -> None:
        """Mark no well as selected, on any mosaic."""
        keys = [key for key in self._groups if self.selected_on(key)]
        self._selected, self._chosen, self._kept = None, None, {}
        self._mark_selected()
        for key in keys:
            self.wellsSelected.emit(key, ())

    def toggle(self, plate: MosaicKey, well: CellId) -> None:
        """Select a well beside those that are, on any mosaic; or no longer."""
        before = self.chosen_on(plate)
        others = tuple(one for one in before if one != well)
        self.choose_beside(plate, others if well in before else (*before, well))

    def choose_beside(self, plate: MosaicKey, wells: tuple[CellId, ...]) -> None:
        """Mark just these wells of a mosaic as selected; those of others stay so."""
        kept = {key: self.chosen_on(key) for key in self._groups if key != plate}
        self._selected, self._chosen = None, (plate, wells)
        self._kept = {key: cells for key, cells in kept.items() if cells}
        self._mark_selected()
        self.wellsSelected.emit(plate, wells)

    def chosen_on(self, plate: MosaicKey | None) -> tuple[CellId, ...]:
        """Return the wells of a plate that are selected, as they came to be one by one.

        The order stays when one of them is gone on from, for instance opened.
        """
        chosen = () if plate is None else self._kept.get(plate, ())
        if self._chosen and self._chosen[0] == plate:
            chosen = self._chosen[1]
        current = self._current_on(plate)
        return chosen if current is None or current in chosen else (*chosen, current)

    def selected_on(self, plate: MosaicKey | None) -> tuple[CellId, ...]:
        """Return the wells of a plate that are selected, the one to go on from last."""
        chosen, current = self.chosen_on(plate), self._current_on(plate)
        if current is None:
            return chosen
        return (*(one for one in chosen if one != current), current)

    def _current_on(self, plate: MosaicKey | None) -> CellId | None:
        selected = self._selected
        return None if selected is None or selected[0] != plate else selected[1]

    def _mark_selected(self) -> None:
        for key, group in self._groups.items():
            group.select(self.selected_on(key))
            if not group.is_whole:
                continue  # its layers are on their way
            if _is_empty(group.marks) == (group.marks in self._viewer.layers):
                self._update(group)

    def message_at(self, position: Sequence[float] | None) -> str:
        """Say which well of which plate lies at a position in the world, "" for none.

        napari asks from a thread, whichever layer is the active one.
        """
        if position is None:
            return ""
        groups = tuple(self._groups.values())
        return next(filter(None, (one.message_at(position) for one in groups)), "")

    @property
    def all_shown(self) -> tuple[MosaicShown, ...]:
        """The plates that are in the viewer, the first of them first."""
        return tuple(group.shown for group in self._groups.values())

    @property
    def servers(self) -> set[str]:
        """The servers of the plates that are shown."""
        groups = (*self._groups.values(), *self._aside.values())
        return {group.shown.server for group in groups}

    def set_legend(self, key: MosaicKey, legend: Legend | None) -> None:
        """Write below a plate's title what its colours mean; None for no colours."""
        group = self._groups.get(key)
        if group is not None:
            group.set_legend(legend)

    def legend_of(self, key: MosaicKey) -> Legend | None:
        """Return what the colours of a plate's cells mean, None without colours."""
        group = self._groups.get(key)
        return None if group is None else group.legend

    def width_of(self, key: MosaicKey) -> float | None:
        """Return how wide its images are, in µm; None unless one of them told."""
        return self._widths_um.get(key)

    def key_of(self, layer: Layer | None) -> MosaicKey | None:
        """Return the plate that a layer is of, None if it is of none that is shown."""
        found = (key for key, one in self._groups.items() if one.is_of(layer))
        return next(found, None)

    def layers_of(self, key: MosaicKey) -> tuple[Layer, ...]:
        """Return mosaic, wells, marks and headings of a plate, () if it isn't shown."""
        group = self._groups.get(key)
        return () if group is None else group.layers

    def is_whole(self, key: MosaicKey) -> bool:
        """Whether a plate is shown and all of its layers are made."""
        group = self._groups.get(key)
        return group is not None and group.is_whole

    def is_arriving(self, key: MosaicKey) -> bool:
        """Whether layers of a plate are still to be put into the viewer."""
        return self._turns.waits(key)

    def units_of(self, key: MosaicKey) -> tuple[str, str]:
        """Return the units in which the layers of a plate lie."""
        group = self._groups.get(key)
        return (group.unit, group.unit) if group is not None else ("pixel", "pixel")

    def show_well(self, key: MosaicKey, well: CellId, *, always: bool = False) -> None:
        """Move the camera to a well; only where it isn't in sight, or `always`."""
        group = self._groups.get(key)
        place = None if group is None else group.shown.place_of(well)
        if group is None or place is None:
            return
        plan, camera = group.shown.plan, self._viewer.scene.camera
        middle = group.world_at(plan.center(*place))
        size = np.array(plan.cell_shape) * (group.px_um or 1.0)
        seen = np.array(self._viewer.canvas.size) / max(camera.zoom, 1e-9)
        away = np.abs(np.array(middle) - camera.center[-2:])
        if always or np.any(away + size / 2 > seen / 2):
            camera.center = (0.0, *middle)

    def shown(self, key: MosaicKey) -> MosaicShown | None:
        """Return what is shown of a plate, None if it isn't."""
        group = self._groups.get(key)
        return None if group is None else group.shown

    def calibrate(self, image_width_um: float, plate: MosaicKey | None) -> None:
        """Give mosaics, these and later ones, the scale of an image that was opened.

        A cell is as wide as the first image that was opened of its plate. Until there
        is one, the first image of all stands in: the layers of a scene must have one
        unit, else napari warns and ignores units.
        """
        self._widths_um.setdefault(None, image_width_um)
        self._widths_um.setdefault(plate, image_width_um)
        groups = self._groups.values()
        if any(group.px_um != self._px_um(group.shown) for group in groups):
            self._place_all()

    def _place_all(self) -> None:
        top = None
        for group in self._groups.values():
            px_um = self._px_um(group.shown)
            group.place(_origin(group.shown, top, px_um), px_um)
            top = group.bottom

    def activate(self, key: MosaicKey) -> None:
        """Make a mosaic the active layer, whose message the status bar shows.

        A layer of a person's own stays active: they are working on it.
        """
        group = self._groups.get(key)
        active = self._viewer.layers.selection.active
        if group is not None and (active is None or "idr" in active.metadata):
            make_active(self._viewer, group.mosaic)

    def look_at(self, key: MosaicKey) -> None:
        """Move the camera so that a plate fills the canvas."""
        self._framing.fit(partial(self._box, key))

    def look_at_all(self, keys: Sequence[MosaicKey]) -> None:
        """Move the camera so that all of some plates are seen, once they have come."""
        if keys:
            fit = partial(self._framing.fit, partial(self._box_of_all, tuple(keys)))
            self._turns.add(keys[-1], fit)

    def _box_of_all(self, keys: tuple[MosaicKey, ...]) -> Box | None:
        found = [box for key in keys if (box := self._box(key)) is not None]
        if not found:
            return None
        low, high = (np.array(ends) for ends in zip(*found, strict=True))
        return low.min(axis=0), high.max(axis=0)

    def _box(self, key: MosaicKey) -> Box | None:
        group = self._groups.get(key)
        return None if group is None else group.box

    def cell_at(self, position: Sequence[float]) -> tuple[MosaicShown, GridCell] | None:
        """Return the plate and the cell at a position in the world."""
        for group in self._groups.values():
            if group.mosaic.visible:
                cell = group.cell_at(position)
                if cell is not None:
                    return group.shown, cell
        return None

    def _px_um(self, shown: MosaicShown) -> float | None:
        """Return how wide a px of a mosaic is, None as long as nothing tells."""
        width_um = self._widths_um.get(shown.key, self._widths_um.get(None))
        return None if width_um is None else width_um / shown.plan.cell_shape[1]

    def _on_removed(self, event: Any) -> None:
        """End a plate whose mosaic was taken out; its other layers go too.

        They go later: who removes several layers counts on the others being there.
        """
        for key, group in tuple(self._groups.items()):
            if event.value is group.mosaic:
                self._end(key)
                left = [one for one in group.made.values() if one is not group.mosaic]
                QTimer.singleShot(0, partial(remove_layers, self._viewer, left))
            elif group.is_of(event.value) and not _is_empty(event.value):
                group.dismissed.add(event.value)

    def close(self) -> None:
        """Stop listening to the viewer; what is shown stays."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        for group in (*self._groups.values(), *self._aside.values()):
            group.close()


def _origin(
    shown: MosaicShown, top: float | None, px_um: float | None
) -> tuple[float, float]:
    """Return the (y, x) of the world of a plate: left of the origin, where images lie.

    Parameters
    ----------
    shown
        The plate.
    top
        Where the plate above ends, None for the topmost; in between there is room for
        headings.
    px_um
        How wide a px of it is.
    """
    px, plan = px_um or 1.0, shown.plan
    y = 0.0 if top is None else top + heading_room(plan)[0] * px
    return y, -(plan.shape[1] + plan.cell_shape[1] // 4) * px


def _let_draw() -> bool:
    """Take a turn for nothing: what was done in the one before is drawn by the next."""
    return True


def _is_empty(layer: Layer) -> bool:
    return not isinstance(layer, Image) and len(layer.data) == 0
