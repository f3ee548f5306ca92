"""The tiles that callers want, and the workers that fetch them, most urgent first."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_idr.cancel import CancelToken, Priority
from napari_idr.errors import Cancelled
from napari_idr.threads import WorkerPool, call_later

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from napari_idr.cancel import CancelHandle
    from napari_idr.threads import Timer

logger = logging.getLogger(__name__)

BULK = Priority.READING
"""From this priority on, work leaves one of the workers to what is more urgent: a
visible tile then never waits for a slow one that nobody looks at."""


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Something to fetch for one caller.

    Attributes
    ----------
    key
        Names what is fetched: jobs of the same key are fetched once, and each is told.
    fetch
        Returns it; waits, in a worker.
    done
        Given what came, in the worker.
    failed
        Given what `fetch` raised, in the worker.
    cancel
        Ends the fetch, whoever wants it; the token that `fetch` gets is its child.
    """

    key: Hashable
    fetch: Callable[[CancelToken], Any]
    done: Callable[[Any], None]
    failed: Callable[[BaseException], None]
    cancel: CancelToken


@dataclass(slots=True)
class _Queue:
    """What one caller wants and nobody fetches yet, by priority."""

    due: float
    jobs: dict[Priority, OrderedDict[Hashable, Job]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(self.jobs.values())

    def pop(self, key: Hashable) -> Iterator[tuple[Priority, Job]]:
        for priority, jobs in self.jobs.items():
            if (job := jobs.pop(key, None)) is not None:
                yield priority, job


class _Fetch:
    """A fetch that runs, and the callers that are told of its end."""

    __slots__ = ("handle", "is_over", "job", "jobs", "priority", "token")

    def __init__(self, job: Job, priority: Priority) -> None:
        self.job = job
        self.priority = priority
        self.token = job.cancel.child(priority)
        self.handle: CancelHandle | None = None
        self.jobs: dict[Hashable, Job] = {}
        self.is_over = False

    def attach(self, owner: Hashable, job: Job, priority: Priority) -> None:
        self.jobs[owner] = job
        self.priority = self.token.priority = min(self.priority, priority)


class TileScheduler:
    """What callers want fetched, and the workers that fetch it. Thread-safe.

    A view says with `want` what it shows, which replaces what it wanted before: that
    is how a request is withdrawn before it is sent. The view that spoke last is
    served first. Others `order` what they wait for, and take turns. What is ahead
    waits until every view shows all it wants.

    Parameters
    ----------
    workers
        How many fetches run at once. Those that read in bulk, or ahead, leave one.
    """

    def __init__(self, workers: int = 4) -> None:
        self._workers = workers
        # A fetch that was cancelled and hasn't ended yet keeps its thread, and no one
        # waits for it: the others have as many again.
        self._pool = WorkerPool("tiles", 2 * workers)
        self._changed = threading.Condition()
        self._queues: OrderedDict[Hashable, _Queue] = OrderedDict()
        self._running: dict[Hashable, _Fetch] = {}
        self._timer: Timer | None = None
        self._timer_due: float | None = None
        self._closed = False

    def want(
        self,
        owner: Hashable,
        shown: Iterable[Job],
        ahead: Iterable[Job] = (),
        *,
        due: float = 0.0,
    ) -> None:
        """Replace what a view wants.

        Parameters
        ----------
        owner
            The view.
        shown, ahead
            What it shows, and what it may show next, in order.
        due
            When to begin, as told by `time.monotonic`.
        """
        with self._changed:
            if self._closed:
                return
            former = self._queues.pop(owner, None)
            self._add(owner, {Priority.VISIBLE: shown, Priority.AHEAD: ahead}, due)
            if former is not None or owner in self._queues:
                self._start()

    def forget(self, owner: Hashable) -> None:
        """Drop what a view wants; what is being fetched for it goes on."""
        self.want(owner, ())

    def order(
        self,
        owner: Hashable,
        jobs: Iterable[Job],
        *,
        priority: Priority = Priority.READING,
    ) -> None:
        """Add jobs that a caller waits for, in order.

        Each ends in `done` or in `failed`, unless the caller withdraws.
        """
        jobs = list(jobs)
        with self._changed:
            if not self._closed:
                self._add(owner, {priority: jobs}, 0.0)
                self._start()
                return
        _tell_failed(jobs, Cancelled())

    def withdraw(self, owner: Hashable) -> None:
        """Drop what a caller ordered, and cancel the fetches that are for it alone."""
        abandoned: list[_Fetch] = []
        with self._changed:
            self._queues.pop(owner, None)
            for fetch in self._running.values():
                job = fetch.jobs.pop(owner, None)
                if job is not None and not fetch.jobs and not fetch.is_over:
                    abandoned.append(fetch)
            for fetch in abandoned:
                # Before it is cancelled: who wants it from now on has it fetched anew.
                del self._running[fetch.job.key]
            self._start()
        for fetch in abandoned:
            fetch.token.cancel()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until nothing is wanted or fetched; return whether that came true."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not (self._queues or self._running), timeout_s
            )

    def close(self, timeout_s: float = 1.0) -> bool:
        """Cancel everything and end the workers; return whether all have ended.

        Parameters
        ----------
        timeout_s
            Longest wait, in seconds, for fetches that don't heed their token.
        """
        with self._changed:
            self._closed = True
            ordered = [
                job
                for queue in self._queues.values()
                for priority in (Priority.OPENING, Priority.READING)
                for job in queue.jobs.get(priority, {}).values()
            ]
            self._queues.clear()
            running = list(self._running.values())
            self._set_timer(0.0)
            self._changed.notify_all()
        _tell_failed(ordered, Cancelled())
        for fetch in running:
            fetch.token.cancel()
        self._pool.close()
        return self._pool.wait_idle(timeout_s)

    def _add(
        self, owner: Hashable, wanted: dict[Priority, Iterable[Job]], due: float
    ) -> None:
        """Let a caller wait for what runs already; queue the rest."""
        queue = _Queue(due)
        for priority, jobs in wanted.items():
            queued = queue.jobs[priority] = OrderedDict()
            for job in jobs:
                if (fetch := self._running.get(job.key)) is not None:
                    fetch.attach(owner, job, priority)
                else:
                    queued[job.key] = job
        if queue:
            self._queues[owner] = queue

    def _start(self) -> None:
        """Begin what may run now; wait for what is due later."""
        now = time.monotonic()
        while len(self._running) < self._workers and not self._closed:
            if (job := self._next(now)) is None:
                break
            self._begin(*job)
        self._set_timer(now)
        self._changed.notify_all()

    def _next(self, now: float) -> tuple[Job, Priority] | None:
        """Return the most urgent job that may run now."""
        bulk = sum(fetch.priority >= BULK for fetch in self._running.values())
        for priority in Priority:
            if priority >= BULK and bulk >= max(1, self._workers - 1):
                return None
            if priority is Priority.AHEAD and not self._all_shown():
                return None
            viewing = priority in (Priority.VISIBLE, Priority.AHEAD)
            # The view that spoke last is what a person looks at; readers take turns.
            owners = reversed(self._queues) if viewing else iter(self._queues)
            for owner in owners:
                queue = self._queues[owner]
                if queue.due <= now and (jobs := queue.jobs.get(priority)):
                    if not viewing:
                        self._queues.move_to_end(owner)
                    return next(iter(jobs.values())), priority
        return None

    def _all_shown(self) -> bool:
        return not (
            any(queue.jobs.get(Priority.VISIBLE) for queue in self._queues.values())
            or any(f.priority is Priority.VISIBLE for f in self._running.values())
        )

    def _begin(self, job: Job, priority: Priority) -> None:
        """Fetch something for all that want it."""
        fetch = self._running[job.key] = _Fetch(job, priority)
        for owner, queue in list(self._queues.items()):
            for priority_there, same in queue.pop(job.key):
                fetch.attach(owner, same, priority_there)
            if not queue:
                del self._queues[owner]
        if not fetch.token.cancelled:
            fetch.handle = fetch.token.on_cancel(partial(self._abandon, fetch))
        self._pool.submit(partial(self._run, fetch), priority=priority)

    def _abandon(self, fetch: _Fetch) -> None:
        """Give its place to another: nobody waits for it any more."""
        with self._changed:
            if self._running.get(fetch.job.key) is fetch and not fetch.is_over:
                del self._running[fetch.job.key]
                self._start()

    def _run(self, fetch: _Fetch) -> None:
        """Fetch, and tell all that want it, those that come meanwhile as well."""
        try:
            fetch.token.check()
            thing = fetch.job.fetch(fetch.token)
        except BaseException as error:  # noqa: BLE001 - handed to those who wait
            while jobs := self._to_be_told(fetch):
                _tell_failed(jobs, error)
        else:
            while jobs := self._to_be_told(fetch):
                _tell_done(jobs, thing)

    def _to_be_told(self, fetch: _Fetch) -> list[Job]:
        """Return those who wait for a fetch that is over; forget it if none does."""
        with self._changed:
            jobs = list(fetch.jobs.values())
            fetch.jobs.clear()
            fetch.is_over = True
            if not jobs:
                if fetch.handle is not None:
                    fetch.handle.remove()
                if self._running.get(fetch.job.key) is fetch:
                    del self._running[fetch.job.key]
                    self._start()
            return jobs

    def _set_timer(self, now: float) -> None:
        """Look again when the next of what waits for its time is due."""
        later = [queue.due for queue in self._queues.values() if queue.due > now]
        due = min(later, default=None)
        if due == self._timer_due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due = due
        self._timer = None if due is None else call_later(due - now, self._on_due)

    def _on_due(self) -> None:
        with self._changed:
            self._timer_due = None
            self._start()


def _tell_done(jobs: Iterable[Job], thing: Any) -> None:
    for job in jobs:
        try:
            job.done(thing)
        except Exception as error:  # noqa: BLE001 - the others have to be told as well
            _tell_failed([job], error)


def _tell_failed(jobs: Iterable[Job], error: BaseException) -> None:
    for job in jobs:
        try:
            job.failed(error)
        except Exception:
            logger.exception("a caller can't be told that a fetch failed")
