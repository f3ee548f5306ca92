"""What a person sets in napari's preferences is what the browser goes by."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import npe2
import pytest
from napari import settings as napari_settings

from napari_idr._qt import settings
from napari_idr.services.session import ConnectionSettings
from napari_idr.transport import MAX_STORE_BYTES, user_agent

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr import demo
    from support.fixtures import MakePerson

    Set = dict[str, SimpleNamespace]

CONNECTION = {
    "at_once": 3,
    "timeout_s": 20,
    "servers": "omero.example.org, other.example.org",
    "contact": "me@example.org",
    "cache": True,
    "cache_folder": "",
    "cache_mb": 512,
}


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> Set:
    """The pages of the preferences, to be set as a person would."""
    pages: Set = {"connection": SimpleNamespace(**CONNECTION)}
    plugin = SimpleNamespace
    monkeypatch.setattr(settings, "get_plugin_settings", lambda name: plugin(**pages))
    return pages


@pytest.fixture
def searches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[npe2.PluginManager]:
    """Napari's own plugins and settings, as new; each search for plugins is noted."""
    searches = []
    plugins = npe2.PluginManager()

    def discover(*_: object, **__: object) -> list[object]:
        searches.append(plugins)
        return []

    monkeypatch.setattr(npe2.PluginManager, "instance", lambda: plugins)
    monkeypatch.setattr(npe2.PluginManifest, "discover", discover)
    monkeypatch.setattr(napari_settings, "_PLUGIN_SETTINGS", {})
    monkeypatch.setattr(napari_settings, "_CFG_PATH", str(tmp_path / "settings.yaml"))
    return searches


def test_napari_searches_no_plugins_for_the_sake_of_one_that_it_knows(
    searches: list[npe2.PluginManager],
) -> None:
    without = settings._page("connection")
    searched = len(searches)
    plugins = npe2.PluginManager.instance()
    plugins.register(npe2.PluginManifest.from_distribution(settings.PLUGIN))

    page = settings._page("connection")

    assert without is None
    assert searched == len(searches) == 1
    assert page.at_once == ConnectionSettings().at_once


def test_how_a_server_is_asked(pages: Set, tmp_path: Path) -> None:
    usual = settings.connection_settings()
    pages["connection"].cache_folder = str(tmp_path)
    pages["connection"].cache_mb = 64
    elsewhere = settings.connection_settings()
    pages["connection"].cache = False
    without = settings.connection_settings()

    assert usual == ConnectionSettings(
        at_once=3, timeout_s=20.0, cache=True, contact="me@example.org"
    )
    assert usual.cache_bytes == MAX_STORE_BYTES
    assert (elsewhere.cache, elsewhere.cache_bytes) == (tmp_path, 64 * 2**20)
    assert without.cache is False


def test_servers_that_are_named_are_offered(
    pages: Set, classic: demo.Archive, make_person: MakePerson
) -> None:
    person = make_person(classic.url)

    box = person.find("idr_server")
    offered = [box.itemText(n) for n in range(box.count())]  # type: ignore[attr-defined]
    assert offered[0] == classic.url
    assert {"omero.example.org", "other.example.org"} <= set(offered)


def test_the_server_is_told_how_a_person_can_be_reached_and_answers_lie_where_wished(
    pages: Set, tmp_path: Path, classic: demo.Archive, make_person: MakePerson
) -> None:
    pages["connection"].cache_folder = str(tmp_path / "kept")

    person = make_person(classic.url)
    person.search("CDC20")

    agents = {one.user_agent for one in classic.requests}
    assert agents == {user_agent(contact="me@example.org")}
    assert "(me@example.org)" in agents.pop()
    person.until(lambda: bool(list((tmp_path / "kept").glob("*.sqlite"))))


def test_all_studies_come_first_if_that_is_wished(
    pages: Set, classic: demo.Archive, make_person: MakePerson
) -> None:
    pages["view"] = SimpleNamespace(
        first_tab="Studies", color_style="frames", scale_bar=True
    )

    person = make_person(classic.url)

    assert settings.view_defaults().color_style == "frames"
    assert person.find("idr_tabs").currentIndex() == 1  # type: ignore[attr-defined]
    assert person.rows()
