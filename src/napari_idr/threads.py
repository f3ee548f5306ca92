"""The one module that makes threads: bounded pools, and what waits for them.

All of them are daemons, so that none keeps the program from ending, and their names
begin with ``napari-idr-``.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from napari_idr.cancel import Priority, wait_for
from napari_idr.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator
    from types import TracebackType

    from napari_idr.cancel import CancelToken

__all__ = [
    "Begun",
    "LongLock",
    "SingleFlight",
    "Task",
    "Timer",
    "WorkerPool",
    "begun",
    "both",
    "call_later",
    "giving_way",
    "in_background",
    "in_parallel",
    "run_apart",
    "try_elsewhere",
]

T = TypeVar("T")
R = TypeVar("R")
A = TypeVar("A")
B = TypeVar("B")

logger = logging.getLogger(__name__)

IDLE_S = 5.0
"""A thread without work ends after this: the next click often comes before."""

PART_THREADS = 16
"""Threads for parts of questions and pictures, which mostly wait for the network:
two servers kept busy with eight requests each."""

THINGS_AT_ONCE = 20
"""Rows of an answer, or what was found: read, or counted, in about a millisecond."""

GIVE_WAY_S = 0.0002
"""Long enough that a thread that waits for the interpreter gets it."""

AT_ONCE_RANK = -1
"""Before all priorities: what was promised a free thread."""


class Task:
    """Work that waits for its turn in a pool, runs, or is over."""

    __slots__ = ("_pool", "_run", "priority")

    def __init__(
        self, pool: WorkerPool, run: Callable[[], None], priority: Priority
    ) -> None:
        self._pool = pool
        self._run: Callable[[], None] | None = run
        self.priority = priority

    def withdraw(self) -> bool:
        """Take the work back; tell whether it had not begun, and so never will."""
        return self._pool._withdraw(self)


class WorkerPool:
    """A bounded number of threads that run what is submitted, most urgent first.

    Thread-safe. Threads start when there is work for them and end when there was
    none for a while.

    Parameters
    ----------
    name
        Part of the names of the threads.
    size
        Most threads at a time.
    """

    def __init__(self, name: str, size: int) -> None:
        if size < 1:
            raise ValueError(f"a pool has at least one thread, not {size}")
        self._name = name
        self._size = size
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._heap: list[tuple[int, int, Task]] = []
        self._waiting = 0
        self._threads = 0
        self._busy = 0
        self._closed = False

    def submit(
        self, run: Callable[[], None], *, priority: Priority = Priority.OPENING
    ) -> Task:
        """Run something in one of the threads, the first come first served.

        What it raises is logged. After `close` it is never run.
        """
        task = Task(self, run, priority)
        with self._changed:
            if self._closed:
                task._run = None
            else:
                self._push(task, priority)
        return task

    def try_submit(self, run: Callable[[], None]) -> bool:
        """Run something if a thread is free for it right now; tell whether one is."""
        with self._changed:
            if self._closed or self._busy + self._waiting >= self._size:
                return False
            task = Task(self, run, Priority.VISIBLE)
            try:
                self._push(task, AT_ONCE_RANK)
            except RuntimeError:  # the system has no thread to give
                return False
            return True

    def close(self) -> None:
        """Drop what waits; threads end with what they run. It doesn't wait."""
        with self._changed:
            self._closed = True
            for _, _, task in self._heap:
                task._run = None
            self._heap.clear()
            self._waiting = 0
            self._changed.notify_all()

    def wait_idle(self, timeout_s: float) -> bool:
        """Wait until nothing runs and nothing waits; tell whether it came to that."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._busy and not self._waiting, timeout=timeout_s
            )

    def _push(self, task: Task, rank: int) -> None:
        heapq.heappush(self._heap, (rank, next(self._numbers), task))
        self._waiting += 1
        if self._waiting > self._threads - self._busy and self._threads < self._size:
            self._threads += 1
            thread = threading.Thread(
                target=self._work,
                name=f"napari-idr-{self._name}-{self._threads}",
                daemon=True,
            )
            try:
                thread.start()
            except RuntimeError:
                self._threads -= 1
                if not self._threads or rank == AT_ONCE_RANK:
                    self._drop(task)
                    raise
        self._changed.notify_all()

    def _withdraw(self, task: Task) -> bool:
        with self._changed:
            if task._run is None:
                return False
            self._drop(task)
            self._changed.notify_all()
            return True

    def _drop(self, task: Task) -> None:
        task._run = None  # its place in the heap is passed over
        self._waiting -= 1
        if len(self._heap) > 2 * self._waiting + 64:
            self._heap = [entry for entry in self._heap if entry[2]._run is not None]
            heapq.heapify(self._heap)

    def _work(self) -> None:
        while (run := self._next()) is not None:
            try:
                run()
            except Cancelled:
                logger.debug("work of the pool %s was cancelled", self._name)
            except BaseException:
                logger.exception("work of the pool %s failed", self._name)
            del run  # what it holds is not kept while the thread is idle
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def _next(self) -> Callable[[], None] | None:
        """Return what to run, counted as running; None if the thread shall end."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._waiting, timeout=IDLE_S
            )
            while self._heap:
                _, _, task = heapq.heappop(self._heap)
                if (run := task._run) is not None:
                    task._run = None
                    self._waiting -= 1
                    self._busy += 1
                    return run
            self._threads -= 1
            return None


_parts = WorkerPool("parts", PART_THREADS)


def try_elsewhere(work: Callable[[], None]) -> bool:
    """Run something in a thread for parts if one is free; tell whether one is."""
    return _parts.try_submit(work)


def in_parallel(
    work: Callable[[T, CancelToken], R],
    things: Iterable[T],
    *,
    at_once: int,
    cancel: CancelToken,
) -> Iterator[R]:
    """Yield the result of work on each thing, in the order in which they are done.

    No more than a few results wait to be taken. When the caller cancels, or closes
    the iterator, nothing more is begun, and the token of what runs is cancelled; it
    isn't waited for. What finds no free thread is done in the caller's own, so that
    work may itself call this. What `work` raises is raised here, and ends it too.

    Raises
    ------
    Cancelled
        The token was cancelled, whatever the work does.
    """
    cancel.check()
    parts = _Parts(work, things, at_once, cancel.child())
    try:
        for _ in range(len(parts.todo)):
            yield parts.take(cancel)
    finally:
        parts.stop()


def both(
    one: Callable[[CancelToken], A],
    other: Callable[[CancelToken], B],
    *,
    cancel: CancelToken,
) -> tuple[A, B]:
    """Return the results of two works that are done at once.

    What either raises is raised here; the other isn't waited for then.

    >>> from napari_idr.cancel import NEVER
    >>> both(lambda stop: 1, lambda stop: "a", cancel=NEVER)
    (1, 'a')
    """
    firsts: list[A] = []
    seconds: list[B] = []
    works: tuple[Callable[[CancelToken], None], ...] = (
        lambda stop: firsts.append(one(stop)),
        lambda stop: seconds.append(other(stop)),
    )
    for _ in in_parallel(
        lambda work, stop: work(stop), works, at_once=len(works), cancel=cancel
    ):
        pass
    return firsts[0], seconds[0]


@contextmanager
def begun(
    make: Callable[[CancelToken], Iterator[T]], *, cancel: CancelToken
) -> Iterator[Iterator[T]]:
    """Have an iterator begin while its taker does something else first.

    The first of its things is made in another thread, if one is free, and the others
    when they are taken. At the end the token that it was made with is cancelled.

    >>> from napari_idr.cancel import NEVER
    >>> with begun(lambda stop: iter("ab"), cancel=NEVER) as letters:
    ...     list(letters)
    ['a', 'b']
    """
    token = cancel.child()
    things = make(token)
    first = Begun(lambda: list(itertools.islice(things, 1)))

    def taken() -> Iterator[T]:
        yield from first.take(cancel)
        yield from things

    try:
        yield taken()
    finally:
        token.cancel()


class Begun(Generic[T]):
    """A result that another thread makes, if one is free, or else who takes it."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._changed = threading.Condition()
        self._outcome: list[T | _Failure] = []
        self._is_elsewhere = _parts.try_submit(self._work)

    def _work(self) -> None:
        outcome: T | _Failure
        try:
            outcome = self._make()
        except BaseException as error:  # noqa: BLE001 - raised by the taker
            outcome = _Failure(error)
        with self._changed:
            self._outcome.append(outcome)
            self._changed.notify_all()

    def take(self, cancel: CancelToken) -> T:
        """Return the result, or raise what making it raised. To be taken once.

        Raises
        ------
        Cancelled
            The token was cancelled before the result was there.
        """
        if not self._is_elsewhere:
            return self._make()
        with self._changed:
            wait_for(self._changed, lambda: bool(self._outcome), cancel=cancel)
        outcome = self._outcome.pop()
        if isinstance(outcome, _Failure):
            raise outcome.error
        return outcome


class _Parts(Generic[T, R]):
    """What one call of `in_parallel` has to do, has under way, and has done.

    A thread of the pool that finds no room for a further result goes back to the
    pool; taking a result calls for one again. So none is held by a slow taker.
    """

    def __init__(
        self,
        work: Callable[[T, CancelToken], R],
        things: Iterable[T],
        at_once: int,
        token: CancelToken,
    ) -> None:
        self.todo = deque(things)
        self._work = work
        self._token = token
        self._done: deque[R | _Failure] = deque()
        self._helpers = 0
        self._most_helpers = min(at_once, len(self.todo))
        self._room = 2 * at_once
        self._changed = threading.Condition()

    def take(self, cancel: CancelToken) -> R:
        """Return the next result, or raise what the work on it raised."""
        cancel.check()
        with self._changed:
            self._call_helpers()
            alone = not self._helpers and not self._done
            if alone:
                thing = self.todo.popleft()
            else:
                wait_for(self._changed, lambda: bool(self._done), cancel=cancel)
                outcome = self._done.popleft()
                self._call_helpers()
        if alone:
            return self._work(thing, self._token)
        if isinstance(outcome, _Failure):
            raise outcome.error
        return outcome

    def stop(self) -> None:
        """Begin nothing more; cancel what runs."""
        with self._changed:
            self.todo.clear()
        self._token.cancel()

    def _call_helpers(self) -> None:
        if self._most_helpers == 1:  # the caller's own thread does as well
            return
        while (
            self.todo
            and self._helpers < self._most_helpers
            and len(self._done) + self._helpers < self._room
            and _parts.try_submit(self._help)
        ):
            self._helpers += 1

    def _help(self) -> None:
        while True:
            with self._changed:
                # This one's own result has room as long as it is counted as helper.
                if (
                    not self.todo
                    or self._token.cancelled
                    or len(self._done) + self._helpers > self._room
                ):
                    self._helpers -= 1
                    self._changed.notify_all()
                    return
                thing = self.todo.popleft()
            outcome: R | _Failure
            try:
                outcome = self._work(thing, self._token)
            except BaseException as error:  # noqa: BLE001 - raised by the taker
                outcome = _Failure(error)
            with self._changed:
                self._done.append(outcome)
                self._changed.notify_all()
            del thing, outcome


class _Failure:
    """What work raised, on its way to the caller."""

    __slots__ = ("error",)

    def __init__(self, error: BaseException) -> None:
        self.error = error


class SingleFlight(Generic[T]):
    """One thread makes a thing, and the others that want it meanwhile wait for it.

    Thread-safe. Nothing is remembered once it is made.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._flights: dict[Hashable, _Flight[T]] = {}

    def get(
        self,
        key: Hashable,
        make: Callable[[CancelToken], T],
        *,
        cancel: CancelToken,
    ) -> T:
        """Return what `make` returns, or what another thread's is returning now.

        What it raises is raised to all that wait. If the one that makes it is
        cancelled, one of the others makes it anew with its own token.

        Raises
        ------
        Cancelled
            This caller's token was cancelled.

        Examples
        --------
        >>> from napari_idr.cancel import NEVER
        >>> SingleFlight[int]().get("answer", lambda cancel: 42, cancel=NEVER)
        42
        """
        while True:
            cancel.check()
            with self._lock:
                flight = self._flights.get(key)
                if flight is None:
                    mine = self._flights[key] = _Flight[T](self._lock)
                    break
                wait_for(flight.changed, flight.is_over, cancel=cancel)
            if flight.failure is not None:
                raise flight.failure.error
            if flight.things:
                return flight.things[0]
        try:
            thing = make(cancel)
        except Cancelled:
            self._end(key, mine)
            raise
        except BaseException as error:
            mine.failure = _Failure(error)
            self._end(key, mine)
            raise
        mine.things.append(thing)
        self._end(key, mine)
        return thing

    def _end(self, key: Hashable, flight: _Flight[T]) -> None:
        with self._lock:
            flight.over = True
            del self._flights[key]
            flight.changed.notify_all()


class _Flight(Generic[T]):
    """A thing that one thread makes: at the end a thing, a failure, or neither."""

    __slots__ = ("changed", "failure", "over", "things")

    def __init__(self, lock: threading.RLock) -> None:
        self.changed = threading.Condition(lock)
        self.over = False
        self.things: list[T] = []
        self.failure: _Failure | None = None

    def is_over(self) -> bool:
        return self.over


def run_apart(
    work: Callable[[], T],
    *,
    cancel: CancelToken,
    timeout_s: float,
    drop: Callable[[T], None],
) -> T:
    """Return what work returns that can't be interrupted, or leave it to itself.

    It runs in a thread of its own, outside the pools. What it raises is raised here.

    Parameters
    ----------
    work
        Such as a look-up of a name, or connecting.
    cancel
        Ends the wait, not the work.
    timeout_s
        Longest wait, in seconds.
    drop
        Given the result that came too late, in order to close it.

    Raises
    ------
    Cancelled
        The token was cancelled.
    TimeoutError
        There was no result in time.
    """
    cancel.check()
    apart = _Apart(work, drop)
    threading.Thread(target=apart.run, name="napari-idr-apart", daemon=True).start()
    return apart.result(cancel, timeout_s)


class _Apart(Generic[T]):
    """Work in a thread of its own, and whether somebody waits for it."""

    def __init__(self, work: Callable[[], T], drop: Callable[[T], None]) -> None:
        self._work = work
        self._drop = drop
        self._changed = threading.Condition()
        self._outcome: list[T | _Failure] = []
        self._left = False

    def run(self) -> None:
        outcome: T | _Failure
        try:
            outcome = self._work()
        except BaseException as error:  # noqa: BLE001 - raised by the one that waits
            outcome = _Failure(error)
        with self._changed:
            self._outcome.append(outcome)
            self._changed.notify_all()
            left = self._left
        if left:
            self._end(outcome)

    def result(self, cancel: CancelToken, timeout_s: float) -> T:
        with self._changed:
            try:
                wait_for(
                    self._changed,
                    lambda: bool(self._outcome),
                    cancel=cancel,
                    timeout_s=timeout_s,
                )
            except Cancelled:
                self._leave()
                raise
            if not self._outcome:
                self._leave()
                raise TimeoutError(f"no result within {timeout_s:g} s")
            outcome = self._outcome[0]
        if isinstance(outcome, _Failure):
            raise outcome.error
        return outcome

    def _leave(self) -> None:
        self._left = True
        if self._outcome:
            self._end(self._outcome[0])

    def _end(self, outcome: T | _Failure) -> None:
        if isinstance(outcome, _Failure):
            logger.debug("what nobody waited for failed: %s", outcome.error)
            return
        try:
            self._drop(outcome)
        except Exception:
            logger.exception("a late result can't be dropped")


class Timer:
    """A callback that is due at a time."""

    __slots__ = ("_callback", "_timers", "due")

    def __init__(
        self, timers: _Timers, due: float, callback: Callable[[], object]
    ) -> None:
        self._timers = timers
        self.due = due
        self._callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        """Call nothing, if it hasn't been called yet."""
        self._timers.cancel(self)


def call_later(seconds: float, callback: Callable[[], object]) -> Timer:
    """Call back after some seconds, in the thread of the timers; it must not wait."""
    return _timers.add(seconds, callback)


class _Timers:
    """One thread that calls back when the time has come; it ends if nothing waits."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._heap: list[tuple[float, int, Timer]] = []
        self._waiting = 0
        self._running = False
        self._wakes = 0.0  # when the thread looks again by itself

    def add(self, seconds: float, callback: Callable[[], object]) -> Timer:
        timer = Timer(self, time.monotonic() + max(0.0, seconds), callback)
        with self._changed:
            heapq.heappush(self._heap, (timer.due, next(self._numbers), timer))
            self._waiting += 1
            if not self._running:
                thread = threading.Thread(
                    target=self._run, name="napari-idr-timers", daemon=True
                )
                thread.start()
                self._running = True
            elif timer.due < self._wakes:
                self._changed.notify()
        return timer

    def cancel(self, timer: Timer) -> None:
        with self._changed:
            if timer._callback is None:
                return
            timer._callback = None
            self._waiting -= 1
            if not self._waiting:
                self._heap.clear()
            elif len(self._heap) > 2 * self._waiting + 64:
                self._heap = [e for e in self._heap if e[2]._callback is not None]
                heapq.heapify(self._heap)

    def _run(self) -> None:
        while (callback := self._next()) is not None:
            try:
                callback()
            except Exception:
                logger.exception("the callback of a timer failed")
            del callback

    def _next(self) -> Callable[[], object] | None:
        """Wait for the next callback that is due; None if the thread shall end."""
        idle_until = time.monotonic() + IDLE_S
        with self._changed:
            while True:
                now = time.monotonic()
                if not self._waiting and now >= idle_until:
                    self._running = False
                    return None
                if self._waiting:
                    idle_until = now + IDLE_S
                if self._heap and self._heap[0][0] <= now:
                    _, _, timer = heapq.heappop(self._heap)
                    callback, timer._callback = timer._callback, None
                    if callback is not None:
                        self._waiting -= 1
                        return callback
                    continue
                # What was cancelled doesn't wake it: it would for each request.
                due = self._heap[0][0] if self._heap else idle_until
                self._wakes = min(due, now + IDLE_S)
                self._changed.wait(self._wakes - now)


_timers = _Timers()


def in_background(work: Callable[[], object]) -> None:
    """Run something short in a thread of its own that nobody waits for.

    Such as closing a file, which may have to wait for the disk. What it raises goes
    to `threading.excepthook`. It isn't run where no thread can be had, as from Python
    3.12 on while the interpreter ends: files that are open end with the process.
    """
    thread = threading.Thread(target=work, name="napari-idr-background", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        logger.debug("there is no thread for work in the background", exc_info=True)


def giving_way(things: Iterable[T]) -> Iterator[T]:
    """Yield things of a long list, and let other threads run in between.

    Python hands its interpreter to a thread that waits after 5 ms, and a turn of the
    window's event loop asks for it some twenty times. Nobody is let by on the main
    thread: what a script calls has no window that waits for it.
    """
    is_alone = threading.get_ident() == threading.main_thread().ident
    for number, thing in enumerate(things):
        if number % THINGS_AT_ONCE == 0 and not is_alone:
            time.sleep(GIVE_WAY_S)
        yield thing


class LongLock:
    """A lock that is held across I/O or decoding; never taken on the GUI thread.

    All other locks are held for as long as it takes to look something up, so that
    the GUI thread may take them.
    """

    on_take: ClassVar[Callable[[], object] | None] = None
    """Called before a lock is taken, in the thread that takes it. The tests set it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock as `threading.Lock` does; tell whether it was taken."""
        if (on_take := LongLock.on_take) is not None:
            on_take()
        return self._lock.acquire(blocking, timeout)

    def release(self) -> None:
        """Give the lock back."""
        self._lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
