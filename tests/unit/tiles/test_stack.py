from __future__ import annotations

import threading
import time
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_idr.errors import ServerError
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


def test_the_plane_ahead_comes_in_the_direction_of_travel(
    fake_reader, look, viewing, idle
):
    reader = fake_reader((32, 32), (32, 32), size_z=40)
    [array] = viewing.open(reader).levels()
    for z in (20, 19):
        look(array[z])
        idle()

    assert planes(reader) == [(0, 18), (0, 19), (0, 20)]
    assert np.array_equal(look(array[18]), reader.plane(z=18))


def test_the_plane_ahead_waits_until_all_that_is_shown_came(
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
    assert {region.t for region in reader.reads[16:]} == {5}


def test_of_large_planes_none_is_asked_ahead(fake_reader, look, viewing, idle):
    reader = fake_reader((64, 64), (16, 16), size_z=9)
    [array] = viewing.open(reader).levels()
    for z in (3, 4):
        look(array[z])
        idle()

    assert planes(reader) == [(0, 3), (0, 4)]


@pytest.mark.parametrize("announced", [True, False])
def test_scrubbing_quickly_asks_for_the_stops_and_one_plane_more(
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

    assert planes(reader) == [(0, 3), (0, 53), (0, 54)]


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

    assert len(reader.reads) == 3
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


class Screen:
    """Draws all channels of an image, each as one number: the time that it shows."""

    def __init__(self, image, look):
        self.image = image
        self.look = look
        self.arrays = [image.levels(c) for c in range(image.channels)]
        self.hidden = set()

    def refresh(self, t):
        """Draw what napari would at a time; return what the channels show."""
        seen = set()
        for c, levels in enumerate(self.arrays):
            if c not in self.hidden:
                for level in levels:
                    seen |= set(np.unique(self.look(level[t])).tolist())
        return {number - 1 for number in seen if number}, 0 in seen


class Clock:
    """Makes readers whose pixels tell the time, at all levels and in all channels."""

    def __init__(self, fake_reader):
        class Reader(fake_reader):
            def plane(self, level=0, c=0, t=0, z=0):
                return np.full(self.levels[level].shape, t + 1, self.dtype)

        self.reader = Reader


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 9), st.booleans(), st.floats(0, 0.02)),
        min_size=1,
        max_size=12,
    ),
    levels=st.integers(1, 2),
    seed=st.integers(0, 99),
)
def test_channels_never_show_different_planes(fake_reader, look, steps, levels, seed):
    random = Random(seed)
    told = threading.Event()
    viewing = TileViewing(
        ViewingSettings(settle_s=0.005), on_arrival=lambda _: told.set()
    )
    reader = Clock(fake_reader).reader(
        (32, 32), (16, 16), size_c=7, size_t=10, levels=levels
    )
    reader.delay_s = lambda _: random.random() * 0.004
    image = viewing.open(reader)
    screen = Screen(image, look)
    screen.refresh(0)
    assert viewing.scheduler.wait_until_idle(IDLE_S)

    for t, announced, pause_s in steps:
        if announced:
            image.set_current(t, 0)
        shown, black = screen.refresh(t)
        assert len(shown) == 1
        assert not black
        if told.wait(pause_s):
            told.clear()
            image.advance()
            shown, black = screen.refresh(t)
            assert len(shown) == 1
            assert not black
        assert (image.lag is None) == (shown == {t})

    assert viewing.scheduler.wait_until_idle(IDLE_S)
    image.advance()
    assert screen.refresh(t) == ({t}, False)
    assert image.lag is None
    assert viewing.close()


@pytest.fixture
def lagging(fake_reader, look, told):
    """An image of seven channels that shows t = 0 while t = 4 is on its way."""
    viewing = TileViewing(ViewingSettings(settle_s=0.0), on_arrival=told.append)
    reader = Clock(fake_reader).reader((32, 32), (16, 16), size_c=7, size_t=10)
    image = viewing.open(reader)
    screen = Screen(image, look)
    screen.refresh(0)
    assert viewing.scheduler.wait_until_idle(IDLE_S)
    told.clear()
    reader.gate.clear()
    assert screen.refresh(4) == ({0}, False)
    yield viewing, reader, image, screen
    reader.gate.set()
    assert viewing.close()


@pytest.fixture
def told():
    return []


def test_channels_change_when_the_last_of_them_came(lagging, told):
    viewing, reader, image, screen = lagging
    assert image.lag == (Plane(4, 0), Plane(0, 0))
    assert not image.advance()

    reader.gate.set()
    assert viewing.scheduler.wait_until_idle(IDLE_S)

    assert told == [image.key(c) for c in range(7)]
    assert screen.refresh(4) == ({0}, False)
    assert image.advance()
    assert screen.refresh(4) == ({4}, False)
    assert image.lag is None
    assert (image.wanted_plane, image.shown_plane) == (Plane(4, 0), Plane(4, 0))
    assert not image.advance()


def test_a_hidden_channel_is_not_waited_for(lagging, told):
    _, reader, image, screen = lagging
    reader.delay_s = lambda region: IDLE_S if region.c == 6 else 0.0
    reader.gate.set()
    screen.hidden.add(6)

    image.hide(6)

    deadline = time.monotonic() + IDLE_S
    while not image.advance() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert screen.refresh(4) == ({4}, False)
    assert {key.c for key in told} == set(range(6))


def test_a_plane_that_is_there_is_shown_at_once(lagging):
    viewing, reader, image, screen = lagging
    reader.gate.set()
    assert viewing.scheduler.wait_until_idle(IDLE_S)
    assert image.advance()
    reader.gate.clear()

    assert screen.refresh(0) == ({0}, False)
    assert screen.refresh(4) == ({4}, False)
    assert image.lag is None


def test_a_tile_that_fails_does_not_hold_a_plane_back(lagging, look):
    viewing, reader, image, screen = lagging
    reader.errors[16, 16] = ServerError("down", status=503)
    reader.gate.set()
    assert viewing.scheduler.wait_until_idle(IDLE_S)

    assert image.advance()
    assert screen.refresh(4) == ({4}, True)


def test_a_coarse_plane_is_shown_before_the_fine_one(fake_reader, look, viewing, idle):
    reader = Clock(fake_reader).reader((32, 32), (16, 16), size_c=2, size_t=9, levels=2)
    image = viewing.open(reader)
    screen = Screen(image, look)
    screen.refresh(0)
    idle()
    reader.delay_s = lambda region: IDLE_S if region.level == 0 else 0.0

    screen.refresh(5)
    shown = None
    deadline = time.monotonic() + IDLE_S
    while shown != ({5}, False) and time.monotonic() < deadline:
        time.sleep(0.01)
        if image.advance():  # the first may be of the plane before
            shown = screen.refresh(5)

    assert shown == ({5}, False)
    assert image.failures == {}
    image.close()
