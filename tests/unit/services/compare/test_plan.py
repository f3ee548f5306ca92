"""Plans of comparisons: channels, places, captions, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_idr.model import (
    Channel,
    Image,
    ImageRef,
    PixelSource,
    Plate,
    RenderingWindow,
)
from napari_idr.services.compare.captions import captions, strip_heading, width_px
from napari_idr.services.compare.channels import compare_channels, to_draw
from napari_idr.services.compare.layout import (
    CELL_PX,
    MAX_STRIP_PX,
    common_pixel_um,
    drawn_shapes,
    plan_layout,
    row_places,
    stage_places,
)
from napari_idr.services.compare.plan import plan_comparison
from napari_idr.services.compare.wish import CellWish, CompareWish, in_groups
from napari_idr.services.details import ImageRequest
from napari_idr.tiles import match_channels

NAMES = st.lists(
    st.sampled_from(["", "DAPI", "dapi", "GFP", "Actin", "Cy3"]), max_size=5
)


def image(number=1, *, names=("DAPI",), size=(60, 80), um=0.5, **more):
    channels = tuple(Channel(name=name) for name in names)
    return Image(
        id=number,
        name=f"image {number}",
        size_y=size[0],
        size_x=size[1],
        size_c=len(channels),
        channels=channels,
        pixel_size_x_um=um,
        pixel_size_y_um=um,
        **{"pixel_type": "uint16"} | more,
    )


def wish(*images, told=None, **more):
    cells = tuple(
        CellWish(
            request=ImageRequest(
                ref=ImageRef(image_id=one.id, name=one.name),
                well_label=f"A{one.id}",
                told=told,
            )
        )
        for one in images
    )
    return CompareWish(cells=cells, **more)


@given(NAMES, NAMES)
def test_no_channel_of_an_image_is_shown_twice_and_names_go_first(layers, channels):
    layers = [Channel(name=name) for name in layers]
    channels = [Channel(name=name) for name in channels]

    found = match_channels(layers, channels)

    taken = [c for c in found if c is not None]
    assert len(found) == len(layers)
    assert len(set(taken)) == len(taken)
    for layer, c in zip(layers, found, strict=True):
        if c is None or layer.name.casefold() != channels[c].name.casefold():
            left = [one for i, one in enumerate(channels) if i not in taken]
            assert not layer.name or all(
                one.name.casefold() != layer.name.casefold() for one in left
            )


@given(st.lists(NAMES.filter(len), min_size=1, max_size=4))
def test_every_channel_of_every_image_is_in_one_layer(names):
    images = [image(n, names=one) for n, one in enumerate(names, 1)]

    found = compare_channels(images, [str(one.id) for one in images])

    assert len(found.names) == len(set(found.names)) == len(found.layers)
    for one, indices in zip(images, found.indices, strict=True):
        assert sorted(c for c in indices if c is not None) == list(range(one.size_c))


def test_what_doesnt_match_is_said():
    images = [image(1, names=("DAPI", "GFP")), image(2, names=("Hoechst", "GFP", "x"))]

    found = compare_channels(images, ["A1", "B2"])

    assert found.names == ("DAPI", "GFP", "x")
    assert found.notes == (
        "DAPI is Hoechst in B2: matched by its place.",
        "x: none in A1.",
    )


def test_what_holds_for_many_images_is_said_once():
    first = image(1, names=("DAPI",))
    many = [image(n, names=("DAPI", "GFP", "RFP")) for n in range(2, 14)]
    mixed = [image(n, names=("DAPI", *map(str, range(n)))) for n in range(14, 26)]

    alike = compare_channels([first, *many], [str(n) for n in range(1, 14)])
    others = compare_channels([first, *mixed], [str(n) for n in range(1, 14)])

    assert alike.notes == ("GFP, RFP: none in 1.",)
    assert len(others.notes) <= 3
    assert "channels are in some of the images only." in others.notes[-1]


def test_all_images_are_drawn_within_the_window_that_holds_theirs():
    low, high = RenderingWindow(start=10, end=90), RenderingWindow(start=50, end=300)
    one, other = image(1), image(2)
    one = replace(one, channels=(replace(one.channels[0], window=low),))
    other = replace(other, channels=(replace(other.channels[0], window=high),))

    found = compare_channels([one, other], ["A1", "B2"])

    both = RenderingWindow(start=10, end=300)
    assert found.layers[0].window == both
    assert to_draw(one, found.layers).channels[0].window == both
    assert to_draw(other, found.layers).channels[0].window == both


@given(
    st.lists(
        st.tuples(
            st.integers(1, 3000),
            st.integers(1, 3000),
            st.sampled_from([None, 0.25, 0.5, 1.1]),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_images_fit_their_cells_and_no_two_overlap(sizes):
    images = [image(n, size=(y, x), um=um) for n, (y, x, um) in enumerate(sizes, 1)]

    plan = plan_comparison(wish(*images), images)

    canvas = np.zeros(plan.layout.shape, int)
    for one in plan.cells:
        rect = plan.place(one)
        assert min(rect.shape) >= 1
        canvas[rect.y0 : rect.y1, rect.x0 : rect.x1] += 1
        middle = (rect.y0 + rect.y1 - 1) / 2, (rect.x0 + rect.x1 - 1) / 2
        assert plan.cell_at(*middle) is one
    assert canvas.max() == 1
    scale = plan.mosaic.pyramid.scales[0]
    for one in plan.cells:
        y, x = plan.mosaic.shapes[one.image_id]
        rect = plan.mosaic.content(0, one.cell, (one.image.size_y, one.image.size_x))
        assert rect.shape == (y, x)
    assert max(plan.layout.cell_shape) <= 256
    assert scale * max(plan.layout.cell_shape) >= max(
        map(max, plan.mosaic.shapes.values())
    )


@given(st.lists(st.integers(0, 3), min_size=1, max_size=40))
def test_each_image_has_a_place_and_each_group_rows_of_its_own(groups):
    groups = sorted(groups)

    places = row_places(groups)

    assert len(set(places)) == len(places) == len(groups)
    rows = {}
    for group, (row, column) in zip(groups, places, strict=True):
        assert column < 8
        assert rows.setdefault(row, group) == group


def test_fields_of_a_stage_that_went_in_a_grid_lie_in_it():
    snake = [(y * 9.9, x * 10.2 + y * 0.3) for y, x in
             [(0, 0), (0, 1), (0, 2), (1, 2), (1, 1), (1, 0)]]  # fmt: skip

    assert stage_places(snake) == ((0, 0), (0, 1), (0, 2), (1, 2), (1, 1), (1, 0))
    assert stage_places([(0.0, 0.0), None]) is None


def test_sizes_are_drawn_at_one_scale_and_that_is_said():
    images = [image(1, um=0.5), image(2, um=0.25), image(3, um=None)]

    plan = plan_comparison(wish(*images), images)

    assert plan.pixel_um == common_pixel_um(images) == 0.25
    assert drawn_shapes(images, 0.25) == {1: (120, 160), 2: (60, 80), 3: (60, 80)}
    assert plan.unit == "um"
    assert plan.notes == (
        (
            "The pixel size of A3 isn't known: drawn pixel by pixel, the scale bar "
            "isn't theirs."
        ),
        "Pixels are 0.25 to 0.5 µm: all images are drawn at the same scale.",
    )


def test_types_and_stacks_that_differ_are_said():
    images = [image(1, size_z=5), image(2, pixel_type="uint8")]

    plan = plan_comparison(wish(*images), images)

    assert plan.mosaic.dtype == np.uint16
    assert plan.mosaic.size_z == 5
    assert plan.notes == (
        "Types of pixels differ (uint16, uint8): equal intensities look alike.",
        "Images have 1 to 5 planes along z: beyond its last, an image stays at that.",
    )


def test_captions_say_once_what_all_have_in_common():
    images = [image(1), image(2)]
    asked = wish(*images, told="CDC20")
    plate = Plate(id=7, name="Plate 7")
    cells = tuple(
        replace(one, request=replace(one.request, plate=plate)) for one in asked.cells
    )

    plan = plan_comparison(replace(asked, cells=cells), images)

    assert plan.heading == "CDC20 · Plate 7"
    assert plan.captions == (("A1",), ("A2",))
    assert plan.title == "compare CDC20 + 1"


def test_images_of_two_genes_are_two_groups():
    genes = ["CDC20", "PLK1", "CDC20", "PLK1"]
    requests = [
        ImageRequest(ref=ImageRef(image_id=n), told=gene)
        for n, gene in enumerate(genes)
    ]

    found = in_groups([*requests, requests[0]])

    assert [one.request.told for one in found.cells] == sorted(genes)
    assert found.groups == (0, 0, 1, 1)
    assert in_groups(requests[:2]).groups == ()
    with pytest.raises(ValueError, match="no images"):
        in_groups([])


def fields(*stage_um, runs=None, order="stage"):
    """Return a wish of the fields of a well at these places."""
    runs = runs or [0] * len(stage_um)
    cells = tuple(
        CellWish(
            request=ImageRequest(
                ref=ImageRef(image_id=n), well_label="A1", field=n - 1
            ),
            place=(0, n - 1),
            stage_um=at,
            run=run,
        )
        for n, (at, run) in enumerate(zip(stage_um, runs, strict=True), 1)
    )
    return CompareWish(cells=cells, order=order)


def test_fields_lie_at_true_distances_on_the_stage():
    at = [(0.0, 0.0), (-45.0, 100.0), (12.0, 55.0)]  # images are 30 x 40 um
    images = [image(n) for n in (1, 2, 3)]

    plan = plan_comparison(fields(*at), images)

    first, second, third = (plan.place(one) for one in plan.cells)
    assert plan.is_on_stage
    assert (second.y0 - first.y0, second.x0 - first.x0) == (-90, 200)
    assert (third.y0 - first.y0, third.x0 - first.x0) == (24, 110)
    assert plan.layout.shape == (24 + 60 + 90, 200 + 80)
    assert plan.heading == "at stage positions"
    assert plan.notes[0].startswith("Fields lie at their places on the stage")
    for one, rect in zip(plan.cells, (first, second, third), strict=True):
        assert plan.cell_at(rect.y0 + 20, rect.x0 + 20) is one
    assert plan.cell_at(0, 0) is None


def test_runs_at_places_on_the_stage_lie_one_below_the_other():
    images = [image(n) for n in (1, 2, 3)]

    plan = plan_comparison(fields((0, 0), (0, 40), (500, 500), runs=[0, 0, 1]), images)

    rects = [plan.place(one) for one in plan.cells]
    assert rects[1].x0 - rects[0].x0 == 80
    assert rects[2].y0 >= rects[0].y1
    assert rects[2].x0 == 0


@pytest.mark.parametrize(
    ("stage_um", "um"),
    [
        ([(0.0, 0.0), None], 0.5),  # not all known
        ([(0.0, 0.0), (0.0, 100.0)], None),  # no size of a px to compare with
        ([(0.0, 0.0), (1.0, 2.0)], 0.5),  # one hides the other
        ([(0.0, 0.0), (0.0, 1e6)], 0.5),  # so far apart that nothing is seen
    ],
)
def test_where_true_distances_show_nothing_fields_lie_in_even_steps(stage_um, um):
    images = [image(n, um=um) for n in (1, 2)]

    plan = plan_comparison(fields(*stage_um), images)

    assert not plan.is_on_stage
    assert "in even steps" in plan.heading
    assert any("not at their true distances" in one for one in plan.notes)


@given(
    st.lists(
        st.tuples(st.floats(-2000, 2000), st.floats(-2000, 2000)),
        min_size=2,
        max_size=12,
    ),
    st.sampled_from([(60, 80), (1000, 1300)]),
)
def test_distances_are_true_to_a_px_of_the_smallest_level(at, size):
    images = [image(n, size=size) for n in range(1, len(at) + 1)]

    plan = plan_comparison(fields(*at), images)

    if plan.is_on_stage:
        assert max(plan.layout.shape) <= 4096 + max(plan.layout.cell_shape)
        scale = plan.mosaic.pyramid.scales[0]
        for one, (y, x) in zip(plan.cells, at, strict=True):
            away = one.cell.y - plan.cells[0].cell.y, one.cell.x - plan.cells[0].cell.x
            due = (y - at[0][0]) / 0.5 / scale, (x - at[0][1]) / 0.5 / scale
            assert np.allclose(away, due, atol=1.01)


def test_images_of_other_servers_are_left_out_and_named():
    here, there = "https://idr.example", "https://other.example"
    found = [
        ImageRequest(ref=ImageRef(image_id=n), server=server)
        for n, server in ((1, here), (2, there), (3, here), (4, there))
    ]

    wish = in_groups(found)

    assert [one.request.ref.image_id for one in wish.cells] == [1, 3]
    assert wish.about == (
        "2 images are left out: of https://other.example, and a comparison is of one "
        "server."
    )


@given(
    st.integers(1, 48),
    st.integers(1, 32),
    st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
)
def test_the_smallest_level_is_small_however_many_images_there_are(columns, rows, size):
    last = image(1, size=size)
    places = [(rows - 1, columns - 1)]

    layout, scales = plan_layout([last], ["A1"], places, {last.id: size})

    rounded = 2 * max(columns, rows)  # each cell and each gap by up to one px
    assert max(layout.shape) <= MAX_STRIP_PX + rounded
    assert max(layout.cell_shape) <= CELL_PX
    assert scales[-1] == 1
    assert scales[0] * max(layout.cell_shape) >= max(size)


@pytest.mark.parametrize(("columns", "size"), [(12, 512), (48, 512), (48, 100)])
def test_images_of_a_plate_are_opened_at_the_same_size_on_the_screen(columns, size):
    images = [image(n + 1, size=(size, size)) for n in range(columns)]
    asked = wish(*images)
    cells = tuple(
        replace(one, place=(0, column)) for column, one in enumerate(asked.cells)
    )

    plan = plan_comparison(replace(asked, cells=cells, pictures={}), images).mosaic

    opened = max(plan.layout.cell_shape) * plan.least_scale
    assert opened > CELL_PX or plan.least_scale == plan.pyramid.scales[0]
    assert opened <= 2 * CELL_PX


@pytest.mark.parametrize("zoom", [0.6, 1.0, 1.3, 2.0, 4.0])
def test_a_caption_ends_before_its_neighbour_begins(zoom):
    images = [image(n, size=(120, 160)) for n in (1, 2, 3)]
    plan = plan_comparison(wish(*images, told="MMMMWWWW" * 4), images)
    plan = replace(plan, captions=(("THUMBNAIL WORDS " * 4, "name 1"),) * 3)
    thumbnails = dict.fromkeys((1, 2, 3), PixelSource.THUMBNAIL)

    written = captions(plan, thumbnails, zoom)

    cell, pitch = (at[1] * zoom for at in (plan.layout.cell_shape, plan.layout.pitch))
    for text, room in zip(written, (pitch - 9, pitch - 9, cell), strict=True):
        assert text
        assert all(width_px(line) <= room for line in text.split("\n"))


@pytest.mark.parametrize("zoom", [0.4, 0.7, 1.0, 2.0])
def test_the_line_of_a_strip_ends_where_the_strip_does(zoom):
    images = [image(n, size=(120, 160)) for n in (1, 2)]
    plan = plan_comparison(wish(*images), images)
    plan = replace(plan, common=("idr0904-demo-tissue/experimentA of a long name",) * 2)

    written = strip_heading(plan, zoom)

    assert written
    assert width_px(written) <= plan.layout.shape[1] * zoom


def test_widths_of_letters_are_no_less_than_measured_ones():
    # On the canvas of napari, at the size of captions.
    measured = {"THUMBNAIL": 84, "negative control": 114, "idr0904-fakelab": 111,
                "MMMMMMMMMM": 121, "WWWWWWWWWW": 139, "0000000000": 89}  # fmt: skip

    assert all(px <= width_px(text) <= 1.25 * px for text, px in measured.items())


def test_a_caption_on_the_stage_ends_before_an_image_that_overlaps():
    images = [image(n, size=(120, 160)) for n in (1, 2)]
    plan = plan_comparison(fields((0.0, 0.0), (2.0, 55.0)), images)
    plan = replace(plan, captions=(("a name of an image", "b"),) * 2)
    assert plan.is_on_stage

    first, _ = captions(plan, {}, 1.0)

    apart = plan.cells[1].cell.x - plan.cells[0].cell.x
    assert first
    assert all(width_px(line) <= apart - 9 for line in first.split("\n"))


def test_a_narrow_cell_has_the_name_of_its_well():
    images = [image(n, size=(120, 160)) for n in (1, 2)]
    plan = plan_comparison(wish(*images), images)
    plan = replace(plan, captions=(("negative control", "C4"), ("CDC20", "C5")))
    zoom = 60 / plan.layout.cell_shape[1]

    first, second = captions(plan, {}, zoom)

    assert "C4" in first.split("\n")
    assert second
