"""Offline: a server that goes and comes back, what is kept of it, and packs."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from qtpy.QtCore import QEvent, QObject, QTimer, Signal
from qtpy.QtGui import QDragEnterEvent, QDropEvent

from napari_idr._qt.jobs import QueuedSignal
from napari_idr.cancel import Priority
from napari_idr.services.browser_state import BrowserState
from napari_idr.services.explain import explain
from napari_idr.services.offline.keep import (
    KeepOrder,
    KeepStep,
    KeepWish,
    Kept,
    keep_wish,
    load_kept,
    plan_keep_order,
)
from napari_idr.services.offline.pack_session import PackSession
from napari_idr.services.offline.reach import (
    ask_now,
    is_offline,
    look_again,
    offline_text,
    on_change,
)
from napari_idr.services.offline.shelf import (
    PACK_SUFFIX,
    KeptOnDisk,
    copy_pack,
    empty,
    kept_on_disk,
    remove_pack,
)
from napari_idr.services.search.catalog import Entry

if TYPE_CHECKING:
    from napari_idr._qt.finder import Finder
    from napari_idr._qt.jobs import Jobs, JobSlot
    from napari_idr._qt.panels.layout import Panels
    from napari_idr.services.session import Session

LOOK_AGAIN_MS = 15_000
"""How often a server that can't be reached is asked whether it is back."""


class OfflineKeeper(QObject):
    """Wires the panel for what is kept offline to the session, the tree and the status.

    Parameters
    ----------
    panels
        The browser.
    finder
        Whose lines are kept.
    jobs
        Where it works.
    """

    packWanted = Signal(object)  # Path
    backAgain = Signal()  # the server can be reached again

    def __init__(self, panels: Panels, finder: Finder, jobs: Jobs) -> None:
        super().__init__(panels)
        self._panels = panels
        self._panel = panels.offline
        self._finder = finder
        self._state = BrowserState()
        self._order: KeepOrder | None = None
        self._was_offline = False
        self._plan: JobSlot[None, KeepOrder] = jobs.slot(self._on_order)
        # What a person looks at meanwhile goes first.
        self._keep: JobSlot[KeepStep, Kept] = jobs.slot(
            self._on_kept, on_step=self._on_step, priority=Priority.AHEAD
        )
        # To look takes back nothing that was said to have failed.
        self._disk: JobSlot[None, KeptOnDisk] = jobs.slot(
            self._panel.set_kept, on_failure=self._on_disk_failed, shown=False
        )
        self._emptied: JobSlot[None, KeptOnDisk] = jobs.slot(self._on_emptied)
        self._removed: JobSlot[None, None] = jobs.slot(self._on_removed)
        self._copied: JobSlot[None, Path] = jobs.slot(self._on_copied)
        self._look: JobSlot[None, bool] = jobs.slot(_nothing, shown=False)
        self._news = QueuedSignal(self._on_reach)
        self.destroyed.connect(self._news.close)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_AGAIN_MS)
        self._timer.timeout.connect(self._look_again)
        panel = self._panel
        panel.keepWanted.connect(self._on_keep_wanted)
        panel.keepConfirmed.connect(self._on_confirmed)
        panel.diskWanted.connect(self._show_disk)
        panel.emptyWanted.connect(self._on_empty)
        panel.removeWanted.connect(self._on_remove)
        panel.copyWanted.connect(self._on_copy)
        panel.packWanted.connect(self.packWanted)
        panels.status.retryWanted.connect(self._ask_now)
        finder.linesChanged.connect(self.offer)
        panels.setAcceptDrops(True)
        panels.installEventFilter(self)

    def enter(self, state: BrowserState) -> None:
        """Work with what is known of another server."""
        self._state = state
        self._was_offline = False
        self._ask(None)
        session = state.session
        if session is not None:
            on_change(session, partial(self._news.emit, session))
            self._on_reach(session)
        else:
            self._timer.stop()
            self._panel.set_text("")
        if self._panel.is_disk_shown:
            self._show_disk()
        self.offer()

    # A server that goes, and comes back

    def _on_reach(self, session: Session) -> None:
        if session is not self._state.session:
            return
        self._panel.set_text(offline_text(session))
        offline = is_offline(session)
        if offline and not self._timer.isActive():
            self._timer.start()
        elif not offline:
            self._timer.stop()
            if self._was_offline:
                self.backAgain.emit()
        self._was_offline = offline

    def _look_again(self) -> None:
        session = self._state.session
        if session is not None and not self._look.busy:
            self._look.start("", look_again, session)

    def _ask_now(self) -> None:
        """Let Retry ask a server that wasn't there a moment ago."""
        if self._state.session is not None:
            ask_now(self._state.session)

    # Keep offline

    def offer(self) -> None:
        """Offer to keep what is selected or looked at."""
        self._ask(None)
        session = self._state.session
        asks = session is not None and not isinstance(session, PackSession)
        self._panel.set_offer(can_keep=asks and self._wish(images=False) is not None)

    def _wish(self, *, images: bool) -> KeepWish | None:
        """Return what would be kept: the image that is looked at, else the lines."""
        image = self._state.image
        looked_at = None if self._state.is_on_line or image is None else image.request
        return keep_wish(self._lines, looked_at, images=images)

    @property
    def _lines(self) -> tuple[Entry, ...]:
        """The lines that are selected; without any, the plate that is looked at.

        A link or a session shows a plate whose line needn't be in the tree.
        """
        lines, plate = self._finder.lines, self._state.plate
        if lines or plate is None or plate.study is None:
            return lines
        return (Entry(item=plate.plate, parent=Entry(item=plate.study.study)),)

    def _ask(self, order: KeepOrder | None) -> None:
        self._order = order
        self._panel.ask(order)

    def _on_keep_wanted(self, images: bool) -> None:
        session = self._state.session
        wish = self._wish(images=images)
        if session is not None and wish is not None:
            self._plan.start("Counting what it takes …", plan_keep_order, session, wish)

    def _on_order(self, order: KeepOrder) -> None:
        self._ask(order)

    def _on_confirmed(self) -> None:
        session, order = self._state.session, self._order
        if session is not None and order is not None:
            self._ask(None)
            message = f"Keeping {order.wish.title} …"
            self._keep.start_steps(message, load_kept, session, order)

    def _on_step(self, step: KeepStep) -> None:
        self._panels.status.set_progress(step.done, step.total, "answers")

    def _on_kept(self, kept: Kept) -> None:
        self._panels.status.say(kept.text)
        if self._panel.is_disk_shown:
            self._show_disk()

    # What is kept

    def _show_disk(self, _: object = None) -> None:
        self._disk.start("", kept_on_disk, self._state.session)

    def _on_disk_failed(self, error: Exception) -> None:
        sentence = explain(error, host=self._state.host)
        self._panels.status.say_failed(sentence, can_retry=False)

    def _on_empty(self) -> None:
        self._emptied.start("Making room …", empty, self._state.session)

    def _on_emptied(self, kept: KeptOnDisk) -> None:
        self._panel.set_kept(kept)
        self._panels.status.say(kept.emptied)

    def _on_remove(self, path: Path) -> None:
        self._removed.start("Removing the pack …", remove_pack, path)

    def _on_removed(self, _: None) -> None:
        self._panels.status.say("The pack is kept no longer.")
        self._show_disk()

    def _on_copy(self, path: Path, to: Path) -> None:
        self._copied.start("Saving a copy …", copy_pack, path, to)

    def _on_copied(self, path: Path) -> None:
        self._panels.status.say(f"Saved as {path.name}.")

    # Packs that are dropped

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Take packs that are dropped on the browser, and nothing else."""
        if isinstance(event, QDragEnterEvent | QDropEvent):
            path = _dropped_pack(event)
            if path is not None:
                event.acceptProposedAction()
                if event.type() == QEvent.Type.Drop:
                    self.packWanted.emit(path)
                return True
        return super().eventFilter(watched, event)


def _dropped_pack(event: QDropEvent) -> Path | None:
    data = event.mimeData()
    urls = [] if data is None else data.urls()
    return pack_path(urls[0].toLocalFile()) if len(urls) == 1 else None


def pack_path(text: str) -> Path | None:
    """Return the path that a text is of a pack, None if it is of none.

    >>> pack_path("/data/a.idrpack").name, pack_path("idr.openmicroscopy.org")
    ('a.idrpack', None)
    """
    text = text.strip()
    if not text.lower().endswith(PACK_SUFFIX):
        return None
    if text.startswith("file://"):
        text = unquote(urlsplit(text).path)
    return Path(text) if "://" not in text else None


def _nothing(_: bool) -> None:
    """Receive what the listener has told already."""
