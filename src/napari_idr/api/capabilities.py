"""Probes of a server: which APIs, which search and which rendering it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.api.json_client import (
    is_json,
    moved_error,
    read_json,
    status_error,
)
from napari_idr.errors import IDRError, MovedError, WrongServerError
from napari_idr.model import Capabilities

if TYPE_CHECKING:
    from napari_idr.api.json_client import JsonClient
    from napari_idr.api.node import Node
    from napari_idr.cancel import CancelToken
    from napari_idr.transport import Params, Response


JSON_API = "api/v0/"
MAPR_CONFIG = "mapr/api/config/"
MAPR_VALUES = "mapr/api/autocomplete/gene/"
SEARCH_ENGINE = "searchengine/api/v1/resources/data_sources/"
SESSION = "webclient/keepalive_ping/"
PLANE = "webgateway/render_image/0/0/0/"

PLANE_PARAMS: Params = (("c", "1|0:255$FFFFFF"), ("m", "g"), ("format", "png"))
"""All that the strictest renderer wants to know of a plane."""

NO_SUCH = 404

BUSY_STATUSES = frozenset({408, 425, 429})
"""A server that says one of these wants to be asked another time (RFC 9110, 6585)."""

NOT_IMPLEMENTED = 501
"""The one failure of a server that is no passing one (RFC 9110, 15.6.2)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether something works, None if not known, and which answer showed it."""

    works: bool | None
    message: str
    failure: IDRError | None = None
    url: str | None = None
    moved: MovedError | None = None


def capabilities(
    json_client: JsonClient,
    *,
    known: Capabilities | None = None,
    cancel: CancelToken,
) -> Capabilities:
    """Find out what a server can do: five requests, six where mapr has no genes.

    Rendering is asked for with an image that can't exist. Who draws says that
    there is none; who doesn't draw refuses, whatever the image. What fails in a way
    that may pass is left unknown.

    Parameters
    ----------
    known
        What was found out before: only what isn't known in it is asked for.

    Raises
    ------
    ConnectionFailedError, RequestTimeoutError
        No answer came to the first question.
    ServerError, RateLimitedError
        The server is out of order or wants to be left alone: nothing can be said
        about it.
    MovedError
        The server points to another one.
    WrongServerError
        Something answers, but not as OMERO.web does.

    GET /api/v0/
    GET /mapr/api/autocomplete/gene/?value=
    GET /searchengine/api/v1/resources/data_sources/
    GET /webclient/keepalive_ping/
    GET /webgateway/render_image/0/0/0/?c=&m=&format=
    """
    before = {} if known is None else _found_out(known)
    findings: dict[str, Finding] = {}
    for names, probe in PROBES:
        if before.keys() >= set(names):
            found = tuple(before[name] for name in names)
        else:
            found = probe(json_client, cancel)
        findings |= dict(zip(names, found, strict=True))
    failures = tuple(
        (name, one.failure) for name, one in findings.items() if one.failure is not None
    )
    if not any(one.works for one in findings.values()):
        first = findings["json_api"]
        no_archive = WrongServerError(
            "the address answers, but not as OMERO.web does", url=first.url
        )
        raise first.moved or (failures[0][1] if failures else no_archive)
    return Capabilities(
        **{name: one.works for name, one in findings.items()},
        evidence=tuple((name, one.message) for name, one in findings.items()),
        failures=failures,
    )


def _found_out(known: Capabilities) -> dict[str, Finding]:
    return {
        name: Finding(getattr(known, name), message)
        for name, message in known.evidence
        if name not in known.unknown
    }


def _json_api(json_client: JsonClient, cancel: CancelToken) -> tuple[Finding, ...]:
    """Ask for the root of the JSON API; a server that is down isn't judged."""
    response = json_client.response(JSON_API, cancel=cancel)
    if may_pass(response.status):
        raise status_error(response)
    return (_json_finding(response, JSON_API, is_api_root),)


def _mapr(json_client: JsonClient, cancel: CancelToken) -> tuple[Finding, ...]:
    """Ask for the completions of nothing: no archive looks them up."""
    response = _response(json_client, MAPR_VALUES, cancel)
    if isinstance(response, Finding):
        return (response,)
    if response.status == NO_SUCH:
        response.set_aside()
        # No mapr, or one that is set up without genes: it tells its keys.
        config = _response(json_client, MAPR_CONFIG, cancel)
        if isinstance(config, Finding):
            return (config,)
        named = _json_finding(config, MAPR_CONFIG, _has_keys)
        if not named.works:
            return (named,)
        key = next(iter(read_json(config).members()))
        response = _response(json_client, f"mapr/api/autocomplete/{key}/", cancel)
        if isinstance(response, Finding):
            return (response,)
    return (_json_finding(response, MAPR_VALUES, lambda node: node.is_list),)


def _has_keys(config: Node) -> bool:
    return config.is_object and bool(config.members())


def _search_engine(json_client: JsonClient, cancel: CancelToken) -> tuple[Finding, ...]:
    response = _response(json_client, SEARCH_ENGINE, cancel)
    if isinstance(response, Finding):
        return (response,)
    return (_json_finding(response, SEARCH_ENGINE, are_data_sources),)


def _rendering(json_client: JsonClient, cancel: CancelToken) -> tuple[Finding, ...]:
    """Ask for a plane as one who has a session; a microservice wants one."""
    session = _response(json_client, SESSION, cancel)
    if isinstance(session, Finding):
        return session, session
    if session.status != 200 or session.body.strip() != b"OK":
        session.set_aside()
        nobody = Finding(False, _message(session, SESSION))
        return nobody, nobody
    response = _response(json_client, PLANE, cancel, PLANE_PARAMS)
    if isinstance(response, Finding):
        return response, response
    # Both say that there is no such image: OMERO.web by a page, and the microservice,
    # which can draw without loss, in plain words.
    plain = response.content_type != "text/html"
    draws = response.status == NO_SUCH or (response.status == 400 and plain)
    message = _message(response, PLANE)
    session.set_aside()
    response.set_aside()
    return Finding(draws, message), Finding(draws and plain, message)


Probe = Callable[["JsonClient", "CancelToken"], tuple[Finding, ...]]

PROBES: tuple[tuple[tuple[str, ...], Probe], ...] = (
    (("json_api",), _json_api),
    (("mapr",), _mapr),
    (("search_engine",), _search_engine),
    (("rendering", "lossless"), _rendering),
)
"""Abilities, and the question that tells them."""


def may_pass(status: int) -> bool:
    """Tell whether a status says of a server only that it is busy or down.

    >>> [may_pass(status) for status in (403, 404, 429, 501, 503)]
    [False, False, True, False, True]
    """
    return status in BUSY_STATUSES or (status >= 500 and status != NOT_IMPLEMENTED)


def _response(
    json_client: JsonClient, path: str, cancel: CancelToken, params: Params = ()
) -> Response | Finding:
    """Return an answer; where none can be used, that nothing is known."""
    try:
        response = json_client.response(path, params, cancel=cancel)
    except IDRError as error:  # no answer, or one that was cut short or too large
        return _not_known(f"/{path}: {error.message}", error)
    if may_pass(response.status):
        return _not_known(_message(response, path), status_error(response))
    return response


def _not_known(message: str, error: IDRError) -> Finding:
    return Finding(None, f"not known: {message}", error)


def _json_finding(
    response: Response, path: str, shows: Callable[[Node], bool]
) -> Finding:
    """Return whether JSON came that shows an ability; not known if it is broken."""
    message = _message(response, path)
    if response.status != 200 or not is_json(response):
        moved = moved_error(response)
        response.set_aside()
        return Finding(False, message, url=response.url, moved=moved)
    try:
        works = shows(read_json(response))
        response.set_aside()
        return Finding(works, message, url=response.url)
    except IDRError as error:
        return _not_known(f"/{path}: {error.message}", error)


def _message(response: Response, path: str) -> str:
    """Return in words what came.

    >>> from napari_idr.transport import Response
    >>> _message(Response(url="", status=302, headers={"location": "/x"}), "mapr/")
    '/mapr/ answered 302 to /x'
    """
    message = f"/{path} answered {response.status}"
    if location := response.headers.get("location"):
        return f"{message} to {location}"
    return f"{message} {response.content_type}".rstrip()


def is_api_root(answer: Node) -> bool:
    """Tell whether this is where the JSON API says what it has."""
    return "url:screens" in answer or "url:images" in answer


def are_data_sources(answer: Node) -> bool:
    """Tell whether this is the search engine's list of what it has indexed."""
    return answer.is_list and all(
        isinstance(one.value, str) for one in answer.elements()
    )
