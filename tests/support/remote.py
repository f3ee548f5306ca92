"""The demo archive in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NICENESS = "5"
"""The window comes first, but what else the machine does doesn't starve the archive."""


@contextmanager
def remote_archive(face: str = "classic", *, delay_ms: int = 50) -> Iterator[str]:
    """Serve the demo archive so that it takes nothing of what the window needs.

    A server of the world has cores and memory of its own. This one has an interpreter
    of its own and what the window leaves of the cores.
    """
    run = f"run(face={face!r}, delay_ms={delay_ms}, thumbnail_ms=8)"
    start = f"from napari_idr.demo import run; {run}"
    process = subprocess.Popen(
        ["nice", "-n", NICENESS, sys.executable, "-c", start],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate()
