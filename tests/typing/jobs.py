"""Uses of a browser's jobs that the type checker has to accept, or to refuse.

Checked by mypy, never run. A refusal is a `type: ignore` that must be needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_idr._qt.jobs import Jobs, JobSlot

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_idr.cancel import CancelToken
    from napari_idr.model import Image, PlateId, WellId


def read_well(well: WellId, field: int | None, *, cancel: CancelToken) -> Image:
    raise NotImplementedError


def read_wells(plate: PlateId, *, cancel: CancelToken) -> Generator[Image, None, int]:
    raise NotImplementedError


def heedless(well: WellId) -> Image:
    raise NotImplementedError


def show(well: Image) -> None: ...


def say(count: int) -> None: ...


def arguments_keep_their_types(jobs: Jobs, well: WellId, plate: PlateId) -> None:
    slot: JobSlot[None, Image] = jobs.slot(show)
    slot.start("Reading …", read_well, well, None)
    slot.start("Reading …", read_well, plate, None)  # type: ignore[arg-type]
    slot.start("Reading …", read_well, well)  # type: ignore[arg-type]


def steps_and_results_keep_their_types(jobs: Jobs, plate: PlateId) -> None:
    slot: JobSlot[Image, int] = jobs.slot(say, on_step=show)
    slot.start_steps("Reading …", read_wells, plate)
    slot.start("Reading …", read_wells, plate)  # type: ignore[arg-type]
    other: JobSlot[int, Image] = jobs.slot(show, on_step=say)
    other.start_steps("Reading …", read_wells, plate)  # type: ignore[arg-type]


def a_job_takes_a_token(jobs: Jobs, well: WellId) -> None:
    slot: JobSlot[None, Image] = jobs.slot(show)
    slot.start("Reading …", heedless, well)  # type: ignore[arg-type]
