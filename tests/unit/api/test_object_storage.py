"""Objects of OME-Zarrs: brought in our threads, some kept for the next read."""

from __future__ import annotations

import pickle
import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from zarr.abc.store import RangeByteRequest, SuffixByteRequest
from zarr.buffer import default_buffer_prototype
from zarr.core.sync import sync

from napari_idr.api.zarr.store import ENTRY_BYTES, ChunkCache
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.errors import (
    Cancelled,
    ConnectionFailedError,
    PixelDataError,
    RateLimitedError,
    RequestTimeoutError,
    ServerError,
    StatusError,
)
from support.storage import object_storage
from support.wire import comes_true, wire_server

SOON_S = 10.0


def get(root, name, part=None):
    """Ask a store of zarr-python for an object."""
    buffer = sync((root / name).get(default_buffer_prototype(), part))
    return None if buffer is None else buffer.to_bytes()


def test_objects_come_in_the_order_in_which_they_were_named(objects):
    for name in ("a", "b"):
        (objects.root / name).write_text(name)

    found = object_storage().fetch(objects.url, ["b", "missing", "a"], cancel=NEVER)

    assert found == [b"b", None, b"a"]


def test_names_with_spaces_brackets_and_unicode_reach_the_server_as_they_are(objects):
    folder = objects.root / "Asterella gracilis (Mannia)" / "é [1] 100%"
    folder.mkdir(parents=True)
    (folder / "zarr.json").write_text("{}")

    url = f"{objects.url}/Asterella%20gracilis%20(Mannia)/"
    found = object_storage().fetch(url, ["é [1] 100%/zarr.json"], cancel=NEVER)

    assert found == [b"{}"]


def test_the_address_goes_to_the_wire_as_it_is_escaped():
    with wire_server(lambda caller: caller.answer(b"{}")) as server:
        url = f"{server.url}/plate%2B1+2%20x/"
        object_storage().fetch(url, ["a+b"], cancel=NEVER)

    assert server.heads[0].startswith("GET /plate%2B1+2%20x/a%2Bb HTTP/1.1")


@pytest.mark.parametrize("name", ["../a", "a/../../b", "./a", "\ud800"])
def test_a_name_that_leads_elsewhere_is_broken_metadata(objects, name):
    with pytest.raises(PixelDataError, match="can't be the name"):
        object_storage().fetch(objects.url, [name], cancel=NEVER)

    assert objects.asked == []


def test_the_client_names_itself(objects):
    object_storage().fetch(objects.url, ["a"], cancel=NEVER)

    [agent] = objects.agents
    assert agent.startswith("napari-idr/")


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
        object_storage().fetch(objects.url, ["a"], cancel=NEVER)

    assert caught.value.status == status
    assert caught.value.url == f"{objects.url}/a"


def test_a_host_that_is_gone_is_a_failed_connection_and_named():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"

    with pytest.raises(ConnectionFailedError, match=host):
        object_storage().fetch(f"http://{host}/bucket", ["a"], cancel=NEVER)


def test_a_host_that_keeps_silent_is_a_timeout(objects):
    objects.held = re.compile("slow")

    with pytest.raises(RequestTimeoutError):
        object_storage(timeout_s=0.3).fetch(objects.url, ["slow"], cancel=NEVER)


def test_cancelling_ends_a_request_in_flight_and_sends_no_other(objects):
    objects.held = re.compile("slow")
    token = CancelToken()
    names = [f"slow{number}" for number in range(20)]
    storage = object_storage(at_once=2)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(storage.fetch, objects.url, names, cancel=token)
        for _ in range(2):
            assert objects.arrived.acquire(timeout=SOON_S)
        token.cancel()

        assert isinstance(waiting.exception(timeout=SOON_S), Cancelled)
    objects.release.set()
    storage.fetch(objects.url, ["last"], cancel=NEVER)

    assert sorted(objects.asked) == ["last", "slow0", "slow1"]


def test_no_more_requests_are_in_flight_than_allowed_over_all_threads(objects):
    storage = object_storage(at_once=3)
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
        object_storage(at_once=1).fetch(objects.url, names, cancel=NEVER)

    assert objects.asked == ["0"]


def test_it_pickles_as_its_settings_and_is_shared(objects):
    (objects.root / "a").write_text("A")
    data = pickle.dumps(object_storage(at_once=2, timeout_s=3.0))

    one, other = pickle.loads(data), pickle.loads(data)

    assert one is other
    assert one.fetch(objects.url, ["a"], cancel=NEVER) == [b"A"]


@pytest.mark.parametrize("url", ["s3://bucket/a", "/data/a", "a"])
def test_an_address_that_is_not_http_is_a_mistake_of_the_caller(url):
    with pytest.raises(ValueError, match="not an http"):
        object_storage().fetch(url, ["a"], cancel=NEVER)


def test_a_read_is_run_again_until_nothing_is_missing(objects):
    (objects.root / "index").write_text("0123456789")
    runs = []

    def use(root):
        runs.append(1)
        end = get(root, "index", SuffixByteRequest(2))
        if end is None:
            return None
        return end, get(root, "index", RangeByteRequest(2, 5)), get(root, "missing")

    found = object_storage().read(objects.url, use, cancel=NEVER)

    assert found == (b"89", b"234", None)
    assert len(runs) == 3
    assert sorted(objects.asked) == ["index", "index", "missing"]


def test_an_error_on_the_way_counts_only_if_nothing_is_missing(objects):
    (objects.root / "a").write_text("A")

    def use(root):
        data = get(root, "a")
        if data is None:
            raise ValueError("not yet")
        raise ValueError(data.decode())

    with pytest.raises(ValueError, match="A"):
        object_storage().read(objects.url, use, cancel=NEVER)


def test_a_read_that_wants_ever_more_comes_to_an_end(objects):
    counted = iter(range(1000))

    with pytest.raises(PixelDataError, match="ever more"):
        object_storage().read(
            objects.url, lambda root: get(root, str(next(counted))), cancel=NEVER
        )

    assert len(objects.asked) < 20


def test_a_server_that_sends_no_parts_is_told(objects):
    (objects.root / "a").write_text("0123456789")
    objects.ranges = False

    with pytest.raises(PixelDataError, match="doesn't send parts"):
        object_storage().read(
            objects.url,
            lambda root: get(root, "a", RangeByteRequest(0, 2)),
            cancel=NEVER,
        )


def test_another_part_than_asked_for_is_refused():
    def script(caller):
        caller.answer(b"ab", 206, Content_Range="bytes 0-1/10")

    with wire_server(script) as server, pytest.raises(PixelDataError, match="another"):
        object_storage().read(
            server.url,
            lambda root: get(root, "a", RangeByteRequest(4, 6)),
            cancel=NEVER,
        )


@pytest.mark.parametrize(("keep", "times"), [(True, 1), (False, 2)])
def test_objects_are_kept_for_those_who_ask_with_it(objects, keep, times):
    (objects.root / "a").write_text("A")
    storage = object_storage()

    for _ in range(2):
        storage.read(objects.url, lambda root: get(root, "a"), keep=keep, cancel=NEVER)

    assert objects.asked == ["a"] * times


def digits(root):
    """Read an object that is to be a number."""
    data = get(root, "a")
    return None if data is None else int(data)


def test_what_can_t_be_read_isn_t_kept(objects):
    (objects.root / "a").write_text("broken")
    storage = object_storage()
    with pytest.raises(ValueError, match="broken"):
        storage.read(objects.url, digits, keep=True, cancel=NEVER)
    (objects.root / "a").write_text("7")

    assert storage.read(objects.url, digits, keep=True, cancel=NEVER) == 7
    assert objects.asked == ["a", "a"]


def test_what_was_kept_and_can_t_be_read_is_asked_for_once_anew(objects):
    (objects.root / "a").write_text("broken")
    storage = object_storage()
    storage.read(objects.url, lambda root: get(root, "a"), keep=True, cancel=NEVER)
    with pytest.raises(ValueError, match="broken"):
        storage.read(objects.url, digits, keep=True, cancel=NEVER)
    assert objects.asked == ["a", "a"]
    storage.read(objects.url, lambda root: get(root, "a"), keep=True, cancel=NEVER)
    (objects.root / "a").write_text("7")

    assert storage.read(objects.url, digits, keep=True, cancel=NEVER) == 7
    assert objects.asked == ["a"] * 4


class Source:
    """Gives one byte when it is let, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.begun = threading.Event()
        self.let = threading.Event()

    def fetch(self, cancel):
        self.asked += 1
        self.begun.set()
        with cancel.on_cancel(self.let.set):
            assert self.let.wait(30)
        cancel.check()
        return b"1"


def test_the_least_used_go_first():
    cache, source = ChunkCache(2 * (ENTRY_BYTES + 1)), Source()
    source.let.set()

    for key in ("a", "b", "a", "c", "a", "b"):
        cache.get((key,), source.fetch, cancel=NEVER)

    assert source.asked == 4


def test_what_is_larger_than_the_room_is_given_and_not_kept():
    cache, source = ChunkCache(ENTRY_BYTES), Source()
    source.let.set()

    found = [cache.get(("a",), source.fetch, cancel=NEVER) for _ in range(2)]

    assert found == [b"1", b"1"]
    assert source.asked == 2


def test_what_does_not_exist_is_kept_too():
    cache, asked = ChunkCache(), []

    for _ in range(2):
        assert cache.get(("a",), lambda stop: asked.append(1), cancel=NEVER) is None

    assert asked == [1]


def test_a_read_doesn_t_wait_for_another_that_was_cancelled():
    cache, source, other = ChunkCache(), Source(), Source()
    other.let.set()
    token = CancelToken()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get, ("a",), source.fetch, cancel=token)
        assert source.begun.wait(SOON_S)
        second = pool.submit(cache.get, ("a",), other.fetch, cancel=NEVER)
        flight = cache._flights._flights[("a",)]
        assert comes_true(lambda: flight.changed._waiters)
        token.cancel()

        assert isinstance(first.exception(timeout=SOON_S), Cancelled)
        assert second.result(timeout=SOON_S) == b"1"
    assert other.asked == 1
