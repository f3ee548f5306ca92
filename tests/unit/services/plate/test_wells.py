from __future__ import annotations

import json

from napari_idr.model import (
    GridCell,
    ImageId,
    PlateGrid,
    PlateId,
    Table,
    WellId,
)
from napari_idr.services.plate.wells import plan_plate_map


def cell(row, column, number):
    return GridCell(
        row=row, column=column, image_id=ImageId(100 + number), well_id=WellId(number)
    )


GRID = PlateGrid(
    plate_id=PlateId(1),
    field=0,
    run=None,
    row_labels=("A", "B"),
    column_labels=("1", "2"),
    cells=((cell(0, 0, 1), None), (cell(1, 0, 2), cell(1, 1, 3))),
)
TABLE = Table(
    columns=("Plate", "Well", "Well Name", "Gene Symbol", "Control Type",
             "Phenotype 1", "Phenotype 2", "Cell Count"),
    column_types=("PlateColumn", "WellColumn", "StringColumn", "StringColumn",
                  "StringColumn", "StringColumn", "StringColumn", "DoubleColumn"),
    rows=(
        (1, 2, "b1", "CDC20", "", "mitotic delay", "round cells", 98.0),
        (1, 3, "b2", "", "negative control", "", "", 7.5),
        (1, 1, "a1", "PAX7", None, "", "", 1.0),
    ),
)  # fmt: skip


def test_wells_are_joined_to_the_table_by_their_id():
    plate_map = plan_plate_map(GRID, table=TABLE)

    a1, b1, b2 = plate_map
    assert (a1.label, a1.gene, a1.control) == ("A1", "PAX7", None)
    assert (b1.gene, b1.message) == ("CDC20", "Phenotype: mitotic delay, round cells")
    assert (b2.gene, b2.control) == (None, "negative control")


def test_a_table_without_ids_is_joined_by_the_name_of_the_well():
    table = Table(
        columns=("Well", "Gene Symbol"),
        column_types=(),
        rows=(("b02", "TTN"), ("A1", "PAX7"), ("n/a", "XXX")),
    )

    plate_map = plan_plate_map(GRID, table=table)

    assert [well.gene for well in plate_map] == ["PAX7", None, "TTN"]


def test_a_well_is_hit_by_its_image_or_by_itself():
    plate_map = plan_plate_map(
        GRID, hit_images={ImageId(101)}, hit_wells={WellId(3), WellId(999)}
    )

    assert [well.label for well in plate_map.hits] == ["A1", "B2"]


def test_the_number_of_a_well_isnt_taken_for_that_of_an_image():
    plate_map = plan_plate_map(GRID, hit_images={ImageId(3)})

    assert plate_map.hits == ()


def test_a_well_is_told_in_a_few_words():
    well = plan_plate_map(GRID, table=TABLE).cell(1, 0)

    assert well.title == "B1 · CDC20 · Phenotype: mitotic delay, round cells"


def test_an_absent_well_has_nothing_to_say():
    plate_map = plan_plate_map(GRID, table=TABLE)

    assert plate_map.cell(0, 1) is None
    assert plate_map.cell(9, 9) is None


def test_the_table_of_wells_has_equal_columns_of_plain_values():
    table = plan_plate_map(GRID, table=TABLE, hit_wells={WellId(2)}).features

    assert {len(column) for column in table.values()} == {3}
    assert table["index"] == [1, 3, 4]
    assert table["well"] == ["A1", "B1", "B2"]
    assert table["gene"] == ["PAX7", "CDC20", ""]
    assert table["hit"] == [False, True, False]
    assert json.loads(json.dumps(table)) == table
