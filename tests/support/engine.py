"""A search engine with as many hits as wanted, as a transport without sockets."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_idr.transport import Response

if TYPE_CHECKING:
    import threading

    from napari_idr.cancel import CancelToken
    from napari_idr.transport import Request

PROBES = {
    "api/v0/": {"url:screens": "http://archive/api/v0/m/screens/"},
    "data_sources/": ["idr"],
    "image/keys/": {"image": ["Gene Symbol"]},
}
"""What a client asks to find out what the server can do."""

PAGE = 1000
"""Hits in one answer of the search engine."""


@dataclass
class Engine:
    """A server with a screen of `plates` and `total` hits, made by rule.

    Hit n lies on plate n modulo their number. `others` more images are stored in
    another spelling: `by_case` tells whether counts by name heed case. With
    `pages_let` it waits before each page of a study until one may be sent.
    """

    total: int
    plates: list[str]
    others: int = 0
    by_case: bool = True
    counts_status: int = 200
    kind: str = "plate"
    listed: list[str | None] | None = None
    page_size: int = PAGE
    pages_let: threading.Semaphore | None = None
    asked: list[tuple[str, dict[str, Any], Any]] = field(default_factory=list)

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        cancel.check()
        body = json.loads(request.json) if request.json else {}
        path = request.path.removeprefix("searchengine/api/v1/resources/")
        params = dict(request.params)
        self.asked.append((path, params, body))
        if self.pages_let is not None and "main_attributes" in body:
            self._wait_for_a_page(cancel)
        answer = self._answer(path, params, body)
        status = 200 if answer else 404
        if path == "sub_container_images/":
            status = self.counts_status
        return Response(
            url=f"http://archive/{request.path}",
            status=status,
            headers={"content-type": "application/json"},
            body=json.dumps(answer).encode(),
        )

    def _wait_for_a_page(self, cancel: CancelToken) -> None:
        assert self.pages_let is not None
        while not self.pages_let.acquire(timeout=0.01):
            cancel.check()
        if cancel.cancelled:
            self.pages_let.release()  # it was for whoever still waits
            cancel.check()

    def close(self) -> None:
        pass

    def _answer(self, path: str, params: dict[str, Any], body: Any) -> Any:
        if path == f"webclient/api/{self.kind}s/":
            return {f"{self.kind}s": self._listed(params)}
        if path == "sub_container_images/":
            assert params["container_name"] == "idr0000/screenA"
            assert "main_attributes" not in body
            return {"Error": None, "results": {"results": self._named(body)}}
        if path in PROBES:
            return PROBES[path]
        if path == "submitquery/containers/":
            return {"Error": "none", "results": {"results": self._studies()}}
        if path != "submitquery/":
            return None
        return {"Error": "none", "results": self._page(body)}

    def _studies(self) -> list[dict[str, Any]]:
        kind = "screen" if self.kind == "plate" else "project"
        return [
            {
                "id": 3,
                "name": "idr0000/screenA",
                "type": kind,
                "image count": self.total,
            }
        ]

    def _listed(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        start, limit = (params["page"] - 1) * params["limit"], params["limit"]
        names = self.plates if self.listed is None else self.listed
        rows = [(n, name) for n, name in enumerate(names, 1) if name is not None]
        return [
            {"id": number, "name": name, "childCount": 1}
            for number, name in rows[start : start + limit]
        ]

    def _named(self, body: Any) -> list[dict[str, Any]]:
        counts = Counter(self.plates[n % len(self.plates)] for n in range(self.total))
        if not (self.by_case and body["query_details"]["case_sensitive"]):
            counts[self.plates[0]] += self.others
        rows = [
            {"name": name, "resource": self.kind, "image count": count}
            for name, count in counts.most_common()
        ]
        return [*rows, {"name": "A1", "resource": "well", "image count": self.total}]

    def _page(self, body: Any) -> Any:
        if "main_attributes" not in body:
            return []  # wherever it is: nothing is stored in another spelling
        study = "screen" if self.kind == "plate" else "project"
        [place] = body["main_attributes"]["and_main_attributes"]
        assert (place["name"], place["value"]) == (f"{study}_id", 3)
        [after] = body.get("bookmark", [-1])
        hits = range(after + 1, min(after + 1 + self.page_size, self.total))
        if not hits:
            return []
        return {
            "results": [self._hit(n, study) for n in hits],
            "size": self.total,
            "total_pages": -(-self.total // self.page_size),
            "bookmark": [hits[-1]],
        }

    def _hit(self, number: int, study: str) -> dict[str, Any]:
        place = number % len(self.plates)
        return {
            "id": number,
            "name": "",
            f"{study}_id": 3.0,
            f"{study}_name": "idr0000/screenA",
            f"{self.kind}_id": float(place + 1),
            f"{self.kind}_name": self.plates[place],
            "key_values": [],
        }

    def pages(self) -> list[int | None]:
        """Return the bookmarks of the pages that were asked for."""
        return [
            body.get("bookmark", [None])[0]
            for path, _, body in self.asked
            if path == "submitquery/"
        ]


def names(count: int) -> list[str]:
    return [f"plate {n:03}" for n in range(count)]
