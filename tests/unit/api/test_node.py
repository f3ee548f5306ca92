"""A place in the server's JSON is read with the type that is expected there."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.api.node import Node
from napari_idr.errors import ResponseFormatError

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


def test_what_may_be_absent_still_has_a_type():
    with pytest.raises(ResponseFormatError, match="not a list"):
        Node({"k": {}}).find_children("k")


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
