"""Work that napari waits for, in a thread, with a bar that can be cancelled."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from qtpy.QtCore import QCoreApplication, QEventLoop, Qt
from qtpy.QtWidgets import QApplication, QMessageBox, QProgressDialog

from napari_idr._qt.jobs import QueuedSignal
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.threads import in_background

if TYPE_CHECKING:
    from collections.abc import Callable

    Progress = Callable[[int, int], None]
    """Told how much is done, and how much there is."""

__all__ = ["is_yes", "wait_for_work"]

T = TypeVar("T")

STEPS = 1000
"""Of the bar: Qt's counts to two thousand millions, and files have more bytes."""


def is_yes(question: str) -> bool:
    """Ask something in a window and return whether the answer is yes.

    Where there is no window nobody can be asked: who runs a script has said what they
    want.
    """
    if not _has_window():
        return True
    yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
    answer = QMessageBox.question(None, "IDR", question, yes | no, no)
    return bool(answer == yes)


def wait_for_work(title: str, work: Callable[[Progress, CancelToken], T]) -> T:
    """Run something long that napari waits for; the window lives meanwhile.

    napari calls writers of files on the GUI thread and wants the result at once. So a
    bar is shown in front of the window, with a button that cancels, until a thread has
    done the work. Without a window it is done here.

    Parameters
    ----------
    title
        What is done.
    work
        Called with what is told how much is done, of how much, and a token.

    Raises
    ------
    Cancelled
        The button was pressed.
    Exception
        What the work raises.
    """
    if not _has_window():
        return work(_nothing, NEVER)
    return _Waiting[T](title).result(work)


def _has_window() -> bool:
    app = QCoreApplication.instance()
    return (
        isinstance(app, QApplication)
        and threading.current_thread() is threading.main_thread()
        and any(one.isVisible() for one in QApplication.topLevelWidgets())
    )


def _nothing(done: int, total: int) -> None:
    del done, total


class _Waiting(Generic[T]):
    """A bar in front of the window while a thread works."""

    def __init__(self, title: str) -> None:
        self._token = CancelToken()
        self._loop = QEventLoop()
        self._outcome: T | None = None
        self._error: BaseException | None = None
        self._dialog = QProgressDialog(title, "Cancel", 0, STEPS)
        self._dialog.setObjectName("idr_waiting")
        self._dialog.setWindowTitle("IDR")
        self._dialog.setWindowModality(Qt.WindowModality.ApplicationModal)
        self._dialog.setMinimumDuration(0)
        self._dialog.setAutoClose(False)
        self._dialog.setAutoReset(False)
        self._dialog.canceled.connect(self._token.cancel)
        self._news: QueuedSignal[int | None] = QueuedSignal(self._on_news)

    def result(self, work: Callable[[Progress, CancelToken], T]) -> T:
        """Wait for the work and return what it returned."""
        told = -1

        def progress(done: int, total: int) -> None:
            nonlocal told
            step = STEPS * done // max(total, 1)
            if step != told:
                told = step
                self._news.emit(step)

        def run() -> None:
            try:
                self._outcome = work(progress, self._token)
            # The edge of the thread: whatever it is, it is raised where one waits.
            except BaseException as error:  # noqa: BLE001
                self._error = error
            self._news.emit(None)

        self._dialog.setValue(0)
        self._dialog.show()
        in_background(run)
        try:
            self._loop.exec()
        finally:
            self._news.close()
            self._dialog.close()
            self._dialog.deleteLater()
        if self._error is not None:
            raise self._error
        return self._outcome  # type: ignore[return-value]

    def _on_news(self, step: int | None) -> None:
        if step is None:
            self._loop.quit()
        elif not self._token.cancelled:
            self._dialog.setValue(step)
