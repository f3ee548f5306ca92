from __future__ import annotations

import numpy as np
import pytest

from napari_idr.tiles import Plane, TileViewing, ViewingSettings

IDLE_S = 20.0


def planes(reader):
    """Return the planes that were asked for, as (t, z), each once."""
    return sorted({(region.t, region.z) for region in reader.reads})


@pytest.fixture
def slow_viewing():
    """A session in which a test can move many sliders before one has settled."""
    session = TileViewing(ViewingSettings(settle_s=0.3))
    yield session
    session.close()


def test_a_deep_stack_asks_for_the_shown_planes_alone(fake_reader, look, viewing, idle):
    reader = fake_reader((32, 32), (32, 32), size_c=7, size_z=40, size_t=100)
    image = viewing.open(reader)
    image.set_current(50, 20)
    for c in range(7):
        look(image.levels(c)[0][50, 20])
    idle()

    assert len(reader.reads) == 7
    assert planes(reader) == [(50, 20)]


def test_a_layer_sliced_at_the_wrong_plane_first_asks_for_the_right_one(
    fake_reader, look, viewing, idle
):
    reader = fake_reader((32, 32), (32, 32), size_z=40)
    image = viewing.open(reader)
    image.set_current(0, 20)
    [array] = image.levels()

    look(array[0])
    look(array[20])
    idle()

    assert planes(reader) == [(0, 20)]


def test_planes_ahead_come_in_the_direction_of_travel(fake_reader, look, viewing, idle):
    reader = fake_reader((32, 32), (32, 32), size_z=40)
    [array] = viewing.open(reader).levels()
    for z in (20, 19):
        look(array[z])
        idle()

    assert planes(reader) == [(0, 17), (0, 18), (0, 19), (0, 20)]
    assert np.array_equal(look(array[18]), reader.plane(z=18))


def test_planes_ahead_wait_until_all_that_is_shown_came(
    fake_reader, look, viewing, idle
):
    reader = fake_reader((32, 32), (16, 16), size_c=2, size_t=9)
    image = viewing.open(reader)
    arrays = [image.levels(c)[0] for c in range(2)]
    for t in (3, 4):
        reader.gate.clear()
        for array in arrays:
            look(array[t])
        reader.gate.set()
        idle()

    assert {region.t for region in reader.reads[:8]} == {3}
    assert {region.t for region in reader.reads[8:16]} == {4}
    assert {region.t for region in reader.reads[16:]} == {5, 6}


def test_of_large_planes_none_is_asked_ahead(fake_reader, look, viewing, idle):
    reader = fake_reader((64, 64), (16, 16), size_z=9)
    [array] = viewing.open(reader).levels()
    for z in (3, 4):
        look(array[z])
        idle()

    assert planes(reader) == [(0, 3), (0, 4)]


@pytest.mark.parametrize("announced", [True, False])
def test_scrubbing_quickly_asks_for_the_stops_and_two_planes_more(
    fake_reader, look, slow_viewing, announced
):
    reader = fake_reader((32, 32), (32, 32), size_c=2, size_z=60)
    image = slow_viewing.open(reader)
    arrays = [image.levels(c)[0] for c in range(2)]

    def step_to(z):
        if announced:
            image.set_current(0, z)
        for array in arrays:
            look(array[z])

    step_to(3)
    assert slow_viewing.scheduler.wait_until_idle(IDLE_S)
    for z in range(4, 54):
        step_to(z)
    assert slow_viewing.scheduler.wait_until_idle(IDLE_S)

    assert planes(reader) == [(0, 3), (0, 53), (0, 54), (0, 55)]


def test_while_a_plane_is_on_its_way_the_last_one_stands_in(
    fake_reader, look, viewing, idle
):
    reader = fake_reader((32, 32), (32, 32), size_z=9)
    image = viewing.open(reader)
    [array] = image.levels()
    look(array[3])
    idle()
    reader.gate.clear()

    instead = look(array[7])
    lag = image.lag

    assert np.array_equal(instead, reader.plane(z=3))
    assert lag == (Plane(0, 7), Plane(0, 3))
    reader.gate.set()
    idle()
    assert image.advance()
    assert image.lag is None
    assert np.array_equal(look(array[7]), reader.plane(z=7))


def test_an_arrival_ahead_is_not_announced(fake_reader, look):
    told = []
    viewing = TileViewing(ViewingSettings(settle_s=0.0), on_arrival=told.append)
    reader = fake_reader((32, 32), (32, 32), size_z=9)
    [array] = viewing.open(reader).levels()
    for z in (3, 4):
        look(array[z])
        assert viewing.scheduler.wait_until_idle(IDLE_S)

    assert len(reader.reads) == 4
    assert len(told) == 2
    viewing.close()


def test_zooming_out_of_a_stack_drops_the_detail(fake_reader, look, viewing, idle):
    reader = fake_reader((64, 64), (16, 16), levels=2, size_z=9)
    fine, coarse = viewing.open(reader).levels()
    reader.gate.clear()
    look(fine[4])
    look(coarse[4])
    for _ in range(4):
        assert reader.began.acquire(timeout=IDLE_S)

    look(coarse[4])
    look(coarse[4])
    reader.gate.set()
    idle()

    assert len([r for r in reader.reads if r.level == 0]) <= 4
    assert len([r for r in reader.reads if r.level == 1]) == 4


def test_a_volume_is_shown_whole(fake_reader, look, viewing, idle):
    reader = fake_reader((32, 32), (16, 16), size_z=5, size_t=3)
    [array] = viewing.open(reader).levels()

    look(array[1])
    idle()

    expected = np.stack([reader.plane(t=1, z=z) for z in range(5)])
    assert np.array_equal(look(array[1]), expected)
