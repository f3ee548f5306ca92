"""The same work on many things, a few at a time, results as they come."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from napari_idr.cancel import CancelToken

T = TypeVar("T")
R = TypeVar("R")
A = TypeVar("A")
B = TypeVar("B")

LOOK_UP_S = 0.05
"""How often whoever waits looks at the token."""


def in_parallel(
    work: Callable[[T, CancelToken], R],
    things: Iterable[T],
    *,
    at_once: int,
    cancel: CancelToken,
) -> Iterator[R]:
    """Yield the result of work on each thing, in the order in which they are done.

    No more than a few results wait to be taken. When the caller cancels, or closes
    the iterator, nothing more is begun; what is under way ends by itself, in
    threads that don't keep the program from ending. What `work` raises is raised
    here, and ends it too.
    """
    todo: queue.SimpleQueue[T] = queue.SimpleQueue()
    count = 0
    for thing in things:
        todo.put(thing)
        count += 1
    done: queue.Queue[R | BaseException] = queue.Queue(maxsize=2 * at_once)
    stop = cancel.child()

    def run() -> None:
        while not stop.cancelled:
            try:
                thing = todo.get_nowait()
            except queue.Empty:
                return
            outcome: R | BaseException
            try:
                outcome = work(thing, stop)
            except BaseException as error:  # noqa: BLE001 - raised by the taker
                outcome = error
            _put(done, outcome, stop)

    for index in range(min(at_once, count)):
        threading.Thread(target=run, name=f"idr-parallel-{index}", daemon=True).start()
    try:
        for _ in range(count):
            outcome = _take(done, cancel)
            if isinstance(outcome, BaseException):
                raise outcome
            yield outcome
    finally:
        stop.cancel()


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


def _put(done: queue.Queue[T], outcome: T, stop: CancelToken) -> None:
    while not stop.cancelled:
        try:
            return done.put(outcome, timeout=LOOK_UP_S)
        except queue.Full:
            continue
    return None


def _take(done: queue.Queue[T], cancel: CancelToken) -> T:
    while True:
        cancel.check()
        try:
            return done.get(timeout=LOOK_UP_S)
        except queue.Empty:
            continue
