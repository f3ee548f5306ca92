from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_idr.api import projected_reader
from napari_idr.cancel import NEVER, CancelToken
from napari_idr.errors import Cancelled, PixelDataError, ServerError
from napari_idr.tiles import LayerKey, TileViewing, ViewingSettings


def test_the_first_look_shows_nothing_and_the_next_shows_the_plane(
    fake_reader, viewing, look, idle
):
    reader = fake_reader()
    reader.gate.clear()
    [array] = viewing.open(reader).levels()

    first = look(array)
    reader.gate.set()
    idle()
    second = look(array)

    assert not first.any()
    assert np.array_equal(second, reader.plane())


def test_a_look_never_reads_in_its_own_thread(fake_reader, viewing, look, idle):
    reader = fake_reader()
    reader.gate.clear()
    [array] = viewing.open(reader).levels()

    look(array)
    reader.gate.set()
    idle()

    assert threading.current_thread().name not in reader.threads
    assert all(name.startswith("napari-idr-tiles") for name in reader.threads)


def test_only_visible_tiles_are_read_and_going_back_reads_nothing(
    fake_reader, viewing, look, idle
):
    reader = fake_reader((256, 256), levels=3)
    fine, *_ = viewing.open(reader).levels()
    for rectangle in (np.s_[20:60, 20:60], np.s_[100:140, 20:60], np.s_[20:60, 20:60]):
        look(fine[rectangle])
        idle()

    assert len(reader.reads) == 18
    assert np.array_equal(look(fine[20:60, 20:60]), reader.plane()[20:60, 20:60])


def test_what_is_not_there_yet_is_stood_in_for_by_a_coarser_level(
    fake_reader, viewing, look, idle
):
    reader = fake_reader((64, 64), levels=3)
    fine, middle, coarse = viewing.open(reader).levels()
    look(coarse)
    idle()
    look(middle[:16, :16])
    idle()
    reader.gate.clear()

    seen = look(fine[:])

    upscaled = reader.plane(1).repeat(2, 0).repeat(2, 1)[:32, :32]
    coarsest = reader.plane(2).repeat(4, 0).repeat(4, 1)
    assert np.array_equal(seen[:32, :32], upscaled)
    assert np.array_equal(seen[32:], coarsest[32:])
    reader.gate.set()


def test_the_overview_that_napari_keeps_fills_in_place(
    fake_reader, viewing, look, idle
):
    reader = fake_reader((64, 64), levels=3)
    *_, coarse = viewing.open(reader).levels()

    kept = look(coarse)
    empty = not kept.any()
    idle()

    assert empty
    assert np.array_equal(kept, reader.plane(2))


def test_code_waits_for_true_values(fake_reader, viewing, look):
    reader = fake_reader(size_z=3)
    [array] = viewing.open(reader).levels()
    reader.gate.clear()
    look(array[1])
    threading.Timer(0.05, reader.gate.set).start()

    values = np.asarray(array[1, 10:40, 5:90:7])

    assert np.array_equal(values, reader.plane(z=1)[10:40, 5:90:7])


def test_each_way_of_indexing_gives_what_numpy_gives(fake_reader, viewing):
    reader = fake_reader((20, 24), size_z=3, size_t=2)
    [array] = viewing.open(reader).levels()
    whole = np.stack(
        [np.stack([reader.plane(t=t, z=z) for z in range(3)]) for t in range(2)]
    )

    assert array.shape == whole.shape
    for key in (
        np.s_[1],
        np.s_[..., 3],
        np.s_[0, 1:, ::-1, 4:20:3],
        np.s_[-1, -1, -3:],
        np.s_[:, 2, 5, 5],
        np.s_[:, :, 7:7],
        np.s_[1, 2, 3, 4],
        np.s_[[1, 0]],
        (whole > 100),
    ):
        assert np.array_equal(np.asarray(array[key]), whole[key])


def test_an_index_outside_is_an_error(fake_reader, viewing):
    [array] = viewing.open(fake_reader(size_z=3)).levels()

    with pytest.raises(IndexError, match="outside"):
        array[3]
    with pytest.raises(IndexError, match="axes"):
        array[0, 0, 0, 0]


def test_an_rgb_image_is_one_layer_with_colours(fake_reader, viewing, look, idle):
    reader = fake_reader(rgb=True, levels=2)
    image = viewing.open(reader)
    fine, _ = image.levels()

    look(fine[4:40])
    idle()

    assert (image.channels, fine.shape) == (1, (64, 96, 3))
    assert np.array_equal(look(fine[4:40]), reader.plane()[4:40])
    assert np.array_equal(np.asarray(fine[..., 1]), reader.plane()[..., 1])


def test_an_rgb_image_shows_its_thumbnail_before_anything_came(
    fake_reader, viewing, look
):
    reader = fake_reader(rgb=True)
    reader.gate.clear()
    thumbnail = np.full((6, 9, 3), 77, np.uint8)
    [array] = viewing.open(reader, thumbnail=thumbnail).levels()

    seen = look(array)

    assert (seen == 77).all()


def test_axes_of_length_one_are_dropped_unless_asked_for(fake_reader, viewing):
    image = viewing.open(fake_reader(size_t=5))

    assert viewing.open(fake_reader()).axes == ("y", "x")
    assert viewing.open(fake_reader(size_z=5)).axes == ("z", "y", "x")
    assert image.axes == ("t", "z", "y", "x")
    assert image.levels(axes="tzyx")[0].shape == (5, 1, 64, 96)
    assert image.levels(axes="tzyx")[0].chunks == (1, 1, 16, 16)
    with pytest.raises(ValueError, match="doesn't hold"):
        image.levels(axes="zyx")


def test_a_whole_that_is_too_large_is_refused_with_a_sentence(fake_reader):
    viewing = TileViewing(ViewingSettings(read_bytes=1000))
    [array] = viewing.open(fake_reader()).levels()

    with pytest.raises(PixelDataError, match="take a part of it"):
        np.asarray(array)
    assert np.asarray(array[:5, :5]).shape == (5, 5)
    viewing.close()


def test_a_failure_is_told_once_and_asked_again_on_retry(fake_reader, look):
    told = []
    viewing = TileViewing(on_failure=lambda layer, error: told.append((layer, error)))
    reader = fake_reader()
    reader.errors[0, 16] = error = ServerError("down", status=503)
    image = viewing.open(reader)
    [array] = image.levels()
    look(array)
    assert viewing.scheduler.wait_until_idle(20)
    look(array)
    assert viewing.scheduler.wait_until_idle(20)

    reader.errors.clear()
    before = len(reader.reads)
    image.retry()
    assert viewing.scheduler.wait_until_idle(20)

    assert told == [(LayerKey(image.number, 0), error)]
    assert (before, len(reader.reads)) == (24, 25)
    assert np.array_equal(look(array), reader.plane())
    viewing.close()


def test_a_failure_is_raised_to_code(fake_reader, viewing):
    reader = fake_reader()
    reader.errors[0, 16] = ServerError("down", status=503)
    [array] = viewing.open(reader).levels()

    with pytest.raises(ServerError, match="down"):
        np.asarray(array)


def test_a_broken_reader_leaves_a_failure_and_a_living_worker(
    fake_reader, viewing, look, idle
):
    reader = fake_reader()
    reader.errors[0, 16] = ZeroDivisionError("oops")
    image = viewing.open(reader)
    [array] = image.levels()

    look(array)
    idle()

    [error] = image.failures.values()
    assert "ZeroDivisionError" in str(error)
    assert np.array_equal(look(array)[16:], reader.plane()[16:])


def test_an_arrival_names_the_layer_that_shows_it(fake_reader, look):
    told = []
    viewing = TileViewing(on_arrival=told.append)
    image = viewing.open(fake_reader((16, 16), size_c=3))

    look(image.levels(2)[0])
    assert viewing.scheduler.wait_until_idle(20)

    assert told == [LayerKey(image.number, 2)]
    viewing.close()


def test_closing_stops_what_waits_and_what_runs(fake_reader, viewing, look, idle):
    reader = fake_reader()
    reader.gate.clear()
    image = viewing.open(reader)
    [array] = image.levels()
    look(array)
    for _ in range(4):
        assert reader.began.acquire(timeout=20)

    image.close()
    idle()

    assert len(reader.reads) == 4
    assert not look(array).any()
    idle()
    assert len(reader.reads) == 4
    assert len(viewing.cache) == 0
    with pytest.raises(PixelDataError, match="closed"):
        np.asarray(array)


def test_closing_ends_the_wait_of_code(fake_reader, viewing):
    reader = fake_reader()
    reader.gate.clear()
    image = viewing.open(reader)
    raised = []

    def compute():
        try:
            np.asarray(image.levels()[0])
        except PixelDataError as error:
            raised.append(str(error))

    waiting = threading.Thread(target=compute)
    waiting.start()
    assert reader.began.acquire(timeout=20)

    image.close()
    waiting.join(20)

    assert raised == ["the image was closed"]


def test_closing_the_session_leaves_no_thread(fake_reader, look):
    viewing = TileViewing()
    reader = fake_reader()
    reader.gate.clear()
    look(viewing.open(reader).levels()[0])
    assert reader.began.acquire(timeout=20)

    ended = viewing.close()

    assert ended
    for thread in threading.enumerate():
        if thread.name.startswith("napari-idr-tiles"):
            thread.join(20)
            assert not thread.is_alive()


def test_looking_away_drops_what_has_not_been_sent(fake_reader, viewing, look, idle):
    reader = fake_reader()
    reader.gate.clear()
    image = viewing.open(reader)
    look(image.levels()[0])
    for _ in range(4):
        assert reader.began.acquire(timeout=20)

    image.hide(0)
    reader.gate.set()
    idle()

    assert len(reader.reads) == 4


def test_a_tour_keeps_the_bound_on_memory(fake_reader, look):
    viewing = TileViewing(ViewingSettings(memory_bytes=20_000))
    reader = fake_reader((256, 256))
    [array] = viewing.open(reader).levels()
    largest = 0

    for y in range(0, 256, 64):
        for x in range(0, 256, 64):
            look(array[y : y + 64, x : x + 64])
            assert viewing.scheduler.wait_until_idle(20)
            largest = max(largest, viewing.cache.bytes)

    assert 10_000 < largest <= 20_000
    viewing.close()


def test_a_view_larger_than_the_memory_asks_for_what_fits_and_stops(fake_reader, look):
    viewing = TileViewing(ViewingSettings(memory_bytes=20_000))
    reader = fake_reader((256, 256))
    [array] = viewing.open(reader).levels()

    for _ in range(3):
        look(array)
        assert viewing.scheduler.wait_until_idle(20)

    assert len(reader.reads) == 29
    viewing.close()


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_once_idle_every_rectangle_is_exact(fake_reader, look, data):
    shape = data.draw(st.tuples(st.integers(1, 70), st.integers(1, 70)))
    chunk = data.draw(st.tuples(st.integers(5, 40), st.integers(5, 40)))
    levels = data.draw(st.integers(1, 3))
    level = data.draw(st.integers(0, levels - 1))
    reader = fake_reader(shape, chunk, levels=levels)
    height, width = reader.levels[level].shape
    y0, y1 = sorted(data.draw(st.tuples(*[st.integers(0, height)] * 2)))
    x0, x1 = sorted(data.draw(st.tuples(*[st.integers(0, width)] * 2)))
    viewing = TileViewing(ViewingSettings(settle_s=0.0))
    part = viewing.open(reader).levels()[level][y0:y1, x0:x1]

    look(part)
    assert viewing.scheduler.wait_until_idle(20)
    seen = look(part)
    values = np.asarray(part)

    assert np.array_equal(seen, reader.plane(level)[y0:y1, x0:x1])
    assert np.array_equal(values, seen)
    assert viewing.close()


def test_a_large_read_does_not_delay_the_next_image(fake_reader, viewing, look):
    slow, quick = fake_reader((256, 256)), fake_reader()
    slow.gate.clear()
    whole = viewing.open(slow).levels()[0]
    reading = threading.Thread(target=lambda: np.asarray(whole))
    reading.start()
    for _ in range(3):
        assert slow.began.acquire(timeout=20)

    image = viewing.open(quick)
    sample = image.sample(0, cancel=NEVER, max_px=20)
    look(image.levels()[0])
    for _ in range(24):
        assert quick.began.acquire(timeout=20)

    assert np.array_equal(sample, quick.plane()[22:42, 38:58])
    assert len(slow.reads) == 3  # of 256
    slow.gate.set()
    reading.join(20)
    assert not reading.is_alive()


def test_a_sample_is_of_the_plane_that_is_shown_first(fake_reader, viewing):
    reader = fake_reader((64, 64), levels=2, size_c=2, size_z=5)
    reader.image = replace(reader.image, default_z=3)

    sample = viewing.open(reader).sample(1, cancel=NEVER, max_px=1000)

    assert np.array_equal(sample, reader.plane(1, c=1, z=3))


def sampled_in_a_thread(image):
    """Sample an image; return the token, the thread, and a list: how it ended."""
    token, ended = CancelToken(), []

    def sample():
        try:
            image.sample(0, cancel=token, max_px=100)
        except Cancelled:
            ended.append("cancelled")

    thread = threading.Thread(target=sample)
    thread.start()
    return token, thread, ended


def test_a_read_ends_when_its_caller_cancels(fake_reader, viewing, idle):
    reader = fake_reader()
    reader.gate.clear()
    reader.deaf = True  # else it might be the reader that ends
    image = viewing.open(reader)
    token, waiting, ended = sampled_in_a_thread(image)
    assert reader.began.acquire(timeout=20)

    token.cancel()
    waiting.join(20)

    assert ended == ["cancelled"]
    assert len(reader.reads) <= 4  # nothing more is sent
    reader.gate.set()
    idle()


def test_a_cancelled_read_stops_what_it_alone_waits_for(
    fake_reader, viewing, look, idle
):
    reader = fake_reader((16, 32), (16, 16))
    reader.gate.clear()
    image = viewing.open(reader)
    token, waiting, ended = sampled_in_a_thread(image)
    for _ in range(2):
        assert reader.began.acquire(timeout=20)
    look(image.levels()[0][:, :16])

    token.cancel()
    waiting.join(20)
    reader.gate.set()
    idle()

    assert ended == ["cancelled"]
    assert [region.x0 for region in reader.reads] == [0, 16]
    assert np.array_equal(look(image.levels()[0][:, :16]), reader.plane()[:, :16])


def test_a_maximum_ends_with_its_caller(fake_reader, viewing, idle):
    reader = fake_reader((16, 16), size_z=40)
    reader.gate.clear()
    image = viewing.open(projected_reader(reader))
    token, waiting, ended = sampled_in_a_thread(image)
    assert reader.began.acquire(timeout=20)

    token.cancel()
    waiting.join(20)
    begun = len(reader.reads)
    deadline = time.monotonic() + 20
    while len(reader.cancelled) < begun and time.monotonic() < deadline:
        time.sleep(0.01)

    assert ended == ["cancelled"]
    assert len(reader.cancelled) == len(reader.reads) == begun < 40
    reader.gate.set()


@pytest.mark.parametrize("first", ["reader", "view"])
def test_a_tile_that_a_view_and_a_reader_want_comes_once_to_both(
    fake_reader, look, first
):
    told = threading.Event()
    viewing = TileViewing(on_arrival=lambda _: told.set())
    reader = fake_reader((16, 16))
    reader.gate.clear()
    [array] = viewing.open(reader).levels()
    values = []
    reading = threading.Thread(target=lambda: values.append(np.asarray(array)))
    actions = [reading.start, lambda: look(array)]
    if first == "view":
        actions.reverse()
    actions[0]()
    assert reader.began.acquire(timeout=20)
    actions[1]()
    reader.gate.set()

    assert told.wait(20)
    reading.join(20)
    assert len(reader.reads) == 1
    assert np.array_equal(values[0], reader.plane())
    assert np.array_equal(look(array), reader.plane())
    viewing.close()


def test_what_was_denied_is_read_again_on_retry_and_nothing_else(
    fake_reader, viewing, look, idle
):
    reader = fake_reader((64, 96), size_z=2)
    reader.denied = {(16, 32)}
    image = viewing.open(reader)
    [fine] = image.levels()
    for z in (0, 1):
        look(fine[z])
        idle()
        image.advance()
    assert not look(fine[1])[16:32, 32:48].any()
    reader.denied = set()
    reader.reads.clear()

    look(fine[1])
    idle()
    assert reader.reads == []
    image.retry()
    idle()

    assert [(one.z, one.y0, one.x0) for one in reader.reads] == [(1, 16, 32)]
    np.testing.assert_array_equal(look(fine[1]), reader.plane(z=1))
    look(fine[0])
    idle()
    image.advance()
    np.testing.assert_array_equal(look(fine[0]), reader.plane(z=0))
    assert len(reader.reads) == 2


def test_an_overview_that_napari_keeps_is_filled_where_it_was_denied(
    fake_reader, viewing, look, idle
):
    reader = fake_reader((64, 96), levels=2)
    reader.denied = {(0, 0)}
    image = viewing.open(reader)
    kept = look(image.levels()[-1])
    idle()
    assert not kept[:16, :16].any()

    reader.denied = set()
    image.retry()
    idle()

    np.testing.assert_array_equal(kept, reader.plane(1))
