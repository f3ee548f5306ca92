"""Annotations of any object, and the files among them."""

from base64 import b64encode
from typing import Any

from napari_idr.demo._exchange import (
    NOT_FOUND,
    Answer,
    Request,
    Routes,
    Site,
    html_answer,
    json_answer,
)
from napari_idr.demo.omero.lists import iso, object_name
from napari_idr.demo.world import (
    OWNER_ID,
    Annotation,
    FileAnnotation,
    Kind,
    MapAnnotation,
    TextAnnotation,
    World,
)

Json = dict[str, Any]

PARAMETERS: tuple[tuple[str, Kind, str], ...] = (
    ("image", "image", "ImageI"),
    ("dataset", "dataset", "DatasetI"),
    ("project", "project", "ProjectI"),
    ("well", "well", "WellI"),
    ("acquisition", "run", "PlateAcquisitionI"),
    ("plate", "plate", "PlateI"),
    ("screen", "screen", "ScreenI"),
)
"""The parameter of a request, our word, and the class in the answer."""

CLASSES = {kind: name for _, kind, name in PARAMETERS}

TYPES = ("map", "file", "tag", "comment", "rating", "custom")

PAGES_AT_ONCE = 100
"""Annotations come in pages a hundred times as long as those of lists."""

ADDED_S = 1463515307
NOBODY = dict.fromkeys(("canDelete", "canAnnotate", "canLink", "canEdit"), False)
EXPERIMENTER = {
    "id": OWNER_ID,
    "omeName": "demo",
    "firstName": "Demo",
    "lastName": "User",
}


def listed(site: Site, request: Request) -> Answer:
    """GET /webclient/api/annotations/?type=&image=&image=..."""
    try:
        asked: list[tuple[Kind, int]] = [
            (kind, int(one))
            for name, kind, _ in PARAMETERS
            for one in request.all(name)
        ]
        page = request.int_arg("page", 1)
        limit = request.int_arg("limit", site.world.page_size * PAGES_AT_ONCE)
    except ValueError:
        return html_answer("OMERO.web - support", 500)
    found = _found(site.world, request, asked, page, limit)
    answer: Json = {
        "annotations": found,
        "experimenters": [EXPERIMENTER] if found else [],
    }
    if request.flag("parents"):
        answer["parents"] = _parents(site.world, request, asked)
    return json_answer(answer)


def _found(
    world: World,
    request: Request,
    asked: list[tuple[Kind, int]],
    page: int,
    limit: int,
) -> list[Json]:
    """Return the annotations of objects; each kind of object has pages of its own."""
    shown: list[Json] = []
    for _, kind, _ in PARAMETERS:
        rows = [
            (annotation, object_id, place)
            for asked_kind, object_id in dict.fromkeys(asked)
            if asked_kind == kind
            for place, annotation in enumerate(world.annotations_of(kind, object_id))
            if _wanted(annotation, request)
        ]
        rows.sort(key=lambda row: getattr(row[0], "ns", None) or "")
        if page > 0:
            rows = rows[(page - 1) * limit : page * limit]
        shown += [_linked(world, kind, *row) for row in rows]
    return shown


def _wanted(annotation: Annotation, request: Request) -> bool:
    ns = request.arg("ns")
    if ns and annotation.ns != ns:
        return False
    wanted = request.arg("type")
    return wanted not in TYPES or wanted == _type(annotation)


def _type(annotation: Annotation) -> str:
    if isinstance(annotation, MapAnnotation):
        return "map"
    return "file" if isinstance(annotation, FileAnnotation) else annotation.kind


def _linked(
    world: World, kind: Kind, annotation: Annotation, object_id: int, place: int
) -> Json:
    parent = {
        "id": object_id,
        "class": CLASSES[kind],
        "name": object_name(world, kind, object_id),
    }
    link = {
        "id": object_id * 16 + place,
        "owner": {"id": OWNER_ID},
        "parent": parent,
        "date": iso(ADDED_S + annotation.id % 1000 + 1),
        "permissions": dict(NOBODY),
    }
    return marshal(annotation, link)


def marshal(annotation: Annotation, link: Json | None = None) -> Json:
    """Return an annotation; with its link where it was found on an object."""
    found: Json = {
        "id": annotation.id,
        "ns": annotation.ns,
        "name": None,
        "description": None,
        "owner": {"id": OWNER_ID},
        "date": iso(ADDED_S + annotation.id % 1000),
        "permissions": dict(NOBODY),
    }
    if isinstance(annotation, FileAnnotation):
        found["permissions"] |= {"canDownload": True}
    if link is not None:
        found["link"] = link
    if isinstance(annotation, MapAnnotation):
        values = [list(pair) for pair in annotation.pairs]
        return found | {"class": "MapAnnotationI", "values": values}
    if isinstance(annotation, TextAnnotation):
        word = "TagAnnotationI" if annotation.kind == "tag" else "CommentAnnotationI"
        return found | {"class": word, "textValue": annotation.text}
    file = {
        "id": annotation.file_id,
        "name": annotation.name,
        "size": annotation.size,
        "path": "" if annotation.ns else "/idr/metadata/",
        "mimetype": annotation.mimetype,
    }
    return found | {"class": "FileAnnotationI", "file": file}


def _parents(world: World, request: Request, asked: list[tuple[Kind, int]]) -> Json:
    """Return the annotations of the objects' parents, and each parent's objects."""
    above: list[tuple[Kind, int]] = []
    lineage: dict[str, dict[str, list[Json]]] = {}
    for kind, object_id in asked:
        child = {"id": object_id, "class": CLASSES[kind]}
        for parent_kind, parent_id in _above(world, kind, object_id):
            above.append((parent_kind, parent_id))
            children = lineage.setdefault(CLASSES[parent_kind], {})
            name = object_name(world, kind, object_id)
            children.setdefault(str(parent_id), []).append(child | {"name": name})
    found = _found(world, request, above, 0, 0)
    return {"annotations": found, "lineage": lineage}


def _above(world: World, kind: Kind, object_id: int) -> list[tuple[Kind, int]]:
    if kind == "image":
        place = world.places.get(object_id)
        steps = ("well", "run", "plate", "screen", "dataset", "project")
        return [
            (step, getattr(place, step).id)  # type: ignore[misc]
            for step in steps
            if getattr(place, step, None) is not None
        ]
    if kind in ("well", "run"):
        own: Any = world.wells if kind == "well" else world.runs
        if object_id not in own:
            return []
        plate_id = own[object_id].plate_id
        return [("plate", plate_id), ("screen", world.plates[plate_id].screen_id)]
    if kind == "plate" and object_id in world.plates:
        return [("screen", world.plates[object_id].screen_id)]
    if kind == "dataset" and object_id in world.datasets:
        return [("project", world.datasets[object_id].project_id)]
    return []


def download(site: Site, request: Request, annotation_id: str) -> Answer:
    """GET /webclient/annotation/{annotation}/."""
    annotation = site.world.annotations.get(int(annotation_id))
    if not isinstance(annotation, FileAnnotation):
        return NOT_FOUND
    return _attachment(annotation)


def download_file(site: Site, request: Request, file_id: str) -> Answer:
    """GET /webclient/download_original_file/{file}/."""
    annotation = _by_file(site.world, int(file_id))
    return _attachment(annotation) if annotation else NOT_FOUND


def inline_file(site: Site, request: Request, file_id: str) -> Answer:
    """GET /webclient/get_original_file/{file}/."""
    file = _by_file(site.world, int(file_id))
    if file is None:
        return NOT_FOUND
    length = {"Content-Length": str(file.size)}
    return Answer(200, file.mimetype, file.content(), length)


def _by_file(world: World, file_id: int) -> FileAnnotation | None:
    files = (a for a in world.annotations.values() if isinstance(a, FileAnnotation))
    return next((file for file in files if file.file_id == file_id), None)


def _attachment(file: FileAnnotation) -> Answer:
    headers = {
        "Content-Length": str(file.size),
        "Content-Disposition": disposition(file.name),
    }
    return Answer(200, "application/force-download", file.content(), headers)


def disposition(name: str) -> str:
    """Return the header as Django writes it: unquoted, or MIME-encoded as a whole.

    >>> disposition("a table, µ.csv")
    'attachment; filename=a_table,_µ.csv'
    >>> disposition("日本.txt")
    '=?utf-8?b?YXR0YWNobWVudDsgZmlsZW5hbWU95pel5pysLnR4dA==?='
    """
    value = f"attachment; filename={name.replace(' ', '_')}"
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        return f"=?utf-8?b?{b64encode(value.encode()).decode()}?="
    return value


ROUTES: Routes = (
    (r"webclient/api/annotations/", listed),
    (r"webclient/annotation/(?P<annotation_id>\d+)/", download),
    (r"webclient/download_original_file/(?P<file_id>\d+)/", download_file),
    (r"webclient/get_original_file/(?P<file_id>\d+)/", inline_file),
)
