"""A plate on its way to the screen, and how that grows with wells and with plates.

A person's clicks are those of the tests, in `tests/support`. The lines that this draws
are in `docs/images`.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QTabWidget

from benchmarks import bare
from benchmarks.archive import requests_of, served, served_large
from benchmarks.curves import Curve, Panel, draw_curves
from benchmarks.figures import Figure, at_most, milliseconds
from benchmarks.heartbeat import Heartbeat, calm, in_memory, repaint_ms
from benchmarks.mosaic import paint_mosaic
from benchmarks.window import (
    KINOME,
    KINOME_PLATE,
    MITOSIS,
    MITOSIS_PLATE,
    PLATE_LAYERS,
    STACK,
    TISSUE,
    beyond,
    opened_window,
)
from benchmarks.worlds import SOAK_SCREEN, soak_plate
from napari_idr._qt.layers.scene import scene_of
from napari_idr._qt.panels.layout import SEARCH_TAB, STUDIES_TAB
from napari_idr.services.plate.canvas import blank_canvas
from support.guards import settle
from support.pixels import open_image, quiet
from support.remote import remote_archive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari.layers import Layer

    from benchmarks.figures import Setup
    from support.person import Person
    from support.window import Window

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"

REST_MS = 1000
"""After a plate has come: longer than anything that is put off in the window."""

PLANES = range(10, 22)
"""Planes of a stack that a slider goes through, all of them kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plate:
    """A plate of the demo archive, and what finds it."""

    id: int
    key: str
    value: str
    screen: str
    name: str


PLATES = {
    96: _Plate(id=7101, key="Gene", value="CDC20", screen=MITOSIS, name=MITOSIS_PLATE),
    384: _Plate(id=7202, key="Gene", value="CDC20", screen=KINOME, name=KINOME_PLATE),
    1536: _Plate(
        id=7301,
        key="Compound",
        value="nocodazole",
        screen="idr0903-demo-compound/screenB",
        name="CP1536 α {batch 3}",  # noqa: RUF001
    ),
}
"""By how many wells they have."""

WATCHED = 384
"""The plate on whose way to the screen it is looked more closely."""

LAST_PLATE = 16
"""As many are shown at once at most."""


@dataclass(slots=True)
class _Way:
    """When, in s from the click on, what happened of a plate."""

    first_on_screen: float = 0.0
    there: float = 0.0
    longest_gap_ms: float = 0.0


def figures(setup: Setup) -> Iterator[Figure]:
    """Yield what a plate takes to come, by its wells and by how many are there."""
    yield from _by_wells(setup)
    yield _by_plates(setup)
    yield _cached_plane(setup)


def _by_wells(setup: Setup) -> Iterator[Figure]:
    """Show plates of three sizes, and ask the same by a script, by turns."""
    asked = {
        wells: requests_of("idr", lambda url, one=one: paint_mosaic(url, one.id))
        for wells, one in PLATES.items()
    }
    grid, *thumbnails = asked[WATCHED]
    ours: defaultdict[int, list[float]] = defaultdict(list)
    floor: defaultdict[int, list[float]] = defaultdict(list)
    firsts, batches, gaps, repaints = [], [], [], []
    person: Person | None = None
    with opened_window() as window:
        for number in range(setup.rounds + 1):
            # A new archive has a new address, of which nothing is kept.
            with served("idr", setup) as address:
                person = _at(window, person, address)
                for wells, plate in PLATES.items():
                    # It draws a thumbnail when it is asked for it first.
                    _seconds(address, [asked[wells]])
                    person.choose("idr_key", plate.key)
                    person.find_plate(plate.value, plate.screen, plate.name)
                    way = _show(window, person)
                    took = _seconds(address, [asked[wells][:1], asked[wells][1:]])
                    if number:  # the first draws with code that isn't loaded before
                        ours[wells].append(way.there)
                        floor[wells].append(took)
                    if number and wells == WATCHED:
                        batch = _seconds(address, [[grid], thumbnails[:1]])
                        firsts.append(1000 * way.first_on_screen)
                        batches.append(1000 * batch)
                        gaps.append(way.longest_gap_ms)
                        repaints.append(repaint_ms(window))
                    window.viewer.layers.clear()
                    person.until(lambda: not window.names)
    what = f"{WATCHED} wells"
    yield Figure(
        what=f"{what}: first thumbnails on screen beyond grid and batch, ms",
        values=tuple(np.subtract(firsts, batches).tolist()),
        bound=at_most(100),
        floor=milliseconds(statistics.median(batches)),
    )
    yield beyond(f"{what}: gap from the click on beyond a repaint, ms", gaps, repaints)
    yield from _slopes(ours, floor)
    _draw_wells(ours, floor)


def _slopes(
    ours: dict[int, list[float]], floor: dict[int, list[float]]
) -> Iterator[Figure]:
    """Yield how steep the line is beside that of the requests, and how straight."""
    sizes = list(PLATES)
    mine = np.array([ours[size] for size in sizes])
    bottom = np.array([floor[size] for size in sizes])
    steep = np.polyfit(sizes, mine, 1)[0] / np.polyfit(sizes, bottom, 1)[0]
    parts = np.diff(mine, axis=0) / np.median(np.diff(bottom, axis=0), axis=1)[:, None]
    took = milliseconds(1000 * float(np.median(bottom[-1])))
    yield Figure(
        what="time by wells, 96 to 1536: slope / that of the same requests",
        values=tuple(steep.tolist()),
        bound=at_most(1.15),
        floor=took,
    )
    for (low, high), ratios in zip(pairwise(sizes), parts, strict=True):
        yield Figure(
            what=f"time by wells, {low} to {high}: slope / that of the same requests",
            values=tuple(ratios.tolist()),
            bound=at_most(1.2),
            floor=took,
        )


def _at(window: Window, person: Person | None, address: str) -> Person:
    if person is None:
        return window.browse(address)
    person.connect_to(address)
    person.until_status("Type a gene")
    return person


def _show(window: Window, person: Person) -> _Way:
    """Click on *Show plate*, and note what happens until all of it is there."""
    layers, before = window.viewer.layers, len(window.names)
    canvas = window.viewer.window._qt_viewer.canvas._scene_canvas
    plates = scene_of(window.viewer).plates
    way, heart, waits = _Way(), Heartbeat(), []
    arrived: list[object] = []

    def on_inserted(event: Any) -> None:
        if len(layers) == before + 1:
            event.value.events.set_data.connect(on_sliced)

    def on_sliced(_: Any) -> None:
        """Napari has taken new pixels, which the next frame shows."""
        shown = plates.all_shown[-1]
        if not waits and not np.array_equal(shown.canvas, blank_canvas(shown.plan)):
            waits.append(shown)

    def on_drawn(_: Any) -> None:
        if waits and not way.first_on_screen:
            way.first_on_screen = time.perf_counter() - began

    layers.events.inserted.connect(on_inserted)
    canvas.events.draw.connect(on_drawn, position="last")
    plates.arrived.connect(arrived.append)
    with calm():
        person.until(lambda: len(heart.times) > 1)
        began = time.perf_counter()
        person.click("idr_show_plate")
        person.until(lambda: bool(arrived))
        person.until_idle()
        ended = time.perf_counter()
        way.there = ended - began
        QTest.qWait(REST_MS)
        way.longest_gap_ms = heart.longest_gap_ms(began, heart.times[-1])
    heart.stop()
    plates.arrived.disconnect(arrived.append)
    canvas.events.draw.disconnect(on_drawn)
    layers.events.inserted.disconnect(on_inserted)
    assert len(layers) <= before + PLATE_LAYERS
    return way


def _seconds(address: str, waves: list[Any]) -> float:
    began = time.perf_counter()
    bare.fetch(address, waves)
    return time.perf_counter() - began


# Many plates


def _by_plates(setup: Setup) -> Figure:
    """Show sixteen plates of 96 wells one below the other; all of them stay."""
    ratios, firsts = [], []
    took: defaultdict[int, list[float]] = defaultdict(list)
    person: Person | None = None
    with opened_window() as window:
        for number in range(setup.rounds + 1):
            with served_large("plates", setup) as address:
                person = _at(window, person, address)
                _open_screen(person)
                for place in range(1, LAST_PLATE + 1):
                    person.select(SOAK_SCREEN, soak_plate(place))
                    way = _show(window, person)
                    if number:  # the first draws with code that isn't loaded before
                        took[place].append(way.there)
                window.viewer.layers.clear()
                person.until(lambda: not window.names)
                # What is said of a server that is reached is said where one searches.
                person.find("idr_tabs", QTabWidget).setCurrentIndex(SEARCH_TAB)
    for first, last in zip(took[1], took[LAST_PLATE], strict=True):
        ratios.append(last / first)
        firsts.append(1000 * first)
    _draw_plates(took)
    return Figure(
        what="the sixteenth plate of 96 wells / the first",
        values=tuple(ratios),
        bound=at_most(1.2),
        floor=milliseconds(statistics.median(firsts)),
    )


def _open_screen(person: Person) -> None:
    """Open the screen with the small plates among all studies."""
    person.find("idr_tabs", QTabWidget).setCurrentIndex(STUDIES_TAB)
    person.until(lambda: person.is_idle and SOAK_SCREEN in person.rows())
    person.open(SOAK_SCREEN)


# A plane


def _cached_plane(setup: Setup) -> Figure:
    """Pull a slider over planes that are there; over pixels in memory, by turns."""
    with remote_archive("idr", delay_ms=setup.delay_ms) as url, opened_window() as win:
        person = win.browse(url)
        layers = open_image(win, person, TISSUE, *STACK)
        copies: list[Layer] = [in_memory(layer) for layer in layers]
        for copy in copies:
            copy.visible = False
            win.viewer.add_layer(copy)
        win.viewer.layers.selection.active = layers[0]
        for z in PLANES:
            win.viewer.dims.set_current_step(1, z)
            settle()
            quiet(win, person)
        ours, floor = [], []
        for number in range(setup.rounds + 1):
            for shown, hidden, values in (
                (layers, copies, ours),
                (copies, layers, floor),
            ):
                for layer in hidden:
                    layer.visible = False
                for layer in shown:
                    layer.visible = True
                quiet(win, person)
                took = _pull_ms(win)
                if number:  # the first draws with code that isn't loaded before
                    values.append(took)
    pairs = zip(ours, floor, strict=True)
    return Figure(
        what="a plane that is kept to the screen: beyond its repaint, ms",
        values=tuple(value - bottom for value, bottom in pairs),
        bound=at_most(16),
        floor=milliseconds(statistics.median(floor)),
    )


def _pull_ms(window: Window) -> float:
    """Return how long it takes from a step of the slider until the plane is drawn."""
    took = []
    with calm():
        for z in PLANES:
            began = time.perf_counter()
            window.viewer.dims.set_current_step(1, z)
            window.canvas.repaint()
            took.append(1000 * (time.perf_counter() - began))
            settle()
    return statistics.median(took)


# What it looks like


def _draw_wells(ours: dict[int, list[float]], floor: dict[int, list[float]]) -> None:
    curves = [
        Curve(name="in the window, all layers there", points=_points(ours)),
        Curve(name="the same requests, by a script", points=_points(floor)),
    ]
    _draw("growth-wells.svg", "wells", curves)


def _draw_plates(took: dict[int, list[float]]) -> None:
    curve = Curve(name="a further plate of 96 wells", points=_points(took))
    _draw("growth-plates.svg", "plates in the window", [curve])


def _points(values: dict[int, list[float]]) -> tuple[tuple[float, float], ...]:
    return tuple((n, statistics.median(some)) for n, some in values.items())


def _draw(name: str, x_label: str, curves: list[Curve]) -> None:
    panel = Panel(title="s from the click on", x_label=x_label, curves=curves)
    draw_curves([panel], IMAGES / name)
