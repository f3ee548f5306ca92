"""A window while pixels come, beside the same window with its pixels in memory.

Each move is made over the layers of the archive and over layers of the same sizes in
memory, by turns. What napari needs for a move is the same for both: that is the floor.
A person's clicks and looks are those of the tests, in `tests/support`.
"""

from __future__ import annotations

import statistics
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import napari
import numpy as np
import pytest
from napari.settings import get_settings
from qtpy.QtCore import QPoint
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from benchmarks.figures import Figure, at_most, counted, milliseconds
from benchmarks.heartbeat import (
    Heartbeat,
    calm,
    in_memory,
    longest_gap_ms,
    repaint_ms,
    slicing,
)
from napari_idr import demo
from support.guards import settle
from support.hands import drag
from support.pixels import look, open_image, quiet
from support.remote import remote_archive
from support.tiles import tiles_asked_for, tiles_in_sight
from support.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari.layers import Layer

    from benchmarks.figures import Setup
    from support.person import Person

    Moves = list[Callable[[], None]]

UNNOTICED_MS = 33
"""Two frames: what a person doesn't notice."""

PATIENCE = 5
"""How many times as long as in a test a wait may last: nothing is judged by it."""

WORST_KIND = 1.5
"""How much more than a plain layer of points the dearest kind of layer, an image
with levels, takes."""

PLAYED = 30
PLAY_MS = 100
"""Planes that are played, and how long each is due: ten a second."""

EVERY_MS = 40
"""Between two moves: a mouse wheel that is turned quickly."""

MITOSIS, MITOSIS_PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
KINOME, KINOME_PLATE = "idr0902-demo-kinome/screenA", "KN384-02"
PLATE_LAYERS = 4
TISSUE = "idr0904-demo-tissue/experimentA"
PYRAMID = ("large/pyramids", "section 100000 x 80000.ndpi [Series 1]")
STACK = ("stacks/z and t", "deep stack c7 z40 t100")
CROWDED = ("kinds of image [8 bit, float & RGB]", "thousands of regions")


def figures(setup: Setup) -> Iterator[Figure]:
    """Yield how long the window is kept busy, and what it asks for when dragged."""
    yield from _loading_a_plate(setup)
    yield from _moving(setup, in_a_thread=False)
    yield from _moving(setup, in_a_thread=True)
    yield _playing(setup)
    yield _regions(setup)
    yield from _dragging()


class _EventLoop:
    """Runs the event loop until a condition holds, as pytest-qt does for the tests."""

    def waitUntil(  # noqa: N802 - pytest-qt's name
        self, condition: Callable[[], bool], *, timeout: int
    ) -> None:
        deadline = time.monotonic() + PATIENCE * timeout / 1000
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not within {PATIENCE} times {timeout} ms")
            QTest.qWait(5)


@contextmanager
def opened_window() -> Iterator[Window]:
    """Open a napari window of a fixed size."""
    application = get_settings().application
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(application, "save_window_geometry", False)
        patch.setattr(application, "save_window_state", False)
        viewer = napari.Viewer(show_welcome_screen=False)
        viewer.window.resize(1300, 850)
        window = Window(viewer, _EventLoop(), patch)  # type: ignore[arg-type]
        try:
            yield window
        finally:
            window.close()
            settle()


# A plate that loads


def _loading_a_plate(setup: Setup) -> Iterator[Figure]:
    """Load a plate from new archives, and see how busy the window was each time.

    napari adds a layer in one go, which no plugin can divide.
    """
    person: Person | None = None
    adding, additions, filling, repaints = [], [], [], []
    with opened_window() as window:
        for number in range(setup.rounds + 1):
            with remote_archive(delay_ms=setup.delay_ms) as url:
                if person is None:
                    person = window.browse(url)
                else:
                    person.connect_to(url)
                    person.until_status("Type a gene")
                person.find_plate("CDC20", KINOME, KINOME_PLATE)
                work, gap = _load(person, window)
            if number:  # the first draws with code that napari hasn't loaded before
                adding.append(work)
                filling.append(gap)
                repaints.append(repaint_ms(window))
                additions.append(WORST_KIND * _add_layer_ms(window))
            window.viewer.layers.clear()
            person.until(lambda: not window.names)
    yield beyond("a plate loads: gap beyond a repaint, ms", filling, repaints)
    yield beyond("its layers are added: work beyond napari's, ms", adding, additions)


def _load(person: Person, window: Window) -> tuple[float, float]:
    """Show the plate; return how long the window was busy, in ms.

    The longest work while its layers are added, and the longest gap while its
    thumbnails come.
    """
    heart = Heartbeat()
    with calm():
        person.click("idr_show_plate")
        person.until(lambda: len(window.names) == PLATE_LAYERS)
        there = time.perf_counter()
        person.until_idle()
        person.until(lambda: heart.times[-1] > there)
    heart.stop()
    return (
        heart.longest_work_ms(there),
        heart.longest_gap_ms(there, heart.times[-1]),
    )


def _add_layer_ms(window: Window) -> float:
    """Return what napari itself works to add one plain layer and draw it first."""
    took = []
    for _ in range(5):
        began = time.thread_time()
        layer = window.viewer.add_points([[0, 0]])
        QApplication.processEvents()
        took.append(1000 * (time.thread_time() - began))
        window.viewer.layers.remove(layer)
        QApplication.processEvents()
    return max(took)


# Moves over pixels that come


def _moving(setup: Setup, *, in_a_thread: bool) -> Iterator[Figure]:
    """Move over a plate, a large image and a stack, sliced in one way."""
    where = "sliced in a thread" if in_a_thread else "sliced at once"
    with (
        slicing(in_a_thread=in_a_thread),
        remote_archive("idr", delay_ms=setup.delay_ms) as url,
        opened_window() as window,
    ):
        person = window.browse(url)

        def compared(
            what: str, layers: list[Layer], moves: Callable[[int], Moves]
        ) -> Figure:
            ours, floor = _compare(window, person, layers, moves, setup.rounds)
            window.viewer.layers.clear()
            person.until(lambda: not window.names)
            return beyond(f"{what}, {where}: gap beyond memory's, ms", ours, floor)

        person.find_plate("CDC20", MITOSIS, MITOSIS_PLATE)
        person.show_plate()
        mosaic = window.layer(f"{MITOSIS_PLATE}, field 1")
        yield compared("a plate", [mosaic], _through(window, mosaic, deepest=25.0))

        layers = open_image(window, person, TISSUE, *PYRAMID)
        moves = _through(window, layers[0], deepest=100.0)
        yield compared("a large image", layers, moves)

        layers = open_image(window, person, TISSUE, *STACK)
        yield compared("a stack", layers, _scrub(window))


def _compare(
    window: Window,
    person: Person,
    layers: list[Layer],
    moves: Callable[[int], Moves],
    rounds: int,
) -> tuple[list[float], list[float]]:
    """Return the longest gaps over layers and over their like in memory, in ms."""
    copies: list[Layer] = [in_memory(layer) for layer in layers]
    for copy in copies:
        window.viewer.add_layer(copy)
    ours: list[float] = []
    theirs: list[float] = []
    for number in range(rounds + 1):
        for shown, hidden, gaps in [(layers, copies, ours), (copies, layers, theirs)]:
            for layer in hidden:
                layer.visible = False
            for layer in shown:
                layer.visible = True
            quiet(window, person)
            gap = longest_gap_ms(moves(number), every_ms=EVERY_MS)
            if number:  # the first draws with code that napari hasn't loaded before
                gaps.append(gap)
    return ours, theirs


def _through(window: Window, layer: Layer, deepest: float) -> Callable[[int], Moves]:
    """Return moves that zoom in at another place each time, pan, and zoom out."""
    camera = window.viewer.scene.camera
    start = camera.zoom
    corner, end = layer.extent.world[:, -2:]

    def zoom(factor: float) -> None:
        camera.zoom = start * factor

    def pan(y: float, x: float) -> None:
        step = np.array([y, x]) / camera.zoom
        camera.center = (0.0, *(np.array(camera.center[-2:]) + step))

    def moves(number: int) -> Moves:
        parts = np.random.default_rng(number).uniform(0.3, 0.7, 2)
        place = corner + (end - corner) * parts
        inwards = np.geomspace(1, deepest, 9)
        pans = [(60.0, 80.0)] * 5 + [(-40.0, 100.0)] * 5
        return [
            lambda: setattr(camera, "center", (0.0, *place)),
            *(lambda factor=factor: zoom(factor) for factor in inwards),
            *(lambda step=step: pan(*step) for step in pans),
            *(lambda factor=factor: zoom(factor) for factor in inwards[::-1]),
        ]

    return moves


def _scrub(window: Window) -> Callable[[int], Moves]:
    """Return moves that pull the z slider there quickly, and back more quickly."""
    steps = [*range(10, 30), *range(30, 0, -3)]
    dims = window.viewer.dims
    return lambda _: [lambda z=z: dims.set_current_step(1, z) for z in steps]


# A stack that is played


def _playing(setup: Setup) -> Figure:
    """Play planes that are in memory; count those that weren't drawn in their time.

    The floor is the same over layers that napari has in memory, as a slow machine draws
    fewer anyway.
    """
    dropped, floor = [], []
    with (
        remote_archive("idr", delay_ms=setup.delay_ms) as url,
        opened_window() as window,
    ):
        person = window.browse(url)
        layers = open_image(window, person, TISSUE, *STACK)[:1]
        for layer in window.viewer.layers:
            layer.visible = layer in layers
        for z in range(PLAYED):  # they come into memory
            window.viewer.dims.set_current_step(1, z)
            window.paint()
            person.until(lambda z=z: _plane_shown(layers[0]) == z)
            quiet(window, person)
        copies = [in_memory(layer) for layer in layers]
        for copy in copies:
            window.viewer.add_layer(copy)
        for number in range(setup.rounds + 1):
            for shown, hidden, counts in (
                (layers, copies, dropped),
                (copies, layers, floor),
            ):
                for layer in hidden:
                    layer.visible = False
                for layer in shown:
                    layer.visible = True
                quiet(window, person)
                count = _play(window, layers[0] if shown is layers else None)
                if number:  # the first draws with code that napari hasn't loaded yet
                    counts.append(count)
    what = f"{PLAYED} planes in memory played at 10 a second: dropped"
    return Figure(
        what=f"{what} beyond napari's",
        values=tuple(a - b for a, b in zip(dropped, floor, strict=True)),
        bound=at_most(0),
        floor=f"{statistics.median(floor):g}",
    )


def _play(window: Window, ours: Layer | None) -> float:
    """Go from plane to plane; return how many weren't drawn before the next was due."""
    draws: list[object] = []
    canvas = window.viewer.window._qt_viewer.canvas._scene_canvas
    canvas.events.draw.connect(draws.append)
    missed = 0
    with calm():
        for z in range(PLAYED):
            draws.clear()
            window.viewer.dims.set_current_step(1, z)
            QTest.qWait(PLAY_MS)
            is_there = ours is None or _plane_shown(ours) == z
            missed += not (draws and is_there)
    canvas.events.draw.disconnect(draws.append)
    return missed


def _plane_shown(layer: Layer) -> int:
    """Return the plane along z that a layer of ours shows."""
    array = layer.data[0] if layer.multiscale else layer.data
    plane = array.source.shown_plane
    return -1 if plane is None else int(plane.z)


# Regions over an image


def _regions(setup: Setup) -> Figure:
    """Zoom and pan with thousands of regions over an image, and without them."""
    ratios, floor = [], []
    with remote_archive(delay_ms=setup.delay_ms) as url, opened_window() as window:
        person = window.browse(url)
        images = open_image(window, person, TISSUE, *CROWDED)
        count = len(window.names)
        person.click("idr_regions")
        person.until(lambda: len(window.names) > count and person.is_idle)
        regions = window.viewer.layers[count]
        for number in range(setup.rounds + 1):
            took = {}
            for shown in (True, False):
                regions.visible = shown
                settle()
                quiet(window, person)
                took[shown] = _tour_ms(window, images[0])
            if number:  # the first draws with code that napari hasn't loaded before
                ratios.append(took[True] / took[False])
                floor.append(took[False])
    return Figure(
        what="repaint with 4000 regions / without",
        values=tuple(ratios),
        bound=at_most(1.5),
        floor=milliseconds(statistics.median(floor)),
    )


def _tour_ms(window: Window, layer: Layer) -> float:
    """Return what a repaint takes on average while one zooms in, pans and zooms out."""
    center = np.array(layer.data.shape[-2:]) / 2
    zooms = np.geomspace(0.25, 4, 4)
    views = [(center, zoom) for zoom in zooms]
    views += [(center + step, 4.0) for step in (40, 80, 120)]
    views += [(center, zoom) for zoom in zooms[::-1]]
    with calm():
        began = time.perf_counter()
        for place, zoom in views:
            look(window, layer, tuple(place), zoom)
            window.canvas.repaint()
            settle()
        return 1000 * (time.perf_counter() - began) / len(views)


# A view that is dragged


def _dragging() -> Iterator[Figure]:
    """Drag a view over a large image and back: the pace of a hand, three times."""
    with demo.serve(face="idr") as archive, opened_window() as window:
        person = window.browse(archive.url)
        layers = open_image(window, person, TISSUE, *PYRAMID)
        look(window, layers[0], tuple(np.array(layers[0].data[0].shape) / 2), 0.9)
        window.paint()
        quiet(window, person)
        there = tiles_in_sight(window, layers, archive.face)
        right, left = QPoint(window.canvas.width() - 20, 400), QPoint(20, 400)

        def dragged(start: QPoint, end: QPoint) -> tuple[int, set[object]]:
            archive.requests.clear()
            stops: set[object] = set()
            for _ in range(3):
                with calm():
                    drag(window.canvas, start, end)
                quiet(window, person)
                stops |= tiles_in_sight(window, layers, archive.face)
            return len(tiles_asked_for(archive)), stops

        asked, stops = dragged(right, left)
        back, _ = dragged(left, right)
    yield counted(
        "a dragged view: asked / in sight where it stops",
        asked / len(stops - there),
        at_most(1.3),
        floor=1,
    )
    yield counted("... asked on the way back", back, at_most(0))


def beyond(what: str, values: list[float], floor: list[float]) -> Figure:
    """Return how much longer something took than the floor, round by round."""
    pairs = zip(values, floor, strict=True)
    return Figure(
        what=what,
        values=tuple(value - bottom for value, bottom in pairs),
        bound=at_most(UNNOTICED_MS),
        floor=milliseconds(statistics.median(floor)),
    )
