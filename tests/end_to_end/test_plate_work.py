"""What a search and a plate cost: requests, layers, work on the GUI thread, frames.

Nothing here depends on how quick the machine is: things are counted, not timed.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_idr._qt.layers import adding, headings, plates, refresher
from napari_idr._qt.layers.scene import scene_of
from napari_idr.services.plate import view
from napari_idr.services.plate.canvas import blank_canvas
from support.guards import settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr import demo
    from support.person import Person
    from support.window import Window

MITOSIS, SMALL = "idr0901-demo-mitosis/screenA", "DM0001_01"
TWO_RUNS = "DM0002_02 two runs/[µ]"
KINOME, PLATE = "idr0902-demo-kinome/screenA", "KN384-02"

BATCHES = 8
"""Answers with fifty thumbnails each."""

PLATE_LAYERS = 4

FOREVER_MS = 600_000

LONG_S = 10.0
"""In which anything that is to happen has happened."""


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what the GUI thread has to do for plates."""
    counts: Counter[str] = Counter()

    def counted(what: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def count_and_call(*args: Any, **options: Any) -> Any:
            counts[what] += 1
            return call(*args, **options)

        return count_and_call

    for what, owner, name in (
        ("turns", adding.TurnQueue, "_next"),
        ("refreshes", refresher.LayerRefresher, "_bring_up_to_date"),
    ):
        monkeypatch.setattr(owner, name, counted(what, getattr(owner, name)))
    return counts


def test_from_the_search_to_the_plate_little_is_done(
    window: Window, classic: demo.Archive, work: Counter[str]
) -> None:
    person = window.browse(classic.url)
    classic.requests.clear()
    canvas = window.viewer.window._qt_viewer.canvas._scene_canvas
    moves: list[object] = []
    active: list[object] = []

    person.find_plate("CDC20", KINOME, PLATE)
    asked = [one for one in classic.requests if "autocomplete" not in one.path]
    searched = len(classic.requests)
    canvas.events.draw.connect(lambda _: work.update(["frames"]))
    window.viewer.scene.camera.events.zoom.connect(moves.append)
    window.viewer.layers.selection.events.active.connect(
        lambda event: active.append(event.value)
    )
    person.show_plate()
    settle()

    # Suggestions depend on how quickly one types.
    assert len(asked) <= 9
    assert len(classic.requests) - searched == 1 + BATCHES
    assert len(window.names) == 4
    # Each layer is made, added and shown; the wells' dots aren't shown.
    assert work["turns"] <= 15
    assert work["refreshes"] <= BATCHES + 1
    assert work["frames"] <= work["turns"] + 2 * work["refreshes"] + 4
    # napari's own look at its first layer, ours, and the canvas once it has controls.
    assert len(moves) <= 4
    assert active == [window.layer(f"{PLATE}, field 1")]


def test_the_picture_comes_before_the_other_layers(
    window: Window, classic: demo.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plates, "PICTURE_MS", FOREVER_MS)
    person = window.browse(classic.url)
    person.find_plate("CDC20", MITOSIS, SMALL)
    layers, seen, painted = window.viewer.layers, [], []

    def on_inserted(event: Any) -> None:
        seen.append(layers[0].visible)
        shown = scene_of(window.viewer).plates.all_shown[-1]
        painted.append(not np.array_equal(shown.canvas, blank_canvas(shown.plan)))

    layers.events.inserted.connect(on_inserted)

    person.show_plate()

    assert seen == [False, True, True, True]
    assert painted[1:] == [True, True, True]
    assert [layer.visible for layer in layers] == [True, False, True, True]


def test_thumbnails_that_are_long_in_coming_keep_no_layer(
    window: Window, classic: demo.Archive
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", MITOSIS, SMALL)
    classic.faults.delay("get_thumbnails", FOREVER_MS)

    person.click("idr_show_plate")

    person.until(lambda: len(window.names) == PLATE_LAYERS)
    shown = scene_of(window.viewer).plates.all_shown[-1]
    assert np.array_equal(shown.canvas, blank_canvas(shown.plan))
    person.click("idr_cancel")
    person.until_idle()


def test_thumbnails_are_asked_for_before_the_table_is_joined(
    window: Window, classic: demo.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", MITOSIS, SMALL)
    join, asked = view.plan_plate_map, []

    def asked_for() -> bool:
        return bool(classic.requests.matching("get_thumbnails"))

    def joined(*args: Any, **options: Any) -> Any:
        until = time.monotonic() + LONG_S
        while not asked_for() and time.monotonic() < until:
            time.sleep(0.01)
        asked.append(asked_for())
        return join(*args, **options)

    monkeypatch.setattr(view, "plan_plate_map", joined)

    person.show_plate()

    assert asked[0]


def test_a_move_of_ours_delays_no_repaint(
    window: Window, classic: demo.Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = window.browse(classic.url)
    person.find_plate("CDC20", MITOSIS, SMALL)
    person.show_plate()
    person.until(lambda: not scene_of(window.viewer).plates._turns._waiting)
    scene = scene_of(window.viewer)
    key = scene.plates.all_shown[0].key
    monkeypatch.setattr(refresher, "STILL_MS", FOREVER_MS)
    scene.refresher._moved = -FOREVER_MS / 1000  # nobody has moved it for long
    drawn: list[object] = []
    window.layer(f"{SMALL}, field 1").events.set_data.connect(drawn.append)

    window.viewer.scene.camera.zoom *= 1.0
    scene.plates.look_at(key)
    drawn.clear()
    scene.paint(key)

    person.until(lambda: bool(drawn))


def test_what_is_out_of_sight_is_not_written_anew(
    window: Window, classic: demo.Archive
) -> None:
    person = show_two(window, classic)
    headings_layer, hits = (
        window.layer(f"{SMALL}, field 1{suffix}") for suffix in (" headings", " hits")
    )
    in_sight = window.viewer.layers[-1]

    def written() -> list[np.ndarray]:
        sizes = headings_layer.size, hits.edge_width
        return [np.array(one) for one in (headings_layer.data, hits.data, *sizes)]

    known = written()
    before = in_sight.size[0]

    window.viewer.scene.camera.zoom *= 4  # nearer, and the other isn't seen

    person.until(lambda: in_sight.size[0] != before)
    settle()
    for one, same in zip(known, written(), strict=True):
        np.testing.assert_array_equal(one, same)


def test_what_comes_into_sight_is_written_for_its_zoom(
    window: Window, classic: demo.Archive
) -> None:
    person = show_two(window, classic)
    window.viewer.scene.camera.zoom *= 2
    first = scene_of(window.viewer).plates.all_shown[0]
    layer = window.layer(f"{SMALL}, field 1 headings")

    scene_of(window.viewer).plates.look_at(first.key)
    window.viewer.scene.camera.zoom *= 2

    zoom = window.viewer.scene.camera.zoom
    due = round(headings.BACKING_PX / zoom, 2)
    person.until(lambda: layer.size[0] == pytest.approx(due))


def show_two(window: Window, archive: demo.Archive) -> Person:
    """Show two plates, one below the other, and look at the second."""
    person = window.browse(archive.url)
    person.find_plate("CDC20", MITOSIS, SMALL)
    person.show_plate()
    person.select(MITOSIS, TWO_RUNS)
    person.show_plate()
    second = scene_of(window.viewer).plates.all_shown[1]
    person.until(lambda: window.names[-1] == f"{second.name} headings")
    settle()
    return person
