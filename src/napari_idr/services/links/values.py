"""Web addresses inside values of annotations."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

__all__ = ["is_web_link", "split_link"]

_START = re.compile(r"https?://", re.IGNORECASE)


def is_web_link(text: str) -> bool:
    """Return whether a text is a web address that may be opened, and no other thing.

    >>> is_web_link("https://doi.org/10.1/x"), is_web_link("javascript:alert(1)")
    (True, False)
    >>> is_web_link("https://"), is_web_link("see https://doi.org")
    (False, False)
    """
    if any(character.isspace() or not character.isprintable() for character in text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def split_link(value: str) -> tuple[str, str | None]:
    """Return the words of a value and the address that ends it, None without one.

    The IDR writes "identifier address" in one value; the address begins at the
    first "http".

    >>> split_link("CC BY 4.0 https://creativecommons.org/licenses/by/4.0/")
    ('CC BY 4.0', 'https://creativecommons.org/licenses/by/4.0/')
    >>> split_link("HeLa")
    ('HeLa', None)
    """
    value = value.strip()
    if (found := _START.search(value)) is None:
        return value, None
    url = value[found.start() :]
    if not is_web_link(url):
        return value, None
    return value[: found.start()].strip(), url
