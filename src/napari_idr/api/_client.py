"""The client: one method per question, models out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_idr.api._annotations import Annotations
from napari_idr.api._ask import Ask
from napari_idr.api._capabilities import capabilities
from napari_idr.api._client_annotations import AnnotationQuestions
from napari_idr.api._client_images import ImageQuestions
from napari_idr.api._downloads import Downloads
from napari_idr.api._keeping import KEEP_RULES
from napari_idr.api._links import web_url
from napari_idr.api._mapr import Mapr
from napari_idr.api._searchengine import SearchEngine
from napari_idr.api._tables import Tables
from napari_idr.cancel import NEVER
from napari_idr.errors import NotFoundError
from napari_idr.threads import SingleFlight
from napari_idr.transport import open_transport, server_address

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from napari_idr.api._links import Linkable
    from napari_idr.api._search import Search
    from napari_idr.cancel import CancelToken
    from napari_idr.model import (
        Capabilities,
        ContainerHit,
        Dataset,
        DatasetHit,
        DatasetId,
        ImageRef,
        Plate,
        PlateAcquisition,
        PlateAcquisitionId,
        PlateGrid,
        PlateHit,
        PlateId,
        ProjectId,
        ScreenId,
        SearchKey,
        Study,
        Suggestion,
    )
    from napari_idr.transport import Transport

DEFAULT_URL = "https://idr.openmicroscopy.org"
"""The Image Data Resource itself."""


class IDRClient(ImageQuestions, AnnotationQuestions):
    """Asks one archive: the Image Data Resource, or another OMERO.web.

    Making one costs nothing and sends nothing. It is thread-safe, and one is
    enough for a program: its threads share the connections and the limit.

    Every method that waits takes a `cancel` token, raises `Cancelled` when it is
    raised, and `IDRError` when the answer doesn't come or can't be used. Numbers
    of which the archive knows nothing raise `NotFoundError`.

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
    transport
        Carries the requests instead of the network.

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
        transport: Transport | None = None,
    ) -> None:
        self.url = server_address(url)
        self._ask = Ask(
            transport
            or open_transport(
                self.url,
                cache=cache if isinstance(cache, bool) else Path(cache),
                rules=KEEP_RULES,
                at_once=at_once,
                timeout_s=timeout_s,
            )
        )
        super().__init__(self._ask, at_once=at_once)
        self._annotations = Annotations(self._ask)
        self._downloads = Downloads(self._ask)
        self._tables = Tables(self._ask, self._webgateway)
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

    def close(self) -> None:
        """Let go of connections; requests under way end with an error."""
        self._ask.transport.close()

    # What the server can do

    def capabilities(self, *, cancel: CancelToken = NEVER) -> Capabilities:
        """Return what the server can do; it is found out once."""
        cancel.check()
        if self._capabilities is not None:
            return self._capabilities
        return self._probing.get("capabilities", self._probe, cancel=cancel)

    # Searching

    def keys(self, *, cancel: CancelToken = NEVER) -> tuple[SearchKey, ...]:
        """Return what can be searched by, genes first; nothing without a search."""
        if not self.capabilities(cancel=cancel).search:
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
        self, key: SearchKey | str, value: str, *, cancel: CancelToken = NEVER
    ) -> tuple[ContainerHit, ...]:
        """Return the studies with images that carry a value, most images first."""
        return self._search(cancel).search(key, value, cancel=cancel)

    def search_plates(
        self,
        key: SearchKey | str,
        value: str,
        screen_id: ScreenId,
        *,
        cancel: CancelToken = NEVER,
    ) -> tuple[PlateHit, ...]:
        """Return the plates of a screen with images that carry a value, by name."""
        return self._search(cancel).search_plates(key, value, screen_id, cancel=cancel)

    def search_datasets(
        self,
        key: SearchKey | str,
        value: str,
        project_id: ProjectId,
        *,
        cancel: CancelToken = NEVER,
    ) -> tuple[DatasetHit, ...]:
        """Return the datasets of a project with images that carry a value, by name."""
        return self._search(cancel).search_datasets(
            key, value, project_id, cancel=cancel
        )

    def search_images(
        self,
        key: SearchKey | str,
        value: str,
        *,
        screen_id: ScreenId | None = None,
        plate_id: PlateId | None = None,
        dataset_id: DatasetId | None = None,
        project_id: ProjectId | None = None,
        cancel: CancelToken = NEVER,
    ) -> Iterator[ImageRef]:
        """Return an iterator of the images that carry a value, page by page.

        At most one of the ids says where to look; none is everywhere.
        """
        return self._search(cancel).search_images(
            key,
            value,
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
        return tuple(self._containers.images(dataset_id, cancel=cancel))

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
        return self._webgateway.plate_grid(
            plate_id, field=field, run=run, cancel=cancel
        )

    def _probe(self, cancel: CancelToken) -> Capabilities:
        if self._capabilities is None:  # else another thread has just found out
            self._capabilities = capabilities(self._ask, cancel=cancel)
        return self._capabilities

    # Links

    def web_url(self, thing: Linkable) -> str:
        """Return the page that shows an object to people; nothing is sent."""
        return web_url(self.url, thing)

    def _search(self, cancel: CancelToken) -> Search:
        """Return what answers searches here; mapr where it is on."""
        able = self.capabilities(cancel=cancel)
        if able.mapr:
            return Mapr(self._ask)
        if able.search_engine:
            return SearchEngine(self._ask)
        raise NotFoundError("neither mapr nor a search engine answers", url=self.url)
