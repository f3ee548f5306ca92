"""The transports of a client, one inside the other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from napari_idr.transport._cache import CachingTransport, KeepRule
from napari_idr.transport._http import HttpTransport
from napari_idr.transport._limit import LimitedTransport
from napari_idr.transport._store import AnswerStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_idr.transport._base import Transport


def open_transport(
    address: str,
    *,
    cache: bool | Path,
    rules: Sequence[KeepRule],
    at_once: int,
    timeout_s: float,
) -> Transport:
    """Return what carries requests to a server; nothing is sent yet.

    `cache` says whether answers are remembered, or in which directory; `rules`
    say which. `at_once` bounds the requests under way with each host, `timeout_s` the
    silence of a server. It pickles as its settings, without what is remembered.
    """
    limited = LimitedTransport(
        HttpTransport(address, timeout_s=timeout_s, connections=at_once),
        at_once=at_once,
    )
    if cache is False:
        return limited
    directory = cache if isinstance(cache, Path) else user_cache_path("napari-idr")
    # A remembered answer costs no slot.
    return CachingTransport(
        limited, address=address, store=AnswerStore(directory), rules=rules
    )
