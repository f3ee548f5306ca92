"""Hits in words and lines: how they are spelled, how many, and of which search."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from napari_idr.services.search.catalog import Entry, counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_idr.errors import IDRError
    from napari_idr.model import DatasetCounts, PlateCounts, Suggestion
    from napari_idr.services.search.catalog import Query

__all__ = [
    "MAX_SHOWN",
    "Below",
    "Spellings",
    "counting_label",
    "counting_message",
    "dataset_entries",
    "hits_label",
    "plate_entries",
    "short_value",
    "spelling_label",
    "split_spellings",
]

MAX_SPELLINGS = 3
"""Spellings that are offered; more are rare, and the panel is narrow."""

MAX_SHOWN = 40
"""Characters of a value that a sentence repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spellings:
    """How a value is spelled where it was `found`, and how else it is stored.

    What was found is never among the others. Genes of other species differ by case
    only, so neither spelling is taken for the other.
    """

    found: tuple[Suggestion, ...] = ()
    others: tuple[Suggestion, ...] = ()

    def worth_searching(self, value: str) -> tuple[str, tuple[Suggestion, ...]]:
        """Return what to say of spellings, and those that find something else.

        These are the others; where a value was found in several spellings, none of
        them as it was typed, each of these.

        >>> from napari_idr.model import Suggestion
        >>> both = Suggestion(value="CDC20", image_count=34), Suggestion(value="cdc20")
        >>> split_spellings("cdc20", both).worth_searching("cdc20")[0]
        'Also spelled'
        >>> split_spellings("Cdc20", both).worth_searching("Cdc20")[0]
        'Found as'
        """
        if self.others:
            return "Also spelled", self.others[:MAX_SPELLINGS]
        if any(one.value != value for one in self.found):
            return "Found as", self.found[:MAX_SPELLINGS]
        return "", ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Below:
    """What lies below a line of the tree, as far as it is known.

    `counts` says how far its hits are counted, None where nothing is counted. `error`
    is why the rest isn't known, or all of it.
    """

    entry: Entry
    children: tuple[Entry, ...] = ()
    counts: PlateCounts | DatasetCounts | None = None
    error: IDRError | None = None


def split_spellings(value: str, stored: Iterable[Suggestion]) -> Spellings:
    """Tell the spellings that a search found from the others.

    A value that is stored as it was typed is found in that spelling alone; one that
    isn't is found in all its spellings.

    Parameters
    ----------
    value
        What was searched.
    stored
        The stored values equal to it but for case, with their counts where known
        (`IDRClient.spellings`).

    Examples
    --------
    >>> from napari_idr.model import Suggestion
    >>> stored = (Suggestion(value="CDC20", image_count=34), Suggestion(value="cdc20"))
    >>> [one.value for one in split_spellings("cdc20", stored).others]
    ['CDC20']
    >>> split_spellings("Cdc20", stored).others
    ()
    """
    spellings = tuple(stored)
    found = tuple(one for one in spellings if one.value == value)
    if not found:
        return Spellings(found=spellings)
    return Spellings(
        found=found, others=tuple(one for one in spellings if one.value != value)
    )


def spelling_label(spelling: Suggestion) -> str:
    """Return a value with its number of images, where it is known.

    >>> from napari_idr.model import Suggestion
    >>> spelling_label(Suggestion(value="CDC20", image_count=34))
    'CDC20 (34 images)'
    >>> spelling_label(Suggestion(value="cdc20"))
    'cdc20'
    """
    value = short_value(spelling.value)
    if spelling.image_count is None:
        return value
    return f"{value} ({counted(spelling.image_count, 'image', 'images')})"


def hits_label(count: int, one: str, many: str, query: Query) -> str:
    """Return a number of hits, and of what search they are.

    >>> from napari_idr.model import SearchKey
    >>> from napari_idr.services.search.catalog import Query
    >>> gene = SearchKey(name="gene", label="Gene", attributes=("Gene Symbol",))
    >>> hits_label(8, "well", "wells", Query(key=gene, value="CDC20"))
    '8 wells with CDC20'
    """
    return f"{counted(count, one, many)} with {short_value(query.told)}"


def counting_label(counts: PlateCounts | DatasetCounts | None) -> str:
    """Return how many hits of how many are counted; nothing once all are.

    >>> from napari_idr.model import PlateCounts
    >>> counting_label(PlateCounts(hits=(), counted=1_000, total=9_000, exact=False))
    '1,000 of 9,000'
    """
    if counts is None or counts.exact:
        return ""
    if counts.total is None:
        return f"{counts.counted:,} so far"
    return f"{counts.counted:,} of {counts.total:,}"


def counting_message(counts: PlateCounts | DatasetCounts) -> str:
    """Say how far the hits of a study are counted; nothing once they are.

    >>> from napari_idr.model import PlateCounts
    >>> counting_message(PlateCounts(hits=(), counted=1_000, total=9_000, exact=False))
    '1,000 of 9,000 images counted'
    >>> counting_message(PlateCounts(hits=(), counted=3, total=3, exact=True))
    ''
    """
    if counts.exact:
        return ""
    if counts.total is None:
        return f"{counted(counts.counted, 'image', 'images')} counted so far"
    return f"{counting_label(counts)} images counted"


def plate_entries(
    counts: PlateCounts, *, query: Query, parent: Entry
) -> tuple[Entry, ...]:
    """Return the plates below a screen; one without a count has none so far."""
    below = partial(Entry, query=query, parent=parent)
    return tuple(
        below(item=hit.plate, count=hit.image_count or None) for hit in counts.hits
    )


def dataset_entries(
    counts: DatasetCounts, *, query: Query, parent: Entry
) -> tuple[Entry, ...]:
    """Return the datasets below a project; one without a count has none so far."""
    below = partial(Entry, query=query, parent=parent)
    return tuple(
        below(item=hit.dataset, count=hit.image_count or None) for hit in counts.hits
    )


def short_value(value: str) -> str:
    """Return a value as sentences repeat it: its beginning, if it is long.

    >>> len(short_value("x" * 1000))
    41
    """
    return value if len(value) <= MAX_SHOWN else f"{value[:MAX_SHOWN]}…"
