"""Browser: the dock widget, which wires panels, jobs and the scene."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Final

from napari.utils.notifications import show_warning
from qtpy.QtWidgets import QWidget

from napari_idr._qt.comparisons import Comparisons
from napari_idr._qt.dock import Docked, the_only
from napari_idr._qt.ending import end_with
from napari_idr._qt.exports import Exports
from napari_idr._qt.files import Files
from napari_idr._qt.finder import Finder
from napari_idr._qt.galleries import Galleries
from napari_idr._qt.guide import open_guide
from napari_idr._qt.history import History, Stop
from napari_idr._qt.images import Images
from napari_idr._qt.jobs import Jobs, JobSlot
from napari_idr._qt.layers.scene import scene_of
from napari_idr._qt.layers.warming import Warming
from napari_idr._qt.layers.whole_levels import let_levels_be_saved
from napari_idr._qt.links import Links
from napari_idr._qt.offline import OfflineKeeper, pack_path
from napari_idr._qt.panels.layout import Panels
from napari_idr._qt.pivoting import Pivoting
from napari_idr._qt.session_files import SessionFiles
from napari_idr._qt.session_saving import SessionSaver
from napari_idr._qt.settings import (
    connection_settings,
    recent_addresses,
    remember_address,
)
from napari_idr._qt.tidying import Tidying
from napari_idr._qt.together import Together
from napari_idr._qt.wells.dock import open_wells
from napari_idr.errors import IDRError
from napari_idr.model import GridCell, ImageRef, Plate, PlateAcquisitionId
from napari_idr.services.annotations import AnnotationRow, annotation_rows, told_rows
from napari_idr.services.browser_state import BrowserState, abilities
from napari_idr.services.details import (
    Details,
    ImageDetails,
    ImageRequest,
    ImageUnread,
    MosaicKey,
    PlateDetails,
    StudyDetails,
    Subject,
    mosaic_subject,
)
from napari_idr.services.explain import can_retry, explain, unread_note
from napari_idr.services.gallery.sources import GalleryOrder
from napari_idr.services.gallery.view import GalleryShown
from napari_idr.services.links.finding import FoundPlate
from napari_idr.services.mosaic import MosaicShown
from napari_idr.services.offline.pack_session import PackSession, open_pack
from napari_idr.services.plate.mosaic import MosaicStep
from napari_idr.services.plate.view import PlateShown
from napari_idr.services.search.catalog import Entry, Query
from napari_idr.services.session import (
    ConnectionSettings,
    ServerInfo,
    Session,
    connect,
)
from napari_idr.tiles import check_callers

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping
    from pathlib import Path

    from napari.viewer import Viewer
    from qtpy.QtCore import QPoint

    from napari_idr.cancel import CancelToken

SEEN_S: Final = 0.15
"""How long the first question waits at most for the first paint."""


class Browser(Panels):
    """Searches and browses one server and opens what is found in a viewer.

    Parameters
    ----------
    napari_viewer
        The viewer to show things in.
    address
        The server to start with; it isn't remembered for the next time. None stands
        for the one that was used last.
    """

    def __init__(
        self,
        napari_viewer: Viewer,
        parent: QWidget | None = None,
        *,
        address: str | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = napari_viewer
        self._unlisted = address
        self._state = BrowserState()
        jobs = self._jobs = Jobs(self)
        self._finder = Finder(self, jobs)
        self._pivoting = Pivoting(napari_viewer, self, jobs, self._finder)
        self._scene = scene_of(napari_viewer)
        self._scene.set_server(self, "")
        self._galleries = Galleries(
            self.gallery, self._finder, jobs, self._scene, napari_viewer
        )
        parts = self, self._finder, jobs, self._scene, napari_viewer
        self._session_files = SessionFiles(*parts)
        self._session_saver = SessionSaver(*parts)
        self._offline = OfflineKeeper(self, self._finder, jobs)
        self._seen = Docked(self, self._scene.window).seen
        self._loading: MosaicKey | None = None
        self._adding: str | None = None
        self._summary_message = ""
        self._said_of_pixels = ""
        self._problem: IDRError | None = None
        self._connect_slot: JobSlot[None, tuple[Session, ServerInfo]] = jobs.slot(
            self._on_connected
        )
        self._details_slot: JobSlot[None, Details] = jobs.slot(
            self._on_details, on_failure=self._on_details_failed
        )
        self._mosaic_slot: JobSlot[MosaicShown | MosaicStep, None] = jobs.slot(
            self._on_mosaic_done,
            on_step=self._on_mosaic_step,
            on_failure=self._on_mosaic_failed,
        )
        self._ask_slot: JobSlot[None, ServerInfo] = jobs.slot(self._on_asked_again)
        self._hits_slot: JobSlot[PlateDetails, None] = jobs.slot(
            _nothing, on_step=self._on_hits, shown=False
        )
        self._images = Images(self, jobs, self._scene, self._finder.holdings)
        self._history = History(self, self._finder, self._scene, self._arrive)
        self._comparisons = Comparisons(self, self._finder, jobs, self._scene)
        self.links = Links(
            napari_viewer, self, self._finder, jobs, self._scene, self._is_busy
        )
        self._together = Together(
            self,
            self._finder,
            jobs,
            self._scene,
            self._comparisons,
            self._images.open,
            self._say_adding,
        )
        Tidying(self, self._stop, self._scene)
        self._files = Files(self, jobs)
        self._exports = Exports(self, jobs, self._scene, napari_viewer)
        self._wire()
        leave = partial(self._scene.remove_browser, id(self))
        end_with(self, self._scene, jobs.close, leave)
        _get_along_with_napari()
        Warming(self, jobs, getattr(napari_viewer, "__wrapped__", napari_viewer))
        self._connect_to(address or recent_addresses()[0])

    @property
    def jobs(self) -> Jobs:
        """What it does in threads."""
        return self._jobs

    @property
    def session_files(self) -> SessionFiles:
        """What opens sessions."""
        return self._session_files

    @property
    def session_saver(self) -> SessionSaver:
        """What saves sessions."""
        return self._session_saver

    def _wire(self) -> None:
        self.server.serverChosen.connect(self.links.choose_server)
        self.links.serverWanted.connect(self._connect_to)
        self.links.lineWanted.connect(self._on_study_wanted)
        self.links.plateWanted.connect(self._on_plate_wanted)
        self.links.imageWanted.connect(self._on_image_wanted)
        self.links.wellWanted.connect(self._tell_of_well)
        self.server.askAgainWanted.connect(self._ask_again)
        self.server.helpWanted.connect(self._on_help)
        self.hint.guideWanted.connect(self._on_help)
        self._offline.packWanted.connect(self.open_pack)
        self._offline.backAgain.connect(self._on_back_again)
        self._finder.entrySelected.connect(self._select)
        self._finder.entryActivated.connect(self._on_activated)
        self._finder.found.connect(self._on_found)
        self._finder.welcomeWanted.connect(self._welcome)
        self._pivoting.studyWanted.connect(self._on_study_wanted)
        self._pivoting.galleryWanted.connect(self._galleries.show_lines)
        self.annotations.menuWanted.connect(self._on_annotation_menu)
        self.annotations.searchWanted.connect(self._on_annotation_search)
        self._session_files.serverWanted.connect(self._connect_to)
        self._session_files.detailsKnown.connect(self._on_details)
        self._session_files.wellWanted.connect(self._tell_of_well)
        self._galleries.loadWanted.connect(self._load_gallery)
        self._galleries.nothingFound.connect(self._on_no_gallery)
        self.plate.showWanted.connect(self._on_show_plate)
        self.plate.fieldChosen.connect(self._on_field)
        self.plate.tableWanted.connect(self._on_table)
        self._images.opening.connect(self._on_opening)
        self._images.failed.connect(self._on_image_failed)
        self._images.detailsKnown.connect(self._on_details)
        self._images.added.connect(self._keep_shown)
        self._scene.imageClicked.connect(self._on_image)
        self._scene.imageActivated.connect(self._on_image_activated)
        self.status.cancelWanted.connect(self._on_cancel)
        self.status.retryWanted.connect(self._retry)
        self._scene.removed.connect(self._keep_shown)
        self._scene.aside.broughtBack.connect(self._on_brought_back)
        self._scene.wellClicked.connect(self._on_well)
        self._scene.wellActivated.connect(self._on_well_activated)
        self._scene.refresher.failed.connect(self._on_pixels_failed)
        self._scene.refresher.recovered.connect(self._on_pixels_came)
        self._scene.refresher.behind.connect(self.status.set_behind)
        self._scene.plates.arrived.connect(self._on_arrived)
        self._scene.plates.failed.connect(self._on_not_added)
        self._jobs.changed.connect(self._on_jobs_changed)
        self._jobs.changed.connect(self._scene.give_back_soon)
        self._scene.coming.changed.connect(self._on_jobs_changed)
        self._session_files.changed.connect(self._on_jobs_changed)
        self._session_files.mayImprove.connect(self._comparisons.offer_retry)
        self._jobs.failed.connect(self._on_failed)
        self._jobs.begun.connect(self.status.forget_failure)
        self._jobs.telling.connect(self.status.set_news)

    # The server

    def _connect_to(self, address: str) -> None:
        if (path := pack_path(address)) is not None:
            self.open_pack(path)
            return
        self._leave_for(address)
        message = f"Asking {address} …"
        settings = connection_settings()
        self._connect_slot.start(message, _connect, self._seen, address, settings)

    def open_pack(self, path: Path) -> None:
        """Look at what is in a pack; nobody is asked."""
        self._leave_for(str(path))
        self._connect_slot.start(f"Checking {path.name} …", open_pack, path)

    def _leave_for(self, address: str) -> None:
        self._jobs.cancel_all()
        self._comparisons.give_up()
        self._enter(BrowserState(address=address))
        self._finder.clear()
        self.server.show_address(address)
        self.server.set_abilities("", ())
        self.server.set_unknown(unknown=False)
        self._show_cards(None)
        self._scene.set_server(self, "")

    def _enter(self, state: BrowserState) -> None:
        """Begin with what is known of another server."""
        self._state = state
        self._finder.enter(state)
        self._pivoting.enter(state)
        self._history.enter(state)
        self._images.enter(state)
        self._comparisons.enter(state)
        self._together.enter(state)
        self._files.enter(state)
        self._exports.enter(state)
        self._galleries.enter(state)
        self.links.enter(state)
        self._session_files.enter(state)
        self._session_saver.enter(state)
        self._offline.enter(state)

    def _on_connected(self, result: tuple[Session, ServerInfo]) -> None:
        session, server_info = result
        address = self._state.address
        self._enter(
            BrowserState(address=address, session=session, server_info=server_info)
        )
        self._scene.keep(session)
        self._scene.set_server(self, session.url)
        if address != self._unlisted and not isinstance(session, PackSession):
            remember_address(session.url)
        self.server.set_addresses(dict.fromkeys([session.url, *recent_addresses()]))
        self._show_abilities(server_info)
        self._finder.begin()

    def _on_back_again(self) -> None:
        """Go on with what failed as the server couldn't be reached."""
        if not self.status.retry.isHidden():
            self._retry()
        else:
            self.status.say("The server can be reached again.")
            self._finder.open_again()
        known = self._state.server_info
        if known is not None and known.is_incomplete:
            self._ask_again()

    def _retry(self) -> None:
        """Do what failed again; what was said of it isn't true any more."""
        self.status.forget_failure()
        self._jobs.retry()
        self._finder.open_again()

    def _ask_again(self) -> None:
        """Ask the server what isn't known of it."""
        session, known = self._state.session, self._state.server_info
        if session is not None and known is not None:
            message = "Asking what the server can do …"
            self._ask_slot.start(message, session.ask_again, known)

    def _on_asked_again(self, server_info: ServerInfo) -> None:
        """Offer what has become known; what a person has before them stays."""
        self._state.server_info = server_info
        self._show_abilities(server_info)
        self._finder.offer_keys()
        self._welcome()

    def _show_abilities(self, server_info: ServerInfo) -> None:
        self.server.set_abilities(
            abilities(server_info), server_info.capabilities.evidence
        )
        self.server.set_unknown(unknown=server_info.is_incomplete)

    def _welcome(self) -> None:
        """Say what can be done here; Retry asks for what isn't known."""
        known = self._state.server_info
        if isinstance(self._state.session, PackSession):
            self.status.say("What is in the pack can be browsed, and not searched.")
        elif known is not None and known.search is None:
            self.status.say_failed(self._state.welcome, can_retry=True)
            self._jobs.remember_retry(self._ask_again)
        else:
            self.status.say(self._state.welcome)

    def _on_help(self) -> None:
        open_guide(self._viewer)

    # What is selected

    def _select(self, entry: Entry) -> None:
        session = self._state.session
        if session is not None and self._state.select(entry):
            self._details_slot.start(f"Reading {entry.name} …", session.details, entry)

    def _on_activated(self, entry: Entry) -> None:
        """Show a plate, open an image."""
        self._select(entry)
        if isinstance(entry.item, Plate):
            if self._state.wish_to_show(entry):
                self._on_show_plate(self.plate.chosen_run, self.plate.chosen_field)
        elif isinstance(entry.item, ImageRef):
            self._images.open(self._state.request_for(entry))

    def _on_details(self, details: Details) -> None:
        details = self._state.receive(details)
        self._show_cards(details)
        self.reveal_main_button()
        if isinstance(details, PlateDetails):
            self._scene.mark_hits(details)
            if self._state.take_wish():
                self._on_show_plate(self.plate.chosen_run, self.plate.chosen_field)
        elif isinstance(details, ImageDetails):
            self._finder.holdings.take_details(details)
        self._history.come_to_line()

    def _on_details_failed(self, error: Exception) -> None:
        """Tell of what is selected what is known of it all the same."""
        asked = self._state.asked
        self._state.lose(None if asked is None else self._unread(asked, error))
        self._show_cards(self._state.details)

    def _unread(self, request: ImageRequest, error: Exception) -> ImageUnread:
        """Return what a mosaic in the viewer tells of an image that didn't come."""
        cell = request.cell
        shown = None if cell is None else self._scene.shown(cell[0])
        return ImageUnread(
            request=request,
            study=shown.details.study if isinstance(shown, PlateShown) else None,
            told=() if cell is None or shown is None else shown.told_of(cell[1]),
            note=unread_note(error),
        )

    def _show_cards(self, details: Details | None) -> None:
        study = details if isinstance(details, StudyDetails) else None
        if details is not None and not isinstance(details, StudyDetails):
            study = details.study
        self.study.set_card(None if study is None else study.card)
        if self._state.plate is not self.plate.details:
            self.plate.set_details(self._state.plate)
        image = details if isinstance(details, ImageDetails | ImageUnread) else None
        self.image.set_details(image)
        self.image.set_opened(opened=self._scene.images.is_newest(self._state.image))
        if isinstance(details, ImageUnread):
            self.annotations.set_rows(told_rows(details.told), read=False)
        else:
            self.annotations.set_rows(
                () if details is None else annotation_rows(details.annotations),
                plate=isinstance(details, PlateDetails),
            )
        self.show_details(shown=details is not None)
        self._comparisons.offer()
        self._files.follow(details)
        self._offline.offer()
        seen = self._state.seen
        cell = None if seen is None else seen.cell
        # Others stay selected beside a well that is told of already.
        if cell is None or self._scene.plates.selected_on(cell[0])[-1:] != (cell[1],):
            self._scene.select_well(*(cell or (None, None)))
        if seen is None:
            self._scene.select_image("", None)
        else:
            self._scene.select_image(seen.server, seen.ref.image_id)

    # What is shown follows the newest search, and goes with what it is about.

    def _on_found(self, query: Query) -> None:
        """Leave the search before: its lines, and its hits on the plates shown."""
        self._history.begin_search()
        self._follow(query, {})

    def _follow(self, query: Query, kept: Mapping[MosaicKey, PlateDetails]) -> None:
        """Show the hits of a search on plates: those that are kept, others asked."""
        if self._state.is_on_line:
            self._details_slot.cancel()  # of a line that has gone
        self._state.follow(query)
        for shown in self._scene.plates_shown:
            if self._scene.is_answered_by(self, shown.server):
                self._scene.mark_hits(shown.details.without_hits())
        self._keep_shown()
        self._show_cards(self._state.details)
        session = self._state.session
        if session is None:
            return
        plates = {shown.key: shown.details for shown in self._scene.plates_shown}
        if (card := self._state.plate) is not None:
            plates[card.key] = card
        asked = []
        for key, one in plates.items():
            if key in kept:
                self._on_hits(kept[key])
            elif one.server == session.url:
                asked.append(one)
        self._hits_slot.start_steps("", session.hits_on, tuple(asked), query)

    def _on_hits(self, plate: PlateDetails) -> None:
        plate = self._state.current(plate)
        self._state.mark(plate)
        self._scene.mark_hits(plate)
        if self._state.plate is plate:
            self._show_cards(self._state.details)

    def _arrive(self, stop: Stop) -> None:
        self._details_slot.cancel()
        if stop.results is not None and (stop.results.found is not self._finder.shown):
            self._finder.bring(stop.results)
            self._follow(stop.results.found.query, stop.hits)
            self._pivoting.follow()
        if stop.entry is None or not self._finder.go_to(stop.entry):
            return
        if stop.details is None:
            self._state.forget_line()
            self._select(stop.entry)
            return
        self._state.select(stop.entry)
        self._on_details(stop.details)
        plate = self._state.plate
        if plate is not None and self._scene.shows(plate.key):
            self._scene.plates.activate(plate.key)

    def _on_study_wanted(self, entry: Entry) -> None:
        """Select a study, or what lies below one, whether or not its line is open."""
        if entry.parent is not None:
            self._finder.open(entry.parent)
        self._finder.go_to(entry)
        self._select(entry)

    # What links name

    def _is_busy(self) -> bool:
        adding = self._adding or self._scene.coming.message
        return self._jobs.message is not None or adding is not None

    def _on_plate_wanted(self, found: FoundPlate) -> None:
        self._details_slot.cancel()
        if found.entry.parent is not None:
            self._finder.open(found.entry.parent)
        self._state.select(found.entry)
        self._on_details(found.details)
        self.plate.choose(found.run, found.field)
        self._on_show_plate(found.run, found.field)

    def _on_image_wanted(self, request: ImageRequest) -> None:
        self._state.look_at(request)
        self._images.open(request)

    def _on_annotation_menu(
        self, row: AnnotationRow, beside: dict[str, str], where: QPoint
    ) -> None:
        menu = self._pivoting.menu(
            self.annotations, row.key, row.value, beside=beside, url=row.url
        )
        menu.popup(where)

    def _on_annotation_search(self, row: AnnotationRow, beside: dict[str, str]) -> None:
        self._pivoting.search_for(row.key, row.value, beside)

    def _keep_shown(self) -> None:
        """Take back what was told of what is no longer there."""
        shown = self._scene.subjects
        self.status.keep(shown)
        if self._mosaic_slot.busy:
            if self._loading is not None and not self._scene.shows(self._loading):
                self._mosaic_slot.cancel()  # of a plate that was removed
            elif self._state.plate is not None:
                shown |= {self._state.plate.subject}  # it may be on its way
        if self._state.keep(shown):
            self._show_cards(self._state.details)
        self.image.set_opened(opened=self._scene.images.is_newest(self._state.image))

    def _on_brought_back(self, _: int) -> None:
        """Tell of the layers that were closed what was told of them before."""
        self._state.bring_back(self._scene.subjects)
        self._show_cards(self._state.details)

    # Plates

    def _on_field(self, run: PlateAcquisitionId | None, field: int) -> None:
        """Another field or run was chosen: a plate that is shown follows."""
        details = self._state.plate
        if details is not None and self._scene.shows(details.key):
            self._on_show_plate(run, field)

    def _on_table(self) -> None:
        """Show the table of the wells of the selected plate, and the plate itself."""
        details = self._state.plate
        if details is None:
            return
        if self._scene.shows(details.key):
            self._scene.plates.activate(details.key)
        else:
            self._on_show_plate(self.plate.chosen_run, self.plate.chosen_field)
        dock = open_wells(self._viewer)
        self._pivoting.follow_wells(dock)
        self.links.follow_wells(dock)
        dock.follow(details.key)

    def _on_show_plate(self, run: PlateAcquisitionId | None, field: int) -> None:
        session, details = self._state.session, self._state.plate
        if session is None or details is None:
            return
        if self._scene.is_complete(details.key, run, field):
            self._scene.go_to_mosaic(details.key)
            return
        self._loading = None
        message = f"Loading {details.plate.name} …"
        self._mosaic_slot.start_steps(message, session.show_plate, details, run, field)

    # Plates and galleries

    def _load_gallery(self, order: GalleryOrder, aspect: float) -> None:
        session = self._state.session
        if session is not None:
            self._loading = None
            message = f"Loading {order.of.title} …"
            self._mosaic_slot.start_steps(message, session.show_gallery, order, aspect)

    def _on_no_gallery(self) -> None:
        self.status.say("There are no images to show.")

    def _on_mosaic_step(self, step: MosaicShown | MosaicStep) -> None:
        if isinstance(step, MosaicShown):
            is_first = step.key != self._loading
            if not (is_first or self._scene.shows(step.key)):
                self._mosaic_slot.cancel()  # a person has removed it
                return
            self._loading, self._adding = step.key, f"Showing {step.name} …"
            if isinstance(step, PlateShown):
                step = self._state.with_news(step)
            self._scene.show_mosaic(step, look=is_first)
        elif self._loading is not None:
            self._scene.paint(self._loading)
            self.status.set_progress(step.done, step.total, "thumbnails")
            if step.summary is not None:
                self._scene.finish_mosaic(self._loading, step.summary)
                legend = self._scene.legend(self._loading)
                self._summary_message = f"{step.summary.message} {legend}".strip()
                self._problem = step.summary.problem

    def _on_mosaic_failed(self, _: Exception) -> None:
        self._loading = None  # Retry begins anew

    def _on_mosaic_done(self, _: None) -> None:
        self._galleries.refresh()
        about: frozenset[Subject] = frozenset()
        if self._loading is not None:
            about = frozenset({mosaic_subject(self._loading)})
        if self._problem is None:
            self.status.say(self._summary_message, about=about)
        else:
            reason = self._explained(self._problem)
            self._jobs.remember_retry(self._load_missing)
            self.status.say_failed(
                f"{self._summary_message} {reason}",
                can_retry=can_retry(self._problem),
                about=about,
            )
        self._keep_shown()

    def _load_missing(self) -> None:
        """Ask again for the thumbnails of a plate that didn't come."""
        shown = None if self._loading is None else self._scene.shown(self._loading)
        if isinstance(shown, GalleryShown) and shown.whole is not None:
            shown = shown.whole
            self._scene.show_mosaic(shown)
        session = None if shown is None else self._scene.session_of(shown)
        if session is not None and shown is not None:
            message = f"Loading {shown.where(None)} …"
            self._mosaic_slot.start_steps(message, session.load_missing, shown)

    def _on_arrived(self, plate: MosaicKey) -> None:
        """All layers of a plate are there, which may be after its thumbnails."""
        if plate == self._loading:
            self._adding = None
            self._on_jobs_changed()

    def _on_not_added(self, plate: MosaicKey, problem: str) -> None:
        if plate == self._loading:
            self._mosaic_slot.cancel()
            self.status.say_failed(problem, can_retry=False)

    # Images

    def _on_well(self, shown: MosaicShown, cell: GridCell) -> None:
        """Say what is known of the image of a well that was clicked."""
        if self._scene.is_answered_by(self, shown.server):
            self._scene.select_well(shown.key, shown.id_of(cell))
            self._tell_of_well(shown, cell)

    def _tell_of_well(self, shown: MosaicShown, cell: GridCell) -> None:
        """Say what is known of the image of a well that is selected."""
        session = self._scene.session_of(shown)
        if session is not None and self._scene.is_answered_by(self, shown.server):
            request = shown.image_request(cell)
            self._state.look_at(request)
            message = f"Reading {request.label} …"
            self._details_slot.start(message, session.image_details, request)

    def _on_image(self, request: ImageRequest) -> None:
        """Say what is known of an image of a strip that was clicked."""
        session = self._scene.session_for(request)
        if session is not None and self._scene.is_answered_by(self, request.server):
            self._state.look_at(request)
            name = request.label or request.ref.name or "the image"
            message = f"Reading {name} …"
            self._details_slot.start(message, session.image_details, request)

    def _on_well_activated(self, shown: MosaicShown, cell: GridCell) -> None:
        if self._scene.is_answered_by(self, shown.server):
            request = shown.image_request(cell)
            self._state.look_at(request)
            self._scene.select_well(shown.key, shown.id_of(cell))
            self._images.open(request)

    def _on_image_activated(self, request: ImageRequest) -> None:
        if self._scene.is_answered_by(self, request.server):
            self._state.look_at(request)
            self._images.open(request)

    def _on_opening(self, request: ImageRequest) -> None:
        """Wait for no details but those of the image that is opened."""
        self._details_slot.cancel()
        if self._state.asked != request:
            self._state.asked = None

    def _on_image_failed(self, error: Exception) -> None:
        """Tell of an image that couldn't even be read as of one that was clicked."""
        if self._state.asked is not None:
            self._on_details_failed(error)

    # The status

    def _on_cancel(self) -> None:
        self._stop()
        self.status.say("Cancelled.")

    def _stop(self) -> None:
        """End all that is on its way; what has come stays, but nothing half made."""
        self._adding = None
        self._jobs.cancel_all()
        self._scene.coming.complete()
        self._finder.stop_loading()
        self._comparisons.give_up()
        self._session_files.give_up()
        self._state.give_up()

    def _say_adding(self, message: str | None) -> None:
        """Say that layers are on their way, None that they are there."""
        self._adding = message
        self._on_jobs_changed()

    def _on_jobs_changed(self) -> None:
        self.status.set_running(
            self._jobs.message
            or self._adding
            or self._scene.coming.message
            or self._session_files.message
        )

    def _on_pixels_failed(self, error: IDRError) -> None:
        sentence = self._explained(error)
        self._jobs.remember_retry(self._scene.refresher.retry)
        sentence = f"A part of the image didn't come. {sentence}"
        self.status.say_failed(sentence, can_retry=True, about=self._scene.subjects)
        self._said_of_pixels = sentence

    def _on_pixels_came(self) -> None:
        """Take back that a part didn't come: all came by itself."""
        if self.status.failure == self._said_of_pixels:
            self.status.forget_failure()

    def _on_failed(self, error: Exception) -> None:
        self.status.say_failed(self._explained(error), can_retry=can_retry(error))

    def _explained(self, error: Exception) -> str:
        """Return the sentence of an error, which names the server that was asked."""
        url = error.url if isinstance(error, IDRError) else None
        asked = None if url is None else self._scene.server_of(url)
        return explain(error, host=asked or self._state.host)


class BrowserDock(QWidget):
    """What napari docks: the one browser of a viewer, not another each time.

    napari makes a widget of the class that a plugin names whenever a person opens it.
    """

    kind: type[Browser] = Browser

    def __new__(cls, napari_viewer: Viewer) -> Browser:  # type: ignore[misc]
        """Return the browser of a viewer."""
        return the_only(cls.kind, napari_viewer)

    def __init__(self, napari_viewer: Viewer) -> None:
        # Never called, as what `__new__` returns is none; napari reads its parameters.
        raise NotImplementedError


@cache
def _get_along_with_napari() -> None:
    """Make our arrays and napari get along, once a process; warn where they don't."""
    if (warning := check_callers()) is not None:
        show_warning(warning)
    let_levels_be_saved()


def _connect(
    seen: threading.Event,
    address: str,
    settings: ConnectionSettings,
    *,
    cancel: CancelToken,
) -> tuple[Session, ServerInfo]:
    """Reach a server once the browser is seen: its first paint takes longer beside it.

    Raises what `connect` does.
    """
    seen.wait(SEEN_S)
    return connect(address, settings, cancel=cancel)


def _nothing(_: None) -> None:
    """Receive what nobody waits for."""
