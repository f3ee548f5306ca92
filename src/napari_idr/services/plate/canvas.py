"""What a mosaic looks like: before, while and after its thumbnails come.

A canvas is an RGB array (y, x, 3) of `uint8`. It may be shown while it is painted
in another thread: its memory never moves, cells don't overlap, and each is written
by one thread only. The worst that a repaint can catch is a cell that is half
painted, and the step that reports the cell leads to another repaint. What isn't
safe is two loads on one canvas: a replaced load may still finish the cell at hand.
Give each load a canvas of its own.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image as Picture

from napari_idr.errors import PixelDataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from napari_idr.tiles import MosaicCell, MosaicLayout

BACKGROUND = (14, 14, 17)
"""Of the gaps; not quite black, so that the plate stands out from napari's canvas."""
WAITING = (58, 60, 66)
"""A well whose thumbnail is on its way."""
HATCH = (44, 46, 52)
"""The strokes across a well without an image."""
HATCH_STEP_PX = 12
FAILED = (64, 22, 22)
CROSS = (214, 106, 92)
"""A cross, so that a failure is told by its shape as well as by its colour."""


def blank_canvas(plan: MosaicLayout) -> NDArray[np.uint8]:
    """Return the mosaic before the first thumbnail, (y, x, 3).

    Wells that wait for their image are grey; those without one are hatched.
    """
    canvas = _plain(plan.shape, BACKGROUND)
    waiting = _plain(plan.cell_shape, WAITING)
    absent = _absent_cell(plan.cell_shape)
    filled = {(cell.row, cell.column) for cell in plan.cells}
    for row, column in itertools.product(range(plan.rows), range(plan.columns)):
        y, x = plan.origin(row, column)
        target = canvas[y : y + plan.cell_shape[0], x : x + plan.cell_shape[1]]
        target[:] = waiting if (row, column) in filled else absent
    return canvas


def empty_canvas(shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a canvas on which nothing is due, (y, x, 3): all of it is a gap."""
    return _plain(shape, BACKGROUND)


def paint_waiting(
    canvas: NDArray[np.uint8], plan: MosaicLayout, cells: Iterable[MosaicCell]
) -> None:
    """Show that the thumbnails of cells are on their way."""
    for cell in cells:
        _cell_area(canvas, plan, cell)[:] = WAITING


def copy_cells(
    source: NDArray[np.uint8],
    before: MosaicLayout,
    canvas: NDArray[np.uint8],
    plan: MosaicLayout,
) -> None:
    """Copy what one canvas shows of images to where they lie on another.

    The cells of both layouts have one shape; images that aren't in both are left out.
    """
    there = {cell.image_id: cell for cell in before.cells}
    for cell in plan.cells:
        known = there.get(cell.image_id)
        if known is not None:
            area = _cell_area(canvas, plan, cell)
            area[:] = _cell_area(source, before, known)


def paint(
    canvas: NDArray[np.uint8],
    plan: MosaicLayout,
    cell: MosaicCell,
    thumbnail: NDArray[np.generic],
) -> None:
    """Put a thumbnail in the middle of its cell, as large as fits.

    Parameters
    ----------
    canvas
        What `blank_canvas` returned for this plan.
    plan, cell
        Where to paint.
    thumbnail
        `uint8`, (y, x), (y, x, 3) or (y, x, 4), of any size; a fourth channel is
        left out.

    Raises
    ------
    PixelDataError
        The thumbnail is not a picture.
    """
    colours = _as_rgb(thumbnail)
    height, width = _fitting(colours.shape[:2], plan.cell_shape)
    if colours.shape[:2] != (height, width):
        picture = Picture.fromarray(colours)
        resized = picture.resize((width, height), Picture.Resampling.LANCZOS)
        colours = np.asarray(resized)
    area = _cell_area(canvas, plan, cell)
    top = (plan.cell_shape[0] - height) // 2
    left = (plan.cell_shape[1] - width) // 2
    bottom, right = top + height, left + width
    for margin in (area[:top], area[bottom:], area[:, :left], area[:, right:]):
        margin[:] = BACKGROUND
    area[top:bottom, left:right] = colours


def paint_failed(
    canvas: NDArray[np.uint8], plan: MosaicLayout, cell: MosaicCell
) -> None:
    """Mark a cell whose thumbnail didn't come: a cross on dark red."""
    area = _cell_area(canvas, plan, cell)
    area[:] = FAILED
    area[_cross(plan.cell_shape)] = CROSS


def _cell_area(
    canvas: NDArray[np.uint8], plan: MosaicLayout, cell: MosaicCell
) -> NDArray[np.uint8]:
    height, width = plan.cell_shape
    return canvas[cell.y : cell.y + height, cell.x : cell.x + width]


def _as_rgb(thumbnail: NDArray[np.generic]) -> NDArray[np.uint8]:
    array = np.asarray(thumbnail)
    if array.dtype != np.uint8 or 0 in array.shape:
        raise PixelDataError(f"a thumbnail of {array.dtype} and shape {array.shape}")
    if array.ndim == 2:
        return np.repeat(array[:, :, np.newaxis], 3, axis=2)
    if array.ndim == 3 and array.shape[2] in (3, 4):
        return np.ascontiguousarray(array[:, :, :3])
    raise PixelDataError(f"a thumbnail of shape {array.shape}")


def _fitting(shape: tuple[int, int], cell_shape: tuple[int, int]) -> tuple[int, int]:
    """Return the largest (height, width) of the same aspect inside a cell."""
    factor = min(cell_shape[0] / shape[0], cell_shape[1] / shape[1])
    return (
        min(cell_shape[0], max(1, round(shape[0] * factor))),
        min(cell_shape[1], max(1, round(shape[1] * factor))),
    )


def _plain(shape: tuple[int, int], color: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Return an array of one colour; by whole rows, which is ten times as quick."""
    area = np.empty((*shape, 3), np.uint8)
    area[:1] = color
    area[1:] = area[:1]
    return area


def _absent_cell(cell_shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a cell with thin diagonal strokes."""
    y, x = np.indices(cell_shape)
    cell = _plain(cell_shape, BACKGROUND)
    cell[(y + x) % HATCH_STEP_PX < 2] = HATCH
    return cell


def _cross(cell_shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return where the strokes of a cross lie, in the middle half of a cell."""
    height, width = cell_shape
    arm = max(1.0, min(height, width) / 4)
    stroke = max(0.75, arm / 8)
    y = np.arange(height)[:, np.newaxis] - (height - 1) / 2
    x = np.arange(width)[np.newaxis, :] - (width - 1) / 2
    inside = (np.abs(y) <= arm) & (np.abs(x) <= arm)
    on_stroke = (np.abs(y - x) <= stroke) | (np.abs(y + x) <= stroke)
    return np.asarray(inside & on_stroke)
