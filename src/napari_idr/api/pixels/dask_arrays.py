"""An image as lazy arrays, for scripts and clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.api.pixels.reader import PixelRegion
from napari_idr.cancel import NEVER

if TYPE_CHECKING:
    import dask.array as da
    from numpy.typing import NDArray

    from napari_idr.api.pixels.reader import Level, PixelReader
    from napari_idr.model import Image, PixelSource

CHUNK_PX = 1024
"""Lazy chunks are multiples of the stored ones up to this side: a task of some
hundred milliseconds, so that its overhead doesn't count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePixels:
    """All pixels of an image, read when they are computed.

    Attributes
    ----------
    image
        With the sizes that the pixels have.
    levels
        dask arrays with the axes T, C, Z, Y, X, the largest first. They pickle
        without connections; what they compute is waited for, and true.
    source
        Where the pixels come from.
    exact
        Whether they are the stored numbers, and so can be measured.
    notes
        Why it isn't a better source, and what is odd.
    """

    image: Image
    levels: tuple[da.Array, ...]
    source: PixelSource
    exact: bool = False
    notes: tuple[str, ...] = ()

    @property
    def physical_size(self) -> tuple[float | None, float | None, float | None]:
        """Size of a pixel of the largest level along z, y, x in um, None if unknown."""
        image = self.image
        return image.pixel_size_z_um, image.pixel_size_y_um, image.pixel_size_x_um


@dataclass(frozen=True, slots=True)
class LazyLevel:
    """A level of an image as an array T, C, Z, Y, X that dask cuts into chunks."""

    reader: PixelReader
    level: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of t, c, z, y, x."""
        image = self.reader.image
        here = self.reader.levels[self.level]
        return image.size_t, image.size_c, image.size_z, *here.shape

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of the numbers."""
        return self.reader.dtype

    @property
    def ndim(self) -> int:
        """Five."""
        return 5

    def __getitem__(self, index: Any) -> NDArray[np.generic]:
        """Return a part, cut by numbers and slices; it waits."""
        given = index if isinstance(index, tuple) else (index,)
        full = (*given, *(slice(None),) * (5 - len(given)))
        # A slice may have any step; planes are read whole between its ends.
        chosen = [range(n)[i] for i, n in zip(full, self.shape, strict=True)]
        t, c, z, y, x = ([v] if isinstance(v, int) else list(v) for v in chosen)
        block = np.empty((len(t), len(c), len(z), len(y), len(x)), self.dtype)
        if block.size:
            self._fill(block, t, c, z, y, x)
        keep = tuple(0 if isinstance(v, int) else slice(None) for v in chosen)
        return block[keep]

    def _fill(
        self,
        block: NDArray[np.generic],
        t: list[int],
        c: list[int],
        z: list[int],
        y: list[int],
        x: list[int],
    ) -> None:
        y0, y1, x0, x1 = min(y), max(y) + 1, min(x), max(x) + 1
        inside = np.ix_([v - y0 for v in y], [v - x0 for v in x])
        for a, one_t in enumerate(t):
            for b, one_z in enumerate(z):
                at = {"t": one_t, "z": one_z, "y0": y0, "y1": y1, "x0": x0, "x1": x1}
                if self.reader.rgb:
                    picture = self.reader.read(
                        PixelRegion(level=self.level, **at), cancel=NEVER
                    )
                    for k, one_c in enumerate(c):
                        block[a, k, b] = picture[..., one_c][inside]
                    continue
                for k, one_c in enumerate(c):
                    plane = self.reader.read(
                        PixelRegion(level=self.level, c=one_c, **at), cancel=NEVER
                    )
                    block[a, k, b] = plane[inside]


def lazy_levels(reader: PixelReader, *, server: str) -> tuple[da.Array, ...]:
    """Return a dask array for each level of a reader.

    Work that the same reader gives twice has the same name, so that a cluster does
    it once. `server` tells images of the same number apart.
    """
    import dask.array as da
    from dask.base import tokenize

    image = reader.image
    arrays = []
    for number, level in enumerate(reader.levels):
        lazy = LazyLevel(reader, number)
        channels = image.size_c if reader.rgb else 1
        token = tokenize(server, image, str(reader.source), number, lazy.shape)
        arrays.append(
            da.from_array(  # type: ignore[no-untyped-call]  # dask is partly typed
                lazy,
                chunks=(1, channels, 1, *chunk_shape(level)),
                name=f"idr-image-{image.id}-{token}",
                asarray=False,
                fancy=False,
                inline_array=True,
                meta=np.empty((0,) * 5, reader.dtype),
            )
        )
    return tuple(arrays)


def chunk_shape(level: Level) -> tuple[int, int]:
    """Return the (y, x) size of lazy chunks: whole stored ones, not too small.

    >>> from napari_idr.api.pixels.reader import Level
    >>> chunk_shape(Level(shape=(5000, 700), chunk=(300, 300)))
    (900, 700)
    """
    height, width = (
        min(size, max(chunk, CHUNK_PX // chunk * chunk))
        for size, chunk in zip(level.shape, level.chunk, strict=True)
    )
    return height, width
