"""The wells' table of a real OMERO.web, joined and coloured."""

from __future__ import annotations

import numpy as np
import pytest

from napari_idr.api import wells_table
from napari_idr.model import PlateId
from napari_idr.services.wells.colors import color_wells

PLATE, TWO_RUNS = PlateId(2551), PlateId(2553)


@pytest.mark.timeout(170)
def test_the_table_of_a_plate_is_joined_to_all_its_wells(real):
    frame = real.wells(PLATE, key="gene", value="CDC20")

    assert len(frame) == 96
    assert list(frame["Well"]) == list(frame["well_id"])
    assert frame["Cell Count"].notna().all()
    assert frame["Cell Count"].dtype == "float64"
    assert frame["hit"].sum() == 9
    assert frame.attrs["misfits"] == ()


@pytest.mark.timeout(170)
def test_two_genes_of_a_well_and_repeated_keys_are_all_kept(real):
    well = real.wells(PLATE).loc["H12"]

    assert well["gene"] == ("BUB1", "CDC20")
    assert set(well["siRNA Identifier"]) == {"s2113", "s2113-b", "s2747", "s2747-b"}


def test_a_row_of_a_well_without_images_is_listed(real):
    frame = real.wells(TWO_RUNS)

    (misfit,) = frame.attrs["misfits"]
    assert misfit == "the study's table: D6: no image of this well at this field"


def test_the_plate_is_coloured_by_count_and_by_gene(real):
    grid = real.plate_grid(PLATE)
    table = wells_table(grid, table=real.table(plate=PLATE))

    by_count = color_wells(table.column("Cell Count"))
    by_gene = color_wells(table.column("Gene Symbol"))

    assert by_count.legend.kind == "range"
    assert len(np.unique(by_count.colors, axis=0)) > 10
    assert by_gene.legend.kind == "categories"
    assert sum(entry.count for entry in by_gene.legend.entries) == 96
