"""What a person does to see pixels, and waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QTabWidget

from napari_idr._qt.layers.scene import scene_of
from support.guards import settle

if TYPE_CHECKING:
    from napari.layers import Layer

    from support.person import Person
    from support.window import Window


def quiet(window: Window | Person, person: Person) -> None:
    """Wait until no pixels are on their way any more."""
    scheduler = scene_of(window.viewer).viewing.scheduler
    person.until(lambda: scheduler.wait_until_idle(0))
    settle()
    person.until(lambda: scheduler.wait_until_idle(0))


def open_image(window: Window | Person, person: Person, *path: str) -> list[Layer]:
    """Browse to an image and open it; return its layers, the last on top."""
    before = set(map(id, window.viewer.layers))
    person.find("idr_tabs", QTabWidget).setCurrentIndex(1)
    person.until(lambda: person.is_idle and path[0] in person.rows())
    for depth in range(1, len(path)):
        person.open(*path[:depth])
    person.click_line(*path, double=True)
    person.until(lambda: len(window.viewer.layers) > len(before) and person.is_idle)
    quiet(window, person)
    return [layer for layer in window.viewer.layers if id(layer) not in before]


def look(
    window: Window, layer: Layer, center: tuple[float, float], zoom: float
) -> None:
    """Move the camera to a (y, x) of a layer; `zoom` is px of the screen per px."""
    world = layer.data_to_world(center)[-2:]
    camera = window.viewer.scene.camera
    camera.center = (0.0, *world)
    camera.zoom = zoom / layer.scale[-1]
