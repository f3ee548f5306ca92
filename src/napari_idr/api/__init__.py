"""One method per endpoint; models come out."""

from __future__ import annotations

from napari_idr.api._client import DEFAULT_URL, IDRClient
from napari_idr.api._downloads import safe_file_name
from napari_idr.api._lazy import ImagePixels
from napari_idr.api._pixels import Plane
from napari_idr.api._projection import projected_reader
from napari_idr.api._reader import Level, PixelReader, Region

__all__ = [
    "DEFAULT_URL",
    "IDRClient",
    "ImagePixels",
    "Level",
    "PixelReader",
    "Plane",
    "Region",
    "projected_reader",
    "safe_file_name",
]
