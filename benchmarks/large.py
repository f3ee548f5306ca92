"""A gallery of 5000 images, and facets of 200 000 hits, in a window.

Both are the largest that there are. A person's clicks are those of the tests, in
`tests/support`.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtTest import QTest

from benchmarks.archive import served_large
from benchmarks.figures import Figure, at_most
from benchmarks.heartbeat import Heartbeat, calm, repaint_ms
from benchmarks.memory import growth_in_pixels
from benchmarks.wells import at_rest
from benchmarks.window import PLATE_LAYERS, beyond, opened_window
from napari_idr._qt.layers.scene import scene_of
from napari_idr._qt.panels.facets import FacetsPanel
from support.guards import settle
from support.pixels import quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.figures import Setup
    from support.person import Person
    from support.window import Window

PATIENCE_MS = 600_000
"""A search of 200 000 hits has 200 pages, one after the other."""

SETTLE_MS = 1000
"""After the last news: longer than anything that is put off in the window."""

MB = 1_000_000

TESTS = Path(__file__).resolve().parents[1] / "tests"

CHILD = f"""
import sys
sys.path.append({str(TESTS)!r})
from benchmarks import large
getattr(large, sys.argv[1])(sys.argv[2])
"""
"""Calls one of the functions of this file that hold something in a window."""


def figures(setup: Setup) -> Iterator[Figure]:
    """Yield what the largest gallery and the largest search cost in a window."""
    yield _busy("5000 images come", "gallery", _fill_a_gallery, setup)
    yield _memory(
        "memory of a gallery of 5000 images in a window / its pixels",
        "gallery",
        "hold_a_gallery",
        limit=3,
        setup=setup,
    )
    yield _busy("200 000 hits are counted", "hits", _count_hits, setup)
    yield _memory(
        "memory of the facets of 200 000 hits in a window, MB",
        "hits",
        "hold_facets",
        limit=200,
        setup=setup,
    )


def _busy(
    what: str, archive: str, load: Callable[[Window, Person], float], setup: Setup
) -> Figure:
    """Return by how much the longest gap while something comes exceeds a repaint."""
    person: Person | None = None
    gaps, repaints = [], []
    with opened_window() as window:
        for number in range(setup.rounds + 1):
            with served_large(archive, setup) as address:
                if person is None:
                    person = window.browse(address)
                else:
                    person.connect_to(address)
                    person.until_status("Type a gene")
                gap = load(window, person)
            if number:  # the first draws with code that napari hasn't loaded before
                gaps.append(gap)
                repaints.append(repaint_ms(window))
            window.viewer.layers.clear()
            settle()
    return beyond(f"{what}: gap beyond a repaint, ms", gaps, repaints)


def _memory(
    what: str, archive: str, held: str, *, limit: float, setup: Setup
) -> Figure:
    with served_large(archive, setup) as address:
        values = tuple(
            growth_in_pixels(CHILD, held, address) for _ in range(setup.rounds)
        )
    return Figure(what=what, values=values, bound=at_most(limit), floor="1")


# 5000 images


def _ask_for_a_gallery(person: Person) -> None:
    person.choose("idr_key", "Organism")
    person.search("Homo sapiens")
    person.click("idr_gallery")
    person.until(lambda: person.find("idr_gallery_confirm").isVisible())
    person.click("idr_gallery_confirm")


def _until_filled(person: Person) -> None:
    cancel = person.find("idr_cancel")  # sought once: a search takes a while
    person.until(cancel.isHidden, PATIENCE_MS)


def _fill_a_gallery(window: Window, person: Person) -> float:
    """Show it; return the longest gap from its layers to its last image, in ms."""
    heart = Heartbeat()
    with calm():
        _ask_for_a_gallery(person)
        person.until(lambda: len(window.names) == PLATE_LAYERS)
        begun = len(heart.times)
        _until_filled(person)
        QTest.qWait(SETTLE_MS)
    heart.stop()
    return heart.longest_gap_ms(heart.times[begun], heart.times[-1])


def hold_a_gallery(address: str) -> None:
    """Open an empty window, then show the gallery and hold it.

    Says when the window is there, and how many bytes the pixels have; waits for a line
    each time.
    """
    with _empty_window(address) as (window, person):
        _ask_for_a_gallery(person)
        person.until(lambda: len(window.names) == PLATE_LAYERS)
        _until_filled(person)
        quiet(window, person)
        [shown] = scene_of(window.viewer).plates.all_shown
        _say_and_wait(str(shown.canvas.nbytes))


# 200 000 hits


def _open_facets(window: Window, person: Person) -> FacetsPanel:
    person.search("CDC20")
    person.click("idr_show_facets")
    person.until(lambda: window.native.findChild(FacetsPanel) is not None)
    panel = window.native.findChild(FacetsPanel)
    assert panel is not None
    person.until(lambda: "counted" in panel.count.text())
    return panel


def _until_counted(person: Person, panel: FacetsPanel) -> None:
    person.until(lambda: panel.count.text() == "200,000 images", PATIENCE_MS)


def _count_hits(window: Window, person: Person) -> float:
    """Count all; return the longest gap from the first page to the last, in ms."""
    panel = _open_facets(window, person)
    heart = Heartbeat()
    with calm():
        _until_counted(person, panel)
        QTest.qWait(SETTLE_MS)
    heart.stop()
    return heart.longest_gap_ms(heart.times[0], heart.times[-1])


def hold_facets(address: str) -> None:
    """Open an empty window, then count what was found and hold it.

    What is said of it are the bytes of a megabyte.
    """
    with _empty_window(address) as (window, person):
        _until_counted(person, _open_facets(window, person))
        _say_and_wait(str(MB))


@contextmanager
def _empty_window(address: str) -> Iterator[tuple[Window, Person]]:
    with opened_window() as window:
        person = window.browse(address)
        window.paint()
        at_rest(person)
        _say_and_wait("loaded")
        yield window, person


def _say_and_wait(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    sys.stdin.readline()
