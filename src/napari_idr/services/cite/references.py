"""Works that are to be cited: a study's paper and data, and the paper on the IDR."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol
from urllib.parse import unquote, urlsplit

from napari_idr.services.links import is_web_link

if TYPE_CHECKING:
    from napari_idr.services.study import StudyCard

IDR: Final = "Image Data Resource"
IDR_HOST: Final = "idr.openmicroscopy.org"

IDR_ACCESSION: Final = re.compile(r"idr\d{4,}", re.IGNORECASE)
"""What names of the IDR's studies begin with: "idr0002-heriche-condensation"."""

IDR_DATA_DOI: Final = "10.17867/"
"""The prefix under which the IDR registers the DOIs of its studies."""

_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.\d+/\S+)", re.I)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_INITIALS = re.compile(r"[^\W\d_a-z](?:[.\s-]*[^\W\d_a-z]){0,3}\.?")


class HasMetadata(Protocol):
    """A layer, as far as it is asked: what it remembers of its origin."""

    @property
    def metadata(self) -> Mapping[str, object]:
        """What it remembers, ours under `"idr"`."""
        ...


@dataclass(frozen=True, slots=True)
class Author:
    """A person, or with `given` empty whatever stands in place of one."""

    family: str
    given: str = ""


OTHERS: Final = Author("et al.")
"""Stands for authors that aren't named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A work that is to be cited; what isn't known is empty.

    `key` is the same for the same work each time, and another for another.
    """

    kind: Literal["article", "dataset"]
    title: str
    authors: tuple[Author, ...] = ()
    year: int | None = None
    journal: str = ""
    volume: str = ""
    issue: str = ""
    pages: tuple[str, str] | None = None
    publisher: str = ""
    doi: str = ""
    url: str = ""
    licence: str = ""

    @property
    def key(self) -> str:
        """Its DOI, else its title with a number that tells it from others."""
        if self.doi:
            return f"doi:{_safe(self.doi.lower())}"
        number = zlib.crc32("\n".join(map(str, self.identity)).encode())
        words = re.sub(r"[^a-z0-9]+", "-", self.title.lower())[:40].strip("-")
        return f"{words}-{number:08x}" if words else f"{self.kind}-{number:08x}"

    @property
    def identity(self) -> tuple[str, ...]:
        """What two references to the same work have in common."""
        if self.doi:
            return ("doi", self.doi.lower())
        return (self.kind, self.title, self.url)


IDR_PAPER: Final = Reference(
    kind="article",
    title="Image Data Resource: a bioimage data integration and publication platform",
    authors=(
        Author("Williams", "E"),
        Author("Moore", "J"),
        Author("Li", "SW"),
        Author("Rustici", "G"),
        Author("Tarkowska", "A"),
        Author("Chessel", "A"),
        Author("Leo", "S"),
        Author("Antal", "B"),
        Author("Ferguson", "RK"),
        Author("Sarkans", "U"),
        Author("Brazma", "A"),
        Author("Carazo Salas", "RE"),
        Author("Swedlow", "JR"),
    ),
    year=2017,
    journal="Nature Methods",
    volume="14",
    issue="8",
    pages=("775", "781"),
    doi="10.1038/nmeth.4326",
    url="https://doi.org/10.1038/nmeth.4326",
)
"""The paper on the IDR (https://www.nature.com/articles/nmeth.4326)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is known of the study that something is from; what isn't is ""."""

    server: str = ""
    name: str = ""
    title: str = ""
    authors: str = ""
    publication: str = ""
    released: str = ""
    doi: str = ""
    data_doi: str = ""
    url: str = ""
    licence: str = ""

    @property
    def is_idr(self) -> bool:
        """Whether it is the IDR's, on whatever server."""
        return (
            _host(self.server or self.url) == IDR_HOST
            or IDR_ACCESSION.match(self.name) is not None
            or _doi(self.data_doi).startswith(IDR_DATA_DOI)
        )


def sources(shown: object) -> tuple[Source, ...]:
    """Return the sources of layers or of their metadata, in order.

    Raises
    ------
    ValueError
        None of it comes from an archive.
    """
    found = _metadata(shown)
    if found is not None:
        return (metadata_source(found),)
    if isinstance(shown, Iterable) and not isinstance(shown, str | bytes | Mapping):
        several = [one for one in map(_metadata, shown) if one is not None]
        if several:
            return tuple(map(metadata_source, several))
    raise ValueError("nothing of this comes from an archive of images")


def metadata_source(metadata: Mapping[str, object]) -> Source:
    """Return the source that `layer.metadata["idr"]` tells of."""
    study = _mapping(metadata.get("study"))
    cited = _mapping(metadata.get("citation"))
    return Source(
        server=_text(metadata.get("server")),
        name=_text(study.get("name")),
        title=_text(cited.get("title")) or _name_of(metadata),
        authors=_text(cited.get("authors")),
        publication=_text(cited.get("publication")),
        released=_text(cited.get("released")),
        doi=_text(metadata.get("doi")),
        data_doi=_text(metadata.get("data_doi")),
        url=_text(cited.get("url")) or _text(metadata.get("web_url")),
        licence=_text(metadata.get("licence")),
    )


def card_source(card: StudyCard) -> Source:
    """Return the source that the card of a study tells of."""
    return Source(
        name=_text(card.name),
        title=_text(card.title),
        authors=_text(card.authors),
        publication=_text(card.publication),
        released=_text(card.released),
        doi=_text(card.doi_url),
        data_doi=_text(card.data_doi_url),
        url=_text(card.web_url),
        licence=_text(card.licence),
    )


def references(found: Iterable[Source]) -> tuple[Reference, ...]:
    """Return the works to cite: papers and data in order, the IDR's paper last."""
    found = tuple(found)
    works = [work for source in found for work in _works(source)]
    if any(source.is_idr for source in found):
        works.append(IDR_PAPER)
    return tuple({work.identity: work for work in reversed(works)}.values())[::-1]


def _works(source: Source) -> Iterable[Reference]:
    authors = read_authors(source.authors)
    if source.publication or source.doi:
        yield Reference(
            kind="article",
            title=(source.publication or source.title).rstrip("."),
            authors=authors,
            doi=_doi(source.doi),
            url=_url(source.doi),
        )
    if source.title or source.data_doi:
        year = _YEAR.search(source.released)
        yield Reference(
            kind="dataset",
            title=(source.title or source.publication).rstrip("."),
            authors=authors,
            year=None if year is None else int(year[0]),
            publisher=IDR if source.is_idr else _host(source.server or source.url),
            doi=_doi(source.data_doi),
            url=_url(source.data_doi) or _url(source.url),
            licence=source.licence,
        )


def read_authors(text: str) -> tuple[Author, ...]:
    """Return the authors that a study names, in its order.

    Studies write "Hériché JK, Lees JG", some "Lees, J. G.; ..."; a name of another kind
    is left whole.

    >>> read_authors("Hériché JK, Carazo Salas R., et al")
    ... # doctest: +NORMALIZE_WHITESPACE
    (Author(family='Hériché', given='JK'), Author(family='Carazo Salas', given='R'),
     Author(family='et al.', given=''))
    >>> read_authors("Lees, J. G.; OME Consortium")
    (Author(family='Lees', given='JG'), Author(family='OME Consortium', given=''))
    """
    separator = r";" if ";" in text else r",|\sand\s|\s&\s"
    names = (" ".join(name.split()) for name in re.split(separator, text))
    return tuple(_author(name) for name in names if name)


def _author(name: str) -> Author:
    if re.fullmatch(r"et\.? ?al\.?|and others", name, re.IGNORECASE):
        return OTHERS
    name = name.removeprefix("and ")
    family, comma, given = name.partition(",")
    if comma and family.strip() and given.strip():
        given = given.strip()
        short = _INITIALS.fullmatch(given)
        return Author(family.strip(), re.sub(r"[.\s-]", "", given) if short else given)
    family, _, given = name.rpartition(" ")
    if family and _INITIALS.fullmatch(given):
        return Author(family, re.sub(r"[.\s-]", "", given))
    return Author(name)


def _metadata(shown: object) -> Mapping[str, object] | None:
    """Return `metadata["idr"]` of a layer, of its metadata, or itself."""
    if not isinstance(shown, Mapping):
        shown = getattr(shown, "metadata", None)
    if not isinstance(shown, Mapping):
        return None
    inner = shown.get("idr", shown)
    return inner if isinstance(inner, Mapping) and "server" in inner else None


def _name_of(metadata: Mapping[str, object]) -> str:
    """Return the name of the largest thing that is known, from the study down."""
    names = (
        _text(_mapping(metadata.get(kind)).get("name"))
        for kind in ("study", "dataset", "plate", "image")
    )
    return next(filter(None, names), "")


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    """Return a text in one line, without what can't be printed; "" for what is none."""
    if not isinstance(value, str):
        return ""
    printed = "".join(sign if sign.isprintable() else " " for sign in value)
    return unicodedata.normalize("NFC", " ".join(printed.split()))


def _doi(text: str) -> str:
    """Return the DOI in a text or address, "" if there is none.

    >>> _doi("https://doi.org/10.1091/mbc.E13"), _doi("https://example.org/10")
    ('10.1091/mbc.E13', '')
    """
    found = _DOI.fullmatch(text)
    return "" if found is None else _text(unquote(found[1])).replace(" ", "")


def _url(text: str) -> str:
    if doi := _doi(text):
        text = f"https://doi.org/{doi}"
    return text if is_web_link(text) else ""


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return ""


def _safe(text: str) -> str:
    """Return a text that may be a key of BibTeX; two that differ stay different."""
    return re.sub(r"[^a-z0-9./:_-]", lambda found: f"+{ord(found[0]):x}+", text)
