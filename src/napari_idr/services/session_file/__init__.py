"""Sessions: what is shown, as records, as files, as scripts, and how it comes back."""

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
