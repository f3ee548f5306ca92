"""Figures: where pictures and texts go on a page, and what is written below them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from napari_idr.cancel import NEVER
from napari_idr.model import (
    GridCell,
    ImageId,
    ImageRef,
    Plate,
    PlateGrid,
    PlateId,
    Screen,
    ScreenId,
    WellId,
)
from napari_idr.services.details import ImageRequest, PlateDetails, StudyDetails
from napari_idr.services.figure import (
    Box,
    FigureCell,
    FigureNotes,
    Line,
    MosaicWish,
    Picture,
    SelectionWish,
    Text,
    load_figure,
    plan_cells_figure,
)
from napari_idr.services.figure.load import in_colors
from napari_idr.services.figure.plan import (
    MARGIN_MM,
    TALLEST_MM,
    WIDTH_MM,
    broken,
    scale_bar,
)
from napari_idr.services.plate.view import plan_plate, plan_plate_shown
from napari_idr.services.study import StudyCard
from napari_idr.services.wells.colors import Legend, LegendEntry

SERVER = "https://idr.openmicroscopy.org"
SCREEN = Screen(id=ScreenId(3), name="idr0001-a-b/screenA")
CARD = StudyCard(
    title="A study",
    name=SCREEN.name,
    licence="CC BY-NC 4.0",
    doi_url="https://doi.org/10.1000/paper",
    data_doi_url="https://doi.org/10.17867/data",
)


def no_pixels(image_id, *, cancel):
    raise AssertionError("nothing is opened")


def plate(rows=8, columns=12):
    cells = tuple(
        tuple(
            GridCell(
                row=row,
                column=column,
                image_id=ImageId(row * columns + column + 1),
                well_id=WellId(row * columns + column + 1000),
            )
            for column in range(columns)
        )
        for row in range(rows)
    )
    grid = PlateGrid(
        plate_id=PlateId(42),
        field=0,
        run=None,
        row_labels=tuple("ABCDEFGHIJKLMNOP"[:rows]),
        column_labels=tuple(str(n + 1) for n in range(columns)),
        cells=cells,
    )
    details = PlateDetails(
        plate=Plate(id=PlateId(42), name="P1"),
        server=SERVER,
        study=StudyDetails(study=SCREEN, card=CARD, annotations=()),
        hit_wells=frozenset({WellId(1005)}),
    )
    return plan_plate_shown(SERVER, f"{SERVER}/x", details, plan_plate(grid), no_pixels)


def draw(wish):
    return load_figure(wish, lambda study: CARD, cancel=NEVER)


def of(figure, kind):
    return [one for one in figure.items if isinstance(one, kind)]


def is_within(figure, item):
    if isinstance(item, Line):
        return True
    left = {"center": item.width / 2, "right": item.width}.get(
        getattr(item, "align", "left"), 0.0
    )
    x = item.x - left
    return (
        x >= -1e-6
        and item.y >= 0
        and x + item.width <= figure.width + 1e-6
        and item.y + item.height <= figure.height + 1e-6
    )


@pytest.mark.parametrize("shape", [(1, 1), (8, 12), (16, 24), (32, 48)])
def test_a_plate_fits_the_page_with_its_letters_and_numbers(shape):
    figure = draw(MosaicWish(shown=plate(*shape) if shape[0] <= 16 else plate(16, 24)))

    [picture] = of(figure, Picture)
    texts = figure.texts
    assert figure.width == WIDTH_MM
    assert picture.height <= TALLEST_MM + 1e-6
    assert all(is_within(figure, one) for one in figure.items)
    assert {"A", "1"} <= set(texts)
    assert texts[0] == "P1, field 1"


def test_below_it_stand_source_licence_warning_and_dois():
    text = " ".join(draw(MosaicWish(shown=plate())).texts)

    assert "idr.openmicroscopy.org" in text
    assert "plate P1 (42)" in text
    assert "CC BY-NC 4.0" in text
    assert "Not for commercial use" in text
    assert "doi.org/10.1000/paper" in text
    assert "doi.org/10.17867/data" in text


def test_hits_are_marked_and_explained():
    figure = draw(MosaicWish(shown=plate()))

    orange = [one for one in of(figure, Line) if one.color == "#ffb000"]
    [picture] = of(figure, Picture)
    assert len(orange) == 4
    assert all(picture.y - 2 <= one.y <= picture.y + picture.height for one in orange)
    assert any("well" in text and "hits" in text for text in figure.texts)


def test_colours_lie_over_the_wells_and_have_a_legend():
    shown = plate(2, 3)
    colors = np.zeros((2, 3, 4), np.uint8)
    colors[1, 2] = (255, 0, 0, 255)
    entry = LegendEntry(label="dead", color=(1.0, 0.0, 0.0, 1.0), places=(5,))
    legend = Legend(title="Fate", kind="categories", entries=(entry,))

    figure = draw(MosaicWish(shown=shown, colors=colors, legend=legend))

    [picture] = of(figure, Picture)
    y, x = shown.plan.origin(1, 2)
    assert picture.pixels[y, x].tolist() == [255, 0, 0]
    assert picture.pixels[0, 0].tolist() == shown.canvas[0, 0].tolist()
    assert {"Fate", "dead (1)"} <= set(figure.texts)
    assert any(one.fill == "#ff0000" for one in of(figure, Box))


def test_a_range_of_colours_has_its_ends():
    legend = Legend(
        title="Cells",
        kind="range",
        low=1.5,
        high=99,
        stops=((0.0, 0.0, 0.0, 1.0), (1.0, 1.0, 1.0, 1.0)),
    )

    texts = draw(MosaicWish(shown=plate(), legend=legend)).texts

    assert "Cells: 1.5" in texts
    assert "99" in texts


def test_a_scale_bar_is_there_where_the_size_is_known():
    shown = plate()
    without = draw(MosaicWish(shown=shown))
    known = draw(MosaicWish(shown=shown, cell_um=400.0))

    assert not any("µm" in text for text in without.texts)
    assert "100 µm in each image" in known.texts
    [picture] = of(known, Picture)
    width = shown.plan.cell_shape[1] * picture.width / shown.plan.shape[1]
    bars = [one.width for one in of(known, Box)]
    assert any(one == pytest.approx(width / 4) for one in bars)


@pytest.mark.parametrize("width_um", np.geomspace(0.05, 3e4, 40).tolist())
def test_a_bar_is_of_a_round_length_and_fits(width_um):
    bar = scale_bar(width_um, 30.0)

    number = float(bar.text.split()[0])
    digit = number / 10 ** np.floor(np.log10(number))
    assert round(digit, 6) in (1, 2, 5)
    assert 30.0 * 0.1 - 1e-9 <= bar.length <= 30.0 * 0.25 + 1e-9


def cells(count, columns, lines=("CDC20", "C4, field 1", "a plate with a long name")):
    pixels = np.zeros((200, 256, 3), np.uint8)
    return [
        FigureCell(
            pixels=pixels,
            row=n // columns,
            column=n % columns,
            lines=lines,
            width_um=100.0,
        )
        for n in range(count)
    ]


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 2), (8, 8), (24, 8)])
def test_images_side_by_side_don_t_lie_over_each_other(count, columns):
    figure = plan_cells_figure(cells(count, columns), FigureNotes(title="T"))

    pictures = of(figure, Picture)
    assert len(pictures) == count
    assert all(is_within(figure, one) for one in figure.items)
    for one, other in pairwise(pictures):
        beside = other.x >= one.x + one.width
        assert beside or other.y >= one.y + one.height


def test_captions_stand_above_their_image():
    figure = plan_cells_figure(cells(4, 2), FigureNotes(title="T"))

    pictures = of(figure, Picture)
    captions = [one for one in of(figure, Text) if one.text == "CDC20"]
    assert len(captions) == 4
    for picture, caption in zip(pictures, captions, strict=True):
        assert caption.x == picture.x
        assert caption.y + caption.height <= picture.y + 1e-6


def test_a_selection_has_the_thumbnails_and_says_so():
    request = ImageRequest(
        ref=ImageRef(image_id=ImageId(7)),
        server=SERVER,
        study=SCREEN,
        well_label="C4",
        field=0,
        told="CDC20",
    )
    picture = np.full((75, 96, 3), 9, np.uint8)

    figure = draw(
        SelectionWish(requests=(request,), pictures=(picture,), widths_um=(None,))
    )

    assert {"CDC20", "C4, field 1"} <= set(figure.texts)
    assert any("images 7" in text or "image 7" in text for text in figure.texts)
    assert any("Thumbnails" in text for text in figure.texts)


def test_lines_are_broken_at_blanks_and_fit():
    lines = broken("word " * 100, WIDTH_MM - 2 * MARGIN_MM, 7.0)

    assert " ".join(lines).split() == ["word"] * 100
    assert len(lines) > 1


def test_intensities_become_the_colours_of_the_table():
    table = np.linspace((0, 0, 0), (0, 1, 0), 256).astype(np.float32)

    found = in_colors(np.array([[0, 255, 1000]], np.uint16), (0, 255), 0.5, table)

    np.testing.assert_allclose(found[0, :, 1], [0, 1, 1])
    assert not found[..., 0].any()
