"""The browser as it opens, and lists as long as they get, in a window.

The archive has 2000 studies, a screen of 10 000 plates and a dataset of 10 000 images
(`ManyLines` in `worlds.py`). The floor of an opening is an empty dock, that of a gap
the window's own repaint, and that of a list its pages, asked one after the other.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from qtpy.QtCore import QEvent, QModelIndex, QObject
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget

from benchmarks.archive import served_large
from benchmarks.bare import fetch
from benchmarks.figures import Bound, Figure, at_most, milliseconds
from benchmarks.heartbeat import Heartbeat, calm, longest_gap_ms, repaint_ms
from benchmarks.many_lines import LINES, STUDIES
from benchmarks.window import UNNOTICED_MS, opened_window
from napari_idr._qt.panels.layout import SEARCH_TAB, STUDIES_TAB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.figures import Setup
    from support.person import Person
    from support.window import Window

Opened = Literal["browser", "empty"]

OPENING_MS = 150
"""What a person takes for at once."""

LETTER_MS = 50
"""Between two letters of a quick typist there are twice as many."""

SHOWN_TIMES = 1.15

REST_MS = 1500
"""After a window has opened: napari puts off some of what it does then."""

SETTLE_MS = 500
"""After the last line: longer than anything that the tree puts off."""

LIST_PAGE, OBJECT_PAGE = 500, 1000
"""Rows of an answer that are asked for."""

TESTS = Path(__file__).resolve().parents[1] / "tests"

CHILD = f"""
import sys
sys.path.append({str(TESTS)!r})
from benchmarks import lists
lists.open_once(*sys.argv[1:])
"""


def figures(setup: Setup) -> Iterator[Figure]:
    """Yield what it takes to open the browser, and to show and filter long lists."""
    yield _opening(setup)
    came = {what: _Came() for what in PAGES}
    letters = {what: _Came() for what in ("studies", "results")}
    with opened_window() as window:
        person: Person | None = None
        for number in range(setup.rounds + 1):
            with served_large("lists", setup) as address:
                if person is None:
                    person = window.browse(address)
                else:
                    _tabs(person).setCurrentIndex(SEARCH_TAB)
                    person.connect_to(address)
                    person.until_status("Type a gene")
                _one_round(window, person, address, came, letters, bool(number))
    for what, one in came.items():
        yield one.beyond(f"{what} come: gap beyond a repaint, ms", UNNOTICED_MS)
        yield one.times(f"{what} shown / their bare pages")
    for what, one in letters.items():
        lines = "2000 studies" if what == "studies" else "12 000 lines of results"
        yield one.beyond(
            f"a letter filters {lines}: gap beyond a repaint, ms", LETTER_MS
        )


# Opening


def _opening(setup: Setup) -> Figure:
    """Open the browser and an empty dock, each time in a new process, by turns."""
    took: dict[Opened, list[float]] = {"browser": [], "empty": []}
    with served_large("lists", setup) as address:
        for number in range(setup.rounds + 1):
            order: list[Opened] = ["browser", "empty"]
            for what in order if number % 2 else order[::-1]:
                ms = _open_in_a_process(what, address)
                if number:  # the first has files read that are in memory then
                    took[what].append(ms)
    pairs = zip(took["browser"], took["empty"], strict=True)
    return Figure(
        what="the browser opens: beyond an empty dock, ms",
        values=tuple(ours - floor for ours, floor in pairs),
        bound=at_most(OPENING_MS),
        floor=milliseconds(statistics.median(took["empty"])),
    )


def _open_in_a_process(what: Opened, address: str) -> float:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD, what, address],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(done.stdout.split()[-1])


def open_once(what: Opened, address: str) -> None:
    """Open a window, dock the browser or nothing, and print how many ms that took.

    From the wish to the first paint.
    """
    with opened_window() as window:
        QTest.qWait(REST_MS)
        with calm():
            began = time.perf_counter()
            painted = _Painted(_docked(window, what, address))
            while not painted.is_done:
                QApplication.processEvents()
            took = time.perf_counter() - began
        QTest.qWait(REST_MS)  # what has begun isn't cut off
    sys.stdout.write(f"{1000 * took:.1f}\n")


def _docked(window: Window, what: Opened, address: str) -> QWidget:
    docks = window.viewer.window
    if what == "empty":
        widget = QWidget()
        docks.add_dock_widget(widget, name="empty", area="right")
        return widget
    window.preset(address)
    _, widget = docks.add_plugin_dock_widget("napari-idr", "Browse the IDR")
    return widget


class _Painted(QObject):
    """Tells when a widget is painted first."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.is_done = False
        widget.installEventFilter(self)
        widget.update()

    def eventFilter(  # noqa: N802 - Qt's name
        self, watched: QObject | None, event: QEvent | None
    ) -> bool:
        if event is not None and event.type() == QEvent.Type.Paint:
            self.is_done = True
        return super().eventFilter(watched, event)


# Long lists


@dataclass(slots=True)
class _Came:
    """How long the window was busy, and how long it all took, round by round."""

    gaps: list[float] = field(default_factory=list)
    repaints: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)

    def beyond(self, what: str, limit: float) -> Figure:
        pairs = zip(self.gaps, self.repaints, strict=True)
        return Figure(
            what=what,
            values=tuple(gap - repaint for gap, repaint in pairs),
            bound=at_most(limit),
            floor=milliseconds(statistics.median(self.repaints)),
        )

    def times(self, what: str) -> Figure:
        pairs = zip(self.took, self.bare, strict=True)
        return Figure(
            what=what,
            values=tuple(ours / bare for ours, bare in pairs),
            bound=Bound(sense="<=", limit=SHOWN_TIMES),
            floor=milliseconds(1000 * statistics.median(self.bare)),
        )


def _one_round(
    window: Window,
    person: Person,
    address: str,
    came: dict[str, _Came],
    letters: dict[str, _Came],
    counts: bool,
) -> None:
    tree, tabs = person.tree, _tabs(person)

    def line(*rows: int) -> QModelIndex:
        model, index = tree.model(), QModelIndex()
        assert model is not None
        for row in rows:
            index = model.index(row, 0, index)
        return index

    def count(*rows: int) -> int:
        model = tree.model()
        return 0 if model is None else model.rowCount(line(*rows))

    def until(condition: Callable[[], bool]) -> Callable[[], None]:
        return lambda: person.until(condition)

    def one(what: str, begin: Callable[[], object], wait: Callable[[], None]) -> None:
        gap, took = _gap_and_time(begin, wait)
        pages = PAGES[what]
        began = time.perf_counter()
        fetch(address, [[page] for page in pages])
        bare = time.perf_counter() - began
        if counts:
            came[what].gaps.append(gap)
            came[what].took.append(took)
            came[what].bare.append(bare)
            came[what].repaints.append(repaint_ms(window))

    def letter(what: str, name: str) -> None:
        person.find(name).setFocus()
        gap = longest_gap_ms(
            [partial(QTest.keyClicks, person.find(name), "7"), lambda: None],
            every_ms=SETTLE_MS,
        )
        person.type(name, "")
        person.until_idle()
        if counts:
            letters[what].gaps.append(gap)
            letters[what].repaints.append(repaint_ms(window))

    one(
        "2000 studies",
        lambda: tabs.setCurrentIndex(STUDIES_TAB),
        until(lambda: count() == STUDIES and person.is_idle),
    )
    letter("studies", "idr_filter")
    one("10 000 plates", lambda: tree.expand(line(1)), until(lambda: count(1) == LINES))
    letter("results", "idr_results_filter")
    tree.collapse(line(1))
    # The project comes first by name; its dataset is the one with the images.
    tree.expand(line(0))
    person.until(lambda: count(0) == 1 and person.is_idle)
    one(
        "10 000 images",
        lambda: tree.expand(line(0, 0)),
        until(lambda: count(0, 0) == LINES),
    )


def _gap_and_time(
    begin: Callable[[], object], wait: Callable[[], None]
) -> tuple[float, float]:
    """Return the longest gap while something comes, in ms, and how long it took, s."""
    heart = Heartbeat()
    with calm():
        began = time.perf_counter()
        begin()
        wait()
        QApplication.processEvents()
        took = time.perf_counter() - began
        QTest.qWait(SETTLE_MS)
    heart.stop()
    return heart.longest_gap_ms(began, heart.times[-1]), took


def _tabs(person: Person) -> QObject:
    return person.browser.tabs  # type: ignore[attr-defined,no-any-return]


def _objects(kind: str, total: int) -> list[str]:
    pages = range(0, total, OBJECT_PAGE)
    asked = f"/api/v0/m/{kind}/?childCount=true&limit={OBJECT_PAGE}&offset="
    return [f"{asked}{offset}" for offset in pages]


def _rows(kind: str, number: int) -> list[str]:
    """Return the pages of a list, with the empty one that tells its end."""
    pages = range(1, LINES // LIST_PAGE + 2)
    asked = f"/webclient/api/{kind}/?id={number}&limit={LIST_PAGE}&page="
    return [f"{asked}{page}" for page in pages]


PAGES = {
    "2000 studies": [*_objects("screens", STUDIES - 1), *_objects("projects", 1)],
    "10 000 images": _rows("images", 1),
    "10 000 plates": _rows("plates", 1),
}
