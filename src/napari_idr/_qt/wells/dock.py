"""The Wells dock: what is known of the wells of the plate that one looks at."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QDockWidget, QFileDialog, QVBoxLayout, QWidget

from napari_idr._qt.dock import Docked
from napari_idr._qt.ending import end_with
from napari_idr._qt.jobs import Jobs, JobSlot
from napari_idr._qt.layers.canvas import canvas_of
from napari_idr._qt.layers.scene import scene_of
from napari_idr._qt.panels.focus import FocusMarker
from napari_idr._qt.panels.forms import Tabs, name_widget, present
from napari_idr._qt.panels.places import DockedWidget, LowArea
from napari_idr._qt.wells.panel import WellsPanel
from napari_idr.cancel import CancelToken, Priority
from napari_idr.errors import IDRError
from napari_idr.services.details import MosaicKey
from napari_idr.services.explain import explain
from napari_idr.services.search.catalog import counted
from napari_idr.services.wells.known import WellsKnown, load_wells
from napari_idr.services.wells.look import WellsLook
from napari_idr.services.wells.own import OwnTable, load_own_table, misfit_sentences
from napari_idr.services.wells.quality import profiles
from napari_idr.services.wells.table import TableView, save_csv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.viewer import Viewer

    from napari_idr.model import GridCell, Table
    from napari_idr.services.mosaic import CellId, MosaicShown
    from napari_idr.services.plate.mosaic import MosaicPlan

DOCK_NAME = "Wells"
BOTTOM_RIGHT = Qt.Corner.BottomRightCorner

LEAST_PX = 110
"""How low the dock can be: napari's window keeps its size. What lies below scrolls."""

NO_PLATE = "Show a plate to see the table of its wells."

OWN_FILES = "Tables (*.csv *.tsv *.txt *.csv.gz *.parquet *.pq);;All files (*)"
CSV_FILES = "CSV (*.csv)"


def open_wells(viewer: Viewer) -> WellsDock:
    """Show the table of wells in the Wells dock of a viewer, and return the dock."""
    dock = open_dock(viewer)
    dock.tabs.setCurrentWidget(dock.panel)
    dock.panel.table.setFocus()
    return dock


def open_dock(viewer: Viewer) -> WellsDock:
    """Show the Wells dock of a viewer, at the bottom, at the tab it was left at."""
    # Plugins are given a proxy of the viewer, which hides its window.
    viewer = getattr(viewer, "__wrapped__", viewer)
    window = viewer.window
    dock = window._qt_window.findChild(WellsDock)
    holder = _holder(viewer)
    if holder is not None:
        holder.show()
        holder.raise_()
    else:
        dock = dock or WellsDock(viewer)
        # Else it would take half of its height from a browser on the right.
        window._qt_window.setCorner(BOTTOM_RIGHT, Qt.DockWidgetArea.RightDockWidgetArea)
        window.add_dock_widget(dock, name=DOCK_NAME, area="bottom")
    assert isinstance(dock, WellsDock)
    return dock


def is_dock_open(viewer: Viewer) -> bool:
    """Whether the Wells dock of a viewer is open, also behind the tab of another."""
    holder = _holder(viewer)
    return holder is not None and not holder.isHidden()


def close_dock(viewer: Viewer) -> None:
    """Put the Wells dock of a viewer out of sight; what it colours stays coloured."""
    holder = _holder(viewer)
    if holder is not None:
        holder.hide()


def _holder(viewer: Viewer) -> QDockWidget | None:
    window = getattr(viewer, "__wrapped__", viewer).window
    dock = window._qt_window.findChild(WellsDock)
    holder = None if dock is None else dock.parent()
    return holder if isinstance(holder, QDockWidget) else None


class WellsDock(DockedWidget):
    """Follows the plate whose layer is active, and shows its wells as a table.

    One table for all: what is selected in it is marked on the plate, and the other
    way round. What was written about the wells is asked for once a field, and not
    before the dock is seen.
    """

    shown = Signal()  # another table, or another look at it

    def __init__(self, viewer: Viewer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("idr_wells_dock")
        viewer = getattr(viewer, "__wrapped__", viewer)
        self._viewer = viewer
        self._scene = scene_of(viewer)
        self._plates, self._colors = self._scene.plates, self._scene.colors
        self.panel = WellsPanel()
        self.tabs = Tabs()
        self.tabs.setObjectName("idr_wells_tabs")
        self.tabs.setAccessibleName("Wells, facets and genes")
        name_widget(
            present(self.tabs.tabBar()),
            "idr_wells_tab_bar",
            "Wells, facets and genes",
            "What is told: of the wells of a plate, or of what was found",
        )
        self.tabs.setTabBarAutoHide(True)
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self.panel, "Table")
        layout = QVBoxLayout(self.body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(LowArea(self.tabs, LEAST_PX))
        Docked(self, self._scene.window)
        jobs = self._jobs = Jobs(self)
        self._wells_slot: JobSlot[WellsKnown, WellsKnown] = jobs.slot(
            self._on_known, on_step=self._take, priority=Priority.AHEAD
        )
        self._own_slot: JobSlot[None, OwnTable] = jobs.slot(self._on_own)
        self._export_slot: JobSlot[None, Path] = jobs.slot(self._on_exported)
        self._key: MosaicKey | None = None
        self._known: WellsKnown | None = None
        self._plan_asked: MosaicPlan | None = None  # of the field that was asked for
        self._learnt: MosaicShown | None = None  # the newest with its sources
        self._tables: dict[MosaicKey, Table] = {}
        self._looks: dict[MosaicKey, WellsLook] = {}
        self._own_files: dict[str, str] = {}
        self._view = TableView()
        self._hidden: frozenset[str] = frozenset()
        self._offered: tuple[str, ...] = ()
        self._told: tuple[str, ...] = ()
        self._choosing = False
        self._wire()
        end_with(self, self._scene, jobs.close)
        FocusMarker(self)
        self._follow_newest()

    @property
    def jobs(self) -> Jobs:
        """What it does in threads."""
        return self._jobs

    @property
    def plate(self) -> MosaicShown | None:
        """The plate whose wells are shown, None for none."""
        return None if self._key is None else self._plates.shown(self._key)

    def _wire(self) -> None:
        panel, table = self.panel, self.panel.table
        self._plates.changed.connect(self._on_plate_changed)
        self._plates.wellsSelected.connect(self._on_wells_selected)
        self._colors.dismissed.connect(self._on_colors_dismissed)
        active = self._viewer.layers.selection.events.active
        active.connect(self._on_active)
        self.destroyed.connect(partial(_disconnect, active, self._on_active))
        panel.filterChanged.connect(self._on_filter)
        panel.columnsChanged.connect(self._on_columns)
        panel.lookChanged.connect(self._on_look)
        panel.ownWanted.connect(self._ask_for_own)
        panel.ownRemoved.connect(self._remove_own)
        panel.exportWanted.connect(self._ask_where_to_export)
        panel.retryWanted.connect(self._ask_again)
        panel.legend.wellsWanted.connect(self._select)
        table.wellsChosen.connect(self._on_rows)
        table.openWanted.connect(self._open)
        table.goWanted.connect(self._go_to)
        table.compareWanted.connect(self._scene.compareWanted)
        table.sortWanted.connect(self._on_sort)
        self._jobs.changed.connect(self._say)
        self._jobs.failed.connect(self._on_failed)

    # Which plate

    def follow(self, key: MosaicKey) -> None:
        """Show the wells of a plate, now or as soon as it is in the viewer."""
        if key != self._key:
            self._key, self._known = key, None
            # The box stays ticked: what it says holds for another plate, too.
            hits_first = self.panel.hits_first.isChecked()
            self._view, self._told = TableView(hits_first=hits_first), ()
            self.panel.set_filters("", {})
            self._wells_slot.cancel()
            self._clear()  # what is shown is of another plate
        self._refresh()

    def _follow_newest(self) -> None:
        key = self._scene.plate_of(self._viewer.layers.selection.active)
        plates = self._plates.all_shown
        if key is None and plates:
            key = plates[-1].key
        if key is None:
            self._refresh()
        else:
            self.follow(key)

    def _on_active(self, event: Any) -> None:
        key = self._scene.plate_of(event.value)
        if key is not None and key != self._key:
            self.follow(key)

    def _on_plate_changed(self, key: MosaicKey) -> None:
        if self._plates.shown(key) is None:
            if not self._plates.is_aside(key):
                self._looks.pop(key, None)
                self._tables.pop(key, None)
                if self._learnt is not None and self._learnt.key == key:
                    self._learnt = None
            if key == self._key:
                self._key = self._known = None
                self._follow_newest()
        elif self.plate is None:
            self.follow(key)
        elif key == self._key:
            self._refresh()

    def showEvent(self, event: Any) -> None:
        """Ask for what wasn't asked for while nobody saw it."""
        super().showEvent(event)
        if self._key is None:
            self._follow_newest()
        else:
            self._refresh()

    # What is known of it

    @property
    def look(self) -> WellsLook:
        """How a person looks at the plate that is shown."""
        return _PLAIN if self._key is None else self._looks.get(self._key, _PLAIN)

    def look_of(self, key: MosaicKey) -> WellsLook:
        """Return how a person looks at a plate."""
        return self._looks.get(key, _PLAIN)

    def can_color(self, name: str) -> bool:
        """Whether the wells that are shown have a column to be coloured by."""
        return self._known is not None and name in self._known.color_columns

    @property
    def is_known(self) -> bool:
        """Whether what is shown is all that is to be known of the wells, for now."""
        is_due = self.plate is not None and self.isVisible()
        return not self._jobs.count and (self._known is not None or not is_due)

    @property
    def own_files(self) -> dict[str, str]:
        """Where a person's own tables are, by their names."""
        return dict(self._own_files)

    def look_at(
        self,
        key: MosaicKey,
        look: WellsLook,
        own_files: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Look at a plate in a way that was told, as if it had been chosen.

        `own_files` are where the tables are that the look joins, by their names.
        """
        self._own_files |= own_files
        self._looks[key] = look
        with self.panel.quietly():
            self.panel.choose_style(look.style)
        self._offered = ()  # the color is chosen anew
        self.follow(key)

    def _set_look(self, look: WellsLook) -> None:
        if self._key is not None:
            self._looks[self._key] = look

    def _refresh(self) -> None:
        """Show the table of the plate if it is known, else have it made."""
        shown = self.plate
        if shown is None:
            self._show_nothing()
            return
        if not self.isVisible() and self.look == _PLAIN:
            return
        is_asked = shown.sources is not None or self._plan_asked is shown.plan
        known = self._known
        if known is not None and known.shown.plate_map is shown.plate_map:
            self._show(shown, known)
            if shown.own is self.look.own and is_asked:
                return
        self._load(shown)

    def _load(self, shown: MosaicShown) -> None:
        sources = None
        if self._learnt is not None and self._learnt.plan is shown.plan:
            sources = None if shown.sources is not None else self._learnt.sources
        self._plan_asked = shown.plan
        self._wells_slot.start_steps(
            "Asking what is known of the wells …",
            load_wells,
            self._scene.session_of(shown) if shown.reads_unasked else None,
            shown,
            self.look.own,
            self._tables.get(shown.key),
            sources,
        )

    def _on_known(self, known: WellsKnown) -> None:
        self._take(known)
        if known.error is not None:
            self._told = (self._explained(known.error),)
            self._say()

    def _take(self, known: WellsKnown) -> None:
        """Let the plate know what was learnt; begin anew if it is another by now."""
        base = known.shown
        if base.sources is not None:
            self._learnt = base
            if base.sources.table is not None:
                self._tables[base.key] = base.sources.table
        shown = self._plates.shown(base.key)
        if shown is None or base.key != self._key:
            return
        if shown.plan is not base.plan or shown.basis is not base.basis:
            self._load(shown)
            return
        self._known = known
        if shown.plate_map is base.plate_map:
            self._refresh()
        else:
            self._plates.mark(replace(base, summary=shown.summary))

    def _ask_again(self) -> None:
        self._told, self._plan_asked = (), None
        self._refresh()

    # What is shown

    def _show_nothing(self) -> None:
        self._clear()
        self.panel.setEnabled(False)
        self._say()

    def _clear(self) -> None:
        panel, shown = self.panel, self.plate
        panel.title.setText(NO_PLATE if shown is None else shown.name)
        panel.count.setText("")
        panel.table.wells.show(None, (), np.zeros(0, np.intp))
        panel.set_columns((), (), color_by=None, hidden=())
        self._offered = ()
        panel.legend.set_legend(None)
        panel.set_profiles_shown(shown=False)
        panel.profiles.set_profiles(())

    def _show(self, shown: MosaicShown, known: WellsKnown) -> None:
        panel, look = self.panel, self.look
        panel.setEnabled(True)
        found = f" · found by {shown.found_by}" if shown.found_by else ""
        panel.title.setText(f"{shown.name}{found}")
        names = tuple(column.name for column in known.indexed.columns)
        colored = tuple(known.color_columns)
        if (*names, *colored) != self._offered:
            panel.set_columns(
                names, colored, color_by=look.color_by, hidden=self._hidden
            )
            self._offered = (*names, *colored)
        with panel.quietly():
            panel.choose_color(look.color_by)
            if look.color_by is not None:
                panel.choose_style(look.style)
            panel.hide_failed.setChecked(look.hide_failed)
        panel.set_own([table.name for table in look.own])
        self._show_rows(known)
        self._show_colors(shown, known)
        self._say()
        self.shown.emit()

    def _show_rows(self, known: WellsKnown) -> None:
        """Show the rows that the filters leave; what is selected stays so."""
        panel, indexed = self.panel, known.indexed
        names = [one.name for one in indexed.columns if one.name not in self._hidden]
        rows = indexed.rows(self._view)
        if self.look.hide_failed:
            rows = rows[~indexed.failed[rows]]
        filtered = frozenset(
            name for name, wish in self._view.in_columns.items() if wish.strip()
        )
        view = self._view
        before = panel.table.wells.names
        panel.table.wells.show(indexed, names, rows, filtered)
        if tuple(names) != before:
            panel.table.fit_columns()
        panel.table.set_sorted(view.sort_by, descending=view.descending)
        self._select_rows()
        total, count = len(indexed), len(rows)
        wells = counted(total, *known.shown.noun)
        panel.count.setText(wells if count == total else f"{count:,} of {wells}")

    def _show_colors(self, shown: MosaicShown, known: WellsKnown) -> None:
        panel, look = self.panel, self.look
        colored = known.colored(look.color_by)
        colors = None if colored is None else colored.colors
        hidden = known.indexed.failed if look.hide_failed else None
        legend = None if colored is None else colored.legend
        self._colors.show(shown, colors, look.style, hidden)
        self._plates.set_legend(shown.key, legend)
        panel.legend.set_legend(legend)
        panel.table.wells.set_colors(colors)
        self._show_profiles(shown, known)

    def _show_profiles(self, shown: MosaicShown, known: WellsKnown) -> None:
        panel, name, lines = self.panel, self.look.color_by, shown.lines
        column = None if name is None else known.color_columns.get(name)
        is_shown = column is not None and column.kind == "number" and lines is not None
        if is_shown and column is not None and lines is not None:
            shape = (shown.plan.rows, shown.plan.columns)
            table = known.indexed.table
            made = profiles(table, column, shape, without=known.uncounted)
            panel.profiles.set_profiles(made, names=lines)
        else:
            panel.profiles.set_profiles(())
        panel.set_profiles_shown(shown=is_shown)

    def _say(self) -> None:
        """Say what runs, what was told, and what couldn't be given to a well."""
        notes = [self._jobs.message or "", *self._told]
        known = self._known
        if known is not None and self.plate is not None:
            misfits = known.indexed.table.misfits
            own = {table.name for table in self.look.own}
            for name in sorted(own):
                notes += misfit_sentences(misfits, source=name)
            others = [one for one in misfits if one.source not in own]
            notes += misfit_sentences(others)
        can_retry = known is not None and known.error is not None
        self.panel.set_notes(notes, can_retry=can_retry and not self._wells_slot.busy)

    def _on_failed(self, error: Exception) -> None:
        self._told = (self._explained(error),)
        self._say()

    def _explained(self, error: Exception) -> str:
        shown = self.plate
        if isinstance(error, IDRError) and error.url is None:
            return f"{error.message}."
        return explain(error, host="" if shown is None else shown.server)

    # Filters, columns, colours

    def _on_filter(self) -> None:
        panel = self.panel
        self._view = replace(
            self._view,
            text=panel.filter.text(),
            in_columns=dict(panel.conditions),
            hits_first=panel.hits_first.isChecked(),
        )
        self._update_rows()

    def _on_sort(self, name: str, descending: bool) -> None:
        self._view = replace(self._view, sort_by=name or None, descending=descending)
        self._update_rows()

    def _on_columns(self) -> None:
        self._hidden = self.panel.hidden_columns
        self._update_rows()

    def _update_rows(self) -> None:
        if self._known is not None and self.plate is not None:
            self._show_rows(self._known)
            self.shown.emit()

    def _on_look(self) -> None:
        panel, shown = self.panel, self.plate
        before = self.look
        look = replace(
            before,
            color_by=panel.chosen_color,
            style=panel.style_of_colors.currentData(),
            hide_failed=panel.hide_failed.isChecked(),
        )
        self._set_look(look)
        if self._known is None or shown is None:
            return
        if look.hide_failed != before.hide_failed:
            self._show_rows(self._known)
        self._show_colors(shown, self._known)
        self.shown.emit()

    def _on_colors_dismissed(self, key: MosaicKey) -> None:
        """Colour no more by what a person has taken out of the viewer."""
        if key in self._looks:
            self._looks[key] = replace(
                self._looks[key], color_by=None, hide_failed=False
            )
        self._plates.set_legend(key, None)
        if key == self._key:
            self._refresh()

    # Which wells

    def _on_rows(self, places: tuple[int, ...]) -> None:
        """Mark the wells of the selected rows; the only one is gone to."""
        self._choose(places)
        if len(places) == 1 and self._key is not None:
            self._plates.show_well(self._key, self._well(places[0]))

    def _select(self, places: Sequence[int]) -> None:
        """Select wells in the table and on the plate, those that are hidden too."""
        self.panel.table.select_places(places)
        self._choose(places)

    def _choose(self, places: Sequence[int]) -> None:
        if self._key is None or self._known is None:
            return
        self._choosing = True
        try:
            self._plates.choose(self._key, tuple(map(self._well, places)))
        finally:
            self._choosing = False

    def _on_wells_selected(self, key: MosaicKey, wells: tuple[CellId, ...]) -> None:
        """Follow what is selected on the plate, and keep it selected."""
        if self._choosing or key != self._key or not self.isVisible():
            return
        self._select_rows()
        self._choosing = True
        try:
            self._plates.choose(key, wells)
        finally:
            self._choosing = False

    def _select_rows(self) -> None:
        """Select the rows of the wells that are selected on the plate."""
        if self._known is None:
            return
        places = self._known.places
        wells = self._plates.selected_on(self._key)
        self.panel.table.select_places([places[one] for one in wells if one in places])

    def _well(self, place: int) -> CellId:
        assert self._known is not None
        return self._known.shown.id_of(self._known.indexed.table.wells[place])

    def _open(self, place: int) -> None:
        """Open the image of a well, as a double click on the plate does."""
        cell = self._cell(place)
        if cell is not None:
            self._scene.wellActivated.emit(self.plate, cell)

    def _go_to(self, place: int) -> None:
        """Show a well, from which the arrow keys then walk on."""
        if self._key is None:
            return
        selected = self.panel.table.selected_places
        if place in selected:
            self._choose(selected)  # the current one last
        else:
            self._select((place,))
        self._plates.activate(self._key)
        self._plates.show_well(self._key, self._well(place), always=True)
        canvas: QWidget = canvas_of(self._viewer).native
        canvas.setFocus()

    def _cell(self, place: int) -> GridCell | None:
        shown = self.plate
        if shown is None or self._known is None:
            return None
        well = self._known.indexed.table.wells[place]
        return shown.plan.grid.cells[well.row][well.column]

    # Files

    def _ask_for_own(self) -> None:
        dialog = QFileDialog(self, "Own columns", "", OWN_FILES)
        dialog.setObjectName("idr_own_dialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.load_own)
        _open(dialog)

    def load_own(self, path: str) -> None:
        """Join a person's own table of wells to the plate."""
        self._told = ()
        name = Path(path).name
        self._own_files[name] = str(path)
        self._own_slot.start(f"Reading {name} …", _read_own, Path(path))

    def _on_own(self, own: OwnTable) -> None:
        kept = (table for table in self.look.own if table.name != own.name)
        self._set_look(replace(self.look, own=(*kept, own)))
        self._refresh()

    def _remove_own(self, name: str) -> None:
        kept = tuple(table for table in self.look.own if table.name != name)
        self._set_look(replace(self.look, own=kept))
        self._refresh()

    def _ask_where_to_export(self) -> None:
        shown = self.plate
        if shown is None:
            return
        name = "".join(c if c.isalnum() or c in "-_" else "_" for c in shown.name)
        dialog = QFileDialog(self, "Export CSV", f"{name}.csv", CSV_FILES)
        dialog.setObjectName("idr_export_dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.fileSelected.connect(self.export)
        _open(dialog)

    def export(self, path: str) -> None:
        """Write the rows and columns that are shown into a file."""
        if self._known is None:
            return
        wells, table = self.panel.table.wells, self._known.indexed.table
        rows, name = wells.places.tolist(), Path(path).name
        self._told = ()
        self._export_slot.start(
            f"Writing {name} …", save_csv, Path(path), table, rows, wells.names
        )

    def _on_exported(self, path: Path) -> None:
        self._told = (f"Written: {path}",)
        self._say()


_PLAIN = WellsLook()


def _read_own(path: Path, *, cancel: CancelToken) -> OwnTable:
    cancel.check()
    return load_own_table(path)


def _open(dialog: QFileDialog) -> None:
    """Show a dialog and go on; it goes when it is closed."""
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def _disconnect(event: Any, slot: Any, *_: object) -> None:
    event.disconnect(slot)
