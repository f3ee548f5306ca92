"""mapr: search by gene, phenotype, compound and so on; on the classic face."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from napari_idr.demo._exchange import (
    NOT_FOUND,
    Answer,
    Handler,
    Request,
    Routes,
    Site,
    html_answer,
    json_answer,
    redirect,
    text_answer,
)
from napari_idr.demo.omero.annotations import EXPERIMENTER, marshal
from napari_idr.demo.omero.lists import (
    by_name,
    image_summary,
    paged,
    refusal,
    summary,
)
from napari_idr.demo.omero.mapr_keys import KEYS, MaprKey
from napari_idr.demo.world import OWNER_ID, MapAnnotation, PerWorld, Place, World

Json = dict[str, Any]
Values = dict[str, list[int]]
"""Image ids by value, in order of ids."""

TAG = re.compile(r"<[/!?a-zA-Z][^>]*>")
"""What Django takes for HTML; "<17>" isn't."""

RETIRED_TO = "/searchengine/apidocs/"
"""Where the proxy of the IDR sends everything but the configuration."""


@PerWorld
def _index(world: World) -> dict[tuple[str, str], Values]:
    """Image ids by namespace and attribute, then by value."""
    found: dict[tuple[str, str], dict[str, dict[int, None]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for image_id in sorted(world.images):
        for annotation in world.maps_of("image", image_id):
            for name, value in annotation.pairs:
                if annotation.ns is not None:
                    found[annotation.ns, name][value][image_id] = None
    return {k: {v: list(ids) for v, ids in vs.items()} for k, vs in found.items()}


def _values(world: World, key: MaprKey) -> Values:
    """Return the image ids of each value of a key."""
    merged: Values = {}
    for attribute in key.attributes:
        for value, ids in _index(world).get((key.ns, attribute), {}).items():
            merged[value] = sorted({*merged.get(value, ()), *ids})
    return merged


def _asked(request: Request) -> str:
    """Return the value asked for, without HTML tags; ``id`` wins."""
    value = request.arg("id") or request.arg("value")
    return TAG.sub("", value)


def _matching(
    world: World, key: MaprKey, request: Request, value: str, *, fold: bool = False
) -> Iterator[tuple[str, list[int]]]:
    """Yield values and their images; all of them where a wildcard is allowed."""
    pattern = request.flag("query")
    wanted = value.lower() if fold else value
    for stored, ids in _values(world, key).items():
        candidate = stored.lower() if fold else stored
        if not value:
            hit = key.wildcard
        else:
            hit = wanted in candidate if pattern else wanted == candidate
        if hit and stored:
            yield stored, ids


def _folds(request: Request) -> bool:
    return not request.flag("case_sensitive")


def studies(site: Site, request: Request, key: MaprKey) -> Answer:
    """GET /mapr/api/{key}/?value=: screens and projects, or values if orphaned."""
    if wrong := refusal_but_id(request):
        return wrong
    world, value = site.world, _asked(request)
    if request.flag("orphaned"):
        return json_answer(_orphaned(site, request, key, value))
    rows: dict[str, list[Json]] = {"screens": [], "projects": []}
    for stored, ids in _matching(world, key, request, value):
        places = [world.places[i] for i in ids]
        for word, step, child in (
            ("screens", "screen", "plate"),
            ("projects", "project", "dataset"),
        ):
            for study_id, held in _grouped(places, step).items():
                study = getattr(world, word)[study_id]
                children = {getattr(place, child).id for place in held}
                name = f"{study.name} ({len(held)})"
                row = summary(study_id, name, len(children))
                if value:
                    row["extra"] = {"counter": len(held), "value": stored}
                rows[word].append(row)
    answer: Json = {"maps": []}
    for word, found in rows.items():
        found.sort(key=lambda row: (row["name"].lower(), row["id"]))
        answer[word] = paged(site, request, found)
    return json_answer(answer)


def _grouped(places: list[Place], step: str) -> dict[int, list[Place]]:
    groups: dict[int, list[Place]] = {}
    for place in places:
        one = getattr(place, step)
        if one is not None:
            groups.setdefault(one.id, []).append(place)
    return groups


def _orphaned(site: Site, request: Request, key: MaprKey, value: str) -> Json:
    world = site.world
    found = list(_matching(world, key, request, value, fold=_folds(request)))
    found.sort(key=lambda one: -len(one[1]))
    maps = []
    for stored, ids in paged(site, request, found):
        studies_held = {
            (step, getattr(world.places[i], step).id)
            for i in ids
            for step in ("screen", "project")
            if getattr(world.places[i], step) is not None
        }
        maps.append(
            {
                "id": stored,
                "name": f"{stored} ({len(ids)})",
                "ownerId": -1,
                "permsCss": "",
                "childCount": len(studies_held),
                "extra": {"counter": len(ids)},
            }
        )
    return {"maps": maps, "screens": [], "projects": []}


def refusal_but_id(request: Request) -> Answer | None:
    """Refuse numbers that are none; ``id`` is a value here."""
    rest = "&".join(p for p in request.query.split("&") if not p.startswith("id="))
    return refusal(Request(path=request.path, query=rest))


def count(site: Site, request: Request, key: MaprKey) -> Answer:
    """GET /mapr/api/{key}/count/?value=: how many distinct values match."""
    if wrong := refusal_but_id(request):
        return wrong
    value = _asked(request)
    found = list(_matching(site.world, key, request, value, fold=_folds(request)))
    extra: Json = {"case_sensitive": request.flag("case_sensitive")}
    if value:
        extra["value"] = value
    return json_answer(
        {
            "experimenter": {
                "id": -1,
                "omeName": key.label,
                "firstName": key.label,
                "lastName": "",
                "extra": extra,
                "childCount": len(found),
            }
        }
    )


def _hits(site: Site, request: Request, key: MaprKey) -> dict[int, str]:
    """Return the images that carry the value, with the value they carry."""
    value = TAG.sub("", request.arg("value"))
    hits: dict[int, str] = {}
    for stored, ids in _matching(site.world, key, request, value):
        for image_id in ids:
            hits.setdefault(image_id, stored)
    return hits


def _below(site: Site, request: Request, key: MaprKey, word: str) -> Answer:
    """Answer the plates of a screen or the datasets of a project with hits."""
    if wrong := refusal(request):
        return wrong
    study, step = ("screen", "plate") if word == "plates" else ("project", "dataset")
    counts: dict[int, int] = {}
    if request.arg("id"):
        study_id = request.int_arg("id", 0)
        for image_id in _hits(site, request, key):
            place = site.world.places[image_id]
            parent, one = getattr(place, study), getattr(place, step)
            if parent is not None and parent.id == study_id:
                counts[one.id] = counts.get(one.id, 0) + 1
    found = by_name(getattr(site.world, word)[i] for i in counts)
    value = request.arg("value")
    return json_answer(
        {
            word: [
                summary(one.id, one.name, counts[one.id])
                | {"extra": {"node": step, "value": value}}
                for one in paged(site, request, found)
            ]
        }
    )


def plates(site: Site, request: Request, key: MaprKey) -> Answer:
    """GET /mapr/api/{key}/plates/?value=&id={screen}."""
    return _below(site, request, key, "plates")


def datasets(site: Site, request: Request, key: MaprKey) -> Answer:
    """GET /mapr/api/{key}/datasets/?value=&id={project}."""
    return _below(site, request, key, "datasets")


def images(site: Site, request: Request, key: MaprKey) -> Answer:
    """GET /mapr/api/{key}/images/?value=&node=plate|dataset&id=."""
    if wrong := refusal(request):
        return wrong
    node = request.arg("node")
    if not node or not request.arg("id"):
        return json_answer({"images": []})
    if node not in ("plate", "dataset"):
        return text_answer("ome.conditions.QueryException: unexpected node", 400)
    parent_id = request.int_arg("id", 0)
    world = site.world
    hits = sorted(_hits(site, request, key))
    within = [
        world.images[i]
        for i in hits
        if (one := getattr(world.places[i], node)) is not None and one.id == parent_id
    ]
    page = paged(site, request, within)
    return json_answer({"images": [image_summary(request, one) for one in page]})


def key_annotations(site: Site, request: Request, key: MaprKey) -> Answer:
    """GET /mapr/api/{key}/annotations/?map=: each once, without links."""
    value = request.arg("map")
    if not value:
        return html_answer("OMERO.web - support", 500)
    found = [
        marshal(one)
        for one in site.world.annotations.values()
        if isinstance(one, MapAnnotation)
        and one.ns == key.ns
        and any(name in key.attributes and v == value for name, v in one.pairs)
    ]
    people = [EXPERIMENTER] if found else []
    return json_answer({"annotations": found, "experimenters": people})


def paths_to_object(site: Site, request: Request, key: MaprKey) -> Answer:
    """GET /mapr/api/{key}/paths_to_object/?map.value=&screen=."""
    if request.arg("image"):
        return html_answer("OMERO.web - support", 500)
    value = request.arg("map.value")
    paths: list[list[Json]] = []
    for study, step in (("screen", "plate"), ("project", "dataset")):
        for word in (study, step):
            if not request.arg(word).isdigit():
                continue
            object_id = request.int_arg(word, 0)
            places = [
                site.world.places[i] for i in _values(site.world, key).get(value, ())
            ]
            at = (
                p for p in places if getattr(getattr(p, word), "id", None) == object_id
            )
            place = next(at, None)
            if place is not None:
                words = (study,) if word == study else (study, step)
                paths.append(
                    [
                        {"type": "experimenter", "id": OWNER_ID},
                        {"type": "map", "id": value},
                        *({"type": w, "id": getattr(place, w).id} for w in words),
                    ]
                )
    return json_answer({"paths": paths})


def autocomplete(site: Site, request: Request, key: MaprKey) -> Answer:
    """GET /mapr/api/autocomplete/{key}/?value=: at the start first, then inside."""
    value = request.arg("value")
    if not value:
        return json_answer([])
    fold = str.lower if _folds(request) else str
    wanted = fold(value)
    found = [v for v in _values(site.world, key) if v and wanted in fold(v)]
    found.sort(key=lambda v: (not fold(v).startswith(wanted), v.lower(), v))
    return json_answer([{"value": v} for v in paged(site, request, found)])


def config(site: Site, request: Request) -> Answer:
    """GET /mapr/api/config/."""
    return json_answer({name: key.config() for name, key in KEYS.items()})


def page(site: Site, request: Request, key: MaprKey) -> Answer:
    """GET /mapr/{key}/: a page for people."""
    if site.face == "idr" and key.attributes:
        attribute = key.attributes[0].replace(" ", "+")
        where = f"/search/?key={attribute}&value={request.arg('value')}&operator=equals"
        return redirect(where)
    return html_answer("Webclient", body=f"<p>{key.label}</p>")


def search_page(site: Site, request: Request) -> Answer:
    """GET /search/: the page to which the gallery's links lead."""
    return html_answer("Search") if site.face == "idr" else NOT_FOUND


MaprHandler = Callable[[Site, Request, MaprKey], Answer]


def _with_key(handler: MaprHandler, *, retired: bool = True) -> Handler:
    """Look the key up; on the idr face the data have moved away."""

    def answer(site: Site, request: Request, key: str) -> Answer:
        if retired and site.face == "idr":
            return redirect(RETIRED_TO)
        return handler(site, request, KEYS[key]) if key in KEYS else NOT_FOUND

    return answer


def _retired(site: Site, request: Request) -> Answer:
    """Answer for addresses below /mapr/api/ that do not exist."""
    if site.face == "idr":
        return redirect(RETIRED_TO)
    if request.path.endswith("/"):
        return NOT_FOUND
    query = f"?{request.query}" if request.query else ""
    return redirect(f"{quote(request.path)}/{query}", 301)


KEY = "(?P<key>[a-z]+)"

ROUTES: Routes = (
    (r"mapr/api/config/", config),
    (rf"mapr/api/autocomplete/{KEY}/", _with_key(autocomplete)),
    (rf"mapr/api/{KEY}/", _with_key(studies)),
    (rf"mapr/api/{KEY}/count/", _with_key(count)),
    (rf"mapr/api/{KEY}/plates/", _with_key(plates)),
    (rf"mapr/api/{KEY}/datasets/", _with_key(datasets)),
    (rf"mapr/api/{KEY}/images/", _with_key(images)),
    (rf"mapr/api/{KEY}/annotations/", _with_key(key_annotations)),
    (rf"mapr/api/{KEY}/paths_to_object/", _with_key(paths_to_object)),
    (r"mapr/api/.*", _retired),
    (rf"mapr/{KEY}/", _with_key(page, retired=False)),
    (r"search/", search_page),
)
