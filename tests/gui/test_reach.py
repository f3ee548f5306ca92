"""What follows the camera doesn't move the ends of what is shown."""

from __future__ import annotations

from typing import Any

import napari
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_idr._qt.layers.reach import Points, Vectors

ENDS = [[-3.0, -2.0], [5.0, 7.0]]


def test_a_layer_reaches_as_far_as_is_said_wherever_its_rows_lie() -> None:
    viewer = ViewerModel()
    points = Points([[0.0, 0.0]], scale=(2, 2), translate=(10, 0))
    points.reach = ENDS
    viewer.add_layer(points)
    told: list[Any] = []
    viewer.dims.events.range.connect(told.append)
    due = [[4.0, -4.0], [20.0, 14.0]]
    assert points.extent.world.tolist() == due

    points.data = np.array([[100.0, 100.0], [-50.0, 0.0]])

    assert points.extent.world.tolist() == due
    assert not told


def test_another_box_counts_from_then_on() -> None:
    vectors = Vectors(np.zeros((1, 2, 2)))
    vectors.reach = ENDS
    assert vectors.extent.world.tolist() == ENDS

    vectors.reach = [[0.0, 0.0], [1.0, 1.0]]

    assert vectors.extent.world.tolist() == [[0.0, 0.0], [1.0, 1.0]]


def test_without_a_box_it_is_as_napari_has_it() -> None:
    rows = [[1.0, 2.0], [8.0, 3.0]]

    found, due = Points(rows).extent, napari.layers.Points(rows).extent

    assert found.world.tolist() == due.world.tolist()


@pytest.mark.parametrize("kind", [Points, Vectors])
def test_a_copy_of_such_a_layer_is_napari_s(kind: type[Layer]) -> None:
    rows = np.zeros((1, 2)) if kind is Points else np.zeros((1, 2, 2))
    layer = kind(rows)
    layer.reach = ENDS  # type: ignore[attr-defined]

    copy = Layer.create(*layer.as_layer_data_tuple())

    assert type(copy).__module__.startswith("napari.")
    assert type(copy).__name__ == type(layer).__name__
