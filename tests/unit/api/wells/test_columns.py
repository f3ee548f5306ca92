"""Columns of a table of wells: numbers, texts and flags; missing and several values."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.api.wells.columns import (
    column_key,
    is_identifier,
    unique_names,
    well_column,
)
from napari_idr.model import WellsTable


def column(values, name="Cell Count"):
    """Return a column in which each well has one value."""
    return well_column(name, [[value] for value in values], source="table")


def test_a_column_whose_cells_are_all_numbers_is_numeric():
    found = column(["3", " 4.5 ", "-1e3", "", None])

    assert (found.kind, found.values) == ("number", (3, 4.5, -1000.0, None, None))


@pytest.mark.parametrize(
    "name", ["Gene Identifier", "Gene Identifier %% url=http://x/%s", "PubChem CID"]
)
def test_an_identifier_stays_as_it_is_written(name):
    found = column(["00123", "77"], name)

    assert (found.kind, found.values) == ("text", ("00123", "77"))


@pytest.mark.parametrize("odd", ["3/4", "452.2 nm", "1_000", "\uff11", "0x10", "-"])
def test_one_text_makes_texts_of_all(odd):
    found = column(["1", odd])

    assert (found.kind, found.values) == ("text", ("1", odd))


def test_na_is_missing_among_numbers_and_a_text_among_texts():
    numbers, texts, alone = column(["NA", "0.5"]), column(["NA", "up"]), column(["NA"])

    assert (numbers.kind, numbers.values) == ("number", (None, 0.5))
    assert (texts.kind, texts.values) == ("text", ("NA", "up"))
    assert (alone.kind, alone.values) == ("text", ("NA",))


def test_a_decimal_comma_is_read_where_it_can_be_nothing_else():
    assert column(["33,33", "-8,07", "5"]).values == (33.33, -8.07, 5)
    assert column(["1,234", "2,345"]).kind == "text"  # or thousands
    assert column(["1,5", "2.5"]).kind == "text"


def test_what_is_infinite_is_a_number():
    assert column(["inf", "-inf", 1.5]).values == (math.inf, -math.inf, 1.5)


def test_a_column_in_which_nothing_was_said_is_of_texts():
    found = column(["", None, float("nan"), "  "])

    assert (found.kind, found.values) == ("text", (None,) * 4)


def test_yes_and_no_of_the_server_are_flags():
    found = column([True, False, None])

    assert (found.kind, found.values) == ("flag", (True, False, None))
    assert found.to_feature() == ["yes", "no", ""]


def test_several_values_of_a_well_are_all_kept_each_once():
    found = well_column(
        "Gene Symbol", [["BUB1", "CDC20", "BUB1"], ["PLK1"], []], source="annotations"
    )

    assert found.values == (("BUB1", "CDC20"), "PLK1", None)
    assert found.to_feature() == ["BUB1; CDC20", "PLK1", ""]


def test_the_same_number_written_twice_is_one_number():
    found = well_column("Cells", [["98", "98.0", 98.0], ["7"]], source="table")

    assert (found.kind, found.values) == ("number", (98, 7))


def test_several_numbers_of_a_well_are_texts():
    found = well_column("Cells", [["98", "99"], ["7"]], source="table")

    assert (found.kind, found.values) == ("text", (("98", "99"), "7"))


def test_an_id_that_came_as_a_number_is_equal_to_it():
    found = column([590601, 590602], "Well")

    assert (found.kind, found.values) == ("text", (590601, 590602))


@given(st.lists(st.text(max_size=3)))
def test_names_are_unique_and_keep_their_place(names):
    found = unique_names(names)

    assert len(set(found)) == len(found) == len(names)
    for name, given_name in zip(found, names, strict=True):
        assert name.startswith(given_name.strip())


def test_a_name_that_repeats_is_numbered():
    assert unique_names(["Comments", "x", "Comments"], taken=["x"]) == (
        "Comments",
        "x (2)",
        "Comments (2)",
    )


@given(
    st.lists(
        st.lists(st.none() | st.booleans() | st.integers() | st.floats() | st.text())
    )
)
def test_any_values_make_a_column_of_one_value_a_well(values):
    found = well_column("anything", values, source="own")

    assert len(found.values) == len(found.to_feature()) == len(values)
    if found.kind == "number":
        assert all(isinstance(v, float) for v in found.to_feature())
    else:
        assert all(isinstance(v, str | bool) for v in found.to_feature())


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Gene Symbol (Ensembl 81)", "gene symbol"),
        ("Comment [Gene Symbol]", "gene symbol"),
        ("Characteristics [Organism]", "organism"),
        ("Phenotype 12", "phenotype"),
        ("Phenotype 12 Term Name", "phenotype 12 term name"),
        ("Metadata_Well", "well"),
        ("well_id", "well id"),
        ("(2)", "(2)"),
    ],
)
def test_a_column_is_about_something_however_it_is_called(name, key):
    assert column_key(name) == key


def test_sequences_and_references_are_identifiers():
    assert is_identifier("Term Source 1 REF")
    assert is_identifier("Gene")
    assert not is_identifier("Well Number")


@pytest.mark.parametrize(
    "values",
    [
        ("9007199254740993", "9007199254740992"),
        (9007199254740993, 5),
        ("12345678901234567890", None),
        (10**400, 1),
        ("9" * 5000, "1"),
    ],
)
def test_whole_numbers_that_would_be_other_ones_as_floats_stay_as_they_are(values):
    column = well_column("Object", [[one] for one in values], source="own")

    assert column.kind == "text"
    assert column.values == values
    WellsTable(plate_id=None, wells=(), columns=(column,)).to_features()


def test_large_numbers_that_floats_hold_are_numbers():
    column = well_column("Area", [["18014398509481984"], ["1e300"]], source="own")

    assert column.kind == "number"
    assert column.values == (2**54, 1e300)
