"""The servers that were used last, and the one to start with."""

from __future__ import annotations

import os

from qtpy.QtCore import QSettings

PRESET_VARIABLE = "NAPARI_IDR_SERVER"
"""Names the server to start with, for courses, tests and other institutes."""

IDR = "https://idr.openmicroscopy.org"

KEPT = 8
"""Addresses that are remembered; more don't fit in a glance."""


def recent_addresses() -> list[str]:
    """Return the addresses to offer, the one to start with first."""
    preset = os.environ.get(PRESET_VARIABLE, "").strip()
    stored = _settings().value("servers", [])
    kept = [stored] if isinstance(stored, str) else list(stored or [])
    return list(dict.fromkeys(url for url in (preset, *kept, IDR) if url))


def remember_address(url: str) -> None:
    """Put an address that worked first in the list."""
    kept = [url, *(other for other in recent_addresses() if other != url)]
    _settings().setValue("servers", kept[:KEPT])


def _settings() -> QSettings:
    return QSettings(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, "napari-idr", "browser"
    )
