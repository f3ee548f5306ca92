"""Requests on the wire, to the archive's web server and to object stores."""

from __future__ import annotations

import http
import logging
import re
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urljoin, urlsplit

import requests
from requests.cookies import RequestsCookieJar

from napari_idr._home import HOME
from napari_idr.errors import (
    Cancelled,
    ConnectionFailedError,
    IDRError,
    ProtocolError,
    RequestTimeoutError,
    ResponseFormatError,
)
from napari_idr.threads import call_later
from napari_idr.transport._address import is_loopback, server_address
from napari_idr.transport._base import CLOSED, Request, Response
from napari_idr.transport._decoding import ACCEPTED, PLAIN, decoded
from napari_idr.transport._exchange import (
    Exchange,
    HeldAdapter,
    carrying,
    special_host,
)
from napari_idr.transport._failures import failure
from napari_idr.transport._idle import IdleTimer
from napari_idr.transport._places import NOT_PUBLIC, is_special, names_special
from napari_idr.transport._retry import RetryPolicy, retry_after_s

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.cancel import CancelToken

logger = logging.getLogger(__name__)

CHUNK_BYTES: Final = 1 << 16
"""Most that is taken from the line at once."""

FAILURE_BYTES: Final = 1 << 16
"""So much is read of the body of a failure: some lines say what is wrong."""

CONNECT_TIMEOUT_S: Final = 5.0
"""A server that hasn't shaken hands by then is taken for absent."""

GONE_S: Final = 3.0
"""An object store that can't be reached for so long is gone, and the next source is
due. They answer to a connection within 0.3 s, from the other side of the world."""

WHOLE_FACTOR: Final = 4
LEAST_WHOLE_S: Final = 60.0
"""An answer is whole within four times the longest silence, and a minute in any case:
64 MB come in it over a line of 10 Mbit/s."""

LINE_IDLE_S: Final = 30.0
"""A line that nobody has used for so long is closed. Who goes on with something within
half a minute finds it open; servers close it after 5 s (Apache) to 75 s (nginx)."""

MAX_REDIRECTS: Final = 3
"""An object that has moved within its store is found by one; more is a circle."""

WANTS_TLS: Final = re.compile(
    rb"sent to HTTPS port|to an SSL-enabled server port|request to an HTTPS server"
)
"""How nginx, Apache and Go refuse a request without TLS, with status 400."""

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


CONTACT_LETTERS: Final = frozenset(map(chr, range(0x20, 0x7F))) - frozenset("()\\;")
"""What a comment of a header may hold without being escaped (RFC 9110, 5.6.5)."""

CONTACT_MOST: Final = 100
"""Letters of a contact; some proxies refuse long headers."""


def user_agent(home: str = HOME, contact: str = "") -> str:
    r"""Return the name and version that we give ourselves, and where we are at home.

    `contact` is how a person lets themselves be reached, an address of theirs; of it
    remains what a header can hold.

    >>> user_agent("https://example.org/idr").partition(" ")[2], " " in user_agent("")
    ('(+https://example.org/idr)', False)
    >>> user_agent("", "me@lab.org\r\nX: (1)").partition(" ")[2]
    '(me@lab.orgX: 1)'
    """
    try:
        number = version("napari-idr")
    except PackageNotFoundError:  # run from a folder that isn't installed
        number = "0"
    reached = "".join(one for one in contact if one in CONTACT_LETTERS).strip()
    told = "; ".join(filter(None, (f"+{home}" if home else "", reached[:CONTACT_MOST])))
    name = f"napari-idr/{number}"
    return f"{name} ({told})" if told else name


class HttpTransport:
    """Carries requests over one pool of connections to each host. Thread-safe.

    Cookies are the archive's alone. Its redirects are answers; those of an object
    are followed to the same scheme, host and port. An object isn't asked for at an
    address of this machine or a private network, unless the archive is at such an
    address itself.

    It pickles as its settings, and is one for a process where it is unpickled.

    Parameters
    ----------
    address
        The archive's server, as people write it; see `server_address`.
    retry
        Which answers are asked for again, and after what pause.
    timeout_s
        Longest silence of a server, in seconds.
    whole_s
        Longest time for an answer, from the question to its last byte; None for a
        multiple of `timeout_s`. Of a stream it bounds the headers alone: its size
        is known to who opened it, who sees it come.
    connections
        How many connections are kept open to each host.
    contact
        How the person who asks can be reached; part of the header User-Agent.

    Raises
    ------
    ValueError
        The address names no server.
    """

    def __init__(
        self,
        address: str,
        *,
        retry: RetryPolicy | None = None,
        timeout_s: float = 30.0,
        whole_s: float | None = None,
        connections: int = 4,
        contact: str = "",
    ) -> None:
        self.address = server_address(address)
        self._settings = (address, retry, timeout_s, whole_s, connections, contact)
        self._retry = retry or RetryPolicy()
        self._timeout_s = timeout_s
        self._whole_s = whole_s or max(LEAST_WHOLE_S, WHOLE_FACTOR * timeout_s)
        # Reentrant: the collector may end a stream in a thread that has the lock.
        self._lock = threading.RLock()
        self._closed = False
        self._known_special: bool | None = None
        self._exchanges: set[Exchange] = set()
        # A host that has both the archive and its objects is asked for both at once.
        adapter = HeldAdapter(pool_maxsize=2 * connections, max_retries=0)
        self._session = _session(
            adapter,
            {
                "User-Agent": user_agent(contact=contact),
                "Accept": "application/json, image/*, */*;q=0.5",
                # failures then come as short text, not as pages and logins
                "X-Requested-With": "XMLHttpRequest",
            },
        )
        self._session.trust_env = not is_loopback(self.address)
        self._session.auth = _no_auth
        self._object_session = _session(
            adapter, {"User-Agent": user_agent(contact=contact), "Accept": "*/*"}
        )
        self._object_session.cookies = _NoCookies()
        self._object_session.auth = _no_auth
        self._adapter = adapter
        self._idle = IdleTimer(LINE_IDLE_S, self.rest)

    def __reduce__(self) -> tuple[Any, ...]:
        return _http_transport, self._settings

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        """Return the answer, whatever its status, after the tries it is worth."""
        call = self._call(request)
        redirects = 0
        with self._exchange(call, cancel) as exchange:
            tried = 0
            while True:
                tried += 1
                try:
                    response = self._answer(call, exchange)
                except ConnectionFailedError as error:
                    pause_s = self._pause_after(error, tried, exchange)
                    if pause_s is None:
                        raise
                else:
                    moved = _moved(call, response)
                    if moved is not None and redirects < MAX_REDIRECTS:
                        call, exchange.target = moved, moved.target
                        exchange.url = call.url
                        redirects += 1
                        tried = 0
                        continue
                    pause_s = self._pause_for(response, tried, request)
                    if pause_s is None:
                        return response
                with _ended(exchange):
                    exchange.token.sleep(pause_s)

    @contextmanager
    def stream(self, request: Request, *, cancel: CancelToken) -> Iterator[HttpStream]:
        """Open an answer of any size; it is asked for again until its headers come."""
        call = self._call(request)
        with self._exchange(call, cancel) as exchange, ExitStack() as stack:
            yield self._opened(call, exchange, stack)

    def _opened(self, call: Call, exchange: Exchange, stack: ExitStack) -> HttpStream:
        """Return an open answer after the tries it is worth; the stack closes it."""
        tried = 0
        while True:
            tried += 1
            late = call_later(self._whole_s, lambda: _end_late(exchange))
            try:
                stream = stack.enter_context(self._open(call, exchange))
            except ConnectionFailedError as error:
                pause_s = self._pause_after(error, tried, exchange)
                if pause_s is None:
                    raise
            else:
                pause_s = self._pause_for(stream.response, tried, call.request)
                if pause_s is None:
                    return stream
                stack.close()
            finally:
                late.cancel()
            with _ended(exchange):
                exchange.token.sleep(pause_s)

    def _pause_after(
        self, error: ConnectionFailedError, tried: int, exchange: Exchange
    ) -> float | None:
        """Return the pause before another try; None if there is to be none."""
        exchange.check()  # whoever ended it wants no other try
        # A late answer was given its time.
        late = isinstance(error, RequestTimeoutError)
        return None if late else self._retry.pause(tried)

    def _pause_for(
        self, response: Response, tried: int, request: Request
    ) -> float | None:
        """Return the pause before another try; None if the answer is to be told."""
        if response.status not in self._passing(request):
            return None
        return self._retry.pause(tried, retry_after_s(response.headers))

    def close(self) -> None:
        """Let go of connections; waiting requests end with an error."""
        with self._lock:
            self._closed = True
            exchanges = tuple(self._exchanges)
        self._idle.stop()
        for exchange in exchanges:
            exchange.end(ConnectionFailedError(CLOSED, url=exchange.url))
        self._session.close()

    def rest(self) -> None:
        """Close the lines that wait for a request; those under way stay."""
        with self._lock:
            if self._closed:
                return
        self._adapter.close_idle()

    def _passing(self, request: Request) -> frozenset[int]:
        if request.origin is None:
            return self._retry.statuses
        return self._retry.object_statuses

    def _call(self, request: Request) -> Call:
        if request.origin is not None:
            target = f"/{_escaped(request.path)}"
            return Call(request=request, url=f"{request.origin}{target}", target=target)
        url = f"{self.address}/{request.path}"
        if request.params:
            url = f"{url}?{urlencode(request.params, errors='surrogatepass')}"
        return Call(request=request, url=url)

    @contextmanager
    def _exchange(self, call: Call, cancel: CancelToken) -> Iterator[Exchange]:
        """Make a request known to those who may end it."""
        cancel.check()
        is_object = call.target is not None
        if is_object:
            with _readable(call.url):
                self._require_public(call.url)
        exchange = Exchange(
            call.url,
            priority=cancel.priority,
            connect_s=min(GONE_S if is_object else CONNECT_TIMEOUT_S, self._timeout_s),
            target=call.target,
            allows=self._allows if is_object else None,
        )
        with self._lock:
            if self._closed:
                raise ConnectionFailedError(CLOSED, url=call.url)
            self._exchanges.add(exchange)
        try:
            with cancel.on_cancel(lambda: exchange.end(Cancelled())):
                yield exchange
        finally:
            with self._lock:
                self._exchanges.discard(exchange)
            exchange.finish()
            self._idle.used()

    def _answer(self, call: Call, exchange: Exchange) -> Response:
        late = call_later(self._whole_s, lambda: _end_late(exchange))
        try:
            with self._open(call, exchange) as stream:
                return stream.read()
        finally:
            late.cancel()

    @contextmanager
    def _open(self, call: Call, exchange: Exchange) -> Iterator[HttpStream]:
        request = call.request
        logger.debug("%s %s %s", request.method, call.url, request.byte_range or "")
        headers = {} if request.json is None else {"Content-Type": "application/json"}
        if request.byte_range is not None:
            headers["Range"] = request.byte_range.header
            headers["Accept-Encoding"] = "identity"
        session = self._session if request.origin is None else self._object_session
        with _translated(exchange), carrying(exchange):
            exchange.check()
            prepared = session.prepare_request(
                requests.Request(
                    request.method,
                    call.url,
                    data=None if request.json is None else request.json.encode(),
                    headers=headers,
                )
            )
            answer = session.send(
                prepared,
                timeout=(exchange.connect_s, self._timeout_s),
                allow_redirects=False,
                **self._surroundings(session, call.url),
            )
        try:
            with _translated(exchange):
                stream = HttpStream(answer, call, exchange)
            yield stream
        finally:
            # What was read is whole by now, or its failure told.
            with suppress(Exception):
                answer.close()

    def _surroundings(self, session: requests.Session, url: str) -> dict[str, Any]:
        """Return the proxies and certificates that the person's machine is set to."""
        if is_loopback(url):  # no proxy knows this machine by that name
            return {"stream": True, "proxies": {}}
        return dict(session.merge_environment_settings(url, {}, True, None, None))

    def _allows(self, address: str) -> bool:
        return not is_special(address) or self._is_special()

    def _is_special(self) -> bool:
        """Whether the archive itself is at an address that isn't a public one."""
        if self._known_special is None:  # a look-up that failed is tried again
            self._known_special = special_host(urlsplit(self.address).hostname or "")
        return bool(self._known_special)

    def _require_public(self, url: str) -> None:
        """Raise if a public archive leads to an address that its host spells out.

        What a name stands for is looked at as it is connected to, but through a proxy,
        which may know such addresses as its own.
        """
        host = urlsplit(url).hostname or ""
        if names_special(host) and not self._is_special():
            raise ConnectionFailedError(NOT_PUBLIC.format(place=host), url=url)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request, and where it goes: `target` is what is sent exactly so."""

    request: Request
    url: str
    target: str | None = None


class HttpStream:
    """An answer whose body is still on the line."""

    def __init__(
        self, answer: requests.Response, call: Call, exchange: Exchange
    ) -> None:
        self._answer = answer
        self._call = call
        self._exchange = exchange
        self.response = Response(
            url=answer.url if call.target is None else call.url,
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
        )

    def chunks(self, *, cancel: CancelToken) -> Iterator[bytes]:
        """Yield the body in the pieces in which it arrives.

        Raises
        ------
        ConnectionFailedError
            The line broke before the body was whole.
        ResponseFormatError
            It is encoded in an unknown or broken way.
        """
        with cancel.on_cancel(lambda: self._exchange.end(Cancelled())):
            encoding = self.response.headers.get("content-encoding", "")
            for chunk in decoded(self._pieces(), encoding, url=self.response.url):
                self._exchange.check()
                yield chunk

    def read(self) -> Response:
        """Return the answer with its body, bounded by what may come."""
        response, request = self.response, self._call.request
        part = request.byte_range
        encoding = response.headers.get("content-encoding", "")
        if response.status in REDIRECTS:
            return response  # a page for people, of any length
        if response.status >= http.HTTPStatus.MULTIPLE_CHOICES or (
            part is not None and response.status != http.HTTPStatus.PARTIAL_CONTENT
        ):
            begun = self._beginning(encoding)
            refused = response.status == http.HTTPStatus.BAD_REQUEST
            if refused and WANTS_TLS.search(begun):
                raise ProtocolError(
                    f"a secure connection is wanted{self._exchange.whom}",
                    url=response.url,
                    speaks="https",
                )
            return replace(response, body=begun)
        most = request.max_bytes
        if part is not None:
            if encoding.strip().lower() not in PLAIN:
                raise ResponseFormatError("a part came encoded", url=response.url)
            most = min(most, most if part.most is None else part.most)
        too_large = ResponseFormatError(
            f"the answer is larger than {most} bytes", url=response.url
        )
        if _told_bytes(response) > most:
            raise too_large
        body = bytearray()
        for chunk in decoded(self._pieces(), encoding, url=response.url):
            body += chunk
            if len(body) > most:
                raise too_large
        self._exchange.check()
        return replace(response, body=bytes(body))

    def _beginning(self, encoding: str) -> bytes:
        """Return the body up to a bound; the rest, if any, isn't read."""
        body = bytearray()
        try:
            for chunk in decoded(self._pieces(), encoding, url=self.response.url):
                body += chunk
                if len(body) > FAILURE_BYTES:
                    break
        except ResponseFormatError as error:  # the status says more
            logger.debug("%s", error)
        self._exchange.check()
        return bytes(body[:FAILURE_BYTES])

    def _pieces(self) -> Iterator[bytes]:
        with _translated(self._exchange):
            while chunk := self._answer.raw.read1(CHUNK_BYTES, decode_content=False):
                self._exchange.check()
                yield chunk
            self._exchange.check()  # a line that was shut looks like an end


class _Session(requests.Session):
    """A session that leaves redirects alone: the library would read their bodies."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class _NoCookies(RequestsCookieJar):
    """A jar that keeps nothing."""

    def set_cookie(self, cookie: Any, *args: Any, **kwargs: Any) -> None:
        return None


def _session(adapter: HeldAdapter, headers: dict[str, str]) -> requests.Session:
    session = _Session()
    session.headers.clear()
    session.headers.update({"Accept-Encoding": ACCEPTED, **headers})
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _no_auth(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send no password that the person's machine knows for a host."""
    return prepared


def _escaped(path: str) -> str:
    """Return a path as it may be sent; what is escaped already stays as it is.

    >>> _escaped("a%2Bb+c%20d e%/é")
    'a%2Bb+c%20d%20e%25/%C3%A9'
    """
    whole = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", path)
    return quote(whole, safe="/%!$&'()*+,;=:@~?", errors="surrogatepass")


def _moved(call: Call, response: Response) -> Call | None:
    """Return where an object is now, None if it hasn't moved within its store."""
    place = response.headers.get("location")
    if call.target is None or response.status not in REDIRECTS or not place:
        return None
    try:
        url = urljoin(call.url, place)
        old, new = urlsplit(call.url), urlsplit(url)
        same = old.scheme == new.scheme and old.hostname == new.hostname
        if not same or _port(old) != _port(new) or new.username or new.password:
            return None
    except ValueError:
        return None
    target = _escaped(f"{new.path}?{new.query}" if new.query else new.path)
    target = f"/{target.lstrip('/')}"
    origin = f"{old.scheme}://{old.netloc}"
    return Call(request=call.request, url=f"{origin}{target}", target=target)


def _told_bytes(response: Response) -> int:
    """Return how long a body is said to be, 0 where it isn't said."""
    told = response.headers.get("content-length", "")
    if "transfer-encoding" in response.headers or not told.isdecimal():
        return 0
    return int(told)


def _port(parts: Any) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


@contextmanager
def _readable(url: str) -> Iterator[None]:
    """Raise an error of ours for an address that is none."""
    try:
        yield
    except ValueError as error:
        raise ConnectionFailedError("the address is none", url=url) from error


def _end_late(exchange: Exchange) -> None:
    exchange.end(
        RequestTimeoutError(
            f"no whole answer came in time{exchange.whom}", url=exchange.url
        )
    )


@contextmanager
def _ended(exchange: Exchange) -> Iterator[None]:
    """Raise what an exchange was ended with in place of what that broke."""
    try:
        yield
    except Exception as error:
        if exchange.error is None or exchange.error is error:
            raise
        if isinstance(exchange.error, Cancelled):
            raise exchange.error from None
        raise exchange.error from error


@contextmanager
def _translated(exchange: Exchange) -> Iterator[None]:
    """Turn what the libraries raise into errors of ours."""
    with _ended(exchange):
        try:
            yield
        except (IDRError, Cancelled):
            raise
        # The border of the layer: the libraries raise far more than they document.
        except Exception as error:
            logger.debug("%s", exchange.url, exc_info=True)
            raise failure(error, url=exchange.url, whom=exchange.whom) from error


@cache
def _http_transport(
    address: str,
    retry: RetryPolicy | None,
    timeout_s: float,
    whole_s: float | None,
    connections: int,
    contact: str,
) -> HttpTransport:
    return HttpTransport(
        address,
        retry=retry,
        timeout_s=timeout_s,
        whole_s=whole_s,
        connections=connections,
        contact=contact,
    )
