"""A thousand quick clicks: nothing gets stuck, nothing piles up."""

from __future__ import annotations

import gc
import itertools
import random
from typing import TYPE_CHECKING

import psutil
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QTabWidget

from napari_idr._qt.layers.scene import scene_of
from support.guards import our_threads, settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr import demo
    from support.fixtures import MakePerson
    from support.person import Person

MITOSIS, PLATES = (
    "idr0901-demo-mitosis/screenA",
    ("DM0001_01", "DM0002_02 two runs/[µ]"),
)
KINDS = "kinds of image [8 bit, float & RGB]"
TISSUE = "idr0904-demo-tissue/experimentA"
IMAGES = ("8 bit, two channels", "float.dv", "one pixel", "signed.tif")

SEARCH_TAB, STUDIES_TAB = 0, 1

CLICKS = 1000

PAUSES_MS = (0, 1, 5, 20)
"""Between two clicks: some come before the one before has begun, some after."""

GROWTH_BYTES = 150e6
"""The memory may grow by this: a few plates and images that are cached, not 1000."""


def prepare(person: Person) -> None:
    """Open all lines that are clicked later."""
    person.search("CDC20")
    person.open(MITOSIS)
    person.find("idr_tabs", QTabWidget).setCurrentIndex(STUDIES_TAB)
    person.until(lambda: person.is_idle and TISSUE in person.rows())
    person.open(TISSUE)
    person.open(TISSUE, KINDS)


def actions(person: Person, choice: random.Random) -> list[Callable[[], None]]:
    """Return what a hasty person clicks on, if it is there to be clicked on."""
    tabs = person.find("idr_tabs", QTabWidget)
    tab = tabs.currentIndex

    def click(name: str) -> None:
        widget = person.find(name)
        if widget.isVisible() and widget.isEnabled():
            person.click(name)

    def click_plate() -> None:
        tabs.setCurrentIndex(SEARCH_TAB)
        double = choice.random() < 0.5
        person.click_line(MITOSIS, choice.choice(PLATES), double=double)

    def click_image() -> None:
        tabs.setCurrentIndex(STUDIES_TAB)
        double = choice.random() < 0.5
        person.click_line(TISSUE, KINDS, choice.choice(IMAGES), double=double)

    def choose_field() -> None:
        box = person.find("idr_field", QComboBox)
        if box.isVisible() and box.isEnabled():
            box.setCurrentIndex(choice.randrange(box.count()))
            box.activated.emit(box.currentIndex())

    def remove_layers() -> None:
        if choice.random() < 0.3:
            person.viewer.layers.clear()

    assert tab() in (SEARCH_TAB, STUDIES_TAB)
    return [
        click_plate,
        click_image,
        choose_field,
        lambda: click("idr_cancel"),
        lambda: click("idr_show_plate"),
        lambda: click("idr_open_image"),
        lambda: click("idr_regions"),
        remove_layers,
    ]


def rest(person: Person) -> None:
    """Wait until nothing runs, then leave nothing in the viewer."""
    person.until_idle()
    person.until(lambda: person.browser.jobs.wait_idle(0))  # type: ignore[attr-defined]
    plates = scene_of(person.viewer).plates

    def is_empty() -> bool:
        """What was clicked last may still come; what never goes fails the test."""
        person.viewer.layers.clear()
        return person.is_idle and not plates.servers

    person.until(is_empty)
    person.until(lambda: len(our_threads()) == 0)
    settle()
    gc.collect()


def click_about(person: Person, choice: random.Random, count: int) -> None:
    todo = actions(person, choice)
    for number, pause in zip(range(count), itertools.cycle(PAUSES_MS), strict=False):
        choice.choice(todo)()
        if pause or number % 20 == 0:
            QTest.qWait(pause)


def test_a_thousand_quick_clicks_leave_nothing(
    classic: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(classic.url)
    prepare(person)
    choice = random.Random(1)
    # What is loaded once, and the caches, are there before the memory is looked at.
    click_about(person, choice, CLICKS // 5)
    rest(person)
    before = psutil.Process().memory_info().rss

    click_about(person, choice, CLICKS)
    rest(person)

    scene = scene_of(person.viewer)
    assert person.browser.jobs.count == 0  # type: ignore[attr-defined]
    assert scene.session_count == 1
    assert scene.plates.servers == set()
    grown = psutil.Process().memory_info().rss - before
    assert grown < GROWTH_BYTES, f"{grown / 1e6:.0f} MB"
    # Everything still works.
    person.find("idr_tabs", QTabWidget).setCurrentIndex(SEARCH_TAB)
    person.select(MITOSIS, PLATES[0])
    person.show_plate()
    assert "96" in person.status
    assert len(person.viewer.layers) == 4
