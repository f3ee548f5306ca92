"""Layers of the images that were opened, and of what was drawn on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from napari.layers import Layer

from napari_idr._qt.layers.adding import add_layer, remove_layers
from napari_idr._qt.layers.ground import Ground
from napari_idr.services.details import Subject
from napari_idr.services.image.layers import told_apart
from napari_idr.services.image.open import OpenedImage

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer

    from napari_idr._qt.layers.adding import LayersComing
    from napari_idr._qt.layers.refresher import LayerRefresher
    from napari_idr._qt.layers.units import SceneUnits
    from napari_idr.model import ImageId
    from napari_idr.services.details import ImageDetails
    from napari_idr.services.regions.load import ImageRois


@dataclass(frozen=True, slots=True)
class ShownImage:
    """The layers of an image that is open, and of what was drawn on it."""

    opened: OpenedImage
    channels: list[Layer]
    regions: list[Layer] = field(default_factory=list)
    projections: list[Layer] = field(default_factory=list)

    @property
    def layers(self) -> list[Layer]:
        return [*self.channels, *self.regions, *self.projections]


class ImageLayers:
    """The layers of images in a viewer. Touches no other layers."""

    def __init__(
        self,
        viewer: Viewer,
        refresher: LayerRefresher,
        units: SceneUnits,
        coming: LayersComing,
    ) -> None:
        self._viewer = viewer
        self._coming = coming
        self._refresher = refresher
        self._units = units
        self._shown: list[ShownImage] = []
        self._aside: list[ShownImage] = []
        self._ground = Ground(viewer)
        viewer.events.theme.connect(self._on_theme)

    def close(self) -> None:
        """Stop following the viewer; what is shown stays."""
        self._viewer.events.theme.disconnect(self._on_theme)

    def _on_theme(self, _: object = None) -> None:
        for shown in self._shown:
            for layers in (shown.channels, shown.projections):
                self._ground.fit(layers)

    @property
    def newest(self) -> OpenedImage | None:
        """The image that was opened last and still has a layer."""
        shown = self._newest()
        return None if shown is None else shown.opened

    @property
    def all_shown(self) -> tuple[ShownImage, ...]:
        """The images that have a layer, the newest last."""
        return tuple(one for one in self._shown if self._present(one))

    @property
    def subjects(self) -> frozenset[Subject]:
        """The images that have a layer."""
        return frozenset(
            Subject(kind="image", server=one.opened.server, id=one.opened.image.id)
            for one in self._shown
            if self._present(one)
        )

    @property
    def bottom(self) -> float | None:
        """Where the lowest of the images ends along y, None without images."""
        ends = [
            float(layer.extent.world[1, -2])
            for one in self._shown
            for layer in one.channels
            if layer in self._viewer.layers
        ]
        return max(ends, default=None)

    def is_newest(self, details: ImageDetails | None) -> bool:
        """Whether an image is the one that was opened last."""
        newest = self.newest
        return (
            newest is not None
            and details is not None
            and newest.image.id == details.image.id
            and newest.server == details.request.server
        )

    def layers(self, opened: OpenedImage) -> tuple[Layer, ...]:
        """Return the layers of the channels of an image, none if it isn't shown."""
        found = (one.channels for one in self._shown if one.opened is opened)
        return tuple(next(found, ()))

    def layers_of(self, image: ImageId, server: str) -> tuple[Layer, ...]:
        """Return the layers of the channels of an image, none if it isn't open."""
        found = (
            one.channels
            for one in reversed(self._shown)
            if (one.opened.image.id, one.opened.server) == (image, server)
        )
        return tuple(next(found, ()))

    def add(
        self,
        opened: OpenedImage,
        on_first: Callable[[], None],
        on_end: Callable[[str | None], None],
    ) -> None:
        """Add the layers of an image; those opened before are hidden, not removed.

        `on_first` is called once there is something to look at, and `on_end` told at
        last why it failed, as a sentence, or None; if it failed nothing has changed.
        """
        before = [one for s in self._shown for one in s.layers if one.visible]
        for layer in before:
            layer.visible = False
        layers = self._make(opened)
        shown = ShownImage(opened, layers)
        self._shown.append(shown)

        def put(layer: Layer) -> str | None:
            is_first = layer is layers[0]
            if not (is_first or any(one in self._viewer.layers for one in layers)):
                return None  # a person has taken out what was there
            activate = is_first or layer is layers[-1]
            problem = add_layer(self._viewer, layer, activate=activate)
            if is_first and problem is None:
                self._go_to_default(opened, layer)
                on_first()
            return problem

        def end(problem: str | None) -> None:
            if problem is not None:
                self._shown = [one for one in self._shown if one is not shown]
                for layer in before:
                    layer.visible = True
            if problem is not None or not self._present(shown):
                self._take_out(layers)
            on_end(problem)

        message = f"Showing {opened.image.name} …"
        self._coming.add(id(shown), message, [partial(put, one) for one in layers], end)

    def bring_back(self, image: ImageId, server: str) -> OpenedImage | None:
        """Show the layers of an image that is open in place of other images'.

        Those of its channels that were removed are added anew. Return the image, None
        if it isn't open.
        """
        known = (
            one
            for one in reversed(self._shown)
            if (one.opened.image.id, one.opened.server) == (image, server)
            and self._present(one)
        )
        if (shown := next(known, None)) is None:
            return None
        self._coming.complete(id(shown))
        self._shown.remove(shown)
        for layer in (one for other in self._shown for one in other.layers):
            layer.visible = False
        self._shown.append(shown)
        present = [one for one in shown.layers if one in self._viewer.layers]
        was_hidden = not any(layer.visible for layer in present)
        opened = shown.opened
        for c, (layer, spec) in enumerate(
            zip(shown.channels, opened.specs, strict=True)
        ):
            if layer not in self._viewer.layers:
                name = layer.name
                layer = shown.channels[c] = Layer.create(*spec.as_layer_data())
                layer.name = name
                self._units.set(layer, layer.units)
                self._refresher.watch(layer, opened.tiled, c, server=opened.server)
                add_layer(self._viewer, layer)
        if was_hidden:
            for layer, spec in zip(shown.channels, opened.specs, strict=True):
                layer.visible = bool(spec.kwargs["visible"])
        self._ground.fit(shown.channels)
        selected = {one for one in shown.channels if one in self._viewer.layers}
        self._viewer.layers.selection = selected
        return opened

    def put_aside(self) -> None:
        """Show no image any more, and keep all; their layers are about to go."""
        self._newest()  # forgets those that are gone
        self._aside, self._shown = self._shown, []

    def is_replaced(self, layer: Layer) -> bool:
        """Whether a layer was put aside, and its image is open anew by now."""
        there = {_key(one) for one in self._shown if self._present(one)}
        return any(
            _key(one) in there and any(layer is mine for mine in one.layers)
            for one in self._aside
        )

    def put_back(self) -> None:
        """Show again what was put aside; its layers have come."""
        kept, self._aside = self._aside, []
        there = {_key(one) for one in self._shown if self._present(one)}
        self._shown[:0] = [one for one in kept if _key(one) not in there]

    def drop_aside(self) -> None:
        """Let go of the images that were put aside."""
        self._aside.clear()

    def add_projection(self, projected: OpenedImage) -> str | None:
        """Add the layers of a maximum over z; those of its planes are hidden.

        Return why that failed, as a sentence, or None.
        """
        shown = self._newest()
        if shown is None or shown.opened.image.id != projected.image.id:
            projected.close()  # the image was removed in the meantime
            return None
        self._coming.complete(id(shown))
        layers = self._make(projected)
        problem = None
        for layer in layers:
            problem = problem or add_layer(self._viewer, layer)
        if problem is not None:
            self._take_out(layers)
        else:
            for layer in (*shown.channels, *shown.projections):
                layer.visible = False
            shown.projections.extend(layers)
        return problem

    def _make(self, opened: OpenedImage) -> list[Layer]:
        """Return the layers of an image, which are served from now on."""
        # A layer reads where the sliders are said to be as soon as it is made.
        opened.tiled.set_current(opened.image.default_t, opened.image.default_z)
        layers = [Layer.create(*spec.as_layer_data()) for spec in opened.specs]
        taken = [layer.name for layer in self._viewer.layers]
        for layer in layers:
            layer.name = told_apart(layer.name, taken, opened.origin)
        self._ground.fit(layers)
        for c, layer in enumerate(layers):
            self._units.set(layer, layer.units)
            self._refresher.watch(layer, opened.tiled, c, server=opened.server)
        return layers

    def add_regions(self, regions: ImageRois) -> str | None:
        """Lay regions and labels over their image, in place of those before.

        Return why that failed, as a sentence, or None.
        """
        shown = next((s for s in self._shown if s.opened is regions.opened), None)
        if shown is None or not self._present(shown):
            regions.close()  # the image was removed in the meantime
            return None
        layers = []
        for spec, tiled in regions.labels:
            layer = Layer.create(*spec.as_layer_data())
            self._refresher.watch(layer, tiled, server=regions.opened.server)
            layers.append(layer)
        layers.extend(Layer.create(*s.as_layer_data()) for s in regions.specs)
        for layer in layers:
            self._units.set(layer, layer.units)
            if (problem := add_layer(self._viewer, layer)) is not None:
                self._take_out(layers)
                return problem
        # Added first, removed after: an emptied canvas that is filled in the same
        # turn of the event loop crashes in OpenGL.
        remove_layers(self._viewer, shown.regions)
        shown.regions[:] = layers
        return None

    def reset_contrast(self) -> None:
        """Set the contrast of the newest image from what its pixels hold."""
        if (shown := self._newest()) is None:
            return
        for layer, limits in zip(shown.channels, shown.opened.contrasts, strict=True):
            if not layer.rgb:
                layer.contrast_limits = limits

    def _take_out(self, layers: list[Layer]) -> None:
        remove_layers(self._viewer, layers)
        self._refresher.unwatch(*layers)  # not all of them were in the viewer

    def _newest(self) -> ShownImage | None:
        self._shown = [shown for shown in self._shown if self._present(shown)]
        return self._shown[-1] if self._shown else None

    def _present(self, shown: ShownImage) -> bool:
        return self._coming.awaits(id(shown)) or any(
            layer in self._viewer.layers for layer in shown.channels
        )

    def _go_to_default(self, opened: OpenedImage, layer: Layer) -> None:
        """Move the sliders to the plane that the archive shows first.

        They count in steps of the finest layer, so the plane is found in the world.
        """
        image, axes, dims = opened.image, opened.tiled.axes, self._viewer.dims
        planes = {"t": image.default_t, "z": image.default_z}
        at = layer.data_to_world([planes.get(axis, 0) for axis in axes])
        moved = [index for index, axis in enumerate(axes) if axis in planes]
        if moved:
            first = dims.ndim - len(axes)
            dims.set_point([first + i for i in moved], [float(at[i]) for i in moved])


def _key(shown: ShownImage) -> tuple[ImageId, str]:
    return shown.opened.image.id, shown.opened.server
