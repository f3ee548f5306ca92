"""Plates, runs, and the grid of one field."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Protocol

from napari_idr.model._containers import ObjectRef
from napari_idr.model._ids import ImageId, PlateAcquisitionId, PlateId, WellId

if TYPE_CHECKING:
    from collections.abc import Iterator


def row_label(row: int) -> str:
    """Return the letters of a 0-based row; after Z they go on with two.

    >>> row_label(0), row_label(25), row_label(26), row_label(31), row_label(702)
    ('A', 'Z', 'AA', 'AF', 'AAA')
    """
    if row < 0:
        raise ValueError(f"a row counts from 0, not {row}")
    letters = ""
    number = row + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def well_label(row: int, column: int) -> str:
    """Return what is printed on the plate for a 0-based position.

    >>> well_label(0, 0), well_label(25, 0), well_label(31, 47)
    ('A1', 'Z1', 'AF48')
    """
    if column < 0:
        raise ValueError(f"a column counts from 0, not {column}")
    return f"{row_label(row)}{column + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRange:
    """The fields that exist, as 0-based indices, both ends included."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateAcquisition:
    """One pass over a plate, called a run.

    `fields` counts within the whole well; None when the run has no images.
    """

    id: PlateAcquisitionId
    name: str
    fields: FieldRange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """A grid of wells.

    Lists of plates know `id`, `name` and `run_count` only; a plate asked for by
    itself has `rows` and `columns` (None where the archive has not stored them),
    `fields` (None without images) and `runs`.
    """

    id: PlateId
    name: str
    run_count: int | None = None
    rows: int | None = None
    columns: int | None = None
    fields: FieldRange | None = None
    runs: tuple[PlateAcquisition, ...] = ()

    @property
    def ref(self) -> ObjectRef:
        """Reference to the plate."""
        return ObjectRef(kind="plate", id=self.id, name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCell:
    """An image in a grid; of a plate, that of one well at the field asked for."""

    row: int
    column: int
    image_id: ImageId
    well_id: WellId
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WellSample:
    """One image taken in a well; `field` counts from 0 within its run.

    `stage` is the (y, x) position of the stage, which can be compared with those of the
    same well; its unit is whatever the archive was told, None where it wasn't.
    `stage_um` is the same in micrometres, None where that unit is no length.
    """

    image_id: ImageId
    field: int
    run: PlateAcquisitionId | None = None
    name: str = ""
    stage: tuple[float, float] | None = None
    stage_um: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlateGrid:
    """A plate at one field; `cells[row][column]` is None where no image is.

    `field` counts from 0, within `run` where one was chosen, else within the well.
    `image_shape` is (y, x) in px of one of the images, None when there is none.
    """

    plate_id: PlateId
    field: int
    run: PlateAcquisitionId | None
    row_labels: tuple[str, ...]
    column_labels: tuple[str, ...]
    cells: tuple[tuple[GridCell | None, ...], ...]
    image_shape: tuple[int, int] | None = None

    def __iter__(self) -> Iterator[GridCell]:
        """Yield the cells that hold an image, row by row."""
        return (cell for row in self.cells for cell in row if cell is not None)

    def label(self, row: int, column: int) -> str:
        """Return what is printed on the plate for a 0-based position."""
        return f"{self.row_labels[row]}{self.column_labels[column]}"

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield the (row, column) of all wells, those without an image too."""
        return product(range(len(self.row_labels)), range(len(self.column_labels)))


class CellGrid(Protocol):
    """Images in rows and columns: a plate, or a gallery."""

    @property
    def plate_id(self) -> PlateId | None:
        """The plate that all images are of, None where they are of several or none."""
        ...

    @property
    def column_labels(self) -> tuple[str, ...]:
        """The names of the columns; as many as there are columns."""
        ...

    @property
    def cells(self) -> tuple[tuple[GridCell | None, ...], ...]:
        """The cell in each row and column, None where no image is."""
        ...

    def __iter__(self) -> Iterator[GridCell]:
        """Yield the cells that hold an image, row by row."""
        ...

    def label(self, row: int, column: int) -> str:
        """Return what the cell at a 0-based position is called."""
        ...

    def places(self) -> Iterator[tuple[int, int]]:
        """Yield the (row, column) of all cells that have a label."""
        ...
