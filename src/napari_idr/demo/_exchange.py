"""Requests and answers of the routes, as values without sockets."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http.cookies import SimpleCookie
from typing import Literal
from urllib.parse import parse_qs

from napari_idr.demo.world import World

Face = Literal["classic", "idr"]
"""*classic* is a plain OMERO.web with mapr; *idr* is made of the parts of the IDR.

These are the search engine, and a microservice that draws in place of OMERO.web. In
August 2026 the IDR itself drew nothing for those who asked without a session.
"""

SESSION_COOKIE = "sessionid_demo"


@dataclass(frozen=True)
class Request:
    """A request: ``path`` is decoded, ``query`` is as sent.

    Names of ``headers`` are in lower case.
    """

    path: str
    query: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @cached_property
    def args(self) -> Mapping[str, list[str]]:
        """The query, each name with all its values, empty ones kept."""
        return parse_qs(self.query, keep_blank_values=True)

    def arg(self, name: str, default: str = "") -> str:
        """Return the last value of a name, as Django does."""
        return self.args.get(name, [default])[-1]

    def all(self, name: str) -> list[str]:
        """Return every value of a name, in order."""
        return self.args.get(name, [])

    def int_arg(self, name: str, default: int) -> int:
        """Return a number of the query.

        Raises
        ------
        ValueError
            When it is there and no whole number.
        """
        return int(self.arg(name, str(default)))

    def flag(self, name: str) -> bool:
        """Whether a name is ``true``, in any case."""
        return self.arg(name).lower() == "true"

    @cached_property
    def cookies(self) -> Mapping[str, str]:
        """The cookies of the request by name."""
        jar = SimpleCookie(self.headers.get("cookie", ""))
        return {name: morsel.value for name, morsel in jar.items()}


@dataclass(frozen=True)
class Answer:
    """An answer; a body in pieces without a Content-Length is sent in chunks."""

    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    body: bytes | Iterable[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """The archive as a route sees it; ``url`` has no slash at its end.

    Parameters
    ----------
    work
        Called with (what, how many) for work that costs the real server time,
        such as ``("thumbnail", 50)``; the server turns it into delay.
    """

    world: World
    face: Face = "classic"
    url: str = "http://127.0.0.1"
    work: Callable[[str, int], None] = lambda what, count: None


Handler = Callable[..., Answer]
"""``handler(site, request, **groups)``; groups are the texts of the pattern."""

Routes = tuple[tuple[str, Handler], ...]
"""Pattern of the whole path without its first slash, and who answers it."""


def json_answer(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """Return a JSON answer as OMERO.web writes one."""
    return Answer(status, "application/json", json.dumps(value).encode(), headers or {})


def text_answer(text: str, status: int = 200) -> Answer:
    """Return a plain text with Django's default content type, which is HTML."""
    return Answer(status, "text/html; charset=utf-8", text.encode())


def html_answer(title: str, status: int = 200, body: str = "") -> Answer:
    """Return a small HTML page."""
    page = (
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>"
        f"<title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>\n"
    )
    return Answer(status, "text/html; charset=utf-8", page.encode())


def redirect(location: str, status: int = 302) -> Answer:
    """Return a redirect with an empty body."""
    return Answer(status, "text/html; charset=utf-8", b"", {"Location": location})


NOT_FOUND = html_answer("404: not found", 404)
"""The answer for an unknown path or object where no JSON is promised."""


def json_failure(message: str, status: int = 500) -> Answer:
    """Return the answer of a JSON view that raised an error."""
    return json_answer(
        {"message": message, "stacktrace": f"Traceback: {message}"}, status
    )
