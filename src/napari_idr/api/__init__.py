"""Client library of the archive's web APIs: JSON in, models out."""

from __future__ import annotations

from napari_idr.api.client import DEFAULT_URL, IDRClient
from napari_idr.api.downloads import safe_file_name
from napari_idr.api.pixels.dask_arrays import ImagePixels
from napari_idr.api.pixels.projection import projected_reader
from napari_idr.api.pixels.reader import Level, PixelReader, PixelRegion, read_notes
from napari_idr.api.pixels.sources import OpenedPixels, Plane

__all__ = [
    "DEFAULT_URL",
    "IDRClient",
    "ImagePixels",
    "Level",
    "OpenedPixels",
    "PixelReader",
    "PixelRegion",
    "Plane",
    "projected_reader",
    "read_notes",
    "safe_file_name",
]
