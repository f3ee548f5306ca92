"""The client of one archive: one method per question, models out."""

from __future__ import annotations

import threading
import time
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING

from napari_idr.api.annotations import Annotations
from napari_idr.api.arguments import checked
from napari_idr.api.cache_rules import KEEP_RULES, OFFLINE_RULES
from napari_idr.api.capabilities import capabilities
from napari_idr.api.containers import Containers
from napari_idr.api.downloads import Downloads
from napari_idr.api.json_client import JsonClient
from napari_idr.api.links import web_url
from napari_idr.api.original_files import OriginalFiles
from napari_idr.api.pixels.display import Displays
from napari_idr.api.pixels.image_details import Drawing, Images
from napari_idr.api.pixels.render_requests import RenderRequests
from napari_idr.api.pixels.thumbnails import STORED_PX, Thumbnails
from napari_idr.api.plates import PlateGrids
from napari_idr.api.rois import Rois
from napari_idr.api.search.engine import SearchEngine
from napari_idr.api.search.mapr import Mapr
from napari_idr.api.tables import Tables
from napari_idr.api.wells.join import wells_table
from napari_idr.api.wells.measuring import Server, measure_wells
from napari_idr.api.wells.own import read_own_table
from napari_idr.api.wells.sources import Wells
from napari_idr.cancel import NEVER
from napari_idr.errors import IDRError, NotFoundError
from napari_idr.threads import SingleFlight
from napari_idr.transport import (
    MAX_STORE_BYTES,
    open_transport,
    rest,
    server_address,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Self, Unpack

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from napari_idr.api.annotations import Objects
    from napari_idr.api.downloads import Progress
    from napari_idr.api.links import Linkable
    from napari_idr.api.pixels.dask_arrays import ImagePixels
    from napari_idr.api.pixels.reader import PixelReader
    from napari_idr.api.pixels.sources import OpenedPixels, PixelSources, Plane
    from napari_idr.api.pixels.thumbnails import Thumbnail
    from napari_idr.api.search.base import Search
    from napari_idr.api.wells.measuring import Measure, Scheduler
    from napari_idr.api.wells.measuring import Progress as WellsProgress
    from napari_idr.api.wells.sources import WellSources
    from napari_idr.cancel import CancelToken
    from napari_idr.model import (
        Annotation,
        Capabilities,
        CellGrid,
        ContainerHit,
        Dataset,
        DatasetCounts,
        DatasetHit,
        DatasetId,
        Facets,
        FileAnnotation,
        Image,
        ImageHit,
        ImageId,
        ImageRef,
        MapAnnotation,
        ObjectKind,
        OriginalFile,
        Plate,
        PlateAcquisition,
        PlateAcquisitionId,
        PlateCounts,
        PlateGrid,
        PlateHit,
        PlateId,
        ProjectId,
        Roi,
        ScreenId,
        SearchKey,
        ShapeId,
        Study,
        Suggestion,
        Table,
        Wanted,
        WellId,
        WellSample,
    )
    from napari_idr.transport import Transport


DEFAULT_URL = "https://idr.openmicroscopy.org"
"""The Image Data Resource itself."""

ASK_AGAIN_S = 10.0
"""Pause after which a busy server is asked again what it can do: a person who
tries again finds out, and a server in trouble isn't asked at each key."""


@checked
class IDRClient:
    """Asks one archive: the Image Data Resource, or another OMERO.web.

    Making one costs nothing and sends nothing. It is thread-safe, and one is
    enough for a program: its threads share the connections and the limit.

    Every method that waits takes a `cancel` token, raises `Cancelled` when it is
    raised, and `IDRError` when the answer doesn't come or can't be used. Numbers
    of which the archive knows nothing raise `NotFoundError`; what is no number where
    one is due raises `TypeError`, before anything is sent.

    Parameters
    ----------
    url
        The server, as people write it: a name, an address, a link to a page.
    cache
        Whether answers are remembered on disk, or the directory for them. What is
        remembered for how long stands in `docs/decisions/0001-caching.md`.
    at_once
        How many requests are under way at once.
    timeout_s
        Longest silence of the server, in seconds.
    cache_bytes
        How much is remembered on disk at most, in bytes.
    contact
        How you can be reached, as a part of the header User-Agent; "" for not at all.
    transport
        Carries the requests instead of the network.
    offline
        Whether answers of any age are used where the server can't be reached, and more
        is remembered for that; not without a cache.

    Raises
    ------
    ValueError
        The address names no server.

    Examples
    --------
    >>> client = IDRClient("idr.openmicroscopy.org")
    >>> client.url
    'https://idr.openmicroscopy.org'
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        cache: bool | str | os.PathLike[str] = True,
        at_once: int = 4,
        timeout_s: float = 30.0,
        cache_bytes: int = MAX_STORE_BYTES,
        contact: str = "",
        transport: Transport | None = None,
        offline: bool = False,
    ) -> None:
        self.url = server_address(url)
        self._json_client = JsonClient(
            transport
            or open_transport(
                self.url,
                cache=cache if isinstance(cache, bool) else Path(cache),
                rules=KEEP_RULES,
                at_once=at_once,
                timeout_s=timeout_s,
                cache_bytes=cache_bytes,
                contact=contact,
                offline=OFFLINE_RULES if offline else None,
            )
        )
        self._at_once = at_once
        self._timeout_s = timeout_s
        self._cache = cache if isinstance(cache, bool) else str(cache)
        self._capabilities: Capabilities | None = None
        self._ask_again_at = 0.0  # of `time.monotonic`
        self._containers = Containers(self._json_client)
        self._plate_grids = PlateGrids(self._json_client)
        self._images = Images(
            self._json_client, Displays(self._json_client), self._drawing
        )
        self._thumbnails = Thumbnails(self._json_client, at_once=at_once)
        self._rendering = RenderRequests(self._json_client)
        self._rois = Rois(self._json_client, self._rendering, at_once=at_once)
        self._annotations = Annotations(self._json_client)
        self._downloads = Downloads(self._json_client)
        self._original_files = OriginalFiles(self._json_client, self._containers)
        self._tables = Tables(self._json_client, self._plate_grids)
        self._wells = Wells(
            self._json_client,
            self._tables,
            self._annotations,
            self._containers,
            at_once=at_once,
        )
        self._opening = threading.Lock()
        self._sources: PixelSources | None = None
        self._probing: SingleFlight[Capabilities] = SingleFlight()

    def __repr__(self) -> str:
        return f"IDRClient({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def transport(self) -> Transport:
        """What carries its requests."""
        return self._json_client.transport

    def rest(self) -> None:
        """Let go of idle connections and files; they are opened again when needed."""
        rest(self._json_client.transport)

    def close(self) -> None:
        """Let go of connections; requests under way end with an error."""
        self._json_client.transport.close()

    # What the server can do

    def capabilities(
        self, *, anew: bool = False, cancel: CancelToken = NEVER
    ) -> Capabilities:
        """Return what the server can do; it is found out once.

        What a busy server didn't tell is None, and asked for again, but not more
        often than every `ASK_AGAIN_S`; with `anew` at once, as a person wishes it.
        """
        cancel.check()
        if anew:
            self._ask_again_at = 0.0
        if (known := self._capabilities) is not None and not self._can_learn(known):
            return known
        return self._probing.get("capabilities", self._probe, cancel=cancel)

    # Searching

    def keys(self, *, cancel: CancelToken = NEVER) -> tuple[SearchKey, ...]:
        """Return what can be searched by, genes first; nothing without a search."""
        if self._able_to_search(cancel).search is False:
            return ()
        return self._search(cancel).keys(cancel=cancel)

    def autocomplete(
        self, key: SearchKey | str, text: str, *, cancel: CancelToken = NEVER
    ) -> tuple[Suggestion, ...]:
        """Return values that contain a text, those that begin with it first."""
        return self._search(cancel).autocomplete(key, text, cancel=cancel)

    def spellings(
        self, key: SearchKey | str, value: str, *, cancel: CancelToken = NEVER
    ) -> tuple[Suggestion, ...]:
        """Return the stored values equal to one but for case, the frequent first."""
        return self._search(cancel).spellings(key, value, cancel=cancel)

    def search(
        self,
        key: SearchKey | str | None = None,
        value: str | None = None,
        *,
        conditions: Sequence[Wanted] = (),
        any_case: bool = True,
        cancel: CancelToken = NEVER,
    ) -> tuple[ContainerHit, ...]:
        """Return the studies with images that carry a value, most images first.

        Parameters
        ----------
        key, value
            What to search for; may be left out where there are conditions.
        conditions
            What the images are to meet besides: each a `Condition`, or `AnyOf` some.
        any_case
            Whether other spellings are looked for where nothing is stored as typed.

        Raises
        ------
        ValueError
            There is nothing to search for, or the server can't be asked this: mapr
            takes one condition, "is" or "contains".
        """
        return self._search(cancel).search(
            key, value, conditions=conditions, any_case=any_case, cancel=cancel
        )

    def search_plates(
        self,
        key: SearchKey | str | None,
        value: str | None,
        screen_id: ScreenId,
        *,
        conditions: Sequence[Wanted] = (),
        cancel: CancelToken = NEVER,
    ) -> tuple[PlateHit, ...]:
        """Return the plates of a screen with images that carry a value, by name."""
        return self._search(cancel).search_plates(
            key, value, screen_id, conditions=conditions, cancel=cancel
        )

    def search_datasets(
        self,
        key: SearchKey | str | None,
        value: str | None,
        project_id: ProjectId,
        *,
        conditions: Sequence[Wanted] = (),
        cancel: CancelToken = NEVER,
    ) -> tuple[DatasetHit, ...]:
        """Return the datasets of a project with images that carry a value, by name."""
        return self._search(cancel).search_datasets(
            key, value, project_id, conditions=conditions, cancel=cancel
        )

    def search_plates_steps(
        self,
        key: SearchKey | str | None,
        value: str | None,
        screen_id: ScreenId,
        *,
        conditions: Sequence[Wanted] = (),
        cancel: CancelToken = NEVER,
    ) -> Iterator[PlateCounts]:
        """Return an iterator of what `search_plates` finds, while it is counted.

        Most searches are counted in one step. Where hundreds of thousands of images
        match, and the server doesn't count them, the plates come first and their
        counts grow; the last step is exact.
        """
        return self._search(cancel).search_plates_steps(
            key, value, screen_id, conditions=conditions, cancel=cancel
        )

    def search_datasets_steps(
        self,
        key: SearchKey | str | None,
        value: str | None,
        project_id: ProjectId,
        *,
        conditions: Sequence[Wanted] = (),
        cancel: CancelToken = NEVER,
    ) -> Iterator[DatasetCounts]:
        """Return an iterator of what `search_datasets` finds, while it is counted."""
        return self._search(cancel).search_datasets_steps(
            key, value, project_id, conditions=conditions, cancel=cancel
        )

    def search_images(
        self,
        key: SearchKey | str | None = None,
        value: str | None = None,
        *,
        conditions: Sequence[Wanted] = (),
        screen_id: ScreenId | None = None,
        plate_id: PlateId | None = None,
        dataset_id: DatasetId | None = None,
        project_id: ProjectId | None = None,
        cancel: CancelToken = NEVER,
    ) -> Iterator[ImageRef]:
        """Return an iterator of the images that carry a value, page by page.

        At most one of the ids says where to look; none is everywhere. Conditions are
        as for `search`.

        Examples
        --------
        >>> from napari_idr import AnyOf, Condition, IDRClient
        >>> images = IDRClient().search_images(conditions=[
        ...     Condition("Gene Symbol", "is", "CDC20"),
        ...     AnyOf(Condition("Phenotype", "is", "binuclear"),
        ...           Condition("Phenotype", "contains", "mitotic")),
        ... ])  # doctest: +SKIP
        """
        found = self.search_hits(
            key,
            value,
            conditions=conditions,
            screen_id=screen_id,
            plate_id=plate_id,
            dataset_id=dataset_id,
            project_id=project_id,
            cancel=cancel,
        )
        return (hit.ref for hit in found)

    def search_hits(
        self,
        key: SearchKey | str | None = None,
        value: str | None = None,
        *,
        conditions: Sequence[Wanted] = (),
        screen_id: ScreenId | None = None,
        plate_id: PlateId | None = None,
        dataset_id: DatasetId | None = None,
        project_id: ProjectId | None = None,
        cancel: CancelToken = NEVER,
    ) -> Iterator[ImageHit]:
        """Return an iterator of what `search_images` finds, with all that is told.

        The search engine tells study, plate or dataset and the key-value pairs of each
        image; mapr the study and the plate as far as it was asked for them.
        """
        return self._search(cancel).search_hits(
            key,
            value,
            conditions=conditions,
            screen_id=screen_id,
            plate_id=plate_id,
            dataset_id=dataset_id,
            project_id=project_id,
            cancel=cancel,
        )

    def facets(
        self,
        key: SearchKey | str | None = None,
        value: str | None = None,
        *,
        conditions: Sequence[Wanted] = (),
        screen_id: ScreenId | None = None,
        plate_id: PlateId | None = None,
        dataset_id: DatasetId | None = None,
        project_id: ProjectId | None = None,
        cancel: CancelToken = NEVER,
    ) -> Iterator[Facets]:
        """Return an iterator of what the images that are found carry, counted by key.

        It costs the pages that `search_images` reads; of the images nothing is kept.
        The counts grow, and the last step is exact. mapr tells studies and values at
        once, and nothing else; it refuses a place.
        """
        return self._search(cancel).facets(
            key,
            value,
            conditions=conditions,
            screen_id=screen_id,
            plate_id=plate_id,
            dataset_id=dataset_id,
            project_id=project_id,
            cancel=cancel,
        )

    # Studies and what is in them

    def studies(self, *, cancel: CancelToken = NEVER) -> tuple[Study, ...]:
        """Return all screens and then all projects, each by name.

        Those without children are left out, as on the front page of the IDR: they
        only hold the others of their study together.
        """
        return tuple(self._containers.studies(cancel=cancel))

    def plates(
        self, screen_id: ScreenId, *, cancel: CancelToken = NEVER
    ) -> tuple[Plate, ...]:
        """Return all plates of a screen, by name."""
        return tuple(self._containers.plates(screen_id, cancel=cancel))

    def datasets(
        self, project_id: ProjectId, *, cancel: CancelToken = NEVER
    ) -> tuple[Dataset, ...]:
        """Return all datasets of a project, by name."""
        return tuple(self._containers.datasets(project_id, cancel=cancel))

    def images(
        self, dataset_id: DatasetId, *, cancel: CancelToken = NEVER
    ) -> tuple[ImageRef, ...]:
        """Return all images of a dataset, by name."""
        return tuple(self.iter_images(dataset_id, cancel=cancel))

    def iter_images(
        self, dataset_id: DatasetId, *, cancel: CancelToken = NEVER
    ) -> Iterator[ImageRef]:
        """Return an iterator of the images of a dataset, by name, page by page."""
        return self._containers.images(dataset_id, cancel=cancel)

    def runs(
        self, plate_id: PlateId, *, cancel: CancelToken = NEVER
    ) -> tuple[PlateAcquisition, ...]:
        """Return the runs of a plate, the oldest number first."""
        return self._containers.runs(plate_id, cancel=cancel)

    def plate(self, plate_id: PlateId, *, cancel: CancelToken = NEVER) -> Plate:
        """Return a plate with its size, its fields and its runs."""
        return self._containers.plate(plate_id, cancel=cancel)

    def plate_grid(
        self,
        plate_id: PlateId,
        *,
        field: int = 0,
        run: PlateAcquisitionId | None = None,
        cancel: CancelToken = NEVER,
    ) -> PlateGrid:
        """Return the images of a plate at one field, by one request.

        `field` counts from 0, within the run where one is named, else within the
        well. A field that no well has makes a grid of empty cells.
        """
        if field < 0:
            raise ValueError(f"a field counts from 0, not {field}")
        return self._plate_grids.plate_grid(
            plate_id, field=field, run=run, cancel=cancel
        )

    def well_samples(
        self, well_id: WellId, *, cancel: CancelToken = NEVER
    ) -> tuple[WellSample, ...]:
        """Return all images of a well, by one request: run by run, field by field."""
        return self._plate_grids.well_samples(well_id, cancel=cancel)

    def path_to(
        self, kind: ObjectKind, number: int, *, cancel: CancelToken = NEVER
    ) -> dict[str, int]:
        """Return the ids of what an object lies in, by kinds, by one request."""
        return self._containers.path_to(kind, number, cancel=cancel)

    # Images and their pixels

    def image(self, image_id: ImageId, *, cancel: CancelToken = NEVER) -> Image:
        """Return what is known of an image, and where its pixels can be had."""
        return self._images.image(image_id, cancel=cancel)

    def thumbnails(
        self,
        image_ids: Iterable[ImageId],
        *,
        size: int = STORED_PX,
        cancel: CancelToken = NEVER,
    ) -> Iterator[Thumbnail]:
        """Return an iterator of images and their thumbnails, as they come.

        Each image comes once, with an array (y, x, 3) of uint8 whose longest side
        is `size` px, or with the `IDRError` that says why there is none. Close the
        iterator, or cancel, and nothing more is sent.
        """
        return self._thumbnails.thumbnails(image_ids, size=size, cancel=cancel)

    def rois(
        self, image_id: ImageId, *, cancel: CancelToken = NEVER
    ) -> tuple[Roi, ...]:
        """Return the regions that people drew on an image."""
        rois = tuple(self._rois.rois(image_id, cancel=cancel))
        if not rois:  # an unknown image has none either
            self._containers.require("image", image_id, cancel=cancel)
        return rois

    def masks(
        self,
        shape_ids: Iterable[ShapeId],
        *,
        sizes: Mapping[ShapeId, tuple[int, int]] | None = None,
        cancel: CancelToken = NEVER,
    ) -> Iterator[tuple[ShapeId, NDArray[np.bool_] | IDRError]]:
        """Return an iterator of masks among the shapes of regions, as they come.

        Each comes with the px of its frame that it covers, (y, x), or with the error
        that says why they can't be had. Each is a request. `sizes` are the (y, x) px of
        their frames; a bitmap of another size is an error.
        """
        return self._rois.masks(shape_ids, sizes=sizes or {}, cancel=cancel)

    def plane(
        self,
        image_id: ImageId,
        *,
        c: int,
        z: int = 0,
        t: int = 0,
        cancel: CancelToken = NEVER,
    ) -> Plane:
        """Return one plane of one channel, (y, x), from the best source.

        It says where it comes from and whether anything was lost.
        """
        image = self.image(image_id, cancel=cancel)
        return self._pixel_sources().plane(image, c=c, z=z, t=t, cancel=cancel)

    def projection(
        self,
        image_id: ImageId,
        *,
        c: int,
        t: int = 0,
        z: range | None = None,
        cancel: CancelToken = NEVER,
    ) -> Plane:
        """Return the maximum over z of one channel, (y, x), from the best source.

        `z` are the planes that count, one after the other; None for all. A server
        that draws the image whole projects it too; else all planes are read.
        """
        image = self.image(image_id, cancel=cancel)
        return self._pixel_sources().projection(image, c=c, t=t, z=z, cancel=cancel)

    def rendered(
        self, image_id: ImageId, *, z: int = 0, t: int = 0, cancel: CancelToken = NEVER
    ) -> Plane:
        """Return a plane in colours, (y, x, 3), drawn as the archive shows it."""
        image = self.image(image_id, cancel=cancel)
        return self._pixel_sources().rendered(image, z=z, t=t, cancel=cancel)

    def pixels(self, image_id: ImageId, *, cancel: CancelToken = NEVER) -> ImagePixels:
        """Return an image as dask arrays T, C, Z, Y, X, the largest level first."""
        image = self.image(image_id, cancel=cancel)
        return self._pixel_sources().pixels(image, cancel=cancel)

    def open_reader(
        self, image: Image, *, rgb: bool | None = None, cancel: CancelToken = NEVER
    ) -> tuple[PixelReader, tuple[str, ...]]:
        """Return what reads rectangles of an image, and why it isn't a better source.

        `rgb` False reads the channels of a colour picture apart, None leaves it to
        the image.
        """
        opened = self.open_pixels(image, rgb=rgb, cancel=cancel)
        return opened.reader, opened.notes

    def open_pixels(
        self, image: Image, *, rgb: bool | None = None, cancel: CancelToken = NEVER
    ) -> OpenedPixels:
        """Return what `open_reader` does, and whether a better source may come back."""
        return self._pixel_sources().open(image, rgb=rgb, cancel=cancel)

    def open_labels(
        self, reader: PixelReader, *, cancel: CancelToken = NEVER
    ) -> tuple[tuple[str, PixelReader | IDRError], ...]:
        """Return the label images beside raw pixels, often none.

        Each comes with its name, and as a reader or as the error that says why there
        is none.
        """
        from napari_idr.api.zarr.reader import ZarrReader  # loads zarr-python

        if not isinstance(reader, ZarrReader):
            return ()
        found: list[tuple[str, PixelReader | IDRError]] = []
        for name in reader.label_names(cancel=cancel):
            try:
                found.append((name, reader.open_label(name, cancel=cancel)))
            except IDRError as error:
                found.append((name, error))
        return tuple(found)

    # Key-value pairs, attached files and tables

    def annotations(
        self, *, cancel: CancelToken = NEVER, **objects: Unpack[Objects]
    ) -> tuple[Annotation, ...]:
        """Return what was written about objects, whatever its kind, as pairs.

        Numbers of objects are given as for `map_annotations`.
        """
        return tuple(self._annotations.annotations(objects, cancel=cancel))

    def map_annotations(
        self,
        *,
        namespace: str | None = None,
        cancel: CancelToken = NEVER,
        **objects: Unpack[Objects],
    ) -> tuple[MapAnnotation, ...]:
        """Return the key-value pairs of objects: one number or many of each kind.

        One annotation that is linked to several of them comes once for each, and
        its `parent` says for which. Objects that don't exist have none.
        """
        return tuple(
            self._annotations.map_annotations(
                objects,
                namespace=namespace,
                cancel=cancel,
            )
        )

    def file_annotations(
        self,
        *,
        namespace: str | None = None,
        cancel: CancelToken = NEVER,
        **objects: Unpack[Objects],
    ) -> tuple[FileAnnotation, ...]:
        """Return the files attached to objects, each with its size in bytes."""
        return tuple(
            self._annotations.file_annotations(
                objects,
                namespace=namespace,
                cancel=cancel,
            )
        )

    def download(
        self,
        file_annotation: FileAnnotation,
        directory: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        progress: Progress | None = None,
        cancel: CancelToken = NEVER,
    ) -> Path:
        """Bring an attached file to a directory; return where it is.

        Look at its `size` first: one attachment of the IDR has a terabyte. It
        comes under a temporary name, and never outside the directory. A file that
        is there already stays, unless `overwrite` says otherwise.

        Raises
        ------
        DownloadError
            The file exists, there is no room, or not the whole of it came.
        """
        return self._downloads.download(
            file_annotation,
            Path(directory),
            overwrite=overwrite,
            progress=progress,
            cancel=cancel,
        )

    def original_files(
        self, image_id: ImageId, *, cancel: CancelToken = NEVER
    ) -> tuple[OriginalFile, ...]:
        """Return the files that an image was imported from, with their addresses.

        The archive shows few images as they were measured, but many of their files can
        be downloaded. Several images may be of the same files.
        """
        return self._original_files.files(image_id, cancel=cancel)

    def original_file_size(
        self, file: OriginalFile, *, cancel: CancelToken = NEVER
    ) -> int | None:
        """Return how many bytes a file has, by one request; None if it isn't told.

        Raises
        ------
        DownloadError
            Its address isn't known, or it is a folder.
        """
        return self._original_files.size(file, cancel=cancel)

    def download_original(
        self,
        file: OriginalFile,
        directory: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        progress: Progress | None = None,
        cancel: CancelToken = NEVER,
    ) -> Path:
        """Bring an original file to a directory; return where it is.

        Look at `original_file_size` first. What was cancelled or broke off is gone on
        with the next time, from what has come.

        Raises
        ------
        DownloadError
            Its address isn't known, the file exists, there is no room, or not the
            whole of it came.
        """
        return self._original_files.download(
            file,
            Path(directory),
            overwrite=overwrite,
            progress=progress,
            cancel=cancel,
        )

    def table(
        self,
        *,
        screen: ScreenId | None = None,
        plate: PlateId | None = None,
        well: WellId | None = None,
        cancel: CancelToken = NEVER,
    ) -> Table:
        """Return the rows of a screen, a plate or a well from the study's table.

        Raises
        ------
        NotFoundError
            There is no table, or no such object.
        """
        match screen, plate, well:
            case _, None, None if screen is not None:
                return self._tables.of_screen(screen, cancel=cancel)
            case None, _, None if plate is not None:
                return self._tables.of_plate(plate, cancel=cancel)
            case None, None, _ if well is not None:
                return self._tables.of_well(well, cancel=cancel)
            case _:
                raise ValueError("name one screen, one plate or one well")

    # The wells of a plate, with all that is known of them

    def wells(
        self,
        plate_id: PlateId,
        *,
        field: int = 0,
        run: PlateAcquisitionId | None = None,
        key: SearchKey | str | None = None,
        value: str | None = None,
        own: str | os.PathLike[str] | pd.DataFrame | None = None,
        cancel: CancelToken = NEVER,
    ) -> pd.DataFrame:
        """Return a data frame with a row for each well that has an image at a field.

        Its index are the labels ("A1"). Its columns are `gene`, `control`, `hit`,
        `well_id` and `image_id`, then those of the study's table and the keys of the
        map annotations of wells and images, as the archive spells them. A column is
        numeric where all its values are numbers and it isn't one of identifiers. What
        is empty is missing, and several values of a well are a tuple.
        `frame.attrs["misfits"]` are sentences on rows that fit no well.

        Parameters
        ----------
        plate_id
            The plate.
        field, run
            As for `plate_grid`.
        key, value
            What to search for; `hit` is True for the wells that carry it.
        own
            A table of your own to join, with a column of wells: a CSV or Parquet file
            or a data frame. Its columns come last.

        Raises
        ------
        ValueError
            There is a key without a value, or a value without a key.
        OSError
            The file of your own can't be read.
        ResponseFormatError
            It is no table, or the server's answer can't be understood.
        ImportError
            It is a Parquet file, and `pyarrow` isn't installed.
        """
        if (key is None) != (value is None):
            raise ValueError("a search has a key and a value")
        own_tables = () if own is None else (read_own_table(own),)
        grid = self.plate_grid(plate_id, field=field, run=run, cancel=cancel)
        sources = self.well_sources(grid, cancel=cancel)
        images, wells = self._hits_on(plate_id, key, value, cancel)
        return wells_table(
            grid,
            plate_name=sources.plate_name,
            table=sources.table,
            annotations=sources.annotations,
            hit_images=images,
            hit_wells=wells,
            own=own_tables,
        ).to_pandas()

    def map_wells(
        self,
        plate_id: PlateId,
        function: Measure,
        *,
        field: int = 0,
        run: PlateAcquisitionId | None = None,
        scheduler: Scheduler = None,
        at_once: int | None = None,
        resume: str | os.PathLike[str] | None = None,
        progress: WellsProgress | None = None,
        cancel: CancelToken = NEVER,
    ) -> pd.DataFrame:
        """Return what a function makes of the pixels of each well of a plate.

        The frame's index are the labels ("A1"); its columns are `well_id`, `image_id`,
        `source` (of the pixels) and what the function returns. A well whose pixels
        can't be had has nothing but its `error`, and the others go on. The frame can
        be joined by `wells(own=frame)`.

        Parameters
        ----------
        plate_id, field, run
            As for `plate_grid`.
        function
            Takes the pixels of a well as `pixels` returns them; returns a number or a
            text, or several by name. What it raises is raised here, with a note on the
            image.
        scheduler
            Where it runs: in threads (None, "threads"), in new processes ("processes"),
            or the client of a dask cluster, or an executor. Processes are started anew,
            so a script needs ``if __name__ == "__main__":``.
        at_once
            How many wells are under way at once, at most as many requests as this
            client may send by default. Elsewhere than in threads a worker sends one
            at a time, so it bounds the requests of all workers.
        resume
            A file that is told of each well that is done. Those in it aren't measured
            again, so that what was stopped goes on. Another function needs another.
        progress
            Called with how many wells are done, and how many there are.

        Raises
        ------
        ValueError
            The scheduler is a text, and neither "threads" nor "processes"; or `at_once`
            is less than one.
        TypeError
            The function returned what is neither a number nor a text, or the scheduler
            takes no tasks.
        OSError
            The file can't be read or written.
        """
        grid = self.plate_grid(plate_id, field=field, run=run, cancel=cancel)
        return measure_wells(
            self,
            grid,
            function,
            server=Server(url=self.url, cache=self._cache, timeout_s=self._timeout_s),
            scheduler=scheduler,
            at_once=self._at_once if at_once is None else at_once,
            resume=None if resume is None else Path(resume),
            progress=progress,
            cancel=cancel,
        )

    def well_sources(
        self,
        grid: CellGrid,
        *,
        table: Table | None = None,
        plate_name: str | None = None,
        cancel: CancelToken = NEVER,
    ) -> WellSources:
        """Return what `wells_table` joins to a grid; some requests.

        A grid that is of no plate has no table.

        What is known already, the table of the plate or its name, isn't asked for.
        """
        return self._wells.sources(
            grid, table=table, plate_name=plate_name, cancel=cancel
        )

    def _hits_on(
        self,
        plate_id: PlateId,
        key: SearchKey | str | None,
        value: str | None,
        cancel: CancelToken,
    ) -> tuple[frozenset[ImageId], frozenset[WellId]]:
        """Return the images and wells of a plate that carry a value; none without."""
        if key is None or value is None:
            return frozenset(), frozenset()
        hits = tuple(self.search_images(key, value, plate_id=plate_id, cancel=cancel))
        return (
            frozenset(hit.image_id for hit in hits),
            frozenset(hit.well_id for hit in hits if hit.well_id is not None),
        )

    # Links

    def web_url(self, thing: Linkable) -> str:
        """Return the page that shows an object to people; nothing is sent."""
        return web_url(self.url, thing)

    def _search(self, cancel: CancelToken) -> Search:
        """Return what answers searches here; mapr where it is on.

        Raises
        ------
        NotFoundError
            The server has no search.
        IDRError
            Whether it has one isn't known: what went wrong when it was asked.
        """
        able = self._able_to_search(cancel)
        if able.mapr:
            return Mapr(self._json_client)
        if able.search_engine:
            return SearchEngine(self._json_client)
        failures = dict(able.failures)
        for name in ("mapr", "search_engine"):
            if name in failures:
                # A new one: what is raised keeps the frames it went through.
                raise copy(failures[name])
        raise NotFoundError("neither mapr nor a search engine answers", url=self.url)

    def _able_to_search(self, cancel: CancelToken) -> Capabilities:
        """Return what the server can do; a search that is known waits for nothing."""
        known = self._capabilities
        if known is not None and known.search:
            return known
        return self.capabilities(cancel=cancel)

    def _can_learn(self, known: Capabilities) -> bool:
        return bool(known.unknown) and time.monotonic() >= self._ask_again_at

    def _probe(self, cancel: CancelToken) -> Capabilities:
        known = self._capabilities
        if known is None or self._can_learn(known):  # else another thread just has
            known = capabilities(self._json_client, known=known, cancel=cancel)
            self._ask_again_at = time.monotonic() + ASK_AGAIN_S
            self._capabilities = known
        return known

    def _drawing(self) -> Drawing:
        """Return what is known of the rendering by now; nothing is sent."""
        if self._rendering.refuses:
            return Drawing(works=False)
        if (able := self._capabilities) is None:
            return Drawing()
        return Drawing(works=able.rendering, lossless=able.lossless)

    def _pixel_sources(self) -> PixelSources:
        # These load numpy, Pillow and zarr-python.
        from napari_idr.api.pixels.sources import PixelSources
        from napari_idr.api.zarr.store import ObjectStorage

        with self._opening:
            if self._sources is None:
                storage = ObjectStorage(
                    self._json_client.transport, at_once=self._at_once
                )
                self._sources = PixelSources(
                    self.url, self._rendering, self._thumbnails, storage
                )
            return self._sources
