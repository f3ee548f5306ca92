"""History of a browser: back and forward through what was looked at."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_idr._qt.panels.forms import add_shortcut
from napari_idr.services.browser_state import BrowserState
from napari_idr.services.search.trail import Trail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_idr._qt.finder import Finder, Results
    from napari_idr._qt.layers.scene import ViewerScene
    from napari_idr._qt.panels.layout import Panels
    from napari_idr.services.details import Details, MosaicKey, PlateDetails
    from napari_idr.services.search.catalog import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """What was looked at: what a search found, a line of it, and what it said.

    `hits` are the plates in the viewer with what that search found on them.
    """

    results: Results | None = None
    entry: Entry | None = None
    details: Details | None = None
    hits: Mapping[MosaicKey, PlateDetails] = field(default_factory=dict)


class History(QObject):
    """Remembers what was looked at on a server, and goes back and forward through it.

    What is remembered isn't asked for again.

    Parameters
    ----------
    arrive
        Shows what was looked at at a stop.
    """

    def __init__(
        self,
        panels: Panels,
        finder: Finder,
        scene: ViewerScene,
        arrive: Callable[[Stop], None],
    ) -> None:
        super().__init__(panels)
        self._panels = panels
        self._finder = finder
        self._scene = scene
        self._arrive = arrive
        self._state = BrowserState()
        self._trail: Trail[Stop] = Trail()
        self._arriving = False
        search = panels.search
        search.backWanted.connect(partial(self._go, Trail.back))
        search.forwardWanted.connect(partial(self._go, Trail.forward))
        finder.leaving.connect(self.amend)
        add_shortcut(panels, "Alt+Left", search.backWanted)
        add_shortcut(panels, "Alt+Right", search.forwardWanted)

    def enter(self, state: BrowserState) -> None:
        """Forget what was looked at on another server."""
        self._state = state
        self._trail.clear()
        self._offer()

    def begin_search(self) -> None:
        """Come to the results of a new search."""
        self._trail.go(Stop())
        self._offer()

    def amend(self) -> None:
        """Remember all that is shown, to be shown again when one comes back."""
        state = self._state
        on_line = state.is_on_line and state.selected is not None
        query = self._finder.asker.query
        self._trail.amend(
            Stop(
                results=self._finder.take_along(),
                entry=state.selected if on_line else None,
                details=state.details if on_line else None,
                hits={
                    shown.key: shown.details
                    for shown in self._scene.plates_shown
                    if shown.details.query is not None and shown.details.query == query
                },
            )
        )

    def come_to_line(self) -> None:
        """Remember a line that was selected as a stop of its own."""
        entry, current = self._state.selected, self._trail.current
        if self._arriving or not self._state.is_on_line or entry is None:
            return
        if current is None:
            self._trail.go(Stop(entry=entry))
        elif current.entry is None:
            self._trail.amend(replace(current, entry=entry))
        elif not entry.is_line(current.entry):
            self._trail.go(Stop(entry=entry))
        self.amend()
        self._offer()

    def _go(self, move: Callable[[Trail[Stop]], Stop | None]) -> None:
        """Go back or forward; what is kept isn't asked for."""
        if self._trail.current is not None:
            self.amend()
        stop = move(self._trail)
        if stop is None:
            return
        self._arriving = True
        try:
            self._arrive(stop)
        finally:
            self._arriving = False
        self._offer()

    def _offer(self) -> None:
        trail = self._trail
        self._panels.search.set_trail(
            back=trail.can_go_back, forward=trail.can_go_forward
        )
