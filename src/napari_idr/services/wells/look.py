"""How a person looks at the wells of a plate: their colours, and which are hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from napari_idr.api import column_title
from napari_idr.services.plain_text import plain_text
from napari_idr.services.plate.marks import TINT_OPACITY
from napari_idr.services.wells.colors import phenotype_column
from napari_idr.services.wells.quality import control_roles, failed_wells
from napari_idr.services.wells.table import WELL, table_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_idr.api import OwnTable
    from napari_idr.model import WellColumn, WellsTable
    from napari_idr.services.wells.colors import Legend
    from napari_idr.tiles import MosaicLayout

ColorStyle = Literal["frames", "fill", "fill only"]
"""Frames round the wells, a fill that can be seen through, one that covers them."""

COLOR_STYLES: tuple[ColorStyle, ...] = ("frames", "fill", "fill only")

HAS_PHENOTYPE = "Phenotype (yes or no)"
"""What is chosen to colour wells by whether they have any phenotype."""

CELL_DOTS = 20
"""Of a well's side in the picture of colours, the gap included: the last is the gap,
which is about as wide in a mosaic."""

FRAME_DOTS = 2
"""A tenth of a well's side: the colour can be named, and the cells can be seen."""

HIDDEN = (0.0, 0.0, 0.0, 1.0)
"""Black, as the canvas of a mosaic before its thumbnails come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WellsLook:
    """How a person looks at a plate, whichever field of it is shown.

    `color_by` is one of `color_columns`, None for no colours; `own` are their tables.
    """

    color_by: str | None = None
    style: ColorStyle = "fill"
    hide_failed: bool = False
    own: tuple[OwnTable, ...] = ()


def color_columns(table: WellsTable) -> dict[str, WellColumn]:
    """Return the columns that wells can be coloured by, and how each is called.

    Those in which no well has a value are left out, and the name of the well.
    """
    found: dict[str, WellColumn] = {}
    phenotype = phenotype_column(table)
    if phenotype is not None:
        found[HAS_PHENOTYPE] = phenotype
    for column in table_columns(table):
        if column.name != WELL and any(value is not None for value in column.values):
            found.setdefault(column.name, column)
    return found


def color_title(name: str) -> str:
    """Return a column's name as it is offered, on one line and without markup."""
    return plain_text(column_title(name))


def uncounted_wells(table: WellsTable) -> frozenset[int]:
    """Return the places of wells that don't count in profiles: controls and failed."""
    controls, failed = control_roles(table), failed_wells(table)
    return frozenset(
        place
        for place in range(len(table))
        if controls[place] is not None or failed[place]
    )


def plate_note(legend: Legend | None, found_by: str) -> str:
    """Return what stands below a plate: by what it was found, what its colours mean.

    >>> from napari_idr.services.wells.colors import Legend
    >>> plate_note(Legend(title="Cells", kind="range", low=1, high=9), "CDC20")
    'found by CDC20 · Cells: 1 to 9'
    >>> plate_note(None, "")
    ''
    """
    parts = [f"found by {found_by}" if found_by else ""]
    parts.append("" if legend is None else legend.text)
    return plain_text(" · ".join(part for part in parts if part))


def colors_picture(
    plan: MosaicLayout,
    places: Sequence[tuple[int, int]],
    colors: NDArray[np.float32] | None,
    *,
    style: ColorStyle,
    hidden: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """Return the colours of wells as a picture that lies over their mosaic.

    Parameters
    ----------
    plan
        Where the wells lie.
    places
        The (row, column) of each well.
    colors
        RGBA of each well, (n, 4) from 0 to 1; None for no colours.
    style
        How much of a well is coloured.
    hidden
        Which wells are covered with black, all of them; None for none.

    Returns
    -------
    RGBA of shape (rows * CELL_DOTS, columns * CELL_DOTS, 4); what is no well is
    transparent.
    """
    shape = (plan.rows, CELL_DOTS, plan.columns, CELL_DOTS, 4)
    picture = np.zeros(shape, np.uint8)
    rows = np.array([row for row, _ in places], np.intp)
    columns = np.array([column for _, column in places], np.intp)
    well = slice(0, CELL_DOTS - 1)
    if colors is not None and len(places):
        shades = np.array(colors, np.float64)
        if style == "fill":
            shades[:, 3] *= TINT_OPACITY
        elif style == "fill only":
            opacity = shades[:, 3:]
            shades = np.hstack(
                [
                    shades[:, :3] * opacity + np.array(HIDDEN[:3]) * (1 - opacity),
                    np.ones_like(opacity),
                ]
            )
            # what is seen of a thumbnail beside its well would look like a value
            picture[rows, :, columns, :] = _bytes(np.array([HIDDEN]))[0]
        picture[rows, well, columns, well] = _bytes(shades)[:, None, None]
        if style == "frames":
            inner = slice(FRAME_DOTS, CELL_DOTS - 1 - FRAME_DOTS)
            picture[rows, inner, columns, inner] = 0
    if hidden is not None and hidden.any():
        covered = np.flatnonzero(hidden)
        black = _bytes(np.array([HIDDEN]))[0]
        picture[rows[covered], well, columns[covered], well] = black
    return picture.reshape(plan.rows * CELL_DOTS, plan.columns * CELL_DOTS, 4)


def _bytes(shades: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.asarray(np.round(shades * 255), np.uint8)
