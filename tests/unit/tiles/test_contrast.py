from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from napari_idr.model import RenderingWindow
from napari_idr.tiles.contrast import contrast_limits

RAMP = np.arange(1000, dtype=np.uint16)


def test_a_sound_window_is_taken():
    window = RenderingWindow(start=100, end=800)

    assert contrast_limits(window, RAMP.dtype, RAMP) == (100.0, 800.0)


@pytest.mark.parametrize(
    "window",
    [
        None,
        RenderingWindow(start=math.nan, end=800),
        RenderingWindow(start=0, end=math.inf),
        RenderingWindow(start=800, end=100),
        RenderingWindow(start=5, end=5),
        RenderingWindow(start=-10, end=800),
        RenderingWindow(start=0, end=70_000),
        RenderingWindow(start=2000, end=3000),
    ],
)
def test_an_absurd_window_gives_way_to_percentiles(window):
    low, high = contrast_limits(window, RAMP.dtype, RAMP)

    assert 0 <= low < 20
    assert 980 < high <= 999


def test_without_pixels_the_range_of_the_type_is_left():
    assert contrast_limits(None, np.dtype("int8"), None) == (-128.0, 127.0)
    assert contrast_limits(None, np.dtype(">u2"), None) == (0.0, 65535.0)
    assert contrast_limits(None, np.dtype("f4"), None) == (0.0, 1.0)


def test_float_pixels_may_have_holes():
    sample = np.array([np.nan, 0.25, 0.5, np.inf, 0.75], np.float32)

    low, high = contrast_limits(None, sample.dtype, sample)

    assert 0.25 <= low < high <= 0.75


def test_a_few_bright_pixels_dont_make_the_rest_black():
    sample = np.full((200, 200), 100, np.uint16)
    sample[::2] = 300
    sample[0, :5] = 60_000

    low, high = contrast_limits(None, sample.dtype, sample)

    assert (low, high) == (100.0, 300.0)


def test_a_window_in_which_all_looks_alike_gives_way():
    dim = np.linspace(100, 300, 5000).astype(np.uint16)

    low, high = contrast_limits(RenderingWindow(start=0, end=65535), dim.dtype, dim)

    assert 100 <= low < 110
    assert 290 < high <= 300


@pytest.mark.parametrize(
    ("value", "dtype", "limits"),
    [
        (0, "u1", (0.0, 1.0)),
        (255, "u1", (0.0, 255.0)),
        (65535, "u2", (0.0, 65535.0)),
        (-7, "i2", (-7.0, -6.0)),
        (-32768, "i2", (-32768.0, -32767.0)),
        (0, "?", (0.0, 1.0)),
        (1, "?", (0.0, 1.0)),
        (0.25, "f4", (0.0, 0.25)),
        (-0.25, "f4", (-0.25, 0.75)),
    ],
)
def test_an_image_of_one_value_is_full_and_black_if_that_is_zero(value, dtype, limits):
    sample = np.full((4, 4), value, dtype)

    assert contrast_limits(None, sample.dtype, sample) == limits


@pytest.mark.parametrize("holes", [np.nan, np.inf, -np.inf])
def test_floats_that_are_all_holes_are_shown_from_0_to_1(holes):
    sample = np.full((3, 3), holes, np.float32)

    assert contrast_limits(None, sample.dtype, sample) == (0.0, 1.0)


def test_ranges_beyond_what_a_card_counts_in_are_cut():
    sample = np.array([-1e300, 0, 1e300])

    low, high = contrast_limits(None, sample.dtype, sample)

    assert np.isfinite(np.float32(high) - np.float32(low))


TYPES = ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", "?", ">u2")

SAMPLES = st.sampled_from(TYPES).flatmap(
    lambda name: npst.arrays(np.dtype(name), npst.array_shapes(max_dims=3))
)
ENDS = st.floats() | st.integers(-(10**20), 10**20)
WINDOWS = st.none() | st.builds(RenderingWindow, start=ENDS, end=ENDS)


@given(SAMPLES, WINDOWS, st.booleans())
def test_the_limits_are_always_two_different_numbers_within_the_type(
    sample, window, seen
):
    low, high = contrast_limits(window, sample.dtype, sample if seen else None)

    with np.errstate(over="raise", invalid="raise"):
        assert np.float32(high) - np.float32(low) > 0
    if sample.dtype.kind in "iu":
        whole = np.iinfo(sample.dtype.str)
        assert float(whole.min) <= low < high <= float(whole.max)
    elif sample.dtype.kind == "f":
        most = float(np.finfo(sample.dtype.str).max)
        assert -most <= low < high <= most


@given(
    npst.arrays(np.uint16, st.integers(2, 400), elements=st.integers(0, 4095)),
    st.none() | st.just(RenderingWindow(start=np.nan, end=1)),
)
def test_percentiles_lie_within_what_the_sample_has(sample, window):
    low, high = contrast_limits(window, sample.dtype, sample)

    if sample.min() < sample.max():
        assert sample.min() <= low < high <= sample.max()
