"""Studies and what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr.api._ask import naming
from napari_idr.api._pages import list_pages, object_pages
from napari_idr.api._wire import _containers as wire
from napari_idr.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_idr.api._ask import Ask
    from napari_idr.api._wire._node import Node
    from napari_idr.cancel import CancelToken
    from napari_idr.model import (
        Dataset,
        DatasetId,
        ImageRef,
        ObjectKind,
        Plate,
        PlateAcquisition,
        PlateId,
        ProjectId,
        ScreenId,
        Study,
    )


class Containers:
    """Lists of studies, plates, datasets, images and runs. Thread-safe.

    The server answers an unknown parent with an empty list; an empty list is
    therefore followed by one request that tells the two apart.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def studies(self, *, cancel: CancelToken) -> Iterator[Study]:
        """Yield all screens and then all projects, each by name.

        Those without children are left out.

        GET /api/v0/m/screens/?childCount=true&limit=&offset=
        GET /api/v0/m/projects/?childCount=true&limit=&offset=
        """
        counted = (("childCount", "true"),)
        for node in object_pages(
            self._ask, "api/v0/m/screens/", counted, cancel=cancel
        ):
            if (screen := wire.screen(node)).child_count != 0:
                yield screen
        for node in object_pages(
            self._ask, "api/v0/m/projects/", counted, cancel=cancel
        ):
            if (project := wire.project(node)).child_count != 0:
                yield project

    def plates(self, screen_id: ScreenId, *, cancel: CancelToken) -> Iterator[Plate]:
        """Yield the plates of a screen by name.

        GET /webclient/api/plates/?id={screen_id}&page=&limit=
        """
        for node in self._rows("plates", "screen", screen_id, cancel):
            yield wire.listed_plate(node)

    def datasets(
        self, project_id: ProjectId, *, cancel: CancelToken
    ) -> Iterator[Dataset]:
        """Yield the datasets of a project by name.

        GET /webclient/api/datasets/?id={project_id}&page=&limit=
        """
        for node in self._rows("datasets", "project", project_id, cancel):
            yield wire.listed_dataset(node)

    def images(
        self, dataset_id: DatasetId, *, cancel: CancelToken
    ) -> Iterator[ImageRef]:
        """Yield the images of a dataset by name.

        GET /webclient/api/images/?id={dataset_id}&page=&limit=
        """
        for node in self._rows("images", "dataset", dataset_id, cancel):
            yield wire.listed_image(node, dataset_id)

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
            runs = [wire.run(n) for n in object_pages(self._ask, path, cancel=cancel)]
        except ServerError:
            path = "webclient/api/plate_acquisitions/"
            nodes = list_pages(
                self._ask, path, (("id", plate_id),), "acquisitions", cancel=cancel
            )
            runs = [wire.listed_run(node) for node in nodes]
        if not runs:
            self.require("plate", plate_id, cancel=cancel)
        return tuple(sorted(runs, key=lambda run: run.id))

    def plate(self, plate_id: PlateId, *, cancel: CancelToken) -> Plate:
        """Return a plate with its runs.

        GET /api/v0/m/plates/{plate_id}/
        """
        node = self.require("plate", plate_id, cancel=cancel)
        return wire.plate(node.child("data"), self.runs(plate_id, cancel=cancel))

    def require(self, kind: ObjectKind, number: int, *, cancel: CancelToken) -> Node:
        """Return an object of the JSON API; raise `NotFoundError` if there is none.

        GET /api/v0/m/{kind}s/{number}/
        """
        with naming(kind, number):
            return self._ask.json(f"api/v0/m/{kind}s/{number}/", cancel=cancel)

    def _rows(
        self, children: str, parent: ObjectKind, number: int, cancel: CancelToken
    ) -> Iterator[Node]:
        found = False
        path = f"webclient/api/{children}/"
        for node in list_pages(
            self._ask, path, (("id", number),), children, cancel=cancel
        ):
            found = True
            yield node
        if not found:
            self.require(parent, number, cancel=cancel)
