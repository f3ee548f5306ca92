"""What the libraries raise when a request fails, as errors of ours."""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING, Final

import requests
from urllib3 import exceptions as urllib3_errors

from napari_idr.errors import (
    BrokenAnswerError,
    CertificateError,
    ConnectionFailedError,
    IDRError,
    ProtocolError,
    RequestTimeoutError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUTS: Final = (requests.Timeout, urllib3_errors.TimeoutError, TimeoutError)

NO_CONNECTION: Final = (requests.ConnectTimeout, urllib3_errors.ConnectTimeoutError)

BROKEN: Final = (
    http.client.IncompleteRead,
    http.client.RemoteDisconnected,
    ConnectionResetError,
    ConnectionAbortedError,
    BrokenPipeError,
)
"""The connection was there, and ended."""

NO_HTTP: Final = (
    http.client.HTTPException,
    urllib3_errors.InvalidChunkLength,
    urllib3_errors.InvalidHeader,
    urllib3_errors.HeaderParsingError,
    urllib3_errors.ResponseError,
    requests.exceptions.InvalidHeader,
)
"""What came can't be read as HTTP."""

PLAIN_ANSWERS: Final = frozenset(
    {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNKNOWN_PROTOCOL", "HTTP_REQUEST"}
)
"""What OpenSSL calls bytes that are no TLS, by its versions."""

TLS_ALERT: Final = "\x15\x03"
"""How a server that speaks TLS begins its answer to one who doesn't (RFC 8446, 5.1)."""

MOST_CAUSES: Final = 20
"""The libraries wrap an error in some five others; the rest would be a circle."""


def failure(error: Exception, *, url: str, whom: str = "") -> IDRError:
    """Return the error of ours for one of a library's.

    Parameters
    ----------
    error
        What was raised; what it wraps counts first.
    url
        Whom the request was for.
    whom
        Words that end the message: whose answer didn't come.
    """
    causes = tuple(_causes(error))
    for cause in reversed(causes):
        if isinstance(cause, ssl.SSLCertVerificationError | ssl.CertificateError):
            return CertificateError(
                f"a certificate that isn't to be trusted came{whom}", url=url
            )
        if isinstance(cause, ssl.SSLError) and _reason(cause) in PLAIN_ANSWERS:
            return ProtocolError(f"no TLS came{whom}", url=url, speaks="http")
    # To urllib3 a connection that is refused is one that came too late.
    if any(isinstance(cause, urllib3_errors.NewConnectionError) for cause in causes):
        return ConnectionFailedError(f"no answer came{whom}", url=url, nobody=True)
    if any(isinstance(cause, NO_CONNECTION) for cause in causes):
        return RequestTimeoutError(
            f"no connection came in time{whom}", url=url, connected=False
        )
    if any(isinstance(cause, TIMEOUTS) for cause in causes):
        return RequestTimeoutError(f"no answer came in time{whom}", url=url)
    if any(isinstance(cause, BROKEN) for cause in causes):
        return BrokenAnswerError(f"no whole answer came{whom}", url=url)
    for cause in causes:
        if isinstance(cause, NO_HTTP):
            line = getattr(cause, "line", "")
            tls = isinstance(line, str) and line.lstrip("'\"").startswith(TLS_ALERT)
            return ProtocolError(
                f"what came is no HTTP{whom}", url=url, speaks="https" if tls else None
            )
    return ConnectionFailedError(f"no answer came{whom}", url=url)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it wraps, in whatever way, the outer ones first."""
    waiting: list[BaseException] = [error]
    seen: list[BaseException] = []
    while waiting and len(seen) < MOST_CAUSES:
        one = waiting.pop(0)
        if any(one is other for other in seen):
            continue
        seen.append(one)
        yield one
        inner = (_reason(one), *one.args, one.__cause__)
        found = (*inner, None if one.__suppress_context__ else one.__context__)
        waiting += [other for other in found if isinstance(other, BaseException)]


def _reason(error: BaseException) -> object:
    """Return what OpenSSL or urllib3 give as the reason, None without one."""
    return getattr(error, "reason", None)
