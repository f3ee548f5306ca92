"""Protocol of pixel readers: levels, regions and reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.cancel import CancelToken
    from napari_idr.model import Image, PixelSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One resolution of an image: its (y, x) size in px and that of its chunks.

    A chunk is what one request brings; reads that follow its borders waste none.
    """

    shape: tuple[int, int]
    chunk: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelRegion:
    """A rectangle of one plane of one level, in px of that level, ends excluded.

    `z` counts at the full resolution, also where a level has fewer planes.
    """

    level: int = 0
    c: int = 0
    z: int = 0
    t: int = 0
    y0: int
    y1: int
    x0: int
    x1: int


class PixelReader(Protocol):
    """Reads rectangles of one image. Thread-safe; pickles without its connections.

    Where `rgb` is true, reads give (y, x, 3) and ignore `c`; else (y, x).
    `source` is what all of them are: a reader never mixes sources.
    """

    @property
    def image(self) -> Image:
        """The image, with the sizes that the pixels really have."""
        ...

    @property
    def source(self) -> PixelSource:
        """Where the pixels come from."""
        ...

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of the numbers that are read."""
        ...

    @property
    def rgb(self) -> bool:
        """Whether a read gives the three colours of one picture."""
        ...

    @property
    def levels(self) -> tuple[Level, ...]:
        """The resolutions, the largest first; at least one."""
        ...

    def read(self, region: PixelRegion, *, cancel: CancelToken) -> NDArray[np.generic]:
        """Return the pixels of a rectangle; it waits, and what it returns is true.

        Raises
        ------
        IDRError
            The pixels didn't come, or can't be used.
        Cancelled
            The token was raised.
        """
        ...


def read_notes(reader: PixelReader) -> tuple[str, ...]:
    """Return what was odd in what a reader has read so far, as sentences."""
    notes: tuple[str, ...] = getattr(reader, "read_notes", ())
    return notes


def ask_again(reader: object) -> Callable[[PixelRegion], bool] | None:
    """Let a reader ask again for what was denied, and told as empty.

    Return which regions lacked a part, None where none did: who keeps what was read
    has to read them again.
    """
    again: Callable[[], Callable[[PixelRegion], bool] | None] | None
    again = getattr(reader, "ask_again", None)
    return None if again is None else again()


def require_plane(image: Image, *, c: int, z: int, t: int) -> None:
    """Raise `ValueError` unless an image has a plane; it says which there are."""
    sizes = {"c": (c, image.size_c), "z": (z, image.size_z), "t": (t, image.size_t)}
    for axis, (number, size) in sizes.items():
        if not 0 <= number < size:
            there = "0" if size == 1 else f"0 to {size - 1}"
            which = f"image {image.id}, where it is {there}"
            raise ValueError(f"{axis} {number} isn't within {which}")


def require_region(
    region: PixelRegion, levels: tuple[Level, ...], image: Image
) -> None:
    """Raise `ValueError` unless a region lies within an image."""
    require_plane(image, c=region.c, z=region.z, t=region.t)
    if not 0 <= region.level < len(levels):
        raise ValueError(f"there is no level {region.level} of {len(levels)}")
    height, width = levels[region.level].shape
    inside = (
        0 <= region.y0 < region.y1 <= height and 0 <= region.x0 < region.x1 <= width
    )
    if not inside:
        raise ValueError(f"{region} isn't within {height} x {width} px of {image.id}")
