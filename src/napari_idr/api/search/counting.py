"""Counts of matching images for each plate of a screen, or dataset of a project.

A server may count them itself, but by name: names are joined to what a study holds,
and what can't be joined is counted image by image.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from napari_idr.model import Dataset, Facet, Facets, FacetValue, Plate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_idr.model import Study

STUDY: Final = "Study"
"""Under which the studies of what was found are counted."""

MAX_VALUES: Final = 20_000
"""Values of a key that are counted; of more than so many none is frequent."""

MAX_KEYS: Final = 60
"""Keys that are counted: an index has some dozens."""

MAX_TOLD: Final = 300
"""Values of a key that are told: the frequent ones, more than a person reads."""

P = TypeVar("P", Plate, Dataset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined(Generic[P]):
    """Counts told by name, joined to plates or datasets.

    `known` have a count of their own. `unclear` share their name, or their counts
    don't add up: some of them have matching images. Nothing is left to be counted if
    `whole`.
    """

    known: Mapping[P, int]
    unclear: tuple[P, ...]
    whole: bool


def join_by_name(
    counts: Iterable[tuple[str, int]], parts: Sequence[P], *, total: int
) -> Joined[P]:
    """Join counts told by name to the plates or datasets that bear these names.

    Parameters
    ----------
    counts
        Names, and how many images match in what bears them.
    parts
        All plates or datasets of the study. Where one has two names here, nothing
        that is told by either is known to be its own.
    total
        How many images of the study match. Counts with another sum are of another
        question (of other spellings, of a study with a similar name): none is
        taken for known.

    Examples
    --------
    >>> from napari_idr.model import PlateId
    >>> a, b, c = (Plate(id=PlateId(n), name=name) for n, name in enumerate("abb"))
    >>> joined = join_by_name([("a", 2), ("b", 1)], [a, b, c], total=3)
    >>> joined.known == {a: 2}, joined.unclear == (b, c), joined.whole
    (True, True, False)
    """
    rows = [(name, count) for name, count in counts if count > 0]
    bearers: dict[str, list[P]] = {}
    times: Counter[int] = Counter()
    for part in dict.fromkeys(parts):
        times[part.id] += 1
        bearers.setdefault(part.name, []).append(part)
    if sum(count for _, count in rows) != total:
        named = dict.fromkeys(name for name, _ in rows)
        unclear = [part for name in named for part in bearers.get(name, ())]
        return Joined(known={}, unclear=tuple(unclear), whole=False)
    told = Counter(name for name, _ in rows)
    known: dict[P, int] = {}
    unclear = []
    for name, count in rows:
        same = bearers.get(name, [])
        if told[name] == len(same) == 1 == times[same[0].id]:
            known[same[0]] = count
        else:
            unclear += same
    return Joined(
        known=known,
        unclear=tuple(dict.fromkeys(unclear)),
        whole=len(known) == len(rows),
    )


@dataclass(slots=True)
class Tally(Generic[P]):
    """Matching images for each plate or dataset, as they are counted.

    It keeps a number for each plate, and no image.
    """

    total: int | None
    counts: dict[int, int] = field(default_factory=dict)
    parts: dict[int, P] = field(default_factory=dict)
    counted: int = 0
    settled: frozenset[int] = frozenset()

    def begin(self, joined: Joined[P]) -> None:
        """Take over what is known; the unclear ones begin at 0."""
        for part in joined.unclear:
            self._put(part, 0)
        for part, count in joined.known.items():
            self._put(part, count)
        self.counted = sum(joined.known.values())
        self.settled = frozenset(part.id for part in joined.known)

    def _put(self, part: P, count: int) -> None:
        self.parts[part.id] = part
        self.counts[part.id] = count

    def add(self, part: P | None) -> None:
        """Count an image, unless the count of its plate is known already."""
        if part is not None and part.id in self.settled:
            return
        self.counted += 1
        if part is not None:
            self.parts.setdefault(part.id, part)
            self.counts[part.id] = self.counts.get(part.id, 0) + 1

    @property
    def is_whole(self) -> bool:
        """Whether all images are counted, where their number is known."""
        return self.total is not None and self.counted >= self.total

    def hits(self, *, final: bool) -> list[tuple[P, int]]:
        """Return plates and counts; at the end without those that have none."""
        return [
            (part, self.counts[number])
            for number, part in self.parts.items()
            if self.counts[number] or not final
        ]


def frequent_values(counts: Mapping[str, int], most: int) -> list[tuple[str, int]]:
    """Return the most frequent values with their counts, equal ones by the alphabet.

    Where there is no room for all that are equal, those that were met first are told:
    to compare the names of 20 000 with each page of hits would hold up the window.

    >>> frequent_values({"b": 2, "a": 2, "c": 5, "d": 2}, 3)
    [('c', 5), ('a', 2), ('b', 2)]
    """
    told = list(counts.items())
    if len(counts) > most:
        least = sorted(counts.values(), reverse=True)[most - 1]
        more = [one for one in told if one[1] > least]
        equal = (one for one in told if one[1] == least)
        told = more + list(islice(equal, most - len(more)))
    return sorted(told, key=lambda one: (-one[1], one[0].lower(), one[0]))


@dataclass(slots=True)
class Progress:
    """How many images of all that the server told of were read."""

    counted: int = 0
    total: int = 0
    is_known: bool = True


@dataclass(slots=True)
class FacetTally:
    """Values that images carry, by key, as they are counted.

    It keeps a number for each value, and no image.
    """

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    unseen: Counter[str] = field(default_factory=Counter)
    matching: int = 0

    def add(self, pairs: Iterable[tuple[str, str]], study: Study | None) -> None:
        """Count an image once for each value that it carries."""
        self.matching += 1
        for key, value in dict.fromkeys(pairs):
            if value:
                self._count(key, value)
        if study is not None:
            self._count(STUDY, study.name)

    def _count(self, key: str, value: str) -> None:
        counts = self.counts.get(key)
        if counts is None:
            if len(self.counts) >= MAX_KEYS:
                return
            counts = self.counts[key] = Counter()
        if value in counts or len(counts) < MAX_VALUES:
            counts[value] += 1
        else:
            self.unseen[key] += 1

    def facets(self, progress: Progress, *, exact: bool) -> Facets:
        """Return what is counted by now; keys by name, the studies first."""
        keys = sorted(self.counts, key=lambda key: (key != STUDY, key.lower(), key))
        return Facets(
            facets=tuple(self._facet(key) for key in keys),
            counted=progress.counted,
            matching=self.matching,
            total=progress.total if progress.is_known else None,
            exact=exact,
        )

    def _facet(self, key: str) -> Facet:
        counts = self.counts[key]
        return Facet(
            key=key,
            values=tuple(
                FacetValue(value=value, image_count=count)
                for value, count in frequent_values(counts, MAX_TOLD)
            ),
            value_count=len(counts) + bool(self.unseen[key]),
        )
