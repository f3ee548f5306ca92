"""Whether the installed napari reads arrays from where the plugin expects it."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image as ImageLayer

from napari_idr.api import Level
from napari_idr.tiles import TiledArray, check_callers


class Source:
    """Black windows; notes how they are read."""

    def __init__(self):
        self.ways = []

    def peek(self, window):
        return self._note("peek", window)

    def request(self, window):
        return self._note("request", window)

    def read(self, window):
        return self._note("read", window)

    def _note(self, way, window):
        self.ways.append(way)
        return np.zeros(window.shape, np.uint16)


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def array(source):
    level = Level(shape=(8, 8), chunk=(8, 8))
    picks = (0, range(5), range(8), range(8))
    return TiledArray(source, 0, level, 0, picks, np.dtype(np.uint16))


def test_napari_as_installed_is_known():
    assert check_callers() is None


def test_drawing_is_told_from_computing(source, array):
    model = ViewerModel()

    layer = model.add_image(array, contrast_limits=(0, 1))
    model.dims.set_point(0, 1)
    drawn = set(source.ways)
    source.ways.clear()
    np.asarray(layer.data[2])

    assert drawn == {"request"}
    assert source.ways == ["read"]


def test_the_range_of_a_slider_is_told_from_both(source, array):
    layer = ImageLayer(array, contrast_limits=(0, 1))
    source.ways.clear()

    layer.reset_contrast_limits(mode="data")

    assert set(source.ways) == {"peek"}


@pytest.mark.parametrize("there", [True, False])
def test_where_napari_has_moved_it_is_said_aloud(monkeypatch, there):
    moved = "napari.layers._scalar_field._slice"
    monkeypatch.setitem(sys.modules, moved, ModuleType(moved) if there else None)

    said = check_callers()

    assert said is not None
    assert moved in said
    assert "layer_utils" not in said
