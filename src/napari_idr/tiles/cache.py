"""Decoded tiles in memory."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from cachetools import LRUCache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.tiles.grid import TileKey


class TileCache:
    """Decoded tiles of all open images, bounded in bytes. Thread-safe.

    The least used go first when it is full. Tiles are read-only: views of the same
    tile are handed to everybody.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._tiles = _PinnedLRU(max_bytes)

    @property
    def bytes(self) -> int:
        """What the tiles take now."""
        return int(self._tiles.currsize)

    def __len__(self) -> int:
        return len(self._tiles)

    def __contains__(self, key: TileKey) -> bool:
        return key in self._tiles

    def get(self, key: TileKey) -> NDArray[np.generic] | None:
        """Return a tile, which makes it the last to go; None if it isn't there."""
        with self._lock:
            return self._tiles.get(key)

    def put(self, key: TileKey, tile: NDArray[np.generic]) -> NDArray[np.generic]:
        """Keep a tile and return what is kept: the same numbers, read-only.

        A tile that fills the whole memory by itself isn't kept.
        """
        kept = tile.copy() if _hides_a_larger_array(tile) else tile.view()
        kept.flags.writeable = False
        if kept.nbytes <= self.max_bytes:
            with self._lock:
                self._tiles[key] = kept
        return kept

    def pin(self, image: int, keys: Iterable[TileKey]) -> None:
        """Keep these tiles of an image before all others; replaces the former."""
        with self._lock:
            self._tiles.pinned[image] = frozenset(keys)

    def drop(self, image: int) -> None:
        """Forget all tiles of an image."""
        with self._lock:
            self._tiles.pinned.pop(image, None)
            for key in [key for key in self._tiles if key.image == image]:
                del self._tiles[key]

    def drop_those(self, image: int, which: Callable[[TileKey], bool]) -> None:
        """Forget some tiles of an image."""
        with self._lock:
            keys = [key for key in self._tiles if key.image == image]
        for key in filter(which, keys):
            with self._lock:
                self._tiles.pop(key, None)


class _PinnedLRU(LRUCache["TileKey", "NDArray[np.generic]"]):
    """Tiles of which the least used go first, pinned ones (by image) after the rest."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(max_bytes, getsizeof=lambda tile: tile.nbytes)
        self.pinned: dict[int, frozenset[TileKey]] = {}

    def popitem(self) -> tuple[TileKey, NDArray[np.generic]]:
        """Take out the tile that goes first.

        Pinned tiles go too when nothing else is left: the bound is a promise.
        """
        passed = []
        while len(self):
            key, tile = super().popitem()
            if key not in self.pinned.get(key.image, ()):
                break
            passed.append((key, tile))
        else:
            key, tile = passed.pop(0)
        # They come back as if used just now, so they aren't passed again soon.
        self.update(passed)
        return key, tile


def _hides_a_larger_array(tile: NDArray[np.generic]) -> bool:
    """Whether keeping the tile would keep more memory than it tells."""
    base = tile.base
    return base is not None and getattr(base, "nbytes", tile.nbytes) > tile.nbytes
