"""The guide as it comes with the package, to be read without a network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from napari_idr._home import HOME

if TYPE_CHECKING:
    from napari_idr.cancel import CancelToken

__all__ = ["heading_anchor", "load_guide", "page_address"]

PLACES: Final = (
    Path(__file__).parents[1] / "guide.md",
    Path(__file__).parents[3] / "docs" / "guide.md",
)
"""In a wheel it lies in the package; in a checkout, where it is written."""

MISSING: Final = (
    "# Guide\n\nThe guide isn't part of this installation. It is the file "
    "`docs/guide.md` of the source distribution."
)


PICTURE: Final = re.compile(r"^!\[[^\]]*\]\([^)\s]+\)\n+", re.MULTILINE)
"""A picture by itself; the pictures are part of the site, not of the package."""


def load_guide(*, cancel: CancelToken) -> str:
    """Return the guide in Markdown, without pictures; else where it is to be found."""
    cancel.check()
    for place in PLACES:
        try:
            return PICTURE.sub("", place.read_text(encoding="utf-8"))
        except OSError:
            continue
    return MISSING


def heading_anchor(heading: str) -> str:
    """Return the anchor of a heading, as forges and sites of documentation have it.

    >>> heading_anchor("Cite, and heed the licence")
    'cite-and-heed-the-licence'
    """
    kept = re.sub(r"[^\w\s-]", "", heading.strip().casefold())
    return re.sub(r"\s", "-", kept)


def page_address(link: str, home: str = HOME) -> str | None:
    """Return the address of a link of the guide; None if it leads to no page.

    Links to files beside the guide lead to the project's home, if it has one.

    >>> page_address("servers.md", ""), page_address("https://a.org/b")
    (None, 'https://a.org/b')
    >>> page_address("../examples/tour.py", "https://forge.org/me/it")
    'https://forge.org/me/it/blob/HEAD/examples/tour.py'
    """
    if link.startswith(("https://", "http://")):
        return link
    if not home or link.startswith("#") or ":" in link:
        return None
    path = link.removeprefix("../") if link.startswith("../") else f"docs/{link}"
    return f"{home}/blob/HEAD/{path}"
