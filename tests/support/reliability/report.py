"""The matrix as a page of the documentation."""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from support.reliability.cell import Cell
from support.reliability.fault_kinds import FAULTS
from support.reliability.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = Path(__file__).parents[3] / "docs" / "reliability.md"

SHORT = {
    "right": "✓",
    "told": "part",
    "meant": "empty",
    "ConnectionFailedError": "conn",
    "RequestTimeoutError": "time",
    "ProtocolError": "http",
    "PageError": "page",
    "MovedError": "moved",
    "BrokenAnswerError": "broken",
    "WrongServerError": "other",
    "StatusError": "stat",
    "NotFoundError": "404",
    "RateLimitedError": "429",
    "ServerError": "5xx",
    "ResponseFormatError": "form",
    "DownloadError": "file",
    "PixelDataError": "pix",
}
"""Ends of a question, as the table has them."""

HEAD = """\
# Reliability

Each question of the client is put to a demo archive that answers with a fault; the
fault is taken away, and the same question is put again by the same client, and by a new
one with the same cache: both must get the right answer. A cell also fails when another
error than ours leaves, when its sentence holds anything of a library, when it takes too
long or too much memory, or when a thread or a connection is left over.

This page is written by `make faults`; a part of the matrix runs with `make test`. The
bounds on silence (1 s) and on a whole answer (3 s) are shorter there than a client's
own (30 s and 2 minutes).
"""


def write_cell(cell: Cell, folder: Path) -> None:
    """Add a cell to those of a run; each process has a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
        file.write(f"{json.dumps(asdict(cell))}\n")


def read_cells(folder: Path) -> tuple[Cell, ...]:
    """Return the cells of a run, in the order of the matrix."""
    lines = (line for path in folder.glob("*.jsonl") for line in path.open())
    found = [Cell(**json.loads(line)) for line in lines]
    operations = [operation.name for operation in OPERATIONS]
    faults = [kind.name for kind in FAULTS]
    return tuple(
        sorted(
            (replace(cell, wrong=tuple(cell.wrong)) for cell in found),
            key=lambda cell: (
                operations.index(cell.operation),
                faults.index(cell.fault),
            ),
        )
    )


def report(cells: Sequence[Cell]) -> str:
    """Return the page: the table, what a person reads, and the figures."""
    operations = list(dict.fromkeys(cell.operation for cell in cells))
    faults = list(dict.fromkeys(cell.fault for cell in cells))
    found = {(cell.operation, cell.fault): cell for cell in cells}
    wrong = [cell for cell in cells if cell.wrong]
    lines = [
        HEAD,
        (
            f"{len(operations)} questions x {len(faults)} faults; "
            f"{len(cells) - len(wrong)} of {len(cells)} cells are right."
        ),
        "",
        "## Questions and faults",
        "",
        *(f"{number}. {name}" for number, name in enumerate(operations, 1)),
        "",
        (
            "✓ the right answer; *part* an answer that says what is missing; *empty* "
            "what an absent chunk means; else the error's class. **Bold** is wrong."
        ),
        "",
        "| fault | " + " | ".join(str(n + 1) for n in range(len(operations))) + " |",
        "| --- |" + " --- |" * len(operations),
    ]
    for fault in faults:
        ends = [_short(found.get((name, fault))) for name in operations]
        lines.append(f"| {fault} | " + " | ".join(ends) + " |")
    lines += ["", "## What a person reads", ""]
    sentences: dict[str, set[str]] = defaultdict(set)
    for cell in cells:
        if cell.sentence:
            sentences[cell.end].add(_without_port(cell.sentence))
    for end, texts in sorted(sentences.items()):
        lines += [f"*{SHORT.get(end, end)}*, `{end}`:", ""]
        lines += [*(f"- {text}" for text in sorted(texts)), ""]
    lines += ["## Figures", "", *_figures(cells), ""]
    if wrong:
        lines += ["## What is wrong", ""]
        lines += [
            f"- {cell.operation}, {cell.fault}: {'; '.join(cell.wrong)}"
            for cell in wrong
        ]
        lines.append("")
    return "\n".join(lines)


def _short(cell: Cell | None) -> str:
    if cell is None:
        return ""
    text = SHORT.get(cell.end, cell.end)
    return f"**{text}**" if cell.wrong else text


def _without_port(sentence: str) -> str:
    """Leave out the port, which differs from run to run."""
    words = sentence.split(" ")
    return " ".join(
        "127.0.0.1" + word.lstrip("0123456789.:") if "127.0.0.1:" in word else word
        for word in words
    )


def _figures(cells: Sequence[Cell]) -> list[str]:
    slowest = max(cells, key=lambda cell: cell.seconds)
    largest = max(cells, key=lambda cell: cell.grown_bytes)
    busiest = max(cells, key=lambda cell: cell.tries)
    return [
        "| | most | where |",
        "| --- | --- | --- |",
        f"| seconds | {slowest.seconds:.1f} | {slowest.operation}, {slowest.fault} |",
        (
            f"| MB of memory | {largest.grown_bytes / 2**20:.0f} "
            f"| {largest.operation}, {largest.fault} |"
        ),
        f"| requests | {busiest.tries} | {busiest.operation}, {busiest.fault} |",
    ]


if __name__ == "__main__":
    PAGE.write_text(report(read_cells(Path(sys.argv[1]))), encoding="utf-8")
