"""From what one sees to the next search: facets, and menus of what can be asked."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QObject, QPoint, QUrl, Signal
from qtpy.QtGui import QDesktopServices, QGuiApplication

from napari_idr._qt.panels.facets import FacetsPanel
from napari_idr._qt.panels.forms import add_shortcut
from napari_idr._qt.panels.genes import GenesPanel
from napari_idr._qt.panels.pivot_menu import SEARCH_KEY, add_pivots, pivot_menu
from napari_idr._qt.wells.dock import open_dock
from napari_idr.cancel import Priority
from napari_idr.model import Screen
from napari_idr.services.browser_state import BrowserState
from napari_idr.services.explain import explain
from napari_idr.services.search.catalog import Entry, Query
from napari_idr.services.search.genes import read_symbols, save_matrix
from napari_idr.services.search.hits import short_value
from napari_idr.services.search.pivots import (
    GENE,
    excluding,
    narrowed,
    pivots,
    well_pivots,
)
from napari_idr.services.search.plate_facets import tells_facets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.viewer import Viewer
    from qtpy.QtWidgets import QMenu, QWidget

    from napari_idr._qt.finder import Finder
    from napari_idr._qt.jobs import Jobs, JobSlot
    from napari_idr._qt.panels.layout import Panels
    from napari_idr._qt.wells.dock import WellsDock
    from napari_idr.model import Facets, SearchKey, Study
    from napari_idr.services.search.facets import FacetLine
    from napari_idr.services.search.genes import GeneRow
    from napari_idr.services.search.pivots import Pivot
    from napari_idr.services.search.plate_facets import PlateFacets, TablesOrder

STUDY: Final = "Study"
"""The facet whose values are lines of the results."""

PLATES_OFFER: Final = "Count genes, phenotypes and controls on the plates …"

TAKES_ONE: Final = "This server's search takes one value at a time"

MAX_KEPT: Final = 10
"""Searches whose facets are kept for going back to; the largest is 3 MB."""


class Pivoting(QObject):
    """Does what a person chooses for a value, and shows what a search has in common."""

    studyWanted = Signal(object)  # Entry
    # Lines, the Query, and counts by study for no lines: as of `Galleries.show_lines`.
    galleryWanted = Signal(object, object, object)

    def __init__(
        self, viewer: Viewer, panels: Panels, jobs: Jobs, finder: Finder
    ) -> None:
        super().__init__(panels)
        self._viewer = viewer
        self._panels = panels
        self._finder = finder
        self._state = BrowserState()
        self._panel: FacetsPanel | None = None
        self._facet_to_open: tuple[Query, str] | None = None
        self._counted: Query | None = None  # what the panel shows, or is to show
        self._kept: dict[Query, Facets] = {}
        self._newest: Facets | None = None
        self._slot: JobSlot[Facets, None] = jobs.slot(
            self._on_counted,
            on_step=self._on_facets,
            on_failure=self._on_failed,
            shown=False,
            priority=Priority.AHEAD,
        )
        self._order: TablesOrder | None = None
        self._with_tables: set[Query] = set()  # whose facets are kept with tables
        self._order_slot: JobSlot[None, TablesOrder] = jobs.slot(self._on_order)
        self._tables_slot: JobSlot[PlateFacets, None] = jobs.slot(
            self._on_tables_read, on_step=self._on_table_read
        )
        self._dock: WellsDock | None = None
        self._genes: GenesPanel | None = None
        self._study_to_open: Study | None = None
        self._genes_slot: JobSlot[GeneRow, None] = jobs.slot(
            _nothing, on_step=self._on_gene, on_failure=self._on_genes_failed
        )
        self._list_slot: JobSlot[None, tuple[str, ...]] = jobs.slot(self._on_list)
        self._save_slot: JobSlot[None, Path] = jobs.slot(self._on_saved)
        finder.found.connect(self._on_found)
        panels.search.facetsWanted.connect(self.show_facets)
        panels.search.genesWanted.connect(self.show_genes)

    def enter(self, state: BrowserState) -> None:
        """Work with what is known of another server."""
        if state.session is not self._state.session:
            for slot in (self._slot, self._order_slot, self._tables_slot):
                slot.cancel()
            self._genes_slot.cancel()
            self._kept.clear()
            self._counted = None
            if self._panel is not None:
                self._panel.set_waiting("")
        self._state = state

    # The wells' table

    def follow_wells(self, dock: WellsDock) -> None:
        """Offer searches in the menus of the table of wells and of its legend."""
        if dock is not self._dock:
            self._dock = dock
            dock.panel.table.menuMade.connect(self._on_wells_menu)
            dock.panel.table.searchWanted.connect(self._on_wells_search)
            dock.panel.legend.menuWanted.connect(self._on_legend_menu)
            dock.panel.legend.searchWanted.connect(self._on_legend_search)

    def _well_pivots(self, name: str, place: int) -> tuple[Pivot, ...]:
        """Return what the server of this browser can be asked about a cell."""
        dock, session = self._dock, self._state.session
        if dock is None or session is None or dock.plate is None:
            return ()
        indexed = dock.panel.table.wells.indexed
        if indexed is None or dock.plate.server != session.url:
            return ()
        asker = self._finder.asker
        return well_pivots(indexed.columns, name, place, asker=asker)

    def _on_wells_menu(self, menu: QMenu, name: str, place: int) -> None:
        if found := self._well_pivots(name, place):
            menu.addSeparator()
            add_pivots(menu, found, self.do)

    def _on_wells_search(self, name: str, place: int) -> None:
        self.search_first(self._well_pivots(name, place))

    def _legend_pivots(self, places: tuple[int, ...], label: str) -> tuple[Pivot, ...]:
        """Return what can be asked about an entry; nothing of one of many values."""
        dock = self._dock
        name = None if dock is None else dock.look.color_by
        indexed = None if dock is None else dock.panel.table.wells.indexed
        if name is not None and indexed is not None:
            with suppress(KeyError):  # coloured by what is no column
                if indexed.texts(name)[places[0]] == label:
                    return self._well_pivots(name, places[0])
        return ()

    def _on_legend_menu(
        self, places: tuple[int, ...], label: str, where: QPoint
    ) -> None:
        found = self._legend_pivots(places, label)
        if found and self._dock is not None:
            pivot_menu(self._dock.panel.legend, found, self.do).popup(where)

    def _on_legend_search(self, places: tuple[int, ...], label: str) -> None:
        self.search_first(self._legend_pivots(places, label))

    # Facets

    @property
    def panel(self) -> FacetsPanel | None:
        """The tab with the facets, None before it was wanted."""
        return self._panel

    def show_facets(self, *_: object) -> None:
        """Open the tab with what was found, counted by key."""
        dock = open_dock(self._viewer)
        self.follow_wells(dock)
        if self._panel is None:
            panel = self._panel = FacetsPanel()
            self._adopt(panel)
            panel.seen.connect(self._follow)
            panel.narrowWanted.connect(self._on_narrow)
            panel.excludeWanted.connect(self._on_exclude)
            panel.menuWanted.connect(self._on_menu)
            panel.searchWanted.connect(self._on_facet_search)
            panel.moreWanted.connect(self._on_more)
            panel.destroyed.connect(self._forget_panel)
            dock.tabs.addTab(panel, "Facets")
        dock.tabs.setCurrentWidget(self._panel)
        self._panel.tree.setFocus()
        self._follow()

    def _adopt(self, panel: QWidget) -> None:
        """Let a tab end with the browser, and lead back and forward as it does."""
        search = self._panels.search
        self._panels.destroyed.connect(panel.deleteLater)
        add_shortcut(panel, "Alt+Left", search.backWanted)
        add_shortcut(panel, "Alt+Right", search.forwardWanted)

    def _forget_panel(self, *_: object) -> None:
        self._panel = None

    def _on_found(self, _: Query) -> None:
        self._follow()
        study, self._study_to_open = self._study_to_open, None
        entry = None if study is None else self._finder.study_named(study.name)
        if entry is not None:
            self.studyWanted.emit(entry)
            self._finder.open(entry)

    def follow(self) -> None:
        """Show the facets of what is found now, if they are looked at."""
        self._follow()

    def _follow(self) -> None:
        panel, session = self._panel, self._state.session
        query = self._finder.asker.query
        if panel is None or session is None or not panel.isVisible():
            return
        if query is None:
            return
        is_known = self._slot.busy or query in self._kept
        if query == self._counted and is_known:
            return  # unless it was cancelled
        for slot in (self._slot, self._order_slot, self._tables_slot):
            slot.cancel()
        self._counted, self._order = query, None
        panel.set_waiting(short_value(query.label), "counting …")
        if (kept := self._kept.get(query)) is not None:
            self._on_facets(kept)
            self._offer_tables()
        else:
            self._slot.start_steps("", session.facets, query)

    def _on_facets(self, facets: Facets) -> None:
        self._newest = facets
        if self._panel is None:
            return
        self._panel.set_facets(facets, self._finder.asker)
        if self._facet_to_open is not None:
            query, key = self._facet_to_open
            if query == self._counted:
                self._facet_to_open = None
                self._panel.open_facet(key)

    def _on_counted(self, _: None) -> None:
        if self._newest is not None and self._counted is not None:
            self._keep(self._counted, self._newest)
            self._with_tables.discard(self._counted)
            self._offer_tables()

    def _keep(self, query: Query, facets: Facets) -> None:
        self._kept[query] = facets
        if len(self._kept) > MAX_KEPT:
            del self._kept[next(iter(self._kept))]

    # Facets from the tables of plates, where the search tells none

    @property
    def _screens(self) -> tuple[Screen, ...]:
        found = self._finder.shown
        items = () if found is None else (entry.item for entry in found.entries)
        return tuple(item for item in items if isinstance(item, Screen))

    def _offer_tables(self) -> None:
        """Offer to ask the tables of plates, and once these are counted, how many."""
        query = self._counted
        if self._panel is None or query is None:
            return
        text = ""
        is_wanted = (
            not self._finder.asker.takes_conditions
            and query not in self._with_tables
            and tells_facets(query)
        )
        if is_wanted and self._screens:
            text = PLATES_OFFER if self._order is None else self._order.cost
        self._panel.offer(text)

    def _on_more(self) -> None:
        session, query = self._state.session, self._counted
        if session is None or query is None or query not in self._kept:
            return
        if self._order is None:
            self._order_slot.start(
                "Counting plates …", session.tables_order, query, self._screens
            )
        else:
            self._tables_slot.start_steps(
                "Reading tables of plates …",
                session.plate_facets,
                self._order,
                self._kept[query],
            )

    def _on_order(self, order: TablesOrder) -> None:
        if order.query == self._counted:
            self._order = order
            self._offer_tables()

    def _on_table_read(self, told: PlateFacets) -> None:
        self._on_facets(told.facets)
        if self._panel is not None:
            self._panel.say(told.message)

    def _on_tables_read(self, _: None) -> None:
        if self._newest is not None and self._counted is not None:
            self._with_tables.add(self._counted)
            self._keep(self._counted, self._newest)
        self._offer_tables()

    def _on_failed(self, error: Exception) -> None:
        self._counted = None  # looked at again, it is asked again
        if self._panel is not None:
            self._panel.say(explain(error, host=self._state.host))

    def _on_narrow(self, line: FacetLine) -> None:
        if line.key == STUDY:
            if (entry := self._finder.study_named(line.value)) is not None:
                self.studyWanted.emit(entry)
            return
        asker = self._finder.asker
        if not asker.takes_conditions:
            self._panels.status.say(
                f"{TAKES_ONE}. {SEARCH_KEY} searches for “{short_value(line.value)}” "
                "instead."
            )
        elif asker.query is not None:
            query = narrowed(asker.query, line.key, line.value)
            if query != asker.query:
                self._finder.search(query)

    def _on_facet_search(self, line: FacetLine) -> None:
        if line.key == STUDY:
            self._on_narrow(line)
        else:
            self.search_for(line.key, line.value)

    def _on_exclude(self, line: FacetLine) -> None:
        asker = self._finder.asker
        if asker.query is None:
            return
        if not asker.takes_conditions:
            self._panels.status.say(f"{TAKES_ONE}, and can't leave one out.")
        elif line.key == STUDY:
            self._panels.status.say("A search can't leave a study out.")
        else:
            self._finder.search(excluding(asker.query, line.key, line.value))

    # Lists of genes

    def show_genes(self, *_: object) -> None:
        """Open the tab with a list of genes and the studies of each."""
        dock = open_dock(self._viewer)
        self.follow_wells(dock)
        if self._genes is None:
            panel = self._genes = GenesPanel()
            self._adopt(panel)
            panel.wanted.connect(self._on_genes_wanted)
            panel.refused.connect(self._on_refused)
            panel.openWanted.connect(self._on_gene_opened)
            panel.galleryWanted.connect(self._on_gene_gallery)
            panel.loadWanted.connect(self._on_load)
            panel.saveWanted.connect(self._on_save)
            panel.destroyed.connect(self._forget_genes)
            dock.tabs.addTab(panel, "Genes")
        dock.tabs.setCurrentWidget(self._genes)
        self._genes.edit.setFocus()

    def _forget_genes(self, *_: object) -> None:
        self._genes = None

    @property
    def _gene_key(self) -> SearchKey | None:
        return self._finder.asker.key_of(GENE)

    def _on_genes_wanted(self, symbols: tuple[str, ...]) -> None:
        session, key, panel = self._state.session, self._gene_key, self._genes
        if panel is None:
            return
        if session is None or key is None:
            panel.say("This server can't be searched for genes.")
            return
        panel.begin(symbols)
        self._genes_slot.start_steps(
            "Asking for the genes …", session.gene_rows, key, symbols
        )

    def _on_gene(self, row: GeneRow) -> None:
        if self._genes is not None:
            self._genes.add(row)

    def _on_genes_failed(self, error: Exception) -> None:
        if self._genes is not None:
            self._genes.say(explain(error, host=self._state.host))

    def _on_refused(self, reason: str) -> None:
        if self._genes is not None:
            self._genes.say(explain(ValueError(reason), host=self._state.host))

    def _on_gene_opened(self, symbol: str, study: Study | None) -> None:
        if (key := self._gene_key) is not None:
            self._study_to_open = study
            self._finder.search(Query(key=key, value=symbol))

    def _on_gene_gallery(self, symbol: str, study: Study | None) -> None:
        panel, key = self._genes, self._gene_key
        row = None if panel is None else panel.model.matrix.rows.get(symbol)
        if row is None or key is None:
            return
        query = Query(key=key, value=symbol)
        lines: tuple[Entry, ...] = ()
        if study is not None and panel is not None:
            count = panel.model.matrix.count(symbol, study)
            lines = (Entry(item=study, query=query, count=count),)
        counts = tuple(hit.image_count for hit in row.hits)
        self.galleryWanted.emit(lines, query, counts)

    def _on_load(self, path: str) -> None:
        name = Path(path).name
        self._list_slot.start(f"Reading {name} …", read_symbols, Path(path))

    def _on_list(self, symbols: tuple[str, ...]) -> None:
        if self._genes is not None:
            self._genes.set_symbols(symbols)

    def _on_save(self, path: str) -> None:
        if self._genes is not None:
            text = self._genes.model.matrix.csv()
            message = f"Writing {Path(path).name} …"
            self._save_slot.start(message, save_matrix, Path(path), text)

    def _on_saved(self, path: Path) -> None:
        if self._genes is not None:
            self._genes.say(f"Written: {path}")

    # Pivots

    def menu(
        self,
        parent: QWidget,
        attribute: str,
        value: str,
        *,
        beside: Mapping[str, str] | None = None,
        url: str | None = None,
    ) -> QMenu:
        """Return the menu of what can be done with a value."""
        return pivot_menu(
            parent,
            pivots(attribute, value, asker=self._finder.asker, beside=beside, url=url),
            self.do,
        )

    def _on_menu(self, line: FacetLine, where: QPoint) -> None:
        if self._panel is not None:
            self.menu(self._panel, line.key, line.value).popup(where)

    def search_for(
        self, attribute: str, value: str, beside: Mapping[str, str] | None = None
    ) -> None:
        """Search for a value alone, or say that this server can't be asked for it."""
        asker = self._finder.asker
        self.search_first(pivots(attribute, value, asker=asker, beside=beside))

    def search_first(self, found: tuple[Pivot, ...]) -> None:
        """Do the first search of what can be done, or say that there is none."""
        search = next((one for one in found if one.action == "search"), None)
        if search is None:
            self._panels.status.say("This isn't something that can be searched for.")
        else:
            self.do(search)

    def do(self, pivot: Pivot) -> None:
        """Do what was chosen."""
        if pivot.action == "copy":
            clipboard = QGuiApplication.clipboard()
            if clipboard is not None:
                clipboard.setText(pivot.text)
        elif pivot.action == "open":
            QDesktopServices.openUrl(QUrl(pivot.text))
        elif pivot.query is not None:
            if pivot.action == "facets":
                self._facet_to_open = pivot.query, pivot.facet
                self.show_facets()
            self._finder.search(pivot.query)


def _nothing(_: None) -> None:
    """Receive that all was told in steps."""
