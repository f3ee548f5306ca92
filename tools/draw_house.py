"""Draw the package's folders and modules into docs/architecture.md.

Each line is a module and the first line of its docstring, so that the picture says
what the code says. `--check` changes nothing and fails where it is out of date.
"""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
PACKAGE = ROOT / "src" / "napari_idr"

BEGIN, END = "<!-- the house -->\n```\n", "```\n<!-- end of the house -->"

NOTE_COLUMN = 30


def main() -> int:
    """Draw or check; return the exit status."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    drawn = f"{before}{BEGIN}{draw(PACKAGE)}{END}{after}"
    if drawn == text:
        return 0
    if "--check" in sys.argv:
        sys.stderr.write(
            f"{PAGE.name} is out of date: run `python tools/draw_house.py`\n"
        )
        return 1
    PAGE.write_text(drawn, encoding="utf-8")
    return 0


def draw(folder: Path, depth: int = 0) -> str:
    """Return the lines of a folder: its own, its modules, then its folders."""
    lines = [_line(f"{folder.name}/", _sentence(folder / "__init__.py"), depth)]
    modules = sorted(folder.glob("*.py"))
    lines += [
        _line(module.name, _sentence(module), depth + 1)
        for module in modules
        if module.name != "__init__.py"
    ]
    inner = sorted(path.parent for path in folder.glob("*/__init__.py"))
    lines += [draw(path, depth + 1) for path in inner]
    return "".join(lines)


def _line(name: str, note: str, depth: int) -> str:
    place = f"{'  ' * depth}{name}"
    return f"{place:<{NOTE_COLUMN}} {note}\n"


def _sentence(module: Path) -> str:
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].rstrip(".").replace("`", "")


if __name__ == "__main__":
    sys.exit(main())
