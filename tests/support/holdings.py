"""What this process holds: memory, threads, connections, files."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

import psutil

DESCRIPTORS = Path("/proc/self/fd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What a process holds at a moment.

    `threads` are those of Python, `native` all of the process; `sockets` are the TCP
    connections that aren't listened at, `files` the open files, `descriptors` all that
    the system counts.
    """

    resident_bytes: int
    threads: int
    native: int
    sockets: int
    files: int
    descriptors: int


def holdings() -> Holdings:
    """Return what this process holds now."""
    process = psutil.Process()
    return Holdings(
        resident_bytes=process.memory_info().rss,
        threads=threading.active_count(),
        native=process.num_threads(),
        sockets=len(tcp_sockets()),
        files=len(process.open_files()),
        descriptors=process.num_fds(),
    )


def tcp_sockets(*ports: int | None) -> list[str]:
    """Return the connections of this process, by default to any port.

    A server in this process has as many ends of them as we have.
    """
    return [
        f"{one.raddr.port} {one.status}"
        for one in psutil.Process().net_connections("tcp")
        if one.raddr and (not ports or one.raddr.port in ports)
    ]


def open_under(folder: Path) -> list[str]:
    """Return the files below a folder that this process has open."""
    opened = (one.path for one in psutil.Process().open_files())
    return [path for path in opened if path.startswith(f"{folder}{os.sep}")]
