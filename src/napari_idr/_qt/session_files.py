"""Sessions of a browser that are opened: what was shown is shown again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QObject, QTimer, Signal
from qtpy.QtGui import QDropEvent
from qtpy.QtWidgets import QFileDialog

from napari_idr._qt.layers.adding import make_active
from napari_idr._qt.layers.saved import (
    image_parts,
    mosaic_parts,
    put_in_order,
    restore_layers,
    restore_view,
    strip_parts,
)
from napari_idr._qt.session_saving import FILES, open_dialog
from napari_idr._qt.settings import connection_settings
from napari_idr._qt.wells.dock import WellsDock, close_dock, is_dock_open, open_wells
from napari_idr.services.browser_state import BrowserState
from napari_idr.services.compare.load import CompareShown
from napari_idr.services.details import Subject, mosaic_subject
from napari_idr.services.explain import explain
from napari_idr.services.plate.view import PlateShown
from napari_idr.services.search.catalog import counted
from napari_idr.services.session_file.file import (
    is_session_file,
    load_session,
)
from napari_idr.services.session_file.load import (
    Missing,
    MosaicCame,
    MosaicPainted,
    OpenedCame,
    Reached,
    RegionsCame,
    SessionLoader,
    Step,
    StripCame,
    StripReady,
    missing_message,
    search_of,
)
from napari_idr.services.session_file.record import SavedImage, SavedSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_idr._qt.finder import Finder
    from napari_idr._qt.jobs import Jobs, JobSlot
    from napari_idr._qt.layers.scene import ViewerScene
    from napari_idr._qt.panels.layout import Panels
    from napari_idr.services.compare.load import Compared
    from napari_idr.services.details import MosaicKey
    from napari_idr.services.image.open import OpenedImage
    from napari_idr.services.session_file.record import SavedMosaic, SavedStrip
    from napari_idr.services.wells.look import WellsLook

OPENING = "Opening the session …"

POLL_MS = 30
"""Between two looks whether layers have come and wells are known."""

MAX_IDLE_POLLS = 100
"""Looks at a table of wells that does nothing, and isn't known either: 3 s."""

SETTLE_MS = 120
"""Between two looks whether the canvas has the size that it will keep: napari lays its
controls out anew after the last layer, and the camera is moved once that is done."""

MAX_SETTLE_LOOKS = 25
"""Looks at a canvas that never keeps its size, for a person drags its border: 3 s."""


@dataclass(slots=True)
class _Opening:
    """A session on its way: what was read of it, and what came so far."""

    loader: SessionLoader
    notes: tuple[str, ...] = ()
    wells_were_open: bool = False
    awaited: str | None = None  # the server that the browser is to reach first
    searching: bool = False
    idle_polls: int = 0
    settle_looks: int = 0
    canvas: tuple[int, ...] = ()  # its size when it was looked at last
    unreached: dict[str, str] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)
    mosaics: dict[MosaicKey, tuple[SavedMosaic, WellsLook | None]] = field(
        default_factory=dict
    )
    strips: dict[int, SavedStrip] = field(default_factory=dict)
    lacking: list[Compared] = field(default_factory=list)  # they may come better later
    images: list[tuple[SavedImage, OpenedImage]] = field(default_factory=list)
    looks: list[tuple[MosaicKey, WellsLook, dict[str, str]]] = field(
        default_factory=list
    )

    @property
    def saved(self) -> SavedSession:
        return self.loader.saved


class SessionFiles(QObject):
    """Brings sessions back: those of the button, those that are dropped, and links'.

    What a session shows comes by the questions that a person's clicks ask, one thing
    after the other: the server, the search, plates, strips, images; then colours and
    selections; then how layers look, their order, and the camera.
    """

    serverWanted = Signal(str)
    detailsKnown = Signal(object)  # Details: of what came last
    wellWanted = Signal(object, object)  # MosaicShown, GridCell: one goes on from it
    mayImprove = Signal(object, str)  # tuple[Compared, ...], what is shown of a session
    changed = Signal()  # a session is on its way, or no longer
    ended = Signal(object)  # tuple[Missing, ...]: a session is open, or given up

    def __init__(
        self,
        panels: Panels,
        finder: Finder,
        jobs: Jobs,
        scene: ViewerScene,
        viewer: Viewer,
    ) -> None:
        super().__init__(panels)
        self._panels = panels
        self._finder = finder
        self._jobs = jobs
        self._scene = scene
        self._viewer: Viewer = getattr(viewer, "__wrapped__", viewer)
        self._state = BrowserState()
        self._opening: _Opening | None = None
        self._waiting: list[tuple[SavedSession, tuple[str, ...], Path | None]] = []
        self._read_slots: list[JobSlot[None, Any]] = []
        self._load_slot: JobSlot[Step, None] = jobs.slot(
            self._on_loaded, on_step=self._on_step, on_failure=self._on_load_failed
        )
        self._poll = QTimer(self)
        self._poll.setSingleShot(True)
        self._poll.timeout.connect(self._go_on)
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._finish_when_settled)
        panels.all_shown.openWanted.connect(self._ask_what_to_open)
        jobs.changed.connect(self._on_jobs_changed)
        jobs.failed.connect(self._on_failed)
        panels.setAcceptDrops(True)
        panels.installEventFilter(self)

    def enter(self, state: BrowserState) -> None:
        """Work with what is known of another server."""
        self._state = state
        opening = self._opening
        if opening is None:
            return
        if opening.awaited is None or state.address != opening.awaited:
            self.give_up()  # a person wishes for something else
        elif state.session is not None:
            # Once the browser has heard of the server, too.
            QTimer.singleShot(0, partial(self._on_reached, opening))

    @property
    def is_opening(self) -> bool:
        """Whether a session is on its way."""
        return self._opening is not None

    @property
    def message(self) -> str | None:
        """What is going on as long as a session is on its way, else None."""
        return OPENING if self.is_opening else None

    # Opening

    def _ask_what_to_open(self) -> None:
        dialog = QFileDialog(self._panels, "Open session", "", FILES)
        dialog.setObjectName("idr_open_session_dialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.open_file)
        open_dialog(dialog)

    def open_file(self, path: str | Path) -> None:
        """Open the session of a file, after those that are on their way."""
        path = Path(path)
        slot: JobSlot[None, tuple[SavedSession, tuple[str, ...]]] = self._jobs.slot(
            partial(self._on_read, path.absolute().parent),
            on_failure=self._on_read_failed,
        )
        self._read_slots = [one for one in self._read_slots if one.busy] + [slot]
        slot.start(f"Reading {path.name} …", load_session, path)

    def _on_read(
        self, folder: Path, read: tuple[SavedSession, tuple[str, ...]]
    ) -> None:
        self.open(*read, folder=folder)

    def _on_read_failed(self, error: Exception) -> None:
        self.ended.emit((Missing("the session", str(error)),))

    def open(
        self,
        session: SavedSession,
        notes: tuple[str, ...] = (),
        *,
        folder: Path | None = None,
    ) -> None:
        """Open a session, after that which is on its way.

        `notes` say what couldn't be read of it, `folder` is that of its file.
        """
        if self._opening is not None:
            self._waiting.append((session, notes, folder))
            return
        opening = self._opening = _Opening(
            SessionLoader(session, folder), notes, is_dock_open(self._viewer)
        )
        self.changed.emit()
        known = self._state.session
        if not session.server or (known is not None and known.url == session.server):
            self._search(opening)
            return
        opening.awaited = session.server
        is_on_its_way = self._state.address == session.server and known is None
        if not (is_on_its_way and self._jobs.count):
            self.serverWanted.emit(session.server)

    def _on_reached(self, opening: _Opening) -> None:
        if self._opening is opening and opening.awaited is not None:
            opening.awaited = None
            self._search(opening)

    def _search(self, opening: _Opening) -> None:
        """Search what was searched; what is shown comes after that, found or not."""
        saved = opening.saved.search
        try:
            query = search_of(saved)
        except ValueError as error:
            query = None
            opening.missing.append(Missing("the search", str(error)))
        if query is not None and query != self._finder.asker.query:
            keys = {key.name: key for key in self._finder.asker.keys}
            key = keys.get(query.key.name)
            if key is None:
                reason = "this server can't be searched for that"
                opening.missing.append(Missing("the search", reason))
            else:
                opening.searching = True
                self._finder.search(replace(query, key=key))
        if not self._finder.is_searching:
            opening.searching = False
            self._load(opening)

    def _on_jobs_changed(self) -> None:
        opening = self._opening
        if opening is not None and opening.searching and not self._finder.is_searching:
            opening.searching = False
            # What was found is shown first: the end of a job is told before its result.
            QTimer.singleShot(0, partial(self._load, opening))

    def _on_failed(self, error: Exception) -> None:
        """Go on without the server that can't be reached."""
        opening = self._opening
        if opening is not None and opening.awaited is not None:
            server, opening.awaited = opening.awaited, None
            opening.unreached[server] = explain(error, host=server)
            QTimer.singleShot(0, partial(self._load, opening))

    def _load(self, opening: _Opening) -> None:
        if self._opening is not opening:
            return
        saved, known = opening.saved, {}
        for server in saved.servers:
            session = self._scene.session(server)
            if session is None and server == saved.server:
                session = self._state.session
            if session is not None and server not in opening.unreached:
                known[server] = session
        self._load_slot.start_steps(
            OPENING,
            opening.loader.load,
            known,
            opening.unreached,
            connection_settings(),
            self._scene.viewing,
            self._scene.strips.tell,
        )

    def _on_step(self, step: Step) -> None:
        opening, scene = self._opening, self._scene
        if opening is None:
            if isinstance(step, Reached | StripReady | OpenedCame | RegionsCame):
                step.close()
            return
        problem = None

        def on_end(problem: str | None) -> None:
            if problem is not None:
                opening.missing.append(Missing("a layer", problem))

        match step:
            case Reached(session):
                scene.keep(session)
            case MosaicCame(saved, shown, look):
                is_first = shown.key not in opening.mosaics
                opening.mosaics[shown.key] = saved, look
                scene.show_mosaic(shown, look=is_first)
            case MosaicPainted(shown, painted):
                scene.paint(shown.key)
                if painted.summary is None:
                    self._panels.status.set_progress(
                        painted.done, painted.total, "thumbnails"
                    )
                else:
                    scene.finish_mosaic(shown.key, painted.summary)
            case StripCame(saved, CompareShown() as shown, number):
                opening.strips[number] = saved
                scene.show_strip(shown, on_end)
            case StripCame(_, _, number):
                scene.strips.repaint(number)
            case StripReady(_, compared):
                scene.strips.add(compared, on_end)
                if compared.may_improve:
                    opening.lacking.append(compared)
            case OpenedCame(saved, opened, is_projection):
                self._show_image(opening, saved, opened, is_projection, on_end)
            case RegionsCame(_, regions):
                problem = scene.images.add_regions(regions)
            case Missing():
                opening.missing.append(step)
        on_end(problem)

    def _show_image(
        self,
        opening: _Opening,
        saved: SavedImage,
        opened: OpenedImage,
        is_projection: bool,
        on_end: Callable[[str | None], None],
    ) -> None:
        """Show an image that has come, or the maximum of the one that came last.

        At last `on_end` is told why that failed, as a sentence, or None.
        """
        images = self._scene.images
        if is_projection:
            on_end(images.add_projection(opened))
            return
        known = self._scene.go_to_image(opened.image.id, opened.server)
        if known is not None and known.reader.source is opened.reader.source:
            opened.close()  # it is open already, and this is no better
            opening.images.append((saved, known))
            return

        def end(problem: str | None) -> None:
            if problem is None:
                opening.images.append((saved, opened))
            on_end(problem)

        self._scene.add_image(opened, end)

    def _on_load_failed(self, error: Exception) -> None:
        """Say what came, where something went wrong that nobody foresaw."""
        if self._opening is not None:
            host = self._opening.saved.server
            self._opening.missing.append(Missing("the rest", explain(error, host=host)))
            self._on_loaded(None)

    def _on_loaded(self, _: None) -> None:
        opening = self._opening
        if opening is None:
            return
        for key, (saved, look) in opening.mosaics.items():
            if look is not None and saved.look is not None:
                files = {_base_name(path): path for path in saved.look.own}
                opening.looks.append((key, look, files))
        self._poll.start(POLL_MS)

    def _go_on(self) -> None:
        """Colour wells once all layers have come, then let layers look as they did."""
        opening, scene = self._opening, self._scene
        if opening is None:
            return
        dock: WellsDock | None = scene.window.findChild(WellsDock)
        is_reading = dock is not None and not dock.is_known
        if scene.coming.message is not None:
            self._poll.start(POLL_MS)
            return
        if is_reading or any(map(scene.plates.is_arriving, opening.mosaics)):
            # A dock that stays idle has failed, and has said so itself.
            idle = dock is not None and not dock.jobs.count
            opening.idle_polls = opening.idle_polls + 1 if idle else 0
            if opening.idle_polls < MAX_IDLE_POLLS:
                self._poll.start(POLL_MS)
                return
        if opening.looks:
            key, look, files = opening.looks.pop(0)
            if scene.shows(key):
                open_wells(self._viewer).look_at(key, look, files)
            self._poll.start(POLL_MS)
            return
        if opening.saved.wells and opening.mosaics and dock is None:
            open_wells(self._viewer)
            self._poll.start(POLL_MS)
            return
        if not (opening.saved.wells or opening.wells_were_open):
            close_dock(self._viewer)  # it was needed for the colours
        self._restore_layers(opening)
        self._settle.start()

    def _restore_layers(self, opening: _Opening) -> None:
        viewer, scene, saved = self._viewer, self._scene, opening.saved
        # A card selects what it tells of; what was selected comes after it.
        self._show_cards(opening)
        self._restore_selected(opening)
        placed: list[tuple[int, Layer]] = []
        for key, (mosaic, _) in opening.mosaics.items():
            parts = mosaic_parts(scene, key)
            placed += restore_layers(viewer, parts, mosaic.layers)
        for number, strip in opening.strips.items():
            parts = strip_parts(scene, number)
            placed += restore_layers(viewer, parts, strip.layers)
        for image, opened in opening.images:
            shown = next(
                (one for one in scene.images.all_shown if one.opened is opened), None
            )
            if shown is not None:
                placed += restore_layers(viewer, image_parts(shown), image.layers)
        put_in_order(viewer, placed)
        active = [layer for place, layer in placed if place == saved.active]
        if active:
            make_active(viewer, active[0])

    def _restore_selected(self, opening: _Opening) -> None:
        """Let the wells be selected that were, in their order, and no others."""
        plates = self._scene.plates
        saved = [
            (key, mosaic.selected)
            for key, (mosaic, _) in opening.mosaics.items()
            if self._scene.shows(key)
        ]
        # One goes on from the last.
        for key, wells in sorted(saved, key=lambda one: bool(one[1])):
            plates.choose_beside(key, wells)  # type: ignore[arg-type]
        # The card would mark its image in a comparison, too, where none was marked.
        if saved and not opening.strips and (wells := plates.chosen_on(key)):
            shown = plates.shown(key)
            cell = None if shown is None else shown.cell_of(wells[-1])
            told = self._state.seen
            is_told = told is not None and told.cell == (key, wells[-1])
            if cell is not None and not is_told:
                self.wellWanted.emit(shown, cell)

    def _finish_when_settled(self) -> None:
        opening, size = self._opening, tuple(self._viewer.canvas.size)
        if opening is None:
            return
        opening.settle_looks += 1
        if size != opening.canvas and opening.settle_looks < MAX_SETTLE_LOOKS:
            opening.canvas = size
            self._settle.start()
        else:
            self._finish(opening)

    def _finish(self, opening: _Opening) -> None:
        if opening.saved.view is not None and self._came(opening):
            restore_view(self._viewer, opening.saved.view)
        missing = tuple(opening.missing)
        may_pass = any(one.may_pass for one in missing)
        numbers = self._scene.strips.numbers
        lacking = tuple(one for one in opening.lacking if one.number in numbers)
        message = " ".join(
            filter(
                None,
                (
                    self._came(opening),
                    missing_message(missing),
                    f"Not read: {'; '.join(opening.notes)}." if opening.notes else "",
                    *dict.fromkeys(one.source_message for one in lacking),
                ),
            )
        )
        self._opening = None
        self.changed.emit()
        if missing or opening.notes:
            if may_pass:
                again = partial(
                    self.open,
                    opening.saved,
                    opening.notes,
                    folder=opening.loader.folder,
                )
                self._jobs.remember_retry(again)
            self._panels.status.say_failed(message, can_retry=may_pass)
        else:
            self._panels.status.say(
                message or "The session shows no layers.", about=self._subjects(opening)
            )
        if lacking and not may_pass:
            self.mayImprove.emit(lacking, message)
        self.ended.emit(missing)
        self._open_next()

    def _came(self, opening: _Opening) -> str:
        """Say what is shown of a session, "" for nothing."""
        shows = self._scene.shows
        mosaics = [one for key, (one, _) in opening.mosaics.items() if shows(key)]
        plates = sum(one.kind == "plate" for one in mosaics)
        strips = sum(n in self._scene.strips.numbers for n in opening.strips)
        counts = (
            (plates, "plate", "plates"),
            (len(mosaics) - plates, "gallery", "galleries"),
            (strips, "comparison", "comparisons"),
            (len(opening.images), "image", "images"),
        )
        told = [counted(*one) for one in counts if one[0]]
        return f"Session opened: {', '.join(told)}." if told else ""

    def _subjects(self, opening: _Opening) -> frozenset[Subject]:
        """Return what came of a session, as what is in the viewer."""
        images = (
            Subject(kind="image", server=one.server, id=one.image.id)
            for _, one in opening.images
        )
        strips = map(self._scene.strips.subjects_of, opening.strips)
        return frozenset(images).union(map(mosaic_subject, opening.mosaics), *strips)

    def _show_cards(self, opening: _Opening) -> None:
        """Show the cards of the plate and of the image that came last."""
        server = self._state.host
        self._state.leave_line()
        plates = [self._scene.shown(key) for key in opening.mosaics]
        for shown in reversed(plates):
            if (
                isinstance(shown, PlateShown)
                and shown.server == server
                and shown.details.query in (None, self._state.query)
            ):
                self.detailsKnown.emit(shown.details)
                break
        if opening.images:
            opened = opening.images[-1][1]
            self.detailsKnown.emit(opened.details)
            self._panels.image.set_source(opened.reader.source)

    def give_up(self) -> None:
        """Bring no more of a session; what has come stays, but no half-made strip."""
        self._waiting.clear()
        opening, self._opening = self._opening, None
        if opening is not None:
            self._poll.stop()
            self._settle.stop()
            self._load_slot.cancel()
            for number in reversed(opening.strips):
                self._scene.strips.give_up(number)
            self.changed.emit()
            self.ended.emit(tuple(opening.missing))

    def _open_next(self) -> None:
        if self._waiting:
            session, notes, folder = self._waiting.pop(0)
            self.open(session, notes, folder=folder)

    # Files that are dropped on the browser

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take sessions that are dropped; all else is somebody else's."""
        if isinstance(event, QDropEvent) and (paths := _dropped(event)):
            event.acceptProposedAction()
            if event.type() == QEvent.Type.Drop:
                for path in paths:
                    self.open_file(path)
            return True
        return super().eventFilter(watched, event)


def _dropped(event: QDropEvent) -> list[str]:
    """Return the sessions among the files that are dragged; none if others are, too."""
    mime = event.mimeData()
    if mime is None or not mime.hasUrls():
        return []
    paths = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
    is_all = len(paths) == len(mime.urls())
    return paths if is_all and all(map(is_session_file, paths)) else []


def _base_name(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1]
