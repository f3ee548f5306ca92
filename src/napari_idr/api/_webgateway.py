"""The grid of a plate, and how an image is displayed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from napari_idr.api._ask import is_json, naming, read_json, status_error
from napari_idr.api._wire._display import Display, display
from napari_idr.api._wire._grid import plate_grid
from napari_idr.errors import (
    NotFoundError,
    RateLimitedError,
    ResponseFormatError,
    StatusError,
)

if TYPE_CHECKING:
    from napari_idr.api._ask import Ask
    from napari_idr.cancel import CancelToken
    from napari_idr.model import ImageId, PlateAcquisitionId, PlateGrid, PlateId


class WebGateway:
    """The web gateway's and the viewer's JSON. Thread-safe."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._no_viewer = threading.Event()

    def plate_grid(
        self,
        plate_id: PlateId,
        *,
        field: int,
        run: PlateAcquisitionId | None,
        cancel: CancelToken,
    ) -> PlateGrid:
        """Return the images of a plate at one field; empty cells are None.

        GET /webgateway/plate/{plate_id}/{field}/[{run}/]
        """
        path = f"webgateway/plate/{plate_id}/{field}/"
        if run is not None:
            path = f"{path}{run}/"
        response = self._ask.response(path, cancel=cancel)
        if response.status == 500 and is_json(response):
            # how this view says that there is no such plate
            raise NotFoundError(
                f"there is no plate {plate_id}",
                url=response.url,
                status=500,
                kind="plate",
                id=plate_id,
            )
        with naming("plate", plate_id):
            answer = read_json(response)
        return plate_grid(answer, plate_id=plate_id, field=field, run=run)

    def display(self, image_id: ImageId, *, cancel: CancelToken) -> Display:
        """Return how an image is displayed, from the viewer or the gateway.

        Whether a server has the viewer is found out once.

        GET /iviewer/image_data/{image_id}/
        GET /webclient/imgData/{image_id}/

        Raises
        ------
        NotFoundError
            There is no such image.
        StatusError, ResponseFormatError
            The server can't tell.
        """
        if not self._no_viewer.is_set():
            try:
                return self._from_viewer(image_id, cancel)
            except RateLimitedError:
                raise
            except (StatusError, ResponseFormatError):
                cancel.check()
        return self._from_gateway(image_id, cancel)

    def _from_viewer(self, image_id: ImageId, cancel: CancelToken) -> Display:
        response = self._ask.response(f"iviewer/image_data/{image_id}/", cancel=cancel)
        if response.status == 404 and not is_json(response):
            self._no_viewer.set()
        return display(read_json(response))

    def _from_gateway(self, image_id: ImageId, cancel: CancelToken) -> Display:
        response = self._ask.response(f"webclient/imgData/{image_id}/", cancel=cancel)
        if response.status in (403, 404) and not response.body:
            # how this view says it to people who aren't signed in
            raise NotFoundError(
                f"there is no image {image_id}",
                url=response.url,
                status=response.status,
                kind="image",
                id=image_id,
            )
        if response.status == 404:
            raise status_error(response)
        return display(read_json(response))
