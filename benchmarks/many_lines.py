"""Lists of thousands of lines, as an archive answers them, made by rule."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from napari_idr.demo import Answer, Request
from napari_idr.demo.faults import FOREVER, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

STUDIES = 2000
"""Screens but for one project, which comes first by name."""

LINES = 10_000
"""Plates of each screen, and images of the one dataset."""


@dataclass(frozen=True, kw_only=True)
class ManyLines(Fault):
    """Lists of studies, and of plates, datasets and images in any of them."""

    match: str = (
        r"/api/v0/m/(screens|projects)/\?|/webclient/api/(plates|datasets|images)/\?"
    )
    times: int = FOREVER
    replaces_answer: ClassVar[bool] = True
    pause_s: float = 0.0

    def answer(self, request: Request, given: Callable[[], Answer]) -> Answer:
        """Return a page of a list."""
        time.sleep(self.pause_s)
        kind = request.path.rstrip("/").rpartition("/")[2]
        page = _studies if "/m/" in request.path else _rows
        body = json.dumps(page(kind, request)).encode()
        return Answer(200, "application/json", body)


def _studies(kind: str, request: Request) -> dict[str, Any]:
    total = STUDIES - 1 if kind == "screens" else 1
    start, limit = request.int_arg("offset", 0), request.int_arg("limit", 200)
    data = [
        {
            "@id": number + 1,
            "Name": f"idr{number + (kind == 'screens'):04}-demo-lists/{kind[:-1]}A",
            "Description": f"Study number {number} of many, whose lists are long.",
            "omero:childCount": LINES if kind == "screens" else 1,
        }
        for number in range(start, min(start + limit, total))
    ]
    return {"data": data, "meta": {"totalCount": total, "limit": limit}}


def _rows(kind: str, request: Request) -> dict[str, Any]:
    total = 1 if kind == "datasets" else LINES
    page, limit = request.int_arg("page", 1), request.int_arg("limit", 500)
    numbers = range((page - 1) * limit, min(page * limit, total))
    rows = [
        {"id": n + 1, "name": f"{kind[:-1]} {n:05}", "ownerId": 2, "childCount": LINES}
        for n in numbers
    ]
    return {kind: rows}
