"""Contrast limits that show something."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_idr.model import RenderingWindow

__all__ = ["contrast_limits"]

PERCENTILES = (0.5, 99.8)
"""Of the sample; a few hot pixels must not make the rest black."""

MAX_SAMPLE_PX = 1_000_000
"""More pixels than this change the percentiles by less than one can see."""

MIN_USED_FRACTION = 0.002
"""A window in which less than this part of the sample is grey shows nothing."""

MIN_USED_SPAN = 2 / 256
"""So does one of which the sample uses less: two greys that no eye tells apart."""

MAX_FLOAT = 2.0**126
"""Graphics cards count in `float32`; the difference of two limits must be one."""

MIN_GAP = 2.0**-100
"""Cards may take differences that are much smaller for none."""

MIN_RELATIVE_GAP = 1e-6
"""Closer to each other, large limits are equal as `float32`."""


def contrast_limits(
    window: RenderingWindow | None,
    dtype: np.dtype[np.generic],
    sample: NDArray[np.generic] | None,
) -> tuple[float, float]:
    """Return the intensities to show as black and as full, the second one larger.

    The archive's window is taken where it makes sense. Where it is absent, not a
    number, reversed, outside the type, or leaves the sample all black or all full,
    percentiles of the sample are taken; without a sample, the range of the type.

    Parameters
    ----------
    window
        What the archive stored, None if nothing.
    dtype
        Of the pixels.
    sample
        Some of the pixels, for instance the coarsest level; None if there are none.

    Examples
    --------
    >>> from napari_idr.model import RenderingWindow
    >>> contrast_limits(RenderingWindow(start=10, end=200), np.dtype("u1"), None)
    (10.0, 200.0)
    >>> contrast_limits(RenderingWindow(start=9, end=9), np.dtype("u1"), None)
    (0.0, 255.0)
    """
    bounds = _range_of(dtype)
    values = _finite_values(sample, bounds)
    if window is not None and _is_sound(window, bounds) and _shows(window, values):
        return _apart(float(window.start), float(window.end), bounds)
    if not values.size:
        return _range_of(dtype) if dtype.kind in "iub" else (0.0, 1.0)
    low, high = (float(one) for one in np.percentile(values, PERCENTILES))
    if low == high:
        low, high = float(values.min()), float(values.max())
    if low == high > 0:  # an image of one value is full, and black if that is 0
        low = 0.0
    elif low == high:
        high += 1.0
    return _apart(low, high, bounds)


def _range_of(dtype: np.dtype[np.generic]) -> tuple[float, float]:
    """Return what pixels of a type can be, as far as a card can count."""
    if dtype.kind == "b":
        return 0.0, 1.0
    if dtype.kind in "iu":
        whole = np.iinfo(dtype.str)
        return float(whole.min), float(whole.max)
    most = min(float(np.finfo(dtype.str).max), MAX_FLOAT)
    return -most, most


def _finite_values(
    sample: NDArray[np.generic] | None, bounds: tuple[float, float]
) -> NDArray[np.float64]:
    if sample is None:
        return np.empty(0)
    flat = np.asarray(sample).reshape(-1)
    step = max(1, math.ceil(flat.size / MAX_SAMPLE_PX))
    values = flat[::step].astype(np.float64)
    return np.clip(values[np.isfinite(values)], *bounds)


def _is_sound(window: RenderingWindow, bounds: tuple[float, float]) -> bool:
    """Whether both ends are numbers within the type, in order; NaN is not."""
    return bounds[0] <= window.start < window.end <= bounds[1]


def _shows(window: RenderingWindow, values: NDArray[np.float64]) -> bool:
    """Whether some of the sample is neither black nor full, and differs to the eye."""
    if not values.size or values.min() == values.max():
        return True
    grey = (values > window.start) & (values < window.end)
    inside = np.clip(values, window.start, window.end)
    used = float(np.ptp(inside)) / (float(window.end) - float(window.start))
    return bool(grey.mean() >= MIN_USED_FRACTION) and used >= MIN_USED_SPAN


def _apart(low: float, high: float, bounds: tuple[float, float]) -> tuple[float, float]:
    """Return limits that also differ on a graphics card.

    >>> _apart(3.0, 5.0, (0.0, 255.0)), _apart(1e9, 1e9 + 1, (0.0, 4e9))
    ((3.0, 5.0), (1000000000.0, 1000001000.000001))
    """
    gap = max(MIN_GAP, MIN_RELATIVE_GAP * max(abs(low), abs(high)))
    if high - low >= gap:
        return low, high
    return (low, low + gap) if low + gap <= bounds[1] else (high - gap, high)
