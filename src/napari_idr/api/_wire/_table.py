"""Tables attached to studies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from napari_idr.model import Table

if TYPE_CHECKING:
    from napari_idr.api._wire._node import Node
    from napari_idr.model import Value


def failure(node: Node) -> str | None:
    """Return why there are no rows, None if there are: both come with status 200."""
    return node.find("error", str)


def is_absence(failure: str) -> bool:
    """Tell whether a failure says that there is no table at all.

    >>> is_absence("Could not retrieve bulk annotations table")
    True
    >>> is_absence("Error executing query: (Plate==1)")
    False
    """
    return failure.startswith("Could not retrieve") or failure.endswith("not found")


def table(node: Node) -> Table:
    """Read the hits of a query."""
    data = node.child("data")
    columns = tuple(column.read(str) for column in data.children("columns"))
    types = tuple(sort.read(str) for sort in data.find_children("column_types"))
    rows = tuple(
        tuple(_value(cell) for cell in row.elements()) for row in data.children("rows")
    )
    if any(len(row) != len(columns) for row in rows):
        raise data.stumble("a row is longer or shorter than the columns")
    if types and len(types) != len(columns):
        raise data.stumble(f"{len(types)} types for {len(columns)} columns")
    return Table(columns=columns, column_types=types, rows=rows)


def hit_count(node: Node) -> int | None:
    """Return how many rows there are in all; older servers don't tell."""
    meta = node.find_child("meta")
    return None if meta is None else meta.find("totalCount", int)


def _value(node: Node) -> Value:
    value = node.value
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return json.dumps(value)  # a column of arrays
