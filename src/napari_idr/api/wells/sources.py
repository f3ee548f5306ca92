"""What is joined to the wells of a plate, and how it is asked for."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_idr.api.json_client import require_success
from napari_idr.api.wells.csv_files import read_csv
from napari_idr.errors import IDRError
from napari_idr.model import NO_WELL
from napari_idr.threads import in_parallel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_idr.api.annotations import Annotations, Objects
    from napari_idr.api.containers import Containers
    from napari_idr.api.json_client import JsonClient
    from napari_idr.api.tables import Tables
    from napari_idr.cancel import CancelToken
    from napari_idr.model import (
        CellGrid,
        FileAnnotation,
        GridCell,
        MapAnnotation,
        ObjectRef,
        PlateId,
        Table,
    )

    Pair = tuple[str, str]

logger = logging.getLogger(__name__)

MAX_CSV_BYTES = 64 * 2**20
"""Of an attachment that is fetched without being asked for; most have below 10 MB."""

MAX_CSVS = 3
"""Attachments that are looked through for a plate; a study has one for each screen."""


WELLS_AT_ONCE = 48
"""Wells whose annotations are asked for in one request. A server makes some 20 ms of
work of each annotation, and has 30 s; and half a dozen hang on each well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WellSources:
    """What is known of the wells of a plate, as it came.

    `table` is None where the study has none; `plate_name` None where it wasn't needed.
    """

    table: Table | None
    annotations: tuple[MapAnnotation, ...] = ()
    plate_name: str | None = None


class Wells:
    """Asks for what is joined to the wells of a plate. Thread-safe."""

    def __init__(
        self,
        json_client: JsonClient,
        tables: Tables,
        annotations: Annotations,
        containers: Containers,
        *,
        at_once: int,
    ) -> None:
        self._json_client = json_client
        self._tables = tables
        self._annotations = annotations
        self._containers = containers
        self._at_once = at_once

    def sources(
        self,
        grid: CellGrid,
        *,
        table: Table | None,
        plate_name: str | None,
        cancel: CancelToken,
    ) -> WellSources:
        """Return the table and the map annotations of the wells of a grid.

        The table is asked for once, and then its CSV source, unless it is given.
        """
        cells = tuple(grid)
        if not cells:
            return WellSources(table=table, plate_name=plate_name)
        plate_id = grid.plate_id
        if table is None and plate_id is not None:
            try:
                table = self._tables.of_plate(plate_id, grid=grid, cancel=cancel)
            except IDRError as error:
                if error.may_pass:
                    raise
                logger.debug("plate %d by its CSV: %s", plate_id, error)
                if plate_name is None:
                    plate_name = self._plate_name(plate_id, cancel)
                table = self.csv_table(plate_id, plate_name, cancel=cancel)
        return WellSources(
            table=table,
            annotations=self._map_annotations(cells, cancel),
            plate_name=plate_name,
        )

    def _map_annotations(
        self, cells: Sequence[GridCell], cancel: CancelToken
    ) -> tuple[MapAnnotation, ...]:
        """Return what was written about wells and their images, in the same order."""
        parts: list[Objects] = []
        for start in range(0, len(cells), WELLS_AT_ONCE):
            some = cells[start : start + WELLS_AT_ONCE]
            wells = [cell.well_id for cell in some if cell.well_id != NO_WELL]
            if wells:
                parts.append({"well": wells})
            parts.append({"image": [cell.image_id for cell in some]})

        shared = _Shared()

        def ask(
            place: int, cancel: CancelToken
        ) -> tuple[int, tuple[MapAnnotation, ...]]:
            found = self._annotations.map_annotations(
                parts[place], namespace=None, cancel=cancel
            )
            return place, tuple(map(shared.once, found))

        answers = dict(
            in_parallel(ask, range(len(parts)), at_once=self._at_once, cancel=cancel)
        )
        return tuple(one for place in sorted(answers) for one in answers[place])

    def csv_table(
        self, plate_id: PlateId, plate_name: str, *, cancel: CancelToken
    ) -> Table | None:
        """Return the table in the CSV that is attached to the plate's screen, if any.

        Of several attachments it is the first with a row of the plate.

        GET /webclient/api/annotations/?type=file&screen={id}
        GET /webclient/annotation/{annotation}/
        """
        screens = self._containers.screens_of(plate_id, cancel=cancel)
        files = self._annotations.file_annotations(
            {"screen": screens, "plate": plate_id}, namespace=None, cancel=cancel
        )
        for file in list(_tables_among(files))[:MAX_CSVS]:
            try:
                response = self._json_client.response(
                    f"webclient/annotation/{file.id}/",
                    cancel=cancel,
                    max_bytes=MAX_CSV_BYTES,
                )
                require_success(response)
                table = read_csv(response.body, name=file.name)
                response.set_aside()
            except IDRError as error:
                if error.may_pass:
                    raise
                logger.debug("plate %d: %s: %s", plate_id, file.name, error)
                continue
            if any(plate_name in row for row in table.rows):
                return table
        return None

    def _plate_name(self, plate_id: PlateId, cancel: CancelToken) -> str:
        return self._containers.name_of("plate", plate_id, cancel=cancel)


class _Shared:
    """Parts of annotations that are equal, each held once.

    An organism is written about all wells of a plate, and half a dozen annotations
    are about one well. Thread-safe.
    """

    def __init__(self) -> None:
        self._pairs: dict[tuple[Pair, ...], tuple[Pair, ...]] = {}
        self._parents: dict[ObjectRef | None, ObjectRef | None] = {}

    def once(self, annotation: MapAnnotation) -> MapAnnotation:
        """Return an equal annotation made of what is held already, where it is."""
        pairs, parent = annotation.pairs, annotation.parent
        return replace(
            annotation,
            pairs=self._pairs.setdefault(pairs, pairs),
            parent=self._parents.setdefault(parent, parent),
        )


def _tables_among(files: Iterator[FileAnnotation]) -> Iterator[FileAnnotation]:
    """Yield the annotation files that aren't too large, the best named first.

    The IDR calls them `idr0002-screenA-annotation.csv`, in older studies `.csv.gz`.
    """
    found = [
        file
        for file in files
        if file.size is not None
        and file.size <= MAX_CSV_BYTES
        and file.name.lower().removesuffix(".gz").endswith((".csv", ".tsv", ".txt"))
    ]
    yield from sorted(found, key=lambda file: "annotation" not in file.name.lower())
