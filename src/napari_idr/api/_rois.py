"""Regions drawn on images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.api._pages import object_pages
from napari_idr.api._wire import _roi as wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.api._ask import Ask
    from napari_idr.cancel import CancelToken
    from napari_idr.model import ImageId, Roi


class Rois:
    """Regions of images. Thread-safe."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def rois(self, image_id: ImageId, *, cancel: CancelToken) -> Iterator[Roi]:
        """Yield the regions of an image, of which there may be tens of thousands.

        GET /api/v0/m/images/{image_id}/rois/?limit=&offset=
        """
        path = f"api/v0/m/images/{image_id}/rois/"
        for node in object_pages(self._ask, path, cancel=cancel):
            yield wire.roi(node)
