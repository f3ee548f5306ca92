"""Cancel stops at once; Retry goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QProgressBar, QTabWidget

from napari_idr.demo.faults import FOREVER, Dripping, Endless, Fault, Silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_idr import demo
    from support.fixtures import MakePerson
    from support.person import Person

KINOME, PLATE = "idr0902-demo-kinome/screenA", "KN384-02"
OTHER = "KN384 missing/wells é [1]"

AT_ONCE = 4
"""Requests under way at most."""


@pytest.fixture
def person(classic: demo.Archive, make_person: MakePerson) -> Person:
    person = make_person(classic.url)
    person.find_plate("CDC20", KINOME, PLATE)
    classic.requests.clear()
    return person


def test_cancel_says_so_and_sends_nothing_more(
    person: Person, classic: demo.Archive
) -> None:
    classic.faults.delay("get_thumbnails", 1000, times=FOREVER)
    person.click("idr_show_plate")
    person.until(lambda: classic.requests.in_flight == AT_ONCE)

    person.click("idr_cancel")

    assert person.is_idle
    assert "Cancelled" in person.status
    sent = len(classic.requests)
    person.until(lambda: classic.requests.in_flight == 0)
    QTest.qWait(300)
    assert len(classic.requests) == sent


def test_a_cancelled_mosaic_stays_as_far_as_it_came(
    classic: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(classic.url)
    person.find_plate("CDC20", "idr0901-demo-mitosis/screenA", "DM0001_01")
    # The ids are asked for in two batches; the second takes its time.
    classic.faults.delay("get_thumbnails.*1900381", 3000)
    person.click("idr_show_plate")
    bar = person.find("idr_progress", QProgressBar)
    name = "DM0001_01, field 1"
    person.until(lambda: bar.value() == 50 and name in person.viewer.layers)

    person.click("idr_cancel")
    person.until_status("Cancelled")

    mosaic = person.viewer.layers[name]
    assert mosaic.metadata["idr"]["plate"]["id"] == 7101
    coarsest = np.asarray(mosaic.data[-1])
    height = len(coarsest)
    assert coarsest[: height // 3].std() > 2 * coarsest[-height // 3 :].std()


def test_a_cancelled_plate_can_be_shown_anew(
    person: Person, classic: demo.Archive
) -> None:
    classic.delay_ms = 60
    person.click("idr_show_plate")
    person.until(lambda: len(classic.requests) > 0)
    person.click("idr_cancel")
    person.until_status("Cancelled")
    classic.delay_ms = 0

    person.show_plate()

    assert "383 of 384" in person.status


def test_progress_is_told_in_counts(person: Person, classic: demo.Archive) -> None:
    classic.thumbnail_ms = 4
    bar = person.find("idr_progress", QProgressBar)

    person.click("idr_show_plate")
    person.until(lambda: bar.value() >= 50)

    assert bar.maximum() == 384
    assert bar.text().endswith("of 384 thumbnails")
    person.click("idr_cancel")


def test_retry_does_what_failed_again(person: Person, classic: demo.Archive) -> None:
    classic.faults.answer_next(503, times=20, match="/plate/7202/")
    person.click("idr_show_plate")
    person.until_status("a problem of its own")
    classic.faults.clear()

    person.click("idr_retry")
    person.until_status("383 of 384")

    assert person.find("idr_retry").isHidden()


def test_a_search_is_cancelled_as_well(person: Person, classic: demo.Archive) -> None:
    classic.faults.delay("/mapr/api/gene", 3000)
    person.type("idr_value", "PLK1")
    person.click("idr_search")
    person.until(lambda: not person.is_idle)

    person.click("idr_cancel")

    assert person.is_idle
    assert "Cancelled" in person.status


def test_a_line_whose_details_were_cancelled_can_be_selected_again(
    person: Person, classic: demo.Archive
) -> None:
    person.search("CDC20")
    person.open(KINOME)
    classic.faults.delay("plates", 1000)
    person.click_line(KINOME, OTHER)
    person.until(lambda: not person.is_idle)
    person.click("idr_cancel")
    classic.faults.clear()

    person.select(KINOME, OTHER)

    assert OTHER in person.text("idr_plate_title")


def test_a_line_that_failed_can_be_selected_again(
    person: Person, classic: demo.Archive
) -> None:
    person.search("CDC20")
    person.open(KINOME)
    classic.faults.answer_next(404, match="/api/v0/m/plates/", times=FOREVER)
    person.select(KINOME, OTHER)
    assert "has no" in person.status
    classic.faults.clear()

    person.select(KINOME, OTHER)

    assert OTHER in person.text("idr_plate_title")


TISSUE, STACKS = "idr0904-demo-tissue/experimentA", "stacks/z and t"
STACK = "stack c3 z5 t7.ome.tiff"

SEARCH_TAB, STUDIES_TAB = 0, 1

QUIET_MS = 300
"""So long nothing more is sent after Cancel."""


@dataclass(frozen=True)
class Action:
    """What a person does in the panel, and how one sees that it was done."""

    name: str
    prepare: Callable[[Person], object]
    act: Callable[[Person], object]
    is_done: Callable[[Person], bool]


def turn_to_studies(person: Person) -> None:
    tabs = person.find("idr_tabs", QTabWidget)
    tabs.setCurrentIndex(SEARCH_TAB)
    tabs.setCurrentIndex(STUDIES_TAB)


def browse(person: Person) -> None:
    turn_to_studies(person)
    person.until(lambda: person.is_idle and TISSUE in person.rows())


def browse_to_stacks(person: Person) -> None:
    browse(person)
    person.open(TISSUE)
    person.open(TISSUE, STACKS)


def open_stack(person: Person) -> None:
    browse_to_stacks(person)
    person.click_line(TISSUE, STACKS, STACK, double=True)
    person.until(lambda: len(person.viewer.layers) == 3 and person.is_idle)


def find_plate(person: Person) -> None:
    person.find_plate("CDC20", KINOME, PLATE)


def find_screen(person: Person) -> None:
    person.search("CDC20")
    person.open(KINOME)


def search(person: Person) -> None:
    person.type("idr_value", "PLK1")
    person.click("idr_search")


ACTIONS = (
    Action(
        "connect",
        lambda person: None,
        lambda person: person.press("idr_server", Qt.Key.Key_Return),
        lambda person: "Type a gene" in person.status,
    ),
    Action(
        "search",
        lambda person: None,
        search,
        lambda person: "PLK1" in person.status,
    ),
    Action(
        "list studies",
        lambda person: None,
        turn_to_studies,
        lambda person: TISSUE in person.rows(),
    ),
    Action(
        "open a line",
        browse,
        lambda person: person.open_line(TISSUE),
        lambda person: STACKS in person.rows(person.line(TISSUE)),
    ),
    Action(
        "select a plate",
        find_screen,
        lambda person: person.click_line(KINOME, OTHER),
        lambda person: OTHER in person.text("idr_plate_title"),
    ),
    Action(
        "show a plate",
        find_plate,
        lambda person: person.click("idr_show_plate"),
        lambda person: "383 of 384" in person.status,
    ),
    Action(
        "open an image",
        browse_to_stacks,
        lambda person: person.click_line(TISSUE, STACKS, STACK, double=True),
        lambda person: len(person.viewer.layers) == 3,
    ),
    Action(
        "regions",
        open_stack,
        lambda person: person.click("idr_regions"),
        lambda person: len(person.viewer.layers) > 3,
    ),
    Action(
        "max z",
        open_stack,
        lambda person: person.click("idr_projection"),
        lambda person: len(person.viewer.layers) == 6,
    ),
)

FAULTS = (Silent(), Dripping(), Endless(bytes_per_s=1e6))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_each_action_ends_with_cancel(
    classic: demo.Archive, make_person: MakePerson, action: Action, fault: Fault
) -> None:
    person = make_person(classic.url)
    action.prepare(person)
    person.until(lambda: classic.requests.in_flight == 0)
    classic.requests.clear()
    classic.faults.lay(fault)
    action.act(person)
    person.until(lambda: len(classic.requests) > 0 and not person.is_idle)

    person.click("idr_cancel")

    assert person.status == "Cancelled."
    assert person.is_idle
    # Cancelled reads have their sockets shut down; what is sent is counted from here.
    person.until(lambda: person.browser.jobs.wait_idle(0), timeout=5000)
    person.until(lambda: classic.requests.in_flight == 0)
    sent = len(classic.requests)
    QTest.qWait(QUIET_MS)
    assert len(classic.requests) == sent
    assert person.status == "Cancelled."

    classic.faults.clear()
    action.act(person)
    person.until(lambda: person.is_idle and action.is_done(person))
