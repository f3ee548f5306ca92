"""A person at a napari window: its menus, its canvas and its status bar."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtTest import QTest

from napari_idr._qt.browser import Browser
from support.guards import settle
from support.person import LEFT, Person

if TYPE_CHECKING:
    from collections.abc import Iterator

    import napari
    import pytest
    from napari.layers import Layer
    from pytestqt.qtbot import QtBot
    from qtpy.QtGui import QAction
    from qtpy.QtWidgets import QMenu, QWidget

PLUGIN = " (IDR)"
"""What napari adds to the entries of a plugin that it shows in several menus."""

NO_KEY = Qt.KeyboardModifier.NoModifier


class Window:
    """A real napari window."""

    def __init__(
        self, viewer: napari.Viewer, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.viewer = viewer
        self.qtbot = qtbot
        self._monkeypatch = monkeypatch
        self._open = True

    @property
    def native(self) -> QWidget:
        return self.viewer.window._qt_window

    @property
    def canvas(self) -> QWidget:
        return self.viewer.window._qt_viewer.canvas.native

    @property
    def names(self) -> list[str]:
        return [layer.name for layer in self.viewer.layers]

    def layer(self, name: str) -> Layer:
        return self.viewer.layers[name]

    # The browser

    def preset(self, address: str) -> None:
        """Let the browser start with a server."""
        self._monkeypatch.setenv("NAPARI_IDR_SERVER", address)

    def browse(self, address: str) -> Person:
        """Open the browser from the menu, preset to a server, and wait for it."""
        self.preset(address)
        self.choose_from_menu("Plugins", "IDR", "Browse the IDR")
        browser = self.native.findChild(Browser)
        assert browser is not None
        person = Person(browser, self.viewer, self.qtbot)
        person.until_idle()
        return person

    def choose_from_menu(self, *path: str) -> None:
        """Choose from the menu bar what is written on its entries."""
        bar = self.native.menuBar()  # type: ignore[attr-defined]
        entries = bar.actions()
        for title in path:
            titles = {_title(entry): entry for entry in entries}
            assert title in titles, f"{title!r} is not among {sorted(titles)}"
            menu: QMenu | None = titles[title].menu()
            if menu is None:
                titles[title].trigger()
            else:
                menu.aboutToShow.emit()
                entries = menu.actions()
        settle()

    # The canvas

    def canvas_point(self, world: Any) -> QPoint:
        """Return where on the canvas a (y, x) of the world is drawn."""
        camera = self.viewer.scene.camera
        size = np.array([self.canvas.height(), self.canvas.width()])
        y, x = (np.array(world) - camera.center[-2:]) * camera.zoom + size / 2
        return QPoint(round(x), round(y))

    def well_point(self, mosaic: Layer, well: str) -> QPoint:
        """Return where on the canvas the middle of a well is drawn."""
        wells = self.layer(f"{mosaic.name} wells")
        line = wells.features["well"].tolist().index(well)
        return self.canvas_point(wells.data_to_world(wells.data[line])[-2:])

    def double_click(self, place: QPoint) -> None:
        QTest.mouseMove(self.canvas, place)
        QTest.mouseClick(self.canvas, LEFT, NO_KEY, place)
        QTest.mouseDClick(self.canvas, LEFT, NO_KEY, place)

    def hover(self, place: QPoint) -> None:
        QTest.mouseMove(self.canvas, place - QPoint(1, 1))
        QTest.mouseMove(self.canvas, place)

    @property
    def status(self) -> str:
        """What napari's status bar says."""
        bar = self.viewer.window._qt_window.statusBar()
        return bar._coordinates.full_text()

    def paint(self) -> None:
        """Draw what the camera sees: napari reads in one repaint, and shows in two."""
        for _ in range(2):
            self.canvas.repaint()
            settle()

    def close(self) -> None:
        """Close the window as a person does."""
        if self._open:
            self._open = False
            self.viewer.close()
            settle()


def _title(entry: QAction) -> str:
    return entry.text().replace("&", "").removesuffix(PLUGIN)


@contextmanager
def turns_of_layers(viewer: Any) -> Iterator[list[int]]:
    """Yield for each layer that comes in which turn of the event loop that is."""
    turns: list[int] = []
    turn = 0

    def count() -> None:
        nonlocal turn
        turn += 1

    def note(_: Any) -> None:
        turns.append(turn)

    timer = QTimer()
    timer.timeout.connect(count)
    timer.start(0)
    viewer.layers.events.inserted.connect(note)
    yield turns
    timer.stop()
    viewer.layers.events.inserted.disconnect(note)
