"""The thumbnails of a plate as one picture: where each well lies, and how it fills."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from napari_idr.errors import ConnectionFailedError, IDRError, PixelDataError
from napari_idr.services.plate.canvas import paint, paint_failed
from napari_idr.tiles import MosaicCell, MosaicLayout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.cancel import CancelToken
    from napari_idr.model import CellGrid, ImageId, PlateGrid


THUMBNAIL_PX = 96
"""The longest side of the thumbnails that servers keep; others they must draw."""

GAP_PX = 4
"""Wide enough to tell two wells apart at one screen pixel to one px."""

HEADING_DISTANCE = 0.3
"""How far from the outer cells the headings stand, in cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A text, and the (`y`, `x`) where it is centred: a row letter, a title ...

    One that is `backed` has something dark or bright behind it, as it may lie on
    images.
    """

    label: str
    y: float
    x: float
    backed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MosaicPlan(MosaicLayout):
    """The layout of a mosaic, known before the first thumbnail, and its images."""

    grid: CellGrid


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatePlan(MosaicPlan):
    """The layout of a plate's mosaic, known before the first request.

    A well without an image has room and no cell.
    """

    grid: PlateGrid

    def row_headings(self) -> tuple[Heading, ...]:
        """Return the letters of the rows, left of the first column."""
        x = -0.5 - HEADING_DISTANCE * self.cell_shape[1]
        return tuple(
            Heading(label=label, y=self.center(row, 0)[0], x=x, backed=True)
            for row, label in enumerate(self.grid.row_labels[: self.rows])
        )

    def column_headings(self) -> tuple[Heading, ...]:
        """Return the numbers of the columns, above the first row."""
        y = -0.5 - HEADING_DISTANCE * self.cell_shape[0]
        return tuple(
            Heading(label=label, y=y, x=self.center(0, column)[1], backed=True)
            for column, label in enumerate(self.grid.column_labels[: self.columns])
        )


def plan_mosaic(
    grid: PlateGrid,
    *,
    cell_shape: tuple[int, int] = (THUMBNAIL_PX, THUMBNAIL_PX),
    gap_px: int = GAP_PX,
) -> PlatePlan:
    """Return where each image of a plate goes, in the geometry of the plate.

    Parameters
    ----------
    grid
        The plate at one field.
    cell_shape
        The (height, width) of a well in px; see `cell_shape_for`.
    gap_px
        The distance between two wells.

    Examples
    --------
    >>> from napari_idr.model import GridCell, PlateGrid
    >>> cell = GridCell(row=0, column=1, image_id=7, well_id=3)
    >>> grid = PlateGrid(
    ...     plate_id=1, field=0, run=None, row_labels=("A",),
    ...     column_labels=("1", "2"), cells=((None, cell),),
    ... )
    >>> plan = plan_mosaic(grid, cell_shape=(10, 20), gap_px=2)
    >>> plan.shape, plan.cells
    ((10, 42), (MosaicCell(image_id=7, label='A2', row=0, column=1, y=0, x=22),))
    >>> plan.cell_at(5, 30), plan.cell_at(5, 21)
    ((0, 1), None)
    """
    if min(cell_shape) < 1 or gap_px < 0:
        raise ValueError(f"no mosaic has cells of {cell_shape} px {gap_px} px apart")
    height, width = cell_shape[0] + gap_px, cell_shape[1] + gap_px
    cells = tuple(
        MosaicCell(
            image_id=cell.image_id,
            label=grid.label(row, column),
            row=row,
            column=column,
            y=row * height,
            x=column * width,
        )
        for row, in_row in enumerate(grid.cells)
        for column, cell in enumerate(in_row)
        if cell is not None
    )
    return PlatePlan(
        grid=grid,
        cell_shape=cell_shape,
        gap_px=gap_px,
        rows=len(grid.cells),
        columns=max((len(row) for row in grid.cells), default=0),
        cells=cells,
        image_shape=grid.image_shape,
    )


def cell_shape_for(
    image_shape: tuple[int, int] | None, *, longest_px: int = THUMBNAIL_PX
) -> tuple[int, int]:
    """Return the (height, width) of a cell that thumbnails of an image fill.

    Very long images get a cell that is a quarter as wide as long, so that a row of
    them can still be pointed at.

    >>> cell_shape_for((512, 672)), cell_shape_for(None), cell_shape_for((1, 9000))
    ((73, 96), (96, 96), (24, 96))
    """
    if image_shape is None or min(image_shape) < 1:
        return longest_px, longest_px
    longest = max(image_shape)
    height, width = (
        max(longest_px // 4, 1, round(side * longest_px / longest))
        for side in image_shape
    )
    return height, width


BATCH_CELLS = 50
"""As many as one answer brings; a step for each cell would only cost repaints."""

BATCH_S = 0.25
"""No cell that came waits longer for its step than till the next one after this."""

MAX_NAMED = 6
"""How many wells a summary names before it only counts them."""


class Thumbnails(Protocol):
    """Asks for thumbnails and yields them as they come, in any order."""

    def __call__(
        self, image_ids: Sequence[ImageId], /, *, cancel: CancelToken
    ) -> Iterable[tuple[ImageId, NDArray[np.uint8] | IDRError]]:
        """Yield each id with its RGB array, or with why there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFailure:
    """A cell that couldn't be painted, and why."""

    cell: MosaicCell
    error: IDRError


@dataclass(frozen=True, slots=True, kw_only=True)
class MosaicSummary:
    """How a load ended: `painted` of `total` came, the others are `failures`."""

    total: int
    painted: int
    failures: tuple[CellFailure, ...]
    message: str

    @property
    def problem(self) -> IDRError | None:
        """Why the server sent no thumbnails of some, None if it did for all.

        That a picture is missing or broken is a matter of its own, and isn't told
        here. A server that can't be reached says more than one that is slow, that
        more than any other failure that may pass, and that more than one that stays.
        """
        found = [
            one.error
            for one in self.failures
            if not isinstance(one.error, PixelDataError)
        ]
        return min(found, key=_vagueness, default=None)

    @property
    def missing(self) -> tuple[MosaicCell, ...]:
        """The cells of which none came."""
        return tuple(one.cell for one in self.failures)


def _vagueness(error: IDRError) -> int:
    if type(error) is ConnectionFailedError:
        return 0
    if isinstance(error, ConnectionFailedError):
        return 1
    return 2 if error.may_pass else 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MosaicStep:
    """What happened since the step before.

    `done` counts the cells that came or failed so far; `cells` are those painted
    and `failures` those that failed in this step. Only the last step has a
    `summary`.
    """

    done: int
    total: int
    cells: tuple[MosaicCell, ...]
    failures: tuple[CellFailure, ...]
    summary: MosaicSummary | None = None


def asked_for(cells: Iterable[MosaicCell]) -> list[ImageId]:
    """Return the images of cells in the order in which they are asked for.

    That of their ids: the same plate leads to the same addresses, which caches on the
    way may remember.
    """
    return sorted({cell.image_id for cell in cells})


def load_mosaic(
    plan: MosaicLayout,
    canvas: NDArray[np.uint8],
    thumbnails: Thumbnails,
    *,
    cells: Sequence[MosaicCell] | None = None,
    cancel: CancelToken,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[MosaicStep]:
    """Ask for the thumbnails of a plan, and paint them: see `paint_mosaic`.

    `thumbnails` is where they come from.
    """
    wanted = plan.cells if cells is None else cells
    pictures = thumbnails(asked_for(wanted), cancel=cancel)
    return paint_mosaic(
        plan, canvas, pictures, cells=wanted, cancel=cancel, clock=clock
    )


def paint_mosaic(
    plan: MosaicLayout,
    canvas: NDArray[np.uint8],
    pictures: Iterable[tuple[ImageId, NDArray[np.uint8] | IDRError]],
    *,
    cells: Sequence[MosaicCell] | None = None,
    cancel: CancelToken,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[MosaicStep]:
    """Paint the thumbnails of a plan into a canvas and report batches of them.

    A cell that fails is marked and reported, and the rest goes on.

    Parameters
    ----------
    plan
        Where everything goes.
    canvas
        What `blank_canvas` returned for this plan, and for this load alone.
    pictures
        The images of the cells, each with its thumbnail or why there is none.
    cells
        Those of which none has come yet; None for all.
    cancel
        Looked at before each cell; once raised, nothing more is painted.
    clock
        Seconds that only grow.

    Yields
    ------
    MosaicStep
        At least one; the last one has the summary.

    Raises
    ------
    Cancelled
        The token was raised.
    IDRError
        The thumbnails as a whole failed.
    """
    waiting: defaultdict[ImageId, list[MosaicCell]] = defaultdict(list)
    wanted = plan.cells if cells is None else cells
    for cell in wanted:
        waiting[cell.image_id].append(cell)
    total = len(plan.cells)
    batch = _Batch(done=total - len(wanted), total=total, clock=clock)
    for image_id, answer in pictures:
        cancel.check()
        for cell in waiting.pop(image_id, ()):
            batch.add(cell, _put(canvas, plan, cell, answer))
        if batch.is_due():
            yield batch.step()
    cancel.check()
    for cell in (cell for cells in waiting.values() for cell in cells):
        missing = PixelDataError("no thumbnail came")
        batch.add(cell, _put(canvas, plan, cell, missing))
    yield batch.last_step()


def _put(
    canvas: NDArray[np.uint8],
    plan: MosaicLayout,
    cell: MosaicCell,
    answer: NDArray[np.uint8] | IDRError,
) -> IDRError | None:
    """Paint what came, or that nothing did; return why, if so."""
    if not isinstance(answer, IDRError):
        try:
            paint(canvas, plan, cell, answer)
        except PixelDataError as error:
            answer = error
        else:
            return None
    paint_failed(canvas, plan, cell)
    return answer


class _Batch:
    """Cells that came and haven't been reported."""

    def __init__(self, *, done: int, total: int, clock: Callable[[], float]) -> None:
        self._total = total
        self._clock = clock
        self._done = done
        self._since = 0.0
        self._cells: list[MosaicCell] = []
        self._failures: list[CellFailure] = []
        self._all_failures: list[CellFailure] = []

    def add(self, cell: MosaicCell, error: IDRError | None) -> None:
        if not len(self):
            self._since = self._clock()
        self._done += 1
        if error is None:
            self._cells.append(cell)
        else:
            self._failures.append(CellFailure(cell=cell, error=error))

    def __len__(self) -> int:
        return len(self._cells) + len(self._failures)

    def is_due(self) -> bool:
        if not len(self):
            return False
        return len(self) >= BATCH_CELLS or self._clock() - self._since >= BATCH_S

    def step(self, summary: MosaicSummary | None = None) -> MosaicStep:
        self._all_failures += self._failures
        step = MosaicStep(
            done=self._done,
            total=self._total,
            cells=tuple(self._cells),
            failures=tuple(self._failures),
            summary=summary,
        )
        self._cells, self._failures = [], []
        return step

    def last_step(self) -> MosaicStep:
        return self.step(summarize((*self._all_failures, *self._failures), self._total))


def summarize(
    failures: Sequence[CellFailure],
    total: int,
    *,
    names: Mapping[ImageId, str] | None = None,
) -> MosaicSummary:
    """Return how the load of so many cells ended, row by row.

    `names` are what images are called where the labels of cells don't tell them apart.
    """
    ordered = tuple(sorted(failures, key=lambda one: (one.cell.row, one.cell.column)))
    painted = total - len(ordered)
    return MosaicSummary(
        total=total,
        painted=painted,
        failures=ordered,
        message=_summary_message(painted, total, ordered, names or {}),
    )


def _summary_message(
    painted: int,
    total: int,
    failures: Sequence[CellFailure],
    names: Mapping[ImageId, str],
) -> str:
    if not total:
        return "There are no images to show."
    if not failures:
        if total == 1:
            return "The only thumbnail is here."
        return f"All {total} thumbnails are here."
    cells = [one.cell for one in failures]
    labels = [names.get(cell.image_id, cell.label) for cell in cells[:MAX_NAMED]]
    between = "; " if any("," in label for label in labels) else ", "
    named = between.join(labels)
    rest = len(cells) - MAX_NAMED
    more = f" and {rest} more" if rest > 0 else ""
    are = "thumbnail is" if total == 1 else "thumbnails are"
    return f"{painted} of {total} {are} here; none came for {named}{more}."
