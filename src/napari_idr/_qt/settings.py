"""What a person has set: napari's preferences, and the servers used last."""

from __future__ import annotations

import os
from typing import Any

from napari.settings import get_plugin_settings, get_settings
from qtpy.QtCore import QSettings

from napari_idr.services.session import ConnectionSettings
from napari_idr.tiles import ViewingSettings

PLUGIN = "napari-idr"


def connection_settings() -> ConnectionSettings:
    """Return how servers are asked; the defaults where napari knows no settings."""
    page = _page("connection")
    if page is None:
        return ConnectionSettings()
    return ConnectionSettings(
        at_once=int(page.at_once),
        timeout_s=float(page.timeout_s),
        cache=bool(page.cache),
    )


def viewing_settings() -> ViewingSettings:
    """Return how pixels are kept; the defaults where napari knows no settings."""
    page, connection = _page("pixels"), connection_settings()
    if page is None:
        return ViewingSettings()
    return ViewingSettings(
        memory_bytes=int(page.memory_mb) * 2**20, workers=connection.at_once
    )


def font_points() -> int:
    """Return the size of letters that is set for napari, in points."""
    return int(get_settings().appearance.font_size)


def _page(name: str) -> Any:
    """Return a page of settings, None where the manifest isn't registered.

    That is so where the widget is made without napari's plugins, as in a script.
    """
    try:
        return getattr(get_plugin_settings(PLUGIN), name, None)
    except (KeyError, ValueError, AttributeError):
        return None


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
