"""Fill a mosaic with thumbnails as they come."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from napari_idr.errors import IDRError, PixelDataError
from napari_idr.services.mosaic._canvas import paint, paint_failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from napari_idr.cancel import CancelToken
    from napari_idr.model import ImageId
    from napari_idr.services.mosaic._plan import MosaicPlan, Tile

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
class MosaicAccount:
    """How a load ended: `painted` of `total` came, the others are `failures`."""

    total: int
    painted: int
    failures: tuple[TileFailure, ...]
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MosaicStep:
    """What happened since the step before.

    `done` counts the tiles that came or failed so far; `tiles` are those painted
    and `failures` those that failed in this step. Only the last step has an
    `account`.
    """

    done: int
    total: int
    tiles: tuple[Tile, ...]
    failures: tuple[TileFailure, ...]
    account: MosaicAccount | None = None


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

    def step(self, account: MosaicAccount | None = None) -> MosaicStep:
        self._all_failures += self._failures
        step = MosaicStep(
            done=self._done,
            total=self._total,
            tiles=tuple(self._tiles),
            failures=tuple(self._failures),
            account=account,
        )
        self._tiles, self._failures = [], []
        return step

    def last_step(self, plan: MosaicPlan) -> MosaicStep:
        failures = (*self._all_failures, *self._failures)
        painted = self._done - len(failures)
        words = _words(painted, self._total, failures, plan)
        return self.step(
            MosaicAccount(
                total=self._total, painted=painted, failures=failures, words=words
            )
        )


def _words(
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
