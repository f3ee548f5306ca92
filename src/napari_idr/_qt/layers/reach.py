"""Layers that reach as far as what they are written on, wherever their rows lie."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from napari import layers

if TYPE_CHECKING:
    from napari.layers.utils.layer_utils import Extent
    from numpy.typing import ArrayLike, NDArray


class _Reaching:
    """Tells a box of its own as where a layer begins and ends.

    What follows the camera lies elsewhere after each move. napari would take that for
    other ends of all layers, slice every one of them anew and draw their thumbnails.
    """

    _reach: NDArray[np.float64] | None = None

    @property
    def reach(self) -> NDArray[np.float64] | None:
        """The first and the last point in px of the layer, (2, D); None for its own."""
        return self._reach

    @reach.setter
    def reach(self, ends: ArrayLike) -> None:
        self._reach = np.asarray(ends, np.float64)
        self.__dict__.pop("extent", None)

    @cached_property
    def extent(self) -> Extent:
        """From where to where the layer reaches."""
        found: Any = super().extent  # type: ignore[misc]
        if self._reach is None:
            return found
        low, high = self._reach
        corners = [(y, x) for y in (low[0], high[0]) for x in (low[1], high[1])]
        world = np.array([self.data_to_world(one) for one in corners])  # type: ignore[attr-defined]
        ends = np.array([world.min(axis=0), world.max(axis=0)])
        return found._replace(data=self._reach, world=ends)


# They are called as napari's are, which tells layers apart by that.


class Points(_Reaching, layers.Points):  # type: ignore[misc]
    """Points that reach as far as is said."""


class Vectors(_Reaching, layers.Vectors):  # type: ignore[misc]
    """Vectors that reach as far as is said."""
