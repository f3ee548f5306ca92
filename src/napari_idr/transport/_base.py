"""What a transport is: a request in, a response out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from napari_idr.cancel import CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

Params = tuple[tuple[str, str | int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request.

    `path` is relative to the server's address, without a leading slash. `params`
    keep their order, so that equal questions make equal URLs, which is what the
    server's cache goes by. `json` makes it a POST. `fresh` asks past our cache.
    """

    path: str
    params: Params = ()
    method: Literal["GET", "POST"] = "GET"
    json: str | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer; header names are in lower case; redirects are not followed."""

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    forget: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)
    """Tells whoever remembers this answer that it can't be read."""

    @property
    def content_type(self) -> str:
        """The media type without its parameters, "" if there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Stream(Protocol):
    """An answer whose body is read as it comes."""

    @property
    def response(self) -> Response:
        """Status and headers; its body is empty."""
        ...

    def chunks(self, *, cancel: CancelToken) -> Iterator[bytes]:
        """Yield the body in the pieces in which it arrives."""
        ...


class Transport(Protocol):
    """Carries requests to one server. Thread-safe."""

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        """Return the answer, whatever its status.

        Raises
        ------
        ConnectionFailedError, RequestTimeoutError
            No answer came back.
        Cancelled
            The token was raised before the answer was whole.
        """
        ...

    def stream(
        self, request: Request, *, cancel: CancelToken
    ) -> AbstractContextManager[Stream]:
        """Open an answer of any size; errors as in `send`."""
        ...

    def close(self) -> None:
        """Let go of connections; waiting requests end with an error."""
        ...
