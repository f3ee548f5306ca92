"""Files of a browser: those of the selected image and study, and their downloads."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QFileDialog

from napari_idr._qt.jobs import QueuedSignal
from napari_idr.services.browser_state import BrowserState
from napari_idr.services.details import ImageDetails
from napari_idr.services.explain import can_retry, explain
from napari_idr.services.files import (
    Downloaded,
    DownloadOrder,
    DownloadProgress,
    FileKind,
    ListedFile,
)

if TYPE_CHECKING:
    from napari_idr._qt.jobs import Jobs, JobSlot
    from napari_idr._qt.panels.files import FilesPanel
    from napari_idr._qt.panels.layout import Panels
    from napari_idr.model import Study
    from napari_idr.services.details import Details
    from napari_idr.services.session import Session


class Files(QObject):
    """Wires the lists of files to the session."""

    def __init__(self, panels: Panels, jobs: Jobs) -> None:
        super().__init__(panels)
        self._panels = panels
        self._jobs = jobs
        self._state = BrowserState()
        self._lists: dict[FileKind, FilesPanel] = {
            "original": panels.original_files,
            "attached": panels.attached_files,
        }
        self._of: dict[FileKind, object] = {}
        self._slots: dict[FileKind, JobSlot[None, tuple[ListedFile, ...]]] = {
            kind: jobs.slot(panel.set_files) for kind, panel in self._lists.items()
        }
        self._order: JobSlot[None, DownloadOrder] = jobs.slot(self._on_order)
        self._download: JobSlot[None, Downloaded] = jobs.slot(self._on_downloaded)
        self._news: QueuedSignal[DownloadProgress] = QueuedSignal(self._on_progress)
        self.destroyed.connect(self._news.close)
        for kind, panel in self._lists.items():
            panel.listWanted.connect(partial(self._on_list_wanted, kind))
            panel.downloadWanted.connect(partial(self._on_download_wanted, kind))

    def enter(self, state: BrowserState) -> None:
        """Work with what is known of another server."""
        self._state = state
        self.follow(None)

    def follow(self, details: Details | None) -> None:
        """Offer the files of what is selected."""
        image = details if isinstance(details, ImageDetails) else None
        self._offer("original", None if image is None else image.image.id)
        study = self._study_of(details)
        self._offer("attached", None if study is None else study.ref)

    def _study_of(self, details: Details | None) -> Study | None:
        told = getattr(details, "study", None)  # a study, or what is known of one
        return getattr(told, "study", told)

    def _offer(self, kind: FileKind, subject: object) -> None:
        if subject != self._of.get(kind, ...):
            self._of[kind] = subject
            self._slots[kind].cancel()
            self._lists[kind].clear(shown=subject is not None)

    @property
    def _session(self) -> Session | None:
        return self._state.session

    def _on_list_wanted(self, kind: FileKind) -> None:
        session, details = self._session, self._state.details
        if session is None:
            return
        study = self._study_of(details)
        slot = self._slots[kind]
        if kind == "original" and isinstance(details, ImageDetails):
            message = "Asking for original files …"
            slot.start(message, session.original_files, details.image.id)
        elif kind == "attached" and study is not None:
            message = "Asking for attached files …"
            slot.start(message, session.attached_files, study)

    # Downloads

    def _on_download_wanted(
        self, kind: FileKind, files: tuple[ListedFile, ...]
    ) -> None:
        session = self._session
        if session is not None:
            message = "Asking how large the files are …"
            self._order.start(message, session.plan_download, kind, files)

    def _on_order(self, order: DownloadOrder) -> None:
        """Say how large the files are, and ask where they are to go."""
        self._lists[order.kind].say(f"{order.words}.")
        title = f"Download {order.words}, to which folder?"
        dialog = QFileDialog(self._panels, title)
        dialog.setObjectName("idr_download_dialog")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(partial(self.download, order))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def download(self, order: DownloadOrder, folder: str) -> None:
        """Bring files to a folder."""
        session = self._session
        if session is not None:
            self._download.start(
                f"Downloading {order.words} …",
                session.download_files,
                order,
                Path(folder),
                self._news.emit,
            )

    def _on_progress(self, news: DownloadProgress) -> None:
        if self._download.busy:
            done, total, unit = news.counts
            self._panels.status.set_progress(done, total, f"{unit}: {news.name}")

    def _on_downloaded(self, done: Downloaded) -> None:
        status, problem = self._panels.status, done.problem
        if problem is None:
            status.say(done.message)
            return
        again = partial(self.download, done.missing, str(done.directory))
        self._jobs.remember_retry(again)
        reason = explain(problem, host=self._state.host)
        status.say_failed(f"{done.message} {reason}", can_retry=can_retry(problem))
