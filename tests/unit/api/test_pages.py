"""Lists come whole, however the server cuts them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.api.json_client import LIST_PAGE, JsonClient, list_pages, object_pages
from napari_idr.cancel import NEVER
from napari_idr.transport import Response


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
