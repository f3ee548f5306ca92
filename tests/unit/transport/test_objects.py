from __future__ import annotations

import pickle
import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest
from napari_idr.transport._objects import ObjectStorage

from napari_idr.cancel import NEVER, CancelToken
from napari_idr.errors import (
    Cancelled,
    ConnectionFailedError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    StatusError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_objects_come_in_the_order_in_which_they_were_named(objects):
    for name in ("a", "b"):
        (objects.root / name).write_text(name)

    found = ObjectStorage().fetch(objects.url, ["b", "missing", "a"], cancel=NEVER)

    assert found == [b"b", None, b"a"]


def test_names_with_spaces_brackets_and_unicode_reach_the_server_as_they_are(objects):
    folder = objects.root / "Asterella gracilis (Mannia)" / "é [1] 100%"
    folder.mkdir(parents=True)
    (folder / "zarr.json").write_text("{}")

    url = f"{objects.url}/Asterella%20gracilis%20(Mannia)/"
    found = ObjectStorage().fetch(url, ["é [1] 100%/zarr.json"], cancel=NEVER)

    assert found == [b"{}"]


def test_the_client_names_itself(objects):
    ObjectStorage(user_agent="napari-idr/9.9").fetch(objects.url, ["a"], cancel=NEVER)

    assert objects.agents == {"napari-idr/9.9"}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, StatusError),
        (403, StatusError),
        (418, StatusError),
        (429, RateLimitedError),
        (503, ServerError),
    ],
)
def test_a_failure_status_becomes_the_error_it_means(objects, status, error):
    objects.answers["a"] = status

    with pytest.raises(error) as caught:
        ObjectStorage(timeout_s=2).fetch(objects.url, ["a"], cancel=NEVER)

    assert caught.value.status == status
    assert caught.value.url == f"{objects.url}/a"


def test_a_host_that_is_gone_is_a_failed_connection():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/bucket"

    with pytest.raises(ConnectionFailedError):
        ObjectStorage(timeout_s=2).fetch(url, ["a"], cancel=NEVER)


@contextmanager
def deaf_host() -> Iterator[str]:
    """A host that accepts no connection, and refuses none."""
    with ExitStack() as stack:
        host = stack.enter_context(socket.socket())
        host.bind(("127.0.0.1", 0))
        host.listen(0)
        for _ in range(3):  # fill its queue
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(host.getsockname())
        yield f"http://127.0.0.1:{host.getsockname()[1]}/bucket"


def test_a_host_that_can_not_be_reached_is_given_up_within_five_seconds():
    begun = time.monotonic()

    with (
        deaf_host() as url,
        pytest.raises((RequestTimeoutError, ConnectionFailedError)),
    ):
        ObjectStorage(timeout_s=30).fetch(url, ["a", "b"], cancel=NEVER)

    assert time.monotonic() - begun < 5


def test_a_host_that_keeps_silent_is_a_timeout(objects):
    objects.held = re.compile("slow")

    with pytest.raises(RequestTimeoutError):
        ObjectStorage(timeout_s=0.3).fetch(objects.url, ["slow"], cancel=NEVER)


def test_nothing_is_sent_once_the_caller_has_lost_interest(objects):
    token = CancelToken()
    token.cancel()

    with pytest.raises(Cancelled):
        ObjectStorage().fetch(objects.url, ["a"], cancel=token)

    assert objects.asked == []


def test_cancelling_ends_a_request_in_flight_and_sends_no_other(objects):
    objects.held = re.compile("slow")
    token = CancelToken()
    names = [f"slow{number}" for number in range(20)]
    storage = ObjectStorage(at_once=2)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(storage.fetch, objects.url, names, cancel=token)
        for _ in range(2):
            assert objects.arrived.acquire(timeout=10)
        token.cancel()

        assert isinstance(waiting.exception(timeout=5), Cancelled)
    objects.release.set()
    storage.fetch(objects.url, ["last"], cancel=NEVER)

    assert sorted(objects.asked) == ["last", "slow0", "slow1"]


def test_no_more_requests_are_in_flight_than_allowed_over_all_threads(objects):
    storage = ObjectStorage(at_once=3)
    names = [str(number) for number in range(20)]

    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(
                lambda n: storage.fetch(
                    objects.url, [f"{n}/{k}" for k in names], cancel=NEVER
                ),
                range(4),
            )
        )

    assert len(objects.asked) == 80
    assert objects.most_at_once <= 3


def test_after_a_failure_the_rest_of_a_question_is_not_sent(objects):
    names = [str(number) for number in range(50)]
    objects.answers["0"] = 403

    with pytest.raises(StatusError):
        ObjectStorage(at_once=1).fetch(objects.url, names, cancel=NEVER)

    assert objects.asked == ["0"]


def test_it_pickles_as_its_settings(objects):
    (objects.root / "a").write_text("A")
    storage = ObjectStorage(at_once=2, timeout_s=3.0, user_agent="me")
    storage.fetch(objects.url, ["a"], cancel=NEVER)

    again = pickle.loads(pickle.dumps(storage))

    assert again.fetch(objects.url, ["a"], cancel=NEVER) == [b"A"]
    assert objects.agents == {"me"}


def test_it_is_usable_from_many_threads_at_once(objects):
    (objects.root / "a").write_text("A")
    storage = ObjectStorage()
    start = threading.Barrier(8)

    def ask(_: int) -> list[bytes | None]:
        start.wait()
        return storage.fetch(objects.url, ["a"], cancel=NEVER)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))

    assert found == [[b"A"]] * 8


@pytest.mark.parametrize("url", ["s3://bucket/a", "/data/a", "a"])
def test_an_address_that_is_not_http_is_a_mistake_of_the_caller(url):
    with pytest.raises(ValueError, match="not an http"):
        ObjectStorage().fetch(url, ["a"], cancel=NEVER)
