"""Galleries of a browser: what they are of, what they take, and their filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_idr._qt.wells.dock import open_wells
from napari_idr.services.browser_state import BrowserState
from napari_idr.services.details import MosaicKey
from napari_idr.services.gallery.sources import (
    GalleryOrder,
    gallery_of,
    gallery_offer,
)
from napari_idr.services.gallery.view import GalleryShown, choices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.viewer import Viewer

    from napari_idr._qt.finder import Finder
    from napari_idr._qt.jobs import Jobs, JobSlot
    from napari_idr._qt.layers.scene import ViewerScene
    from napari_idr._qt.panels.gallery import GalleryPanel
    from napari_idr.cancel import CancelToken
    from napari_idr.services.search.catalog import Entry, Query
    from napari_idr.services.session import Session


class Galleries(QObject):
    """Wires the row for galleries to the tree, to the session and to the scene."""

    loadWanted = Signal(object, float)  # GalleryOrder, width of the canvas over height
    nothingFound = Signal()

    def __init__(
        self,
        panel: GalleryPanel,
        finder: Finder,
        jobs: Jobs,
        scene: ViewerScene,
        viewer: Viewer,
    ) -> None:
        super().__init__(panel)
        self._panel = panel
        self._finder = finder
        self._scene = scene
        self._viewer = viewer
        self._state = BrowserState()
        self._asked: GalleryOrder | None = None
        self._key: MosaicKey | None = None
        self._order: JobSlot[None, GalleryOrder] = jobs.slot(self._on_order)
        self._filter: JobSlot[None, GalleryShown] = jobs.slot(self._on_filtered)
        self._read: JobSlot[None, tuple[GalleryShown, GalleryShown]] = jobs.slot(
            self._on_read
        )
        panel.galleryWanted.connect(self._on_wanted)
        panel.confirmed.connect(self._on_confirmed)
        panel.filtersChosen.connect(self._on_filters)
        panel.readWanted.connect(self._on_read_wanted)
        panel.tableWanted.connect(self._on_table)
        finder.linesChanged.connect(self._offer)
        scene.plates.changed.connect(self._on_changed)
        active = viewer.layers.selection.events.active
        active.connect(self._on_active)
        self.destroyed.connect(_Disconnect(active, self._on_active))

    def enter(self, state: BrowserState) -> None:
        """Work with what is known of another server."""
        self._state = state
        self._ask(None)

    def _ask(self, order: GalleryOrder | None) -> None:
        self._asked = order
        self._panel.ask(order)

    def _offer(self) -> None:
        """Say what a press shows: the selected lines, else all that was found."""
        self._ask(None)
        lines, found = self._finder.lines, self._finder.searched
        self._panel.set_offer(gallery_offer(lines, found))

    def _on_wanted(self) -> None:
        """Show a gallery of the selected lines, else of all that was found."""
        found = self._finder.searched
        entries = () if found is None else found.entries
        self.show_lines(
            self._finder.lines,
            None if found is None else found.query,
            tuple(entry.count for entry in entries),
        )

    def show_lines(
        self,
        lines: tuple[Entry, ...],
        query: Query | None,
        counts: tuple[int | None, ...],
    ) -> None:
        """Show the gallery that is there, else find out what it takes.

        Without lines it is of all that the query finds; `counts` are the images of
        each study then.
        """
        session = self._state.session
        if session is None:
            return
        of = gallery_of(lines, query)
        shown = self._scene.shown((session.url, of))
        if shown is not None and shown.summary and not shown.summary.failures:
            self._scene.go_to_mosaic(shown.key)
            return
        self._order.start("Counting images …", session.gallery_order, of, lines, counts)

    def _on_order(self, order: GalleryOrder) -> None:
        order = order.in_order_of(self._finder.all_lines)
        if order.count == 0 or not order.asks:
            self.nothingFound.emit()
        elif order.is_costly:
            self._ask(order)
        else:
            self._load(order)

    def _on_confirmed(self) -> None:
        if self._asked is not None:
            order = self._asked
            self._ask(None)
            self._load(order)

    def _load(self, order: GalleryOrder) -> None:
        height, width = self._viewer.canvas.size
        self.loadWanted.emit(order, width / max(height, 1))

    # The filters are those of the gallery that one looks at.

    @property
    def _shown(self) -> GalleryShown | None:
        shown = None if self._key is None else self._scene.shown(self._key)
        return shown if isinstance(shown, GalleryShown) else None

    def _on_active(self, event: Any) -> None:
        key = self._scene.plate_of(event.value)
        if key is not None and isinstance(self._scene.shown(key), GalleryShown):
            self._follow(key)

    def _on_changed(self, key: MosaicKey) -> None:
        if self._shown is None and self._key is not None:
            self._key = None
            rest = self._scene.plates.all_shown
            keys = [one.key for one in rest if isinstance(one, GalleryShown)]
            key = keys[-1] if keys else key
        if isinstance(self._scene.shown(key), GalleryShown):
            self._key = key
        if key == self._key or self._key is None:
            self.refresh()

    def _follow(self, key: MosaicKey) -> None:
        if key != self._key:
            self._key = key
            self.refresh()

    def refresh(self) -> None:
        """Offer what is known of the images, once all are there."""
        shown = self._shown
        if shown is None or (shown.summary is None and shown.whole is None):
            self._panel.set_filters(None, {}, requests=None)
            return
        unread = shown.sources is None
        self._panel.set_filters(
            choices(shown),
            dict(shown.filters),
            requests=shown.sources_cost if unread else None,
        )

    def _on_table(self) -> None:
        """Show the table of the images, and make their gallery the active layer."""
        if self._key is not None:
            self._scene.plates.activate(self._key)
            open_wells(self._viewer).follow(self._key)

    def _on_filters(self, filters: Mapping[str, str]) -> None:
        shown = self._shown
        if shown is not None:
            self._filter.start("Laying out …", _filtered, shown, filters)

    def _on_filtered(self, shown: GalleryShown) -> None:
        if self._scene.shows(shown.key):
            self._scene.show_mosaic(shown)

    def _on_read_wanted(self) -> None:
        shown = self._shown
        session = None if shown is None else self._scene.session_of(shown)
        if shown is not None and session is not None:
            self._read.start("Reading annotations …", _read, session, shown)

    def _on_read(self, told: tuple[GalleryShown, GalleryShown]) -> None:
        before, known = told
        shown = self._scene.shown(known.key)
        if shown is before:
            self._scene.plates.mark(known)
        elif shown is not None and known.sources is not None:
            self._scene.plates.mark(shown.with_sources(known.sources))


def _filtered(
    shown: GalleryShown, filters: Mapping[str, str], *, cancel: CancelToken
) -> GalleryShown:
    cancel.check()
    return shown.filtered(filters).prepare()


def _read(
    session: Session, shown: GalleryShown, *, cancel: CancelToken
) -> tuple[GalleryShown, GalleryShown]:
    sources = session.well_sources(shown, cancel=cancel)
    return shown, shown.with_sources(sources).prepare()


class _Disconnect:
    """Ends what a widget that is gone would hear of the viewer."""

    def __init__(self, event: Any, slot: Callable[..., None]) -> None:
        self._event, self._slot = event, slot

    def __call__(self, *_: object) -> None:
        self._event.disconnect(self._slot)
