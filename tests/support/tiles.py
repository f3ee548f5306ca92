"""Which tiles of a large image were asked for, and which a window shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_idr import demo
    from support.window import Window

CHUNK_PX, DRAWN_PX = 512, 1024
"""The sides of a chunk of the OME-Zarr, and of what the server draws at once."""


class Tile(NamedTuple):
    """A tile of one channel; level 0 is the largest."""

    level: int
    c: int
    row: int
    col: int


def tiles_asked_for(archive: demo.Archive) -> list[Tile]:
    """Return the tiles among an archive's requests, of either kind of server."""
    tiles = []
    for request in archive.requests:
        if chunk := re.match(
            r"/zarr/[^/]+/[^/]+/(\d+)/(\d+)/(\d+)/(\d+)$", request.path
        ):
            tiles.append(Tile(*map(int, chunk.groups())))
        elif request.path.startswith("/webgateway/render_image_region/"):
            level, col, row = re.search(
                r"tile=(\d+)(?:%2C|,)(\d+)(?:%2C|,)(\d+)", request.query
            ).groups()  # type: ignore[union-attr]
            c = re.search(r"c=(\d+)", request.query)[1]  # type: ignore[index]
            tiles.append(Tile(int(level), int(c) - 1, int(row), int(col)))
    return tiles


def tiles_in_sight(window: Window, layers: list[Layer], face: demo.Face) -> set[Tile]:
    """Return the tiles of the shown level that the canvas shows a part of."""
    side = CHUNK_PX if face == "idr" else DRAWN_PX
    camera = window.viewer.scene.camera
    half = np.array([window.canvas.height(), window.canvas.width()]) / 2 / camera.zoom
    tiles = set()
    for c, layer in enumerate(layers):
        shape = np.array(layer.data[layer.data_level].shape[-2:])
        step = layer.scale[-2:] * np.array(layer.data[0].shape[-2:]) / shape
        middle = (np.array(camera.center[-2:]) - layer.translate[-2:]) / step
        first = np.clip((middle - half / step) // side, 0, None).astype(int)
        last = np.minimum(middle + half / step, shape - 1).astype(int) // side
        for row in range(first[0], last[0] + 1):
            tiles |= {
                Tile(layer.data_level, c, row, col)
                for col in range(first[1], last[1] + 1)
            }
    return tiles
