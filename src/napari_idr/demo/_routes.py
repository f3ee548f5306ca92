"""The dispatcher: (site, request) -> answer; pure, no sockets.

Each of the modules below has ``ROUTES`` that pair a pattern of the whole path
(without its first slash) with a handler ``(site, request, **groups)``.
"""

import re
from functools import cache
from importlib import import_module
from urllib.parse import quote

from napari_idr.demo._exchange import (
    NOT_FOUND,
    SESSION_COOKIE,
    Answer,
    Handler,
    Request,
    Site,
    html_answer,
    json_answer,
    redirect,
)

MODULES = (
    "omero.pages",
    "omero.lists",
    "omero.plates",
    "omero.thumbnails",
    "omero.images",
    "omero.original_files",
    "omero.annotations",
    "omero.json_api",
    "omero.mapr",
    "omero.tables",
    "omero.rendering",
    "omero.rois",
    "search.routes",
    "zarr.routes",
)
"""Loaded at the first request; the first pattern that matches answers."""

MOST_LINE_BYTES = 4094
"""gunicorn refuses a longer request line."""

OTHERS = re.compile(r"(searchengine|zarr|files|omero_ms_image_region)/.*")
"""Paths that OMERO.web doesn't answer: other rules for methods and slashes."""

CACHED = re.compile(
    r"(webclient/(api|search)|api|iviewer|figure|gallery-api|static)/.*"
    r"|web(client|gateway)/(metadata_|render_|get_thumbnail).*"
    r"|webclient/img_detail/.*|mapr/api/config/"
)
"""Paths that a proxy caches: their answers never set a cookie."""


@cache
def _table() -> tuple[tuple[re.Pattern[str], Handler], ...]:
    modules = [import_module(f"napari_idr.demo.{name}") for name in MODULES]
    return tuple(
        (re.compile(pattern), handler)
        for module in modules
        for pattern, handler in module.ROUTES
    )


def warm_up() -> None:
    """Load all modules now, so that the first request is as quick as the others."""
    _table()


def _handler(path: str) -> tuple[Handler, dict[str, str]] | None:
    for pattern, handler in _table():
        if match := pattern.fullmatch(path):
            found = match.groupdict()
            return handler, {k: v for k, v in found.items() if v is not None}
    return None


def answer(site: Site, request: Request) -> Answer:
    """Answer one request as the site's face would."""
    target = quote(request.path) + (f"?{request.query}" if request.query else "")
    if len(f"{request.method} {target} HTTP/1.1") > MOST_LINE_BYTES:
        return html_answer("Request Line is too large", 414)
    path = request.path.removeprefix("/")
    found = _handler(path)
    if found is None:
        if _handler(path + "/") and not OTHERS.fullmatch(path):
            end = f"?{request.query}" if request.query else ""
            return redirect(f"{quote(request.path)}/{end}", 301)
        return NOT_FOUND
    if refused := _refused(request, path):
        return refused
    handler, groups = found
    given = handler(site, request, **groups)
    return given if OTHERS.fullmatch(path) else _with_session(site, request, given)


def _refused(request: Request, path: str) -> Answer | None:
    """Return the answer of OMERO.web to methods other than GET; None for GET."""
    if request.method == "GET" or OTHERS.fullmatch(path):
        return None
    if request.method == "POST":
        message = "CSRF Error. You need to include valid CSRF tokens"
        return json_answer({"message": message}, 403)
    if path.startswith("api/"):
        return json_answer({"message": "Not logged in"}, 403)
    if request.headers.get("x-requested-with") == "XMLHttpRequest":
        return Answer(403)
    return redirect(f"/webclient/login/?url={quote(request.path, safe='')}")


def _with_session(site: Site, request: Request, given: Answer) -> Answer:
    """Add a session cookie to an answer that no proxy caches."""
    path = request.path.removeprefix("/")
    if (
        SESSION_COOKIE in request.cookies
        or CACHED.fullmatch(path)
        or given.status >= 400
    ):
        return given
    cookie = f"{SESSION_COOKIE}=demo-session; HttpOnly; Path=/; SameSite=Lax"
    headers = {**given.headers, "Set-Cookie": cookie}
    return Answer(given.status, given.content_type, given.body, headers)
