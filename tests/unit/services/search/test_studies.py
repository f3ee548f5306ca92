"""Studies are filtered by what is written about them, and put in an order."""

from __future__ import annotations

from napari_idr.cancel import NEVER
from napari_idr.services.search.nothing import Emptiness, nothing_message
from napari_idr.services.search.studies import (
    StudyFilter,
    study_choices,
    wanted_studies,
)
from napari_idr.services.session import ConnectionSettings, Session

MITOSIS = "idr0901-demo-mitosis/screenA"
TISSUE = "idr0904-demo-tissue/experimentA"


def test_licences_and_organisms_of_all_studies_come_in_one_request_a_kind(
    archive,
) -> None:
    session = Session(archive.url, ConnectionSettings(cache=False))
    studies = session.studies(cancel=NEVER)
    archive.requests.clear()

    facts = session.study_facts(studies, cancel=NEVER)
    session.close()

    assert len(archive.requests) == 2
    choices = study_choices(facts)
    assert {name for name, _ in choices.licences} >= {"CC BY", "CC BY-NC"}
    assert "Homo sapiens" in dict(choices.organisms)
    assert sum(count for _, count in choices.licences) == len(studies)

    def names(**wanted: str) -> list[str]:
        found = wanted_studies(studies, facts, StudyFilter(**wanted))  # type: ignore[arg-type]
        return [one.name for one in found]

    assert names() == [one.name for one in studies]
    assert MITOSIS in names(kind="screen")
    assert TISSUE not in names(kind="screen")
    assert set(names(licence="CC BY")) < set(names())
    assert set(names(organism="Homo sapiens", kind="screen", text="mitosis")) == {
        MITOSIS
    }
    counts = {one.name: one.count or 0 for one in studies}
    largest = [counts[name] for name in names(order="largest")]
    assert largest == sorted(largest, reverse=True)
    assert [counts[name] for name in names(order="smallest")] == largest[::-1]


def test_where_there_is_nothing_it_is_said_what_to_do() -> None:
    lost = nothing_message(Emptiness(is_connected=False))
    new = nothing_message(Emptiness(is_connected=True))
    searched = nothing_message(Emptiness(is_connected=True, was_searched=True))
    without = nothing_message(Emptiness(is_connected=True, can_search=False))
    filtered = nothing_message(Emptiness(is_connected=True, filter="x"))
    empty = nothing_message(
        Emptiness(is_connected=True, is_searching=False, were_listed=True)
    )
    unlike = nothing_message(
        Emptiness(
            is_connected=True, is_searching=False, were_listed=True, has_studies=True
        )
    )

    assert "address" in lost
    assert "CDC20" in new
    assert "Choose Gene" in new  # another key may be chosen
    assert "suggestions" in searched
    assert "tab Studies" in without
    assert "Escape" in filtered
    assert "no studies" in empty
    assert "Any licence" in unlike
