"""What a server can do is told by its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_idr.api import IDRClient
from napari_idr.api.capabilities import capabilities
from napari_idr.api.json_client import JsonClient
from napari_idr.cancel import NEVER
from napari_idr.errors import (
    ConnectionFailedError,
    IDRError,
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
        self.answers = answers
        self.asked: list[str] = []

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        cancel.check()
        self.asked.append(request.path)
        answer = self.answers.get(request.path, NOT_FOUND)
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
        ((501, PAGE, b"<html>"), False, False),
        ((502, PAGE, b"<html>"), None, None),
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


SEARCH_ENGINE = "searchengine/api/v1/resources/data_sources/"

PASSING = [
    (429, PAGE, b""),
    (503, PAGE, b"<html>"),
    ResponseFormatError("the answer's encoding is cut short"),
    ConnectionFailedError("the connection was reset"),
    RequestTimeoutError("the server did not answer"),
]
"""What says nothing of a server but that it is in trouble."""


@pytest.mark.parametrize("trouble", PASSING, ids=str)
@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("mapr/api/autocomplete/gene/", ("mapr",)),
        (SEARCH_ENGINE, ("search_engine",)),
        ("webclient/keepalive_ping/", ("rendering", "lossless")),
        ("webgateway/render_image/0/0/0/", ("rendering", "lossless")),
    ],
)
def test_a_passing_trouble_is_not_the_lack_of_an_ability(path, names, trouble):
    found = asked(Server({**IDR, path: trouble}))

    assert found.unknown == names
    assert [getattr(found, name) for name in names] == [None] * len(names)
    assert found.json_api is True
    for name in names:
        assert dict(found.evidence)[name].startswith(f"not known: /{path}")
        assert isinstance(dict(found.failures)[name], IDRError)


def test_an_answer_cut_short_is_not_the_lack_of_an_ability():
    found = asked(Server({**IDR, SEARCH_ENGINE: (200, JSON, b'["id')}))

    assert (found.search_engine, found.search) == (None, None)


def test_only_what_is_not_known_is_asked_again():
    first = asked(Server({**IDR, SEARCH_ENGINE: (503, PAGE, b"")}))
    server = Server({**IDR})

    found = capabilities(JsonClient(server), known=first, cancel=NEVER)  # type: ignore[arg-type]

    assert server.asked == [SEARCH_ENGINE]
    assert found == asked(Server({**IDR}))
    assert first.search is None
    assert found.search is True


def test_one_search_that_works_is_a_search():
    found = asked(Server({**IDR, "mapr/api/autocomplete/gene/": (503, PAGE, b"")}))

    assert (found.mapr, found.search) == (None, True)


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("napari_idr.api.client.time", clock)
    return clock


def test_a_search_that_was_out_of_order_for_a_moment_is_back(clock):
    server = Server({**IDR, SEARCH_ENGINE: (503, PAGE, b"<html>")})
    client = IDRClient("archive", transport=server)  # type: ignore[arg-type]
    for _ in range(3):
        with pytest.raises(ServerError, match="503"):
            client.search("gene", "CDC20")
    asked_in_trouble = server.asked.count(SEARCH_ENGINE)

    server.answers[SEARCH_ENGINE] = IDR[SEARCH_ENGINE]
    clock.now = 11.0
    found = client.capabilities()

    assert asked_in_trouble == 1
    assert (found.search_engine, found.unknown) == (True, ())
    assert server.asked.count("api/v0/") == 1


def test_keys_of_a_search_in_trouble_are_an_error_and_not_none(clock):
    server = Server({**IDR, SEARCH_ENGINE: ConnectionFailedError("reset")})
    client = IDRClient("archive", transport=server)  # type: ignore[arg-type]

    with pytest.raises(ConnectionFailedError, match="reset"):
        client.keys()


def test_a_known_search_does_not_wait_for_what_is_not_known(clock):
    plane = "webgateway/render_image/0/0/0/"
    server = Server({**CLASSIC, plane: (503, PAGE, b"")})
    server.answers["mapr/api/gene/"] = (
        200, JSON, b'{"maps": [], "screens": [], "projects": []}',
    )  # fmt: skip
    client = IDRClient("archive", transport=server)  # type: ignore[arg-type]
    client.capabilities()
    clock.now = 11.0

    client.search("gene", "CDC20")

    assert server.asked.count(plane) == 1


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


def test_a_server_that_wants_to_be_left_alone_is_not_judged():
    with pytest.raises(RateLimitedError):
        asked(Server(CLASSIC | {"api/v0/": (429, PAGE, b"")}))


def test_a_server_of_which_only_trouble_is_known_is_not_judged():
    trouble = RequestTimeoutError("the server did not answer")

    with pytest.raises(RequestTimeoutError):
        asked(Server({SEARCH_ENGINE: trouble}))


def test_an_address_without_a_server_is_not_judged():
    nobody = ConnectionFailedError("no answer came back")

    with pytest.raises(ConnectionFailedError):
        asked(Server({"api/v0/": nobody}))
