"""A function of the pixels of each well: on threads, in processes, on a cluster."""

from __future__ import annotations

import json
import multiprocessing
import os
import reprlib
import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

from napari_idr.api.wells.columns import unique_names
from napari_idr.cancel import NEVER
from napari_idr.errors import Cancelled, IDRError
from napari_idr.model import ImageId
from napari_idr.threads import in_parallel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    import pandas as pd

    from napari_idr.api.client import IDRClient
    from napari_idr.api.pixels.dask_arrays import ImagePixels
    from napari_idr.cancel import CancelToken
    from napari_idr.model import GridCell, PlateGrid

Number = str | int | float | bool | None

Measure = Callable[["ImagePixels"], "Mapping[str, object] | object"]
"""Takes the pixels of a well's image; returns a value, or values by name."""

Progress = Callable[[int, int], object]
"""Told how many wells are done, and how many there are."""

FIRST_COLUMNS = ("well_id", "image_id", "source")
ERROR = "error"

TAKEN = frozenset(("well", *FIRST_COLUMNS, ERROR))
"""Columns of every frame; values of these names get a number."""


class Future(Protocol):
    """The result of a task, as those of `concurrent.futures` and of dask are."""

    def result(self) -> Any:
        """Return what the task returned, or raise what it raised."""
        ...

    def add_done_callback(self, fn: Callable[[Any], object], /) -> object:
        """Call a function once the task is over."""
        ...

    def cancel(self) -> object:
        """Don't begin the task if it hasn't begun."""
        ...


class Executor(Protocol):
    """Runs tasks elsewhere: an executor, or the client of a dask cluster."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Future:
        """Run a task, and return its future."""
        ...


Scheduler = str | Executor | None
"""None or "threads", "processes", or what runs tasks elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """How a worker asks the archive: one request at a time."""

    url: str
    cache: bool | str
    timeout_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What came of a well: values by name, or why there are none."""

    image_id: ImageId
    source: str | None = None
    values: Mapping[str, Number] | None = None
    error: IDRError | None = None


def measure_wells(
    client: IDRClient,
    grid: PlateGrid,
    function: Measure,
    *,
    server: Server,
    scheduler: Scheduler,
    at_once: int,
    resume: Path | None,
    progress: Progress | None,
    cancel: CancelToken,
) -> pd.DataFrame:
    """Return the values of a function of each well; see `IDRClient.map_wells`."""
    if at_once < 1:
        raise ValueError(f"{at_once} wells at once can't be measured")
    cells = list(grid)
    record = None if resume is None else Record(resume, server.url)
    found = {} if record is None else record.read({cell.image_id for cell in cells})
    todo = [cell.image_id for cell in cells if cell.image_id not in found]
    if progress is not None:
        progress(len(found), len(cells))
    if scheduler is None or scheduler == "threads":
        results = _in_threads(client, function, todo, at_once, cancel)
    elif scheduler == "processes":
        results = _in_processes(server, function, todo, at_once, cancel)
    elif isinstance(scheduler, str):
        raise ValueError(f"{scheduler!r} is neither 'threads' nor 'processes'")
    elif not hasattr(scheduler, "submit"):
        raise TypeError(f"{scheduler!r} is no scheduler: it can't be given tasks")
    else:
        results = _elsewhere(scheduler, server, function, todo, at_once, cancel)
    for one in results:
        found[one.image_id] = one
        if record is not None and one.error is None:
            record.add(one)
        if progress is not None:
            progress(len(found), len(cells))
    return _frame(grid, cells, found)


def _in_threads(
    client: IDRClient,
    function: Measure,
    image_ids: Sequence[ImageId],
    at_once: int,
    cancel: CancelToken,
) -> Iterator[Measured]:
    def work(image_id: ImageId, cancel: CancelToken) -> Measured:
        return measure(client, function, image_id, cancel)

    yield from in_parallel(work, image_ids, at_once=at_once, cancel=cancel)


def _in_processes(
    server: Server,
    function: Measure,
    image_ids: Sequence[ImageId],
    at_once: int,
    cancel: CancelToken,
) -> Iterator[Measured]:
    if not image_ids:
        return
    count = min(at_once, os.cpu_count() or 1, len(image_ids))
    # A fork would copy locks that other threads hold.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, mp_context=context)
    try:
        yield from _elsewhere(pool, server, function, image_ids, count, cancel)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _elsewhere(
    executor: Executor,
    server: Server,
    function: Measure,
    image_ids: Sequence[ImageId],
    at_once: int,
    cancel: CancelToken,
) -> Iterator[Measured]:
    """Yield results of tasks, of which only so many are under way at any time.

    A worker asks for one thing at a time, so that no more requests are under way
    either, however many workers there are.
    """
    import cloudpickle  # comes with dask; takes functions of notebooks too

    packed = cloudpickle.dumps(function)
    waiting = list(reversed(image_ids))
    running: dict[Future, ImageId] = {}
    over: SimpleQueue[Future | None] = SimpleQueue()
    with cancel.on_cancel(lambda: over.put(None)):
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    image_id = waiting.pop()
                    # A cluster gives equal tasks one answer; a new try is none.
                    unique = secrets.token_hex(8)
                    future = executor.submit(
                        measure_elsewhere, server, packed, image_id, unique
                    )
                    running[future] = image_id
                    future.add_done_callback(over.put)
                done = over.get()
                cancel.check()
                if done is not None:
                    yield _result(done, running.pop(done))
        finally:
            for future in running:
                future.cancel()


def _result(future: Future, image_id: ImageId) -> Measured:
    try:
        measured: Measured | Exception = future.result()
    except Exception as error:  # noqa: BLE001 - each scheduler has errors of its own
        lost = IDRError(f"the worker of image {image_id} was lost: {error!r}")
        return Measured(image_id=image_id, error=lost)
    if isinstance(measured, Exception):
        raise measured
    return measured


def measure_elsewhere(
    server: Server, packed: bytes, image_id: ImageId, unique: str
) -> Measured | Exception:
    """Measure an image in a worker; what the function raises is returned.

    So it isn't taken for a failure of the worker, which is another worker's turn.
    """
    import cloudpickle

    try:
        with dask_in_this_thread():
            function = cloudpickle.loads(packed)
            return measure(_client(server), function, image_id, NEVER)
    except Exception as error:  # noqa: BLE001 - raised where it was asked for
        return error


@cache
def _client(server: Server) -> IDRClient:
    """Return the client of this process: what it does shares connections."""
    from napari_idr.api.client import IDRClient

    return IDRClient(
        server.url, cache=server.cache, at_once=1, timeout_s=server.timeout_s
    )


_nested = 0
_nesting = threading.Lock()
_config: Any = None


@contextmanager
def dask_in_this_thread() -> Iterator[None]:
    """Let dask compute in the thread that asks, not on the cluster.

    Its tasks would spread over the workers, and with them the requests. The setting is
    one of the process, so the last that leaves takes it back.
    """
    import dask

    global _nested, _config
    with _nesting:
        _nested += 1
        if _nested == 1:
            _config = dask.config.set(scheduler="synchronous")
            _config.__enter__()
    try:
        yield
    finally:
        with _nesting:
            _nested -= 1
            if _nested == 0:
                _config.__exit__(None, None, None)


def measure(
    client: IDRClient, function: Measure, image_id: ImageId, cancel: CancelToken
) -> Measured:
    """Return the values of a function of an image, or why its pixels can't be had.

    What else the function raises is raised, with a note on the image.
    """
    try:
        pixels = client.pixels(image_id, cancel=cancel)
        told = function(pixels)
        values = told if isinstance(told, Mapping) else {_name(function): told}
        names = unique_names(map(str, values), TAKEN)
        plain = [_plain(value) for value in values.values()]
    except Cancelled:
        raise
    except IDRError as error:
        return Measured(image_id=image_id, error=error)
    except Exception as error:
        error.add_note(f"Raised for image {image_id}.")
        raise
    return Measured(
        image_id=image_id,
        source=str(pixels.source),
        values=dict(zip(names, plain, strict=True)),
    )


def _name(function: Measure) -> str:
    name = getattr(function, "__name__", "")
    return name if name.isidentifier() else "value"


def _plain(value: object) -> Number:
    """Return a value that a table and a file can hold: numpy's scalars as Python's."""
    if hasattr(value, "item") and getattr(value, "size", 1) == 1:
        value = value.item()
    if value is None or isinstance(value, str | bool | int | float):
        return value
    told = reprlib.repr(value)
    raise TypeError(f"a well is measured by numbers and texts, not by {told}")


class Record:
    """The wells that were measured, in a file: a line of JSON for each.

    A line that was cut when the program was killed is passed over, and so are those
    of other servers and images.
    """

    def __init__(self, path: Path, server: str) -> None:
        self._path = path
        self._server = server

    def read(self, image_ids: set[ImageId]) -> dict[ImageId, Measured]:
        """Return what is known of images."""
        if not self._path.exists():
            return {}
        lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        found = (_read_line(line, self._server) for line in lines)
        return {
            one.image_id: one
            for one in found
            if one is not None and one.image_id in image_ids
        }

    def add(self, one: Measured) -> None:
        """Write what came of an image to the end of the file."""
        told = {
            "server": self._server,
            "image_id": int(one.image_id),
            "source": one.source,
            "values": one.values,
        }
        with self._path.open("a+b") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # the line before was cut
                    file.write(b"\n")
            file.write(json.dumps(told).encode() + b"\n")


def _read_line(line: str, server: str) -> Measured | None:
    try:
        told = json.loads(line)
        if told["server"] != server:
            return None
        return Measured(
            image_id=ImageId(int(told["image_id"])),
            source=told["source"],
            values=dict(told["values"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError):
        return None


def _frame(
    grid: PlateGrid, cells: Iterable[GridCell], found: Mapping[ImageId, Measured]
) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for cell in cells:
        one = found[cell.image_id]
        row: dict[str, object] = {
            "well": grid.label(cell.row, cell.column),
            "well_id": int(cell.well_id),
            "image_id": int(cell.image_id),
            "source": one.source,
            **(one.values or {}),
        }
        if one.error is not None:
            row[ERROR] = str(one.error)
        rows.append(row)
    names = dict.fromkeys(name for row in rows for name in row)
    order = ["well", *FIRST_COLUMNS]
    order += [name for name in names if name not in (*order, ERROR)]
    order += [ERROR] if ERROR in names else []
    return pd.DataFrame(rows, columns=order).set_index("well")
