"""What a well is compared with: controls of its plate, and its own fields and runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_idr.model import ImageRef, PlateAcquisition
from napari_idr.services.compare.layout import row_places, stage_places
from napari_idr.services.compare.wish import MAX_CELLS, CellWish, CompareWish
from napari_idr.services.search.catalog import counted
from napari_idr.services.wells.quality import ControlRole, control_role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_idr.model import TabledWell, WellSample
    from napari_idr.services.details import ImageRequest
    from napari_idr.services.plate.view import PlateShown

__all__ = ["all_fields", "with_controls"]

MAX_CONTROLS = 2
"""Of each kind beside a well: some, as wells differ; more would make all small."""

COMPARED_ROLES: tuple[ControlRole, ...] = ("negative", "positive")


def with_controls(
    shown: PlateShown, request: ImageRequest, *, number: int
) -> CompareWish:
    """Return an image of a well beside controls of its plate, run and field.

    Of each kind come those that are nearest to the well on the plate. `about` says how
    many of how many, or that the annotations tell of none.

    Parameters
    ----------
    shown
        The plate at the field of the image, with what was written about its wells.
    request
        The image.
    number
        Of the wish.
    """
    wells = shown.plate_map.table.wells
    own = next((one for one in wells if one.well_id == request.ref.well_id), None)
    cells = [CellWish(request=request)]
    told = []
    for role in COMPARED_ROLES:
        found = [
            one for one in wells if one is not own and control_role(one.control) == role
        ]
        if own is not None:
            found.sort(key=lambda one: _distance(one, own))
        for one in found[:MAX_CONTROLS]:
            cell = shown.plan.grid.cells[one.row][one.column]
            if cell is not None:
                control = shown.image_request(cell)
                cells.append(CellWish(request=control, role=f"{role} control"))
        kinds = counted(len(found), f"{role} control", f"{role} controls")
        if not found:
            told.append(f"No {role} control is known of this plate.")
        elif len(found) > MAX_CONTROLS:
            told.append(f"{MAX_CONTROLS} of {kinds}, the nearest.")
        else:
            told.append(f"{kinds}.")
    return CompareWish(cells=tuple(cells), about=" ".join(told), number=number)


def _distance(well: TabledWell, own: TabledWell) -> tuple[int, int, int]:
    """Return how far two wells are apart, and what decides among equals."""
    rows, columns = well.row - own.row, well.column - own.column
    return rows * rows + columns * columns, well.row, well.column


def all_fields(
    request: ImageRequest, samples: Sequence[WellSample], *, number: int
) -> CompareWish:
    """Return all images of a well, each run in rows of its own.

    Each has its place on the stage, where the archive knows that in a unit of length.
    For where it can't be shown so, fields are put into rows and columns as well, by
    the positions of the stage if these make a grid; `order` says which.

    Parameters
    ----------
    request
        One of the images, which tells what the well is.
    samples
        All of them.
    number
        Of the wish.

    Raises
    ------
    ValueError
        There are no samples.
    """
    if not samples:
        raise ValueError("a well without images")
    shown = samples[:MAX_CELLS]
    runs = tuple(dict.fromkeys(one.run for one in shown))
    known = {one.id: one for one in (request.plate.runs if request.plate else ())}
    cells: list[CellWish] = []
    on_stage = True
    top = 0
    for number_of_run, run in enumerate(runs):
        fields = [one for one in shown if one.run == run]
        places = stage_places([one.stage for one in fields])
        on_stage = on_stage and (places is not None or len(fields) == 1)
        places = places or row_places([0] * len(fields))
        acquisition = None
        if run is not None:
            acquisition = known.get(run) or PlateAcquisition(id=run, name=f"Run {run}")
        name = "" if acquisition is None or len(runs) == 1 else acquisition.name
        for sample, (row, column) in zip(fields, places, strict=True):
            one = replace(
                request,
                ref=ImageRef(
                    image_id=sample.image_id,
                    name=sample.name,
                    well_id=request.ref.well_id,
                    plate_id=request.ref.plate_id,
                ),
                run=acquisition,
                field=sample.field,
            )
            cells.append(
                CellWish(
                    request=one,
                    role=name,
                    place=(top + row, column),
                    stage_um=sample.stage_um,
                    run=number_of_run,
                )
            )
        top += max(row for row, _ in places) + 1
    return CompareWish(
        cells=tuple(cells),
        about=" ".join(_about(len(samples), len(shown), len(runs))),
        order="" if len(shown) == 1 else "stage" if on_stage else "number",
        number=number,
    )


def _about(total: int, shown: int, runs: int) -> Iterator[str]:
    if shown < total:
        yield f"{shown} of {total} images of the well."
    if runs > 1:
        yield f"{runs} runs, one below the other."
