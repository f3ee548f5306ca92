"""Files around the code say what the code says."""

from __future__ import annotations

import re
import runpy
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest
import yaml

from napari_idr import __version__
from napari_idr._home import HOME
from support.pages import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CONDA = {"napari": "napari-base", "dask[array]": "dask-core"}
"""Other names that the same things have on conda-forge."""

AS_PAGE = runpy.run_path(str(ROOT / "docs/conf.py"))["as_page"]
CHECK_SITE = runpy.run_path(str(ROOT / "tools/check_site.py"))


def yaml_of(name: str) -> dict:
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def test_the_citation_is_of_this_version():
    citation = yaml_of("CITATION.cff")

    assert citation["version"] == __version__
    assert citation["license"] == PROJECT["license"]
    assert bool(HOME) == ("repository-code" in citation)


def test_the_conda_recipe_has_the_dependencies_of_the_package():
    recipe = yaml_of("packaging/conda/recipe.yaml")

    needed = {
        f"{CONDA.get(name, name)} {bounds}"
        for name, bounds in (
            re.fullmatch(r"([\w.\[\]-]+)(.*)", line).groups()
            for line in PROJECT["dependencies"]
        )
    }
    assert recipe["context"]["version"] == __version__
    assert f">={recipe['context']['python_min']}" == PROJECT["requires-python"]
    assert set(recipe["requirements"]["run"][1:]) == needed
    assert recipe["about"]["license"] == PROJECT["license"]


def test_the_tested_pythons_are_the_promised_ones():
    matrix = yaml_of(".github/workflows/ci.yml")["jobs"]["test"]["strategy"]["matrix"]

    promised = {
        text.rpartition(" ")[2]
        for text in PROJECT["classifiers"]
        if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", text)
    }
    assert promised <= set(matrix["python"])
    assert f">={matrix['python'][0]}" == PROJECT["requires-python"]


@pytest.mark.parametrize("name", ["ci.yml", "release.yml"])
def test_what_a_workflow_makes_can_be_made(name: str):
    rules = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    text = (ROOT / ".github/workflows" / name).read_text("utf-8")

    made = set(re.findall(r"run: make ([a-z-]+)", text))
    assert made
    assert made <= set(rules)
    for tool in re.findall(r"run: (tools/[\w-]+)", text):
        assert (ROOT / tool).stat().st_mode & 0o100


def test_each_page_of_the_docs_is_in_a_table_of_contents():
    docs = ROOT / "docs"
    named = set()
    for page in docs.rglob("*.md"):
        for block in re.findall(r"```\{toctree\}\n(.*?)```", page.read_text(), re.S):
            for line in block.splitlines():
                if line and not line.startswith(":"):
                    named |= set(page.parent.glob(f"{line}.md"))

    assert set(docs.rglob("*.md")) - named == {docs / "index.md"}


@pytest.mark.parametrize(
    ("file", "page", "link", "leads_to"),
    [
        ("README.md", "index", "docs/guide.md#open-an-image", "guide.md#open-an-image"),
        ("README.md", "index", "docs/images/plate.png", "images/plate.png"),
        ("README.md", "index", "LICENSE", "../LICENSE"),
        ("README.md", "index", "CONTRIBUTING.md", "contributing.md"),
        ("CONTRIBUTING.md", "contributing", "docs/decisions", "decisions/index.md"),
        ("docs/cookbook/x.md", "cookbook/x", "../../README.md#a", "../index.md#a"),
        ("docs/guide.md", "guide", "#search-a-gene", "#search-a-gene"),
        ("docs/guide.md", "guide", "https://doi.org/x", "https://doi.org/x"),
    ],
)
def test_a_link_between_files_becomes_one_between_pages(
    file: str, page: str, link: str, leads_to: str
):
    assert AS_PAGE(f"[a]({link})", page=page, file=file) == f"[a]({leads_to})"


def test_what_looks_like_a_link_in_code_stays_as_it_is():
    code = "```python\nrows[0](docs/guide.md)\n```"

    assert AS_PAGE(code, page="index", file="README.md") == code


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "a.html").write_text('<a href="b.html#there">b</a> <img src="p.png">')
    (tmp_path / "b.html").write_text('<p id="there"> <a href="https://else.where/x">')
    (tmp_path / "p.png").touch()
    return tmp_path


def test_a_site_whose_links_lead_somewhere_is_right(site: Path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["check_site.py", str(site)])

    assert CHECK_SITE["dead_links"](site) == []
    assert CHECK_SITE["main"]() == 0


@pytest.mark.parametrize("link", ["b.html#nowhere", "c.html", "../c.html", "#nowhere"])
def test_a_link_of_a_site_that_leads_nowhere_is_told(site: Path, link: str):
    (site / "a.html").write_text(f'<a href="{link}">')

    assert CHECK_SITE["dead_links"](site) == [f"a.html: {link}"]


def test_the_guide_begins_with_a_list_of_all_its_sections():
    text = (ROOT / "docs/guide.md").read_text("utf-8")

    listed = re.findall(r"^- \[(.+)\]\(#", text, re.MULTILINE)

    assert listed == re.findall(r"^## (.+)$", text, re.MULTILINE)
