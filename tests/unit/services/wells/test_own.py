"""A person's own tables as the browser brings them along."""

from __future__ import annotations

import pytest

from napari_idr.errors import IDRError
from napari_idr.model import Plate, PlateId
from napari_idr.services.details import PlateDetails
from napari_idr.services.plate.view import plan_plate, plan_plate_shown
from napari_idr.services.wells.colors import color_wells
from napari_idr.services.wells.own import load_own_table, misfit_sentences

PLATE = PlateId(7101)


@pytest.mark.parametrize("name", ["gone.csv", "gone.parquet"])
def test_a_file_that_can_t_be_read_is_an_error_with_its_name(tmp_path, name):
    with pytest.raises(IDRError, match=f"{name} can't be read"):
        load_own_table(tmp_path / name)


def never(image_id, *, cancel):
    raise AssertionError("nothing is opened")


def test_what_is_known_of_the_wells_grows_while_they_are_shown(quick, routes, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("well,area\na1,5\nz9,6\n")
    grid = quick.plate_grid(PLATE)
    plate = Plate(id=PLATE, name="DM0001_01")
    details = PlateDetails(plate=plate, table=quick.table(plate=PLATE))

    shown = plan_plate_shown(quick.url, "", details, plan_plate(grid), never)
    assert shown.features["Cell Count"][0] > 0
    assert "Comment" not in shown.features

    routes.asked.clear()
    sources = quick.well_sources(grid, table=details.table, plate_name=plate.name)
    more = shown.with_sources(sources).with_own((load_own_table(path),))

    assert not [one for one in routes.asked if "table" in one.path]
    assert "; " in more.features["Comment"][0]
    assert more.features["area"][0] == 5
    assert misfit_sentences(more.plate_map.table.misfits) == (
        "mine.csv: z9: no such well on this plate.",
    )
    assert "area" not in more.with_own(()).features
    assert "area" in more.with_details(details).features


def test_five_colourings_of_384_wells_take_one_query_of_the_table(quick, routes):
    plate_id = PlateId(7202)
    grid = quick.plate_grid(plate_id)
    details = PlateDetails(
        plate=Plate(id=plate_id, name="KN384-02"), table=quick.table(plate=plate_id)
    )
    shown = plan_plate_shown(quick.url, "", details, plan_plate(grid), never)
    names = ["Cell Count", "Mitotic Index", "Gene Symbol", "Quality Control",
             "Has Phenotype"]  # fmt: skip

    colored = [color_wells(shown.plate_map.table.column(name)) for name in names]

    assert {one.colors.shape for one in colored} == {(384, 4)}
    assert len([one for one in routes.asked if "table" in one.path]) == 1
    assert "missing" in colored[1].legend.text  # what the server has as NaN
