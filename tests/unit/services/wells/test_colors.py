"""Colours of wells by a column, and their legend."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.utils.colormaps import ensure_colormap

from napari_idr.api.wells.columns import well_column
from napari_idr.model import PlateId, TabledWell, WellColumn, WellsTable
from napari_idr.services.wells.colors import (
    CATEGORY_COLORS,
    MAX_CATEGORIES,
    MISSING_COLOR,
    NO_COLOR,
    OTHER_COLOR,
    YES_COLOR,
    color_wells,
    number_colors,
    phenotype_column,
)


def numbers(*values):
    return WellColumn(name="Cells", kind="number", values=values)


def texts(*values):
    return WellColumn(name="Gene", kind="text", values=values)


def labels(colored):
    return [(entry.label, entry.count) for entry in colored.legend.entries]


def same(color, other):
    return np.allclose(color, other)


def test_numbers_are_coloured_from_the_lowest_to_the_highest():
    colored = color_wells(numbers(0, 5, 10))

    legend = colored.legend
    assert (legend.kind, legend.low, legend.high) == ("range", 0, 10)
    assert same(colored.colors[0], legend.stops[0])
    assert same(colored.colors[2], legend.stops[-1])
    assert legend.entries == ()


def test_a_stray_well_doesn_t_make_all_others_equal():
    colored = color_wells(numbers(*range(95), 1_000_000))

    assert colored.legend.high == 94
    assert colored.legend.above == 1
    assert same(colored.colors[95], colored.legend.stops[-1])
    assert not same(colored.colors[10], colored.colors[80])


def test_a_missing_number_has_a_colour_that_no_number_has():
    colored = color_wells(numbers(1, None, 3))

    assert same(colored.colors[1], MISSING_COLOR)
    assert labels(colored) == [("missing", 1)]
    assert colored.legend.entries[0].places == (1,)
    assert not any(same(MISSING_COLOR, stop) for stop in colored.legend.stops)


def test_what_is_infinite_lies_beyond_the_range():
    colored = color_wells(numbers(math.inf, 1.0, 2.0, -math.inf))

    legend = colored.legend
    assert (legend.low, legend.high, legend.below, legend.above) == (1, 2, 1, 1)
    assert same(colored.colors[0], legend.stops[-1])
    assert same(colored.colors[3], legend.stops[0])


@pytest.mark.parametrize("values", [(7,), (7, 7, 7, None)])
def test_one_value_has_a_colour_and_a_range_of_its_own(values):
    colored = color_wells(numbers(*values))

    assert (colored.legend.low, colored.legend.high) == (7, 7)
    assert np.isfinite(colored.colors).all()
    assert colored.colors[0, 3] == 1


@pytest.mark.parametrize("kind", ["number", "text", "flag"])
def test_where_all_are_missing_the_legend_says_so(kind):
    column = WellColumn(name="x", kind=kind, values=(None,) * 3)

    colored = color_wells(column)

    assert all(same(color, MISSING_COLOR) for color in colored.colors)
    assert labels(colored) == [("missing", 3)]
    assert (colored.legend.low, colored.legend.high) == (None, None)


@pytest.mark.parametrize("kind", ["number", "text", "flag"])
def test_no_wells_have_no_colours(kind):
    colored = color_wells(WellColumn(name="x", kind=kind, values=()))

    assert colored.colors.shape == (0, 4)


def test_categories_are_counted_the_most_frequent_first():
    colored = color_wells(texts("b", "a", "b", None, ("a", "b")))

    assert labels(colored) == [("b", 2), ("a", 1), ("a; b", 1), ("missing", 1)]
    assert colored.legend.entries[0].places == (0, 2)
    assert same(colored.colors[0], colored.colors[2])


def test_of_500_categories_12_have_colours_and_the_rest_one():
    values = [f"gene {number}" for number in range(500)] + ["gene 499"]

    colored = color_wells(texts(*values))

    assert len(colored.legend.entries) == MAX_CATEGORIES + 1
    assert labels(colored)[0] == ("gene 499", 2)
    assert labels(colored)[-1] == ("other", 501 - 11 - 2)
    assert same(colored.colors[250], OTHER_COLOR)


def test_twelve_categories_need_no_other():
    colored = color_wells(texts(*"abcdefghijkl"))

    assert "other" not in dict(labels(colored))
    assert len({tuple(color) for color in colored.colors}) == 12


def test_a_number_and_then_a_text_are_categories():
    column = well_column("mixed", [[3], ["x"], [3], [None]], source="own")

    colored = color_wells(column)

    assert colored.legend.kind == "categories"
    assert labels(colored) == [("3", 2), ("x", 1), ("missing", 1)]


def test_yes_and_no_have_colours_of_their_own():
    colored = color_wells(WellColumn(name="x", kind="flag", values=(True, False, None)))

    assert labels(colored) == [("yes", 1), ("no", 1), ("missing", 1)]
    assert same(colored.colors[0], YES_COLOR)
    assert same(colored.colors[1], NO_COLOR)


def test_the_legend_can_be_read_aloud():
    assert color_wells(texts("b", "a", "b")).legend.text == "Gene: b (2), a (1)"
    assert color_wells(numbers(0, 2.5, None)).legend.text == (
        "Cells: 0 to 2.5, missing (1)"
    )


def test_numbers_have_the_colours_of_viridis():
    part = np.linspace(0, 1, 64)

    viridis = ensure_colormap("viridis").map(part)

    assert np.abs(number_colors(part) - viridis).max() < 0.03


DICHROMATS = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
               [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
               [0.004733, 0.691367, 0.303900]],
    "usual": np.eye(3),
}  # fmt: skip
"""Linear RGB as people without one kind of cone see it: Machado and others 2009."""


@pytest.mark.parametrize("vision", sorted(DICHROMATS))
def test_categories_can_be_told_apart_with_any_colour_vision(vision):
    shown = [*CATEGORY_COLORS, OTHER_COLOR]
    seen = [as_lab(np.array(color[:3]), DICHROMATS[vision]) for color in shown]

    differences = [np.linalg.norm(a - b) for a, b in combinations(seen, 2)]

    assert min(differences) > 20  # 2.3 is a just noticeable difference


def as_lab(color, matrix):
    linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(matrix) @ linear, 0, 1)
    xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    ) @ linear / [0.9505, 1.0, 1.089]  # fmt: skip
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text()


@given(st.lists(st.lists(ANYTHING, max_size=2), max_size=30))
def test_any_column_has_a_colour_for_each_well_and_each_well_one_place(values):
    column = well_column("x", values, source="own")

    colored = color_wells(column)

    assert colored.colors.shape == (len(values), 4)
    assert colored.colors.dtype == np.float32
    assert ((colored.colors >= 0) & (colored.colors <= 1)).all()
    missing = [place for place, value in enumerate(column.values) if value is None]
    entries = {entry.label: entry for entry in colored.legend.entries}
    if missing:
        assert colored.legend.entries[-1].places == tuple(missing)
    if colored.legend.kind == "categories":
        assert sum(entry.count for entry in entries.values()) <= len(values)


def a_table(**columns):
    count = len(next(iter(columns.values())))
    wells = tuple(
        TabledWell(label=f"A{n + 1}", row=0, column=n, well_id=n, image_id=n)
        for n in range(count)
    )
    return WellsTable(
        plate_id=PlateId(1),
        wells=wells,
        columns=tuple(
            WellColumn(name=name.replace("_", " "), kind="text", values=values)
            for name, values in columns.items()
        ),
    )


def test_a_well_has_a_phenotype_if_any_column_names_one():
    table = a_table(
        Gene=("a", "b", "c", None),
        Phenotype_1=("large", None, None, None),
        Phenotype_2=(None, ("x", "y"), None, None),
    )

    assert phenotype_column(table).values == (True, True, False, None)


def test_a_well_has_a_phenotype_if_the_table_says_so():
    table = a_table(Has_Phenotype=("yes", "no", None), Gene=("a", "b", "c"))

    assert phenotype_column(table).values == (True, False, False)


def test_a_table_without_phenotypes_doesn_t_tell():
    assert phenotype_column(a_table(Gene=("a",))) is None
