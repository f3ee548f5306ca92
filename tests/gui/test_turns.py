"""Layers come one in each turn of the event loop, and what is idle takes none."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image

from napari_idr._qt.layers.adding import TurnQueue, add_layer

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_a_call_that_has_nothing_to_do_takes_no_turn(qtbot: QtBot) -> None:
    queue = TurnQueue()
    made: list[str] = []

    def idle() -> bool:
        made.append("idle")
        return False

    def work() -> None:
        made.append("work")

    queue.add("plate", idle, idle, work, idle, work)
    qtbot.waitUntil(lambda: len(made) >= 3)

    assert made == ["idle", "idle", "work"]
    qtbot.waitUntil(lambda: not queue.waits("plate"))
    assert made == ["idle", "idle", "work", "idle", "work"]


def test_calls_that_are_held_wait_and_others_go_on(qtbot: QtBot) -> None:
    queue = TurnQueue()
    made: list[str] = []

    def hold() -> bool:
        queue.hold("plate", 60_000)
        return False

    queue.add("plate", partial(made.append, "first"), hold)
    queue.add("plate", partial(made.append, "held"))
    queue.add("other", partial(made.append, "other"), partial(made.append, "last"))
    qtbot.waitUntil(lambda: "last" in made)

    assert made == ["first", "other", "last"]
    assert queue.waits("plate")
    queue.release("plate")
    qtbot.waitUntil(lambda: made[-1] == "held")
    assert not queue.waits("plate")


def test_what_is_held_goes_on_by_itself_in_the_end(qtbot: QtBot) -> None:
    queue = TurnQueue()
    made: list[str] = []
    queue.hold("plate", 50)
    queue.add("plate", partial(made.append, "held"))

    qtbot.waitUntil(lambda: made == ["held"])


def test_what_is_held_can_be_forgotten(qtbot: QtBot) -> None:
    queue = TurnQueue()
    made: list[str] = []
    queue.hold("plate", 60_000)
    queue.add("plate", partial(made.append, "held"))

    assert queue.forget("plate")
    queue.add("plate", partial(made.append, "anew"))
    qtbot.waitUntil(lambda: made == ["anew"])


@pytest.mark.parametrize("napari_can_say_so", [True, False])
def test_what_is_selected_stays_so_when_a_layer_comes(
    napari_can_say_so: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = ViewerModel()
    mine = viewer.add_image(np.zeros((2, 2)), name="mine")
    if not napari_can_say_so:
        monkeypatch.setattr(viewer.layers, "_activate_on_insert", 1)

    add_layer(viewer, Image(np.zeros((2, 2)), name="another"), activate=False)

    assert viewer.layers.selection.active is mine
    assert set(viewer.layers.selection) == {mine}
    viewer.add_image(np.zeros((2, 2)), name="by the person")
    assert viewer.layers.selection.active.name == "by the person"
