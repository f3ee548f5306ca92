"""The check of a server: its verdicts, its exit status, and what it writes."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from napari_idr import _cli, demo
from napari_idr.check import BELIEFS, Outcome, all_well, as_markdown, as_table, hold
from napari_idr.demo.faults import FOREVER
from napari_idr.errors import ConnectionFailedError
from napari_idr.transport import HttpTransport, Response, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_idr.cancel import CancelToken
    from napari_idr.check import Verdict
    from napari_idr.transport import Request

ONCE = RetryPolicy(retries=0)


def checked(archive: demo.Archive) -> dict[str, Verdict]:
    transport = HttpTransport(archive.url, retry=ONCE)
    try:
        return {one.belief.name: one for one in hold(transport, archive.url)}
    finally:
        transport.close()


class Answers:
    """A server that gives one answer, or none, to everything but its first."""

    def __init__(self, *answers: Response | ConnectionFailedError) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        cancel.check()
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, ConnectionFailedError):
            raise answer
        return answer

    def stream(self, request: Request, *, cancel: CancelToken) -> Iterator[None]:
        raise NotImplementedError

    def close(self) -> None:
        pass


def answer(status: int = 200, body: bytes = b"{}", **headers: str) -> Response:
    given = {"content-type": "application/json", **headers}
    return Response(url="http://a.org/x", status=status, headers=given, body=body)


ROOT = answer(body=b'{"url:screens": "s", "url:images": "i"}')


@pytest.mark.parametrize("face", ["archive", "idr_archive"])
def test_each_belief_holds_of_the_demo_archive_or_is_of_what_it_hasnt(
    face: str, request: pytest.FixtureRequest
):
    archive: demo.Archive = request.getfixturevalue(face)

    verdicts = checked(archive)

    differing = {n: v.message for n, v in verdicts.items() if not all_well([v])}
    assert differing == {}
    assert len(verdicts) == sum(one.only_at is None for one in BELIEFS)
    assert sum(v.outcome is Outcome.HOLDS for v in verdicts.values()) >= 28


def test_what_a_server_hasnt_is_told_and_isnt_wrong(archive, idr_archive):
    classic, idr = checked(archive), checked(idr_archive)

    assert classic["mapr completes a value"].outcome is Outcome.HOLDS
    assert idr["mapr completes a value"].outcome is Outcome.CANT
    assert "apidocs" in idr["mapr completes a value"].message
    named = "The search engine names its data sources"
    assert classic[named].outcome is Outcome.CANT
    assert idr[named].outcome is Outcome.HOLDS
    assert idr["The OME-Zarr of an image tells its levels"].outcome is Outcome.HOLDS


def test_a_belief_is_one_request(archive):
    verdicts = checked(archive)

    asked = Counter(entry.path for entry in archive.requests)
    assert sum(asked.values()) == sum(v.status is not None for v in verdicts.values())


def test_what_differs_says_where_and_what_it_means():
    server = Answers(ROOT, answer(body=b'{"data": [{"@id": "7"}]}'))

    verdicts = list(hold(server, "http://a.org"))

    screens = verdicts[1]
    assert screens.outcome is Outcome.DIFFERS
    assert "$" in screens.message
    assert not all_well(verdicts)
    assert f"so {screens.belief.otherwise}" in as_table(verdicts)
    assert screens.belief.otherwise in as_markdown(verdicts, "http://a.org")


def test_a_server_in_trouble_isnt_judged(archive):
    archive.faults.answer_next(503, times=FOREVER, match="/api/v0/m/screens/")

    screens = checked(archive)["Screens come with the number of their plates"]

    assert screens.outcome is Outcome.NOT_KNOWN
    assert not all_well([screens])


def test_a_server_that_falls_silent_isnt_asked_much_longer():
    server = Answers(ROOT, ConnectionFailedError("nobody there"))

    verdicts = list(hold(server, "http://a.org"))

    assert len(server.asked) == 3
    assert verdicts[-1].outcome is Outcome.NOT_KNOWN
    assert "silent" in verdicts[-1].message


def test_another_server_is_asked_once():
    server = Answers(answer(body=b"<html>", **{"content-type": "text/html"}))

    verdicts = list(hold(server, "http://a.org"))

    assert len(server.asked) == len(verdicts) == 1
    assert verdicts[0].outcome is Outcome.DIFFERS


def test_facts_reach_the_requests_and_quotes_stay_quotes():
    values = b'{"data": [{"Value": "a\\"b", "Number of images": 1.0}]}'
    engine = [one for one in BELIEFS if one.path.endswith(("values/", "submitquery/"))]
    server = Answers(answer(body=values), answer())

    list(hold(server, "http://a.org", engine))

    assert r'["a\"b"]' in (server.asked[1].json or "")


def test_names_of_beliefs_are_theirs_alone_and_facts_are_told_before():
    assert len({one.name for one in BELIEFS}) == len(BELIEFS)
    for one in BELIEFS:
        assert not one.otherwise.endswith(".")
        assert one.otherwise[0].islower() or one.otherwise.startswith("OME")


def test_what_a_server_says_does_nothing_to_a_terminal_or_a_page():
    [verdict] = hold(Answers(answer(status=200, body=b"{}")), "http://a.org")
    odd = replace(verdict, message="\x1b[2J|<b>\n" + 200 * "x")

    assert "\x1b" not in as_table([odd])
    page = as_markdown([odd], "http://a.org")
    row = next(line for line in page.splitlines() if "[2J" in line)
    assert r"\|&lt;b>" in row
    assert len(re.findall(r"(?<!\\)\|", row)) == 7


def test_the_command_writes_a_table_and_a_report(
    archive: demo.Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    report = tmp_path / "report.md"

    status = _cli.main(["check", archive.url, "--report", str(report)])

    assert status == 0
    assert "holds     200" in capsys.readouterr().out
    assert f"`{archive.url}`" in report.read_text()


def test_the_command_fails_where_a_belief_doesnt_hold(archive: demo.Archive):
    archive.faults.answer_next(404, times=FOREVER, match="/api/v0/m/screens/")

    assert _cli.main(["check", archive.url]) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://["])
def test_the_command_says_in_a_sentence_that_nobody_answers(
    url: str, capsys: pytest.CaptureFixture[str]
):
    assert _cli.main(["check", url, "--timeout", "5"]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert len(said.err.splitlines()) == 1
