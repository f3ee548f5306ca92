"""Conditions of a search, beyond one key and one value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args

from napari_idr.model._search import SearchKey

Operator = Literal["is", "contains", "begins with", "in a list", "has another value"]

OPERATORS: Final[tuple[Operator, ...]] = get_args(Operator)
"""What a condition can ask for, in the order in which people are offered it."""

OPERATORS_OF_ANY: Final[tuple[Operator, ...]] = ("is", "contains")
"""What can be asked for as one of several: search engines allow no more."""

MAX_LISTED: Final = 200
"""Values in a list: more make a question that servers take minutes for."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on the annotations of an image.

    Parameters
    ----------
    key
        The key as images have it ("Gene Symbol"), or a key of the search, which may
        look at several.
    operator
        "is", "contains", "begins with", "in a list" or "has another value". The last
        finds images that have the key with a value other than this one: where a key
        comes twice, they may have this one too.
    value
        A text; for a list its texts.

    Raises
    ------
    ValueError
        There is no such operator, no value, or a list where a text is due.
    TypeError
        The key is neither a text nor a key of the search, or a value is no text.

    Examples
    --------
    >>> Condition("Gene Symbol", "is", "CDC20").label
    'Gene Symbol is CDC20'
    >>> Condition("Organism", "in a list", ["Homo sapiens", "Mus musculus"]).value
    ('Homo sapiens', 'Mus musculus')
    """

    key: str | SearchKey
    operator: Operator
    value: str | Iterable[str]

    def __post_init__(self) -> None:
        """Check what was given, and keep a list as a tuple."""
        if not isinstance(self.key, str | SearchKey):
            raise TypeError(
                f"the key of a condition is a text or a key of the search, "
                f"not {self.key!r}"
            )
        if self.operator not in OPERATORS:
            raise ValueError(f"{self.operator!r} is not one of {', '.join(OPERATORS)}")
        if not self.name.strip():
            raise ValueError("a condition has a key")
        if self.operator != "in a list":
            given: object = self.value
            if isinstance(given, Iterable) and not isinstance(given, str):
                raise ValueError(f"{self.operator} takes one text, not a list")
            if not _require_text(self.value).strip():
                raise ValueError("the value to search for is empty")
            return
        listed = self.value.splitlines() if isinstance(self.value, str) else self.value
        if not isinstance(listed, Iterable):
            raise TypeError(f"{self.operator} takes texts, not {listed!r}")
        texts = [_require_text(one).strip() for one in listed]
        values = tuple(dict.fromkeys(text for text in texts if text))
        if not values:
            raise ValueError("the list to search for is empty")
        if len(values) > MAX_LISTED:
            raise ValueError(
                f"a list of {len(values)} values is too long: {MAX_LISTED} can be asked"
            )
        object.__setattr__(self, "value", values)

    @property
    def name(self) -> str:
        """The key for people: its label, or the attribute itself."""
        return self.key if isinstance(self.key, str) else self.key.label

    @property
    def text(self) -> str:
        """The value of a condition that has one; of a list its first."""
        return self.texts[0]

    @property
    def texts(self) -> tuple[str, ...]:
        """The values: one, or those of a list."""
        return (self.value,) if isinstance(self.value, str) else tuple(self.value)

    @property
    def label(self) -> str:
        """The condition as people say it."""
        if self.operator == "in a list":
            return f"{self.name} in a list of {len(self.texts)}"
        return f"{self.name} {self.operator} {self.text}"


@dataclass(frozen=True, slots=True, init=False)
class AnyOf:
    """Conditions of which at least one is to hold; each "is" or "contains".

    Raises
    ------
    ValueError
        There is no condition, or one that can't be one of several.
    TypeError
        It is given something else, a list of conditions for example.

    Examples
    --------
    >>> AnyOf(
    ...     Condition("Phenotype", "is", "binuclear"),
    ...     Condition("Phenotype", "contains", "mitotic"),
    ... ).label
    'Phenotype is binuclear or Phenotype contains mitotic'
    """

    conditions: tuple[Condition, ...]

    def __init__(self, *conditions: Condition) -> None:
        """Keep the conditions."""
        if not conditions:
            raise ValueError("one of no conditions never holds")
        for one in conditions:
            if not isinstance(one, Condition):
                raise TypeError(f"AnyOf takes conditions, each by itself, not {one!r}")
            if one.operator not in OPERATORS_OF_ANY:
                raise ValueError(
                    f"“{one.operator}” can't be one of several conditions: "
                    f"only “{'” and “'.join(OPERATORS_OF_ANY)}” can"
                )
        object.__setattr__(self, "conditions", conditions)

    @property
    def label(self) -> str:
        """The conditions as people say them."""
        return " or ".join(one.label for one in self.conditions)


def _require_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is searched for, not {value!r}")
    return value


Wanted = Condition | AnyOf
"""A row of a search: all rows are to hold."""
