"""A real napari window, and a person in front of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import napari
import pytest
from napari.settings import get_settings

from support.fixtures import (
    classic,
    clean_desk,
    guards,
    idr,
    make_person,
    never_waiting,
    own_cache,
    running_classic,
    running_idr,
    warm,
)
from support.guards import settle
from support.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

__all__ = [
    "classic",
    "clean_desk",
    "guards",
    "idr",
    "make_person",
    "never_waiting",
    "own_cache",
    "running_classic",
    "running_idr",
    "warm",
]


@pytest.fixture
def window(
    guards: None, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Window]:
    """A napari window of a fixed size, closed at the end if it still is open."""
    monkeypatch.setattr(get_settings().application, "save_window_geometry", False)
    monkeypatch.setattr(get_settings().application, "save_window_state", False)
    viewer = napari.Viewer(show_welcome_screen=False)
    viewer.window.resize(1300, 850)
    window = Window(viewer, qtbot, monkeypatch)
    yield window
    window.close()
    settle()
