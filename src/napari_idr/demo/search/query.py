"""Queries of the demo search engine: filters, and the documents that meet them.

The odd habits are the real service's: a text with a double quote breaks the
query, a negative operator means "has the key with another value", a
case-sensitive ``contains`` lower-cases what it looks for.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

OPERATORS = ("equals", "not_equals", "contains", "not_contains", "in", "not_in")
RESOURCES = ("image", "screen", "project", "plate", "well")
STUDIES = ("project", "screen")


class QueryRefused(Exception):  # noqa: N818 - an answer rather than an error
    """A query that the index can't run; each endpoint reports it in its own way."""


class SearchFell(Exception):  # noqa: N818 - an answer rather than an error
    """A query on which the service fails, whatever the endpoint."""


class FilterUnread(QueryRefused):
    """A filter's value has the wrong type; some endpoints hide it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and a value; all three are None in a document without annotation."""

    name: str | None
    value: str | None
    index: float | None
    """Place in its annotation, from 0; a float where the indexer mixed in nulls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document of the index: one object with its pairs."""

    resource: str
    id: int
    name: str | None
    description: str | None
    attributes: dict[str, Any]
    """``owner_id`` and ``group_id``; for an image also where it is."""
    pairs: tuple[Pair, ...]
    folded: tuple[tuple[str | None, str | None], ...] = field(init=False)
    """The pairs in lower case: nearly every question asks for them so."""

    def __post_init__(self) -> None:
        """Fold the pairs once."""
        folded = tuple((fold(pair.name), fold(pair.value)) for pair in self.pairs)
        object.__setattr__(self, "folded", folded)


Condition = Callable[[Document], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on the pairs (or the name) of a kind of document."""

    name: str | None
    value: str | tuple[str, ...]
    operator: str = "equals"
    resource: str | None = "image"

    @property
    def text(self) -> str:
        """The value, blanks around it cut; a list is refused."""
        if not isinstance(self.value, str):
            raise FilterUnread(f"a list with {self.operator}")
        return self.value.strip()

    @property
    def texts(self) -> tuple[str, ...]:
        """The values of an ``in``: the list, or the text cut at its commas."""
        values = self.value.split(",") if isinstance(self.value, str) else self.value
        return tuple(value.strip() for value in values)


@dataclass(frozen=True, slots=True)
class Query:
    """Filters AND-ed, groups of filters OR-ed inside and AND-ed among each other."""

    and_filters: tuple[Filter, ...] = ()
    or_filters: tuple[tuple[Filter, ...], ...] = ()
    and_attributes: tuple[dict[str, Any], ...] = ()
    or_attributes: tuple[dict[str, Any], ...] = ()
    case_sensitive: bool = False

    def about(self, *resources: str) -> "Query":
        """Return the part that concerns documents of these kinds."""
        groups = (
            tuple(one for one in group if one.resource in resources)
            for group in self.or_filters
        )
        return Query(
            tuple(one for one in self.and_filters if one.resource in resources),
            tuple(group for group in groups if group),
            self.and_attributes,
            self.or_attributes,
            self.case_sensitive,
        )

    @property
    def filters(self) -> tuple[Filter, ...]:
        """All filters, those of groups too."""
        return self.and_filters + tuple(
            one for group in self.or_filters for one in group
        )


def fold(text: str | None) -> str | None:
    """Return a text in lower case.

    >>> fold("Gene Symbol"), fold(None)
    ('gene symbol', None)
    """
    return None if text is None else text.lower()


def select(documents: Iterable[Document], query: Query) -> list[Document]:
    """Return the documents that meet a query about their kind, by ascending id.

    Raises
    ------
    QueryRefused
        When the index can't run it.
    """
    conditions = [*_filter_conditions(query), *_attribute_conditions(query)]
    return [one for one in documents if all(meets(one) for meets in conditions)]


def _filter_conditions(query: Query) -> Iterable[Condition]:
    sensitive = query.case_sensitive
    for one in query.and_filters:
        yield _condition(one, sensitive, grouped=False)
    for group in query.or_filters:
        # Names of studies in a group are AND-ed, other filters OR-ed.
        named = [one for one in group if _asks_for_name(one)]
        yield from [_condition(one, sensitive, grouped=True) for one in named]
        others = [one for one in group if not _asks_for_name(one)]
        if others:
            yield _any_of([_condition(one, sensitive, grouped=True) for one in others])


def _any_of(conditions: list[Condition]) -> Condition:
    return lambda document: any(meets(document) for meets in conditions)


def _asks_for_name(one: Filter) -> bool:
    return one.resource in (*STUDIES, "container") and one.name in (
        "name",
        "description",
    )


def _condition(one: Filter, case_sensitive: bool, *, grouped: bool) -> Condition:
    if _asks_for_name(one):
        if one.name == "description":
            raise SearchFell("descriptions can't be searched")
        text = one.text.lower()  # any operator is taken as "contains"
        return lambda document: text in (document.name or "").lower()
    if one.operator not in OPERATORS:
        return lambda _: True
    if grouped and one.operator in ("in", "not_in"):
        raise QueryRefused("a list inside a group")
    if grouped and one.operator.startswith("not_"):
        return lambda _: True
    if one.name is None and one.operator in ("not_contains", "not_in"):
        raise QueryRefused(f"{one.operator} without a key")
    if one.name is None and one.operator == "in":
        return lambda _: False  # it looks for a key called None
    return _pair_condition(one, case_sensitive, grouped=grouped)


def _pair_condition(one: Filter, case_sensitive: bool, *, grouped: bool) -> Condition:
    holds = _value_test(one, case_sensitive, grouped=grouped)
    key = one.name if case_sensitive else fold(one.name)
    negative = one.operator.startswith("not_")
    if negative and "contains" in one.operator and case_sensitive:
        key, negative = None, False  # turned round, and in any key

    def meets(document: Document) -> bool:
        pairs: Iterable[tuple[str | None, str | None]] = document.folded
        if case_sensitive:
            pairs = ((pair.name, pair.value) for pair in document.pairs)
        return any(
            (key is None or name == key) and holds(value) != negative
            for name, value in pairs
        )

    return meets


def _value_test(
    one: Filter, case_sensitive: bool, *, grouped: bool
) -> Callable[[str | None], bool]:
    if one.operator in ("in", "not_in"):
        texts = {text if case_sensitive else text.lower() for text in one.texts}
        return lambda stored: stored in texts
    if one.operator in ("contains", "not_contains"):
        part = one.text.lower()  # in a case-sensitive search too
        if grouped:
            if '"' in part:
                raise QueryRefused("a double quote inside a group")
            pattern = wildcard(part)
            return lambda stored: stored is not None and bool(pattern.search(stored))
        if "\\" in part:
            return lambda _: False
        return lambda stored: stored is not None and part in stored
    text = unescaped(one.text)
    wanted = text if case_sensitive or text is None else text.lower()
    return lambda stored: stored is not None and stored == wanted


def wildcard(part: str) -> re.Pattern[str]:
    """Return a pattern where ``*`` and ``?`` stand for any characters.

    >>> bool(wildcard("tub*n").search("alpha-tubulin 1"))
    True
    """
    escaped = re.escape(part).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.DOTALL)


def unescaped(text: str) -> str | None:
    r"""Read a value as the service does, which pastes it into a JSON text.

    Returns None where it can't match anything.

    Raises
    ------
    QueryRefused
        When a double quote ends the text too early.

    >>> unescaped(r"say \"no\"")
    'say "no"'
    """
    if '"' in re.sub(r"\\.", "", text):
        raise QueryRefused("a double quote in a value")
    try:
        read: str = json.loads(f'"{text}"', strict=False)
    except ValueError:
        return None
    return read


def _attribute_conditions(query: Query) -> Iterable[Condition]:
    for one in query.and_attributes:
        yield _attribute_condition(one)
    if query.or_attributes:
        yield _any_of(
            [
                _attribute_condition(one | {"operator": "equals"})
                for one in query.or_attributes
            ]
        )


def _attribute_condition(one: dict[str, Any]) -> Condition:
    name, value, operator = one["name"], one["value"], one.get("operator", "equals")
    if operator in ("in", "not_in"):
        texts = value if isinstance(value, list) else [value]
        if name == "id" or name.endswith("_id"):
            texts = []  # the index keeps no text of a number
        return lambda document: (
            (_attribute(document, name) in texts) == (operator == "in")
        )
    wanted = value
    if name == "id" or name.endswith("_id"):
        try:
            wanted = int(value)
        except (TypeError, ValueError) as error:
            raise QueryRefused(f"{value!r} is no number") from error
    return lambda document: (
        (_attribute(document, name) == wanted) == (operator == "equals")
    )


def _attribute(document: Document, name: str) -> Any:
    if name in ("id", "name"):
        return getattr(document, name)
    return document.attributes.get(name)
