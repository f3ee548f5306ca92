"""How the demo search engine answers: its JSON, its faults, its redirects."""

import json
from collections.abc import Iterator
from typing import Any

from napari_idr.demo._exchange import NOT_FOUND, Answer, Handler, Request, Site
from napari_idr.demo.search.index import DATA_SOURCE, index_world
from napari_idr.demo.search.query import QueryRefused, SearchFell
from napari_idr.demo.world import PerWorld

PREFIX = "searchengine/api/v1/resources/"
RESOURCE = "(?P<resource>[^/]+)"
"""A kind of object in a path."""

HEADERS = {"Access-Control-Allow-Headers": "*"}
"""On every answer; nothing about caching, no cookie."""

index_of = PerWorld(index_world)


def reply(value: Any) -> Answer:
    r"""Return JSON as Flask writes it: compact, ASCII, sorted, one newline.

    >>> reply({"b": "\u03b1", "a": []}).body
    b'{"a":[],"b":"\\u03b1"}\n'
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return Answer(200, "application/json", f"{text}\n".encode(), HEADERS)


def fault(text: str) -> Answer:
    """Return a fault as most endpoints do: status 200 and a text."""
    return reply({"Error": text})


def plain(text: str, status: int) -> Answer:
    """Return a plain text."""
    return Answer(status, "text/plain; charset=utf-8", text.encode(), HEADERS)


def page(title: str, text: str, status: int, **headers: str) -> Answer:
    """Return an HTML page as Flask makes one for a status."""
    body = (
        '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n'
        f"<title>{title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n"
    )
    return Answer(status, "text/html; charset=utf-8", body.encode(), HEADERS | headers)


def csv(lines: Iterator[str], filename: str) -> Answer:
    """Return a table as an attachment."""
    body = "".join(f"{line}\n" for line in lines).encode()
    disposition = {"Content-disposition": f"attachment; filename={filename}"}
    return Answer(200, "text/csv; charset=utf-8", body, HEADERS | disposition)


def no_table(resource: str) -> Answer:
    """Return the answer for a kind of object that doesn't exist."""
    return plain(f"No data for table {resource}", 404)


CRASH = page(
    "500 Internal Server Error", "The server met an error that it didn't expect.", 500
)

UNKNOWN_PATH = plain(
    "404 Not Found: The requested URL was not found on the server. If you entered "
    "the URL manually please check your spelling and try again., You may use "
    "'/searchengine/api/v1/resources/' to test        the deployment and "
    "'/searchengine/apidocs/' for the Swagger documents.",
    404,
)


def endpoint(
    pattern: str, handler: Handler, *methods: str
) -> tuple[tuple[str, Handler], ...]:
    """Return the routes of one endpoint: itself, and itself without its last slash."""

    def serve(site: Site, request: Request, **groups: str) -> Answer:
        if site.face != "idr":
            return NOT_FOUND
        allowed = (
            ("OPTIONS", "GET", "HEAD") if "GET" in methods else ("POST", "OPTIONS")
        )
        if request.method == "OPTIONS":
            headers = HEADERS | {"Allow": ", ".join(allowed)}
            return Answer(200, "text/html; charset=utf-8", b"", headers)
        if request.method not in allowed:
            return page(
                "405 Method Not Allowed",
                "The method is not allowed for the requested URL.",
                405,
                Allow=", ".join(allowed),
            )
        try:
            return handler(site, request, **groups)
        except (QueryRefused, SearchFell):
            return CRASH

    return (
        (PREFIX + pattern, serve),
        ((PREFIX + pattern).removesuffix("/"), _add_slash),
    )


def _add_slash(site: Site, request: Request, **_: str) -> Answer:
    """Redirect to a URL that names the service twice, as behind the IDR's proxy."""
    if site.face != "idr":
        return NOT_FOUND
    path = f"/searchengine/{request.path.lstrip('/')}/"
    question = f"?{request.query}" if request.query else ""
    return page(
        "Redirecting...",
        "You should be redirected to the URL with its last slash.",
        308,
        Location=f"{site.url}{path}{question}",
    )


def sources(request: Request) -> list[str]:
    """Return the data sources asked for; the service's own where none is."""
    text = request.arg("data_source") or DATA_SOURCE
    return [one.strip() for one in text.split(",")]


def known(names: list[str]) -> bool:
    """Whether the service's own source is among these, however it is written."""
    return any(one.lower() in (DATA_SOURCE, "all") for one in names)


def exact(names: list[str], *, everything: bool = True) -> bool:
    """Whether the index finds its source by these names, where case counts."""
    return DATA_SOURCE in names or (everything and "all" in names)
