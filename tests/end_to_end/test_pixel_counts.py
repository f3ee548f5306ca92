"""What is looked at is asked for, and nothing else: counted by the server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtCore import QPoint, QThread
from qtpy.QtTest import QTest
from requests.adapters import HTTPAdapter

from napari_idr._qt.layers.refresher import FINISH_MS, STILL_MS
from support.hands import drag, turn_wheel
from support.pixels import look, open_image, quiet
from support.tiles import tiles_asked_for, tiles_in_sight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.layers import Layer

    from napari_idr import demo
    from support.person import Person
    from support.tiles import Tile
    from support.window import Window

TISSUE = "idr0904-demo-tissue/experimentA"
PYRAMID = ("large/pyramids", "section 100000 x 80000.ndpi [Series 1]")
STACK = ("stacks/z and t", "deep stack c7 z40 t100")

PLACES = [(0.5, 0.5), (0.31, 0.62), (0.64, 0.27)]
"""(y, x) in parts of the image; none at its edge."""


@pytest.fixture(params=["idr", "classic"])
def archive(request: pytest.FixtureRequest) -> demo.Archive:
    """Raw tiles from an OME-Zarr, and tiles that the server draws."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def person(window: Window, archive: demo.Archive) -> Person:
    return window.browse(archive.url)


@pytest.fixture
def layers(window: Window, person: Person) -> list[Layer]:
    return open_image(window, person, TISSUE, *PYRAMID)


def look_at(
    window: Window, person: Person, layers: list[Layer], zoom: float
) -> Iterator[None]:
    """Look at some places of an image, each until all that is seen is there."""
    shape = np.array(layers[0].data[0].shape[-2:])
    for place in PLACES:
        look(window, layers[0], tuple(shape * place), zoom)
        window.paint()
        quiet(window, person)
        yield


@pytest.mark.parametrize("zoom", [0.004, 0.06, 1.0])
def test_a_view_asks_for_what_is_in_sight(
    window: Window,
    archive: demo.Archive,
    person: Person,
    layers: list[Layer],
    zoom: float,
) -> None:
    before = set(tiles_asked_for(archive))
    archive.requests.clear()
    visible: set[Tile] = set()
    for _ in look_at(window, person, layers, zoom):
        visible |= tiles_in_sight(window, layers, archive.face)

    asked = tiles_asked_for(archive)
    assert len(asked) == len(set(asked))
    assert {tile.level for tile in visible} == {layers[0].data_level}
    assert len(visible & set(asked)) >= len(visible) - len(before)
    assert len(asked) <= 1.3 * len(visible)


def test_a_dragged_view_asks_for_nothing_twice(
    window: Window, archive: demo.Archive, person: Person, layers: list[Layer]
) -> None:
    look(window, layers[0], tuple(np.array(layers[0].data[0].shape) / 2), 0.9)
    window.paint()
    quiet(window, person)
    visible = tiles_in_sight(window, layers, archive.face)
    start, end = QPoint(window.canvas.width() - 20, 400), QPoint(20, 400)
    stops = set(visible)
    for there, to in ((start, end), (start, end), (end, start), (end, start)):
        drag(window.canvas, there, to)
        quiet(window, person)
        stops |= tiles_in_sight(window, layers, archive.face)

    asked = tiles_asked_for(archive)
    assert stops - visible
    assert stops <= set(asked)
    assert len(asked) == len(set(asked))


def test_a_wheel_turned_there_and_back_asks_for_nothing_twice(
    window: Window, archive: demo.Archive, person: Person, layers: list[Layer]
) -> None:
    for layer in layers[1:]:
        layer.visible = False
    place = window.canvas.rect().center() + QPoint(60, 40)
    visible: set[Tile] = set()
    for notches in (12, -12, 12):
        turn_wheel(window.canvas, place, notches)
        quiet(window, person)
        visible |= tiles_in_sight(window, layers[:1], archive.face)

    asked = tiles_asked_for(archive)
    assert visible <= set(asked)
    assert len(asked) == len(set(asked))


def test_the_way_back_asks_for_nothing(
    window: Window, archive: demo.Archive, person: Person, layers: list[Layer]
) -> None:
    zooms = [0.01, 0.05, 0.3, 1.0]
    for zoom in zooms:
        [*look_at(window, person, layers, zoom)]
    assert tiles_asked_for(archive)
    archive.requests.clear()

    for zoom in reversed(zooms):
        [*look_at(window, person, layers, zoom)]

    assert not archive.requests


def test_a_hidden_channel_asks_for_nothing(
    window: Window, archive: demo.Archive, person: Person, layers: list[Layer]
) -> None:
    layers[1].visible = False
    archive.requests.clear()

    [*look_at(window, person, layers, 0.3)]

    assert {tile.c for tile in tiles_asked_for(archive)} == {0, 2}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Requests as they are sent: the archive notes them a while later."""
    sent: list[object] = []
    send = HTTPAdapter.send

    def send_counted(adapter: HTTPAdapter, request: Any, **options: Any) -> Any:
        sent.append(request)
        return send(adapter, request, **options)

    monkeypatch.setattr(HTTPAdapter, "send", send_counted)
    return sent


def sent_after_removal(
    window: Window, person: Person, layers: list[Layer], sent: list[object]
) -> int:
    """Remove layers; return how many requests are sent from then on."""
    for layer in layers:
        window.viewer.layers.remove(layer)
    before = len(sent)
    QTest.qWait(500)
    quiet(window, person)
    return len(sent) - before


def test_removed_layers_end_what_was_on_its_way(
    window: Window,
    archive: demo.Archive,
    person: Person,
    layers: list[Layer],
    sent: list[object],
) -> None:
    archive.delay_ms = 200.0
    look(window, layers[0], (40_000.0, 50_000.0), 1.0)
    person.until(lambda: len(sent) > 0)

    # A thread may have been about to send one.
    assert sent_after_removal(window, person, layers, sent) <= 1


def test_what_was_due_when_layers_were_removed_asks_for_nothing(
    window: Window,
    archive: demo.Archive,
    person: Person,
    layers: list[Layer],
    sent: list[object],
) -> None:
    quiet(window, person)
    look(window, layers[0], (40_000.0, 50_000.0), 1.0)  # all of it is due from here
    window.paint()
    person.until(lambda: len(sent) > 0)
    quiet(window, person)
    archive.delay_ms = 200.0
    look(window, layers[0], (44_000.0, 54_000.0), 1.0)
    QThread.msleep(FINISH_MS + STILL_MS)

    assert sent_after_removal(window, person, layers, sent) <= 1


def test_a_slider_pulled_quickly_asks_for_where_it_stops(
    window: Window, archive: demo.Archive, person: Person
) -> None:
    planes = open_image(window, person, TISSUE, *STACK)
    dims, shown = window.viewer.dims, planes[:2]
    for layer in planes[2:]:
        layer.visible = False  # seven take a software renderer too long for this
    archive.delay_ms = 50.0
    archive.requests.clear()

    for t in range(1, 51):
        dims.set_current_step(0, t)
        QTest.qWait(1)
    quiet(window, person)

    # How many planes on the way are asked for is a matter of pace: a benchmark's.
    asked = times_asked_for(archive)
    assert asked.count(50) == len(shown)
    assert all(asked.count(t) <= len(shown) for t in asked)


def times_asked_for(archive: demo.Archive) -> list[int]:
    """Return the time of each plane among an archive's requests."""
    times = []
    for request in archive.requests:
        chunk = re.match(r"/zarr/[^/]+/[^/]+/0/(\d+)/\d+/\d+/0/0$", request.path)
        drawn = re.match(
            r"/webgateway/render_image(?:_region)?/\d+/\d+/(\d+)/", request.path
        )
        if found := chunk or drawn:
            times.append(int(found[1]))
    return times
