"""The body of a structured query: checked as the service's schema does, and read.

The faults found are texts in the words of its checker, which clients see.
"""

from dataclasses import dataclass
from typing import Any

from napari_idr.demo.search.index import DATA_SOURCE
from napari_idr.demo.search.query import OPERATORS, RESOURCES, Filter, Query

GENERAL_FAULT = (
    "Something went wrong, please try later.            "
    "If you have this error again, please contact the            "
    "system administrator."
)


class BodyRefused(Exception):  # noqa: N818 - an answer rather than an error
    """The body doesn't fit the schema; the text is the service's."""


@dataclass(frozen=True)
class Body:
    """A query, and where its page starts."""

    query: Query
    details: dict[str, Any]
    """``query_details`` as sent."""
    after: int | None = None
    """Id of the last hit of the page before."""
    page: dict[str, Any] | None = None
    """``pagination`` of the page before, when paging by it."""


def read_body(body: dict[str, Any], *, containers: bool) -> Body:
    """Read a body; ``containers`` says whether studies may be filtered.

    Raises
    ------
    BodyRefused
        Where it isn't as the schema wants it.

    >>> filters = [{"name": "Gene Symbol", "value": "INCENP", "operator": "equals"}]
    >>> read_body({"query_details": {"and_filters": filters}},
    ...           containers=True).query.and_filters[0].value
    'INCENP'
    """
    details = _need(body, "query_details")
    _check(details, dict, "object")
    case_sensitive = details.get("case_sensitive", False)
    _check(case_sensitive, bool, "boolean")
    resources = (*RESOURCES, "container") if containers else RESOURCES
    groups = _list(details, "or_filters")
    for group in groups:
        _check(group, list, "array")
    main = body.get("main_attributes", {})
    _check(main, dict, "object")
    query = Query(
        tuple(_filter(one, resources) for one in _list(details, "and_filters")),
        tuple(tuple(_filter(one, resources) for one in group) for group in groups),
        tuple(_list(main, "and_main_attributes")),
        tuple(_list(main, "or_main_attributes")),
        case_sensitive,
    )
    page = body.get("pagination")
    after = _after_page(page) if isinstance(page, dict) else _bookmark(body)
    return Body(query, details, after, page if isinstance(page, dict) else None)


def echo(query: Query, details: dict[str, Any] | None) -> dict[str, Any]:
    """Return ``query_details`` as a reply has them: filters on images alone."""
    images = query.about("image")
    case_sensitive: Any = None if details is None else details.get("case_sensitive")
    return {
        "and_filters": [_echo_filter(one) for one in images.and_filters],
        "or_filters": [
            [_echo_filter(one) for one in group] for group in images.or_filters
        ],
        "case_sensitive": False if details == {} else case_sensitive,
    }


def _echo_filter(one: Filter) -> dict[str, Any]:
    return {
        "data_source": [DATA_SOURCE],
        "name": one.name,
        "operator": one.operator,
        "org_type": None,
        "query_type": "keyvalue",
        "resource": one.resource,
        "value": one.value if isinstance(one.value, str) else list(one.value),
    }


def _filter(node: Any, resources: tuple[str, ...]) -> Filter:
    _check(node, dict, "object")
    value = _need(node, "value")
    _check(value, (str, list), "array', 'string")
    operator = _need(node, "operator")
    if operator not in OPERATORS:
        raise BodyRefused(f"{operator!r} is not one of {list(OPERATORS)}")
    resource = node.get("resource")
    if resource is not None and resource not in resources:
        # The schema names the five kinds, also where it takes "container".
        raise BodyRefused(f"{resource!r} is not one of {list(RESOURCES)}")
    if isinstance(value, list):
        value = tuple(str(text) for text in value)
    return Filter(node.get("name"), value, operator, resource)


def _bookmark(body: dict[str, Any]) -> int | None:
    if "bookmark" not in body:
        return None
    ids = _list(body, "bookmark")
    for one in ids:
        _check(one, int, "integer")
    if len(ids) > 1:
        raise BodyRefused(GENERAL_FAULT)
    return ids[0] if ids else None


def _after_page(page: dict[str, Any]) -> int:
    for record in page.get("page_records", []):
        if record.get("page") == page.get("next_page"):
            return int(record["bookmark"][0])
    raise BodyRefused(GENERAL_FAULT)


def _need(node: dict[str, Any], name: str) -> Any:
    if name not in node:
        raise BodyRefused(f"{name!r} is a required property")
    return node[name]


def _list(node: dict[str, Any], name: str) -> list[Any]:
    found = node.get(name, [])
    _check(found, list, "array")
    return list(found)


def _check(value: Any, kind: type | tuple[type, ...], word: str) -> None:
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BodyRefused(f"{value!r} is not of type '{word}'")


def pages(size: int, page_size: int) -> int:
    """Return how many pages hold so many hits.

    >>> pages(0, 20), pages(20, 20), pages(21, 20)
    (0, 1, 2)
    """
    return -(-size // page_size)
