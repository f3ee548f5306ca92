"""What is seen of a plate, or of any layer: the part of the world on the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_idr.services.plate.headings import View

if TYPE_CHECKING:
    from napari.layers import Layer
    from napari.viewer import Viewer
    from numpy.typing import ArrayLike

LEAST_ZOOM = 1e-9
"""A camera that isn't set up yet has none."""


def view_of(viewer: Viewer, scale: ArrayLike, translate: ArrayLike) -> View:
    """Return what is seen, in px of a mosaic that has this (y, x) place in the world.

    Parameters
    ----------
    viewer
        Whose camera and canvas it is.
    scale, translate
        The size of a px in the world, and where its first px lies.
    """
    camera, scale = viewer.scene.camera, np.asarray(scale, float)
    zoom = float(camera.zoom * scale[-1])
    center = (np.array(camera.center[-2:]) - translate) / scale
    half = np.array(viewer.canvas.size) / max(zoom, LEAST_ZOOM) / 2
    (top, left), (bottom, right) = center - half, center + half
    return View(top=top, left=left, bottom=bottom, right=right, zoom=zoom)


def is_upright(viewer: Viewer) -> bool:
    """Whether y goes down and x to the right on the canvas, as in what is planned.

    They don't in 3D, nor once the axes were rolled or transposed.
    """
    dims = viewer.dims
    # Of two axes napari displays as many in 3D.
    return dims.ndisplay == 2 and tuple(dims.displayed) == (
        dims.ndim - 2,
        dims.ndim - 1,
    )


def is_in_sight(viewer: Viewer, layer: Layer, *, beyond: float = 0) -> bool:
    """Whether some of a layer lies where the canvas shows it.

    It is said of all layers in 3D and in the grid, where a camera looks otherwise.

    Parameters
    ----------
    viewer, layer
        The viewer, and a layer of it.
    beyond
        How far beyond the edges counts, too, as a share of the canvas.
    """
    dims, camera = viewer.dims, viewer.scene.camera
    if dims.ndisplay != 2 or viewer.canvas.grid.enabled:
        return True
    axes = np.array(dims.displayed) - (dims.ndim - layer.ndim)
    if (axes < 0).any():
        return True
    half = np.array(viewer.canvas.size) / max(float(camera.zoom), LEAST_ZOOM) / 2
    half *= 1 + 2 * beyond
    center = np.array(camera.center[-2:])
    low, high = layer.extent.world[:, axes]
    return bool((high >= center - half).all() and (low <= center + half).all())
