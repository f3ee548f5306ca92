"""Links that are copied from a browser, and pages that are opened from it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QObject, QUrl
from qtpy.QtGui import QAction, QDesktopServices, QGuiApplication

from napari_idr._qt.wells.dock import WellsDock
from napari_idr.model import ImageRef, ObjectRef
from napari_idr.services.browser_state import BrowserState
from napari_idr.services.details import (
    DatasetDetails,
    Details,
    ImageDetails,
    ImageUnread,
    PlateDetails,
    StudyDetails,
)
from napari_idr.services.gallery.view import GalleryShown
from napari_idr.services.links.records import LinkView, SearchLink, Thing, spelled
from napari_idr.services.links.writing import web_link, write_link
from napari_idr.services.plate.view import PlateShown
from napari_idr.services.session_file.collect import LINE_KINDS
from napari_idr.services.wells.look import WellsLook

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from qtpy.QtWidgets import QMenu

    from napari_idr._qt.finder import Finder
    from napari_idr._qt.layers.scene import ViewerScene
    from napari_idr._qt.panels.layout import Panels
    from napari_idr.services.mosaic import CellId
    from napari_idr.services.search.catalog import Entry, Query

NO_VIEW: Final = LinkView()

NOTHING_TO_LINK: Final = (
    "There is no link of this. A gallery of several lines is kept with “Save session”."
)

MAX_PAGES: Final = 10
"""Pages that are opened in the web browser at once; more is a mistake of the hand."""


class LinkCopies(QObject):
    """Copies links of what a browser shows, and opens its pages in the web browser."""

    def __init__(self, panels: Panels, finder: Finder, scene: ViewerScene) -> None:
        super().__init__(panels)
        self._panels = panels
        self._finder = finder
        self._scene = scene
        self._state = BrowserState()
        self._dock: WellsDock | None = None
        self._is_gallery_newest = False  # than the line of the results chosen last
        # Qt ends these with the browser; the scene outlives it.
        finder.entrySelected.connect(self._on_entry)
        scene.activeChanged.connect(self._on_active)
        scene.plates.changed.connect(self._offer)
        bar = panels.link
        bar.copyWanted.connect(self.copy_view)
        bar.menuWanted.connect(self._fill_menu)
        for words, name, slot in (
            ("Copy link", "idr_copy_line_link", self._copy_lines),
            ("Copy web link", "idr_copy_line_web_link", self._copy_lines_web),
            ("Open in the browser", "idr_open_line_in_browser", self._open_lines),
        ):
            action = QAction(words, self._panels.results)
            action.setObjectName(name)
            action.triggered.connect(slot)
            self._panels.results.addAction(action)

    def _on_entry(self, *_: object) -> None:
        self._is_gallery_newest = False
        self._offer()

    def _on_active(self) -> None:
        self._is_gallery_newest = True
        self._offer()

    def _offer(self, *_: object) -> None:
        """Show the button for a plate or a gallery that one sees without any card."""
        is_seen = self._scene.plate_of(self._scene.active) is not None
        self._panels.offer_link(shown=is_seen and self._present() is not None)

    def enter(self, state: BrowserState) -> None:
        """Work with what is known of another server."""
        self._state = state
        self._offer()

    def follow_wells(self, dock: WellsDock) -> None:
        """Offer links in the menu of the table of wells."""
        if dock is not self._dock:
            self._dock = dock
            dock.panel.table.menuMade.connect(self._on_wells_menu)

    @property
    def view_link(self) -> str:
        """The link of what one sees, "" where nothing can be linked."""
        found = self._present()
        if found is None:
            return ""
        return write_link(*found)

    def copy_view(self) -> None:
        """Copy the link of what one sees."""
        self._copy([self.view_link])

    def open_in_browser(self) -> None:
        """Open the page of what one sees in the web browser."""
        found = self._present()
        if found is not None:
            self._browse([web_link(found[0], found[1])])

    def _present(self) -> tuple[str, Thing, LinkView] | None:
        """Return the server, the thing and the view of what one sees."""
        state = self._state
        if state.session is None:
            return None
        server, details = state.session.url, state.details
        key = self._scene.plate_of(self._scene.active)
        shown = None if key is None else self._scene.shown(key)
        if isinstance(shown, GalleryShown) and self._is_gallery_newest:
            return _gallery_link(shown)
        if isinstance(details, ImageDetails | ImageUnread) and shown is not None:
            cell = details.cell
            if cell is not None and cell[0] == key:  # it is selected on what is seen
                details = None
        is_of_plate = isinstance(shown, PlateShown) and (
            details is None
            or (isinstance(details, PlateDetails) and details.key == key)
        )
        if isinstance(shown, PlateShown) and is_of_plate:
            plate = ObjectRef(kind="plate", id=shown.plate_id)
            return shown.server, plate, self._view_of(shown)
        if details is not None:
            return server, _thing(details), self._view_of_card(details)
        if self._finder.searched is not None:
            return server, _search_link(self._finder.searched.query), NO_VIEW
        return None

    def _view_of(self, shown: PlateShown) -> LinkView:
        """Return how a plate that is in the viewer is seen."""
        grid = shown.plan.grid
        labels: dict[CellId, str] = {
            cell.well_id: grid.label(cell.row, cell.column) for cell in grid
        }
        chosen = self._scene.plates.chosen_on(shown.key)
        dock: WellsDock | None = self._scene.window.findChild(WellsDock)
        look = WellsLook() if dock is None else dock.look_of(shown.key)
        query = shown.details.query
        return LinkView(
            run=grid.run,
            field=shown.field,
            wells=tuple(labels[well] for well in chosen if well in labels),
            color=look.color_by or "",
            style=look.style if look.color_by else "",
            hide_failed=look.hide_failed,
            search=None if query is None else _search_link(query),
        )

    def _view_of_card(self, details: Details) -> LinkView:
        """Return the run and the field that are chosen on the card of a plate."""
        if not isinstance(details, PlateDetails):
            return NO_VIEW
        query = details.query
        return LinkView(
            run=self._panels.plate.chosen_run,
            field=self._panels.plate.chosen_field,
            search=None if query is None else _search_link(query),
        )

    def _things(self) -> list[tuple[str, str, Thing]]:
        """Return words, server and thing of each card, the closest first."""
        state = self._state
        server = "" if state.session is None else state.session.url
        found: list[tuple[str, str, Thing]] = []
        if (image := state.image) is not None:
            number = image.image.id
            thing = ObjectRef(kind="image", id=number)
            found.append((f"image {number}", image.request.server or server, thing))
        if (plate := state.plate) is not None:
            thing = plate.plate.ref
            found.append((f"plate {thing.name}", plate.server or server, thing))
        details = state.details
        study = details if isinstance(details, StudyDetails) else None
        if isinstance(details, DatasetDetails):
            thing = details.dataset.ref
            found.append((f"dataset {thing.name}", server, thing))
        if isinstance(details, PlateDetails | DatasetDetails | ImageDetails):
            study = details.study
        if study is not None:
            thing = study.study.ref
            found.append((f"study {thing.name}", server, thing))
        return found

    def _fill_menu(self, menu: QMenu) -> None:
        """Offer the links of all that the cards are about."""
        menu.clear()
        _add(menu, "Copy link of this view", self.copy_view)
        _add(menu, "Open this view in the browser", self.open_in_browser)
        for words, server, thing in self._things():
            own, web = write_link(server, thing), web_link(server, thing)
            menu.addSeparator()
            _add(menu, f"Copy link of {words}", partial(self._copy, [own]))
            _add(menu, f"Copy web link of {words}", partial(self._copy, [web]))
            _add(menu, f"Open {words} in the browser", partial(self._browse, [web]))

    def _line_things(self) -> list[tuple[str, Thing]]:
        session = self._state.session
        lines = () if session is None else self._finder.lines
        return [
            (session.url, _thing_of_line(entry))
            for entry in lines
            if session is not None
        ]

    def _copy_lines(self, *_: object) -> None:
        links = [] if self._finder.lines else [self.view_link]
        for entry, (server, thing) in zip(
            self._finder.lines, self._line_things(), strict=False
        ):
            query = entry.query
            is_plate = isinstance(thing, ObjectRef) and thing.kind == "plate"
            found = None if query is None or not is_plate else _search_link(query)
            links.append(write_link(server, thing, LinkView(search=found)))
        self._copy(links)

    def _copy_lines_web(self, *_: object) -> None:
        self._copy([web_link(*one) for one in self._line_things()])

    def _open_lines(self, *_: object) -> None:
        self._browse([web_link(*one) for one in self._line_things()][:MAX_PAGES])

    def _on_wells_menu(self, menu: QMenu, name: str, place: int) -> None:
        """Offer the links of the well of a row."""
        del name
        dock = self._dock
        shown = None if dock is None else dock.plate
        indexed = None if dock is None else dock.panel.table.wells.indexed
        if not isinstance(shown, PlateShown) or indexed is None:
            return
        well = ObjectRef(kind="well", id=indexed.table.wells[place].well_id)
        web = web_link(shown.server, well)
        own = write_link(shown.server, well, LinkView(field=shown.field))
        menu.addSeparator()
        _add(menu, "Copy link", lambda: self._copy([own]))
        _add(menu, "Open in the browser", lambda: self._browse([web]))

    def _copy(self, links: Sequence[str]) -> None:
        text = "\n".join(link for link in links if link)
        clipboard = QGuiApplication.clipboard()
        if not text or clipboard is None:
            self._panels.status.say(NOTHING_TO_LINK)
            return
        clipboard.setText(text)
        self._panels.status.say(f"Copied: {text.splitlines()[0]}")

    def _browse(self, pages: Sequence[str]) -> None:
        for page in filter(None, pages):
            QDesktopServices.openUrl(QUrl(page))


def _add(menu: QMenu, words: str, call: Callable[[], object]) -> None:
    action = menu.addAction(words.replace("&", "&&"))
    assert action is not None
    action.triggered.connect(lambda *_: call())


def _gallery_link(shown: GalleryShown) -> tuple[str, Thing, LinkView] | None:
    """Return the server and what a gallery is of, None if that is several lines."""
    query, lines = shown.of.query, shown.of.lines
    search = None if query is None else _search_link(query)
    if not lines:
        return None if search is None else (shown.server, search, NO_VIEW)
    if len(lines) > 1:
        return None
    [(kind, number)] = lines
    thing = ObjectRef(kind=LINE_KINDS[kind], id=number)
    is_plate = thing.kind == "plate"
    return shown.server, thing, LinkView(search=search) if is_plate else NO_VIEW


def _thing(details: Details) -> ObjectRef:
    match details:
        case ImageDetails() | ImageUnread():
            return ObjectRef(kind="image", id=details.request.ref.image_id)
        case PlateDetails():
            return details.plate.ref
        case DatasetDetails():
            return details.dataset.ref
        case StudyDetails():
            return details.study.ref


def _thing_of_line(entry: Entry) -> ObjectRef:
    item = entry.item
    if isinstance(item, ImageRef):
        return ObjectRef(kind="image", id=item.image_id)
    return item.ref


def _search_link(query: Query) -> SearchLink:
    key = query.key.name if query.value else ""
    return SearchLink(key=key, value=query.value, conditions=spelled(query.conditions))
