"""Synthetic pixels: any region of any level of any plane, drawn when asked for.

Every plane says which plane it is: see :func:`stamp`.
"""

from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_idr.demo.pixels import cells
from napari_idr.demo.pixels.stamps import (
    SMALLEST_PITCH_PX,
    STAINS,
    Patch,
    Window,
    press,
)
from napari_idr.demo.world import Image

DTYPES = {
    "uint8": np.uint8,
    "uint16": np.uint16,
    "int16": np.int16,
    "float": np.float32,
}
"""numpy's type of each pixel type the demo has."""

LIMITS = {"uint8": (0, 255), "uint16": (0, 65535), "int16": (-32768, 32767)}
"""What whole numbers can hold."""

SCALES = {
    "uint8": (6.0, 170.0),
    "uint16": (190.0, 3000.0),
    "int16": (-1800.0, 3000.0),
    "float": (-0.85, 1.7),
}
"""Background and full signal of each pixel type, as intensities."""

NOISE = 0.012
"""Standard deviation of the background's noise, as a share of full signal."""

SHOT_NOISE = 0.05
"""How noise grows with the root of the signal."""

FOCUS_DEPTH = 0.3
"""How far out of focus a cell is a third as bright, as a share of the stack."""

NOISE_SIDE = 256
"""The noise repeats after so many pixels."""

WHITE = {"red": 236.0, "green": 228.0, "blue": 238.0}
ABSORBED = {"red": (190.0, 40.0), "green": (230.0, 190.0), "blue": (110.0, 110.0)}
"""How much of each colour haematoxylin (nuclei) and eosin (the rest) swallow."""

STAMP_PX = 8

ROUNDING_PX = 3
"""A cell is drawn on whole pixels, so it may reach so much farther."""

Region = tuple[int, int, int, int]
"""x, y, width, height in pixels of the level."""


def plane(
    image: Image,
    c: int = 0,
    z: int = 0,
    t: int = 0,
    level: int = 0,
    region: Region | None = None,
) -> NDArray[Any]:
    """Return true values of a plane (y, x) in the image's own type.

    A region is equal to the same region cut from the whole plane.

    Raises
    ------
    ValueError
        When an index, the level or the region is outside the image.
    """
    width, height = image.level_size(level)
    x, y, w, h = region or (0, 0, width, height)
    inside = (
        image.has_pixels
        and 0 <= c < image.size_c
        and 0 <= z < image.size_z
        and 0 <= t < image.size_t
        and 0 <= level < image.levels
        and (x >= 0 and y >= 0 and w > 0 and h > 0)
        and (x + w <= width and y + h <= height)
    )
    if not inside:
        message = f"image {image.id} has no c={c} z={z} t={t} level={level} {region}"
        raise ValueError(message)
    window = Window(x, y, w, h, 1.0 / 2**level)
    drawn = draw(image, c, z, t, window)
    if y == 0 and x < STAMP_PX:
        shown = stamp(image, c, z, t, level)[x : x + w]
        drawn[0, : len(shown)] = shown
    return drawn


def stamp(image: Image, c: int, z: int, t: int, level: int = 0) -> NDArray[Any]:
    """Return the first pixels of a plane, which encode the image, c, z, t and level.

    They are, as intensities 0..127: image id // 16384, the rest // 128, the rest,
    c, z, t // 128, the rest, level. An image narrower than that has fewer.

    >>> from napari_idr.demo.world import Image
    >>> stamp(Image(id=9101, name="a"), c=1, z=2, t=130).tolist()
    [0, 71, 13, 1, 2, 1, 2, 0]
    """
    high, low = divmod(image.id, 128)
    numbers = (*divmod(high, 128), low, c, z, *divmod(t, 128), level)
    width, _ = image.level_size(level)
    return np.array(numbers[:width], DTYPES[image.pixel_type])


def draw(image: Image, c: int, z: int, t: int, window: Window) -> NDArray[Any]:
    """Return a window of a channel at any scale, without its stamp."""
    stain = image.channels[c].stain
    noise = _noise(image, c, z, t, window)
    if stain in WHITE:
        nuclei = light(image, "dna", z, t, window)
        rest = light(image, "actin", z, t, window)
        nuclear, other = ABSORBED[stain]
        eosin = np.minimum(rest, np.float32(0.5))
        left = WHITE[stain] - nuclear * nuclei - other * eosin
        return np.clip(np.rint(left + 3 * noise), 0, 255).astype(np.uint8)
    signal: NDArray[Any] = light(image, stain, z, t, window)
    signal = signal + noise * (NOISE + SHOT_NOISE * np.sqrt(signal))
    background, full = SCALES[image.pixel_type]
    values = background + full * signal
    dtype = DTYPES[image.pixel_type]
    if image.pixel_type == "float":
        return values.astype(dtype)
    low, high = LIMITS[image.pixel_type]
    return np.clip(np.rint(values), low, high).astype(dtype)


def light(image: Image, stain: str, z: int, t: int, window: Window) -> Patch:
    """Return a stain's intensities without noise; about 1 where it is brightest."""
    kind = STAINS[stain]
    look = image.look
    if look.spacing_px * window.scale < SMALLEST_PITCH_PX:
        y, x = np.ogrid[: window.height, : window.width]
        there = cells.tissue(
            image,
            (x + window.x + 0.5) / window.scale,
            (y + window.y + 0.5) / window.scale,
        )
        mean = kind.mean * (1 - look.mitotic) + kind.mean_mitotic * look.mitotic
        mean *= look.packing**2
        even: Patch = np.zeros((window.height, window.width), np.float32)
        even += there * look.density * mean
        return even
    found = _cells(image, window, t)
    if image.size_z > 1:
        found = replace(found, brightness=found.brightness * _focus(image, found, z))
    radius_px = cells.largest_radius(image) * window.scale
    return press(found, window, kind, radius_px)


@lru_cache(maxsize=16)
def _cells(image: Image, window: Window, t: int) -> cells.Cells:
    """Return the cells of a window, the same for each channel."""
    return cells.in_region(
        image,
        (window.x - ROUNDING_PX) / window.scale,
        (window.y - ROUNDING_PX) / window.scale,
        (window.x + window.width + ROUNDING_PX) / window.scale,
        (window.y + window.height + ROUNDING_PX) / window.scale,
        t,
    )


def _focus(image: Image, found: cells.Cells, z: int) -> cells.Floats:
    """Return how bright each cell is at z: each has a depth of its own."""
    away = (z + 0.5) / image.size_z - (0.25 + 0.5 * found.depth)
    return np.exp(-((away / FOCUS_DEPTH) ** 2))


@cache
def _noise_square() -> Patch:
    random = np.random.default_rng(20160517)
    square = random.standard_normal((NOISE_SIDE, NOISE_SIDE)).astype(np.float32)
    square.setflags(write=False)
    return square


def _noise(image: Image, c: int, z: int, t: int, window: Window) -> Patch:
    """Return noise that depends on the place in the plane and the plane alone."""
    shift = image.id * 7919 + c * 104729 + z * 1299709 + t * 15485863
    rows = np.arange(window.y, window.y + window.height) + shift
    columns = np.arange(window.x, window.x + window.width) + shift // NOISE_SIDE
    square = _noise_square()
    return square[rows[:, None] % NOISE_SIDE, columns[None, :] % NOISE_SIDE]
