"""What a gallery is of: what is asked for its images, and what that takes."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from napari_idr.model import (
    Dataset,
    ImageHit,
    ImageRef,
    Plate,
    Project,
    Screen,
)
from napari_idr.services.search.catalog import Entry, counted
from napari_idr.services.search.hits import short_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from napari_idr.api import IDRClient
    from napari_idr.cancel import CancelToken
    from napari_idr.model import PlateGrid, Study
    from napari_idr.services.search.catalog import Item, Query
    from napari_idr.services.session import Found

__all__ = [
    "MAX_IMAGES",
    "Ask",
    "GalleryOf",
    "GalleryOrder",
    "fitted_offer",
    "gallery_of",
    "gallery_offer",
    "image_pages",
    "plan_gallery_order",
]

MAX_IMAGES = 5000
"""In one gallery: its canvas takes 140 MB, and nobody looks at more at a glance."""

IMAGES_UNASKED = 1000
"""What is shown without asking a person first."""

REQUESTS_UNASKED = 20
"""How often lists are asked for without asking a person first."""

PAGE_IMAGES = 1000
"""Images in an answer of the search engine."""

BATCH_IMAGES = 50
"""Thumbnails in a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryOf:
    """What a gallery is of, by which it is known again.

    `lines` are the kinds and numbers of what was chosen, none for all that a search
    finds; `query` is None for what was browsed.
    """

    query: Query | None
    lines: frozenset[tuple[str, int]] = frozenset()
    title: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One list of images to ask for.

    With a `query` it is what that finds in `item`, or everywhere for None; without
    one it is what `item` holds. `count` is how many are due, None if nobody told;
    `grid` is what a plate holds, where it was asked for to count it.
    """

    query: Query | None = None
    item: Item | None = None
    study: Study | None = None
    plate: Plate | None = None
    dataset: Dataset | None = None
    count: int | None = None
    grid: PlateGrid | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryOrder:
    """All that is asked for a gallery, and what it takes.

    `studies` are the numbers of images in each study, as far as known; `count` that
    of all, None where it isn't known: `least` is how many there are at least then.
    `requests` is how often lists are asked for, without thumbnails. `ranks` are the
    places of studies, plates, datasets and images in the results as a person sees them,
    by their kinds and numbers.
    """

    of: GalleryOf
    asks: tuple[Ask, ...]
    studies: tuple[int, ...] = ()
    count: int | None = None
    least: int = 0
    requests: int = 0
    ranks: Mapping[tuple[str, int], int] = field(default_factory=dict, repr=False)

    def in_order_of(self, entries: Sequence[Entry]) -> GalleryOrder:
        """Return the same with images in the order of the results.

        Parameters
        ----------
        entries
            The lines of the results, from the top. Studies, plates, datasets and
            images that have none come last, in the order of the answers.
        """
        keys = dict.fromkeys(map(_line, entries))
        ranks = {key: rank for rank, key in enumerate(keys)}
        ordered = replace(self, ranks=ranks)
        asks = sorted(
            self.asks,
            key=lambda ask: ordered._rank(
                ask.study,
                ask.plate or ask.dataset,
                ask.item if isinstance(ask.item, ImageRef) else None,
            ),
        )
        return replace(ordered, asks=tuple(asks))

    def in_order(self, images: Sequence[ImageHit]) -> list[ImageHit]:
        """Return images in the order of the results, as far as these have lines."""
        if not self.ranks:
            return list(images)
        return sorted(
            images,
            key=lambda one: self._rank(one.study, one.plate or one.dataset, one.ref),
        )

    def _rank(
        self,
        study: Study | None,
        part: Plate | Dataset | None,
        image: ImageRef | None,
    ) -> tuple[int, ...]:
        last = len(self.ranks)
        return tuple(
            last if item is None else self.ranks.get(_key(item), last)
            for item in (study, part, image)
        )

    @property
    def shown(self) -> int | None:
        """How many images are shown at most; None where that isn't known."""
        return None if self.count is None else min(self.count, MAX_IMAGES)

    @property
    def is_costly(self) -> bool:
        """Whether a person should say yes first."""
        known = self.least if self.count is None else self.count
        return known > IMAGES_UNASKED or self.requests > REQUESTS_UNASKED

    @property
    def cost(self) -> str:
        """What it takes, as a sentence.

        >>> order = GalleryOrder(
        ...     of=GalleryOf(query=None), asks=(), count=2340, requests=3
        ... )
        >>> order.cost
        '2,340 images: 3 requests for lists and 47 for thumbnails.'
        """
        lists = counted(self.requests, "request", "requests")
        if self.shown is None:
            told = f"{lists} for lists, and one for every {BATCH_IMAGES} thumbnails."
            if not self.least:
                return told
            return f"{counted(self.least, 'image', 'images')} at least: {told}"
        cut = "" if self.shown == self.count else f", the first {self.shown:,} of them"
        images = f"{counted(self.count or 0, 'image', 'images')}{cut}"
        thumbnails = math.ceil(self.shown / BATCH_IMAGES)
        if not self.requests:
            of_thumbnails = counted(thumbnails, "request", "requests")
            return f"{images}: {of_thumbnails} for thumbnails."
        return f"{images}: {lists} for lists and {thumbnails} for thumbnails."


def gallery_of(entries: Sequence[Entry], query: Query | None) -> GalleryOf:
    """Return what a gallery of lines of the tree is of; of no lines, all of a search.

    >>> from napari_idr.model import SearchKey
    >>> from napari_idr.services.search.catalog import Query
    >>> gene = SearchKey(name="gene", label="Gene", attributes=("Gene Symbol",))
    >>> gallery_of((), Query(key=gene, value="CDC20")).title
    'CDC20'
    """
    if entries:
        query = entries[0].query
    found = [] if query is None else [short_value(query.told)]
    if len(entries) == 1:
        found.append(entries[0].name)
    elif entries:
        found.append(counted(len(entries), "line", "lines"))
    lines = frozenset(map(_line, _topmost(entries)))
    return GalleryOf(query=query, lines=lines, title=" in ".join(found))


def _line(entry: Entry) -> tuple[str, int]:
    return _key(entry.item)


def _key(item: Item) -> tuple[str, int]:
    """Return the kind and the number of what a line is of."""
    number = item.image_id if isinstance(item, ImageRef) else item.id
    return type(item).__name__, number


def gallery_offer(entries: Sequence[Entry], found: Found | None) -> str:
    """Say what a gallery would show: of the lines that are selected, else all found.

    "" where there is neither, or where what is selected is known to have no images.
    """
    if entries:
        counts = [
            entry.count
            for entry in entries
            if entry.query is not None or isinstance(entry.item, Dataset)
        ]
        what = entries[0].name if len(entries) == 1 else f"{len(entries)} lines"
        total = _sum(counts) if len(counts) == len(entries) else None
        if total == 0:
            return ""
        return f"of {what}" + (f", {_images_words(total)}" if total else "")
    if found is None or not found.entries:
        return ""
    total = _sum([entry.count for entry in found.entries])
    value = short_value(found.query.told)
    return f"of {value}" + (f", {_images_words(total)}" if total else "")


OFFER = re.compile(r"of (?P<what>.*?)(?P<count>(, [\d,]+ images?)?)", re.DOTALL)
"""What `gallery_offer` says."""


def fitted_offer(offer: str, fits: Callable[[str], bool]) -> str:
    """Return an offer cut in the middle of the name, so that the count can be read.

    Parameters
    ----------
    offer
        As `gallery_offer` tells it.
    fits
        Whether there is room for a text; if so, then for all that are shorter.

    Examples
    --------
    >>> offer = "of DM0002_02 two runs, 1,234 images"
    >>> [fitted_offer(offer, lambda text: len(text) <= n) for n in (40, 25, 12)]
    ['of DM0002_02 two runs, 1,234 images', 'of DM00…uns, 1,234 images', '1,234 images']
    """
    told = OFFER.fullmatch(offer)
    if told is None or fits(offer):
        return offer
    what, count = told.group("what", "count")
    cut = []
    for kept in range(len(what) - 1, 0, -1):
        left, right = kept - kept // 2, kept // 2
        cut.append(f"of {what[:left]}…{what[len(what) - right :]}{count}")
    found = bisect_left(cut, True, key=fits)
    return cut[found] if found < len(cut) else count.removeprefix(", ")


def _images_words(count: int) -> str:
    return counted(count, "image", "images")


def plan_gallery_order(
    client: IDRClient,
    of: GalleryOf,
    entries: Sequence[Entry],
    counts: Sequence[int | None],
    *,
    cancel: CancelToken,
) -> GalleryOrder:
    """Return what is asked for a gallery; some requests where that takes finding out.

    mapr tells the images of one plate or dataset at a time, so these are found first,
    a request for each study; so are the plates of a study that is browsed.

    Parameters
    ----------
    client
        Asks the server.
    of
        What the gallery is of.
    entries
        The lines that were chosen; none for all that the query finds.
    counts
        How many images each study has that the query found, for no lines; none where
        that isn't known.
    """
    asks: list[Ask] = []
    by_plate = of.query is not None and bool(client.capabilities(cancel=cancel).mapr)
    if not entries and of.query is not None:
        if by_plate:
            for hit in client.search(
                *of.query.asked, conditions=of.query.conditions, cancel=cancel
            ):
                entry = Entry(item=hit.container, query=of.query, count=hit.image_count)
                asks += _asks_below(client, entry, by_plate=True, cancel=cancel)
        else:
            count = _sum(counts) if counts else None
            asks.append(Ask(query=of.query, count=count))
    for entry in _topmost(entries):
        asks += _asks_below(client, entry, by_plate=by_plate, cancel=cancel)
    if sum(map(_requests, asks)) <= REQUESTS_UNASKED:
        asks = _counted_plates(client, asks, cancel=cancel)
    per_study: dict[object, int | None] = {}
    for ask in asks:
        before = per_study.get(ask.study, 0)
        per_study[ask.study] = _sum((before, ask.count))
    studies = list(per_study.values()) if entries or by_plate else list(counts)
    return GalleryOrder(
        of=of,
        asks=tuple(asks),
        studies=tuple(count for count in studies if count),
        count=_sum([ask.count for ask in asks]),
        least=sum(ask.count or 0 for ask in asks),
        requests=sum(map(_requests, asks)),
    )


def _counted_plates(
    client: IDRClient, asks: Sequence[Ask], *, cancel: CancelToken
) -> list[Ask]:
    """Count the images of plates that are browsed, until a person is asked anyway.

    What they hold is asked for once: the gallery is made of the same answers.
    """
    told: list[Ask] = []
    least = sum(ask.count or 0 for ask in asks)
    for ask in asks:
        item, is_known = ask.item, ask.count is not None or ask.query is not None
        if isinstance(item, Plate) and not is_known and least <= IMAGES_UNASKED:
            grid = client.plate_grid(item.id, cancel=cancel)
            count = sum(1 for _ in grid)
            least += count
            told.append(replace(ask, count=count, grid=grid))
        else:
            told.append(ask)
    return told


def image_pages(
    client: IDRClient, order: GalleryOrder, *, cancel: CancelToken
) -> Iterator[tuple[ImageHit, ...]]:
    """Yield the images of a gallery, each once, as their lists come; `MAX_IMAGES` most.

    The first part is as small as a request for thumbnails, if lists are; later ones
    are as large as all before, so that not every plate makes the gallery anew. Each
    but the last is a number of whole requests for thumbnails.
    """
    seen: set[int] = set()
    told = 0
    page: list[ImageHit] = []
    for ask in order.asks:
        for image in _images(client, ask, cancel):
            if len(seen) == MAX_IMAGES:
                break
            if image.ref.image_id not in seen:
                seen.add(image.ref.image_id)
                page.append(image)
            if len(page) == PAGE_IMAGES:
                yield tuple(page)
                told, page = told + len(page), []
        if len(page) >= max(BATCH_IMAGES, min(told, PAGE_IMAGES)):
            whole = len(page) // BATCH_IMAGES * BATCH_IMAGES
            yield tuple(page[:whole])
            told, page = told + whole, page[whole:]
    if page:
        yield tuple(page)


def _images(client: IDRClient, ask: Ask, cancel: CancelToken) -> Iterator[ImageHit]:
    """Yield the images of one list, with all that is known of where they lie."""
    for image in _listed(client, ask, cancel):
        yield replace(
            image,
            study=image.study or ask.study,
            plate=image.plate or ask.plate,
            dataset=image.dataset or ask.dataset,
        )


def _listed(client: IDRClient, ask: Ask, cancel: CancelToken) -> Iterable[ImageHit]:
    item, query = ask.item, ask.query
    if isinstance(item, ImageRef):
        return (ImageHit(ref=item),)
    if query is not None:
        place: dict[str, int] = {} if item is None else {_PLACES[type(item)]: item.id}
        return client.search_hits(
            *query.asked,
            conditions=query.conditions,
            **place,  # type: ignore[arg-type]
            cancel=cancel,
        )
    if isinstance(item, Dataset):
        images = client.iter_images(item.id, cancel=cancel)
        return (ImageHit(ref=image) for image in images)
    assert isinstance(item, Plate)
    grid = ask.grid or client.plate_grid(item.id, cancel=cancel)
    return (
        ImageHit(
            ref=ImageRef(
                image_id=cell.image_id,
                name=cell.name or f"[Well {grid.label(cell.row, cell.column)}, Field 1",
                well_id=cell.well_id,
                plate_id=item.id,
            )
        )
        for cell in grid
    )


_PLACES: dict[type, Literal["screen_id", "project_id", "plate_id", "dataset_id"]] = {
    Screen: "screen_id",
    Project: "project_id",
    Plate: "plate_id",
    Dataset: "dataset_id",
}


def _asks_below(
    client: IDRClient, entry: Entry, *, by_plate: bool, cancel: CancelToken
) -> list[Ask]:
    """Return what is asked for the images of a line."""
    item, query, study = entry.item, entry.query, entry.study
    if query is not None and by_plate and isinstance(item, Screen | Project):
        key, value = query.asked
        if isinstance(item, Screen):
            plates = client.search_plates(
                key, value, item.id, conditions=query.conditions, cancel=cancel
            )
            return [
                Ask(
                    query=query,
                    item=hit.plate,
                    study=item,
                    plate=hit.plate,
                    count=hit.image_count,
                )
                for hit in plates
            ]
        datasets = client.search_datasets(
            key, value, item.id, conditions=query.conditions, cancel=cancel
        )
        return [
            Ask(
                query=query,
                item=one.dataset,
                study=item,
                dataset=one.dataset,
                count=one.image_count,
            )
            for one in datasets
        ]
    if query is None and isinstance(item, Screen):
        listed = client.plates(item.id, cancel=cancel)
        return [Ask(item=plate, study=item, plate=plate) for plate in listed]
    if query is None and isinstance(item, Project):
        folders = client.datasets(item.id, cancel=cancel)
        return [
            Ask(item=one, study=item, dataset=one, count=one.image_count)
            for one in folders
        ]
    count = 1 if isinstance(item, ImageRef) else entry.count
    if query is None and isinstance(item, Plate):
        count = None  # the tree counts its runs
    return [
        Ask(
            query=query,
            item=item,
            study=study,
            plate=entry.plate,
            dataset=entry.dataset,
            count=count,
        )
    ]


def _topmost(entries: Sequence[Entry]) -> list[Entry]:
    """Return lines without those that lie below another of them."""
    keys = {entry.key for entry in entries}
    return [
        entry
        for entry in entries
        if all(above.key not in keys for above in entry.path[:-1])
    ]


def _requests(ask: Ask) -> int:
    if isinstance(ask.item, ImageRef) or ask.grid is not None:
        return 0
    if isinstance(ask.item, Plate) and ask.query is None:
        return 1
    return max(1, math.ceil(min(ask.count or 1, MAX_IMAGES) / PAGE_IMAGES))


def _sum(counts: Iterable[int | None]) -> int | None:
    """Return the sum of counts, None where one of them isn't known."""
    total = 0
    for count in counts:
        if count is None:
            return None
        total += count
    return total
