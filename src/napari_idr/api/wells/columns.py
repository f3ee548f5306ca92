"""Columns of a table of wells: their names, their kinds, their values."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from napari_idr.model import WellColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from napari_idr.model import ColumnSource, WellValue

    Raw = str | int | float | bool

IDENTIFIER_WORDS = frozenset(
    (
        *("accession", "barcode", "cid", "entrez", "gi", "id", "identifier"),
        *("identifiers", "ids", "name", "names", "ref", "sequence", "sequences"),
        *("symbol", "symbols"),
    )
)
"""A column with such a word in its name has names of things, even where they are
written in digits."""

IDENTIFIERS = frozenset(("gene", "image", "plate", "well"))
"""Whole names of columns that hold names of things."""

NO_NUMBER = frozenset(
    ("#n/a", "n.a.", "n/a", "na", "nan", "none", "not available", "null")
)
"""What stands for a missing number among numbers; among texts it is a text."""

NO_NAME = "(no name)"

EXACT_FLOAT: Final = 2**53
"""Up to here floats hold every whole number."""

MOST_DIGITS: Final = 40
"""Of a whole number as a text: Python refuses to read very many, and nobody counts so
far."""

_WHOLE = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+(,[0-9]+)?")
_HINT = re.compile(r"\s*%%.*$")
_WRAPPED = re.compile(
    r"(?:comment|characteristics|experimental condition|factor value)\s*\[(.+)\]",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"(\s+[0-9]+|\s*\([^()]*\))$")
_METADATA = re.compile(r"^metadata[\s_]+", re.IGNORECASE)


def column_title(name: str) -> str:
    """Return the name of a column without the hint that some tables add to it.

    >>> column_title("Gene Identifier %% url=http://www.ensembl.org/id/%s")
    'Gene Identifier'
    """
    return _HINT.sub("", name).strip() or name


@lru_cache(maxsize=4096)  # annotations repeat the same few keys for each well
def column_key(name: str) -> str:
    """Return what a column is about: in small letters, without number and remark.

    >>> column_key("Gene Symbol (Ensembl 81)"), column_key("Comment [Gene Symbol]")
    ('gene symbol', 'gene symbol')
    >>> column_key("Phenotype 2"), column_key("Metadata_Well")
    ('phenotype', 'well')
    """
    title = column_title(name)
    if wrapped := _WRAPPED.fullmatch(title):
        title = wrapped[1]
    words = re.sub(r"[\s_]+", " ", _METADATA.sub("", title)).strip()
    while words != (shorter := _SUFFIX.sub("", words)) and shorter:
        words = shorter
    return words.lower()


def is_identifier(name: str) -> bool:
    """Tell whether a column holds names of things, by its own name.

    >>> is_identifier("Gene Identifier"), is_identifier("PubChem CID")
    (True, True)
    >>> is_identifier("Cell Count"), is_identifier("Width")
    (False, False)
    """
    key = column_key(name)
    return key in IDENTIFIERS or not IDENTIFIER_WORDS.isdisjoint(
        re.findall(r"[a-z]+", column_title(name).lower())
    )


def unique_names(names: Iterable[str], taken: Collection[str] = ()) -> tuple[str, ...]:
    """Return names of which each occurs once: the second "a" becomes "a (2)".

    >>> unique_names(["a", "b", "a", "a", "a (2)"])
    ('a', 'b', 'a (2)', 'a (3)', 'a (2) (2)')
    """
    used = set(taken)
    found = []
    for given in names:
        name = given.strip() or NO_NAME
        unique, number = name, 1
        while unique in used:
            number += 1
            unique = f"{name} ({number})"
        used.add(unique)
        found.append(unique)
    return tuple(found)


def is_missing(value: object) -> bool:
    """Tell whether a value says nothing: None, an empty text, what is no number."""
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, float) and value != value)


def well_column(
    name: str,
    values: Sequence[Iterable[object]],
    *,
    source: ColumnSource,
    about: str | None = None,
) -> WellColumn:
    """Return a column from all that was said of each well.

    It has numbers if all that isn't missing is a number, its name isn't that of an
    identifier, and no well has several.

    Parameters
    ----------
    name
        Of the column.
    values
        For each well what was said, in any number of words.
    source
        Where it is from.
    about
        The name as the source spells it, where `name` was made unique.
    """
    told = [_distinct(of_well) for of_well in values]
    flat = [value for of_well in told for value in of_well]
    if flat and all(isinstance(value, bool) for value in flat):
        if all(len(of_well) <= 1 for of_well in told):
            flags = tuple(of_well[0] if of_well else None for of_well in told)
            return WellColumn(name=name, kind="flag", values=flags, source=source)
    elif not is_identifier(about or name) and (read := _number_reader(flat)):
        numbers = [
            list(dict.fromkeys(n for raw in of_well if (n := read(raw)) is not None))
            for of_well in told
        ]
        if all(len(of_well) <= 1 for of_well in numbers):
            kept = tuple(of_well[0] if of_well else None for of_well in numbers)
            return WellColumn(name=name, kind="number", values=kept, source=source)
    texts = tuple(_texts(of_well) for of_well in told)
    return WellColumn(name=name, kind="text", values=texts, source=source)


def _distinct(values: Iterable[object]) -> list[Raw]:
    """Return what was said, each once and in order, without what says nothing."""
    found: dict[tuple[type, Raw], Raw] = {}
    for value in values:
        if is_missing(value):
            continue
        raw = _plain(value)
        found.setdefault((type(raw), raw), raw)
    return list(found.values())


def _plain(value: object) -> Raw:
    if isinstance(value, str):
        return value.strip()
    return value if isinstance(value, bool | int | float) else str(value)


def _texts(values: Sequence[Raw]) -> WellValue:
    """Return texts; what came as one whole number stays it, so that ids are equal."""
    if len(values) == 1 and isinstance(values[0], int):
        return values[0]
    texts = tuple(
        dict.fromkeys(
            f"{value:.15g}" if isinstance(value, float) else str(value)
            for value in values
        )
    )
    return (texts[0] if len(texts) == 1 else texts) if texts else None


def _number_reader(
    values: Sequence[Raw],
) -> Callable[[Raw], int | float | None] | None:
    """Return what reads all values as numbers; None if there is no such thing.

    Whole numbers that a float can't hold are names: as numbers two of them would be
    equal.

    A comma is a decimal one if no cell has a point, and some cell has other than
    three digits after it: else it may part the thousands.
    """
    texts = [value for value in values if isinstance(value, str)]
    if any(isinstance(value, bool) or _is_too_exact(value) for value in values):
        return None
    real = [text for text in texts if text.lower() not in NO_NUMBER]
    if not real and len(texts) == len(values):
        return None
    if all(_NUMBER.fullmatch(text) or _INFINITE.fullmatch(text) for text in real):
        return parse_number
    parts = [text.partition(",")[2] for text in real]
    if all(_DECIMAL_COMMA.fullmatch(text) for text in real) and any(
        part and len(part) != 3 for part in parts
    ):
        return lambda raw: parse_number(
            raw.replace(",", ".") if isinstance(raw, str) else raw
        )
    return None


def _is_too_exact(value: Raw) -> bool:
    """Tell whether a whole number would be another one as a float.

    >>> _is_too_exact("9007199254740993"), _is_too_exact(2**60), _is_too_exact("1e300")
    (True, False, False)
    """
    if isinstance(value, str):
        if not _WHOLE.fullmatch(value):
            return False
        if len(value) > MOST_DIGITS:
            return True
        value = int(value)
    if not isinstance(value, int) or abs(value) <= EXACT_FLOAT:
        return False
    try:
        return int(float(value)) != value
    except OverflowError:
        return True


def parse_number(raw: Raw) -> int | float | None:
    """Return the number that a value is or is written as; None if it is none.

    >>> parse_number("00123"), parse_number("-1.5e3"), parse_number("NA")
    (123, -1500.0, None)
    """
    if not isinstance(raw, str):
        return raw
    text = raw.strip()
    if text.lower() in NO_NUMBER:
        return None
    if text.lstrip("+-").isdecimal() and text.isascii() and len(text) < 19:
        return int(text)
    try:
        return float(text)
    except ValueError:
        return None
