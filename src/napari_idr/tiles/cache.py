"""The tiles that are kept: the least used go when the memory is full."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.tiles.grid import TileKey


class TileCache:
    """Decoded tiles of all open images, bounded in bytes. Thread-safe.

    Tiles are read-only: views of the same tile are handed to everybody.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._tiles: OrderedDict[TileKey, NDArray[np.generic]] = OrderedDict()
        self._pinned: dict[int, frozenset[TileKey]] = {}
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """What the tiles take now."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._tiles)

    def __contains__(self, key: TileKey) -> bool:
        return key in self._tiles

    def get(self, key: TileKey) -> NDArray[np.generic] | None:
        """Return a tile, which makes it the last to go; None if it isn't there."""
        with self._lock:
            tile = self._tiles.get(key)
            if tile is not None:
                self._tiles.move_to_end(key)
            return tile

    def put(self, key: TileKey, tile: NDArray[np.generic]) -> NDArray[np.generic]:
        """Keep a tile and return what is kept: the same numbers, read-only.

        A tile that fills the whole memory by itself isn't kept.
        """
        kept = tile.copy() if _hides_a_larger_array(tile) else tile.view()
        kept.flags.writeable = False
        with self._lock:
            if kept.nbytes > self.max_bytes:
                return kept
            if (former := self._tiles.pop(key, None)) is not None:
                self._bytes -= former.nbytes
            self._tiles[key] = kept
            self._bytes += kept.nbytes
            self._make_room(key)
        return kept

    def pin(self, image: int, keys: Iterable[TileKey]) -> None:
        """Keep these tiles of an image before all others; replaces the former."""
        with self._lock:
            self._pinned[image] = frozenset(keys)

    def drop(self, image: int) -> None:
        """Forget all tiles of an image."""
        with self._lock:
            self._pinned.pop(image, None)
            for key in [key for key in self._tiles if key.image == image]:
                self._bytes -= self._tiles.pop(key).nbytes

    def _make_room(self, newest: TileKey) -> None:
        pinned = {newest}.union(*self._pinned.values())
        self._evict(key for key in self._tiles if key not in pinned)
        # Pinned tiles go too when nothing else is left: the bound is a promise.
        self._evict(key for key in self._tiles if key != newest)

    def _evict(self, keys: Iterator[TileKey]) -> None:
        """Drop tiles, in the order of the keys, until the rest fits."""
        dropped: list[TileKey] = []
        excess = self._bytes - self.max_bytes
        while excess > 0 and (key := next(keys, None)) is not None:
            dropped.append(key)
            excess -= self._tiles[key].nbytes
        for key in dropped:
            self._bytes -= self._tiles.pop(key).nbytes


def _hides_a_larger_array(tile: NDArray[np.generic]) -> bool:
    """Whether keeping the tile would keep more memory than it tells."""
    base = tile.base
    return base is not None and getattr(base, "nbytes", tile.nbytes) > tile.nbytes
