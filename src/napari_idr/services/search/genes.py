"""Lists of genes: in which studies each is, and with how many images."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from napari_idr.services.search.catalog import searched_value
from napari_idr.services.search.hits import spelling_label
from napari_idr.services.wells.table import safe_cell, write_csv

if TYPE_CHECKING:
    from pathlib import Path

    from napari_idr.cancel import CancelToken
    from napari_idr.model import ContainerHit, Study, Suggestion

__all__ = [
    "MAX_SYMBOLS",
    "GeneMatrix",
    "GeneRow",
    "read_symbols",
    "save_matrix",
    "symbols_of",
]

MAX_SYMBOLS: Final = 200
"""Symbols in a list: each is a search of its own."""

MAX_FILE_BYTES: Final = 1_000_000
"""Of a file with a list; two hundred symbols need far less."""

SEPARATORS: Final = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneRow:
    """A symbol and the studies that have it.

    `spellings` are how it is stored where it isn't stored as it was written.
    """

    symbol: str
    hits: tuple[ContainerHit, ...] = ()
    spellings: tuple[Suggestion, ...] = ()

    @property
    def total(self) -> int:
        """The number of images in all studies."""
        return sum(hit.image_count or 0 for hit in self.hits)

    @property
    def note(self) -> str:
        """What to say of a symbol that isn't stored as it was written, else ""."""
        if self.hits:
            return ""
        if not self.spellings:
            return "not found"
        return "spelled " + ", ".join(map(spelling_label, self.spellings))


@dataclass(slots=True)
class GeneMatrix:
    """Symbols and studies, with the numbers of images that are known by now."""

    symbols: tuple[str, ...] = ()
    rows: dict[str, GeneRow] = field(default_factory=dict)
    studies: list[Study] = field(default_factory=list)

    def add(self, row: GeneRow) -> int:
        """Take in what was found for a symbol; return how many studies are new."""
        self.rows[row.symbol] = row
        known = {study.ref for study in self.studies}
        new = [hit.container for hit in row.hits if hit.container.ref not in known]
        self.studies += new
        return len(new)

    def count(self, symbol: str, study: Study) -> int | None:
        """Return the images of a symbol in a study; None before they are known."""
        row = self.rows.get(symbol)
        if row is None:
            return None
        counts = {hit.container.ref: hit.image_count or 0 for hit in row.hits}
        return counts.get(study.ref, 0)

    @property
    def message(self) -> str:
        """Say how much is known, and of what nothing is."""
        done, of = len(self.rows), len(self.symbols)
        if done < of:
            return f"{done} of {of} genes asked …"
        lacking = sum(not row.hits for row in self.rows.values())
        rest = f", {lacking} not found as written" if lacking else ""
        genes = "gene" if of == 1 else "genes"
        studies = "study" if len(self.studies) == 1 else "studies"
        return f"{of} {genes} in {len(self.studies)} {studies}{rest}"

    def csv(self) -> str:
        """Return the matrix as CSV; what isn't known is empty."""
        text = io.StringIO()
        writer = csv.writer(text)
        names = [safe_cell(study.name) for study in self.studies]
        writer.writerow(["gene", "images", *names, "note"])
        for symbol in self.symbols:
            row = self.rows.get(symbol)
            counts = [self.count(symbol, study) for study in self.studies]
            writer.writerow(
                [
                    safe_cell(symbol),
                    "" if row is None else row.total,
                    *("" if count is None else count for count in counts),
                    "" if row is None else safe_cell(row.note),
                ]
            )
        return text.getvalue()


def symbols_of(text: str) -> tuple[str, ...]:
    r"""Return the symbols of a list that was typed, pasted or read, each once.

    Blanks, commas, semicolons and line ends stand between them, tabs as well where all
    is in one line, a row of a table. Of several lines, a column with more to the right
    of a tab, the first cells are read.

    Raises
    ------
    ValueError
        There are more than can be asked.

    Examples
    --------
    >>> symbols_of("CDC20, PLK1;\nKIF11 CDC20")
    ('CDC20', 'PLK1', 'KIF11')
    >>> symbols_of("CDC20\tENSG00000117399\nPLK1\tENSG00000166851")
    ('CDC20', 'PLK1')
    >>> symbols_of("CDC20\tPLK1\n")
    ('CDC20', 'PLK1')
    """
    lines = [line for line in text.splitlines() if line.strip()]
    cells = lines if len(lines) == 1 else [line.partition("\t")[0] for line in lines]
    words = (
        searched_value(word).strip("\"'")
        for cell in cells
        for word in SEPARATORS.split(cell)
    )
    symbols = tuple(dict.fromkeys(word for word in words if word))
    if len(symbols) > MAX_SYMBOLS:
        raise ValueError(
            f"{len(symbols)} genes are too many for one list: {MAX_SYMBOLS} are asked"
        )
    return symbols


def read_symbols(path: Path, *, cancel: CancelToken) -> tuple[str, ...]:
    """Return the symbols in a file of text.

    Raises
    ------
    ValueError
        It can't be read, is no text, or has too many.
    """
    cancel.check()
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(f"{path.name} is too large for a list of genes")
        body = path.read_bytes()
        # Spreadsheets save as "Unicode text" what begins with the mark of UTF-16.
        is_wide = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        return symbols_of(body.decode("utf-16" if is_wide else "utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is no text in UTF-8 or UTF-16") from error
    except OSError as error:
        raise ValueError(
            f"{path.name} can't be read: {error.strerror or error}"
        ) from error


def save_matrix(path: Path, text: str, *, cancel: CancelToken) -> Path:
    """Write a matrix as CSV into a file; return its path."""
    return write_csv(path, text, cancel=cancel)
