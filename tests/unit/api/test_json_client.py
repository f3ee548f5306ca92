"""What is wrong with an answer, said as an error with its facts."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.api.json_client import JsonClient, naming, read_json
from napari_idr.cancel import NEVER
from napari_idr.errors import (
    MovedError,
    NotFoundError,
    RateLimitedError,
    ResponseFormatError,
    ServerError,
    StatusError,
)
from napari_idr.transport import Response

JSON = {"content-type": "application/json"}
HTML = {"content-type": "text/html; charset=utf-8"}


class Canned:
    """Gives the same answer to every question, and remembers the questions."""

    def __init__(self, body=b"", status=200, headers=JSON):
        self.response = Response(
            url="http://a/x/", status=status, headers=headers, body=body
        )
        self.asked = []

    def send(self, request, *, cancel):
        self.asked.append(request)
        return self.response


def ask(body=b"", status=200, headers=JSON):
    return JsonClient(Canned(body, status, headers)).json("x/", cancel=NEVER)


def test_json_comes_as_a_node_that_knows_its_address():
    node = ask(b'{"data": [1]}')

    assert node.children("data")[0].read(int) == 1
    assert node.url == "http://a/x/"


def test_a_body_makes_the_question_a_post():
    canned = Canned(b"{}")

    JsonClient(canned).json("x/", cancel=NEVER, body={"a": 1})

    [request] = canned.asked
    assert (request.method, request.json) == ("POST", '{"a": 1}')


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, StatusError),
        (403, StatusError),
        (404, NotFoundError),
        (410, NotFoundError),
        (414, StatusError),
        (429, RateLimitedError),
        (500, ServerError),
        (503, ServerError),
        (301, ResponseFormatError),
        (302, ResponseFormatError),
        (204, ResponseFormatError),
    ],
)
def test_each_status_is_an_error_of_its_kind(status, kind):
    with pytest.raises(kind) as caught:
        ask(status=status)

    assert type(caught.value) is kind
    assert caught.value.url == "http://a/x/"
    if isinstance(caught.value, StatusError):
        assert caught.value.status == status


def test_the_server_s_own_words_are_kept():
    body = b'{"message": "Plate 7 not found", "stacktrace": "Traceback ..."}'

    with pytest.raises(NotFoundError, match="Plate 7 not found") as caught:
        ask(body, status=404)

    assert "Traceback" not in str(caught.value)


def test_a_page_s_words_are_not():
    with pytest.raises(ServerError) as caught:
        ask(b"<html>Sorry</html>", status=500, headers=HTML)

    assert caught.value.message == "the server answered 500"


def test_a_redirect_says_where_to():
    with pytest.raises(ResponseFormatError, match="points to /searchengine/"):
        ask(status=302, headers={"location": "/searchengine/apidocs/"})


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("https://a/x/", "https://a"),
        ("//b.example:81/x/?y", "http://b.example:81"),
        ("http://[::1]/", "http://[::1]"),
        ("http://A/y/", None),
        ("/login/", None),
        ("file:///etc/passwd", None),
        ("http://b:no", None),
        ("http://", None),
    ],
)
def test_a_redirect_to_another_server_names_it(location, place):
    with pytest.raises(ResponseFormatError) as caught:
        ask(status=302, headers={"location": location})

    assert isinstance(caught.value, MovedError) == (place is not None)
    assert getattr(caught.value, "place", None) == place


@pytest.mark.parametrize(("told", "known"), [("7", 7.0), ("soon", None), (None, None)])
def test_a_wish_to_slow_down_is_a_fact(told, known):
    headers = {} if told is None else {"retry-after": told}

    with pytest.raises(RateLimitedError) as caught:
        ask(status=429, headers=headers)

    assert caught.value.retry_after_s == known


@pytest.mark.parametrize("headers", [HTML, JSON])
def test_a_page_where_data_is_due_is_told(headers):
    with pytest.raises(ResponseFormatError, match="a page came"):
        ask(b"\n <!DOCTYPE html><html></html>", headers=headers)


ENDLESS = b"[" * 100_000


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"a": 1', b"\xff\xfe", b"OK", b"{}}", ENDLESS]
)
def test_json_that_is_broken_is_told(body):
    with pytest.raises(ResponseFormatError, match="broken or cut short"):
        ask(body)


@given(st.binary(max_size=60))
def test_any_body_is_a_node_or_a_format_error(body):
    response = Response(url="", status=200, headers=JSON, body=body)

    with contextlib.suppress(ResponseFormatError):
        read_json(response)


def test_what_wasn_t_found_gets_its_name():
    with pytest.raises(NotFoundError) as caught, naming("plate", 7):
        ask(status=404)

    assert (caught.value.kind, caught.value.id) == ("plate", 7)
    assert caught.value.url == "http://a/x/"


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (rb'["x\ud800y", "\ud83d\udd2c", "\\ud800"]', ["x?y", "\U0001f52c", r"\ud800"]),
        (rb'[{"a": {"b\udfff": 1}}]', [{"a": {"b?": 1}}]),
        (b'["x\xed\xa0\x80y"]', ["x?y"]),
        ('["é\ud800"]'.encode("utf-16-le", "surrogatepass"), ["é?"]),
    ],
)
def test_half_of_a_character_costs_no_more_than_itself(body, read):
    answer = Response(url="http://a/", status=200, headers=JSON, body=body)

    text = str(read_json(answer).value)

    assert text == str(read).replace("?", "\ufffd")
