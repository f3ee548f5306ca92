"""Workers that fetch what is wanted, and forget what no longer is."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Something to fetch; `key` names it, so that it is never fetched twice at once.

    `run` waits; what it raises is handed to `failed`, in the worker's thread.
    """

    key: Hashable
    run: Callable[[], None]
    failed: Callable[[Exception], None]


@dataclass(slots=True)
class _Wanted:
    """What one view wants: what it shows, then what it may show next."""

    shown: OrderedDict[Hashable, Job]
    ahead: OrderedDict[Hashable, Job]
    due: float


class TileScheduler:
    """Worker threads and the set of what is wanted. Thread-safe.

    Each view (`owner`) says what it wants, which replaces what it wanted before:
    that is how a request is withdrawn before it is sent. The view that spoke last
    is served first. What is ahead waits until every view shows all it wants.

    Parameters
    ----------
    workers
        How many jobs run at once. The threads start with the first job.
    """

    def __init__(self, workers: int = 4) -> None:
        self._workers = workers
        self._changed = threading.Condition()
        self._views: OrderedDict[Hashable, _Wanted] = OrderedDict()
        self._orders: deque[Job] = deque()
        self._running: dict[Hashable, bool] = {}
        self._threads: list[threading.Thread] = []
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
            wanted = _Wanted(self._not_running(shown), self._not_running(ahead), due)
            before = self._views.pop(owner, None)
            if (wanted.shown or wanted.ahead) and not self._closed:
                self._views[owner] = wanted
                self._start()
            elif before is None:
                return
            self._changed.notify_all()

    def forget(self, owner: Hashable) -> None:
        """Drop what a view wants; what is being fetched for it goes on."""
        self.want(owner, ())

    def order(self, jobs: Iterable[Job]) -> None:
        """Add jobs that somebody waits for; each ends in `run` or in `failed`."""
        jobs = list(jobs)
        with self._changed:
            closed = self._closed
            if not closed:
                self._orders.extend(jobs)
                self._start()
                self._changed.notify_all()
        if closed:
            for job in jobs:
                job.failed(Cancelled())

    def withdraw(self, jobs: Iterable[Job]) -> None:
        """Drop ordered jobs that haven't begun."""
        unwanted = {id(job) for job in jobs}
        with self._changed:
            self._orders = deque(j for j in self._orders if id(j) not in unwanted)
            self._changed.notify_all()

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until nothing is wanted or fetched; return whether that came true."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not (self._views or self._orders or self._running), timeout_s
            )

    def close(self, timeout_s: float = 1.0) -> bool:
        """Drop everything and end the workers; return whether all have ended.

        A worker ends after the job it is at; cancel what the jobs wait for first.
        """
        with self._changed:
            self._closed = True
            self._views.clear()
            orders, self._orders = self._orders, deque()
            threads, self._threads = self._threads, []
            self._changed.notify_all()
        for job in orders:
            job.failed(Cancelled())
        deadline = time.monotonic() + timeout_s
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _not_running(self, jobs: Iterable[Job]) -> OrderedDict[Hashable, Job]:
        return OrderedDict((j.key, j) for j in jobs if j.key not in self._running)

    def _start(self) -> None:
        while len(self._threads) < self._workers:
            name = f"napari-idr-tiles-{len(self._threads)}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                job.run()
            except Exception as error:  # noqa: BLE001 - the edge of the worker thread
                job.failed(error)
            finally:
                with self._changed:
                    del self._running[job.key]
                    self._changed.notify_all()

    def _next(self) -> Job | None:
        """Wait for a job and return it; None when the queue is closed."""
        with self._changed:
            while not self._closed:
                job, wait_s = self._take(time.monotonic())
                if job is not None:
                    return job
                self._changed.wait(wait_s)
            return None

    def _take(self, now: float) -> tuple[Job | None, float | None]:
        """Return a job that may begin, or how long to wait (None: for news)."""
        newest_first = list(reversed(self._views))
        due = [owner for owner in newest_first if self._views[owner].due <= now]
        for owner in due:
            if job := self._pop(owner, self._views[owner].shown):
                return self._begin(job, shown=True), None
        for job in self._orders:
            if job.key not in self._running:
                self._orders.remove(job)
                return self._begin(job, shown=False), None
        if self._all_shown():
            for owner in due:
                if owner in self._views and (
                    job := self._pop(owner, self._views[owner].ahead)
                ):
                    return self._begin(job, shown=False), None
        later = [wanted.due for wanted in self._views.values() if wanted.due > now]
        return None, min(later) - now if later else None

    def _all_shown(self) -> bool:
        return not (
            any(wanted.shown for wanted in self._views.values())
            or any(self._running.values())
        )

    def _pop(self, owner: Hashable, jobs: OrderedDict[Hashable, Job]) -> Job | None:
        """Take the first job that isn't being done already."""
        wanted = self._views[owner]
        while jobs:
            _, job = jobs.popitem(last=False)
            if not (wanted.shown or wanted.ahead):
                del self._views[owner]
                self._changed.notify_all()
            if job.key not in self._running:
                return job
        return None

    def _begin(self, job: Job, *, shown: bool) -> Job:
        self._running[job.key] = shown
        return job
