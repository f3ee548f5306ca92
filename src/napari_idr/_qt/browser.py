"""Browser: the dock widget, which wires panels, jobs and the scene."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from napari.utils.notifications import show_warning
from qtpy.QtCore import QCoreApplication, QEvent, QTimer

from napari_idr._qt.finder import Finder
from napari_idr._qt.jobs import Jobs, JobSlot
from napari_idr._qt.layers.adding import load_units, warm_up
from napari_idr._qt.layers.scene import scene_of
from napari_idr._qt.panels.layout import Panels
from napari_idr._qt.settings import (
    connection_settings,
    recent_addresses,
    remember_address,
)
from napari_idr.cancel import Priority
from napari_idr.errors import IDRError
from napari_idr.model import GridCell, ImageRef, Plate, PlateAcquisitionId
from napari_idr.services.annotations import annotation_rows
from napari_idr.services.browser_state import BrowserState, abilities
from napari_idr.services.details import (
    DatasetDetails,
    Details,
    ImageDetails,
    ImageRequest,
    PlateDetails,
    PlateKey,
    StudyDetails,
)
from napari_idr.services.explain import can_retry, explain
from napari_idr.services.image.open import OpenedImage
from napari_idr.services.plate.mosaic import MosaicStep
from napari_idr.services.plate.view import PlateShown
from napari_idr.services.regions.load import ImageRois
from napari_idr.services.search.catalog import Entry
from napari_idr.services.session import ServerInfo, Session, connect
from napari_idr.tiles import check_callers

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer
    from qtpy.QtWidgets import QWidget


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
        self._unlisted = address
        self._state = BrowserState()
        jobs = self._jobs = Jobs(self)
        self._finder = Finder(self, jobs)
        self._scene = scene_of(napari_viewer)
        self._scene.set_server(self, "")
        self._loading: PlateKey | None = None
        self._adding: str | None = None
        self._summary_message = ""
        self._image_message = ""
        self._connect_slot: JobSlot[None, tuple[Session, ServerInfo]] = jobs.slot(
            self._on_connected
        )
        self._details_slot: JobSlot[None, Details] = jobs.slot(
            self._on_details, on_failure=self._on_details_failed
        )
        self._mosaic_slot: JobSlot[PlateShown | MosaicStep, None] = jobs.slot(
            self._on_mosaic_done, on_step=self._on_mosaic_step
        )
        self._image_slot: JobSlot[ImageDetails, OpenedImage] = jobs.slot(
            self._on_opened, on_step=self._on_details
        )
        self._regions_slot: JobSlot[None, ImageRois] = jobs.slot(self._on_regions)
        self._projection_slot: JobSlot[None, OpenedImage] = jobs.slot(
            self._on_projected
        )
        self._wire()
        # A dock widget's content hears nothing of the window's closing but this.
        close = _Closer(jobs, partial(self._scene.remove_browser, id(self)))
        self.destroyed.connect(close)
        app = QCoreApplication.instance()
        if app is not None:
            app.aboutToQuit.connect(close)
        _warn_of_other_napari()
        load_units()
        self._warm_slot: JobSlot[None, None] = jobs.slot(
            _nothing, shown=False, priority=Priority.AHEAD
        )
        self._warm_slot.start("", warm_up)
        self._connect_to(address or recent_addresses()[0])

    @property
    def jobs(self) -> Jobs:
        """What it does in threads."""
        return self._jobs

    def _wire(self) -> None:
        self.server.serverChosen.connect(self._connect_to)
        self._finder.entrySelected.connect(self._select)
        self._finder.entryActivated.connect(self._on_activated)
        self.plate.showWanted.connect(self._on_show_plate)
        self.plate.fieldChosen.connect(self._on_field)
        self.image.openWanted.connect(self._on_open_image)
        self.image.regionsWanted.connect(self._on_regions_wanted)
        self.image.projectionWanted.connect(self._on_projection_wanted)
        self.image.contrastWanted.connect(self._scene.images.reset_contrast)
        self.status.cancelWanted.connect(self._on_cancel)
        self.status.retryWanted.connect(self._jobs.retry)
        self._scene.wellClicked.connect(self._on_well)
        self._scene.wellActivated.connect(self._on_well_activated)
        self._scene.refresher.failed.connect(self._on_pixels_failed)
        self._scene.refresher.behind.connect(self.status.set_behind)
        self._scene.plates.arrived.connect(self._on_arrived)
        self._scene.plates.failed.connect(self._on_not_added)
        self._scene.plates.gone.connect(self._on_plate_gone)
        self._scene.layersGone.connect(self._on_layers_gone)
        self._jobs.changed.connect(self._on_jobs_changed)
        self._jobs.failed.connect(self._on_failed)

    def changeEvent(self, event: QEvent | None) -> None:
        """Notice that napari has taken the browser out of its dock."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.ParentChange:
            QTimer.singleShot(0, self._end_if_left_alone)

    def _end_if_left_alone(self) -> None:
        # napari keeps what was in a dock that a person closed, and its threads.
        if self.parent() is None and not self.isVisible():
            self.deleteLater()

    # The server

    def _connect_to(self, address: str) -> None:
        self._jobs.cancel_all()
        self._enter(BrowserState(address=address))
        self._finder.clear()
        self.server.set_abilities("", ())
        self._show_cards(None)
        self._scene.set_server(self, "")
        message = f"Asking {address} …"
        self._connect_slot.start(message, connect, address, connection_settings())

    def _enter(self, state: BrowserState) -> None:
        """Begin with what is known of another server."""
        self._state = state
        self._finder.enter(state)

    def _on_connected(self, result: tuple[Session, ServerInfo]) -> None:
        session, server_info = result
        address = self._state.address
        self._enter(
            BrowserState(address=address, session=session, server_info=server_info)
        )
        self._scene.keep(session)
        self._scene.set_server(self, session.url)
        if address != self._unlisted:
            remember_address(session.url)
        self.server.set_addresses(dict.fromkeys([session.url, *recent_addresses()]))
        self.server.set_abilities(
            abilities(server_info.capabilities), server_info.capabilities.evidence
        )
        self._finder.begin()

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
            self._open(self._state.request_for(entry))

    def _on_details(self, details: Details) -> None:
        self._state.receive(details)
        self._show_cards(details)
        if isinstance(details, PlateDetails):
            self._scene.mark_hits(details)
            if self._state.take_wish():
                self._on_show_plate(self.plate.chosen_run, self.plate.chosen_field)

    def _on_details_failed(self, _: Exception) -> None:
        self._state.forget_line()

    def _show_cards(self, details: Details | None) -> None:
        study = details if isinstance(details, StudyDetails) else None
        if isinstance(details, PlateDetails | DatasetDetails | ImageDetails):
            study = details.study
        self.study.set_card(None if study is None else study.card)
        if self._state.plate is not self.plate.details:
            self.plate.set_details(self._state.plate)
        self.image.set_details(details if isinstance(details, ImageDetails) else None)
        self.image.set_opened(opened=self._scene.images.is_newest(self._state.image))
        self.annotations.set_rows(
            () if details is None else annotation_rows(details.annotations)
        )
        self.show_details(shown=details is not None)

    # Plates

    def _on_field(self, run: PlateAcquisitionId | None, field: int) -> None:
        """Another field or run was chosen: a plate that is shown follows."""
        details = self._state.plate
        if details is not None and self._scene.shows(details.key):
            self._on_show_plate(run, field)

    def _on_show_plate(self, run: PlateAcquisitionId | None, field: int) -> None:
        session, details = self._state.session, self._state.plate
        if session is None or details is None:
            return
        if self._scene.is_complete(details.key, run, field):
            self._scene.go_to_plate(details.key)
            return
        message = f"Loading {details.plate.name} …"
        self._mosaic_slot.start_steps(message, session.show_plate, details, run, field)

    def _on_mosaic_step(self, step: PlateShown | MosaicStep) -> None:
        if isinstance(step, PlateShown):
            self._loading, self._adding = step.key, f"Showing {step.name} …"
            self._scene.show_plate(self._state.with_news(step))
        elif self._loading is not None:
            self._scene.paint(self._loading)
            self.status.set_progress(step.done, step.total, "thumbnails")
            if step.summary is not None:
                self._scene.finish_plate(self._loading, step.summary)
                legend = self._scene.legend(self._loading)
                self._summary_message = f"{step.summary.message} {legend}".strip()

    def _on_mosaic_done(self, _: None) -> None:
        self.status.say(self._summary_message)

    def _on_arrived(self, plate: PlateKey) -> None:
        """All layers of a plate are there, which may be after its thumbnails."""
        if plate == self._loading:
            self._adding = None
            self._on_jobs_changed()

    def _on_not_added(self, plate: PlateKey, problem: str) -> None:
        if plate == self._loading:
            self._mosaic_slot.cancel()
            self.status.say_failed(problem, can_retry=False)

    def _on_plate_gone(self, plate: PlateKey) -> None:
        """Load no more of a plate that somebody took out, and say no more of it."""
        if plate == self._loading:
            self._loading, self._adding = None, None
            self._mosaic_slot.cancel()
            self.status.take_back(self._summary_message)
            self._on_jobs_changed()

    def _on_layers_gone(self) -> None:
        """Offer what is done to an opened image only while it is there."""
        self.image.set_opened(opened=self._scene.images.is_newest(self._state.image))
        if self._scene.images.newest is None:
            self.status.take_back(self._image_message)

    # Images

    def _on_well(self, shown: PlateShown, cell: GridCell) -> None:
        """Say what is known of the image of a well that was clicked."""
        session = self._scene.session(shown.server)
        if session is not None and self._scene.is_answered_by(self, shown.server):
            request = shown.image_request(cell)
            self._state.leave_line()
            message = f"Reading {request.label} …"
            self._details_slot.start(message, session.image_details, request)

    def _on_well_activated(self, shown: PlateShown, cell: GridCell) -> None:
        if self._scene.is_answered_by(self, shown.server):
            self._state.leave_line()
            self._open(shown.image_request(cell))

    def _on_open_image(self) -> None:
        details = self._state.image
        if details is not None:
            self._open(details.request)

    def _open(self, request: ImageRequest | None) -> None:
        session = None if request is None else self._scene.session(request.server)
        if session is None or request is None:
            return
        self._details_slot.cancel()
        message = f"Opening {request.label or request.ref.name or 'the image'} …"
        view = self._scene.viewing.open
        self._image_slot.start_steps(message, session.open_image, request, view)

    def _on_opened(self, opened: OpenedImage) -> None:
        problem = self._scene.add_image(opened)
        if problem is None:
            self.image.set_source(opened.reader.source)
            self.image.set_opened(opened=True)
        self._image_message = opened.message
        self._say_added(opened.message, problem)

    def _on_regions_wanted(self) -> None:
        opened = self._scene.images.newest
        session = None if opened is None else self._scene.session(opened.server)
        if session is not None and opened is not None:
            view = self._scene.viewing.open
            message = "Asking for regions …"
            self._regions_slot.start(message, session.regions, opened, view)

    def _on_regions(self, regions: ImageRois) -> None:
        self._say_added(regions.message, self._scene.images.add_regions(regions))

    def _on_projection_wanted(self) -> None:
        opened = self._scene.images.newest
        session = None if opened is None else self._scene.session(opened.server)
        if session is not None and opened is not None:
            view = self._scene.viewing.open
            self._projection_slot.start(
                "Projecting …", session.projection, opened, view
            )

    def _on_projected(self, opened: OpenedImage) -> None:
        self._say_added(opened.message, self._scene.images.add_projection(opened))

    def _say_added(self, message: str, problem: str | None) -> None:
        """Say what was added to the viewer, or why it wasn't."""
        if problem is None:
            self.status.say(message)
        else:
            self.status.say_failed(problem, can_retry=False)

    # The status

    def _on_cancel(self) -> None:
        self._adding = None
        self._jobs.cancel_all()
        self._finder.stop_loading()
        self._state.leave_line()
        self.status.say("Cancelled.")

    def _on_jobs_changed(self) -> None:
        self.status.set_running(self._jobs.message or self._adding)

    def _on_pixels_failed(self, error: IDRError) -> None:
        sentence = self._explained(error)
        self._jobs.remember_retry(self._scene.refresher.retry)
        sentence = f"A part of the image didn't come. {sentence}"
        self.status.say_failed(sentence, can_retry=True)

    def _on_failed(self, error: Exception) -> None:
        self.status.say_failed(self._explained(error), can_retry=can_retry(error))

    def _explained(self, error: Exception) -> str:
        """Return the sentence of an error, which names the server that was asked."""
        url = error.url if isinstance(error, IDRError) else None
        asked = None if url is None else self._scene.server_of(url)
        return explain(error, host=asked or self._state.host)


class _Closer:
    """Ends all work of a browser; it must not touch the widgets, which are gone."""

    def __init__(self, jobs: Jobs, leave: Callable[[], None]) -> None:
        self._jobs = jobs
        self._leave = leave

    def __call__(self, *_: object) -> None:
        self._jobs.close()
        self._leave()


@cache
def _warn_of_other_napari() -> None:
    """Warn, once a process, where napari isn't as our arrays expect it."""
    if (warning := check_callers()) is not None:
        show_warning(warning)


def _nothing(_: None) -> None:
    """Receive what nobody waits for."""
