"""Comparisons as they are loaded from the demo archive, of both kinds of server."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote

import numpy as np
import pytest

from napari_idr import demo
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.demo.faults import FOREVER
from napari_idr.errors import Cancelled, IDRError
from napari_idr.model import ImageId, ImageRef, PixelSource, Plate, PlateId, WellId
from napari_idr.services.compare.load import Compared, CompareShown, ThumbnailsCame
from napari_idr.services.compare.wish import (
    MAX_ASKED,
    in_channels,
    in_groups,
    new_number,
)
from napari_idr.services.details import ImageRequest, PlateDetails
from napari_idr.services.plate.view import PlateShown
from napari_idr.services.session import ConnectionSettings, Session
from napari_idr.tiles import Rect, TileViewing, Window

CDC20, NEXT = ImageId(1900109), ImageId(1900113)
"""C4 and C5 of the first plate, which are hits."""

C4 = WellId(600028)
PLATE = Plate(id=PlateId(7101), name="DM0001_01")
LARGER = ImageId(1903021)
"""An image of another plate: larger, of smaller pixels, of other channels."""


@pytest.fixture
def viewing():
    viewing = TileViewing()
    yield viewing
    viewing.close()


@pytest.fixture(params=["idr", "classic"])
def any_archive(request):
    with demo.serve(face=request.param) as archive:
        archive.face = request.param
        yield archive


@pytest.fixture
def session(any_archive):
    session = Session(any_archive.url, ConnectionSettings(cache=False))
    yield session
    session.close()


def request_for(session, image_id, **more):
    ref = ImageRef(image_id=image_id, name=f"image {image_id}")
    return ImageRequest(ref=ref, server=session.url, **more)


def finished(steps):
    """Return the steps, and what was returned after them."""
    found = []
    while True:
        try:
            found.append(next(steps))
        except StopIteration as end:
            return found, end.value


def compared(session, viewing, image_ids, news=None):
    wish = in_groups([request_for(session, one) for one in image_ids])
    tell = (lambda _: None) if news is None else news.append
    return finished(session.compare(wish, viewing, tell, cancel=NEVER))


def test_thumbnails_come_first_and_then_one_layer_a_channel(
    session, viewing, any_archive
):
    news = []
    steps, result = compared(session, viewing, [CDC20, NEXT], news)

    shown, painted = steps
    assert isinstance(shown, CompareShown)
    assert painted == ThumbnailsCame(done=2, total=2)
    assert shown.canvas.max() > 60
    assert isinstance(result, Compared)
    raw = any_archive.face == "idr"
    suffix = "[raw]" if raw else "[rendered jpeg]"
    assert [spec.name for spec in result.specs] == [
        f"Cy3 · compare image 1900109 + 1 {suffix}",
        f"DAPI · compare image 1900109 + 1 {suffix}",
    ]
    for spec in result.specs:
        assert spec.kwargs["blending"] == "additive"
        assert spec.kwargs["scale"] == [0.645, 0.645]
        assert spec.data[0].dtype == np.uint16
        low, high = spec.kwargs["contrast_limits"]
        assert low < high
    source = PixelSource.RAW if raw else PixelSource.RENDERED_JPEG
    assert result.sources == {CDC20: source, NEXT: source}
    assert news == []  # until a tile is looked at
    told = "drawn by the server in 8 bits, within one window for all"
    assert (told in result.message) is not raw
    result.close()


def test_the_server_draws_all_images_within_one_window(viewing):
    with demo.serve(face="classic") as archive:
        session = Session(archive.url, ConnectionSettings(cache=False))
        _, result = compared(session, viewing, [CDC20, LARGER])

        windows = {}
        for one in archive.requests:
            query = unquote(one.query)
            found = re.search(r"(?:^|&)c=(\d+)\|([\d.]+):([\d.]+)", query)
            if one.path.startswith("/webgateway/render_image") and found:
                image = int(one.path.split("/")[3])
                windows.setdefault(image, {})[int(found[1])] = found[2], found[3]
        session.close()

    # DAPI is the second channel of one image, the first of the other.
    assert windows[CDC20][2] == windows[LARGER][1]
    assert windows[CDC20][1] == windows[LARGER][3]
    result.close()


def test_what_an_image_costs_is_the_same_for_each(session, viewing, any_archive):
    ids = [ImageId(1900001 + 4 * n) for n in range(8)]

    _, result = compared(session, viewing, ids)

    asked = [request.path + "?" + request.query for request in any_archive.requests]
    assert len(asked) == len(set(asked))
    thumbnails = [one for one in asked if "thumbnail" in one]
    assert len(thumbnails) == 1
    result.close()


def test_images_of_which_nothing_is_known_are_left_out_and_said(session, viewing):
    _, result = compared(session, viewing, [CDC20, ImageId(99), NEXT])

    assert [one.image_id for one in result.shown.plan.cells] == [CDC20, NEXT]
    assert "image 99 can't be shown:" in result.message
    result.close()


def test_nothing_is_shown_where_nothing_is_known(session, viewing):
    with pytest.raises(IDRError):
        compared(session, viewing, [ImageId(98), ImageId(99)])


def test_an_image_that_has_a_thumbnail_only_is_said(viewing):
    with demo.serve(face="classic") as archive:
        archive.faults.answer_next(404, match=rf"render_image/{NEXT}/", times=FOREVER)
        session = Session(archive.url, ConnectionSettings(cache=False))
        _, result = compared(session, viewing, [CDC20, NEXT])
        session.close()

    assert result.sources[NEXT] is PixelSource.THUMBNAIL
    assert "there is only a thumbnail: contrast can't be compared" in result.message
    result.close()


def test_where_no_image_has_pixels_there_are_no_channels(viewing):
    with demo.serve(face="classic") as archive:
        archive.faults.answer_next(404, match="render_image/", times=FOREVER)
        session = Session(archive.url, ConnectionSettings(cache=False))
        _, result = compared(session, viewing, [CDC20, NEXT])
        session.close()

    assert result.specs == ()
    assert result.message == (
        "2 images side by side. There are only thumbnails: contrast can't be compared."
    )
    result.close()


def test_one_image_lies_beside_no_other(session, viewing):
    _, result = compared(session, viewing, [CDC20])

    assert result.message.startswith("1 image in 2 channels.")
    result.close()


def test_a_cancelled_comparison_leaves_nothing_open(session, viewing):
    wish = in_groups([request_for(session, CDC20)])
    token = CancelToken()
    steps = session.compare(wish, viewing, lambda _: None, cancel=token)
    next(steps)

    token.cancel()

    with pytest.raises(Cancelled):
        finished(steps)
    assert viewing.scheduler.wait_until_idle(10)


ODD = tuple(map(ImageId, (9101, 9103, 9201, 9202, 9203, 9204, 9206, 9207, 9302)))
"""Stacks, colours, floats, 8 bits, no sizes, one px, negative numbers, a pyramid."""


def test_images_that_have_little_in_common_can_be_compared(session, viewing):
    _, result = compared(session, viewing, ODD)
    mosaic, plan = result.mosaic, result.shown.plan
    level = len(mosaic.reader.levels) - 1
    height, width = mosaic.reader.levels[level].shape
    whole = Rect(0, height, 0, width)
    for c in range(len(result.specs)):
        window = Window(level=level, c=c, ts=(2,), zs=(3,), rect=whole)
        pixels = mosaic.image.read(window, cancel=NEVER)[0, 0]
        for cell, indices in zip(plan.cells, plan.channels.indices, strict=True):
            place = plan.place(cell)
            part = pixels[place.y0 : place.y1, place.x0 : place.x1]
            has_channel = indices[c] is not None
            assert has_channel or not part.any()

    assert mosaic.reader.dtype == np.float32
    assert (plan.mosaic.size_z, plan.mosaic.size_t) == (5, 30)
    for told in (
        "isn't known: drawn pixel by pixel",
        "Types of pixels differ",
        "planes along z",
        "planes along t",
        "Pixels are 0.1 to 0.5 µm",
    ):
        assert told in result.message
    result.close()


def test_a_plate_in_channels_asks_about_some_and_opens_what_is_looked_at(
    session, viewing, any_archive
):
    plate = session.client.plate(PLATE.id, cancel=NEVER)
    details = PlateDetails(plate=plate, server=session.url)
    [shown] = [
        step
        for step in session.show_plate(details, None, 0, cancel=NEVER)
        if isinstance(step, PlateShown)
    ]
    any_archive.requests.clear()

    wish = in_channels(shown)
    _, result = finished(session.compare(wish, viewing, lambda _: None, cancel=NEVER))

    asked = [one.path for one in any_archive.requests]
    about = {path for path in asked if path.startswith("/api/v0/m/images/")}
    assert len(about) == MAX_ASKED
    assert not [path for path in asked if "thumbnails" in path]
    plan = result.shown.plan
    assert len(plan.cells) == 96
    assert [spec.name.split(" · ")[0] for spec in result.specs] == ["Cy3", "DAPI"]
    any_archive.requests.clear()
    levels = result.mosaic.reader.levels
    last = len(levels) - 1
    height, width = levels[last].shape
    whole = Window(level=last, c=0, ts=(0,), zs=(0,), rect=Rect(0, height, 0, width))
    result.mosaic.image.request(whole)
    assert viewing.scheduler.wait_until_idle(20)
    assert len(any_archive.requests) == 0
    cell = next(one for one in plan.cells if one.image_id not in plan.mosaic.shapes)
    place = plan.mosaic.content(0, cell.cell, (cell.image.size_y, cell.image.size_x))
    window = Window(level=0, c=1, ts=(0,), zs=(0,), rect=place)
    assert result.mosaic.image.read(window, cancel=NEVER).any()
    opened = {one.path for one in any_archive.requests if "/m/images/" in one.path}
    assert opened == {f"/api/v0/m/images/{cell.image_id}/"}
    result.close()


def test_controls_that_are_nearest_come_with_a_well(session, viewing):
    request = request_for(session, CDC20, plate=PLATE, well_label="C4", field=0)
    request = replace(request, ref=replace(request.ref, well_id=C4), told="CDC20")

    _, result = finished(
        session.compare_with_controls(
            request, new_number(), None, viewing, lambda _: None, cancel=NEVER
        )
    )

    cells = result.shown.plan.cells
    assert [(one.wish.request.well_label, one.wish.role) for one in cells] == [
        ("C4", ""),
        ("C1", "negative control"),
        ("B1", "negative control"),
        ("C12", "positive control"),
        ("A12", "positive control"),
    ]
    assert {one.wish.request.field for one in cells} == {0}
    assert "2 of 12 negative controls, the nearest. 2 of 4 positive" in result.message
    assert result.shown.plan.captions[1][0] == "negative control"
    result.close()


def test_all_fields_of_a_well_lie_as_the_stage_went(session, viewing, any_archive):
    request = request_for(session, CDC20, plate=PLATE, well_label="C4", field=0)
    request = replace(request, ref=replace(request.ref, well_id=C4))

    _, result = finished(
        session.compare_fields(
            request, new_number(), viewing, lambda _: None, cancel=NEVER
        )
    )

    cells = result.shown.plan.cells
    assert [one.image_id for one in cells] == [CDC20 + n for n in range(4)]
    assert [(one.cell.row, one.cell.column) for one in cells] == [
        (0, 0), (0, 1), (1, 0), (1, 1),
    ]  # fmt: skip
    assert [one.wish.label for one in cells] == [f"C4, field {n}" for n in range(1, 5)]
    assert "Fields lie at their places on the stage" in result.message
    wells = [one for one in any_archive.requests if "/wells/" in one.path]
    assert [one.path for one in wells] == [f"/api/v0/m/wells/{C4}/"]
    result.close()


def test_runs_of_a_well_are_rows_of_their_own(session, viewing):
    well = WellId(600216)  # B4 of the plate with two runs
    plate = session.client.plate(PlateId(7102), cancel=NEVER)
    request = request_for(session, ImageId(1901005), plate=plate, well_label="B4")
    request = replace(request, ref=replace(request.ref, well_id=well))

    _, result = finished(
        session.compare_fields(
            request, new_number(), viewing, lambda _: None, cancel=NEVER
        )
    )

    cells = result.shown.plan.cells
    runs = [one.wish.request.run.id for one in cells]
    rows = [one.cell.row for one in cells]
    assert sorted(set(runs)) == [8551, 8552]
    first = [row for run, row in zip(runs, rows, strict=True) if run == 8551]
    second = [row for run, row in zip(runs, rows, strict=True) if run == 8552]
    assert max(first) < min(second)
    assert "2 runs, one below the other." in result.message
    result.close()


def test_a_server_that_is_gone_midway_is_told(viewing):
    with demo.serve(face="classic") as archive:
        session = Session(archive.url, ConnectionSettings(cache=False))
        wish = in_groups([request_for(session, CDC20), request_for(session, NEXT)])
        news = []
        steps = session.compare(wish, viewing, news.append, cancel=NEVER)
        next(steps)
        next(steps)
        archive.faults.answer_next(500, times=FOREVER)

        with pytest.raises(IDRError):
            finished(steps)
        session.close()

    assert {one.image_id for one in news} <= {CDC20, NEXT}
    assert all(one.error is not None for one in news)
