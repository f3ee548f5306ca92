"""Session with one server: what a browser asks it, each answer cancellable."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

from napari_idr.api import IDRClient
from napari_idr.errors import IDRError, NotFoundError
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
from napari_idr.services.compare.load import load_comparison
from napari_idr.services.compare.well import all_fields, with_controls
from napari_idr.services.details import (
    DatasetDetails,
    Details,
    ImageDetails,
    ImageRequest,
    PlateDetails,
    StudyDetails,
)
from napari_idr.services.export import image_of_reader, save_image
from napari_idr.services.figure import Figure, FigureWish, load_figure
from napari_idr.services.files import (
    Downloaded,
    DownloadOrder,
    DownloadProgress,
    FileKind,
    ListedFile,
    download_files,
    list_attached_files,
    list_original_files,
    plan_download,
)
from napari_idr.services.gallery.layout import told_names
from napari_idr.services.gallery.load import load_gallery
from napari_idr.services.gallery.sources import (
    GalleryOf,
    GalleryOrder,
    plan_gallery_order,
)
from napari_idr.services.gallery.view import GalleryShown
from napari_idr.services.image.open import (
    OpenedImage,
    image_metadata,
    load_opened_image,
    plan_projected_image,
)
from napari_idr.services.mosaic import MosaicShown
from napari_idr.services.plate.canvas import blank_canvas
from napari_idr.services.plate.mosaic import (
    MosaicStep,
    asked_for,
    load_mosaic,
    paint_mosaic,
    summarize,
)
from napari_idr.services.plate.view import PlateShown, plan_plate, plan_plate_shown
from napari_idr.services.regions.load import ImageRois, load_regions
from napari_idr.services.search.catalog import Entry, Query, study_entries
from napari_idr.services.search.genes import GeneRow
from napari_idr.services.search.hits import (
    Below,
    Spellings,
    dataset_entries,
    plate_entries,
    split_spellings,
)
from napari_idr.services.search.plate_facets import (
    PlateFacets,
    TablesOrder,
    load_plate_facets,
    plan_tables_order,
)
from napari_idr.services.search.studies import StudyFacts, study_facts
from napari_idr.services.study import STUDY_NAMESPACE, StudyCard, study_card
from napari_idr.threads import begun
from napari_idr.transport import MAX_STORE_BYTES

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Generator,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.api import OpenedPixels, PixelReader, WellSources
    from napari_idr.cancel import CancelToken
    from napari_idr.model import Capabilities, DatasetCounts, Facets, PlateCounts
    from napari_idr.services.compare.load import CellNews, Compared
    from napari_idr.services.compare.load import Step as CompareStep
    from napari_idr.services.compare.wish import CompareWish
    from napari_idr.tiles import TiledImage, TileViewing

__all__ = [
    "MAX_IMAGES_LISTED",
    "ConnectionSettings",
    "Found",
    "ServerInfo",
    "Session",
    "connect",
]

logger = logging.getLogger(__name__)

MAX_IMAGES_LISTED = 10_000
"""Images shown below one dataset; the tree stays quick, and nobody reads further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found: studies, the richest first."""

    query: Query
    entries: tuple[Entry, ...]


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
        self,
        address: str,
        settings: ConnectionSettings | None = None,
        *,
        client: IDRClient | None = None,
    ) -> None:
        settings = settings or ConnectionSettings()
        self.client = client or IDRClient(
            address,
            cache=settings.cache,
            at_once=settings.at_once,
            timeout_s=settings.timeout_s,
            cache_bytes=settings.cache_bytes,
            contact=settings.contact,
            offline=True,
        )
        self._studies: dict[ObjectRef, StudyDetails] = {}
        self._gene_rows: dict[tuple[str, str], GeneRow] = {}
        self._lock = Lock()

    @property
    def url(self) -> str:
        """The server's address, as it is asked."""
        return self.client.url

    def rest(self) -> None:
        """Let go of idle connections and files; they are opened again when needed."""
        self.client.rest()

    def close(self) -> None:
        """Let go of the connections."""
        self.client.close()

    def open(self, *, cancel: CancelToken) -> ServerInfo:
        """Find out what the server can do and what can be searched."""
        return self._server_info(self.client.capabilities(cancel=cancel), cancel)

    def ask_again(self, known: ServerInfo, *, cancel: CancelToken) -> ServerInfo:
        """Ask for what isn't known of the server, and for nothing else."""
        capabilities = self.client.capabilities(anew=True, cancel=cancel)
        if known.keys and capabilities.search == known.capabilities.search:
            return replace(known, capabilities=capabilities)
        return self._server_info(capabilities, cancel)

    def _server_info(
        self, capabilities: Capabilities, cancel: CancelToken
    ) -> ServerInfo:
        """Return what is known of the server, a search only if its keys came."""
        keys: tuple[SearchKey, ...] = ()
        if capabilities.search:
            try:
                keys = tuple(self.client.keys(cancel=cancel))
            except IDRError as error:
                if not error.may_pass:
                    raise
                logger.info("the keys of the search didn't come: %s", error)
                return ServerInfo(capabilities=capabilities, keys=(), search=None)
        return ServerInfo(
            capabilities=capabilities, keys=keys, search=capabilities.search
        )

    # Lists

    def studies(self, *, cancel: CancelToken) -> tuple[Entry, ...]:
        """Return all studies, by name."""
        return study_entries(tuple(self.client.studies(cancel=cancel)))

    def study_facts(
        self, entries: Sequence[Entry], *, cancel: CancelToken
    ) -> Mapping[ObjectRef, StudyFacts]:
        """Return what is written about studies and they are filtered by.

        Hundreds of studies are asked about in one request for each kind.
        """
        studies = [one.study for one in entries if one.study is not None]
        found = self.client.map_annotations(
            namespace=STUDY_NAMESPACE,
            screen=[one.id for one in studies if isinstance(one, Screen)],
            project=[one.id for one in studies if isinstance(one, Project)],
            cancel=cancel,
        )
        return study_facts(studies, found)

    def suggestions(
        self, query: Query, *, cancel: CancelToken
    ) -> tuple[Query, tuple[Suggestion, ...]]:
        """Return a query with the values that complete it."""
        found = self.client.autocomplete(query.key.name, query.value, cancel=cancel)
        return query, tuple(found)

    def line_thumbnails(
        self, images: tuple[ImageId, ...], *, cancel: CancelToken
    ) -> tuple[tuple[ImageId, NDArray[np.uint8] | IDRError], ...]:
        """Return thumbnails of listed images, or why there is none; fifty a request."""
        return tuple(self.client.thumbnails(images, cancel=cancel))

    def search(self, query: Query, *, cancel: CancelToken) -> Found:
        """Return the studies that carry a value, the richest first."""
        entries = [
            Entry(item=hit.container, count=hit.image_count, query=query)
            for hit in self.client.search(
                *query.asked, conditions=query.conditions, cancel=cancel
            )
        ]
        entries.sort(key=lambda entry: (-(entry.count or 0), entry.name))
        return Found(query=query, entries=tuple(entries))

    def spellings(
        self, query: Query, *, cancel: CancelToken
    ) -> tuple[Query, Spellings]:
        """Return a query with how its value is stored, as found and otherwise."""
        if not query.value:
            return query, Spellings()
        stored = self.client.spellings(query.key.name, query.value, cancel=cancel)
        return query, split_spellings(query.value, stored)

    def facets(
        self, query: Query, *, cancel: CancelToken
    ) -> Generator[Facets, None, None]:
        """Yield what was found, counted by key, as the pages of images come."""
        yield from self.client.facets(
            *query.asked, conditions=query.conditions, cancel=cancel
        )

    def tables_order(
        self, query: Query, screens: Sequence[Screen], *, cancel: CancelToken
    ) -> TablesOrder:
        """Return the plates whose tables tell more of what was found."""
        return plan_tables_order(self.client, query, screens, cancel=cancel)

    def plate_facets(
        self, order: TablesOrder, facets: Facets, *, cancel: CancelToken
    ) -> Generator[PlateFacets, None, None]:
        """Yield facets with those of the plates' tables, as these come."""
        yield from load_plate_facets(self.client, order, facets, cancel=cancel)

    def gene_rows(
        self, key: SearchKey, symbols: Sequence[str], *, cancel: CancelToken
    ) -> Generator[GeneRow, None, None]:
        """Yield for each symbol the studies that have it, as the answers come.

        One search a symbol, asked once, and one look-up for what isn't stored so.
        """
        for symbol in symbols:
            with self._lock:
                row = self._gene_rows.get((key.name, symbol))
            if row is None:
                row = self._gene_row(key, symbol, cancel)
                with self._lock:
                    self._gene_rows[key.name, symbol] = row
            yield row

    def _gene_row(self, key: SearchKey, symbol: str, cancel: CancelToken) -> GeneRow:
        hits = self.client.search(key.name, symbol, any_case=False, cancel=cancel)
        if hits:
            return GeneRow(symbol=symbol, hits=hits)
        others = self.client.spellings(key.name, symbol, cancel=cancel)
        return GeneRow(symbol=symbol, spellings=tuple(others))

    def children(
        self, entry: Entry, *, cancel: CancelToken
    ) -> Generator[Below, None, None]:
        """Yield what lies below an entry, anew as more of its hits are counted.

        The last step has all, or says why the rest isn't known.
        """
        below = Below(entry=entry)
        steps = self._browse if entry.query is None else self._search_below
        try:
            for below in steps(entry, cancel):
                yield below
        except IDRError as error:
            yield replace(below, error=error)

    def _browse(self, entry: Entry, cancel: CancelToken) -> Iterator[Below]:
        client, line = self.client, partial(Entry, parent=entry)
        found: Iterable[Entry] = ()
        match entry.item:
            case Screen(id=screen_id):
                plates = client.plates(screen_id, cancel=cancel)
                found = [line(item=plate) for plate in plates]
            case Project(id=project_id):
                datasets = client.datasets(project_id, cancel=cancel)
                found = [line(item=one, count=one.image_count) for one in datasets]
            case Dataset(id=dataset_id):
                found = _listed(client.images(dataset_id, cancel=cancel), line)
        yield Below(entry=entry, children=tuple(found))

    def _search_below(self, entry: Entry, cancel: CancelToken) -> Iterator[Below]:
        query = entry.query
        assert query is not None
        client, (key, value), conditions = self.client, query.asked, query.conditions
        counts: PlateCounts | DatasetCounts
        match entry.item:
            case Screen(id=screen_id):
                for counts in client.search_plates_steps(
                    key, value, screen_id, conditions=conditions, cancel=cancel
                ):
                    plates = plate_entries(counts, query=query, parent=entry)
                    yield Below(entry=entry, children=plates, counts=counts)
            case Project(id=project_id):
                for counts in client.search_datasets_steps(
                    key, value, project_id, conditions=conditions, cancel=cancel
                ):
                    datasets = dataset_entries(counts, query=query, parent=entry)
                    yield Below(entry=entry, children=datasets, counts=counts)
            case Dataset(id=dataset_id):
                images = client.search_images(
                    key,
                    value,
                    conditions=conditions,
                    dataset_id=dataset_id,
                    cancel=cancel,
                )
                line = partial(Entry, query=query, parent=entry)
                yield Below(entry=entry, children=tuple(_listed(images, line)))

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
        details = PlateDetails(plate=plate, server=self.url, study=study)
        notes: list[str] = []
        try:
            found = self.client.annotations(plate=plate.id, cancel=cancel)
            details = replace(details, annotations=tuple(found))
        except IDRError as error:
            notes.append(f"The plate's annotations are missing: {error.message}.")
        details = replace(details, notes=tuple(notes))
        if query is not None:
            details = self.with_hits(details, query, cancel=cancel)
        with suppress(IDRError):  # many studies have no table, and nobody asked
            table = self.client.table(plate=plate.id, cancel=cancel)
            details = replace(details, table=table)
        return details

    def with_hits(
        self, details: PlateDetails, query: Query, *, cancel: CancelToken
    ) -> PlateDetails:
        """Return a plate with what a search finds on it, else with a note why not."""
        try:
            hits = tuple(
                self.client.search_images(
                    *query.asked,
                    conditions=query.conditions,
                    plate_id=details.plate.id,
                    cancel=cancel,
                )
            )
        except IDRError as error:
            note = f"The hits can't be marked: {error.message}."
            return replace(details.without_hits(), hits_note=note)
        return replace(
            details,
            query=query,
            hit_images=frozenset(hit.image_id for hit in hits),
            hit_wells=frozenset(hit.well_id for hit in hits if hit.well_id is not None),
            hits_note="",
        )

    def hits_on(
        self, plates: Sequence[PlateDetails], query: Query, *, cancel: CancelToken
    ) -> Generator[PlateDetails, None, None]:
        """Yield plates, each with what a search finds on it."""
        for details in plates:
            yield self.with_hits(details, query, cancel=cancel)

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

    # Files

    def original_files(
        self, image_id: ImageId, *, cancel: CancelToken
    ) -> tuple[ListedFile, ...]:
        """Return the files that an image was imported from."""
        return list_original_files(self.client, image_id, cancel=cancel)

    def attached_files(
        self, study: Study, *, cancel: CancelToken
    ) -> tuple[ListedFile, ...]:
        """Return the files attached to a study."""
        return list_attached_files(self.client, study, cancel=cancel)

    def plan_download(
        self, kind: FileKind, files: Sequence[ListedFile], *, cancel: CancelToken
    ) -> DownloadOrder:
        """Return what a download takes."""
        return plan_download(self.client, kind, files, cancel=cancel)

    def download_files(
        self,
        order: DownloadOrder,
        directory: Path,
        on_progress: Callable[[DownloadProgress], None],
        *,
        cancel: CancelToken,
    ) -> Downloaded:
        """Bring files to a directory."""
        return download_files(self.client, order, directory, on_progress, cancel=cancel)

    def save_image(
        self,
        details: ImageDetails,
        path: Path,
        on_progress: Callable[[int, int], None],
        *,
        cancel: CancelToken,
    ) -> Path:
        """Write all channels, planes and times of an image into a file.

        It returns the path. A file of that name is replaced: a person has been asked
        about that.
        """
        client = self.client
        reader = client.open_pixels(details.image, cancel=cancel).reader
        web_url = client.web_url(details.image)
        origin = image_metadata(details, reader, server=self.url, web_url=web_url)
        return save_image(
            image_of_reader(reader, origin),
            path,
            overwrite=True,
            progress=on_progress,
            cancel=cancel,
        )

    def figure(self, wish: FigureWish, *, cancel: CancelToken) -> Figure:
        """Return the page of what is shown, its pixels read and its sources named."""

        def card_of(study: Study) -> StudyCard | None:
            details = self._study_or_none(study, cancel)
            return None if details is None else details.card

        return load_figure(wish, card_of, cancel=cancel)

    # Images side by side

    def compare(
        self,
        wish: CompareWish,
        viewing: TileViewing,
        on_cell: Callable[[CellNews], None],
        *,
        cancel: CancelToken,
    ) -> Generator[CompareStep, None, Compared]:
        """Yield images side by side as they come, return them as layers."""
        return load_comparison(self.client, wish, viewing, on_cell, cancel=cancel)

    def compare_with_controls(
        self,
        request: ImageRequest,
        number: int,
        shown: PlateShown | None,
        viewing: TileViewing,
        on_cell: Callable[[CellNews], None],
        *,
        cancel: CancelToken,
    ) -> Generator[CompareStep | PlateShown, None, Compared]:
        """Yield and return the image of a well beside controls of its plate.

        `shown` is the plate at the same field, if it is in the viewer; else it is asked
        for. It is yielded where what was written about its wells has been learnt.
        `number` is that of the wish.
        """
        is_there = shown is not None
        if shown is None:
            shown = self._plate_of(request, cancel)
        if shown.sources is None:
            shown = shown.with_sources(self.well_sources(shown, cancel=cancel))
            if is_there:
                yield shown
        wish = with_controls(shown, request, number=number)
        return (yield from self.compare(wish, viewing, on_cell, cancel=cancel))

    def compare_fields(
        self,
        request: ImageRequest,
        number: int,
        viewing: TileViewing,
        on_cell: Callable[[CellNews], None],
        *,
        cancel: CancelToken,
    ) -> Generator[CompareStep, None, Compared]:
        """Yield and return all images of the well of an image."""
        well_id = request.ref.well_id
        if well_id is None:
            raise ValueError("an image of no well")
        samples = self.client.well_samples(well_id, cancel=cancel)
        if not samples:
            raise NotFoundError("the archive has no images of this well")
        wish = all_fields(request, samples, number=number)
        return (yield from self.compare(wish, viewing, on_cell, cancel=cancel))

    def _plate_of(self, request: ImageRequest, cancel: CancelToken) -> PlateShown:
        """Return the plate of an image at its field; its table comes with its wells."""
        if request.plate is None:
            raise ValueError("an image of no plate")
        details = PlateDetails(plate=request.plate, server=self.url)
        run = None if request.run is None else request.run.id
        grid = self.client.plate_grid(
            request.plate.id, field=request.field or 0, run=run, cancel=cancel
        )
        web_url = self.client.web_url(request.plate)
        return plan_plate_shown(
            self.url, web_url, details, plan_plate(grid), self._open_well
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
        plan = plan_plate(grid)
        # To make the canvas and to join the table to the wells takes as long as a
        # request.
        with begun(
            lambda stop: self.client.thumbnails(asked_for(plan.cells), cancel=stop),
            cancel=cancel,
        ) as pictures:
            canvas = blank_canvas(plan)
            shown = plan_plate_shown(
                self.url, web_url, details, plan, self._open_well, canvas=canvas
            )
            yield shown.prepare()
            yield from paint_mosaic(plan, canvas, pictures, cancel=cancel)

    def load_missing(
        self, shown: MosaicShown, *, cancel: CancelToken
    ) -> Generator[MosaicStep, None, None]:
        """Yield what has been painted of the thumbnails that didn't come before."""
        missing = None if shown.summary is None else shown.summary.missing
        for step in load_mosaic(
            shown.plan,
            shown.canvas,
            self.client.thumbnails,
            cells=missing,
            cancel=cancel,
        ):
            summary = step.summary
            if summary is not None and isinstance(shown, GalleryShown):
                names = told_names(shown.plan.images)
                summary = summarize(summary.failures, summary.total, names=names)
            yield replace(step, summary=summary)

    def gallery_order(
        self,
        of: GalleryOf,
        entries: Sequence[Entry],
        counts: Sequence[int | None],
        *,
        cancel: CancelToken,
    ) -> GalleryOrder:
        """Return what is asked for a gallery, and what that takes."""
        return plan_gallery_order(self.client, of, entries, counts, cancel=cancel)

    def show_gallery(
        self, order: GalleryOrder, aspect: float, *, cancel: CancelToken
    ) -> Generator[GalleryShown | MosaicStep, None, None]:
        """Yield a gallery as its images come, and what has been painted into it."""
        yield from load_gallery(
            self.client, order, self._open_well, aspect=aspect, cancel=cancel
        )

    def well_sources(self, shown: MosaicShown, *, cancel: CancelToken) -> WellSources:
        """Return what was written about the images of a mosaic that is shown.

        The table of a plate isn't asked for again where it is known.
        """
        return shown.load_sources(self.client, cancel=cancel)

    def has_made(self, shown: MosaicShown) -> bool:
        """Whether a mosaic was made by asking it."""
        return shown.open_reader == self._open_well

    def is_same_as(self, other: Session) -> bool:
        """Whether another session gives the same answers, only maybe newer ones."""
        return type(self) is type(other) and self.url == other.url

    def _open_well(self, image_id: ImageId, *, cancel: CancelToken) -> OpenedPixels:
        """Return the pixels of a well of a plate that is zoomed into."""
        image = self.client.image(image_id, cancel=cancel)
        return self.client.open_pixels(image, cancel=cancel)

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
    cache: bool | Path = True
    cache_bytes: int = MAX_STORE_BYTES
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """What is known of a server after the first questions.

    `search` is whether it can be searched, None if that isn't known or by what isn't.
    """

    capabilities: Capabilities
    keys: tuple[SearchKey, ...]
    search: bool | None

    @property
    def takes_conditions(self) -> bool:
        """Whether it can be asked for several conditions: mapr takes one alone."""
        return not self.capabilities.mapr

    @property
    def is_incomplete(self) -> bool:
        """Whether it is worth asking again."""
        return self.search is None or bool(self.capabilities.unknown)
