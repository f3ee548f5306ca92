"""Regions drawn on images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.api._pages import object_pages
from napari_idr.api._wire import _roi as wire
from napari_idr.errors import IDRError
from napari_idr.threads import in_parallel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.api._ask import Ask
    from napari_idr.api._rendering import Rendering
    from napari_idr.cancel import CancelToken
    from napari_idr.model import ImageId, Roi, ShapeId


class Rois:
    """Regions of images. Thread-safe."""

    def __init__(self, ask: Ask, rendering: Rendering, *, at_once: int) -> None:
        self._ask = ask
        self._rendering = rendering
        self._at_once = at_once

    def rois(self, image_id: ImageId, *, cancel: CancelToken) -> Iterator[Roi]:
        """Yield the regions of an image, of which there may be tens of thousands.

        GET /api/v0/m/images/{image_id}/rois/?limit=&offset=
        """
        path = f"api/v0/m/images/{image_id}/rois/"
        for node in object_pages(self._ask, path, cancel=cancel):
            yield wire.roi(node)

    def masks(
        self, shape_ids: Iterable[ShapeId], *, cancel: CancelToken
    ) -> Iterator[tuple[ShapeId, NDArray[np.bool_] | IDRError]]:
        """Yield masks with their bitmaps or errors, as they come."""

        def load(
            shape_id: ShapeId, stop: CancelToken
        ) -> tuple[ShapeId, NDArray[np.bool_] | IDRError]:
            try:
                return shape_id, self._rendering.mask(shape_id, cancel=stop)
            except IDRError as error:
                return shape_id, error

        return in_parallel(load, shape_ids, at_once=self._at_once, cancel=cancel)
