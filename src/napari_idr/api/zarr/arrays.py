"""The arrays of a multiscale image: their shapes, and how a plane is cut from one."""

from __future__ import annotations

import lzma
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from napari_idr.api.zarr.codecs import with_whole_blosc
from napari_idr.api.zarr.metadata import parse_json
from napari_idr.api.zarr.store import no_objects
from napari_idr.errors import PixelDataError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from zarr.storage import StorePath

BROKEN = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    RuntimeError,
    OSError,
    EOFError,
    MemoryError,
    SystemError,
    lzma.LZMAError,
    zlib.error,
)
"""What zarr-python and the codecs raise for metadata and chunks they can't read.

There is no common class: blosc and zstd raise RuntimeError, gzip zlib.error, a codec
that isn't known KeyError, a chunk of the wrong length ValueError, one that claims to be
endless MemoryError.
"""


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
            array = zarr.Array(zarr.AsyncArray(self.metadata, root / self.path))
            part = np.asarray(array[chosen])
        except BROKEN as error:
            raise PixelDataError(
                f"a chunk of {self.path!r} can't be read: {error}"
            ) from error
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
    described: Any = with_whole_blosc(parse_json(body))
    if described.get("filters") == []:  # as old writers said it; zarr-python warns
        described["filters"] = None
    try:
        array = zarr.Array(zarr.AsyncArray(described, no_objects() / path))
        shape, chunks, dtype = array.shape, array.chunks, np.dtype(array.dtype)
    except BROKEN as error:
        raise PixelDataError(
            f"the metadata of the array {path!r} are broken: {error}"
        ) from error
    if len(shape) != len(letters):
        raise PixelDataError(
            f"the array {path!r} has {len(shape)} dimensions for {len(letters)} axes"
        )
    if dtype.kind not in "biuf":
        raise PixelDataError(f"pixels of the type {dtype} can't be shown")
    if 0 in shape:
        raise PixelDataError(f"the array {path!r} is empty")
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
