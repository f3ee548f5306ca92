"""mapr: what carries a gene, a phenotype, a compound ... where it still answers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from napari_idr.api._search import (
    MAX_SUGGESTIONS,
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
from napari_idr.api._wire import _mapr as wire
from napari_idr.model import Screen, SearchKey

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from napari_idr.api._ask import Ask
    from napari_idr.api._wire._node import Node
    from napari_idr.cancel import CancelToken
    from napari_idr.model import (
        ContainerHit,
        DatasetHit,
        DatasetId,
        ImageRef,
        PlateHit,
        PlateId,
        ProjectId,
        ScreenId,
        Suggestion,
    )
    from napari_idr.transport import Params

T = TypeVar("T")

ROOT = "mapr/api"

PAGE_ROWS = 500
"""Rows in one answer, as servers are set up; asked for, as they cut unmarked."""

PAGE_IMAGES = 10_000
"""Images in one answer. mapr lists them in no order, so two pages might overlap:
this holds those of a plate or dataset in one."""

NAME = re.compile(r"[\w-]+")
TAG = re.compile(r"<[/!?a-zA-Z][^>]*>")
"""What mapr takes for HTML and cuts out of a value before it looks for it."""


class Mapr:
    """Searches by mapr; see `Search`.

    Its lists match a value exactly, also by case.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def keys(self, *, cancel: CancelToken) -> tuple[SearchKey, ...]:
        """Return what can be searched by, in the server's order but genes first.

        GET /mapr/api/config/
        """
        keys = wire.search_keys(self._ask.json(f"{ROOT}/config/", cancel=cancel))
        return tuple(sorted(keys, key=lambda key: key.name != "gene"))

    def autocomplete(
        self, key: SearchKey | str, text: str, *, cancel: CancelToken
    ) -> tuple[Suggestion, ...]:
        """Return values that contain a text; mapr doesn't count them.

        GET /mapr/api/autocomplete/{key}/?value=&limit=
        """
        text = text.strip()
        if not text:
            return ()
        path = f"{ROOT}/autocomplete/{_name(key)}/"
        params = require_sendable(path, (("value", text), ("limit", MAX_SUGGESTIONS)))
        found = wire.suggestions(self._ask.json(path, params, cancel=cancel))
        return order_suggestions(found, text)

    def spellings(
        self, key: SearchKey | str, value: str, *, cancel: CancelToken
    ) -> tuple[Suggestion, ...]:
        """Return the stored values equal to one but for case, the frequent first.

        GET /mapr/api/{key}/?value=&orphaned=true&page=&limit=
        """
        params = (("value", require_value(value)), ("orphaned", "true"))
        path = f"{ROOT}/{_name(key)}/"
        if TAG.search(value):
            return ()
        return order_spellings(self._pages(path, params, wire.spellings, cancel=cancel))

    def search(
        self, key: SearchKey | str, value: str, *, cancel: CancelToken
    ) -> tuple[ContainerHit, ...]:
        """Return the studies with matching images.

        GET /mapr/api/{key}/?value=&page=&limit=
        """
        path = f"{ROOT}/{_name(key)}/"

        def studies(spelling: str) -> Iterator[ContainerHit]:
            return self._pages(
                path, (("value", spelling),), wire.screens, wire.projects, cancel=cancel
            )

        return merge_studies(self._as_typed_or_else(key, value, studies, cancel))

    def search_plates(
        self,
        key: SearchKey | str,
        value: str,
        screen_id: ScreenId,
        *,
        cancel: CancelToken,
    ) -> tuple[PlateHit, ...]:
        """Return the plates of a screen with matching images.

        GET /mapr/api/{key}/plates/?value=&id=&page=&limit=
        """
        path = f"{ROOT}/{_name(key)}/plates/"

        def plates(spelling: str) -> Iterator[PlateHit]:
            params = ("value", spelling), ("id", screen_id)
            return self._pages(path, params, wire.plates, cancel=cancel)

        return merge_plates(self._as_typed_or_else(key, value, plates, cancel))

    def search_datasets(
        self,
        key: SearchKey | str,
        value: str,
        project_id: ProjectId,
        *,
        cancel: CancelToken,
    ) -> tuple[DatasetHit, ...]:
        """Return the datasets of a project with matching images.

        GET /mapr/api/{key}/datasets/?value=&id=&page=&limit=
        """
        path = f"{ROOT}/{_name(key)}/datasets/"

        def datasets(spelling: str) -> Iterator[DatasetHit]:
            params = ("value", spelling), ("id", project_id)
            return self._pages(path, params, wire.datasets, cancel=cancel)

        return merge_datasets(self._as_typed_or_else(key, value, datasets, cancel))

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
        """Yield the matching images; wells are not told.

        mapr lists the images of one plate or dataset: those of a screen, of a
        project, of everything are asked for plate by plate.

        GET /mapr/api/{key}/images/?value=&node=&id=&page=&limit=
        """
        require_value(value)
        require_one_place(
            screen_id=screen_id,
            plate_id=plate_id,
            dataset_id=dataset_id,
            project_id=project_id,
        )
        path = f"{ROOT}/{_name(key)}/images/"
        require_sendable(path, (("value", value), ("node", "dataset")))

        def images() -> Iterator[ImageRef]:
            if plate_id is not None:
                return self._plate_images(key, value, plate_id, cancel)
            if dataset_id is not None:
                return self._dataset_images(key, value, dataset_id, cancel)
            if screen_id is not None:
                return self._screen_images(key, value, screen_id, cancel)
            if project_id is not None:
                return self._project_images(key, value, project_id, cancel)
            return self._all_images(key, value, cancel)

        return _each_once(lazily(images), lambda image: image.image_id)

    def _all_images(
        self, key: SearchKey | str, value: str, cancel: CancelToken
    ) -> Iterator[ImageRef]:
        for hit in self.search(key, value, cancel=cancel):
            study = hit.container
            if isinstance(study, Screen):
                yield from self._screen_images(key, value, study.id, cancel)
            else:
                yield from self._project_images(key, value, study.id, cancel)

    def _screen_images(
        self, key: SearchKey | str, value: str, screen_id: ScreenId, cancel: CancelToken
    ) -> Iterator[ImageRef]:
        for hit in self.search_plates(key, value, screen_id, cancel=cancel):
            yield from self._plate_images(key, value, hit.plate.id, cancel)

    def _project_images(
        self,
        key: SearchKey | str,
        value: str,
        project_id: ProjectId,
        cancel: CancelToken,
    ) -> Iterator[ImageRef]:
        for hit in self.search_datasets(key, value, project_id, cancel=cancel):
            yield from self._dataset_images(key, value, hit.dataset.id, cancel)

    def _plate_images(
        self, key: SearchKey | str, value: str, plate_id: PlateId, cancel: CancelToken
    ) -> Iterator[ImageRef]:
        return self._images(
            key,
            value,
            (("node", "plate"), ("id", plate_id)),
            lambda answer: wire.images(answer, plate_id=plate_id),
            cancel,
        )

    def _dataset_images(
        self,
        key: SearchKey | str,
        value: str,
        dataset_id: DatasetId,
        cancel: CancelToken,
    ) -> Iterator[ImageRef]:
        return self._images(
            key,
            value,
            (("node", "dataset"), ("id", dataset_id)),
            lambda answer: wire.images(answer, dataset_id=dataset_id),
            cancel,
        )

    def _images(
        self,
        key: SearchKey | str,
        value: str,
        place: Params,
        read: Callable[[Node], tuple[ImageRef, ...]],
        cancel: CancelToken,
    ) -> Iterator[ImageRef]:
        path = f"{ROOT}/{_name(key)}/images/"

        def images(spelling: str) -> Iterator[ImageRef]:
            params = ("value", spelling), *place
            return self._pages(path, params, read, cancel=cancel, limit=PAGE_IMAGES)

        found = self._as_typed_or_else(key, value, images, cancel)
        yield from sorted(found, key=lambda image: image.image_id)

    def _as_typed_or_else(
        self,
        key: SearchKey | str,
        value: str,
        find: Callable[[str], Iterable[T]],
        cancel: CancelToken,
    ) -> Iterator[T]:
        """Yield what a value finds; if it isn't stored, what its other spellings do."""
        if TAG.search(require_value(value)):
            return
        found = False
        for one in find(value):
            found = True
            yield one
        if found:
            return
        stored = [one.value for one in self.spellings(key, value, cancel=cancel)]
        if value not in stored:
            for spelling in stored:
                yield from find(spelling)

    def _pages(
        self,
        path: str,
        params: Params,
        *readers: Callable[[Node], tuple[T, ...]],
        cancel: CancelToken,
        limit: int = PAGE_ROWS,
    ) -> Iterator[T]:
        """Yield the rows of all pages, each once; a full list may go on."""
        seen: set[T] = set()
        page = 1
        while True:
            asked = (*params, ("page", page), ("limit", limit))
            answer = self._ask.json(path, require_sendable(path, asked), cancel=cancel)
            lists = [read(answer) for read in readers]
            fresh = [row for rows in lists for row in rows if row not in seen]
            yield from fresh
            seen.update(fresh)
            # A server that doesn't turn pages would send the first for ever.
            if not fresh or all(len(rows) < limit for rows in lists):
                return
            page += 1


def _name(key: SearchKey | str) -> str:
    """Return the name of a key as it stands in an address."""
    name = key.name if isinstance(key, SearchKey) else key
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a key")
    return name


def _each_once(items: Iterable[T], identity: Callable[[T], Hashable]) -> Iterator[T]:
    seen: set[Hashable] = set()
    for item in items:
        if (mark := identity(item)) not in seen:
            seen.add(mark)
            yield item
