"""However far one travels through an image, it takes no more memory than it may."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_idr._qt.layers import refresher
from napari_idr._qt.layers.scene import scene_of
from napari_idr.tiles import ViewingSettings
from support.pixels import look, open_image, quiet
from support.remote import remote_archive

if TYPE_CHECKING:
    from support.window import Window

TISSUE = "idr0904-demo-tissue/experimentA"
PYRAMID = ("large/pyramids", "section 100000 x 80000.ndpi [Series 1]")

BOUND = 64 * 2**20
AROUND = 300 * 2**20
"""What requests, textures and Python itself may take beside the tiles."""

STATUS = Path("/proc/self/status")


def resident_bytes() -> int:
    """Return the memory that this process takes now."""
    line = next(s for s in STATUS.read_text().splitlines() if s.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


@pytest.mark.skipif(not STATUS.exists(), reason="this system tells it in another way")
def test_a_tour_through_a_whole_pyramid_stays_within_its_bound(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = ViewingSettings(memory_bytes=BOUND)
    monkeypatch.setattr(refresher, "viewing_settings", lambda: settings)
    with remote_archive("idr", delay_ms=0) as url:
        person = window.browse(url)
        layers = open_image(window, person, TISSUE, *PYRAMID)
        cache = scene_of(window.viewer).viewing.cache
        shape = np.array(layers[0].data[0].shape[-2:])
        # The first looks load code and make textures, which stay.
        for zoom in (0.01, 1.0):
            look(window, layers[0], tuple(shape / 2), zoom)
            window.paint()
            quiet(window, person)
        before, tiles, seen = resident_bytes(), 0, 0

        for zoom in (0.02, 0.1, 1.0):
            for place in np.ndindex(3, 4):
                look(
                    window,
                    layers[0],
                    tuple(shape * (np.array(place) + 0.5) / (3, 4)),
                    zoom,
                )
                window.paint()
                quiet(window, person)
                tiles = max(tiles, cache.bytes)
                seen += sum(layer._slice.image.raw.nbytes for layer in layers)

        assert seen > 2 * BOUND  # else the tour was too short to tell
        assert tiles <= BOUND
        assert resident_bytes() - before <= BOUND + AROUND
