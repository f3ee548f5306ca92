"""What hangs on the project's public address, with one and without."""

from __future__ import annotations

import re
import runpy

import pytest

from napari_idr._home import HOME
from napari_idr.transport import user_agent
from support.pages import PAGES, ROOT

BUILD = runpy.run_path(str(ROOT / "hatch_build.py"))
SOMEWHERE = "https://forge.example.org/people/napari-idr"

README = (ROOT / "README.md").read_text(encoding="utf-8")
_TARGET = re.compile(r"\]\(([^)\s]+)\)")
_RELATIVE = re.compile(r"\]\((?!https://|#)")


def targets(text: str) -> list[str]:
    return _TARGET.findall(text)


def test_without_a_home_a_readme_has_no_link_that_leads_nowhere():
    rendered = BUILD["render_readme"](README, "")

    assert not _RELATIVE.search(rendered)
    assert "![" not in rendered
    assert "the guide (`docs/guide.md`)" in rendered
    assert "https://doi.org/10.1038/nmeth.4326" in targets(rendered)


def test_with_a_home_all_links_of_a_readme_lead_there():
    rendered = BUILD["render_readme"](README, SOMEWHERE)

    assert not _RELATIVE.search(rendered)
    assert f"{SOMEWHERE}/raw/HEAD/docs/images/first-plate.png" in targets(rendered)
    assert f"{SOMEWHERE}/blob/HEAD/docs/guide.md" in targets(rendered)
    assert len(targets(rendered)) == len(targets(README))


@pytest.mark.parametrize("home", ["", SOMEWHERE])
def test_code_and_words_of_a_readme_stay_as_they_are(home: str):
    rendered = BUILD["render_readme"](README, home)

    for block in BUILD["FENCED"].findall(README):
        assert block in rendered
    assert re.findall(r"^#.*", rendered, re.MULTILINE) == re.findall(
        r"^#.*", README, re.MULTILINE
    )


def test_links_of_the_package_are_those_of_its_home():
    assert BUILD["project_urls"]("") == {}
    urls = BUILD["project_urls"](SOMEWHERE)

    assert urls["Source Code"] == SOMEWHERE
    assert all(url.startswith(SOMEWHERE) for url in urls.values())


def test_a_client_names_its_home_where_there_is_one():
    assert user_agent(SOMEWHERE).endswith(f" (+{SOMEWHERE})")
    assert re.fullmatch(r"napari-idr/[\w.+]+", user_agent(""))


def test_the_address_stands_in_one_place_only():
    if not HOME:
        pytest.skip("there is none yet")
    places = [ROOT / "pyproject.toml", *PAGES, *(ROOT / "src").rglob("*.py")]

    holders = [path.name for path in places if HOME in path.read_text("utf-8")]

    assert holders == ["_home.py"]
