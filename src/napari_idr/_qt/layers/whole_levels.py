"""What writers of files get of a layer of several levels: its pixels, not an error."""

from __future__ import annotations

from functools import cache, wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.tiles import TiledArray, canvas_level

if TYPE_CHECKING:
    from collections.abc import Sequence


@cache
def let_levels_be_saved() -> None:
    """Let napari's writers save layers of ours that have several levels.

    napari gives writers one object for all levels, `MultiScaleData`. It has the shape
    of the finest level and turns into the coarsest; and where a writer names the type
    of the numbers, as that of TIFF does, into a `TypeError` (napari 0.9). What has been
    saved is then a small part of the pixels, or nothing. For levels of ours, and for no
    others, it turns into the level that is worth saving, once a process.
    """
    try:
        from napari.layers._multiscale_data import MultiScaleData
    except ImportError:  # another napari, which may do better
        return
    as_napari_does: Any = MultiScaleData.__array__

    @wraps(as_napari_does)
    def array(self: Any, *args: Any, **options: Any) -> Any:
        level = level_to_save(list(self))
        if level is None:
            return as_napari_does(self, *args, **options)
        return np.array(level, *args, **{"copy": None, **options})

    MultiScaleData.__array__ = array


def level_to_save(levels: Sequence[Any]) -> Any | None:
    """Return the one of our levels that stands for all, None for levels of others.

    That is the finest of an image. Of a plate it is the canvas, which has all wells as
    thumbnails: the finest would be hundreds of whole images.
    """
    if not isinstance(levels[0], TiledArray):
        return None
    return levels[canvas_level(levels) or 0]
