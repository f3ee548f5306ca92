"""Names of wells, as people and machines spell them."""

from __future__ import annotations

import re

_NAME = re.compile(
    r"\s*(?P<row>[A-Za-z]{1,3})[\s_.:-]*0*(?P<column>[1-9][0-9]{0,3})\s*"
)
"""Rows of up to three letters, columns of up to four digits: no plate has more."""

_WITHOUT_WIDTH = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
"""Soft hyphen, zero-width space, word joiner, byte order mark: nobody sees them, and
pages and spreadsheets leave them in what is copied."""

_PARTS = re.compile(r"([A-Za-z]+)[\s_.:-]*0*([0-9]+)|0*([0-9]+)[\s_.:-]*([A-Za-z]+)")


def well_place(name: str) -> tuple[int, int] | None:
    """Return the 0-based row and column of a name; None for what names no well.

    >>> well_place("o2"), well_place("O02"), well_place("O-2"), well_place("AF_48")
    ((14, 1), (14, 1), (14, 1), (31, 47))
    >>> well_place("A0"), well_place("12"), well_place("A1.0"), well_place("A1 and A2")
    (None, None, None, None)
    """
    found = _NAME.fullmatch(name.translate(_WITHOUT_WIDTH))
    if found is None:
        return None
    row = 0
    for letter in found["row"].upper():
        row = row * 26 + ord(letter) - ord("A") + 1
    return row - 1, int(found["column"]) - 1


def folded_name(name: str) -> str:
    """Return a name without what spellings differ in: case, separator, padding.

    >>> folded_name(" o-02 "), folded_name("O2"), folded_name("03 b")
    ('O2', 'O2', '3B')
    >>> folded_name("A1.0"), folded_name("A10")
    ('A1.0', 'A10')
    """
    text = name.translate(_WITHOUT_WIDTH).strip()
    found = _PARTS.fullmatch(text)
    return (
        "".join(part or "" for part in found.groups() if part).upper()
        if (found)
        else text.upper()
    )
