"""The demo search engine's counts by study: images, keys, values, plates."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from napari_idr.demo._exchange import Answer, Request, Routes, Site
from napari_idr.demo.search.body import BodyRefused, read_body
from napari_idr.demo.search.index import DATA_SOURCE, SearchIndex
from napari_idr.demo.search.query import Document, Query
from napari_idr.demo.search.reply import (
    CRASH,
    RESOURCE,
    csv,
    endpoint,
    exact,
    fault,
    index_of,
    reply,
    sources,
)


def study(document: Document, count: int) -> dict[str, Any]:
    """Return a study and how many of its images are meant."""
    return {
        "id": document.id,
        "name": document.name,
        "type": document.resource,
        "image count": count,
        "data_source": DATA_SOURCE,
    }


def container_images(site: Site, request: Request) -> Answer:
    """List all studies with their image counts, those without images too."""
    index = index_of(site.world)
    there = exact(sources(request), everything=False)
    rows = [
        study(one, image_count(index, one)) for one in index.studies.values() if there
    ]
    rows.sort(key=lambda row: (row["type"], -row["image count"]))
    return reply({"Error": None, "results": {"results": rows}})


def container_keys(site: Site, request: Request, resource: str) -> Answer:
    """List the keys (in lower case) that the documents of studies have."""
    name = request.arg("container_name")
    if not name:
        return fault("Container name is required")
    index = index_of(site.world)
    elements = [
        _element(one, [{"key": key, f"no_{resource}": n} for key, n in found])
        for one in studies_named(index, name, request)
        if (found := _count_keys(_inside(index, one, resource)))
    ]
    if request.flag("csv"):
        lines = [
            f"{one['name']},{one['type']},{row['key']},{row[f'no_{resource}']}"
            for one in elements
            for row in one["results"]
        ]
        header = f"Container,Type,data_source,Key,No of {resource}"
        return csv(iter([header, *lines]), f"container_{name}_keys.csv")
    return reply(elements)


def container_values(site: Site, request: Request, resource: str) -> Answer:
    """List the values of a key in studies, as they are written there."""
    name, key = request.arg("container_name"), request.arg("key")
    if not (name and key):
        return fault("Container name and key are required")
    index = index_of(site.world)
    query = _query(request)
    if query is None:
        return fault("No proper query data provided ")
    wanted = {one.id for one in index.images(query)} if query.filters else None
    elements = []
    for one in studies_named(index, name, request):
        inside = _inside(index, one, resource)
        rows = [
            {"key": key, "value": value, f"no_{resource}": n}
            for value, n in _count_values(inside, key, wanted)
        ]
        if rows:
            elements.append(_element(one, rows))
    if request.flag("csv"):
        lines = [
            f"{one['name']},{one['type']},{DATA_SOURCE},{key},{row['value']},"
            f"{row[f'no_{resource}']}"
            for one in elements
            for row in one["results"]
        ]
        header = f"Container,Type,Key,Value,No of {resource}"
        return csv(iter([header, *lines]), f"container_{name}_{key}_values.csv")
    return reply(elements)


def _query(request: Request) -> Query | None:
    """Read the query of a body; an empty body asks for all, None is a wrong one."""
    if not request.body:
        return Query()
    try:
        return read_body(json.loads(request.body), containers=True).query
    except (ValueError, BodyRefused):
        return None


def sub_containers(site: Site, request: Request) -> Answer:
    """Count the images (or hits) of each plate or dataset of studies, by name.

    Of a body only ``query_details`` is heard, and ``main_attributes`` inside of it;
    all filters are taken to be about images. Nothing is checked: what can't be run
    makes the service fall.
    """
    name = request.arg("container_name")
    if not name:
        return fault("Container name is required.")
    index = index_of(site.world)
    try:
        body = json.loads(request.body) if request.body else {}
    except ValueError:
        return fault("No proper query data provided.")
    studies = studies_named(index, name, request)
    if not studies:
        return reply(f"Container {name} is not found")
    try:
        hits = index.images(_image_query(body))
    except (AttributeError, TypeError, BodyRefused):
        return CRASH
    rows = []
    for one in studies:
        part = "dataset" if one.resource == "project" else "plate"
        counts = Counter(
            image.attributes[f"{part}_name"]
            for image in hits
            if image.attributes[f"{one.resource}_name"] == one.name
        )
        rows += [
            {
                "name": part_name,
                "resource": part,
                "image count": count,
                "data_source": DATA_SOURCE,
            }
            for part_name, count in sorted(
                counts.items(), key=lambda named: (-named[1], named[0])
            )
        ]
    return reply({"Error": None, "results": {"results": rows}})


def _image_query(body: dict[str, Any]) -> Query:
    """Read ``query_details`` as a query about images, whatever its filters say."""
    details = body.get("query_details") or {}

    def about_images(filters: list[Any]) -> list[Any]:
        return [one | {"resource": "image"} for one in filters]

    heard = {
        "query_details": {
            "and_filters": about_images(details.get("and_filters") or []),
            "or_filters": [about_images(g) for g in details.get("or_filters") or []],
            "case_sensitive": bool(details.get("case_sensitive")),
        },
        "main_attributes": details.get("main_attributes") or {},
    }
    return read_body(heard, containers=False).query


def studies_named(index: SearchIndex, name: str, request: Request) -> list[Document]:
    """Return the studies whose name contains a text, case ignored."""
    if not exact(sources(request)):
        return []
    part = name.strip().lower()
    return [one for one in index.studies.values() if part in (one.name or "").lower()]


def _inside(index: SearchIndex, one: Document, resource: str) -> list[Document]:
    if resource == one.resource:
        return [one]
    if resource != "image":
        return []
    column = f"{one.resource}_id"
    return [
        image
        for image in index.documents["image"]
        if image.attributes[column] == one.id
    ]


def image_count(index: SearchIndex, one: Document) -> int:
    """Return how many images a study has."""
    return len(_inside(index, one, "image"))


def _count_keys(documents: Iterable[Document]) -> list[tuple[str, int]]:
    counts = Counter(
        name for one in documents for name, _ in one.folded if name is not None
    )
    return sorted(counts.items())


def _count_values(
    documents: Iterable[Document], key: str, wanted: set[int] | None
) -> Iterator[tuple[str, int]]:
    counts = Counter(
        pair.value or ""
        for one in documents
        if wanted is None or one.id in wanted
        for pair in one.pairs
        if pair.name is not None and pair.name.lower() == key.lower()
    )
    yield from counts.most_common()


def _element(one: Document, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": one.name,
        "type": one.resource,
        "data_source": DATA_SOURCE,
        "results": rows,
    }


ROUTES: Routes = (
    *endpoint("container_images/", container_images, "GET"),
    *endpoint("sub_container_images/", sub_containers, "POST"),
    *endpoint(f"{RESOURCE}/container_keys/", container_keys, "GET"),
    *endpoint(f"{RESOURCE}/container_keyvalues/", container_values, "GET"),
    *endpoint(f"{RESOURCE}/container_filterkeyvalues/", container_values, "POST"),
)
