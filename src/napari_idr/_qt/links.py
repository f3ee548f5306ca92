"""Links that are opened in a browser, one after the other."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtWidgets import QMessageBox

from napari_idr._qt.link_copies import LinkCopies
from napari_idr._qt.link_input import LinkInput
from napari_idr._qt.offline import pack_path
from napari_idr._qt.panels.focus import FocusMarker
from napari_idr._qt.wells.dock import WellsDock, open_wells
from napari_idr.errors import Cancelled, IDRError
from napari_idr.model import ObjectRef
from napari_idr.services.browser_state import BrowserState
from napari_idr.services.details import (
    MosaicKey,
)
from napari_idr.services.explain import explain
from napari_idr.services.links.finding import (
    FoundImage,
    FoundLine,
    FoundPlate,
    FoundSearch,
    Target,
    find_target,
    wells_of,
)
from napari_idr.services.links.reading import check_server, is_same_server, read_link
from napari_idr.services.links.records import Link, LinkView, SearchLink, Thing
from napari_idr.services.plate.view import PlateShown
from napari_idr.services.wells.look import COLOR_STYLES, WellsLook, color_title

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_idr._qt.finder import Finder
    from napari_idr._qt.jobs import Jobs, JobSlot
    from napari_idr._qt.layers.scene import ViewerScene
    from napari_idr._qt.panels.layout import Panels
    from napari_idr.services.search.catalog import Query

NOT_A_LINK: Final = "This is no link of the archive, and no id."


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """How the opening of a link ended: what was found, and why the rest wasn't."""

    link: Link
    targets: tuple[Target, ...] = ()
    problem: Exception | None = None


class Links(QObject):
    """Opens links in a browser as a person does by hand.

    What a link names is opened one after the other, each once the one before is there.
    What is on another server waits until that is reached.

    Parameters
    ----------
    panels
        Those of the browser.
    is_busy
        Whether anything is being loaded or put into the viewer.
    """

    serverWanted = Signal(str)
    lineWanted = Signal(object)  # Entry of a study or a dataset
    plateWanted = Signal(object)  # FoundPlate
    imageWanted = Signal(object)  # ImageRequest
    wellWanted = Signal(object, object)  # MosaicShown, GridCell: one goes on from it
    opened = Signal(object)  # Opened: nothing is left to be opened

    def __init__(
        self,
        viewer: Viewer,
        panels: Panels,
        finder: Finder,
        jobs: Jobs,
        scene: ViewerScene,
        is_busy: Callable[[], bool],
    ) -> None:
        super().__init__(panels)
        self._viewer = viewer
        self._panels = panels
        self._finder = finder
        self._jobs = jobs
        self._scene = scene
        self._is_busy = is_busy
        self._state = BrowserState()
        self._due: deque[tuple[Thing, LinkView]] = deque()
        self._link: Link | None = None  # what is being opened
        self._next: deque[Link] = deque()
        self._away = ""  # the server that is waited for, "" for none
        self._found: list[Target] = []
        self._problem: Exception | None = None
        self._after_search: tuple[Query, FoundPlate | None] | None = None
        self._view: tuple[MosaicKey, FoundPlate] | None = None
        self._color: tuple[MosaicKey, str] | None = None
        self._dock: WellsDock | None = None
        self._slot: JobSlot[None, Target] = jobs.slot(self._on_target)
        # Once all who hear of a job's end have.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._go_on)
        jobs.changed.connect(self._look_soon)
        jobs.failed.connect(self._on_failed)
        # Not before: another dock moves the canvas, and napari fails at layers that
        # change between their making and their adding.
        scene.plates.arrived.connect(self._show_view)
        scene.plates.arrived.connect(self._look_soon)
        scene.coming.changed.connect(self._look_soon)
        panels.status.cancelWanted.connect(self.give_up)
        panels.search.linkWanted.connect(self.open_text)
        finder.found.connect(self._on_searched)
        self._copies = LinkCopies(panels, finder, scene)
        panels.setAcceptDrops(True)
        fields = (panels.search.value.native, panels.server.address.lineEdit())
        self._input = LinkInput(self, panels, fields)
        self._input.given.connect(self.open_text)

    @property
    def server(self) -> str:
        """The server of the browser: the one it is on, or asks."""
        return self._away or self._state.host

    # Where links come from

    def choose_server(self, text: str) -> None:
        """Connect to a server that was typed, and open what its link names.

        What is no address is told, and nothing is left for it.
        """
        try:
            link = read_link(text, numbers=True)
            if link is None and pack_path(text) is None:
                check_server(text)
        except ValueError as error:
            self._refuse(error)
            return
        if link is None:
            self.give_up()
            self.serverWanted.emit(text)
            return
        self.open(link, asks=False)
        self._show_server()

    def open_text(self, text: str) -> bool:
        """Open what a text names; return whether it is a link at all."""
        try:
            link = read_link(text, numbers=True)
        except ValueError as error:
            self._refuse(error)
            return True
        if link is None:
            self._panels.status.say(NOT_A_LINK)
            return False
        self.open(link)
        return True

    def _refuse(self, error: ValueError) -> None:
        sentence = explain(error, host=self._state.host)
        self._panels.status.say_failed(sentence, can_retry=False)

    def _show_server(self) -> None:
        """Show in place of a link that was typed the server that is asked."""
        self._panels.server.address.setEditText(self.server)

    def open(self, link: Link, *, asks: bool = True) -> None:
        """Open what a link names, now or when its server is reached.

        With `asks` a person is asked before the browser leaves another server.
        """
        here = self._state.host
        server = link.server or self.server
        if is_same_server(server, self.server):
            if self._link is None:
                self._begin(link)
            else:  # napari opens several links one by one
                self._next.append(link)
            if self._state.session is None and not self._jobs.message:
                self.serverWanted.emit(server)  # it couldn't be reached before
            self._look_soon()
        elif asks and self._state.session is not None:
            self._ask(link, server, here)
        else:
            self._leave(link, server)

    def _begin(self, link: Link) -> None:
        self._forget()
        self._panels.status.say("")  # what went wrong before is of something else
        self._link = link
        self._due.extend((thing, link.view) for thing in link.things)

    def _leave(self, link: Link, server: str) -> None:
        self.give_up()
        self._begin(link)
        self._away = server
        self.serverWanted.emit(server)

    def _ask(self, link: Link, server: str, here: str) -> None:
        """Ask whether to leave a server; nothing waits for the answer."""
        box = QMessageBox(self._panels)
        box.setObjectName("idr_leave_server")
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle("Another server")
        box.setText(f"This is of {server}. Leave {here} and open it?")
        box.setInformativeText("What is in the viewer stays.")
        leave = box.addButton("Leave", QMessageBox.ButtonRole.AcceptRole)
        stay = box.addButton("Stay", QMessageBox.ButtonRole.RejectRole)
        assert leave is not None
        assert stay is not None
        leave.setObjectName("idr_leave")
        stay.setObjectName("idr_stay")
        box.setDefaultButton(leave)

        def answer(button: QObject) -> None:
            box.deleteLater()
            if button is leave:
                self._leave(link, server)
            else:
                self._panels.status.say(f"Still on {here}.")
                stayed = Cancelled("a person stays on another server")
                self.opened.emit(Opened(link=link, problem=stayed))

        box.buttonClicked.connect(answer)
        FocusMarker(box)
        box.open()

    # One after the other

    def enter(self, state: BrowserState) -> None:
        """Work with what is known of another server."""
        self._state = state
        self._copies.enter(state)
        is_ours = self._away and is_same_server(self._away, state.address)
        if self._away and not is_ours:
            self._finish(Cancelled("another server was chosen"))
        if state.session is not None:
            self._away = ""
            self._look_soon()

    def give_up(self) -> None:
        """Open nothing more of what is due."""
        if self._link is not None:
            self._finish(Cancelled("a person has stopped it"))

    def _forget(self) -> None:
        self._slot.cancel()
        self._due.clear()
        self._found, self._problem = [], None
        self._after_search = self._view = self._color = None
        self._link, self._away = None, ""

    def _finish(self, problem: Exception | None) -> None:
        if self._link is None:
            return
        outcome = Opened(link=self._link, targets=tuple(self._found), problem=problem)
        if outcome.targets and isinstance(problem, IDRError | ValueError):
            # What was opened since has said something else.
            sentence = explain(problem, host=self._state.host)
            self._panels.status.say_failed(sentence, can_retry=False)
        view, color = self._view, self._color
        self._forget()
        if problem is None:
            self._view, self._color = view, color  # of layers that are on their way
        self.opened.emit(outcome)
        self._take_next(problem)

    def _take_next(self, problem: Exception | None) -> None:
        """Begin with the link that waits; who has stopped one stops them all."""
        if not self._next or self._link is not None:
            return
        self._begin(self._next.popleft())
        if isinstance(problem, Cancelled):
            self._finish(problem)
        else:
            self._look_soon()

    def _look_soon(self, *_: object) -> None:
        if self._link is not None:
            self._soon.start()

    def _go_on(self) -> None:
        """Open what is due next, once nothing runs any more."""
        if self._link is None or self._is_busy() or self._slot.busy:
            return
        session, known = self._state.session, self._state.server_info
        if session is None or known is None:
            if self._problem is not None:  # Retry may reach the server yet
                problem, self._problem = self._problem, None
                self.opened.emit(Opened(link=self._link, problem=problem))
            return
        if self._after_search is not None:
            self._after_searching()
        elif self._due:
            thing, view = self._due.popleft()
            message = f"Looking for {_told(thing)} …"
            self._slot.start(message, find_target, session, known, thing, view)
        else:
            self._finish(self._problem)

    def _on_failed(self, error: Exception) -> None:
        if self._link is not None and self._problem is None:
            self._problem = error
        self._look_soon()

    def _on_target(self, target: Target) -> None:
        self._found.append(target)
        match target:
            case FoundSearch(query=query):
                self._search(query, None)
            case FoundLine(entry=entry):
                self._finder.bring_studies(target.studies, target.filter)
                self.lineWanted.emit(entry)
            case FoundPlate():
                by, shown = target.entry.query, self._finder.searched
                if by is not None and (shown is None or shown.query != by):
                    self._search(by, target)
                else:
                    self._show_plate(target)
            case FoundImage(request=request):
                self.imageWanted.emit(request)
        self._look_soon()

    def _search(self, query: Query, then: FoundPlate | None) -> None:
        self._after_search = query, then
        self._finder.show_search()
        self._finder.search(query)

    def _after_searching(self) -> None:
        """Show the plate that was found by a search, even if that didn't come."""
        found, self._after_search = self._after_search, None
        if found is not None and found[1] is not None:
            self._show_plate(found[1])
        self._look_soon()

    def _on_searched(self, query: Query) -> None:
        """Take a number that nothing carries for the id of an image."""
        found = self._finder.shown
        is_number = query.value.isascii() and query.value.isdigit()
        if found is None or found.entries or query.conditions or not is_number:
            return
        if self._link is None:
            self.open_text(query.value)

    # A plate, and how it is to be seen

    def _show_plate(self, found: FoundPlate) -> None:
        if found.entry.query is None:
            self._finder.bring_studies(found.studies, "")
        key = found.details.key
        is_there = self._scene.is_complete(key, found.run, found.field)
        self._view = key, found
        self.plateWanted.emit(found)
        if is_there:
            self._show_view(key)

    def _show_view(self, key: MosaicKey) -> None:
        """Select wells and colour them, as soon as the plate is in the viewer."""
        if self._view is None or self._view[0] != key:
            return
        found, shown = self._view[1], self._scene.shown(key)
        if not isinstance(shown, PlateShown):
            return
        if (shown.plan.grid.run, shown.field) != (found.run, found.field):
            return
        self._view, view = None, found.view
        notes = list(found.notes)
        wells = wells_of(shown, view.wells)
        if len(wells) < len(view.wells):
            notes.append("Not all selected wells are on this plate.")
        if found.well is not None and found.well not in wells:
            wells = (*wells, found.well)
        if wells:
            self._scene.plates.choose(key, wells)
            if (cell := shown.cell_of(wells[-1])) is not None:
                self.wellWanted.emit(shown, cell)
        if notes:
            self._panels.status.say(" ".join(notes))
        if view.color or view.hide_failed:
            self._color_wells(key, view)

    def _color_wells(self, key: MosaicKey, view: LinkView) -> None:
        dock = open_wells(self._viewer)
        self.follow_wells(dock)
        known = (style for style in COLOR_STYLES if style == view.style)
        look = WellsLook(color_by=view.color or None, hide_failed=view.hide_failed)
        look = replace(look, style=next(known, look.style), own=dock.look_of(key).own)
        dock.look_at(key, look)
        self._color = (key, view.color) if view.color else None

    def _on_wells_shown(self) -> None:
        """Say so if the wells have no column that a link colours them by."""
        dock = self._dock
        if self._color is None or dock is None or dock.jobs.message is not None:
            return
        key, name = self._color
        if dock.plate is not None and dock.plate.key == key:
            self._color = None
            if not dock.can_color(name):
                title = color_title(name)
                self._panels.status.say(f"The wells have no “{title}” to colour by.")

    def follow_wells(self, dock: WellsDock) -> None:
        """Offer links in the menu of the table of wells, and hear when it is shown."""
        self._copies.follow_wells(dock)
        if dock is not self._dock:
            self._dock = dock
            dock.shown.connect(self._on_wells_shown)

    def layers(self, outcome: Opened) -> tuple[Layer, ...]:
        """Return the layers of what was opened, as far as they are in the viewer."""
        found: list[Layer] = []
        for target in outcome.targets:
            if isinstance(target, FoundPlate):
                found += self._scene.plates.layers_of(target.details.key)
            elif isinstance(target, FoundImage):
                request = target.request
                found += self._scene.images.layers_of(
                    request.ref.image_id, request.server
                )
        there = self._viewer.layers
        return tuple(dict.fromkeys(layer for layer in found if layer in there))


def _told(thing: Thing) -> str:
    if isinstance(thing, ObjectRef):
        return f"{thing.kind} {thing.id}"
    return thing.value if isinstance(thing, SearchLink) else thing.name
