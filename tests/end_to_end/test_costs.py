"""What each step after a plate is shown costs doesn't grow.

The limits come from what was counted when this was written. Requests and bytes are
the same on any machine; repaints, copies and news depend on how much comes at once, and
have room for a slower one.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_idr._qt.layers.scene import scene_of
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
TISSUE = "idr0904-demo-tissue/experimentA"
STACK = ("stacks/z and t", "stack c3 z5 t7.ome.tiff")
CHANNELS, PLANES, TIMES = 3, 5, 7
PLANE_BYTES = 256 * 200 * 2
"""One channel of a plane, in 16 bits."""

SCRUBBED = 50
"""Planes looked at: all 35 of the stack, and fifteen of them once more. All but the one
that it opens with are asked for meanwhile, unless they were fetched ahead."""

GALLERY = "CDC20 gallery"
GALLERY_REQUESTS = 2
"""34 thumbnails in one, and what they are of in another."""

PAINTED = 2
"""`Window.paint` draws the canvas as often: napari reads in one, and shows in two."""


def with_plate(window: Window, archive: demo.Archive) -> Person:
    person = window.browse(archive.url)
    person.find_plate("CDC20", SCREEN, PLATE)
    person.show_plate()
    person.until(lambda: f"{MOSAIC} headings" in window.names)
    quiet(window, person)
    return person


def assert_within(costs: Costs, most: Costs) -> None:
    """Fail where something costs more; `news` come at most once for each answer."""
    assert costs.requests <= most.requests
    assert costs.sent_bytes <= most.sent_bytes
    assert costs.painted_bytes <= most.painted_bytes
    assert costs.repaints <= most.repaints
    assert costs.news <= most.news


def test_an_image_of_a_plate(window: Window, idr: demo.Archive) -> None:
    person = with_plate(window, idr)
    before = len(window.names)
    place = window.well_point(window.layer(MOSAIC), "C4")

    with counted(window, idr) as costs:
        window.double_click(place)
        person.until(lambda: len(window.names) >= before + 2 and person.is_idle)
        window.paint()
        quiet(window, person)

    # 967,730 bytes sent, 3,846,528 put together, 4 repaints and 2 news
    most = Costs(
        requests=19,
        sent_bytes=1_000_000,
        painted_bytes=8_000_000,
        repaints=2 * 19,
        news=19,
    )
    assert_within(costs, most)


def test_the_way_back_through_a_stack_costs_one_copy_of_each_plane(
    window: Window, idr: demo.Archive
) -> None:
    person = window.browse(idr.url)
    open_image(window, person, TISSUE, *STACK)
    dims = window.viewer.dims
    for z in range(PLANES):
        dims.set_current_step(1, z)
        window.paint()
        quiet(window, person)
    window.paint()  # what came last of the last plane
    quiet(window, person)
    # What came is repainted later, to gather it: that would be counted as well.
    refresher = scene_of(window.viewer).refresher
    timers = refresher._refresh, refresher._finish, refresher._rest
    person.until(lambda: not any(timer.isActive() for timer in timers))

    with counted(window, idr) as costs:
        for z in range(PLANES - 1, -1, -1):
            dims.set_current_step(1, z)
            window.paint()
        quiet(window, person)

    moves = PLANES - 1  # it begins where one is
    most = Costs(
        painted_bytes=moves * CHANNELS * PLANE_BYTES, repaints=PAINTED * PLANES
    )
    assert_within(costs, most)


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

    # 2,857,137 bytes sent, 4,528,512 put together, 5 repaints and 18 news
    most = Costs(
        requests=52,
        sent_bytes=3_000_000,
        painted_bytes=10_000_000,
        repaints=2 * 52,
        news=52,
    )
    assert_within(costs, most)


def test_a_restored_session(window: Window, idr: demo.Archive) -> None:
    person = with_plate(window, idr)
    before = len(window.names)
    window.double_click(window.well_point(window.layer(MOSAIC), "C4"))
    person.until(lambda: len(window.names) >= before + 2 and person.is_idle)
    files = person.browser.session_files  # type: ignore[attr-defined]
    saved = person.browser.session_saver.collect()  # type: ignore[attr-defined]
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

    # 1,272,875 bytes sent, 8,257,536 put together, 11 repaints and 5 news
    most = Costs(
        requests=17,
        sent_bytes=1_300_000,
        painted_bytes=16_000_000,
        repaints=4 * 17,
        news=3 * 17,
    )
    assert_within(costs, most)


def test_a_gallery_of_what_a_search_found(window: Window, idr: demo.Archive) -> None:
    person = window.browse(idr.url)
    person.search("CDC20")
    quiet(window, person)

    with counted(window, idr) as costs:
        person.click("idr_gallery")
        person.until(lambda: f"{GALLERY} headings" in window.names)
        person.until_idle()
        window.paint()
        quiet(window, person)

    # 322,078 bytes sent, 10 repaints and 6 news: the layers, one by one, and thumbnails
    assert costs.requests <= GALLERY_REQUESTS
    assert costs.sent_bytes <= 330_000
    assert costs.painted_bytes == 0
    assert costs.repaints <= 20
    assert costs.news <= 12


def test_fifty_planes_of_a_stack_one_after_the_other(
    window: Window, idr: demo.Archive
) -> None:
    person = window.browse(idr.url)
    open_image(window, person, TISSUE, *STACK)
    dims = window.viewer.dims
    places = list(product(range(TIMES), range(PLANES)))
    there_and_back = (places + places[::-1])[:SCRUBBED]

    with counted(window, idr) as costs:
        for t, z in there_and_back:
            dims.current_step = (t, z, *dims.current_step[2:])
            window.paint()
            quiet(window, person)

    # 7,144,309 bytes sent, 23,552,000 put together, 105 repaints and 42 news, where few
    # planes were fetched ahead while the stack opened
    most = Costs(
        requests=2 * CHANNELS * (PLANES * TIMES - 1),
        sent_bytes=7_400_000,
        painted_bytes=2 * SCRUBBED * CHANNELS * PLANE_BYTES,
        repaints=(PAINTED + 1) * SCRUBBED,
        news=2 * CHANNELS * PLANES * TIMES,
    )
    assert_within(costs, most)
    # Each plane of a channel is a shard: its index is asked for once, its pixels once.
    asked = [(one.path, one.bytes_sent) for one in idr.requests]
    assert len(asked) == len(set(asked))
