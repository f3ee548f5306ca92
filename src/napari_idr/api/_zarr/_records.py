"""What the metadata of an OME-Zarr say, as frozen records."""

from __future__ import annotations

import math
from dataclasses import dataclass

from napari_idr.model import Channel

UM_PER_UNIT = {
    "angstrom": 1e-4,
    "picometer": 1e-6,
    "nanometer": 1e-3,
    "micrometer": 1.0,
    "micron": 1.0,
    "millimeter": 1e3,
    "centimeter": 1e4,
    "decimeter": 1e5,
    "meter": 1e6,
    "kilometer": 1e9,
    "inch": 25_400.0,
    "foot": 304_800.0,
    "yard": 914_400.0,
    "mile": 1_609_344_000.0,
    "Å": 1e-4,
    "pm": 1e-6,
    "nm": 1e-3,
    "um": 1.0,
    "µm": 1.0,
    "μm": 1.0,
    "mm": 1e3,
    "cm": 1e4,
    "m": 1e6,
}
"""Lengths as the format names them (UDUNITS-2), and the symbols that occur."""


def um_per_unit(unit: str | None) -> float | None:
    """Return how many micrometres a unit of length has, None if it isn't one.

    >>> um_per_unit("nanometer"), um_per_unit("pixel"), um_per_unit(None)
    (0.001, None, None)
    """
    if unit is None:
        return None
    return UM_PER_UNIT.get(unit.strip(), UM_PER_UNIT.get(unit.strip().lower()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One axis of the arrays; `letter` is t, c, z, y or x, "" for any other."""

    name: str
    letter: str
    type: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZarrLevel:
    """Where one resolution is, and how its indices become positions.

    One number for each axis, in its unit; None where the metadata tell none.
    """

    path: str
    scale: tuple[float, ...] | None = None
    translation: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """That an image holds labels: their colours as "RRGGBBAA", and of which image."""

    colors: tuple[tuple[float, str], ...] = ()
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZarrImage:
    """One multiscale image; `version` is None where the metadata tell none."""

    version: str | None
    name: str = ""
    axes: tuple[Axis, ...]
    levels: tuple[ZarrLevel, ...]
    channels: tuple[Channel, ...] = ()
    default_z: int | None = None
    default_t: int | None = None
    greyscale: bool | None = None
    label: Label | None = None
    notes: tuple[str, ...] = ()

    @property
    def letters(self) -> str:
        """The axes in order, such as "tczyx"; "?" for one that has no letter."""
        return "".join(axis.letter or "?" for axis in self.axes)

    @property
    def finest(self) -> ZarrLevel:
        """The level of the largest resolution: the first, unless scales say another."""
        at = [i for i, axis in enumerate(self.axes) if axis.letter in ("y", "x")]
        scales = [level.scale for level in self.levels]
        known = [math.prod(scale[i] for i in at) for scale in scales if scale]
        if len(known) < len(scales) or not all(size > 0 for size in known):
            return self.levels[0]
        return self.levels[known.index(min(known))]

    def pixel_size_um(self, letter: str) -> float | None:
        """Return the size of a pixel along z, y or x; None where it isn't told."""
        for index, axis in enumerate(self.axes):
            if axis.letter != letter or (scale := self.levels[0].scale) is None:
                continue
            factor = um_per_unit(axis.unit)
            size = None if factor is None else scale[index] * factor
            return size if size and math.isfinite(size) and size > 0 else None
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZarrWellRef:
    """A well of a plate; row and column count within the plate's lists.

    They are None where its path doesn't name one of each.
    """

    path: str
    row: int | None
    column: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZarrPlate:
    """A plate: names of rows and columns, and the wells that exist."""

    name: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    wells: tuple[ZarrWellRef, ...]
    field_count: int | None = None
    acquisitions: tuple[int, ...] = ()

    def well(self, row: str, column: str) -> ZarrWellRef | None:
        """Return the well at a row and a column of these names, if there is one."""
        for well in self.wells:
            if well.row is None or well.column is None:
                continue
            if (self.rows[well.row], self.columns[well.column]) == (row, column):
                return well
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZarrField:
    """One image of a well; `acquisition` is None where none is named."""

    path: str
    acquisition: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZarrGroup:
    """All that a group says of itself; a group may be several things.

    `collection` tells that its images lie below it, in `0`, `1`, ..., as
    bioformats2raw writes them; `series` lists them where the group is their index.
    """

    version: str | None = None
    images: tuple[ZarrImage, ...] = ()
    label_names: tuple[str, ...] = ()
    plate: ZarrPlate | None = None
    fields: tuple[ZarrField, ...] = ()
    collection: bool = False
    series: tuple[str, ...] = ()
