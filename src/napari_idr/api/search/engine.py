"""Search by the archive's search engine, where mapr is off."""

from __future__ import annotations

import heapq
from collections import Counter
from typing import TYPE_CHECKING

from napari_idr.api.search import engine_answers as wire
from napari_idr.api.search.base import (
    fold,
    lazily,
    merge_datasets,
    merge_plates,
    merge_studies,
    order_spellings,
    order_suggestions,
    require_one_place,
    require_sendable,
    require_value,
)
from napari_idr.errors import ResponseFormatError
from napari_idr.model import (
    ContainerHit,
    DatasetHit,
    PlateHit,
    SearchKey,
    Suggestion,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_idr.api.json_client import JsonClient
    from napari_idr.cancel import CancelToken
    from napari_idr.model import DatasetId, ImageRef, PlateId, ProjectId, ScreenId

ROOT = "searchengine/api/v1/resources"

MENU = tuple(
    SearchKey(name=name, label=label, attributes=attributes)
    for name, label, attributes in (
        ("gene", "Gene", ("Gene Symbol", "Gene Identifier")),
        ("sirna", "siRNA", ("siRNA Identifier", "siRNA Pool Identifier")),
        ("omap", "OMAP", ("OMAP Number",)),
        ("phenotype", "Phenotype", ("Phenotype", "Phenotype Term Accession")),
        ("compound", "Compound", ("Compound Name",)),
        ("organism", "Organism", ("Organism",)),
        ("antibody", "Antibody", ("Antibody Identifier", "Antibody Name")),
        ("orf", "ORF", ("ORF Identifier",)),
        ("cellline", "Cell Lines", ("Cell Line",)),
        ("protein", "Protein", ("Protein",)),
        ("others", "Others", ("Others",)),
        ("notebook", "Analysis Notebook", ("Study Notebook",)),
    )
)
"""What IDR's mapr was set up to search by, in its order (IDR/deployment)."""


class SearchEngine:
    """Searches by the search engine; see `Search`.

    It ignores case unless told otherwise, so it is told.
    """

    def __init__(self, json_client: JsonClient) -> None:
        self._json_client = json_client

    def keys(self, *, cancel: CancelToken) -> tuple[SearchKey, ...]:
        """Return mapr's keys as far as images have them, then the engine's others.

        GET /searchengine/api/v1/resources/image/keys/
        GET /searchengine/api/v1/resources/image/keys/?mode=searchterms
        """
        path = f"{ROOT}/image/keys/"
        stored = wire.attributes(self._json_client.json(path, cancel=cancel))
        common = wire.attributes(
            self._json_client.json(path, (("mode", "searchterms"),), cancel=cancel)
        )
        menu = [key for key in MENU if not set(key.attributes).isdisjoint(stored)]
        known = {attribute for key in menu for attribute in key.attributes}
        others = sorted(set(common) - known, key=fold)
        return *menu, *(_attribute_key(one) for one in others)

    def autocomplete(
        self, key: SearchKey | str, text: str, *, cancel: CancelToken
    ) -> tuple[Suggestion, ...]:
        """Return values that contain a text, with the number of images.

        The engine tells values in lower case. They come as they are stored where
        the text is a whole value, else as the text is typed. A value that
        an image has twice counts twice.

        GET /searchengine/api/v1/resources/image/searchvalues/?key=&value=
        """
        # Some backslashes make the engine crash: it is asked for what has none.
        part = max(text.strip().split("\\"), key=len)
        if not part:
            return ()
        path = f"{ROOT}/image/searchvalues/"
        found: list[Suggestion] = []
        for attribute in _key(key).attributes:
            params = require_sendable(path, (("key", attribute), ("value", part)))
            found += wire.values(self._json_client.json(path, params, cancel=cancel))
        wanted = fold(text.strip())
        spelled = [
            Suggestion(value=as_typed(one.value, text), image_count=one.image_count)
            for one in found
            if wanted in fold(one.value) and fold(one.value) != wanted
        ]
        if any(fold(one.value) == wanted for one in found):
            spelled += self.spellings(key, text.strip(), cancel=cancel)
        return order_suggestions(spelled, text.strip())

    def spellings(
        self, key: SearchKey | str, value: str, *, cancel: CancelToken
    ) -> tuple[Suggestion, ...]:
        """Return the stored values equal to one but for case, the frequent first.

        They are read from the first page of matching images; where there are more
        pages a rare spelling may be missed, and no counts are told.

        POST /searchengine/api/v1/resources/submitquery/
        """
        wanted = _key(key).attributes
        counts: Counter[str] = Counter()
        told = True
        for question in wire.questions(wanted, require_value(value), any_case=True):
            page = self._page(question, cancel=cancel)
            told = told and page.page_count <= 1
            for image in page.images:
                counts.update(wire.stored_spellings(image, wanted, value))
        return order_spellings(
            Suggestion(value=spelling, image_count=count if told else None)
            for spelling, count in counts.items()
        )

    def search(
        self, key: SearchKey | str, value: str, *, cancel: CancelToken
    ) -> tuple[ContainerHit, ...]:
        """Return the studies with matching images.

        POST /searchengine/api/v1/resources/submitquery/containers/
        """
        require_value(value)
        return self._studies(key, value, cancel=cancel) or self._studies(
            key, value, any_case=True, cancel=cancel
        )

    def search_plates(
        self,
        key: SearchKey | str,
        value: str,
        screen_id: ScreenId,
        *,
        cancel: CancelToken,
    ) -> tuple[PlateHit, ...]:
        """Return the plates of a screen with matching images, counted one by one.

        POST /searchengine/api/v1/resources/submitquery/
        """
        images = self._as_typed_or_else(
            key, require_value(value), {"screen_id": screen_id}, cancel
        )
        counts = Counter(image.plate for image in images)
        return merge_plates(
            PlateHit(plate=plate, image_count=count)
            for plate, count in counts.items()
            if plate is not None
        )

    def search_datasets(
        self,
        key: SearchKey | str,
        value: str,
        project_id: ProjectId,
        *,
        cancel: CancelToken,
    ) -> tuple[DatasetHit, ...]:
        """Return the datasets of a project with matching images.

        The index knows one dataset of an image, also where it is in two.

        POST /searchengine/api/v1/resources/submitquery/
        """
        images = self._as_typed_or_else(
            key, require_value(value), {"project_id": project_id}, cancel
        )
        counts = Counter(image.dataset for image in images)
        return merge_datasets(
            DatasetHit(dataset=dataset, image_count=count)
            for dataset, count in counts.items()
            if dataset is not None
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
        cancel: CancelToken,
    ) -> Iterator[ImageRef]:
        """Yield the matching images by ascending id, with their wells and plates.

        POST /searchengine/api/v1/resources/submitquery/
        """
        require_value(value)
        ids = {
            "screen_id": screen_id,
            "plate_id": plate_id,
            "dataset_id": dataset_id,
            "project_id": project_id,
        }
        require_one_place(**ids)
        places = {name: number for name, number in ids.items() if number is not None}
        return (
            image.ref
            for image in lazily(
                lambda: self._as_typed_or_else(key, value, places, cancel)
            )
        )

    def _studies(
        self,
        key: SearchKey | str,
        value: str,
        *,
        any_case: bool = False,
        cancel: CancelToken,
    ) -> tuple[ContainerHit, ...]:
        attributes = _key(key).attributes
        questions = wire.questions(attributes, value, any_case=any_case)
        if len(questions) == 1 and not questions[0].loose:
            answer = self._json_client.json(
                f"{ROOT}/submitquery/containers/",
                body=questions[0].body(),
                cancel=cancel,
            )
            return merge_studies(wire.studies(answer))
        images = self._images(key, value, {}, any_case=any_case, cancel=cancel)
        counts = Counter(image.study for image in images)
        return merge_studies(
            ContainerHit(container=study, image_count=count)
            for study, count in counts.items()
            if study is not None
        )

    def _as_typed_or_else(
        self,
        key: SearchKey | str,
        value: str,
        places: Mapping[str, int],
        cancel: CancelToken,
    ) -> Iterator[wire.FoundImage]:
        """Yield what a value finds; if it isn't stored, what its other spellings do."""
        found = False
        for image in self._images(key, value, places, any_case=False, cancel=cancel):
            found = True
            yield image
        if found or (places and self._studies(key, value, cancel=cancel)):
            return
        yield from self._images(key, value, places, any_case=True, cancel=cancel)

    def _images(
        self,
        key: SearchKey | str,
        value: str,
        places: Mapping[str, int],
        *,
        any_case: bool,
        cancel: CancelToken,
    ) -> Iterator[wire.FoundImage]:
        """Yield each matching image once, by ascending id."""
        attributes = _key(key).attributes
        streams = [
            self._pages(question, places, cancel)
            for question in wire.questions(attributes, value, any_case=any_case)
        ]
        last = None
        for loose, image in heapq.merge(
            *streams, key=lambda found: found[1].ref.image_id
        ):
            wanted = not loose or (
                bool(wire.stored_spellings(image, attributes, value))
                if any_case
                else wire.has_value(image, attributes, value)
            )
            if wanted and image.ref.image_id != last:
                last = image.ref.image_id
                yield image

    def _pages(
        self, question: wire.Question, places: Mapping[str, int], cancel: CancelToken
    ) -> Iterator[tuple[bool, wire.FoundImage]]:
        """Yield the images of all pages, and whether they have to be looked at."""
        page = self._page(question, places, cancel=cancel)
        size, last, count = page.size, -1, 0
        while page.images:
            yield from ((question.loose, image) for image in page.images)
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
        body = question.body(places, bookmark)
        answer = self._json_client.json(
            f"{ROOT}/submitquery/", body=body, cancel=cancel
        )
        return wire.image_page(answer)


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


def _key(key: SearchKey | str) -> SearchKey:
    """Return a key by its name: one of mapr's, else an attribute's own."""
    if isinstance(key, SearchKey):
        return key
    by_name = {one.name: one for one in MENU}
    return by_name.get(key) or _attribute_key(key)


def _attribute_key(attribute: str) -> SearchKey:
    return SearchKey(name=attribute, label=attribute, attributes=(attribute,))
