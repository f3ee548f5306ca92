"""One running job per concern; news of a job that was replaced never arrives."""

from __future__ import annotations

import inspect
import logging
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_idr._qt.mailbox import Mailbox
from napari_idr.cancel import CancelToken
from napari_idr.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

WORKERS = 8
"""Jobs at once: one for each concern of a browser (they wait, they don't compute)."""


class Workers:
    """The threads of one browser; `close` returns at once and lets nothing start."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="napari-idr")
        self._tokens: set[CancelToken] = set()
        self._closed = False

    def submit(self, job: Callable[[], None], token: CancelToken) -> None:
        """Run a job in a thread; after `close` it isn't run at all."""
        if self._closed:
            token.cancel()
            return
        self._tokens.add(token)
        future = self._pool.submit(job)
        future.add_done_callback(lambda _: self._tokens.discard(token))

    def close(self) -> None:
        """Cancel what runs and what waits; doesn't wait for the threads to end."""
        self._closed = True
        for token in tuple(self._tokens):
            token.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)


class TaskSlot(QObject):
    """Runs one job at a time in a thread; a new one replaces the one before.

    A job is called with its arguments and `cancel=`. A generator's values arrive
    as `stepped`; its return value, or a function's, as `finished`.
    """

    stepped = Signal(object)
    finished = Signal(object)
    failed = Signal(object)  # the exception
    busyChanged = Signal(bool)

    def __init__(self, workers: Workers, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workers = workers
        self._generation = 0
        self._token: CancelToken | None = None
        self._again: Callable[[], None] | None = None
        self._waiting: deque[tuple[int, str, object]] = deque()
        self._delivering = False
        self._held = False
        self._mailbox = Mailbox(self._receive)
        self.destroyed.connect(self._mailbox.close)

    @property
    def busy(self) -> bool:
        """Whether a job runs that somebody still waits for."""
        return self._token is not None

    def submit(self, job: Callable[..., object], *args: object) -> None:
        """Start `job(*args, cancel=token)` in place of what runs."""
        self._drop()
        self._again = lambda: self.submit(job, *args)
        token = self._token = CancelToken()
        generation = self._generation
        self._workers.submit(lambda: self._run(generation, token, job, args), token)
        self.busyChanged.emit(True)

    def cancel(self) -> None:
        """Stop listening to the job; it ends soon after."""
        if self._token is not None:
            self._drop()
            self.busyChanged.emit(False)

    def retry(self) -> None:
        """Do the last job again."""
        if self._again is not None:
            self._again()

    def hold(self) -> None:
        """Keep news waiting: the receiver of the last still works on it."""
        self._held = True

    def release(self) -> None:
        """Deliver what waits, and what comes."""
        self._held = False
        self._deliver_waiting()

    def _drop(self) -> None:
        self._generation += 1
        if self._token is not None:
            self._token.cancel()
            self._token = None

    def _run(
        self,
        generation: int,
        token: CancelToken,
        job: Callable[..., object],
        args: tuple[object, ...],
    ) -> None:
        """Do the job; runs in a thread of the pool."""
        try:
            token.check()
            result = job(*args, cancel=token)
            if inspect.isgenerator(result):
                result = self._run_steps(generation, token, result)
        except Cancelled:
            return
        # The edge of the thread: whatever happened must be told, not lost.
        except Exception as error:
            logger.debug("a job failed", exc_info=True)
            self._mailbox.send(generation, "failed", error)
        else:
            self._mailbox.send(generation, "finished", result)

    def _run_steps(self, generation: int, token: CancelToken, steps: object) -> object:
        assert inspect.isgenerator(steps)
        try:
            while True:
                step = next(steps)
                token.check()
                self._mailbox.send(generation, "stepped", step)
        except StopIteration as end:
            return end.value
        finally:
            steps.close()

    def _receive(self, generation: int, what: str, payload: object) -> None:
        """Deliver news one by one, also where a receiver runs the event loop.

        napari does so for each step of its progress bars, and when layers are
        added: the next news would overtake the one that is being received.
        """
        self._waiting.append((generation, what, payload))
        self._deliver_waiting()

    def _deliver_waiting(self) -> None:
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._waiting and not self._held:
                self._deliver(*self._waiting.popleft())
        finally:
            self._delivering = False

    def _deliver(self, generation: int, what: str, payload: object) -> None:
        if generation != self._generation:
            return
        if what == "stepped":
            self.stepped.emit(payload)
            return
        self._token = None
        self.busyChanged.emit(False)
        (self.finished if what == "finished" else self.failed).emit(payload)
