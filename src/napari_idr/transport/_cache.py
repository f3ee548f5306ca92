"""What is remembered, and for how long."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from napari_idr.transport._base import rest

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from napari_idr.cancel import CancelToken
    from napari_idr.transport._base import Request, Response, Stream, Transport
    from napari_idr.transport._store import AnswerStore


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRule:
    """Which answers may be kept, and for how long.

    `path` has to match from its beginning. Of the answers only those with status
    200 and one of the `media_types` are kept, and none in whose body `unless` is
    found: servers send failures with status 200 too. Where `any_answer` is true, what
    came counts as it is, a refusal too. What is `apart` doesn't push out the others.
    """

    path: re.Pattern[str]
    keep_s: float
    media_types: tuple[str, ...] = ()
    unless: re.Pattern[bytes] | None = None
    any_answer: bool = False
    apart: bool = False

    def keeps(self, response: Response) -> bool:
        """Tell whether an answer may be remembered, once it is read."""
        if self.any_answer:
            return response.status < 500
        return (
            response.status == 200
            and response.content_type in self.media_types
            and len(response.body) > 0
            and (self.unless is None or self.unless.search(response.body) is None)
        )


class CachingTransport:
    """Answers from memory what was asked before; streams pass through.

    The first rule that matches a path counts; what no rule matches is never kept, nor
    are objects. An answer is remembered when its `keep` is called, by whoever has read
    and understood it, and not before. It pickles as what is inside.
    """

    def __init__(
        self,
        inner: Transport,
        *,
        address: str,
        store: AnswerStore,
        rules: Sequence[KeepRule],
    ) -> None:
        self._inner = inner
        self._address = address
        self._store = store
        self._rules = tuple(rules)

    def __reduce__(self) -> tuple[Any, ...]:
        return _itself, (self._inner,)  # what is remembered belongs to one process

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        """Return the remembered answer, or ask for one that may be remembered."""
        rule = self._rule(request)
        if rule is None:
            return self._inner.send(request, cancel=cancel)
        cancel.check()
        key = question_key(self._address, request)
        if not request.fresh and (known := self._store.find(key)) is not None:
            return replace(known, forget=partial(self._store.forget, key))
        response = self._inner.send(request, cancel=cancel)
        if not rule.keeps(response):
            return response
        keep = partial(self._store.keep, key, response, keep_s=rule.keep_s)
        return replace(response, keep=keep)

    def stream(
        self, request: Request, *, cancel: CancelToken
    ) -> AbstractContextManager[Stream]:
        """Open an answer; it isn't remembered."""
        return self._inner.stream(request, cancel=cancel)

    def rest(self) -> None:
        """Let the store and what is inside rest."""
        rest(self._inner)
        self._store.rest()

    def close(self) -> None:
        """Close the store and what is inside."""
        self._inner.close()
        self._store.close()

    def _rule(self, request: Request) -> KeepRule | None:
        if request.origin is not None:  # the rules are for the archive's paths
            return None
        return next((r for r in self._rules if r.path.match(request.path)), None)


def question_key(address: str, request: Request) -> str:
    """Return what tells a question to a server, or for an object, from all others."""
    origin = f"{address}/" if request.origin is None else f"{request.origin}/"
    part = "" if request.byte_range is None else request.byte_range.header
    question = (
        f"{request.method} {origin}{request.path}"
        f"?{urlencode(request.params, errors='surrogatepass')} "
        f"{request.json or ''}{part}"
    )
    # A lone surrogate can't be sent either: the transport says so.
    return hashlib.sha256(question.encode(errors="surrogatepass")).hexdigest()


def _itself(transport: Transport) -> Transport:
    return transport
