"""Reading of links: of our own, of OMERO's web pages, of the IDR's, and of bare ids."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from napari_idr.model import AnyOf, Condition, ObjectRef
from napari_idr.services.links.records import (
    Link,
    LinkView,
    SearchLink,
    StudyLink,
    Thing,
)
from napari_idr.transport import server_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_idr.model import ObjectKind, Operator, Wanted

__all__ = [
    "KINDS",
    "LINK_HELP",
    "OPERATOR_WORDS",
    "SCHEMES",
    "check_server",
    "is_link",
    "is_same_server",
    "read_link",
]

LINK_HELP: Final = (
    "a link of the archive's web pages, idr://SERVER/image/1, image-1, plate-422, "
    "or an accession as idr0013"
)
"""What can be opened, for sentences."""

SCHEMES: Final = {"idr": "", "idr+http": "http://", "idr+https": "https://"}
"""Our own schemes, and with what the address of the server begins. Without a word a
server has TLS, unless it is this machine."""

KINDS: Final[dict[str, ObjectKind]] = {
    "image": "image",
    "plate": "plate",
    "well": "well",
    "run": "run",
    "acquisition": "run",
    "plateacquisition": "run",
    "screen": "screen",
    "project": "project",
    "dataset": "dataset",
}
"""What can be opened by a number, as pages and people call it."""

OPERATOR_WORDS: Final[dict[str, Operator]] = {
    "is": "is",
    "contains": "contains",
    "begins": "begins with",
    "in": "in a list",
    "isnot": "has another value",
}
"""Operators of conditions, as links call them."""

PAGES: Final = (
    *("webclient", "webgateway", "iviewer", "mapr", "study", "search", "api"),
    "searchengine",
)
"""Where the address of a server ends and one of its pages begins."""

MAX_CHARACTERS: Final = 20_000
"""Longer texts are no links; two hundred values of a condition fit."""

MAX_ID: Final = 2**63 - 1
"""OMERO's ids are signed and of 64 bits."""

_ID = re.compile(
    rf"(?P<kind>{'|'.join(KINDS)})\s*[-:\s]\s*(?P<id>\d+)", re.IGNORECASE | re.ASCII
)
_ACCESSION = re.compile(
    r"idr\d{4,}(-[^\s/?#]+)?(/[^\s/?#]+)?", re.IGNORECASE | re.ASCII
)
_HOST = re.compile(r"[\w.-]+(:\d+)?/", re.ASCII)


def is_same_server(one: str, other: str) -> bool:
    """Whether two texts, as typed or of links, are the address of one server.

    >>> is_same_server("idr.openmicroscopy.org/", "https://IDR.openmicroscopy.org")
    True
    """
    try:
        return server_address(one) == server_address(other)
    except ValueError:
        return False


def check_server(text: str) -> None:
    """Raise what is wrong with a text as the address of a server.

    Raises
    ------
    ValueError
        It is no address of a web server.
    """
    server_address(text)


def is_link(text: str) -> bool:
    """Whether a text is meant as a link or as an id, and not as a value to search for.

    >>> is_link("plate-422"), is_link("idr0013"), is_link("CDC20"), is_link("422")
    (True, True, False, False)
    """
    try:
        return read_link(text) is not None
    except ValueError:
        return True


def read_link(text: str, *, numbers: bool = False) -> Link | None:
    """Return what a text names, None if it is no link at all.

    Several links, one a line, are read as one if they are of one server.

    Parameters
    ----------
    text
        What was typed, pasted or dropped.
    numbers
        Whether a number alone is the id of an image.

    Raises
    ------
    ValueError
        It is a link, but names nothing that can be opened.

    Examples
    --------
    >>> read_link("https://idr.openmicroscopy.org/webclient/?show=plate-422").things
    (ObjectRef(kind='plate', id=422, name=''),)
    >>> link = read_link("idr://idr.openmicroscopy.org/plate/422?field=1&color=Phenotype")
    >>> link.server, link.view.field, link.view.color
    ('https://idr.openmicroscopy.org', 1, 'Phenotype')
    >>> read_link("idr0013").things, read_link("CDC20")
    ((StudyLink(name='idr0013'),), None)
    """
    text = text.strip().removeprefix("\ufeff")
    if not text or len(text) > MAX_CHARACTERS:
        return None
    found: list[Link] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        link = _read_line(line, numbers=numbers)
        if link is None:
            return None
        found.append(link)
    return _joined(found)


def _joined(links: Sequence[Link]) -> Link:
    servers = {link.server for link in links if link.server is not None}
    if len(servers) > 1:
        raise ValueError("the links are of several servers: open them one by one")
    things = dict.fromkeys(thing for link in links for thing in link.things)
    return replace(links[0], server=next(iter(servers), None), things=tuple(things))


def _read_line(line: str, *, numbers: bool) -> Link | None:
    scheme = line.partition("://")[0].lower() if "://" in line else ""
    if scheme in SCHEMES:
        return _read_own(_split(line), SCHEMES[scheme])
    if scheme in ("http", "https"):
        return _read_page(_split(line), f"{scheme}://")
    if scheme:
        return None
    if (things := _read_ids(line)) is not None:
        return Link(things=things)
    if _ACCESSION.fullmatch(line):
        return Link(things=(StudyLink(name=line),))
    if numbers and line.isascii() and line.isdigit():
        return Link(things=(_object("image", line),))
    if _HOST.match(line):
        return _read_page(_split(f"//{line}"), "")
    return None


def _read_ids(text: str) -> tuple[Thing, ...] | None:
    """Read "image-1", or several as in "image-1|image-2"; None for anything else."""
    found: list[Thing] = []
    for part in re.split(r"[|,;]", text):
        match = _ID.fullmatch(part.strip())
        if match is None:
            return None
        found.append(_object(match["kind"], match["id"]))
    return tuple(found)


def _object(kind: str, number: str) -> ObjectRef:
    if not (number.isascii() and number.isdigit()):
        raise ValueError(f"{number!r} is not the id of anything")
    # Python refuses to read numbers of thousands of digits, in words of its own.
    if len(number.lstrip("0")) > len(str(MAX_ID)) or not 0 < int(number) <= MAX_ID:
        raise ValueError(f"{number[:24]} is not the id of anything")
    return ObjectRef(kind=KINDS[kind.lower()], id=int(number))


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise ValueError("this link can't be read") from error


def _address(scheme: str, parts: SplitResult, above: Iterable[str]) -> str:
    if not parts.netloc:
        raise ValueError(f"this link names no server; what can be opened: {LINK_HELP}")
    prefix = "".join(f"/{segment}" for segment in above)
    return server_address(f"{scheme}{parts.netloc}{prefix}")


# Our own links


def _read_own(parts: SplitResult, scheme: str) -> Link:
    """Read idr://SERVER/KIND/WHAT?VIEW; what has a / of its own may be written bare."""
    segments = [part for part in parts.path.split("/") if part]
    place = _place_of_kind(segments)
    if place is None:
        raise ValueError(f"this link names nothing; what can be opened: {LINK_HELP}")
    server = _address(scheme, parts, segments[:place])
    kind, rest = unquote(segments[place]), segments[place + 1 :]
    what = unquote("/".join(rest))
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    view = _read_view(pairs)
    things: tuple[Thing, ...]
    if kind.lower() in KINDS:
        if len(rest) != 1:
            raise ValueError(f"{what!r} is not the id of anything")
        things = tuple(_object(kind, number) for number in what.split(","))
    elif kind == "study":
        things = (StudyLink(name=what),)
    elif kind == "search":
        things = (SearchLink(conditions=_read_conditions(pairs)),)
        view = replace(view, search=None)
    else:
        things = (SearchLink(key=kind, value=what, conditions=_read_conditions(pairs)),)
        view = replace(view, search=None)
    return Link(server=server, things=things, view=view)


SEARCHES: Final = (
    *("gene", "sirna", "omap", "phenotype", "compound", "organism", "antibody"),
    *("orf", "cellline", "protein", "others", "notebook"),
)
"""Keys of searches that are known everywhere; a server may have others."""


def _place_of_kind(segments: Sequence[str]) -> int | None:
    """Return where a path names the kind of what follows, None if it doesn't.

    Before it may be the folder in which the server lives. A kind that isn't known, a
    key of some server, is the last but one.
    """
    for place, segment in enumerate(segments):
        is_last = place == len(segments) - 1
        if segment == "search" and is_last:
            return place
        known = segment.lower() in KINDS or segment in SEARCHES or segment == "study"
        if known and not is_last:
            return place
    return len(segments) - 2 if len(segments) > 1 else None


def _read_view(pairs: Sequence[tuple[str, str]]) -> LinkView:
    """Read how a thing is to be seen; what this version doesn't know is left out."""
    given = dict(pairs)
    search = SearchLink(
        key=given.get("by", ""),
        value=given.get("value", ""),
        conditions=_read_conditions(pairs),
    )
    return LinkView(
        run=_number(given, "run"),
        field=_number(given, "field"),
        wells=tuple(value for name, value in pairs if name == "well" and value),
        color=given.get("color", ""),
        style=given.get("style", ""),
        hide_failed=given.get("failed") == "hidden",
        search=search if search.value or search.conditions else None,
    )


def _number(given: dict[str, str], name: str) -> int | None:
    if name not in given:
        return None
    text = given[name]
    if not (text.isascii() and text.isdigit() and len(text) < len(str(MAX_ID))):
        raise ValueError(f"the {name} of this link is no number: {text[:24]!r}")
    return int(text)


def _read_conditions(pairs: Sequence[tuple[str, str]]) -> tuple[Wanted, ...]:
    """Read the conditions, each begun by `where`, or by `or` as another way to meet it.

    As in where=Organism&is=Homo+sapiens&where=Phenotype&in=binuclear&in=mitotic.
    """
    rows: list[list[tuple[str, str, list[str]]]] = []
    for name, value in pairs:
        if name == "where":
            rows.append([(value, "", [])])
        elif name == "or" and rows:
            rows[-1].append((value, "", []))
        elif name in OPERATOR_WORDS and rows:
            key, _, values = rows[-1][-1]
            rows[-1][-1] = key, name, [*values, value]
    return tuple(_wanted([_condition(*one) for one in row]) for row in rows)


def _wanted(row: list[Condition]) -> Wanted:
    return row[0] if len(row) == 1 else AnyOf(*row)


def _condition(key: str, word: str, values: list[str]) -> Condition:
    if not word:
        raise ValueError(f"this link says of {key!r} nothing to search for")
    operator = OPERATOR_WORDS[word]
    return Condition(key, operator, values if operator == "in a list" else values[-1])


# Pages of OMERO.web and of the IDR


def _read_page(parts: SplitResult, scheme: str) -> Link | None:
    """Read the address of a web page; None if it is none that shows one thing."""
    segments = [part for part in parts.path.split("/") if part]
    place = next((n for n, part in enumerate(segments) if part in PAGES), None)
    if place is None:
        return None
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    path = [unquote(segment) for segment in segments[place:]]
    things = _things_of_page(path, dict(pairs))
    if not things:
        return None
    return Link(server=_address(scheme, parts, segments[:place]), things=things)


def _things_of_page(path: list[str], given: dict[str, str]) -> tuple[Thing, ...]:
    match path:
        case ["webclient", *_] if given.get("show"):
            return _shown(given["show"])
        case ["webclient" | "webgateway", "img_detail" | "render_image", number, *_]:
            return (_object("image", number),)
        case ["webclient", "metadata_details" | "metadata_preview", kind, number, *_]:
            return (_object(kind, number),) if kind.lower() in KINDS else ()
        case ["iviewer", *_]:
            return _viewed(given)
        case ["api", _, "m", kinds, number] if kinds.removesuffix("s") in KINDS:
            return (_object(kinds.removesuffix("s"), number),)
        case ["study", name, *_]:
            return (StudyLink(name=name),)
        case ["mapr", key, *_] if given.get("value") and key != "api":
            return (SearchLink(key=key, value=given["value"]),)
        case ["search" | "searchengine", *_]:
            return _searched(given)
        case _:
            return ()


def _shown(show: str) -> tuple[Thing, ...]:
    things = _read_ids(show)
    if things is None:
        raise ValueError(f"{show[:48]!r} can't be opened; what can: {LINK_HELP}")
    return things


def _viewed(given: dict[str, str]) -> tuple[Thing, ...]:
    for name in ("images", "image", "well", "dataset"):
        if given.get(name):
            kind = name.removesuffix("s")
            return tuple(_object(kind, one) for one in given[name].split(",") if one)
    return ()


def _searched(given: dict[str, str]) -> tuple[Thing, ...]:
    """Read a search page: key and value, or a query as "mapr_gene:CDC20"."""
    key, value = given.get("key", ""), given.get("value", "")
    if not (key and value):
        key, _, value = given.get("query", "").partition(":")
        if key.lower() == "name" and _ACCESSION.fullmatch(value):
            return (StudyLink(name=value),)
        if not key.startswith("mapr_") or not value:
            return ()
        return (SearchLink(key=key.removeprefix("mapr_"), value=value),)
    if given.get("operator", "equals") == "contains":
        return (SearchLink(conditions=(Condition(key, "contains", value),)),)
    return (SearchLink(key=key, value=value),)
