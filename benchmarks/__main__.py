"""`python -m benchmarks`: measure, print a table, fail where a bound is missed."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import compare, gallery, images, imports, memory, mosaic
from benchmarks.figures import Setup, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.figures import Figure


def window_figures(setup: Setup) -> Iterator[Figure]:
    """Yield what a window shows; as those of the next, these need Qt and a display."""
    _find_a_person()
    from benchmarks import window

    yield from window.figures(setup)


def wells_figures(setup: Setup) -> Iterator[Figure]:
    """Yield what the table of wells and their colours cost in a window."""
    _find_a_person()
    from benchmarks import wells

    yield from wells.figures(setup)


def large_figures(setup: Setup) -> Iterator[Figure]:
    """Yield what the largest gallery and the largest search cost in a window."""
    _find_a_person()
    from benchmarks import large

    yield from large.figures(setup)


def restore_figures(setup: Setup) -> Iterator[Figure]:
    """Yield what it costs to open a session again."""
    _find_a_person()
    from benchmarks import restore

    yield from restore.figures(setup)


def _find_a_person() -> None:
    """Make a person's clicks importable: they are those of the tests."""
    tests = str(Path(__file__).resolve().parents[1] / "tests")
    if tests not in sys.path:
        sys.path.append(tests)


CHAPTERS = {
    "mosaic": mosaic.figures,
    "memory": memory.figures,
    "gallery": gallery.figures,
    "images": images.figures,
    "compare": compare.figures,
    "imports": imports.figures,
    "window": window_figures,
    "wells": wells_figures,
    "large": large_figures,
    "restore": restore_figures,
}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds, not five")
    parser.add_argument(
        "chapters", nargs="*", metavar="CHAPTER", help=f"of {', '.join(CHAPTERS)}"
    )
    options = parser.parse_args(argv)
    if unknown := set(options.chapters) - CHAPTERS.keys():
        parser.error(f"there is no chapter {', '.join(sorted(unknown))}")
    setup = Setup(rounds=2) if options.quick else Setup()
    figures = []
    for name in options.chapters or CHAPTERS:
        for figure in CHAPTERS[name](setup):
            figures.append(figure)
            print(table([figure]).splitlines()[-1], file=sys.stderr, flush=True)
    print(table(figures))
    return 0 if all(figure.kept for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
