"""How a person looks at the wells of a plate."""

from __future__ import annotations

import numpy as np
import pytest

from napari_idr.model import PlateGrid, PlateId, TabledWell, WellColumn, WellsTable
from napari_idr.services.plain_text import ANGLE
from napari_idr.services.plate.marks import TINT_OPACITY
from napari_idr.services.plate.mosaic import plan_mosaic
from napari_idr.services.wells.colors import Legend, LegendEntry
from napari_idr.services.wells.look import (
    CELL_DOTS,
    HAS_PHENOTYPE,
    color_columns,
    colors_picture,
    plate_note,
    uncounted_wells,
)

PLAN = plan_mosaic(
    PlateGrid(
        plate_id=PlateId(1),
        field=0,
        run=None,
        row_labels=("A", "B"),
        column_labels=("1", "2", "3"),
        cells=((None,) * 3,) * 2,
    ),
    cell_shape=(72, 96),
)
RED, BLUE = (1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0, 0.5)
COLORS = np.array([RED, BLUE], np.float32)
PLACES = [(0, 0), (1, 2)]


def table(*columns: WellColumn, controls: tuple[str, ...] = ("", "")) -> WellsTable:
    wells = tuple(
        TabledWell(
            label=f"A{n + 1}",
            row=0,
            column=n,
            well_id=n,
            image_id=n,
            control=(told,) if told else (),
        )
        for n, told in enumerate(controls)
    )
    return WellsTable(plate_id=PlateId(1), wells=wells, columns=columns)


def texts(name: str, *values: str | None) -> WellColumn:
    return WellColumn(name=name, kind="text", values=values)


def cells(picture: np.ndarray) -> np.ndarray:
    """Return the picture as (row, dot, column, dot, channel)."""
    return picture.reshape(2, CELL_DOTS, 3, CELL_DOTS, 4)


def test_a_fill_can_be_seen_through_and_leaves_the_gap():
    picture = cells(colors_picture(PLAN, PLACES, COLORS, style="fill"))

    assert picture[0, 5, 0, 5].tolist() == [255, 0, 0, round(255 * TINT_OPACITY)]
    assert picture[1, 5, 2, 5, 3] == pytest.approx(255 * TINT_OPACITY / 2, abs=1)
    assert picture[0, 5, 0, -1].tolist() == [0, 0, 0, 0]
    assert picture[0, :, 1].max() == 0


def test_a_fill_alone_hides_the_thumbnails():
    picture = cells(colors_picture(PLAN, PLACES, COLORS, style="fill only"))

    assert picture[0, 5, 0, 5].tolist() == [255, 0, 0, 255]
    assert picture[1, 5, 2, 5].tolist() == [0, 0, 128, 255]
    assert picture[0, -1, 0, -1].tolist() == [0, 0, 0, 255]  # the gap as well
    assert picture[0, 5, 1, 5].tolist() == [0, 0, 0, 0]


def test_a_frame_leaves_the_middle_of_its_well_free():
    picture = cells(colors_picture(PLAN, PLACES, COLORS, style="frames"))

    assert picture[0, 0, 0, 0].tolist() == [255, 0, 0, 255]
    assert picture[0, 10, 0, 10].tolist() == [0, 0, 0, 0]


def test_hidden_wells_are_covered_with_or_without_colours():
    hidden = np.array([False, True])

    for colors in (None, COLORS):
        picture = cells(
            colors_picture(PLAN, PLACES, colors, style="fill", hidden=hidden)
        )
        assert picture[1, 5, 2, 5].tolist() == [0, 0, 0, 255]
    assert picture[0, 5, 0, 5, 0] == 255


def test_a_plate_without_wells_has_a_picture_too():
    empty = np.zeros((0, 4), np.float32)

    assert colors_picture(PLAN, [], empty, style="fill").max() == 0


def test_wells_are_coloured_by_columns_that_say_something():
    known = table(texts("Phenotype", "round", None), texts("Empty", None, None))

    assert list(color_columns(known)) == [HAS_PHENOTYPE, "hit", "Phenotype"]


def test_controls_and_failed_wells_do_not_count():
    known = table(
        texts("Quality Control", "pass", "fail", "pass"),
        controls=("positive control", "", ""),
    )

    assert uncounted_wells(known) == {0, 1}


def test_what_stands_on_a_plate_is_one_line_without_markup():
    entry = LegendEntry(label="<b>yes</b>\n", color=RED, places=(1, 2))
    legend = Legend(title="Dead", kind="categories", entries=(entry,))

    note = plate_note(legend, "p53")

    assert note == f"found by p53 · Dead: {ANGLE}b>yes{ANGLE}/b> (2)"
