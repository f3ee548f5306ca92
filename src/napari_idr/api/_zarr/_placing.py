"""Where an OME-Zarr says that its image lies, and where that isn't heeded.

An image is shown from 0 on, in all its sources alike: its regions count from there,
and drawn pixels know no other place. Its levels cover the same field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_idr.api._zarr._arrays import LevelArray
    from napari_idr.api._zarr._records import ZarrImage


def placing_notes(metadata: ZarrImage, arrays: Sequence[LevelArray]) -> list[str]:
    """Say where the metadata want an image, or a level of it, elsewhere.

    Parameters
    ----------
    metadata
        Of the image.
    arrays
        Those of its levels that are read, the largest first.
    """
    notes = []
    if place := ", ".join(_place(metadata, arrays[0])):
        notes.append(f"the OME-Zarr places the image at {place}; it is shown from 0")
    notes += [
        f"the resolution {array.path!r} isn't placed like the largest one; "
        "it is laid over the same field"
        for array in arrays[1:]
        if _is_elsewhere(metadata, arrays[0], array)
    ]
    return notes


def _place(metadata: ZarrImage, array: LevelArray) -> Iterator[str]:
    first = {level.path: level for level in metadata.levels}[array.path]
    for axis, shift in zip(metadata.axes, first.translation or (), strict=False):
        if axis.letter and axis.letter in "zyx" and shift != 0:
            yield f"{axis.letter} = {shift:g} {axis.unit or ''}".rstrip()


def _is_elsewhere(metadata: ZarrImage, full: LevelArray, array: LevelArray) -> bool:
    """Whether a level covers another field, by more than one of its own pixels.

    Half a pixel and the rest of a division are how writers differ; what a level
    doesn't tell of itself is that of the largest.
    """
    levels = {level.path: level for level in metadata.levels}
    whole, part = levels[full.path], levels[array.path]
    for index, letter in enumerate(metadata.letters):
        if letter not in "zyx" or whole.scale is None or part.scale is None:
            continue
        step, pixel = whole.scale[index], part.scale[index]
        length, covered = step * full.shape[index], pixel * array.shape[index]
        shift = 0.0
        if whole.translation is not None and part.translation is not None:
            shift = part.translation[index] - whole.translation[index]
        if max(abs(covered - length), abs(shift)) > abs(pixel):
            return True
    return False
