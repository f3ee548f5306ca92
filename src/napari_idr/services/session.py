"""Session with one server: what a browser asks it, each answer cancellable."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from napari_idr.api import IDRClient
from napari_idr.errors import IDRError
from napari_idr.model import (
    Annotation,
    Dataset,
    ImageId,
    ImageRef,
    ObjectRef,
    Plate,
    PlateAcquisitionId,
    Project,
    Screen,
    SearchKey,
    Study,
    Suggestion,
)
from napari_idr.services.details import (
    DatasetDetails,
    Details,
    ImageDetails,
    ImageRequest,
    PlateDetails,
    StudyDetails,
)
from napari_idr.services.image.open import (
    OpenedImage,
    load_opened_image,
    plan_projected_image,
)
from napari_idr.services.plate.mosaic import MosaicStep, load_mosaic
from napari_idr.services.plate.view import PlateShown, plan_plate_shown
from napari_idr.services.regions.load import ImageRois, load_regions
from napari_idr.services.search.catalog import Entry, Query, study_entries
from napari_idr.services.search.hits import split_spellings
from napari_idr.services.study import study_card

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from napari_idr.api import PixelReader, WellSources
    from napari_idr.cancel import CancelToken
    from napari_idr.model import Capabilities
    from napari_idr.tiles import TiledImage

__all__ = [
    "MAX_IMAGES_LISTED",
    "ConnectionSettings",
    "Found",
    "ServerInfo",
    "Session",
    "connect",
]

MAX_IMAGES_LISTED = 10_000
"""Images shown below one dataset; the tree stays quick, and nobody reads further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found, and how else its value is spelled in the archive.

    Genes of other species differ by case only, so neither is taken for the other.
    """

    query: Query
    entries: tuple[Entry, ...]
    other_spellings: tuple[Suggestion, ...] = ()


def connect(
    address: str, settings: ConnectionSettings, *, cancel: CancelToken
) -> tuple[Session, ServerInfo]:
    """Reach a server and find out what it can do.

    Raises
    ------
    ValueError
        The text is no address.
    IDRError
        There is no server, or it is not one of ours.
    """
    session = Session(address, settings)
    try:
        return session, session.open(cancel=cancel)
    except BaseException:
        session.close()
        raise


class Session:
    """Asks one server on behalf of a browser. Thread-safe."""

    def __init__(
        self, address: str, settings: ConnectionSettings | None = None
    ) -> None:
        settings = settings or ConnectionSettings()
        self.client = IDRClient(
            address,
            cache=settings.cache,
            at_once=settings.at_once,
            timeout_s=settings.timeout_s,
        )
        self._studies: dict[ObjectRef, StudyDetails] = {}
        self._lock = Lock()

    @property
    def url(self) -> str:
        """The server's address, as it is asked."""
        return self.client.url

    def close(self) -> None:
        """Let go of the connections."""
        self.client.close()

    def open(self, *, cancel: CancelToken) -> ServerInfo:
        """Find out what the server can do and what can be searched."""
        capabilities = self.client.capabilities(cancel=cancel)
        keys = self.client.keys(cancel=cancel) if capabilities.search else ()
        return ServerInfo(capabilities=capabilities, keys=tuple(keys))

    # Lists

    def studies(self, *, cancel: CancelToken) -> tuple[Entry, ...]:
        """Return all studies, by name."""
        return study_entries(tuple(self.client.studies(cancel=cancel)))

    def suggestions(
        self, key: SearchKey, text: str, *, cancel: CancelToken
    ) -> tuple[str, tuple[Suggestion, ...]]:
        """Return a text with the values that complete it."""
        found = self.client.autocomplete(key.name, text.strip(), cancel=cancel)
        return text, tuple(found)

    def search(self, query: Query, *, cancel: CancelToken) -> Found:
        """Return the studies that carry a value, the richest first."""
        entries = [
            Entry(item=hit.container, count=hit.image_count, query=query)
            for hit in self.client.search(query.key.name, query.value, cancel=cancel)
        ]
        entries.sort(key=lambda entry: (-(entry.count or 0), entry.name))
        return Found(
            query=query,
            entries=tuple(entries),
            other_spellings=self._other_spellings(query, cancel),
        )

    def _other_spellings(
        self, query: Query, cancel: CancelToken
    ) -> tuple[Suggestion, ...]:
        with suppress(IDRError):  # a hint; what was searched has been found
            stored = self.client.spellings(query.key.name, query.value, cancel=cancel)
            return split_spellings(query.value, stored).others
        return ()

    def children(
        self, entry: Entry, *, cancel: CancelToken
    ) -> tuple[Entry, tuple[Entry, ...] | IDRError]:
        """Return an entry with what lies below it, or with why that isn't known."""
        try:
            found = self._search_below(entry, cancel) if entry.query else None
            below = tuple(self._browse(entry, cancel) if found is None else found)
        except IDRError as error:
            return entry, error
        return entry, below

    def _browse(self, entry: Entry, cancel: CancelToken) -> Iterable[Entry]:
        client, below = self.client, partial(Entry, parent=entry)
        match entry.item:
            case Screen(id=screen_id):
                plates = client.plates(screen_id, cancel=cancel)
                return [below(item=plate) for plate in plates]
            case Project(id=project_id):
                datasets = client.datasets(project_id, cancel=cancel)
                return [below(item=one, count=one.image_count) for one in datasets]
            case Dataset(id=dataset_id):
                return _listed(client.images(dataset_id, cancel=cancel), below)
        return ()

    def _search_below(self, entry: Entry, cancel: CancelToken) -> Iterable[Entry]:
        query = entry.query
        assert query is not None
        client, key, value = self.client, query.key.name, query.value
        below = partial(Entry, query=query, parent=entry)
        match entry.item:
            case Screen(id=screen_id):
                plates = client.search_plates(key, value, screen_id, cancel=cancel)
                return [below(item=hit.plate, count=hit.image_count) for hit in plates]
            case Project(id=project_id):
                sets = client.search_datasets(key, value, project_id, cancel=cancel)
                return [below(item=hit.dataset, count=hit.image_count) for hit in sets]
            case Dataset(id=dataset_id):
                images = client.search_images(
                    key, value, dataset_id=dataset_id, cancel=cancel
                )
                return _listed(images, below)
        return ()

    # Details of what is selected

    def details(self, entry: Entry, *, cancel: CancelToken) -> Details:
        """Return what is known of a line of the tree."""
        match entry.item:
            case Screen() | Project():
                return self.study_details(entry.item, cancel=cancel)
            case Plate():
                return self.plate_details(entry, cancel=cancel)
            case Dataset():
                found = self.client.annotations(dataset=entry.item.id, cancel=cancel)
                return DatasetDetails(
                    dataset=entry.item,
                    study=self._study_or_none(entry.study, cancel),
                    annotations=tuple(found),
                )
            case ImageRef():
                request = ImageRequest(
                    ref=entry.item,
                    server=self.url,
                    study=entry.study,
                    dataset=entry.dataset,
                    plate=entry.plate,
                    query=entry.query,
                )
                return self.image_details(request, cancel=cancel)

    def study_details(self, study: Study, *, cancel: CancelToken) -> StudyDetails:
        """Return a study's card and annotations; asked for once."""
        with self._lock:
            known = self._studies.get(study.ref)
        if known is not None:
            return known
        if isinstance(study, Screen):
            found = self.client.annotations(screen=study.id, cancel=cancel)
        else:
            found = self.client.annotations(project=study.id, cancel=cancel)
        annotations = tuple(found)
        card = study_card(study, annotations, web_url=self.client.web_url(study))
        details = StudyDetails(study=study, card=card, annotations=annotations)
        with self._lock:
            return self._studies.setdefault(study.ref, details)

    def _study_or_none(
        self, study: Study | None, cancel: CancelToken
    ) -> StudyDetails | None:
        if study is None:
            return None
        try:
            return self.study_details(study, cancel=cancel)
        except IDRError:
            return None  # what was asked for is the plate or the image below it

    def plate_details(self, entry: Entry, *, cancel: CancelToken) -> PlateDetails:
        """Return a plate, what was found on it, and its table.

        The plate itself must come; the rest is left out with a note where it fails.
        """
        listed, query = entry.plate, entry.query
        assert listed is not None
        plate = self.client.plate(listed.id, cancel=cancel)
        study = self._study_or_none(entry.study, cancel)
        details = PlateDetails(plate=plate, server=self.url, study=study, query=query)
        notes: list[str] = []
        try:
            found = self.client.annotations(plate=plate.id, cancel=cancel)
            details = replace(details, annotations=tuple(found))
        except IDRError as error:
            notes.append(f"The plate's annotations are missing: {error.message}.")
        if query is not None:
            try:
                hits = tuple(
                    self.client.search_images(
                        query.key.name, query.value, plate_id=plate.id, cancel=cancel
                    )
                )
            except IDRError as error:
                notes.append(f"The hits can't be marked: {error.message}.")
            else:
                details = replace(
                    details,
                    hit_images=frozenset(hit.image_id for hit in hits),
                    hit_wells=frozenset(
                        hit.well_id for hit in hits if hit.well_id is not None
                    ),
                )
        with suppress(IDRError):  # many studies have no table, and nobody asked
            table = self.client.table(plate=plate.id, cancel=cancel)
            details = replace(details, table=table)
        return replace(details, notes=tuple(notes))

    def image_details(
        self, request: ImageRequest, *, cancel: CancelToken
    ) -> ImageDetails:
        """Return an image with its annotations and those of its well."""
        image = self.client.image(request.ref.image_id, cancel=cancel)
        well_id = request.ref.well_id or image.well_id
        notes: list[str] = []
        annotations: list[Annotation] = []
        try:
            annotations += self.client.annotations(image=image.id, cancel=cancel)
            if well_id is not None:
                annotations += self.client.annotations(well=well_id, cancel=cancel)
        except IDRError as error:
            notes.append(f"Annotations are missing: {error.message}.")
        return ImageDetails(
            request=request,
            image=image,
            study=self._study_or_none(request.study, cancel),
            annotations=tuple(annotations),
            notes=tuple(notes),
        )

    # Pictures

    def show_plate(
        self,
        details: PlateDetails,
        run: PlateAcquisitionId | None,
        field: int,
        *,
        cancel: CancelToken,
    ) -> Generator[PlateShown | MosaicStep, None, None]:
        """Yield a plate with a blank canvas, then what has been painted into it."""
        grid = self.client.plate_grid(
            details.plate.id, field=field, run=run, cancel=cancel
        )
        web_url = self.client.web_url(details.plate)
        shown = plan_plate_shown(self.url, web_url, details, grid, self._open_well)
        yield shown
        yield from load_mosaic(
            shown.plan, shown.canvas, self.client.thumbnails, cancel=cancel
        )

    def well_sources(self, shown: PlateShown, *, cancel: CancelToken) -> WellSources:
        """Return what was written about the wells of a plate that is shown.

        Its table isn't asked for again where it is known.
        """
        details = shown.details
        return self.client.well_sources(
            shown.plan.grid,
            table=details.table,
            plate_name=details.plate.name,
            cancel=cancel,
        )

    def _open_well(self, image_id: ImageId, *, cancel: CancelToken) -> PixelReader:
        """Return the pixels of a well of a plate that is zoomed into."""
        image = self.client.image(image_id, cancel=cancel)
        reader, _ = self.client.open_reader(image, cancel=cancel)
        return reader

    def open_image(
        self,
        request: ImageRequest,
        view: Callable[[PixelReader], TiledImage],
        *,
        cancel: CancelToken,
    ) -> Generator[ImageDetails, None, OpenedImage]:
        """Yield what is known of an image, then return it ready to be shown."""
        details = self.image_details(request, cancel=cancel)
        yield details
        return load_opened_image(
            self.client, details, view, server=self.url, cancel=cancel
        )

    def projection(
        self,
        opened: OpenedImage,
        view: Callable[[PixelReader], TiledImage],
        *,
        cancel: CancelToken,
    ) -> OpenedImage:
        """Return the maximum over z of an image that is open, ready to be shown."""
        return plan_projected_image(opened, view, cancel=cancel)

    def regions(
        self,
        opened: OpenedImage,
        view: Callable[[PixelReader], TiledImage],
        *,
        cancel: CancelToken,
    ) -> ImageRois:
        """Return what was drawn on an image that is open."""
        return load_regions(self.client, opened, view, cancel=cancel)


def _listed(images: Iterable[ImageRef], below: partial[Entry]) -> list[Entry]:
    """Return lines for images, but no more than anybody reads."""
    entries: list[Entry] = []
    for image in images:
        if len(entries) == MAX_IMAGES_LISTED:
            break
        entries.append(below(item=image))
    return entries


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """How a server is asked: see `IDRClient`."""

    at_once: int = 4
    timeout_s: float = 30.0
    cache: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """What is known of a server after the first questions."""

    capabilities: Capabilities
    keys: tuple[SearchKey, ...]
