"""Pixels of images, opened from the best source that works."""

from __future__ import annotations

import threading
import time
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from napari_idr.api.pixels.choice import choose_source
from napari_idr.api.pixels.dask_arrays import ImagePixels, lazy_levels
from napari_idr.api.pixels.projection import projected_reader
from napari_idr.api.pixels.reader import PixelRegion, read_notes, require_plane
from napari_idr.api.pixels.render_requests import shown_channels
from napari_idr.api.pixels.rendered_reader import (
    RenderedReader,
    Style,
    is_drawn_whole,
    open_rendered,
)
from napari_idr.api.pixels.thumbnails import open_thumbnail
from napari_idr.api.zarr.location import zarr_candidates
from napari_idr.errors import (
    ConnectionFailedError,
    IDRError,
    NotFoundError,
    NotKeptError,
    PixelDataError,
    StatusError,
)
from napari_idr.model import ImageId, PixelSource

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.api.pixels.reader import PixelReader
    from napari_idr.api.pixels.render_requests import RenderRequests
    from napari_idr.api.pixels.thumbnails import Thumbnails
    from napari_idr.api.zarr.store import ObjectStorage
    from napari_idr.cancel import CancelToken
    from napari_idr.model import Image

MAX_PLANE_PX = 2**28
"""A plane of 16 000 x 16 000 px; larger ones are for `pixels`, in parts."""


GONE_FOR_S = 60.0
"""How long a store that kept silent isn't asked for another image: to wait for it costs
seconds each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPixels:
    """A reader, and why it isn't a better one.

    `may_improve` tells that a better source isn't to be had at present, or isn't open
    to everybody yet: opened again later, the image may come from it. `failure` is how
    one failed just now in a way that may pass, None if none did.
    """

    reader: PixelReader
    notes: tuple[str, ...] = ()
    may_improve: bool = False
    failure: IDRError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """One plane, (y, x) or (y, x, 3).

    `lossless` tells that nothing was lost on the way; drawn planes of other types
    than `uint8` have 8 bits all the same. `exact` tells that the numbers are the
    stored ones, and so can be measured.
    """

    pixels: NDArray[np.generic]
    source: PixelSource
    lossless: bool
    exact: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Silence:
    """A store that didn't answer: until when it isn't asked, and whom that was told."""

    until: float
    told: set[ImageId] = field(default_factory=set)


class PixelSources:
    """Opens the pixels of images of one archive. Thread-safe."""

    def __init__(
        self,
        server: str,
        rendering: RenderRequests,
        thumbnails: Thumbnails,
        storage: ObjectStorage,
    ) -> None:
        self._server = server
        self._rendering = rendering
        self._thumbnails = thumbnails
        self._storage = storage
        self._lock = threading.Lock()
        self._silences: dict[str, _Silence] = {}

    def open(
        self, image: Image, *, rgb: bool | None = None, cancel: CancelToken
    ) -> OpenedPixels:
        """Return a reader of the best source that answers.

        What a better source answered stands in the notes. `rgb` False reads the
        channels of a colour picture apart, None leaves it to the image.

        Raises
        ------
        PixelDataError
            No source has pixels.
        ConnectionFailedError, StatusError
            None can be had at present; what failed last in a way that may pass.
        """
        urls = zarr_candidates(image.zarr_url)
        refuses = self._rendering.refuses
        rendering = False if refuses else None
        failures: list[IDRError] = []
        notes: list[str] = []
        while True:
            choice = choose_source(
                has_zarr=bool(urls),
                rendering=rendering,
                lossless=None,
                sizes_known=bool(image.size_x and image.size_y),
            )
            try:
                reader = self._open(choice.source, image, urls, rgb=rgb, cancel=cancel)
                passing = _passing(failures)
                may_improve = (
                    passing is not None
                    or any(isinstance(e, StatusError) and e.is_denial for e in failures)
                    or (refuses and choice.source is PixelSource.THUMBNAIL)
                    or (bool(failures) and self._is_silent(image))
                )
                return OpenedPixels(
                    reader=reader,
                    notes=tuple(notes),
                    may_improve=may_improve,
                    failure=passing,
                )
            except IDRError as error:
                failures.append(error)
                notes.append(_note(choice.source, error))
            if choice.source is PixelSource.RAW:
                urls = ()
            elif choice.source is not PixelSource.THUMBNAIL:
                rendering = False
            elif (passing := _passing(failures[::-1])) is not None:
                raise passing
            else:
                raise PixelDataError(" ".join(notes)) from failures[-1]

    def _open(
        self,
        source: PixelSource,
        image: Image,
        urls: tuple[str, ...],
        *,
        rgb: bool | None,
        cancel: CancelToken,
    ) -> PixelReader:
        if source is PixelSource.RAW:
            return self._open_raw(image, urls, rgb=rgb, cancel=cancel)
        if source is PixelSource.THUMBNAIL:
            return open_thumbnail(image, self._thumbnails, cancel=cancel)
        style: Style | None = "grey" if rgb is False else None
        return open_rendered(image, self._rendering, style=style, cancel=cancel)

    def _open_raw(
        self,
        image: Image,
        urls: tuple[str, ...],
        *,
        rgb: bool | None,
        cancel: CancelToken,
    ) -> PixelReader:
        """Open the OME-Zarr at the first address that holds one.

        A host that is retired may answer anything: denials, failures, a page for
        people.
        """
        from napari_idr.api.zarr.reader import open_zarr  # loads zarr-python

        failures: list[IDRError] = []
        for url in urls:
            try:
                self._require_no_silence(url, image.id)
                return open_zarr(image, url, self._storage, rgb=rgb, cancel=cancel)
            except NotKeptError as error:  # of this image: its host wasn't asked
                failures.append(error)
            except ConnectionFailedError as error:
                self._note_silence(url, image.id)
                failures.append(error)
            except IDRError as error:
                failures.append(error)
        # What is wrong with a store says more than that there is none, and that more
        # than a host that is gone.
        raise min(failures, key=_vagueness)

    def _is_silent(self, image: Image) -> bool:
        """Return whether one of the stores of an image kept silent just now."""
        hosts = {urlsplit(url).netloc for url in zarr_candidates(image.zarr_url)}
        with self._lock:
            return not hosts.isdisjoint(self._silences)

    def _note_silence(self, url: str, image_id: ImageId) -> None:
        with self._lock:
            silence = _Silence(time.monotonic() + GONE_FOR_S)
            silence = self._silences.setdefault(urlsplit(url).netloc, silence)
            silence.told.add(image_id)

    def _require_no_silence(self, url: str, image_id: ImageId) -> None:
        """Raise if a store kept silent for another image just now.

        Who asks for the same image again wants to know anew.
        """
        host = urlsplit(url).netloc
        with self._lock:
            silence = self._silences.get(host)
            if silence is None:
                return
            if image_id in silence.told or silence.until < time.monotonic():
                del self._silences[host]
                return
            silence.told.add(image_id)
        raise ConnectionFailedError("the store didn't answer a moment ago", url=url)

    def plane(
        self, image: Image, *, c: int, z: int, t: int, cancel: CancelToken
    ) -> Plane:
        """Return a plane of one channel at full resolution.

        Raises
        ------
        ValueError
            There is no such plane.
        PixelDataError
            The plane is too large for one array, or only a thumbnail can be had.
        """
        opened = self._open_planes(image, cancel)
        reader = opened.reader
        whole = _whole_plane(reader, c=c, z=z, t=t, cancel=cancel)
        notes = (*opened.notes, *read_notes(reader))
        return replace(whole, exact=_is_exact(opened.reader), notes=notes)

    def projection(
        self, image: Image, *, c: int, t: int, z: range | None, cancel: CancelToken
    ) -> Plane:
        """Return the maximum over planes, all of them if None, of one channel.

        Raises
        ------
        ValueError, PixelDataError
            As for `plane`.
        """
        opened = self._open_planes(image, cancel)
        reader = projected_reader(opened.reader, z=z)
        whole = _whole_plane(reader, c=c, z=0, t=t, cancel=cancel)
        notes = (*opened.notes, *read_notes(reader))
        return replace(whole, exact=_is_exact(opened.reader), notes=notes)

    def _open_planes(self, image: Image, cancel: CancelToken) -> OpenedPixels:
        """Open the channels apart, but not a thumbnail, whose colours are mixed."""
        opened = self.open(image, rgb=False, cancel=cancel)
        if opened.reader.source is PixelSource.THUMBNAIL:
            if opened.failure is not None:
                raise copy(opened.failure)
            raise PixelDataError(
                " ".join((*opened.notes, "There is only a thumbnail."))
            )
        return opened

    def rendered(self, image: Image, *, z: int, t: int, cancel: CancelToken) -> Plane:
        """Return a plane in colours, (y, x, 3), drawn as the archive shows it.

        GET /webgateway/render_image/{id}/{z}/{t}/?c=&m=&format=png

        Raises
        ------
        ValueError
            There is no such plane.
        StatusError, PixelDataError
            The server doesn't draw it, or it is too large for one array.
        """
        if is_drawn_whole(image):
            require_plane(image, c=0, z=z, t=t)
            picture = self._rendering.draw(
                image,
                shown_channels(image),
                due=(image.size_y, image.size_x),
                z=z,
                t=t,
                model="g" if image.greyscale else "c",
                grey=False,
                cancel=cancel,
            )
            return _plane(picture.pixels, picture.source)
        reader = open_rendered(image, self._rendering, style="shown", cancel=cancel)
        return _whole_plane(reader, c=0, z=z, t=t, cancel=cancel)

    def pixels(self, image: Image, *, cancel: CancelToken) -> ImagePixels:
        """Return the image as lazy arrays."""
        opened = self.open(image, rgb=False, cancel=cancel)
        reader = opened.reader
        if isinstance(reader, RenderedReader):
            reader = replace(reader, first={})  # not to be sent along with each task
        return ImagePixels(
            image=reader.image,
            levels=lazy_levels(reader, server=self._server),
            source=reader.source,
            exact=_is_exact(reader),
            notes=(*opened.notes, *reader.image.notes),
        )


def _whole_plane(
    reader: PixelReader, *, c: int, z: int, t: int, cancel: CancelToken
) -> Plane:
    height, width = reader.levels[0].shape
    if height * width > MAX_PLANE_PX:
        raise PixelDataError(
            f"a plane of {width} x {height} px is read in parts, with `pixels`"
        )
    region = PixelRegion(c=c, z=z, t=t, y0=0, y1=height, x0=0, x1=width)
    return _plane(reader.read(region, cancel=cancel), reader.source)


def _is_exact(reader: PixelReader) -> bool:
    if isinstance(reader, RenderedReader):
        return reader.exact
    return reader.source is PixelSource.RAW


def _plane(pixels: NDArray[np.generic], source: PixelSource) -> Plane:
    lossless = source in (PixelSource.RAW, PixelSource.RENDERED_LOSSLESS)
    return Plane(pixels=pixels, source=source, lossless=lossless)


def _passing(failures: Iterable[IDRError]) -> IDRError | None:
    """Return the first failure that may pass, None if none may."""
    return next((failure for failure in failures if failure.may_pass), None)


def _vagueness(error: IDRError) -> int:
    """Return how little an error tells of what lies at an address."""
    vague = (NotFoundError, ConnectionFailedError)
    return next((n for n, kind in enumerate(vague, 1) if isinstance(error, kind)), 0)


def _note(source: PixelSource, error: IDRError) -> str:
    """Say which source failed and how.

    >>> _note(PixelSource.RAW, PixelDataError("the metadata aren't JSON"))
    "The raw pixels can't be read: the metadata aren't JSON."
    """
    what = {
        PixelSource.RAW: "The raw pixels can't be read",
        PixelSource.THUMBNAIL: "There is no thumbnail",
    }.get(source, "The server's rendering can't be had")
    return f"{what}: {error.message}."
