"""The JSON API v0: rich objects, nested lists, paging with totals."""

from collections.abc import Callable, Iterable
from typing import Any

from napari_idr.demo._exchange import Answer, Request, Routes, Site, json_answer
from napari_idr.demo.omero import json_objects
from napari_idr.demo.world import Kind

Json = dict[str, Any]

DEFAULT_LIMIT = 200
MOST = 1000
"""A longer page is cut to this without an error."""

VERSION = {"X-OMERO-ApiVersion": "0.2"}

NAMES = {
    "screens": "Screen",
    "projects": "Project",
    "datasets": "Dataset",
    "plates": "Plate",
    "wells": "Well",
    "images": "Image",
    "plateacquisitions": "PlateAcquisition",
    "rois": "ROI",
}

MARSHAL: dict[str, Callable[..., Json]] = {
    "screens": json_objects.screen,
    "projects": json_objects.project,
    "datasets": json_objects.dataset,
    "plates": json_objects.plate,
    "wells": json_objects.well,
    "images": json_objects.image,
    "plateacquisitions": json_objects.run,
    "rois": json_objects.roi,
}

PARENTS = ("project", "dataset", "image", "screen", "well", "plate")
"""Parameters that keep the children of an object alone."""


def versions(site: Site, request: Request) -> Answer:
    """GET /api/."""
    base = f"{site.url}/api/v0/"
    return json_answer({"data": [{"version": "0", "url:base": base}]}, headers=VERSION)


def entries(site: Site, request: Request) -> Answer:
    """GET /api/v0/."""
    urls = {f"url:{word}": json_objects.link(site, word) for word in NAMES}
    return json_answer(
        urls | {"url:servers": f"{site.url}/api/v0/servers/"}, headers=VERSION
    )


def servers(site: Site, request: Request) -> Answer:
    """GET /api/v0/servers/."""
    one = {"id": 1, "host": "localhost", "port": 4064, "server": "omero"}
    return json_answer({"data": [one]}, headers=VERSION)


def one_object(site: Site, request: Request, kind: str, object_id: str) -> Answer:
    """GET /api/v0/m/{kind}/{id}/."""
    found = _all(site, kind).get(int(object_id))
    if found is None:
        return failure(f"{NAMES[kind]} {object_id} not found", 404)
    shown = MARSHAL[kind](site, found, alone=True)
    return json_answer({"data": shown}, headers=VERSION)


def listed(site: Site, request: Request, kind: str) -> Answer:
    """GET /api/v0/m/{kind}/."""
    found: Iterable[Any] = _all(site, kind).values()
    for parent in PARENTS:
        if not request.arg(parent):
            continue
        try:
            parent_id = request.int_arg(parent, 0)
        except ValueError as error:
            return failure(str(error), 400)
        children = _children(site, f"{parent}s", parent_id, kind)
        found = found if children is None else children
    if request.flag("orphaned") and kind in ("datasets", "plates", "images"):
        found = ()
    return page(site, request, kind, found)


def nested(
    site: Site, request: Request, parent: str, parent_id: str, kind: str
) -> Answer:
    """GET /api/v0/m/{parent}/{id}/{kind}/."""
    children = _children(site, parent, int(parent_id), kind)
    return page(site, request, kind, children or ())


def wells_at(
    site: Site, request: Request, parent: str, parent_id: str, index: str
) -> Answer:
    """GET /api/v0/m/plates|plateacquisitions/{id}/wellsampleindex/{n}/wells/."""
    wells = _children(site, parent, int(parent_id), "wells") or ()
    held = [well for well in wells if int(index) < len(well.samples)]
    return page(site, request, "wells", held, index=int(index))


def page(
    site: Site,
    request: Request,
    kind: str,
    found: Iterable[Any],
    index: int | None = None,
) -> Answer:
    """Cut a page out and say how many there are."""
    try:
        limit = request.int_arg("limit", DEFAULT_LIMIT)
        offset = request.int_arg("offset", 0)
    except ValueError as error:
        return json_answer({"message": str(error)}, 400, VERSION)
    limit = DEFAULT_LIMIT if limit < 0 else min(limit, MOST)
    whole = sorted(found, key=_order(kind))
    some = whole[max(offset, 0) :][:limit]
    only = {} if index is None else {"index": index}
    data = [MARSHAL[kind](site, one, **only) for one in some]
    if request.flag("childCount"):
        for shown, one in zip(data, some, strict=True):
            count = _child_count(one)
            if count is not None:
                shown["omero:childCount"] = count
    answer: Json = {
        "data": data,
        "meta": {
            "offset": offset,
            "limit": limit,
            "maxLimit": MOST,
            "totalCount": len(whole),
        },
    }
    if request.flag("normalize"):
        _normalize(answer)
    return json_answer(answer, headers=VERSION)


def failure(message: str, status: int) -> Answer:
    """Return an error of this API."""
    trace = {"message": message, "stacktrace": f"Traceback: {message}"}
    return json_answer(trace, status, VERSION)


def _all(site: Site, kind: str) -> dict[int, Any]:
    if kind == "plateacquisitions":
        return dict(site.world.runs)
    if kind == "rois":
        return {r.id: r for rois in site.world.rois.values() for r in rois}
    found: dict[int, Any] = getattr(site.world, kind)
    return found


def _order(kind: str) -> Callable[[Any], Any]:
    if kind == "wells":
        return lambda well: (well.column, well.row, well.id)
    if kind in ("plateacquisitions", "rois"):
        return lambda one: one.id
    return lambda one: (one.name.lower(), one.id)


def _child_count(one: Any) -> int | None:
    for name in ("plate_ids", "dataset_ids", "image_ids"):
        if hasattr(one, name):
            return len(getattr(one, name))
    return None


def _children(site: Site, parent: str, parent_id: int, kind: str) -> list[Any] | None:
    """Return children or parents; None where the two words have no relation."""
    world = site.world
    one: Any = _all(site, parent).get(parent_id)
    if (parent, kind) == ("plates", "plateacquisitions"):
        return list(one.runs) if one else []
    if (parent, kind) == ("images", "rois"):
        return list(world.rois.get(parent_id, ()))
    if (parent, kind) == ("plateacquisitions", "wells"):
        if one is None:
            return []
        wells = world.plates[one.plate_id].wells
        return [w for w in wells if any(s.run_id == parent_id for s in w.samples)]
    below: dict[tuple[str, str], Callable[[], list[Any]]] = {
        ("screens", "plates"): lambda: [world.plates[i] for i in one.plate_ids],
        ("projects", "datasets"): lambda: [world.datasets[i] for i in one.dataset_ids],
        ("datasets", "images"): lambda: [world.images[i] for i in one.image_ids],
        ("plates", "wells"): lambda: list(one.wells),
        ("plates", "screens"): lambda: [world.screens[one.screen_id]],
        ("wells", "plates"): lambda: [world.plates[one.plate_id]],
        ("wells", "images"): lambda: list(world.images_of("well", parent_id)),
        ("datasets", "projects"): lambda: [world.projects[one.project_id]],
        ("images", "datasets"): lambda: _datasets_of(site, one.parent),
    }
    if (parent, kind) not in below:
        return None
    return below[parent, kind]() if one is not None else []


def _datasets_of(site: Site, parent: tuple[Kind, int] | None) -> list[Any]:
    if parent is None or parent[0] != "dataset":
        return []
    return [site.world.datasets[parent[1]]]


def _normalize(answer: Json) -> None:
    """Replace owners and groups by their ids, and list each of them once."""
    whole = json_objects.details()
    answer["experimenters"] = [whole["owner"]] if answer["data"] else []
    answer["experimenterGroups"] = [whole["group"]] if answer["data"] else []
    short = {name: {"@id": whole[name]["@id"]} for name in ("owner", "group")}
    for shown in answer["data"]:
        shown["omero:details"] = shown["omero:details"] | short


KIND = "|".join(NAMES)
FIELDS = r"api/v0/m/(?P<parent>plates|plateacquisitions)/(?P<parent_id>\d+)"

ROUTES: Routes = (
    (r"api/", versions),
    (r"api/v0/", entries),
    (r"api/v0/servers/", servers),
    (rf"api/v0/m/(?P<kind>{KIND})/", listed),
    (rf"api/v0/m/(?P<kind>{KIND})/(?P<object_id>\d+)/", one_object),
    (rf"api/v0/m/(?P<parent>{KIND})/(?P<parent_id>\d+)/(?P<kind>{KIND})/", nested),
    (rf"{FIELDS}/wellsampleindex/(?P<index>\d+)/wells/", wells_at),
)
