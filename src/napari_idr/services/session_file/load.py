"""Load what a session shows: server by server, asked for as a person's clicks ask."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_idr.errors import IDRError, NotFoundError, StatusError
from napari_idr.model import (
    AnyOf,
    Condition,
    Dataset,
    DatasetId,
    ImageId,
    ImageRef,
    Plate,
    PlateAcquisition,
    PlateAcquisitionId,
    PlateId,
    Project,
    ProjectId,
    Screen,
    ScreenId,
    SearchKey,
    WellId,
)
from napari_idr.services.compare.load import Compared, CompareShown, ThumbnailsCame
from napari_idr.services.compare.wish import (
    MAX_CELLS,
    CellWish,
    CompareWish,
    in_channels,
)
from napari_idr.services.details import ImageRequest
from napari_idr.services.explain import can_retry, explain
from napari_idr.services.gallery.sources import GalleryOf
from napari_idr.services.gallery.view import GalleryShown
from napari_idr.services.mosaic import MosaicShown
from napari_idr.services.plain_text import plain_text
from napari_idr.services.plate.mosaic import MosaicStep
from napari_idr.services.plate.view import PlateShown
from napari_idr.services.search.catalog import Entry, Query
from napari_idr.services.session import Session, connect
from napari_idr.services.session_file.collect import LINE_KINDS
from napari_idr.services.session_file.record import (
    SavedGallery,
    SavedImage,
    SavedPlate,
    SavedStrip,
)
from napari_idr.services.wells.look import WellsLook
from napari_idr.services.wells.own import load_own_table

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from napari_idr.cancel import CancelToken
    from napari_idr.model import Study, Wanted
    from napari_idr.services.compare.load import CellNews
    from napari_idr.services.image.open import OpenedImage
    from napari_idr.services.regions.load import ImageRois
    from napari_idr.services.session import ConnectionSettings
    from napari_idr.services.session_file.record import (
        SavedCondition,
        SavedKey,
        SavedLine,
        SavedLook,
        SavedMosaic,
        SavedObject,
        SavedRef,
        SavedSearch,
        SavedSession,
        SavedStudy,
    )
    from napari_idr.tiles import TileViewing

__all__ = [
    "Missing",
    "MosaicCame",
    "MosaicPainted",
    "OpenedCame",
    "Reached",
    "RegionsCame",
    "SessionLoader",
    "Step",
    "StripCame",
    "StripReady",
    "missing_message",
    "search_of",
]

TABLE_ENDINGS: Final = (".csv", ".tsv", ".txt", ".csv.gz", ".parquet", ".pq")
"""Of a person's own tables; a session names no other files."""

MAX_THINGS: Final = 200
"""Plates, galleries, strips and images of a session; nobody has more in a viewer, and a
file from a stranger could make a server busy for hours."""

MAX_TOLD: Final = 5
"""Things that are missing and told one by one; of more, how many."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A server that was reached; its session is to be kept, and closed in the end."""

    session: Session

    def close(self) -> None:
        """Let go of it, where nobody hears of it any more."""
        self.session.close()


@dataclass(frozen=True, slots=True)
class MosaicCame:
    """A plate or a gallery, its canvas blank or painted in part."""

    saved: SavedMosaic
    shown: MosaicShown
    look: WellsLook | None


@dataclass(frozen=True, slots=True)
class MosaicPainted:
    """Thumbnails came for the mosaic that came last."""

    shown: MosaicShown
    step: MosaicStep


@dataclass(frozen=True, slots=True)
class StripCame:
    """Images side by side, their pixels on their way; or thumbnails of them."""

    saved: SavedStrip
    step: CompareShown | ThumbnailsCame
    number: int


@dataclass(frozen=True, slots=True)
class StripReady:
    """The pixels of images side by side."""

    saved: SavedStrip
    compared: Compared

    def close(self) -> None:
        """Let go of the pixels, where nobody shows them."""
        self.compared.close()


@dataclass(frozen=True, slots=True)
class OpenedCame:
    """An image that is open, or its maximum over z."""

    saved: SavedImage
    opened: OpenedImage
    is_projection: bool = False

    def close(self) -> None:
        """Let go of the pixels, where nobody shows them."""
        self.opened.close()


@dataclass(frozen=True, slots=True)
class RegionsCame:
    """What was drawn on an image that is open."""

    saved: SavedImage
    regions: ImageRois

    def close(self) -> None:
        """Let go of the label images, where nobody shows them."""
        self.regions.close()


@dataclass(frozen=True, slots=True)
class Missing:
    """A thing of the session that can't be shown, and why, for people.

    `may_pass` tells that it may come when the session is opened again.
    """

    what: str
    reason: str
    may_pass: bool = False

    @property
    def sentence(self) -> str:
        """What is missing, and why.

        >>> Missing("plate A", "The archive has no such thing.").sentence
        'plate A (the archive has no such thing)'
        """
        reason = self.reason.rstrip(".")
        return plain_text(f"{self.what} ({reason[:1].lower()}{reason[1:]})")


Step = (
    Reached
    | MosaicCame
    | MosaicPainted
    | StripCame
    | StripReady
    | OpenedCame
    | RegionsCame
    | Missing
)


def missing_message(missing: tuple[Missing, ...]) -> str:
    """Return which things of a session are missing, as a sentence; "" for none.

    >>> missing_message((Missing("plate A", "It is gone."),))
    'Missing: plate A (it is gone).'
    """
    if not missing:
        return ""
    told = [one.sentence for one in missing[:MAX_TOLD]]
    if len(missing) > MAX_TOLD:
        told.append(f"and {len(missing) - MAX_TOLD:,} more")
    return f"Missing: {'; '.join(told)}."


class SessionLoader:
    """Loads what a session shows, each thing from its server.

    Parameters
    ----------
    saved
        The session.
    folder
        Where files that it names are looked for, None where nobody knows.
    """

    def __init__(self, saved: SavedSession, folder: Path | None = None) -> None:
        self.saved = saved
        self.folder = folder
        self._sessions: dict[str, Session] = {}
        self._unreached: dict[str, str] = {}
        self._studies = {(one.server, one.key): one for one in saved.studies}
        self._shown: dict[tuple[str, str], MosaicShown] = {}

    def load(
        self,
        known: Mapping[str, Session],
        unreached: Mapping[str, str],
        settings: ConnectionSettings,
        viewing: TileViewing,
        on_cell: Callable[[CellNews], None],
        *,
        cancel: CancelToken,
    ) -> Generator[Step, None, None]:
        """Yield what is shown as it comes, and what doesn't come as `Missing`.

        Parameters
        ----------
        known
            Sessions of servers that were reached already, by their addresses.
        unreached
            Why servers can't be reached that were tried already.
        settings
            How other servers are asked.
        viewing, on_cell
            The memory and the workers of layers; see `load_comparison`.

        Raises
        ------
        Cancelled
            The token was cancelled; what was yielded stays.
        """
        self._sessions, self._unreached = dict(known), dict(unreached)
        for server in self.saved.servers:
            if server not in self._sessions and server not in self._unreached:
                yield from self._reach(server, settings, cancel)
        saved = self.saved
        things = (*saved.mosaics, *saved.strips, *saved.images)
        for thing in things[:MAX_THINGS]:
            steps: Generator[Step, None, None]
            match thing:
                case SavedStrip():
                    what = "images side by side"
                    steps = self._strip(thing, viewing, on_cell, cancel)
                case SavedImage(image=ref):
                    what = f"image {ref.well_label or ref.name or ref.id}"
                    steps = self._image(thing, viewing, cancel)
                case SavedPlate():
                    what = f"plate {thing.name or thing.id}"
                    steps = self._mosaic(thing, cancel)
                case SavedGallery():
                    what = f"gallery {thing.title}"
                    steps = self._mosaic(thing, cancel)
            yield from self._trying(what, thing.server, steps)
        if len(things) > MAX_THINGS:
            what = f"{len(things) - MAX_THINGS:,} more things"
            yield Missing(what, f"a session shows {MAX_THINGS} at most")

    def _reach(
        self, server: str, settings: ConnectionSettings, cancel: CancelToken
    ) -> Iterator[Step]:
        try:
            session, _ = connect(server, settings, cancel=cancel)
        except (IDRError, ValueError) as error:
            self._unreached[server] = explain(error, host=server)
        else:
            self._sessions[server] = session
            yield Reached(session)

    def _trying(
        self, what: str, server: str, steps: Generator[Step, None, None]
    ) -> Iterator[Step]:
        """Yield the steps of one thing; what goes wrong with it leaves the others."""
        if server not in self._sessions:
            reason = self._unreached.get(server, "its server isn't known")
            yield Missing(what, reason, may_pass=True)
            return
        try:
            yield from steps
        except (IDRError, ValueError) as error:
            yield _missing(what, error, server)

    # Plates and galleries

    def _mosaic(
        self, saved: SavedMosaic, cancel: CancelToken
    ) -> Generator[Step, None, None]:
        session = self._sessions[saved.server]
        look = yield from self._look(saved.look)
        steps: Iterator[MosaicShown | MosaicStep]
        if isinstance(saved, SavedPlate):
            steps = self._plate(saved, session, cancel)
        else:
            steps = self._gallery(saved, session, cancel)
        shown: MosaicShown | None = None
        for step in steps:
            if isinstance(step, MosaicShown):
                shown = step
                yield MosaicCame(saved, step, look)
            elif shown is not None:
                if step.summary is not None:
                    shown = replace(shown, summary=step.summary)
                yield MosaicPainted(shown, step)
        if isinstance(saved, SavedGallery) and isinstance(shown, GalleryShown):
            if saved.read and shown.sources is None:
                sources = session.well_sources(shown, cancel=cancel)
                shown = shown.with_sources(sources).prepare()
            if saved.filters:
                shown = shown.filtered(dict(saved.filters)).prepare()
            yield MosaicCame(saved, shown, look)
        if shown is not None:
            self._shown[saved.server, saved.key] = shown

    def _plate(
        self, saved: SavedPlate, session: Session, cancel: CancelToken
    ) -> Iterator[PlateShown | MosaicStep]:
        study = self._study(saved.study, saved.server)
        query = search_of(saved.search)
        entry = Entry(
            item=Plate(id=PlateId(saved.id), name=saved.name),
            query=query,
            parent=None if study is None else Entry(item=study, query=query),
        )
        details = session.plate_details(entry, cancel=cancel)
        run = None if saved.run is None else PlateAcquisitionId(saved.run)
        yield from session.show_plate(details, run, saved.field, cancel=cancel)

    def _gallery(
        self, saved: SavedGallery, session: Session, cancel: CancelToken
    ) -> Iterator[GalleryShown | MosaicStep]:
        query = search_of(saved.search)
        entries = [
            entry
            for line in saved.lines
            if (entry := self._entry(line, query, saved.server)) is not None
        ]
        if not entries and query is None:
            raise ValueError("a gallery of nothing")
        kinds = {kind: name for name, kind in LINE_KINDS.items()}
        lines = frozenset((kinds[line.kind], line.id) for line in saved.lines)
        of = GalleryOf(query=query, lines=lines, title=saved.title)
        order = session.gallery_order(of, entries, saved.counts, cancel=cancel)
        aspect = min(max(saved.aspect, 0.1), 10.0)
        yield from session.show_gallery(order, aspect, cancel=cancel)

    def _entry(self, line: SavedLine, query: Query | None, server: str) -> Entry | None:
        """Return a line of a gallery as one of the tree, with what it lies below."""
        study = self._study(line.study, server)
        parent = None if study is None else Entry(item=study, query=query)
        if line.kind in ("screen", "project"):
            return None if parent is None else replace(parent, count=line.count)
        plate, dataset = _plate(line.plate), _dataset(line.dataset)
        if line.kind == "plate":
            item: Plate | Dataset | ImageRef = Plate(
                id=PlateId(line.id), name=line.name
            )
        elif line.kind == "dataset":
            item = Dataset(id=DatasetId(line.id), name=line.name)
        else:
            item = ImageRef(image_id=ImageId(line.id), name=line.name)
            for above in (plate, dataset):
                if above is not None:
                    parent = Entry(item=above, query=query, parent=parent)
        return Entry(item=item, count=line.count, query=query, parent=parent)

    def _look(self, saved: SavedLook | None) -> Generator[Step, None, WellsLook | None]:
        """Return how wells are looked at, with the tables that can be read."""
        if saved is None:
            return None
        own = []
        for name in saved.own:
            try:
                own.append(load_own_table(self._own_file(name)))
            except IDRError as error:
                yield Missing(f"own columns {Path(name).name}", error.message)
        return WellsLook(
            color_by=saved.color_by,
            style=saved.style,
            hide_failed=saved.hide_failed,
            own=tuple(own),
        )

    def _own_file(self, name: str) -> Path:
        """Return where a person's own table is.

        Only tables on this machine are read: a path that a stranger wrote may name a
        share on a machine of theirs, to which Windows would introduce the person.
        """
        if name.startswith(("\\\\", "//")) or "://" in name or "\0" in name:
            raise IDRError("it isn't on this machine")
        if not name.lower().endswith(TABLE_ENDINGS):
            raise IDRError("it is no table")
        path = Path(os.path.expanduser(name))
        if path.exists() or self.folder is None:
            return path
        return self.folder / path.name

    # Images

    def _study(self, key: str, server: str) -> Study | None:
        saved = self._studies.get((server, key))
        return None if saved is None else study_of(saved)

    def _request(self, saved: SavedRef) -> ImageRequest:
        """Return how to ask for an image; what is known of its plate is kept."""
        plate, run = _plate(saved.plate), saved.run
        shown = self._shown.get((saved.server, f"plate-{plate.id}")) if plate else None
        if isinstance(shown, PlateShown):
            plate = shown.details.plate
        runs = () if plate is None else plate.runs
        known = next((r for r in runs if run is not None and r.id == run.id), None)
        if known is None and run is not None:
            known = PlateAcquisition(id=PlateAcquisitionId(run.id), name=run.name)
        dataset = _dataset(saved.dataset)
        gallery = self._shown.get((saved.server, saved.gallery))
        return ImageRequest(
            ref=ImageRef(
                image_id=ImageId(saved.id),
                name=saved.name,
                well_id=None if saved.well is None else WellId(saved.well),
                plate_id=None if plate is None else plate.id,
                dataset_id=None if dataset is None else dataset.id,
            ),
            server=self._sessions[saved.server].url,
            study=self._study(saved.study, saved.server),
            dataset=dataset,
            plate=plate,
            run=known,
            field=saved.field,
            well_label=saved.well_label,
            told=saved.told,
            query=search_of(saved.search),
            gallery=None if gallery is None else gallery.key,
        )

    def _strip(
        self,
        saved: SavedStrip,
        viewing: TileViewing,
        on_cell: Callable[[CellNews], None],
        cancel: CancelToken,
    ) -> Generator[Step, None, None]:
        if saved.mosaic:
            shown = self._shown.get((saved.server, saved.mosaic))
            if shown is None:
                raise IDRError("what they are of isn't there")
            wish = in_channels(shown)
        else:
            if not saved.cells:
                raise ValueError("no images to compare")
            cells = saved.cells[:MAX_CELLS]
            fits = len(saved.groups) == len(cells)
            wish = CompareWish(
                cells=tuple(
                    CellWish(
                        request=self._request(one.image), role=one.role, place=one.place
                    )
                    for one in cells
                ),
                groups=saved.groups if fits else (),
                about=saved.about,
                name=saved.name,
            )
        steps = self._sessions[saved.server].compare(
            wish, viewing, on_cell, cancel=cancel
        )
        while True:
            try:
                step = next(steps)
            except StopIteration as last:
                yield StripReady(saved, last.value)
                return
            yield StripCame(saved, step, wish.number)

    def _image(
        self, saved: SavedImage, viewing: TileViewing, cancel: CancelToken
    ) -> Generator[Step, None, None]:
        session = self._sessions[saved.server]
        request = self._request(saved.image)
        opening = session.open_image(request, viewing.open, cancel=cancel)
        while True:
            try:
                next(opening)
            except StopIteration as last:
                opened: OpenedImage = last.value
                break
        yield OpenedCame(saved, opened)
        # Of the image itself nothing is missing where these don't come.
        label = saved.image.well_label or saved.image.name or saved.image.id
        if saved.regions:
            try:
                regions = session.regions(opened, viewing.open, cancel=cancel)
                yield RegionsCame(saved, regions)
            except (IDRError, ValueError) as error:
                yield _missing(f"regions of {label}", error, saved.server)
        if saved.projection:
            try:
                projected = session.projection(opened, viewing.open, cancel=cancel)
                yield OpenedCame(saved, projected, is_projection=True)
            except (IDRError, ValueError) as error:
                yield _missing(f"maximum of {label}", error, saved.server)


def _missing(what: str, error: Exception, server: str) -> Missing:
    """Return a thing that didn't come, with what its server said, or what is wrong."""
    is_answer = isinstance(error, StatusError | NotFoundError)
    if isinstance(error, IDRError) and (is_answer or error.url is not None):
        return Missing(what, explain(error, host=server), may_pass=can_retry(error))
    return Missing(what, str(error))


def search_of(saved: SavedSearch | None) -> Query | None:
    """Return a search as it is asked for, None for none.

    Raises
    ------
    ValueError
        A condition is none that can be asked for.
    """
    if saved is None:
        return None
    rows: list[Wanted] = []
    for row in saved.conditions:
        conditions = tuple(map(_condition, row))
        rows.append(conditions[0] if len(conditions) == 1 else AnyOf(*conditions))
    return Query(key=_key(saved.key), value=saved.value, conditions=tuple(rows))


def _condition(saved: SavedCondition) -> Condition:
    values = saved.values
    if saved.operator != "in a list" and len(values) != 1:
        raise ValueError("a condition has one value")
    return Condition(
        key=saved.attribute if saved.key is None else _key(saved.key),
        operator=saved.operator,
        value=values if saved.operator == "in a list" else values[0],
    )


def _key(saved: SavedKey) -> SearchKey:
    return SearchKey(
        name=saved.name, label=saved.label or saved.name, attributes=saved.attributes
    )


def study_of(saved: SavedStudy) -> Study:
    """Return a study as the archive lists it, but for the number of its parts."""
    name, description = saved.name, saved.description
    if saved.kind == "screen":
        return Screen(id=ScreenId(saved.id), name=name, description=description)
    return Project(id=ProjectId(saved.id), name=name, description=description)


def _plate(saved: SavedObject | None) -> Plate | None:
    return None if saved is None else Plate(id=PlateId(saved.id), name=saved.name)


def _dataset(saved: SavedObject | None) -> Dataset | None:
    if saved is None:
        return None
    return Dataset(id=DatasetId(saved.id), name=saved.name)
