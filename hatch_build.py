"""Metadata of the package that hang on the project's public address.

`HOME` in `src/napari_idr/_home.py` is that address. While it is empty, the package has
no links to it, and its README has none that would lead nowhere.
"""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

HOME_FILE = Path("src/napari_idr/_home.py")

FENCED = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)
"""Code, in which nothing is a link."""

PICTURE = re.compile(r"!\[([^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)\n*")
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?![a-z]+:|#)([^)\s]+)\)")
"""Those that are relative: neither `https:` and the like, nor a place on the page."""


class HomeMetadataHook(MetadataHookInterface):
    """Sets the README and the links of the package."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Set what `dynamic` in pyproject.toml names."""
        root = Path(self.root)
        home = runpy.run_path(str(root / HOME_FILE))["HOME"]
        text = (root / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": render_readme(text, home),
        }
        metadata["urls"] = project_urls(home)


def project_urls(home: str) -> dict[str, str]:
    """Return the links of the package, by the names that PyPI and the hub know."""
    if not home:
        return {}
    return {
        "Source Code": home,
        "Documentation": f"{home}#readme",
        "Bug Tracker": f"{home}/issues",
    }


def render_readme(text: str, home: str) -> str:
    """Return a README to be read elsewhere than beside the files that it links to.

    With a home, links and pictures lead there, to the newest state. Without one, a
    link becomes its words and the name of the file, which the source distribution
    has; pictures are left out.

    >>> render_readme("See [the guide](docs/guide.md).", "")
    'See the guide (`docs/guide.md`).'
    >>> render_readme("See [the guide](docs/guide.md).", "https://forge.org/me/it")
    'See [the guide](https://forge.org/me/it/blob/HEAD/docs/guide.md).'
    """
    return "".join(
        part if part.startswith("```") else _render(part, home)
        for part in FENCED.split(text)
    )


def _render(text: str, home: str) -> str:
    if home:
        text = PICTURE.sub(
            lambda found: found[0].replace(
                f"]({found[2]})", f"]({home}/raw/HEAD/{found[2]})"
            ),
            text,
        )
        return LINK.sub(rf"[\1]({home}/blob/HEAD/\2)", text)
    return LINK.sub(r"\1 (`\2`)", PICTURE.sub("", text))
