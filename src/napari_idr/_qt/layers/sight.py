"""What is seen of a plate: the part of its world that the canvas shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_idr.services.plate.headings import View

if TYPE_CHECKING:
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
