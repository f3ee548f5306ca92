"""A file server for the Zarrs that a test writes, with ranges, counts and faults."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path


class ObjectServer:
    """Serves the files below a folder.

    `asked` lists the paths in the order in which they came; `answers` gives a path
    another status; a path matched by `held` isn't answered before `release`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.answers: dict[str, int] = {}
        self.held: re.Pattern[str] | None = None
        self.release = threading.Event()
        self.arrived = threading.Semaphore(0)
        self.ranges = True
        self.at_once = 0
        self.most_at_once = 0
        self.lock = threading.Lock()
        self.url = ""


@pytest.fixture
def objects(tmp_path: Path) -> Iterator[ObjectServer]:
    """A server of the files in a new folder."""
    with serve(tmp_path) as server:
        yield server


@pytest.fixture(scope="session")
def serve_objects() -> Callable[[Path], AbstractContextManager[ObjectServer]]:
    """Serve the files of a folder that is there already."""
    return serve


@contextmanager
def serve(root: Path) -> Iterator[ObjectServer]:
    state = ObjectServer(root)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = unquote(self.path)
            with state.lock:
                state.asked.append(path.lstrip("/"))
                state.agents.add(self.headers.get("user-agent", ""))
                state.at_once += 1
                state.most_at_once = max(state.most_at_once, state.at_once)
            state.arrived.release()
            if state.held is not None and state.held.search(path):
                state.release.wait(30)
            self._answer(path)

        def _answer(self, path: str) -> None:
            file = root / path.lstrip("/")
            status = state.answers.get(path.lstrip("/"), 200 if file.is_file() else 404)
            body = file.read_bytes() if status == 200 else b"<Error>NoSuchKey</Error>"
            with state.lock:
                state.at_once -= 1
            extra = {}
            spec = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("range", ""))
            if status == 200 and spec is not None and state.ranges:
                first = int(spec[1]) if spec[1] else len(body) - int(spec[2])
                last = int(spec[2]) if spec[1] and spec[2] else len(body) - 1
                extra["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
                body, status = body[first : last + 1], 206
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        state.release.set()
        server.shutdown()
        server.server_close()
        thread.join()
