"""A request under way, which other threads can end at once.

A thread that is blocked in a socket is woken by shutting the socket down. For that
the connection that carries a request is known to it from the moment it is connected
until it goes back to its pool. Looking a name up and connecting can't be woken, and
are done apart, in a thread that may be left behind.
"""

from __future__ import annotations

import http.client
import queue
import socket
import threading
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
)

from napari_idr.cancel import CancelToken
from napari_idr.errors import ConnectionFailedError
from napari_idr.threads import run_apart
from napari_idr.transport._places import is_special

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

    from napari_idr.cancel import Priority

MAX_INTERIM: Final = 16
"""Interim answers to one request: servers send one 100, and a 103 or two."""

MAX_TRAILERS: Final = 100
"""As many as the standard library takes headers."""

LINE_BYTES: Final = 1 << 16
"""Most of a line: as the standard library's."""

LENGTH_DIGITS: Final = 18
"""Of a Content-Length: an exabyte; what has more is no length."""

BODILESS: Final = frozenset({101, 204, 304})
"""Statuses whose answers have no body (RFC 9110, 6.4.1)."""

_here = threading.local()
"""The exchange that the current thread carries out."""


class Line:
    """A second handle of a connection's socket, by which it is shut down.

    TLS takes the first one away from whoever opened it.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._lock = threading.RLock()
        self._socket = connected.dup()

    def shut(self) -> None:
        """End what is blocked in reading or writing, in whatever thread."""
        # An error means that it is closed, by us or by the other side.
        with self._lock, suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the handle."""
        with self._lock:
            self._socket.close()


class Exchange:
    """One request under way. Thread-safe.

    Parameters
    ----------
    url
        Whom it is for; errors name it.
    priority
        How urgent it is.
    connect_s
        Longest time for a look-up and a connection, in seconds.
    target
        What is asked for, exactly as it is sent; None leaves it to the library.
    allows
        Tells whether an address may be connected to; None allows all.
    """

    def __init__(
        self,
        url: str,
        *,
        priority: Priority,
        connect_s: float,
        target: str | None = None,
        allows: Callable[[str], bool] | None = None,
    ) -> None:
        self.url = url
        self.connect_s = connect_s
        self.target = target
        self.allows = allows
        self.token = CancelToken(priority)
        self.error: Exception | None = None
        self._lock = threading.RLock()
        self._line: Line | None = None
        self._owns_line = False
        self._finished = False

    @property
    def whom(self) -> str:
        """Whose answer it is, for the errors; the archive needs no name."""
        if self.target is None:
            return ""
        return f" from {self.url.partition('://')[2].partition('/')[0]}"

    def end(self, error: Exception) -> None:
        """End it at once with an error, if it hasn't ended with another before."""
        with self._lock:
            if self.error is not None:
                return
            self.error = error
            if self._line is not None:
                self._line.shut()
        self.token.cancel()

    def check(self) -> None:
        """Raise what it was ended with."""
        if self.error is not None:
            raise self.error

    def hold(self, line: Line) -> None:
        """Be carried by a connection from now on."""
        with self._lock:
            self.release()
            self._line = line
            if self.error is not None:
                line.shut()

    def keep(self, line: Line) -> None:
        """Take a line over from a connection that is closed.

        The standard library closes a connection that won't be used again as soon as
        the headers have come, and reads the body from what is left of it.
        """
        with self._lock:
            if self._finished or line is not self._line:
                line.close()
            else:
                self._owns_line = True

    def release(self) -> None:
        """Be carried by no connection any more."""
        with self._lock:
            if self._line is not None and self._owns_line:
                self._line.close()
            self._line = None
            self._owns_line = False

    def finish(self) -> None:
        """Be over."""
        with self._lock:
            self._finished = True
            self.release()


@contextmanager
def carrying(exchange: Exchange) -> Iterator[None]:
    """Let the connections that this thread uses meanwhile be known to an exchange."""
    _here.exchange = exchange
    try:
        yield
    finally:
        del _here.exchange


class FinalResponse(http.client.HTTPResponse):
    """An answer whose framing is sound, after the interim ones (RFC 9110, 15.2).

    The standard library passes over 100 alone, and takes others for the answer; it
    reads a body whose length makes no sense until the connection is closed, and
    trailers without end.
    """

    def begin(self) -> None:
        super().begin()
        codings = self.headers.get_all("transfer-encoding", [])
        if codings and [one.strip().lower() for one in codings] != ["chunked"]:
            raise http.client.HTTPException("an unknown transfer coding")
        told = self.headers.get_all("content-length", [])
        if not told or self.status in BODILESS:
            return
        if codings:  # the length doesn't count (RFC 9112, 6.3), nor what follows
            self.will_close = True
            return
        # One length may be told twice (RFC 9112, 6.3).
        lengths = {one.strip() for line in told for one in line.split(",")}
        number = lengths.pop()
        if lengths or not (number.isascii() and number.isdecimal()):
            raise http.client.HTTPException("a length that makes no sense")
        if len(number) > LENGTH_DIGITS:
            raise http.client.HTTPException("a length that can't be")
        self.length = int(number)
        self.will_close = self._check_close()  # type: ignore[attr-defined]

    def _read_status(self) -> tuple[str, int, str]:
        for _ in range(MAX_INTERIM):
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200 or status == http.HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise http.client.HTTPException("interim answers without end")

    def _read_and_discard_trailer(self) -> None:
        for _ in range(MAX_TRAILERS):
            line = self.fp.readline(LINE_BYTES)
            if line in (b"\r\n", b"\n", b""):
                return
            if len(line) == LINE_BYTES:
                raise http.client.LineTooLong("trailer")
        raise http.client.HTTPException("trailers without end")


class HeldConnection(HTTPConnection):
    """A connection that is known to the exchange it carries."""

    response_class = FinalResponse
    line: Line | None = None
    exchange: Exchange | None = None

    def _new_conn(self) -> socket.socket:
        exchange: Exchange = _here.exchange
        # The address of a proxy is the person's choice.
        allows = exchange.allows if self.proxy is None else None
        connect = partial(
            _connected, self._dns_host, self.port, exchange.connect_s, allows
        )
        try:
            connected = run_apart(
                connect,
                cancel=exchange.token,
                timeout_s=exchange.connect_s,
                drop=socket.socket.close,
            )
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"no connection: {error}") from error
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except RefusedAddressError as error:
            exchange.end(ConnectionFailedError(str(error), url=exchange.url))
            raise NewConnectionError(self, str(error)) from error
        except OSError as error:
            raise NewConnectionError(self, f"no connection: {error}") from error
        for option in self.socket_options or ():
            connected.setsockopt(*option)
        self.line = Line(connected)
        self._hold(exchange)
        return connected

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.line is not None:  # it has carried another request before
            self._hold(_here.exchange)
        super().request(*args, **kwargs)

    def putrequest(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        # The libraries above write escapes as they like.
        if (
            target := _here.exchange.target
        ) is not None and not self.proxy_is_forwarding:
            url = target
        super().putrequest(method, url, *args, **kwargs)

    def let_go(self) -> None:
        """Be free for another request."""
        if self.exchange is not None:
            self.exchange.release()
            self.exchange = None

    def close(self) -> None:
        super().close()
        line, exchange = self.line, self.exchange
        self.line = self.exchange = None
        if line is None:
            return
        if exchange is None:
            line.close()
        else:
            exchange.keep(line)

    def _hold(self, exchange: Exchange) -> None:
        if self.line is not None:
            self.exchange = exchange
            exchange.hold(self.line)


class HeldTLSConnection(HeldConnection, HTTPSConnection):
    """The same with TLS."""


class HeldPool(HTTPConnectionPool):
    """Connections to one host, none of which is held by an exchange."""

    ConnectionCls = HeldConnection

    def close_idle(self) -> None:
        """Close the connections that wait in the pool, and leave their places there.

        A request that comes meanwhile finds none, and opens one.
        """
        waiting = self.pool
        if waiting is None:
            return
        taken: list[Any] = []
        with suppress(queue.Empty):
            while True:
                taken.append(waiting.get(block=False))
        for conn in taken:
            if conn is not None:
                conn.close()
            # A place for a connection that may be made; see `HTTPConnectionPool`.
            with suppress(queue.Full):
                waiting.put(None, block=False)

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.let_go()
        super()._put_conn(conn)


class HeldTLSPool(HeldPool, HTTPSConnectionPool):
    """The same with TLS."""

    ConnectionCls = HeldTLSConnection


class HeldAdapter(HTTPAdapter):
    """Carries requests over such connections, through a proxy too."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Send a request, unless it was ended while it was made ready."""
        _here.exchange.check()
        return super().send(request, *args, **kwargs)

    def close_idle(self) -> None:
        """Close the connections that carry nothing; the next request opens its own."""
        for pool in self._pools():
            pool.close_idle()

    def close(self) -> None:
        # The library leaves a pool that something still refers to, such as an error's
        # frames, to the collector: its connections would stay open until then.
        for pool in self._pools():
            pool.close()
        super().close()

    def _pools(self) -> Iterator[Any]:
        """Yield the pools that there are, of the proxies too."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - it isn't iterable
                with suppress(KeyError):
                    yield manager.pools[key]


_POOLS = {"http": HeldPool, "https": HeldTLSPool}


class RefusedAddressError(OSError):
    """A name that resolves to addresses which a server may not send us to."""


def _connected(
    host: str, port: int, timeout_s: float, allows: Callable[[str], bool] | None
) -> socket.socket:
    """Connect to the first address of a host that is allowed and answers."""
    failure: OSError | None = None
    # urllib3 writes IPv6 addresses in brackets, the look-up doesn't know them.
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    for family, kind, protocol, _, address in found:
        place = str(address[0])
        if allows is not None and not allows(place):
            failure = RefusedAddressError(
                f"{host} is at {place}, an address of this machine or a private "
                "network, to which a public archive may not lead"
            )
            continue
        connected = socket.socket(family, kind, protocol)
        connected.settimeout(timeout_s)
        try:
            connected.connect(address)
        except OSError as error:
            connected.close()
            failure = error
        else:
            return connected
    raise failure or OSError(f"{host} has no address")


def special_host(host: str) -> bool | None:
    """Tell whether a host is at special addresses alone, None if it isn't known."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        return None
    return all(is_special(str(address[0])) for *_, address in found)
