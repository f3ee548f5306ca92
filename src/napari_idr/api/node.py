"""Typed reading of a server's JSON."""

from __future__ import annotations

import logging
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from napari_idr.cancel import NEVER
from napari_idr.errors import ResponseFormatError
from napari_idr.threads import giving_way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.cancel import CancelToken

T = TypeVar("T", str, int, float, bool)

logger = logging.getLogger(__name__)

WHOLE = re.compile(r"-?[0-9]{1,20}")
"""A number that a server wrote as text; none of an archive's is longer."""

MAX_NOTES = 20
"""A list of ten thousand odd rows is described well enough by these."""

KINDS = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    type(None): "null",
}


@dataclass(slots=True)
class _Answer:
    """What all nodes of an answer share."""

    url: str | None
    cancel: CancelToken
    notes: list[str] = field(default_factory=list)


class Node:
    """A value of the server's JSON that knows where it stands.

    What is needed is read with `get`, `child` and `children`: they raise where it is
    absent, null or of another type. What may be absent, but has to be right where it
    is, with `get_optional`. What only informs with `find`, `find_child` and
    `find_children`: where it is absent or null they return nothing, and where it is
    odd they return nothing as well and leave a note, so that it costs nothing else.
    Keys that nobody reads are ignored: servers grow.

    Parameters
    ----------
    value
        What JSON says, as Python has it.
    url
        Where the answer came from, for errors.
    cancel
        Whether somebody still waits for the answer.
    above, step
        The node that holds this one, and the key or index there; None for all of an
        answer.

    Examples
    --------
    >>> node = Node({"data": [{"@id": 7}]})
    >>> [row.get("@id", int) for row in node.children("data")]
    [7]
    >>> node.children("data")[0].get("Name", str)
    Traceback (most recent call last):
    napari_idr.errors.ResponseFormatError: $.data[0]: 'Name' is missing
    """

    __slots__ = ("_above", "_answer", "_step", "value")

    def __init__(
        self,
        value: object,
        *,
        url: str | None = None,
        cancel: CancelToken = NEVER,
        above: Node | None = None,
        step: str | int = "$",
    ) -> None:
        self.value = value
        # A long list makes ten thousand of these, of which an error needs one's path.
        self._above = above
        self._step = step
        self._answer: _Answer = _Answer(url, cancel) if above is None else above._answer

    @property
    def path(self) -> str:
        """Where this stands in the answer, as in ``$.data[0].Name``."""
        if self._above is None:
            return str(self._step)
        step = f"[{self._step}]" if isinstance(self._step, int) else f".{self._step}"
        return self._above.path + step

    @property
    def url(self) -> str | None:
        """Where the answer came from."""
        return self._answer.url

    @property
    def notes(self) -> list[str]:
        """What was odd in the whole answer and did no harm; shared by all its nodes."""
        return self._answer.notes

    def error_here(self, message: str) -> ResponseFormatError:
        """Return an error that says where in which answer the reader stumbled."""
        return ResponseFormatError(f"{self.path}: {message}", url=self.url)

    def note(self, message: str) -> None:
        """Note that something odd here is passed over, in the log and for the image.

        An answer with notes isn't remembered: the next one may be better.
        """
        note = f"{self.path}: {message}"
        if note not in self.notes and len(self.notes) < MAX_NOTES:
            self.notes.append(note)
            logger.info("passed over in %s: %s", self.url, note)

    def read(self, kind: type[T]) -> T:
        """Return the value itself.

        A bool is not an integer; an integer is a number too, and comes as float.
        """
        return self._typed(self.value, kind, "this")

    def get(self, key: str, kind: type[T]) -> T:
        """Return the value of a key that has to be there."""
        return self._typed(self._required(key), kind, repr(key))

    def get_optional(self, key: str, kind: type[T]) -> T | None:
        """Return a value that has to be right, None where it is absent or null."""
        value = self.members().get(key)
        return None if value is None else self._typed(value, kind, repr(key))

    def find(self, key: str, kind: type[T]) -> T | None:
        """Return a value that only informs; None, and a note, where it is odd."""
        if (value := self._find(key)) is None:
            return None
        if kind is float and isinstance(value, float) and not math.isfinite(value):
            self.note(f"{key!r} is {value}")
            return None
        typed, wrong = _checked(value, kind)
        if typed is None:
            self.note(f"{key!r} {wrong}")
        return typed

    def int_like(self, key: str) -> int:
        """Return an integer that the server may write as 5.0 or as "5"."""
        value = self._required(key)
        if isinstance(value, str) and WHOLE.fullmatch(value):
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return self._typed(value, int, repr(key))

    def find_int_like(self, key: str) -> int | None:
        """Return an integer that only informs, read as `int_like` does."""
        value = self._find(key)
        if isinstance(value, str) and WHOLE.fullmatch(value):
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return None if value is None else self.find(key, int)

    def child(self, key: str) -> Node:
        """Return the node of a key that has to be there and not be null."""
        return self._at(key, self._required(key))

    def find_child(self, key: str) -> Node | None:
        """Return the node of an object that only informs; None where there is none."""
        if (value := self._find(key)) is None or isinstance(value, dict):
            return None if value is None else self._at(key, value)
        self.note(f"{key!r} is {_kind(value)}, not an object")
        return None

    def children(self, key: str) -> tuple[Node, ...]:
        """Return the elements of a list that has to be there."""
        return self.child(key).elements()

    def rows(self, key: str) -> Iterator[Node]:
        """Yield the elements of a list that has to be there and may be long.

        Raises
        ------
        Cancelled
            Nobody waits for the answer any more: a page of a thousand hits with all
            their pairs takes a slow machine longer than a person waits.
        """
        above = self.child(key)
        for number, value in giving_way(enumerate(above.plain_list())):
            self._answer.cancel.check()
            yield Node(value, above=above, step=number)

    def find_children(self, key: str) -> tuple[Node, ...]:
        """Return the elements of a list that only informs; none where there is none."""
        if (value := self._find(key)) is None or isinstance(value, list):
            return () if value is None else self._at(key, value).elements()
        self.note(f"{key!r} is {_kind(value)}, not a list")
        return ()

    def elements(self) -> tuple[Node, ...]:
        """Return the elements of this list."""
        return tuple(
            Node(value, above=self, step=index)
            for index, value in enumerate(self.plain_list())
        )

    def plain_list(self) -> list[object]:
        """Return this list as it is; raise if it is none."""
        if not isinstance(self.value, list):
            raise self.error_here(f"this is {_kind(self.value)}, not a list")
        return self.value

    def items(self) -> Iterator[tuple[str, Node]]:
        """Yield keys and nodes of this object, in the order of the answer."""
        for key, value in self.members().items():
            yield key, self._at(key, value)

    def members(self) -> dict[str, object]:
        """Return this object as it is; raise if it is none."""
        if not isinstance(self.value, dict):
            raise self.error_here(f"this is {_kind(self.value)}, not an object")
        return self.value

    def __contains__(self, key: str) -> bool:
        """Tell whether this is an object with that key, null or not."""
        return isinstance(self.value, dict) and key in self.value

    @property
    def is_null(self) -> bool:
        """Whether there is nothing here."""
        return self.value is None

    @property
    def is_object(self) -> bool:
        """Whether this is an object, as it should be where servers also send else."""
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        """Whether this is a list."""
        return isinstance(self.value, list)

    def _at(self, key: str, value: object) -> Node:
        return Node(value, above=self, step=key)

    def _find(self, key: str) -> object:
        if self.value is not None and not isinstance(self.value, dict):
            self.note(f"this is {_kind(self.value)}, not an object")
        return self.value.get(key) if isinstance(self.value, dict) else None

    def _required(self, key: str) -> object:
        value = self.members().get(key)
        if value is None:
            wrong = "null" if key in self else "missing"
            raise self.error_here(f"{key!r} is {wrong}")
        return value

    def _typed(self, value: object, kind: type[T], what: str) -> T:
        typed, wrong = _checked(value, kind)
        if typed is None:
            raise self.error_here(f"{what} {wrong}")
        return typed


def _checked(value: object, kind: type[T]) -> tuple[T | None, str]:
    """Return a value as the type that it should have, or None and what is wrong."""
    if kind is float and type(value) is int:
        try:
            value = float(value)
        except OverflowError:
            return None, "is too large a number"
    if not isinstance(value, kind) or type(value) is not kind:
        return None, f"is {_kind(value)}, not {KINDS[kind]}"
    return value, ""


def _kind(value: object) -> str:
    return KINDS.get(type(value), type(value).__name__)
