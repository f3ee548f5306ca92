"""What follows a viewer lets go of it when it is closed."""

from __future__ import annotations

from typing import Any

from napari.components import ViewerModel

from napari_idr._qt.layers.images import ImageLayers


def test_the_layers_of_images_follow_the_theme_until_they_are_closed() -> None:
    viewer = ViewerModel()
    before = len(viewer.events.theme.callbacks)
    unused: Any = None
    images = ImageLayers(viewer, unused, unused, unused)
    assert len(viewer.events.theme.callbacks) == before + 1

    images.close()

    assert len(viewer.events.theme.callbacks) == before
