"""Coroutines of zarr-python, run in the thread that wants what they return.

zarr-python runs them in a thread of its own and decodes in others, and keeps all of
these, with their event loop, for as long as the process lives. What is read here is in
memory already: nothing is waited for but the codecs.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from napari_idr.cancel import NEVER
from napari_idr.threads import run_apart, try_elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")


def run(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Return what a coroutine returns; what it raises is raised.

    `make` makes it, in the thread in which it runs: this one, unless an event loop
    runs here already, as in a notebook.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(make)
    return run_apart(
        partial(_run, make),
        cancel=NEVER,
        timeout_s=threading.TIMEOUT_MAX,
        drop=lambda _: None,
    )


def _run(make: Callable[[], Coroutine[Any, Any, T]]) -> T:
    loop = asyncio.new_event_loop()
    loop.set_default_executor(_Decoders())
    try:
        return loop.run_until_complete(make())
    finally:
        _end_tasks(loop)
        loop.close()


def _end_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """End what goes on after a chunk was broken: the other chunks, for nothing."""
    if tasks := asyncio.all_tasks(loop):
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


class _Decoders(ThreadPoolExecutor):
    """Runs codecs in threads that we have anyway, else in the one that asks.

    asyncio takes no other kind of executor; this one never makes a thread.
    """

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run a function, if need be before this returns."""
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - raised where it is awaited
                future.set_exception(error)
            else:
                future.set_result(result)

        if not try_elsewhere(work):
            work()
        return future
