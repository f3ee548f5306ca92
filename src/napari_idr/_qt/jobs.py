"""Jobs of a browser: work in threads, and its news on the GUI thread.

This is the only door between the GUI thread and a worker. A `Jobs` belongs to a
browser; each concern (connecting, details, a mosaic ...) has a `JobSlot`, and what
the workers tell comes through a `QueuedSignal`.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass
from functools import cache, partial
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Protocol,
    TypeVar,
    TypeVarTuple,
    runtime_checkable,
)

from qtpy.QtCore import QObject, Qt, Signal

from napari_idr.cancel import CancelToken, Priority
from napari_idr.errors import Cancelled
from napari_idr.threads import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["Job", "JobSlot", "Jobs", "QueuedSignal"]

logger = logging.getLogger(__name__)

T = TypeVar("T")
Step = TypeVar("Step")
Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)
Arguments = TypeVarTuple("Arguments")

WORKERS = 8
"""Jobs of a browser at a time: more than it has concerns. They wait, mostly."""


class Job(Protocol[*Arguments, Result_co]):
    """A function that waits, and heeds the token it is given."""

    def __call__(self, *arguments: *Arguments, cancel: CancelToken) -> Result_co: ...


@runtime_checkable
class _Closable(Protocol):
    def close(self) -> object: ...


class QueuedSignal(Generic[T]):
    """A signal that any thread emits and a slot receives on the GUI thread, in order.

    Made on the GUI thread. One value is received in each turn of the event loop, and
    none while the slot works on another, also where the slot runs the event loop:
    napari does so for its progress bars and as layers are added.
    """

    def __init__(self, slot: Callable[[T], None]) -> None:
        self._slot = slot
        self._lock = threading.Lock()
        self._waiting: deque[T] = deque()
        self._closed = False
        self._receiving = False
        self._put_off = 0
        self._wakes = _wakes()

    def emit(self, value: T) -> None:
        """Let the slot receive a value, soon."""
        with self._lock:
            if self._closed:
                return
            self._waiting.append(value)
        self._wakes.emitted.emit(self)

    def take_back(self, which: Callable[[T], bool]) -> list[T]:
        """Return the values that haven't been received, and never will be now."""
        with self._lock:
            taken = [value for value in self._waiting if which(value)]
            self._waiting = deque(v for v in self._waiting if not which(v))
        return taken

    def close(self, *_: object) -> None:
        """Deliver nothing any more: whoever receives is about to be gone."""
        with self._lock:
            self._closed = True
            self._waiting.clear()

    def _receive_next(self) -> None:
        if self._receiving:
            self._put_off += 1
            return
        with self._lock:
            if not self._waiting:
                return
            value = self._waiting.popleft()
        self._receiving = True
        try:
            self._slot(value)
        finally:
            self._receiving = False
            again, self._put_off = self._put_off, 0
            for _ in range(again):
                self._wakes.emitted.emit(self)


class _Wakes(QObject):
    """Carries from the threads to the GUI thread that a signal was emitted.

    It lives as long as the process: a signal that a thread emits while Qt deletes its
    object, for instance as a window is closed, crashes.
    """

    emitted = Signal(object)  # QueuedSignal

    def __init__(self) -> None:
        super().__init__()
        self.emitted.connect(self._receive, Qt.ConnectionType.QueuedConnection)

    def _receive(self, signal: QueuedSignal[Any]) -> None:
        signal._receive_next()


@cache
def _wakes() -> _Wakes:
    return _Wakes()


class Jobs(QObject):
    """The jobs of one browser: which runs, how to stop them all, what to try again."""

    changed = Signal()
    begun = Signal()  # a job that is shown, not as what follows from another
    telling = Signal(bool)  # whether receivers hear news of a job
    failed = Signal(object)  # the exception of a job that is shown

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = WorkerPool("jobs", WORKERS)
        self._news = QueuedSignal(self._receive)
        self._running: dict[_Run[Any, Any], None] = {}  # the newest last
        self._again: Callable[[], None] | None = None
        self._telling = False
        self._closed = False

    def slot(
        self,
        on_result: Callable[[Result], None],
        *,
        on_step: Callable[[Step], None] | None = None,
        on_failure: Callable[[Exception], None] | None = None,
        shown: bool = True,
        priority: Priority = Priority.OPENING,
    ) -> JobSlot[Step, Result]:
        """Return a slot for the jobs of one concern.

        Parameters
        ----------
        on_result, on_step, on_failure
            Receive on the GUI thread what a job returns, yields or raises.
        shown
            Whether the status tells that a job runs and how it failed; a completion
            of what is being typed isn't worth that.
        priority
            How urgent its jobs are.
        """
        return JobSlot(
            self,
            on_result,
            on_step=on_step,
            on_failure=on_failure,
            shown=shown,
            priority=priority,
        )

    @property
    def message(self) -> str | None:
        """What the newest of the shown jobs that run does; None if none runs."""
        shown = (run.message for run in reversed(self._running) if run.slot.shown)
        return next(shown, None)

    @property
    def count(self) -> int:
        """How many jobs run that somebody still waits for."""
        return len(self._running)

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until no worker works; tell whether it came to that."""
        return self._pool.wait_idle(timeout_s)

    def cancel_all(self) -> None:
        """Stop everything that runs."""
        for run in tuple(self._running):
            run.slot.cancel()

    def retry(self) -> None:
        """Do the job that failed last again."""
        again, self._again = self._again, None
        if again is not None:
            again()

    def remember_retry(self, again: Callable[[], None]) -> None:
        """Say what `retry` does next, where it wasn't a job that failed."""
        self._again = again

    def close(self) -> None:
        """Stop everything, and start nothing more; touches nothing of Qt's."""
        self._closed = True
        for run in tuple(self._running):
            self._stop(run)
        self._running.clear()
        self._news.close()
        # After all that was dropped has been closed.
        try:
            self._pool.submit(self._pool.close, priority=Priority.AHEAD)
        except RuntimeError:  # no thread is given any more: the interpreter ends
            self._pool.close()

    def _start(self, run: _Run[Any, Any]) -> bool:
        if self._closed:
            return False
        if run.slot.shown and not self._telling:  # something else is wished for
            self._again = None
            self.begun.emit()
        self._running[run] = None
        run.begin(self._pool, self._news)
        self.changed.emit()
        return True

    def _drop(self, run: _Run[Any, Any]) -> None:
        """Stop a run whose news nobody waits for any more."""
        self._running.pop(run, None)
        self._stop(run)

    def _stop(self, run: _Run[Any, Any]) -> None:
        run.stop()
        for news in self._news.take_back(lambda news: news.run is run):
            if not isinstance(news.value, Exception):
                self._pool.submit(partial(_close, news.value))

    def _receive(self, news: _News) -> None:
        self._set_telling(True)
        try:
            self._tell(news)
        finally:
            self._set_telling(False)

    def _set_telling(self, telling: bool) -> None:
        self._telling = telling
        self.telling.emit(telling)

    def _tell(self, news: _News) -> None:
        run = news.run
        if news.ends:
            self._running.pop(run, None)
            run.slot._on_end(run)
            self.changed.emit()
        if isinstance(news.value, Cancelled):
            return
        if isinstance(news.value, Exception):
            if run.slot.shown:
                self._again = run.slot.retry
            if run.slot.on_failure is not None:
                run.slot.on_failure(news.value)
            if run.slot.shown:
                self.failed.emit(news.value)
        elif news.ends:
            run.slot._on_well(run)
            run.slot.on_result(news.value)
        elif run.slot.on_step is not None:
            run.slot.on_step(news.value)


class JobSlot(Generic[Step, Result]):
    """One concern of a browser: a new job replaces the one that runs.

    News of a job that was replaced or cancelled never arrives, and what it made is
    closed, in a worker, if it has a `close`.
    """

    def __init__(
        self,
        jobs: Jobs,
        on_result: Callable[[Result], None],
        *,
        on_step: Callable[[Step], None] | None,
        on_failure: Callable[[Exception], None] | None,
        shown: bool,
        priority: Priority,
    ) -> None:
        self._jobs = jobs
        self.on_result = on_result
        self.on_step = on_step
        self.on_failure = on_failure
        self.shown = shown
        self._priority = priority
        self._run: _Run[Step, Result] | None = None
        self._again: Callable[[], None] | None = None

    @property
    def busy(self) -> bool:
        """Whether a job runs that somebody still waits for."""
        return self._run is not None

    def start(
        self,
        message: str,
        job: Job[*Arguments, Result],
        *arguments: *Arguments,
    ) -> None:
        """Start `job(*arguments, cancel=token)` in place of what runs.

        `message` says what it does, for the status.
        """

        def work(run: _Run[Step, Result]) -> Result:
            return job(*arguments, cancel=run.token)

        self._start(message, work)

    def start_steps(
        self,
        message: str,
        job: Job[*Arguments, Generator[Step, None, Result]],
        *arguments: *Arguments,
    ) -> None:
        """Start a job that yields steps before it returns its result."""

        def work(run: _Run[Step, Result]) -> Result:
            return run.follow(job(*arguments, cancel=run.token))

        self._start(message, work)

    def cancel(self) -> None:
        """Stop listening to the job; it ends soon after."""
        run, self._run = self._run, None
        if run is not None:
            self._jobs._drop(run)
            self._jobs.changed.emit()

    def retry(self) -> None:
        """Do the last job again."""
        if self._again is not None:
            self._again()

    def _start(
        self, message: str, work: Callable[[_Run[Step, Result]], Result]
    ) -> None:
        if self._run is not None:
            self._jobs._drop(self._run)
        again = self._again = partial(self._start, message, work)
        run = _Run(self, message, work, again, self._priority)
        self._run = run if self._jobs._start(run) else None

    def _on_end(self, run: _Run[Step, Result]) -> None:
        if self._run is run:
            self._run = None

    def _on_well(self, run: _Run[Step, Result]) -> None:
        """Let go of what a job was given that ended well, such as a plate's pixels."""
        if run.again is self._again:
            self._again = None


@dataclass(frozen=True, slots=True)
class _News:
    """A step, or with `ends` what was returned or raised."""

    run: _Run[Any, Any]
    value: Any
    ends: bool = False


class _Run(Generic[Step, Result]):
    """A job from its start until it was told how it ended."""

    def __init__(
        self,
        slot: JobSlot[Step, Result],
        message: str,
        work: Callable[[_Run[Step, Result]], Result],
        again: Callable[[], None],
        priority: Priority,
    ) -> None:
        self.slot = slot
        self.message = message
        self.again = again
        self.token = CancelToken(priority)
        self._work = work
        self._lock = threading.Lock()
        self._stopped = False

    def begin(self, pool: WorkerPool, news: QueuedSignal[_News]) -> None:
        self._news = news
        self._task = pool.submit(self._run, priority=self.token.priority)

    def stop(self) -> None:
        """Tell nothing any more, and give the worker back."""
        with self._lock:
            self._stopped = True
        self._task.withdraw()
        self.token.cancel()

    # From here on in a worker.

    def follow(self, steps: Generator[Step, None, Result]) -> Result:
        try:
            while True:
                self._tell(next(steps))
                self.token.check()
        except StopIteration as end:
            result: Result = end.value
            return result
        finally:
            steps.close()

    def _run(self) -> None:
        try:
            self.token.check()
            value: object = self._work(self)
        # The edge of the thread: whatever happened must be told, not lost.
        except Exception as error:
            logger.debug("a job ended early", exc_info=True)
            value = error
        self._tell(value, ends=True)

    def _tell(self, value: object, *, ends: bool = False) -> None:
        with self._lock:
            wanted = not self._stopped
            if wanted:
                self._news.emit(_News(self, value, ends))
        if not wanted and not isinstance(value, Exception):
            _close(value)


def _close(made: object) -> None:
    """Close what a job made and nobody took: a session, an opened image ..."""
    if isinstance(made, tuple):
        for one in made:
            _close(one)
    elif isinstance(made, _Closable):
        made.close()
