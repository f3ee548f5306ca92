"""From a value that one sees to the next question: which a server can be asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from napari_idr.api import column_key
from napari_idr.model import Condition, SearchKey
from napari_idr.services.search.catalog import Query
from napari_idr.services.search.hits import short_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from napari_idr.model import WellColumn, WellValue

__all__ = [
    "GENE",
    "PHENOTYPE",
    "Asker",
    "Pivot",
    "best_facets",
    "excluding",
    "narrowed",
    "pivots",
    "well_pivots",
]

GENE, PHENOTYPE = "Gene Symbol", "Phenotype"
"""The attributes between which "same phenotype, other genes" goes."""

MOST_VALUES: Final = 3
"""Values of one well that a menu has room for."""

Action = Literal["search", "facets", "copy", "open"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """What can be asked here: the keys of the search, and whether it takes conditions.

    `query` is what is found now, None for nothing.
    """

    keys: tuple[SearchKey, ...] = ()
    takes_conditions: bool = False
    query: Query | None = None

    def key_of(self, attribute: str) -> SearchKey | None:
        """Return the key that looks at an attribute, None if none does."""
        name = attribute.casefold()
        for key in self.keys:
            if name in [one.casefold() for one in key.attributes]:
                return key
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pivot:
    """Something to do with a value: a search, its facets, its text, or its page.

    `text` is what is copied or opened; `query` what is searched, and of the answer the
    values of `facet` are looked at, where it is given.
    """

    action: Action
    label: str
    query: Query | None = None
    text: str = ""
    facet: str = ""


def pivots(
    attribute: str,
    value: str,
    *,
    asker: Asker,
    beside: Mapping[str, str] | None = None,
    is_of_images: bool = True,
    url: str | None = None,
) -> tuple[Pivot, ...]:
    """Return what can be done with a value, the likeliest first.

    Parameters
    ----------
    attribute, value
        A key as images have it, and its value.
    asker
        What the server can be asked, and what was asked of it last.
    beside
        Other values of the same image or well, by attribute: what "other genes" are
        other than.
    is_of_images
        Whether images carry it: what is of a study or a plate alone isn't searched.
    url
        The page it leads to.

    Examples
    --------
    >>> gene = SearchKey(name="gene", label="Gene", attributes=("Gene Symbol",))
    >>> [one.label for one in pivots("Gene Symbol", "CDC20", asker=Asker(keys=(gene,)))]
    ['Search for CDC20', 'Copy CDC20']
    """
    shown = short_value(value)
    found: list[Pivot] = []
    bare = value.strip()
    key = asker.key_of(attribute) if bare and is_of_images else None
    if key is not None:
        query = Query(key=key, value=bare)
        found.append(Pivot(action="search", label=f"Search for {shown}", query=query))
        if asker.takes_conditions:
            found += _with_conditions(attribute, bare, shown, asker, beside or {})
    if value:
        found.append(Pivot(action="copy", label=f"Copy {shown}", text=value))
    if url:
        found.append(Pivot(action="open", label="Open the page", text=url))
    return tuple(found)


def well_pivots(
    columns: Iterable[WellColumn], name: str, place: int, *, asker: Asker
) -> tuple[Pivot, ...]:
    """Return what can be done with a cell of a table of wells.

    Of several values of a well each is offered, and its columns are what is beside.

    Parameters
    ----------
    columns
        The columns of the table.
    name
        That of the cell.
    place
        The place of the well.
    asker
        As for `pivots`.
    """
    beside: dict[str, str] = {}
    values: tuple[str, ...] = ()
    for column in columns:
        texts = _texts(column.values[place])
        if column.name == name:
            values = texts
        attribute = _attribute(column.name, asker)
        if texts and attribute:
            beside.setdefault(attribute, texts[0])
    attribute = _attribute(name, asker)
    found: dict[tuple[str, str], Pivot] = {}
    for value in values[:MOST_VALUES] if attribute else ():
        for pivot in pivots(attribute, value, asker=asker, beside=beside):
            if pivot.action != "copy":  # the table copies cells by itself
                found.setdefault((pivot.label, value), pivot)
    return tuple(found.values())


def _attribute(column: str, asker: Asker) -> str:
    """Return the attribute that a column is about, "" for none that is searched."""
    wanted = GENE.casefold() if column == "gene" else column_key(column)
    for key in asker.keys:
        for attribute in key.attributes:
            if attribute.casefold() == wanted:
                return attribute
    return ""


def _texts(value: WellValue) -> tuple[str, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(one for one in values if isinstance(one, str) and one.strip())


def _with_conditions(
    attribute: str, value: str, shown: str, asker: Asker, beside: Mapping[str, str]
) -> list[Pivot]:
    found: list[Pivot] = []
    if asker.query is not None:
        narrow = narrowed(asker.query, attribute, value)
        if narrow != asker.query:
            label = f"Narrow to {shown}"
            found.append(Pivot(action="search", label=label, query=narrow))
        found.append(
            Pivot(
                action="search",
                label=f"Without {shown}",
                query=excluding(asker.query, attribute, value),
            )
        )
    for this, other, label in (
        (PHENOTYPE, GENE, "Same phenotype, other genes"),
        (GENE, PHENOTYPE, "Same gene, other phenotypes"),
    ):
        key = asker.key_of(this)
        if attribute == this and key is not None and asker.key_of(other) is not None:
            query = Query(key=key, value=value)
            known = beside.get(other) or _sought(asker.query, other)
            if known:
                query = excluding(query, other, known)
            pivot = Pivot(action="facets", label=label, query=query, facet=other)
            found.append(pivot)
    return found


def _sought(query: Query | None, attribute: str) -> str:
    """Return the value of an attribute that was searched for, "" for none."""
    if query is None:
        return ""
    if query.value and attribute == query.key.attributes[0]:
        return query.value
    for one in query.conditions:
        if isinstance(one, Condition) and (one.key, one.operator) == (attribute, "is"):
            return one.texts[0]
    return ""


def narrowed(query: Query, attribute: str, value: str) -> Query:
    """Return a search that asks besides for a value; the same if it does already."""
    if query.value == value and attribute in query.key.attributes:
        return query
    return _besides(query, Condition(attribute, "is", value))


def excluding(query: Query, attribute: str, value: str) -> Query:
    """Return a search for what has another value under an attribute, too."""
    return _besides(query, Condition(attribute, "has another value", value))


def _besides(query: Query, condition: Condition) -> Query:
    if condition in query.conditions:
        return query
    return replace(query, conditions=(*query.conditions, condition))


def best_facets(keys: Sequence[str], asker: Asker) -> tuple[str, ...]:
    """Return keys with those that can be searched first, in the order of the search.

    Genes and phenotypes lead: most questions are of these.

    >>> gene = SearchKey(name="gene", label="Gene", attributes=("Gene Symbol",))
    >>> best_facets(["Study", "Channels", "Gene Symbol"], Asker(keys=(gene,)))
    ('Gene Symbol', 'Study', 'Channels')
    """
    order = {
        attribute: place
        for place, key in enumerate(asker.keys)
        for attribute in key.attributes[:1]
    }
    leading = {
        attribute: place for place, attribute in enumerate((GENE, PHENOTYPE), -2)
    }
    order |= {one: place for one, place in leading.items() if one in order}
    return tuple(sorted(keys, key=lambda key: order.get(key, len(order))))
