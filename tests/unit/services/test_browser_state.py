"""What the browser says of a server and of a search."""

from __future__ import annotations

from napari_idr.model import Capabilities, Screen, ScreenId, SearchKey
from napari_idr.services.browser_state import BrowserState, abilities, found_message
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


def test_what_a_busy_server_did_not_tell_isnt_told_as_lacking():
    busy = able(mapr=None, search_engine=None, rendering=None, lossless=None)

    assert abilities(busy) == "search not known yet · rendering not known yet"
    state = BrowserState(server_info=ServerInfo(capabilities=busy, keys=()))
    assert "too busy to say whether it can search" in state.welcome


def test_a_server_without_a_search_is_told_as_that():
    without = able(rendering=True)

    assert abilities(without) == "no search · renders JPEG"
    state = BrowserState(server_info=ServerInfo(capabilities=without, keys=()))
    assert "has no search" in state.welcome
