"""Where each image of a gallery lies: by study, and by plate or dataset within it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_idr.model import NO_WELL, GridCell
from napari_idr.services.plate.mosaic import GAP_PX, THUMBNAIL_PX, MosaicPlan
from napari_idr.services.search.catalog import counted
from napari_idr.tiles import MosaicCell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_idr.model import ImageHit, ImageId, PlateId

__all__ = [
    "GalleryGrid",
    "GalleryPlan",
    "Group",
    "Run",
    "field_of",
    "gallery_columns",
    "grid_cell",
    "label_of",
    "part_of",
    "plan_gallery",
    "told_names",
    "well_of",
]

Place = tuple[int, int]

CELL_SHAPE = (THUMBNAIL_PX, THUMBNAIL_PX)
"""Images of any shape; each lies in its cell as large as fits."""

_WELL_NAME = re.compile(
    r"\[Well ([A-Z]{1,2})-?0*(\d{1,2})[;,] Field #?(\d+)", re.IGNORECASE
)
"""How Bio-Formats names the images of plates: "plate 1 [Well C7; Field #2]"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryGrid:
    """The images of a gallery in rows and columns, as `CellGrid` has them.

    A row without images is that of a heading. `labels` are what images are called.
    """

    cells: tuple[tuple[GridCell | None, ...], ...]
    labels: Mapping[Place, str]
    plate_id: PlateId | None = None

    @property
    def column_labels(self) -> tuple[str, ...]:
        """As many empty names as there are columns."""
        return ("",) * max(map(len, self.cells), default=0)

    def __iter__(self) -> Iterator[GridCell]:
        """Yield the cells that hold an image, row by row."""
        return (cell for row in self.cells for cell in row if cell is not None)

    def label(self, row: int, column: int) -> str:
        """Return what the image at a position is called, "" where none is."""
        return self.labels.get((row, column), "")

    def places(self) -> Iterator[Place]:
        """Yield where images are."""
        return iter(self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Images of one plate or dataset that lie one after the other.

    The first is at (`row`, `column`), and `width` of them are in its row.
    """

    title: str
    row: int
    column: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The images of one study: the row of its heading, and the last of its rows."""

    title: str
    heading_row: int
    last_row: int
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GalleryPlan(MosaicPlan):
    """The layout of a gallery; `images` are in the order in which they lie."""

    grid: GalleryGrid
    images: tuple[ImageHit, ...]
    groups: tuple[Group, ...]

    def group_at(self, row: int) -> Group | None:
        """Return the group that a row is of, None outside."""
        found = (one for one in self.groups if one.heading_row <= row <= one.last_row)
        return next(found, None)


def plan_gallery(images: Sequence[ImageHit], *, columns: int) -> GalleryPlan:
    """Return where each image of a gallery goes.

    The images of a study lie together, below a row for its heading; those of a plate
    or dataset one after the other. Studies, plates and datasets keep the order in
    which they come, and so do images within them: where more come at the end, what
    is there of the last study stays where it is.

    Parameters
    ----------
    images
        Each once.
    columns
        How many cells a row has, at least one; see `gallery_columns`.

    Examples
    --------
    >>> from napari_idr.model import Dataset, ImageHit, ImageRef, Project
    >>> one, two = Dataset(id=1, name="one"), Dataset(id=2, name="two")
    >>> plan = plan_gallery([
    ...     ImageHit(ref=ImageRef(image_id=n), dataset=dataset)
    ...     for n, dataset in enumerate((one, two, one))
    ... ], columns=2)
    >>> [(cell.row, cell.column, cell.image_id) for cell in plan.cells]
    [(1, 0, 0), (1, 1, 2), (2, 0, 1)]
    >>> [(run.title, run.row, run.column, run.width) for run in plan.groups[0].runs]
    [('one', 1, 0, 2), ('two', 2, 0, 1)]
    """
    if columns < 1:
        raise ValueError(f"no gallery has rows of {columns} images")
    pitch = CELL_SHAPE[0] + GAP_PX
    rows: list[list[GridCell | None]] = []
    cells: list[MosaicCell] = []
    labels: dict[Place, str] = {}
    ordered: list[ImageHit] = []
    groups: list[Group] = []
    for parts in _by_study(images):
        rows.append([None] * columns)
        heading_row, count, runs = len(rows) - 1, 0, []
        for part in parts:
            place = _place(heading_row, count, columns)
            width = min(len(part), columns - place[1])
            title = part_of(part[0])
            runs.append(Run(title=title, row=place[0], column=place[1], width=width))
            for image in part:
                row, column = _place(heading_row, count, columns)
                if row == len(rows):
                    rows.append([None] * columns)
                ref, labels[row, column] = image.ref, label_of(image)
                rows[row][column] = grid_cell(image, row, column)
                cells.append(
                    MosaicCell(
                        image_id=ref.image_id,
                        label=labels[row, column],
                        row=row,
                        column=column,
                        y=row * pitch,
                        x=column * pitch,
                    )
                )
                ordered.append(image)
                count += 1
        groups.append(
            Group(
                title=_group_title(parts, count),
                heading_row=heading_row,
                last_row=len(rows) - 1,
                runs=tuple(runs),
            )
        )
    grid = GalleryGrid(cells=tuple(map(tuple, rows)), labels=labels)
    return GalleryPlan(
        grid=grid,
        cell_shape=CELL_SHAPE,
        gap_px=GAP_PX,
        rows=len(rows),
        columns=columns if rows else 0,
        cells=tuple(cells),
        images=tuple(ordered),
        groups=tuple(groups),
    )


def gallery_columns(counts: Sequence[int], aspect: float) -> int:
    """Return in how many columns a gallery has most nearly the shape of the canvas.

    Parameters
    ----------
    counts
        How many images each study has.
    aspect
        The width of the canvas over its height.

    Examples
    --------
    >>> gallery_columns([96], 1.5), gallery_columns([3], 1.5), gallery_columns([], 1.5)
    (13, 3, 1)
    """
    most = max(counts, default=0)

    def misfit(columns: int) -> float:
        rows = sum(1 + math.ceil(count / columns) for count in counts)
        return abs(math.log(columns / rows / aspect))

    return min(range(1, most + 1), key=misfit, default=1)


def grid_cell(image: ImageHit, row: int, column: int) -> GridCell:
    """Return an image as a cell of a grid."""
    return GridCell(
        row=row,
        column=column,
        image_id=image.ref.image_id,
        well_id=image.ref.well_id or NO_WELL,
        name=image.ref.name,
    )


def part_of(image: ImageHit) -> str:
    """Return the name of an image's plate or dataset, "" where it isn't known."""
    part = image.plate or image.dataset
    return "" if part is None else part.name


def label_of(image: ImageHit) -> str:
    """Return what an image is called: its well and field, else its name.

    >>> from napari_idr.model import ImageHit, ImageRef
    >>> label_of(ImageHit(ref=ImageRef(image_id=7, name="p [Well C07; Field #2]")))
    'C7, field 2'
    >>> label_of(ImageHit(ref=ImageRef(image_id=7)))
    'Image 7'
    """
    if found := _WELL_NAME.search(image.ref.name):
        return f"{found[1].upper()}{found[2]}, field {found[3]}"
    return image.ref.name or f"Image {image.ref.image_id}"


def told_names(images: Sequence[ImageHit]) -> dict[ImageId, str]:
    """Return what images are called in a sentence: wells, and names in quotes.

    With images of several plates, those of wells are told with their plates.

    >>> from napari_idr.model import ImageHit, ImageRef, Plate
    >>> images = [
    ...     ImageHit(ref=ImageRef(image_id=7, name=name), plate=Plate(id=1, name="P"))
    ...     for name in ("p [Well C07; Field #2]", "a, b")
    ... ]
    >>> [told_names([one])[7] for one in images]
    ['C7, field 2', '“a, b”']
    """
    several = len({image.plate.id for image in images if image.plate}) > 1
    names = {}
    for image in images:
        label = label_of(image)
        if well_of(image) is None:
            label = f"“{label}”"
        elif several and image.plate is not None:
            label = f"{image.plate.name} · {label}"
        names[image.ref.image_id] = label
    return names


def well_of(image: ImageHit) -> str | None:
    """Return the well that the name of an image tells, None if it tells none."""
    found = _WELL_NAME.search(image.ref.name)
    return None if found is None else f"{found[1].upper()}{found[2]}"


def field_of(image: ImageHit) -> int | None:
    """Return the field that the name of an image tells, from 0; None if it doesn't."""
    found = _WELL_NAME.search(image.ref.name)
    return None if found is None else int(found[3]) - 1


def _by_study(images: Sequence[ImageHit]) -> list[list[list[ImageHit]]]:
    """Return images by study and by plate or dataset, as each was met first."""
    studies: dict[object, dict[object, list[ImageHit]]] = {}
    for image in images:
        study = None if image.study is None else image.study.ref
        part = image.plate or image.dataset
        parts = studies.setdefault(study, {})
        parts.setdefault(None if part is None else part.ref, []).append(image)
    return [list(parts.values()) for parts in studies.values()]


def _group_title(parts: Sequence[Sequence[ImageHit]], count: int) -> str:
    """Return the heading of a study, with its plate or dataset if it has but one."""
    first = parts[0][0]
    names = ["" if first.study is None else first.study.name]
    if len(parts) == 1:
        names.append(part_of(first))
    return " · ".join(filter(None, (*names, counted(count, "image", "images"))))


def _place(heading_row: int, count: int, columns: int) -> Place:
    """Return where the next image of a study goes, after so many of it."""
    return heading_row + 1 + count // columns, count % columns
