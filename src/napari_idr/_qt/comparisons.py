"""Comparisons of a browser: what can be compared, and how it comes into the viewer."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_idr.services.browser_state import BrowserState
from napari_idr.services.compare.load import Compared, CompareShown, Step
from napari_idr.services.compare.wish import (
    in_channels,
    in_groups,
    new_number,
    of_first_server,
)
from napari_idr.services.details import ImageRequest, Subject
from napari_idr.services.plate.view import PlateShown

if TYPE_CHECKING:
    from napari_idr._qt.finder import Finder
    from napari_idr._qt.jobs import Jobs, JobSlot
    from napari_idr._qt.layers.scene import ViewerScene
    from napari_idr._qt.panels.layout import Panels
    from napari_idr.services.compare.wish import CompareWish
    from napari_idr.services.mosaic import MosaicShown

LEAST = 2
"""Images side by side."""

NOTHING_SELECTED = (
    "Select two wells or images at least to compare them: Shift-click wells, or select "
    "rows of the Wells table or lines of the results."
)


class Comparisons(QObject):
    """Wires the buttons that compare to the session and to the strips of the scene."""

    def __init__(
        self, panels: Panels, finder: Finder, jobs: Jobs, scene: ViewerScene
    ) -> None:
        super().__init__(panels)
        self._panels = panels
        self._finder = finder
        self._jobs = jobs
        self._scene = scene
        self._state = BrowserState()
        self._number: int | None = None
        self._next: tuple[CompareWish, ...] = ()  # to be asked again after this one
        self._lacking: tuple[Compared, ...] = ()  # asked again, and may still improve
        self._slot: JobSlot[Step | PlateShown, Compared] = jobs.slot(
            self._on_compared, on_step=self._on_step
        )
        row = panels.compare
        row.compareWanted.connect(self.compare)
        row.controlsWanted.connect(self._on_with_controls)
        row.fieldsWanted.connect(self._on_all_fields)
        row.channelsWanted.connect(self._on_in_channels)
        scene.compareWanted.connect(self._on_compare_wanted)
        scene.strips.gone.connect(self._on_gone)
        scene.plates.wellsSelected.connect(self.offer)
        scene.strips.imagesSelected.connect(self.offer)
        scene.plates.changed.connect(self.offer)
        finder.linesChanged.connect(self.offer)

    def enter(self, state: BrowserState) -> None:
        """Work with what is known of another server."""
        self._state = state
        self.offer()

    # What can be compared

    def _images(self) -> tuple[ImageRequest, ...]:
        """Return what would be compared: lines, else cells, else hits of the plate.

        Those of other servers than the first's are left out later, with a sentence.
        """
        lines = map(self._state.request_for, self._finder.lines)
        images = tuple(one for one in lines if one is not None)
        if len(images) < LEAST:
            images = self._scene.selected_images
        card = self._state.plate
        shown = None if card is None else self._scene.shown(card.key)
        if len(images) < LEAST and shown is not None:
            cells = (shown.plan.grid.cells[row][column] for row, column in shown.hits)
            images = tuple(shown.image_request(cell) for cell in cells if cell)
        return images

    def offer(self, *_: object) -> None:
        """Say what the buttons would compare."""
        count = len(of_first_server(self._images()))
        request = self._request
        self._panels.compare.offer(
            f"{count} images" if count >= LEAST else "",
            well=request is not None and request.ref.well_id is not None,
            mosaic=self._mosaic is not None,
        )
        self._panels.follow_compare()

    @property
    def _mosaic(self) -> MosaicShown | None:
        """The plate or gallery of the active layer, else the last that is shown."""
        key = self._scene.plate_of(self._scene.active)
        shown = None if key is None else self._scene.shown(key)
        rest = self._scene.plates.all_shown
        return shown or (rest[-1] if rest else None)

    @property
    def _request(self) -> ImageRequest | None:
        """How to ask for the one image that is selected, else that of the card.

        A row of the Wells table selects a well, and shows no card. Of the image of
        the card more is known: its well, where a search didn't tell that.
        """
        details = self._state.image
        card = None if details is None else details.request_of_well
        selected = self._scene.selected_images
        if len(selected) != 1 or any(map(self._state.request_for, self._finder.lines)):
            return card
        one = selected[0]
        if card is not None and (card.server, card.ref.image_id) == (
            one.server,
            one.ref.image_id,
        ):
            return card
        return one

    def _on_compare_wanted(self) -> None:
        images = self._images()
        server = images[0].server if images else ""
        if self._scene.is_answered_by(self._panels, server):
            self.compare()

    def compare(self) -> None:
        """Show what is selected side by side."""
        images = self._images()
        session = self._scene.session_for(images[0]) if images else None
        if len(of_first_server(images)) < LEAST or session is None:
            self._panels.status.say(NOTHING_SELECTED)
            return
        wish = in_groups(images)
        message = f"Opening {len(wish.cells)} images …"
        self._start(wish.number, message, session.compare, wish)

    def _on_with_controls(self) -> None:
        request = self._request
        session = None if request is None else self._scene.session_for(request)
        if request is None or session is None:
            return
        plate = request.plate
        shown = None if plate is None else self._scene.shown((session.url, plate.id))
        is_there = (
            isinstance(shown, PlateShown)
            and shown.run == request.run
            and shown.field == (request.field or 0)
        )
        number = new_number()
        self._start(
            number,
            "Looking for controls …",
            session.compare_with_controls,
            request,
            number,
            shown if is_there else None,
        )

    def _on_all_fields(self) -> None:
        request = self._request
        session = None if request is None else self._scene.session_for(request)
        if request is not None and session is not None:
            number = new_number()
            message = f"Opening all fields of {request.well_label or 'the well'} …"
            self._start(number, message, session.compare_fields, request, number)

    def _on_in_channels(self) -> None:
        shown = self._mosaic
        session = None if shown is None else self._scene.session_of(shown)
        if shown is not None and session is not None and shown.plan.cells:
            wish = in_channels(shown)
            message = f"Opening {shown.name} in channels …"
            self._start(wish.number, message, session.compare, wish)

    # How it comes

    def _start(self, number: int, message: str, job: Any, *arguments: Any) -> None:
        """Compare; what is on its way for another comparison comes no more."""
        self._next = self._lacking = ()
        self._ask(number, message, job, *arguments)

    def _ask(self, number: int, message: str, job: Any, *arguments: Any) -> None:
        self.give_up()
        self._number = number
        strips = self._scene.strips
        more = self._scene.viewing, strips.tell
        self._slot.start_steps(message, job, *arguments, *more)

    def offer_retry(self, compared: tuple[Compared, ...], message: str) -> None:
        """Say what is shown, and let comparisons be asked again: they may improve."""
        about = frozenset[Subject]().union(
            *(self._scene.strips.subjects_of(one.number) for one in compared)
        )
        if not about:
            return  # they were taken out in the meantime
        wishes = tuple(one.wish for one in compared)
        self._jobs.remember_retry(partial(self._ask_again, wishes))
        self._panels.status.say_failed(message, can_retry=True, about=about)

    def _ask_again(self, wishes: tuple[CompareWish, ...]) -> None:
        """Compare once more, one after the other."""
        self._next, self._lacking = wishes, ()
        self._go_on()

    def _go_on(self) -> None:
        """Ask for the next comparison that is still there."""
        while self._next:
            wish, *rest = self._next
            self._next = tuple(rest)
            session = self._scene.session(wish.server)
            is_there = self._scene.strips.sources_of(wish.number) is not None
            if session is not None and is_there:
                message = f"Opening {len(wish.cells)} images …"
                self._ask(wish.number, message, session.compare, wish)
                return

    def give_up(self) -> None:
        """Take out what would never be whole."""
        if self._number is not None:
            self._scene.strips.give_up(self._number)

    def _on_step(self, step: Step | PlateShown) -> None:
        status = self._panels.status
        if isinstance(step, PlateShown):
            self._learn(step)
            return
        if not isinstance(step, CompareShown):
            if self._number is not None:
                self._scene.strips.repaint(self._number)
            status.set_progress(step.done, step.total, "thumbnails")
            return
        if self._scene.strips.sources_of(step.number) is not None:
            return  # asked again: what is shown stays until something better has come
        self._scene.show_strip(step, self._on_shown)

    def _on_shown(self, problem: str | None) -> None:
        if problem is not None:
            self._slot.cancel()
            self._panels.status.say_failed(problem, can_retry=False)

    def _learn(self, known: PlateShown) -> None:
        """Let a plate know its controls, unless it shows something else by now."""
        shown = self._scene.shown(known.key)
        if (
            shown is not None
            and shown.sources is None
            and shown.plan is known.plan
            and shown.basis is known.basis
            and shown.own is known.own
        ):
            self._scene.plates.mark(replace(known, summary=shown.summary))

    def _on_compared(self, compared: Compared) -> None:
        strips = self._scene.strips
        known = strips.sources_of(compared.number)
        if known is not None:
            if not compared.is_better_than(known):
                compared.close()
                self._on_added(compared, None)
                return
            self._scene.show_strip(compared.shown, self._on_shown)
        strips.add(compared, partial(self._on_added, compared))

    def _on_added(self, compared: Compared, problem: str | None) -> None:
        status, strips = self._panels.status, self._scene.strips
        if problem is not None:
            status.say_failed(problem, can_retry=False)
        elif about := strips.subjects_of(compared.number):
            status.say(compared.message, about=about)
            if compared.may_improve:
                self._lacking += (compared,)
        if self._next:
            self._go_on()
        elif self._lacking:
            self.offer_retry(self._lacking, self._lacking[-1].message)
            self._lacking = ()

    def _on_gone(self, number: int) -> None:
        """Ask for no more of a comparison that was taken out."""
        if number == self._number:
            self._slot.cancel()
