"""Tables that the archive has answered, and the CSV files they were made from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from napari_idr.api import wells_table
from napari_idr.api.node import Node
from napari_idr.api.tables import read_table
from napari_idr.api.wells.csv_files import read_csv
from napari_idr.api.wells.names import well_place
from napari_idr.model import GridCell, ImageId, PlateGrid, PlateId, WellId, row_label

CAPTURES = Path(__file__).parents[4].parent / "shared" / "captures"
TABLES = sorted(CAPTURES.glob("table_query/*.json"))

pytestmark = pytest.mark.skipif(
    not CAPTURES.is_dir(), reason="the real answers aren't beside the package"
)

KINDS = {
    "idr0002_screenA_2020": ("Median Deviation Fraction - Shorter Prophase", "number"),
    "idr0004_screenA": ("Percentage Cells With Foci", "number"),
    "idr0008_screenB_2022": ("Phenotype 1", "text"),
    "idr0009_screenB_2016": ("Deviation", "number"),
    "idr0012_screenB": ("Phenotype 1", "text"),
    "idr0013_screenB_2015": ("Score - polylobed (automatic)", "number"),
    "idr0016_screenA_2016": ("Compound Concentration (micromolar)", "number"),
    "idr0056_screenB": ("Gene Identifier", "text"),
    "idr0094_screenA": ("Percentage Inhibition (DPC)", "number"),
}
"""For each file a column and what it is."""


def a_grid(rows=16, columns=24, *, plate=1, well_at=None):
    """Return a full plate; `well_at` is a well's id and its (row, column)."""
    first = 10**6

    def well(row, column):
        if well_at is not None and well_at[1] == (row, column):
            return well_at[0]
        return first + row * columns + column

    return PlateGrid(
        plate_id=PlateId(plate),
        field=0,
        run=None,
        row_labels=tuple(row_label(row) for row in range(rows)),
        column_labels=tuple(str(column + 1) for column in range(columns)),
        cells=tuple(
            tuple(
                GridCell(
                    row=row,
                    column=column,
                    image_id=ImageId(2 * first + row * columns + column),
                    well_id=WellId(well(row, column)),
                )
                for column in range(columns)
            )
            for row in range(rows)
        ),
    )


@pytest.mark.parametrize("name", sorted(KINDS))
def test_each_annotation_file_is_joined_to_its_plate(name):
    path = CAPTURES / "annotation_csv" / f"{name}.csv"
    table = read_csv(path.read_bytes(), name=path.name)
    plates = dict.fromkeys(table.column("Plate"))
    column, kind = KINDS[name]
    kinds = set()

    for plate in plates:
        rows = [row for row in table.rows if row[table.columns.index("Plate")] == plate]
        joined = wells_table(a_grid(), plate_name=str(plate), table=table)

        wells = [v for v in joined.column("Well").values if v is not None]
        assert joined.misfits == ()
        assert len(wells) == len(rows)
        assert len(joined.columns) == len(table.columns)
        told = joined.column(column)
        kinds |= {told.kind} if any(v is not None for v in told.values) else set()
    assert kinds == {kind}


def test_the_table_of_a_project_says_that_it_names_no_wells():
    path = CAPTURES / "annotation_csv" / "idr0021_experimentA.csv"
    table = read_csv(path.read_bytes(), name=path.name)

    joined = wells_table(a_grid(), table=table)

    (misfit,) = joined.misfits
    assert misfit.reason == "the row names no well"


@pytest.mark.parametrize("path", TABLES, ids=[path.stem for path in TABLES])
def test_each_answer_of_the_table_is_joined_to_its_well(path):
    table = read_table(Node(json.loads(path.read_text()), url="x"))
    (well,) = table.column("Well")
    (plate,) = table.column("Plate")
    (name,) = table.column("Well Name")
    place = well_place(name)
    grid = a_grid(plate=plate, well_at=(well, place))

    joined = wells_table(grid, plate_name="unlike", table=table)

    assert joined.misfits == ()
    told = [
        one.label
        for one, value in zip(joined.wells, joined.column("Plate").values, strict=True)
        if value is not None
    ]
    assert [well_place(label) for label in told] == [place]


def test_both_files_of_idr0013_read_alike():
    folder = CAPTURES / "annotation_csv"
    table = read_csv(
        (folder / "idr0013_screenB_library.tsv").read_bytes(), name="library.tsv"
    )

    joined = wells_table(
        a_grid(), plate_name="LTValidMitosisSon384Plate01_01", table=table
    )

    assert joined.wells[0].gene == ("INCENP",)
    assert joined.wells[0].control == ("positive control",)
