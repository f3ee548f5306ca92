"""What is known of the wells of a plate, computed once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from napari_idr.model import Plate, PlateId
from napari_idr.services.details import PlateDetails
from napari_idr.services.plate.mosaic import summarize
from napari_idr.services.plate.view import plan_plate, plan_plate_shown
from napari_idr.services.wells import known as known_module
from napari_idr.services.wells.known import WellsKnown
from napari_idr.services.wells.look import HAS_PHENOTYPE
from napari_idr.services.wells.table import IndexedTable

PLATE = PlateId(7101)


def never(image_id, *, cancel):
    raise AssertionError("nothing is opened")


@pytest.fixture
def known(quick):
    details = PlateDetails(
        plate=Plate(id=PLATE, name="DM0001_01"), table=quick.table(plate=PLATE)
    )
    grid = quick.plate_grid(PLATE)
    shown = plan_plate_shown(quick.url, "", details, plan_plate(grid), never)
    return WellsKnown(shown=shown, indexed=IndexedTable(shown.plate_map.table))


def test_wells_are_coloured_by_a_column_that_they_have(known):
    colored = known.colored("Cell Count")
    phenotypes = known.colored(HAS_PHENOTYPE)

    assert colored.legend.title == "Cell Count"
    assert colored.colors.shape == (96, 4)
    assert phenotypes.legend.title == "Phenotype"
    assert known.colored("gone") is None
    assert known.colored(None) is None


def test_the_end_of_a_load_has_nothing_computed_anew(known):
    shown = known.shown.prepare()

    ended = replace(shown, summary=summarize([], 96))

    assert ended.features is shown.features
    assert ended.controls is shown.controls


def test_each_well_is_found(known):
    wells = known.indexed.table.wells

    assert [known.places[well.well_id] for well in wells] == list(range(96))


def test_failed_wells_and_controls_are_told_apart_from_those_that_count(known):
    failed = [
        well.label
        for well, has_failed in zip(
            known.indexed.table.wells, known.indexed.failed, strict=True
        )
        if has_failed
    ]
    controls = {
        place for place, well in enumerate(known.indexed.table.wells) if well.control
    }

    assert "C11" in failed
    assert controls <= known.uncounted


def test_colouring_looks_for_the_columns_once(known, monkeypatch):
    counted = []
    look_for = known_module.color_columns

    def color_columns(table):
        counted.append(table)
        return look_for(table)

    monkeypatch.setattr(known_module, "color_columns", color_columns)
    known.prepare()

    for name in list(known.color_columns)[:5]:
        assert known.colored(name) is not None

    assert len(counted) == 1
