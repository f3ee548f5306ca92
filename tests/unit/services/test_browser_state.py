"""What the browser says of a server and of a search."""

from __future__ import annotations

from dataclasses import replace

from napari_idr.model import (
    Capabilities,
    ImageId,
    Plate,
    PlateId,
    Screen,
    ScreenId,
    SearchKey,
)
from napari_idr.services.browser_state import BrowserState, abilities, found_message
from napari_idr.services.details import PlateDetails
from napari_idr.services.search.catalog import Entry, Query
from napari_idr.services.session import Found, ServerInfo

GENE = SearchKey(name="gene", label="Gene", attributes=("Gene Symbol",))
QUERY = Query(key=GENE, value="CDC20")
STUDY = Entry(item=Screen(id=ScreenId(1), name="idr0901"), count=34, query=QUERY)


def able(**known):
    every = dict.fromkeys(
        ("json_api", "mapr", "search_engine", "rendering", "lossless"), False
    )
    return Capabilities(**{**every, "json_api": True, **known})


def test_what_was_found_is_told_with_what_was_searched():
    message = found_message(Found(query=QUERY, entries=(STUDY,)))

    assert message == "“CDC20”: 34 images in 1 study."


def known(capabilities, *, keys=(), search) -> ServerInfo:
    return ServerInfo(capabilities=capabilities, keys=keys, search=search)


def test_what_a_busy_server_did_not_tell_isnt_told_as_lacking():
    busy = known(
        able(mapr=None, search_engine=None, rendering=None, lossless=None), search=None
    )

    assert abilities(busy) == "search not known yet · rendering not known yet"
    assert busy.is_incomplete
    assert "isn't known yet" in BrowserState(server_info=busy).welcome


def test_a_search_whose_keys_did_not_come_isnt_known_yet():
    server_info = known(able(mapr=True, rendering=True), search=None)

    assert abilities(server_info) == "search not known yet · renders JPEG"
    assert server_info.is_incomplete


def test_a_server_without_a_search_is_told_as_that():
    without = known(able(rendering=True), search=False)

    assert abilities(without) == "no search · renders JPEG"
    assert not without.is_incomplete
    assert "has no search" in BrowserState(server_info=without).welcome


PLATE = PlateDetails(
    plate=Plate(id=PlateId(5), name="p"),
    server="http://a",
    query=QUERY,
    hit_images=frozenset({ImageId(1)}),
)
OTHER = replace(QUERY, value="KIF11")


def searched(*, on_line: bool) -> BrowserState:
    """Return the state after a search and a look at a plate that it found."""
    state = BrowserState()
    state.follow(QUERY)
    if on_line:
        state.select(Entry(item=PLATE.plate, query=QUERY, parent=STUDY))
    state.receive(PLATE)
    return state


def test_a_new_search_leaves_no_hits_of_the_one_before():
    state = searched(on_line=True)

    state.follow(OTHER)
    state.keep(frozenset({PLATE.subject}))

    assert state.plate == state.details == PLATE.without_hits()


def test_the_card_of_a_plate_that_is_shown_gets_the_hits_of_the_new_search():
    state = searched(on_line=True)
    state.follow(OTHER)
    marked = replace(PLATE, query=OTHER)

    state.mark(marked)

    assert state.plate == state.details == marked


def test_hits_of_an_older_search_that_come_late_are_left_out():
    state = searched(on_line=True)
    state.follow(OTHER)

    assert state.receive(PLATE) == PLATE.without_hits()


def test_what_a_new_search_leaves_goes_unless_it_is_in_the_viewer():
    state = searched(on_line=True)

    state.follow(OTHER)

    assert state.keep(frozenset())
    assert state.details is state.plate is None


def test_what_is_selected_stays_whatever_is_in_the_viewer():
    state = searched(on_line=True)

    assert not state.keep(frozenset())
    assert state.details == PLATE


def test_a_well_that_was_clicked_goes_with_its_plate():
    state = searched(on_line=False)

    assert not state.keep(frozenset({PLATE.subject}))
    assert state.keep(frozenset())
    assert state.details is None


LINE = Entry(item=PLATE.plate, query=QUERY, parent=STUDY)


def looked_at_a_well() -> BrowserState:
    """Return the state after a look at a plate of the tree, and at a well of it."""
    state = searched(on_line=True)
    state.leave_line()
    return state


def test_a_line_that_still_is_selected_is_told_of_when_all_else_has_gone():
    state = looked_at_a_well()

    state.keep(frozenset())

    assert state.details == state.plate == PLATE
    assert not state.select(LINE)  # it needn't be asked for again


def test_the_line_of_an_older_search_is_not_told_of():
    state = looked_at_a_well()

    state.follow(OTHER)

    assert state.keep(frozenset())
    assert state.details is None


def test_what_has_left_the_viewer_is_told_of_again_when_it_is_back():
    state = searched(on_line=False)
    state.keep(frozenset())

    assert not state.bring_back(frozenset())
    assert state.bring_back(frozenset({PLATE.subject}))
    assert state.details == state.plate == PLATE


def test_what_was_looked_at_since_stays_when_other_things_come_back():
    state = searched(on_line=False)
    state.keep(frozenset())
    other = replace(PLATE, plate=Plate(id=PlateId(9), name="other"), query=None)
    state.receive(other)

    assert not state.bring_back(frozenset({PLATE.subject}))
    assert state.details == other
