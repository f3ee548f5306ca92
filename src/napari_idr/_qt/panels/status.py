"""Status bar of the browser: message, progress, Cancel and Retry."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from napari.utils import progress
from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_idr._qt.panels.forms import name_widget, plain_label
from napari_idr._qt.panels.places import LabelPlace
from napari_idr.services.plain_text import plain_text

if TYPE_CHECKING:
    from napari_idr.services.details import Subject

DOCK_CHARACTERS = 60
"""Of a sentence in napari's activity dock, which doesn't wrap."""

LEAST_LINES = 2
"""Of a sentence: most wrap once, and the buttons above stay where they are."""

LONG_MS = 2000
"""What is over sooner isn't shown in napari's activity dock. napari turns a wheel as
long as that has a bar, and draws the whole window for each turn: while a plate comes,
the window has better things to do."""

ACTIVITY_MS = 30
"""Until the activity dock follows what it shows."""

NOT_COUNTED = "…"
"""In the bar while nothing is counted. It doesn't move: as with the wheel, each step
draws the whole window."""


class StatusBar(QWidget):
    """One sentence, a bar with counts, Cancel while something runs, Retry after.

    What runs is said until it ends; then what was said last comes back. A failure
    stays in sight until something else is wished for, whatever else ends in the
    meantime, and doesn't come back. That the plane shown isn't that of the sliders is
    said before all but what runs and what failed.
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
        layout.setSpacing(0)  # nothing is kept for a bar that isn't there
        layout.addWidget(LabelPlace(self.sentence, LEAST_LINES))
        layout.addLayout(line)
        self._said = ""
        self._about: frozenset[Subject] = frozenset()
        self._behind = ""
        self._failure = ""
        self._failed_about: frozenset[Subject] = frozenset()
        self._can_retry = False
        self._is_news = False
        self._running: str | None = None
        self._done, self._total = 0, 0
        self._activity = _Activity()
        self.destroyed.connect(self._activity.close)
        self._follow = QTimer(self)
        self._follow.setSingleShot(True)
        self._begun = 0.0
        self._follow.timeout.connect(self._show_activity)
        self._render()

    def say(self, sentence: str, *, about: frozenset[Subject] = frozenset()) -> None:
        """Say how something ended; `about` is what it is of, if of anything shown."""
        self._said, self._about = sentence, about
        if self._is_news:
            self._render()
        else:
            self.forget_failure()

    def set_news(self, is_news: bool) -> None:
        """Take what is said for news of what was wished for before, or for an answer.

        News takes back no failure: it is of something else, which ended later.
        """
        self._is_news = is_news

    def say_failed(
        self,
        sentence: str,
        *,
        can_retry: bool,
        about: frozenset[Subject] = frozenset(),
    ) -> None:
        """Say that it failed; Retry is offered where that may help."""
        self._failure, self._can_retry = sentence, can_retry
        self._failed_about = about
        self._render()

    @property
    def failure(self) -> str:
        """What is said to have failed, "" for nothing."""
        return self._failure

    def forget_failure(self) -> None:
        """Take back what failed, and Retry; what was said before comes back."""
        self._failure, self._can_retry = "", False
        self._render()

    def keep(self, shown: frozenset[Subject]) -> None:
        """Take a sentence back if nothing that it is about is shown any more."""
        if self._about and self._about.isdisjoint(shown):
            self._said, self._about = "", frozenset()
        if self._failed_about and self._failed_about.isdisjoint(shown):
            self._failure, self._can_retry = "", False
        self._render()

    def set_behind(self, message: str) -> None:
        """Say which plane is on its way; "" once it is shown."""
        self._behind = message
        self._render()

    def set_running(self, message: str | None) -> None:
        """Say what runs, None for nothing."""
        if message is not None and message != self._running:
            self.bar.setRange(0, 1)
            self.bar.setValue(0)
            self.bar.setFormat(NOT_COUNTED)
            self._done, self._total = 0, 0
        if self._running is None:
            self._begun = time.monotonic()
        self._running = message
        self._render()
        self._follow_soon()

    def set_progress(self, done: int, total: int, what: str) -> None:
        """Say that so much of what runs is done."""
        # Qt repaints a bar at once, and all of the window with it: it is to wait.
        self.bar.setUpdatesEnabled(False)
        self.bar.setRange(0, max(total, 1))
        self.bar.setValue(done)
        self.bar.setUpdatesEnabled(True)
        counted = f"{done:,} of {total:,}"
        long = f"{counted} {what}"
        fits = self.bar.fontMetrics().horizontalAdvance(long) < self.bar.width()
        self.bar.setFormat(long if fits else counted)
        self._done, self._total = done, total
        if not self._follow.isActive():
            self._follow_soon()

    def _render(self) -> None:
        running = self._running is not None
        shown = self._failure or self._running or self._behind or self._said
        self.sentence.setText(shown)
        self.bar.setVisible(running)
        self.cancel.setVisible(running)
        self.retry.setVisible(self._can_retry)

    def _follow_soon(self) -> None:
        """Let the activity dock follow; it begins with what takes long."""
        runs_ms = 1000 * (time.monotonic() - self._begun)
        begins_ms = 0 if self._running is None else math.ceil(LONG_MS - runs_ms)
        self._follow.start(max(ACTIVITY_MS, begins_ms))

    def _show_activity(self) -> None:
        if not self._activity.show(self._running, self._done, self._total):
            self._follow_soon()


class _Activity:
    """A bar in napari's activity dock.

    napari runs the event loop for each change of a bar. So it is changed in a turn of
    its own, when nobody is in the middle of something else.
    """

    def __init__(self) -> None:
        self._bar: progress | None = None
        self._changing = False

    def show(self, message: str | None, done: int, total: int) -> bool:
        """Show what runs, None for nothing; False if the last change isn't over."""
        if self._changing:
            return False
        self._changing = True
        try:
            if message is None:
                self.close()
                return True
            message = plain_text(message)[:DOCK_CHARACTERS]
            if (bar := self._bar) is None:
                bar = self._bar = progress(total=total, desc=message)
            bar.set_description(message)
            bar.total = total
            bar.update(done - bar.n)
        finally:
            self._changing = False
        return True

    def close(self, *_: object) -> None:
        """Remove the bar."""
        bar, self._bar = self._bar, None
        if bar is not None:
            with suppress(RuntimeError):  # the dock is gone before the bar
                bar.close()
