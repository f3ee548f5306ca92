"""Closing all IDR layers of a viewer and undoing that, as a browser offers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

from napari_idr._qt.commands import closed_message
from napari_idr.services.search.catalog import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr._qt.layers.scene import ViewerScene
    from napari_idr._qt.panels.layout import Panels


class Tidying(QObject):
    """Wires the buttons that close all layers and bring them back."""

    def __init__(
        self, panels: Panels, stop: Callable[[], None], scene: ViewerScene
    ) -> None:
        super().__init__(panels)
        self._panels = panels
        self._stop = stop
        self._scene = scene
        self._aside = scene.aside
        panels.all_shown.closeWanted.connect(self._on_close)
        panels.all_shown.backWanted.connect(self._aside.bring_back)
        self._aside.changed.connect(self._offer)
        self._aside.broughtBack.connect(self._on_back)
        self._offer()

    def _offer(self) -> None:
        # The button that undoes stays until there is the other, which takes its place.
        can_undo = self._aside.count > 0 or self._aside.is_coming_back
        self._panels.all_shown.set_layers(
            can_close=bool(self._aside.layers), can_undo=can_undo
        )

    def _on_close(self) -> None:
        self._stop()  # what is on its way would come back
        self._panels.status.say(closed_message(self._aside.close_all()))

    def _on_back(self, count: int) -> None:
        are = "is" if count == 1 else "are"
        layers = counted(count, "layer", "layers")
        self._panels.status.say(
            f"{layers} {are} there again.", about=self._scene.subjects
        )
