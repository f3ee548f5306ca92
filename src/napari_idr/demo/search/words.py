"""Endpoints of the demo search engine for keys, values, names of studies, counts."""

from typing import Any

from napari_idr.demo._exchange import Answer, Request, Routes, Site
from napari_idr.demo.search.containers import image_count, studies_named
from napari_idr.demo.search.index import DATA_SOURCE, SearchIndex
from napari_idr.demo.search.query import (
    RESOURCES,
    STUDIES,
    QueryRefused,
    unescaped,
)
from napari_idr.demo.search.reply import (
    CRASH,
    RESOURCE,
    csv,
    endpoint,
    exact,
    fault,
    index_of,
    known,
    no_table,
    page,
    reply,
    sources,
)

VALUES_PAGE = 9999
"""Rows of an autocomplete without a key, at most."""

COMMON_KEYS = {
    "image": (
        "Cell Line",
        "Gene Identifier",
        "Gene Symbol",
        "Compound Name",
        "PubChem CID",
        "InChIKey",
        "Antibody",
        "Antibody Identifier",
        "Protein",
        "Pathology",
        "Pathology Identifier",
        "Phenotype",
        "Phenotype Term Accession",
        "siRNA Identifier",
        "siRNA Pool Identifier",
    ),
    "project": (
        "Imaging Method",
        "Publication Title",
        "Publication Authors",
        "Study Type",
        "License",
        "Organism",
    ),
    "screen": ("Screen Technology Type", "Screen Type"),
}
"""What ``mode=searchterms`` offers, as far as the index has it."""

ROW_ID = "9a1f0c52-6a1d-4c7e-9d5e-0f2b7c3d4e5f"
"""Third part of every bookmark: the real ones are random."""

Row = tuple[str, str, int]
"""Key, value in lower case, number of pairs."""


def root(site: Site, request: Request) -> Answer:
    """Say that the service is there."""
    welcome = page("", "", 200)
    return Answer(
        200, welcome.content_type, b"OMERO search engine (API V1)", welcome.headers
    )


def data_sources(site: Site, request: Request) -> Answer:
    """List the sources."""
    return reply([DATA_SOURCE])


def keys(site: Site, request: Request, resource: str) -> Answer:
    """List keys: the common ones, or all."""
    index = index_of(site.world)
    mode = request.arg("mode")
    if mode == "searchterms":
        wanted = COMMON_KEYS if resource == "all" else {resource}
        return reply(
            {
                kind: [key for key in common if key in _keys(index, kind)]
                for kind, common in COMMON_KEYS.items()
                if kind in wanted
            }
        )
    if mode:
        return fault(
            "The mode parameter supports only 'searchterms'            to return the "
            "common search terms,            you may remove it to return all the keys."
        )
    if not known(sources(request)):
        return reply([])
    kinds = RESOURCES if resource == "all" else [r for r in RESOURCES if r == resource]
    found: dict[str, Any] = {kind: _keys(index, kind) for kind in kinds}
    return reply([{"data_source": DATA_SOURCE} | found])


def names(site: Site, request: Request, resource: str) -> Answer:
    """List studies by a part of their names; the first has no description."""
    if resource != "all" and resource not in RESOURCES:
        return no_table(resource)
    if request.flag("use_description"):
        return fault("This release does not support search by description.")
    index = index_of(site.world)
    part = request.arg("value")
    lists: dict[str, list[dict[str, Any]]] = {}
    for kind in STUDIES:
        named = [
            one for one in studies_named(index, part, request) if one.resource == kind
        ]
        lists[kind] = [
            {
                "id": one.id,
                "name": one.name,
                "no_images": image_count(index, one),
                "data_source": DATA_SOURCE,
            }
            | ({} if place == 0 else {"description": one.description})
            for place, one in enumerate(named)
        ]
    return reply(lists if resource == "all" else lists.get(resource, []))


def values(site: Site, request: Request, resource: str) -> Answer:
    """Complete a value, of one key or of any."""
    if resource != "all" and resource not in RESOURCES:
        return no_table(resource)
    if not request.arg("value"):
        return fault("Error: No value is provided ")
    bookmark = request.arg("bookmark")
    if bookmark and resource == "all":
        return fault(
            "Boomark is not supported 'all', "
            "it should be used with individual resources"
        )
    parts = bookmark.split(",")
    if bookmark and len(parts) != 3:
        return fault(
            "Bookmark should be a comma-delimited string, "
            "e.g. 4,9,44a90c1a-3271-448a-ba60-c391f885bc34"
        )
    if bookmark and not (parts[0].isdigit() and parts[1].isdigit()):
        return fault("The first two items in the bookmark should be intgers")
    text = request.arg("value").strip()
    try:
        if "\\" in text and unescaped(text.replace('"', "")) is None:
            return CRASH
    except QueryRefused:
        return CRASH
    index = index_of(site.world)
    there = exact(sources(request))
    if resource == "all":
        return reply(
            {kind: _completed(index, kind, request, there, None) for kind in RESOURCES}
        )
    after = (int(parts[0]), int(parts[1])) if bookmark else None
    return reply(_completed(index, resource, request, there, after, paged=True))


def _completed(
    index: SearchIndex,
    kind: str,
    request: Request,
    there: bool,
    after: tuple[int, int] | None,
    *,
    paged: bool = False,
) -> dict[str, Any]:
    key = request.arg("key")
    part = request.arg("value").strip().lower()
    rows = _rows(index, kind, key or None, part) if there and "\\" not in part else []
    if key:
        return _value_table(kind, rows)
    total = len(rows)
    if after is not None:
        # Rows that equal the bookmark's length and count are passed over with it.
        rows = [row for row in rows if (len(row[1]), -row[2]) > (after[0], -after[1])]
    rows = rows[:VALUES_PAGE]
    shown = [row for row in rows if not (kind == "image" and row[0] == "Organism")]
    table = _value_table(kind, shown)
    if not paged or total == 0:
        return table
    table["total_number_of_all_buckets"] = total
    if len(shown) < total:
        last = rows[-1] if rows else None
        table["bookmark"] = last and [len(last[1]), last[2], ROW_ID]
    return table


def values_of_key(site: Site, request: Request, resource: str) -> Answer:
    """List all values of a key."""
    key = request.arg("key")
    if not key:
        return fault("No key is provided ")
    index = index_of(site.world)
    there = exact(sources(request))

    def rows(kind: str) -> list[Row]:
        return _rows(index, kind, key, "") if there and kind in RESOURCES else []

    if resource == "all":
        kinds = (*RESOURCES, "image1")  # the real index has a leftover of a test
        return reply({kind: _value_table(kind, rows(kind)) for kind in kinds})
    found = rows(resource)
    if request.flag("csv") and found:
        lines = [f"Key,Value,data_source,Number of {resource}s"]
        lines += [f'" {k}","{v}","{DATA_SOURCE}","{n}"' for k, v, n in found]
        return csv(iter(lines), f"{key}_{resource}.csv")
    return reply(_value_table(resource, found))


def nothing(site: Site, request: Request, resource: str) -> Answer:
    """Answer an old endpoint that is broken: always empty."""
    return reply([])


def _keys(index: SearchIndex, kind: str) -> list[str]:
    return list(dict.fromkeys(key for key, _ in index.buckets[kind]))


def _rows(index: SearchIndex, kind: str, key: str | None, part: str) -> list[Row]:
    """Return the values that contain a part: short ones first, then by count."""
    wanted = key and key.lower()
    rows = [
        (name, value, count)
        for (name, value), count in index.buckets[kind].items()
        if (wanted is None or name.lower() == wanted) and part in value
    ]
    return sorted(rows, key=lambda row: (len(row[1]), -row[2]))


def _value_table(kind: str, rows: list[Row]) -> dict[str, Any]:
    counted = kind if rows else "None"
    return {
        "data": [
            {
                "Key": key,
                "Value": value,
                f"Number of {kind}s": count,
                "data_source": DATA_SOURCE,
            }
            for key, value, count in rows
        ],
        f"total_number_of_{counted}": sum(row[2] for row in rows),
        "total_number_of_buckets": len(rows),
    }


ROUTES: Routes = (
    *endpoint("", root, "GET"),
    *endpoint("data_sources/", data_sources, "GET"),
    *endpoint(f"{RESOURCE}/keys/", keys, "GET"),
    *endpoint(f"{RESOURCE}/names/", names, "GET"),
    *endpoint(f"{RESOURCE}/searchvalues/", values, "GET"),
    *endpoint(f"{RESOURCE}/searchvaluesusingkey/", values_of_key, "GET"),
    *endpoint(f"{RESOURCE}/getannotationvalueskey/", nothing, "GET"),
)
