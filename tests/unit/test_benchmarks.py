"""The benchmarks run, and count what they should; what they time isn't asserted."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
SMALL_PLATE = 7102
"""Eleven wells with an image."""


@pytest.fixture(autouse=True)
def from_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the package importable, also by the processes it starts."""
    if not (ROOT / "benchmarks").is_dir():
        pytest.skip("the benchmarks aren't installed with the package")
    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.chdir(ROOT)


@pytest.fixture
def figures() -> ModuleType:
    return importlib.import_module("benchmarks.figures")


@pytest.fixture
def tiny(figures):
    return figures.Setup(
        rounds=1,
        delay_ms=0,
        thumbnail_ms=0,
        plate_id=SMALL_PLATE,
        large_plate_id=SMALL_PLATE,
        one_by_one=3,
        view_px=(300, 400),
        scrubbed=5,
        gallery=("gene", "CDC20"),
    )


def test_a_figure_keeps_its_bound_by_its_median(figures):
    def kept(bound):
        values = (0.9, 1.2, 9.0)
        return figures.Figure(what="", values=values, bound=bound, floor="1").kept

    assert kept(figures.at_most(1.2))
    assert not kept(figures.at_most(1.1))
    assert not kept(figures.at_least(2))


def test_two_things_run_alternately_after_one_run_that_doesnt_count(figures):
    runs: list[str] = []

    comparison = figures.alternately(
        lambda: runs.append("a"), lambda: runs.append("b"), rounds=3
    )

    assert "".join(runs) == "ababbaab"
    assert len(comparison.ratios) == 3
    assert comparison.floor_s >= 0


def test_a_missed_bound_stands_in_the_table(figures):
    lines = figures.table(
        [
            figures.counted("requests", 9, figures.at_most(9), floor=9),
            figures.counted("repeated", 1, figures.at_most(0)),
        ]
    ).splitlines()

    assert lines[1].startswith("requests ")
    assert lines[1].endswith(" <= 9  kept")
    assert lines[2].endswith(" <= 0  MISSED")


def test_a_wave_of_requests_needs_only_what_the_last_one_brought():
    images = importlib.import_module("benchmarks.images")
    store = "/zarr/v0.4/1.zarr"

    waves = images.in_waves(
        [
            "/api/v0/m/images/1/",
            f"{store}/.zattrs",
            f"{store}/0/.zarray",
            f"{store}/1/.zarray",
            f"{store}/1/0/0/0",
            "/iviewer/image_data/1/",
            f"{store}/0/0/2/3",
        ]
    )

    assert waves == [
        ["/api/v0/m/images/1/", "/iviewer/image_data/1/"],
        [f"{store}/.zattrs"],
        [f"{store}/0/.zarray", f"{store}/1/.zarray"],
        [f"{store}/1/0/0/0", f"{store}/0/0/2/3"],
    ]


def test_the_bare_script_gets_what_the_mosaic_gets(archive):
    mosaic = importlib.import_module("benchmarks.mosaic")
    bare = importlib.import_module("benchmarks.bare")
    mosaic.paint_mosaic(archive.url, SMALL_PLATE)
    ours = list(archive.requests)
    archive.requests.clear()

    size = bare.fetch(archive.url, [[one.target] for one in ours])

    assert size == sum(one.bytes_sent for one in ours)
    assert [one.target for one in archive.requests] == [one.target for one in ours]


@pytest.mark.parametrize(
    ("chapter", "counts"),
    [
        (
            "mosaic",
            {"requests for 11 wells": 2, "requests repeated by a second opening": 0},
        ),
        ("gallery", {"requests for thumbnails of 34 images": 1}),
        (
            "images",
            {
                "large image, raw: requests sent twice": 0,
                "large image, drawn: requests sent twice": 0,
                "tour of a large image: asked / visible tiles": 1,
                "tour of a large image: asked on the way back": 0,
            },
        ),
        (
            "compare",
            {
                "8 wells side by side, raw: requests sent twice": 0,
                "8 wells side by side, drawn: requests sent twice": 0,
            },
        ),
    ],
)
def test_a_chapter_counts_what_it_should(tiny, chapter, counts):
    module = importlib.import_module(f"benchmarks.{chapter}")

    found = {one.what: one.median for one in module.figures(tiny)}

    assert found.items() >= counts.items()


def test_the_command_ends_with_1_where_a_bound_is_missed(figures, monkeypatch, capsys):
    command = importlib.import_module("benchmarks.__main__")
    missed = [figures.counted("requests", 10, figures.at_most(9))]
    mosaic = importlib.import_module("benchmarks.mosaic")
    monkeypatch.setattr(mosaic, "figures", lambda setup: iter(missed))

    status = command.main(["mosaic"])

    assert status == 1
    assert "MISSED" in capsys.readouterr().out
