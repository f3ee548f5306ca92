"""Sessions: what is shown as a record, its files, scripts of it, and how it is loaded."""

from __future__ import annotations

from napari_idr.services.session_file.record import (
    SavedCell,
    SavedCondition,
    SavedGallery,
    SavedImage,
    SavedKey,
    SavedLayer,
    SavedLine,
    SavedLook,
    SavedObject,
    SavedPlate,
    SavedRef,
    SavedSearch,
    SavedSession,
    SavedStrip,
    SavedStudy,
    SavedView,
)

__all__ = [
    "SavedCell",
    "SavedCondition",
    "SavedGallery",
    "SavedImage",
    "SavedKey",
    "SavedLayer",
    "SavedLine",
    "SavedLook",
    "SavedObject",
    "SavedPlate",
    "SavedRef",
    "SavedSearch",
    "SavedSession",
    "SavedStrip",
    "SavedStudy",
    "SavedView",
]
