"""Lists come whole, however the server cuts them."""

from __future__ import annotations

import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.api.json_client import LIST_PAGE, JsonClient, list_pages, object_pages
from napari_idr.cancel import NEVER
from napari_idr.errors import ServerError
from napari_idr.transport import Response

SOON_S = 20.0


class Lister:
    """Lists `count` rows; heeds the limit, or cuts at a size of its own."""

    def __init__(self, count, *, page_size=None, heeds_page=True):
        self.count = count
        self.page_size = page_size
        self.heeds_page = heeds_page
        self.sent = 0

    def send(self, request, *, cancel):
        self.sent += 1
        params = dict(request.params)
        limit = self.page_size or params["limit"]
        if "offset" in params:
            start = params["offset"]
        else:
            start = (params["page"] - 1) * limit if self.heeds_page else 0
        ids = range(self.count)[start : start + limit]
        body = {
            "rows": [{"id": n} for n in ids],
            "data": [{"@id": n} for n in ids],
            "meta": {"totalCount": self.count},
        }
        return Response(url="", status=200, body=json.dumps(body).encode())


def listed(server):
    return list(
        list_pages(
            JsonClient(server),
            "x/",
            (),
            "rows",
            lambda row: row.get("id", int),
            cancel=NEVER,
        )
    )


@given(st.integers(0, 2200))
def test_a_list_is_whole_where_the_limit_is_heeded(count):
    server = Lister(count)

    assert listed(server) == list(range(count))
    assert server.sent <= count // LIST_PAGE + 2


@given(st.integers(0, 400), st.sampled_from([5, 10, 25, 50, 100, 200, 500, 1000]))
def test_a_list_is_whole_where_the_server_has_its_own_page(count, page_size):
    server = Lister(count, page_size=page_size)

    assert listed(server) == list(range(count))


@pytest.mark.parametrize("count", [1, 3, 12, 96, 384, 499, 501, 1199])
def test_a_list_costs_no_request_too_many_as_a_rule(count):
    server = Lister(count)

    listed(server)

    assert server.sent == count // LIST_PAGE + 1


def test_a_server_that_knows_no_pages_isn_t_asked_for_ever():
    server = Lister(500, heeds_page=False)

    assert listed(server) == list(range(500))
    assert server.sent == 2


def listed_objects(server):
    def number(row):
        return row.get("@id", int)

    return list(object_pages(JsonClient(server), "x/", (), number, cancel=NEVER))


@given(st.integers(0, 3500))
def test_objects_are_counted_by_the_server(count):
    server = Lister(count)

    assert listed_objects(server) == list(range(count))
    assert server.sent == max(1, -(-count // 1000))


def test_a_server_that_heeds_no_offset_isn_t_asked_for_ever():
    server = Lister(1000)
    rows = [{"@id": n} for n in range(1000)]
    body = json.dumps({"data": rows, "meta": {"totalCount": 10**9}}).encode()

    def send(request, *, cancel):
        server.sent += 1
        return Response(url="", status=200, body=body)

    server.send = send

    assert len(listed_objects(server)) == 1000
    assert server.sent == 2


def test_a_count_that_is_too_high_ends_with_the_rows():
    server = Lister(10)
    server.send = lambda request, *, cancel: Response(
        url="",
        status=200,
        body=json.dumps({"data": [], "meta": {"totalCount": 10}}).encode(),
    )

    assert listed_objects(server) == []


class Waiting(Lister):
    """Tells when its second page is asked for, and what becomes of that."""

    def __init__(self, count, *, fails=False):
        super().__init__(count)
        self.asked = threading.Event()
        self.cancelled = threading.Event()
        self.goes_on = threading.Event()
        self.fails = fails

    def send(self, request, *, cancel):
        if ("page", 2) in request.params or ("offset", 1000) in request.params:
            self.asked.set()
            cancel.on_cancel(self.cancelled.set)
            cancel.on_cancel(self.goes_on.set)
            assert self.goes_on.wait(SOON_S)
            cancel.check()
            if self.fails:
                return Response(url="", status=500, body=b"")
        return super().send(request, cancel=cancel)


def lines(server, asks_pages, key, reader):
    keys = (key,) if asks_pages is list_pages else ()
    client = JsonClient(server)
    return asks_pages(client, "x/", (), *keys, reader, cancel=NEVER)


@pytest.mark.parametrize(
    ("asks_pages", "number_key", "size"),
    [(list_pages, "id", LIST_PAGE), (object_pages, "@id", 1000)],
)
class TestTheNextPage:
    def test_is_asked_for_while_one_is_read(self, asks_pages, number_key, size):
        server, begun = Waiting(size + 3), []

        def reader(row):
            if not begun:
                begun.append(server.asked.wait(SOON_S))
                server.goes_on.set()
            return row.get(number_key, int)

        found = list(lines(server, asks_pages, "rows", reader))

        assert found == list(range(size + 3))
        assert begun == [True]
        assert server.sent == 2

    def test_ends_with_whoever_takes_no_more(self, asks_pages, number_key, size):
        server = Waiting(size + 3)
        rows = lines(server, asks_pages, "rows", lambda row: row.get(number_key, int))
        assert next(rows) == 0
        assert server.asked.wait(SOON_S)

        rows.close()

        assert server.cancelled.wait(SOON_S)

    def test_fails_once_the_rows_before_it_were_given(
        self, asks_pages, number_key, size
    ):
        server, found = Waiting(size + 3, fails=True), []
        server.goes_on.set()

        rows = lines(server, asks_pages, "rows", lambda row: row.get(number_key, int))
        with pytest.raises(ServerError):
            list(map(found.append, rows))

        assert found == list(range(size))
