"""Opening several lines together: plates below each other, images side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_idr.model import ImageRef, Plate
from napari_idr.services.browser_state import BrowserState
from napari_idr.services.details import mosaic_subject
from napari_idr.services.plate.view import PlateShown
from napari_idr.services.together import (
    MOST_PLATES,
    PlateFailed,
    load_plates,
    together_message,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr._qt.comparisons import Comparisons
    from napari_idr._qt.finder import Finder
    from napari_idr._qt.jobs import Jobs, JobSlot
    from napari_idr._qt.layers.scene import ViewerScene
    from napari_idr._qt.panels.layout import Panels
    from napari_idr.services.details import ImageRequest, MosaicKey
    from napari_idr.services.plate.mosaic import MosaicStep
    from napari_idr.services.search.catalog import Entry

TOO_MANY = (
    f"At most {MOST_PLATES} plates are opened together. Gallery shows the images of "
    "any number of plates."
)


class Together(QObject):
    """Wires the button that opens all selected plates and images."""

    def __init__(
        self,
        panels: Panels,
        finder: Finder,
        jobs: Jobs,
        scene: ViewerScene,
        comparisons: Comparisons,
        open_image: Callable[[ImageRequest | None], None],
        say_adding: Callable[[str | None], None],
    ) -> None:
        """Wire it.

        `open_image` opens one image, `say_adding` says that layers are on their way,
        None that they are there.
        """
        super().__init__(panels)
        self._panels = panels
        self._finder = finder
        self._scene = scene
        self._comparisons = comparisons
        self._open_image = open_image
        self._say_adding = say_adding
        self._state = BrowserState()
        self._loading: MosaicKey | None = None
        self._open: list[MosaicKey] = []
        self._awaited: set[MosaicKey] = set()
        self._failed: list[str] = []
        self._slot: JobSlot[PlateShown | MosaicStep | PlateFailed, None] = jobs.slot(
            self._on_done, on_step=self._on_step
        )
        panels.all_shown.togetherWanted.connect(self.open)
        scene.plates.arrived.connect(self._on_arrived)
        scene.plates.failed.connect(self._on_arrived)
        finder.linesChanged.connect(self._offer)

    def enter(self, state: BrowserState) -> None:
        """Work with what is known of another server."""
        self._state = state
        self._offer()

    @property
    def _plates(self) -> tuple[Entry, ...]:
        return tuple(one for one in self._finder.lines if isinstance(one.item, Plate))

    @property
    def _images(self) -> tuple[Entry, ...]:
        lines = self._finder.lines
        return tuple(one for one in lines if isinstance(one.item, ImageRef))

    def _offer(self) -> None:
        self._panels.all_shown.set_selected(len(self._plates) + len(self._images))

    def open(self) -> None:
        """Open all selected plates and images."""
        plates, images, session = self._plates, self._images, self._state.session
        if session is None:
            return
        if len(plates) > MOST_PLATES:
            self._panels.status.say(TOO_MANY)
            return
        if len(images) == 1:
            self._open_image(self._state.request_for(images[0]))
        elif images:
            self._comparisons.compare()
        if plates:
            self._open, self._failed, self._loading = [], [], None
            self._awaited.clear()
            message = f"Opening {len(plates)} plates …"
            self._slot.start_steps(message, load_plates, session, plates)

    def _on_step(self, step: PlateShown | MosaicStep | PlateFailed) -> None:
        scene = self._scene
        if isinstance(step, PlateFailed):
            self._failed.append(step.entry.name)
        elif isinstance(step, PlateShown):
            self._loading = step.key
            self._open.append(step.key)
            self._awaited.add(step.key)
            scene.show_mosaic(self._state.with_news(step))
        elif self._loading is not None and scene.shows(self._loading):
            scene.paint(self._loading)
            self._panels.status.set_progress(step.done, step.total, "thumbnails")
            if step.summary is not None:
                scene.finish_mosaic(self._loading, step.summary)

    def _on_done(self, _: None) -> None:
        if self._awaited:
            self._say_adding("Showing the plates …")
        else:
            self._end()

    def _on_arrived(self, plate: MosaicKey, *_: object) -> None:
        """Note that all layers of a plate are there, or that they can't be."""
        if plate in self._awaited:
            self._awaited.discard(plate)
            if not self._awaited and not self._slot.busy:
                self._say_adding(None)
                self._end()

    def _end(self) -> None:
        there = [key for key in self._open if self._scene.shows(key)]
        self._scene.plates.look_at_all(there)
        self._panels.status.say(
            together_message(len(there), self._failed),
            about=frozenset(map(mosaic_subject, there)),
        )
