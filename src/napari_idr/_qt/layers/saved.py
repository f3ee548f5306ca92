"""How layers look and where they stand, as records of a session, and back."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from napari.utils.colormaps import AVAILABLE_COLORMAPS

from napari_idr._qt.layers.adding import remove_layers
from napari_idr._qt.layers.ground import chosen_blending
from napari_idr.services.session_file.record import SavedLayer, SavedView

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari.layers import Layer
    from napari.viewer import Viewer

    from napari_idr._qt.layers.images import ShownImage
    from napari_idr._qt.layers.scene import ViewerScene
    from napari_idr.services.details import MosaicKey
    from napari_idr.services.session_file.record import LayerPart

    Part = tuple[LayerPart, int, Layer]

logger = logging.getLogger(__name__)

NEVER_REMOVED: frozenset[LayerPart] = frozenset({"thumbnails", "hits", "colors"})
"""Layers that come and go by themselves; that one wasn't there says nothing."""


def mosaic_parts(scene: ViewerScene, key: MosaicKey) -> list[Part]:
    """Return the layers of a plate or gallery, each with what it is of it."""
    names: tuple[LayerPart, ...] = ("mosaic", "wells", "hits", "headings")
    layers = scene.plates.layers_of(key)
    parts: list[Part] = [
        (name, 0, one) for name, one in zip(names, layers, strict=False)
    ]
    if (colors := scene.colors.layer(key)) is not None:
        parts.append(("colors", 0, colors))
    return parts


def strip_parts(scene: ViewerScene, number: int) -> list[Part]:
    """Return the layers of images side by side, each with what it is of them."""
    layers = scene.strips.layers_of(number)
    if not layers:
        return []
    below, *channels, captions = layers
    return [
        ("thumbnails", 0, below),
        *(("channel", c, layer) for c, layer in enumerate(channels)),
        ("captions", 0, captions),
    ]


def image_parts(shown: ShownImage) -> list[Part]:
    """Return the layers of an image, each with what it is of it."""
    parts: list[Part] = []
    groups: tuple[tuple[LayerPart, list[Layer]], ...] = (
        ("channel", shown.channels),
        ("regions", shown.regions),
        ("projection", shown.projections),
    )
    for part, layers in groups:
        parts += [(part, index, layer) for index, layer in enumerate(layers)]
    return parts


def saved_layers(viewer: Viewer, parts: Iterable[Part]) -> tuple[SavedLayer, ...]:
    """Return how layers look, those that are in the viewer."""
    return tuple(
        _saved(part, index, layer, viewer.layers.index(layer))
        for part, index, layer in parts
        if layer in viewer.layers
    )


def _saved(part: LayerPart, index: int, layer: Layer, place: int) -> SavedLayer:
    drawn: dict[str, Any] = {}
    if isinstance(layer, Image) and not layer.rgb:
        low, high = layer.contrast_limits
        drawn["contrast"] = float(low), float(high)
        drawn["gamma"] = float(layer.gamma)
        name = str(layer.colormap.name)
        # Others can't be had by their names: they stay as they come.
        if name in AVAILABLE_COLORMAPS or name.startswith("#"):
            drawn["colormap"] = name
    return SavedLayer(
        part=part,
        index=index,
        place=place,
        name=layer.name,
        visible=bool(layer.visible),
        opacity=float(layer.opacity),
        blending=chosen_blending(layer),
        **drawn,
    )


def restore_layers(
    viewer: Viewer, parts: Sequence[Part], saved: Sequence[SavedLayer]
) -> list[tuple[int, Layer]]:
    """Let layers look as they were saved; take out those that weren't there.

    Return the layers with their places in the list; nothing is done without any saved.
    """
    by_part = {(one.part, one.index): one for one in saved}
    if not by_part:
        return []
    placed = []
    for part, index, layer in parts:
        known = by_part.get((part, index))
        if layer not in viewer.layers:
            continue
        if known is not None:
            _restore(layer, known)
            placed.append((known.place, layer))
        elif part not in NEVER_REMOVED and len(viewer.layers) > 1:
            remove_layers(viewer, [layer])
    return placed


def _restore(layer: Layer, saved: SavedLayer) -> None:
    """Set what was saved of a layer; what napari refuses stays as it is."""
    values: dict[str, object] = {
        "name": saved.name or layer.name,
        "opacity": min(max(saved.opacity, 0.0), 1.0),
    }
    if saved.blending and saved.blending != chosen_blending(layer):
        values["blending"] = saved.blending
    if isinstance(layer, Image) and not layer.rgb:
        low, high = saved.contrast or layer.contrast_limits
        if low < high:
            values["contrast_limits"] = (low, high)
        if saved.gamma is not None and saved.gamma > 0:
            values["gamma"] = saved.gamma
        if saved.colormap is not None and saved.colormap != layer.colormap.name:
            values["colormap"] = saved.colormap
    values["visible"] = saved.visible
    for name, value in values.items():
        try:
            if getattr(layer, name) != value:
                setattr(layer, name, value)
        except (ValueError, KeyError, TypeError) as error:
            logger.info("%s of a layer can't be %r: %s", name, value, error)


def put_in_order(viewer: Viewer, placed: Iterable[tuple[int, Layer]]) -> None:
    """Put layers into the order in which they stood, above all others."""
    layers = viewer.layers
    wanted = [layer for _, layer in sorted(placed, key=lambda one: one[0])]
    wanted = [layer for layer in wanted if layer in layers]
    first = len(layers) - len(wanted)
    if list(layers)[first:] == wanted:
        return
    for layer in wanted:
        layers.move(layers.index(layer), len(layers))


def saved_view(viewer: Viewer) -> SavedView:
    """Return where the camera and the sliders of a viewer stand."""
    camera, dims = viewer.scene.camera, viewer.dims
    height, width = viewer.canvas.size
    z, y, x = _three(camera.center)
    a, b, c = _three(camera.angles)
    return SavedView(
        center=(z, y, x),
        zoom=float(camera.zoom),
        angles=(a, b, c),
        ndisplay=3 if dims.ndisplay == 3 else 2,
        point=tuple(map(float, dims.point)),
        canvas=(int(height), int(width)),
    )


def _three(values: Iterable[float]) -> tuple[float, float, float]:
    found = [float(one) for one in values]
    padded = [0.0] * (3 - len(found)) + found
    return padded[0], padded[1], padded[2]


def restore_view(viewer: Viewer, saved: SavedView) -> None:
    """Move camera and sliders to where they stood.

    On a canvas of another size as much is seen as there was, and perhaps more.
    """
    dims, camera = viewer.dims, viewer.scene.camera
    if dims.ndisplay != saved.ndisplay:
        dims.ndisplay = saved.ndisplay
    if len(saved.point) == dims.ndim:
        dims.set_point(range(dims.ndim), saved.point)
    zoom = saved.zoom
    before, now = np.array(saved.canvas, float), np.array(viewer.canvas.size, float)
    if (before > 0).all() and (now > 0).all():
        zoom *= float((now / before).min())
    if np.isfinite(zoom) and zoom > 0:
        camera.zoom = zoom
    camera.center = saved.center
    if saved.ndisplay == 3:
        with suppress(ValueError):
            camera.angles = saved.angles
