"""Text of servers, made fit for labels that take marks for markup."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

TAG: Final = re.compile(r"<(?=\s*(?:[A-Za-z/!?]|$))|&lt;")
"""What Qt takes for the beginning of markup (`Qt::mightBeRichText`), here or in the
middle of a longer text."""

UNSEEN: Final = ("Cc", "Cn", "Co", "Cs", "Zl", "Zp")
"""Control characters, ones that no alphabet has, halves, and ends of lines."""

ANGLE: Final = "\u2039"
"""Looks like the sign that it stands for, and is none."""


def visible_text(text: str) -> str:
    r"""Return text without characters that are no text, and with its line ends.

    These are control characters, those that turn the direction of writing, halves of
    characters, and ones that no alphabet has.

    >>> visible_text("a\x00b\u202ec\ud800\r\nd")
    'a bc \nd'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(map(_visible, line)) for line in lines)


def plain_text(text: str) -> str:
    r"""Return text on one line that no label takes for markup.

    napari's labels, its status bar and Qt's tooltips guess whether a text is HTML.

    >>> print(ascii(plain_text("<b>p53</b>\n <-> a < 5 \u202e")))
    '\u2039b>p53\u2039/b> <-> a < 5'
    """
    return TAG.sub(ANGLE, " ".join(visible_text(text).split()))


def _visible(character: str) -> str:
    kind = unicodedata.category(character)
    if kind == "Cf":
        return ""
    return " " if kind in UNSEEN else character
