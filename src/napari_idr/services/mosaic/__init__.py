"""Many fields as one picture: plan it, paint it, load it.

`plan_mosaic` says where each well lies, `blank_canvas` makes the picture that can
be shown before anything has come, and `load_mosaic` fills it.
"""

from __future__ import annotations

from napari_idr.services.mosaic._canvas import blank_canvas, paint, paint_failed
from napari_idr.services.mosaic._headings import View, headings_in_view
from napari_idr.services.mosaic._load import (
    MosaicAccount,
    MosaicStep,
    Thumbnails,
    TileFailure,
    load_mosaic,
)
from napari_idr.services.mosaic._plan import (
    Heading,
    MosaicPlan,
    Tile,
    cell_shape_for,
    plan_mosaic,
)

__all__ = [
    "Heading",
    "MosaicAccount",
    "MosaicPlan",
    "MosaicStep",
    "Thumbnails",
    "Tile",
    "TileFailure",
    "View",
    "blank_canvas",
    "cell_shape_for",
    "headings_in_view",
    "load_mosaic",
    "paint",
    "paint_failed",
    "plan_mosaic",
]
