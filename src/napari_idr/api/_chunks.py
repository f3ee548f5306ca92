"""Many ids in few questions."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
