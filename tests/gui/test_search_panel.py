"""What is typed, what is suggested, and what is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QLabel, QListWidget

from napari_idr._qt.panels.search import TYPING_PAUSE_MS
from napari_idr.demo.faults import FOREVER
from support.guards import rest
from support.person import LEFT

if TYPE_CHECKING:
    from napari_idr import demo
    from support.fixtures import MakePerson
    from support.person import Person

MITOSIS = "idr0901-demo-mitosis/screenA"
KINOME = "idr0902-demo-kinome/screenA"
TISSUE = "idr0904-demo-tissue/experimentA"


def suggestions(person: Person) -> list[str]:
    shown = person.find("idr_suggestions", QListWidget)
    if not shown.isVisible():
        return []
    return [shown.item(row).text() for row in range(shown.count())]


def type_until_suggested(person: Person, text: str) -> list[str]:
    person.type("idr_value", text)
    person.until(lambda: len(suggestions(person)) > 0)
    return suggestions(person)


@pytest.mark.parametrize("face", ["classic", "idr"])
def test_a_gene_leads_to_the_studies_that_carry_it(
    face: str, request: pytest.FixtureRequest, make_person: MakePerson
) -> None:
    archive: demo.Archive = request.getfixturevalue(face)
    person = make_person(archive.url)

    person.type("idr_value", "CDC20")
    person.press("idr_value", Qt.Key.Key_Return)
    person.until_status("34 images in 3 studies")

    assert person.rows() == [MITOSIS, KINOME, TISSUE]
    assert person.counts() == ["16", "13", "5"]


def test_genes_come_first_among_the_keys(person: Person) -> None:
    keys = person.find("idr_key", QComboBox)

    assert keys.currentText() == "Gene"
    assert keys.count() > 3


def test_another_key_searches_for_something_else(person: Person) -> None:
    person.choose("idr_key", "Compound")

    person.search("nocodazole")

    assert person.rows() == ["idr0903-demo-compound/screenB"]


def test_a_pause_in_typing_brings_suggestions(
    person: Person, classic: demo.Archive
) -> None:
    person.type("idr_value", "CDC2")

    person.until(lambda: len(suggestions(person)) > 0)

    assert any(line.startswith("CDC20") for line in suggestions(person))
    assert len(classic.requests.matching("value=CDC2")) == 1


def test_a_suggestion_is_chosen_with_the_keyboard(person: Person) -> None:
    type_until_suggested(person, "CDC20")

    person.press("idr_value", Qt.Key.Key_Down)
    chosen = person.text("idr_value")
    person.press("idr_value", Qt.Key.Key_Return)
    person.until_status("images in", f"“{chosen}”")

    assert chosen in ("CDC20", "CDC20B", "cdc20")
    assert person.text("idr_value") == chosen
    assert suggestions(person) == []


@pytest.mark.parametrize("pressed", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_enter_searches_what_was_typed_and_no_suggestion(
    pressed: Qt.Key, person: Person
) -> None:
    type_until_suggested(person, "cdc2")

    person.press("idr_value", pressed)
    person.until_status("“cdc2”")

    assert person.text("idr_value") == "cdc2"
    assert suggestions(person) == []


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Escape])
def test_leaving_the_suggestions_leaves_what_was_typed(
    key: Qt.Key, person: Person
) -> None:
    type_until_suggested(person, "cdc2")

    person.press("idr_value", key)
    person.until(lambda: suggestions(person) == [])

    assert person.text("idr_value") == "cdc2"


def test_escape_takes_a_suggestion_back(person: Person) -> None:
    type_until_suggested(person, "cdc2")
    person.press("idr_value", Qt.Key.Key_Down)
    person.press("idr_value", Qt.Key.Key_Down)

    person.press("idr_value", Qt.Key.Key_Escape)

    assert person.text("idr_value") == "cdc2"
    assert suggestions(person) == []


@pytest.mark.parametrize("downs", [1, 2, 3])
def test_undoing_a_suggestion_brings_back_what_was_typed(
    downs: int, person: Person
) -> None:
    type_until_suggested(person, "cdc2")
    for _ in range(downs):
        person.press("idr_value", Qt.Key.Key_Down)
    assert person.text("idr_value").lower().startswith("cdc20")

    undo(person)

    assert person.text("idr_value") == "cdc2"


def test_beyond_the_last_suggestion_lies_what_was_typed(person: Person) -> None:
    offered = len(type_until_suggested(person, "cdc2"))

    for _ in range(offered + 1):
        person.press("idr_value", Qt.Key.Key_Down)
    below = person.text("idr_value")
    person.press("idr_value", Qt.Key.Key_Up)

    assert below == "cdc2"
    assert person.text("idr_value") != "cdc2"


def test_a_click_on_a_suggestion_searches_it_and_can_be_undone(person: Person) -> None:
    type_until_suggested(person, "cdc2")
    shown = person.find("idr_suggestions", QListWidget)
    item = shown.findItems("cdc20", Qt.MatchFlag.MatchCaseSensitive)[0]
    viewport = shown.viewport()
    assert viewport is not None

    place = shown.visualItemRect(item).center()
    QTest.mouseClick(viewport, LEFT, pos=place)
    person.until_status("“cdc20”")
    searched = person.text("idr_value")
    undo(person)

    assert searched == "cdc20"
    assert person.text("idr_value") == "cdc2"


def test_suggestions_on_their_way_do_not_follow_a_search(
    person: Person, classic: demo.Archive
) -> None:
    classic.faults.delay("autocomplete", 400, times=1)
    person.type("idr_value", "cdc2")
    person.until(lambda: classic.requests.in_flight == 1)

    person.press("idr_value", Qt.Key.Key_Return)
    person.until_status("“cdc2”")
    person.until(lambda: classic.requests.in_flight == 0)
    rest(person.browser)

    assert suggestions(person) == []
    assert person.text("idr_value") == "cdc2"


def test_another_key_takes_the_suggestions_for_the_one_before_away(
    person: Person, classic: demo.Archive
) -> None:
    classic.faults.delay("autocomplete", 300, times=1)
    person.type("idr_value", "cdc2")
    person.until(lambda: classic.requests.in_flight == 1)

    person.choose("idr_key", "Compound")
    person.find("idr_value").setFocus()
    person.until(lambda: classic.requests.in_flight == 0)
    rest(person.browser)

    assert suggestions(person) == []


def test_what_is_pasted_is_searched_as_it_is_shown(person: Person) -> None:
    person.paste("idr_value", "\tCDC20\n")

    person.press("idr_value", Qt.Key.Key_Return)
    person.until_status("“CDC20”", "34 images")

    assert person.text("idr_value") == "CDC20"


def test_enter_twice_searches_the_same(person: Person) -> None:
    person.type("idr_value", "CDC20")
    person.press("idr_value", Qt.Key.Key_Return)
    person.press("idr_value", Qt.Key.Key_Return)
    person.until_status("“CDC20”", "34 images")

    assert person.rows() == [MITOSIS, KINOME, TISSUE]


def test_retry_shows_what_it_searches(person: Person, classic: demo.Archive) -> None:
    classic.faults.answer_next(500, match="mapr/api/gene/", times=FOREVER)
    person.type("idr_value", "CDC20")
    person.press("idr_value", Qt.Key.Key_Return)
    person.until(lambda: person.find("idr_retry").isVisible())
    classic.faults.clear()
    person.type("idr_value", "KIF11")

    person.click("idr_retry")
    person.until_status("“CDC20”")

    assert person.text("idr_value") == "CDC20"


def undo(person: Person) -> None:
    QTest.keyClick(
        person.find("idr_value"), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier
    )


def test_typing_on_asks_once(person: Person, classic: demo.Archive) -> None:
    classic.requests.clear()

    person.type("idr_value", "CDC")
    QTest.keyClicks(person.find("idr_value"), "20")
    person.until(lambda: len(suggestions(person)) > 0)

    assert len(classic.requests) == 1


def test_suggestions_that_come_too_late_are_not_shown(
    person: Person, classic: demo.Archive
) -> None:
    classic.faults.delay("autocomplete", 400, times=1)
    person.type("idr_value", "TUB")
    person.until(lambda: classic.requests.in_flight == 1)

    person.type("idr_value", "CDC20")
    person.until(lambda: len(suggestions(person)) > 0)
    person.until(lambda: classic.requests.in_flight == 0)

    assert all("cdc20" in line.lower() for line in suggestions(person))


def test_a_search_takes_the_suggestions_away(
    person: Person, classic: demo.Archive
) -> None:
    person.type("idr_value", "CDC20")
    person.press("idr_value", Qt.Key.Key_Return)
    person.until_status("images in")
    QTest.qWait(TYPING_PAUSE_MS + 50)

    assert suggestions(person) == []
    assert classic.requests.matching("autocomplete/gene/?value=") == []


def spellings(person: Person) -> QLabel:
    return person.find("idr_spellings", QLabel)


def test_another_spelling_is_a_link_that_searches_it(person: Person) -> None:
    person.search("cdc20")
    person.until_status("“cdc20”: 1 image")
    person.until(lambda: spellings(person).isVisible())
    told = spellings(person).text()

    spellings(person).setFocus(Qt.FocusReason.TabFocusReason)
    person.press("idr_spellings", Qt.Key.Key_Tab)
    person.press("idr_spellings", Qt.Key.Key_Return)
    person.until_status("“CDC20”: 34 images")

    assert "Also spelled" in told
    assert "CDC20 (34 images)" in told
    assert ">cdc20" not in told
    assert person.text("idr_value") == "CDC20"


def test_a_value_found_in_other_spellings_alone_names_them(person: Person) -> None:
    person.search("Cdc20")
    person.until(lambda: spellings(person).isVisible())

    assert "Found as" in spellings(person).text()
    assert "CDC20" in spellings(person).text()


def test_spellings_go_with_the_search_they_are_of(person: Person) -> None:
    person.search("cdc20")
    person.until(lambda: spellings(person).isVisible())

    person.search("nothing at all")

    assert not spellings(person).isVisible()
    assert spellings(person).text() == ""
