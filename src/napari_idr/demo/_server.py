"""The HTTP server of the demo archive, and the log of what it was asked."""

import math
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_to_bytes

from napari_idr.demo._exchange import Answer, Face, Request, Site
from napari_idr.demo._routes import answer, warm_up
from napari_idr.demo._wire import Body, Head, Pause, Reset, Step, Steps, steps_of
from napari_idr.demo.faults import Faults
from napari_idr.demo.studies import default_world
from napari_idr.demo.world import World

POLL_S = 0.02
"""How often the server looks whether it is to stop: what closing takes at most."""

CLOSE_S = 10.0
"""How long closing waits for what is being drawn; no picture takes that long."""

LINGER = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
"""SO_LINGER for 0 s: closing resets the connection (socket(7); Winsock's LINGER)."""


@dataclass(kw_only=True)
class LoggedRequest:
    """A request and how it was answered; times in seconds of ``time.monotonic``."""

    method: str
    path: str
    query: str
    user_agent: str
    accept: str
    cookies: tuple[str, ...]
    """Names only."""
    in_flight: int
    """How many requests were being answered, this one included."""
    client_port: int
    """Requests of one kept connection have the same."""
    started: float
    status: int | None = None
    """None until the answer began, and where the connection was dropped."""
    bytes_sent: int = 0
    finished: float | None = None

    @property
    def target(self) -> str:
        """Path and query as in the request line, the path decoded."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass
class RequestLog:
    """All requests in the order they came; safe to read at any time."""

    _entries: list[LoggedRequest] = field(default_factory=list)
    _in_flight: int = 0
    _most: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)

    def __iter__(self) -> Iterator[LoggedRequest]:
        with self._lock:
            return iter(tuple(self._entries))

    def __getitem__(self, index: int) -> LoggedRequest:
        with self._lock:
            return self._entries[index]

    @property
    def in_flight(self) -> int:
        """How many are being answered now."""
        with self._lock:
            return self._in_flight

    @property
    def most_in_flight(self) -> int:
        """How many were being answered at once at most, since cleared."""
        with self._lock:
            return self._most

    def matching(self, text: str) -> list[LoggedRequest]:
        """Return the requests whose path and query contain a text."""
        return [one for one in self if text in one.target]

    def clear(self) -> None:
        """Forget what came so far."""
        with self._lock:
            self._entries.clear()
            self._most = self._in_flight

    def _begin(self, request: Request, client_port: int) -> LoggedRequest:
        headers = request.headers
        with self._lock:
            self._in_flight += 1
            self._most = max(self._most, self._in_flight)
            entry = LoggedRequest(
                method=request.method,
                path=request.path,
                query=request.query,
                user_agent=headers.get("user-agent", ""),
                accept=headers.get("accept", ""),
                cookies=tuple(request.cookies),
                in_flight=self._in_flight,
                client_port=client_port,
                started=time.monotonic(),
            )
            self._entries.append(entry)
            return entry

    def _end(self, entry: LoggedRequest) -> None:
        with self._lock:
            self._in_flight -= 1
            entry.finished = time.monotonic()


@dataclass(kw_only=True)
class Archive:
    """A running demo archive.

    ``delay_ms`` makes each answer late; ``thumbnail_ms`` adds what a thumbnail
    costs the server. Both may be changed while it runs.
    """

    url: str
    world: World
    face: Face
    delay_ms: float = 0.0
    thumbnail_ms: float = 0.0
    faults: Faults = field(default_factory=Faults)
    requests: RequestLog = field(default_factory=RequestLog)

    def answer(self, request: Request, pause: Callable[[float], None]) -> Answer:
        """Answer as the face would; ``pause`` waits for the costs that are set.

        It is given seconds, which may be negative.
        """
        cost_ms = self.delay_ms

        def work(what: str, count: int) -> None:
            nonlocal cost_ms
            if what == "thumbnail":
                cost_ms += count * self.thumbnail_ms

        started = time.monotonic()
        site = Site(world=self.world, face=self.face, url=self.url, work=work)
        given = answer(site, request)
        pause(cost_ms / 1000 - (time.monotonic() - started))
        return given


class _Handler(BaseHTTPRequestHandler):
    """Handler of one connection's requests: HTTP/1.1, kept alive, nothing printed."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"
    _head = b""
    """What waits for the body, to be sent in one packet with it."""

    def _answer(self) -> None:
        request = self._read()
        if request is None:
            return
        archive = self.server.archive
        entry = archive.requests._begin(request, self.client_address[1])
        try:
            for step in self._steps(archive, request, entry):
                self._carry_out(step, entry)
            self._send_head()
        finally:
            archive.requests._end(entry)

    # The names that http.server looks for.
    do_GET = do_HEAD = do_POST = do_OPTIONS = _answer  # noqa: N815
    do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

    def _read(self) -> Request | None:
        """Read the body and return the request; refuse one that is malformed."""
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        size = headers.get("content-length", "0")
        if not size.isdecimal():
            self.send_error(HTTPStatus.BAD_REQUEST, "Bad Content-Length")
            return None
        return Request(
            path=unquote_to_bytes(path).decode(errors="replace"),
            query=query,
            method=self.command,
            headers=headers,
            body=self.rfile.read(int(size)),
        )

    def _steps(self, archive: Archive, request: Request, entry: LoggedRequest) -> Steps:
        """Return the answer as the faults leave it, made at the first step."""
        faults = archive.faults.take(entry.target)
        made = partial(archive.answer, request, self._pause)
        for fault in faults:
            made = partial(fault.answer, request, made)
        steps = self._made(made, entry, leave=self.close_connection)
        for fault in faults:
            steps = fault.send(steps)
        self.close_connection |= any(fault.ends_connection for fault in faults)
        return steps

    def _made(
        self, made: Callable[[], Answer], entry: LoggedRequest, *, leave: bool
    ) -> Steps:
        given = made()
        entry.status = given.status
        yield from steps_of(given, method=self.command, leave=leave)

    def _carry_out(self, step: Step, entry: LoggedRequest) -> None:
        match step:
            case Head(data):
                self._head += data
            case Body(data):
                self.wfile.write(self._head + data if self._head else data)
                self._head = b""
                entry.bytes_sent += len(data)
            case Pause(seconds):
                self._send_head()
                self._pause(seconds)
            case Reset():
                self._send_head()
                self._reset()

    def _send_head(self) -> None:
        if self._head:
            self.wfile.write(self._head)
            self._head = b""

    def _pause(self, seconds: float) -> None:
        """Wait, until the client asks for the next thing at most.

        It has its answer by then, though a pause may follow the last of it.

        Raises
        ------
        ConnectionError
            When the client leaves, or the archive closes, which cuts the connection.
        """
        if seconds <= 0:
            return
        try:
            self.connection.settimeout(None if math.isinf(seconds) else seconds)
            # Looked at, not taken: the next request is read from the same line.
            if not self.connection.recv(1, socket.MSG_PEEK):
                raise ConnectionAbortedError
        except TimeoutError:
            pass
        finally:
            self.connection.settimeout(None)

    def _reset(self) -> None:
        """Close the connection with a TCP RST, which the last reference to it sends."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
        self.rfile.close()
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Write nothing: the archive has a log of its own."""


class _Server(ThreadingHTTPServer):
    """A server with a thread for each connection; closing ends them all."""

    daemon_threads = True
    request_queue_size = 64
    archive: Archive

    def __init__(self, port: int) -> None:
        self._lock = threading.Lock()
        self._connections: dict[threading.Thread, socket.socket] = {}
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start the thread of a connection, and note both."""
        thread = threading.Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name="demo-archive-connection",
            daemon=True,
        )
        with self._lock:
            self._connections[thread] = request
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer a connection's requests, then forget it."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                del self._connections[threading.current_thread()]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print the traceback of a mistake of ours."""
        # An OSError is a client that left, or the archive that closes.
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def close_all(self) -> None:
        """Cut every connection, and wait for its thread."""
        with self._lock:
            connections = dict(self._connections)
        for connection in connections.values():
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        deadline = time.monotonic() + CLOSE_S
        for thread in connections:
            thread.join(max(0.0, deadline - time.monotonic()))


@contextmanager
def serve(
    world: World | None = None,
    *,
    face: Face = "classic",
    port: int = 0,
    delay_ms: float = 0.0,
    thumbnail_ms: float = 0.0,
) -> Iterator[Archive]:
    """Serve a world on this machine until the block ends.

    Parameters
    ----------
    world
        What to serve; the default world when None.
    port
        0 lets the system choose.

    Examples
    --------
    >>> with serve() as archive:
    ...     archive.url.startswith("http://127.0.0.1:")
    True
    """
    warm_up()
    server = _Server(port)
    archive = Archive(
        url=f"http://127.0.0.1:{server.server_port}",
        world=default_world() if world is None else world,
        face=face,
        delay_ms=delay_ms,
        thumbnail_ms=thumbnail_ms,
    )
    server.archive = archive
    thread = threading.Thread(
        target=server.serve_forever, args=(POLL_S,), name="demo-archive", daemon=True
    )
    thread.start()
    try:
        yield archive
    finally:
        server.shutdown()
        server.server_close()
        server.close_all()
        thread.join()
