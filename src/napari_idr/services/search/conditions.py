"""Conditions as a person writes them: a list of rows, each joined by and or or."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final, Literal

from napari_idr.model import AnyOf, Condition
from napari_idr.services.search.catalog import searched_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.model import Operator, SearchKey, Wanted

__all__ = [
    "ONE_CONDITION",
    "ConditionDraft",
    "drafts_of",
    "shown_list",
    "wanted_of_drafts",
]

Join = Literal["and", "or"]

ONE_CONDITION: Final = (
    "This server's search (mapr) takes one condition alone, “is” or “contains”: leave "
    "the value above empty. Its “contains” tells capital letters from small ones."
)
"""Why no more than one is offered, and what of it surprises: mapr looks for a part by
`like`. The archive's search engine takes several, and ignores case."""

SEPARATOR: Final = ";"
"""Between the values of a list in one line; commas are in names of compounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionDraft:
    """A row of the form; "or" makes it an alternative to the row above."""

    join: Join = "and"
    key: SearchKey | str
    operator: Operator = "is"
    text: str = ""


def wanted_of_drafts(drafts: Iterable[ConditionDraft]) -> tuple[Wanted, ...]:
    """Return what rows ask for; rows without a text ask for nothing.

    Raises
    ------
    ValueError
        A row can't be an alternative, or its list is too long.

    Examples
    --------
    >>> rows = [
    ...     ConditionDraft(key="Phenotype", text="binuclear"),
    ...     ConditionDraft(join="or", key="Phenotype", text="round cells"),
    ...     ConditionDraft(key="Organism", text=" "),
    ... ]
    >>> [one.label for one in wanted_of_drafts(rows)]
    ['Phenotype is binuclear or Phenotype is round cells']
    """
    written = [one for one in drafts if searched_value(one.text)]
    group = 0
    grouped: list[tuple[int, Condition]] = []
    for draft in written:
        group += draft.join == "and"
        grouped.append((group, _condition(draft)))
    rows = [
        [one for _, one in members]
        for _, members in groupby(grouped, key=lambda pair: pair[0])
    ]
    return tuple(row[0] if len(row) == 1 else AnyOf(*row) for row in rows)


def _condition(draft: ConditionDraft) -> Condition:
    text = searched_value(draft.text)
    if draft.operator == "in a list":
        listed = [searched_value(one) for one in text.split(SEPARATOR)]
        return Condition(draft.key, draft.operator, listed)
    return Condition(draft.key, draft.operator, text)


def drafts_of(wanted: Sequence[Wanted]) -> tuple[ConditionDraft, ...]:
    """Return the rows that ask for this."""
    drafts: list[ConditionDraft] = []
    for one in wanted:
        conditions = one.conditions if isinstance(one, AnyOf) else (one,)
        for place, condition in enumerate(conditions):
            drafts.append(
                ConditionDraft(
                    join="or" if place else "and",
                    key=condition.key,
                    operator=condition.operator,
                    text=shown_list(condition.texts),
                )
            )
    return tuple(drafts)


def shown_list(texts: Sequence[str]) -> str:
    """Return values in one line.

    >>> shown_list(["CDC20", "PLK1"])
    'CDC20; PLK1'
    """
    return f"{SEPARATOR} ".join(texts)
