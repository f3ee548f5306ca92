"""The wells' table: sorted, filtered, exported."""

from __future__ import annotations

import csv
import io
import random
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.model import PlateId, TabledWell, WellColumn, WellsTable
from napari_idr.services.wells.order import column_ranks, natural_key, sorted_rows
from napari_idr.services.wells.table import (
    IndexedTable,
    TableView,
    column_mask,
    table_columns,
    table_csv,
)


def a_table(*columns, genes=(), hits=()):
    count = len(columns[0].values) if columns else len(genes)
    wells = tuple(
        TabledWell(
            label=f"A{n + 1}",
            row=0,
            column=n,
            well_id=100 + n,
            image_id=200 + n,
            gene=(genes[n],) if n < len(genes) else (),
            hit=n in hits,
        )
        for n in range(count)
    )
    return WellsTable(plate_id=PlateId(1), wells=wells, columns=columns)


def numbers(name, *values):
    return WellColumn(name=name, kind="number", values=values)


def texts(name, *values):
    return WellColumn(name=name, kind="text", values=values)


CELLS = numbers("Cells", 30, None, 5, 100)
STAIN = texts("Stain", "dye 10", "Dye 9", None, ("dye 9", "x"))
INDEXED = IndexedTable(a_table(CELLS, STAIN, genes=("B", "a", "CDC20"), hits=(2,)))


def rows(**view):
    return INDEXED.rows(TableView(**view)).tolist()


def test_the_plate_s_own_order_is_the_first():
    assert rows() == rows(sort_by="well") == [0, 1, 2, 3]


def test_numbers_are_sorted_by_size_with_the_missing_last():
    assert rows(sort_by="Cells") == [2, 0, 3, 1]
    assert rows(sort_by="Cells", descending=True) == [3, 0, 2, 1]


def test_texts_are_sorted_as_people_do():
    assert rows(sort_by="Stain") == [1, 3, 0, 2]
    assert rows(sort_by="gene") == [1, 0, 2, 3]


def test_hits_come_first_in_the_same_order():
    assert rows(sort_by="Cells", descending=True, hits_first=True) == [2, 3, 0, 1]


def test_a_text_is_found_in_any_column_each_word_somewhere():
    assert rows(text="DYE") == [0, 1, 3]
    assert rows(text="dye a2") == [1]
    assert rows(text="cdc") == [2]
    assert rows(text="10") == [0, 3]


def test_columns_are_filtered_each_by_its_own_wish():
    assert rows(in_columns={"Cells": "> 5", "Stain": "dye"}) == [0, 3]
    assert rows(in_columns={"Cells": "=", "Unknown": "x"}) == [1]
    assert rows(in_columns={"Stain": "!=dye 9"}) == [0, 2, 3]
    assert rows(in_columns={"hit": "yes"}) == [2]


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        (">=30", [0, 3]),
        ("<30", [2]),
        ("5..30", [0, 2]),
        ("= 5", [2]),
        ("3", [0]),
        ("> x", []),
        ("=", [1]),
    ],
)
def test_numbers_are_compared(wish, expected):
    assert np.flatnonzero(column_mask(CELLS, wish)).tolist() == expected


@given(st.text(max_size=6))
def test_any_wish_is_a_mask(wish):
    for column in (CELLS, STAIN):
        assert column_mask(column, wish).shape == (4,)


@given(st.lists(st.none() | st.text(max_size=5), max_size=30), st.booleans())
def test_sorting_keeps_all_rows_and_the_missing_last(values, descending):
    column = texts("x", *[value or None for value in values])

    order = sorted_rows(column_ranks(column), descending=descending).tolist()

    assert sorted(order) == list(range(len(values)))
    known = [column.values[row] for row in order if column.values[row] is not None]
    assert [column.values[row] for row in order][len(known) :] == [None] * (
        len(values) - len(known)
    )
    assert known == sorted(known, key=natural_key, reverse=descending) or descending


def test_40_000_rows_are_ready_to_be_sorted_and_searched_before_they_are():
    shuffled = list(range(40_000))
    random.Random(1).shuffle(shuffled)
    table = a_table(
        numbers("n", *map(float, shuffled)), texts("t", *(f"g {n}" for n in shuffled))
    )
    indexed = IndexedTable(table)
    indexed.prepare()

    best = min(
        timed(indexed, TableView(sort_by="t", text="g 1 1", hits_first=True))
        for _ in range(3)
    )

    assert indexed.rows(TableView(sort_by="t"))[0] == shuffled.index(0)
    assert best < 1.0  # some 20 ms; a loaded machine has time


def timed(indexed, view):
    start = time.process_time()
    indexed.rows(view)
    return time.process_time() - start


def test_columns_that_only_say_which_well_it_is_are_left_out():
    table = a_table(
        texts("Empty", None),
        texts("Well", 7),
        texts("Plate Name", "p"),
        numbers("n", 1),
    )

    names = [column.name for column in table_columns(table)]

    assert names == ["well", "gene", "control", "hit", "n", "Empty"]


@pytest.mark.parametrize(
    "text", ["=1+1", "+x", "-x", "@cmd", "\t=1", "\r=1", "\uff1d1+1", "\uff0bx"]
)
def test_no_text_of_an_export_is_a_formula(text):
    table = a_table(texts(text, text), numbers("n", -5.5))

    header, row = csv.reader(io.StringIO(table_csv(table), newline=""))

    assert not any(
        cell.startswith(("=", "+", "@", "\t", "\r", "\uff1d")) for cell in header
    )
    assert row[-2:] == [f"'{text}", "-5.5"]


def test_an_export_has_the_rows_and_columns_that_are_shown():
    table = a_table(CELLS, STAIN)

    lines = list(
        csv.reader(io.StringIO(table_csv(table, rows=[3, 1], columns=["Cells"])))
    )

    assert lines == [
        ["well", "well_id", "image_id", "Cells"],
        ["A4", "103", "203", "100"],
        ["A2", "101", "201", ""],
    ]
