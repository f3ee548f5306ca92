"""Check servers, and write docs/servers.md: each is given as NAME=URL."""

from __future__ import annotations

import sys
from pathlib import Path

from napari_idr.check import as_markdown, hold
from napari_idr.transport import HttpTransport

PAGE = Path(__file__).parents[1] / "docs" / "servers.md"

HEAD = """# What servers answer

`napari-idr check [URL]` asks a server one question for each thing that this plugin
believes of servers, and says which hold: without an address the IDR. With
`--report FILE` it writes Markdown that can be pasted into a report of a problem. The
exit status is 0 where all hold or are about what the server hasn't, 1 where one
differs, and 2 where the server can't be asked. `pytest -m live tests/live` asks the IDR
the same.

The beliefs are entries of `BELIEFS` in `src/napari_idr/check/beliefs.py`. Below is what
came of them at servers of this machine; `tools/check_servers.py` wrote it. What the IDR
itself answers changes, and is for you to see.
"""


def main() -> int:
    """Check the servers in turn, and write the page."""
    sections = [HEAD]
    for named in sys.argv[1:]:
        name, _, url = named.partition("=")
        transport = HttpTransport(url, connections=1)
        report = as_markdown(tuple(hold(transport, url)), url)
        transport.close()
        sections.append(f"## {name}\n\n{report}")
    PAGE.write_text("\n".join(sections), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
