"""The transport against a server that can be told to misbehave."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from napari_idr.cancel import NEVER, CancelToken
from napari_idr.demo.faults import FOREVER
from napari_idr.errors import (
    Cancelled,
    ConnectionFailedError,
    RequestTimeoutError,
    ResponseFormatError,
)
from napari_idr.transport import HttpTransport, Request, RetryPolicy, user_agent

QUICK = RetryPolicy(pause_s=0.01, jitter=0)
"""The same policy with short pauses."""

PLATES = Request(path="webclient/api/plates/", params=(("id", 3101),))


@pytest.fixture
def transport(archive):
    transport = HttpTransport(archive.url, retry=QUICK, timeout_s=5)
    yield transport
    transport.close()


def test_it_names_itself_and_asks_for_short_failures(archive, transport):
    transport.send(PLATES, cancel=NEVER)

    [entry] = archive.requests
    assert entry.user_agent.startswith("napari-idr/")
    assert entry.user_agent == user_agent()
    assert "application/json" in entry.accept


def test_an_answer_comes_whole_with_lower_case_headers(transport):
    response = transport.send(PLATES, cancel=NEVER)

    assert response.status == 200
    assert response.content_type == "application/json"
    assert response.body.startswith(b'{"plates"')
    assert response.url.endswith("/webclient/api/plates/?id=3101")


def test_a_host_with_archive_and_objects_keeps_the_connections_of_both(archive, caplog):
    at_once = 2
    archive.faults.delay("", 200, times=FOREVER)
    transport = HttpTransport(archive.url, connections=at_once)
    requests = [PLATES, replace(PLATES, origin=archive.url)] * at_once

    with ThreadPoolExecutor(len(requests)) as pool:
        sent = [pool.submit(transport.send, one, cancel=NEVER) for one in requests]
    transport.close()

    assert {one.result().status for one in sent} == {200}
    assert "pool is full" not in caplog.text


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_server_that_is_busy_is_asked_again(archive, transport, status):
    archive.faults.answer_next(status, times=2)

    response = transport.send(PLATES, cancel=NEVER)

    assert response.status == 200
    assert len(archive.requests) == 3


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_a_failure_that_would_repeat_is_not_asked_again(archive, transport, status):
    archive.faults.answer_next(status, times=3)

    response = transport.send(PLATES, cancel=NEVER)

    assert response.status == status
    assert len(archive.requests) == 1


def test_a_server_that_stays_busy_is_told_after_three_tries(archive, transport):
    archive.faults.answer_next(503, times=-1)

    response = transport.send(PLATES, cancel=NEVER)

    assert response.status == 503
    assert len(archive.requests) == 3


def test_a_wish_for_a_pause_is_heeded(archive, transport):
    archive.faults.retry_after(1, times=1)

    transport.send(PLATES, cancel=NEVER)

    first, second = archive.requests
    assert second.started - first.started >= 1


def test_a_wish_for_a_long_pause_is_told_instead(archive, transport):
    archive.faults.retry_after(3600, times=1)

    response = transport.send(PLATES, cancel=NEVER)

    assert response.status == 429
    assert response.headers["retry-after"] == "3600"
    assert len(archive.requests) == 1


def test_a_connection_that_broke_is_made_again(archive, transport):
    archive.faults.drop(times=1)

    assert transport.send(PLATES, cancel=NEVER).status == 200


def test_a_body_that_is_cut_short_is_a_failed_connection(archive, transport):
    archive.faults.truncate()

    with pytest.raises(ConnectionFailedError, match="no whole answer"):
        transport.send(PLATES, cancel=NEVER)

    assert len(archive.requests) == 3


def test_a_silent_server_is_a_timeout_and_asked_once(archive):
    archive.faults.delay("", ms=2000)
    transport = HttpTransport(archive.url, retry=QUICK, timeout_s=0.2)

    with pytest.raises(RequestTimeoutError):
        transport.send(PLATES, cancel=NEVER)

    assert len(archive.requests) == 1
    transport.close()


def test_nobody_there_is_told_within_seconds():
    transport = HttpTransport("http://127.0.0.1:1", timeout_s=5)
    started = time.monotonic()

    with pytest.raises(ConnectionFailedError):
        transport.send(PLATES, cancel=NEVER)

    assert time.monotonic() - started < 5


def test_a_redirect_is_an_answer(archive, transport):
    response = transport.send(Request(path="webclient/api/plates"), cancel=NEVER)

    assert response.status == 301
    assert len(archive.requests) == 1


def test_a_pause_ends_when_the_caller_cancels(archive):
    slow = RetryPolicy(pause_s=30, longest_s=60)
    transport = HttpTransport(archive.url, retry=slow)
    archive.faults.answer_next(503, times=-1)
    cancel = CancelToken()
    threading.Timer(0.1, cancel.cancel).start()
    started = time.monotonic()

    with pytest.raises(Cancelled):
        transport.send(PLATES, cancel=cancel)

    assert time.monotonic() - started < 5
    transport.close()


def test_a_body_that_trickles_ends_when_the_caller_cancels(archive, transport):
    archive.faults.slow("", bytes_per_s=100)
    cancel = CancelToken()
    threading.Timer(0.1, cancel.cancel).start()
    started = time.monotonic()

    with pytest.raises(Cancelled):
        transport.send(PLATES, cancel=cancel)

    assert time.monotonic() - started < 1


def test_a_cancelled_caller_sends_nothing(archive, transport):
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        transport.send(PLATES, cancel=cancel)

    assert len(archive.requests) == 0


def test_closing_ends_what_is_under_way(archive, transport):
    archive.faults.slow("", bytes_per_s=100)
    threading.Timer(0.1, transport.close).start()

    with pytest.raises(ConnectionFailedError, match="closed"):
        transport.send(PLATES, cancel=NEVER)

    with pytest.raises(ConnectionFailedError, match="closed"):
        transport.send(PLATES, cancel=NEVER)


def test_an_endless_body_is_cut_off(transport):
    bounded = replace(PLATES, max_bytes=100)

    with pytest.raises(ResponseFormatError, match="larger than 100 bytes"):
        transport.send(bounded, cancel=NEVER)


def test_a_stream_gives_its_headers_before_its_body(transport):
    with transport.stream(PLATES, cancel=NEVER) as stream:
        assert stream.response.status == 200
        assert stream.response.body == b""

        body = b"".join(stream.chunks(cancel=NEVER))

    assert body == transport.send(PLATES, cancel=NEVER).body


def test_a_cookie_is_sent_back(archive, transport):
    transport.send(Request(path="webclient/keepalive_ping/"), cancel=NEVER)
    transport.send(PLATES, cancel=NEVER)

    assert archive.requests[0].cookies == ()
    assert archive.requests[1].cookies == ("sessionid_demo",)
