"""Lists that come in pages, whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.api._ask import Ask
    from napari_idr.api._wire._node import Node
    from napari_idr.cancel import CancelToken
    from napari_idr.transport import Params

LIST_PAGE = 500
"""Rows of a web client's list in one answer; IDR's own page size."""

OBJECT_PAGE = 1000
"""Rows of the JSON API in one answer: the most it gives (`meta.maxLimit`)."""

ROUND = 5
"""A page size is a number that a person chose, and ends in 0 or 5."""


def list_pages(
    ask: Ask, path: str, params: Params, key: str, *, cancel: CancelToken
) -> Iterator[Node]:
    """Yield the rows of a web client's list, whatever the server's page size.

    The server cuts a list without any mark. It heeds our `limit`, so a page with
    fewer rows is the last. Should it cut shorter all the same, then the first
    page has a round number of rows, and only then one more request is spent on
    making sure. The end is a page that is shorter than the first, or brings
    nothing new.

    GET {path}?{params}&page=&limit=
    """
    seen: set[int] = set()
    page, first = 1, 0
    while True:
        asked = (*params, ("page", page), ("limit", LIST_PAGE))
        rows = ask.json(path, asked, cancel=cancel).children(key)
        new = [row for row in rows if row.get("id", int) not in seen]
        seen.update(row.get("id", int) for row in new)
        yield from new
        first = first or len(rows)
        if not new or len(rows) < first or len(rows) % ROUND:
            return
        page += 1


def object_pages(
    ask: Ask, path: str, params: Params = (), *, cancel: CancelToken
) -> Iterator[Node]:
    """Yield the objects of a list of the JSON API, which tells their number.

    The end is that number, or a page that brings nothing new, whatever was told.

    GET {path}?{params}&limit=&offset=
    """
    seen: set[int] = set()
    offset = 0
    while True:
        asked = (*params, ("limit", OBJECT_PAGE), ("offset", offset))
        answer = ask.json(path, asked, cancel=cancel)
        rows = answer.children("data")
        new = [row for row in rows if row.get("@id", int) not in seen]
        seen.update(row.get("@id", int) for row in new)
        yield from new
        offset += len(rows)
        if not new or offset >= answer.child("meta").get("totalCount", int):
            return
