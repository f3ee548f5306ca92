"""JSON of servers as Python has it, with no text that can't be written again."""

from __future__ import annotations

import json
import re
from typing import Any, Final

MAY_BE_HALF: Final = tuple(
    map(re.compile, (rb"\\u[dD][89a-fA-F]", rb"\xed[\xa0-\xbf]", rb"\0"))
)
"""How JSON writes halves of characters: escaped, as UTF-8 has none, or in UTF-16. Two
that belong together are one character. Sought one by one: three times as fast."""

HALVES: Final = re.compile("[\ud800-\udfff]")

IN_ITS_PLACE: Final = "\ufffd"
"""What Unicode has for a character that isn't known."""


def read_json_text(text: str | bytes) -> Any:
    r"""Return what JSON says.

    Half of a character (a lone surrogate) is replaced: files, addresses and other
    processes would refuse the whole text because of it.

    Raises
    ------
    ValueError
        It is no JSON.
    RecursionError
        It is nested too deeply.

    Examples
    --------
    >>> print(ascii(read_json_text(rb'["a\ud800", "\ud83d\udd2c"]')))
    ['a\ufffd', '\U0001f52c']
    """
    value = json.loads(text)
    written = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    may_be_half = any(half.search(written) for half in MAY_BE_HALF)
    return _whole(value) if may_be_half else value


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return HALVES.sub(IN_ITS_PLACE, value)
    if isinstance(value, list):
        return [_whole(one) for one in value]
    if isinstance(value, dict):
        return {_whole(key): _whole(one) for key, one in value.items()}
    return value
