"""The table of a plate's wells, and the plate coloured by it, in a window.

A plate of 1536 wells is the largest there is; the table of 40 000 rows that is put in
its place is what several plates together have. A person's clicks are those of the
tests, in `tests/support`.
"""

from __future__ import annotations

import statistics
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from benchmarks.archive import served
from benchmarks.figures import Figure, at_most, counted
from benchmarks.heartbeat import longest_gap_ms, repaint_ms
from benchmarks.memory import growth_in_pixels
from benchmarks.window import EVERY_MS, KINOME, KINOME_PLATE, beyond, opened_window
from napari_idr import demo
from napari_idr._qt.layers.warming import are_units_read
from napari_idr._qt.wells.dock import WellsDock, open_wells
from napari_idr.model import PlateId, TabledWell, WellColumn, WellsTable
from napari_idr.services.wells.known import WellsKnown
from napari_idr.services.wells.table import IndexedTable
from support.guards import settle
from support.person import Person
from support.pixels import quiet
from support.remote import remote_archive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.figures import Setup
    from support.window import Window

COMPOUND = "idr0903-demo-compound/screenB"
COMPOUND_PLATE = "CP1536 α {batch 3}"  # noqa: RUF001
ROWS = 40_000
GRID_COLUMNS = 200
NUMBERS, TEXTS = 10, 10
"""Columns of the large table, as many as the widest tables of the archive have."""

GENES = 500
"""Different texts in a column."""

COLORINGS = 5

REST_MS = 300
"""After a colouring: longer than anything that is put off in the window."""

TESTS = Path(__file__).resolve().parents[1] / "tests"

CHILD = f"""
import sys
sys.path.append({str(TESTS)!r})
from benchmarks import wells
getattr(wells, sys.argv[1])(sys.argv[2])
"""
"""Calls one of the functions of this file that hold something in a window."""

MOSAIC_PX = (3196, 4796)
"""The (y, x) size of the mosaic of 1536 wells."""


def figures(setup: Setup) -> Iterator[Figure]:
    """Yield what the table of wells and their colours cost."""
    yield from _large_table_and_colors(setup)
    yield _table_queries()
    yield _memory(setup)


@dataclass(frozen=True, slots=True)
class _Wells:
    """A person with a plate in the window and its wells in the dock."""

    window: Window
    browser: Person
    person: Person
    dock: WellsDock

    @property
    def columns(self) -> list[str]:
        """The first columns that wells can be coloured by."""
        box = self.dock.panel.color_by
        return [box.itemData(place) for place in range(1, COLORINGS + 1)]

    def color_by(self, name: str) -> None:
        """Choose a column, as a click on its line in the list does."""
        self.dock.panel.choose_color(name)

    def until_quiet(self) -> None:
        """Wait until nothing is asked for, and nothing waits to be drawn."""
        self.person.until(lambda: self.dock.jobs.count == 0)
        quiet(self.window, self.browser)
        QTest.qWait(REST_MS)

    def sort_by(self, name: str) -> None:
        """Click on the title of a column."""
        table = self.dock.panel.table
        header = table.horizontalHeader()
        assert header is not None
        header.sectionClicked.emit(table.wells.names.index(name))

    def filter(self, text: str) -> None:
        """Have all columns searched, as Enter does."""
        self.dock.panel.filter.setText(text)
        self.person.press("idr_wells_filter", Qt.Key.Key_Return)


def _show_wells(
    window: Window, browser: Person, key: str, value: str, screen: str, plate: str
) -> _Wells:
    """Search, show a plate and the table of its wells, and wait for both."""
    browser.choose("idr_key", key)
    browser.find_plate(value, screen, plate)
    browser.show_plate()
    browser.click("idr_wells_table_button")
    dock = window.native.findChild(WellsDock)
    assert dock is not None
    person = Person(dock, window.viewer, window.qtbot)
    wells = _Wells(window, browser, person, dock)
    wells.person.until(lambda: dock.panel.table.wells.rowCount() > 0)
    wells.until_quiet()
    return wells


def _show_compounds(window: Window, browser: Person) -> _Wells:
    return _show_wells(
        window, browser, "Compound", "nocodazole", COMPOUND, COMPOUND_PLATE
    )


# How busy the window is


def _large_table_and_colors(setup: Setup) -> Iterator[Figure]:
    """Colour 1536 wells; then open, sort and filter a table of 40 000 rows."""
    with remote_archive("idr", delay_ms=setup.delay_ms) as url, opened_window() as win:
        wells = _show_compounds(win, win.browse(url))
        yield from _coloring(wells, setup.rounds)
        yield from _large_table(wells, setup.rounds)


def _coloring(wells: _Wells, rounds: int) -> Iterator[Figure]:
    """Colour by one column after the other; the first time adds napari's layer."""
    draws: list[object] = []
    canvas = wells.window.viewer.window._qt_viewer.canvas._scene_canvas
    columns, most = wells.columns, 0
    gaps, repaints = [], []
    for number in range(rounds + 1):
        for name in columns:
            wells.color_by(name)
            wells.until_quiet()
        wells.color_by(columns[0])
        wells.until_quiet()
        gap = longest_gap_ms(
            [lambda name=name: wells.color_by(name) for name in columns[1:]],
            every_ms=REST_MS,
        )
        if number:  # the first draws with code that napari hasn't loaded before
            gaps.append(gap)
            repaints.append(repaint_ms(wells.window))
    canvas.events.draw.connect(draws.append)
    for name in columns:
        draws.clear()
        wells.color_by(name)
        wells.until_quiet()
        most = max(most, len(draws))
    canvas.events.draw.disconnect(draws.append)
    what = "1536 wells are coloured anew"
    yield beyond(f"{what}: gap beyond a repaint, ms", gaps, repaints)
    yield counted(f"{what}: repaints", most, at_most(1), floor=1)


def _large_table(wells: _Wells, rounds: int) -> Iterator[Figure]:
    """Open the dock on a large table, sort its rows and filter them."""
    dock = wells.dock
    holder = dock.parent()
    open_, sort, filter_ = [], [], []
    floors = []
    numbers, texts = ("measure 0", "measure 1"), ("gene 0", "gene 1")
    for number in range(rounds + 1):
        shown = dock.plate
        assert shown is not None
        known = WellsKnown(shown=shown, indexed=_large())
        holder.hide()
        settle()
        dock._take(known)
        wells.until_quiet()
        gaps = [
            _gap(lambda: open_wells(wells.window.viewer)),
            _gap(*(lambda n=n: wells.sort_by(n) for n in (*numbers, *texts))),
            _gap(
                lambda: wells.filter("gene12"),
                lambda: wells.filter("gene12 yes"),
                lambda: dock.panel.set_condition(numbers[0], "> 500"),
                lambda: dock.panel.set_condition(texts[0], "gene1"),
                dock.panel.clear.click,
            ),
        ]
        assert dock.panel.table.wells.rowCount() == ROWS
        if number:  # the first draws with code that napari hasn't loaded before
            for values, gap in zip((open_, sort, filter_), gaps, strict=True):
                values.append(gap)
            floors.append(repaint_ms(wells.window))
    for what, values in (("opens", open_), ("is sorted", sort), ("filtered", filter_)):
        yield beyond(
            f"a table of 40 000 rows {what}: gap beyond a repaint, ms", values, floors
        )


def _gap(*moves: Callable[[], object]) -> float:
    def made(move: Callable[[], object]) -> Callable[[], None]:
        return lambda: move() and None

    return longest_gap_ms([*map(made, moves), lambda: None], every_ms=4 * EVERY_MS)


def _large() -> IndexedTable:
    """Return a table ready to be looked at, as the dock gets it from a worker."""
    wells = tuple(
        TabledWell(
            label=f"W{place}",
            row=place // GRID_COLUMNS,
            column=place % GRID_COLUMNS,
            well_id=place,
            image_id=place,
            hit=place % 37 == 0,
        )
        for place in range(ROWS)
    )
    numbers = tuple(
        WellColumn(
            name=f"measure {k}",
            kind="number",
            values=tuple((place * (7919 + k)) % 1009 / 2 for place in range(ROWS)),
        )
        for k in range(NUMBERS)
    )
    texts = tuple(
        WellColumn(
            name=f"gene {k}",
            kind="text",
            values=tuple(f"gene{place * (31 + k) % GENES}" for place in range(ROWS)),
        )
        for k in range(TEXTS)
    )
    table = IndexedTable(
        WellsTable(
            plate_id=PlateId(1),
            wells=wells,
            columns=(*numbers, *texts),
            grid_columns=GRID_COLUMNS,
        )
    )
    table.prepare()
    return table


# What is asked for


def _table_queries() -> Figure:
    """Colour a plate of 384 wells five times; the server counts."""
    with demo.serve(face="idr") as archive, opened_window() as window:
        browser = window.browse(archive.url)
        wells = _show_wells(window, browser, "Gene", "CDC20", KINOME, KINOME_PLATE)
        for name in wells.columns:
            wells.color_by(name)
            wells.until_quiet()
        queries = len(archive.requests.matching("/webgateway/table/"))
    return counted(
        f"table queries for {COLORINGS} colourings of 384 wells",
        queries,
        at_most(1),
        floor=1,
    )


# Memory


def _memory(setup: Setup) -> Figure:
    """Measure by how much a window grows that shows a large plate with colours.

    The floor is the same for the pixels of the mosaic, which nobody draws, and layers
    of the same kinds that show next to nothing: what napari loads for its first image,
    its first points, vectors and texts (pandas, scipy, shaders) counts as growth, too.
    """
    ours, floor = [], []
    with served("idr", setup) as address:
        for _ in range(setup.rounds):
            ours.append(growth_in_pixels(CHILD, "hold_a_colored_plate", address))
            floor.append(growth_in_pixels(CHILD, "hold_small_layers", address))
    return Figure(
        what="memory of a coloured plate of 1536 wells / its mosaic",
        values=tuple(ours),
        bound=at_most(3),
        floor=f"{statistics.median(floor):.2f}",
    )


def hold_a_colored_plate(address: str) -> None:
    """Open an empty window, then show a large plate with colours and hold it.

    Says when the window is there, and how many bytes the mosaic has; waits for a line
    each time.
    """
    with _empty_window(address) as (window, browser):
        wells = _show_compounds(window, browser)
        wells.color_by(wells.columns[0])
        wells.until_quiet()
        assert wells.dock.plate is not None
        _say_and_wait(str(wells.dock.plate.canvas.nbytes))


def hold_small_layers(address: str) -> None:
    """Do the same with small layers of napari, and the mosaic's pixels beside them."""
    with _empty_window(address) as (window, _):
        pixels = np.full((*MOSAIC_PX, 3), 100, np.uint8)
        viewer = window.viewer
        viewer.add_image(np.zeros((8, 8, 3), np.uint8), rgb=True)
        viewer.add_points(np.zeros((2, 2)), features={"well": [1, 2]}, visible=False)
        viewer.add_vectors(np.ones((2, 2, 2)))
        viewer.add_points(np.zeros((2, 2)), text={"string": ["A", "B"]})
        viewer.add_image(np.zeros((8, 8, 4), np.uint8), rgb=True)
        window.paint()
        QTest.qWait(REST_MS)
        _say_and_wait(str(pixels.nbytes))


@contextmanager
def _empty_window(address: str) -> Iterator[tuple[Window, Person]]:
    with opened_window() as window:
        browser = window.browse(address)
        window.paint()
        at_rest(browser)
        _say_and_wait("loaded")
        yield window, browser


def at_rest(browser: Person) -> None:
    """Wait until the browser has loaded ahead what it does, on a busy machine too."""
    jobs = browser.browser.jobs  # type: ignore[attr-defined]
    browser.until(lambda: are_units_read() and jobs.count == 0)
    QTest.qWait(REST_MS)


def _say_and_wait(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    sys.stdin.readline()
