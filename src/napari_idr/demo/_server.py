"""The routes behind a real socket on a free local port."""

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import responses
from typing import Any
from urllib.parse import unquote_to_bytes

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from napari_idr.demo._exchange import Answer, Face, Request, Site
from napari_idr.demo._routes import answer, warm_up
from napari_idr.demo.faults import Fault, Faults
from napari_idr.demo.studies import default_world
from napari_idr.demo.world import World

TRICKLES_A_SECOND = 20
"""A slow body comes in so many pieces a second."""

PIECE_BYTES = 65536

NO_BODY = (204, 304)


@dataclass(kw_only=True)
class LoggedRequest:
    """A request that came in, and what became of it; times are monotonic."""

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
    closing: threading.Event = field(default_factory=threading.Event)

    def wait(self, seconds: float) -> None:
        """Pause; ends early when the archive closes."""
        if seconds > 0:
            self.closing.wait(seconds)

    def answer(self, request: Request) -> Answer:
        """Answer as the face would, at the costs that are set."""
        cost_ms = self.delay_ms

        def work(what: str, count: int) -> None:
            nonlocal cost_ms
            if what == "thumbnail":
                cost_ms += count * self.thumbnail_ms

        started = time.monotonic()
        site = Site(world=self.world, face=self.face, url=self.url, work=work)
        given = answer(site, request)
        self.wait(cost_ms / 1000 - (time.monotonic() - started))
        return given


class _Handler(WSGIRequestHandler):
    """Speaks HTTP/1.1 with the connection kept; quiet."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Server"

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        with suppress(OSError):
            super().finish()

    def handle(self) -> None:
        with suppress(ConnectionError, TimeoutError, ValueError):
            # An OSError below is a client that left, or the archive that closes.
            super().handle()

    def run_wsgi(self) -> None:
        """Answer one request; werkzeug's way to WSGI is not needed."""
        archive = self.server.archive
        request = self._read()
        entry = archive.requests._begin(request, self.client_address[1])
        try:
            self._respond(archive, request, entry)
        finally:
            archive.requests._end(entry)

    def _read(self) -> Request:
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        size = int(headers.get("content-length", "0"))
        return Request(
            path=unquote_to_bytes(path).decode(errors="replace"),
            query=query,
            method=self.command,
            headers=headers,
            body=self.rfile.read(size) if size else b"",
        )

    def _respond(
        self, archive: Archive, request: Request, entry: LoggedRequest
    ) -> None:
        faults = archive.faults.take(entry.target)
        archive.wait(sum(fault.delay_s for fault in faults))
        if any(fault.drop for fault in faults):
            self.close_connection = True
            return
        instead = next((f.answer for f in faults if f.answer is not None), None)
        given = archive.answer(request) if instead is None else instead
        entry.status = given.status
        self._send_head(given)
        if self.command != "HEAD":
            self._send_body(archive, given, faults, entry)

    def _send_head(self, given: Answer) -> None:
        lines = [f"HTTP/1.1 {given.status} {responses.get(given.status, '')}"]
        headers = {"Content-Type": given.content_type, "Server": "napari-idr-demo"}
        if isinstance(given.body, bytes):
            headers["Content-Length"] = str(len(given.body))
        headers |= given.headers
        lines += [f"{name}: {value}" for name, value in headers.items() if value]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1", "replace"))

    def _send_body(
        self,
        archive: Archive,
        given: Answer,
        faults: tuple[Fault, ...],
        entry: LoggedRequest,
    ) -> None:
        share = min((fault.keep_share for fault in faults), default=1.0)
        speed = max((fault.bytes_per_s for fault in faults), default=0.0)
        body = given.body
        if share < 1.0:
            whole = body if isinstance(body, bytes) else b"".join(body)
            body = whole[: int(len(whole) * share)]
            self.close_connection = True
        for piece in _pieces(body, speed):
            if archive.closing.is_set():
                self.close_connection = True
                return
            self.wfile.write(piece)
            entry.bytes_sent += len(piece)
            if speed:
                archive.wait(len(piece) / speed)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the log of requests is kept elsewhere."""


def _pieces(body: bytes | Iterable[bytes], bytes_per_s: float) -> Iterator[bytes]:
    size = max(1, int(bytes_per_s / TRICKLES_A_SECOND)) if bytes_per_s else PIECE_BYTES
    for part in [body] if isinstance(body, bytes) else body:
        for start in range(0, len(part), size):
            yield part[start : start + size]


class _Server(ThreadedWSGIServer):
    """A thread a connection; knows its connections, to close them at the end."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    archive: Archive

    def __init__(self, port: int) -> None:
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        super().__init__("127.0.0.1", port, app=_no_app, handler=_Handler)

    def opened(self, connection: socket.socket) -> None:
        """Note a connection."""
        with self._lock:
            self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        with self._lock:
            self._connections.discard(connection)

    def close_all(self) -> None:
        """Cut every connection, so that its thread ends."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of faults of our own, not of clients that left."""
        if not self.archive.closing.is_set():
            super().handle_error(request, client_address)


def _no_app(environ: Any, start_response: Any) -> Iterable[bytes]:
    """Stand in for the WSGI application that werkzeug wants; never called."""
    raise NotImplementedError


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
    # werkzeug's own serve_forever handles Ctrl+C, which isn't ours to handle here.
    thread = threading.Thread(
        target=lambda: super(ThreadedWSGIServer, server).serve_forever(0.02),
        name="demo-archive",
        daemon=True,
    )
    thread.start()
    try:
        yield archive
    finally:
        archive.closing.set()
        server.shutdown()
        server.close_all()
        server.server_close()
        thread.join()
