"""Open an image: choose its pixels, read what is shown first, plan its layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from napari_idr.api import projected_reader, read_notes
from napari_idr.errors import IDRError, StatusError
from napari_idr.model import Image, PixelSource
from napari_idr.services.image.layers import (
    LayerSpec,
    image_layer_specs,
    lut_notes,
    pixel_scale,
)
from napari_idr.services.image.metadata import Json, idr_metadata
from napari_idr.services.image.pixel_source import source_text
from napari_idr.services.image.title import well_title
from napari_idr.threads import in_parallel
from napari_idr.tiles import TiledImage
from napari_idr.tiles.contrast import contrast_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.api import IDRClient, PixelReader
    from napari_idr.cancel import CancelToken
    from napari_idr.services.details import ImageDetails, PlateKey

__all__ = [
    "MAX_SAMPLE_PX",
    "OpenedImage",
    "image_metadata",
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
    """An image that is ready to be shown; it must be closed.

    `specs` has one layer for each channel, or one for a colour picture; `contrasts`
    has the limits that suit the pixels of each, whatever the archive's window says.
    `may_improve` tells that a better source isn't to be had at present, or isn't open
    to everybody yet: opened again later, the image may come from it.
    """

    details: ImageDetails
    image: Image
    reader: PixelReader
    tiled: TiledImage
    specs: tuple[LayerSpec, ...]
    metadata: dict[str, Json]
    contrasts: tuple[tuple[float, float], ...]
    notes: tuple[str, ...] = ()
    may_improve: bool = False

    @property
    def plate(self) -> PlateKey | None:
        """The plate that the image is of, None for an image that is of none."""
        plate = self.details.request.plate
        return None if plate is None else (self.server, plate.id)

    @property
    def is_lacking(self) -> bool:
        """Whether it may be more when it is opened again, see `may_improve`.

        So may one of which the store has denied a part.
        """
        return self.may_improve or bool(read_notes(self.reader))

    @property
    def origin(self) -> str | None:
        """The name of its plate or dataset, None where neither is known."""
        request = self.details.request
        above = request.plate or request.dataset
        return None if above is None else above.name

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

    def close(self) -> None:
        """Stop reading its pixels, and forget them; it doesn't wait."""
        self.tiled.close()


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
    Cancelled
        The token was cancelled; nothing is left open.
    """
    plan = partial(
        plan_opened_image,
        details,
        view=view,
        server=server,
        web_url=client.web_url(details.image),
        cancel=cancel,
    )
    best = client.open_pixels(details.image, cancel=cancel)
    try:
        opened = plan(best.reader, notes=best.notes)
    except IDRError as error:
        if best.reader.source is not PixelSource.RAW:
            raise
        refused = f"The raw pixels can't be read: {error.message}."
        denied = isinstance(error, StatusError) and error.is_denial
        may_improve = error.may_pass or denied
    else:
        return replace(opened, may_improve=best.may_improve)
    drawn = replace(details.image, zarr_url=None)
    other = client.open_pixels(drawn, cancel=cancel)
    opened = plan(other.reader, notes=(*best.notes, refused, *other.notes))
    return replace(opened, may_improve=may_improve or other.may_improve)


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
    Cancelled
        The token was cancelled; nothing is left open.
    """
    metadata = image_metadata(details, reader, server=server, web_url=web_url)
    return plan_layers(details, reader, view, metadata, notes=notes, cancel=cancel)


def image_metadata(
    details: ImageDetails, reader: PixelReader, *, server: str, web_url: str
) -> dict[str, Json]:
    """Return where an image comes from, for its layers and its files."""
    image = reader.image
    request = details.request
    study = details.study
    query = request.query
    return idr_metadata(
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
        conditions=() if query is None else query.labels,
        title=well_title(request, details.annotations),
    )


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
    cancel.check()
    image = reader.image
    tiled = view(reader)
    try:
        arrays = [tiled.levels(c) for c in range(tiled.channels)]
        samples = _samples(tiled, cancel)
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
        cancel.check()
        return OpenedImage(
            details=details,
            image=image,
            reader=reader,
            tiled=tiled,
            specs=specs,
            metadata=metadata,
            contrasts=contrasts,
            notes=tuple(
                dict.fromkeys((*notes, *read_notes(reader), *lut_notes(image)))
            ),
        )
    except BaseException:
        tiled.close()
        raise


def _samples(tiled: TiledImage, cancel: CancelToken) -> list[NDArray[np.generic]]:
    """Read a sample of each channel, all of them together."""

    def sample(c: int, stop: CancelToken) -> tuple[int, NDArray[np.generic]]:
        return c, tiled.sample(c, cancel=stop, max_px=MAX_SAMPLE_PX)

    found = in_parallel(
        sample, range(tiled.channels), at_once=MAX_SAMPLED_AT_ONCE, cancel=cancel
    )
    samples = dict(found)
    return [samples[c] for c in range(tiled.channels)]


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
        Makes the arrays that napari is given.

    Raises
    ------
    ValueError
        The image has one plane.
    IDRError
        The planes didn't come.
    Cancelled
        The token was cancelled; nothing is left open.
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
    try:
        specs = tuple(_thick(spec, opened) for spec in projected.specs)
        cancel.check()
        return replace(projected, specs=specs)
    except BaseException:
        projected.close()
        raise


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
