"""References in writing: text, BibTeX, RIS and CSL-JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote

from napari_idr.services.cite.references import OTHERS, Author, Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Style = Literal["text", "bibtex", "ris", "csl-json"]

BIBTEX_ESCAPES: Final = str.maketrans(
    {
        # By words, not by \{ and \}: BibTeX counts braces, escaped or not.
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{sign: f"\\{sign}" for sign in "#$%&_"},
    }
)
"""Signs that mean something to TeX. Others stay as they are, in UTF-8."""

RIS_END: Final = "\r\n"
"""Each line of a RIS file ends with both (RIS format specification, "Line endings")."""


def written(references: Sequence[Reference], style: Style) -> str:
    """Return references in a style; ValueError for one that isn't known."""
    if style not in tuple(STYLES):  # also what can't be looked up, as a list
        known = ", ".join(STYLES)
        raise ValueError(f"a style of citations is one of {known}, not {style!r}")
    return STYLES[style](references)


def as_text(references: Iterable[Reference]) -> str:
    """Return a line for each reference, to be read."""
    return "\n".join(map(_sentence, references))


def as_bibtex(references: Iterable[Reference]) -> str:
    """Return entries for BibTeX and BibLaTeX, in UTF-8."""
    return "\n\n".join(map(_bibtex_entry, references)) + "\n"


def as_ris(references: Iterable[Reference]) -> str:
    """Return records in the format that reference managers exchange."""
    return "".join(map(_ris_record, references))


def as_csl_json(references: Iterable[Reference]) -> str:
    """Return items as citation processors take them (citationstyles.org)."""
    items = [_csl_item(one) for one in references]
    return json.dumps(items, ensure_ascii=False, indent=2) + "\n"


STYLES: Final[dict[str, Callable[[Sequence[Reference]], str]]] = {
    "text": as_text,
    "bibtex": as_bibtex,
    "ris": as_ris,
    "csl-json": as_csl_json,
}


def _sentence(work: Reference) -> str:
    authors = ", ".join(f"{one.family} {one.given}".strip() for one in work.authors)
    where = work.journal or work.publisher
    if work.volume:
        issue = f"({work.issue})" if work.issue else ""
        where = f"{where} {work.volume}{issue}"
    if work.pages:
        where = f"{where}, {'-'.join(work.pages)}"
    if work.year:
        where = f"{where} ({work.year})".strip()
    licence = f"Licence: {work.licence}" if work.licence else ""
    said = (authors, work.title, where, licence)
    text = " ".join(f"{part.rstrip('.')}." for part in said if part)
    return f"{text} {work.url}".strip()


def _bibtex_entry(work: Reference) -> str:
    is_data = work.kind == "dataset"
    published = f"Data set, {work.publisher}" if work.publisher else "Data set"
    fields = {
        # The second pair of braces keeps capitals: names of genes and of methods.
        "title": f"{{{_tex(work.title)}}}",
        "author": " and ".join(map(_bibtex_author, work.authors)),
        "year": "" if work.year is None else str(work.year),
        "journal": _tex(work.journal),
        "volume": _tex(work.volume),
        "number": _tex(work.issue),
        "pages": "--".join(work.pages or ()),
        "howpublished": _tex(published) if is_data else "",
        "publisher": _tex(work.publisher),
        "doi": _verbatim(work.doi),
        "url": _verbatim(work.url),
        "note": f"Licence: {_tex(work.licence)}" if work.licence else "",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    kind = "misc" if is_data else "article"
    return "\n".join([f"@{kind}{{{work.key},", *lines, "}"])


def _bibtex_author(author: Author) -> str:
    if author == OTHERS:
        return "others"
    if not author.given:  # braces keep "and" and commas in it from parting it
        return f"{{{_tex(author.family)}}}"
    return f"{{{_tex(author.family)}}}, {_tex(_dotted(author.given))}"


def _tex(text: str) -> str:
    return text.translate(BIBTEX_ESCAPES)


def _verbatim(text: str) -> str:
    r"""Return an address as it is, but for signs that would end the field.

    >>> _verbatim("https://a.org/x_y%20{1}")
    'https://a.org/x_y%20%7B1%7D'
    """
    return "".join(quote(sign) if sign in "{}\\" else sign for sign in text)


def _ris_record(work: Reference) -> str:
    first, last = work.pages or ("", "")
    lines = [
        ("TY", "DATA" if work.kind == "dataset" else "JOUR"),
        ("ID", work.key),
        ("TI", work.title),
        *(("AU", _ris_author(author)) for author in work.authors),
        ("PY", "" if work.year is None else str(work.year)),
        ("T2", work.journal),
        ("VL", work.volume),
        ("IS", work.issue),
        ("SP", first),
        ("EP", last),
        ("PB", work.publisher),
        ("DO", work.doi),
        ("UR", work.url),
        ("N1", f"Licence: {work.licence}" if work.licence else ""),
    ]
    told = [f"{tag}  - {value}{RIS_END}" for tag, value in lines if value]
    return f"{''.join(told)}ER  - {RIS_END}"


def _ris_author(author: Author) -> str:
    return f"{author.family}, {_dotted(author.given)}".rstrip(", ")


def _csl_item(work: Reference) -> dict[str, object]:
    first, last = work.pages or ("", "")
    item: dict[str, object] = {
        "id": work.key,
        "type": "dataset" if work.kind == "dataset" else "article-journal",
        "title": work.title,
        "author": [
            {"family": one.family, "given": _dotted(one.given)}
            if one.given
            else {"literal": one.family}
            for one in work.authors
        ],
        "issued": {} if work.year is None else {"date-parts": [[work.year]]},
        "container-title": work.journal,
        "volume": work.volume,
        "issue": work.issue,
        "page": f"{first}-{last}" if first else "",
        "publisher": work.publisher,
        "DOI": work.doi,
        "URL": work.url,
        "note": f"Licence: {work.licence}" if work.licence else "",
    }
    return {name: value for name, value in item.items() if value}


def _dotted(given: str) -> str:
    """Return initials with their points, and other given names as they are.

    >>> _dotted("JK"), _dotted("Jean-Karim")
    ('J. K.', 'Jean-Karim')
    """
    if given.isalpha() and given.isupper() and len(given) <= MOST_INITIALS:
        return " ".join(f"{letter}." for letter in given)
    return given


MOST_INITIALS: Final = 4
"""More capitals in a row are a name."""
