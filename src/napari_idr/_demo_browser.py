"""Widget that browses the demo archive, without a network."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from napari_idr import demo
from napari_idr._qt.browser import Browser, BrowserDock

if TYPE_CHECKING:
    from napari.viewer import Viewer


class DemoBrowser(Browser):
    """Starts the demo archive, browses it, and stops it with its window."""

    def __init__(self, napari_viewer: Viewer) -> None:
        stack = ExitStack()
        archive = stack.enter_context(demo.serve())
        super().__init__(napari_viewer, address=archive.url)
        self.destroyed.connect(lambda *_: stack.close())


class DemoBrowserDock(BrowserDock):
    """What napari docks: the one browser of the demo archive that a viewer has."""

    kind = DemoBrowser
