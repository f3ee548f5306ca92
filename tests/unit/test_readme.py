"""The README's code runs, and what it points to is there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from support.pages import PAGES, ROOT, python_of, run

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr import demo

_LINK = re.compile(r"\]\(([^)#]+)[^)]*\)")
_COMMAND = re.compile(r"(?:`|^)make ([a-z]+)", re.MULTILINE)


@pytest.mark.parametrize("face", ["archive", "idr_archive"])
def test_the_readme_finds_a_gene_and_reads_its_image(
    face: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
):
    archive: demo.Archive = request.getfixturevalue(face)

    names = run(python_of(ROOT / "README.md"), archive.url)

    printed = capsys.readouterr().out
    assert "idr0901-demo-mitosis/screenA 16" in printed
    assert "Gene Symbol = CDC20" in printed
    assert names["plate"].name == "DM0001_01"
    assert len(names["wells"]) == 96
    assert len(names["table"]) == 96


@pytest.mark.parametrize("face", ["archive", "idr_archive"])
def test_the_guide_lists_reads_and_downloads(
    face: str, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
):
    archive: demo.Archive = request.getfixturevalue(face)

    names = run(python_of(ROOT / "docs/guide.md"), archive.url)

    assert "plate 999999999" in capsys.readouterr().out
    assert len(names["arrays"]) == 95  # one well has no thumbnail
    assert names["brightest"].shape == (2,)
    assert names["path"].stat().st_size == names["file"].size
    assert len(names["found"]) in (0, 34)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path):
    for target in _LINK.findall(page.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_that_a_page_names_exist(page: Path):
    rules = set(
        re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    )

    assert set(_COMMAND.findall(page.read_text())) <= rules


def test_the_first_picture_is_small():
    picture = ROOT / "docs/images/first-plate.png"

    assert 20_000 < picture.stat().st_size < 400_000
