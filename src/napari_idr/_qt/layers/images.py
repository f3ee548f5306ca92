"""The images that were opened, and what was drawn on them, as layers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari.layers import Layer
from napari.utils.theme import get_theme

from napari_idr.services.image.open import OpenedImage

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_idr._qt.layers.refresher import LayerRefresher
    from napari_idr.services.details import ImageDetails
    from napari_idr.services.regions.load import RoiLayers


@dataclass(frozen=True, slots=True)
class _Shown:
    opened: OpenedImage
    channels: list[Layer]
    regions: list[Layer] = field(default_factory=list)
    projections: list[Layer] = field(default_factory=list)

    @property
    def layers(self) -> list[Layer]:
        return [*self.channels, *self.regions, *self.projections]


class ImageLayers:
    """Adds images to a viewer. Touches no other layers."""

    def __init__(self, viewer: Viewer, refresher: LayerRefresher) -> None:
        self._viewer = viewer
        self._refresher = refresher
        self._shown: list[_Shown] = []

    @property
    def newest(self) -> OpenedImage | None:
        """The image that was opened last and still has a layer."""
        shown = self._newest()
        return None if shown is None else shown.opened

    def is_newest(self, details: ImageDetails | None) -> bool:
        """Whether an image is the one that was opened last."""
        newest = self.newest
        return (
            newest is not None
            and details is not None
            and newest.image.id == details.image.id
            and newest.server == details.request.server
        )

    def add(self, opened: OpenedImage) -> tuple[Layer, ...]:
        """Add the layers of an image; those opened before are hidden, not removed."""
        for other in self._shown:
            for layer in other.layers:
                layer.visible = False
        layers = self._add(opened)
        self._shown.append(_Shown(opened, layers))
        self._go_to_default(opened)
        return tuple(layers)

    def add_projection(self, projected: OpenedImage) -> None:
        """Add the layers of a maximum over z; those of its planes are hidden."""
        shown = self._newest()
        if shown is None or shown.opened.image.id != projected.image.id:
            projected.tiled.close()  # the image was removed in the meantime
            return
        for layer in (*shown.channels, *shown.projections):
            layer.visible = False
        shown.projections.extend(self._add(projected))

    def _add(self, opened: OpenedImage) -> list[Layer]:
        # A layer reads where the sliders are said to be as soon as it is made.
        opened.tiled.set_current(opened.image.default_t, opened.image.default_z)
        layers = [Layer.create(*spec.as_layer_data()) for spec in opened.specs]
        if _is_light(self._viewer.theme):
            # What is added to white stays white; the lowest channel brings the dark.
            lowest = next((one for one in layers if one.visible), layers[0])
            lowest.blending = "translucent_no_depth"
        for c, layer in enumerate(layers):
            self._refresher.watch(layer, opened.tiled, c)
            self._viewer.add_layer(layer)
        return layers

    def add_regions(self, regions: RoiLayers) -> None:
        """Lay regions and labels over their image, in place of those before."""
        shown = next((s for s in self._shown if s.opened is regions.opened), None)
        if shown is None or not self._present(shown):
            # The image was removed while its regions were asked for.
            for _, tiled in regions.labels:
                tiled.close()
            return
        old = tuple(shown.regions)
        shown.regions.clear()
        for spec, tiled in regions.labels:
            layer = Layer.create(*spec.as_layer_data())
            self._refresher.watch(layer, tiled)
            shown.regions.append(layer)
        shown.regions.extend(Layer.create(*s.as_layer_data()) for s in regions.specs)
        for layer in shown.regions:
            self._viewer.add_layer(layer)
        # Added first, removed after: an emptied canvas that is filled in the same
        # turn of the event loop crashes in OpenGL.
        for layer in old:
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)

    def reset_contrast(self) -> None:
        """Set the contrast of the newest image from what its pixels hold."""
        if (shown := self._newest()) is None:
            return
        for layer, limits in zip(shown.channels, shown.opened.contrasts, strict=True):
            if not layer.rgb:
                layer.contrast_limits = limits

    def _newest(self) -> _Shown | None:
        self._shown = [shown for shown in self._shown if self._present(shown)]
        return self._shown[-1] if self._shown else None

    def _present(self, shown: _Shown) -> bool:
        return any(layer in self._viewer.layers for layer in shown.channels)

    def _go_to_default(self, opened: OpenedImage) -> None:
        """Move the sliders to the plane that the archive shows first."""
        image, axes, dims = opened.image, opened.tiled.axes, self._viewer.dims
        for axis, index in (("t", image.default_t), ("z", image.default_z)):
            if axis in axes:
                dims.set_current_step(dims.ndim - len(axes) + axes.index(axis), index)


def _is_light(theme: str) -> bool:
    """Whether a theme of napari's has a canvas on which additive layers vanish."""
    red, green, blue = get_theme(theme).canvas.as_rgb_tuple(alpha=False)
    return bool(red + green + blue > 3 * 127)
