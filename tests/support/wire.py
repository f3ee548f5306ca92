"""A server whose every byte a test decides, and what a process has open towards it."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Script = Callable[["Caller"], None]

SOON_S = 10.0
"""Within this what is to come has come, on a loaded machine too."""


class Caller:
    """One request that came; a script answers it, and gives up when the test ends."""

    def __init__(self, server: WireServer, line: socket.socket, head: str) -> None:
        self.server = server
        self.head = head
        self._line = line

    @property
    def target(self) -> str:
        """What is asked for, as it was sent."""
        return self.head.split(" ", 2)[1]

    def header(self, name: str) -> str | None:
        """Return a header of the request, None if there is none."""
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None

    def say(self, data: bytes) -> None:
        """Send bytes."""
        self._line.sendall(data)

    def answer(self, body: bytes = b"", status: int = 200, **headers: object) -> None:
        """Send a whole answer."""
        lines = [f"HTTP/1.1 {status} Told", f"Content-Length: {len(body)}"]
        lines += [f"{k.replace('_', '-')}: {v}" for k, v in headers.items()]
        self.say("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def drip(self, data: bytes, pause_s: float = 0.02) -> None:
        """Send bytes again and again, slowly, for as long as somebody takes them."""
        while not self.server.over.wait(pause_s):
            self.say(data)

    def hang(self) -> None:
        """Say nothing any more."""
        self.server.over.wait(60)


class WireServer:
    """Accepts connections and runs a script for each request on them."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.heads: list[str] = []
        self.over = threading.Event()
        self.came = threading.Semaphore(0)
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._lines: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.over.set()
        self._listening.close()
        for line in self._lines:
            line.close()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            self._lines.append(line)
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        try:
            while (head := _head(line)) is not None:
                self.heads.append(head)
                self.came.release()
                self.script(Caller(self, line, head))
        except OSError:
            pass
        finally:
            line.close()


def _head(line: socket.socket) -> str | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = line.recv(4096)
        if not more:
            return None
        data += more
    return data.decode("latin-1")


@contextmanager
def wire_server(script: Script) -> Iterator[WireServer]:
    """A server that runs a script for each request."""
    server = WireServer(script)
    try:
        yield server
    finally:
        server.close()


def open_lines(port: int) -> int:
    """Return how many connections this process has to a port of this machine."""
    return sum(
        bool(one.raddr) and one.raddr.port == port and one.status == "ESTABLISHED"
        for one in psutil.Process().net_connections("tcp")
    )


def busy_threads() -> list[str]:
    """Return the threads of ours that are inside a call of the transport."""
    return [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith("napari-idr-apart")
    ]


def comes_true(condition: Callable[[], object], within_s: float = SOON_S) -> bool:
    """Wait until something is so; tell whether it came to that."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
