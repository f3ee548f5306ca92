"""Client library of the archive's web APIs: JSON in, models out."""

from __future__ import annotations

from napari_idr.api.client import DEFAULT_URL, IDRClient
from napari_idr.api.downloads import safe_file_name
from napari_idr.api.pixels.dask_arrays import ImagePixels
from napari_idr.api.pixels.projection import projected_reader
from napari_idr.api.pixels.reader import Level, PixelReader, PixelRegion, read_notes
from napari_idr.api.pixels.sources import OpenedPixels, Plane
from napari_idr.api.wells.columns import (
    column_key,
    column_title,
    is_missing,
    parse_number,
    unique_names,
)
from napari_idr.api.wells.join import OwnTable, wells_table, with_own
from napari_idr.api.wells.names import well_place
from napari_idr.api.wells.own import read_own_table
from napari_idr.api.wells.sources import WellSources

__all__ = [
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
