"""Lines of the results tree: studies, plates, datasets and images."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from napari_idr.model import (
    Dataset,
    ImageRef,
    Plate,
    Project,
    Screen,
    SearchKey,
    Study,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_idr.model import Wanted

__all__ = [
    "Entry",
    "Item",
    "Kept",
    "Query",
    "counted",
    "filter_studies",
    "fitted_name",
    "kept_lines",
    "searched_value",
    "study_entries",
]

_OPENED = (Screen, Project, Dataset)
"""What has lines below it. As a tuple, for 10 000 lines are looked at at once."""

BLANKS = frozenset({"Cc", "Zl", "Zp", "Zs"})
"""Categories of Unicode that a line of text draws as a blank."""

WITHOUT_WIDTH = frozenset("\u00ad\u200b\u2060\ufeff")
"""Soft hyphen, zero-width space, word joiner, byte order mark: of pages and files."""

NAME_OF_STUDY = re.compile(r"(?P<accession>idr\d+)(?P<about>.*?)(?P<part>(/[^/]*)?)")
"""As in "idr0013-neumann-mitocheck/screenB"; the last letter tells parts apart."""

T = TypeVar("T")
Item = Study | Plate | Dataset | ImageRef
Kept = Literal["found", "leads", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What was searched: a key and a value, conditions, or both.

    Without a value the conditions are all that is searched for.
    """

    key: SearchKey
    value: str = ""
    conditions: tuple[Wanted, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to search for."""
        return not self.value and not self.conditions

    @property
    def asked(self) -> tuple[str | None, str | None]:
        """The key's name and the value as a client is asked, None without a value."""
        return (self.key.name, self.value) if self.value else (None, None)

    @property
    def labels(self) -> tuple[str, ...]:
        """The conditions as people say them."""
        return tuple(one.label for one in self.conditions)

    @property
    def told(self) -> str:
        """What was searched, for a sentence.

        >>> from napari_idr.model import Condition
        >>> gene = SearchKey(name="gene", label="Gene", attributes=("Gene Symbol",))
        >>> human = Condition("Organism", "is", "Homo sapiens")
        >>> Query(key=gene, value="CDC20", conditions=(human,)).told
        'CDC20 and 1 condition'
        >>> Query(key=gene, conditions=(human,)).told
        'Organism is Homo sapiens'
        """
        count = len(self.conditions)
        if not self.value:
            if count == 1:
                return self.conditions[0].label
            return counted(count, "condition", "conditions") if count else ""
        if not count:
            return self.value
        return f"{self.value} and {counted(count, 'condition', 'conditions')}"

    @property
    def label(self) -> str:
        """The key and the value for people: "Gene CDC20"."""
        return f"{self.key.label} {self.told}" if self.value else self.told


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the tree.

    `count` is what the second column shows: matching images in a search, else
    children; None where nobody told. `query` is the search that found it, so that
    what lies below is searched too; None while browsing. `parent` leads up to the
    study.
    """

    item: Item
    count: int | None = None
    query: Query | None = None
    parent: Entry | None = None

    @property
    def name(self) -> str:
        """The text of the line."""
        if isinstance(self.item, ImageRef):
            return self.item.name or f"Image {self.item.image_id}"
        return self.item.name

    @property
    def key(self) -> tuple[type[Item], int, Query | None]:
        """Tells the line from those beside it, whatever is counted by then."""
        item = self.item
        number = item.image_id if isinstance(item, ImageRef) else item.id
        return type(item), number, self.query

    @property
    def path(self) -> tuple[Entry, ...]:
        """The lines that lead to it from the study, itself the last."""
        above = () if self.parent is None else self.parent.path
        return (*above, self)

    def is_line(self, other: Entry | None) -> bool:
        """Whether another entry is of the same line, perhaps counted further."""
        if other is None:
            return False
        return [one.key for one in self.path] == [one.key for one in other.path]

    @property
    def can_have_children(self) -> bool:
        """Whether it can be opened: studies and datasets can."""
        return isinstance(self.item, _OPENED) and self.count != 0

    @property
    def study(self) -> Study | None:
        """The study it belongs to."""
        return self._above(Screen) or self._above(Project)

    @property
    def plate(self) -> Plate | None:
        """The plate it is or belongs to."""
        return self._above(Plate)

    @property
    def dataset(self) -> Dataset | None:
        """The dataset it is or belongs to."""
        return self._above(Dataset)

    def _above(self, kind: type[T]) -> T | None:
        entry: Entry | None = self
        while entry is not None:
            if isinstance(entry.item, kind):
                return entry.item
            entry = entry.parent
        return None


def counted(count: int, one: str, many: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "image", "images"), counted(1200, "image", "images")
    ('1 image', '1,200 images')
    """
    return f"{count:,} {one if count == 1 else many}"


def searched_value(text: str) -> str:
    r"""Return the value to search for where this text was typed or pasted.

    What pasting adds and nobody sees is left out: line ends, tabs and unusual blanks
    become blanks, none is kept at either end, and what has no width goes.

    >>> searched_value(" CDC20\n"), searched_value("mitotic\u00a0arrest\u200b")
    ('CDC20', 'mitotic arrest')
    """
    shown = (
        " " if unicodedata.category(one) in BLANKS else one
        for one in text
        if one not in WITHOUT_WIDTH
    )
    return "".join(shown).strip()


def study_entries(studies: Sequence[Study]) -> tuple[Entry, ...]:
    """Return the lines of a list of studies, by name.

    >>> from napari_idr.model import ScreenId
    >>> [e.name for e in study_entries([
    ...     Screen(id=ScreenId(2), name="idr0002/b", child_count=1),
    ...     Screen(id=ScreenId(1), name="idr0001/a", child_count=3)])]
    ['idr0001/a', 'idr0002/b']
    """
    ordered = sorted(studies, key=lambda study: (study.name.casefold(), study.id))
    return tuple(Entry(item=study, count=study.child_count) for study in ordered)


def fitted_name(name: str, fits: Callable[[str], bool]) -> str:
    """Return the name of a study, cut where it tells least.

    Of names that begin with an accession it stays, and the last letter too. Others are
    returned as they are, and so are names of which nothing fits.

    Parameters
    ----------
    name
        What is to be shown.
    fits
        Whether there is room for a text; if so, then for all that are shorter.

    Examples
    --------
    >>> name = "idr0013-neumann-mitocheck/screenB"
    >>> [fitted_name(name, lambda text: len(text) <= room) for room in (22, 16, 12)]
    ['idr0013-neuma…/screenB', 'idr0013…/screenB', 'idr0013…eenB']
    """
    study = NAME_OF_STUDY.fullmatch(name)
    if study is None or fits(name):
        return name
    accession, about, part = study.group("accession", "about", "part")
    rest = part or about[-1:]
    cut = [f"{accession}{about[:n]}…{rest}" for n in range(len(about) - 1, -1, -1)]
    cut += [f"{accession}…{rest[n:]}" for n in range(1, len(rest))]
    found = bisect_left(cut, True, key=fits)
    return cut[found] if found < len(cut) else name


def filter_studies(entries: Sequence[Entry], text: str) -> tuple[Entry, ...]:
    """Keep the studies in which every word of the text occurs, case ignored.

    Names and descriptions are looked at; an empty text keeps all.
    """
    message = text.casefold().split()
    if not message:
        return tuple(entries)
    return tuple(entry for entry in entries if _holds(entry, message))


def kept_lines(
    names: Sequence[str], above: Sequence[int | None], text: str
) -> list[Kept]:
    """Tell which lines of a tree a filter keeps, case ignored; an empty text keeps all.

    A line is "found" if each word of the text occurs in its name or above it: what
    lies below a study that is found stays, too. It "leads" if it is kept for what lies
    below it alone, and is left out if "".

    Parameters
    ----------
    names
        The names of the lines, each after that of the line above it.
    above
        For each line the place of the one it lies below, None for the topmost.
    text
        The words.

    Examples
    --------
    >>> names, above = ["Mitosis", "P1", "P2", "Kinome"], [None, 0, 0, None]
    >>> kept_lines(names, above, "p2")
    ['leads', '', 'found', '']
    >>> kept_lines(names, above, "MITOSIS")
    ['found', 'found', 'found', '']
    """
    words = text.casefold().split()
    lacking: list[list[str]] = []
    kept: list[Kept] = []
    for name, parent in zip(names, above, strict=True):
        wanted = words if parent is None else lacking[parent]
        if wanted:
            folded = name.casefold()
            wanted = [word for word in wanted if word not in folded]
        lacking.append(wanted)
        kept.append("" if wanted else "found")
        if not wanted:
            while parent is not None and not kept[parent]:
                kept[parent] = "leads"
                parent = above[parent]
    return kept


def _holds(entry: Entry, message: Sequence[str]) -> bool:
    description = getattr(entry.item, "description", "")
    haystack = f"{entry.name}\n{description}".casefold()
    return all(word in haystack for word in message)
