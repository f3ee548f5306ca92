"""What a mosaic takes in memory, measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import psutil

from benchmarks.archive import served
from benchmarks.figures import Figure, at_most

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.figures import Setup

LOOK_UP_S = 0.002
"""How often the memory is looked at."""

CHILD = """
import sys
from benchmarks.mosaic import paint_mosaic
print("loaded", flush=True)
sys.stdin.readline()
canvas = paint_mosaic(sys.argv[1], int(sys.argv[2]))
print(canvas.nbytes, flush=True)
sys.stdin.readline()
"""
"""Paints when told to, and holds the mosaic until it is told to end."""


def figures(setup: Setup) -> Iterator[Figure]:
    """Yield how many times its pixels a large mosaic takes at most while it loads."""
    with served("idr", setup) as address:
        yield Figure(
            what="memory of a large mosaic while it loads / its pixels",
            values=tuple(
                growth_in_pixels(CHILD, address, str(setup.large_plate_id))
                for _ in range(setup.rounds)
            ),
            bound=at_most(4),
            floor="1",
        )


def growth_in_pixels(code: str, *arguments: str) -> float:
    """Return how much a process grows that shows a mosaic, in times of its pixels.

    It runs `code`, which prints a line when it stands where its growth begins, does
    its work when it gets a line, prints the size of the mosaic in bytes and ends at
    the next line.
    """
    command = [sys.executable, "-c", code, *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        with _Watch(psutil.Process(child.pid)) as watch:
            child.stdin.write("go on\n")
            child.stdin.flush()
            pixels = int(child.stdout.readline())
        child.stdin.write("end\n")
    return watch.growth / pixels


class _Watch:
    """Looks at the memory of a process, from outside, until the block ends."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._before = int(process.memory_info().rss)
        self._most = self._before
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    @property
    def growth(self) -> int:
        """By how many bytes it grew at most."""
        return self._most - self._before

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            self._most = max(self._most, self._process.memory_info().rss)
            if self._over.wait(LOOK_UP_S):
                return
