"""Tables in files of text: comma- or tab-separated, packed or not."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib

from napari_idr.errors import ResponseFormatError
from napari_idr.model import Table

MAX_BYTES = 256 * 2**20
"""Of an unpacked file; the largest annotation file of the IDR has some 100 MB."""

MAX_FIRST = 2**16
"""Characters in which the first line is looked for."""

_QUOTED = re.compile(r'"[^"]*"')
_HINT = re.compile(r"sep=([\t,;|])[ \t]*\r?\n")

GZIP = b"\x1f\x8b"


def read_csv(body: bytes, *, name: str) -> Table:
    r"""Return the table in a file, all of it texts.

    Cells are parted by what occurs most often in the first line outside of quotes: tab,
    comma or semicolon; or by what a spreadsheet names in a line of its own ("sep=;").
    Short rows are filled up, empty ones are left out.

    >>> read_csv(b"Well,Count\r\nA1,5\r\n\r\nA2\r\n", name="counts.csv").rows
    (('A1', '5'), ('A2', ''))

    Raises
    ------
    ResponseFormatError
        It is no text, it is too long, a quote isn't closed, or a row has more cells
        than the first one.
    """
    text = _text(_unpacked(body, name), name)
    if hint := _HINT.match(text):
        text, delimiter = text[hint.end() :], hint[1]
    else:
        first = _QUOTED.sub("", text[:MAX_FIRST]).partition("\n")[0]
        delimiter = max("\t,;", key=first.count)
    try:
        rows = _rows(text, delimiter)
        if rows and any("\n" in cell for cell in rows[-1]):
            _rows(text, delimiter, strict=True)  # does a quote swallow all the rest?
    except csv.Error as error:
        raise ResponseFormatError(f"{name} is no table: {error}") from error
    if not rows:
        raise ResponseFormatError(f"{name} is empty")
    header, *rest = rows
    while header and not header[-1].strip():
        header.pop()
    count = len(header)
    for number, row in enumerate(rest, 2):
        if any(cell.strip() for cell in row[count:]):
            raise ResponseFormatError(
                f"{name}: row {number} has more cells than the first row"
            )
    return Table(
        columns=tuple(header),
        column_types=(),
        rows=tuple((*row[:count], *[""] * (count - len(row))) for row in rest),
    )


def _rows(text: str, delimiter: str, *, strict: bool = False) -> list[list[str]]:
    lines = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=strict
    )
    return [row for row in lines if any(cell.strip() for cell in row)]


def _unpacked(body: bytes, name: str) -> bytes:
    if not body.startswith(GZIP):
        unpacked = body
    else:
        try:
            with gzip.open(io.BytesIO(body)) as packed:
                unpacked = packed.read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise ResponseFormatError(f"{name} can't be unpacked: {error}") from error
    if len(unpacked) > MAX_BYTES:
        raise ResponseFormatError(f"{name} has more than {MAX_BYTES} bytes")
    return unpacked


def _text(body: bytes, name: str) -> str:
    if b"\0" in body[:4096] and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ResponseFormatError(f"{name} is no text")
    encoding = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:  # as older spreadsheets write it
        text = body.decode("cp1252", "replace")
    if "\0" in text[:4096]:  # UTF-32 begins as UTF-16 does
        raise ResponseFormatError(f"{name} is no text")
    return text
