"""Open an image: choose its pixels, read what is shown first, plan its layers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_idr.api import projected_reader, read_notes
from napari_idr.errors import IDRError
from napari_idr.model import Image, PixelSource
from napari_idr.services.image.layers import (
    LayerSpec,
    image_layer_specs,
    lut_notes,
    pixel_scale,
)
from napari_idr.services.image.metadata import Json, idr_metadata
from napari_idr.services.image.pixel_source import source_text
from napari_idr.tiles import TiledImage
from napari_idr.tiles.contrast import contrast_limits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from napari_idr.api import IDRClient, PixelReader
    from napari_idr.cancel import CancelToken
    from napari_idr.services.details import ImageDetails, PlateKey

__all__ = [
    "MAX_SAMPLE_PX",
    "OpenedImage",
    "load_opened_image",
    "plan_layers",
    "plan_opened_image",
    "plan_projected_image",
    "projected_reader",
]

MAX_SAMPLE_PX = 1024
"""A side of the part of each channel that is read before the layers appear: the
contrast is found from it, and the first frame shows pixels instead of black."""

MAX_SAMPLED_AT_ONCE = 8
"""Channels whose samples are waited for together; few images have more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedImage:
    """An image that is ready to be shown; `tiled` must be closed.

    `specs` has one layer for each channel, or one for a colour picture; `contrasts`
    has the limits that suit the pixels of each, whatever the archive's window says.
    """

    details: ImageDetails
    image: Image
    reader: PixelReader
    tiled: TiledImage
    specs: tuple[LayerSpec, ...]
    metadata: dict[str, Json]
    contrasts: tuple[tuple[float, float], ...]
    notes: tuple[str, ...] = ()

    @property
    def plate(self) -> PlateKey | None:
        """The plate that the image is of, None for an image that is of none."""
        plate = self.details.request.plate
        return None if plate is None else (self.server, plate.id)

    @property
    def server(self) -> str:
        """The address of the server that the image is of."""
        return str(self.metadata["server"])

    @property
    def message(self) -> str:
        """What was opened, for the status; not again what the image's card says."""
        said = self.details.image.notes
        odd = (
            f"{note[:1].upper()}{note[1:]}."
            for note in self.image.notes
            if note not in said
        )
        exact = self.image.pixel_type == "uint8"
        what = source_text(self.reader.source, exact=exact)
        return " ".join([what, *self.notes, *odd])


def load_opened_image(
    client: IDRClient,
    details: ImageDetails,
    view: Callable[[PixelReader], TiledImage],
    *,
    server: str,
    cancel: CancelToken,
) -> OpenedImage:
    """Open the best source of an image that shows its first plane, and plan its layers.

    Where raw pixels are announced and don't come, the next source is taken, with a
    note. For `view` and `server` see `plan_opened_image`.

    Raises
    ------
    IDRError
        No source shows anything.
    """
    plan = partial(
        plan_opened_image,
        details,
        view=view,
        server=server,
        web_url=client.web_url(details.image),
        cancel=cancel,
    )
    reader, notes = client.open_reader(details.image, cancel=cancel)
    try:
        return plan(reader, notes=notes)
    except IDRError as error:
        if reader.source is not PixelSource.RAW:
            raise
        notes += (f"The raw pixels can't be read: {error.message}.",)
    drawn = replace(details.image, zarr_url=None)
    reader, more = client.open_reader(drawn, cancel=cancel)
    return plan(reader, notes=(*notes, *more))


def plan_opened_image(
    details: ImageDetails,
    reader: PixelReader,
    view: Callable[[PixelReader], TiledImage],
    *,
    server: str,
    web_url: str,
    notes: tuple[str, ...] = (),
    cancel: CancelToken,
) -> OpenedImage:
    """Read the first plane of an image coarsely and plan its layers.

    Parameters
    ----------
    details
        What is known of the image.
    reader
        Its pixels.
    view
        Makes the arrays that napari is given.
    server, web_url
        For the metadata.
    notes
        What went otherwise than wished, in words.

    Raises
    ------
    IDRError
        Not even the first plane came.
    """
    image = reader.image
    request = details.request
    study = details.study
    query = request.query
    metadata = idr_metadata(
        server=server,
        study=request.study,
        card=None if study is None else study.card,
        dataset=request.dataset,
        plate=request.plate,
        run=request.run,
        field=request.field,
        well_id=request.ref.well_id or image.well_id,
        well_label=request.well_label,
        image=image,
        annotations=details.annotations,
        pixel_source=reader.source,
        web_url=web_url,
        query=None if query is None else (query.key.name, query.value),
    )
    return plan_layers(details, reader, view, metadata, notes=notes, cancel=cancel)


def plan_layers(
    details: ImageDetails,
    reader: PixelReader,
    view: Callable[[PixelReader], TiledImage],
    metadata: dict[str, Json],
    *,
    projected: bool = False,
    notes: tuple[str, ...] = (),
    cancel: CancelToken,
) -> OpenedImage:
    """Read the first plane of an image coarsely and plan layers of these metadata.

    `projected` tells that the plane is a maximum over z; for the rest see
    `plan_opened_image`.
    """
    image = reader.image
    tiled = view(reader)
    try:
        arrays = [tiled.levels(c) for c in range(tiled.channels)]
        samples = _samples([levels[-1] for levels in arrays], image, tiled.axes, cancel)
        specs = image_layer_specs(
            image,
            source=reader.source,
            arrays=[levels if len(levels) > 1 else levels[0] for levels in arrays],
            metadata=metadata,
            rgb=reader.rgb,
            projected=projected,
            samples=samples,
        )
        contrasts = tuple(contrast_limits(None, s.dtype, s) for s in samples)
    except BaseException:
        tiled.close()
        raise
    return OpenedImage(
        details=details,
        image=image,
        reader=reader,
        tiled=tiled,
        specs=specs,
        metadata=metadata,
        contrasts=contrasts,
        notes=tuple(dict.fromkeys((*notes, *read_notes(reader), *lut_notes(image)))),
    )


def _samples(
    arrays: Sequence[Any], image: Image, axes: tuple[str, ...], cancel: CancelToken
) -> list[NDArray[np.generic]]:
    """Read a sample of each channel, all of them together."""

    def sample(array: Any) -> NDArray[np.generic]:
        cancel.check()
        return _sample(array, image, axes)

    # They only wait for the workers, whose number bounds the requests.
    with ThreadPoolExecutor(MAX_SAMPLED_AT_ONCE, "idr-sample") as pool:
        return list(pool.map(sample, arrays))


def _sample(array: Any, image: Image, axes: tuple[str, ...]) -> NDArray[np.generic]:
    """Read the middle of the plane that is shown first."""
    for axis, index in (("t", image.default_t), ("z", image.default_z)):
        if axis in axes:
            array = array[index]
    (y0, y1), (x0, x1) = (_middle(size) for size in array.shape[:2])
    return np.asarray(array[y0:y1, x0:x1])


def _middle(size: int) -> tuple[int, int]:
    """Return the middle of a side, at most `MAX_SAMPLE_PX` of it.

    >>> _middle(500), _middle(5000)
    ((0, 500), (1988, 3012))
    """
    if size <= MAX_SAMPLE_PX:
        return 0, size
    start = (size - MAX_SAMPLE_PX) // 2
    return start, start + MAX_SAMPLE_PX


def plan_projected_image(
    opened: OpenedImage,
    view: Callable[[PixelReader], TiledImage],
    *,
    cancel: CancelToken,
) -> OpenedImage:
    """Read the maximum over z of an open image coarsely and plan its layers.

    The layers are one plane that is as thick as the stack, so that it is seen
    wherever the z slider stands; their names end with "max z".

    Parameters
    ----------
    opened
        An image of several planes.
    view
        Makes the arrays that napari is given; what it returns must be closed.

    Raises
    ------
    ValueError
        The image has one plane.
    IDRError
        The planes didn't come.
    """
    count = opened.image.size_z
    if count < 2:
        raise ValueError("the maximum over one plane is that plane")
    projected = plan_layers(
        opened.details,
        projected_reader(opened.reader),
        view,
        {
            **opened.metadata,
            "projection": {"kind": "maximum", "axis": "z", "planes": count},
        },
        projected=True,
        notes=(*opened.notes, f"The maximum over {count} planes."),
        cancel=cancel,
    )
    specs = tuple(_thick(spec, opened) for spec in projected.specs)
    return replace(projected, specs=specs)


def _thick(spec: LayerSpec, opened: OpenedImage) -> LayerSpec:
    """Return a layer whose one plane reaches from the first to the last of a stack."""
    axes = list(spec.kwargs["axis_labels"])
    if "z" not in axes:  # napari shows it at any z anyway
        return spec
    z = axes.index("z")
    [step], _ = pixel_scale(opened.image, ["z"])
    scale, translate = list(spec.kwargs["scale"]), list(spec.kwargs["translate"])
    scale[z] = step * opened.image.size_z
    translate[z] = step * (opened.image.size_z - 1) / 2
    return replace(spec, kwargs={**spec.kwargs, "scale": scale, "translate": translate})
