"""Headings and marks of a plate where the camera rests and other things change."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_idr._qt.layers.headings import FOLLOW_MS, HeadingsLayer
from napari_idr._qt.layers.marks import MarksLayer
from napari_idr._qt.layers.sight import view_of
from napari_idr.services.plate.headings import headings_in_view
from napari_idr.services.plate.mosaic import Heading
from support.plates import plan_without_images

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

ROWS, COLUMNS, TITLE = 8, 12, "DM0001_01"


@pytest.fixture
def shown() -> Any:
    """A plate of 796 x 1196 px in which nothing is known of a well."""
    plan = plan_without_images(ROWS, COLUMNS, (96, 96))

    def of(view: Any, *, note: str, above: float) -> Any:
        return headings_in_view(plan, view, title=TITLE, note=note, above=above)

    return SimpleNamespace(
        name=TITLE,
        plan=plan,
        headings_in_view=of,
        hits=((1, 1),),
        controls=(),
        failed=(),
    )


@pytest.fixture
def viewer(qtbot: QtBot) -> ViewerModel:
    viewer = ViewerModel()
    viewer.canvas.size = (600, 1000)
    look_at_all(viewer)
    return viewer


def look_at_all(viewer: ViewerModel) -> None:
    """Move the camera so that the plate is seen, and room for its headings."""
    viewer.scene.camera.center = (0, 398, 598)
    viewer.scene.camera.zoom = 0.6


PLACE: dict[str, Any] = {"scale": np.ones(2), "translate": np.zeros(2)}


@pytest.fixture
def headings(viewer: ViewerModel, shown: Any, qtbot: QtBot) -> Iterator[HeadingsLayer]:
    made = HeadingsLayer(viewer, shown, note="", above=float("inf"), place=PLACE)
    viewer.add_layer(made.layer)
    look_at_all(viewer)
    qtbot.wait(2 * FOLLOW_MS)
    yield made
    made.close()


def test_an_underscore_lies_on_the_discs_behind_its_text(
    viewer: ViewerModel, shown: Any
) -> None:
    caption = Heading(label=TITLE, y=50, x=100, backed=True)
    shown.headings_in_view = lambda *_, **__: (caption,)
    made = HeadingsLayer(viewer, shown, note="", above=float("inf"), place=PLACE)
    zoom = viewer.scene.camera.zoom

    *discs, text = made.layer.data

    # An underscore is from 9 to 10 px below the middle of its text.
    lowest = min(y for y, _ in discs) + made.layer.size.min() / 2
    assert (lowest - text[0]) * zoom >= 11
    made.close()


def texts(headings: HeadingsLayer) -> list[str]:
    """Return the texts that are written, without the places of hidden ones."""
    return [text for text in headings.layer.features["label"] if text]


def test_headings_follow_the_size_of_the_canvas(
    viewer: ViewerModel, headings: HeadingsLayer, qtbot: QtBot
) -> None:
    assert TITLE in texts(headings)

    viewer.canvas.size = (400, 1000)  # the plate is higher

    def check_cut_canvas() -> None:
        first = texts(headings).index("1")
        assert headings.layer.data[first, 0] > view_of(viewer, *PLACE.values()).top
        assert TITLE not in texts(headings)

    qtbot.waitUntil(check_cut_canvas, timeout=2000)
    viewer.canvas.size = (600, 1000)
    qtbot.waitUntil(lambda: TITLE in texts(headings), timeout=2000)


def test_marks_that_come_into_sight_as_the_canvas_grows_have_its_zoom(
    viewer: ViewerModel, shown: Any, qtbot: QtBot
) -> None:
    marks = MarksLayer(viewer, shown, (), PLACE)
    viewer.add_layer(marks.layer)
    before = float(marks.layer.edge_width)
    viewer.canvas.size = (60, 100)
    viewer.scene.camera.center = (0, 398, 1300)
    viewer.scene.camera.zoom = 1.5
    qtbot.wait(2 * FOLLOW_MS)
    assert float(marks.layer.edge_width) == before

    viewer.canvas.size = (600, 1000)

    qtbot.waitUntil(lambda: float(marks.layer.edge_width) < before, timeout=2000)
    marks.close()


def test_tints_give_way_to_the_colours_of_wells_and_come_back(
    viewer: ViewerModel, shown: Any
) -> None:
    viewer.scene.camera.zoom = 0.1  # wells are tinted
    marks = MarksLayer(viewer, shown, (), PLACE)
    assert marks.layer.edge_color[:, 3].max() < 1

    marks.set_colored(colored=True)
    assert marks.layer.edge_color[-1, 3] == 1
    marks.set_colored(colored=False)

    assert marks.layer.edge_color[:, 3].max() < 1
    marks.close()


@pytest.mark.parametrize("turn", ["transpose", "3D"])
def test_headings_are_hidden_where_they_would_lie_across_the_plate(
    viewer: ViewerModel, headings: HeadingsLayer, qtbot: QtBot, turn: str
) -> None:
    headings.layer.text.visible = True
    before = texts(headings)
    assert TITLE in before

    if turn == "transpose":
        viewer.dims.transpose()
    else:
        viewer.dims.ndisplay = 3

    qtbot.waitUntil(lambda: not texts(headings), timeout=2000)
    assert len(headings.layer.data)
    assert headings.layer.face_color[:, 3].max() == 0  # of the discs behind letters
    viewer.dims.ndisplay = 2
    viewer.dims.order = (0, 1)
    look_at_all(viewer)
    qtbot.waitUntil(lambda: texts(headings) == before, timeout=2000)


def test_headings_made_while_axes_are_transposed_are_hidden(
    viewer: ViewerModel, shown: Any
) -> None:
    viewer.dims.order = (1, 0)

    made = HeadingsLayer(viewer, shown, note="", above=float("inf"), place=PLACE)

    assert not texts(made)
    made.close()
