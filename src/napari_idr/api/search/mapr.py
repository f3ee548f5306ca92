"""Search by mapr, where it is on."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from napari_idr.api.search.base import (
    MAX_SUGGESTIONS,
    Search,
    counted_datasets,
    counted_plates,
    lazily,
    merge_datasets,
    merge_plates,
    merge_studies,
    order_spellings,
    order_suggestions,
    require_one_place,
    require_sendable,
)
from napari_idr.api.search.conditions import wanted_of
from napari_idr.api.search.counting import STUDY
from napari_idr.api.search.keys import key_named, mapr_name
from napari_idr.errors import NotFoundError
from napari_idr.model import (
    OPERATORS_OF_ANY,
    AnyOf,
    Condition,
    ContainerHit,
    Dataset,
    DatasetHit,
    DatasetId,
    Facet,
    Facets,
    FacetValue,
    ImageHit,
    ImageId,
    ImageRef,
    Plate,
    PlateHit,
    PlateId,
    Project,
    ProjectId,
    Screen,
    ScreenId,
    SearchKey,
    Suggestion,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from napari_idr.api.json_client import JsonClient
    from napari_idr.api.node import Node
    from napari_idr.cancel import CancelToken
    from napari_idr.model import DatasetCounts, Operator, PlateCounts, Wanted
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


MAPR_REFUSES = (
    "this server's search (mapr) takes one condition, “is” or “contains”, and nothing "
    "beside it"
)
"""Why a search isn't asked for; servers with a search engine take more."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """The one value that mapr is asked for, under the name of a key."""

    name: str
    attribute: str
    value: str
    contains: bool

    def params(self, value: str) -> Params:
        """Return the parameters that look for a spelling of the value."""
        pattern = (("query", "true"),) if self.contains else ()
        return ("value", value), *pattern

    @property
    def wanted(self) -> tuple[Condition]:
        """The condition, once more."""
        operator: Operator = "contains" if self.contains else "is"
        key = SearchKey(name=self.name, label=self.name, attributes=(self.attribute,))
        return (Condition(key, operator, self.value),)


def _asked(
    key: SearchKey | str | None, value: str | None, conditions: Sequence[Wanted]
) -> _Asked:
    """Return what mapr is to be asked.

    Raises
    ------
    ValueError
        It can't be asked of mapr, or by no key of such a name.
    """
    one, *more = wanted_of(key, value, conditions)
    if isinstance(one, AnyOf) and len(one.conditions) == 1:
        one = one.conditions[0]
    if more or isinstance(one, AnyOf) or one.operator not in OPERATORS_OF_ANY:
        raise ValueError(MAPR_REFUSES)
    name = mapr_name(one.key)
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a key")
    attribute = key_named(one.key).attributes[0]
    return _Asked(name, attribute, one.text, contains=one.operator == "contains")


class Mapr(Search):
    """Searches by mapr; see `Search`.

    Its lists match a value exactly, also by case; so do those of values that contain
    a text, where an image with two of them may be counted twice.
    """

    def __init__(self, json_client: JsonClient) -> None:
        self._json_client = json_client

    def keys(self, *, cancel: CancelToken) -> tuple[SearchKey, ...]:
        """Return what can be searched by, in the server's order but genes first.

        GET /mapr/api/config/
        """
        keys = self._json_client.read(
            f"{ROOT}/config/", reader=read_search_keys, cancel=cancel
        )
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
        name = _name(key)
        path = f"{ROOT}/autocomplete/{name}/"
        params = require_sendable(path, (("value", text), ("limit", MAX_SUGGESTIONS)))
        with self._naming_keys(name, cancel):
            found = self._json_client.read(
                path, params, reader=read_suggestions, cancel=cancel
            )
        return order_suggestions(found, text)

    def spellings(
        self, key: SearchKey | str, value: str, *, cancel: CancelToken
    ) -> tuple[Suggestion, ...]:
        """Return the stored values equal to one but for case, the frequent first.

        GET /mapr/api/{key}/?value=&orphaned=true&page=&limit=
        """
        return self._stored(_asked(key, value, ()), cancel)

    def _stored(self, asked: _Asked, cancel: CancelToken) -> tuple[Suggestion, ...]:
        """Return the values that are meant, whatever their case."""
        params = (*asked.params(asked.value), ("orphaned", "true"))
        if TAG.search(asked.value):
            return ()
        return order_spellings(
            self._pages(asked.name, "", params, read_spellings, cancel=cancel)
        )

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

        GET /mapr/api/{key}/?value=&page=&limit=
        """
        asked = _asked(key, value, conditions)

        def studies(spelling: str) -> Iterator[ContainerHit]:
            return self._pages(
                asked.name,
                "",
                asked.params(spelling),
                read_screens,
                read_projects,
                cancel=cancel,
            )

        if not any_case:
            return merge_studies(
                () if TAG.search(asked.value) else studies(asked.value)
            )
        return merge_studies(self._as_typed_or_else(asked, studies, cancel))

    def search_plates_steps(
        self,
        key: SearchKey | str | None,
        value: str | None,
        screen_id: ScreenId,
        *,
        conditions: Sequence[Wanted] = (),
        cancel: CancelToken,
    ) -> Iterator[PlateCounts]:
        """Yield the plates of a screen once: mapr has counted them.

        GET /mapr/api/{key}/plates/?value=&id=&page=&limit=
        """
        asked = _asked(key, value, conditions)

        def plates(spelling: str) -> Iterator[PlateHit]:
            params = (*asked.params(spelling), ("id", screen_id))
            return self._pages(
                asked.name, "plates/", params, read_plates, cancel=cancel
            )

        found = self._as_typed_or_else(asked, plates, cancel)
        return lazily(lambda: [counted_plates(merge_plates(found))])

    def search_datasets_steps(
        self,
        key: SearchKey | str | None,
        value: str | None,
        project_id: ProjectId,
        *,
        conditions: Sequence[Wanted] = (),
        cancel: CancelToken,
    ) -> Iterator[DatasetCounts]:
        """Yield the datasets of a project once: mapr has counted them.

        GET /mapr/api/{key}/datasets/?value=&id=&page=&limit=
        """
        asked = _asked(key, value, conditions)

        def datasets(spelling: str) -> Iterator[DatasetHit]:
            params = (*asked.params(spelling), ("id", project_id))
            return self._pages(
                asked.name, "datasets/", params, read_datasets, cancel=cancel
            )

        found = self._as_typed_or_else(asked, datasets, cancel)
        return lazily(lambda: [counted_datasets(merge_datasets(found))])

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
        """Yield the matching images with studies and plates, as far as they are asked.

        mapr lists the images of one plate or dataset: those of a screen, of a
        project, of everything are asked for plate by plate. Wells are not told.

        GET /mapr/api/{key}/images/?value=&node=&id=&page=&limit=
        """
        asked = _asked(key, value, conditions)
        require_one_place(
            screen_id=screen_id,
            plate_id=plate_id,
            dataset_id=dataset_id,
            project_id=project_id,
        )
        path = f"{ROOT}/{asked.name}/images/"
        require_sendable(path, (*asked.params(asked.value), ("node", "dataset")))

        def hits() -> Iterator[ImageHit]:
            if plate_id is not None:
                return _hits(self._plate_images(asked, plate_id, cancel))
            if dataset_id is not None:
                return _hits(self._dataset_images(asked, dataset_id, cancel))
            if screen_id is not None:
                return self._screen_hits(asked, screen_id, cancel)
            if project_id is not None:
                return self._project_hits(asked, project_id, cancel)
            return self._all_hits(asked, cancel)

        return _each_once(lazily(hits), lambda hit: hit.ref.image_id)

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
        """Yield once the studies and the values that were found, as mapr counts them.

        mapr tells no more of images, and counts none for a place: with one, it is
        refused.

        GET /mapr/api/{key}/?value=&page=&limit=
        GET /mapr/api/{key}/?value=&orphaned=true&page=&limit=
        """
        asked = _asked(key, value, conditions)
        places = (screen_id, plate_id, dataset_id, project_id)
        if any(one is not None for one in places):
            raise ValueError("mapr counts what all studies carry, not one of them")

        def facets() -> Iterator[Facets]:
            found = self.search(key, value, conditions=conditions, cancel=cancel)
            stored = self._stored(asked, cancel)
            whole = sum(hit.image_count or 0 for hit in found)
            if asked.value in [one.value for one in stored] and not asked.contains:
                stored = tuple(one for one in stored if one.value == asked.value)
            studies = [(hit.container.name, hit.image_count or 0) for hit in found]
            values = [(one.value, one.image_count or 0) for one in stored]
            yield Facets(
                facets=tuple(
                    Facet(
                        key=name,
                        values=tuple(
                            FacetValue(value=value, image_count=count)
                            for value, count in counts
                        ),
                        value_count=len(counts),
                    )
                    for name, counts in ((STUDY, studies), (asked.attribute, values))
                    if counts
                ),
                counted=whole,
                matching=whole,
                total=whole,
                exact=True,
            )

        return lazily(facets)

    def _all_hits(self, asked: _Asked, cancel: CancelToken) -> Iterator[ImageHit]:
        for found in self.search(None, None, conditions=asked.wanted, cancel=cancel):
            study = found.container
            if isinstance(study, Screen):
                hits = self._screen_hits(asked, study.id, cancel)
            else:
                hits = self._project_hits(asked, study.id, cancel)
            yield from (replace(hit, study=study) for hit in hits)

    def _screen_hits(
        self, asked: _Asked, screen_id: ScreenId, cancel: CancelToken
    ) -> Iterator[ImageHit]:
        for found in self.search_plates(
            None, None, screen_id, conditions=asked.wanted, cancel=cancel
        ):
            images = self._plate_images(asked, found.plate.id, cancel)
            yield from _hits(images, plate=found.plate)

    def _project_hits(
        self, asked: _Asked, project_id: ProjectId, cancel: CancelToken
    ) -> Iterator[ImageHit]:
        for found in self.search_datasets(
            None, None, project_id, conditions=asked.wanted, cancel=cancel
        ):
            images = self._dataset_images(asked, found.dataset.id, cancel)
            yield from _hits(images, dataset=found.dataset)

    def _plate_images(
        self, asked: _Asked, plate_id: PlateId, cancel: CancelToken
    ) -> Iterator[ImageRef]:
        return self._images(
            asked,
            (("node", "plate"), ("id", plate_id)),
            lambda answer: read_images(answer, plate_id=plate_id),
            cancel,
        )

    def _dataset_images(
        self, asked: _Asked, dataset_id: DatasetId, cancel: CancelToken
    ) -> Iterator[ImageRef]:
        return self._images(
            asked,
            (("node", "dataset"), ("id", dataset_id)),
            lambda answer: read_images(answer, dataset_id=dataset_id),
            cancel,
        )

    def _images(
        self,
        asked: _Asked,
        place: Params,
        read: Callable[[Node], tuple[ImageRef, ...]],
        cancel: CancelToken,
    ) -> Iterator[ImageRef]:

        def images(spelling: str) -> Iterator[ImageRef]:
            params = (*asked.params(spelling), *place)
            return self._pages(
                asked.name, "images/", params, read, cancel=cancel, limit=PAGE_IMAGES
            )

        found = self._as_typed_or_else(asked, images, cancel)
        yield from sorted(found, key=lambda image: image.image_id)

    def _as_typed_or_else(
        self,
        asked: _Asked,
        find: Callable[[str], Iterable[T]],
        cancel: CancelToken,
    ) -> Iterator[T]:
        """Yield what a value finds; if it isn't stored, what its other spellings do.

        A part of a value is found as it is typed alone.
        """
        value = asked.value
        if TAG.search(value):
            return
        found = False
        for one in find(value):
            found = True
            yield one
        if found or asked.contains:
            return
        stored = [one.value for one in self._stored(asked, cancel)]
        if value not in stored:
            for spelling in stored:
                yield from find(spelling)

    @contextmanager
    def _naming_keys(self, name: str, cancel: CancelToken) -> Iterator[None]:
        """Have a 404 say which keys there are, where there is none of this name."""
        try:
            yield
        except NotFoundError as error:
            keys = [key.name for key in self.keys(cancel=cancel)]
            if name in keys:
                raise
            raise NotFoundError(
                f"the server has no key {name!r}, but {', '.join(keys)}", url=error.url
            ) from error

    def _pages(
        self,
        name: str,
        what: str,
        params: Params,
        *readers: Callable[[Node], tuple[T, ...]],
        cancel: CancelToken,
        limit: int = PAGE_ROWS,
    ) -> Iterator[T]:
        """Yield the rows of all pages of a key, each once; a full list may go on."""
        path = f"{ROOT}/{name}/{what}"
        seen: set[T] = set()
        page = 1
        while True:
            asked = (*params, ("page", page), ("limit", limit))
            sent = require_sendable(path, asked)
            with self._naming_keys(name, cancel):
                lists = self._json_client.read(
                    path,
                    sent,
                    reader=lambda answer: [read(answer) for read in readers],
                    cancel=cancel,
                )
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


def _hits(
    images: Iterable[ImageRef],
    *,
    plate: Plate | None = None,
    dataset: Dataset | None = None,
) -> Iterator[ImageHit]:
    for image in images:
        yield ImageHit(ref=image, plate=plate, dataset=dataset)


def _each_once(items: Iterable[T], identity: Callable[[T], Hashable]) -> Iterator[T]:
    seen: set[Hashable] = set()
    for item in items:
        if (mark := identity(item)) not in seen:
            seen.add(mark)
            yield item


def read_search_keys(config: Node) -> tuple[SearchKey, ...]:
    """Read what a server is set up to search by; keys without attributes fall away.

    The attributes that mapr asks first unless told otherwise come first.

    Raises
    ------
    ResponseFormatError
        There is something, and no key among it.
    """
    keys = []
    for name, node in config.items():
        default = [one.read(str) for one in node.find_children("default")]
        every = [one.read(str) for one in node.find_children("all")]
        attributes = tuple(dict.fromkeys([*default, *every]))
        if attributes:
            label = node.find("label", str) or name
            keys.append(SearchKey(name=name, label=label, attributes=attributes))
    if config.members() and not keys:
        raise config.error_here("no key has attributes")
    return tuple(keys)


def read_suggestions(answer: Node) -> tuple[Suggestion, ...]:
    """Read the values that complete a text; mapr tells no counts."""
    return tuple(Suggestion(value=node.get("value", str)) for node in answer.elements())


def read_spellings(answer: Node) -> tuple[Suggestion, ...]:
    """Read values and the number of images that carry each."""
    return tuple(
        Suggestion(value=node.get("id", str), image_count=_counter(node))
        for node in answer.children("maps")
    )


def read_screens(answer: Node) -> tuple[ContainerHit, ...]:
    """Read the screens that match."""
    return tuple(
        ContainerHit(
            container=Screen(id=ScreenId(node.get("id", int)), name=_study_name(node)),
            image_count=_counter(node),
        )
        for node in answer.children("screens")
    )


def read_projects(answer: Node) -> tuple[ContainerHit, ...]:
    """Read the projects that match."""
    return tuple(
        ContainerHit(
            container=Project(
                id=ProjectId(node.get("id", int)), name=_study_name(node)
            ),
            image_count=_counter(node),
        )
        for node in answer.children("projects")
    )


def read_plates(answer: Node) -> tuple[PlateHit, ...]:
    """Read the plates that match; their names have no suffix."""
    return tuple(
        PlateHit(
            plate=Plate(id=PlateId(node.get("id", int)), name=node.get("name", str)),
            image_count=node.get("childCount", int),
        )
        for node in answer.children("plates")
    )


def read_datasets(answer: Node) -> tuple[DatasetHit, ...]:
    """Read the datasets that match; their names have no suffix."""
    return tuple(
        DatasetHit(
            dataset=Dataset(
                id=DatasetId(node.get("id", int)), name=node.get("name", str)
            ),
            image_count=node.get("childCount", int),
        )
        for node in answer.children("datasets")
    )


def read_images(
    answer: Node,
    *,
    plate_id: PlateId | None = None,
    dataset_id: DatasetId | None = None,
) -> tuple[ImageRef, ...]:
    """Read the images that match in the plate or dataset that was asked for."""
    return tuple(
        ImageRef(
            image_id=ImageId(node.get("id", int)),
            name=node.find("name", str) or "",
            plate_id=plate_id,
            dataset_id=dataset_id,
        )
        for node in answer.rows("images")
    )


def without_counter(name: str, counter: int | None) -> str:
    """Return the name of a study without the count that mapr puts behind it.

    >>> without_counter("idr0002-heriche-condensation/screenA (24)", 24)
    'idr0002-heriche-condensation/screenA'
    >>> without_counter("control (2)", 24), without_counter("control (2)", None)
    ('control (2)', 'control (2)')
    """
    return name if counter is None else name.removesuffix(f" ({counter})")


def _study_name(node: Node) -> str:
    return without_counter(node.get("name", str), _counter(node))


def _counter(node: Node) -> int | None:
    extra = node.find_child("extra")
    return None if extra is None else extra.find("counter", int)
