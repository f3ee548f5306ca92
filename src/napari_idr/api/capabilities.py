"""Probes of a server: which APIs, which search and which rendering it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.api.json_client import is_json, read_json, status_error
from napari_idr.errors import ConnectionFailedError, IDRError, ResponseFormatError
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

TOO_MANY = 429

Finding = tuple[bool, str]
"""Whether it works, and which answer showed it."""


def capabilities(json_client: JsonClient, *, cancel: CancelToken) -> Capabilities:
    """Find out what a server can do: five requests, six where mapr has no genes.

    Rendering is asked for with an image that can't exist. Who draws says that
    there is none; who doesn't draw refuses, whatever the image.

    Raises
    ------
    ConnectionFailedError, RequestTimeoutError
        No answer came.
    ServerError, RateLimitedError
        The server is out of order or wants to be left alone: nothing can be said
        about it.
    ResponseFormatError
        Something answers, but not as OMERO.web does.

    GET /api/v0/
    GET /mapr/api/autocomplete/gene/?value=
    GET /searchengine/api/v1/resources/data_sources/
    GET /webclient/keepalive_ping/
    GET /webgateway/render_image/0/0/0/?c=&m=&format=
    """
    first = json_client.response(JSON_API, cancel=cancel)
    if first.status >= 500 or first.status == TOO_MANY:
        raise status_error(first)
    json_api = _json_api(first)
    mapr = _mapr(json_client, cancel)
    search_engine = _search_engine(json_client, cancel)
    rendering, lossless = _rendering(json_client, cancel)
    abilities = {
        "json_api": json_api,
        "mapr": mapr,
        "search_engine": search_engine,
        "rendering": rendering,
        "lossless": lossless,
    }
    if not any(works for works, _ in abilities.values()):
        raise ResponseFormatError(
            "the address answers, but not as OMERO.web does", url=first.url
        )
    return Capabilities(
        **{name: works for name, (works, _) in abilities.items()},
        evidence=tuple((name, message) for name, (_, message) in abilities.items()),
    )


def _json_api(response: Response) -> Finding:
    node, message = _json(response, JSON_API)
    if node is None or not is_api_root(node):
        return False, message
    return True, message


def _mapr(json_client: JsonClient, cancel: CancelToken) -> Finding:
    """Ask for the completions of nothing: no archive looks them up."""
    response, message = _response(json_client, MAPR_VALUES, cancel)
    if response is not None and response.status == 404:
        # No mapr, or one that is set up without genes: it tells its keys.
        response, message = _response(json_client, MAPR_CONFIG, cancel)
        names = [] if response is None else _mapr_names(response)
        if not names:
            return False, message
        response, message = _response(
            json_client, f"mapr/api/autocomplete/{names[0]}/", cancel
        )
    if response is None:
        return False, message
    node, message = _json(response, MAPR_VALUES)
    return node is not None and node.is_list, message


def _mapr_names(response: Response) -> list[str]:
    node, _ = _json(response, MAPR_CONFIG)
    return [] if node is None or not node.is_object else list(node.members())


def _search_engine(json_client: JsonClient, cancel: CancelToken) -> Finding:
    response, message = _response(json_client, SEARCH_ENGINE, cancel)
    if response is None:
        return False, message
    node, message = _json(response, SEARCH_ENGINE)
    return node is not None and are_data_sources(node), message


def _rendering(json_client: JsonClient, cancel: CancelToken) -> tuple[Finding, Finding]:
    """Ask for a plane as one who has a session; a microservice wants one."""
    session, message = _response(json_client, SESSION, cancel)
    if session is None or session.status != 200 or session.body.strip() != b"OK":
        nobody = False, message
        return nobody, nobody
    response, message = _response(json_client, PLANE, cancel, PLANE_PARAMS)
    if response is None:
        nobody = False, message
        return nobody, nobody
    # Both say that there is no such image: OMERO.web by a page, and the microservice,
    # which can draw without loss, in plain words.
    plain = response.content_type != "text/html"
    draws = response.status == 404 or (response.status == 400 and plain)
    exact = draws and plain
    return (draws, message), (exact, message)


def _response(
    json_client: JsonClient, path: str, cancel: CancelToken, params: Params = ()
) -> tuple[Response | None, str]:
    """Return an answer, None if none came, and words on it."""
    try:
        response = json_client.response(path, params, cancel=cancel)
    except ConnectionFailedError as error:
        return None, f"/{path}: {error.message}"
    if response.status == TOO_MANY:
        raise status_error(response)
    return response, _message(response, path)


def _json(response: Response, path: str) -> tuple[Node | None, str]:
    message = _message(response, path)
    if response.status != 200 or not is_json(response):
        return None, message
    try:
        return read_json(response), message
    except IDRError as error:
        return None, f"/{path}: {error.message}"


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
