"""The exceptions of this package, as one tree.

::

    Exception
    ├── IDRError                  something about the archive went wrong; has `url`
    │   ├── ConnectionFailedError     no answer came back
    │   │   ├── RequestTimeoutError       ... within the time allowed
    │   │   ├── BrokenAnswerError         ... whole: the connection broke off
    │   │   ├── NotKeptError              ... and it isn't kept on this computer
    │   │   └── CertificateError          ... that can be trusted
    │   ├── StatusError               a failure status; has `status`
    │   │   ├── NotFoundError             404, or not public
    │   │   ├── RateLimitedError          429; has `retry_after_s`
    │   │   └── ServerError               5xx
    │   ├── ResponseFormatError       an answer, but not in the agreed shape
    │   │   ├── MovedError                where else to ask; has `place`
    │   │   ├── PageError                 a page for people (a login page is one)
    │   │   ├── ProtocolError             no HTTP, or not of the address's kind
    │   │   └── WrongServerError          not that of an OMERO.web
    │   ├── DownloadError             a file can't be stored as asked
    │   ├── PackError                 a pack can't be read or written
    │   └── PixelDataError            the pixels can't be used
    └── Cancelled                 the caller lost interest; not an IDRError

Errors carry facts as attributes. Sentences for people are made in
`napari_idr.services.explain`.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

__all__ = [
    "BrokenAnswerError",
    "Cancelled",
    "CertificateError",
    "ConnectionFailedError",
    "DownloadError",
    "IDRError",
    "MovedError",
    "NotFoundError",
    "NotKeptError",
    "PackError",
    "PageError",
    "PixelDataError",
    "ProtocolError",
    "RateLimitedError",
    "RequestTimeoutError",
    "ResponseFormatError",
    "ServerError",
    "StatusError",
    "WrongServerError",
]


DENIALS: Final = frozenset({401, 403})
"""Who asks isn't known, or may not (RFC 9110, 15.5.2 and 15.5.4)."""


class IDRError(Exception):
    """Base of all failures that concern the archive.

    Parameters
    ----------
    message
        What happened, as a fact.
    url
        The address that was asked, where one was.
    """

    may_pass: ClassVar[bool] = False
    """Whether the same request may succeed a little later."""

    def __init__(self, message: str, *, url: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.url = url

    def __str__(self) -> str:
        return self.message if self.url is None else f"{self.message} [{self.url}]"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle without the keywords of `__init__`, which exceptions don't keep."""
        return _remade, (type(self), self.args), self.__dict__


def _remade(kind: type[IDRError], args: tuple[Any, ...]) -> IDRError:
    return kind.__new__(kind, *args)


class ConnectionFailedError(IDRError):
    """No answer came back.

    `nobody` tells that nobody was there to answer: no such name, no way to it, no
    server at its port.
    """

    may_pass = True

    def __init__(
        self, message: str, *, url: str | None = None, nobody: bool = False
    ) -> None:
        super().__init__(message, url=url)
        self.nobody = nobody


class RequestTimeoutError(ConnectionFailedError):
    """No answer came back within the time allowed.

    `connected` tells whether the server was there at all.
    """

    def __init__(
        self, message: str, *, url: str | None = None, connected: bool = True
    ) -> None:
        super().__init__(message, url=url, nobody=not connected)
        self.connected = connected


class BrokenAnswerError(ConnectionFailedError):
    """The server was reached, and the connection ended before the answer did."""


class NotKeptError(ConnectionFailedError):
    """The server isn't asked, and what was asked for isn't kept on this computer.

    `pack` is the name of the pack that is looked at, None where the server can't be
    reached: then it may come later.
    """

    def __init__(
        self, message: str, *, url: str | None = None, pack: str | None = None
    ) -> None:
        super().__init__(message, url=url, nobody=True)
        self.pack = pack


class CertificateError(ConnectionFailedError):
    """The server couldn't prove who it is: its certificate isn't to be trusted."""

    may_pass = False


class StatusError(IDRError):
    """The server answered with a failure; `status` is the HTTP status."""

    def __init__(self, message: str, *, status: int, url: str | None = None) -> None:
        super().__init__(message, url=url)
        self.status = status

    @property
    def is_denial(self) -> bool:
        """Whether what was asked for isn't open to everybody, which may be changed."""
        return self.status in DENIALS


class NotFoundError(StatusError):
    """What was asked for doesn't exist, or isn't public.

    `kind` and `id` name the object where the caller knew them: a plate and 42, a study
    and "idr0013".
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 404,
        url: str | None = None,
        kind: str | None = None,
        id: int | str | None = None,  # noqa: A002 - the word of the data model
    ) -> None:
        super().__init__(message, status=status, url=url)
        self.kind = kind
        self.id = id


class RateLimitedError(StatusError):
    """The server asked for fewer requests; `retry_after_s` is its wish, if any."""

    may_pass = True

    def __init__(
        self,
        message: str,
        *,
        status: int = 429,
        url: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, status=status, url=url)
        self.retry_after_s = retry_after_s


class ServerError(StatusError):
    """The server failed (5xx)."""

    may_pass = True


class ResponseFormatError(IDRError):
    """An answer came, but not in the agreed shape."""


class MovedError(ResponseFormatError):
    """The server points to another one, which isn't asked unless a person wants it.

    `place` is the address of that server, as "https://host:port".
    """

    def __init__(
        self, message: str, *, url: str | None = None, place: str = ""
    ) -> None:
        super().__init__(message, url=url)
        self.place = place


class PageError(ResponseFormatError):
    """A page for people came where data is due: of a login, of a repair."""


class ProtocolError(ResponseFormatError):
    """What answers doesn't speak HTTP as the address says.

    `speaks` is the scheme that it seems to want instead, "http" or "https", None if
    that isn't known.
    """

    def __init__(
        self, message: str, *, url: str | None = None, speaks: str | None = None
    ) -> None:
        super().__init__(message, url=url)
        self.speaks = speaks


class WrongServerError(ResponseFormatError):
    """A web server answers, but not as OMERO.web does."""


class DownloadError(IDRError):
    """A file can't be stored as asked: it exists, its name is unfit, no room."""


class PackError(IDRError):
    """A pack can't be read or written: damaged, of a newer version, no room."""


class PixelDataError(IDRError):
    """The pixels can't be used: unknown type, wrong size, none to be had."""


class Cancelled(Exception):  # noqa: N818 - not a failure
    """The caller lost interest. Not an `IDRError`, so nothing catches it by chance."""
