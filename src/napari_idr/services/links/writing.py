"""Writing of links: our own, which tell a view, and the archive's web pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

from napari_idr.api.links import web_url
from napari_idr.model import AnyOf, ObjectRef
from napari_idr.services.links.reading import OPERATOR_WORDS
from napari_idr.services.links.records import (
    LinkView,
    SearchLink,
    StudyLink,
    Thing,
    spelled,
)
from napari_idr.transport import is_loopback

if TYPE_CHECKING:
    from napari_idr.model import ObjectKind, Wanted

__all__ = ["link_of_layer", "web_link", "write_link"]

PLAIN: Final = LinkView()

LAYER_KINDS: Final[tuple[ObjectKind, ...]] = ("image", "plate", "dataset")
"""What a layer can be of, the closest first."""

_WORDS = {operator: word for word, operator in OPERATOR_WORDS.items()}


def write_link(server: str, thing: Thing, view: LinkView = PLAIN) -> str:
    """Return the idr:// link of a thing, which opens the same view.

    `server` is its address. The server is the host of the link, never the id: who
    reads links takes a host for a name, and a number for an address.

    >>> idr = "https://idr.openmicroscopy.org"
    >>> plate = ObjectRef(kind="plate", id=422)
    >>> write_link(idr, plate, LinkView(field=1, wells=("C4",)))
    'idr://idr.openmicroscopy.org/plate/422?field=1&well=C4'
    >>> write_link("http://127.0.0.1:4080", SearchLink(key="gene", value="a/b #1"))
    'idr+http://127.0.0.1:4080/gene/a%2Fb%20%231'
    """
    pairs = _view_pairs(view)
    match thing:
        case ObjectRef():
            path = f"{thing.kind}/{thing.id}"
        case StudyLink():
            path = f"study/{quote(thing.name, safe='')}"
        case SearchLink():
            path = "search"
            if thing.value:
                path = f"{quote(thing.key, safe='')}/{quote(thing.value, safe='')}"
            pairs = [*pairs, *_condition_pairs(thing.conditions)]
    # A blank as %20: what reads addresses as paths takes a plus as it stands.
    query = f"?{urlencode(pairs, quote_via=quote)}" if pairs else ""
    return f"{_own_address(server)}/{path}{query}"


def web_link(server: str, thing: Thing) -> str:
    """Return the web page that shows a thing; of conditions there is none, so "".

    >>> web_link("https://idr.openmicroscopy.org", StudyLink(name="idr0013-x/screenA"))
    'https://idr.openmicroscopy.org/study/idr0013/'
    """
    match thing:
        case ObjectRef():
            return web_url(server, thing)
        case StudyLink():
            return f"{server}/study/{quote(thing.accession, safe='')}/"
        case SearchLink() if thing.value:
            value = urlencode({"value": thing.value}, quote_via=quote)
            return f"{server}/mapr/{quote(thing.key, safe='')}/?{value}"
        case _:
            return ""


def link_of_layer(metadata: Mapping[str, Any]) -> tuple[str, Thing] | None:
    """Return the server and the thing that a layer is of, None if it isn't ours.

    `metadata` is that of the layer. An image is linked by its id, a plate by its own.
    """
    known = metadata.get("idr")
    if not isinstance(known, Mapping):
        return None
    server = known.get("server")
    for kind in LAYER_KINDS:
        one = known.get(kind)
        number = one.get("id") if isinstance(one, Mapping) else None
        if isinstance(server, str) and isinstance(number, int):
            return server, ObjectRef(kind=kind, id=number)
    return None


def _own_address(server: str) -> str:
    parts = urlsplit(server)
    where = f"{parts.netloc}{parts.path}"
    if parts.scheme == "http":
        return f"idr+http://{where}"
    return f"idr+https://{where}" if is_loopback(server) else f"idr://{where}"


def _view_pairs(view: LinkView) -> list[tuple[str, str]]:
    pairs = [
        *([] if view.run is None else [("run", str(view.run))]),
        *([] if view.field is None else [("field", str(view.field))]),
        *(("well", label) for label in view.wells),
        *([("color", view.color)] if view.color else []),
        *([("style", view.style)] if view.style else []),
        *([("failed", "hidden")] if view.hide_failed else []),
    ]
    if (search := view.search) is not None:
        if search.value:
            pairs += [("by", search.key), ("value", search.value)]
        pairs += _condition_pairs(search.conditions)
    return pairs


def _condition_pairs(conditions: tuple[Wanted, ...]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for wanted in spelled(conditions):
        several = wanted.conditions if isinstance(wanted, AnyOf) else (wanted,)
        for place, one in enumerate(several):
            pairs.append(("or" if place else "where", one.name))
            pairs += [(_WORDS[one.operator], text) for text in one.texts]
    return pairs
