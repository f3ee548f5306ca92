"""Where an image's OME-Zarr is, what its metadata say, and its raw pixels.

What reads pixels, `_reader`, isn't imported here: it loads zarr-python.
"""

from __future__ import annotations

from napari_idr.api._zarr._location import zarr_candidates
from napari_idr.api._zarr._metadata import parse_json, read_group
from napari_idr.api._zarr._records import (
    Axis,
    Label,
    ZarrField,
    ZarrGroup,
    ZarrImage,
    ZarrLevel,
    ZarrPlate,
    ZarrWellRef,
    um_per_unit,
)

__all__ = [
    "Axis",
    "Label",
    "ZarrField",
    "ZarrGroup",
    "ZarrImage",
    "ZarrLevel",
    "ZarrPlate",
    "ZarrWellRef",
    "parse_json",
    "read_group",
    "um_per_unit",
    "zarr_candidates",
]
