"""Layers of what a link names, read without a window."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.api import DEFAULT_URL
from napari_idr.api.pixels.dask_arrays import lazy_levels
from napari_idr.cancel import NEVER
from napari_idr.services.image.layers import image_axes
from napari_idr.services.image.open import load_opened_image
from napari_idr.services.links.finding import (
    FoundImage,
    FoundPlate,
    find_target,
)
from napari_idr.services.plate.view import PlateShown
from napari_idr.services.session import Session
from napari_idr.tiles import TileViewing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.cancel import CancelToken
    from napari_idr.services.image.open import OpenedImage
    from napari_idr.services.links.records import Link
    from napari_idr.services.mosaic import MosaicShown

__all__ = ["LayerData", "image_layers", "load_layer_data", "mosaic_layer"]

LayerData = tuple[Any, dict[str, Any], str]
"""What napari's readers return of a layer: data, keyword arguments, type."""


def load_layer_data(
    link: Link, *, server: str = DEFAULT_URL, cancel: CancelToken = NEVER
) -> list[LayerData]:
    """Return the layers of images and plates that a link names; it waits.

    An image is as in the browser, one layer for each channel, whose arrays are of dask:
    they ask for what is computed. A plate is the picture of its thumbnails.

    Parameters
    ----------
    link
        What is to be read.
    server
        The address of the server that is asked where the link names none.

    Raises
    ------
    ValueError
        The link names a study, a dataset or a search, which are no layers.
    IDRError
        The server has no such thing, or didn't say.
    """
    session = Session(link.server or server)
    server_info = session.open(cancel=cancel)
    found: list[LayerData] = []
    for thing in link.things:
        match find_target(session, server_info, thing, link.view, cancel=cancel):
            case FoundImage() as image:
                found += _image(session, image, cancel)
            case FoundPlate() as plate:
                found.append(_plate(session, plate, cancel))
            case _:
                raise ValueError(
                    "a study, a dataset or a search is no layer: without a window "
                    "only images and plates can be opened"
                )
    return found


def _image(
    session: Session, found: FoundImage, cancel: CancelToken
) -> Iterator[LayerData]:
    details = session.image_details(found.request, cancel=cancel)
    opened = load_opened_image(
        session.client, details, TileViewing().open, server=session.url, cancel=cancel
    )
    yield from image_layers(opened)


def image_layers(opened: OpenedImage) -> Iterator[LayerData]:
    """Yield the layer of each channel of an image; its arrays are of dask."""
    levels = lazy_levels(opened.reader, server=opened.server)
    for c, spec in enumerate(opened.specs):
        arrays = [_channel(array, opened, c) for array in levels]
        _, kwargs, layer_type = spec.as_layer_data()
        data = arrays if kwargs["multiscale"] else arrays[0]
        yield data, kwargs, layer_type


def _channel(array: Any, opened: OpenedImage, c: int) -> Any:
    """Return one channel of T, C, Z, Y, X with the axes that its layer has."""
    rgb = opened.reader.rgb
    axes = image_axes(opened.image)
    at = tuple(slice(None) if axis in axes else 0 for axis in "tz")
    part = array[at[0], :, at[1]] if rgb else array[at[0], c, at[1]]
    if not rgb:
        return part
    # T, C, Z, Y, X without what is left out: the colours go to the end.
    return np.moveaxis(part, 1 if "t" in axes else 0, -1)


def _plate(session: Session, found: FoundPlate, cancel: CancelToken) -> LayerData:
    steps = session.show_plate(found.details, found.run, found.field, cancel=cancel)
    shown: PlateShown | None = None
    for step in steps:
        if isinstance(step, PlateShown):
            shown = step
    assert shown is not None  # the first step is
    return mosaic_layer(shown)


def mosaic_layer(shown: MosaicShown) -> LayerData:
    """Return a plate or a gallery as one picture of its thumbnails."""
    kwargs = {
        "name": shown.name,
        "rgb": True,
        "multiscale": False,
        "projection_mode": "none",
        "units": ["pixel", "pixel"],
        "axis_labels": ["y", "x"],
        "metadata": shown.metadata,
    }
    return shown.canvas, kwargs, "image"
