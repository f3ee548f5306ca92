"""The demo archive behind its socket: faults, log, faces, many at once."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from napari_idr.demo import serve

PLATES = "/webclient/api/plates/?id=3101"


@pytest.fixture(scope="module")
def running():
    with serve() as archive:
        yield archive


@pytest.fixture
def archive(running):
    running.faults.clear()
    running.requests.clear()
    yield running
    running.faults.clear()
    running.delay_ms = running.thumbnail_ms = 0


def get(archive, path, **more):
    return requests.get(archive.url + path, timeout=10, **more)


def test_a_request_is_logged(archive):
    get(archive, PLATES, headers={"User-Agent": "a test"}, cookies={"a": "b"})

    (logged,) = archive.requests
    assert (logged.method, logged.target) == ("GET", PLATES)
    assert (logged.user_agent, logged.cookies) == ("a test", ("a",))
    assert (logged.status, logged.in_flight) == (200, 1)


def test_a_connection_is_kept(archive):
    with requests.Session() as session:
        for _ in range(3):
            session.get(archive.url + PLATES, timeout=10).raise_for_status()

    assert len({one.client_port for one in archive.requests}) == 1


def test_sixteen_requests_are_answered_at_once(archive):
    archive.delay_ms = 200

    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda _: get(archive, PLATES).status_code, range(16)))

    assert statuses == [200] * 16
    assert archive.requests.most_in_flight == 16


def test_thumbnails_cost_the_server_each(archive):
    archive.thumbnail_ms = 10
    started = time.monotonic()

    get(archive, "/webclient/get_thumbnails/?id=1900001&id=1900002&id=1900003")

    assert time.monotonic() - started >= 0.03


def test_a_busy_answer_comes_as_often_as_asked(archive):
    archive.faults.answer_next(503, times=2, match="plates")

    statuses = [get(archive, PLATES).status_code for _ in range(3)]

    assert statuses == [503, 503, 200]


def test_a_busy_server_can_say_when_to_come_back(archive):
    archive.faults.retry_after(7)

    answer = get(archive, PLATES)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_a_fault_leaves_other_paths_alone(archive):
    archive.faults.wrong_type("datasets")

    assert get(archive, PLATES).headers["Content-Type"] == "application/json"
    other = get(archive, "/webclient/api/datasets/?id=3101")
    assert (other.status_code, other.headers["Content-Type"][:9]) == (200, "text/html")


def test_a_dropped_connection_has_no_answer(archive):
    archive.faults.drop("plates", times=1)

    with pytest.raises(requests.ConnectionError):
        get(archive, PLATES)
    assert get(archive, PLATES).ok


def test_a_truncated_body_is_shorter_than_announced(archive):
    archive.faults.truncate("plates")

    with pytest.raises(
        (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)
    ):
        get(archive, PLATES)


def test_a_slow_body_trickles(archive):
    archive.faults.slow("plates", bytes_per_s=1000)
    started = time.monotonic()

    answer = get(archive, PLATES)

    assert time.monotonic() - started > len(answer.content) / 1000 * 0.5


def test_a_late_answer_is_late(archive):
    archive.faults.delay("plates", ms=60)
    started = time.monotonic()

    get(archive, PLATES)

    assert time.monotonic() - started >= 0.06


def test_closing_does_not_wait_for_a_slow_answer():
    with serve(delay_ms=30_000) as archive, ThreadPoolExecutor(1) as pool:
        pending = pool.submit(get, archive, PLATES)
        while not archive.requests.in_flight:
            time.sleep(0.001)
        started = time.monotonic()
        archive.closing.set()
        pending.exception(timeout=5)

    assert time.monotonic() - started < 2


def test_a_terabyte_can_be_left_after_its_first_bytes(archive):
    with get(archive, "/webclient/annotation/31003/", stream=True) as answer:
        first = answer.raw.read(1024)

    assert len(first) == 1024
    assert answer.headers["Content-Length"] == "1065853300065"


def test_a_session_comes_with_a_ping_and_not_with_what_a_proxy_remembers(archive):
    assert "sessionid_demo" in get(archive, "/webclient/keepalive_ping/").cookies
    assert not get(archive, PLATES).cookies
