"""The code of the documentation's pages, and what the pages say it prints."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(ROOT.glob("docs/**/*.md")),
]

_BLOCK = re.compile(
    r"^```python\n(?P<code>.*?)^```\n(?:\n?^```text\n(?P<printed>.*?)^```$)?",
    re.DOTALL | re.MULTILINE,
)

THE_IDR = "IDRClient()"
A_WINDOW = "napari.Viewer()"
NO_WINDOW = "napari.components.ViewerModel()"


@dataclass(frozen=True, slots=True)
class Block:
    """Code of a page, and what stands right below it as its output, if anything."""

    code: str
    printed: str | None


def blocks_of(page: Path) -> tuple[Block, ...]:
    return tuple(
        Block(code=found["code"], printed=found["printed"])
        for found in _BLOCK.finditer(page.read_text(encoding="utf-8"))
    )


def python_of(page: Path) -> str:
    return "\n".join(block.code for block in blocks_of(page))


def run(code: str, server: str) -> dict[str, object]:
    """Run the code of a page, which asks the IDR, against another server.

    A viewer of napari is made without its window.
    """
    assert THE_IDR in code
    code = code.replace(THE_IDR, f"IDRClient({server!r}, cache=False)")
    code = code.replace(A_WINDOW, NO_WINDOW)
    names: dict[str, object] = {}
    exec(compile(code, "<the code of a page>", "exec"), names)
    return names


def printed_by(code: str, server: str) -> str:
    """Return what the code of a page prints, against another server.

    Without blanks at the ends of lines, which a page can't be seen to have.
    """
    printed = StringIO()
    with redirect_stdout(printed):
        run(code, server)
    return "".join(f"{line.rstrip()}\n" for line in printed.getvalue().splitlines())
