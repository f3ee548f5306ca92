"""The cookbook's code runs, and prints what its pages say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.pages import ROOT, blocks_of, printed_by

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr import demo

COOKBOOK = ROOT / "docs/cookbook"
RECIPES = sorted(set(COOKBOOK.glob("*.md")) - {COOKBOOK / "index.md"})

ON_EITHER_FACE = [
    page for page in RECIPES if page.name not in ("measure.md", "same-phenotype.md")
]
"""What is measured are raw pixels, and the face with mapr has none of wells; nor does
mapr take conditions."""

SHORTEST, LONGEST = 15, 40
"""Lines of a script that is read at a glance, and does something."""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a page writes goes where no other page reads it."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("page", RECIPES, ids=lambda page: page.name)
def test_a_page_prints_what_it_says(page: Path, idr_archive: demo.Archive):
    (recipe,) = blocks_of(page)

    assert printed_by(recipe.code, idr_archive.url) == recipe.printed


@pytest.mark.parametrize("page", ON_EITHER_FACE, ids=lambda page: page.name)
def test_a_server_with_mapr_gives_the_same(page: Path, archive: demo.Archive):
    (recipe,) = blocks_of(page)

    assert printed_by(recipe.code, archive.url) == recipe.printed


@pytest.mark.parametrize("page", RECIPES, ids=lambda page: page.name)
def test_a_page_has_a_question_steps_and_a_short_script(page: Path):
    text = page.read_text(encoding="utf-8")
    (recipe,) = blocks_of(page)

    title, question = [line for line in text.splitlines() if line][:2]
    assert title.startswith("# ")
    assert question.startswith("*")
    assert text.index("## In the window") < text.index("## In a script")
    assert SHORTEST <= len(recipe.code.splitlines()) <= LONGEST


def test_the_index_names_each_page():
    index = (COOKBOOK / "index.md").read_text(encoding="utf-8")

    for page in RECIPES:
        title = page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        assert f"[{title}]({page.name})" in index
