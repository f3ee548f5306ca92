"""Client library of the archive's web APIs: JSON in, models out."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from napari_idr.api.client import DEFAULT_URL, IDRClient
from napari_idr.api.downloads import safe_file_name
from napari_idr.api.pixels.reader import (
    Level,
    PixelReader,
    PixelRegion,
    ask_again,
    read_notes,
)
from napari_idr.api.wells.columns import (
    column_key,
    column_title,
    is_missing,
    parse_number,
    unique_names,
)
from napari_idr.api.wells.join import CONTROL_KEYS, OwnTable, wells_table, with_own
from napari_idr.api.wells.names import well_place
from napari_idr.api.wells.own import read_own_table
from napari_idr.api.wells.sources import WellSources

if TYPE_CHECKING:
    from napari_idr.api.pixels.dask_arrays import ImagePixels
    from napari_idr.api.pixels.projection import projected_reader
    from napari_idr.api.pixels.sources import OpenedPixels, Plane

__all__ = [
    "CONTROL_KEYS",
    "DEFAULT_URL",
    "IDRClient",
    "ImagePixels",
    "Level",
    "OpenedPixels",
    "OwnTable",
    "PixelReader",
    "PixelRegion",
    "Plane",
    "WellSources",
    "ask_again",
    "column_key",
    "column_title",
    "is_missing",
    "parse_number",
    "projected_reader",
    "read_notes",
    "read_own_table",
    "safe_file_name",
    "unique_names",
    "well_place",
    "wells_table",
    "with_own",
]

_LATE = {
    "ImagePixels": "dask_arrays",
    "OpenedPixels": "sources",
    "Plane": "sources",
    "projected_reader": "projection",
}
"""Names whose modules load numpy; a client is made without them."""


def __getattr__(name: str) -> object:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.pixels.{_LATE[name]}"), name)
