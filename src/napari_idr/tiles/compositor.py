"""Rectangles of an image composed of the tiles in memory, coarser ones for the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_idr.tiles.grid import (
    Plane,
    Rect,
    coarser,
    enclosing,
    nearest,
    tile_rect,
    tiles_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_idr.tiles.image import TileLoader


Piece = tuple["NDArray[np.generic]", Rect]
"""Some px of a level, and where they lie in it."""


class Compositor:
    """Paints rectangles of one image from the tiles in memory; it never waits.

    Parameters
    ----------
    loader
        Whose tiles.
    overviews
        The coarsest level of each channel of an image with a single plane.
    thumbnail
        (y, x, 3), a last resort of RGB images; None if there is none.
    """

    def __init__(
        self,
        loader: TileLoader,
        overviews: Mapping[int, NDArray[np.generic]],
        thumbnail: NDArray[np.generic] | None,
    ) -> None:
        self._loader = loader
        self._levels = loader.levels
        self._overviews = overviews
        self._thumbnail = thumbnail

    def paint(
        self,
        out: NDArray[np.generic],
        level: int,
        c: int,
        plane: Plane,
        rect: Rect,
        *,
        like: Plane | None = None,
    ) -> bool:
        """Paint a rectangle; return whether all of it was there.

        Parameters
        ----------
        out
            What is painted, of the rectangle's size.
        level, c, plane, rect
            What is shown in it.
        like
            A plane that stands in where nothing of this one is there.
        """
        pieces = list(self._pieces(level, c, plane, rect))
        found = {there for _, there in pieces}
        missing = [
            there.shared(rect)
            for tile in tiles_in(self._levels[level], rect)
            if (there := tile_rect(self._levels[level], *tile)) not in found
        ]
        if missing:
            around = enclosing(missing)
            self.stand_in(out[around.within(rect)], level, c, plane, around, like=like)
        for piece, there in pieces:
            shared = there.shared(rect)
            out[shared.within(rect)] = piece[shared.within(there)]
        return not missing

    def stand_in(
        self,
        out: NDArray[np.generic],
        level: int,
        c: int,
        plane: Plane,
        rect: Rect,
        *,
        like: Plane | None = None,
    ) -> None:
        """Paint a rectangle with what is coarser, the finest of it on top.

        Parameters
        ----------
        out, level, c, plane, rect, like
            As in `paint`.
        """
        shape = self._levels[level].shape
        fallbacks: list[tuple[tuple[int, int], list[Piece]]] = []
        for below in range(level + 1, len(self._levels)):
            coarse = self._levels[below].shape
            covering = coarser(rect, shape=shape, coarse=coarse)
            pieces, complete = self._fallback(below, c, plane, covering)
            fallbacks.append((coarse, pieces))
            if complete:
                break
        else:
            self._paint_last_resort(out, level, c, rect, like)
        for coarse, pieces in reversed(fallbacks):
            for piece in pieces:
                _paint_upscaled(out, rect, shape, *piece, coarse)

    def _fallback(
        self, level: int, c: int, plane: Plane, rect: Rect
    ) -> tuple[list[Piece], bool]:
        """Return what there is of a rectangle of a coarser level, and if it is all."""
        if level == len(self._levels) - 1 and c in self._overviews:
            overview = self._overviews[c]
            return [(overview, Rect(0, overview.shape[0], 0, overview.shape[1]))], True
        pieces = list(self._pieces(level, c, plane, rect))
        wanted = sum(1 for _ in tiles_in(self._levels[level], rect))
        return pieces, len(pieces) == wanted

    def _pieces(self, level: int, c: int, plane: Plane, rect: Rect) -> Iterator[Piece]:
        """Yield the tiles of a rectangle that are in memory."""
        for tile in tiles_in(self._levels[level], rect):
            key = self._loader.key(level, c, plane.t, plane.z, tile)
            if (kept := self._loader.cache.get(key)) is not None:
                yield kept, tile_rect(self._levels[level], *tile)

    def _paint_last_resort(
        self,
        out: NDArray[np.generic],
        level: int,
        c: int,
        rect: Rect,
        like: Plane | None,
    ) -> None:
        """Paint the thumbnail, and over it the plane that was shown before."""
        if self._thumbnail is not None:
            small = self._thumbnail.shape[0], self._thumbnail.shape[1]
            whole = Rect(0, small[0], 0, small[1])
            shape = self._levels[level].shape
            _paint_upscaled(out, rect, shape, self._thumbnail, whole, small)
        if like is not None:
            for piece, there in self._pieces(level, c, like, rect):
                shared = there.shared(rect)
                out[shared.within(rect)] = piece[shared.within(there)]


def _paint_upscaled(
    out: NDArray[np.generic],
    rect: Rect,
    shape: tuple[int, int],
    piece: NDArray[np.generic],
    piece_rect: Rect,
    coarse: tuple[int, int],
) -> None:
    """Paint the part of a rectangle that a piece of a coarser level covers."""
    ys = nearest(rect.y0, rect.y1, size=shape[0], coarse_size=coarse[0])
    xs = nearest(rect.x0, rect.x1, size=shape[1], coarse_size=coarse[1])
    y0, y1 = np.searchsorted(ys, (piece_rect.y0, piece_rect.y1))
    x0, x1 = np.searchsorted(xs, (piece_rect.x0, piece_rect.x1))
    if y0 == y1 or x0 == x1:
        return
    # Columns first, while there are few rows: whole rows are quick to repeat.
    rows = ys[y0:y1] - piece_rect.y0
    band = _columns(piece[rows[0] : rows[-1] + 1], xs[x0:x1] - piece_rect.x0)
    target = out[y0:y1, x0:x1]
    if target.flags.c_contiguous:
        band.take(rows - rows[0], axis=0, out=target, mode="clip")
    else:
        target[...] = band.take(rows - rows[0], axis=0)


def _columns(
    rows: NDArray[np.generic], columns: NDArray[np.intp]
) -> NDArray[np.generic]:
    """Return columns of (y, x) or (y, x, 3)."""
    if rows.ndim == 2:
        return rows.take(columns, axis=1)
    # numpy takes three single numbers faster than one triple.
    numbers = (columns[:, np.newaxis] * 3 + np.arange(3)).ravel()
    taken = rows.reshape(len(rows), -1).take(numbers, axis=1, mode="clip")
    return taken.reshape(len(rows), -1, 3)


def blend(
    planes: Sequence[NDArray[np.generic]],
    limits: Sequence[tuple[float, float]],
    colors: Sequence[str],
) -> NDArray[np.uint8]:
    """Return channels added up in their colours, (y, x, 3).

    Parameters
    ----------
    planes
        One (y, x) for each channel.
    limits
        What is black and what is full, of each.
    colors
        "RRGGBB", of each.

    Examples
    --------
    >>> plane = np.array([[100, 150, 900]], np.uint16)
    >>> blend([plane, plane], [(100, 200)] * 2, ["FF0000", "000080"]).tolist()
    [[[0, 0, 0], [128, 0, 64], [255, 0, 128]]]
    """
    # One colour after the other: most channels have one or two, and so does the work.
    total = np.zeros((3, *planes[0].shape), np.float32)
    for plane, (low, high), color in zip(planes, limits, colors, strict=True):
        shares = np.array(plane, np.float32)
        if np.asarray(plane).dtype.kind == "f":
            np.nan_to_num(shares, copy=False, nan=low)
        shares -= np.float32(low)
        shares /= np.float32((high - low) or 1)
        np.clip(shares, 0, 1, out=shares)
        for one, part in zip(total, bytes.fromhex(color), strict=True):
            if part:
                one += shares * np.float32(part)
    np.rint(total.clip(0, 255, out=total), out=total)
    colours: NDArray[np.uint8] = np.moveaxis(total, 0, -1).astype(np.uint8, order="C")
    return colours
