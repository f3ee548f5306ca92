"""Conditions as rows of attributes, and whether the pairs of an image meet them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.api.search.base import fold
from napari_idr.api.search.keys import key_named
from napari_idr.model import AnyOf, Condition

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.model import Operator, SearchKey, Wanted

    Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Term:
    """A condition on one attribute."""

    attribute: str
    operator: Operator
    texts: tuple[str, ...]

    @property
    def text(self) -> str:
        """The value of a term that has one."""
        return self.texts[0]


Row = tuple[Term, ...]
"""Terms of which one is to hold."""


def wanted_of(
    key: SearchKey | str | None, value: str | None, conditions: Sequence[Wanted]
) -> tuple[Wanted, ...]:
    """Return what is searched: the key and its value first, then the conditions.

    Raises
    ------
    ValueError
        Nothing is searched, a value without a key, or one that is empty.
    TypeError
        The key, the value or a condition is something else.
    """
    for one in conditions or ():
        if not isinstance(one, Condition | AnyOf):
            raise TypeError(
                f"a condition is a `Condition` or `AnyOf` some, not {one!r}"
            )
    if (key is None) != (value is None):
        raise ValueError("a search has a key and a value")
    if key is not None and value is not None:
        first = Condition(key, "is", value)  # says what is wrong with them
        return first, *conditions
    if not conditions:
        raise ValueError("there is nothing to search for: no value and no condition")
    return tuple(conditions)


def rows_of(wanted: Iterable[Wanted]) -> tuple[Row, ...]:
    """Return the terms of each row: one for each attribute that a key looks at.

    "has another value" is asked of a key's first attribute alone: whatever has a
    symbol has another identifier.

    >>> [len(row) for row in rows_of([Condition("gene", "is", "CDC20")])]
    [2]
    """
    return tuple(tuple(dict.fromkeys(_terms(one))) for one in wanted)


def _terms(one: Wanted) -> Iterable[Term]:
    for condition in one.conditions if isinstance(one, AnyOf) else (one,):
        attributes = key_named(condition.key).attributes
        if condition.operator == "has another value":
            attributes = attributes[:1]
        for attribute in attributes:
            yield Term(attribute, condition.operator, condition.texts)


def meets(pairs: Iterable[Pair], rows: Sequence[Row], *, any_case: bool) -> bool:
    """Tell whether an image with these key-value pairs meets all rows.

    "is" and "in a list" heed case unless `any_case`; the others never do.

    >>> rows = rows_of([Condition("Gene Symbol", "begins with", "cdc")])
    >>> meets([("Gene Symbol", "CDC20")], rows, any_case=False)
    True
    """
    known = [(fold(name), value) for name, value in pairs]
    return all(any(_holds(known, term, any_case) for term in row) for row in rows)


def _holds(pairs: list[Pair], term: Term, any_case: bool) -> bool:
    attribute = fold(term.attribute)
    values = [value for name, value in pairs if name == attribute]
    text = fold(term.text)
    match term.operator:
        case "is" | "in a list" if any_case:
            texts = {fold(one) for one in term.texts}
            return any(fold(value) in texts for value in values)
        case "is" | "in a list":
            return any(value in term.texts for value in values)
        case "contains":
            return any(text in fold(value) for value in values)
        case "begins with":
            return any(fold(value).startswith(text) for value in values)
        case "has another value":
            return any(fold(value) != text for value in values)
