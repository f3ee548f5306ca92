"""What is typed, what is suggested, and what is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QComboBox, QLineEdit

from napari_idr._qt.panels.search import TYPING_PAUSE_MS

if TYPE_CHECKING:
    from napari_idr import demo
    from support.fixtures import MakePerson
    from support.person import Person

MITOSIS = "idr0901-demo-mitosis/screenA"
KINOME = "idr0902-demo-kinome/screenA"
TISSUE = "idr0904-demo-tissue/experimentA"


def suggestions(person: Person) -> list[str]:
    completer = person.find("idr_value", QLineEdit).completer()
    assert completer is not None
    model, popup = completer.model(), completer.popup()
    assert model is not None
    assert popup is not None
    if not popup.isVisible():
        return []
    return [model.index(row, 0).data() for row in range(model.rowCount())]


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
    person.type("idr_value", "CDC20")
    person.until(lambda: len(suggestions(person)) > 0)
    completer = person.find("idr_value", QLineEdit).completer()
    assert completer is not None

    QTest.keyClick(completer.popup(), Qt.Key.Key_Down)
    QTest.keyClick(completer.popup(), Qt.Key.Key_Return)
    person.until_status("images in")

    assert person.text("idr_value") in ("CDC20", "CDC20B", "cdc20")
    assert suggestions(person) == []


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
