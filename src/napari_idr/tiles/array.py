"""One channel of an image at one level, as the array that napari is given."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex, cast

import numpy as np

from napari_idr.errors import PixelDataError
from napari_idr.tiles.caller import Caller, caller
from napari_idr.tiles.grid import Rect

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike, NDArray

    from napari_idr.api import Level

Pick = range | int
"""What is taken of an axis: some indices, or one, which drops the axis."""

AXES = ("t", "z", "y", "x")

MAX_STEP_PX = 256
"""napari rounds what it draws out to `chunks`; whole tiles around a view would be
more than twice as many px to put together and to hand to the graphics card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A rectangle of one channel at one level, in all planes (t, z) of a product."""

    level: int
    c: int
    ts: Sequence[int]
    zs: Sequence[int]
    rect: Rect

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Its size along T, Z, Y and X."""
        return len(self.ts), len(self.zs), *self.rect.shape

    @property
    def area(self) -> tuple[int, Rect]:
        """The level and the rectangle."""
        return self.level, self.rect


class WindowSource(Protocol):
    """Gives windows as (T, Z, Y, X), or (T, Z, Y, X, 3) of an RGB image."""

    def peek(self, window: Window) -> NDArray[np.generic]:
        """Return what is there, at once."""
        ...

    def request(self, window: Window) -> NDArray[np.generic]:
        """Return what is there, at once, and ask for the rest."""
        ...

    def read(self, window: Window) -> NDArray[np.generic]:
        """Wait for all of it."""
        ...


class TiledArray:
    """One channel of an image at one level, read when its numbers are asked for.

    Indexing gives another array of the kind, and reads nothing. Numbers are read by
    `np.asarray`: where napari draws, they are those that are there (a coarser level
    stands in for the rest); everybody else waits for the true ones.

    Parameters
    ----------
    source
        Where windows come from.
    index, level
        Which level this is, and its size.
    c
        The channel.
    picks
        What is taken along T, Z, Y, X and, of an RGB image, the colours.
    dtype
        The type of the numbers.

    Raises
    ------
    PixelDataError
        From `np.asarray`: the array is too large to be put together at once, or
        its image has been closed.
    IDRError
        From `np.asarray`: the pixels didn't come.
    """

    def __init__(
        self,
        source: WindowSource,
        index: int,
        level: Level,
        c: int,
        picks: tuple[Pick, ...],
        dtype: np.dtype[np.generic],
    ) -> None:
        self._source = source
        self._index = index
        self._level = level
        self._c = c
        self._picks = picks
        self.dtype = dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of each axis."""
        return tuple(len(pick) for pick in self._picks if isinstance(pick, range))

    @property
    def ndim(self) -> int:
        """How many axes there are."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """What the numbers would take in memory."""
        return self.size * self.dtype.itemsize

    @property
    def chunks(self) -> tuple[int, ...]:
        """What is taken together, along each axis: one request, or a part of it."""
        sizes = (1, 1, *map(_step_px, self._level.chunk), 3)
        return tuple(
            max(1, min(size, len(pick)))
            for size, pick in zip(sizes, self._picks, strict=False)
            if isinstance(pick, range)
        )

    @property
    def source(self) -> WindowSource:
        """Where its windows come from."""
        return self._source

    @property
    def c(self) -> int:
        """The channel that it is of."""
        return self._c

    def of(self, source: WindowSource) -> TiledArray:
        """Return the same part of another source of the same sizes."""
        return TiledArray(
            source, self._index, self._level, self._c, self._picks, self.dtype
        )

    def astype(self, dtype: DTypeLike, *, copy: bool = True) -> NDArray[np.generic]:
        """Wait for the numbers and return them as another type, as numpy does."""
        return np.asarray(self).astype(dtype, copy=copy)

    def __copy__(self) -> TiledArray:
        return self

    def __deepcopy__(self, memo: object) -> TiledArray:
        # Nobody can change it, and what it reads from isn't copied.
        return self

    def __setitem__(self, key: object, value: object) -> None:
        raise PixelDataError(
            "the pixels of the archive can't be changed; convert the layer's data "
            "type (a right click on its name) to get a copy that can"
        )

    def __repr__(self) -> str:
        return (
            f"<TiledArray {self.dtype} {self.shape}, "
            f"level {self._index}, channel {self._c}>"
        )

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("an array without axes has no length")
        return self.shape[0]

    def __getitem__(self, key: object) -> Any:
        """Return a part as another such array; a single number is read at once.

        Integers, slices and `...` are taken lazily; anything else (a mask, a list
        of indices) reads the whole array first.
        """
        keys = key if isinstance(key, tuple) else (key,)
        if not all(isinstance(k, slice | SupportsIndex | EllipsisType) for k in keys):
            return np.asarray(self)[cast("Any", key)]
        if any(isinstance(k, bool | np.ndarray) for k in keys):
            return np.asarray(self)[cast("Any", key)]
        part = self._taking(_narrow(self._picks, keys))
        return part if part.ndim else np.asarray(part)[()]

    def __array__(
        self, dtype: DTypeLike | None = None, copy: bool | None = None
    ) -> NDArray[np.generic]:
        """Return the numbers; see the class for which, and for what is raised."""
        who = caller()
        window, finish = self._window()
        if 0 in self.shape:
            array: NDArray[np.generic] = np.zeros(self.shape, self.dtype)
        elif who is Caller.CODE:
            array = np.asarray(self._source.read(window)[finish])
        elif who is Caller.PEEK:
            array = np.asarray(self._source.peek(window)[finish])
        else:
            array = np.asarray(self._source.request(window)[finish])
        wished = array.dtype if dtype is None else np.dtype(dtype)
        if copy is False and wished != array.dtype:
            raise ValueError(f"{array.dtype} can't become {wished} without a copy")
        return array.astype(wished, copy=bool(copy))

    def _taking(self, picks: tuple[Pick, ...]) -> TiledArray:
        return TiledArray(
            self._source, self._index, self._level, self._c, picks, self.dtype
        )

    def _window(self) -> tuple[Window, tuple[slice | int, ...]]:
        """Return the smallest window that covers this, and what to take of it."""
        t, z, y, x, *colours = self._picks
        (y0, y1, take_y), (x0, x1, take_x) = _span(y), _span(x)
        window = Window(
            level=self._index,
            c=self._c,
            ts=t if isinstance(t, range) else (t,),
            zs=z if isinstance(z, range) else (z,),
            rect=Rect(y0, y1, x0, x1),
        )
        finish: list[slice | int] = [
            slice(None) if isinstance(pick, range) else 0 for pick in (t, z)
        ]
        finish += [take_y, take_x]
        finish += [_as_key(pick) for pick in colours]
        return window, tuple(finish)


def _step_px(chunk_px: int) -> int:
    """Return a side of a tile in equal parts that aren't too long.

    >>> _step_px(1024), _step_px(600), _step_px(100), _step_px(1031)
    (256, 200, 100, 1031)
    """
    least = -(-chunk_px // MAX_STEP_PX)
    parts = (n for n in range(least, 2 * least + 1) if chunk_px % n == 0)
    return chunk_px // next(parts, 1)


def _narrow(picks: tuple[Pick, ...], keys: tuple[object, ...]) -> tuple[Pick, ...]:
    """Apply an index to what is taken already.

    >>> _narrow((range(5), 2, range(10)), (slice(1, 3), slice(None, None, 2)))
    (range(1, 3), 2, range(0, 10, 2))
    >>> _narrow((range(5), range(10)), (..., -1))
    (range(0, 5), 9)
    """
    axes = sum(isinstance(pick, range) for pick in picks)
    gaps = sum(key is ... for key in keys)
    if gaps > 1 or len(keys) - gaps > axes:
        raise IndexError(f"{keys} doesn't fit an array with {axes} axes")
    where = next((i for i, key in enumerate(keys) if key is ...), len(keys))
    rest = (slice(None),) * (axes - len(keys) + gaps)
    full = iter((*keys[:where], *rest, *keys[where + 1 :]))
    return tuple(
        _pick(pick, next(full)) if isinstance(pick, range) else pick for pick in picks
    )


def _pick(indices: range, key: Any) -> Pick:
    if isinstance(key, slice):
        return indices[key]
    try:
        return indices[operator.index(key)]
    except IndexError:
        raise IndexError(f"{key} is outside an axis of {len(indices)}") from None


def _as_key(pick: Pick) -> slice | int:
    """Return the index that takes what a pick names.

    >>> _as_key(range(2, -1, -1)), _as_key(range(1, 7, 3)), _as_key(4)
    (slice(2, None, -1), slice(1, 7, 3), 4)
    """
    if not isinstance(pick, range):
        return pick
    return slice(pick.start, None if pick.stop < 0 else pick.stop, pick.step)


def _span(pick: Pick) -> tuple[int, int, slice | int]:
    """Return the first index, that after the last, and what to take in between.

    >>> _span(range(9, 2, -3)), _span(5), _span(range(3, 3))
    ((3, 10, slice(6, None, -3)), (5, 6, 0), (0, 0, slice(0, 0, 1)))
    """
    if not isinstance(pick, range):
        return pick, pick + 1, 0
    if not pick:
        return 0, 0, slice(0, 0, 1)
    first, last = min(pick[0], pick[-1]), max(pick[0], pick[-1])
    moved = range(pick.start - first, pick.stop - first, pick.step)
    return first, last + 1, _as_key(moved)
