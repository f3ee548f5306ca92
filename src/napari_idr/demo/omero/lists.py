"""Lists of the web client: studies, plates, datasets, images, paths."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from napari_idr.demo._exchange import (
    Answer,
    Request,
    Routes,
    Site,
    json_answer,
    text_answer,
)
from napari_idr.demo.world import (
    OWNER_ID,
    Image,
    Kind,
    Place,
    Run,
    TextAnnotation,
    World,
)

T = TypeVar("T")
Json = dict[str, Any]

GROUPS = ("-1", "3")
"""All groups, and the one that the public user is in."""


def iso(seconds: int) -> str:
    """Return a date as the web client writes it.

    >>> iso(1463515200)
    '2016-05-17T20:00:00+00:00'
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def summary(object_id: int, name: str, child_count: int | None = None) -> Json:
    """Return the fields of an object that the web client's tree shows."""
    found: Json = {"id": object_id, "name": name, "ownerId": OWNER_ID}
    if child_count is not None:
        found["childCount"] = child_count
    return found | {"permsCss": ""}


def paged(site: Site, request: Request, items: Iterable[T]) -> list[T]:
    """Cut a page out, without any mark that there is more.

    Raises
    ------
    ValueError
        When ``page`` or ``limit`` is no number.
    """
    page = request.int_arg("page", 1)
    limit = request.int_arg("limit", site.world.page_size)
    whole = list(items)
    if page <= 0:
        return whole
    return whole[(page - 1) * limit : page * limit]


def by_name(objects: Iterable[Any]) -> list[Any]:
    """Sort as the web client does: by name in lower case, then by id."""
    return sorted(objects, key=lambda one: (one.name.lower(), one.id))


def refusal(request: Request) -> Answer | None:
    """Return the refusal of a malformed number or another group, or None."""
    for name in ("id", "page", "limit", "group", "experimenter_id"):
        try:
            request.int_arg(name, 0)
        except ValueError:
            return text_answer("Invalid parameter value", 400)
    group = request.arg("group", "-1")
    if group not in GROUPS:
        return text_answer(f"Not a member of Group: {group}", 403)
    return None


def containers(site: Site, request: Request) -> Answer:
    """GET /webclient/api/containers/."""
    if wrong := refusal(request):
        return wrong
    world = site.world
    everybody = request.arg("id") in ("-1", str(OWNER_ID))
    projects = by_name(world.projects.values()) if everybody else []
    screens = by_name(world.screens.values()) if everybody else []
    return json_answer(
        {
            "projects": [
                summary(p.id, p.name, len(p.dataset_ids))
                for p in paged(site, request, projects)
            ],
            "datasets": [],
            "screens": [
                summary(s.id, s.name, len(s.plate_ids))
                for s in paged(site, request, screens)
            ],
            "plates": [],
            "orphaned": {"id": -1, "childCount": 0, "name": "Orphaned Images"},
        }
    )


def plates(site: Site, request: Request) -> Answer:
    """GET /webclient/api/plates/?id={screen}."""
    if wrong := refusal(request):
        return wrong
    found = list(site.world.plates.values())
    if request.arg("id"):
        found = [p for p in found if p.screen_id == request.int_arg("id", 0)]
    page = paged(site, request, by_name(found))
    return json_answer({"plates": [summary(p.id, p.name, len(p.runs)) for p in page]})


def datasets(site: Site, request: Request) -> Answer:
    """GET /webclient/api/datasets/?id={project}."""
    if wrong := refusal(request):
        return wrong
    found = list(site.world.datasets.values())
    if request.arg("id"):
        found = [d for d in found if d.project_id == request.int_arg("id", 0)]
    page = paged(site, request, by_name(found))
    shown = [summary(d.id, d.name, len(d.image_ids)) for d in page]
    return json_answer({"datasets": shown})


def images(site: Site, request: Request) -> Answer:
    """GET /webclient/api/images/?id={dataset}."""
    if wrong := refusal(request):
        return wrong
    world = site.world
    found: Iterable[Image] = ()
    if request.arg("id"):
        found = world.images_of("dataset", request.int_arg("id", 0))
    elif not request.flag("orphaned"):
        found = world.images.values()
    page = paged(site, request, by_name(found))
    return json_answer({"images": [image_summary(request, one) for one in page]})


def image_summary(request: Request, image: Image) -> Json:
    """Return the fields of an image that a list shows; some of them on request."""
    found: Json = {
        "id": image.id,
        "archived": False,
        "name": image.name,
        "ownerId": OWNER_ID,
        "permsCss": "",
    }
    if request.flag("sizeXYZ") and image.has_pixels:
        found |= {
            "sizeX": image.size_x,
            "sizeY": image.size_y,
            "sizeZ": image.size_z,
            "sizeT": image.size_t,
        }
    if request.flag("date"):
        found["date"] = iso(image.imported_s)
        if image.acquired_s is not None:
            found["acqDate"] = iso(image.acquired_s)
    return found


def run_name(run: Run) -> str:
    """Return a run's name; one without is named by its times."""
    if run.name is not None:
        return run.name
    times = (datetime.fromtimestamp(s, UTC) for s in (run.started_s, run.ended_s))
    return " - ".join(f"{time:%Y-%m-%d %H:%M:%S}" for time in times)


def plate_acquisitions(site: Site, request: Request) -> Answer:
    """GET /webclient/api/plate_acquisitions/?id={plate}."""
    if wrong := refusal(request):
        return wrong
    if not request.arg("id"):
        return text_answer("id (plate) MUST be specified as query parameter", 400)
    plate = site.world.plates.get(request.int_arg("id", 0))
    runs = sorted(plate.runs, key=lambda run: run.id) if plate else []
    page = paged(site, request, runs)
    return json_answer({"acquisitions": [summary(r.id, run_name(r)) for r in page]})


TAGGED = (
    ("projects", "project"), ("datasets", "dataset"), ("images", "image"),
    ("screens", "screen"), ("plates", "plate"), ("acquisitions", "run"),
    ("wells", "well"),
)  # fmt: skip


def tags(site: Site, request: Request) -> Answer:
    """GET /webclient/api/tags/, or the objects of one with ?id=."""
    if wrong := refusal(request):
        return wrong
    world = site.world
    if request.arg("id"):
        return _tagged(world, request.int_arg("id", 0))
    found = [
        {
            "id": tag.id,
            "value": tag.text,
            "ownerId": OWNER_ID,
            "permsCss": "",
            "set": False,
            "childCount": sum(tag.id in links for links in world.links.values()),
        }
        for tag in world.annotations.values()
        if isinstance(tag, TextAnnotation) and tag.kind == "tag"
    ]
    if site.face == "classic":
        found = [tag for tag in found if "NGFF" not in str(tag["value"])]
    return json_answer({"tags": paged(site, request, found)})


def _tagged(world: World, tag_id: int) -> Answer:
    answer: Json = {name: [] for name, _ in TAGGED} | {"tags": []}
    names = {kind: name for name, kind in TAGGED}
    for (kind, object_id), links in world.links.items():
        if tag_id in links:
            name = object_name(world, kind, object_id)
            answer[names[kind]].append(summary(object_id, name))
    return json_answer(answer)


def object_name(world: World, kind: Kind, object_id: int) -> str:
    """Return an object's name; a well's is its label, a run's may be its times."""
    if kind == "well":
        return world.wells[object_id].label
    if kind == "run":
        return run_name(world.runs[object_id])
    named: Any = getattr(world, f"{kind}s")
    return str(named[object_id].name)


PATH_WORDS = (
    *("image", "well", "run", "acquisition", "plate", "screen"),
    *("dataset", "project"),
)
"""Parameters that name an object, in the order in which they are looked at."""


def paths_to_object(site: Site, request: Request) -> Answer:
    """GET /webclient/api/paths_to_object/?image={id}, or of another object."""
    world = site.world
    for word in PATH_WORDS:
        if not request.arg(word):
            continue
        try:
            object_id = request.int_arg(word, 0)
        except ValueError:
            return text_answer("Invalid parameter value", 400)
        return json_answer({"paths": _paths(world, word, object_id)})
    return json_answer({"paths": []})


def _paths(world: World, word: str, object_id: int) -> list[list[Json]]:
    if word == "image":
        place = world.places.get(object_id)
        return [_path(place, object_id)] if place else []
    if word == "well":
        well = world.wells.get(object_id)
        samples = well.samples if well else ()
        return [_path(world.places[s.image_id])[:-2] for s in samples]
    if word in ("run", "acquisition"):
        run = world.runs.get(object_id)
        if run is None:
            return []
        screen_id = world.plates[run.plate_id].screen_id
        return _steps(screen=screen_id, plate=run.plate_id, acquisition=run.id)
    if word == "plate":
        plate = world.plates.get(object_id)
        return _steps(screen=plate.screen_id, plate=plate.id) if plate else []
    if word == "dataset":
        dataset = world.datasets.get(object_id)
        if dataset is None:
            return []
        return _steps(project=dataset.project_id, dataset=dataset.id)
    known: Sequence[int] = list(getattr(world, f"{word}s"))
    return _steps(**{word: object_id}) if object_id in known else []


def _steps(**ids: int) -> list[list[Json]]:
    steps = [{"type": kind, "id": object_id} for kind, object_id in ids.items()]
    return [[{"type": "experimenter", "id": OWNER_ID}, *steps]]


def _path(place: Place, image_id: int = 0) -> list[Json]:
    steps: dict[str, Any] = {
        "experimenter": OWNER_ID,
        "screen": place.screen,
        "plate": place.plate,
        "acquisition": place.run,
        "project": place.project,
        "dataset": place.dataset,
        "well": place.well,
        "wellsample": place.sample,
        "image": image_id,
    }
    return [
        {"type": kind, "id": step if isinstance(step, int) else step.id}
        for kind, step in steps.items()
        if step is not None
    ]


ROUTES: Routes = (
    (r"webclient/api/containers/", containers),
    (r"webclient/api/plates/", plates),
    (r"webclient/api/datasets/", datasets),
    (r"webclient/api/images/", images),
    (r"webclient/api/plate_acquisitions/", plate_acquisitions),
    (r"webclient/api/tags/", tags),
    (r"webclient/api/paths_to_object/", paths_to_object),
)
