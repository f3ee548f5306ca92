"""A person's own tables: CSV and Parquet files, data frames."""

from __future__ import annotations

import gzip
import importlib.util

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.api import read_own_table
from napari_idr.api.wells.csv_files import MAX_BYTES, read_csv
from napari_idr.errors import ResponseFormatError


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_read_however_a_spreadsheet_wrote_it(tmp_path, delimiter, encoding):
    path = tmp_path / "mine.csv"
    lines = [["well", "größe"], ["A1", "5"], [], ["b2", ""]]
    text = "\r\n".join(delimiter.join(line) for line in lines)
    path.write_bytes(text.encode(encoding))

    own = read_own_table(path)

    assert own.name == "mine.csv"
    assert own.table.columns == ("well", "größe")
    assert own.table.rows == (("A1", "5"), ("b2", ""))


def test_a_packed_file_is_unpacked():
    assert read_csv(gzip.compress(b"a,b\n1,2\n"), name="x").rows == (("1", "2"),)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"\x89HDF\r\n\x1a\n\0\0", "no text"),
        (b"\x1f\x8b broken", "unpacked"),
        (b"a,b\n1,2,3\n", "row 2 has more cells"),
        (b'a,b\n"' + b"x" * 200_000 + b'",1', "no table"),
    ],
)
def test_what_is_no_table_is_said_to_be_none(body, why):
    with pytest.raises(ResponseFormatError, match=why):
        read_csv(body, name="x.csv")


def test_a_file_that_unpacks_without_end_is_refused(monkeypatch):
    monkeypatch.setattr("napari_idr.api.wells.csv_files.MAX_BYTES", 1000)
    assert MAX_BYTES > 1000

    with pytest.raises(ResponseFormatError, match="more than 1000 bytes"):
        read_csv(gzip.compress(b"a,b\n" + b"1,2\n" * 1000), name="x")


@given(st.binary(max_size=40))
def test_any_bytes_are_a_table_or_refused(body):
    try:
        table = read_csv(body, name="x")
    except ResponseFormatError:
        return
    assert all(len(row) == len(table.columns) for row in table.rows)


def test_the_wells_may_be_the_index_of_a_frame():
    frame = pd.DataFrame({"x": [1, 2]}, index=["A1", "A2"])

    table = read_own_table(frame).table

    assert table.columns == ("well", "x")
    assert table.rows == (("A1", 1), ("A2", 2))


def test_an_index_that_only_counts_is_left_out():
    frame = pd.DataFrame({"well": ["A1"], "x": [1.5]})

    assert read_own_table(frame).table.rows == (("A1", 1.5),)


def test_values_of_all_kinds_come_as_the_archive_has_them():
    frame = pd.DataFrame(
        {
            "well": ["A1", "A2", "A3"],
            "category": pd.Categorical(["a", None, "b"]),
            "whole": pd.array([1, None, 3], dtype="Int64"),
            "flag": [True, False, None],
            "when": pd.to_datetime(["2020-01-01", None, "2020-01-02"]),
            "several": [("a", "b"), ("c",), None],
            "small": np.array([1, 2, 3], np.uint8),
        }
    )

    rows = read_own_table(frame, name="frame").table.rows

    assert rows[0] == ("A1", "a", 1, True, "2020-01-01 00:00:00", "a; b", 1)
    assert rows[1][2:5] == (None, False, None)
    assert rows[2][5] is None


def test_a_parquet_file_is_read_where_pyarrow_is(tmp_path):
    path = tmp_path / "mine.parquet"
    if importlib.util.find_spec("pyarrow") is None:
        path.write_bytes(b"PAR1")

        with pytest.raises(ImportError, match="pyarrow"):
            read_own_table(path)
        return
    pd.DataFrame({"well": ["A1"], "x": [1]}).to_parquet(path)

    assert read_own_table(path).table.rows == (("A1", 1),)
    path.write_bytes(b"no such thing")
    with pytest.raises(ResponseFormatError, match="no Parquet"):
        read_own_table(path)


def test_a_part_of_a_frame_is_joined_by_its_column_of_wells():
    whole = pd.DataFrame({"Well": ["A1", "A2", "A3", "A4"], "count": [1, 2, 3, 4]})

    table = read_own_table(whole[[True, False, True, True]]).table

    assert table.columns == ("Well", "count")
    assert table.rows == (("A1", 1), ("A3", 3), ("A4", 4))


def test_the_wells_may_be_the_index_beside_a_column_of_plates():
    frame = pd.DataFrame({"Plate": ["P1"], "count": [4]}, index=["A1"])

    assert read_own_table(frame).table.rows == (("A1", "P1", 4),)


def test_an_index_of_several_levels_without_names_is_kept():
    index = pd.MultiIndex.from_tuples([("A1", 0), ("A2", 1)])

    table = read_own_table(pd.DataFrame({"count": [4, 5]}, index=index)).table

    assert table.columns == ("well", "well", "count")
    assert table.rows == (("A1", 0, 4), ("A2", 1, 5))


@pytest.mark.parametrize("source", [pd.Series([1], index=["A1"]), {"Well": ["A1"]}, 5])
def test_what_is_neither_a_file_nor_a_frame_is_refused(source):
    with pytest.raises(TypeError, match="path of a file or a data frame, not"):
        read_own_table(source)


@pytest.mark.parametrize(
    "body",
    [
        b'"Count, of; all; of; it\n,",Well\n5,A1\n',
        b'sep=;\r\n"Count, of; all; of; it\n,";Well\r\n5;A1\r\n',
    ],
)
def test_what_parts_cells_is_looked_for_outside_of_quotes(body):
    table = read_csv(body, name="x.csv")

    assert table.columns == ("Count, of; all; of; it\n,", "Well")
    assert table.rows == (("5", "A1"),)


def test_a_quote_that_swallows_the_rest_is_said(tmp_path):
    with pytest.raises(ResponseFormatError, match="no table: unexpected end of data"):
        read_csv(b'Well,Gene\nA1,"CDC20\nA2,PLK1\n', name="x.csv")

    closed = read_csv(b'Well,Gene\nA1,"CDC20\nFZY"\n', name="x.csv")
    assert closed.rows == (("A1", "CDC20\nFZY"),)


@pytest.mark.parametrize("encoding", ["utf-32", "utf-16-le"])
def test_texts_of_other_encodings_are_no_text(encoding):
    with pytest.raises(ResponseFormatError, match="no text"):
        read_csv("Well,x\nA1,1\n".encode(encoding), name="x.csv")


def test_lists_are_one_text_however_they_come():
    lists = [[1, None, 2], (3,), np.array([4.5, 5]), np.array(["a", "b"]), [], [None]]
    frame = pd.DataFrame({"Well": [f"A{n}" for n in range(1, 7)], "told": lists})

    told = [row[1] for row in read_own_table(frame).table.rows]

    assert told == ["1; 2", "3", "4.5; 5.0", "a; b", "", ""]
