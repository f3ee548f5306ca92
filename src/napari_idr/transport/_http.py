"""The only module that opens a socket to the archive's web server."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError as Urllib3Error
from urllib3.exceptions import InvalidHeader
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError
from urllib3.util import Retry

from napari_idr.errors import (
    ConnectionFailedError,
    RequestTimeoutError,
    ResponseFormatError,
)
from napari_idr.transport._address import is_loopback, server_address
from napari_idr.transport._base import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.cancel import CancelToken

logger = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 16
"""Most that is taken from the line at once; the token is looked at in between."""

MAX_BODY_BYTES = 256 * 1024 * 1024
"""No answer we ask for comes near: a plane of 8192 x 8192 is 64 MB as it is."""

CONNECT_TIMEOUT_S = 10.0
"""A server that hasn't shaken hands by then is taken for absent."""

PAUSE_STEP_S = 0.1
"""How often a pause looks whether the transport has been closed."""

HOMEPAGE = "https://github.com/napari-idr/napari-idr"

POLITE = Retry(
    total=2,
    backoff_factor=0.5,
    backoff_jitter=0.5,
    backoff_max=8.0,
    status_forcelist=(429, 502, 503, 504),
    allowed_methods=None,  # all we send are questions, those by POST too
    respect_retry_after_header=True,
    raise_on_status=False,
)
"""Three tries with about two seconds of pauses: then a dead server is told.

A plain 500 isn't tried again: it comes from the question, not from the moment.
"""

LONGEST_PAUSE_S = 10.0
"""A server that wants us away for longer is told to the person instead."""


CLOSED = "the client was closed"


def user_agent() -> str:
    """Return the name and version that we give ourselves."""
    try:
        number = version("napari-idr")
    except PackageNotFoundError:  # run from a folder that isn't installed
        number = "0"
    return f"napari-idr/{number} (+{HOMEPAGE})"


class HttpTransport:
    """Carries requests over one pool of connections. Thread-safe.

    Parameters
    ----------
    address
        The server, as people write it; see `server_address`.
    retry
        Which answers are asked for again, and after what pause.
    timeout_s
        Longest silence of the server, in seconds.
    connections
        How many connections are kept open.

    Raises
    ------
    ValueError
        The address names no server.
    """

    def __init__(
        self,
        address: str,
        *,
        retry: Retry = POLITE,
        timeout_s: float = 30.0,
        connections: int = 4,
    ) -> None:
        self.address = server_address(address)
        self._retry = retry
        self._timeout_s = (min(CONNECT_TIMEOUT_S, timeout_s), timeout_s)
        self._closed = threading.Event()
        self._session = requests.Session()
        self._session.trust_env = not is_loopback(self.address)
        self._session.headers.update(
            {
                "User-Agent": user_agent(),
                "Accept": "application/json, image/*, */*;q=0.5",
                # failures then come as short text, not as pages and logins
                "X-Requested-With": "XMLHttpRequest",
            }
        )
        adapter = HTTPAdapter(
            pool_connections=1, pool_maxsize=connections, max_retries=0
        )
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        """Return the answer, whatever its status, after the tries it is worth."""
        retry = self._retry
        while True:
            try:
                with self._open(request, cancel) as stream:
                    answer = stream.read(cancel=cancel)
                    wish_s = stream.retry_after_s(retry)
            except RequestTimeoutError:
                raise  # it was given its time
            except ConnectionFailedError:
                if not retry.total or self._closed.is_set():
                    raise
                wish_s = None
            else:
                again = retry.total and answer.status in retry.status_forcelist
                if not again or (wish_s or 0.0) > LONGEST_PAUSE_S:
                    return answer
            retry = retry.increment(method=request.method, url=request.path)
            pause_s = max(retry.get_backoff_time(), retry.backoff_factor)
            self._pause(pause_s if wish_s is None else wish_s, cancel)

    @contextmanager
    def stream(self, request: Request, *, cancel: CancelToken) -> Iterator[HttpStream]:
        """Open an answer of any size; it is asked for once."""
        with self._open(request, cancel) as stream:
            yield stream

    def close(self) -> None:
        """Let go of connections; waiting requests end with an error."""
        self._closed.set()
        self._session.close()

    def _pause(self, seconds: float, cancel: CancelToken) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._closed.is_set():
                raise ConnectionFailedError(CLOSED, url=self.address)
            cancel.sleep(min(left, PAUSE_STEP_S))

    @contextmanager
    def _open(self, request: Request, cancel: CancelToken) -> Iterator[HttpStream]:
        url = f"{self.address}/{request.path}"
        if request.params:
            url = f"{url}?{urlencode(request.params)}"
        cancel.check()
        if self._closed.is_set():
            raise ConnectionFailedError(CLOSED, url=url)
        logger.debug("%s %s", request.method, url)
        headers = {} if request.json is None else {"Content-Type": "application/json"}
        with _translated(url):
            answer = self._session.request(
                request.method,
                url,
                data=None if request.json is None else request.json.encode(),
                headers=headers,
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,
            )
        try:
            yield HttpStream(answer, self._closed)
        finally:
            answer.close()


class HttpStream:
    """An answer whose body is still on the line."""

    def __init__(self, answer: requests.Response, closed: threading.Event) -> None:
        self._answer = answer
        self._closed = closed
        self.response = Response(
            url=answer.url,
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
        )

    def chunks(self, *, cancel: CancelToken) -> Iterator[bytes]:
        """Yield the body in the pieces in which it arrives.

        Raises
        ------
        ConnectionFailedError
            The line broke before the body was whole.
        """
        with _translated(self.response.url):
            while chunk := self._answer.raw.read1(CHUNK_BYTES, decode_content=True):
                cancel.check()
                if self._closed.is_set():
                    raise ConnectionFailedError(CLOSED, url=self.response.url)
                yield chunk

    def read(self, *, cancel: CancelToken) -> Response:
        """Return the answer with its whole body."""
        body = bytearray()
        for chunk in self.chunks(cancel=cancel):
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise ResponseFormatError(
                    f"the answer is larger than {MAX_BODY_BYTES} bytes",
                    url=self.response.url,
                )
        cancel.check()
        return replace(self.response, body=bytes(body))

    def retry_after_s(self, retry: Retry) -> float | None:
        """Return how long the server wants to be left alone, None if not told."""
        try:
            return retry.get_retry_after(self._answer.raw)
        except InvalidHeader:
            return None


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """Turn the errors of the HTTP library into ours."""
    try:
        yield
    except (requests.Timeout, Urllib3TimeoutError) as error:
        raise RequestTimeoutError(
            "the server did not answer in time", url=url
        ) from error
    except (requests.RequestException, Urllib3Error, OSError) as error:
        raise ConnectionFailedError(
            f"no whole answer came: {error}", url=url
        ) from error
