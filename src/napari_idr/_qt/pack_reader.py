"""Reader of packs: they open in the browser, and as layers where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari
from qtpy.QtCore import QTimer

from napari_idr.services.offline.pack_layers import pack_layers
from napari_idr.services.offline.shelf import PACK_SUFFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr._qt.browser import Browser

LayerData = tuple[Any, ...]


def get_reader(
    path: str | list[str],
) -> Callable[[str | list[str]], list[LayerData]] | None:
    """Return what reads a pack, None for anything else."""
    paths = [path] if isinstance(path, str) else path
    if len(paths) == 1 and paths[0].lower().endswith(PACK_SUFFIX):
        return read_pack
    return None


def read_pack(path: str | list[str]) -> list[LayerData]:
    """Open a pack in the browser of the window, and return no layers of its own.

    Without a window its plates and images are returned as layers.
    """
    file = Path(path if isinstance(path, str) else path[0])
    viewer = napari.current_viewer()
    if viewer is None:
        return pack_layers(file)

    def show() -> None:
        _, browser = viewer.window.add_plugin_dock_widget(
            "napari-idr", "Browse the IDR"
        )
        opened: Browser = browser
        opened.open_pack(file)

    # napari is in the middle of opening: the dock comes in a turn of its own.
    QTimer.singleShot(0, show)
    return [(None,)]
