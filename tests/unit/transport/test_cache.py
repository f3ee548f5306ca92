"""What is remembered, for how long, and what never is."""

from __future__ import annotations

import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from napari_idr.cancel import NEVER
from napari_idr.transport import (
    AnswerStore,
    CachingTransport,
    KeepRule,
    Request,
    Response,
)

HOUR_S = 3600.0
RULES = (
    KeepRule(
        path=re.compile("kept/"),
        keep_s=HOUR_S,
        media_types=("application/json",),
        unless=re.compile(rb'"error"'),
    ),
)
QUESTION = Request(path="kept/", params=(("id", 1),))


class Counting:
    """Answers with the number of the request."""

    def __init__(self, **answer: object) -> None:
        self.sent = 0
        self.answer = {
            "status": 200,
            "headers": {"content-type": "application/json; charset=utf-8"},
            **answer,
        }

    def send(self, request, *, cancel):
        self.sent += 1
        body = self.answer.get("body", f"[{self.sent}]".encode())
        return Response(url=f"http://a/{request.path}", **{**self.answer, "body": body})

    def stream(self, request, *, cancel):
        raise NotImplementedError

    def close(self):
        pass


class Reading:
    """Has each answer remembered, as one does who has read it."""

    def __init__(self, transport) -> None:
        self._transport = transport

    def send(self, request, *, cancel):
        response = self._transport.send(request, cancel=cancel)
        response.keep()
        return response


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def remembering(tmp_path, clock):
    """Make a transport that remembers in the same directory as the others."""
    made = []

    def make(inner, address="http://a", **options):
        store = AnswerStore(tmp_path / "cache", now=clock, **options)
        transport = CachingTransport(inner, address=address, store=store, rules=RULES)
        made.append(transport)
        return Reading(transport)

    yield make
    for transport in made:
        transport.close()


def test_a_question_is_sent_once(remembering):
    inner = Counting()
    transport = remembering(inner)

    first = transport.send(QUESTION, cancel=NEVER)
    second = transport.send(QUESTION, cancel=NEVER)

    assert inner.sent == 1
    assert second.body == first.body == b"[1]"
    assert second.url == first.url
    assert second.content_type == "application/json"


def test_text_that_is_no_unicode_is_a_question_like_any_other(remembering):
    inner = Counting()
    transport = remembering(inner)
    for question in (
        Request(path="kept/\ud800"),
        Request(path="kept/", params=(("a", "\ud800"),)),
    ):
        transport.send(question, cancel=NEVER)

    assert inner.sent == 2


def test_another_program_finds_it_too(remembering):
    remembering(Counting()).send(QUESTION, cancel=NEVER)
    inner = Counting()

    response = remembering(inner).send(QUESTION, cancel=NEVER)

    assert inner.sent == 0
    assert response.body == b"[1]"


def test_another_server_is_another_question(remembering):
    remembering(Counting()).send(QUESTION, cancel=NEVER)
    inner = Counting()

    remembering(inner, address="http://b").send(QUESTION, cancel=NEVER)

    assert inner.sent == 1


@pytest.mark.parametrize(
    "other",
    [
        Request(path="kept/", params=(("id", 2),)),
        Request(path="kept/", params=(("id", 1), ("page", 1))),
        Request(path="kept/1/", params=(("id", 1),)),
        Request(path="kept/", params=(("id", 1),), method="POST", json="{}"),
    ],
)
def test_questions_that_differ_are_told_apart(remembering, other):
    inner = Counting()
    transport = remembering(inner)
    transport.send(QUESTION, cancel=NEVER)

    assert transport.send(other, cancel=NEVER).body == b"[2]"


def test_what_is_too_old_is_asked_again(remembering, clock):
    inner = Counting()
    transport = remembering(inner)
    transport.send(QUESTION, cancel=NEVER)
    clock.now += HOUR_S + 1

    assert transport.send(QUESTION, cancel=NEVER).body == b"[2]"


def test_a_fresh_question_is_sent_and_its_answer_kept(remembering):
    inner = Counting()
    transport = remembering(inner)
    transport.send(QUESTION, cancel=NEVER)

    fresh = Request(path=QUESTION.path, params=QUESTION.params, fresh=True)
    transport.send(fresh, cancel=NEVER)

    assert transport.send(QUESTION, cancel=NEVER).body == b"[2]"
    assert inner.sent == 2


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 500},
        {"status": 302},
        {"headers": {"content-type": "text/html"}},
        {"headers": {}},
        {"body": b""},
        {"body": b'{"error": "traceback"}'},
    ],
)
def test_what_isn_t_a_good_answer_isn_t_kept(remembering, answer):
    inner = Counting(**answer)
    transport = remembering(inner)

    transport.send(QUESTION, cancel=NEVER)
    transport.send(QUESTION, cancel=NEVER)

    assert inner.sent == 2


def test_what_no_rule_matches_isn_t_kept(remembering):
    inner = Counting()
    transport = remembering(inner)

    transport.send(Request(path="search/"), cancel=NEVER)
    transport.send(Request(path="search/"), cancel=NEVER)

    assert inner.sent == 2


def test_a_file_that_is_broken_is_begun_anew(remembering, tmp_path):
    remembering(Counting()).send(QUESTION, cancel=NEVER)
    for file in (tmp_path / "cache").iterdir():
        file.write_bytes(b"this is no database" * 1000)
    inner = Counting()
    transport = remembering(inner)

    answers = [transport.send(QUESTION, cancel=NEVER).body for _ in range(3)]

    assert answers[0] == b"[1]"
    assert answers[1] == answers[2]
    assert inner.sent < 3


def test_a_directory_that_can_t_be_made_is_done_without(remembering, tmp_path):
    (tmp_path / "cache").write_text("a file is in the way")
    inner = Counting()
    transport = remembering(inner)

    transport.send(QUESTION, cancel=NEVER)

    assert transport.send(QUESTION, cancel=NEVER).body == b"[2]"


def test_a_file_that_another_program_holds_is_done_without(remembering, tmp_path):
    transport = remembering(Counting())
    transport.send(QUESTION, cancel=NEVER)
    [file] = (tmp_path / "cache").glob("*.sqlite")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    response = transport.send(Request(path="kept/2/"), cancel=NEVER)

    assert response.status == 200
    other.close()


def test_a_full_store_drops_the_oldest(tmp_path, clock):
    most = 2**20
    store = AnswerStore(tmp_path, max_bytes=most, now=clock)
    for number in range(60):
        clock.now += 1
        answer = Response(
            url="http://a",
            status=200,
            headers={"content-type": "application/json"},
            body=bytes(50_000),
        )
        store.keep(f"{number}", answer, keep_s=HOUR_S)

    kept = [number for number in range(60) if store.find(f"{number}") is not None]
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= most
    assert 10 <= len(kept) <= 20
    assert kept == list(range(60 - len(kept), 60))
    store.close()


def test_an_answer_that_would_push_out_the_others_isn_t_kept(tmp_path, clock):
    store = AnswerStore(tmp_path, max_bytes=1000, now=clock)
    store.keep("large", Response(url="", status=200, body=bytes(500)), keep_s=HOUR_S)

    assert store.find("large") is None
    store.close()


def test_many_threads_share_a_store(remembering):
    inner = Counting(body=b"[0]")
    transport = remembering(inner)

    def ask(number: int) -> bytes:
        request = Request(path=f"kept/{number % 10}/")
        return transport.send(request, cancel=NEVER).body

    with ThreadPoolExecutor(8) as pool:
        bodies = set(pool.map(ask, range(200)))

    assert bodies == {b"[0]"}
    assert inner.sent < 100


def test_a_closed_store_answers_nothing(tmp_path):
    store = AnswerStore(tmp_path)
    store.close()

    assert store.find("any") is None
