"""Profiles of a cell in each stain, and how they are added to a canvas."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_idr.demo.pixels.cells import LARGEST, NUCLEUS, REACH, Cells

Patch = NDArray[np.float32]

AT_ONCE = 400_000
"""Pixels of patches held at a time: a few arrays of 1.6 MB, near the cache."""

FIXED = 65536.0
"""Values are summed as multiples of 1/65536: exact in whatever order, so that a
region is equal to the same region cut from the whole."""


SMALLEST_TEXTURED_PX = 3.0
"""Where the largest nuclei have a smaller radius, all are drawn plain."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the plane at a scale: x, y, width, height in scaled pixels."""

    x: int
    y: int
    width: int
    height: int
    scale: float


@dataclass(frozen=True, slots=True)
class Local:
    """Cells' own coordinates: u along the axis, v across, in nucleus radii."""

    u: Patch
    v: Patch
    radius_px: Patch
    """(N, 1, 1): the nucleus' radius in scaled pixels."""
    cells: Cells
    is_large: bool
    """Whether textures and outlines can be seen."""

    def column(self, values: NDArray[np.float64]) -> Patch:
        """Return a value per cell, to be broadcast over patches."""
        return values.astype(np.float32)[:, None, None]

    def disc(
        self, a: float, b: float, softness: float = 0.7, dent: Patch | None = None
    ) -> Patch:
        """Return 1 inside an ellipse of half axes a, b, falling off at its edge.

        A dent pulls the outline in where it is positive.
        An ellipse thinner than a pixel is drawn a pixel wide and fainter, and a
        softer edge is made up for: the light is the same at any scale.
        """
        least = np.float32(0.75) / self.radius_px
        wide, high = np.maximum(a, least), np.maximum(b, least)
        edge = np.maximum(self.radius_px * np.float32(b * softness), np.float32(1.2))
        even = np.float32(a * b) / (wide * high * (1 - 0.5 / edge))
        shape: Patch = np.square(self.u / wide)
        shape += np.square(self.v / high)
        if dent is not None:
            shape *= 1 + dent
        np.subtract(1, shape, out=shape)
        shape *= edge
        np.clip(shape, 0, 1, out=shape)
        shape *= even
        return shape


Profile = Callable[[Local], Patch]


def press(cells: Cells, window: Window, stain: "Stain", radius_px: float) -> Patch:
    """Return the window with the light of every cell added.

    Parameters
    ----------
    radius_px
        The largest nucleus there can be, in pixels of the window. Nothing here may
        depend on which cells there are, or regions would differ from planes.
    """
    total = np.zeros(window.width * window.height)
    for some, profile, reach in (
        (cells[~cells.mitotic], stain.calm, stain.reach),
        (cells[cells.mitotic], stain.mitotic, stain.mitotic_reach),
    ):
        half = int(np.ceil(radius_px * reach)) + 1
        is_large = radius_px > SMALLEST_TEXTURED_PX
        _press_all(some, window, profile, half, is_large, total)
    flat = (total / FIXED).astype(np.float32)
    return flat.reshape(window.height, window.width)


def _press_all(
    cells: Cells,
    window: Window,
    profile: Profile,
    half: int,
    is_large: bool,
    total: NDArray[np.float64],
) -> None:
    """Add one profile of all cells to the flat total, some cells at a time."""
    left = np.floor(cells.x * window.scale) - window.x
    top = np.floor(cells.y * window.scale) - window.y
    near = (left >= -half) & (left < window.width + half)
    near &= (top >= -half) & (top < window.height + half)
    cells = cells[near]
    side = np.arange(-half, half + 1)
    step = max(1, AT_ONCE // len(side) ** 2)
    for start in range(0, len(cells), step):
        some = cells[start : start + step]
        _press_some(some, window, profile, side, is_large, total)


def _press_some(
    cells: Cells,
    window: Window,
    profile: Profile,
    side: NDArray[np.int64],
    is_large: bool,
    total: NDArray[np.float64],
) -> None:
    """Draw patches onto a canvas with a rim that takes what hangs over."""
    rim = len(side) - 1
    width, height = window.width + 2 * rim, window.height + 2 * rim
    cx, cy = cells.x * window.scale, cells.y * window.scale
    px = np.floor(cx).astype(np.int64)[:, None] + side
    py = np.floor(cy).astype(np.int64)[:, None] + side
    dx = (px + 0.5 - cx[:, None]).astype(np.float32)[:, None, :]
    dy = (py + 0.5 - cy[:, None]).astype(np.float32)[:, :, None]
    radius = (cells.radius * window.scale).astype(np.float32)[:, None, None]
    cos = np.cos(cells.angle).astype(np.float32)[:, None, None] / radius
    sin = np.sin(cells.angle).astype(np.float32)[:, None, None] / radius
    u, v = dx * cos + dy * sin, dy * cos - dx * sin
    local = Local(u, v, radius, cells, is_large)
    values = profile(local)
    values *= np.float32(FIXED)
    np.rint(values, out=values)
    rows = (py - window.y + rim) * width
    columns = px - window.x + rim
    index = rows[:, :, None] + columns[:, None, :]
    canvas = np.bincount(index.ravel(), values.ravel(), minlength=width * height)
    inner = canvas.reshape(height, width)[rim:-rim, rim:-rim]
    total += inner.ravel()


def dna(local: Local) -> Patch:
    """Nuclei with chromatin."""
    nucleus = local.disc(1.0, 0.78)
    if local.is_large:
        phase = local.column(local.cells.phase * 6.28)
        grain = np.sin(4.6 * local.u + phase) * np.sin(5.3 * local.v + 2 * phase)
        nucleus *= 1 + 0.28 * grain
    nucleus *= local.column(0.55 * local.cells.brightness)
    return nucleus


def mitotic_dna(local: Local) -> Patch:
    """Bright chromosomes: a plate, a rosette, or two sets on their way."""
    stage = local.column(local.cells.stage)
    off_axis = np.abs(local.v) - np.float32(0.42)
    apart = replace(local, v=off_axis)
    plate = np.where(stage < 0.5, local.disc(0.85, 0.3), local.disc(0.62, 0.55))
    plate = np.where(stage > 0.82, apart.disc(0.72, 0.2), plate)
    plate *= local.column(1.25 * local.cells.brightness)
    return plate


def _dents(local: Local) -> Patch | None:
    """Return how a spread cell's outline departs from round: three lobes and two."""
    if not local.is_large:
        return None
    u, v = local.u, local.v
    angle = 2 * np.pi * local.cells.phase
    away = np.sqrt(u * u + v * v) + np.float32(0.3)
    three = local.column(np.cos(angle)) * (u * u - 3 * v * v) * u
    three += local.column(np.sin(angle)) * (3 * u * u - v * v) * v
    two = local.column(np.sin(1.7 * angle)) * u * v * away
    dents: Patch = ((0.32 * three + 0.5 * two) / away**3).astype(np.float32)
    return dents


def actin(local: Local) -> Patch:
    """Spread cells with fibres."""
    spread = local.disc(3.0, 2.2, 0.35, _dents(local))
    if local.is_large:
        phase = local.column(local.cells.phase * 6.28)
        fibres = np.sin(7.0 * local.v + 0.9 * np.sin(1.3 * local.u + phase) + phase)
        lobes = 1 + 0.25 * np.sin(1.7 * local.u + phase) * np.cos(1.9 * local.v - phase)
        spread *= (1 + 0.3 * fibres) * lobes
    spread *= local.column(0.16 * local.cells.brightness)
    return spread


def mitotic_actin(local: Local) -> Patch:
    """Small, bright balls with a rim."""
    ball = local.disc(1.62, 1.62)
    ball *= 0.62 + 0.2 * np.minimum(local.u**2 + local.v**2, np.float32(2.6))
    ball *= local.column(1.15 * local.cells.brightness)
    return ball


def tubulin(local: Local) -> Patch:
    """Threads around the nucleus, denser near it."""
    spread = local.disc(2.8, 2.0, 0.3, _dents(local))
    spread /= 1 + 0.3 * (local.u**2 + local.v**2)
    if local.is_large:
        phase = local.column(local.cells.phase * 6.28)
        threads = np.sin(5.5 * local.u + phase + 1.7 * np.sin(2.1 * local.v))
        threads += np.sin(6.1 * local.v - phase + 1.5 * np.sin(1.9 * local.u))
        spread *= 1 + 0.22 * threads
    spread *= local.column(0.42 * local.cells.brightness)
    return spread


def mitotic_tubulin(local: Local) -> Patch:
    """Spindles with two poles."""
    along = np.abs(local.v) - np.float32(0.75)
    poles = 1 / (1 + 9 * (local.u**2 * np.float32(0.8) + along**2))
    spindle = local.disc(1.6, 1.6)
    spindle *= 0.25 + 0.95 * poles
    spindle *= local.column(local.cells.brightness)
    return spindle


def foci(local: Local) -> Patch:
    """Spots in the nucleus, more in some cells than in others."""
    spots = local.disc(0.9, 0.68)
    if local.is_large:
        phase = local.column(local.cells.phase * 6.28)
        waves = np.sin(8.3 * local.u + phase) * np.sin(8.9 * local.v + 3 * phase)
        spots *= 0.08 + np.clip(waves - 0.45, 0, 1) * 2.2
    else:
        spots *= np.float32(0.22)
    spots *= local.column(0.12 + 1.1 * local.cells.stage**3)
    return spots


@dataclass(frozen=True, slots=True, kw_only=True)
class Stain:
    """How a stain is drawn, and how much light it gives on average.

    Reaches are how far a profile goes from the centre, in nucleus radii.
    ``mean`` and ``mean_mitotic`` are the light of one cell spread over its square:
    what is shown where cells are smaller than a pixel. Measured on drawn planes.
    """

    calm: Profile
    mitotic: Profile
    reach: float
    mitotic_reach: float
    mean: float
    mean_mitotic: float


STAINS = {
    "dna": Stain(
        calm=dna, mitotic=mitotic_dna, reach=1.05, mitotic_reach=1.0,
        mean=0.060, mean_mitotic=0.049,
    ),
    "actin": Stain(
        calm=actin, mitotic=mitotic_actin, reach=3.2, mitotic_reach=1.65,
        mean=0.148, mean_mitotic=0.341,
    ),
    "tubulin": Stain(
        calm=tubulin, mitotic=mitotic_tubulin, reach=3.0, mitotic_reach=1.65,
        mean=0.220, mean_mitotic=0.184,
    ),
    "foci": Stain(
        calm=foci, mitotic=foci, reach=0.95, mitotic_reach=0.95,
        mean=0.0077, mean_mitotic=0.0077,
    ),
}  # fmt: skip

SMALLEST_PITCH_PX = 2.2
"""Squares smaller than this are shown as an average: then the cost of a region
does not depend on how many cells it holds."""

assert max(stain.reach for stain in STAINS.values()) * NUCLEUS * LARGEST < REACH
