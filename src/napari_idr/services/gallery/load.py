"""How a gallery fills: lists of images, and the thumbnails of each part of them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_idr.services.gallery.layout import gallery_columns, told_names
from napari_idr.services.gallery.sources import MAX_IMAGES, image_pages
from napari_idr.services.gallery.view import plan_gallery_shown, study_counts
from napari_idr.services.plate.mosaic import (
    CellFailure,
    MosaicStep,
    load_mosaic,
    summarize,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_idr.api import IDRClient
    from napari_idr.cancel import CancelToken
    from napari_idr.errors import IDRError
    from napari_idr.model import ImageHit, ImageId
    from napari_idr.services.gallery.sources import GalleryOrder
    from napari_idr.services.gallery.view import GalleryShown
    from napari_idr.tiles import OpenReader

__all__ = ["load_gallery"]


def load_gallery(
    client: IDRClient,
    order: GalleryOrder,
    open_reader: OpenReader,
    *,
    aspect: float,
    cancel: CancelToken,
) -> Iterator[GalleryShown | MosaicStep]:
    """Yield a gallery, then what was painted into it, and it with more images.

    Its thumbnails are asked for as soon as the first part of its images is known, and
    those of the next parts as these come; each is a larger gallery, in whose canvas
    what came before is painted. The last step has the summary.

    Parameters
    ----------
    client
        Asks the server.
    order
        What is asked for.
    open_reader
        Opens the pixels of an image, for zooming in.
    aspect
        The width of the canvas over its height.

    Raises
    ------
    IDRError
        A list of images didn't come, or the thumbnails as a whole failed. What was
        yielded stays.
    """
    shown: GalleryShown | None = None
    images: list[ImageHit] = []
    errors: dict[ImageId, IDRError] = {}
    columns = 1
    for page in image_pages(client, order, cancel=cancel):
        images = order.in_order([*images, *page])
        if shown is None:
            expected = _expected(order, page)
            columns = gallery_columns(expected, aspect)
            shown = plan_gallery_shown(
                client.url,
                order.of,
                images,
                open_reader,
                columns=columns,
                rows=sum(1 + math.ceil(count / columns) for count in expected),
                aspect=aspect,
            )
        else:
            shown = shown.with_images(images, columns)
        yield shown.prepare()
        fresh = {image.ref.image_id for image in page}
        cells = [cell for cell in shown.plan.cells if cell.image_id in fresh]
        total = max(order.shown or 0, len(images))
        for step in load_mosaic(
            shown.plan, shown.canvas, client.thumbnails, cells=cells, cancel=cancel
        ):
            errors |= {one.cell.image_id: one.error for one in step.failures}
            yield replace(step, total=total, summary=None)
    cells = [] if shown is None else list(shown.plan.cells)
    names = {} if shown is None else told_names(shown.plan.images)
    failures = [
        CellFailure(cell=cell, error=errors[cell.image_id])
        for cell in cells
        if cell.image_id in errors
    ]
    yield MosaicStep(
        done=len(cells),
        total=len(cells),
        cells=(),
        failures=(),
        summary=summarize(failures, len(cells), names=names),
    )


def _expected(order: GalleryOrder, page: Sequence[ImageHit]) -> list[int]:
    """Return how many images the studies are likely to have in the end."""
    met = study_counts(page)
    if order.count is not None and len(order.studies) >= len(met):
        scale = min(1.0, MAX_IMAGES / max(order.count, 1))
        return [max(1, round(count * scale)) for count in order.studies]
    if len(order.asks) == 1:
        return met
    return [count * len(order.asks) for count in met]  # a plate or two have come
