"""Places and shapes of an image's cells, computed from its id.

The plane is divided into squares of the image's pitch. A hash of the image's id
and the square's place says whether a cell lives there and what it looks like,
so any region can be asked for alone and costs what it shows.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_idr.demo.world import Image

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

NUCLEUS = 0.21
"""Radius of a nucleus in pitches, on average."""

LARGEST = 1.15
"""The largest nucleus is so many times the average."""

REACH = 0.8
"""No cell reaches farther from its centre than so many pitches."""

JITTER = 0.62
"""How far cells stray within their square; 1 would let them touch its edge."""

CYCLES_A_FRAME = 0.03
"""How far the cell cycle goes on from one time point to the next."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells as columns of numbers, in full-resolution pixels."""

    x: Floats
    y: Floats
    radius: Floats
    """Of the nucleus."""
    angle: Floats
    brightness: Floats
    phase: Floats
    """0..1, for textures."""
    depth: Floats
    """0..1, where in z the cell is in focus."""
    mitotic: Bools
    stage: Floats
    """0..1, which picture of mitosis it shows."""

    def __getitem__(self, which: slice | Bools) -> "Cells":
        return Cells(*(getattr(self, name)[which] for name in self.__slots__))

    def __len__(self) -> int:
        return len(self.x)


def in_region(
    image: Image, left: float, top: float, right: float, bottom: float, t: int = 0
) -> Cells:
    """Return the cells that may show in a region of full-resolution pixels."""
    pitch = image.look.spacing_px
    margin = REACH * pitch * image.look.packing
    columns = np.arange((left - margin) // pitch, (right + margin) // pitch + 1)
    rows = np.arange((top - margin) // pitch, (bottom + margin) // pitch + 1)
    by, bx = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
    first = _hash(image.id, bx, by)
    u = _uniforms(first)
    v = _uniforms(_mix(first))
    x = (bx + 0.5 + JITTER * (u[0] - 0.5)) * pitch
    y = (by + 0.5 + JITTER * (u[1] - 0.5)) * pitch
    if t:
        x = x + 0.12 * pitch * np.sin(0.3 * t + 6.28 * v[0])
        y = y + 0.12 * pitch * np.sin(0.23 * t + 6.28 * v[1])
    there = u[2] < image.look.density * tissue(image, x, y)
    found = Cells(
        x=x,
        y=y,
        radius=NUCLEUS
        * pitch
        * image.look.packing
        * (2 - LARGEST + 2 * (LARGEST - 1) * u[3]),
        angle=np.pi * v[0],
        brightness=0.75 + 0.5 * v[1],
        phase=v[2],
        depth=v[3],
        mitotic=(v[2] + CYCLES_A_FRAME * t) % 1.0 < image.look.mitotic,
        stage=(v[1] * 7) % 1.0,
    )
    return found[there]


def largest_radius(image: Image) -> float:
    """Return the largest radius of a nucleus of an image, in full-resolution pixels."""
    return NUCLEUS * LARGEST * image.look.spacing_px * image.look.packing


def tissue(image: Image, x: Any, y: Any) -> Any:
    """Return how densely cells stand at places, 0..1; 1 in cell culture."""
    if not image.look.tissue:
        return 1.0
    fx = np.asarray(x) / image.size_x
    fy = np.asarray(y) / image.size_y
    wobble = 0.08 * np.sin(7 * fx + 3 * fy) + 0.05 * np.sin(13 * fy - 9 * fx)
    distance = np.hypot((fx - 0.5) / 0.45, (fy - 0.5) / 0.43) + wobble
    inside = np.clip((1.0 - distance) * 14, 0.0, 1.0)
    glands = np.sin(41 * fx + 4 * np.sin(17 * fy)) * np.sin(
        37 * fy + 4 * np.cos(19 * fx)
    )
    return inside * np.clip(0.62 + 0.7 * glands, 0.05, 1.0)


def _hash(seed: int, x: Floats, y: Floats) -> NDArray[np.uint64]:
    place = (x.astype(np.int64) << 32) ^ (y.astype(np.int64) & 0xFFFFFFFF)
    return _mix(place.astype(np.uint64) + np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64))


def _mix(h: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64 bits (the finaliser of splitmix64)."""
    h = (h ^ (h >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    h = (h ^ (h >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return h ^ (h >> np.uint64(31))


def _uniforms(h: NDArray[np.uint64]) -> tuple[Floats, ...]:
    """Cut 64 bits into four numbers 0..1."""
    low = np.uint64(0xFFFF)
    return tuple(
        ((h >> np.uint64(shift)) & low).astype(np.float64) / 65536.0
        for shift in (0, 16, 32, 48)
    )
