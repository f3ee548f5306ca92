"""What each step from a plate to a restored session costs doesn't grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from support.costs import Costs, counted
from support.guards import settle
from support.person import LEFT
from support.pixels import open_image, quiet

if TYPE_CHECKING:
    from napari_idr import demo
    from support.person import Person
    from support.window import Window

SCREEN, PLATE = "idr0901-demo-mitosis/screenA", "DM0001_01"
MOSAIC = f"{PLATE}, field 1"
TISSUE, STACK = (
    "idr0904-demo-tissue/experimentA",
    ("stacks/z and t", "stack c3 z5 t7.ome.tiff"),
)
GALLERY = "gene CDC20 gallery"


def with_plate(window: Window, archive: demo.Archive) -> Person:
    person = window.browse(archive.url)
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    person.until(lambda: f"{MOSAIC} headings" in window.names)
    quiet(window, person)
    return person


def until_there(window: Window, person: Person, layers: int) -> None:
    """Wait until so many layers have come since, and all their pixels."""
    person.until(lambda: len(window.names) >= layers and person.is_idle)
    window.paint()
    quiet(window, person)


def report(costs: Costs) -> None:
    import sys

    sys.stderr.write(f"\nCOSTS {costs}\n")


def test_an_image_of_a_plate(window: Window, idr: demo.Archive) -> None:
    person = with_plate(window, idr)
    before = len(window.names)
    place = window.well_point(window.layer(MOSAIC), "C4")

    with counted(window, idr) as costs:
        window.double_click(place)
        until_there(window, person, before + 2)

    report(costs)


def test_a_way_back_from_memory(window: Window, idr: demo.Archive) -> None:
    person = window.browse(idr.url)
    open_image(window, person, TISSUE, *STACK)
    dims = window.viewer.dims
    for z in range(5):
        dims.set_current_step(1, z)
        window.paint()
        quiet(window, person)

    with counted(window, idr) as costs:
        for z in range(4, -1, -1):
            dims.set_current_step(1, z)
            window.paint()
        quiet(window, person)

    report(costs)


def test_a_strip_of_wells(window: Window, idr: demo.Archive) -> None:
    person = with_plate(window, idr)
    for well in ("C4", "C5", "A1"):
        place = window.well_point(window.layer(MOSAIC), well)
        QTest.mouseMove(window.canvas, place)
        shift = Qt.KeyboardModifier.ShiftModifier
        QTest.mouseClick(window.canvas, LEFT, shift, place)
        settle()

    with counted(window, idr) as costs:
        person.click("idr_compare")
        person.until(lambda: any("compare" in one for one in window.names))
        person.until_idle()
        window.paint()
        quiet(window, person)

    report(costs)


def test_a_gallery(window: Window, idr: demo.Archive) -> None:
    person = window.browse(idr.url)
    person.search("CDC20")

    with counted(window, idr) as costs:
        person.click("idr_gallery")
        person.until_idle()
        person.until(lambda: GALLERY in window.names)
        window.paint()
        quiet(window, person)

    report(costs)


def test_a_restored_session(window: Window, idr: demo.Archive) -> None:
    person = with_plate(window, idr)
    before = len(window.names)
    window.double_click(window.well_point(window.layer(MOSAIC), "C4"))
    until_there(window, person, before + 2)
    files = person.browser.session_files  # type: ignore[attr-defined]
    saved = files.collect()
    window.viewer.layers.clear()
    settle()
    person.until_idle()
    ended: list[object] = []
    files.ended.connect(ended.append)

    with counted(window, idr) as costs:
        files.open(saved)
        person.until(lambda: bool(ended))
        window.paint()
        quiet(window, person)

    report(costs)
