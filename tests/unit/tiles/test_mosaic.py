from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_idr.api import OpenedPixels
from napari_idr.errors import (
    ConnectionFailedError,
    NotFoundError,
    PixelDataError,
    ServerError,
)
from napari_idr.model import Channel, PixelSource, RenderingWindow
from napari_idr.tiles import (
    MosaicCell,
    MosaicLayout,
    MosaicPyramid,
    TileViewing,
    ViewingSettings,
    canvas_level,
)

CELL, GAP, IMAGE = 8, 2, 32


def grid(rows=2, columns=3, *, empty=(), image_px=IMAGE, cell_px=CELL, gap_px=GAP):
    """Lay out images; the one in (row, column) has the id 10 * row + column + 1."""
    pitch = cell_px + gap_px
    return MosaicLayout(
        cell_shape=(cell_px, cell_px),
        gap_px=gap_px,
        rows=rows,
        columns=columns,
        cells=tuple(
            MosaicCell(
                image_id=10 * row + column + 1,
                label=f"{row}, {column}",
                row=row,
                column=column,
                y=row * pitch,
                x=column * pitch,
            )
            for row in range(rows)
            for column in range(columns)
            if (row, column) not in empty
        ),
        image_shape=(image_px, image_px),
    )


class Wells:
    """Opens the images of a plate, and remembers which."""

    def __init__(self, make):
        self.make = make
        self.opened = []
        self.readers = {}
        self.errors = {}
        self.more = {}
        self.source = None

    def __call__(self, image_id, *, cancel):
        self.opened.append(image_id)
        if image_id in self.errors:
            raise self.errors[image_id]
        reader = self.readers.setdefault(image_id, self.make())
        if self.source is not None:
            return OpenedPixels(reader=SimpleNamespace(source=self.source), **self.more)
        return OpenedPixels(reader=reader, **self.more)


@pytest.fixture
def wells(fake_reader):
    return Wells(lambda: fake_reader((IMAGE, IMAGE), (16, 16), rgb=True))


@pytest.fixture
def canvas():
    layout = grid()
    return np.full((*layout.shape, 3), 99, np.uint8)


def cell(row, column, scale=4):
    """Return where a cell lies at a scale."""
    y, x = row * (CELL + GAP) * scale, column * (CELL + GAP) * scale
    return np.s_[y : y + CELL * scale, x : x + CELL * scale]


def test_the_finest_level_shows_the_images_themselves(
    viewing, look, idle, wells, canvas
):
    pyramid = MosaicPyramid(viewing, grid(), canvas, wells)
    fine = pyramid.levels()[0]

    look(fine)
    idle()
    seen = look(fine)

    assert [level.shape for level in pyramid.levels()] == [
        (72, 112, 3),
        (36, 56, 3),
        (18, 28, 3),
    ]
    for row in range(2):
        for column in range(3):
            image = wells.readers[10 * row + column + 1].plane()
            assert np.array_equal(seen[cell(row, column)], image)
    assert (seen[CELL * 4 : (CELL + GAP) * 4] == 99).all()


def test_the_canvas_is_the_coarsest_level_and_stays_live(viewing, look, wells, canvas):
    pyramid = MosaicPyramid(viewing, grid(), canvas, wells)
    fine, middle, coarse = pyramid.levels()
    wells.errors = dict.fromkeys(range(1, 20), ServerError("down", status=503))
    before = look(fine)

    canvas[:CELL, :CELL] = 7

    assert coarse is canvas
    assert (before == 99).all()
    assert (look(fine)[cell(0, 0)] == 7).all()
    assert (look(middle)[cell(0, 0, scale=2)] == 7).all()


def test_a_large_canvas_is_thinned_out_and_stays_live(viewing, wells):
    layout = grid(cell_px=600)
    canvas = np.zeros((*layout.shape, 3), np.uint8)
    *_, whole, half = MosaicPyramid(viewing, layout, canvas, wells).levels()

    canvas[2::2, 2::2] = 7

    assert whole is canvas
    assert half.shape == (-(-canvas.shape[0] // 2), -(-canvas.shape[1] // 2), 3)
    assert half.base is canvas
    assert (half[1:, 1:] == 7).all()


def test_the_canvas_is_found_among_the_levels(viewing, wells):
    layout = grid(cell_px=600, image_px=2400)
    canvas = np.zeros((*layout.shape, 3), np.uint8)
    pyramid = MosaicPyramid(viewing, layout, canvas, wells)

    levels = pyramid.levels()

    assert levels[canvas_level(levels)] is canvas
    assert len(levels) > canvas_level(levels) + 1
    assert canvas_level(pyramid.image.levels()) is None


def test_only_wells_in_sight_are_opened_and_each_once(
    viewing, look, idle, wells, canvas
):
    pyramid = MosaicPyramid(viewing, grid(), canvas, wells)
    fine = pyramid.levels()[0]
    for place in [(0, 1), (1, 1)] * 2:
        look(fine[cell(*place)])
        idle()  # another look would replace what this one wants

    assert sorted(wells.opened) == [2, 12]
    assert len(wells.readers[2].reads) == 4


def test_far_out_no_well_is_opened(viewing, look, idle, wells, canvas):
    pyramid = MosaicPyramid(viewing, grid(), canvas, wells)

    look(pyramid.levels()[1])
    idle()

    assert wells.opened == []


@pytest.mark.parametrize("error", [NotFoundError("no"), PixelDataError("none")])
def test_a_well_without_full_pixels_stays_its_thumbnail(look, wells, canvas, error):
    failures = []
    viewing = TileViewing(on_failure=lambda *failure: failures.append(failure))
    wells.errors[2] = error
    canvas[:CELL, CELL + GAP : 2 * CELL + GAP] = 55
    pyramid = MosaicPyramid(viewing, grid(empty={(0, 0)}), canvas, wells)
    fine = pyramid.levels()[0]
    for _ in range(2):
        look(fine)
        assert viewing.scheduler.wait_until_idle(20)

    seen = look(fine)

    assert (seen[cell(0, 1)] == 55).all()
    assert (seen[cell(0, 0)] == 99).all()
    assert np.array_equal(seen[cell(0, 2)], wells.readers[3].plane())
    assert wells.opened.count(2) == 1
    assert failures == []
    viewing.close()


def test_a_well_that_failed_comes_on_retry(viewing, look, idle, wells, canvas):
    pyramid = MosaicPyramid(viewing, grid(), canvas, wells)
    fine = pyramid.levels()[0]
    wells.errors[1] = ServerError("busy", status=503)
    look(fine)
    idle()
    before = look(fine)

    wells.errors.clear()
    pyramid.image.retry()
    idle()

    assert (before[cell(0, 0)] == 99).all()
    assert np.array_equal(before[cell(0, 1)], wells.readers[2].plane())
    assert np.array_equal(look(fine)[cell(0, 0)], wells.readers[1].plane())


def test_what_was_denied_of_a_well_comes_on_retry(viewing, look, idle, wells, canvas):
    reader = wells.readers[1] = wells.make()
    reader.denied = {(0, 0)}
    pyramid = MosaicPyramid(viewing, grid(), canvas, wells)
    fine = pyramid.levels()[0]
    look(fine)
    idle()
    assert not look(fine)[cell(0, 0)][:16, :16].any()
    reader.denied = set()
    others = [len(one.reads) for at, one in wells.readers.items() if at != 1]

    pyramid.image.retry()
    idle()

    np.testing.assert_array_equal(look(fine)[cell(0, 0)], reader.plane())
    assert others == [len(one.reads) for at, one in wells.readers.items() if at != 1]


@pytest.fixture
def thumbnails(fake_reader):
    """Wells of which the archive gives no more than a thumbnail at present."""
    wells = Wells(lambda: fake_reader((IMAGE, IMAGE), (16, 16), rgb=True))
    wells.source = PixelSource.THUMBNAIL
    return wells


def test_a_well_whose_store_is_out_of_order_is_told_and_comes_on_retry(
    look, thumbnails, canvas
):
    failures = []
    viewing = TileViewing(on_failure=lambda *failure: failures.append(failure))
    thumbnails.more["failure"] = ConnectionFailedError("x", url="http://store/a")
    pyramid = MosaicPyramid(viewing, grid(), canvas, thumbnails)
    fine = pyramid.levels()[0]
    look(fine)
    assert viewing.scheduler.wait_until_idle(20)
    before = look(fine)

    thumbnails.more.clear()
    thumbnails.source = None
    pyramid.image.retry()
    assert viewing.scheduler.wait_until_idle(20)

    assert (before[cell(0, 0)] == 99).all()
    assert {error.url for _, error in failures} == {"http://store/a"}
    seen = look(fine)[cell(0, 0)]
    assert np.array_equal(seen, thumbnails.readers[1].plane())
    viewing.close()


def test_a_well_whose_store_is_out_of_order_is_asked_for_again_after_a_while(
    viewing, look, idle, thumbnails, canvas, monkeypatch
):
    monkeypatch.setattr("napari_idr.tiles.wants.ASK_AGAIN_S", 0.0)
    thumbnails.more["failure"] = ServerError("x", status=503)
    fine = MosaicPyramid(viewing, grid(), canvas, thumbnails).levels()[0]
    look(fine)
    idle()

    thumbnails.more.clear()
    thumbnails.source = None
    look(fine)
    idle()

    seen = look(fine)[cell(0, 0)]
    assert np.array_equal(seen, thumbnails.readers[1].plane())


@pytest.mark.parametrize(("pause_s", "asked"), [(0.0, 2), (60.0, 1)])
def test_a_well_that_may_improve_is_asked_for_again_but_not_at_once(
    viewing, look, idle, thumbnails, canvas, monkeypatch, pause_s, asked
):
    monkeypatch.setattr("napari_idr.tiles.cell_images.BETTER_AFTER_S", pause_s)
    thumbnails.more["may_improve"] = True
    layout = grid(1, 1)
    fine = MosaicPyramid(viewing, layout, canvas[:CELL, :CELL], thumbnails).levels()[0]
    look(fine)
    idle()

    look(fine)
    idle()

    assert len(thumbnails.opened) >= asked
    assert (asked == 1) is (len(thumbnails.opened) == 1)


def test_channels_are_blended_in_their_colours_and_windows(
    viewing, look, idle, fake_reader, canvas
):
    def make():
        reader = fake_reader((IMAGE, IMAGE), (16, 16), size_c=2)
        window = RenderingWindow(start=0, end=2000)
        reader.image = replace(
            reader.image,
            channels=(
                Channel(name="a", color="FF0000", window=window),
                Channel(name="b", color="0000FF", window=window, active=False),
            ),
        )
        return reader

    wells = Wells(make)
    pyramid = MosaicPyramid(viewing, grid(), canvas, wells)
    fine = pyramid.levels()[0]
    look(fine[cell(0, 0)])
    idle()

    seen = look(fine[cell(0, 0)])

    expected = np.rint(wells.readers[1].plane() / 2000 * 255)
    assert np.abs(seen[..., 0] - expected).max() <= 1
    assert not seen[..., 1:].any()
    assert {region.c for region in wells.readers[1].reads} == {0}


def test_what_the_server_drew_is_shown_as_it_was_drawn(
    viewing, look, idle, fake_reader, canvas
):
    def make():
        reader = fake_reader((IMAGE, IMAGE), (32, 32))
        reader.source = PixelSource.RENDERED_LOSSLESS
        window = RenderingWindow(start=1000, end=60000)
        channel = Channel(name="a", window=window)
        reader.image = replace(reader.image, channels=(channel,))
        return reader

    wells = Wells(make)
    fine = MosaicPyramid(viewing, grid(), canvas, wells).levels()[0]
    look(fine[cell(0, 0)])
    idle()

    seen = look(fine[cell(0, 0)])

    assert np.array_equal(seen[..., 0], wells.readers[1].plane().clip(0, 255))


def test_an_image_with_levels_is_read_at_the_one_that_is_enough(
    viewing, look, idle, fake_reader
):
    wells = Wells(lambda: fake_reader((128, 128), (32, 32), levels=3, rgb=True))
    layout = grid(image_px=128)
    canvas = np.zeros((*layout.shape, 3), np.uint8)
    pyramid = MosaicPyramid(viewing, layout, canvas, wells)
    scale_4 = pyramid.levels()[-3]
    look(scale_4[cell(0, 0)])
    idle()

    assert pyramid.enlargement == 16
    assert {region.level for region in wells.readers[1].reads} == {2}
    assert np.array_equal(look(scale_4[cell(0, 0)]), wells.readers[1].plane(2))


def test_an_image_without_levels_waits_until_one_zooms_in(
    viewing, look, idle, fake_reader
):
    wells = Wells(lambda: fake_reader((256, 256), (64, 64), rgb=True))
    layout = grid(image_px=256)
    canvas = np.full((*layout.shape, 3), 99, np.uint8)
    levels = MosaicPyramid(viewing, layout, canvas, wells).levels()

    look(levels[-3][cell(0, 0)])
    idle()
    far = [len(reader.reads) for reader in wells.readers.values()]
    look(levels[0][cell(0, 0, scale=32)])
    idle()

    assert far == [0]
    assert len(wells.readers[1].reads) == 16


def test_large_cells_come_in_several_tiles_that_read_nothing_twice(
    viewing, look, idle, fake_reader
):
    wells = Wells(lambda: fake_reader((1100, 1100), (1100, 1100), rgb=True))
    layout = grid(image_px=1100, cell_px=275, gap_px=5)
    canvas = np.zeros((*layout.shape, 3), np.uint8)
    pyramid = MosaicPyramid(viewing, layout, canvas, wells)
    fine = pyramid.levels()[0]
    look(fine[:1100, :1100])
    idle()

    assert pyramid.plan.levels[0].chunk == (560, 560)
    assert len(wells.readers[1].reads) == 1
    assert np.array_equal(look(fine[:1100, :1100]), wells.readers[1].plane())


def test_images_of_another_shape_lie_in_the_middle_of_their_cell(
    viewing, look, idle, fake_reader, canvas
):
    wells = Wells(lambda: fake_reader((16, 32), (32, 32), rgb=True))
    fine = MosaicPyramid(viewing, grid(), canvas, wells).levels()[0]
    look(fine[cell(0, 0)])
    idle()

    seen = look(fine[cell(0, 0)])

    assert np.array_equal(seen[8:24], wells.readers[1].plane())
    assert (seen[:8] == 99).all()
    assert (seen[24:] == 99).all()


def test_a_tour_of_the_plate_keeps_the_bound_on_memory(look, wells):
    layout = grid(rows=4, columns=6)
    canvas = np.zeros((*layout.shape, 3), np.uint8)
    viewing = TileViewing(ViewingSettings(memory_bytes=40_000))
    fine = MosaicPyramid(viewing, layout, canvas, wells).levels()[0]

    for row in range(4):
        for column in range(6):
            look(fine[cell(row, column)])
            assert viewing.scheduler.wait_until_idle(20)
            assert viewing.cache.bytes <= 40_000

    assert len(wells.opened) == 24
    viewing.close()


def test_closing_a_plate_stops_what_is_read(viewing, look, idle, wells, canvas):
    reader = wells.readers.setdefault(1, wells.make())
    reader.gate.clear()
    pyramid = MosaicPyramid(viewing, grid(), canvas, wells)
    look(pyramid.levels()[0][cell(0, 0)])
    assert reader.began.acquire(timeout=20)

    pyramid.close()
    idle()

    assert len(viewing.cache) == 0
    assert (look(pyramid.levels()[0][cell(0, 0)]) == 99).all()


def test_a_well_that_opens_after_the_close_is_not_read(viewing, look, wells, canvas):
    opening, closed = threading.Event(), threading.Event()

    def open_late(image_id, *, cancel):
        opening.set()
        assert closed.wait(20)
        return wells(image_id, cancel=cancel)

    pyramid = MosaicPyramid(viewing, grid(), canvas, open_late)
    look(pyramid.levels()[0][cell(0, 0)])
    assert opening.wait(20)

    pyramid.close()
    closed.set()
    assert viewing.scheduler.close(20)

    assert wells.opened == [1]
    assert wells.readers[1].reads == []


def test_a_canvas_of_another_layout_is_refused(viewing, wells):
    with pytest.raises(ValueError, match="a canvas of"):
        MosaicPyramid(viewing, grid(), np.zeros((5, 5, 3), np.uint8), wells)


def test_napari_shows_the_canvas_and_then_a_cell(viewing, idle, wells, canvas):
    model = ViewerModel()
    pyramid = MosaicPyramid(viewing, grid(), canvas, wells)
    layer = model.add_image(pyramid.levels(), multiscale=True, rgb=True)
    far = np.asarray(layer._slice.image.raw)

    layer.corner_pixels = np.array([[0, 0], [31, 31]])
    layer.data_level = 0
    idle()
    layer.refresh()

    assert np.shares_memory(far, canvas)
    assert np.array_equal(layer._slice.image.raw, wells.readers[1].plane())
