"""Sample data for napari: a plate, a stack and a pyramid of the demo archive.

They are drawn by rule on this machine. No server is started and no network is used:
the client asks the demo archive by calling it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlencode

import dask.array as da
import numpy as np

from napari_idr import demo
from napari_idr.api import IDRClient
from napari_idr.cancel import NEVER
from napari_idr.model import ImageId, PlateId
from napari_idr.services.details import PlateDetails
from napari_idr.services.image.layers import image_axes, image_layer_specs
from napari_idr.services.image.metadata import idr_metadata
from napari_idr.services.plate.mosaic import load_mosaic
from napari_idr.services.plate.view import plan_plate, plan_plate_shown
from napari_idr.transport import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.api import OpenedPixels
    from napari_idr.cancel import CancelToken
    from napari_idr.transport import Stream

LayerData = tuple[Any, dict[str, Any], str]
"""What napari makes a layer of: its data, its attributes and its type."""

NOWHERE: Final = "http://demo.invalid"
"""The address of the samples' archive; no host may have such a name (RFC 2606)."""

PLATE: Final = PlateId(7101)
STACK: Final = ImageId(9101)
PYRAMID: Final = ImageId(9302)

SAMPLE_PX: Final = 1024
"""A side of the level from which the contrast is found, at most."""

WELL_DOT_PX: Final = 12


def plate() -> list[LayerData]:
    """Return a plate of 96 wells: its thumbnails as one picture, and its wells.

    The wells are points that nobody sees at first; their features have the gene of
    each well and whether it is a control.
    """
    client = _client()
    about = client.plate(PLATE)
    details = PlateDetails(plate=about, server=NOWHERE)
    grid = client.plate_grid(PLATE)
    shown = plan_plate_shown(
        NOWHERE, client.web_url(about), details, plan_plate(grid), _refuse
    )
    for _ in load_mosaic(shown.plan, shown.canvas, client.thumbnails, cancel=NEVER):
        pass
    shown = shown.with_sources(client.well_sources(grid))
    # In µm, as the other samples: napari can't compare them with pixels.
    image = client.image(shown.plan.cells[0].image_id)
    width_um = image.size_x * (image.pixel_size_x_um or 1.0)
    scale = width_um / shown.plan.cell_shape[1]
    common: dict[str, Any] = {
        "axis_labels": ("y", "x"),
        "units": ("um", "um"),
        "scale": (scale, scale),
        "metadata": shown.metadata,
    }
    wells = {
        "name": f"{shown.name} wells",
        "features": shown.features,
        "size": WELL_DOT_PX,
        "visible": False,
        **common,
    }
    return [
        (shown.canvas, {"name": shown.name, "rgb": True, **common}, "image"),
        (shown.well_centers, wells, "points"),
    ]


def stack() -> list[LayerData]:
    """Return an image of three channels, five planes in depth and seven in time."""
    return _image(STACK)


def pyramid() -> list[LayerData]:
    """Return a section of 6000 x 5000 px in colours, at six resolutions."""
    return _image(PYRAMID, rgb=True)


def _image(image_id: ImageId, *, rgb: bool = False) -> list[LayerData]:
    """Return the channels of an image as arrays that are computed when looked at.

    With `rgb` they are the colours of one picture.
    """
    client = _client()
    pixels = client.pixels(image_id)
    axes = image_axes(pixels.image)
    # Of T, C, Z, Y, X those remain that the layer has; the others have one plane.
    kept = tuple(slice(None) if axis in axes else 0 for axis in "tzyx")
    arrays = [
        [level[:, c][kept] for level in pixels.levels]
        for c in range(pixels.levels[0].shape[1])
    ]
    samples = [_sample(levels[-1]) for levels in arrays]
    if rgb:
        arrays = [
            [
                da.stack(level, axis=-1)  # type: ignore[no-untyped-call]
                for level in zip(*arrays, strict=True)
            ]
        ]
    specs = image_layer_specs(
        pixels.image,
        source=pixels.source,
        arrays=[levels if len(levels) > 1 else levels[0] for levels in arrays],
        metadata=idr_metadata(
            server=NOWHERE,
            image=pixels.image,
            pixel_source=pixels.source,
            web_url=client.web_url(pixels.image),
        ),
        rgb=rgb,
        samples=samples,
    )
    return [spec.as_layer_data() for spec in specs]


def _sample(smallest: Any) -> np.ndarray[Any, Any]:
    """Return the first plane of a level, or as much of it as the contrast needs."""
    plane = smallest[(0,) * (smallest.ndim - 2)]
    return np.asarray(plane[:SAMPLE_PX, :SAMPLE_PX])


def _refuse(image_id: ImageId, *, cancel: CancelToken) -> OpenedPixels:
    """Open no image of a well: a sample is what it is."""
    raise NotImplementedError


def _client() -> IDRClient:
    return IDRClient(NOWHERE, cache=False, transport=DemoTransport())


class DemoTransport:
    """Carries requests to the demo archive within this process. Thread-safe."""

    def __init__(self) -> None:
        self._site = demo.Site(world=demo.default_world(), face="idr", url=NOWHERE)

    def send(self, request: Request, *, cancel: CancelToken) -> Response:
        """Return the answer, whatever its status."""
        cancel.check()
        query = urlencode(request.params)
        headers = {}
        if request.byte_range is not None:
            headers["range"] = request.byte_range.header
        given = demo.answer(
            self._site,
            demo.Request(
                path=f"/{unquote(request.path)}",
                query=query,
                method=request.method,
                headers=headers,
                body=(request.json or "").encode(),
            ),
        )
        body = given.body
        return Response(
            url=f"{NOWHERE}/{request.path}{'?' if query else ''}{query}",
            status=given.status,
            headers={
                "content-type": given.content_type,
                **{name.lower(): text for name, text in given.headers.items()},
            },
            body=body if isinstance(body, bytes) else b"".join(body),
        )

    @contextmanager
    def stream(self, request: Request, *, cancel: CancelToken) -> Iterator[Stream]:
        """Open an answer of any size."""
        yield _Whole(self.send(request, cancel=cancel))

    def close(self) -> None:
        """Hold on to nothing, so let go of nothing."""


class _Whole:
    """An answer that is there already, read as one that comes in pieces."""

    def __init__(self, response: Response) -> None:
        self.response = response

    def chunks(self, *, cancel: CancelToken) -> Iterator[bytes]:
        """Yield the body."""
        cancel.check()
        yield self.response.body
