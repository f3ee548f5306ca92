"""Hits are told truly: their spelling, their number, and whose they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.model import (
    Dataset,
    DatasetCounts,
    DatasetHit,
    DatasetId,
    Plate,
    PlateCounts,
    PlateHit,
    PlateId,
    Project,
    ProjectId,
    Screen,
    ScreenId,
    SearchKey,
    Suggestion,
)
from napari_idr.services.search.catalog import Entry, Query
from napari_idr.services.search.hits import (
    counting_message,
    dataset_entries,
    hits_label,
    plate_entries,
    spelling_label,
    split_spellings,
)

QUERY = Query(
    key=SearchKey(name="gene", label="Gene", attributes=("Gene Symbol",)),
    value="CDC20",
)
SCREEN = Entry(item=Screen(id=ScreenId(3), name="idr0000/screenA"), query=QUERY)
PROJECT = Entry(item=Project(id=ProjectId(3), name="idr0000/a"), query=QUERY)

spellings = st.lists(
    st.builds(
        Suggestion,
        value=st.sampled_from(["CDC20", "cdc20", "Cdc20"]),
        image_count=st.none() | st.integers(1, 99),
    ),
    unique_by=lambda one: one.value,
)


@given(value=st.sampled_from(["CDC20", "cdc20", "cDC20"]), stored=spellings)
def test_what_was_found_is_never_named_as_another_spelling(value, stored):
    split = split_spellings(value, stored)

    assert value not in [one.value for one in split.others]
    assert sorted([*split.found, *split.others], key=str) == sorted(stored, key=str)
    if value not in [one.value for one in stored]:
        assert split.others == ()


def test_other_spellings_carry_their_counts():
    stored = (Suggestion(value="CDC20", image_count=34), Suggestion(value="cdc20"))

    split = split_spellings("cdc20", stored)

    assert [spelling_label(one) for one in split.others] == ["CDC20 (34 images)"]


@pytest.mark.parametrize(
    ("count", "label"),
    [(1, "1 well with CDC20"), (1536, "1,536 wells with CDC20")],
)
def test_hits_say_of_which_search_they_are(count, label):
    assert hits_label(count, "well", "wells", QUERY) == label


def plate_counts(*counts: int, exact: bool, total: int | None) -> PlateCounts:
    hits = tuple(
        PlateHit(plate=Plate(id=PlateId(n), name=f"p{n}"), image_count=count)
        for n, count in enumerate(counts)
    )
    return PlateCounts(hits=hits, counted=sum(counts), total=total, exact=exact)


def test_plates_stand_there_before_they_are_counted():
    counts = plate_counts(12, 0, exact=False, total=200)

    entries = plate_entries(counts, query=QUERY, parent=SCREEN)

    assert [(entry.name, entry.count) for entry in entries] == [
        ("p0", 12),
        ("p1", None),
    ]
    assert {entry.query for entry in entries} == {QUERY}
    assert {entry.study for entry in entries} == {SCREEN.item}
    assert counting_message(counts) == "12 of 200 images counted"


def test_what_is_counted_says_nothing_of_counting():
    assert counting_message(plate_counts(3, exact=True, total=3)) == ""


def test_counting_without_a_total_says_how_far_it_is():
    message = counting_message(plate_counts(1000, exact=False, total=None))

    assert message == "1,000 images counted so far"


def test_datasets_are_lines_too():
    dataset = Dataset(id=DatasetId(5), name="d")
    hit = DatasetHit(dataset=dataset, image_count=2)
    counts = DatasetCounts(hits=(hit,), counted=2, total=2, exact=True)

    [entry] = dataset_entries(counts, query=QUERY, parent=PROJECT)

    assert (entry.item, entry.count, entry.study) == (dataset, 2, PROJECT.item)
