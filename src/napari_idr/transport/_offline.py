"""Answers from the disk where a server can't be reached."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from napari_idr.errors import ConnectionFailedError, NotKeptError
from napari_idr.transport._base import rest
from napari_idr.transport._cache import question_key
from napari_idr.transport._reach import Reach

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from napari_idr.cancel import CancelToken
    from napari_idr.transport._base import Request, Response, Stream, Transport
    from napari_idr.transport._cache import KeepRule
    from napari_idr.transport._store import AnswerStore

NOT_KEPT = "the server can't be reached, and this isn't kept on this computer"


class Shelf(Protocol):
    """Answers that a person has had kept, beside those that are kept anyway."""

    @property
    def directory(self) -> Path:
        """Where they are."""
        ...

    def find(self, key: str) -> Response | None:
        """Return an answer, None if it isn't there."""
        ...

    def close(self) -> None:
        """Let go of files."""
        ...


class OfflineTransport:
    """Answers from the disk while a server can't be reached; streams pass through.

    Answers of any age are used then: those that are remembered anyway, those that are
    kept for this alone, and those on a shelf. A server that isn't there isn't asked
    for a while, see `Reach`. It pickles as what is inside.

    Parameters
    ----------
    inner
        Asks, and uses what is remembered and current.
    address
        The archive's server.
    stores
        Where answers are: those remembered, and those of pixels.
    rules
        Which answers are kept, by path. Those that aren't remembered for a time are
        kept for this alone. Objects, and what a rule keeps apart, are put into the last
        of the stores, the others into the first.
    shelf
        What a person has had kept; None for nothing.
    reach
        Told what was learnt of the servers.
    """

    def __init__(
        self,
        inner: Transport,
        *,
        address: str,
        stores: Sequence[AnswerStore],
        rules: Sequence[KeepRule],
        shelf: Shelf | None = None,
        reach: Reach | None = None,
    ) -> None:
        self._inner = inner
        self._address = address
        self._stores = tuple(stores)
        self._rules = tuple(rules)
        self._shelf = shelf
        self._closed = False
        self.reach = reach or Reach()

    def __reduce__(self) -> tuple[Any, ...]:
        return _itself, (self._inner,)  # what is on the disk belongs to one process

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        """Return the server's answer, else one from the disk.

        Raises
        ------
        NotKeptError
            The server isn't there, and there is no such answer on the disk.
        """
        cancel.check()
        if not self.reach.may_ask(request.origin):
            return self._kept(request)
        try:
            response = self._inner.send(request, cancel=cancel)
        except ConnectionFailedError as error:
            if self._closed or not error.nobody:
                raise
            self.reach.failed(request.origin, error)
            try:
                return self._kept(request)
            except NotKeptError:
                raise error from None
        if response.forget is not None:  # a remembered one, which tells nothing
            return response
        self.reach.answered(request.origin)
        return self._keeping(request, response)

    def stream(
        self, request: Request, *, cancel: CancelToken
    ) -> AbstractContextManager[Stream]:
        """Open an answer; it is the server's."""
        return self._inner.stream(request, cancel=cancel)

    @property
    def packs(self) -> Path | None:
        """Where packs are that stand in for the server, None for nowhere."""
        return None if self._shelf is None else self._shelf.directory

    @property
    def stores(self) -> tuple[AnswerStore, ...]:
        """Where answers are kept."""
        return self._stores

    def rest(self) -> None:
        """Let the stores and what is inside rest."""
        rest(self._inner)
        for store in self._stores:
            store.rest()

    def close(self) -> None:
        """Close the stores and what is inside."""
        self._closed = True
        self._inner.close()
        for store in self._stores:
            store.close()
        if self._shelf is not None:
            self._shelf.close()

    def _kept(self, request: Request) -> Response:
        key = question_key(self._address, request)
        for store in self._stores:
            if (known := store.find(key, any_age=True)) is not None:
                self.reach.used(known.stored)
                return known
        if self._shelf is not None and (known := self._shelf.find(key)) is not None:
            self.reach.used(known.stored)
            return known
        origin = self._address if request.origin is None else request.origin
        raise NotKeptError(NOT_KEPT, url=f"{origin}/{request.path}")

    def _keeping(self, request: Request, response: Response) -> Response:
        """Return an answer that is kept, if a rule says so, once it was understood."""
        key = question_key(self._address, request)
        if request.origin is not None:
            keep = partial(self._stores[-1].keep, key, response, keep_s=0.0)
            return replace(response, keep=keep)
        rule = next((r for r in self._rules if r.path.match(request.path)), None)
        if rule is None or response.status >= 500:
            return response
        store = self._stores[-1 if rule.apart else 0]
        keep = partial(store.keep, key, response, keep_s=0.0)
        # For a time it is remembered anyway, if it is whole.
        if rule.keep_s or not rule.keeps(response):
            return replace(response, set_aside=keep)
        return replace(response, keep=keep, set_aside=keep)


def _itself(transport: Transport) -> Transport:
    return transport
