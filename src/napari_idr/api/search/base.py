"""Base of the search back ends: what mapr and the search engine share.

Values are found as they are typed. Where nothing is stored in that spelling,
those that differ from it by case alone are found in its stead.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from napari_idr.model import (
    ContainerHit,
    DatasetCounts,
    DatasetHit,
    PlateCounts,
    PlateHit,
    Suggestion,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from napari_idr.cancel import CancelToken
    from napari_idr.model import (
        DatasetId,
        Facets,
        ImageHit,
        ImageRef,
        PlateId,
        ProjectId,
        ScreenId,
        SearchKey,
        Wanted,
    )
    from napari_idr.transport import Params

T = TypeVar("T")

MAX_TARGET_BYTES = 4000
"""Web servers of archives refuse request lines over 4094 bytes (gunicorn)."""

MAX_SUGGESTIONS = 500
"""More than a person reads; a page of mapr's has as many."""


class Search(ABC):
    """Finds what carries a gene, a phenotype, a compound ... Thread-safe.

    A key is one of `keys`, or its name. What is found has the value, and meets all
    conditions; one without the other will do. Methods raise `ValueError` at once for
    an empty value, one too long to be sent, and for conditions that the server can't
    be asked; and `IDRError` when the server doesn't answer as agreed. What they
    return doesn't depend on the back end.
    """

    @abstractmethod
    def keys(self, *, cancel: CancelToken) -> tuple[SearchKey, ...]:
        """Return what can be searched by, genes first."""

    @abstractmethod
    def autocomplete(
        self, key: SearchKey | str, text: str, *, cancel: CancelToken
    ) -> tuple[Suggestion, ...]:
        """Return values that contain a text, those that begin with it first.

        Case doesn't matter; an empty text has no suggestions. A count is that of
        the spelling that is offered.
        """

    @abstractmethod
    def spellings(
        self, key: SearchKey | str, value: str, *, cancel: CancelToken
    ) -> tuple[Suggestion, ...]:
        """Return the stored values equal to one but for case, the frequent first."""

    @abstractmethod
    def search(
        self,
        key: SearchKey | str | None,
        value: str | None,
        *,
        conditions: Sequence[Wanted] = (),
        any_case: bool = True,
        cancel: CancelToken,
    ) -> tuple[ContainerHit, ...]:
        """Return the studies with matching images, one row each, most images first.

        Unless `any_case`, what isn't stored as it is typed isn't found.
        """

    def search_plates(
        self,
        key: SearchKey | str | None,
        value: str | None,
        screen_id: ScreenId,
        *,
        conditions: Sequence[Wanted] = (),
        cancel: CancelToken,
    ) -> tuple[PlateHit, ...]:
        """Return the plates of a screen with matching images, by name."""
        steps = self.search_plates_steps(
            key, value, screen_id, conditions=conditions, cancel=cancel
        )
        return last_of(steps).hits

    def search_datasets(
        self,
        key: SearchKey | str | None,
        value: str | None,
        project_id: ProjectId,
        *,
        conditions: Sequence[Wanted] = (),
        cancel: CancelToken,
    ) -> tuple[DatasetHit, ...]:
        """Return the datasets of a project with matching images, by name."""
        steps = self.search_datasets_steps(
            key, value, project_id, conditions=conditions, cancel=cancel
        )
        return last_of(steps).hits

    @abstractmethod
    def search_plates_steps(
        self,
        key: SearchKey | str | None,
        value: str | None,
        screen_id: ScreenId,
        *,
        conditions: Sequence[Wanted] = (),
        cancel: CancelToken,
    ) -> Iterator[PlateCounts]:
        """Yield what `search_plates` returns while it is being counted.

        The last of at least one step is exact.
        """

    @abstractmethod
    def search_datasets_steps(
        self,
        key: SearchKey | str | None,
        value: str | None,
        project_id: ProjectId,
        *,
        conditions: Sequence[Wanted] = (),
        cancel: CancelToken,
    ) -> Iterator[DatasetCounts]:
        """Yield what `search_datasets` returns while it is being counted."""

    def search_images(
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
    ) -> Iterator[ImageRef]:
        """Yield the matching images, each once, as their pages come.

        At most one of the ids says where to look; none is everywhere. Images of
        one plate or dataset come by ascending id.
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

    @abstractmethod
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
        """Yield what `search_images` does, with all that is told of each image."""

    @abstractmethod
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
        """Yield what the matching images carry, counted by key, while it is read.

        The last of at least one step is exact.
        """


def require_one_place(**places: int | None) -> None:
    """Raise `ValueError` when more than one place to look in is given."""
    given = [name for name, number in places.items() if number is not None]
    if len(given) > 1:
        raise ValueError(f"one place to look in, not {' and '.join(given)}")


def require_sendable(path: str, params: Params) -> Params:
    """Return the parameters of a GET whose address servers will read.

    Raises
    ------
    ValueError
        When the address is too long, or a value isn't text.
    """
    try:
        size = len(path) + len(urlencode(params)) + len("/?")
    except UnicodeEncodeError as error:
        raise ValueError("the value holds a half of a character") from error
    if size > MAX_TARGET_BYTES:
        raise ValueError(
            f"the value is too long to be asked for: {size} bytes, "
            f"{MAX_TARGET_BYTES} can be sent"
        )
    return params


def fold(text: str) -> str:
    """Return a text as it is compared when case doesn't matter."""
    return text.lower()


def merge_studies(hits: Iterable[ContainerHit]) -> tuple[ContainerHit, ...]:
    """Return one hit for each study, the one with most images first.

    Counts of the same study add up; where one of them isn't told, the sum isn't.

    >>> from napari_idr.model import Screen, ScreenId
    >>> screen = Screen(id=ScreenId(3), name="idr0001")
    >>> twice = [ContainerHit(container=screen, image_count=n) for n in (2, 5)]
    >>> [hit.image_count for hit in merge_studies(twice)]
    [7]
    """
    merged: dict[Hashable, ContainerHit] = {}
    for hit in hits:
        place = hit.container.ref.kind, hit.container.id
        known = merged.get(place)
        merged[place] = hit if known is None else _added(known, hit)
    return tuple(
        sorted(
            merged.values(),
            key=lambda hit: (
                -(hit.image_count or 0),
                _by_name(hit.container.name, hit.container.id),
            ),
        )
    )


def merge_plates(hits: Iterable[PlateHit]) -> tuple[PlateHit, ...]:
    """Return one hit for each plate, by name; counts of the same plate add up."""
    merged: dict[int, PlateHit] = {}
    for hit in hits:
        known = merged.get(hit.plate.id)
        count = hit.image_count + (known.image_count if known else 0)
        merged[hit.plate.id] = PlateHit(plate=hit.plate, image_count=count)
    return tuple(
        sorted(merged.values(), key=lambda hit: _by_name(hit.plate.name, hit.plate.id))
    )


def merge_datasets(hits: Iterable[DatasetHit]) -> tuple[DatasetHit, ...]:
    """Return one hit for each dataset, by name; counts of the same add up."""
    merged: dict[int, DatasetHit] = {}
    for hit in hits:
        known = merged.get(hit.dataset.id)
        count = hit.image_count + (known.image_count if known else 0)
        merged[hit.dataset.id] = DatasetHit(dataset=hit.dataset, image_count=count)
    return tuple(
        sorted(
            merged.values(),
            key=lambda hit: _by_name(hit.dataset.name, hit.dataset.id),
        )
    )


def counted_plates(hits: tuple[PlateHit, ...]) -> PlateCounts:
    """Return plates whose counts are final."""
    total = sum(hit.image_count for hit in hits)
    return PlateCounts(hits=hits, counted=total, total=total, exact=True)


def counted_datasets(hits: tuple[DatasetHit, ...]) -> DatasetCounts:
    """Return datasets whose counts are final."""
    total = sum(hit.image_count for hit in hits)
    return DatasetCounts(hits=hits, counted=total, total=total, exact=True)


def order_suggestions(
    suggestions: Iterable[Suggestion], text: str
) -> tuple[Suggestion, ...]:
    """Return each value once: those that begin with a text first, the short first.

    Values that hold the text further in follow by the alphabet. A value that comes
    twice, with other counts, keeps none: an image may be among both.

    >>> found = [Suggestion(value=v) for v in ("hCDC20", "CDC20B", "CDC20")]
    >>> [one.value for one in order_suggestions(found, "cdc")]
    ['CDC20', 'CDC20B', 'hCDC20']
    """
    wanted = fold(text)
    best: dict[str, Suggestion] = {}
    for one in suggestions:
        known = best.setdefault(one.value, one)
        if known.image_count != one.image_count:
            best[one.value] = Suggestion(value=one.value)

    def place(one: Suggestion) -> tuple[bool, int, str, str]:
        value = fold(one.value)
        first = value.startswith(wanted)
        return not first, len(value) if first else 0, value, one.value

    return tuple(sorted(best.values(), key=place)[:MAX_SUGGESTIONS])


def order_spellings(spellings: Iterable[Suggestion]) -> tuple[Suggestion, ...]:
    """Return spellings with the most frequent first."""
    return tuple(
        sorted(spellings, key=lambda one: (-(one.image_count or 0), one.value))
    )


def last_of(steps: Iterable[T]) -> T:
    """Return the last of at least one step."""
    last: deque[T] = deque(steps, maxlen=1)
    return last[0]


def lazily(start: Callable[[], Iterable[T]]) -> Iterator[T]:
    """Yield from something that begins to work when its first element is wanted."""
    yield from start()


def _added(known: ContainerHit, more: ContainerHit) -> ContainerHit:
    if known.image_count is None or more.image_count is None:
        return ContainerHit(container=known.container, image_count=None)
    return ContainerHit(
        container=known.container, image_count=known.image_count + more.image_count
    )


def _by_name(name: str, number: int) -> tuple[str, int]:
    return fold(name), number
