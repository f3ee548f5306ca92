"""Images of a browser: opened as layers, with their regions and projections."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_idr.services.browser_state import BrowserState
from napari_idr.services.details import ImageUnread, Subject

if TYPE_CHECKING:
    from napari_idr._qt.jobs import Jobs, JobSlot
    from napari_idr._qt.layers.scene import ViewerScene
    from napari_idr._qt.line_holdings import LineHoldings
    from napari_idr._qt.panels.layout import Panels
    from napari_idr.services.details import ImageDetails, ImageRequest
    from napari_idr.services.image.open import OpenedImage
    from napari_idr.services.regions.load import ImageRois


class Images(QObject):
    """Opens images in a viewer, and adds regions and projections of them."""

    opening = Signal(object)  # ImageRequest: nothing else is waited for any more
    failed = Signal(object)  # the exception
    detailsKnown = Signal(object)  # ImageDetails
    added = Signal()  # layers

    def __init__(
        self, panels: Panels, jobs: Jobs, scene: ViewerScene, holdings: LineHoldings
    ) -> None:
        super().__init__(panels)
        self._panels = panels
        self._jobs = jobs
        self._scene = scene
        self._holdings = holdings
        self._state = BrowserState()
        self._slot: JobSlot[ImageDetails, OpenedImage] = jobs.slot(
            self._on_opened,
            on_step=self.detailsKnown.emit,
            on_failure=self.failed.emit,
        )
        self._regions_slot: JobSlot[None, ImageRois] = jobs.slot(self._on_regions)
        self._projection_slot: JobSlot[None, OpenedImage] = jobs.slot(
            self._on_projected
        )
        panels.image.openWanted.connect(self._on_open_image)
        panels.image.regionsWanted.connect(self._on_regions_wanted)
        panels.image.projectionWanted.connect(self._on_projection_wanted)
        panels.image.contrastWanted.connect(scene.images.reset_contrast)

    def enter(self, state: BrowserState) -> None:
        """Work with what is known of another server."""
        self._state = state

    def _on_open_image(self) -> None:
        details = self._state.details
        if not isinstance(details, ImageUnread):
            details = self._state.image
        if details is not None:
            self.open(details.request)

    def open(self, request: ImageRequest | None) -> None:
        """Open an image; bring it to front where it is open and can't be better."""
        session = None if request is None else self._scene.session_for(request)
        if session is None or request is None:
            return
        self.opening.emit(request)
        image, server = request.ref.image_id, request.server
        opened = self._scene.go_to_image(image, server)
        if opened is not None and not opened.is_lacking:
            self.detailsKnown.emit(opened.details)
            self._panels.image.set_source(opened.reader.source)
            self._say_added(opened, opened.message, None)
            return
        message = f"Opening {request.label or request.ref.name or 'the image'} …"
        view = self._scene.viewing.open
        self._slot.start_steps(message, session.open_image, request, view)

    def _on_opened(self, opened: OpenedImage) -> None:
        known = self._scene.go_to_image(opened.image.id, opened.server)
        if known is not None and known.reader.source is opened.reader.source:
            opened.close()  # opened again, and from nothing better
            known.tiled.retry()
            self._on_added(opened, None)
        else:
            self._scene.add_image(opened, partial(self._on_added, opened))

    def _on_added(self, opened: OpenedImage, problem: str | None) -> None:
        if problem is None:
            self._panels.image.set_source(opened.reader.source)
            self._panels.image.set_opened(opened=True)
            self._holdings.take_opened(opened)
        self._say_added(opened, opened.message, problem)
        if problem is None and opened.may_improve:
            about = frozenset({_subject(opened)})
            self._jobs.remember_retry(partial(self.open, opened.details.request))
            self._panels.status.say_failed(opened.message, can_retry=True, about=about)

    def _on_regions_wanted(self) -> None:
        opened = self._scene.images.newest
        session = None if opened is None else self._scene.session(opened.server)
        if session is not None and opened is not None:
            view = self._scene.viewing.open
            message = "Asking for regions …"
            self._regions_slot.start(message, session.regions, opened, view)

    def _on_regions(self, regions: ImageRois) -> None:
        self._holdings.take_regions(regions)
        problem = self._scene.images.add_regions(regions)
        self._say_added(regions.opened, regions.message, problem)

    def _on_projection_wanted(self) -> None:
        opened = self._scene.images.newest
        session = None if opened is None else self._scene.session(opened.server)
        if session is not None and opened is not None:
            view = self._scene.viewing.open
            self._projection_slot.start(
                "Projecting …", session.projection, opened, view
            )

    def _on_projected(self, opened: OpenedImage) -> None:
        problem = self._scene.images.add_projection(opened)
        self._say_added(opened, opened.message, problem)

    def _say_added(
        self, opened: OpenedImage, message: str, problem: str | None
    ) -> None:
        """Say what was added to the viewer, or why it wasn't."""
        if problem is None:
            self._panels.status.say(message, about=frozenset({_subject(opened)}))
            self.added.emit()
        else:
            self._panels.status.say_failed(problem, can_retry=False)


def _subject(opened: OpenedImage) -> Subject:
    return Subject(kind="image", server=opened.server, id=opened.image.id)
