"""What a server can do is told by its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_idr.api.capabilities import capabilities
from napari_idr.api.json_client import JsonClient
from napari_idr.cancel import NEVER
from napari_idr.errors import (
    ConnectionFailedError,
    RateLimitedError,
    RequestTimeoutError,
    ResponseFormatError,
    ServerError,
)
from napari_idr.transport import Response

if TYPE_CHECKING:
    from napari_idr.cancel import CancelToken
    from napari_idr.model import Capabilities
    from napari_idr.transport import Request

JSON = "application/json"
PAGE = "text/html"

Answer = tuple[int, str, bytes]

NOT_FOUND: Answer = (404, PAGE, b"<html>not found</html>")
MOVED: Answer = (302, PAGE, b"<html>moved</html>")

CLASSIC: dict[str, Answer] = {
    "api/v0/": (200, JSON, b'{"url:screens": "x"}'),
    "mapr/api/autocomplete/gene/": (200, JSON, b"[]"),
    "webclient/keepalive_ping/": (200, "text/plain", b"OK"),
    "webgateway/render_image/0/0/0/": NOT_FOUND,
}

IDR: dict[str, Answer] = CLASSIC | {
    "mapr/api/autocomplete/gene/": MOVED,
    "searchengine/api/v1/resources/data_sources/": (200, JSON, b'["idr"]'),
    "webgateway/render_image/0/0/0/": (404, "", b"Cannot find Image:0"),
}


class Server:
    """A transport with an answer for each path; 404 for others."""

    def __init__(self, answers: dict[str, Answer | Exception]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        cancel.check()
        self.asked.append(request.path)
        answer = self._answers.get(request.path, NOT_FOUND)
        if isinstance(answer, Exception):
            raise answer
        status, kind, body = answer
        headers = {"content-type": f"{kind}; charset=utf-8"} if kind else {}
        if status == 302:
            headers["location"] = "/searchengine/apidocs/"
        url = f"http://archive/{request.path}"
        return Response(url=url, status=status, headers=headers, body=body)


def asked(server: Server) -> Capabilities:
    return capabilities(JsonClient(server), cancel=NEVER)  # type: ignore[arg-type]


def test_omero_web_with_mapr_draws_with_loss():
    server = Server({**CLASSIC})

    found = asked(server)

    assert (found.json_api, found.mapr, found.search_engine) == (True, True, False)
    assert (found.rendering, found.lossless) == (True, False)
    assert len(server.asked) == 5


def test_the_idr_has_a_search_engine_and_draws_without_loss():
    server = Server({**IDR})

    found = asked(server)

    assert (found.json_api, found.mapr, found.search_engine) == (True, False, True)
    assert (found.rendering, found.lossless) == (True, True)
    assert len(server.asked) == 5


def test_each_ability_comes_with_the_answer_that_showed_it():
    message = dict(asked(Server({**IDR})).evidence)

    assert message["mapr"] == (
        "/mapr/api/autocomplete/gene/ answered 302 to /searchengine/apidocs/"
    )
    assert message["search_engine"] == (
        "/searchengine/api/v1/resources/data_sources/ answered 200 application/json"
    )
    assert set(message) == {
        "json_api",
        "mapr",
        "search_engine",
        "rendering",
        "lossless",
    }


@pytest.mark.parametrize(
    ("answer", "rendering", "lossless"),
    [
        ((404, "text/plain", b"Cannot find Image:0"), True, True),
        ((400, "text/plain", b"Missing parameter m"), True, True),
        ((404, PAGE, b""), True, False),
        ((403, "", b""), False, False),
        ((403, "text/plain", b"Permission denied"), False, False),
        ((302, PAGE, b""), False, False),
        ((502, PAGE, b"<html>"), False, False),
    ],
)
def test_rendering_is_told_by_how_an_absent_image_is_refused(
    answer, rendering, lossless
):
    found = asked(Server(IDR | {"webgateway/render_image/0/0/0/": answer}))

    assert (found.rendering, found.lossless) == (rendering, lossless)


def test_a_session_is_asked_for_before_a_plane():
    server = Server({**IDR})

    asked(server)

    session = server.asked.index("webclient/keepalive_ping/")
    assert session < server.asked.index("webgateway/render_image/0/0/0/")


def test_a_page_with_status_200_is_no_mapr():
    page: Answer = (200, PAGE, b"<html>")

    found = asked(Server(CLASSIC | {"mapr/api/autocomplete/gene/": page}))

    assert found.mapr is False


def test_a_mapr_without_genes_is_found_by_its_first_key():
    server = Server(
        CLASSIC
        | {
            "mapr/api/autocomplete/gene/": NOT_FOUND,
            "mapr/api/config/": (200, JSON, b'{"drug": {"all": ["Drug"]}}'),
            "mapr/api/autocomplete/drug/": (200, JSON, b"[]"),
        }
    )

    assert asked(server).mapr is True


def test_a_search_engine_that_does_not_answer_does_not_spoil_the_rest():
    late = RequestTimeoutError("the server did not answer")

    found = asked(Server({**IDR, "searchengine/api/v1/resources/data_sources/": late}))

    assert (found.search_engine, found.json_api) == (False, True)
    assert "the server did not answer" in dict(found.evidence)["search_engine"]


def test_a_server_that_is_something_else_is_refused():
    with pytest.raises(ResponseFormatError, match="not as OMERO"):
        asked(Server({}))


def test_a_server_with_a_page_for_everything_is_refused():
    page: Answer = (200, PAGE, b"<html>welcome</html>")

    with pytest.raises(ResponseFormatError, match="not as OMERO"):
        asked(Server(dict.fromkeys([*IDR, "mapr/api/config/"], page)))


def test_a_server_out_of_order_is_not_judged():
    with pytest.raises(ServerError):
        asked(Server(CLASSIC | {"api/v0/": (503, PAGE, b"<html>")}))


@pytest.mark.parametrize("path", [*CLASSIC])
def test_a_server_that_wants_to_be_left_alone_is_not_judged(path):
    with pytest.raises(RateLimitedError):
        asked(Server(CLASSIC | {path: (429, PAGE, b"")}))


def test_an_address_without_a_server_is_not_judged():
    nobody = ConnectionFailedError("no answer came back")

    with pytest.raises(ConnectionFailedError):
        asked(Server({"api/v0/": nobody}))
