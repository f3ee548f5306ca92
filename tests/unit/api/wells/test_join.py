"""One table of wells from the grid, the study's table, annotations, hits, own data."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_idr.api import OwnTable, wells_table, with_own
from napari_idr.api.wells.join import (
    MANY_ROWS,
    NO_IMAGE,
    NO_NAME,
    NOT_HERE,
    OTHER_FIELD,
    OTHER_PLATE,
    TWO_WELLS,
)
from napari_idr.model import (
    AnnotationId,
    GridCell,
    ImageId,
    MapAnnotation,
    ObjectRef,
    PlateGrid,
    PlateId,
    Table,
    WellId,
    row_label,
)

FIRST_WELL, FIRST_IMAGE = 5000, 900_000


def a_grid(rows=2, columns=3, empty=()):
    def cell(row, column):
        if (row, column) in empty:
            return None
        number = row * columns + column
        return GridCell(
            row=row,
            column=column,
            image_id=ImageId(FIRST_IMAGE + number),
            well_id=WellId(FIRST_WELL + number),
        )

    return PlateGrid(
        plate_id=PlateId(77),
        field=0,
        run=None,
        row_labels=tuple(row_label(row) for row in range(rows)),
        column_labels=tuple(str(column + 1) for column in range(columns)),
        cells=tuple(
            tuple(cell(row, column) for column in range(columns)) for row in range(rows)
        ),
    )


def a_table(columns, *rows):
    return Table(columns=tuple(columns), column_types=(), rows=tuple(rows))


def pairs(number, kind, parent, *told):
    return MapAnnotation(
        id=AnnotationId(number),
        namespace=None,
        pairs=told,
        parent=ObjectRef(kind=kind, id=parent, name=f"{kind} {parent}"),
    )


def misfits(joined):
    return {one.reason: one.rows for one in joined.misfits}


GRID = a_grid()


def test_rows_are_joined_by_the_id_of_the_well():
    table = a_table(["Plate", "Well", "Cells"], (77, 5004, 9.5), (77, 5000, 1.0))

    joined = wells_table(GRID, table=table)

    assert [well.label for well in joined.wells] == ["A1", "A2", "A3", "B1", "B2", "B3"]
    assert joined.column("Cells").values == (1.0, None, None, None, 9.5, None)
    assert joined.misfits == ()


def test_rows_are_joined_by_the_id_of_the_image():
    table = a_table(["Image", "Cells"], (900_001, 9.5), (123, 1.0))

    joined = wells_table(GRID, table=table)

    assert joined.column("Cells").values[1] == 9.5
    assert misfits(joined) == {OTHER_FIELD: ("123",)}


@pytest.mark.parametrize("missing", [None, "", -1, 0, float("nan")])
def test_rows_without_an_id_are_joined_by_the_name_of_the_well(missing):
    table = a_table(["Well", "Well Name", "Cells"], (missing, "b-02", 9.5))

    joined = wells_table(GRID, table=table)

    assert joined.column("Cells").values[4] == 9.5
    assert joined.misfits == ()


def test_a_row_whose_id_and_name_differ_is_listed_and_not_joined():
    table = a_table(["Well", "Well Name", "Cells"], (5000, "b2", 9.5))

    joined = wells_table(GRID, table=table)

    assert set(joined.column("Cells").values) == {None}
    assert misfits(joined) == {TWO_WELLS: ("b2",)}


def test_what_fits_no_well_is_listed_with_the_reason():
    grid = a_grid(empty={(0, 1)})
    table = a_table(
        ["Well", "Well Name", "Cells"],
        ("A2", "", 1),
        ("H12", "", 2),
        ("7", "", 3),
        ("n/a", "", 4),
        ("", "", 5),
        (9, "", 6),
        (5001, "a02", 7),
    )

    joined = wells_table(grid, table=table)

    assert set(joined.column("Cells").values) == {None}
    assert misfits(joined) == {
        NO_IMAGE: ("A2", "a02"),
        NOT_HERE: ("H12", "7", "9"),
        NO_NAME: ("n/a", "row 5"),
    }


def test_rows_of_other_plates_are_passed_over():
    by_id = a_table(["Plate", "Well", "Cells"], (77, 5000, 1), (78, 6000, 2))
    by_name = a_table(["Plate", "Well", "Cells"], ("P1", "A1", 1), ("P2", "A1", 2))

    for table in (by_id, by_name):
        joined = wells_table(GRID, plate_name="p1", table=table)

        assert joined.column("Cells").values[0] == 1
        assert joined.misfits == ()


def test_the_rows_of_a_plate_arent_guessed():
    table = a_table(["Plate", "Well", "Cells"], ("P1", "A1", 1), ("P2", "A1", 2))

    joined = wells_table(GRID, table=table)

    assert joined.column("Cells").values[0] is None
    assert misfits(joined) == {OTHER_PLATE: ("P1", "P2")}


def test_a_plate_that_is_called_by_a_number_is_no_id():
    table = a_table(["Plate", "Well", "Cells"], ("1983", "A1", 1), ("77", "A1", 2))

    joined = wells_table(GRID, plate_name="1983", table=table)

    assert joined.column("Cells").values[0] == 1


def test_several_rows_of_a_well_are_all_kept():
    table = a_table(["Well", "Stain"], (5000, "DAPI"), (5000, "Cy3"), (5000, "DAPI"))

    joined = wells_table(GRID, table=table)

    assert joined.column("Stain").values[0] == ("DAPI", "Cy3")


def test_columns_of_one_name_are_kept_apart():
    table = a_table(["Well", "Comments", "Comments", "hit"], (5000, "a", "b", "c"))

    joined = wells_table(GRID, table=table)

    assert [column.name for column in joined.columns] == [
        "Well",
        "Comments",
        "Comments (2)",
        "hit (2)",
    ]


def test_annotations_of_wells_and_images_come_to_the_columns_of_their_names():
    table = a_table(["Well", "Gene Symbol"], (5000, "BUB1"))
    annotations = [
        pairs(1, "image", 900_000, ("Gene Symbol", "BUB1"), ("Gene Symbol", "CDC20")),
        pairs(1, "well", 5000, ("Gene Symbol", "BUB1"), ("Gene Symbol", "CDC20")),
        pairs(2, "well", 5001, ("siRNA", "s1"), ("siRNA", "s2"), ("", "odd")),
        pairs(3, "well", 1, ("Gene Symbol", "lost")),
        pairs(4, "screen", 5001, ("Gene Symbol", "passed over")),
    ]

    joined = wells_table(GRID, table=table, annotations=annotations)

    assert joined.column("Gene Symbol").values[:3] == (("BUB1", "CDC20"), None, None)
    assert joined.column("siRNA").values[1] == ("s1", "s2")
    assert joined.column("(no name)").values[1] == "odd"
    assert joined.wells[0].gene == ("BUB1", "CDC20")
    assert misfits(joined) == {NOT_HERE: ("well 1",)}


def test_gene_and_control_are_found_under_the_names_of_many_studies():
    table = a_table(
        ["Well", "Gene Identifier %% url=http://x/%s", "Gene Symbol (Ensembl 81)",
         "Control Type"],
        (5000, "ENSG1", "", "empty well"),
        (5001, "ENSG2", "AADAT", ""),
    )  # fmt: skip

    first, second, third = wells_table(GRID, table=table).wells[:3]

    assert (first.gene, first.control) == (("ENSG1",), ("empty well",))
    assert (second.gene, second.control) == (("AADAT",), ())
    assert (third.gene, third.control) == ((), ())


def test_a_well_whose_control_is_not_available_is_no_control():
    table = a_table(["Well", "Control Type"], (5000, "N/A"))

    joined = wells_table(GRID, table=table)

    assert joined.wells[0].control == ()
    assert joined.column("Control Type").values[0] == "N/A"


def test_a_persons_own_columns_come_last_under_names_of_their_own():
    table = a_table(["Well", "Cells"], (5000, 1))
    own = OwnTable(
        name="mine.csv",
        table=a_table(["well", "Cells", "area"], ("A01", "5", "2.5"), ("a9", "6", "1")),
    )

    joined = with_own(wells_table(GRID, table=table), GRID, own)

    assert joined == wells_table(GRID, table=table, own=[own])
    assert [column.name for column in joined.columns] == [
        "Well",
        "Cells",
        "Cells (2)",
        "area",
    ]
    assert joined.column("Cells (2)").values[0] == 5
    assert joined.column("area").source == "own"
    assert str(joined.misfits[0]) == "mine.csv: a9: no such well on this plate"


def test_a_well_that_own_data_name_twice_is_listed_and_keeps_both():
    own = OwnTable(name="mine", table=a_table(["well", "x"], ("A1", "5"), ("a01", "6")))

    joined = wells_table(GRID, own=[own])

    assert joined.column("x").values[0] == ("5", "6")
    assert misfits(joined) == {MANY_ROWS: ("A1",)}


def test_own_rows_of_another_plate_are_listed():
    rows = [("P1", "A1", "5"), ("P2", "A1", "6")]
    own = OwnTable(name="mine", table=a_table(["Plate", "well", "x"], *rows))

    joined = wells_table(GRID, plate_name="P1", own=[own])

    assert joined.column("x").values[0] == 5
    assert misfits(joined) == {OTHER_PLATE: ("P2",)}


def test_a_well_is_hit_by_its_image_or_by_itself():
    joined = wells_table(GRID, hit_images={ImageId(900_000)}, hit_wells={WellId(5005)})

    assert [well.label for well in joined.wells if well.hit] == ["A1", "B3"]


LARGE = a_grid(32, 48)
SEPARATORS = st.sampled_from(["", "-", "_", " ", "."])


@settings(max_examples=20, deadline=None)  # each joins a plate of 1536
@given(st.integers(), SEPARATORS, st.integers(1, 3), st.booleans())
def test_the_wells_of_1536_come_together_whatever_the_spelling_and_the_order(
    seed, separator, width, lower
):
    places = [(row, column) for row in range(32) for column in range(48)]
    random.Random(seed).shuffle(places)
    rows = []
    for row, column in places[:200]:
        letters = row_label(row).lower() if lower else row_label(row)
        number = str(column + 1).zfill(width)
        rows.append((f"{letters}{separator}{number}", row * 48 + column))

    joined = wells_table(LARGE, table=a_table(["Well", "Place"], *rows))

    told = {p: v for p, v in enumerate(joined.column("Place").values) if v is not None}
    assert joined.misfits == ()
    assert told == {
        row * 48 + column: row * 48 + column for row, column in places[:200]
    }


ANY_CELL = st.sampled_from(
    [None, "", -1, 0, 77, 78, 5000, 5005, 6000, 900_000, "A1", "a02", "B9", "x", 1.5,
     float("inf"), True, "5001", "P1"]
)  # fmt: skip


@given(
    st.lists(
        st.sampled_from(["Plate", "Well", "Well Name", "Image", "plate name", "x", ""]),
        max_size=6,
    ),
    st.data(),
)
def test_each_row_of_any_table_is_joined_or_listed_or_of_another_plate(columns, data):
    row = st.tuples(*[ANY_CELL] * len(columns))
    rows = data.draw(st.lists(row, max_size=5))

    joined = wells_table(GRID, plate_name="P1", table=a_table(columns, *rows))

    assert len(joined.columns) == len(columns)
    assert all(len(column.values) == 6 for column in joined.columns)
    assert len({column.name for column in joined.columns}) == len(columns)
    listed = sum(len(one.rows) for one in joined.misfits)
    assert listed <= len(rows)


def test_the_features_are_columns_without_none():
    table = a_table(["Well", "Cells", "Gene"], (5000, 1, "a"), (5000, 1, "b"))

    features = wells_table(GRID, table=table).to_features()

    assert {len(column) for column in features.values()} == {6}
    assert features["Gene"][0] == "a; b"
    assert features["Gene"][1] == ""
    assert features["Cells"][0] == 1.0
    assert features["Cells"][1] != features["Cells"][1]  # NaN
    assert features["index"] == [1, 2, 3, 4, 5, 6]


def test_the_frame_is_found_by_the_label_of_the_well():
    table = a_table(
        ["Well", "Cells", "Area", "Gene", "Done"],
        (5000, 1, 2.5, "a", True),
        (5000, 1, 2.5, "b", True),
    )

    frame = wells_table(GRID, table=table).to_pandas()

    assert frame.index.name == "well"
    assert frame.loc["A1", "Gene"] == ("a", "b")
    assert frame.loc["A1", "gene"] == ("a", "b")
    assert frame.loc["A2", "Gene"] is None
    assert frame["Cells"].dtype == frame["Area"].dtype == "float64"
    assert frame["well_id"].dtype == "int64"
    assert frame["hit"].dtype == bool
    assert list(frame.columns[:5]) == ["gene", "control", "hit", "well_id", "image_id"]


def test_a_plate_without_images_is_an_empty_table():
    nothing = a_grid(1, 1, empty={(0, 0)})

    joined = wells_table(nothing, table=a_table(["Well", "x"], ("A1", 1)))

    assert len(joined) == 0
    assert joined.to_pandas().empty
    assert misfits(joined) == {NO_IMAGE: ("A1",)}


def test_own_data_without_a_column_of_wells_say_so_once():
    rows = tuple((str(n), n) for n in range(1000))
    own = Table(columns=("Position|Row", "count"), column_types=(), rows=rows)

    joined = wells_table(a_grid(), own=[OwnTable(name="mine.csv", table=own)])

    assert joined.columns == ()
    (misfit,) = joined.misfits
    assert misfit.rows == ("Position|Row", "count")
    assert "none of these columns is called “Well”" in str(misfit)
