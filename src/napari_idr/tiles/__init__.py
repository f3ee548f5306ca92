"""Arrays for napari: what it draws never waits, and what code reads is true.

A `TileViewing` holds the memory and the workers of a session, and opens each
`PixelReader` as a `TiledImage`, whose `levels(c)` are a layer's data.
`MosaicPyramid` does the same for a whole plate, and `ChannelMosaic` for images side by
side, a layer a channel. Nothing here knows Qt or napari;
the Qt side connects it so:

1. One QObject with a signal, made on the GUI thread, whose `emit` is given as
   `on_arrival`. It is called in workers, with the `LayerKey` of the layer that can
   show more now; the slot calls, at most every 150 ms and between two moves of the
   camera, first `advance()` of each image and then, for all its layers in one turn,
   `layer.refresh(thumbnail=False, highlight=False, extent=False)`, and a full
   `layer.refresh()` once no more comes. `on_failure` goes the same way.
2. `set_current(t, z)` before the layers are added, and then whenever the sliders
   move: napari slices a new layer at index 0 first, and that plane isn't asked for.
3. Layers are added with `multiscale=image.multiscale`, `rgb=image.reader.rgb`,
   `contrast_limits=...` and `projection_mode="none"`; with `data=levels` of several
   levels, else `data=levels[0]`.
4. `hide(c)` when a layer is hidden or removed, `close()` with the last one,
   `TileViewing.close()` with the session.

Why the same array waits for a script and doesn't for napari is told in
`docs/decisions/0004-arrays-that-never-wait.md`.
"""

from __future__ import annotations

from napari_idr.tiles.array import TiledArray, Window
from napari_idr.tiles.cache import TileCache
from napari_idr.tiles.caller import check_callers
from napari_idr.tiles.cell_images import OpenReader
from napari_idr.tiles.channel_mosaic import (
    ChannelMosaic,
    ChannelPlan,
    common_dtype,
    match_channels,
)
from napari_idr.tiles.grid import ALL, LayerKey, Plane, Rect, TileKey
from napari_idr.tiles.image import TiledImage
from napari_idr.tiles.mosaic import (
    MosaicCell,
    MosaicLayout,
    MosaicPyramid,
    PyramidPlan,
    canvas_level,
    plan_pyramid,
)
from napari_idr.tiles.scheduler import Job, TileScheduler
from napari_idr.tiles.viewing import TileViewing, ViewingSettings

__all__ = [
    "ALL",
    "ChannelMosaic",
    "ChannelPlan",
    "Job",
    "LayerKey",
    "MosaicCell",
    "MosaicLayout",
    "MosaicPyramid",
    "OpenReader",
    "Plane",
    "PyramidPlan",
    "Rect",
    "TileCache",
    "TileKey",
    "TileScheduler",
    "TileViewing",
    "TiledArray",
    "TiledImage",
    "ViewingSettings",
    "Window",
    "canvas_level",
    "check_callers",
    "common_dtype",
    "match_channels",
    "plan_pyramid",
]
