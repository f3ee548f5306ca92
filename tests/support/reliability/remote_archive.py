"""Demo archive in another process, so that memory and sockets are the client's."""

from __future__ import annotations

import multiprocessing
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from napari_idr.demo import Face
    from napari_idr.demo.faults import Fault

START_S = 60.0
"""Longest wait for the other process, on a loaded machine."""


@dataclass
class RemoteArchive:
    """A running archive: its address, and what a test may tell it."""

    url: str
    face: Face
    _line: Connection

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def lay(self, fault: Fault) -> None:
        """Lay a fault, and forget the requests that came before."""
        self._tell("lay", fault)

    def clear(self) -> int:
        """Take all faults away; return how many requests came since one was laid."""
        return int(self._tell("clear"))

    def targets(self) -> list[str]:
        """Return the paths and queries that were asked for since a fault was laid."""
        return list(self._tell("targets"))

    def _tell(self, *message: Any) -> Any:
        self._line.send(message)
        if not self._line.poll(START_S):
            raise TimeoutError("the demo archive doesn't answer")
        return self._line.recv()


@contextmanager
def remote_archive(face: Face) -> Iterator[RemoteArchive]:
    """Serve the default world from another process until the block ends."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(face, theirs), daemon=True)
    process.start()
    try:
        if not ours.poll(START_S):
            raise TimeoutError("the demo archive doesn't start")
        yield RemoteArchive(ours.recv(), face, ours)
    finally:
        process.terminate()
        process.join(START_S)


def _serve(face: Face, line: Connection) -> None:
    from napari_idr import demo

    with demo.serve(face=face) as archive:
        line.send(archive.url)
        while True:
            match line.recv():
                case ("lay", fault):
                    archive.requests.clear()
                    archive.faults.lay(fault)
                    line.send(None)
                case ("clear",):
                    archive.faults.clear()
                    line.send(len(archive.requests))
                case ("targets",):
                    line.send([request.target for request in archive.requests])
