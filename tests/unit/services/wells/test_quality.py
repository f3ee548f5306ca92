"""Controls, failed wells, and profiles of a plate."""

from __future__ import annotations

import math

import pytest

from napari_idr.model import PlateId, TabledWell, WellColumn, WellsTable
from napari_idr.services.wells.quality import (
    control_role,
    control_roles,
    failed_wells,
    profiles,
)


def a_plate(rows, columns, *told, controls=()):
    wells = tuple(
        TabledWell(
            label="",
            row=row,
            column=column,
            well_id=0,
            image_id=0,
            control=dict(controls).get((row, column), ()),
        )
        for row in range(rows)
        for column in range(columns)
    )
    return WellsTable(plate_id=PlateId(1), wells=wells, columns=told)


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("positive control", "positive"),
        ("Negative control", "negative"),
        ("negcon", "negative"),
        ("poscon_cp", "positive"),
        ("DMSO", "negative"),
        ("non-targeting siRNA", "negative"),
        ("empty well", "empty"),
        ("empty well (negative control)", "empty"),
        ("transfection control", "other"),
        ("DMSO2", "other"),
        ("treated", None),
        ("No", None),
        ("  ", None),
    ],
)
def test_the_role_of_a_control_is_read_from_what_studies_write(text, role):
    assert control_role([text]) == role


def test_wells_without_control_have_no_role():
    table = a_plate(1, 2, controls={(0, 1): ("positive control",)})

    assert control_roles(table) == (None, "positive")


@pytest.mark.parametrize(
    ("name", "kind", "values", "failed"),
    [
        ("Quality Control", "text", ("pass", "Fail", None), (False, True, False)),
        ("Quality Control", "text", ("TRUE", "FALSE", None), (False, True, False)),
        ("QC", "flag", (True, False, None), (False, True, False)),
        ("quality_control", "number", (1, 0, None), (False, True, False)),
        (
            "Quality Control",
            "text",
            (("pass", "fail"), "ok", None),
            (True, False, False),
        ),
        ("Comments", "text", ("fail", "fail", "fail"), (False, False, False)),
    ],
)
def test_failed_wells_are_told_by_the_study(name, kind, values, failed):
    column = WellColumn(name=name, kind=kind, values=values)

    assert failed_wells(a_plate(1, 3, column)) == failed


def test_profiles_are_medians_of_what_counts():
    column = WellColumn(
        name="Cells", kind="number", values=(1, 2, 30, 4, None, math.inf)
    )
    table = a_plate(2, 3, column)

    by_row, by_column = profiles(table, column, (2, 3), without={2})

    assert (by_row.medians, by_row.counts) == ((1.5, 4), (2, 1))
    assert by_column.medians[:2] == (2.5, 2)
    assert math.isnan(by_column.medians[2])
    assert by_column.counts == (2, 1, 0)
    assert by_row.label == "Median of Cells by row, 1 to 2 wells each, 3 left out"


def test_texts_have_no_profile():
    column = WellColumn(name="Gene", kind="text", values=("a",))

    with pytest.raises(ValueError, match="no numbers"):
        profiles(a_plate(1, 1, column), column, (1, 1))
