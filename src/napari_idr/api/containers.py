"""Studies and what is in them: endpoints, and the reading of their answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from napari_idr.api.json_client import list_pages, naming, object_pages
from napari_idr.errors import NotFoundError, ServerError
from napari_idr.model import (
    Dataset,
    DatasetId,
    FieldRange,
    ImageId,
    ImageRef,
    Plate,
    PlateAcquisition,
    PlateAcquisitionId,
    PlateId,
    Project,
    ProjectId,
    Screen,
    ScreenId,
)
from napari_idr.threads import begun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_idr.api.json_client import JsonClient
    from napari_idr.api.node import Node
    from napari_idr.cancel import CancelToken
    from napari_idr.model import ObjectKind, Study

T = TypeVar("T")


class Containers:
    """Lists of studies, plates, datasets, images and runs. Thread-safe.

    The server answers an unknown parent with an empty list; an empty list is
    therefore followed by one request that tells the two apart.
    """

    def __init__(self, json_client: JsonClient) -> None:
        self._json_client = json_client

    def studies(self, *, cancel: CancelToken) -> Iterator[Study]:
        """Yield all screens and then all projects, each by name.

        Those without children are left out. Projects are asked for meanwhile.

        GET /api/v0/m/screens/?childCount=true&limit=&offset=
        GET /api/v0/m/projects/?childCount=true&limit=&offset=
        """
        counted = (("childCount", "true"),)
        client = self._json_client

        def read_projects(stop: CancelToken) -> Iterator[Study]:
            path = "api/v0/m/projects/"
            return object_pages(client, path, counted, read_project, cancel=stop)

        with begun(read_projects, cancel=cancel) as projects:
            for screen in object_pages(
                client, "api/v0/m/screens/", counted, read_screen, cancel=cancel
            ):
                if screen.child_count != 0:
                    yield screen
            for project in projects:
                if project.child_count != 0:
                    yield project

    def plates(self, screen_id: ScreenId, *, cancel: CancelToken) -> Iterator[Plate]:
        """Yield the plates of a screen by name.

        GET /webclient/api/plates/?id={screen_id}&page=&limit=
        """
        return self._rows("plates", "screen", screen_id, read_listed_plate, cancel)

    def datasets(
        self, project_id: ProjectId, *, cancel: CancelToken
    ) -> Iterator[Dataset]:
        """Yield the datasets of a project by name.

        GET /webclient/api/datasets/?id={project_id}&page=&limit=
        """
        return self._rows(
            "datasets", "project", project_id, read_listed_dataset, cancel
        )

    def images(
        self, dataset_id: DatasetId, *, cancel: CancelToken
    ) -> Iterator[ImageRef]:
        """Yield the images of a dataset by name.

        GET /webclient/api/images/?id={dataset_id}&page=&limit=
        """
        reader = partial(read_listed_image, dataset_id=dataset_id)
        return self._rows("images", "dataset", dataset_id, reader, cancel)

    def runs(
        self, plate_id: PlateId, *, cancel: CancelToken
    ) -> tuple[PlateAcquisition, ...]:
        """Return the runs of a plate, in the order of their ids.

        A run without images makes the server fail on all of them; then they come
        from its other list, which doesn't tell their fields.

        GET /api/v0/m/plates/{plate_id}/plateacquisitions/?limit=&offset=
        GET /webclient/api/plate_acquisitions/?id={plate_id}&page=&limit=
        """
        path = f"api/v0/m/plates/{plate_id}/plateacquisitions/"
        try:
            runs = list(
                object_pages(self._json_client, path, (), read_run, cancel=cancel)
            )
        except ServerError as error:
            if error.status != HTTPStatus.INTERNAL_SERVER_ERROR:
                raise  # it may pass
            runs = list(
                list_pages(
                    self._json_client,
                    "webclient/api/plate_acquisitions/",
                    (("id", plate_id),),
                    "acquisitions",
                    read_listed_run,
                    cancel=cancel,
                )
            )
        if not runs:
            self.require("plate", plate_id, cancel=cancel)
        return tuple(sorted(runs, key=lambda run: run.id))

    def plate(self, plate_id: PlateId, *, cancel: CancelToken) -> Plate:
        """Return a plate with its runs.

        GET /api/v0/m/plates/{plate_id}/
        """
        plate = self._object("plate", plate_id, read_plate, cancel)
        runs = self.runs(plate_id, cancel=cancel)
        return replace(plate, run_count=len(runs), runs=runs)

    def screens_of(
        self, plate_id: PlateId, *, cancel: CancelToken
    ) -> tuple[ScreenId, ...]:
        """Return the screens that a plate is in; none for an unknown plate.

        GET /webclient/api/paths_to_object/?plate={plate_id}
        """
        return self._json_client.read(
            "webclient/api/paths_to_object/",
            (("plate", plate_id),),
            reader=_read_screens,
            cancel=cancel,
        )

    def path_to(
        self, kind: ObjectKind, number: int, *, cancel: CancelToken
    ) -> dict[str, int]:
        """Return the ids of what an object lies in, and its own, by their kinds.

        Kinds are those of `ObjectKind`, a run among them. Of an object that lies in
        several places the first is told.

        GET /webclient/api/paths_to_object/?{kind}={number}

        Raises
        ------
        NotFoundError
            There is no such object.
        """
        found = self._json_client.read(
            "webclient/api/paths_to_object/",
            ((kind, number),),
            reader=_read_path,
            cancel=cancel,
        )
        if not found:
            raise NotFoundError("there is no such object", kind=kind, id=number)
        return {**found, kind: number}

    def name_of(self, kind: ObjectKind, number: int, *, cancel: CancelToken) -> str:
        """Return the name of an object, "" where it has none.

        GET /api/v0/m/{kind}s/{number}/
        """
        return self._object(kind, number, _read_name, cancel)

    def require(self, kind: ObjectKind, number: int, *, cancel: CancelToken) -> None:
        """Raise `NotFoundError` if there is no such object.

        GET /api/v0/m/{kind}s/{number}/
        """
        self._object(kind, number, lambda node: node.get("@id", int), cancel)

    def _object(
        self,
        kind: ObjectKind,
        number: int,
        reader: Callable[[Node], T],
        cancel: CancelToken,
    ) -> T:
        with naming(kind, number):
            return self._json_client.read(
                f"api/v0/m/{kind}s/{number}/",
                reader=lambda answer: reader(answer.child("data")),
                cancel=cancel,
            )

    def _rows(
        self,
        children: str,
        parent: ObjectKind,
        number: int,
        reader: Callable[[Node], T],
        cancel: CancelToken,
    ) -> Iterator[T]:
        found = False
        path = f"webclient/api/{children}/"
        for row in list_pages(
            self._json_client, path, (("id", number),), children, reader, cancel=cancel
        ):
            found = True
            yield row
        if not found:
            self.require(parent, number, cancel=cancel)


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The server counts milliseconds from here."""


def _read_screens(answer: Node) -> tuple[ScreenId, ...]:
    found = (
        ScreenId(step.get("id", int))
        for path in answer.children("paths")
        for step in path.elements()
        if step.find("type", str) == "screen"
    )
    return tuple(dict.fromkeys(found))


def _read_path(answer: Node) -> dict[str, int]:
    """Read the first path to an object; runs are called acquisitions here."""
    for path in answer.children("paths"):
        steps = {step.get("type", str): step.get("id", int) for step in path.elements()}
        if "acquisition" in steps:
            steps["run"] = steps.pop("acquisition")
        return steps
    return {}


def read_screen(node: Node) -> Screen:
    """Read a screen of the JSON API."""
    return Screen(
        id=ScreenId(node.get("@id", int)),
        name=_read_name(node),
        description=node.find("Description", str) or "",
        child_count=node.find("omero:childCount", int),
    )


def read_project(node: Node) -> Project:
    """Read a project of the JSON API."""
    return Project(
        id=ProjectId(node.get("@id", int)),
        name=_read_name(node),
        description=node.find("Description", str) or "",
        child_count=node.find("omero:childCount", int),
    )


def read_plate(node: Node) -> Plate:
    """Read a plate of the JSON API, which doesn't tell its runs."""
    return Plate(
        id=PlateId(node.get("@id", int)),
        name=_read_name(node),
        rows=node.find("Rows", int),
        columns=node.find("Columns", int),
        fields=_fields(node),
    )


def read_run(node: Node) -> PlateAcquisition:
    """Read a run of the JSON API, with the fields it covers."""
    number = node.get("@id", int)
    return PlateAcquisition(
        id=PlateAcquisitionId(number),
        name=_read_name(node) or _period(node) or f"Run {number}",
        fields=_fields(node),
    )


def read_listed_plate(node: Node) -> Plate:
    """Read a row of the web client's list of plates."""
    return Plate(
        id=PlateId(node.get("id", int)),
        name=node.find("name", str) or "",
        run_count=node.find("childCount", int),
    )


def read_listed_dataset(node: Node) -> Dataset:
    """Read a row of the web client's list of datasets."""
    return Dataset(
        id=DatasetId(node.get("id", int)),
        name=node.find("name", str) or "",
        image_count=node.find("childCount", int),
    )


def read_listed_image(node: Node, dataset_id: DatasetId) -> ImageRef:
    """Read a row of the web client's list of images."""
    return ImageRef(
        image_id=ImageId(node.get("id", int)),
        name=node.find("name", str) or "",
        dataset_id=dataset_id,
    )


def read_listed_run(node: Node) -> PlateAcquisition:
    """Read a row of the web client's list of runs; it doesn't tell the fields."""
    number = node.get("id", int)
    return PlateAcquisition(
        id=PlateAcquisitionId(number), name=node.find("name", str) or f"Run {number}"
    )


def _read_name(node: Node) -> str:
    return node.find("Name", str) or ""


def _period(node: Node) -> str | None:
    """Return when a run was taken, which is how the web client calls it."""
    times = node.find("StartTime", int), node.find("EndTime", int)
    if None in times:
        return None
    try:
        return " - ".join(
            f"{EPOCH + timedelta(milliseconds=ms):%Y-%m-%d %H:%M:%S}"
            for ms in times
            if ms is not None
        )
    except (OverflowError, ValueError):  # no year of ours
        return None


def _fields(node: Node) -> FieldRange | None:
    ends = [end.value for end in node.find_children("omero:wellsampleIndex")]
    match ends:
        case [int(first), int(last)] if 0 <= first <= last:
            return FieldRange(first=first, last=last)
    return None
