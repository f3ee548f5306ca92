"""What a person has set in napari's preferences, on the page of this plugin."""

from __future__ import annotations

from typing import Any

from napari.settings import get_plugin_settings

from napari_idr.services.opening import ConnectionSettings
from napari_idr.services.viewing import ViewingSettings

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


def _page(name: str) -> Any:
    """Return a page of settings, None where the manifest isn't registered.

    That is so where the widget is made without napari's plugins, as in a script.
    """
    try:
        return getattr(get_plugin_settings(PLUGIN), name, None)
    except (KeyError, ValueError, AttributeError):
        return None
