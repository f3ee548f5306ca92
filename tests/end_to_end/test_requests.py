"""What is asked of the server, counted by the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from napari_idr import demo
    from support.fixtures import MakePerson
    from support.person import Person

MITOSIS, KINOME = "idr0901-demo-mitosis/screenA", "idr0902-demo-kinome/screenA"
FULL, MISSING = "KN384-02", "KN384 missing/wells é [1]"


@pytest.fixture
def person(classic: demo.Archive, make_person: MakePerson) -> Person:
    person = make_person(classic.url)
    person.find_plate("CDC20", KINOME, FULL)
    classic.requests.clear()
    return person


def test_a_plate_of_384_wells_takes_nine_requests(
    person: Person, classic: demo.Archive
) -> None:
    person.show_plate()

    assert len(classic.requests.matching("/plate/7202/")) == 1
    assert len(classic.requests.matching("/get_thumbnails/")) == 8
    assert len(classic.requests) == 9


def test_a_complete_plate_that_is_shown_again_asks_nothing(
    classic: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(classic.url)
    person.find_plate("CDC20", MITOSIS, "DM0002_02 two runs/[µ]")
    person.show_plate()
    classic.requests.clear()

    person.show_plate()

    assert len(classic.requests) == 0


def test_what_failed_is_asked_for_again_and_nothing_else(
    person: Person, classic: demo.Archive
) -> None:
    person.show_plate()
    assert "J15" in person.status
    classic.requests.clear()

    person.show_plate()

    # One batch of fifty holds the well whose thumbnail the server can't make.
    assert len(classic.requests) == 1
    assert len(classic.requests.matching("/get_thumbnails/")) == 1


def test_of_two_plates_clicked_on_quickly_the_second_is_shown(
    person: Person, classic: demo.Archive
) -> None:
    classic.faults.delay("7201", 300)
    person.click_line(KINOME, MISSING)
    person.click_line(KINOME, FULL)
    person.until_idle()
    person.until(lambda: classic.requests.in_flight == 0)

    assert FULL in person.text("idr_plate_title")


def test_of_two_plates_wished_for_quickly_only_the_second_is_drawn(
    person: Person, classic: demo.Archive
) -> None:
    classic.delay_ms = 60
    person.click("idr_show_plate")
    person.until(lambda: len(classic.requests) >= 1)

    person.click_line(KINOME, MISSING, double=True)
    person.until(lambda: MISSING in person.text("idr_plate_title"))
    person.until_idle()

    assert "thumbnails" in person.status
    assert len(classic.requests.matching("/plate/7201/")) == 1
    assert len(classic.requests.matching("/get_thumbnails/")) <= 8 + 6


def test_another_field_asks_for_its_own_thumbnails(
    classic: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(classic.url)
    person.find_plate("CDC20", MITOSIS, "DM0001_01")
    person.show_plate()
    classic.requests.clear()

    person.choose("idr_field", "2 / 4")
    person.until_idle()

    assert len(classic.requests.matching("/plate/7101/1/")) == 1
    assert len(classic.requests.matching("/get_thumbnails/")) == 2
    assert len(classic.requests) == 3
