"""A dark ground for channels that are added up, on a canvas that is light."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

from napari.utils.theme import get_theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Layer
    from napari.viewer import Viewer

COVERING = "translucent_no_depth"
"""How the lowest channel is blended on a light canvas."""

_covering: WeakSet[Layer] = WeakSet()


class Ground:
    """Lets the lowest of the channels of an image cover a light canvas.

    What is added to white stays white; the lowest channel brings the dark.
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer

    def fit(self, channels: Sequence[Layer]) -> None:
        """Fit channels to the theme; how a person has them blended stays."""
        if not is_light(self._viewer.theme):
            for layer in channels:
                if layer in _covering and layer.blending == COVERING:
                    layer.blending = "additive"
                _covering.discard(layer)
        elif channels and all(layer.blending == "additive" for layer in channels):
            lowest = next((one for one in channels if one.visible), channels[0])
            lowest.blending = COVERING
            _covering.add(lowest)


def chosen_blending(layer: Layer) -> str:
    """Return how a layer is blended but for the theme."""
    is_covering = layer in _covering and layer.blending == COVERING
    return "additive" if is_covering else str(layer.blending)


def is_light(theme: str) -> bool:
    """Whether a theme of napari's has a canvas on which additive layers vanish."""
    red, green, blue = get_theme(theme).canvas.as_rgb_tuple(alpha=False)
    return bool(red + green + blue > 3 * 127)
