"""What a person has set: napari's preferences, and the servers used last."""

from __future__ import annotations

import os
import re
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import npe2
from napari.settings import get_plugin_settings, get_settings
from npe2.manifest.schema import discovery_blocked
from qtpy.QtCore import QSettings

from napari_idr.services.session import ConnectionSettings
from napari_idr.tiles import ViewingSettings

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

PLUGIN = "napari-idr"


def connection_settings() -> ConnectionSettings:
    """Return how servers are asked; the defaults where napari knows no settings."""
    page = _page("connection")
    if page is None:
        return ConnectionSettings()
    folder = str(page.cache_folder).strip()
    kept_in = Path(folder).expanduser() if folder else True
    return ConnectionSettings(
        at_once=int(page.at_once),
        timeout_s=float(page.timeout_s),
        cache=kept_in if page.cache else False,
        cache_bytes=int(page.cache_mb) * 2**20,
        contact=str(page.contact),
    )


def viewing_settings() -> ViewingSettings:
    """Return how pixels are kept; the defaults where napari knows no settings."""
    page, connection = _page("pixels"), connection_settings()
    if page is None:
        return ViewingSettings()
    return ViewingSettings(
        memory_bytes=int(page.memory_mb) * 2**20, workers=connection.at_once
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewDefaults:
    """How things look at first, until a person has it otherwise.

    `studies_first` shows all studies in place of the search, `color_style` is how wells
    are coloured, and with `scale_bar` an opened image comes with one.
    """

    studies_first: bool = False
    color_style: str = "fill"
    scale_bar: bool = False


def view_defaults() -> ViewDefaults:
    """Return how things look at first; as built where napari knows no settings."""
    page = _page("view")
    if page is None:
        return ViewDefaults()
    return ViewDefaults(
        studies_first=page.first_tab == "Studies",
        color_style=str(page.color_style),
        scale_bar=bool(page.scale_bar),
    )


def font_points() -> int:
    """Return the size of letters that is set for napari, in points."""
    return int(get_settings().appearance.font_size)


def _page(name: str) -> Any:
    """Return a page of settings, None where the manifest isn't registered.

    That is so where the widget is made without napari's plugins, as in a script.
    """
    try:
        with _without_search():
            return getattr(get_plugin_settings(PLUGIN), name, None)
    except (KeyError, ValueError, AttributeError):
        return None


def _without_search() -> AbstractContextManager[None]:
    """Keep napari from reading the manifests of all plugins again: 50 ms and more.

    It did so as it started, and does so again for the first settings that it is asked
    for. Where it doesn't know this plugin yet, it has to look.
    """
    is_known = PLUGIN in npe2.PluginManager.instance()
    return discovery_blocked() if is_known else nullcontext()


PRESET_VARIABLE = "NAPARI_IDR_SERVER"
"""Names the server to start with, for courses, tests and other institutes."""

IDR = "https://idr.openmicroscopy.org"

KEPT = 8
"""Addresses that are remembered; more don't fit in a glance."""


def recent_addresses() -> list[str]:
    """Return the addresses to offer, the one to start with first.

    Those of the preferences follow those that were used.
    """
    preset = os.environ.get(PRESET_VARIABLE, "").strip()
    stored = _settings().value("servers", [])
    kept = [stored] if isinstance(stored, str) else list(stored or [])
    page = _page("connection")
    named = split_addresses("" if page is None else str(page.servers))
    return list(dict.fromkeys(url for url in (preset, *kept, *named, IDR) if url))


def split_addresses(text: str) -> list[str]:
    """Return the addresses that a text names, with commas or blanks between them.

    >>> split_addresses("omero.lab.org, https://b.org ;c.org")
    ['omero.lab.org', 'https://b.org', 'c.org']
    """
    return [one for one in re.split(r"[\s,;]+", text) if one]


def remember_address(url: str) -> None:
    """Put an address that worked first in the list."""
    kept = [url, *(other for other in recent_addresses() if other != url)]
    _settings().setValue("servers", kept[:KEPT])


HINT_KEY = "hint_dismissed"


def is_hint_dismissed() -> bool:
    """Tell whether a person wants no more to be told how to begin."""
    return str(_settings().value(HINT_KEY, "")) == "yes"


def dismiss_hint() -> None:
    """Remember for good that a person knows how to begin."""
    _settings().setValue(HINT_KEY, "yes")


def _settings() -> QSettings:
    return QSettings(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, "napari-idr", "browser"
    )
