"""Bulk tables: the rows of a plate, a well, an image, or all of them."""

import csv
import io
import math
import re
from collections.abc import Callable
from typing import Any

from napari_idr.demo._exchange import (
    Answer,
    Request,
    Routes,
    Site,
    json_answer,
    json_failure,
)
from napari_idr.demo.omero.annotations import ADDED_S
from napari_idr.demo.studies.attachments import Row
from napari_idr.demo.world import BULK_NS, FileAnnotation, Kind, PerWorld, Table, World

Json = dict[str, Any]

MOST_ROWS = 10_000
"""A query with more hits than that, after its limit, is refused."""

PATHS: dict[str, tuple[Kind, Kind]] = {
    "Screen": ("screen", "screen"),
    "Screen.plateLinks.child": ("screen", "plate"),
    "Screen.plateLinks.child.wells": ("screen", "well"),
    "Screen.plateLinks.child.wells.wellSamples.image": ("screen", "image"),
    "Project": ("project", "project"),
    "Project.datasetLinks.child": ("project", "dataset"),
    "Project.datasetLinks.child.imageLinks.child": ("project", "image"),
    "Dataset": ("dataset", "dataset"),
    "Plate": ("plate", "plate"),
    "Plate.wells": ("plate", "well"),
    "Image": ("image", "image"),
}
"""Path from the object with the table to the object that the id names."""

FOLDED = ("Image", "Roi", "Plate", "Well")
"""Columns that are found in small letters too."""

ID_QUERY = re.compile(r"(?P<name>\w+)-(?P<number>\d+)")
TERM = re.compile(
    r"\(?\s*(?P<name>\w+)\s*(?P<sign>==|!=|>=|<=|>|<)\s*"
    r"(?P<value>-?[\d.]+|'[^']*'|\"[^\"]*\"|b'[^']*')\s*\)?"
)

SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
}


class QueryError(Exception):
    """A condition that the table does not understand."""


@PerWorld
def _rows(world: World) -> dict[int, tuple[Row, ...]]:
    """All rows by the id of the table's annotation."""
    return {table.annotation_id: table.make_rows() for table in world.tables}


def object_query(site: Site, request: Request, path: str, object_id: str) -> Answer:
    """GET /webgateway/table/{Path}/{id}/query/?query=."""
    if path not in PATHS:
        words = path.split(".")
        return json_answer({"error": f"{words} cannot be queried", "query": "select"})
    if not request.arg("query"):
        text = "Must specify query parameter, use * to retrieve all"
        return json_answer({"error": text})
    tables = _tables_of(site.world, path, int(object_id))
    if not tables:
        return json_answer({"error": "Could not retrieve bulk annotations table"})
    table = tables[0]
    try:
        answer = _query(site, request, table)
    except ValueError as error:
        return json_failure(str(error))
    if "error" in answer:
        return json_answer(answer)
    attached = _attached(site.world, table)
    told = ("owner", "addedBy", "parentType", "parentId", "addedOn")
    return json_answer(
        answer
        | {"id": attached["file"], "annId": attached["id"]}
        | {name: attached[name] for name in told}
    )


def file_query(site: Site, request: Request, file_id: str) -> Answer:
    """GET /webgateway/table/{file}/query/?query=."""
    table = _by_file(site.world, int(file_id))
    if table is None:
        return json_answer({"error": f"Table {file_id} not found"})
    if not request.arg("query"):
        text = "Must specify query parameter, use * to retrieve all"
        return json_answer({"error": text})
    try:
        return json_answer(_query(site, request, table))
    except ValueError as error:
        return json_failure(str(error))


def metadata(site: Site, request: Request, file_id: str) -> Answer:
    """GET /webgateway/table/{file}/metadata/."""
    table = _by_file(site.world, int(file_id))
    if table is None:
        return json_answer({"error": f"Table {file_id} not found"})
    columns = [
        {"name": name, "description": "", "type": kind} for name, kind in table.columns
    ]
    total = len(_rows(site.world)[table.annotation_id])
    return json_answer({"columns": columns, "totalCount": total, "user_metadata": {}})


def tables_of_object(site: Site, request: Request, path: str, object_id: str) -> Answer:
    """GET /webgateway/annotations/{Path}/{id}/: which tables there are."""
    if path not in PATHS:
        words = path.split(".")
        return json_answer({"error": f"{words} cannot be queried", "query": "select"})
    tables = _tables_of(site.world, path, int(object_id))
    return json_answer({"data": [_attached(site.world, table) for table in tables]})


def as_csv(site: Site, request: Request, file_id: str) -> Answer:
    """GET /webclient/omero_table/{file}/csv/?query=&limit=&offset=&header=."""
    table = _by_file(site.world, int(file_id))
    if table is None:
        return json_answer({"error": f"Table {file_id} not found"})
    found = _query(site, request, table)
    if "error" in found:
        return json_answer(found)
    text = io.StringIO()
    writer = csv.writer(text)
    if request.arg("header") != "false":
        writer.writerow(found["data"]["columns"])
    writer.writerows(found["data"]["rows"])
    name = {"Content-Disposition": "attachment; filename=bulk_annotations.csv"}
    return Answer(200, "text/csv", text.getvalue().encode(), name)


def _query(site: Site, request: Request, table: Table) -> Json:
    """Search a table.

    Raises
    ------
    ValueError
        When ``limit`` or ``offset`` is no number.
    """
    limit = request.int_arg("limit", 0) if request.arg("limit") else None
    offset = request.int_arg("offset", 0)
    rows = _rows(site.world)[table.annotation_id]
    query = request.arg("query", "*")
    try:
        wanted = condition(query, [name for name, _ in table.columns])
    except QueryError as error:
        return {"error": f"Error executing query: {error}"}
    hits = [row for row in rows if wanted(row)]
    page = hits[offset:] if limit is None else hits[offset : offset + limit]
    if len(page) > MOST_ROWS:
        text = f"Trying to download {len(page)} rows exceeds configured {MOST_ROWS}"
        return {"error": text, "status": 404}
    names = [name for name, _ in table.columns]
    shown = [names.index(n) for n in request.all("col_names") if n in names]
    chosen = shown or list(range(len(names)))
    return {
        "data": {
            "column_types": [table.columns[i][1] for i in chosen],
            "columns": [names[i] for i in chosen],
            "rows": [[_plain(row[i]) for i in chosen] for row in page],
        },
        "meta": {
            "rowCount": len(rows),
            "totalCount": len(hits),
            "limit": limit,
            "offset": offset,
        },
    }


def _plain(value: object) -> object:
    """Return a value as JSON has it: what is not a number is null."""
    return None if isinstance(value, float) and math.isnan(value) else value


def condition(query: str, columns: list[str]) -> Callable[[Row], bool]:
    """Read a query: ``*``, ``Well-7``, or terms joined by ``&``.

    >>> wanted = condition("(Well>=5)&(Well<9)", ["Plate", "Well"])
    >>> wanted((1, 8)), wanted((1, 9))
    (True, False)

    Raises
    ------
    QueryError
        For unknown columns and what is no condition.
    """
    if query == "*":
        return lambda row: True
    if match := ID_QUERY.fullmatch(query):
        query = f"({match['name']}=={match['number']})"
    tests = [_term(part.strip(), columns, query) for part in query.split("&")]
    return lambda row: all(test(row) for test in tests)


def _term(text: str, columns: list[str], query: str) -> Callable[[Row], bool]:
    match = TERM.fullmatch(text)
    if match is None:
        raise QueryError(query)
    name = match["name"]
    if name not in columns and name in FOLDED and name.lower() in columns:
        name = name.lower()
    if name not in columns:
        raise QueryError(query)
    index, test = columns.index(name), SIGNS[match["sign"]]
    raw = match["value"]
    value: object = raw.lstrip("b")[1:-1] if raw[-1] in "'\"" else float(raw)

    def holds(row: Row) -> bool:
        try:
            return test(row[index], value)
        except TypeError as error:
            raise QueryError(query) from error

    return holds


def _tables_of(world: World, path: str, object_id: int) -> list[Table]:
    """Return the tables that an object's path leads to, newest file first."""
    carrier, kind = PATHS[path]
    image = next(iter(world.images_of(kind, object_id)), None)
    carrier_id: int | None = None
    if kind == carrier:
        carrier_id = object_id
    elif image is not None:
        found = getattr(world.places[image.id], carrier)
        carrier_id = None if found is None else found.id
    tables = [t for t in world.tables if t.parent == (carrier, carrier_id)]
    return sorted(tables, key=lambda table: -table.annotation_id)


def _by_file(world: World, file_id: int) -> Table | None:
    for table in world.tables:
        file = world.annotations[table.annotation_id]
        if isinstance(file, FileAnnotation) and file.file_id == file_id:
            return table
    return None


def _attached(world: World, table: Table) -> Json:
    file = world.annotations[table.annotation_id]
    assert isinstance(file, FileAnnotation)
    kind, parent_id = table.parent
    return {
        "id": file.id,
        "name": file.name,
        "file": file.file_id,
        "ns": BULK_NS,
        "parentType": kind.capitalize(),
        "parentId": parent_id,
        "owner": "Demo User",
        "addedBy": "Demo User",
        "addedOn": ADDED_S * 1000,
    }


OBJECT = r"(?P<path>[A-Z][\w.]*)/(?P<object_id>\d+)"

ROUTES: Routes = (
    (rf"webgateway/table/{OBJECT}/query/", object_query),
    (r"webgateway/table/(?P<file_id>\d+)/query/", file_query),
    (r"webgateway/table/(?P<file_id>\d+)/metadata/", metadata),
    (rf"webgateway/annotations/{OBJECT}/", tables_of_object),
    (r"webclient/omero_table/(?P<file_id>\d+)/csv/", as_csv),
)
