"""Images side by side, a layer a channel: what is read, from where, and how often."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from napari_idr.api import OpenedPixels
from napari_idr.cancel import NEVER
from napari_idr.errors import PixelDataError, ServerError
from napari_idr.model import Channel, PixelSource, RenderingWindow
from napari_idr.tiles import (
    ChannelMosaic,
    ChannelPlan,
    MosaicCell,
    MosaicLayout,
    PyramidPlan,
)

CELL, GAP, SCALE = 8, 2, 4
FULL = CELL * SCALE


def plan(shapes, *, channels=("a", "b"), dtype=np.uint16, **more):
    """Lay images side by side; the first has the number 1."""
    cells = tuple(
        MosaicCell(
            image_id=place + 1,
            label=str(place),
            row=0,
            column=place,
            y=0,
            x=place * (CELL + GAP),
        )
        for place in range(len(shapes))
    )
    layout = MosaicLayout(
        cell_shape=(CELL, CELL),
        gap_px=GAP,
        rows=1,
        columns=len(shapes),
        cells=cells,
    )
    pyramid = PyramidPlan(
        layout=layout,
        scales=(4, 2, 1),
        images={(0, cell.column): cell.image_id for cell in cells},
    )
    return ChannelPlan(
        pyramid=pyramid,
        channels=tuple(Channel(name=name) for name in channels),
        dtype=np.dtype(dtype),
        shapes={place + 1: shape for place, shape in enumerate(shapes)},
        **more,
    )


class Images:
    """Opens images by their number, and remembers which, and what was told of them."""

    def __init__(self, readers):
        self.readers = dict(enumerate(readers, 1))
        self.errors = {}
        self.opened = []
        self.news = []

    def __call__(self, image_id, *, cancel):
        self.opened.append(image_id)
        if image_id in self.errors:
            raise self.errors[image_id]
        return OpenedPixels(reader=self.readers[image_id])

    def tell(self, image_id, source, error):
        self.news.append((image_id, source or type(error)))


@pytest.fixture
def reader(fake_reader):
    def make(side=FULL, names=("a", "b"), **more):
        made = fake_reader((side, side), (16, 16), size_c=len(names), **more)
        channels = tuple(Channel(name=name) for name in names)
        made.image = replace(made.image, channels=channels)
        return made

    return make


def content(column, scale=SCALE):
    """Return where a cell lies at a scale."""
    left = column * (CELL + GAP) * scale
    return np.s_[: CELL * scale, left : left + CELL * scale]


def test_raw_numbers_are_shown_as_they_are_in_every_cell(viewing, look, idle, reader):
    images = Images([reader(), reader()])
    mosaic = ChannelMosaic(viewing, plan([(FULL, FULL)] * 2), images)
    for c in (0, 1):
        look(mosaic.levels(c)[0])
        idle()
        seen = look(mosaic.levels(c)[0])

        for column in (0, 1):
            expected = images.readers[1].plane(c=c)
            assert np.array_equal(seen[content(column)], expected)
        assert (seen[:, CELL * SCALE : (CELL + GAP) * SCALE] == 0).all()
    assert sorted(images.opened) == [1, 2]


def test_a_tile_of_an_image_is_read_once_for_all_levels(viewing, look, idle, reader):
    images = Images([reader()])
    mosaic = ChannelMosaic(viewing, plan([(FULL, FULL)]), images)
    for level in mosaic.levels(0):
        look(level)
        idle()

    reads = [(one.c, one.y0, one.x0) for one in images.readers[1].reads]
    assert len(reads) == len(set(reads)) == 4


def test_coarse_levels_hold_numbers_of_the_image(viewing, look, idle, reader):
    images = Images([reader()])
    mosaic = ChannelMosaic(viewing, plan([(FULL, FULL)]), images)
    for level in mosaic.levels(1)[1:]:
        look(level)
        idle()
        seen = look(level)

        assert set(seen.ravel()) <= set(images.readers[1].plane(c=1).ravel())
        step = FULL // seen.shape[0]
        middle = images.readers[1].plane(c=1)[step // 2 :: step, step // 2 :: step]
        assert np.array_equal(seen, middle)


def test_an_image_of_larger_pixels_takes_more_room(viewing, look, idle, reader):
    images = Images([reader(), reader(FULL // 2)])
    mosaic = ChannelMosaic(viewing, plan([(FULL, FULL), (FULL, FULL)]), images)

    look(mosaic.levels(0)[0])
    idle()
    seen = look(mosaic.levels(0)[0])[content(1)]

    twice = images.readers[2].plane().repeat(2, axis=0).repeat(2, axis=1)
    assert np.array_equal(seen, twice)


def test_a_smaller_image_lies_in_the_middle_of_its_cell(viewing, look, idle, reader):
    images = Images([reader(FULL // 2)])
    mosaic = ChannelMosaic(viewing, plan([(FULL // 2, FULL // 2)]), images)

    look(mosaic.levels(0)[0])
    idle()
    seen = look(mosaic.levels(0)[0])

    edge = FULL // 4
    assert np.array_equal(seen[edge:-edge, edge:-edge], images.readers[1].plane())
    assert (seen[:edge] == 0).all()


def test_channels_are_matched_by_name_and_then_by_place(viewing, look, idle, reader):
    images = Images([reader(names=("B", "A")), reader(names=("x", "b")), reader()])
    mosaic = ChannelMosaic(viewing, plan([(FULL, FULL)] * 3), images)
    look(mosaic.levels(0)[0])
    idle()

    seen = look(mosaic.levels(0)[0])

    for column, c in ((0, 1), (1, 0), (2, 0)):
        assert np.array_equal(seen[content(column)], images.readers[1].plane(c=c))


def test_a_channel_that_an_image_lacks_is_empty_there(viewing, look, idle, reader):
    images = Images([reader(), reader(names=("a",))])
    mosaic = ChannelMosaic(viewing, plan([(FULL, FULL)] * 2), images)
    look(mosaic.levels(1)[0])
    idle()

    seen = look(mosaic.levels(1)[0])

    assert (seen[content(1)] == 0).all()
    assert seen[content(0)].any()


def test_planes_go_along_and_a_shorter_image_stays_at_its_last(
    viewing, look, idle, reader
):
    images = Images([reader(size_z=5), reader(size_z=2)])
    mosaic = ChannelMosaic(viewing, plan([(FULL, FULL)] * 2, size_z=5), images)
    level = mosaic.levels(0)[0]

    assert level.shape[0] == 5
    for z in (1, 4):
        mosaic.image.set_current(0, z)
        look(level[z])
        idle()
        mosaic.image.advance()
        seen = look(level[z])
        for column, last in ((0, z), (1, min(z, 1))):
            expected = images.readers[1].plane(z=last)
            assert np.array_equal(seen[content(column)], expected)


def test_what_is_drawn_in_8_bits_becomes_intensities_again(viewing, look, idle, reader):
    drawn = reader()
    drawn.source = PixelSource.RENDERED_JPEG
    drawn.dtype = np.dtype(np.uint8)
    drawn.exact = False
    drawn.window = lambda c: RenderingWindow(start=100, end=100 + 255 * 4)
    images = Images([drawn])
    mosaic = ChannelMosaic(viewing, plan([(FULL, FULL)]), images)
    look(mosaic.levels(0)[0])
    idle()

    seen = look(mosaic.levels(0)[0])

    assert seen.dtype == np.uint16
    assert np.array_equal(seen, 100 + 4 * drawn.plane().astype(int))


def test_only_the_cells_in_sight_are_opened(viewing, look, idle, reader):
    images = Images([reader() for _ in range(4)])
    mosaic = ChannelMosaic(viewing, plan([(FULL, FULL)] * 4), images)

    look(mosaic.levels(0)[0][content(2)])
    idle()

    assert images.opened == [3]


def test_far_out_no_image_of_a_plate_is_opened(viewing, look, idle, reader):
    images = Images([reader()])
    mosaic = ChannelMosaic(viewing, plan([(FULL, FULL)], least_scale=4), images)

    look(mosaic.levels(0)[1])
    idle()

    assert images.opened == []


def test_what_becomes_known_of_an_image_is_told_once(viewing, look, idle, reader):
    images = Images([reader(), reader(), reader()])
    images.readers[2] = SimpleNamespace(source=PixelSource.THUMBNAIL)
    images.errors[3] = PixelDataError("broken")
    shapes = [(FULL, FULL)] * 3
    mosaic = ChannelMosaic(viewing, plan(shapes), images, images.tell)
    for level in (0, 1):
        look(mosaic.levels(0)[level])
        idle()

    assert sorted(images.news) == [
        (1, PixelSource.RAW),
        (2, PixelSource.THUMBNAIL),
        (3, PixelDataError),
    ]


def test_an_image_that_failed_comes_on_retry_and_that_is_told(
    viewing, look, idle, reader
):
    images = Images([reader(), reader()])
    images.errors[2] = ServerError("busy", status=503)
    mosaic = ChannelMosaic(viewing, plan([(FULL, FULL)] * 2), images, images.tell)
    look(mosaic.levels(0)[0])
    idle()
    assert (2, ServerError) in images.news

    images.errors.clear()
    mosaic.image.retry()
    idle()

    assert images.news[-1] == (2, PixelSource.RAW)
    assert look(mosaic.levels(0)[0])[content(1)].any()


def test_a_sample_is_of_the_plane_that_is_shown_first(viewing, reader):
    images = Images([reader(size_z=3), reader(names=("a",))])
    mosaic = ChannelMosaic(
        viewing, plan([(FULL, FULL)] * 2, size_z=3, default_z=2), images
    )

    found = mosaic.reader.sample(1, 1, cancel=NEVER)

    assert np.array_equal(found, images.readers[1].plane(c=1, z=2))
    assert mosaic.reader.sample(2, 1, cancel=NEVER) is None


def test_nothing_is_read_of_a_mosaic_that_was_closed(viewing, look, idle, reader):
    images = Images([reader()])
    mosaic = ChannelMosaic(viewing, plan([(FULL, FULL)]), images)
    mosaic.close()

    look(mosaic.levels(0)[0])
    idle()

    assert images.opened == []
