"""Objects of which an OME-Zarr is made: zarr-python's keys as requests.

zarr-python reads from memory. What it finds missing there is noted, brought, and the
read is run again until nothing is missing: once more for plain chunks, twice for those
in shards, whose index comes first. So the network is waited for in our own threads,
where priorities hold and cancelling ends what is under way.
"""

from __future__ import annotations

import threading
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from cachetools import LRUCache
from zarr.abc.store import (
    OffsetByteRequest,
    RangeByteRequest,
    Store,
    SuffixByteRequest,
)
from zarr.buffer import default_buffer_prototype
from zarr.storage import StorePath

from napari_idr.errors import (
    IDRError,
    PixelDataError,
    RateLimitedError,
    ServerError,
    StatusError,
)
from napari_idr.threads import SingleFlight, in_parallel
from napari_idr.transport import (
    JSON_BYTES,
    OBJECT_BYTES,
    ByteRange,
    Request,
    retry_after_s,
)

if TYPE_CHECKING:
    from collections.abc import (
        AsyncIterator,
        Callable,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from zarr.abc.buffer import Buffer, BufferPrototype
    from zarr.abc.store import ByteRequest

    from napari_idr.api.zarr.hidden import DeniedChunks
    from napari_idr.cancel import CancelToken
    from napari_idr.transport import Response, Transport

T = TypeVar("T")

Key = tuple[str, ByteRange | None]
"""The name of an object below an address, and which part of it."""

Place = tuple[str, str, ByteRange | None]
"""The server, the path of an object on it, and which part of it."""

MAX_ROUNDS: Final = 6
"""An index and then chunks are two rounds; shards within shards are one more each."""

DENIED: Final = 403

MAX_BYTES: Final = 64 * 2**20
"""Some tens of chunks as they are stored, compressed: those of one view."""

ENTRY_BYTES: Final = 500
"""What an entry takes by itself, so that missing chunks are bounded as well."""


class ChunkCache:
    """Parts of objects that several reads want: asked for once, and kept a while.

    Thread-safe. The least used go first. None stands for what doesn't exist.

    Parameters
    ----------
    max_bytes
        What all that is kept may take.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._lock = threading.Lock()
        self._max_bytes = max_bytes
        self._parts: LRUCache[Any, tuple[bytes | None]] = LRUCache(max_bytes, _size)
        self._flights: SingleFlight[bytes | None] = SingleFlight()

    def get(
        self,
        key: tuple[Any, ...],
        fetch: Callable[[CancelToken], bytes | None],
        *,
        cancel: CancelToken,
    ) -> bytes | None:
        """Return a part: kept, on its way, or fetched now.

        What `fetch` raises is raised to all that want it, and isn't kept. If the one
        that fetches is cancelled, another of them does it.
        """

        def make(stop: CancelToken) -> bytes | None:
            if (known := self._find(key)) is not None:
                return known[0]
            part = fetch(stop)
            self._keep(key, part)
            return part

        if (known := self._find(key)) is not None:
            return known[0]
        return self._flights.get(key, make, cancel=cancel)

    def forget(self, keys: Iterable[tuple[Any, ...]]) -> None:
        """Keep parts no longer: they can't be read."""
        with self._lock:
            for key in keys:
                self._parts.pop(key, None)

    def __contains__(self, key: tuple[Any, ...]) -> bool:
        """Tell whether a part is kept."""
        with self._lock:
            return key in self._parts

    def _find(self, key: tuple[Any, ...]) -> tuple[bytes | None] | None:
        with self._lock:
            return self._parts.get(key)

    def _keep(self, key: tuple[Any, ...], part: bytes | None) -> None:
        if _size((part,)) <= self._max_bytes:
            with self._lock:
                self._parts[key] = (part,)


class ObjectStorage:
    """Reads objects through a transport. Thread-safe.

    It pickles as its transport, and is one for a process where it is unpickled: all
    that is unpickled there shares its connections and what it keeps.

    Parameters
    ----------
    transport
        Carries the requests.
    at_once
        How many objects of one read are asked for together.
    """

    def __init__(self, transport: Transport, *, at_once: int) -> None:
        self._transport = transport
        self._at_once = at_once
        self._cache = ChunkCache()

    def __reduce__(self) -> tuple[Any, ...]:
        return _object_storage, (self._transport, self._at_once)

    def read(
        self,
        url: str,
        use: Callable[[StorePath], T],
        *,
        expected: Sequence[str] = (),
        keep: bool = False,
        denied: DeniedChunks | None = None,
        max_bytes: int = OBJECT_BYTES,
        cancel: CancelToken,
    ) -> T:
        """Return what is read from the objects under an address.

        Parameters
        ----------
        url
            Where they are.
        use
            Reads from a store of zarr-python; called again until all it wants is
            there. What isn't there is None to it.
        expected
            Names of objects that it will want, so that it needn't be called to tell.
        keep
            Whether all objects are kept for the next reads that ask with it, as far
            as there is room; else only the indices of shards are. Those that `use`
            can't read aren't kept, and are asked for once anew if they had been.
        denied
            Takes denied objects (403), which are then missing; None lets the denial
            be raised.
        max_bytes
            Most of each object.
        cancel
            Ends it.

        Raises
        ------
        ConnectionFailedError, RequestTimeoutError, StatusError
            An answer didn't come, or was a failure.
        ResponseFormatError
            An object is larger than `max_bytes`.
        PixelDataError
            Parts can't be had, or `use` raised it.
        Cancelled
            The token was cancelled.
        """
        wanted: dict[Key, None] = {(name, None): None for name in expected}
        known: dict[Key, bytes | None] = {}
        used: dict[Place, bool] = {}
        missing: Iterable[Key] = wanted
        rounds, is_anew = MAX_ROUNDS, False
        while rounds:
            rounds -= 1
            known.update(
                self._brought(url, missing, keep, cancel, denied, max_bytes, used)
            )
            cancel.check()
            store = _KnownObjects(known)
            try:
                result = use(StorePath(store))
            except Exception:
                if not store.missing:
                    self._cache.forget(used)  # the next one may be better
                    if is_anew or not any(used.values()):
                        raise
                    # What can't be read was kept: it is asked for once anew.
                    known.clear()
                    used.clear()
                    missing = wanted
                    rounds, is_anew = MAX_ROUNDS, True
                    continue
            else:
                if not store.missing:
                    return result
            missing = store.missing
        self._cache.forget(used)
        raise PixelDataError("it wants ever more objects", url=url)

    def fetch(
        self, url: str, names: Sequence[str], *, cancel: CancelToken
    ) -> list[bytes | None]:
        """Return the metadata of these names under an address, asked for together.

        None stands for one that doesn't exist (404). Errors as in `read`.
        """
        cancel.check()
        wanted: dict[Key, None] = {(name, None): None for name in names}
        known = dict(self._brought(url, wanted, False, cancel, max_bytes=JSON_BYTES))
        return [known[name, None] for name in names]

    def probe(
        self,
        url: str,
        names: Sequence[str],
        *,
        denied: DeniedChunks,
        cancel: CancelToken,
    ) -> None:
        """Ask for the first byte of objects; `denied` is told which are denied."""
        wanted = [(name, ByteRange(0, 1)) for name in names]
        for _ in self._brought(url, wanted, False, cancel, denied):
            pass

    def _brought(
        self,
        url: str,
        wanted: Iterable[Key],
        keep: bool,
        cancel: CancelToken,
        denied: DeniedChunks | None = None,
        max_bytes: int = OBJECT_BYTES,
        used: dict[Place, bool] | None = None,
    ) -> Iterator[tuple[Key, bytes | None]]:
        """Yield objects as they come.

        Which kept ones are `used` is told, and whether they were kept before.
        """
        origin, folder = _split(url)

        def bring(key: Key, stop: CancelToken) -> tuple[Key, bytes | None]:
            if denied is None:
                return bring_public(key, stop)
            if key[0] in denied:
                return key, None
            try:
                found = bring_public(key, stop)
            except StatusError as error:
                if error.status != DENIED:
                    raise
                denied.denied(key[0], error)
                return key, None
            denied.came(key[0])
            return found

        def bring_public(key: Key, stop: CancelToken) -> tuple[Key, bytes | None]:
            name, part = key
            request = Request(
                origin=origin,
                path=f"{folder}{_quoted(name)}",
                byte_range=part,
                max_bytes=max_bytes,
            )
            fetch = partial(self._fetch, request)
            # The end of an object is the index of a shard, which all readers share.
            if keep or (part is not None and part.start < 0):
                place = (origin, request.path, part)
                if used is not None:
                    used[place] = place in self._cache
                return key, self._cache.get(place, fetch, cancel=stop)
            return key, fetch(stop)

        return in_parallel(bring, wanted, at_once=self._at_once, cancel=cancel)

    def _fetch(self, request: Request, cancel: CancelToken) -> bytes | None:
        response = self._transport.send(request, cancel=cancel)
        if response.status == 404:
            response.keep()
            return None
        if response.status == DENIED:
            response.keep()
        if response.status != (200 if request.byte_range is None else 206):
            raise _failure(response)
        _require_part(request.byte_range, response)
        response.keep()
        return response.body


class _KnownObjects(Store):
    """Objects in memory; notes what is asked for and isn't there."""

    def __init__(self, known: Mapping[Key, bytes | None]) -> None:
        super().__init__(read_only=True)
        self._known = known
        self._lock = threading.Lock()
        self.missing: dict[Key, None] = {}

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    async def get(
        self,
        key: str,
        prototype: BufferPrototype,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        """Return an object or a part of it, None where there is none or none yet."""
        wanted = (key, _byte_range(byte_range))
        if wanted not in self._known:
            with self._lock:
                self.missing[wanted] = None
            return None
        part = self._known[wanted]
        return None if part is None else prototype.buffer.from_bytes(part)

    async def get_partial_values(
        self,
        prototype: BufferPrototype,
        key_ranges: Iterable[tuple[str, ByteRequest | None]],
    ) -> list[Buffer | None]:
        """Return parts of objects."""
        return [await self.get(key, prototype, part) for key, part in key_ranges]

    async def exists(self, key: str) -> bool:
        """Tell whether there is an object."""
        return await self.get(key, default_buffer_prototype()) is not None

    supports_writes = False
    supports_deletes = False
    supports_listing = False

    async def set(self, key: str, value: Buffer) -> None:
        """Refuse: it is for reading."""
        raise NotImplementedError

    async def delete(self, key: str) -> None:
        """Refuse: it is for reading."""
        raise NotImplementedError

    def list(self) -> AsyncIterator[str]:
        """Refuse: object stores aren't listed."""
        raise NotImplementedError

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        """Refuse: object stores aren't listed."""
        raise NotImplementedError

    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        """Refuse: object stores aren't listed."""
        raise NotImplementedError


def no_objects() -> StorePath:
    """Return a store without objects, for arrays of which only metadata are known."""
    return StorePath(_KnownObjects({}))


@cache
def _object_storage(transport: Transport, at_once: int) -> ObjectStorage:
    return ObjectStorage(transport, at_once=at_once)


def _size(entry: tuple[bytes | None]) -> int:
    return ENTRY_BYTES + len(entry[0] or b"")


def _byte_range(asked: ByteRequest | None) -> ByteRange | None:
    if isinstance(asked, RangeByteRequest):
        return ByteRange(asked.start, asked.end)
    if isinstance(asked, OffsetByteRequest):
        return ByteRange(asked.offset)
    if isinstance(asked, SuffixByteRequest):
        return ByteRange(-asked.suffix)
    return None


def _split(url: str) -> tuple[str, str]:
    """Return the origin, and the path of a folder as it is escaped.

    >>> _split("https://host.example/bucket/a%2Bb.zarr/")
    ('https://host.example', 'bucket/a%2Bb.zarr/')
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"not an http(s) address: {url!r}")
    folder = parts.path.strip("/")
    return f"{parts.scheme}://{parts.netloc}", f"{folder}/" if folder else ""


def _quoted(name: str) -> str:
    """Return the name of an object, which metadata tell unescaped, for an address.

    Raises
    ------
    PixelDataError
        It leads out of the folder.
    """
    parts = name.split("/")
    if ".." in parts or "." in parts:
        raise PixelDataError(f"{name!r} can't be the name of an object")
    try:
        return quote("/".join(part for part in parts if part))
    except UnicodeEncodeError as error:
        raise PixelDataError(f"{name!r} can't be the name of an object") from error


def _failure(response: Response) -> IDRError:
    """Return what a status means that isn't the one of an answer."""
    status, url = response.status, response.url
    host = urlsplit(url).netloc
    if status == 200:
        return PixelDataError("the server doesn't send parts of files", url=url)
    if status in (401, 403):
        return StatusError("the object isn't public", status=status, url=url)
    if status == 429:
        return RateLimitedError(
            f"{host} asked for fewer requests",
            url=url,
            retry_after_s=retry_after_s(response.headers),
        )
    kind = ServerError if status >= 500 else StatusError
    return kind(f"{host} answered {status}", status=status, url=url)


def _require_part(part: ByteRange | None, response: Response) -> None:
    """Raise unless the part came that was asked for (RFC 9110, 14.4)."""
    if part is None:
        return
    told = response.headers.get("content-range", "")
    place = told.removeprefix("bytes ").partition("-")[0].strip()
    if part.start >= 0 and place != str(part.start):
        raise PixelDataError(f"another part came: {told[:80]!r}", url=response.url)
