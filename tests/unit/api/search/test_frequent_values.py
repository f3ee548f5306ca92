"""The values of a key that are told of many: the frequent ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from napari_idr.api.search.counting import frequent_values

COUNTS = st.dictionaries(st.text(max_size=3), st.integers(1, 4), max_size=20)


@given(COUNTS, st.integers(1, 8))
def test_none_that_is_left_out_is_more_frequent(counts, most):
    told = frequent_values(counts, most)

    assert len(told) == min(most, len(counts))
    assert dict(told).items() <= counts.items()
    left_out = [count for value, count in counts.items() if value not in dict(told)]
    assert all(count <= told[-1][1] for count in left_out)


@given(COUNTS)
def test_they_come_by_their_counts_and_then_by_the_alphabet(counts):
    told = frequent_values(counts, len(counts) or 1)

    assert told == sorted(
        counts.items(), key=lambda one: (-one[1], one[0].lower(), one[0])
    )


def test_of_many_that_are_equal_those_that_came_first_are_told():
    counts = {f"siRNA {number}": 1 for number in range(9, 0, -1)} | {"often": 2}

    assert frequent_values(counts, 3) == [("often", 2), ("siRNA 8", 1), ("siRNA 9", 1)]
