"""The demo search engine: searches by key and value, structured queries.

What it answers is odd in many places, on purpose: these are the habits of the
real service, which a client has to bear.
"""

import json
from collections import Counter
from typing import Any

from napari_idr.demo._exchange import NOT_FOUND, Answer, Request, Routes, Site
from napari_idr.demo.search import containers, words
from napari_idr.demo.search.body import (
    GENERAL_FAULT,
    Body,
    BodyRefused,
    echo,
    pages,
    read_body,
)
from napari_idr.demo.search.index import DATA_SOURCE, SearchIndex, study_of
from napari_idr.demo.search.query import (
    RESOURCES,
    STUDIES,
    Document,
    Filter,
    FilterUnread,
    Query,
    QueryRefused,
    select,
)
from napari_idr.demo.search.reply import (
    CRASH,
    HEADERS,
    RESOURCE,
    UNKNOWN_PATH,
    endpoint,
    exact,
    fault,
    index_of,
    known,
    no_table,
    reply,
    sources,
)

NO_VALUE = (
    "Each Filter needs to have, name,                    value and operator keywords."
)


def search(site: Site, request: Request, resource: str) -> Answer:
    """Find documents, or studies, by one key and value."""
    studies = request.arg("return_containers")
    if studies and studies not in ("true", "false"):
        return CRASH
    asked = sources(request)
    if study := request.arg("study"):
        return _search_in_study(site, request, resource, study)
    if not known(asked) or (studies == "true" and "all" in asked):
        return reply(f"{request.arg('data_source')!r} is not a data source")
    if studies == "true":
        return _search_studies(site, request, resource)
    if resource not in RESOURCES:
        return fault(f"{resource} is not a valid resource")
    if "value" not in request.args:
        return fault(NO_VALUE)
    return _search_hits(site, request, resource)


def _search_hits(site: Site, request: Request, resource: str) -> Answer:
    count = request.arg("random_results")
    if count and not count.isdigit():
        return fault("random_results parameter should have an integer value")
    query = _asked(request, resource)
    found = _find(index_of(site.world), resource, query)
    bookmark = request.arg("bookmark") or None
    details = {
        "and_filters": [_plain_filter(query.and_filters[0])],
        "bookmark": [None if bookmark is None else [bookmark]],
        "case_sensitive": request.arg("case_sensitive") or None,
    }
    if not exact(sources(request)):
        found = []
    if count:
        results = _random_hits(found, int(count))
    else:
        after = None if bookmark is None else _number(bookmark)
        results = _page(found, Body(query, {}, after), site.world.search_page_size)
    return reply(_hits(results, details, resource))


def _search_studies(site: Site, request: Request, resource: str) -> Answer:
    if "value" not in request.args:
        return reply({})
    query = _asked(request, resource)
    index = index_of(site.world)
    try:
        found = index.images(query) if resource in RESOURCES else []
    except QueryRefused:
        return reply({})
    if not exact(sources(request)):
        found = []
    details = echo(query, {"case_sensitive": request.arg("case_sensitive") or None})
    results = {"results": _studies(index, found, with_pairs=True)}
    return reply(_hits(results, details) | {"Error": "none"})


def _search_in_study(site: Site, request: Request, resource: str, study: str) -> Answer:
    """Search one project; pages aren't turned and screens aren't looked at."""
    if request.arg("return_containers") == "true" or not known(sources(request)):
        return CRASH
    query = _asked(request, resource)
    there = Filter("name", study, "contains", "project")
    both = Query((*query.and_filters, there), case_sensitive=query.case_sensitive)
    found = index_of(site.world).images(both)
    results = _page(found, Body(both, {}), site.world.search_page_size)
    details = echo(query, {"case_sensitive": request.arg("case_sensitive") or None})
    return reply(_hits(results, details) | {"Error": "none"})


def submit(site: Site, request: Request) -> Answer:
    """Find images by a structured query."""
    if unknown := _unknown_source(request):
        return unknown
    try:
        sent = json.loads(request.body)
    except ValueError:
        sent = None
    if not sent:
        return fault("No query is provided")
    if not isinstance(sent, dict):
        return CRASH
    try:
        body = read_body(sent, containers=True)
        found = [] if _odd_case(request) else _images(site, body)
    except BodyRefused as refused:
        return fault(str(refused))
    except FilterUnread:
        return reply({"Error": "none"})
    except QueryRefused:
        return fault(GENERAL_FAULT)
    if request.flag("return_columns"):
        return CRASH if found else fault("Your query returns no results")
    results = _page(found, body, site.world.search_page_size)
    return reply(_hits(results, echo(body.query, body.details)) | {"Error": "none"})


def _unknown_source(request: Request) -> Answer | None:
    if exact(sources(request), everything=False) or _odd_case(request):
        return None
    return reply(f"{request.arg('data_source')!r} is not a data source")


def submit_containers(site: Site, request: Request) -> Answer:
    """Find the studies of a structured query."""
    index = index_of(site.world)
    if unknown := _unknown_source(request):
        return unknown
    try:
        sent = json.loads(request.body or b"{}")
    except ValueError:
        return fault(f"query parsing error: {request.body!r}")
    if not sent:
        return containers.container_images(site, request)
    if not isinstance(sent, dict):
        return CRASH
    try:
        body = read_body(sent, containers=True)
        found = [] if _odd_case(request) else _images(site, body)
    except BodyRefused as refused:
        return fault(str(refused))
    except QueryRefused:
        return reply({})
    results = {"results": _studies(index, found, with_pairs=True)}
    return reply(_hits(results, echo(body.query, body.details)) | {"Error": "none"})


def annotation(
    site: Site, request: Request, resource: str, further: str | None = None
) -> Answer:
    """Find documents of a kind by a structured query; ``further`` turns pages."""
    if resource != "all" and resource not in RESOURCES:
        return no_table(resource)
    if not request.body:
        return fault("No query data is provided ")
    try:
        sent = json.loads(request.body)
    except ValueError:
        return fault("No proper query data is provided.")
    bare = isinstance(sent, dict) and "query_details" in sent and not further
    if not isinstance(sent, dict) or not ("query" in sent or bare):
        return fault("Error: No query field is provided. please specify an id.")
    if resource == "all":
        return fault("all is not a valid resource")
    asked = sent if bare else sent["query"] | {k: sent[k] for k in sent if k != "query"}
    try:
        body = read_body(asked, containers=False)
    except BodyRefused as refused:
        return CRASH if further else fault(str(refused))
    found = _find(index_of(site.world), resource, body.query)
    if request.flag("return_containers"):
        index = index_of(site.world)
        results: Any = {"results": _studies(index, found, with_pairs=True)}
    else:
        if not further:
            body = Body(body.query, body.details)
        results = _page(found, body, site.world.search_page_size)
    return reply(_hits(results, body.details, resource))


def _asked(request: Request, resource: str) -> Query:
    """Read a query by one key and value; any text makes it case-sensitive."""
    one = Filter(
        request.arg("key") or None,
        request.arg("value").strip(),
        request.arg("operator") or "equals",
        resource,
    )
    return Query((one,), case_sensitive=bool(request.arg("case_sensitive")))


def _find(index: SearchIndex, resource: str, query: Query) -> list[Document]:
    if resource == "image":
        return index.images(query)
    return select(index.documents[resource], query.about(resource))


def _images(site: Site, body: Body) -> list[Document]:
    query = body.query
    heard = Query(
        query.and_filters,
        query.or_filters,
        query.and_attributes,
        case_sensitive=query.case_sensitive,
    )
    return index_of(site.world).images(heard)


def _odd_case(request: Request) -> bool:
    """Whether the source is written in capitals: accepted, and found nowhere."""
    asked = sources(request)
    return DATA_SOURCE not in asked and DATA_SOURCE in [one.lower() for one in asked]


def _number(bookmark: str) -> int:
    try:
        return int(bookmark)
    except ValueError as error:
        raise QueryRefused(f"{bookmark!r} is no number") from error


def _page(found: list[Document], body: Body, page_size: int) -> Any:
    """Return the hits after a bookmark: an object, or a list where there are none."""
    after = -1 if body.after is None else body.after
    hits = [one for one in found if one.id > after][:page_size]
    if not hits:
        return []
    total = pages(len(found), page_size)
    results = {
        "results": [_hit(one) for one in hits],
        "size": len(found),
        "total_pages": total,
        "bookmark": [hits[-1].id],
    }
    if body.after is None or body.page is not None:
        results["pagination"] = _pagination(body, hits[-1].id, total)
    return results


def _pagination(body: Body, last: int, total: int) -> dict[str, Any]:
    """Return the pages so far; a first page names a second even where there is none."""
    current = 1 if body.page is None else int(body.page["next_page"])
    records = [] if body.page is None else list(body.page["page_records"])
    if current == 1 or current < total:
        records.append({"page": current + 1, "bookmark": [last]})
    return {
        "current_page": current,
        "next_page": current + 1 if current < total else None,
        "page_records": records,
        "total_pages": total,
    }


def _random_hits(found: list[Document], count: int) -> Any:
    """Return some hits by rule; the bookmark is a number without meaning."""
    mixed = sorted(found, key=lambda one: (one.id * 2654435761) % 4294967296)[:count]
    if not mixed:
        return []
    return {
        "results": [_hit(one) for one in mixed],
        "size": len(found),
        "bookmark": [mixed[-1].id / 4294967296],
    }


def _hit(one: Document) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "doc_type": f"{one.resource}_keyvalue_pair_metadata",
        "data_source": DATA_SOURCE,
        "key_values": [
            {"name": pair.name, "value": pair.value, "index": pair.index}
            for pair in one.pairs
        ],
        **one.attributes,
    }


def _studies(
    index: SearchIndex, found: list[Document], *, with_pairs: bool
) -> list[dict[str, Any]]:
    """Return the studies of some images: projects first, then by falling count."""
    if not all(one.resource == "image" for one in found):
        return []
    counts = Counter(study_of(one) for one in found)
    return [
        containers.study(index.studies[kind, number], count)
        | ({"key_values": _study_pairs(index, kind, number)} if with_pairs else {})
        for wanted in STUDIES
        for (kind, number), count in counts.most_common()
        if kind == wanted
    ]


def _study_pairs(index: SearchIndex, kind: str, number: int) -> list[dict[str, Any]]:
    return [
        {"key": pair.name, "value": pair.value, "index": pair.index}
        for pair in index.studies[kind, number].pairs
    ]


def _plain_filter(one: Filter) -> dict[str, Any]:
    named = {} if one.name is None else {"name": one.name}
    value = ",".join(one.texts) if one.operator in ("in", "not_in") else one.value
    return named | {
        "value": value,
        "operator": one.operator,
        "resource": one.resource,
    }


def _hits(
    results: Any, details: dict[str, Any], resource: str = "image"
) -> dict[str, Any]:
    source = {"terms": {"data_source.keyvalue": [DATA_SOURCE]}}
    return {
        "results": results,
        "query_details": details,
        "resource": resource,
        "server_query_time": "0.05",
        "raw_elasticsearch_query": {"query": {"bool": {"must": [source]}}},
        "notice": "",
    }


def apidocs(site: Site, request: Request) -> Answer:
    """Return the page with the service's documentation."""
    if site.face != "idr":
        return NOT_FOUND
    paths = "".join(f"<li><code>/{pattern}</code></li>" for pattern, _ in ROUTES)
    body = f"<!DOCTYPE html>\n<title>Flasgger</title>\n<h1>API</h1>\n<ul>{paths}</ul>\n"
    return Answer(200, "text/html; charset=utf-8", body.encode(), HEADERS)


def unknown(site: Site, request: Request) -> Answer:
    """Answer every other path of the service."""
    return UNKNOWN_PATH if site.face == "idr" else NOT_FOUND


ROUTES: Routes = (
    ("searchengine/apidocs/", apidocs),
    *endpoint("submitquery/", submit, "POST"),
    *endpoint("submitquery/containers/", submit_containers, "POST"),
    *containers.ROUTES,
    *words.ROUTES,
    *endpoint(f"{RESOURCE}/search/", search, "GET"),
    *endpoint(f"{RESOURCE}/searchannotation(?P<further>_page)?/", annotation, "POST"),
    ("searchengine/.*", unknown),
)
