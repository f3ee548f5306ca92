"""A server that is busy when it is asked what it can do: that isn't lack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtWidgets import QComboBox

from napari_idr.demo.faults import FOREVER

if TYPE_CHECKING:
    from napari_idr import demo
    from support.fixtures import MakePerson

PROBES = {
    "classic": "mapr/api/autocomplete|mapr/api/config",
    "idr": "searchengine/api/v1/resources/data_sources",
}


@pytest.mark.parametrize("face", ["classic", "idr"])
@pytest.mark.parametrize("button", ["idr_retry", "idr_ask_again"])
def test_a_search_that_isnt_known_is_asked_for_again(
    button: str, face: str, request: pytest.FixtureRequest, make_person: MakePerson
) -> None:
    archive: demo.Archive = request.getfixturevalue(face)
    archive.faults.answer_next(503, match=PROBES[face], times=FOREVER)
    person = make_person(archive.url)
    person.until_status("isn't known yet")
    assert "search not known yet" in person.text("idr_abilities")
    archive.faults.clear()
    archive.requests.clear()

    person.click(button)
    person.until(lambda: person.find("idr_ask_again").isHidden())

    assert "not known" not in person.text("idr_abilities")
    assert archive.requests.matching("keepalive_ping") == []  # that is known
    assert person.find("idr_key", QComboBox).count() > 3


def test_while_it_is_still_busy_retry_stays(
    classic: demo.Archive, make_person: MakePerson
) -> None:
    classic.faults.answer_next(503, match="mapr", times=FOREVER)
    person = make_person(classic.url)
    person.until_status("isn't known yet")

    person.click("idr_retry")
    person.until_status("isn't known yet")

    assert person.find("idr_retry").isVisible()
    assert person.find("idr_ask_again").isVisible()


def test_keys_that_do_not_come_leave_the_studies_to_browse(
    classic: demo.Archive, make_person: MakePerson
) -> None:
    classic.faults.answer_next(503, match="mapr/api/config", times=FOREVER)

    person = make_person(classic.url)
    person.until_status("isn't known yet")
    listed = person.rows()
    classic.faults.clear()
    person.click("idr_retry")
    person.until_status("Type a gene")

    assert listed
    assert person.rows() == listed


def test_rendering_that_isnt_known_leaves_the_search(
    classic: demo.Archive, make_person: MakePerson
) -> None:
    classic.faults.answer_next(503, match="keepalive_ping", times=FOREVER)
    person = make_person(classic.url)
    assert "mapr search · rendering not known yet" in person.text("idr_abilities")
    person.search("CDC20")
    person.until_status("34 images")
    classic.faults.clear()

    person.click("idr_ask_again")
    person.until(lambda: person.find("idr_ask_again").isHidden())

    assert "renders JPEG" in person.text("idr_abilities")
    assert len(person.rows()) == 3
