"""Questions to a server's JSON endpoints: one, page by page, or in chunks of ids."""

from __future__ import annotations

import json
import logging
import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from operator import index
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin, urlsplit

from napari_idr.api.json_text import read_json_text
from napari_idr.api.node import Node
from napari_idr.cancel import NEVER
from napari_idr.errors import (
    IDRError,
    MovedError,
    NotFoundError,
    PageError,
    RateLimitedError,
    ResponseFormatError,
    ServerError,
    StatusError,
)
from napari_idr.threads import Begun
from napari_idr.transport import JSON_BYTES, Request, retry_after_s

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from napari_idr.cancel import CancelToken
    from napari_idr.model import ObjectKind
    from napari_idr.transport import Params, Response, Transport

T = TypeVar("T")

logger = logging.getLogger(__name__)

HINT_CHARS = 200
"""So much of what the server says about its failure is kept in the message."""


INNARDS = re.compile(r"traceback|exception|0x[0-9a-f]{4,}|\bat \S+\(|::", re.IGNORECASE)
"""What tells of a server's innards, not of the question."""


class JsonClient:
    """Asks one server through a transport. Thread-safe; pickles if that does.

    Statuses, redirects, pages where data is due and broken JSON become errors
    here. An endpoint with odd answers of its own takes the `response`, looks at
    it, and hands it to `read_json`.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def read(
        self,
        path: str,
        params: Params = (),
        *,
        reader: Callable[[Node], T],
        inspect: Callable[[Response], object] | None = None,
        cancel: CancelToken,
        body: Mapping[str, object] | None = None,
        max_bytes: int = JSON_BYTES,
    ) -> T:
        """Return what a reader makes of the JSON of an answer; errors as in `json`.

        This alone uses what is remembered of earlier answers, and has answers
        remembered: those that the reader has read whole, without an error and without
        a note. A remembered answer that it can't read so is forgotten, and asked for
        once anew.

        Parameters
        ----------
        path, params, body
            The question; a body makes it a POST.
        reader
            Reads all that is wanted of the answer; nothing of it is read later.
        inspect
            Looks at the answer first, and may raise what its status means here.
        cancel
            Ends it.
        max_bytes
            The answer is an error where it is larger.
        """
        asked = self.ask(path, params, cancel=cancel, body=body, max_bytes=max_bytes)
        return asked.read(reader, inspect=inspect, cancel=cancel)

    def ask(
        self,
        path: str,
        params: Params = (),
        *,
        cancel: CancelToken,
        body: Mapping[str, object] | None = None,
        max_bytes: int = JSON_BYTES,
    ) -> Asked:
        """Return an answer that is still to be read, maybe by another thread.

        It is asked for as in `read`, which is this and its reading at once.
        """
        request = _question(path, params, body, max_bytes)
        response = self.transport.send(request, cancel=cancel)
        return Asked(self.transport, request, response)

    def json(
        self,
        path: str,
        params: Params = (),
        *,
        cancel: CancelToken,
        body: Mapping[str, object] | None = None,
        max_bytes: int = JSON_BYTES,
    ) -> Node:
        """Return the JSON of an answer; `body` makes the question a POST.

        Nothing remembered is used, and the answer isn't remembered: see `read`.

        Raises
        ------
        StatusError
            The server answered with a failure; `NotFoundError`,
            `RateLimitedError` and `ServerError` where it is one of these.
        ResponseFormatError
            A redirect, a page, or broken JSON came.
        ConnectionFailedError, RequestTimeoutError
            No answer came.
        """
        answer = self.response(
            path, params, cancel=cancel, body=body, max_bytes=max_bytes
        )
        return read_json(answer, cancel)

    def response(
        self,
        path: str,
        params: Params = (),
        *,
        cancel: CancelToken,
        body: Mapping[str, object] | None = None,
        max_bytes: int = JSON_BYTES,
    ) -> Response:
        """Return the answer, whatever its status, if it isn't larger than allowed.

        Nothing remembered is used, and the answer isn't remembered: see `read`.
        """
        request = replace(_question(path, params, body, max_bytes), fresh=True)
        return self.transport.send(request, cancel=cancel)


def _question(
    path: str, params: Params, body: Mapping[str, object] | None, max_bytes: int
) -> Request:
    return Request(
        path=path,
        params=params,
        method="GET" if body is None else "POST",
        json=None if body is None else json.dumps(body, default=index),
        max_bytes=max_bytes,
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """An answer that came and isn't read yet, and how it is asked for once more."""

    transport: Transport
    request: Request
    response: Response

    def read(
        self,
        reader: Callable[[Node], T],
        *,
        inspect: Callable[[Response], object] | None = None,
        cancel: CancelToken,
    ) -> T:
        """Return what a reader makes of it: see `JsonClient.read`."""
        response = self.response
        if response.forget is not None:
            try:
                thing, is_whole = _read(response, reader, inspect, cancel)
                if is_whole:
                    response.keep()  # in a pack, where one is being made
                    return thing
            except IDRError as error:
                logger.info("a remembered answer can't be read: %s", error)
            response.forget()
            again = replace(self.request, fresh=True)
            response = self.transport.send(again, cancel=cancel)
        try:
            thing, is_whole = _read(response, reader, inspect, cancel)
        except StatusError as error:
            if not error.may_pass:  # that there is no such thing is an answer, too
                response.set_aside()
            raise
        if is_whole:
            response.keep()
        else:
            response.set_aside()
        return thing


def _read(
    response: Response,
    reader: Callable[[Node], T],
    inspect: Callable[[Response], object] | None,
    cancel: CancelToken,
) -> tuple[T, bool]:
    """Return what a reader makes of an answer, and whether nothing was passed over."""
    if inspect is not None:
        inspect(response)
    node = read_json(response, cancel)
    thing = reader(node)
    return thing, not node.notes


def read_json(response: Response, cancel: CancelToken = NEVER) -> Node:
    """Return the JSON of a good answer; raise as `JsonClient.json` does.

    Reading the rows of a long list ends when `cancel` tells so: see `Node.rows`.
    """
    require_success(response)
    try:
        value = read_json_text(response.body)
    except (ValueError, RecursionError) as error:  # the latter: endlessly nested
        raise ResponseFormatError(
            "the JSON is broken or cut short", url=response.url
        ) from error
    return Node(value, url=response.url, cancel=cancel)


def require_success(response: Response) -> None:
    """Raise the error that an answer means, if it isn't a good one."""
    if response.status == 200:
        if is_page(response):
            raise PageError("a page came where data is due", url=response.url)
        return
    raise status_error(response)


def status_error(response: Response) -> IDRError:
    """Return what a status other than 200 means."""
    status, url = response.status, response.url
    message = f"the server answered {status}"
    if hint := server_message(response):
        message = f"{message}: {hint}"
    if 300 <= status < 400:
        place = response.headers.get("location", "nowhere")
        return moved_error(response) or ResponseFormatError(
            f"{message} and points to {place}", url=url
        )
    if status in (404, 410):
        return NotFoundError(message, status=status, url=url)
    if status == 429:
        return RateLimitedError(
            message, url=url, retry_after_s=retry_after_s(response.headers)
        )
    if status >= 500:
        return ServerError(message, status=status, url=url)
    if status >= 400:
        return StatusError(message, status=status, url=url)
    return ResponseFormatError(f"{message}, not 200", url=url)


def moved_error(response: Response) -> MovedError | None:
    """Return that a redirect leads to another server, None if an answer does not.

    >>> from napari_idr.transport import Response
    >>> moved = {"location": "https://me@New.example/omero/"}
    >>> response = Response(url="http://old.example/x/", status=301, headers=moved)
    >>> moved_error(response).place
    'https://new.example'
    """
    location = response.headers.get("location")
    if not (300 <= response.status < 400 and location):
        return None
    try:
        old, new = urlsplit(response.url), urlsplit(urljoin(response.url, location))
        port = "" if new.port is None else f":{new.port}"
    except ValueError:
        return None
    if new.scheme not in ("http", "https") or not new.hostname:
        return None
    host = f"[{new.hostname}]" if ":" in new.hostname else new.hostname
    place = f"{new.scheme}://{host}{port}"
    if place == f"{old.scheme}://{old.netloc.lower()}":
        return None
    message = f"the server answered {response.status} and points to {location}"
    return MovedError(message, url=response.url, place=place)


def is_page(response: Response) -> bool:
    """Tell whether a page for people came, whatever its label says."""
    return response.body[:200].lstrip()[:1] == b"<"


def is_json(response: Response) -> bool:
    """Tell whether the answer is labelled as JSON."""
    return response.content_type == "application/json"


def server_message(response: Response) -> str:
    """Return in one line what the server says about its failure, "" if nothing."""
    if is_page(response):
        return ""
    text = response.body.decode("utf-8", "replace").strip()
    if is_json(response):
        try:
            value = read_json_text(text)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            said = (value.get(key) for key in ("message", "error", "Error"))
            text = next((word for word in said if isinstance(word, str)), "")
    text = text.partition("\n")[0][:HINT_CHARS]
    return "" if INNARDS.search(text) else text


@contextmanager
def naming(kind: ObjectKind, number: int) -> Iterator[None]:
    """Say in a `NotFoundError` raised inside which object it was."""
    try:
        yield
    except NotFoundError as error:
        raise NotFoundError(
            error.message, status=error.status, url=error.url, kind=kind, id=number
        ) from error


LIST_PAGE = 500
"""Rows of a web client's list in one answer; IDR's own page size."""

OBJECT_PAGE = 1000
"""Rows of the JSON API in one answer: the most it gives (`meta.maxLimit`)."""

ROUND = 5
"""A page size is a number that a person chose, and ends in 0 or 5."""


def list_pages(
    json_client: JsonClient,
    path: str,
    params: Params,
    key: str,
    reader: Callable[[Node], T],
    *,
    cancel: CancelToken,
) -> Iterator[T]:
    """Yield what a reader makes of a web client's rows, whatever the page size.

    The server cuts a list without any mark. It heeds our `limit`, so a page with
    fewer rows is the last. Should it cut shorter all the same, then the first
    page has a round number of rows, and only then one more request is spent on
    making sure. The end is a page that is shorter than the first, or brings
    nothing new.

    GET {path}?{params}&page=&limit=
    """
    first = 0

    def page_after(page: int, answer: Node) -> int | None:
        nonlocal first
        count = len(answer.child(key).plain_list())
        first = count if page == 1 else first
        return None if count < first or count % ROUND else page + 1

    def question(page: int) -> Params:
        return (*params, ("page", page), ("limit", LIST_PAGE))

    pages = _Pages(json_client, path, question, page_after, key, "id")
    return pages.rows(reader, start=1, cancel=cancel)


def object_pages(
    json_client: JsonClient,
    path: str,
    params: Params,
    reader: Callable[[Node], T],
    *,
    cancel: CancelToken,
) -> Iterator[T]:
    """Yield what a reader makes of a list of the JSON API, which tells its length.

    The end is that number, or a page that brings nothing new, whatever was told.

    GET {path}?{params}&limit=&offset=
    """

    def offset_after(offset: int, answer: Node) -> int | None:
        total = answer.child("meta").get("totalCount", int)
        offset += len(answer.child("data").plain_list())
        return None if offset >= total else offset

    def question(offset: int) -> Params:
        return (*params, ("limit", OBJECT_PAGE), ("offset", offset))

    pages = _Pages(json_client, path, question, offset_after, "data", "@id")
    return pages.rows(reader, start=0, cancel=cancel)


@dataclass(frozen=True, slots=True)
class _Pages:
    """A list that comes page by page; the next is asked for while one is read."""

    json_client: JsonClient
    path: str
    question: Callable[[int], Params]
    """Asks for the page that begins at a place."""
    next_place: Callable[[int, Node], int | None]
    """Tells from a place and its page where the next page begins, None for nowhere."""
    key: str
    """Of the rows."""
    id_key: str
    """Of a row's number: each counts once, and a page without a new one is the last."""

    def rows(
        self, reader: Callable[[Node], T], *, start: int, cancel: CancelToken
    ) -> Iterator[T]:
        seen: set[object] = set()
        stop = cancel.child()
        place = start
        following: tuple[int, Begun[Asked]] | None = None

        def read_page(answer: Node) -> list[tuple[int, T]]:
            nonlocal following
            following, after = None, self.next_place(place, answer)
            if after is not None and self._may_be_new(answer, seen):
                following = after, Begun(partial(self._ask, after, stop))
            return [
                (row.get(self.id_key, int), reader(row))
                for row in answer.rows(self.key)
            ]

        try:
            asked = self._ask(place, cancel)
            while True:
                page = asked.read(read_page, cancel=cancel)
                new = [(number, row) for number, row in page if number not in seen]
                seen.update(number for number, _ in new)
                yield from (row for _, row in new)
                if following is None or not new:
                    return
                place, coming = following
                asked = coming.take(cancel)
        finally:
            stop.cancel()

    def _ask(self, place: int, cancel: CancelToken) -> Asked:
        return self.json_client.ask(self.path, self.question(place), cancel=cancel)

    def _may_be_new(self, answer: Node, seen: set[object]) -> bool:
        rows = answer.child(self.key).plain_list()
        numbers = [row.get(self.id_key) for row in rows if isinstance(row, dict)]
        return any(one not in seen for one in numbers if isinstance(one, int | str))


MAX_QUERY_BYTES = 3600
"""Servers refuse request lines over 4094 bytes; the rest is for path and options."""


def id_chunks(
    ids: Iterable[int], *, parameter: str, most: int
) -> Iterator[tuple[int, ...]]:
    """Yield ids in chunks that fit into one URL, each id once, in ascending order.

    Equal sets make equal chunks, and so equal URLs that caches know again.

    >>> list(id_chunks([3, 1, 2, 3], parameter="id", most=2))
    [(1, 2), (3,)]
    """
    chunk: list[int] = []
    size = 0
    for number in sorted({index(number) for number in ids}):
        cost = len(f"&{parameter}={number}")
        if chunk and (len(chunk) == most or size + cost > MAX_QUERY_BYTES):
            yield tuple(chunk)
            chunk, size = [], 0
        chunk.append(number)
        size += cost
    if chunk:
        yield tuple(chunk)
