"""Channels to colours, as a viewer would blend them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


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
