"""The layer of a plate's picture, whose step is a px of its thumbnails."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from napari import layers

from napari_idr.tiles import canvas_level

if TYPE_CHECKING:
    from napari.layers.utils.layer_utils import Extent


class Image(layers.Image):  # type: ignore[misc]  # its types are unknown
    """An image that is told to be as fine as the canvas of its thumbnails.

    napari exports a figure as fine as its finest layer. Of a plate that would be each
    well at full size, some gigabytes; and a plate is a map of thumbnails, which
    sharpens where one looks. The class is called as napari's is, which tells layers
    apart by that.
    """

    @cached_property
    def extent(self) -> Extent:
        """From where to where it reaches, and the (y, x) step of its thumbnails."""
        found: Any = super().extent
        step = found.step * self.downsample_factors[canvas_level(self.data) or 0]
        return found._replace(step=step)
