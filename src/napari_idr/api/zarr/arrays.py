"""The arrays of a multiscale image: their shapes, and how a plane is cut from one."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from napari_idr.api.zarr.codecs import with_bounds
from napari_idr.api.zarr.coroutines import run
from napari_idr.api.zarr.metadata import parse_json
from napari_idr.api.zarr.store import no_objects
from napari_idr.errors import IDRError, PixelDataError
from napari_idr.transport import OBJECT_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from zarr.storage import StorePath

SOME_CHANNELS = 8

MAX_GROWTH = 2
"""Codecs make noise a little larger than it is, by a thousandth; none doubles it."""

HEADERS_BYTES = 2**20
"""Room for what codecs write before the pixels, and for the index of a shard."""

MAX_CHUNK_BYTES = 2**30
"""A chunk is unpacked whole: a plane of 23 000 x 23 000 px of 16 bits at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelArray:
    """One array, known by its metadata; `letters` names its axes in order."""

    path: str
    letters: str
    metadata: Any
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[np.generic]

    def size(self, letter: str) -> int:
        """Return how many entries an axis has; 1 where there is no such axis."""
        return self.shape[self.letters.index(letter)] if letter in self.letters else 1

    def chunk(self, letter: str) -> int:
        """Return how many of them one chunk has, at most all."""
        if letter not in self.letters:
            return 1
        index = self.letters.index(letter)
        return max(1, min(self.chunks[index], self.shape[index]))

    @property
    def stored(self) -> tuple[int, ...]:
        """The size of what is stored as one object: of a chunk, or of a shard."""
        grid = getattr(self.metadata, "chunk_grid", None)
        sides: tuple[int, ...] = getattr(grid, "chunk_shape", self.chunks)
        return tuple(sides)

    @property
    def most_stored_bytes(self) -> int:
        """What an object of this array can have at most: a body may never end."""
        pixels = math.prod(self.stored) * self.dtype.itemsize
        return min(MAX_GROWTH * pixels + HEADERS_BYTES, OBJECT_BYTES)

    def names(self, index: Mapping[str, int | slice]) -> list[str]:
        """Return the names of the chunks of a part; none where they are in shards."""
        return [] if self.stored != self.chunks else self.objects(index)

    def objects(self, index: Mapping[str, int | slice]) -> list[str]:
        """Return the names of the objects that hold a part: chunks, or shards."""
        spans = []
        for letter, length, side in zip(
            self.letters, self.shape, self.stored, strict=True
        ):
            where = index.get(letter, 0)
            start, stop = (
                (where, where + 1)
                if isinstance(where, int)
                else where.indices(length)[:2]
            )
            spans.append(range(start // side, (stop - 1) // side + 1))
        keys = map(self.metadata.encode_chunk_key, itertools.product(*spans))
        return [f"{self.path}/{key}" for key in keys]

    def some(self) -> list[str]:
        """Return the names of some chunks: at both ends, and in the middle of channels.

        Where chunks are in shards, they are the names of shards.
        """
        counts = [
            -(-n // side) for n, side in zip(self.shape, self.stored, strict=True)
        ]
        middle = [count // 2 for count in counts]
        places = [middle, [0] * len(counts), [count - 1 for count in counts]]
        if "c" in self.letters:
            at = self.letters.index("c")
            channels = range(min(counts[at], SOME_CHANNELS))
            places += [[*middle[:at], c, *middle[at + 1 :]] for c in channels]
        names = {self.metadata.encode_chunk_key(tuple(place)) for place in places}
        return sorted(f"{self.path}/{name}" for name in names)

    @property
    def is_deep(self) -> bool:
        """Whether a chunk has pixels of several planes."""
        return any(self.chunk(letter) > 1 for letter in "tcz")

    def read(
        self, root: StorePath, index: Mapping[str, int | slice]
    ) -> NDArray[np.generic]:
        """Return a part in the order c, y, x; axes taken by number drop out.

        Raises
        ------
        PixelDataError
            A chunk is broken.
        """
        chosen = tuple(index.get(letter, 0) for letter in self.letters)
        try:
            array = zarr.AsyncArray(self.metadata, root / self.path)
            part = np.asarray(run(lambda: array.getitem(chosen)))
        except IDRError:
            raise
        # zarr-python and the codecs raise what they like; there is no common class.
        except Exception as error:
            raise PixelDataError(f"a chunk of {self.path!r} can't be read") from error
        kept = [
            a for a, i in zip(self.letters, chosen, strict=True) if i.__class__ is slice
        ]
        order = [kept.index(letter) for letter in "cyx" if letter in kept]
        return np.ascontiguousarray(
            part.transpose(order), dtype=part.dtype.newbyteorder("=")
        )


def as_type(
    pixels: NDArray[np.generic], dtype: np.dtype[np.generic]
) -> NDArray[np.generic]:
    """Return pixels as another type: whole numbers rounded, cut to it, 0 for NaN.

    >>> as_type(np.array([np.nan, 1.5, 300, -1]), np.dtype("u1"))
    array([  0,   2, 255,   0], dtype=uint8)
    """
    if pixels.dtype == dtype or pixels.dtype.kind == "b" or dtype.kind not in "iu":
        return pixels.astype(dtype, copy=False)
    if pixels.dtype.kind == "f":
        pixels = np.rint(np.nan_to_num(pixels.astype(np.float64)))
    ends = np.iinfo(dtype.str)
    with np.errstate(invalid="ignore"):  # 2**63 is a float, and one too large
        cut: NDArray[np.generic] = np.clip(pixels, ends.min, ends.max).astype(dtype)
    return cut


def level_array(path: str, letters: str, body: bytes | None) -> LevelArray:
    """Read the metadata of one array, `.zarray` or `zarr.json`, None if missing.

    Raises
    ------
    PixelDataError
        They are missing or broken, don't fit the axes, or are of pixels that can't
        be shown.
    """
    if body is None:
        raise PixelDataError(f"the array {path!r} is named and isn't there")
    described: Any = with_bounds(parse_json(body))
    if described.get("filters") == []:  # as old writers said it; zarr-python warns
        described["filters"] = None
    try:
        array = zarr.Array(zarr.AsyncArray(described, no_objects() / path))
        shape, chunks, dtype = array.shape, array.chunks, np.dtype(array.dtype)
    except IDRError:
        raise
    except Exception as error:  # as above
        raise PixelDataError(
            f"the metadata of the array {path!r} are broken"
        ) from error
    if len(shape) != len(letters):
        raise PixelDataError(
            f"the array {path!r} has {len(shape)} dimensions for {len(letters)} axes"
        )
    if dtype.kind not in "biuf":
        raise PixelDataError(f"pixels of the type {dtype} can't be shown")
    if 0 in shape:
        raise PixelDataError(f"the array {path!r} is empty")
    if math.prod(chunks) * dtype.itemsize > MAX_CHUNK_BYTES:
        raise PixelDataError(f"the chunks of {path!r} are too large: {chunks}")
    for letter, length in zip(letters, shape, strict=True):
        if letter == "?" and length > 1:
            raise PixelDataError(f"an axis of {length} that is none of t, c, z, y, x")
    return LevelArray(
        path=path,
        letters=letters,
        metadata=array.metadata,
        shape=shape,
        chunks=chunks,
        dtype=dtype.newbyteorder("="),
    )
