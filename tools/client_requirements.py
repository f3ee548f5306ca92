"""Write docs/client-requirements.txt: what a client needs, without napari and Qt.

It is the dependencies of pyproject.toml but for those that the import contract keeps in
`_qt`. `--check` changes nothing and fails where the file is out of date.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "client-requirements.txt"
CONTRACT = "Qt and napari stay upstairs"

HEAD = """\
# What napari-idr needs where nobody looks at a window: on a server, on a cluster.
# Written by tools/client_requirements.py.
"""


def main() -> int:
    """Write or check; return the exit status."""
    text = render()
    if FILE.is_file() and FILE.read_text(encoding="utf-8") == text:
        return 0
    if "--check" in sys.argv:
        sys.stderr.write(
            f"{FILE.name} is out of date: run `python tools/client_requirements.py`\n"
        )
        return 1
    FILE.write_text(text, encoding="utf-8")
    return 0


def render() -> str:
    """Return the lines of the file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [contract] = [
        one
        for one in project["tool"]["importlinter"]["contracts"]
        if one["name"] == CONTRACT
    ]
    upstairs = set(contract["forbidden_modules"])
    needed = [
        line
        for line in project["project"]["dependencies"]
        if re.split(r"[\[<>=!~;\s]", line, maxsplit=1)[0].lower() not in upstairs
    ]
    return HEAD + "".join(f"{line}\n" for line in needed)


if __name__ == "__main__":
    sys.exit(main())
