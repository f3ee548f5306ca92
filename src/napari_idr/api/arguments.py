"""What public methods are given is of a kind that they take, or it is said so."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, wraps
from itertools import chain, repeat
from operator import index
from typing import Any, TypeVar, get_args

from napari_idr import model
from napari_idr.cancel import CancelToken

T = TypeVar("T")

SHOWN_CHARS = 40
"""So much of a wrong value is repeated: enough to know it again."""


def checked(cls: type[T]) -> type[T]:
    """Have the public methods of a class refuse what isn't of the kind they take.

    Their annotations say what they take, so no method can be forgotten. An id is a
    whole number, also one of numpy's or one in digits, as files have it; a method gets
    it as an int. Such a method raises `TypeError` before anything is sent, and its
    sentence names the argument.
    """
    for name, method in list(vars(cls).items()):
        if callable(method) and (name == "__init__" or not name.startswith("_")):
            setattr(cls, name, _checked(method))
    return cls


def take(annotation: str, name: str, value: object) -> Any:
    """Return an argument of an annotation, or raise `TypeError` with its name.

    >>> take("str | None", "server", 5)
    Traceback (most recent call last):
    TypeError: server takes a text or None, not 5
    """
    return (_taker(annotation) or _as_it_is)(name, value)


def _checked(method: Callable[..., Any]) -> Callable[..., Any]:
    code = method.__code__
    positional = code.co_varnames[1 : code.co_argcount]
    named = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    takes = {
        name: take
        for name, annotation in method.__annotations__.items()
        if (take := _taker(str(annotation))) is not None and name != "return"
    }
    take_other = next((takes[name] for name in takes if name not in named), _as_it_is)

    def taken(name: str, value: object) -> object:
        take = takes.get(name, _as_it_is) if name in named else take_other
        return take(name, value)

    @wraps(method)
    def call(*args: Any, **more: Any) -> Any:
        # What is too much is for Python to refuse.
        places = zip(args[1:], chain(positional, repeat("")), strict=False)
        given = [taken(name, value) for value, name in places]
        return method(*args[:1], *given, **{k: taken(k, v) for k, v in more.items()})

    return call


_Take = Callable[[str, object], object]
"""Returns an argument as its method takes it, or raises `TypeError` with its name."""


def _as_it_is(_: str, value: object) -> object:
    return value


class _WrongKindError(Exception):
    """A value is of another kind."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of values: what it is called, and what reads it or raises."""

    words: str
    read: Callable[[object], object]
    is_id: bool = False

    def take(self, name: str, value: object) -> object:
        try:
            return self.read(value)
        except _WrongKindError:
            hint = _id_hint(value) if self.is_id else ""
            wrong = f"{name} takes {self.words}, not {_shown(value)}{hint}"
            raise TypeError(wrong) from None


def _shown(value: object) -> str:
    """Return a value as a sentence repeats it: plain ones as code, others by kind."""
    if value is None or isinstance(value, bool | int | float | str | bytes):
        text = repr(value)
        return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]}…"
    return _with_article(type(value).__name__)


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0] in 'AEIOaeio' else 'a'} {noun}"


def _id_hint(value: object) -> str:
    """Return where the id is that is meant, of a record that has one."""
    for name in ("id", "image_id", "plate_id"):
        if isinstance(getattr(value, name, None), int):
            return f"; give its `{name}`"
    return ""


def _instance(*types: type) -> Callable[[object], object]:
    def read(value: object) -> object:
        if not isinstance(value, types):
            raise _WrongKindError
        return value

    return read


def _whole(value: Any) -> object:
    if isinstance(value, bool):
        raise _WrongKindError
    try:
        return index(value)
    except TypeError:
        raise _WrongKindError from None


def _id_number(value: Any) -> object:
    in_digits = isinstance(value, str) and value.isascii() and value.isdecimal()
    return int(value) if in_digits else _whole(value)


def _number(value: Any) -> object:
    try:
        if isinstance(value, bool) or not math.isfinite(value):
            raise _WrongKindError
    except (TypeError, OverflowError):
        raise _WrongKindError from None
    return value


def _function(value: object) -> object:
    if not callable(value):
        raise _WrongKindError
    return value


def _several(value: object) -> object:
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise _WrongKindError
    return value


def _with(*names: str) -> Callable[[object], object]:
    """Return what reads anything that has attributes, as protocols ask for."""

    def read(value: object) -> object:
        if not all(hasattr(value, name) for name in names):
            raise _WrongKindError
        return value

    return read


def _texts(value: object) -> object:
    several: Any = _several(value)
    return tuple(_instance(str)(one) for one in several)


def _object_kind(value: object) -> object:
    if not isinstance(value, str) or value not in get_args(model.ObjectKind):
        raise _WrongKindError
    return value


def _record(name: str) -> _Kind:
    return _Kind(_with_article(name), _instance(getattr(model, name)))


def _id_kind(name: str) -> _Kind:
    """Return the kind of an id, by the name of its type.

    >>> _id_kind("PlateAcquisitionId").words
    'the id of a plate acquisition, a whole number'
    """
    noun = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Id")).lower()
    words = f"the id of {_with_article(noun)}, a whole number"
    return _Kind(words, _id_number, is_id=True)


_KINDS: Mapping[str, _Kind] = {
    "None": _Kind("None", _instance(type(None))),
    "int": _Kind("a whole number", _whole),
    "float": _Kind("a number", _number),
    "bool": _Kind("True or False", _instance(bool)),
    "str": _Kind("a text", _instance(str)),
    "range": _Kind("a range", _instance(range)),
    "os.PathLike[str]": _Kind("a path", _instance(os.PathLike)),
    "CancelToken": _Kind("a CancelToken", _instance(CancelToken)),
    "Iterable[str]": _Kind("several texts", _texts),
    "CellGrid": _Kind("a grid of cells", _with("cells", "plate_id")),
    "PixelReader": _Kind("a reader of pixels", _with("source", "levels", "read")),
    # What is none among them is told by who reads them.
    "Sequence[Wanted]": _Kind("a list of conditions", _instance(Iterable)),
    "Mapping[ShapeId, tuple[int, int]]": _Kind("a mapping", _instance(Mapping)),
    "ObjectKind": _Kind(
        f"one of {', '.join(get_args(model.ObjectKind))}", _object_kind
    ),
    **dict.fromkeys(
        ("Measure", "Progress", "WellsProgress"), _Kind("a function", _function)
    ),
    **{
        name: _record(name)
        for name in ("SearchKey", "Image", "FileAnnotation", "OriginalFile", "Table")
    },
    **{name: _id_kind(name) for name in model.__all__ if name.endswith("Id")},
}
"""Kinds of arguments, by their annotations. Others are looked at by who takes them."""


OBJECT_IDS = {
    "screen": "ScreenId",
    "project": "ProjectId",
    "dataset": "DatasetId",
    "plate": "PlateId",
    "run": "PlateAcquisitionId",
    "well": "WellId",
    "image": "ImageId",
}
"""The types of ids, by the words for kinds of objects."""


def _taker(annotation: str) -> _Take | None:
    """Return what takes an argument of an annotation; None where any is taken.

    >>> _taker("ImageId | None")("image_id", "image-1")
    Traceback (most recent call last):
    TypeError: image_id takes the id of an image, a whole number, or None, not 'image-1'
    """
    if annotation == "Unpack[Objects]":
        return _take_objects
    if several := re.fullmatch(r"Iterable\[(\w+)\]", annotation):
        one = _KINDS.get(several[1])
        return None if one is None else partial(_take_several, one)
    names = annotation.split(" | ")
    if not all(name in _KINDS for name in names):
        return None
    kinds = [_KINDS[name] for name in names]
    return kinds[0].take if len(kinds) == 1 else _any_of(kinds).take


def _any_of(kinds: Sequence[_Kind]) -> _Kind:
    *rest, last = (kind.words for kind in kinds)
    words = ", ".join(rest)
    comma = "," if "," in words else ""

    def read(value: object) -> object:
        for kind in kinds:
            try:
                return kind.read(value)
            except _WrongKindError:
                continue
        raise _WrongKindError

    is_id = any(kind.is_id for kind in kinds)
    return _Kind(f"{words}{comma} or {last}", read, is_id=is_id)


def _take_several(one: _Kind, name: str, value: object) -> Iterable[object]:
    """Return several of a kind; what an iterator brings is looked at as it comes."""
    words = f"several, each {one.words}"
    values: Any = _Kind(words, _several, is_id=one.is_id).take(name, value)
    each = _Kind(words, one.read, is_id=one.is_id)
    taken = (each.take(name, value) for value in values)
    return taken if isinstance(value, Iterator) else list(taken)


def _take_objects(name: str, value: object) -> object:
    """Return the ids of one kind of objects: one, several or none."""
    one = _KINDS.get(OBJECT_IDS.get(name, ""))
    if one is None or value is None:
        return value
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return _take_several(one, name, value)
    return one.take(name, value)
