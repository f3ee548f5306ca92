"""Cell of the matrix: a question, put while a fault is laid and again afterwards."""

from __future__ import annotations

import resource
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_idr import IDRClient, threads
from napari_idr.api.cache_rules import KEEP_RULES
from napari_idr.errors import IDRError
from napari_idr.services.explain import explain
from napari_idr.transport._cache import CachingTransport
from napari_idr.transport._http import HttpTransport
from napari_idr.transport._limit import LimitedTransport
from napari_idr.transport._retry import RetryPolicy
from napari_idr.transport._store import AnswerStore
from support.reliability.operations import plain
from support.wire import comes_true, open_lines

if TYPE_CHECKING:
    from support.reliability.fault_kinds import FaultKind
    from support.reliability.operations import Operation
    from support.reliability.remote_archive import RemoteArchive

SILENCE_S = 1.0
WHOLE_S = 3.0
"""As the client's own bounds, but shorter, so that a matrix has an end."""

AT_ONCE = 4

MOST_S = 60.0
"""A question may put several requests, each with three tries of `WHOLE_S`."""

MOST_BYTES = 200 * 2**20
"""What a fault may cost in memory; the largest answer of the archive has 2 MB, and a
bound on JSON is 128 MB."""

MARKUP = (
    "0x",
    "<html",
    "Traceback",
    "urllib3",
    "HTTPConnectionPool",
    "Errno",
    "http.client",
)
"""What no sentence for people has in it."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What became of a question.

    Attributes
    ----------
    end
        "right", "told" for a part that says that it is one, "meant" for what the
        fault means where it is no error, or the error's class.
    tries
        How many requests came while the fault was laid.
    wrong
        What shouldn't be so; empty when all is well.
    """

    operation: str
    fault: str
    end: str
    sentence: str = ""
    tries: int = 0
    seconds: float = 0.0
    grown_bytes: int = 0
    wrong: tuple[str, ...] = ()


def open_client(url: str, cache: Path) -> IDRClient:
    """Return a client that is like any other, but less patient."""
    policy = RetryPolicy(pause_s=0.02, longest_s=1.0)
    http = HttpTransport(
        url, retry=policy, timeout_s=SILENCE_S, whole_s=WHOLE_S, connections=AT_ONCE
    )
    transport = CachingTransport(
        LimitedTransport(http, at_once=AT_ONCE),
        address=url,
        store=AnswerStore(cache),
        rules=KEEP_RULES,
    )
    return IDRClient(url, transport=transport)


def run_cell(
    operation: Operation,
    kind: FaultKind,
    archive: RemoteArchive,
    folder: Path,
    right: Any,
) -> Cell:
    """Put a question to a server with a fault; then without it, twice."""
    wrong: list[str] = []
    cache, folder = folder / "cache", folder / "files"
    folder.mkdir()
    client = open_client(archive.url, cache)
    archive.lay(replace(kind.fault, match=operation.match))
    before = _peak_bytes(reset=True)
    started = time.monotonic()
    end, sentence = _asked(operation, kind, client, folder, right, wrong)
    seconds = time.monotonic() - started
    grown = max(0, _peak_bytes() - before)
    tries = archive.clear()
    if seconds > MOST_S:
        wrong.append(f"took {seconds:.1f} s")
    if grown > MOST_BYTES:
        wrong.append(f"took {grown / 2**20:.0f} MB")
    if open_lines(archive.port) > AT_ONCE:
        wrong.append("more connections than are allowed at once")

    _asked_again(operation, "the same client", client, folder, right, wrong)
    client.close()
    with open_client(archive.url, cache) as other:
        _asked_again(operation, "another client", other, folder, right, wrong)
    if not comes_true(lambda: not open_lines(archive.port)):
        wrong.append("connections stay open")
    if not threads._parts.wait_idle(10):
        wrong.append("threads are at work")
    if not comes_true(lambda: not _apart()):
        wrong.append("threads stay")
    return Cell(
        operation=operation.name,
        fault=kind.name,
        end=end,
        sentence=sentence,
        tries=tries,
        seconds=seconds,
        grown_bytes=grown,
        wrong=tuple(wrong),
    )


def _asked(
    operation: Operation,
    kind: FaultKind,
    client: IDRClient,
    folder: Path,
    right: Any,
    wrong: list[str],
) -> tuple[str, str]:
    """Return how a question ended and what a person reads."""
    try:
        value = operation.ask(client, folder)
    except IDRError as error:
        end = type(error).__name__
        sentence = explain(error, host=client.url)
        if kind.harmless:
            wrong.append(f"{end} where nothing is wrong: {error}")
        elif not isinstance(error, (*kind.errors, *operation.errors)):
            wrong.append(f"{end}: {error}")
        if any(mark in sentence for mark in MARKUP) or len(sentence) < len("It is."):
            wrong.append(f"says {sentence!r}")
        return end, sentence
    except Exception as error:  # noqa: BLE001 - whatever leaves is the finding
        wrong.append(f"raised {error!r}")
        return type(error).__name__, ""
    if plain(value) == right:
        return "right", ""
    if operation.told(value) and not kind.harmless:
        return "told", ""
    if kind.name in operation.untold:
        return "meant", ""
    wrong.append("an answer that is neither right nor says what is missing")
    return "wrong", ""


def _asked_again(
    operation: Operation,
    who: str,
    client: IDRClient,
    folder: Path,
    right: Any,
    wrong: list[str],
) -> None:
    try:
        value = operation.ask(client, folder)
    except Exception as error:  # noqa: BLE001 - whatever leaves is the finding
        wrong.append(f"{who} afterwards: {error!r}")
        return
    if plain(value) != right:
        wrong.append(f"{who} afterwards: another answer")


def _apart() -> list[str]:
    names = (thread.name for thread in threading.enumerate())
    return [name for name in names if name == "napari-idr-apart"]


def _peak_bytes(*, reset: bool = False) -> int:
    """Return the most memory that this process has had in use since the last reset.

    Linux tells and resets it (proc(5), `clear_refs` 5 and `VmHWM`); elsewhere it is
    the most of all time.
    """
    if not sys.platform.startswith("linux"):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
