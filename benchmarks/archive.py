"""The demo archive: in a process of its own to be timed, in this one to be counted."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from napari_idr import demo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.figures import Setup

STOP_S = 5.0


@contextmanager
def served(face: demo.Face, setup: Setup) -> Iterator[str]:
    """Serve the demo archive in another process, and yield its address.

    In this process its work would count as ours, for both would share one lock.
    """
    with _running(["napari_idr._cli", "demo", "--face", face], setup) as address:
        yield address


@contextmanager
def served_large(name: str, setup: Setup, *, face: demo.Face = "idr") -> Iterator[str]:
    """Serve one of the archives of `benchmarks.worlds` in the same way."""
    with _running(["benchmarks.worlds", name, "--face", face], setup) as address:
        yield address


@contextmanager
def _running(module: list[str], setup: Setup) -> Iterator[str]:
    command = [sys.executable, "-m", *module]
    command += ["--delay-ms", str(setup.delay_ms)]
    command += ["--thumbnail-ms", str(setup.thumbnail_ms)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        if not address:
            raise RuntimeError("the demo archive didn't start")
        yield address
    finally:
        server.terminate()
        server.communicate(timeout=STOP_S)


def requests_of(
    face: demo.Face, ask: Callable[[str], object], world: demo.World | None = None
) -> tuple[str, ...]:
    """Return what `ask` asks of an archive at an address, in the order it came.

    Each is a path and query. Without a `world` of its own, the archive is the same as
    the served one, so the same can be asked there.
    """
    with demo.serve(world, face=face) as archive:
        ask(archive.url)
        return tuple(
            quote(one.path) + (f"?{one.query}" if one.query else "")
            for one in archive.requests
        )
