"""Typed reading of a server's JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from napari_idr.errors import ResponseFormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T", str, int, float, bool)

WHOLE = re.compile(r"-?[0-9]{1,20}")
"""A number that a server wrote as text; none of an archive's is longer."""

KINDS = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    type(None): "null",
}


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the server's JSON that knows where it stands.

    `get`, `child` and `children` read what is required; `find`, `find_child` and
    `find_children` what may be absent, and null counts as absent. All check the
    type. Keys that nobody reads are ignored: servers grow.

    >>> node = Node({"data": [{"@id": 7}]})
    >>> [row.get("@id", int) for row in node.children("data")]
    [7]
    >>> node.children("data")[0].get("Name", str)
    Traceback (most recent call last):
    napari_idr.errors.ResponseFormatError: $.data[0]: 'Name' is missing
    """

    value: object
    path: str = "$"
    url: str | None = None
    forget: Callable[[], None] = field(default=lambda: None, repr=False, compare=False)

    def error_here(self, message: str) -> ResponseFormatError:
        """Return an error that says where in which answer the reader stumbled.

        An answer that can't be read isn't remembered: the next one may be better.
        """
        self.forget()
        return ResponseFormatError(f"{self.path}: {message}", url=self.url)

    def read(self, kind: type[T]) -> T:
        """Return the value itself.

        A bool is not an integer; an integer is a number too, and comes as float.
        """
        return self._typed(self.value, kind, "this")

    def get(self, key: str, kind: type[T]) -> T:
        """Return the value of a key that has to be there."""
        return self._typed(self._required(key), kind, repr(key))

    def find(self, key: str, kind: type[T]) -> T | None:
        """Return the value of a key, None where it is absent or null."""
        value = self.members().get(key)
        return None if value is None else self._typed(value, kind, repr(key))

    def int_like(self, key: str) -> int:
        """Return an integer that the server may write as 5.0 or as "5"."""
        value = self._required(key)
        if isinstance(value, str) and WHOLE.fullmatch(value):
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return self._typed(value, int, repr(key))

    def find_int_like(self, key: str) -> int | None:
        """Return an integer as `int_like` reads it, None where absent or null."""
        return None if self.members().get(key) is None else self.int_like(key)

    def child(self, key: str) -> Node:
        """Return the node of a key that has to be there and not be null."""
        return self._at(key, self._required(key))

    def find_child(self, key: str) -> Node | None:
        """Return the node of a key, None where it is absent or null."""
        value = self.members().get(key)
        return None if value is None else self._at(key, value)

    def children(self, key: str) -> tuple[Node, ...]:
        """Return the elements of a list that has to be there."""
        return self.child(key).elements()

    def find_children(self, key: str) -> tuple[Node, ...]:
        """Return the elements of a list, none where it is absent or null."""
        node = self.find_child(key)
        return () if node is None else node.elements()

    def elements(self) -> tuple[Node, ...]:
        """Return the elements of this list."""
        if not isinstance(self.value, list):
            raise self.error_here(f"this is {_kind(self.value)}, not a list")
        return tuple(
            Node(value, f"{self.path}[{index}]", self.url, self.forget)
            for index, value in enumerate(self.value)
        )

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
        return Node(value, f"{self.path}.{key}", self.url, self.forget)

    def _required(self, key: str) -> object:
        value = self.members().get(key)
        if value is None:
            wrong = "null" if key in self else "missing"
            raise self.error_here(f"{key!r} is {wrong}")
        return value

    def _typed(self, value: object, kind: type[T], what: str) -> T:
        if kind is float and type(value) is int:
            try:
                value = float(value)
            except OverflowError:
                raise self.error_here(f"{what} is too large a number") from None
        if not isinstance(value, kind) or type(value) is not kind:
            raise self.error_here(f"{what} is {_kind(value)}, not {KINDS[kind]}")
        return value


def _kind(value: object) -> str:
    return KINDS.get(type(value), type(value).__name__)
