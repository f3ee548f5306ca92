"""A place in the server's JSON is read with the type that is expected there."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.api.node import Node
from napari_idr.cancel import CancelToken
from napari_idr.errors import Cancelled, ResponseFormatError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_a_stumble_says_where_and_in_which_answer():
    node = Node({"data": [{"WellSamples": [{"Image": {}}]}]}, url="http://a/x/")
    sample = node.children("data")[0].children("WellSamples")[0]

    with pytest.raises(ResponseFormatError) as caught:
        sample.child("Image").get("@id", int)

    assert caught.value.message == "$.data[0].WellSamples[0].Image: '@id' is missing"
    assert caught.value.url == "http://a/x/"


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        (True, int, "'k' is true or false, not an integer"),
        (1.0, int, "'k' is a number, not an integer"),
        ("1", int, "'k' is a string, not an integer"),
        (1, str, "'k' is an integer, not a string"),
        (1, bool, "'k' is an integer, not true or false"),
        (True, float, "'k' is true or false, not a number"),
        ([], str, "'k' is a list, not a string"),
        ({}, int, "'k' is an object, not an integer"),
        (None, int, "'k' is null"),
    ],
)
def test_another_type_is_told(value, kind, message):
    with pytest.raises(ResponseFormatError) as caught:
        Node({"k": value}).get("k", kind)

    assert caught.value.message == f"$: {message}"


def test_an_integer_is_a_number_too():
    value = Node({"k": 3}).get("k", float)

    assert value == 3.0
    assert type(value) is float


@pytest.mark.parametrize(("value", "number"), [(3, 3), (3.0, 3), ("3", 3), ("-3", -3)])
def test_an_integer_may_be_written_otherwise_where_said(value, number):
    assert Node({"k": value}).int_like("k") == number


@pytest.mark.parametrize("value", [3.5, "3.0", "", True, "x", float("nan")])
def test_what_is_no_integer_stays_none_where_said(value):
    with pytest.raises(ResponseFormatError):
        Node({"k": value}).int_like("k")


@pytest.mark.parametrize("members", [{}, {"k": None}])
def test_what_may_be_absent_is_none(members):
    node = Node(members)

    assert node.find("k", str) is None
    assert node.find_int_like("k") is None
    assert node.find_child("k") is None
    assert node.find_children("k") == ()


ODD = [
    ("text", lambda node: node.find("text", float)),
    ("endless", lambda node: node.find("endless", float)),
    ("huge", lambda node: node.find("huge", float)),
    ("half", lambda node: node.find_int_like("half")),
    ("text", lambda node: node.find_child("text")),
    ("text", lambda node: node.find_children("text")),
]


@pytest.mark.parametrize(("key", "read"), ODD)
def test_what_only_informs_and_is_odd_is_nothing_and_a_note(key, read):
    value = {"text": "DAPI", "endless": math.inf, "huge": 10**400, "half": 0.5}
    node = Node([value]).elements()[0]

    assert not read(node)
    [note] = node.notes
    assert note.startswith(f"$[0]: {key!r} is ")


def test_what_isn_t_even_an_object_informs_of_nothing():
    [node] = Node(["text"]).elements()

    assert node.find("k", str) is None
    assert node.find_child("k") is None
    assert node.notes == ["$[0]: this is a string, not an object"]


def test_all_parts_of_an_answer_share_their_notes_which_are_bounded():
    answer = Node({"rows": [{"a": n} for n in range(1000)]})

    for row in answer.children("rows"):
        assert row.find("a", str) is None

    assert 0 < len(answer.notes) < 100


def test_what_may_be_absent_and_is_needed_where_it_is_has_a_type():
    assert Node({}).get_optional("k", str) is None
    with pytest.raises(ResponseFormatError, match="'k' is an integer, not a string"):
        Node({"k": 1}).get_optional("k", str)


def test_a_list_that_has_to_be_there_isn_t_silently_empty():
    with pytest.raises(ResponseFormatError, match="'plates' is missing"):
        Node({}).children("plates")


@given(JSON)
def test_reading_any_json_gives_values_or_stumbles(value):
    node = Node(value)

    for read in (
        lambda: node.get("k", int),
        lambda: node.find("k", str),
        lambda: node.int_like("k"),
        lambda: node.children("k"),
        lambda: list(node.items()),
        node.elements,
    ):
        with suppress(ResponseFormatError):
            read()


def test_a_long_list_is_read_no_further_once_nobody_waits():
    cancel = CancelToken()
    node = Node({"data": [{"@id": n} for n in range(1000)]}, cancel=cancel)
    read = []

    def read_all():
        for row in node.rows("data"):
            read.append(row.get("@id", int))
            if len(read) == 150:
                cancel.cancel()

    with pytest.raises(Cancelled):
        read_all()

    assert len(read) == 150
    assert [one.get("@id", int) for one in Node({"a": [{"@id": 1}]}).rows("a")] == [1]
