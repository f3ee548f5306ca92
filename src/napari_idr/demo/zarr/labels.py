"""Synthetic label images: the nucleus that covers each pixel, and its properties."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_idr.demo.pixels import cells
from napari_idr.demo.world import Image

LABEL_NAMES = ("nuclei", "mitotic")

COLOURS = ((230, 159, 0, 255), (86, 180, 233, 255), (0, 158, 115, 128))
"""Red, green, blue and alpha of labels, in turns."""


def draw_labels(
    image: Image, name: str, t: int, level: int, region: tuple[int, int, int, int]
) -> NDArray[np.int32]:
    """Return a region (x, y, width, height) of a level of a label image.

    A pixel has the number of the nucleus around its centre, from 1, or 0.
    """
    x, y, width, height = region
    zoom = 2**level
    rows = ((np.arange(y, y + height) + 0.5) * zoom)[:, None]
    columns = ((np.arange(x, x + width) + 0.5) * zoom)[None, :]
    drawn = np.zeros((height, width), np.int32)
    found = nuclei(image, t)
    for index in np.flatnonzero(_chosen(found, name)):
        away = np.hypot(columns - found.x[index], rows - found.y[index])
        drawn[away < found.radius[index]] = index + 1
    return drawn


def label_node(image: Image, name: str) -> dict[str, Any]:
    """Return colours and properties of the labels, as metadata."""
    found = nuclei(image, 0)
    chosen = np.flatnonzero(_chosen(found, name))
    return {
        "colors": [
            {"label-value": int(i) + 1, "rgba": list(COLOURS[i % len(COLOURS)])}
            for i in chosen
        ],
        "properties": [
            {
                "label-value": int(i) + 1,
                "mitotic": bool(found.mitotic[i]),
                "radius_px": round(float(found.radius[i]), 2),
            }
            for i in chosen
        ],
        "source": {"image": "../../"},
    }


def nuclei(image: Image, t: int) -> cells.Cells:
    """Return all cells of an image at a time point; the same place, the same cell."""
    return cells.in_region(image, 0, 0, image.size_x, image.size_y, t)


def _chosen(found: cells.Cells, name: str) -> NDArray[np.bool_]:
    return found.mitotic if name == "mitotic" else np.ones(len(found), bool)
