"""Where a layer lies in the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Layer
    from numpy.typing import ArrayLike


def place_layer(layer: Layer, **place: ArrayLike) -> None:
    """Set `scale`, `translate` and the like of a layer, those alone that change.

    napari lets all layers and the sliders follow each of them, changed or not.
    """
    for name, value in place.items():
        before: Any = getattr(layer, name)
        if not np.array_equal(before, value):
            setattr(layer, name, value)
