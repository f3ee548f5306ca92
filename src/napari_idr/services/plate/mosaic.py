"""The thumbnails of a plate as one picture: where each well lies, and how it fills."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from napari_idr.errors import IDRError, PixelDataError
from napari_idr.services.plate.canvas import paint, paint_failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.cancel import CancelToken
    from napari_idr.model import ImageId, PlateGrid


THUMBNAIL_PX = 96
"""The longest side of the thumbnails that servers keep; others they must draw."""

GAP_PX = 4
"""Wide enough to tell two wells apart at one screen pixel to one px."""

HEADING_DISTANCE = 0.3
"""How far from the outer cells the headings stand, in cells."""

Point = tuple[float, float]
"""A position (y, x) in px; the centre of the first px is (0, 0)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One image and where it goes; (`y`, `x`) is the first px of its cell."""

    image_id: ImageId
    row: int
    column: int
    y: int
    x: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A row letter or a column number, and the (`y`, `x`) where it is centred."""

    label: str
    y: float
    x: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MosaicPlan:
    """The geometry of a mosaic, known before the first request.

    Positions are (y, x) in px and count from the centre of the first px, as napari
    counts them: the px `i` reaches from `i - 0.5` to `i + 0.5`. `cell_shape` is
    (height, width); the gap lies between cells, not around them. A well without an
    image has a cell and no tile.
    """

    grid: PlateGrid
    cell_shape: tuple[int, int]
    gap_px: int
    tiles: tuple[Tile, ...] = field(repr=False)

    @property
    def rows(self) -> int:
        """How many rows of cells there are."""
        return len(self.grid.cells)

    @property
    def columns(self) -> int:
        """How many columns of cells there are."""
        return max((len(row) for row in self.grid.cells), default=0)

    @property
    def pitch(self) -> tuple[int, int]:
        """The (y, x) distance in px from one cell to the next."""
        return self.cell_shape[0] + self.gap_px, self.cell_shape[1] + self.gap_px

    @property
    def shape(self) -> tuple[int, int]:
        """The (y, x) size of the mosaic in px; (0, 0) for a plate without wells."""
        if not (self.rows and self.columns):
            return 0, 0
        height, width = self.pitch
        return self.rows * height - self.gap_px, self.columns * width - self.gap_px

    def origin(self, row: int, column: int) -> tuple[int, int]:
        """Return the (y, x) of the first px of a cell."""
        self._check(row, column)
        return row * self.pitch[0], column * self.pitch[1]

    def center(self, row: int, column: int) -> Point:
        """Return the (y, x) in the middle of a cell."""
        y, x = self.origin(row, column)
        height, width = self.cell_shape
        return y + (height - 1) / 2, x + (width - 1) / 2

    def cell_at(self, y: float, x: float) -> tuple[int, int] | None:
        """Return the (row, column) at a position, None in a gap and outside."""
        if not (math.isfinite(y) and math.isfinite(x)):
            return None
        row, y_inside = divmod(math.floor(y + 0.5), self.pitch[0])
        column, x_inside = divmod(math.floor(x + 0.5), self.pitch[1])
        height, width = self.cell_shape
        if not (0 <= row < self.rows and 0 <= column < self.columns):
            return None
        return (row, column) if y_inside < height and x_inside < width else None

    def outline(self, row: int, column: int) -> tuple[Point, Point, Point, Point]:
        """Return the corners of a frame around a cell, in the middle of the gap."""
        y, x = self.origin(row, column)
        margin = 0.5 + self.gap_px / 2
        top, left = y - margin, x - margin
        bottom = y + self.cell_shape[0] - 1 + margin
        right = x + self.cell_shape[1] - 1 + margin
        return (top, left), (top, right), (bottom, right), (bottom, left)

    def row_headings(self) -> tuple[Heading, ...]:
        """Return the letters of the rows, left of the first column."""
        x = -0.5 - HEADING_DISTANCE * self.cell_shape[1]
        return tuple(
            Heading(label=label, y=self.center(row, 0)[0], x=x)
            for row, label in enumerate(self.grid.row_labels[: self.rows])
        )

    def column_headings(self) -> tuple[Heading, ...]:
        """Return the numbers of the columns, above the first row."""
        y = -0.5 - HEADING_DISTANCE * self.cell_shape[0]
        return tuple(
            Heading(label=label, y=y, x=self.center(0, column)[1])
            for column, label in enumerate(self.grid.column_labels[: self.columns])
        )

    def _check(self, row: int, column: int) -> None:
        if not (0 <= row < self.rows and 0 <= column < self.columns):
            raise ValueError(f"the plate has no cell ({row}, {column})")


def plan_mosaic(
    grid: PlateGrid,
    *,
    cell_shape: tuple[int, int] = (THUMBNAIL_PX, THUMBNAIL_PX),
    gap_px: int = GAP_PX,
) -> MosaicPlan:
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
    >>> plan.shape, plan.tiles
    ((10, 42), (Tile(image_id=7, row=0, column=1, y=0, x=22),))
    >>> plan.cell_at(5, 30), plan.cell_at(5, 21)
    ((0, 1), None)
    """
    if min(cell_shape) < 1 or gap_px < 0:
        raise ValueError(f"no mosaic has cells of {cell_shape} px {gap_px} px apart")
    height, width = cell_shape[0] + gap_px, cell_shape[1] + gap_px
    tiles = tuple(
        Tile(
            image_id=cell.image_id,
            row=row,
            column=column,
            y=row * height,
            x=column * width,
        )
        for row, cells in enumerate(grid.cells)
        for column, cell in enumerate(cells)
        if cell is not None
    )
    return MosaicPlan(grid=grid, cell_shape=cell_shape, gap_px=gap_px, tiles=tiles)


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


BATCH_TILES = 50
"""As many as one answer brings; a step for each tile would only cost repaints."""

BATCH_S = 0.25
"""No tile that came waits longer for its step than till the next one after this."""

MAX_NAMED = 6
"""How many wells an account names before it only counts them."""


class Thumbnails(Protocol):
    """Asks for thumbnails and yields them as they come, in any order."""

    def __call__(
        self, image_ids: Sequence[ImageId], /, *, cancel: CancelToken
    ) -> Iterable[tuple[ImageId, NDArray[np.uint8] | IDRError]]:
        """Yield each id with its RGB array, or with why there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TileFailure:
    """A tile that couldn't be painted, and why."""

    tile: Tile
    error: IDRError


@dataclass(frozen=True, slots=True, kw_only=True)
class MosaicSummary:
    """How a load ended: `painted` of `total` came, the others are `failures`."""

    total: int
    painted: int
    failures: tuple[TileFailure, ...]
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MosaicStep:
    """What happened since the step before.

    `done` counts the tiles that came or failed so far; `tiles` are those painted
    and `failures` those that failed in this step. Only the last step has an
    `summary`.
    """

    done: int
    total: int
    tiles: tuple[Tile, ...]
    failures: tuple[TileFailure, ...]
    summary: MosaicSummary | None = None


def load_mosaic(
    plan: MosaicPlan,
    canvas: NDArray[np.uint8],
    thumbnails: Thumbnails,
    *,
    cancel: CancelToken,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[MosaicStep]:
    """Paint the thumbnails of a plan into a canvas and report batches of them.

    A tile that fails is marked and reported, and the rest goes on. The images are
    asked for in the order of their ids, so that the same plate leads to the same
    addresses, which caches on the way may remember.

    Parameters
    ----------
    plan
        Where everything goes.
    canvas
        What `blank_canvas` returned for this plan, and for this load alone.
    thumbnails
        Where they come from.
    cancel
        Looked at before each tile; once raised, nothing more is painted.
    clock
        Seconds that only grow.

    Yields
    ------
    MosaicStep
        At least one; the last one has the account.

    Raises
    ------
    Cancelled
        The token was raised.
    IDRError
        The thumbnails as a whole failed.
    """
    waiting: defaultdict[ImageId, list[Tile]] = defaultdict(list)
    for tile in plan.tiles:
        waiting[tile.image_id].append(tile)
    batch = _Batch(total=len(plan.tiles), clock=clock)
    for image_id, answer in thumbnails(sorted(waiting), cancel=cancel):
        cancel.check()
        for tile in waiting.pop(image_id, ()):
            batch.add(tile, _place(canvas, plan, tile, answer))
        if batch.is_due():
            yield batch.step()
    cancel.check()
    for tile in (tile for tiles in waiting.values() for tile in tiles):
        missing = PixelDataError("no thumbnail came")
        batch.add(tile, _place(canvas, plan, tile, missing))
    yield batch.last_step(plan)


def _place(
    canvas: NDArray[np.uint8],
    plan: MosaicPlan,
    tile: Tile,
    answer: NDArray[np.uint8] | IDRError,
) -> IDRError | None:
    """Paint what came, or that nothing did; return why, if so."""
    if not isinstance(answer, IDRError):
        try:
            paint(canvas, plan, tile, answer)
        except PixelDataError as error:
            answer = error
        else:
            return None
    paint_failed(canvas, plan, tile)
    return answer


class _Batch:
    """Tiles that came and haven't been reported."""

    def __init__(self, *, total: int, clock: Callable[[], float]) -> None:
        self._total = total
        self._clock = clock
        self._done = 0
        self._since = 0.0
        self._tiles: list[Tile] = []
        self._failures: list[TileFailure] = []
        self._all_failures: list[TileFailure] = []

    def add(self, tile: Tile, error: IDRError | None) -> None:
        if not len(self):
            self._since = self._clock()
        self._done += 1
        if error is None:
            self._tiles.append(tile)
        else:
            self._failures.append(TileFailure(tile=tile, error=error))

    def __len__(self) -> int:
        return len(self._tiles) + len(self._failures)

    def is_due(self) -> bool:
        if not len(self):
            return False
        return len(self) >= BATCH_TILES or self._clock() - self._since >= BATCH_S

    def step(self, summary: MosaicSummary | None = None) -> MosaicStep:
        self._all_failures += self._failures
        step = MosaicStep(
            done=self._done,
            total=self._total,
            tiles=tuple(self._tiles),
            failures=tuple(self._failures),
            summary=summary,
        )
        self._tiles, self._failures = [], []
        return step

    def last_step(self, plan: MosaicPlan) -> MosaicStep:
        failures = (*self._all_failures, *self._failures)
        painted = self._done - len(failures)
        message = _summary_message(painted, self._total, failures, plan)
        return self.step(
            MosaicSummary(
                total=self._total, painted=painted, failures=failures, message=message
            )
        )


def _summary_message(
    painted: int, total: int, failures: Sequence[TileFailure], plan: MosaicPlan
) -> str:
    if not total:
        return "There are no images to show."
    if not failures:
        return f"All {total} thumbnails are here."
    labels = [plan.grid.label(one.tile.row, one.tile.column) for one in failures]
    named = ", ".join(labels[:MAX_NAMED])
    rest = len(labels) - MAX_NAMED
    more = f" and {rest} more" if rest > 0 else ""
    return f"{painted} of {total} thumbnails are here; none came for {named}{more}."
