"""Search by the archive's search engine, where mapr is off."""

from __future__ import annotations

import heapq
import logging
from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from napari_idr.api.containers import Containers
from napari_idr.api.search import engine_answers as wire
from napari_idr.api.search.base import (
    Search,
    fold,
    lazily,
    merge_datasets,
    merge_plates,
    merge_studies,
    order_spellings,
    order_suggestions,
    require_one_place,
    require_sendable,
)
from napari_idr.api.search.conditions import meets, rows_of, wanted_of
from napari_idr.api.search.counting import (
    FacetTally,
    P,
    Progress,
    Tally,
    join_by_name,
)
from napari_idr.api.search.keys import MENU, attribute_key, key_named
from napari_idr.errors import IDRError, ResponseFormatError
from napari_idr.model import (
    ContainerHit,
    Dataset,
    DatasetCounts,
    DatasetHit,
    ImageHit,
    Plate,
    PlateCounts,
    PlateHit,
    Suggestion,
)
from napari_idr.threads import giving_way

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from napari_idr.api.json_client import JsonClient
    from napari_idr.api.search.conditions import Row
    from napari_idr.api.search.counting import Joined
    from napari_idr.cancel import CancelToken
    from napari_idr.model import (
        DatasetId,
        Facets,
        PlateId,
        ProjectId,
        ScreenId,
        SearchKey,
        Wanted,
    )

    Rows = Sequence[Row]

logger = logging.getLogger(__name__)

ROOT = "searchengine/api/v1/resources"

STEP_IMAGES = 1000
"""Images between two steps of a count: a page of the engine's."""

STEP_GROWTH = 1.15
"""What is counted when facets are told anew, of what it was before: telling costs
as much as there are values, and nobody sees more than some dozens of steps."""

MAX_COUNTED = 4
"""Spellings of one value that are counted by a question each; few have as many."""


@dataclass(slots=True)
class _Hits:
    """Matching images, each once by ascending id; they are read as they are wanted.

    `question` is the one whose hits these are, and `page` the first of its answers.
    Where several questions had to be asked, or hits looked through, there is none.
    """

    images: Iterator[ImageHit]
    first: ImageHit | None
    progress: Progress
    question: wire.Question | None = None
    page: wire.ImagePage | None = None


class SearchEngine(Search):
    """Searches by the search engine; see `Search`.

    It ignores case unless told otherwise, so it is told.
    """

    def __init__(self, json_client: JsonClient) -> None:
        self._json_client = json_client
        self._containers = Containers(json_client)

    def keys(self, *, cancel: CancelToken) -> tuple[SearchKey, ...]:
        """Return mapr's keys as far as images have them, then the engine's others.

        GET /searchengine/api/v1/resources/image/keys/
        GET /searchengine/api/v1/resources/image/keys/?mode=searchterms
        """
        path = f"{ROOT}/image/keys/"
        ask = partial(self._json_client.read, reader=wire.attributes, cancel=cancel)
        stored = ask(path)
        common = ask(path, (("mode", "searchterms"),))
        menu = [key for key in MENU if not set(key.attributes).isdisjoint(stored)]
        known = {attribute for key in menu for attribute in key.attributes}
        others = sorted(set(common) - known, key=fold)
        return *menu, *(attribute_key(one) for one in others)

    def autocomplete(
        self, key: SearchKey | str, text: str, *, cancel: CancelToken
    ) -> tuple[Suggestion, ...]:
        """Return values that contain a text.

        The engine tells values in lower case, and counts all spellings together.
        Where the text is a whole value its spellings come, each with its count;
        the others come as the text is typed, and without one.

        GET /searchengine/api/v1/resources/image/searchvalues/?key=&value=
        """
        # Some backslashes make the engine crash: it is asked for what has none.
        part = max(text.strip().split("\\"), key=len)
        if not part:
            return ()
        path = f"{ROOT}/image/searchvalues/"
        found: list[str] = []
        for attribute in key_named(key).attributes:
            params = require_sendable(path, (("key", attribute), ("value", part)))
            found += self._json_client.read(
                path, params, reader=wire.values, cancel=cancel
            )
        wanted = fold(text.strip())
        offered = [
            Suggestion(value=as_typed(value, text))
            for value in found
            if wanted in fold(value) and fold(value) != wanted
        ]
        if any(fold(value) == wanted for value in found):
            offered += self.spellings(key, text.strip(), cancel=cancel)
        return order_suggestions(offered, text.strip())

    def spellings(
        self, key: SearchKey | str, value: str, *, cancel: CancelToken
    ) -> tuple[Suggestion, ...]:
        """Return the stored values equal to one but for case, the frequent first.

        They are read from the first page of matching images. Where there are more
        pages, each is counted by a question of its own, the value itself too; a
        rare spelling of other case may be missed, and odd values have no count.

        POST /searchengine/api/v1/resources/submitquery/
        POST /searchengine/api/v1/resources/submitquery/containers/
        """
        wanted = key_named(key).attributes
        rows = rows_of(wanted_of(key, value, ()))
        spelled: dict[int, frozenset[str]] = {}
        whole = True
        for question in wire.questions(rows, any_case=True):
            page = self._page(question, cancel=cancel)
            whole = whole and page.page_count <= 1
            for image in page.images:
                stored = wire.stored_spellings(image, wanted, value)
                spelled[image.ref.image_id] = stored
        counts = Counter(one for stored in spelled.values() for one in stored)
        if whole:
            return order_spellings(
                Suggestion(value=spelling, image_count=count)
                for spelling, count in counts.items()
            )
        return order_spellings(self._counted_spellings(key, value, counts, cancel))

    def _counted_spellings(
        self, key: SearchKey | str, value: str, seen: Counter[str], cancel: CancelToken
    ) -> Iterator[Suggestion]:
        """Yield spellings with their counts over all pages, as far as few ask it."""
        likely = [one for one, _ in seen.most_common() if one != value]
        for place, spelling in enumerate((value, *likely)):
            count = None
            if place < MAX_COUNTED:
                count = self._image_count(key, spelling, cancel)
            if count or spelling in seen:
                yield Suggestion(value=spelling, image_count=count or None)

    def _image_count(
        self, key: SearchKey | str, value: str, cancel: CancelToken
    ) -> int | None:
        """Return how many images have a value in this case; None if it is odd."""
        question, *more = wire.questions(rows_of(wanted_of(key, value, ())))
        if more or question.loose:
            return None
        return sum(hit.image_count or 0 for hit in self._studies_of(question, cancel))

    def search(
        self,
        key: SearchKey | str | None,
        value: str | None,
        *,
        conditions: Sequence[Wanted] = (),
        any_case: bool = True,
        cancel: CancelToken,
    ) -> tuple[ContainerHit, ...]:
        """Return the studies with matching images.

        Where the engine finds more than was asked for, the images are looked through.

        POST /searchengine/api/v1/resources/submitquery/containers/
        """
        rows = rows_of(wanted_of(key, value, conditions))
        found = self._studies(rows, cancel=cancel)
        if found or not any_case:
            return found
        return self._studies(rows, any_case=True, cancel=cancel)

    def search_plates_steps(
        self,
        key: SearchKey | str | None,
        value: str | None,
        screen_id: ScreenId,
        *,
        conditions: Sequence[Wanted] = (),
        cancel: CancelToken,
    ) -> Iterator[PlateCounts]:
        """Yield the plates of a screen with matching images, as they are counted.

        One page of images tells all. Where there are more pages the engine counts
        by name, and the names are joined to the plates of the screen. Where they
        can't be joined, the images are counted page by page.

        POST /searchengine/api/v1/resources/submitquery/
        POST /searchengine/api/v1/resources/sub_container_images/?container_name=
        GET /webclient/api/plates/?id={screen_id}&page=&limit=
        """
        rows = rows_of(wanted_of(key, value, conditions))

        def listed() -> list[Plate]:
            plates = self._containers.plates(screen_id, cancel=cancel)
            return [Plate(id=one.id, name=one.name) for one in plates]

        steps = self._steps(
            rows, {"screen_id": screen_id}, "plate", _plate_of, listed, cancel
        )
        return (
            PlateCounts(
                hits=merge_plates(
                    PlateHit(plate=plate, image_count=count)
                    for plate, count in tally.hits(final=exact)
                ),
                counted=tally.counted,
                total=tally.counted if exact else tally.total,
                exact=exact,
            )
            for tally, exact in steps
        )

    def search_datasets_steps(
        self,
        key: SearchKey | str | None,
        value: str | None,
        project_id: ProjectId,
        *,
        conditions: Sequence[Wanted] = (),
        cancel: CancelToken,
    ) -> Iterator[DatasetCounts]:
        """Yield the datasets of a project with matching images, as they are counted.

        The index knows one dataset of an image, also where it is in two.

        POST /searchengine/api/v1/resources/submitquery/
        POST /searchengine/api/v1/resources/sub_container_images/?container_name=
        GET /webclient/api/datasets/?id={project_id}&page=&limit=
        """
        rows = rows_of(wanted_of(key, value, conditions))

        def listed() -> list[Dataset]:
            datasets = self._containers.datasets(project_id, cancel=cancel)
            return [Dataset(id=one.id, name=one.name) for one in datasets]

        steps = self._steps(
            rows, {"project_id": project_id}, "dataset", _dataset_of, listed, cancel
        )
        return (
            DatasetCounts(
                hits=merge_datasets(
                    DatasetHit(dataset=dataset, image_count=count)
                    for dataset, count in tally.hits(final=exact)
                ),
                counted=tally.counted,
                total=tally.counted if exact else tally.total,
                exact=exact,
            )
            for tally, exact in steps
        )

    def _steps(
        self,
        rows: Rows,
        study: Mapping[str, int],
        kind: str,
        part_of: Callable[[ImageHit], P | None],
        listed: Callable[[], list[P]],
        cancel: CancelToken,
    ) -> Iterator[tuple[Tally[P], bool]]:
        """Yield a tally of a study's plates or datasets, and whether it is final."""
        hits = self._found(rows, study, cancel)
        tally: Tally[P] = Tally(total=None if hits.page is None else hits.page.size)
        if hits.page is not None and hits.page.size > len(hits.page.images):
            seen = [part for image in hits.page.images if (part := part_of(image))]
            joined = self._joined(hits, kind, seen, listed, cancel)
            if joined is not None:
                tally.begin(joined)
                yield tally, joined.whole
                if joined.whole:
                    return
        for looked_at, image in enumerate(hits.images, 1):
            tally.add(part_of(image))
            if tally.is_whole and tally.settled:
                break  # what is left is on plates whose counts are known
            if looked_at % STEP_IMAGES == 0 and not tally.is_whole:
                yield tally, False
        yield tally, True

    def _joined(
        self,
        hits: _Hits,
        kind: str,
        seen: list[P],
        listed: Callable[[], list[P]],
        cancel: CancelToken,
    ) -> Joined[P] | None:
        """Let the engine count by name; None if it doesn't, or there is no name."""
        study = None if hits.first is None else hits.first.study
        if hits.question is None or hits.page is None or not (study and study.name):
            return None
        try:
            counts = self._json_client.read(
                f"{ROOT}/sub_container_images/",
                (("container_name", study.name),),
                reader=lambda answer: wire.named_counts(answer, kind),
                body=hits.question.body(),
                cancel=cancel,
            )
            # The index may know plates that aren't listed, or by another name.
            parts = listed() + seen
            return join_by_name(counts, parts, total=hits.page.size)
        except IDRError as error:  # the images can be counted all the same
            logger.info("%s: counted page by page: %s", study.name, error)
            return None

    def search_hits(
        self,
        key: SearchKey | str | None,
        value: str | None,
        *,
        conditions: Sequence[Wanted] = (),
        screen_id: ScreenId | None = None,
        plate_id: PlateId | None = None,
        dataset_id: DatasetId | None = None,
        project_id: ProjectId | None = None,
        cancel: CancelToken,
    ) -> Iterator[ImageHit]:
        """Yield the matching images by ascending id, with studies, plates and pairs.

        POST /searchengine/api/v1/resources/submitquery/
        """
        rows = rows_of(wanted_of(key, value, conditions))
        places = _places(
            screen_id=screen_id,
            plate_id=plate_id,
            dataset_id=dataset_id,
            project_id=project_id,
        )
        return lazily(lambda: self._found(rows, places, cancel).images)

    def facets(
        self,
        key: SearchKey | str | None,
        value: str | None,
        *,
        conditions: Sequence[Wanted] = (),
        screen_id: ScreenId | None = None,
        plate_id: PlateId | None = None,
        dataset_id: DatasetId | None = None,
        project_id: ProjectId | None = None,
        cancel: CancelToken,
    ) -> Iterator[Facets]:
        """Yield what the matching images carry, counted by key, as pages come.

        The steps grow: hundreds of pages are told in some dozens of them.

        POST /searchengine/api/v1/resources/submitquery/
        """
        rows = rows_of(wanted_of(key, value, conditions))
        places = _places(
            screen_id=screen_id,
            plate_id=plate_id,
            dataset_id=dataset_id,
            project_id=project_id,
        )
        return lazily(lambda: self._facets(rows, places, cancel))

    def _facets(
        self, rows: Rows, places: Mapping[str, int], cancel: CancelToken
    ) -> Iterator[Facets]:
        hits = self._found(rows, places, cancel)
        tally = FacetTally()
        due = STEP_IMAGES
        for image in hits.images:
            tally.add(image.pairs, image.study)
            if tally.matching >= due:
                due = max(due + STEP_IMAGES, int(due * STEP_GROWTH))
                yield tally.facets(hits.progress, exact=False)
        yield tally.facets(hits.progress, exact=True)

    def _studies(
        self, rows: Rows, *, any_case: bool = False, cancel: CancelToken
    ) -> tuple[ContainerHit, ...]:
        questions = wire.questions(rows, any_case=any_case)
        if len(questions) == 1 and not questions[0].loose:
            return self._studies_of(questions[0], cancel)
        hits = self._hits(rows, {}, cancel, any_case=any_case)
        counts = Counter(image.study for image in hits.images)
        return merge_studies(
            ContainerHit(container=study, image_count=count)
            for study, count in counts.items()
            if study is not None
        )

    def _studies_of(
        self, question: wire.Question, cancel: CancelToken
    ) -> tuple[ContainerHit, ...]:
        found = self._json_client.read(
            f"{ROOT}/submitquery/containers/",
            reader=wire.studies,
            body=question.body(),
            cancel=cancel,
        )
        return merge_studies(found)

    def _found(
        self, rows: Rows, places: Mapping[str, int], cancel: CancelToken
    ) -> _Hits:
        """Return what rows find; if it isn't stored, what other spellings do."""
        hits = self._hits(rows, places, cancel, any_case=False)
        stored = hits.first is not None or (
            bool(places) and bool(self._studies(rows, cancel=cancel))
        )
        return hits if stored else self._hits(rows, places, cancel, any_case=True)

    def _hits(
        self,
        rows: Rows,
        places: Mapping[str, int],
        cancel: CancelToken,
        *,
        any_case: bool,
    ) -> _Hits:
        """Ask for the matching images; further pages when they are wanted."""
        questions = wire.questions(rows, any_case=any_case)
        progress = Progress()
        if len(questions) == 1 and not questions[0].loose:
            question = questions[0]
            page = self._page(question, places, cancel=cancel)
            images = _each_once(self._pages(question, places, cancel, progress, page))
            first = next(images, None)
            return _Hits(
                images=images if first is None else chain((first,), images),
                first=first,
                progress=progress,
                question=question,
                page=page,
            )
        pages = [
            self._pages(question, places, cancel, progress) for question in questions
        ]
        progress.is_known = len(pages) == 1  # an image may be among two questions
        merged: Iterable[ImageHit] = heapq.merge(
            *pages, key=lambda image: image.ref.image_id
        )
        if any(question.loose for question in questions):
            merged = (
                image for image in merged if meets(image.pairs, rows, any_case=any_case)
            )
        images = _each_once(merged)
        first = next(images, None)
        return _Hits(
            images=images if first is None else chain((first,), images),
            first=first,
            progress=progress,
        )

    def _pages(
        self,
        question: wire.Question,
        places: Mapping[str, int],
        cancel: CancelToken,
        progress: Progress,
        first: wire.ImagePage | None = None,
    ) -> Iterator[ImageHit]:
        """Yield the images of all pages, one page after the other.

        What a page begins after, its bookmark, is the last id of the page before.
        """
        page = first or self._page(question, places, cancel=cancel)
        first = None  # one page at a time is kept
        size, last, count = page.size, -1, 0
        progress.total += size
        while page.images:
            for image in giving_way(page.images):
                progress.counted += 1  # as it is looked at: steps end within pages
                yield image
            count += len(page.images)
            if count >= size or (mark := page.bookmark) is None:
                return
            if mark <= last:
                raise ResponseFormatError(f"the page after image {last} came again")
            last = mark
            page = self._page(question, places, bookmark=mark, cancel=cancel)

    def _page(
        self,
        question: wire.Question,
        places: Mapping[str, int] | None = None,
        *,
        bookmark: int | None = None,
        cancel: CancelToken,
    ) -> wire.ImagePage:
        return self._json_client.read(
            f"{ROOT}/submitquery/",
            reader=wire.image_page,
            body=question.body(places, bookmark),
            cancel=cancel,
        )


def as_typed(value: str, text: str) -> str:
    """Return a lower-case value in the case in which a part of it was typed.

    Symbols go on in capitals when the part is all capitals; of other values the
    part alone is changed.

    >>> as_typed("cdc20b", "CDC2"), as_typed("pax7", "Pax")
    ('CDC20B', 'Pax7')
    >>> as_typed("mitotic delay phenotype", "Mito"), as_typed("cdc20", "cdc")
    ('Mitotic delay phenotype', 'cdc20')
    """
    if text.isupper() and not any(letter.isspace() for letter in value):
        return value.upper()
    start = value.find(fold(text))
    if start < 0 or len(fold(text)) != len(text):
        return value
    return value[:start] + text + value[start + len(text) :]


def _each_once(images: Iterable[ImageHit]) -> Iterator[ImageHit]:
    """Yield images that come by ascending id, each once."""
    last = None
    for image in images:
        if image.ref.image_id != last:
            last = image.ref.image_id
            yield image


def _plate_of(image: ImageHit) -> Plate | None:
    return image.plate


def _dataset_of(image: ImageHit) -> Dataset | None:
    return image.dataset


def _places(**ids: int | None) -> dict[str, int]:
    """Return the one place to look in, if there is one."""
    require_one_place(**ids)
    return {name: number for name, number in ids.items() if number is not None}
