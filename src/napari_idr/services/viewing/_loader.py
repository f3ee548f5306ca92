"""Tiles of one image: from memory, else from its reader."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Protocol

from napari_idr.api import Region
from napari_idr.cancel import CancelToken
from napari_idr.errors import PixelDataError
from napari_idr.services.viewing._grid import TileKey, tile_rect

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.api import Level
    from napari_idr.model import Image
    from napari_idr.services.viewing._store import TileStore


_numbers = itertools.count(1)


class NothingFiner(Exception):  # noqa: N818 - not a failure
    """There is no such tile, and never will be: what is coarser is all there is."""


class TileReader(Protocol):
    """What is needed of a `PixelReader`."""

    @property
    def image(self) -> Image:
        """The sizes along T, Z and C."""
        ...

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type of the numbers."""
        ...

    @property
    def rgb(self) -> bool:
        """Whether reads give (y, x, 3)."""
        ...

    @property
    def levels(self) -> tuple[Level, ...]:
        """The resolutions, the largest first."""
        ...

    def read(self, region: Region, *, cancel: CancelToken) -> NDArray[np.generic]:
        """Return a rectangle; it waits. May raise `NothingFiner` as well."""
        ...


class TileLoader:
    """Loads the tiles of one image.

    Parameters
    ----------
    reader
        Its pixels.
    store
        Where tiles are kept.

    Attributes
    ----------
    image
        The number of the image in the keys of its tiles; no two have the same.
    cancel
        The token that the reader gets.
    """

    def __init__(self, reader: TileReader, store: TileStore) -> None:
        self.image = next(_numbers)
        self.reader = reader
        self.store = store
        self.levels = reader.levels
        self.cancel = CancelToken()

    def key(self, level: int, c: int, t: int, z: int, tile: tuple[int, int]) -> TileKey:
        """Return the key of a tile of this image."""
        return TileKey(self.image, level, c, z, t, *tile)

    def tile_bytes(self, key: TileKey) -> int:
        """Return what a tile takes in memory."""
        height, width = tile_rect(self.levels[key.level], key.row, key.col).shape
        itemsize: int = self.reader.dtype.itemsize
        return height * width * (3 if self.reader.rgb else 1) * itemsize

    def load(self, key: TileKey, *, keep: bool = True) -> NDArray[np.generic]:
        """Return a tile; wait for it if it isn't in memory.

        Raises
        ------
        IDRError
            It didn't come, or has the wrong size.
        Cancelled
            The image was closed.
        NothingFiner
            There is no such tile.
        """
        self.cancel.check()
        if (kept := self.store.get(key)) is not None:
            return kept
        rect = tile_rect(self.levels[key.level], key.row, key.col)
        region = Region(level=key.level, c=key.c, z=key.z, t=key.t, **rect._asdict())
        tile = self.reader.read(region, cancel=self.cancel)
        expected = (*rect.shape, 3) if self.reader.rgb else rect.shape
        if tile.shape != expected:
            raise PixelDataError(f"a tile came as {tile.shape}, not as {expected}")
        self.cancel.check()
        return self.store.put(key, tile) if keep else tile

    def close(self) -> None:
        """Stop what is being loaded, and forget what was."""
        self.cancel.cancel()
        self.store.drop(self.image)
