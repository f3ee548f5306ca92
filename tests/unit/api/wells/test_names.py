"""Names of wells, however they are spelled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.api.wells.names import folded_name, well_place
from napari_idr.model import well_label

ROWS, COLUMNS = st.integers(0, 31), st.integers(0, 47)
"""Of a plate of 1536 wells."""


@st.composite
def spellings(draw, row: int, column: int) -> str:
    letters = well_label(row, 0).removesuffix("1")
    letters = draw(st.sampled_from([letters, letters.lower(), letters.title()]))
    number = str(column + 1).zfill(draw(st.integers(1, 3)))
    separator = draw(st.sampled_from(["", "-", "_", " ", ".", ":", " - "]))
    around = draw(st.sampled_from(["", " ", "\t"]))
    return f"{around}{letters}{separator}{number}{around}"


@given(ROWS, COLUMNS, st.data())
def test_each_spelling_of_a_well_is_that_well(row, column, data):
    name = data.draw(spellings(row, column))

    assert well_place(name) == (row, column)
    assert folded_name(name) == well_label(row, column)


@given(ROWS, COLUMNS, ROWS, COLUMNS, st.data())
def test_two_wells_are_never_one_name(row, column, other_row, other_column, data):
    one = data.draw(spellings(row, column))
    other = data.draw(spellings(other_row, other_column))

    assert (folded_name(one) == folded_name(other)) == (
        (row, column) == (other_row, other_column)
    )


@pytest.mark.parametrize(
    "text",
    ["", "A", "7", "A0", "A00", "A1.0", "A1A", "A1-A3", "well A1", "Ä1", "\uff11"],
)
def test_what_names_no_well_is_none(text):
    assert well_place(text) is None


@given(st.text(max_size=8))
def test_any_text_is_a_well_or_not(text):
    place = well_place(text)

    assert place is None or min(place) >= 0
    assert folded_name(folded_name(text)) == folded_name(text)


@pytest.mark.parametrize("name", ["A1\u200b", "\ufeffA1", "A\u2060-\u00ad01"])
def test_what_nobody_sees_is_no_part_of_a_name(name):
    assert well_place(name) == (0, 0)
    assert folded_name(name) == "A1"
