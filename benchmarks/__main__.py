"""`python -m benchmarks`: measure, print a table, fail where a bound is missed."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import Setup, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.figures import Figure

CHAPTERS = ("mosaic", "memory", "gallery", "images", "compare", "imports")
"""Modules of this package whose `figures` need no display."""

IN_A_WINDOW = ("window", "wells", "large", "lists", "growth", "restore")
"""Those that need a display, and a person's clicks, which are those of the tests."""


def figures(chapter: str, setup: Setup) -> Iterator[Figure]:
    """Yield what a chapter measures."""
    tests = str(Path(__file__).resolve().parents[1] / "tests")
    if chapter in IN_A_WINDOW and tests not in sys.path:
        sys.path.append(tests)
    yield from import_module(f"benchmarks.{chapter}").figures(setup)


def main(argv: list[str] | None = None) -> int:
    chapters = (*CHAPTERS, *IN_A_WINDOW)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds, not five")
    parser.add_argument(
        "chapters", nargs="*", metavar="CHAPTER", help=f"of {', '.join(chapters)}"
    )
    options = parser.parse_args(argv)
    if unknown := set(options.chapters) - set(chapters):
        parser.error(f"there is no chapter {', '.join(sorted(unknown))}")
    setup = Setup(rounds=2) if options.quick else Setup()
    measured = []
    for chapter in options.chapters or chapters:
        for figure in figures(chapter, setup):
            measured.append(figure)
            print(table([figure]).splitlines()[-1], file=sys.stderr, flush=True)
    print(table(measured))
    return 0 if all(figure.kept for figure in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
