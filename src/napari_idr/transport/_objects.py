"""Objects behind plain http(s) addresses: the files of which an OME-Zarr is made.

obstore carries the bytes, zarr-python asks for them. Between the two stands a view
that lives as long as one question: it sends nothing more once its caller has lost
interest, or once one of its requests has failed.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, unquote, urlsplit

import obstore.exceptions
from obstore.store import HTTPStore
from zarr.abc.store import SuffixByteRequest
from zarr.buffer import default_buffer_prototype
from zarr.core.sync import sync
from zarr.storage import ObjectStore, StorePath, WrapperStore

from napari_idr.errors import (
    ConnectionFailedError,
    IDRError,
    PixelDataError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    StatusError,
)
from napari_idr.transport._kept import Kept

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Sequence
    from typing import Any

    from zarr.abc.buffer import Buffer, BufferPrototype
    from zarr.abc.store import ByteRequest

    from napari_idr.cancel import CancelToken

logger = logging.getLogger(__name__)

T = TypeVar("T")

POLL_S = 0.02
"""How often a waiting request looks at its token: a fifth of what an eye notices."""

AT_ONCE = 8
"""Requests in flight: as many as the other servers of the archive are sent."""

RETRIES = 2
"""Further tries after a 5xx or a lost connection; obstore waits between them."""

GONE_S = 3.0
"""A host that can't be reached for so long is gone, and the next source is due.

Object stores answer to a connection within 0.3 s, from the other side of the world.
"""


class ObjectStorage:
    """Reads objects over http(s), so many at once. Thread-safe.

    It pickles as its settings. Connections are made anew where it is unpickled, once
    a process: all that is unpickled there shares them, and the bound on requests.

    Parameters
    ----------
    at_once
        Requests in flight, over all hosts and threads.
    timeout_s
        Time for one request, from its start to its last byte.
    user_agent
        How the client names itself.
    """

    def __init__(
        self,
        *,
        at_once: int = AT_ONCE,
        timeout_s: float = 30.0,
        user_agent: str = "napari-idr",
    ) -> None:
        if at_once < 1:
            raise ValueError(f"at_once is at least 1, not {at_once}")
        self._settings = (at_once, timeout_s, user_agent)
        self._lock = threading.Lock()
        self._hosts: dict[str, ObjectStore[HTTPStore]] = {}
        self._slots = asyncio.Semaphore(at_once)
        self._kept: Kept[Buffer | None] = Kept(_size)

    def __reduce__(self) -> tuple[Any, ...]:
        return _object_storage, self._settings

    def view(self, url: str, *, keep: bool = False, cancel: CancelToken) -> StorePath:
        """Return what lies under an address, as a path in a store of zarr-python.

        The store raises an `IDRError` or `Cancelled`; what isn't there is None.
        With `keep`, all objects are kept for the next views that ask with it, as far
        as there is room; without, only the indices of shards are.
        """
        origin, path = _split(url)
        with self._lock:
            if (host := self._hosts.get(origin)) is None:
                host = self._hosts[origin] = self._connect(origin)
        view = _View(host, origin, self._slots, self._kept, keep, cancel)
        return StorePath(view, path)

    def fetch(
        self, url: str, names: Sequence[str], *, cancel: CancelToken
    ) -> list[bytes | None]:
        """Return the objects of these names under an address, asked for together.

        None stands for one that doesn't exist (404).

        Raises
        ------
        ConnectionFailedError, RequestTimeoutError, StatusError
            An answer didn't come, or was a failure.
        Cancelled
            The token was raised.
        """
        cancel.check()
        root = self.view(url, cancel=cancel)
        prototype = default_buffer_prototype()

        async def one(name: str) -> bytes | None:
            buffer = await (root / name).get(prototype)
            return None if buffer is None else buffer.to_bytes()

        async def together() -> list[bytes | None]:
            return list(await asyncio.gather(*map(one, names)))

        found: list[bytes | None] = sync(together())
        return found

    def _connect(self, origin: str) -> ObjectStore[HTTPStore]:
        _, timeout_s, user_agent = self._settings
        store = HTTPStore(
            origin,
            client_options={
                # Nor does a redirect lead from https to http.
                "allow_http": origin.startswith("http:"),
                "user_agent": user_agent,
                "timeout": timedelta(seconds=timeout_s),
                "connect_timeout": timedelta(seconds=min(timeout_s, GONE_S)),
            },
            retry_config={
                "max_retries": RETRIES,
                "retry_timeout": timedelta(seconds=min(timeout_s, GONE_S)),
            },
        )
        return ObjectStore(store, read_only=True)


@cache
def _object_storage(at_once: int, timeout_s: float, user_agent: str) -> ObjectStorage:
    return ObjectStorage(at_once=at_once, timeout_s=timeout_s, user_agent=user_agent)


class _View(WrapperStore[ObjectStore[HTTPStore]]):
    """The objects of one host, for as long as one caller wants them."""

    def __init__(
        self,
        store: ObjectStore[HTTPStore],
        origin: str,
        slots: asyncio.Semaphore,
        kept: Kept[Buffer | None],
        keep: bool,
        cancel: CancelToken,
    ) -> None:
        super().__init__(store)
        self._origin = origin
        self._slots = slots
        self._kept = kept
        self._keep = keep
        self._cancel = cancel
        self._failure: IDRError | None = None

    async def get(
        self,
        key: str,
        prototype: BufferPrototype,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """Return an object or a part of it, None where there is none."""
        # The end of an object is the index of a shard, which all its readers share.
        if self._keep or isinstance(byte_range, SuffixByteRequest):
            return await self._shared(key, prototype, byte_range)
        task = asyncio.ensure_future(self._in_turn(key, prototype, byte_range))
        try:
            return await self._result(task)
        finally:
            task.cancel()

    async def get_partial_values(
        self,
        prototype: BufferPrototype,
        key_ranges: Iterable[tuple[str, ByteRequest | None]],
    ) -> list[Buffer | None]:
        """Return parts of objects, each with its own request."""
        asked = [self.get(key, prototype, part) for key, part in key_ranges]
        return list(await asyncio.gather(*asked))

    async def _get_many(
        self, requests: Iterable[tuple[str, BufferPrototype, ByteRequest | None]]
    ) -> AsyncGenerator[tuple[str, Buffer | None], None]:
        for key, prototype, part in requests:
            yield key, await self.get(key, prototype, part)

    async def _in_turn(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None
    ) -> Buffer | None:
        async with self._slots:
            self._check()
            try:
                return await self._send(key, prototype, byte_range)
            except IDRError as error:
                self._failure = error
                raise

    async def _shared(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None
    ) -> Buffer | None:
        """Return what all that want it are sent together, whoever asked first."""

        async def ask() -> Buffer | None:
            async with self._slots:
                return await self._send(key, prototype, byte_range)

        self._check()
        try:
            name = (self._origin, key, repr(byte_range))  # ranges have no hash
            return await self._kept.get(name, ask, self._result)
        except IDRError as error:
            self._failure = error
            raise

    async def _send(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None
    ) -> Buffer | None:
        logger.debug("object %s%s %s", self._origin, key, byte_range or "")
        try:
            return await self._store.get(key, prototype, byte_range)
        except (obstore.exceptions.BaseError, ValueError, OSError) as error:
            raise _translated(error, self._origin + quote(key)) from error

    def _check(self) -> None:
        """Raise where the caller, or an answer before, has put an end to it."""
        self._cancel.check()
        if self._failure is not None:
            raise self._failure

    async def _result(self, task: asyncio.Task[T]) -> T:
        """Wait for a task and look at the token meanwhile."""
        while True:
            await asyncio.wait({task}, timeout=POLL_S)
            if task.done():
                return task.result()
            self._cancel.check()


def _size(part: Buffer | None) -> int:
    return 0 if part is None else len(part)


def _split(url: str) -> tuple[str, str]:
    """Return the origin and the path as the store wants it: neither coded nor slashed.

    >>> _split("https://host.example/bucket/a%20b.zarr/")
    ('https://host.example/', 'bucket/a b.zarr')
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"not an http(s) address: {url!r}")
    path = "/".join(part for part in unquote(parts.path).split("/") if part)
    return f"{parts.scheme}://{parts.netloc}/", path


def _translated(error: Exception, url: str) -> IDRError:
    """Say in our words what obstore reports; the status is in its text alone."""
    text = str(error)
    if isinstance(error, obstore.exceptions.NotSupportedError):
        return PixelDataError("the server doesn't send parts of files", url=url)
    if isinstance(error, obstore.exceptions.PermissionDeniedError):
        return StatusError("the object isn't public", status=403, url=url)
    if isinstance(error, obstore.exceptions.UnauthenticatedError):
        return StatusError("the object isn't public", status=401, url=url)
    if (found := re.search(r"status code: (\d{3})", text)) is not None:
        status = int(found[1])
        if status == 429:
            return RateLimitedError("the store asked for fewer requests", url=url)
        kind = ServerError if status >= 500 else StatusError
        return kind(f"the store answered {status}", status=status, url=url)
    if "TimedOut" in text or "kind: Timeout" in text:
        return RequestTimeoutError("the store did not answer in time", url=url)
    if isinstance(error, ValueError):
        return PixelDataError("a path that can't be an object's", url=url)
    return ConnectionFailedError("no answer came from the store", url=url)
