"""Transports of packs: one that fills a draft, one that answers from a pack."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from napari_idr.errors import NotKeptError, PackError, ResponseFormatError
from napari_idr.transport._cache import question_key
from napari_idr.transport._pack_file import PACK_SUFFIX, Pack

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from napari_idr.cancel import CancelToken
    from napari_idr.transport._base import Request, Response, Stream, Transport
    from napari_idr.transport._pack_file import PackDraft

logger = logging.getLogger(__name__)

PACKS_FOLDER: Final = "packs"
"""Of the cache's directory: where what a person has had kept is."""


class RecordingTransport:
    """Asks, and puts each answer that was understood into a draft of a pack.

    What is in the draft isn't asked for again. Closing it leaves what is inside open.
    """

    def __init__(self, inner: Transport, *, address: str, draft: PackDraft) -> None:
        self._inner = inner
        self._address = address
        self._draft = draft

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        """Return the answer that is in the draft, else ask."""
        cancel.check()
        key = question_key(self._address, request)
        if (known := self._draft.find(key)) is not None:
            return known
        response = self._inner.send(request, cancel=cancel)

        stored = time.time() if response.stored is None else response.stored
        put = partial(self._draft.put, key, response, stored=stored)

        def keep() -> None:
            response.keep()
            put()

        def set_aside() -> None:
            response.set_aside()
            put()

        return replace(response, keep=keep, set_aside=set_aside)

    def stream(
        self, request: Request, *, cancel: CancelToken
    ) -> AbstractContextManager[Stream]:
        """Open an answer; it isn't recorded."""
        return self._inner.stream(request, cancel=cancel)

    def close(self) -> None:
        """Do nothing: what is inside belongs to another."""


class PackTransport:
    """Answers from a pack alone; nobody is ever asked. Thread-safe."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._address = pack.info.server

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        """Return the answer that is in the pack.

        Raises
        ------
        NotKeptError
            It isn't in it.
        PackError
            It is damaged.
        """
        cancel.check()
        key = question_key(self._address, request)
        response = self._pack.find(key)
        if response is None:
            raise self._not_kept(request)
        if len(response.body) > request.max_bytes:
            raise ResponseFormatError("the answer is too large", url=response.url)
        return response

    def stream(
        self, request: Request, *, cancel: CancelToken
    ) -> AbstractContextManager[Stream]:
        """Raise that files aren't in packs."""
        cancel.check()
        raise self._not_kept(request)

    def close(self) -> None:
        """Let go of the file."""
        self._pack.close()

    def _not_kept(self, request: Request) -> NotKeptError:
        title = self._pack.info.title or self._pack.path.name
        origin = self._address if request.origin is None else request.origin
        return NotKeptError(
            "this isn't in the pack", url=f"{origin}/{request.path}", pack=title
        )


class PackShelf:
    """The packs in a directory that are of one server. Thread-safe.

    What can't be read is passed over. Which packs there are is looked up when one is
    first sought, and anew when the directory has changed.
    """

    def __init__(self, directory: Path, address: str) -> None:
        self._directory = directory
        self._address = address
        self._lock = threading.Lock()
        self._seen: float | None = None
        self._packs: tuple[Pack, ...] = ()

    @property
    def directory(self) -> Path:
        """Where the packs are."""
        return self._directory

    def find(self, key: str) -> Response | None:
        """Return an answer from the newest pack that has it."""
        with self._lock:
            self._look()
            packs = self._packs
        for pack in packs:
            with suppress(PackError):
                if (found := pack.find(key)) is not None:
                    return found
        return None

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._close_all()
            self._seen = None

    def _look(self) -> None:
        try:
            changed = self._directory.stat().st_mtime
        except OSError:
            self._close_all()
            return
        if changed == self._seen:
            return
        self._close_all()
        self._seen = changed
        found: list[Pack] = []
        for path in self._directory.glob(f"*{PACK_SUFFIX}"):
            try:
                pack = Pack(path)
            except PackError as error:
                logger.info("a pack is passed over: %s", error)
                continue
            if pack.info.server == self._address:
                found.append(pack)
            else:
                pack.close()
        self._packs = tuple(sorted(found, key=lambda one: -one.info.made))

    def _close_all(self) -> None:
        for pack in self._packs:
            pack.close()
        self._packs = ()
