"""What is going on: a sentence, how far it is, and how to stop it."""

from __future__ import annotations

from napari.utils import progress
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_idr._qt._forms import name_widget, plain_label

DOCK_CHARACTERS = 60
"""Of a sentence in napari's activity dock, which doesn't wrap."""


class StatusBar(QWidget):
    """One sentence, a bar with counts, Cancel while something runs, Retry after.

    What runs is said until it ends; then what was said last comes back. A failure
    stays in sight until something else is wished for.
    """

    cancelWanted = Signal()
    retryWanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = plain_label("idr_status")
        self.sentence.setAccessibleName("Status")
        self.sentence.setToolTip("What is going on, or how it ended")
        self.bar = QProgressBar()
        name_widget(self.bar, "idr_progress", "Progress", "How far the work is")
        self.bar.setTextVisible(True)
        self.cancel = QPushButton("Cancel")
        name_widget(self.cancel, "idr_cancel", "Cancel", "Stop what is running")
        self.retry = QPushButton("Retry")
        name_widget(self.retry, "idr_retry", "Retry", "Try again what failed")
        self.cancel.clicked.connect(self.cancelWanted)
        self.retry.clicked.connect(self.retryWanted)
        line = QHBoxLayout()
        line.addWidget(self.bar, 1)
        line.addWidget(self.retry)
        line.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        layout.addWidget(self.sentence)
        layout.addLayout(line)
        self._said = ""
        self._failed = False
        self._can_retry = False
        self._running: str | None = None
        self._activity: progress | None = None
        self._making = False
        self._render()

    def say(self, sentence: str) -> None:
        """Say how something ended."""
        self._said, self._failed, self._can_retry = sentence, False, False
        self._render()

    def say_failed(self, sentence: str, *, can_retry: bool) -> None:
        """Say that it failed; Retry is offered where that may help."""
        self._said, self._failed, self._can_retry = sentence, True, can_retry
        self._render()

    def set_running(self, words: str | None) -> None:
        """Say what runs, None for nothing."""
        if words is not None and words != self._running:
            self._failed = self._can_retry = False
            self.bar.setRange(0, 0)
        self._running = words
        self._render()
        self._show_activity()

    def set_progress(self, done: int, total: int, what: str) -> None:
        """Say that so much of what runs is done."""
        self.bar.setRange(0, max(total, 1))
        self.bar.setValue(done)
        self.bar.setFormat(f"{done} of {total} {what}")
        if self._activity is not None:
            self._activity.total = total
            self._activity.update(done - self._activity.n)

    def _render(self) -> None:
        running = self._running is not None
        shown = self._running if running and not self._failed else self._said
        self.sentence.setText(shown or "")
        self.bar.setVisible(running)
        self.cancel.setVisible(running)
        self.retry.setVisible(self._can_retry)

    def _show_activity(self) -> None:
        """Say it in napari's activity dock, too.

        napari runs the event loop while it makes a bar, so anything may happen
        meanwhile: another bar may be wanted, or none.
        """
        if self._running is None:
            activity, self._activity = self._activity, None
            if activity is not None:
                activity.close()
        elif self._activity is not None:
            self._activity.set_description(self._running[:DOCK_CHARACTERS])
        elif not self._making:
            self._making = True
            self._activity = progress(total=0, desc=self._running[:DOCK_CHARACTERS])
            self._making = False
            self._show_activity()  # of what is running by now
