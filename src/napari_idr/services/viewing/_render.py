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
    total = np.zeros((*planes[0].shape, 3), np.float32)
    for plane, (low, high), color in zip(planes, limits, colors, strict=True):
        values = np.nan_to_num(np.asarray(plane, np.float32), nan=low)
        shares = np.clip((values - low) / ((high - low) or 1), 0, 1)
        total += shares[..., np.newaxis] * np.array(tuple(bytes.fromhex(color)))
    colours: NDArray[np.uint8] = np.rint(total.clip(0, 255)).astype(np.uint8)
    return colours
