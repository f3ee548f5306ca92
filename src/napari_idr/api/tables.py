"""Bulk annotation tables: the endpoint, its fall-backs, and the reading of rows."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from napari_idr.api.json_client import naming
from napari_idr.errors import NotFoundError, ResponseFormatError
from napari_idr.model import Table
from napari_idr.transport import TABLE_BYTES

if TYPE_CHECKING:
    from napari_idr.api.json_client import JsonClient
    from napari_idr.api.node import Node
    from napari_idr.api.plates import PlateGrids
    from napari_idr.cancel import CancelToken
    from napari_idr.model import CellGrid, PlateId, ScreenId, Value, WellId


logger = logging.getLogger(__name__)

BLOCK_ROWS = 10_000
"""Rows in one answer: the most a server gives (`MAX_TABLE_DOWNLOAD_ROWS`)."""


class Tables:
    """The tables that studies bring with them. Thread-safe.

    A table is attached to the screen, or to the plate itself. All methods raise
    `NotFoundError` where there is none.
    """

    def __init__(self, json_client: JsonClient, grids: PlateGrids) -> None:
        self._json_client = json_client
        self._grids = grids

    def of_well(self, well_id: WellId, *, cancel: CancelToken) -> Table:
        """Return the rows of a well.

        GET /webgateway/table/Screen.plateLinks.child.wells/{well_id}/query/?query=
        GET /webgateway/table/Plate.wells/{well_id}/query/?query=
        """
        query = f"Well-{well_id}"
        with naming("well", well_id):
            try:
                return self._hits(
                    f"Screen.plateLinks.child.wells/{well_id}", query, cancel
                )
            except NotFoundError:
                return self._hits(f"Plate.wells/{well_id}", query, cancel)

    def of_plate(
        self,
        plate_id: PlateId,
        *,
        grid: CellGrid | None = None,
        cancel: CancelToken,
    ) -> Table:
        """Return the rows of all wells of a plate, in one request as a rule.

        Where the table has no column for plates, those of its wells are asked
        for that have an image in the grid; in their first field without one.

        GET /webgateway/table/Screen.plateLinks.child/{plate_id}/query/?query=
        GET /webgateway/table/Plate/{plate_id}/query/?query=
        """
        with naming("plate", plate_id):
            try:
                return self._plate_hits(
                    "Screen.plateLinks.child", plate_id, grid, cancel
                )
            except NotFoundError:
                return self._plate_hits("Plate", plate_id, grid, cancel)

    def of_screen(self, screen_id: ScreenId, *, cancel: CancelToken) -> Table:
        """Return the whole table of a screen, which may have 100 000 rows.

        GET /webgateway/table/Screen/{screen_id}/query/?query=*&limit=&offset=
        """
        with naming("screen", screen_id):
            return self._hits(f"Screen/{screen_id}", "*", cancel)

    def _plate_hits(
        self,
        path: str,
        plate_id: PlateId,
        grid: CellGrid | None,
        cancel: CancelToken,
    ) -> Table:
        try:
            return self._hits(f"{path}/{plate_id}", f"Plate-{plate_id}", cancel)
        except _QueryError as error:
            logger.debug("plate %d by its wells: %s", plate_id, error)
        if grid is None:
            grid = self._grids.plate_grid(plate_id, field=0, run=None, cancel=cancel)
        wells = {cell.well_id for cell in grid}
        if not wells:
            raise NotFoundError(f"plate {plate_id} has no wells to look for")
        between = f"(Well>={min(wells)})&(Well<={max(wells)})"
        found = self._hits(f"{path}/{plate_id}", between, cancel)
        if "Well" not in found.columns:
            raise ResponseFormatError(f"no wells in the table of plate {plate_id}")
        well_of_row = found.column("Well")
        rows = zip(found.rows, well_of_row, strict=True)
        return Table(
            columns=found.columns,
            column_types=found.column_types,
            rows=tuple(row for row, well in rows if well in wells),
        )

    def _hits(self, path: str, query: str, cancel: CancelToken) -> Table:
        """Return all hits of a query, block by block."""
        blocks: list[Table] = []
        while True:
            offset = sum(len(block.rows) for block in blocks)
            block, total = self._json_client.read(
                f"webgateway/table/{path}/query/",
                (("query", query), ("limit", BLOCK_ROWS), ("offset", offset)),
                reader=partial(_read_block, before=blocks[-1] if blocks else None),
                cancel=cancel,
                max_bytes=TABLE_BYTES,
            )
            blocks.append(block)
            if _is_last(block, offset, total):
                rows = tuple(row for block in blocks for row in block.rows)
                return replace(blocks[0], rows=rows)


def _is_last(block: Table, offset: int, total: int | None) -> bool:
    """Tell whether no rows follow; older servers don't tell how many there are.

    Some of these don't heed the limit either, and give all rows at once.
    """
    count = len(block.rows)
    if total is None:
        return count != BLOCK_ROWS
    return not count or offset + count >= total


class _QueryError(ResponseFormatError):
    """The table is there, but hasn't the columns of the question."""


def _read_block(answer: Node, *, before: Table | None) -> tuple[Table, int | None]:
    """Read the hits after those of a block, and how many there are in all."""
    if (failure := read_failure(answer)) is not None:
        if is_absence(failure):
            raise NotFoundError(f"no table: {failure}", url=answer.url)
        raise _QueryError(f"no rows: {failure}", url=answer.url)
    block = read_table(answer)
    if before is not None and block.rows and block.rows == before.rows:
        raise answer.error_here("the rows of this block are those before it")
    return block, read_hit_count(answer)


def read_failure(node: Node) -> str | None:
    """Return why there are no rows, None if there are: both come with status 200."""
    return node.get_optional("error", str)


def is_absence(failure: str) -> bool:
    """Tell whether a failure says that there is no table at all.

    >>> is_absence("Could not retrieve bulk annotations table")
    True
    >>> is_absence("Error executing query: (Plate==1)")
    False
    """
    return failure.startswith("Could not retrieve") or failure.endswith("not found")


def read_table(node: Node) -> Table:
    """Read the hits of a query."""
    data = node.child("data")
    columns = tuple(column.read(str) for column in data.children("columns"))
    types = _column_types(data, len(columns))
    rows = tuple(
        tuple(_value(cell) for cell in row.plain_list()) for row in data.rows("rows")
    )
    if any(len(row) != len(columns) for row in rows):
        raise data.error_here("a row is longer or shorter than the columns")
    return Table(columns=columns, column_types=types, rows=rows)


def _column_types(data: Node, count: int) -> tuple[str, ...]:
    """Return the types of columns, which only inform; none where they don't fit."""
    told = [sort.value for sort in data.find_children("column_types")]
    types = tuple(sort for sort in told if isinstance(sort, str))
    if told and len(types) != count:
        data.note(f"{len(types)} types for {count} columns")
        return ()
    return types


def read_hit_count(node: Node) -> int | None:
    """Return how many rows there are in all; older servers don't tell."""
    meta = node.find_child("meta")
    return None if meta is None else meta.get_optional("totalCount", int)


def _value(value: object) -> Value:
    if isinstance(value, str):
        return sys.intern(value)  # most cells of a column are equal to others
    if value is None or isinstance(value, int | float | bool):
        return value
    return json.dumps(value)  # a column of arrays
