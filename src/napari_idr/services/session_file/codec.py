"""Frozen records as plain values for JSON, as Python, and back, with all types checked.

What a record is made of says how it is read: numbers, texts, choices, tuples, and other
records. A part that can't be read is left out with a note where the record can do
without it, else the record is.
"""

from __future__ import annotations

import dataclasses
import math
import textwrap
import types
from dataclasses import MISSING
from functools import cache
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Literal,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from napari_idr.services.plain_text import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.services.image.metadata import Json

__all__ = [
    "MAX_ITEMS",
    "MAX_NOTES",
    "MAX_TEXT",
    "UnreadableError",
    "as_json",
    "as_python",
    "read",
]

R = TypeVar("R")

MAX_TEXT: Final = 100_000
"""Characters of a text: descriptions of studies have some thousands."""

MAX_ITEMS: Final = 5_000
"""Of a list: there are as many images in the largest gallery."""

MAX_NUMBER: Final = 2**63
"""OMERO's ids are signed, of 64 bits."""

MAX_NOTES: Final = 20
"""Of what couldn't be read; nobody reads more."""

MAX_WIDTH: Final = 88
"""Of a line of Python."""


class UnreadableError(ValueError):
    """A value isn't what its place in a record asks for."""


def as_json(value: object) -> Json:
    """Return a record as plain values; what is as by default is left out.

    Raises
    ------
    TypeError
        It holds something else than records are made of.
    ValueError
        A number isn't finite.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: as_json(held)
            for field, held in _told(value)
            if held is not None
        }
    if isinstance(value, tuple | list):
        return [as_json(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no number that JSON knows")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} can't be written as JSON")


def as_python(value: object, indent: int = 0) -> str:
    """Return a record as an expression of Python, on several lines where it is long.

    >>> from napari_idr.services.session_file.record import SavedObject
    >>> as_python(SavedObject(id=7, name="A"))
    'SavedObject(id=7, name="A")'
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = [
            f"{field.name}={as_python(held, indent + 4)}"
            for field, held in _told(value)
            if held != field.default  # its class tells the kind
        ]
        return _laid_out(type(value).__name__ + "(", parts, ")", indent)
    if isinstance(value, tuple):
        parts = [as_python(one, indent + 4) for one in value]
        short = f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
        if "\n" not in short and indent + len(short) < MAX_WIDTH:
            return short
        if all(isinstance(one, int | float) for one in value):
            parts = _filled(parts, MAX_WIDTH - indent - 8)
        return _laid_out("(", parts, ")", indent)
    told = repr(value)
    if isinstance(value, str) and '"' not in value:
        return f'"{told[1:-1]}"'
    return told


def _filled(parts: list[str], width: int) -> list[str]:
    """Return lines of numbers, each as long as there is room."""
    lines = textwrap.wrap(", ".join(parts), max(width, 20))
    return [line.removesuffix(",") for line in lines]


def _laid_out(head: str, parts: list[str], tail: str, indent: int) -> str:
    short = head + ", ".join(parts) + tail
    if "\n" not in short and indent + len(short) < MAX_WIDTH:
        return short
    inner = " " * (indent + 4)
    lines = "".join(f"{inner}{part},\n" for part in parts)
    return f"{head}\n{lines}{' ' * indent}{tail}"


def _told(record: Any) -> Iterator[tuple[dataclasses.Field[Any], object]]:
    """Yield what differs from the default; a kind always, as it tells records apart."""
    for field in dataclasses.fields(record):
        held = getattr(record, field.name)
        if field.name == "kind" or field.default is MISSING or held != field.default:
            yield field, held


def read(kind: type[R], value: object, notes: list[str], what: str = "it") -> R:
    """Return the record of plain values, with a note of each part that is left out.

    Parameters
    ----------
    kind
        The class of the record.
    value
        What JSON holds.
    notes
        Takes the notes, `MAX_NOTES` at most.
    what
        What it is called in notes.

    Raises
    ------
    UnreadableError
        What the record needs isn't there, or is of another type.
    """
    return cast("R", _record(kind, value, notes, what))


def _record(kind: type, value: object, notes: list[str], what: str) -> object:
    if not isinstance(value, dict):
        raise UnreadableError(f"{what} is no record")
    hints, held = _hints(kind), {}
    for field in dataclasses.fields(kind):
        if field.name not in value:
            if field.default is MISSING:
                raise UnreadableError(f"{what} has no {field.name}")
            continue
        where = f"{field.name} of {what}"
        try:
            held[field.name] = _value(
                hints[field.name], value[field.name], notes, where
            )
        except UnreadableError as error:
            if field.default is MISSING or field.name == "kind":
                raise
            _note(notes, str(error))
    return kind(**held)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _note(notes: list[str], sentence: str) -> None:
    if len(notes) < MAX_NOTES:
        notes.append(plain_text(sentence)[:200])


def _value(kind: Any, value: object, notes: list[str], what: str) -> object:
    """Return a value of a type that records have.

    Raises
    ------
    UnreadableError
        It is none.
    """
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), value, notes, what)
    if origin is Literal:
        if value not in get_args(kind) or isinstance(value, bool):
            raise UnreadableError(f"{what} is none of those that are known")
        return value
    if origin is tuple:
        return _items(get_args(kind), value, notes, what)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _record(kind, value, notes, what)
    if kind is bool and isinstance(value, bool):
        return value
    if kind is str and isinstance(value, str) and len(value) <= MAX_TEXT:
        # Half a character can't be sent, shown or written.
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, int) and not isinstance(value, bool) and kind in (int, float):
        if abs(value) < MAX_NUMBER:
            return kind(value)
    elif kind is float and isinstance(value, float) and math.isfinite(value):
        return value
    raise UnreadableError(f"{what} isn't what it should be")


def _one_of(
    kinds: tuple[Any, ...], value: object, notes: list[str], what: str
) -> object:
    if value is None and types.NoneType in kinds:
        return None
    known = [kind for kind in kinds if kind is not types.NoneType]
    if len(known) > 1 and isinstance(value, dict):
        # Records of several classes tell by their kind which they are.
        named = value.get("kind")
        known = [one for one in known if named in get_args(_hints(one).get("kind"))]
    for kind in known[:1]:
        return _value(kind, value, notes, what)
    raise UnreadableError(f"{what} is of no kind that is known")


def _items(
    kinds: tuple[Any, ...], value: object, notes: list[str], what: str
) -> tuple[object, ...]:
    if not isinstance(value, list | tuple) or len(value) > MAX_ITEMS:
        raise UnreadableError(f"{what} is no list, or too long")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        kept = []
        for place, one in enumerate(value, 1):
            try:
                kept.append(_value(kinds[0], one, notes, f"{what}, number {place},"))
            except UnreadableError as error:
                # A record among others can go; of plain values all count.
                if not isinstance(one, dict):
                    raise
                _note(notes, str(error))
        return tuple(kept)
    if len(value) != len(kinds):
        raise UnreadableError(f"{what} has {len(value)} values, not {len(kinds)}")
    return tuple(
        _value(kind, one, notes, what) for kind, one in zip(kinds, value, strict=True)
    )
