"""Follow the links within a built site, and fail where one leads nowhere.

Sphinx warns of a file that isn't there. This looks at what came of it: that each page,
picture and download of each link was built, and that the place on the page exists.
Addresses of other sites aren't asked.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The links of a page, and the places that links may lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag leads to, and the name that it has."""
        for name, value in attrs:
            if value is None:
                continue
            if name == "id" or (tag == "a" and name == "name"):
                self.places.add(value)
            elif name == "src" or (name == "href" and tag in ("a", "link")):
                self.links.append(value)


def dead_links(site: Path) -> list[str]:
    """Return the links that lead nowhere, each as "page: link"."""
    pages = {
        path.resolve(): Page(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
    }
    return [
        f"{path.relative_to(site.resolve())}: {link}"
        for path, page in pages.items()
        for link in page.links
        if not _leads_somewhere(path, link, pages)
    ]


def _leads_somewhere(path: Path, link: str, pages: dict[Path, Page]) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return False
    place = unquote(parts.fragment)
    return not place or target not in pages or place in pages[target].places


def main() -> int:
    """Check the site that is named; return the exit status."""
    site = Path(sys.argv[1])
    dead = dead_links(site)
    sys.stderr.writelines(f"{line}\n" for line in dead)
    if not any(site.rglob("*.html")):
        sys.stderr.write(f"{site} has no page\n")
        return 1
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
